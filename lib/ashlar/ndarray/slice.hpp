#pragma once
// Basic indices: integers, ranges, `ellipsis`, `newaxis` and NumPy's text form; and what a list of them means for a shape.
//
// Invariants of an AxisSlice: 1. start and every start + step * i, i < count, lie in [0, length). 2. Empty slices and slices of one
// element have step 1, empty ones start 0, so no arithmetic on them overflows. 3. count is `unknown` only for the whole of an axis
// of unknown length.

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ashlar/ndarray/block.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

struct open_t {};
/// The open end of a range: `range(_, 10)`, `range(_, _, -1)`.
inline constexpr open_t _{};

struct Bound {
  std::optional<index_t> v;
  constexpr Bound() = default;
  constexpr Bound(open_t) {}
  template <detail::integer I>
  constexpr Bound(I i) : v(static_cast<index_t>(i)) {}
};
/// Python's start:stop:step.
struct Range {
  Bound start, stop, step;
};
inline constexpr Range range(Bound start, Bound stop, Bound step = _) { return {start, stop, step}; }
inline constexpr Range range(Bound stop) { return {_, stop, _}; }

struct ellipsis_t {};
/// As many full slices as are missing.
inline constexpr ellipsis_t ellipsis{};
struct newaxis_t {};
/// An axis of length 1 that the array does not have.
inline constexpr newaxis_t newaxis{};

/// One index that a view can serve. Text may stand for several: "::-1, 2:10".
class BasicIndex {
 public:
  template <detail::integer I>
  BasicIndex(I i) : v(static_cast<index_t>(i)) {}
  /// A Range, or a type that converts to one.
  template <std::convertible_to<Range> R>
  BasicIndex(const R& range) : v(static_cast<Range>(range)) {}
  BasicIndex(open_t) : v(Range{}) {}
  BasicIndex(ellipsis_t e) : v(e) {}
  BasicIndex(newaxis_t n) : v(n) {}
  template <detail::text_like S>
  BasicIndex(const S& text) : v(std::string(std::string_view(text))) {}

  std::variant<index_t, Range, ellipsis_t, newaxis_t, std::string> v;
};

/// NumPy's text form, entry by entry: integers, start:stop:step, "...", "None" or "newaxis".
/// Errors    ValueError that quotes the entry.
/// Example   parse_slices("::-1, 2:10, 0")
std::vector<BasicIndex> parse_slices(std::string_view text);

/// The part of one axis that a slice takes.
struct AxisSlice {
  index_t start = 0, count = 0, step = 1;
  bool dropped = false;  ///< an integer: the axis is not in the result
  friend bool operator==(const AxisSlice&, const AxisSlice&) = default;
};

/// What a list of basic indices means for a shape.
struct BasicSlice {
  std::vector<AxisSlice> axes;  ///< one per axis of the shape
  std::vector<int> new_axes;    ///< axes of the result that `newaxis` made, ascending
  Shape shape;                  ///< of the result

  bool takes_all(const Shape& of) const;  ///< true when the result is the array as it is
};

/// Clips as Python's slice.indices does.
/// Errors    ValueError for step 0; ShapeError when an axis of unknown length is cut. `axis` is for messages.
AxisSlice slice_axis(const Range& range, index_t length, int axis = 0);

/// Missing axes are taken whole.
/// Errors    IndexError "index 7 is outside axis 1 of length 5", too many indices, a second ellipsis; those of `slice_axis`.
BasicSlice normalize_slices(std::span<const BasicIndex> indices, const Shape& shape);

/// The view that `slice`, made for the block's shape, takes.
Block take_slice(const Block& block, const BasicSlice& slice);

}  // namespace ashlar
