#pragma once
// How the positions of one array follow from the positions in another: slices, transposes, broadcasts and lists of positions are all
// of one form, per axis, and that form is closed under composition. It is what lets a slice of an expression become an
// expression of slices, down to the sources.

#include <memory>
#include <optional>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar::lowering {

/// The position on one axis of the viewed array, as a function of the position i on axis `from` of the viewing one.
struct AxisMap {
  int from = -1;  ///< -1: always `start`
  index_t start = 0, step = 0;
  std::shared_ptr<const std::vector<index_t>> list;  ///< if there is one, start + step * i numbers its entries

  index_t at(index_t i) const {
    const index_t k = from < 0 ? start : start + step * i;
    return list ? (*list)[static_cast<std::size_t>(k)] : k;
  }
  friend bool operator==(const AxisMap& a, const AxisMap& b) {
    return a.from == b.from && a.start == b.start && a.step == b.step && (a.list == b.list || (a.list && b.list && *a.list == *b.list));
  }
};

/// One map per axis of the viewed array.
struct View {
  std::vector<AxisMap> axes;
  friend bool operator==(const View&, const View&) = default;

  static View identity(int ndim);
  /// Aligned at the last axis; axes of length 1 are repeated.
  static View broadcast(const Shape& from, const Shape& to);

  void encode(Writer& out) const;
  static View decode(Reader& in);
};

/// `outer` sees the array that sees the rest through `inner`. `space` is the shape of the outermost array.
View compose(const View& outer, const View& inner, const Shape& space);

/// The linear index as a function of the positions in a space of `ndim` axes; nothing when a list is in the way.
std::optional<LinearIndex> through(const LinearIndex& index, const View& view, int ndim);

/// The same linear index for a C-order reshape; nothing when it is not linear in the new positions.
std::optional<LinearIndex> reshaped(const LinearIndex& index, const Shape& from, const Shape& to);

}  // namespace ashlar::lowering
