#pragma once
// Reductions in three steps: per chunk (Program::reduce), combining partials pairwise along a tree that follows the chunks only, and
// finishing. A partial is a few blocks that keep the reduced axes with length 1.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ashlar/ndarray/block.hpp"

namespace ashlar {

enum class Reduction : std::uint8_t { sum, prod, min, max, any, all, mean, var, std, argmin, argmax };
std::string_view reduction_name(Reduction reduction);

/// What a chunk leaves: sum prod any all: [value]; mean: [sum, count]; min max: [value, count]; var std: [mean, sum of squared
/// deviations, count]; argmin argmax: [value, position], position -1 where there was nothing. Counts are 0-d int64: elements per output.
using Partial = std::vector<Block>;
int partial_blocks(Reduction reduction);

/// The types: of the accumulated value given the elements', and of the finished result. sum of int32 is int64, mean of int64 is
/// float64, min keeps the type, argmin is int64.
DType reduction_accumulator_type(Reduction reduction, DType elements);
DType reduction_result_type(Reduction reduction, DType elements);

/// Combines partials of one output region, in the order given: left to right for the same bits everywhere. NaN wins in min, max
/// and takes the first position in argmin, argmax, as in NumPy; of equal values the smaller position wins.
Partial combine_partials(Reduction reduction, std::span<const Partial> partials);

/// The result block (reduced axes still of length 1). `ddof` for var and std.
/// Errors    ValueError for min, max, argmin, argmax of nothing.
Block finish_partial(Reduction reduction, const Partial& partial, DType elements, int ddof = 0);

}  // namespace ashlar
