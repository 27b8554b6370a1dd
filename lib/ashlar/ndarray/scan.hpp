#pragma once
// Running sums and products along an axis of a block, and what chunks need of one another for them.

#include <cstdint>

#include "ashlar/ndarray/block.hpp"

namespace ashlar {

enum class Scan : std::uint8_t { sum, prod };

/// Element i becomes the sum (product) of elements 0 to i along the axis, added one after the other; with `exclusive` those before i.
/// Integers wrap, of bool they are or (and).
Block scan(Scan how, Block block, int axis, bool exclusive = false);
/// Each element of `values` after `before`, which has length 1 on axes where it is the same for all.
Block scan_join(Scan how, Block values, const Block& before);
/// The last element along the axis, kept with length 1; of none the sum (product) of nothing.
Block scan_last(Scan how, const Block& block, int axis);

}  // namespace ashlar
