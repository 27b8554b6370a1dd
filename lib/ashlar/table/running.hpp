#pragma once
// Kernels whose element i depends on the rows before (or behind) it. Each takes what the rows of other partitions contribute, so that a
// column can be worked on in pieces.

#include "ashlar/table/column.hpp"
#include "ashlar/table/value.hpp"

namespace ashlar::table {

enum class Cumulative : std::uint8_t { sum, prod, min, max };

/// Sums and products of integers and bool are int64 or uint64; all else keeps its type.
/// Errors    TypeError for strings and timestamps (sum, prod), strings (min, max).
ColumnType cumulative_type(Cumulative op, ColumnType type);
/// Element i: the sum, product, smallest or largest of `before` and elements 0 … i. Missing elements stay missing and are passed over; a
/// NaN stays in all that follows. `before`: what the rows in front come to, null when there are none. Float sums are compensated.
Column cumulative(Cumulative op, const Column& column, const Value& before = {});
/// What all elements come to: the `before` of the next piece. Null when all are missing.
Value cumulative_total(Cumulative op, const Column& column);

/// The column moved down by `periods` rows (up when negative). The rows that come in are the last of `border` (the first when negative),
/// and null where border has too few.
Column shift(const Column& column, std::int64_t periods, const Column& border);

/// Nulls become the last valid element before them, `before` where the column begins with nulls; `backward`: the next one after them.
Column fill_from_neighbours(const Column& column, bool backward, const Value& border);

/// Values below `lower` become it, values above `upper` too; null bounds are none. Nulls and NaN stay.
/// Errors    TypeError when the column has no order; ValueError when the type cannot hold a bound, or lower > upper.
Column clip(const Column& column, const Value& lower, const Value& upper);

}  // namespace ashlar::table
