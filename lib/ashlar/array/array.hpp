#pragma once
// Array<T>: a lazy array in chunks, of a static element type and dynamic rank. Scalar<T>: what a reduction over everything gives.
//
// Both are handles: copies are cheap and share the expression, and nothing runs before compute(), persist() or a sink. Shapes, axes and
// types are checked when the expression is written.

#include <iosfwd>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/array/array_node.hpp"
#include "ashlar/array/array_options.hpp"
#include "ashlar/array/array_types.hpp"
#include "ashlar/array/block_function.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/index.hpp"
#include "ashlar/graph/collection.hpp"
#include "ashlar/graph/services.hpp"
#include "ashlar/ndarray/ndarray.hpp"

namespace ashlar {

namespace detail {

/// TypeError when the node holds another element type.
ArrayPtr checked(ArrayPtr node, DType wanted);
ArrayPtr default_array(DType dtype);
ScalarValue scalar_value(const Block& block);
void explain_array(const ArrayPtr& node, std::ostream& out);
void explain_array(const ArrayPtr& node);
void visualize_array(const ArrayPtr& node, const std::string& file, const VisualizeOptions& options);
void to_hdf5(const ArrayPtr& node, const std::string& file, const std::string& dataset, const ToHdf5Options& options);
inline expression::ReduceArguments arguments(const FullOptions& o) { return {{}, false, 0, o.split_every}; }
inline expression::ReduceArguments arguments(const ReduceOptions& o) { return {o.axis.v, o.keepdims, 0, o.split_every}; }
inline expression::ReduceArguments arguments(const KeptOptions& o) { return {{}, o.keepdims.v, 0, o.split_every}; }
inline expression::ReduceArguments arguments(const FullVarOptions& o) { return {{}, false, o.ddof, o.split_every}; }
inline expression::ReduceArguments arguments(const VarOptions& o) { return {o.axis.v, o.keepdims, o.ddof, o.split_every}; }
inline expression::ReduceArguments arguments(const KeptVarOptions& o) { return {{}, o.keepdims.v, o.ddof, o.split_every}; }

}  // namespace detail

template <class T>
class Scalar {
 public:
  using value_type = T;

  /// The expression must have no axes.
  explicit Scalar(ArrayPtr node) : node_(detail::checked(std::move(node), dtype_of<T>)) {}
  Scalar() : Scalar(expression::constant(ScalarValue::of<T>(T()))) {}

  /// The value; runs the graph.
  T compute() const { return detail::scalar_value(detail::compute_array(node_)).template as<T>(); }
  Scalar persist() const { return Scalar(detail::persist_array(node_)); }
  template <class U>
  Scalar<U> astype() const {
    return Scalar<U>(expression::cast(node_, dtype_of<U>));
  }
  void visualize(const std::string& file = "mydask.png", const VisualizeOptions& options = {}) const { detail::visualize_array(node_, file, options); }
  std::string dtype() const { return std::string(dtype_name(dtype_of<T>)); }
  const ArrayPtr& node() const { return node_; }
  explicit operator bool() const {
    static_assert(sizeof(T) == 0, "ashlar: a lazy Scalar has no truth value before it is computed: write s.compute()");
    return false;
  }

 private:
  ArrayPtr node_;
};

// sum, mean… over everything, along axes, over everything with axes kept.
#define ASHLAR_REDUCTION(name, how, Result)                                                                                      \
  Scalar<Result> name(const FullOptions& options = {}) const { return Scalar<Result>(reduce(Reduction::how, options)); }         \
  Array<Result> name(const ReduceOptions& options) const { return Array<Result>(reduce(Reduction::how, options)); }              \
  Array<Result> name(const KeptOptions& options) const { return Array<Result>(reduce(Reduction::how, options)); }
// The same computed in another element type: x.sum<float>().
#define ASHLAR_REDUCTION_AS(name)                                                                                                \
  template <class U>                                                                                                             \
  Scalar<U> name(const FullOptions& options = {}) const { return astype<U>().name(options).template astype<U>(); }               \
  template <class U>                                                                                                             \
  Array<U> name(const ReduceOptions& options) const { return astype<U>().name(options).template astype<U>(); }                   \
  template <class U>                                                                                                             \
  Array<U> name(const KeptOptions& options) const { return astype<U>().name(options).template astype<U>(); }
#define ASHLAR_VARIANCE(name, how)                                                                                               \
  Scalar<detail::real_quotient<T>> name(const FullVarOptions& options = {}) const {                                              \
    return Scalar<detail::real_quotient<T>>(reduce(Reduction::how, options));                                                    \
  }                                                                                                                              \
  Array<detail::real_quotient<T>> name(const VarOptions& options) const {                                                        \
    return Array<detail::real_quotient<T>>(reduce(Reduction::how, options));                                                     \
  }                                                                                                                              \
  Array<detail::real_quotient<T>> name(const KeptVarOptions& options) const {                                                    \
    return Array<detail::real_quotient<T>>(reduce(Reduction::how, options));                                                     \
  }

template <class T>
class Array {
 public:
  using value_type = T;

