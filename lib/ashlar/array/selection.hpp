#pragma once
// Choosing among arrays and among elements: select, choose, compress, extract, nonzero; and grids of coordinates.
//
// All of them are expressions of what there is: nothing is computed when they are written.

#include <array>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "ashlar/array/creation.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/map.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {

/// Of each place the element of the first choice whose condition holds there, else `otherwise`.
/// Errors    ValueError unless there are as many choices as conditions, at least one.
template <class T>
Array<T> select(const std::vector<Array<bool>>& conditions, const std::vector<Array<T>>& choices, std::type_identity_t<T> otherwise = T()) {
  if (conditions.size() != choices.size() || conditions.empty())
    throw ValueError("select needs a choice for each condition: conditions " + std::to_string(conditions.size()) + ", choices " + std::to_string(choices.size()));
  Array<T> result(expression::constant(ScalarValue::of<T>(otherwise)));
  for (std::size_t i = conditions.size(); i-- > 0;) result = where(conditions[i], choices[i], result);
  return result;
}
template <class T>
Array<T> select(std::initializer_list<Array<bool>> conditions, std::initializer_list<Array<T>> choices, std::type_identity_t<T> otherwise = T()) {
  return select(std::vector<Array<bool>>(conditions), std::vector<Array<T>>(choices), otherwise);
}

struct ChooseOptions {
  ASHLAR_OPTIONS;
  std::string mode = "raise";  ///< for numbers outside: an error, "wrap" or "clip"
};
/// Of each place the element of that choice whose number `index` has there.
/// Errors    ValueError without choices or for another mode; from a task, IndexError for a number outside (mode raise).
template <detail::integer I, class T>
Array<T> choose(const Array<I>& index, const std::vector<Array<T>>& choices, const ChooseOptions& options = {}) {
  if (choices.empty()) throw ValueError("choose needs at least one choice, found none");
  if (options.mode != "raise" && options.mode != "wrap" && options.mode != "clip") throw ValueError("mode of choose is \"raise\", \"wrap\" or \"clip\", found \"" + options.mode + "\"");
  const auto count = static_cast<std::int64_t>(choices.size());
  Array<std::int64_t> number = index.template astype<std::int64_t>();
  if (options.mode == "wrap") number = remainder(number, count);
  else if (options.mode == "clip") number = clip(number, std::int64_t{0}, count - 1);
  else
    number = map(
        [count](std::int64_t i) {
          if (i < 0 || i >= count) throw IndexError("choose has the choices 0 to " + std::to_string(count - 1) + ", found number " + std::to_string(i));
          return i;
        },
        number);
  Array<T> result = choices.back();
  for (std::size_t i = choices.size() - 1; i-- > 0;) result = where(number == static_cast<std::int64_t>(i), choices[i], result);
  // One choice: the numbers are looked at all the same, and give the shape.
  return choices.size() == 1 ? where(number == std::int64_t{0}, result, T()) : result;
}
template <detail::integer I, class T>
Array<T> choose(const Array<I>& index, std::initializer_list<Array<T>> choices, const ChooseOptions& options = {}) {
  return choose(index, std::vector<Array<T>>(choices), options);
}

