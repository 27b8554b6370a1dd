// The index: a named column by whose values rows lie in partitions.

#include <algorithm>
#include <cmath>

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/exchange.hpp"

namespace ashlar {

using dataframe::PlanPtr;

namespace {

const dataframe::Index& require_index(const PlanPtr& node, const char* who) {
  if (!node->index) throw ValueError(std::string(who) + " wants an index, the frame has none: set_index(\"column\") makes one");
  return *node->index;
}

bool less(const Value& a, const Value& b) {
  const auto as_column = [](const Value& v) { return v.is_null() ? Column::nulls(ColumnType::boolean, 1) : Column::full(v.type(), v, 1); };
  const Column result = table::compare(table::Comparison::less, as_column(a), as_column(b));
  return result.is_valid(0) && result.values<bool>()[0];
}

// One row per partition: the smallest and largest value of its only column, its rows and how many are missing or NaN.
Table range_of_partition(Table t) {
  const Column& column = t.at(0);
  const Value low = table::Reduction::build(table::Aggregation::min, column).finish(), high = table::Reduction::build(table::Aggregation::max, column).finish();
  std::int64_t unordered = column.null_count();
  if (column.type() == ColumnType::float32 || column.type() == ColumnType::float64) {
    const Column wide = column.cast(ColumnType::float64);
    for (std::int64_t i = 0; i < wide.size(); ++i) unordered += wide.is_valid(i) && std::isnan(wide.values<double>()[static_cast<std::size_t>(i)]);
  }
  return Table({"low", "high", "unordered"},
               {Column::from_values(column.type(), {&low, 1}), Column::from_values(column.type(), {&high, 1}), Column(std::vector<std::int64_t>{unordered})});
}

Table ranges_of(const DataFrame& frame, const std::string& column) {
  const Table ranges = frame[Names({column})].map_partitions(&range_of_partition).compute();
  std::int64_t unordered = 0;
  for (const std::int64_t n : ranges["unordered"].values<std::int64_t>()) unordered += n;
  if (unordered)
    throw ValueError("an index has a value in every row: \"" + column + "\" has " + std::to_string(unordered) + " that are missing or NaN; use dropna or fillna first");
  return ranges;
}

// The smallest and largest of all; nulls when there are no rows.
std::pair<Value, Value> ends_of(const Table& ranges) {
  return {table::Reduction::build(table::Aggregation::min, ranges["low"]).finish(), table::Reduction::build(table::Aggregation::max, ranges["high"]).finish()};
}

// Rows with lower <= value <= upper of `rows`, whose index values are `values`.
PlanPtr rows_between(const PlanPtr& rows, const PlanPtr& values, const Value& lower, const Value& upper) {
  const Series index{values};
  std::optional<Series> mask;
  if (!lower.is_null()) mask = index >= lower;
  if (!upper.is_null()) mask = mask ? *mask & (index <= upper) : index <= upper;
  if (!mask) return rows;
  dataframe::Step step;
  step.kind = dataframe::StepKind::filter;
  return dataframe::make_step("loc", std::move(step), {rows, mask->node()});
}

// The partitions that can hold such values; one when none can.
std::pair<std::int64_t, std::int64_t> partitions_between(const std::vector<Value>& at, const Value& lower, const Value& upper) {
  std::int64_t first = 0, last = static_cast<std::int64_t>(at.size()) - 1;
  while (last - first > 1 && !lower.is_null() && less(at[static_cast<std::size_t>(first) + 1], lower)) ++first;
  while (last - first > 1 && !upper.is_null() && less(upper, at[static_cast<std::size_t>(last) - 1])) --last;
  return {first, last};
}

}  // namespace

DataFrame DataFrame::set_index(const Name& name, const SetIndexOptions& options) const {
  const std::string& by = name.v;
  if (!node_->table().contains(by)) dataframe::unknown_column(by, columns());
  const ColumnType type = node_->table()[by].type();
  if (type == ColumnType::boolean) throw TypeError("an index is a column of numbers, times or texts, found bool (\"" + by + "\")");
  if (options.sorted && !options.divisions.empty()) throw ValueError("set_index takes .sorted or .divisions, not both");
  if (options.npartitions < 0) throw ValueError("set_index wants a positive npartitions, found " + std::to_string(options.npartitions));
  if (options.sorted) {
    const Table ranges = ranges_of(*this, by);
    std::vector<Value> at;
    Value highest;
    for (std::int64_t p = 0; p < ranges.nrows(); ++p) {
      const Value low = ranges["low"].value(p), high = ranges["high"].value(p);
      if (!low.is_null() && !highest.is_null() && less(low, highest))
        throw ValueError("set_index with .sorted wants partitions in the order of \"" + by + "\": partition " + std::to_string(p) + " begins with " +
                         low.to_string() + ", before it there is " + highest.to_string());
      // What is empty begins where the next one does.
      at.push_back(low);
      if (!high.is_null()) highest = high;
    }
    at.push_back(highest);
    for (std::size_t p = at.size() - 1; p-- > 0;)
      if (at[p].is_null()) at[p] = at[p + 1];
    if (highest.is_null()) at.clear();
    dataframe::Step sort;
    sort.kind = dataframe::StepKind::sort;
    sort.names = {by};
    sort.flags = {1};
    sort.n = 1;
    return DataFrame(dataframe::with_index(dataframe::make_step("sort-values", std::move(sort), {node_}), by, std::move(at)));
  }
  const DataFrame start = options.npartitions ? repartition({.npartitions = options.npartitions}) : *this;
  const auto [lowest, highest] = ends_of(ranges_of(start, by));
  std::vector<Value> inner;
  if (!options.divisions.empty()) {
    if (options.divisions.size() < 2) throw ValueError("set_index wants at least two divisions, the smallest and the largest value, found one");
    for (std::size_t i = 1; i < options.divisions.size(); ++i)
      if (less(options.divisions[i], options.divisions[i - 1]))
        throw ValueError("set_index wants divisions in order: number " + std::to_string(i) + " is " + options.divisions[i].to_string() + ", the one before " +
                         options.divisions[i - 1].to_string());
    if (!lowest.is_null() && (less(lowest, options.divisions.front()) || less(options.divisions.back(), highest)))
      throw ValueError("set_index wants divisions that hold all values: they go from " + options.divisions.front().to_string() + " to " +
                       options.divisions.back().to_string() + ", \"" + by + "\" from " + lowest.to_string() + " to " + highest.to_string());
    inner.assign(options.divisions.begin() + 1, options.divisions.end() - 1);
    const PlanPtr rows = dataframe::divided(start.node_, by, Column::from_values(type, inner));
    return DataFrame(dataframe::with_index(rows, by, options.divisions));
  }
  if (start.npartitions() > 1) inner = DataFrame(dataframe::splitters(start.node_, by)).compute().at(0).to_values();
  // The cuts are known: whoever computes rows does not look for them again, and filters may go below.
  const PlanPtr unsorted = dataframe::without_index(start.node_);
  const bool known = !inner.empty() && type != ColumnType::category;
  const PlanPtr rows = known ? dataframe::divided(unsorted, by, Column::from_values(type, inner)) : dataframe::sorted(unsorted, {by}, {true}, true);
  std::vector<Value> at;
  if (!lowest.is_null()) {
    at.push_back(lowest);
    at.insert(at.end(), inner.begin(), inner.end());
    at.push_back(highest);
  }
  return DataFrame(dataframe::with_index(rows, by, std::move(at)));
}

DataFrame DataFrame::reset_index() const {
  require_index(node_, "reset_index");
  return DataFrame(dataframe::without_index(node_));
}
Series DataFrame::index() const { return column(Name(require_index(node_, "index").column)); }
bool DataFrame::known_divisions() const { return node_->index && !node_->index->at.empty(); }
std::vector<Value> DataFrame::divisions() const { return known_divisions() ? node_->index->at : std::vector<Value>(); }
bool Series::known_divisions() const { return node_->index && !node_->index->at.empty(); }

DataFrame DataFrame::partitions(std::int64_t first, std::int64_t last) const { return DataFrame(dataframe::partitions_of(node_, first, last)); }
DataFrame DataFrame::get_partition(std::int64_t n) const { return partitions(n, n + 1); }

DataFrame DataFrame::loc(const Value& lower, const Value& upper) const {
  const dataframe::Index& index = require_index(node_, "loc");
  PlanPtr rows = node_;
  if (!index.at.empty()) {
    const auto [first, last] = partitions_between(index.at, lower, upper);
    rows = dataframe::partitions_of(rows, first, last);
  }
  return DataFrame(rows_between(rows, dataframe::column(rows, index.column), lower, upper));
}
DataFrame DataFrame::loc(const Value& value) const {
  if (value.is_null()) throw ValueError("loc wants a value of the index, found null");
  return loc(value, value);
}

Series Series::loc(const Value& lower, const Value& upper) const {
  const dataframe::Index& index = require_index(node_, "loc");
  return Series(rows_between(node_, index.values ? index.values : node_, lower, upper));
}
Series Series::loc(const Value& value) const {
  if (value.is_null()) throw ValueError("loc wants a value of the index, found null");
  return loc(value, value);
}

DataFrame DataFrame::join(const DataFrame& other, const JoinOptions& options) const {
  const std::string left = require_index(node_, "join").column, right = require_index(other.node_, "join").column;
  DataFrame renamed = other;
  if (left != right) {
    if (other.node_->table().contains(left))
      throw ValueError("join calls the index of the right side as that of the left, \"" + left + "\", but it has a column of that name");
    renamed = other.rename({.columns = {{right, left}}});
  }
  return merge(renamed, {.how = options.how, .on = {left}, .suffixes = {options.lsuffix, options.rsuffix}});
}

}  // namespace ashlar
