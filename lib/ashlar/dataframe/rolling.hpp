#pragma once
// Windows of the last rows of a column or frame, across the borders of partitions.

#include <cstdint>
#include <optional>

#include "ashlar/base/options.hpp"
#include "ashlar/dataframe/plan.hpp"
#include "ashlar/table/rolling.hpp"

namespace ashlar {

class Series;
class DataFrame;
struct DdofOptions;
struct QuantileOptions;

struct RollingOptions {
  ASHLAR_OPTIONS;
  std::int64_t window = 1;                                  ///< rows: this one and those before it
  std::optional<std::int64_t> min_periods = std::nullopt;  ///< values a window must have, else the result is null; as many as the window
};

/// What Series::rolling gives: element i of each result follows from the last `window` rows up to i, those of partitions before too. Results are
/// float64. Missing values are passed over; a NaN makes the results of its windows NaN (pandas takes it for missing).
/// Cost      window operations for each row; the last window - 1 rows of each partition go to the next.
/// Example   df["price"].rolling({.window = 7}).mean()
class Rolling {
 public:
  Rolling(dataframe::PlanPtr column, const RollingOptions& options);
  Series sum() const;
  Series mean() const;
  Series min() const;
  Series max() const;
  Series count() const;  ///< of what is not missing; min_periods counts rows
  Series std(const DdofOptions& options) const;
  Series std() const;
  Series var(const DdofOptions& options) const;
  Series var() const;
  Series median() const;
  Series quantile(const QuantileOptions& options) const;

 private:
  Series of(table::Rolling::Function function, int ddof = 1, double q = 0.5) const;
  dataframe::PlanPtr column_;
  table::Rolling how_;
};

/// The same for every column of numbers of a frame; other columns stay as they are.
class FrameRolling {
 public:
  FrameRolling(dataframe::PlanPtr table, const RollingOptions& options);
  DataFrame sum() const;
  DataFrame mean() const;
  DataFrame min() const;
  DataFrame max() const;
  DataFrame count() const;
  DataFrame std() const;
  DataFrame var() const;
  DataFrame median() const;

 private:
  template <class Fn>
  DataFrame each(Fn fn) const;
  dataframe::PlanPtr table_;
  RollingOptions options_;
};

}  // namespace ashlar