/// The elements along an axis (none: of the flattened array) where the condition, one axis, holds. That axis has unknown length.
template <class T>
Array<T> compress(const Array<bool>& condition, const Array<T>& x, const AxisSpec& axis = {}) {
  if (condition.ndim() != 1) throw ShapeError("compress needs a condition of one axis, found shape " + to_string(condition.shape()));
  if (axis.every) return compress(condition, x.ravel(), 0);
  const int along = normalize_axes(axis, x.ndim()).front();
  std::vector<Index> index(static_cast<std::size_t>(x.ndim()), Index(_));
  // A condition that is shorter says nothing of the rest, which is left out.
  const index_t length = condition.shape()[0], whole = x.shape()[static_cast<std::size_t>(along)];
  Array<T> from = x;
  if (length != unknown && whole != unknown && length < whole) {
    index[static_cast<std::size_t>(along)] = Index(range(0, length));
    from = Array<T>(expression::slice(from.node(), index));
  }
  index[static_cast<std::size_t>(along)] = Index(condition);
  return Array<T>(expression::slice(from.node(), index));
}
/// The elements where the condition, an array of the same shape, holds; in C order.
template <class T>
Array<T> extract(const Array<bool>& condition, const Array<T>& x) {
  if (condition.shape() != x.shape()) throw ShapeError("extract needs a condition of the array's shape: " + to_string(x.shape()) + ", found " + to_string(condition.shape()));
  return compress(condition.ravel(), x.ravel(), 0);
}
/// Positions in C order of the elements that are not zero.
template <class T>
Array<std::int64_t> flatnonzero(const Array<T>& x) {
  const Array<bool> there = (x != T()).ravel();
  return compress(there, arange<std::int64_t>(there.shape()[0], {.chunks = there.chunks()}), 0);
}
/// The positions of the elements that are not zero: an array per axis.
template <class T>
std::vector<Array<std::int64_t>> nonzero(const Array<T>& x) {
  if (x.ndim() == 0) throw ValueError("nonzero needs an axis: found an array without any");
  const Array<bool> there = (x != T()).ravel();
  std::vector<Array<std::int64_t>> found;
  for (int axis = 0; axis < x.ndim(); ++axis)
    found.push_back(compress(there, Array<std::int64_t>(expression::positions(x.shape(), axis, x.chunks())).ravel(), 0));
  return found;
}

/// For numbers of elements in C order of a shape, their positions: an array per axis.
/// Errors    from a task, ValueError for a number outside.
template <detail::integer I>
std::vector<Array<std::int64_t>> unravel_index(const Array<I>& numbers, const Shape& shape) {
  const index_t size = shape.elements();
  Array<std::int64_t> rest = map(
      [size](std::int64_t i) {
        if (i < 0 || i >= size) throw ValueError("unravel_index: number " + std::to_string(i) + " is outside an array of " + std::to_string(size) + " elements");
        return i;
      },
      numbers.template astype<std::int64_t>());
  std::vector<Array<std::int64_t>> positions(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    positions[axis] = remainder(rest, std::int64_t{shape[axis]});
    rest = floor_divide(rest, std::int64_t{shape[axis]});
  }
  return positions;
}
/// The numbers in C order of a shape of elements at these positions, an array per axis.
/// Errors    ValueError unless there is an array for each axis; from a task, for a position outside.
template <detail::integer I>
Array<std::int64_t> ravel_multi_index(const std::vector<Array<I>>& positions, const Shape& shape) {
  if (positions.size() != shape.size() || positions.empty())
    throw ValueError("ravel_multi_index needs positions for each axis: axes " + std::to_string(shape.size()) + ", found " + std::to_string(positions.size()));
  Array<std::int64_t> number;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const index_t length = shape[axis];
    const Array<std::int64_t> at = map(
        [length](std::int64_t i) {
          if (i < 0 || i >= length) throw ValueError("ravel_multi_index: position " + std::to_string(i) + " is outside an axis of length " + std::to_string(length));
          return i;
        },
        positions[axis].template astype<std::int64_t>());
    number = axis == 0 ? at : number * std::int64_t{length} + at;
  }
  return number;
}

struct MeshgridOptions {
  ASHLAR_OPTIONS;
  std::string indexing = "xy";  ///< the first array runs along axis 1, the second along axis 0; "ij": in their order
  bool sparse = false;          ///< axes of length 1 instead of repeated elements
};
/// Arrays of one axis as coordinates of a grid: an array per axis of the grid.
template <class T>
std::vector<Array<T>> meshgrid(const std::vector<Array<T>>& axes, const MeshgridOptions& options = {}) {
  if (options.indexing != "xy" && options.indexing != "ij") throw ValueError("indexing of meshgrid is \"xy\" or \"ij\", found \"" + options.indexing + "\"");
  const std::size_t n = axes.size();
  const auto axis_of = [&](std::size_t i) { return options.indexing == "xy" && n > 1 && i < 2 ? 1 - i : i; };
  Shape shape = Shape(std::vector<index_t>(n, 1));
  std::vector<Array<T>> grid;
  for (std::size_t i = 0; i < n; ++i) {
    const Array<T> line = axes[i].ravel();
    Shape own = Shape(std::vector<index_t>(n, 1));
    own[axis_of(i)] = shape[axis_of(i)] = line.shape()[0];
    grid.push_back(line.reshape(own));
  }
  if (!options.sparse)
    for (auto& one : grid) one = broadcast_to(one, shape);
  return grid;
}
template <class T>
std::vector<Array<T>> meshgrid(std::initializer_list<Array<T>> axes, const MeshgridOptions& options = {}) {
  return meshgrid(std::vector<Array<T>>(axes), options);
}
/// The position along each axis, for every element of a shape: the axes' axis comes first.
inline Array<std::int64_t> indices(const Shape& shape, const ChunkSpec& chunks = {}) {
  const Chunks cut = normalize_chunks(chunks, shape, itemsize(DType::int64));
  std::vector<Array<std::int64_t>> axes;
  for (int axis = 0; axis < shape.ndim(); ++axis) axes.emplace_back(expression::positions(shape, axis, cut));
  return stack(axes);
}

