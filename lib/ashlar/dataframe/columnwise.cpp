// Methods of a DataFrame that do to every column what the method of Series does.

#include <algorithm>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {


namespace {

bool has_aggregation(table::Aggregation function, ColumnType type) {
  try {
    table::aggregation_type(function, type);
    return true;
  } catch (const TypeError&) {
    return false;
  }
}

Scalar<Value> reduced(const Series& column, table::Aggregation function, int ddof, double q) {
  switch (function) {
    case table::Aggregation::sum:
      return column.sum();
    case table::Aggregation::mean:
      return column.mean();
    case table::Aggregation::min:
      return column.min();
    case table::Aggregation::max:
      return column.max();
    case table::Aggregation::count:
      return column.count();
    case table::Aggregation::std:
      return column.std({.ddof = ddof});
    case table::Aggregation::var:
      return column.var({.ddof = ddof});
    case table::Aggregation::prod:
      return column.prod();
    case table::Aggregation::any:
      return column.any();
    case table::Aggregation::all:
      return column.all();
    case table::Aggregation::nunique:
      return column.nunique();
    case table::Aggregation::median:
      return column.median();
    case table::Aggregation::quantile:
      return column.quantile({.q = q});
    default:
      throw InternalError("no reduction of a frame: " + std::string(table::name(function)));
  }
}

Series binary(table::Arithmetic op, const Series& a, const dataframe::PlanPtr& b) {
  return Series(detail::frame_arithmetic(op, a.node(), b));
}
Series binary(table::Comparison op, const Series& a, const dataframe::PlanPtr& b) { return Series(detail::frame_compare(op, a.node(), b)); }

}  // namespace

template <class Fn>
DataFrame DataFrame::each(Fn fn) const {
  DataFrame out = *this;
  for (const std::string& name : columns()) {
    const Name n(name);
    out = out.assign(n, fn(column(n)));
  }
  return out;
}

DataFrame DataFrame::row_of(table::Aggregation function, int ddof, double q) const {
  std::vector<std::string> names;
  for (const std::string& name : columns())
    if (has_aggregation(function, node_->table()[name].type())) names.push_back(name);
  if (names.empty())
    throw TypeError("the frame has no column to take the " + std::string(table::name(function)) + " of, among " + std::to_string(ncols()) +
                    " columns");
  // A frame of one row to which the values are assigned.
  DataFrame out = from_table(Table({names[0]}, {Column(std::vector<bool>{true})}));
  for (const std::string& name : names) out = out.assign(Name(name), reduced(column(Name(name)), function, ddof, q));
  return out;
}

DataFrame DataFrame::sum() const { return row_of(table::Aggregation::sum); }
DataFrame DataFrame::mean() const { return row_of(table::Aggregation::mean); }
DataFrame DataFrame::min() const { return row_of(table::Aggregation::min); }
DataFrame DataFrame::max() const { return row_of(table::Aggregation::max); }
DataFrame DataFrame::count() const { return row_of(table::Aggregation::count); }
DataFrame DataFrame::std(const DdofOptions& options) const { return row_of(table::Aggregation::std, options.ddof); }
DataFrame DataFrame::var(const DdofOptions& options) const { return row_of(table::Aggregation::var, options.ddof); }
DataFrame DataFrame::prod() const { return row_of(table::Aggregation::prod); }
DataFrame DataFrame::any() const { return row_of(table::Aggregation::any); }
DataFrame DataFrame::all() const { return row_of(table::Aggregation::all); }
DataFrame DataFrame::nunique() const { return row_of(table::Aggregation::nunique); }
DataFrame DataFrame::median() const { return row_of(table::Aggregation::median); }
DataFrame DataFrame::quantile(const QuantileOptions& options) const { return row_of(table::Aggregation::quantile, 1, options.q.v); }

DataFrame DataFrame::describe() const {
  std::vector<std::string> names;
  for (const std::string& name : columns()) {
    const ColumnType type = node_->table()[name].type();
    if (is_numeric(type) && type != ColumnType::boolean) names.push_back(name);
  }
  if (names.empty()) throw TypeError("describe wants at least one column of numbers, found none among " + std::to_string(ncols()));
  if (std::find(names.begin(), names.end(), "statistic") != names.end())
    throw ValueError("describe calls its first column \"statistic\", a column is called so too: rename it first");
  const DataFrame numbers = (*this)[Names(names)];
  const std::pair<const char*, DataFrame> rows[] = {{"count", numbers.count()},
                                                    {"mean", numbers.mean()},
                                                    {"std", numbers.std()},
                                                    {"min", numbers.min()},
                                                    {"25%", numbers.quantile({.q = 0.25})},
                                                    {"50%", numbers.quantile({.q = 0.5})},
                                                    {"75%", numbers.quantile({.q = 0.75})},
                                                    {"max", numbers.max()}};
  std::vector<std::string> order = {"statistic"};
  order.insert(order.end(), names.begin(), names.end());
  std::vector<DataFrame> parts;
  for (const auto& [name, row] : rows) parts.push_back(row.astype("float64").assign("statistic", name)[Names(order)]);
  return concat(parts).repartition({.npartitions = 1});
}

