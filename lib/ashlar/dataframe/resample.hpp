#pragma once
// Rows grouped by the bin of time that they lie in, with a row for each bin.

#include <initializer_list>
#include <string>

#include "ashlar/base/options.hpp"
#include "ashlar/dataframe/groupby.hpp"
#include "ashlar/table/time_bins.hpp"

namespace ashlar {

class DataFrame;
class Series;

struct ResampleOptions {
  ASHLAR_OPTIONS;
  std::string on = {};  ///< the column of times; empty: the index
};

/// What DataFrame::resample gives. Results have one partition, a row for each bin from the first to the last with rows, and the bins' labels as
/// index, under the name of the column of times. In bins without rows sum, count, size and nunique are 0, prod is 1, all else is null.
/// Functions, names of their results and errors are those of GroupBy. Rows without a time are passed over.
class Resampler {
 public:
  /// Errors    TypeError unless the column is of timestamps; ValueError for a rule that is none.
  Resampler(const DataFrame& frame, const std::string& key, const std::string& rule);
  /// Only these columns.
  Resampler operator[](const Names& columns) const;

  DataFrame agg(std::initializer_list<Agg> aggregations) const;
  DataFrame agg(const Names& functions) const;
  DataFrame sum() const;
  DataFrame mean() const;
  DataFrame min() const;
  DataFrame max() const;
  DataFrame count() const;
  DataFrame std(const DdofOptions& options = {}) const;
  DataFrame var(const DdofOptions& options = {}) const;
  DataFrame first() const;
  DataFrame last() const;
  DataFrame nunique() const;
  DataFrame prod() const;
  DataFrame median() const;
  DataFrame quantile(const QuantileOptions& options = {}) const;
  DataFrame size() const;  ///< column "size"

 private:
  DataFrame filled(const DataFrame& groups, const Values& instead = {}) const;
  std::string key_;
  table::TimeBins bins_;
  GroupBy groups_;
};

/// The same of one column: what Series::resample gives.
class SeriesResampler {
 public:
  explicit SeriesResampler(Resampler of_frame) : of_frame_(std::move(of_frame)) {}
  Series sum() const;
  Series mean() const;
  Series min() const;
  Series max() const;
  Series count() const;
  Series std(const DdofOptions& options = {}) const;
  Series var(const DdofOptions& options = {}) const;
  Series first() const;
  Series last() const;
  Series nunique() const;
  Series prod() const;
  Series median() const;
  Series quantile(const QuantileOptions& options = {}) const;
  Series size() const;

 private:
  Resampler of_frame_;
};

}  // namespace ashlar
