// Columns that become rows, and rows that become columns.

#include <algorithm>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {

namespace {
void require_columns(const DataFrame& frame, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (!frame.node()->table().contains(name)) dataframe::unknown_column(name, frame.columns());
}
bool has(const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }
}  // namespace

DataFrame melt(const DataFrame& frame, const MeltOptions& options) {
  const std::vector<std::string>& ids = options.id_vars.v;
  require_columns(frame, ids);
  require_columns(frame, options.value_vars.v);
  std::vector<std::string> values = options.value_vars.v;
  if (values.empty())
    for (const std::string& name : frame.columns())
      if (!has(ids, name)) values.push_back(name);
  if (values.empty()) throw ValueError("melt wants at least one column that is not among id_vars, found none");
  for (const std::string& made : {options.var_name, options.value_name})
    if (has(ids, made)) throw ValueError("melt would give two columns of one name: \"" + made + "\"; choose another var_name or value_name");
  if (options.var_name == options.value_name) throw ValueError("melt wants two different names, found \"" + options.var_name + "\" for both");
  std::vector<std::string> order = ids;
  order.push_back(options.var_name);
  order.push_back(options.value_name);
  std::vector<DataFrame> parts;
  for (const std::string& value : values) {
    // The value first: the names that are made may be those of columns that are given up.
    const Series column = frame.column(Name(value));
    DataFrame part = column.to_frame(Name(options.value_name));
    for (const std::string& id : ids) part = part.assign(Name(id), frame.column(Name(id)));
    parts.push_back(part.assign(Name(options.var_name), value)[Names(order)]);
  }
  return concat(parts);
}
DataFrame DataFrame::melt(const MeltOptions& options) const { return ashlar::melt(*this, options); }

DataFrame pivot_table(const DataFrame& frame, const PivotTableOptions& options) {
  const std::vector<std::string>& index = options.index.v;
  if (index.empty()) throw ValueError("pivot_table wants at least one column as index, found none");
  require_columns(frame, index);
  require_columns(frame, {options.columns, options.values});
  if (has(index, options.columns) || has(index, options.values) || options.columns == options.values)
    throw ValueError("pivot_table wants different columns as index, columns and values");
  const table::Aggregation function = table::aggregation_from_name(options.aggfunc);
  table::aggregation_type(function, frame.node()->table()[options.values].type());

  const DataFrame rows = frame[frame.column(Name(options.columns)).notna()];
  const Series key = rows.column(Name(options.columns)), value = rows.column(Name(options.values));
  const Table levels = frame[Names{options.columns}].drop_duplicates().compute().sort_values(Names{options.columns});
  // For each level the values of its rows alone, and whether a group has such rows.
  DataFrame wide = rows[options.index];
  std::vector<std::string> names, order = index;
  for (std::int64_t i = 0; i < levels.nrows(); ++i) {
    const Value level = levels.at(0).value(i);
    if (level.is_null()) continue;
    const std::string name = level.to_string();
    if (has(order, name)) throw ValueError("pivot_table would give two columns of one name: \"" + name + "\"");
    order.push_back(name);
    const Series here = key == level;
    names.push_back(name);
    wide = wide.assign("value " + name, value.where(here, Value())).assign("there " + name, here);
  }
  if (names.empty()) throw ValueError("pivot_table wants at least one value in \"" + options.columns + "\", all are missing");
  std::vector<table::Aggregate> aggregates;
  for (const std::string& name : names) {
    aggregates.push_back({"value " + name, function, name});
    aggregates.push_back({"there " + name, table::Aggregation::any, "there " + name});
  }
  DataFrame out = wide.groupby(options.index).build(std::move(aggregates));
  for (const std::string& name : names) out = out.assign(Name(name), out.column(Name(name)).where(out.column(Name("there " + name)), Value()));
  return out[Names(order)];
}
DataFrame DataFrame::pivot_table(const PivotTableOptions& options) const { return ashlar::pivot_table(*this, options); }

}  // namespace ashlar
