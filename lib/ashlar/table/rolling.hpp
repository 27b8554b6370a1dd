#pragma once
// Windows of the last rows: element i follows from rows i - window + 1 … i.

#include "ashlar/table/column.hpp"

namespace ashlar::table {

struct Rolling {
  enum class Function : std::uint8_t { sum, mean, min, max, count, std, var, median, quantile };
  Function function = Function::sum;
  std::int64_t window = 1;
  std::int64_t min_periods = 1;  ///< fewer values that are not missing in a window give null; of count: fewer rows
  int ddof = 1;                  ///< of std and var
  double q = 0.5;                ///< of quantile

  /// "sum" and so on, as pandas names it.
  std::string_view name() const;
  /// Errors    ValueError for a window below 1, min_periods outside [0, window], q outside [0, 1].
  void check() const;
};

/// float64 for columns of numbers and bool. `before`: the last rows of what comes before the column; of more than window - 1 the last count.
/// Missing elements are passed over; a NaN in the window makes the result NaN, as it is a number. Every window is added up from its first
/// element to its last: the result does not depend on where the column is cut.
/// Cost      window operations for each row.
/// Errors    TypeError for other columns.
Column rolling(const Rolling& how, const Column& column, const Column& before);

}  // namespace ashlar::table
