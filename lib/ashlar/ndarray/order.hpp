#pragma once
// Order statistics: exact ones of a chunked array by rounds of counting digits, and of lines that lie in one block.
//
// Each element has a 64-bit key that orders as the elements do (NaN last, both zeros alike). A round counts, for every wanted place, the next
// 11 bits of the keys that agree with what is settled; the sums over all chunks settle those bits. Counts are whole numbers, so the result depends
// neither on the chunks nor on the order in which they are added.

#include <span>

#include "ashlar/ndarray/block.hpp"

namespace ashlar {

inline constexpr index_t order_digits = 2048;  ///< counts a round makes for each wanted place
/// Rounds after which all bits of a type's keys are settled.
int order_rounds(DType type);

/// How a value is made of its two neighbours in the order, by NumPy's names (closest: nearest); `mean` is the median's.
enum class Interpolation : std::int32_t { linear, lower, higher, midpoint, closest, mean };

/// The state of a search, int64 (2 q + 1, 2): for each quantile the places before and behind it, as bits settled and rank among the elements that
/// agree with them; the last row is the number of elements that count, and whether any is NaN.
/// `count`: elements; `nans`: of these; `skip`: NaN are left out, else one of them makes every result NaN.
Block order_start(std::span<const double> quantiles, index_t count, index_t nans, bool skip);
/// int64 (1, 2 q * order_digits).
Block order_counts(const Block& values, const Block& state, int round);
/// The state after the counts of all chunks have been added.
Block order_next(const Block& state, const Block& counts, int round);
/// The quantiles, float64 (q): NaN of nothing.
Block order_end(const Block& state, DType type, std::span<const double> quantiles, Interpolation how);

/// Quantiles of each line along the last `inner` axes: float64, the quantiles' axis first, then the block's other axes.
Block line_quantiles(const Block& block, int inner, std::span<const double> quantiles, Interpolation how, bool skip);

/// Each line along an axis in ascending order, NaN last; or (`positions`) the places its elements come from, int64. Equal elements keep their order.
Block sorted_lines(const Block& block, int axis, bool positions);

}  // namespace ashlar
