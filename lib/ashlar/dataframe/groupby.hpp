#pragma once
// Group-by: each partition is grouped where it lies, the groups are merged by a tree, the result has one partition.

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/dataframe/aggregation.hpp"
#include "ashlar/dataframe/series.hpp"
#include "ashlar/dataframe/table_function.hpp"

namespace ashlar {

class DataFrame;
struct MapPartitionsOptions;
struct PivotTableOptions;

/// One column and one or several functions of it: {"elevation", "mean"}, {"elevation", {"mean", "max"}}.
struct Agg {
  Name column;
  Names functions;
};
struct GroupbyOptions {
  ASHLAR_OPTIONS;
  bool sort = true;    ///< by key; false: in order of first appearance
  bool dropna = true;  ///< rows with a null key belong to no group
  /// More than 1: rows go to so many partitions by a hash of their keys and are grouped there, for groups that do not fit into one partition,
  /// and for medians and quantiles of many rows, which otherwise come together with all their values in one task.
  std::int64_t split_out = 1;
};

/// Functions are sum mean min max count size std var first last nunique any all median prod quantile (0.5). Keys come back as columns, in front.
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
  DataFrame prod() const;
  DataFrame median() const;  ///< exact. Cost    every value travels to where its group is finished
  DataFrame quantile(const QuantileOptions& options = {}) const;
  /// The n rows with the largest values of one column in each group: the keys and the column, groups by key (or in order of first appearance), rows by
  /// value. `groupby({"id"})["x"].nlargest(2)`. Nulls are passed over; NaN stands behind all numbers.
  /// Errors    ValueError unless one column is chosen.
  DataFrame nlargest(std::int64_t n) const;
  DataFrame nsmallest(std::int64_t n) const;
  /// fn(Table) -> Table for the rows of each group, the results one below the other. Groups by key, or in order of first appearance; where the frame
  /// has several partitions, rows first go to as many by a hash of their keys, and groups are in order within each.
  /// fn is called once on an empty table for the columns of the result, unless `.meta` is given; and where a partition has no group.
  /// Errors    as DataFrame::map_partitions.
  template <class F>
  DataFrame apply(F fn) const;
  template <class F>
  DataFrame apply(F fn, const MapPartitionsOptions& options) const;
  /// A user's aggregation of one column, called "column_name". Cost    states travel, not rows.
  /// Errors    KeyError, TypeError, ValueError when it is built.
  template <class Chunk, class Combine, class Finalize>
  DataFrame agg(const Name& column, const Aggregation<Chunk, Combine, Finalize>& how) const;
  /// Rows of each group, nulls too: column "size".
  DataFrame size() const;

 private:
  friend DataFrame pivot_table(const DataFrame& frame, const PivotTableOptions& options);
  DataFrame of_all(table::Aggregation function, int ddof = 1, double q = 0.5) const;
  std::vector<table::Aggregate> aggregates_of_all(table::Aggregation function, bool with_suffix, int ddof = 1, double q = 0.5) const;
  DataFrame extremes(std::int64_t n, bool largest) const;
  dataframe::PlanPtr by_hash(std::int64_t npartitions) const;
  DataFrame apply_groups(dataframe::TableFunction fn, const MapPartitionsOptions& options) const;
  DataFrame build(std::vector<table::Aggregate> aggregates) const;
  DataFrame aggregated_by(const Name& column, const std::string& function, ColumnType argument, ColumnType result, dataframe::TableFunction chunk,
                          dataframe::TableFunction finish) const;

  dataframe::PlanPtr node_;
  std::vector<std::string> keys_;
  std::vector<std::string> columns_;  // empty: all but the keys
  GroupbyOptions options_;
};

}  // namespace ashlar
