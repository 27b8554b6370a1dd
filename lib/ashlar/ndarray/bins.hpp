#pragma once
// Counting elements of a block by value, and finding values in sorted ones.

#include <span>

#include "ashlar/ndarray/block.hpp"

namespace ashlar {

/// Elements between neighbouring edges (the last edge included; NaN and what lies outside left out), as int64; with weights (float64, of the
/// block's shape) their sums, as float64. `uniform`: edges at equal distances, found by division and set right by comparison as in NumPy.
Block histogram_counts(const Block& values, std::span<const double> edges, bool uniform, const Block* weights);
/// How often each of 0, 1, …, length - 1 occurs; larger ones are left out.
/// Errors    ValueError for a negative element.
Block bin_counts(const Block& values, index_t length, const Block* weights);
/// Where each element would be put into ascending numbers: before those equal to it, or (`right`) behind. NaN comes last.
Block sorted_positions(const Block& sorted, const Block& values, bool right);
/// The k largest along an axis, descending (NaN first), or the smallest ascending.
Block extremes(const Block& block, int axis, index_t k, bool largest);
/// The same with an int64 number for each element, by which equal ones are ordered (ascending): the elements, or (`want_numbers`) their numbers.
Block numbered_extremes(const Block& block, const Block& numbers, int axis, index_t k, bool largest, bool want_numbers);

}  // namespace ashlar
