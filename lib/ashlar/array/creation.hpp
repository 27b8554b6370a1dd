#pragma once
// Arrays from nothing, and from memory the client holds.
//
// All but from_array are functions of the position: nothing is stored, slices and transposes of them stay functions, and a program computes
// their elements where it needs them.

#include "ashlar/array/elementwise.hpp"

namespace ashlar {
namespace detail {
struct deduced {};
/// T if it was named, else the type of the values, an `int` being int64 as in NumPy.
template <class T, class... V>
using named_or_deduced = std::conditional_t<std::is_same_v<T, deduced>, type_of<promoted_type<literal_type<V>...>()>, T>;
}  // namespace detail

template <class T = double>
Array<T> zeros(const Shape& shape, const CreateOptions& options = {}) {
  return Array<T>(expression::full("zeros", shape, ScalarValue::of<T>(T(0)), options));
}
template <class T = double>
Array<T> ones(const Shape& shape, const CreateOptions& options = {}) {
  return Array<T>(expression::full("ones", shape, ScalarValue::of<T>(T(1)), options));
}
/// Any values will do; these are zeros.
template <class T = double>
Array<T> empty(const Shape& shape, const CreateOptions& options = {}) {
  return Array<T>(expression::full("empty", shape, ScalarValue::of<T>(T(0)), options));
}
/// Example   al::full({3, 4}, 1.5)   al::full<float>({3, 4}, 1.5)
template <class T = detail::deduced, detail::number V>
auto full(const Shape& shape, V value, const CreateOptions& options = {}) {
  using E = detail::named_or_deduced<T, V>;
  return Array<E>(expression::full("full", shape, ScalarValue::of(value).cast(dtype_of<E>), options));
}
/// Errors    ValueError for a step of 0.
/// Example   al::arange(10) is int64; al::arange<double>(0, 1, 0.1, {.chunks = 5})
template <class T = detail::deduced, detail::number A>
auto arange(A stop, const CreateOptions& options = {}) {
  using E = detail::named_or_deduced<T, A>;
  return Array<E>(expression::arange(ScalarValue::of<E>(E(0)), ScalarValue::of(stop).cast(dtype_of<E>), ScalarValue::of<E>(E(1)), options));
}
template <class T = detail::deduced, detail::number A, detail::number B>
auto arange(A start, B stop, const CreateOptions& options = {}) {
  using E = detail::named_or_deduced<T, A, B>;
  return Array<E>(expression::arange(ScalarValue::of(start).cast(dtype_of<E>), ScalarValue::of(stop).cast(dtype_of<E>), ScalarValue::of<E>(E(1)), options));
}
template <class T = detail::deduced, detail::number A, detail::number B, detail::number C>
auto arange(A start, B stop, C step, const CreateOptions& options = {}) {
  using E = detail::named_or_deduced<T, A, B, C>;
  return Array<E>(expression::arange(ScalarValue::of(start).cast(dtype_of<E>), ScalarValue::of(stop).cast(dtype_of<E>), ScalarValue::of(step).cast(dtype_of<E>),
                                     options));
}

struct LinspaceOptions {
  ASHLAR_OPTIONS;
  bool endpoint = true;
  ChunkSpec chunks = {};
};
/// `num` numbers from start to stop; the last one is exactly `stop` unless `.endpoint = false`.
template <class T = double>
Array<T> linspace(Real start, Real stop, index_t num = 50, const LinspaceOptions& options = {}) {
  return Array<T>(expression::linspace(start.v, stop.v, num, options.endpoint, dtype_of<T>, {.chunks = options.chunks}));
}

struct EyeOptions {
  ASHLAR_OPTIONS;
  ChunkSpec chunks = {};
  index_t M = -1;  ///< columns; as many as rows by default
  index_t k = 0;   ///< which diagonal; positive ones lie above
};
template <class T = double>
Array<T> eye(index_t N, const EyeOptions& options = {}) {
  return Array<T>(expression::eye(N, options.M < 0 ? N : options.M, options.k, dtype_of<T>, {.chunks = options.chunks}));
}

/// The values of a local array in chunks. Small arrays travel with the operations that use them, others as one task per chunk.
template <class T>
Array<T> from_array(const NDArray<T>& values, const CreateOptions& options = {}) {
  return Array<T>(expression::from_block(values.shared_block(), options));
}
template <class T>
Array<T> asarray(const NDArray<T>& values, const CreateOptions& options = {}) {
  return from_array(values, options);
}
template <class T>
Array<T> asarray(const Array<T>& array) {
  return array;
}

template <class T>
Array<T> zeros_like(const Array<T>& x) {
  return zeros<T>(x.shape(), {.chunks = x.chunks()});
}
template <class T>
Array<T> ones_like(const Array<T>& x) {
  return ones<T>(x.shape(), {.chunks = x.chunks()});
}
template <class T>
Array<T> empty_like(const Array<T>& x) {
  return empty<T>(x.shape(), {.chunks = x.chunks()});
}
template <class T, detail::number V>
Array<T> full_like(const Array<T>& x, V value) {
  return full<T>(x.shape(), value, {.chunks = x.chunks()});
}

/// An array whose chunks are made by tasks of another floor; see make_source.
template <class T>
Array<T> make_source_array(const Shape& shape, Chunks chunks, MakeTasks make_tasks, std::string name = "source") {
  return Array<T>(make_source(dtype_of<T>, shape, std::move(chunks), std::move(make_tasks), std::move(name)));
}

}  // namespace ashlar