namespace detail {
/// Of each element of a matrix's shape: column - row.
inline Array<std::int64_t> above_diagonal(const Shape& shape, const Chunks& chunks) {
  const int last = shape.ndim() - 1;
  return Array<std::int64_t>(expression::positions(shape, last, chunks)) - Array<std::int64_t>(expression::positions(shape, last - 1, chunks));
}
template <class T>
void check_matrices(const Array<T>& x, const char* what) {
  if (x.ndim() < 2) throw ShapeError(std::string(what) + " needs matrices, found shape " + to_string(x.shape()));
}
}  // namespace detail

/// The elements on diagonal k and below it; zeros above.
template <class T>
Array<T> tril(const Array<T>& x, index_t k = 0) {
  detail::check_matrices(x, "tril");
  return where(detail::above_diagonal(x.shape(), x.chunks()) <= k, x, T());
}
/// The elements on diagonal k and above it; zeros below.
template <class T>
Array<T> triu(const Array<T>& x, index_t k = 0) {
  detail::check_matrices(x, "triu");
  return where(detail::above_diagonal(x.shape(), x.chunks()) >= k, x, T());
}
/// Ones on diagonal k and below it.
template <class T = double>
Array<T> tri(index_t N, const EyeOptions& options = {}) {
  const Shape shape{N, options.M < 0 ? N : options.M};
  return (detail::above_diagonal(shape, normalize_chunks(options.chunks, shape, itemsize(dtype_of<T>))) <= options.k).template astype<T>();
}
/// Of one axis: a matrix with these elements on diagonal k. Of a matrix: its diagonal k.
template <class T>
Array<T> diag(const Array<T>& x, index_t k = 0) {
  if (x.ndim() == 2) return Array<T>(expression::diagonal(x.node(), k, 0, 1));
  if (x.ndim() != 1) throw ShapeError("diag needs one axis or two, found shape " + to_string(x.shape()));
  const index_t n = x.shape()[0], size = n + (k < 0 ? -k : k);
  std::vector<Array<T>> parts{x};
  const auto zero = zeros<T>({size - n});
  // Element j of the padded row belongs into column j.
  if (k > 0) parts.insert(parts.begin(), zero);
  else if (k < 0) parts.push_back(zero);
  const Array<T> row = (k == 0 ? x : concatenate(parts)).reshape({1, size});
  const Chunks cut{row.chunks()[1], row.chunks()[1]};
  return where(detail::above_diagonal({size, size}, cut) == k, broadcast_to(row, {size, size}), T());
}

