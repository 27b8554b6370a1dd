#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/exchange.hpp"

#include <algorithm>
#include <map>

namespace ashlar {

using dataframe::PlanPtr;
using dataframe::Step;
using dataframe::StepKind;

namespace {

Step step_of(StepKind kind, std::vector<std::string> names = {}, std::int64_t n = 0) {
  Step step;
  step.kind = kind;
  step.names = std::move(names);
  step.n = n;
  return step;
}

void require_columns(const PlanPtr& node, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (!node->table().contains(name)) dataframe::unknown_column(name, node->columns());
}

// Partitions [first, first + n) of a frame, computed.
std::vector<Table> some_partitions(const PlanPtr& node, std::int64_t first, std::int64_t n) {
  GraphBuilder builder;
  std::vector<TaskRef> wanted;
  {
    const auto lock = detail::lowering_lock();
    const auto all = dataframe::lower(node, builder);
    wanted.assign(all.begin() + first, all.begin() + first + n);
  }
  std::vector<Table> tables;
  for (const Object& object : detail::evaluate(std::move(builder), wanted)) tables.push_back(object.get<Table>().select(node->columns()));
  return tables;
}

PlanPtr sorted(const PlanPtr& node, const Names& by, const SortOptions& options) {
  return dataframe::sorted(node, by.v, options.ascending.v, options.na_position == "last");
}

}  // namespace

DataFrame::DataFrame() : DataFrame(from_table(Table())) {}

Series DataFrame::column(const Name& name) const { return Series(dataframe::column(node_, name.v)); }

DataFrame DataFrame::operator[](const Names& names) const {
  if (names.v.empty()) throw ValueError("a selection wants at least one column, found none");
  require_columns(node_, names.v);
  return DataFrame(dataframe::make_step("getitem", step_of(StepKind::select, names.v), {node_}));
}

DataFrame DataFrame::operator[](const Series& mask) const {
  if (mask.dtype() != ColumnType::boolean)
    throw TypeError("a filter wants a bool column, found " + std::string(name(mask.dtype())) +
                    (mask.name().empty() ? "" : " (\"" + mask.name() + "\")"));
  return DataFrame(dataframe::make_step("getitem", step_of(StepKind::filter), {node_, mask.node()}));
}

DataFrame DataFrame::assign_node(const Name& name, PlanPtr value) const {
  return DataFrame(dataframe::make_step("assign", step_of(StepKind::assign, {name.v}), {node_, std::move(value)}));
}
DataFrame DataFrame::assign(const Name& name, const Series& values) const { return assign_node(name, values.node()); }
DataFrame DataFrame::assign(const Name& name, const Scalar<Value>& value) const { return assign_node(name, value.node()); }

DataFrame DataFrame::rename(const RenameOptions& options) const {
  Step step = step_of(StepKind::rename, columns());
  step.others = columns();
  for (const auto& [from, to] : options.columns.v) {
    require_columns(node_, {from.v});
    step.others[node_->table().position(from)] = to.v;
  }
  return DataFrame(dataframe::make_step("rename", std::move(step), {node_}));
}

DataFrame DataFrame::drop(const Names& names) const {
  require_columns(node_, names.v);
  std::vector<std::string> left;
  for (const std::string& c : columns())
    if (std::find(names.v.begin(), names.v.end(), c) == names.v.end()) left.push_back(c);
  if (left.empty()) throw ValueError("drop would leave no column of the " + std::to_string(columns().size()) + " there are");
  return DataFrame(dataframe::make_step("drop", step_of(StepKind::select, std::move(left)), {node_}));
}

DataFrame DataFrame::dropna(const DropnaOptions& options) const {
  if (options.how != "any" && options.how != "all") throw ValueError("dropna wants how = \"any\" or \"all\", found \"" + options.how + "\"");
  const std::vector<std::string>& looked_at = options.subset.v.empty() ? columns() : options.subset.v;
  Series mask = column(Name(looked_at.at(0))).notna();
  for (std::size_t i = 1; i < looked_at.size(); ++i) {
    const Series next = column(Name(looked_at[i])).notna();
    mask = options.how == "any" ? mask & next : mask | next;
  }
  return (*this)[mask];
}

DataFrame DataFrame::fillna(const Value& value) const {
  DataFrame out = *this;
  for (const std::string& name : columns()) {
    std::optional<Series> filled;
    try {
      filled = out.column(Name(name)).fillna(value);
    } catch (const TypeError&) {
      continue;
    } catch (const ValueError&) {
      continue;
    }
    out = out.assign(Name(name), *filled);
  }
  return out;
}

DataFrame DataFrame::repartition(const RepartitionOptions& options) const {
  if (!options.divisions.empty())
    throw NotImplementedError("not yet: repartition({.divisions}) (" + std::to_string(options.divisions.size()) +
                              " given); frames have no index to cut by, use .npartitions");
  if (!options.partition_size.empty())
    throw NotImplementedError("not yet: repartition({.partition_size = \"" + options.partition_size + "\"}); use .npartitions");
  return DataFrame(dataframe::repartition(node_, options.npartitions));
}

DataFrame DataFrame::sort_values(const Names& by, const SortOptions& options) const {
  if (by.v.empty()) throw ValueError("sort_values wants at least one column, found none");
  require_columns(node_, by.v);
  if (options.na_position != "last" && options.na_position != "first")
    throw ValueError("sort_values wants na_position = \"last\" or \"first\", found \"" + options.na_position + "\"");
  if (options.ascending.v.size() != 1 && options.ascending.v.size() != by.v.size())
    throw ValueError("sort_values wants one entry of ascending, or one per key: keys " + std::to_string(by.v.size()) + ", entries " +
                     std::to_string(options.ascending.v.size()));
  return DataFrame(sorted(node_, by, options));
}

DataFrame DataFrame::extremes(std::int64_t n, const Names& by, bool ascending) const {
  if (n < 0) throw ValueError("the number of rows wanted is not negative, found " + std::to_string(n));
  if (by.v.empty()) throw ValueError("nlargest and nsmallest want at least one column, found none");
  require_columns(node_, by.v);
  const auto first_of = [&](const PlanPtr& node) {
    Step sort = step_of(StepKind::sort, by.v, 1);
    sort.flags = {ascending};
    return dataframe::make_step(ascending ? "nsmallest" : "nlargest", step_of(StepKind::head, {}, n),
                                {dataframe::make_step("sort-values", std::move(sort), {node})});
  };
  const PlanPtr of_each = first_of(node_);
  return DataFrame(npartitions() == 1 ? of_each : first_of(dataframe::repartition(of_each, 1)));
}
DataFrame DataFrame::nlargest(std::int64_t n, const Names& by) const { return extremes(n, by, false); }
DataFrame DataFrame::nsmallest(std::int64_t n, const Names& by) const { return extremes(n, by, true); }

DataFrame DataFrame::map_table_function(dataframe::TableFunction fn, const MapPartitionsOptions& options) const {
  Table meta = options.meta.table;
  if (!options.meta.given) {
    try {
      meta = fn(node_->table()).head(0);
    } catch (const std::exception& e) {
      throw ValueError("map_partitions called the function on a table of no rows to learn its columns, and it threw " +
                       error_kind(std::current_exception()) + ": " + e.what() + "; give {.meta = a table with the columns it makes}");
    }
  }
  Step step = step_of(StepKind::map, meta.columns());
  step.types = meta.dtypes();
  step.function = std::move(fn);
  return DataFrame(dataframe::make_map(std::move(step), meta, node_));
}

DataFrame DataFrame::shuffle(const Names& on, const ShuffleOptions& options) const {
  if (on.v.empty()) throw ValueError("shuffle wants at least one column, found none");
  require_columns(node_, on.v);
  if (options.npartitions < 0) throw ValueError("shuffle wants a number of partitions, found npartitions = " + std::to_string(options.npartitions));
  std::vector<ColumnType> types;
  for (const std::string& name : on.v) types.push_back(node_->table()[name].type());
  return DataFrame(dataframe::shuffled(node_, on.v, types, options.npartitions ? options.npartitions : npartitions()));
}

DataFrame DataFrame::merge(const DataFrame& right, const MergeOptions& options) const {
  table::Join how;
  how.kind = table::join_kind_from_name(options.how);
  how.indicator = options.indicator;
  if (options.suffixes.v.size() != 2)
    throw ValueError("merge wants two suffixes, found " + std::to_string(options.suffixes.v.size()));
  how.left_suffix = options.suffixes.v[0];
  how.right_suffix = options.suffixes.v[1];
  const bool one_sided = !options.left_on.v.empty() || !options.right_on.v.empty();
  if (!options.on.v.empty() && one_sided) throw ValueError("merge wants either .on or .left_on and .right_on, found both");
  how.left_on = one_sided ? options.left_on.v : options.on.v;
  how.right_on = one_sided ? options.right_on.v : options.on.v;
  if (how.kind != table::JoinKind::cross && !one_sided && how.left_on.empty()) {
    for (const std::string& name : columns())
      if (right.node_->table().contains(name)) how.left_on.push_back(name);
    if (how.left_on.empty()) throw ValueError("merge wants keys: no column has the same name on both sides; name them by .on or .left_on and .right_on");
    how.right_on = how.left_on;
  }
  if (options.npartitions < 0) throw ValueError("merge wants a number of partitions, found npartitions = " + std::to_string(options.npartitions));
  const auto by = !options.broadcast ? dataframe::JoinBy::size : *options.broadcast ? dataframe::JoinBy::broadcast : dataframe::JoinBy::hash;
  return DataFrame(dataframe::joined(node_, right.node_, how, by, options.npartitions));
}
DataFrame merge(const DataFrame& left, const DataFrame& right, const MergeOptions& options) { return left.merge(right, options); }

DataFrame DataFrame::drop_duplicates(const DropDuplicatesOptions& options) const {
  if (options.keep != "first" && options.keep != "last") throw ValueError("drop_duplicates wants keep = \"first\" or \"last\", found \"" + options.keep + "\"");
  require_columns(node_, options.subset.v);
  if (columns().empty()) return *this;
  const auto distinct = [&](const PlanPtr& node) {
    return dataframe::make_step("drop-duplicates", step_of(StepKind::distinct, options.subset.v.empty() ? columns() : options.subset.v, options.keep == "last"),
                                {node});
  };
  const PlanPtr of_each = distinct(node_);
  return DataFrame(npartitions() == 1 ? of_each : distinct(dataframe::repartition(of_each, 1)));
}

Series DataFrame::apply_rows(dataframe::TableFunction fn, const std::vector<ColumnType>& arguments, ColumnType result, const Names& names) const {
  if (names.v.size() != arguments.size())
    throw ValueError("apply wants one column for each parameter of the function: parameters " + std::to_string(arguments.size()) + ", columns " +
                     std::to_string(names.v.size()));
  if (names.v.empty()) throw ValueError("apply wants at least one column, found none");
  require_columns(node_, names.v);
  // One column may be two arguments.
  for (std::size_t i = 0; i < names.v.size(); ++i) {
    const Column& column = node_->table()[names.v[i]];
    try {
      column.cast(arguments[i]);
    } catch (const TypeError& e) {
      throw TypeError("the function wants " + std::string(ashlar::name(arguments[i])) + " for parameter " + std::to_string(i) + ": " + e.what() + " (\"" +
                      names.v[i] + "\")");
    }
  }
  DataFrame chosen = (*this)[Names(names.v[0])];
  std::vector<std::string> different = {names.v[0]};
  for (std::size_t i = 1; i < names.v.size(); ++i) {
    std::string name = names.v[i];
    while (std::find(different.begin(), different.end(), name) != different.end()) name += "'";
    different.push_back(name);
    chosen = chosen.assign(Name(name), column(Name(names.v[i])));
  }
  Step step = step_of(StepKind::map, {names.v[0]});
  step.types = {result};
  step.function = std::move(fn);
  return Series(dataframe::column(dataframe::make_map(std::move(step), Table::empty({names.v[0]}, {result}), chosen.node(), true), names.v[0]));
}

Table DataFrame::head(std::int64_t n) const {
  if (n < 0) return compute().head(n);
  const PlanPtr first = dataframe::make_step("head", step_of(StepKind::head, {}, n), {node_});
  std::vector<Table> parts;
  std::int64_t rows = 0, done = 0;
  // One partition is mostly enough; where it is not, twice as many each time.
  for (std::int64_t next = 1; done < npartitions() && (rows < n || done == 0); next *= 2) {
    next = std::min(next, npartitions() - done);
    for (Table& t : some_partitions(first, done, next)) {
      rows += t.nrows();
      parts.push_back(std::move(t));
    }
    done += next;
  }
  return Table::concat(parts).head(n);
}

Table DataFrame::tail(std::int64_t n) const {
  if (n < 0) return compute().tail(n);
  const PlanPtr last = dataframe::make_step("tail", step_of(StepKind::tail, {}, n), {node_});
  std::vector<Table> parts;
  std::int64_t rows = 0, done = 0;
  for (std::int64_t next = 1; done < npartitions() && (rows < n || done == 0); next *= 2) {
    next = std::min(next, npartitions() - done);
    std::vector<Table> found = some_partitions(last, npartitions() - done - next, next);
    for (const Table& t : found) rows += t.nrows();
    parts.insert(parts.begin(), found.begin(), found.end());
    done += next;
  }
  return Table::concat(parts).tail(n);
}

std::pair<Scalar<Value>, std::int64_t> DataFrame::shape() const {
  if (columns().empty()) throw ValueError("a frame without columns has no rows to count");
  // Any column will do; what is cheap to read is chosen by name, since text costs most.
  std::string chosen = columns()[0];
  for (const std::string& name : columns())
    if (node_->table()[name].type() != ColumnType::string) {
      chosen = name;
      break;
    }
  return {column(Name(chosen)).size(), ncols()};
}

Scalar<Value> DataFrame::size() const { return shape().first * ncols(); }
std::int64_t DataFrame::len() const { return columns().empty() ? 0 : shape().first.compute().as<std::int64_t>(); }
Table DataFrame::compute() const { return ashlar::compute(*this); }
DataFrame DataFrame::persist() const { return ashlar::persist(*this); }

namespace detail {
Table CollectionTraits<DataFrame>::assemble(const DataFrame& d, std::span<const Object> objects) {
  std::vector<Table> parts;
  for (const Object& object : objects) {
    const Table& part = object.get<Table>();
    parts.push_back(part.columns() == d.columns() ? part : part.select(d.columns()));
  }
  return parts.size() == 1 ? parts[0] : Table::concat(parts);
}
}  // namespace detail

DataFrame concat(const std::vector<DataFrame>& frames) {
  std::vector<PlanPtr> nodes;
  for (const DataFrame& frame : frames) nodes.push_back(frame.node());
  return DataFrame(dataframe::concatenated(nodes));
}

}  // namespace ashlar
