#pragma once
// NDArray<T>: a dense local array of a static element type. Chunks arrive in user functions as NDArrays, results come back as them.
//
// Value semantics, copy on write: copies and slices share memory until one of them is written. Each access that could write (`data`,
// `begin`, `operator()` of an array that is not const) first makes sure that nobody else holds the memory; read shared arrays through
// a const reference, or pay one copy. Pointers, references and iterators hold until the array is next written through another copy,
// copied, assigned or destroyed.
//
// Slices and transposes are views; their elements are reached in place by `operator()`, and packed into C order the first time
// `data` or `begin` is called, once, safely from several threads. So `data()`, `strides()` and iteration are always C order.

#include <array>
#include <complex>
#include <concepts>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/ndarray/block.hpp"
#include "ashlar/ndarray/shape.hpp"
#include "ashlar/ndarray/slice.hpp"

namespace ashlar {
namespace detail {

/// What an NDArray is, apart from its element type.
class NDArrayCore {
 public:
  const Shape& shape() const { return block_.shape(); }
  int ndim() const { return block_.ndim(); }
  /// Number of elements, and their bytes.
  index_t size() const { return block_.size(); }
  index_t nbytes() const { return block_.nbytes(); }
  DType dtype() const { return block_.dtype(); }
  /// C-order strides, in elements: those of `data()`.
  const std::vector<index_t>& strides() const;
  /// The block inside, with its true strides. Of an array that wraps foreign memory it is valid as long as that memory.
  const Block& block() const { return block_; }
  /// A block that may be kept: as `block`, but a copy when the array wraps foreign memory.
  Block shared_block() const { return wraps_ ? packed_copy() : block_; }
  /// True when elements lie in memory that the array does not own.
  bool wraps() const { return wraps_; }

  /// As Block::encode.
  void encode(Writer& out) const { shared_block().encode(out); }

 protected:
  explicit NDArrayCore(DType type);
  NDArrayCore(Block block, DType wanted);
  NDArrayCore(void* memory, DType type, const Shape& shape);
  // A copy of an array that wraps foreign memory is a real copy: it must outlive that memory.
  NDArrayCore(const NDArrayCore& other);
  NDArrayCore(NDArrayCore&& other) noexcept;
  NDArrayCore& operator=(const NDArrayCore& other);
  NDArrayCore& operator=(NDArrayCore&& other) noexcept;
  ~NDArrayCore() = default;

  bool may_write() const { return dense_ && (wraps_ || block_.buffer().unique()); }
  void make_writable();
  const std::byte* packed() const;
  Block packed_copy() const;
  Block sliced(std::span<const BasicIndex> indices) const;
  Block transposed(const AxisSpec& axes) const;
  Block reshaped(const Shape& shape) const;
  void check_single() const;
  void assign_block(const Block& from);
  [[noreturn]] void refuse_index(std::span<const index_t> index) const;

  template <std::size_t N>
  index_t position(const std::array<index_t, N>& index) const {
    if (static_cast<int>(N) != ndim()) refuse_index(index);
    index_t at = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const index_t length = block_.shape()[i], k = index[i] < 0 ? index[i] + length : index[i];
      if (k < 0 || k >= length) [[unlikely]]
        refuse_index(index);
      at += k * block_.strides()[i];
    }
    return at;
  }

  struct Packed;
  Block block_;
  std::byte* first_ = nullptr;      // the element (0, 0, …) of block_
  bool dense_ = true;               // block_ is in C order without gaps
  bool wraps_ = false;              // the memory is not ours, and written in place; implies dense_
  std::shared_ptr<Packed> packed_;  // room for the C-ordered copy of a view; null exactly when dense_

 private:
  void take(Block block);
};

}  // namespace detail

template <class T>
class NDArray : public detail::NDArrayCore {
 public:
  using value_type = T;

  /// One axis of length 0.
  NDArray() : NDArrayCore(dtype_of<T>) {}
  /// Zeros.
  explicit NDArray(const Shape& shape) : NDArrayCore(Block::zeros(dtype_of<T>, shape), dtype_of<T>) {}
  explicit NDArray(std::initializer_list<Dim> shape) : NDArray(Shape(shape)) {}  // else ({5}) could also be a copy of NDArray{5}
  /// The values in C order. ShapeError when their number is not the shape's.
  NDArray(const Shape& shape, const std::vector<T>& values);
  /// Looks at, and writes to, memory that it does not own, in C order; copies and slices of it are real copies.
  template <std::same_as<T*> Pointer>  // a template, so that a literal 0 is never a pointer
  NDArray(Pointer memory, const Shape& shape) : NDArrayCore(memory, dtype_of<T>, shape) {}
  /// TypeError when the block holds another type.
  explicit NDArray(Block block) : NDArrayCore(std::move(block), dtype_of<T>) {}

  T* data() & {
    if (!may_write()) make_writable();
    return reinterpret_cast<T*>(first_);
  }
  const T* data() const& { return reinterpret_cast<const T*>(dense_ ? first_ : packed()); }
  T* begin() & { return data(); }
  T* end() & { return data() + size(); }
  const T* begin() const& { return data(); }
  const T* end() const& { return data() + size(); }

