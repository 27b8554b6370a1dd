#include "ashlar/dataframe/aggregation.hpp"

#include <algorithm>

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/exchange_detail.hpp"
#include "ashlar/table/row_order.hpp"

namespace ashlar {
namespace dataframe {

void AggregatedGroups::write_options(Writer& out, bool dropna) { out.put(dropna); }

AggregatedGroups::AggregatedGroups(Reader& options, Table rows) : rows_(std::move(rows)) {
  const bool dropna = options.get<bool>();
  std::vector<Column> keys;
  for (std::int64_t c = 0; c + 1 < rows_.ncols(); ++c) keys.push_back(rows_.at(c));
  groups_ = table::rows_of_groups(keys, false, dropna);
}
const Column& AggregatedGroups::values() const { return rows_.at(rows_.ncols() - 1); }

Table AggregatedGroups::with(Column of_groups) const {
  std::vector<std::int64_t> firsts;
  for (const auto& group : groups_) firsts.push_back(group.front());
  return rows_.take(firsts).with_column(rows_.columns().back(), std::move(of_groups));
}

}  // namespace dataframe

DataFrame GroupBy::aggregated_by(const Name& column, const std::string& function, ColumnType argument, ColumnType result, dataframe::TableFunction chunk,
                                 dataframe::TableFunction finish) const {
  if (!node_->table().contains(column)) dataframe::unknown_column(column.v, node_->columns());
  if (std::find(keys_.begin(), keys_.end(), column.v) != keys_.end())
    throw ValueError("an Aggregation wants a column that is no key, found \"" + column.v + "\"");
  std::vector<std::string> names = keys_;
  names.push_back(column.v);
  const DataFrame rows = DataFrame(node_)[Names(names)];
  // Its functions ask for values of this type; said now where there is no conversion.
  rows.node()->table()[column].cast(argument);
  std::vector<ColumnType> types = rows.dtypes();
  types.back() = ColumnType::string;
  const DataFrame states = rows.map_table_function(std::move(chunk), {.meta = Table::empty(names, types)});
  std::vector<ColumnType> key_types(types.begin(), types.end() - 1);
  const DataFrame together(dataframe::shuffled(states.node(), keys_, key_types, options_.split_out));
  types.back() = result;
  const std::string name = column.v + "_" + function;
  if (std::find(keys_.begin(), keys_.end(), name) != keys_.end()) throw ValueError("groupby would give two columns of one name: \"" + name + "\"");
  const DataFrame out =
      together.map_table_function(std::move(finish), {.meta = Table::empty(names, types)}).rename({.columns = {{column.v, name}}});
  return options_.sort ? out.sort_values(keys_) : out;
}

}  // namespace ashlar
