#pragma once
// The state of medians and quantiles. For sources of this floor.

#include "ashlar/table/aggregation.hpp"

namespace ashlar::table {

/// The q-th quantile, linear between the two nearest values (NumPy's default). `result` as aggregation_type says.
/// Errors    ValueError for q outside [0, 1].
std::unique_ptr<Accumulator> make_quantile_accumulator(double q, ColumnType type, ColumnType result);

}  // namespace ashlar::table
