#pragma once
// Group-by: each partition is grouped where it lies, the groups are merged by a tree, the result has one partition.

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/dataframe/series.hpp"

namespace ashlar {

class DataFrame;

/// One column and one or several functions of it: {"elevation", "mean"}, {"elevation", {"mean", "max"}}.
struct Agg {
  Name column;
  Names functions;
};
struct GroupbyOptions {
  ASHLAR_OPTIONS;
  bool sort = true;    ///< by key; false: in order of first appearance
  bool dropna = true;  ///< rows with a null key belong to no group
};

/// Functions are sum mean min max count size std var first last nunique any all. Keys come back as columns, in front.
/// Names     agg({{"elevation", "mean"}}) gives "elevation_mean"; one function of all columns keeps their names; several give "x_mean", "x_max".
/// Which     a function of all columns passes over those that it has no meaning for (the mean of text).
/// Errors    KeyError, TypeError, ValueError when it is built.
class GroupBy {
 public:
  GroupBy(dataframe::PlanPtr node, Names keys, GroupbyOptions options);
  /// Only these columns.
  GroupBy operator[](const Names& columns) const;

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
  DataFrame any() const;
  DataFrame all() const;
  /// Rows of each group, nulls too: column "size".
  DataFrame size() const;

 private:
  DataFrame of_all(table::Aggregation function, int ddof = 1) const;
  std::vector<table::Aggregate> aggregates_of_all(table::Aggregation function, bool with_suffix, int ddof = 1) const;
  DataFrame build(std::vector<table::Aggregate> aggregates) const;

  dataframe::PlanPtr node_;
  std::vector<std::string> keys_;
  std::vector<std::string> columns_;  // empty: all but the keys
  GroupbyOptions options_;
};

}  // namespace ashlar