/// `values` behind `x` along an axis; without one, both flattened.
template <class T>
Array<T> append(const Array<T>& x, const Array<T>& values, const AxisSpec& axis = {}) {
  if (axis.every) return concatenate({x.ravel(), values.ravel()});
  return concatenate({x, values}, {.axis = normalize_axes(axis, x.ndim()).front()});
}
/// Each element `times` times along an axis.
template <class T>
Array<T> repeat(const Array<T>& x, index_t times, int axis) {
  if (times < 0) throw ValueError("repeat needs a number of times that is not negative, found " + std::to_string(times));
  const int along = normalize_axes(AxisSpec(axis), x.ndim()).front();
  std::vector<index_t> positions;
  for (index_t i = 0; i < x.shape()[static_cast<std::size_t>(along)]; ++i) positions.insert(positions.end(), static_cast<std::size_t>(times), i);
  return Array<T>(expression::take(x.node(), std::move(positions), along));
}
/// The array next to itself, so often along each axis; axes are added in front where there are more numbers than axes.
template <class T>
Array<T> tile(const Array<T>& x, std::vector<index_t> times) {
  Array<T> result = x;
  while (static_cast<int>(times.size()) < x.ndim()) times.insert(times.begin(), 1);
  while (result.ndim() < static_cast<int>(times.size())) result = expand_dims(result, 0);
  for (std::size_t axis = 0; axis < times.size(); ++axis) {
    if (times[axis] < 0) throw ValueError("tile needs numbers of times that are not negative, found " + std::to_string(times[axis]));
    if (times[axis] == 0) result = Array<T>(expression::take(result.node(), {}, static_cast<int>(axis)));
    else if (times[axis] > 1) result = concatenate(std::vector<Array<T>>(static_cast<std::size_t>(times[axis]), result), {.axis = static_cast<int>(axis)});
  }
  return result;
}
/// Without the elements at these positions of an axis.
template <class T>
Array<T> delete_(const Array<T>& x, const std::vector<index_t>& positions, int axis) {
  const int along = normalize_axes(AxisSpec(axis), x.ndim()).front();
  const index_t length = x.shape()[static_cast<std::size_t>(along)];
  std::vector<bool> gone(static_cast<std::size_t>(length));
  for (index_t p : positions) {
    if (p < -length || p >= length) throw IndexError("delete_: position " + std::to_string(p) + " is outside axis " + std::to_string(along) + " of length " + std::to_string(length));
    gone[static_cast<std::size_t>(p < 0 ? p + length : p)] = true;
  }
  std::vector<index_t> kept;
  for (index_t i = 0; i < length; ++i)
    if (!gone[static_cast<std::size_t>(i)]) kept.push_back(i);
  return Array<T>(expression::take(x.node(), std::move(kept), along));
}
/// Turned by a quarter `times` times, from the first axis towards the second.
template <class T>
Array<T> rot90(const Array<T>& x, int times = 1, const std::array<int, 2>& axes = {0, 1}) {
  const int a = normalize_axes(AxisSpec(axes[0]), x.ndim()).front(), b = normalize_axes(AxisSpec(axes[1]), x.ndim()).front();
  if (a == b) throw ValueError("rot90 turns two different axes, found axis " + std::to_string(a) + " twice");
  switch ((times % 4 + 4) % 4) {
    case 1: return flip(x, b).swapaxes(a, b);
    case 2: return flip(flip(x, a), b);
    case 3: return flip(x.swapaxes(a, b), b);
    default: return x;
  }
}
template <class T>
Array<T> rollaxis(const Array<T>& x, int axis, int start = 0) {
  const int from = normalize_axes(AxisSpec(axis), x.ndim()).front(), to = start < 0 ? start + x.ndim() : start;
  if (to < 0 || to > x.ndim()) throw IndexError("rollaxis: no place " + std::to_string(start) + " among " + std::to_string(x.ndim()) + " axes");
  return moveaxis(x, from, from < to ? to - 1 : to);
}
template <class T>
Array<T> atleast_1d(const Array<T>& x) {
  return x.ndim() == 0 ? x.reshape({1}) : x;
}
template <class T>
Array<T> atleast_2d(const Array<T>& x) {
  return x.ndim() < 2 ? expand_dims(atleast_1d(x), 0) : x;
}
template <class T>
Array<T> atleast_3d(const Array<T>& x) {
  return x.ndim() < 3 ? expand_dims(atleast_2d(x), 2) : x;
}
/// Side by side along the third axis.
template <class T>
Array<T> dstack(const std::vector<Array<T>>& arrays) {
  std::vector<Array<T>> parts;
  for (const auto& a : arrays) parts.push_back(atleast_3d(a));
  return concatenate(parts, {.axis = 2});
}
/// The arrays in the shape that they broadcast to.
template <class T>
std::vector<Array<T>> broadcast_arrays(const std::vector<Array<T>>& arrays) {
  Shape shape;
  for (const auto& a : arrays) shape = broadcast_shapes(shape, a.shape());
  std::vector<Array<T>> result;
  for (const auto& a : arrays) result.push_back(broadcast_to(a, shape));
  return result;
}

}  // namespace ashlar