  /// One axis of length 0.
  Array() : node_(detail::default_array(dtype_of<T>)) {}
  explicit Array(ArrayPtr node) : node_(detail::checked(std::move(node), dtype_of<T>)) {}

  // ---- what it is
  /// Lengths; `unknown` where a boolean selection decides.
  const Shape& shape() const { return node_->shape(); }
  int ndim() const { return node_->ndim(); }
  /// Number of elements, and their bytes. ShapeError while a length is unknown.
  index_t size() const;
  index_t nbytes() const { return size() * itemsize(); }
  index_t itemsize() const { return ashlar::itemsize(dtype_of<T>); }
  /// Chunk sizes per axis; the first chunk's shape is Dask's `chunksize` when chunks are regular.
  const Chunks& chunks() const { return node_->chunks(); }
  Shape chunksize() const;
  Shape numblocks() const;
  index_t npartitions() const { return node_->num_chunks(); }
  /// NumPy's name of the element type.
  std::string dtype() const { return std::string(dtype_name(dtype_of<T>)); }
  const std::string& name() const { return node_->name(); }
  const ArrayPtr& node() const { return node_; }

  // ---- selecting: one overload per number of axes, so that braces work on each
  Array operator()(const Index& a) const { return sliced({a}); }
  Array operator()(const Index& a, const Index& b) const { return sliced({a, b}); }
  Array operator()(const Index& a, const Index& b, const Index& c) const { return sliced({a, b, c}); }
  Array operator()(const Index& a, const Index& b, const Index& c, const Index& d) const { return sliced({a, b, c, d}); }
  Array operator()(const Index& a, const Index& b, const Index& c, const Index& d, const Index& e) const { return sliced({a, b, c, d, e}); }
  Array operator()(const Index& a, const Index& b, const Index& c, const Index& d, const Index& e, const Index& f) const {
    return sliced({a, b, c, d, e, f});
  }
  Array operator()(const Index& a, const Index& b, const Index& c, const Index& d, const Index& e, const Index& f, const Index& g) const {
    return sliced({a, b, c, d, e, f, g});
  }
  Array operator()(const Index& a, const Index& b, const Index& c, const Index& d, const Index& e, const Index& f, const Index& g, const Index& h) const {
    return sliced({a, b, c, d, e, f, g, h});
  }
  template <class I>
  Array operator[](I&&) const {
    static_assert(sizeof(I) == 0, "ashlar: write x(i, j), not x[i][j] or x[i, j] (C++20 reads a comma inside [] as the comma operator)");
    return *this;
  }

  // ---- reducing
  ASHLAR_REDUCTION(sum, sum, detail::sum_of<T>)
  ASHLAR_REDUCTION(prod, prod, detail::sum_of<T>)
  ASHLAR_REDUCTION(mean, mean, detail::quotient<T>)
  ASHLAR_REDUCTION(min, min, T)
  ASHLAR_REDUCTION(max, max, T)
  ASHLAR_REDUCTION(any, any, bool)
  ASHLAR_REDUCTION(all, all, bool)
  ASHLAR_REDUCTION(argmin, argmin, std::int64_t)
  ASHLAR_REDUCTION(argmax, argmax, std::int64_t)
  ASHLAR_VARIANCE(var, var)
  ASHLAR_VARIANCE(std, std)
  ASHLAR_REDUCTION_AS(sum)
  ASHLAR_REDUCTION_AS(prod)
  ASHLAR_REDUCTION_AS(mean)

  Array<detail::sum_of<T>> cumsum(const CumulativeOptions& options = {}) const;
  Array<detail::sum_of<T>> cumprod(const CumulativeOptions& options = {}) const;

  Array topk(index_t k, int axis = -1) const;
  /// See al::dot.
  template <class B>
  auto dot(const Array<B>& b) const;

  // ---- shaping
  Array reshape(const Shape& shape) const { return Array(expression::reshape(node_, shape)); }
  Array ravel() const { return Array(expression::ravel(node_)); }
  Array flatten() const { return ravel(); }
  Array transpose(const AxisSpec& axes = {}) const { return Array(expression::transpose(node_, axes)); }
  Array squeeze(const AxisSpec& axes = {}) const { return Array(expression::squeeze(node_, axes)); }
  Array swapaxes(int a, int b) const;
  Array rechunk(const ChunkSpec& chunks = {}, const RechunkOptions& options = {}) const { return Array(expression::rechunk(node_, chunks, options)); }

  // ---- elementwise
  template <class U>
  Array<U> astype() const {
    return Array<U>(expression::cast(node_, dtype_of<U>));
  }
  Array copy() const { return *this; }
  Array round(int decimals = 0) const { return Array(expression::round(node_, decimals)); }
  template <detail::operand L, detail::operand H>
  auto clip(const L& lower, const H& upper) const;
  auto conj() const;
  auto real() const;
  auto imag() const;
  /// A function of each block; see al::map_blocks.
  template <class F>
  auto map_blocks(const F& function, const MapBlocksOptions& options = {}) const -> Array<detail::block_result_t<std::decay_t<F>, T>>;