DataFrame DataFrame::isna() const {
  return each([](const Series& s) { return s.isna(); });
}
DataFrame DataFrame::notna() const {
  return each([](const Series& s) { return s.notna(); });
}
DataFrame DataFrame::isin(const Values& values) const {
  return each([&](const Series& s) { return s.isin(values); });
}
DataFrame DataFrame::abs() const {
  return each([](const Series& s) { return s.abs(); });
}
DataFrame DataFrame::round(const RoundOptions& options) const {
  return each([&](const Series& s) { return is_numeric(s.dtype()) ? s.round(options.decimals) : s; });
}
DataFrame DataFrame::clip(const ClipOptions& options) const {
  return each([&](const Series& s) { return s.clip(options); });
}
DataFrame DataFrame::astype(const Types& types) const {
  if (!types.all.empty()) return each([&](const Series& s) { return s.astype(types.all); });
  DataFrame out = *this;
  for (const auto& [name, type] : types.v) out = out.assign(name, column(name).astype(type));
  return out;
}
DataFrame DataFrame::where(const Series& condition, const Value& other) const {
  return each([&](const Series& s) { return s.where(condition, other); });
}
DataFrame DataFrame::mask(const Series& condition, const Value& other) const {
  return each([&](const Series& s) { return s.mask(condition, other); });
}
DataFrame DataFrame::cumsum() const {
  return each([](const Series& s) { return s.cumsum(); });
}
DataFrame DataFrame::cumprod() const {
  return each([](const Series& s) { return s.cumprod(); });
}
DataFrame DataFrame::cummin() const {
  return each([](const Series& s) { return s.cummin(); });
}
DataFrame DataFrame::cummax() const {
  return each([](const Series& s) { return s.cummax(); });
}
DataFrame DataFrame::shift(const ShiftOptions& options) const {
  return each([&](const Series& s) { return s.shift(options); });
}
DataFrame DataFrame::diff(const ShiftOptions& options) const {
  return each([&](const Series& s) { return s.diff(options); });
}
DataFrame DataFrame::ffill() const {
  return each([](const Series& s) { return s.ffill(); });
}
DataFrame DataFrame::bfill() const {
  return each([](const Series& s) { return s.bfill(); });
}

#define ASHLAR_FRAME_METHOD(method, op)                                                                     \
  DataFrame DataFrame::method(const Value& other) const {                                                   \
    return each([&](const Series& s) { return binary(op, s, dataframe::literal(other)); });                 \
  }                                                                                                         \
  DataFrame DataFrame::method(const DataFrame& other) const {                                               \
    return each([&](const Series& s) { return binary(op, s, dataframe::column(other.node(), s.name())); }); \
  }
ASHLAR_FRAME_METHOD(add, table::Arithmetic::add)
ASHLAR_FRAME_METHOD(sub, table::Arithmetic::subtract)
ASHLAR_FRAME_METHOD(mul, table::Arithmetic::multiply)
ASHLAR_FRAME_METHOD(div, table::Arithmetic::divide)
ASHLAR_FRAME_METHOD(floordiv, table::Arithmetic::floor_divide)
ASHLAR_FRAME_METHOD(mod, table::Arithmetic::remainder)
ASHLAR_FRAME_METHOD(pow, table::Arithmetic::power)
ASHLAR_FRAME_METHOD(eq, table::Comparison::equal)
ASHLAR_FRAME_METHOD(ne, table::Comparison::not_equal)
ASHLAR_FRAME_METHOD(lt, table::Comparison::less)
ASHLAR_FRAME_METHOD(le, table::Comparison::less_equal)
ASHLAR_FRAME_METHOD(gt, table::Comparison::greater)
ASHLAR_FRAME_METHOD(ge, table::Comparison::greater_equal)
#undef ASHLAR_FRAME_METHOD

}  // namespace ashlar
