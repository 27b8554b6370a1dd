#pragma once
// Bins of time by a rule such as "15min", and tables with one row per bin.

#include <string_view>

#include "ashlar/table/table.hpp"

namespace ashlar::table {

/// The bins that one of pandas' rules stands for. Times are UTC.
///   n + "D", "h" ("H"), "min" ("T"), "s" ("S"), "ms", "us", "ns": a length; a bin is called by its start, which belongs to it
///   "W", "W-SUN", "W-MON", …: the seven days up to that day (Sunday), called by the midnight at which it begins
///   "ME" ("M"): months, called by the midnight at which their last day begins
/// Trivially copyable, so that functions of partitions can hold one.
class TimeBins {
 public:
  /// Errors    ValueError for other rules, for a number before "W" and "ME", and for lengths that are no positive number of ns in 64 bits.
  explicit TimeBins(std::string_view rule);

  /// Whether bins begin at the same times whatever the data: weeks, months, and lengths that a day is a multiple of.
  bool fixed() const;
  /// Bins of a length begin at the midnight before `first` and every length after (pandas' origin="start_day").
  void start_at(timestamp first);

  /// What the bin of `t` is called.
  timestamp label(timestamp t) const;
  /// What the bin behind the one called `label` is called.
  timestamp next(timestamp label) const;

 private:
  enum class Kind : std::uint8_t { length, week, month };
  Kind kind_ = Kind::length;
  std::chrono::nanoseconds length_{0};
  std::chrono::nanoseconds origin_{0};  // since 1970
  unsigned last_day_ = 0;               // of the week; Sunday is 0
};

/// `groups`, whose first column holds different labels in order, with a row for each bin between the first and the last: where there was none,
/// the other columns are null. Errors    ValueError when that is more than 2^31 rows.
Table with_all_bins(const TimeBins& bins, const Table& groups);

}  // namespace ashlar::table
