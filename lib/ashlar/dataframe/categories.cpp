// Columns of categories seen as numbers: Series::cat.

#include <algorithm>

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {
namespace dataframe {
namespace {

// The only column of a partition in codes; the closure is the type and the texts they stand for, in order.
struct CodesOf {
  static TableFunction of(ColumnType type, const std::vector<std::string>& categories) {
    Writer out;
    out.put(type);
    detail::encode_value(out, categories);
    return {&record, out.head()};
  }
  static Table call(std::span<const std::byte> closure, Table&& rows, Reader&) {
    Reader in(closure);
    const auto type = in.get<ColumnType>();
    const auto all = detail::decode_value<std::vector<std::string>>(in);
    const Column& column = rows.at(0);
    // Of each text of the partition once.
    const Column& texts = column.categories();
    std::vector<std::int32_t> place;
    for (std::int64_t i = 0; i < texts.size(); ++i) {
      const auto at = std::lower_bound(all.begin(), all.end(), texts.text(i));
      place.push_back(at != all.end() && *at == texts.text(i) ? static_cast<std::int32_t>(at - all.begin()) : -1);
    }
    std::vector<std::int32_t> codes(static_cast<std::size_t>(column.size()), -1);
    const auto own = column.codes();
    for (std::size_t i = 0; i < codes.size(); ++i)
      if (column.is_valid(static_cast<std::int64_t>(i))) codes[i] = place[static_cast<std::size_t>(own[i])];
    return Table(rows.columns(), {Column(codes).cast(type)});
  }
  static constinit inline TableFunctionDescriptor record{type_name<CodesOf>(), &CodesOf::call};
};

}  // namespace
}  // namespace dataframe

CategoryMethods::CategoryMethods(dataframe::PlanPtr node) : node_(std::move(node)) {
  const Column& column = std::get<Column>(node_->sample);
  if (column.type() != ColumnType::category)
    throw TypeError(".cat() wants a category column, found " + std::string(name(column.type())) +
                    (node_->series_name.empty() ? std::string() : " (\"" + node_->series_name + "\")"));
}

std::vector<std::string> CategoryMethods::categories() const {
  const Column texts = Series(node_).astype("string").unique().dropna().compute();
  std::vector<std::string> out = texts.to_vector<std::string>();
  std::sort(out.begin(), out.end());
  return out;
}

Series CategoryMethods::codes() const {
  const std::vector<std::string> all = categories();
  const ColumnType type = all.size() <= 127 ? ColumnType::int8 : all.size() <= 32767 ? ColumnType::int16 : ColumnType::int32;
  const DataFrame frame = Series(node_).to_frame();
  dataframe::Step step;
  step.kind = dataframe::StepKind::map;
  step.names = frame.columns();
  step.types = {type};
  step.function = dataframe::CodesOf::of(type, all);
  return DataFrame(dataframe::make_map(std::move(step), Table::empty(frame.columns(), {type}), frame.node(), true)).column(Name(frame.columns()[0]));
}

}  // namespace ashlar
