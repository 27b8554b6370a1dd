#include "ashlar/dataframe/groupby.hpp"

#include <algorithm>

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/exchange.hpp"
#include "ashlar/table/row_order.hpp"

namespace ashlar {

using dataframe::PlanPtr;
using dataframe::Step;
using dataframe::StepKind;
using table::Aggregate;

namespace {
void require_column(const PlanPtr& node, const std::string& name) {
  if (!node->table().contains(name)) dataframe::unknown_column(name, node->columns());
}
}  // namespace

namespace dataframe {

// Another table function, called for each group of the partition.
struct OfGroups {
  static TableFunction wrapped(const TableFunction& each, const std::vector<std::string>& keys, const GroupbyOptions& options) {
    Writer out;
    put_descriptor(out, *each.record);
    out.array(each.closure);
    detail::encode_value(out, keys);
    out.put(options.sort);
    out.put(options.dropna);
    return {&record, out.head()};
  }
  static Table call(std::span<const std::byte> closure, Table&& rows, Reader&) {
    Reader in(closure);
    TableFunction each;
    each.record = static_cast<const TableFunctionDescriptor*>(&get_descriptor(in));
    each.closure = in.array<std::byte>();
    const auto keys = detail::decode_value<std::vector<std::string>>(in);
    const bool sort = in.get<bool>(), dropna = in.get<bool>();
    std::vector<Column> columns;
    for (const std::string& key : keys) columns.push_back(rows[key]);
    std::vector<Table> results;
    for (const auto& group : table::rows_of_groups(columns, sort, dropna)) results.push_back(each(rows.take(group)));
    return results.empty() ? each(rows.head(0)) : Table::concat(results);
  }
  static constinit inline TableFunctionDescriptor record{type_name<OfGroups>(), &OfGroups::call};
};

}  // namespace dataframe

GroupBy::GroupBy(PlanPtr node, Names keys, GroupbyOptions options) : node_(std::move(node)), keys_(std::move(keys.v)), options_(options) {
  if (keys_.empty()) throw ValueError("groupby wants at least one key, found none");
  for (const std::string& key : keys_) require_column(node_, key);
  if (options_.split_out < 1) throw ValueError("groupby wants split_out of at least 1, found " + std::to_string(options_.split_out));
}

PlanPtr GroupBy::by_hash(std::int64_t npartitions) const {
  // Rows that agree in all keys agree in some: where these share a partition already, nothing moves.
  const auto is_key = [&](const std::string& name) { return std::find(keys_.begin(), keys_.end(), name) != keys_.end(); };
  if (node_->hashed && node_->npartitions == npartitions && std::all_of(node_->hashed->keys.begin(), node_->hashed->keys.end(), is_key)) return node_;
  std::vector<ColumnType> types;
  for (const std::string& key : keys_) types.push_back(node_->table()[key].type());
  return dataframe::shuffled(node_, keys_, types, npartitions);
}

DataFrame GroupBy::apply_groups(dataframe::TableFunction fn, const MapPartitionsOptions& options) const {
  const std::int64_t npartitions = std::max(options_.split_out, node_->npartitions);
  DataFrame rows(npartitions > 1 ? by_hash(npartitions) : node_);
  if (!columns_.empty()) {
    std::vector<std::string> names = keys_;
    for (const std::string& name : columns_)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    rows = rows[Names(names)];
  }
  return rows.map_table_function(dataframe::OfGroups::wrapped(fn, keys_, options_), options);
}

GroupBy Series::groupby(const Series& by, const GroupbyOptions& options) const {
  const std::string value = name().empty() ? "0" : name(), key = by.name().empty() ? "by" : by.name();
  if (value == key) throw ValueError("groupby wants a key of another name than the column, both are called \"" + key + "\": rename one");
  return to_frame(Name(value)).assign(Name(key), by).groupby({key}, options)[{value}];
}
GroupBy Series::groupby(const Series& by) const { return groupby(by, {}); }

GroupBy GroupBy::operator[](const Names& columns) const {
  for (const std::string& name : columns.v) require_column(node_, name);
  GroupBy out = *this;
  out.columns_ = columns.v;
  return out;
}

DataFrame GroupBy::build(std::vector<Aggregate> aggregates) const {
  std::vector<std::string> names = keys_;
  for (const Aggregate& a : aggregates) {
    if (std::find(names.begin(), names.end(), a.name) != names.end())
      throw ValueError("groupby would give two columns of one name: \"" + a.name + "\"");
    names.push_back(a.name);
  }
  Step group;
  group.kind = StepKind::group;
  group.names = keys_;
  group.aggregates = std::move(aggregates);
  group.n = options_.dropna;
  const bool split = options_.split_out > 1;
  const PlanPtr of_each = dataframe::make_step("groupby", std::move(group), {split ? by_hash(options_.split_out) : node_});
  Step finish;
  finish.kind = StepKind::finish_groups;
  finish.n = options_.sort && !split;
  const DataFrame out(dataframe::make_step("groupby-agg", std::move(finish), {split ? of_each : dataframe::merged(of_each)}));
  return split && options_.sort ? out.sort_values(keys_) : out;
}

DataFrame GroupBy::agg(std::initializer_list<Agg> aggregations) const {
  if (aggregations.size() == 0) throw ValueError("agg wants at least one aggregation, found none");
  std::vector<Aggregate> all;
  for (const Agg& a : aggregations) {
    require_column(node_, a.column.v);
    for (const std::string& function : a.functions.v) {
      Aggregate one;
      one.column = a.column.v;
      one.function = table::aggregation_from_name(function);
      one.name = a.column.v + "_" + function;
      try {
        table::aggregation_type(one.function, node_->table()[one.column].type());
      } catch (const TypeError& e) {
        throw TypeError(std::string(e.what()) + " (\"" + one.column + "\")");
      }
      all.push_back(std::move(one));
    }
  }
  return build(std::move(all));
}

std::vector<Aggregate> GroupBy::aggregates_of_all(table::Aggregation function, bool with_suffix, int ddof, double q) const {
  std::vector<Aggregate> all;
  for (const std::string& name : columns_.empty() ? node_->columns() : columns_) {
    const bool is_key = std::find(keys_.begin(), keys_.end(), name) != keys_.end();
    if (columns_.empty() && is_key) continue;
    const ColumnType type = node_->table()[name].type();
    if (columns_.empty()) {
      try {
        table::aggregation_type(function, type);
      } catch (const TypeError&) {
        continue;
      }
    }
    all.push_back({name, function, with_suffix || is_key ? name + "_" + std::string(table::name(function)) : name, ddof, q});
  }
  if (all.empty())
    throw TypeError("groupby found no column to take the " + std::string(table::name(function)) + " of, among " +
                    std::to_string(node_->columns().size()) + " columns");
  return all;
}

DataFrame GroupBy::of_all(table::Aggregation function, int ddof, double q) const { return build(aggregates_of_all(function, false, ddof, q)); }

DataFrame GroupBy::extremes(std::int64_t n, bool largest) const {
  if (n < 0) throw ValueError("the number of rows wanted of each group is not negative, found " + std::to_string(n));
  if (columns_.size() != 1)
    throw ValueError("nlargest and nsmallest of groups want one column, as in groupby({\"k\"})[\"x\"].nlargest(2); found " + std::to_string(columns_.size()));
  if (std::find(keys_.begin(), keys_.end(), columns_[0]) != keys_.end())
    throw ValueError("nlargest and nsmallest of groups want a column that is no key, found \"" + columns_[0] + "\"");
  std::vector<std::string> names = keys_;
  names.push_back(columns_[0]);
  const auto best = [&](const PlanPtr& node) {
    Step step;
    step.kind = StepKind::group_largest;
    step.names = keys_;
    step.others = columns_;
    step.n = n;
    step.flags = {largest, options_.dropna};
    return dataframe::make_step(largest ? "groupby-nlargest" : "groupby-nsmallest", std::move(step), {node});
  };
  const PlanPtr rows = options_.split_out > 1 ? by_hash(options_.split_out) : node_;
  Step select;
  select.kind = StepKind::select;
  select.names = names;
  PlanPtr out = best(dataframe::make_step("getitem", std::move(select), {rows}));
  if (options_.split_out == 1 && out->npartitions > 1) out = best(dataframe::repartition(out, 1));
  // Sorting is stable: the rows of a group stay in the order of their values.
  return options_.sort ? DataFrame(out).sort_values(keys_) : DataFrame(out);
}
DataFrame GroupBy::nlargest(std::int64_t n) const { return extremes(n, true); }
DataFrame GroupBy::nsmallest(std::int64_t n) const { return extremes(n, false); }

DataFrame GroupBy::agg(const Names& functions) const {
  if (functions.v.empty()) throw ValueError("agg wants at least one function, found none");
  std::vector<Aggregate> all;
  // Column by column, as pandas orders them.
  std::vector<std::vector<Aggregate>> by_function;
  for (const std::string& name : functions.v) {
    const table::Aggregation function = table::aggregation_from_name(name);
    if (function == table::Aggregation::size) by_function.push_back({{keys_[0], function, "size"}});
    else by_function.push_back(aggregates_of_all(function, functions.v.size() > 1));
  }
  for (const std::string& column : node_->columns())
    for (const auto& of_one : by_function)
      for (const Aggregate& a : of_one)
        if (a.column == column) all.push_back(a);
  return build(std::move(all));
}

DataFrame GroupBy::sum() const { return of_all(table::Aggregation::sum); }
DataFrame GroupBy::mean() const { return of_all(table::Aggregation::mean); }
DataFrame GroupBy::min() const { return of_all(table::Aggregation::min); }
DataFrame GroupBy::max() const { return of_all(table::Aggregation::max); }
DataFrame GroupBy::count() const { return of_all(table::Aggregation::count); }
DataFrame GroupBy::std(const DdofOptions& o) const { return of_all(table::Aggregation::std, o.ddof); }
DataFrame GroupBy::var(const DdofOptions& o) const { return of_all(table::Aggregation::var, o.ddof); }
DataFrame GroupBy::first() const { return of_all(table::Aggregation::first); }
DataFrame GroupBy::last() const { return of_all(table::Aggregation::last); }
DataFrame GroupBy::nunique() const { return of_all(table::Aggregation::nunique); }
DataFrame GroupBy::any() const { return of_all(table::Aggregation::any); }
DataFrame GroupBy::prod() const { return of_all(table::Aggregation::prod); }
DataFrame GroupBy::median() const { return of_all(table::Aggregation::median); }
DataFrame GroupBy::quantile(const QuantileOptions& o) const { return of_all(table::Aggregation::quantile, 1, o.q.v); }
DataFrame GroupBy::all() const { return of_all(table::Aggregation::all); }
DataFrame GroupBy::size() const { return build({{keys_[0], table::Aggregation::size, "size"}}); }

}  // namespace ashlar
