#include "ashlar/dataframe/groupby.hpp"

#include <algorithm>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {

using dataframe::PlanPtr;
using dataframe::Step;
using dataframe::StepKind;
using table::Aggregate;
using table::Aggregation;

namespace {
void require_column(const PlanPtr& node, const std::string& name) {
  if (!node->table().contains(name)) dataframe::unknown_column(name, node->columns());
}
}  // namespace

GroupBy::GroupBy(PlanPtr node, Names keys, GroupbyOptions options) : node_(std::move(node)), keys_(std::move(keys.v)), options_(options) {
  if (keys_.empty()) throw ValueError("groupby wants at least one key, found none");
  for (const std::string& key : keys_) require_column(node_, key);
}

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
  const PlanPtr groups = dataframe::merged(dataframe::make_step("groupby", std::move(group), {node_}));
  Step finish;
  finish.kind = StepKind::finish_groups;
  finish.n = options_.sort;
  return DataFrame(dataframe::make_step("groupby-agg", std::move(finish), {groups}));
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

std::vector<Aggregate> GroupBy::aggregates_of_all(Aggregation function, bool with_suffix, int ddof) const {
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
    all.push_back({name, function, with_suffix || is_key ? name + "_" + std::string(table::name(function)) : name, ddof});
  }
  if (all.empty())
    throw TypeError("groupby found no column to take the " + std::string(table::name(function)) + " of, among " +
                    std::to_string(node_->columns().size()) + " columns");
  return all;
}

DataFrame GroupBy::of_all(Aggregation function, int ddof) const { return build(aggregates_of_all(function, false, ddof)); }

DataFrame GroupBy::agg(const Names& functions) const {
  if (functions.v.empty()) throw ValueError("agg wants at least one function, found none");
  std::vector<Aggregate> all;
  // Column by column, as pandas orders them.
  std::vector<std::vector<Aggregate>> by_function;
  for (const std::string& name : functions.v) {
    const Aggregation function = table::aggregation_from_name(name);
    if (function == Aggregation::size) by_function.push_back({{keys_[0], function, "size", 1}});
    else by_function.push_back(aggregates_of_all(function, functions.v.size() > 1));
  }
  for (const std::string& column : node_->columns())
    for (const auto& of_one : by_function)
      for (const Aggregate& a : of_one)
        if (a.column == column) all.push_back(a);
  return build(std::move(all));
}

DataFrame GroupBy::sum() const { return of_all(Aggregation::sum); }
DataFrame GroupBy::mean() const { return of_all(Aggregation::mean); }
DataFrame GroupBy::min() const { return of_all(Aggregation::min); }
DataFrame GroupBy::max() const { return of_all(Aggregation::max); }
DataFrame GroupBy::count() const { return of_all(Aggregation::count); }
DataFrame GroupBy::std(const DdofOptions& o) const { return of_all(Aggregation::std, o.ddof); }
DataFrame GroupBy::var(const DdofOptions& o) const { return of_all(Aggregation::var, o.ddof); }
DataFrame GroupBy::first() const { return of_all(Aggregation::first); }
DataFrame GroupBy::last() const { return of_all(Aggregation::last); }
DataFrame GroupBy::nunique() const { return of_all(Aggregation::nunique); }
DataFrame GroupBy::any() const { return of_all(Aggregation::any); }
DataFrame GroupBy::all() const { return of_all(Aggregation::all); }
DataFrame GroupBy::size() const { return build({{keys_[0], Aggregation::size, "size", 1}}); }

}  // namespace ashlar