  /// The element of an array that has exactly one, of any number of axes; else ValueError.
  T item() const {
    check_single();
    return *reinterpret_cast<const T*>(first_);
  }
  /// One element, an index per axis, negative ones from the end.
  /// Errors    IndexError "index 7 is outside axis 1 of length 5".
  /// Cost      a few nanoseconds; loops over all elements are faster over begin() and end().
  template <detail::integer... I>
  T& operator()(I... index) & {
    if (!may_write()) make_writable();
    return reinterpret_cast<T*>(first_)[position(std::array<index_t, sizeof...(I)>{static_cast<index_t>(index)...})];
  }
  template <detail::integer... I>
  const T& operator()(I... index) const& {
    return reinterpret_cast<const T*>(first_)[position(std::array<index_t, sizeof...(I)>{static_cast<index_t>(index)...})];
  }
  // Never a reference into a temporary.
  template <detail::integer... I>
  T operator()(I... index) && {
    return std::as_const(*this)(index...);
  }
  /// The part that ranges, integers, `ellipsis`, `newaxis` or text take: a view that shares memory until one of the two is written.
  /// Errors    IndexError, ValueError as `normalize_slices`.
  /// Example   x(range(_, _, -1), 0)   x(0, ellipsis)   x("::-1, 2:10")
  template <class... I>
    requires(sizeof...(I) > 0 && (std::constructible_from<BasicIndex, const I&> && ...) && !(detail::integer<I> && ...))
  NDArray operator()(const I&... index) const {
    const std::array<BasicIndex, sizeof...(I)> list{BasicIndex(index)...};
    return NDArray(sliced(list));
  }

  /// Shares memory where the strides allow it; one length may be -1. ShapeError when the numbers of elements differ.
  NDArray reshape(const Shape& shape) const { return NDArray(reshaped(shape)); }
  NDArray ravel() const { return NDArray(reshaped(Shape{-1 + (size() == 0)})); }
  /// A view with the axes in the given order; reversed if none is given.
  NDArray transpose(const AxisSpec& axes = {}) const { return NDArray(transposed(axes)); }
  /// Cast as NumPy casts; shares memory when U is T.
  template <class U>
  NDArray<U> astype() const {
    return NDArray<U>(shared_block().astype(dtype_of<U>));
  }
  /// Memory of its own, in C order, now.
  NDArray copy() const { return NDArray(packed_copy()); }
  void fill(T value) { assign_block(Block::full(shape(), ScalarValue::of<T>(value))); }
  /// Copies the elements of an array of the same shape into this one's memory (which `x = y` does not: it shares y's).
  void assign(const NDArray& from) { assign_block(from.block()); }

  static NDArray decode(Reader& in) { return NDArray(Block::decode(in)); }
};

/// As NumPy prints: str(array).
template <class T>
std::ostream& operator<<(std::ostream& out, const NDArray<T>& array);

namespace detail {
template <class T>
struct is_ndarray : std::false_type {};
template <class T>
struct is_ndarray<NDArray<T>> : std::true_type {};

// NumPy's default integer is int64, whatever an `int` literal is in C++.
template <class T>
using literal_type = std::conditional_t<std::is_same_v<T, int> || std::is_same_v<T, long> || std::is_same_v<T, long long>, std::int64_t, T>;
template <class T>
concept literal = std::is_arithmetic_v<T> || is_complex_type<T>;

/// The elements of braces of equal lengths, and their shape.
template <class T>
struct Literals {
  Shape shape;
  std::vector<T> values;
};
[[noreturn]] void refuse_ragged(const Shape& wanted, const Shape& found);

template <class T, class From>
Literals<T> literals(std::initializer_list<From> list) {
  Literals<T> result{Shape{list.size()}, {}};
  for (const From& value : list) result.values.push_back(static_cast<T>(value));
  return result;
}
template <class T, class From>
Literals<T> literals(std::initializer_list<std::initializer_list<From>> list) {
  Literals<T> result;
  Shape row_shape;
  bool first = true;
  for (const auto& part : list) {
    Literals<T> row = literals<T>(part);
    if (!first && row.shape != row_shape) refuse_ragged(row_shape, row.shape);
    first = false;
    row_shape = row.shape;
    result.values.insert(result.values.end(), row.values.begin(), row.values.end());
  }
  result.shape.v.push_back(static_cast<index_t>(list.size()));
  result.shape.v.insert(result.shape.v.end(), row_shape.begin(), row_shape.end());
  return result;
}
template <class T>
NDArray<T> from_literals(const Literals<T>& all) {
  return NDArray<T>(all.shape, all.values);
}
}  // namespace detail

/// An array of values written down, one to three braces deep: integers make int64, doubles double; mixed numbers need one type,
/// given as array<double>({1, 2.5}). ShapeError when rows differ in length.
/// Example   al::array({{1, 2}, {3, 4}})
template <detail::literal T>
NDArray<detail::literal_type<T>> array(std::initializer_list<T> list) {
  return detail::from_literals(detail::literals<detail::literal_type<T>>(list));
}
template <detail::literal T>
NDArray<detail::literal_type<T>> array(std::initializer_list<std::initializer_list<T>> list) {
  return detail::from_literals(detail::literals<detail::literal_type<T>>(list));
}
template <detail::literal T>
NDArray<detail::literal_type<T>> array(std::initializer_list<std::initializer_list<std::initializer_list<T>>> list) {
  return detail::from_literals(detail::literals<detail::literal_type<T>>(list));
}
/// The values of a vector, its element type kept.
template <detail::literal T>
NDArray<T> array(const std::vector<T>& values) {
  return NDArray<T>(Shape{values.size()}, values);
}

}  // namespace ashlar