  /// A function of each block and its surroundings; see al::map_overlap.
  template <class F>
  auto map_overlap(const F& function, const MapOverlapOptions& options = {}) const -> Array<detail::block_result_t<std::decay_t<F>, T>>;

  // ---- running
  /// The values, here. Runs the graph.
  NDArray<T> compute() const { return NDArray<T>(detail::compute_array(node_)); }
  /// The same array with its chunks kept on the workers. Starts at once and returns at once.
  Array persist() const { return Array(detail::persist_array(node_)); }
  /// Settles unknown lengths by computing what they follow from.
  Array& compute_chunk_sizes() {
    node_ = expression::compute_chunk_sizes(node_);
    return *this;
  }
  void visualize(const std::string& file = "mydask.png", const VisualizeOptions& options = {}) const { detail::visualize_array(node_, file, options); }
  /// Prints what would run: a line per layer as the expression is written, then as it is optimised, with the fused programs. Runs nothing.
  void explain(std::ostream& out) const { detail::explain_array(node_, out); }
  void explain() const;
  void to_hdf5(const std::string& file, const std::string& dataset, const ToHdf5Options& options = {}) const {
    detail::to_hdf5(node_, file, dataset, options);
  }
  /// al::store of one array: into an Hdf5Target or an NDArray.
  template <class Out>
  void store(Out&& target) const;

  explicit operator bool() const {
    static_assert(sizeof(T) == 0, "ashlar: an array has no truth value: write al::all(x).compute() or al::any(x).compute()");
    return false;
  }

 private:
  Array sliced(std::initializer_list<Index> indices) const { return Array(expression::slice(node_, std::span<const Index>(indices.begin(), indices.size()))); }
  template <class Options>
  ArrayPtr reduce(Reduction reduction, const Options& options) const {
    return expression::reduce(reduction, node_, detail::arguments(options));
  }
  ArrayPtr node_;
};

template <class T>
void Array<T>::explain() const {
  detail::explain_array(node_);
}
namespace detail {
index_t known_size(const ArrayNode& node);
Shape chunk_counts(const ArrayNode& node);
Shape largest_chunk(const ArrayNode& node);
}  // namespace detail

template <class T>
index_t Array<T>::size() const {
  return detail::known_size(*node_);
}
template <class T>
Shape Array<T>::chunksize() const {
  return detail::largest_chunk(*node_);
}
template <class T>
Shape Array<T>::numblocks() const {
  return detail::chunk_counts(*node_);
}
template <class T>
Array<T> Array<T>::swapaxes(int a, int b) const {
  const auto both = normalize_axes(AxisSpec(std::vector<int>{a}), ndim());
  const auto other = normalize_axes(AxisSpec(std::vector<int>{b}), ndim());
  std::vector<int> order = normalize_axes({}, ndim());
  std::swap(order[static_cast<std::size_t>(both[0])], order[static_cast<std::size_t>(other[0])]);
  return transpose(order);
}

/// Dask's table: bytes, shape, count and type, of array and chunk.
template <class T>
std::ostream& operator<<(std::ostream& out, const Array<T>& array);
template <detail::element_type T>
std::ostream& operator<<(std::ostream& out, const Scalar<T>& scalar);

namespace detail {
std::ostream& print_array(std::ostream& out, const ArrayPtr& node);
std::ostream& print_scalar(std::ostream& out, const ArrayPtr& node);

template <class T>
struct CollectionTraits<Array<T>> {
  static std::vector<TaskRef> lower(const Array<T>& array, GraphBuilder& builder) { return lower_array(array.node(), builder); }
  static std::size_t count(const Array<T>& array) { return static_cast<std::size_t>(array.npartitions()); }
  static NDArray<T> assemble(const Array<T>& array, std::span<const Object> objects) { return NDArray<T>(assemble_array(*array.node(), objects)); }
  static Array<T> persisted(const Array<T>& array, std::vector<ResultHandle> results) { return Array<T>(held_array(*array.node(), std::move(results))); }
};
template <element_type T>
struct CollectionTraits<Scalar<T>> {
  static std::vector<TaskRef> lower(const Scalar<T>& scalar, GraphBuilder& builder) { return lower_array(scalar.node(), builder); }
  static T assemble(const Scalar<T>& scalar, std::span<const Object> objects) {
    return scalar_value(assemble_array(*scalar.node(), objects)).template as<T>();
  }
  static Scalar<T> persisted(const Scalar<T>& scalar, std::vector<ResultHandle> results) { return Scalar<T>(held_array(*scalar.node(), std::move(results))); }
};
}  // namespace detail

template <class T>
std::ostream& operator<<(std::ostream& out, const Array<T>& array) {
  return detail::print_array(out, array.node());
}
template <detail::element_type T>
std::ostream& operator<<(std::ostream& out, const Scalar<T>& scalar) {
  return detail::print_scalar(out, scalar.node());
}

}  // namespace ashlar
