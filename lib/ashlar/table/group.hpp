#pragma once
// Group-by in three steps, so that partitions can be grouped where they lie: build a partial per partition, merge partials in the order of the
// partitions, finish. Any bracketing of the merges that keeps the order gives the same groups, counts, integers, minima and firsts;
// float sums are compensated, and the same for the same bracketing.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/table/aggregation.hpp"
#include "ashlar/table/table.hpp"

namespace ashlar::table {

/// One output column of a group-by: `function` of `column`, called `name`. `size` needs no column.
struct Aggregate {
  std::string column;
  Aggregation function = Aggregation::count;
  std::string name;
  int ddof = 1;    ///< of std and var
  double q = 0.5;  ///< of quantile

  void encode(Writer& out) const;
  static Aggregate decode(Reader& in);
};

class GroupPartial {
 public:
  /// One pass over the keys, one over each aggregated column. An empty table gives a partial without groups that knows all types.
  /// Errors    KeyError for unknown columns; TypeError for aggregations that a type does not have; ValueError without keys.
  static GroupPartial build(const Table& table, const Names& keys, const std::vector<Aggregate>& aggregates, bool dropna = true);
  /// All parts made with the same keys, aggregates and types; at least one.
  static GroupPartial merge(std::span<const GroupPartial> parts);
  /// Key columns, then one column per aggregate. Sorted by the keys (nulls last), or in order of first appearance.
  Table finish(bool sort = true) const;

  std::int64_t ngroups() const { return keys_.nrows(); }
  std::int64_t nbytes() const;
  void encode(Writer& out) const;
  static GroupPartial decode(Reader& in);

 private:
  Table keys_;  // one row per group, in order of first appearance
  std::vector<Aggregate> aggregates_;
  std::vector<ColumnType> types_;  // of the aggregated columns
  std::vector<std::shared_ptr<Accumulator>> states_;
  bool dropna_ = true;
};

/// Rows of equal values and how often each occurs ("count"), the most frequent first; equally frequent ones by first appearance.
/// `partial` comes from `build(table, keys, value_counts_aggregates())`.
std::vector<Aggregate> value_counts_aggregates();
Table value_counts(const GroupPartial& partial);

}  // namespace ashlar::table
