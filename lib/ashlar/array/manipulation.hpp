#pragma once
// Changing the shape, joining, and writing into arrays.

#include <initializer_list>
#include <vector>

#include "ashlar/array/elementwise.hpp"

namespace ashlar {
namespace detail {
template <class T>
std::vector<ArrayPtr> nodes_of(std::span<const Array<T>> arrays) {
  std::vector<ArrayPtr> nodes;
  for (const auto& array : arrays) nodes.push_back(array.node());
  return nodes;
}
}  // namespace detail

/// One after the other along an axis; the other lengths agree.
/// Errors    ShapeError, ValueError for no arrays.
template <class T>
Array<T> concatenate(std::initializer_list<Array<T>> arrays, const ConcatenateOptions& options = {}) {
  return Array<T>(expression::concatenate(detail::nodes_of(std::span<const Array<T>>(arrays.begin(), arrays.size())), options.axis));
}
template <class T>
Array<T> concatenate(const std::vector<Array<T>>& arrays, const ConcatenateOptions& options = {}) {
  return Array<T>(expression::concatenate(detail::nodes_of(std::span<const Array<T>>(arrays)), options.axis));
}
/// Along a new axis.
template <class T>
Array<T> stack(std::initializer_list<Array<T>> arrays, const ConcatenateOptions& options = {}) {
  return Array<T>(expression::stack(detail::nodes_of(std::span<const Array<T>>(arrays.begin(), arrays.size())), options.axis));
}
template <class T>
Array<T> stack(const std::vector<Array<T>>& arrays, const ConcatenateOptions& options = {}) {
  return Array<T>(expression::stack(detail::nodes_of(std::span<const Array<T>>(arrays)), options.axis));
}

template <class T>
Array<T> reshape(const Array<T>& x, const Shape& shape) {
  return x.reshape(shape);
}
template <class T>
Array<T> ravel(const Array<T>& x) {
  return x.ravel();
}
template <class T>
Array<T> transpose(const Array<T>& x, const AxisSpec& axes = {}) {
  return x.transpose(axes);
}
template <class T>
Array<T> rechunk(const Array<T>& x, const ChunkSpec& chunks = {}, const RechunkOptions& options = {}) {
  return x.rechunk(chunks, options);
}
template <class T>
Array<T> broadcast_to(const Array<T>& x, const Shape& shape) {
  return Array<T>(expression::broadcast_to(x.node(), shape));
}
/// New axes of length 1 at these places of the result.
template <class T>
Array<T> expand_dims(const Array<T>& x, const AxisSpec& axis) {
  return Array<T>(expression::expand_dims(x.node(), axis));
}
template <class T>
Array<T> squeeze(const Array<T>& x, const AxisSpec& axis = {}) {
  return x.squeeze(axis);
}
template <class T>
Array<T> flip(const Array<T>& x, const AxisSpec& axis = {}) {
  return Array<T>(expression::flip(x.node(), axis));
}
template <class T>
Array<T> flipud(const Array<T>& x) {
  return flip(x, 0);
}
template <class T>
Array<T> fliplr(const Array<T>& x) {
  return flip(x, 1);
}
template <class T>
Array<T> swapaxes(const Array<T>& x, int a, int b) {
  return x.swapaxes(a, b);
}
template <class T>
Array<T> moveaxis(const Array<T>& x, int source, int destination) {
  const int from = normalize_axes(AxisSpec(std::vector<int>{source}), x.ndim()).front(), to = normalize_axes(AxisSpec(std::vector<int>{destination}), x.ndim()).front();
  std::vector<int> order;
  for (int i = 0; i < x.ndim(); ++i)
    if (i != from) order.push_back(i);
  order.insert(order.begin() + to, from);
  return x.transpose(order);
}
struct RollOptions {
  ASHLAR_OPTIONS;
  AxisSpec axis = {};  ///< none: of the flattened array
};
/// Elements shifted along an axis; those that leave it come in at the other end.
template <class T>
Array<T> roll(const Array<T>& x, index_t shift, const RollOptions& options = {}) {
  return Array<T>(expression::roll(x.node(), shift, options.axis));
}
/// Elements at these positions of an axis, in any order and as often as named.
template <class T, detail::integer I>
Array<T> take(const Array<T>& x, const std::vector<I>& positions, int axis = 0) {
  return Array<T>(expression::take(x.node(), std::vector<index_t>(positions.begin(), positions.end()), axis));
}
template <class T>
Array<T> take(const Array<T>& x, std::initializer_list<Dim> positions, int axis = 0) {
  std::vector<index_t> list;
  for (Dim d : positions) list.push_back(d.v);
  return Array<T>(expression::take(x.node(), std::move(list), axis));
}
template <class T>
Array<T> vstack(const std::vector<Array<T>>& arrays) {
  std::vector<Array<T>> parts;
  for (const auto& a : arrays) parts.push_back(a.ndim() < 2 ? a.reshape({1, a.size()}) : a);
  return concatenate(parts);
}
template <class T>
Array<T> hstack(const std::vector<Array<T>>& arrays) {
  return concatenate(arrays, {.axis = arrays.empty() || arrays.front().ndim() == 1 ? 0 : 1});
}

namespace detail {
template <class T, class V>
struct settable {
  static constexpr int from = kind_of(operand_dtype<V>), to = kind_of(dtype_of<T>);
  static_assert(from < 3 || to == 3, "ashlar: complex values do not fit into a real array; take al::real(value)");
};
}  // namespace detail

/// The array with `value` (a number, Scalar, Array or NDArray that broadcasts) where the slices select: NumPy's x[slices] = value.
/// The value is cast to the array's type. `x` itself is unchanged.
/// Example   x = al::set(x, {al::range(0, 2), al::all}, 0.0)   x = al::set(x, x > 0, x.mean())
template <class T, detail::operand V>
Array<T> set(const Array<T>& x, const Slices& slices, const V& value) {
  [[maybe_unused]] constexpr detail::settable<T, V> fits{};
  return Array<T>(expression::set(x.node(), std::span<const Index>(slices.v), detail::to_operand(value)));
}

}  // namespace ashlar
