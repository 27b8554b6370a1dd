#include "ashlar/ndarray/strided_copy.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels_detail.hpp"

namespace ashlar {
namespace {

struct Axis {
  index_t length, to, from;
};

struct Wide {
  std::uint64_t low, high;
};

/// Axes longer than 1, outermost first as `to` lies in memory, neighbours that walk on without a gap joined.
/// Moves the two starts so that all strides of `to` are positive.
std::vector<Axis> plan(std::span<const index_t> to_strides, std::span<const index_t> from_strides, const Shape& shape, index_t& to_start,
                       index_t& from_start) {
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    Axis axis{shape[i], to_strides[i], from_strides[i]};
    if (axis.length == 1) continue;
    if (axis.to < 0) {
      to_start += axis.to * (axis.length - 1);
      from_start += axis.from * (axis.length - 1);
      axis.to = -axis.to;
      axis.from = -axis.from;
    }
    axes.push_back(axis);
  }
  std::stable_sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return a.to > b.to; });
  std::vector<Axis> joined;
  for (const Axis& axis : axes) {
    if (!joined.empty() && joined.back().to == axis.to * axis.length && joined.back().from == axis.from * axis.length)
      joined.back() = {joined.back().length * axis.length, axis.to, axis.from};
    else
      joined.push_back(axis);
  }
  return joined;
}

/// Calls `body(to, from)` for every position of the given axes.
template <class T, class Body>
void for_each(std::span<const Axis> axes, T* to, const T* from, Body&& body) {
  if (axes.empty()) return body(to, from);
  std::vector<index_t> position(axes.size(), 0);
  for (;;) {
    body(to, from);
    std::size_t i = axes.size();
    for (;;) {
      --i;
      to += axes[i].to;
      from += axes[i].from;
      if (++position[i] < axes[i].length) break;
      to -= axes[i].to * axes[i].length;
      from -= axes[i].from * axes[i].length;
      position[i] = 0;
      if (i == 0) return;
    }
  }
}

template <class T>
void copy_line(T* to, const T* from, const Axis& axis) {
  const index_t n = axis.length;
  if (axis.to == 1 && axis.from == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
  } else if (axis.to == 1 && axis.from == 0) {
    std::fill_n(to, n, *from);
  } else if (axis.to == 1 && axis.from == -1) {
    for (index_t i = 0; i < n; ++i) to[i] = from[-i];
  } else if (axis.to == 1) {
    for (index_t i = 0; i < n; ++i) to[i] = from[i * axis.from];
  } else {
    for (index_t i = 0; i < n; ++i) to[i * axis.to] = from[i * axis.from];
  }
}

/// `rows` is the axis along which `from` is densest, `columns` the one along which `to` is. Goes tile by tile through a small square
/// on the stack, so that lines of cache are read and written whole, one after the other: strides that are powers of two would
/// otherwise put all lines of a tile into one set of the cache.
template <class T>
[[gnu::always_inline]] inline void copy_by_squares(T* to, const T* from, const Axis& rows, const Axis& columns) {
  constexpr index_t side = sizeof(T) >= 8 ? 32 : 64;
  T square[side * side];
  for (index_t r = 0; r < rows.length; r += side) {
    const index_t height = std::min(rows.length - r, side);
    for (index_t c = 0; c < columns.length; c += side) {
      const index_t width = std::min(columns.length - c, side);
      const T* f = from + r * rows.from + c * columns.from;
      for (index_t j = 0; j < width; ++j)
        for (index_t i = 0; i < height; ++i) square[i * side + j] = f[i * rows.from + j * columns.from];
      T* t = to + r * rows.to + c * columns.to;
      for (index_t i = 0; i < height; ++i)
        for (index_t j = 0; j < width; ++j) t[i * rows.to + j * columns.to] = square[i * side + j];
    }
  }
}

/// As above; what is dense in both memories and has room for a tile, in vector registers.
template <class T>
void copy_transposed(T* to, const T* from, const Axis& rows, const Axis& columns) {
  constexpr index_t side = kernels::transpose_side(sizeof(T));
  if (std::abs(rows.from) == 1 && columns.to == 1 && rows.length >= side && columns.length >= side) {
    const index_t last = rows.from < 0 ? rows.length - 1 : 0;  // backwards: begins at the other end
    if (kernels::transpose(sizeof(T), reinterpret_cast<const std::byte*>(from - last), columns.from, reinterpret_cast<std::byte*>(to + last * rows.to),
                           rows.to * rows.from, rows.length, columns.length))
      return;
  }
  copy_by_squares(to, from, rows, columns);
}

template <class T>
void copy_typed(std::vector<Axis> axes, T* to, const T* from) {
  if (axes.empty()) {
    *to = *from;
    return;
  }
  const Axis inner = axes.back();
  axes.pop_back();
  // The axis along which `from` is densest, if that is not the inner one.
  auto dense = axes.end();
  index_t least = std::abs(inner.from);
  for (auto axis = axes.begin(); axis != axes.end(); ++axis)
    if (axis->from != 0 && std::abs(axis->from) < least) {
      least = std::abs(axis->from);
      dense = axis;
    }
  if (dense == axes.end()) return for_each<T>(axes, to, from, [&](T* t, const T* f) { copy_line(t, f, inner); });
  const Axis rows = *dense;
  axes.erase(dense);
  for_each<T>(axes, to, from, [&](T* t, const T* f) { copy_transposed(t, f, rows, inner); });
}

}  // namespace

void strided_copy(std::byte* to, std::span<const index_t> to_strides, const std::byte* from, std::span<const index_t> from_strides,
                  const Shape& shape, std::int64_t itemsize) {
  if (shape.elements() == 0) return;
  index_t to_start = 0, from_start = 0;
  const std::vector<Axis> axes = plan(to_strides, from_strides, shape, to_start, from_start);
  to += to_start * itemsize;
  from += from_start * itemsize;
  const auto run = [&]<class T>(std::type_identity<T>) { copy_typed<T>(axes, reinterpret_cast<T*>(to), reinterpret_cast<const T*>(from)); };
  switch (itemsize) {
    case 1: return run(std::type_identity<std::uint8_t>{});
    case 2: return run(std::type_identity<std::uint16_t>{});
    case 4: return run(std::type_identity<std::uint32_t>{});
    case 8: return run(std::type_identity<std::uint64_t>{});
    case 16: return run(std::type_identity<Wide>{});
  }
  throw InternalError("strided_copy: elements of " + std::to_string(itemsize) + " bytes");
}

}  // namespace ashlar
