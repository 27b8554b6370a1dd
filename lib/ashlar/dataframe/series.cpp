#include "ashlar/dataframe/series.hpp"

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/exchange.hpp"

namespace ashlar {

using dataframe::PlanPtr;
using dataframe::Step;
using dataframe::StepKind;

namespace {

Step step_of(StepKind kind, std::uint8_t op = 0, std::int64_t n = 0) {
  Step step;
  step.kind = kind;
  step.op = op;
  step.n = n;
  return step;
}

Scalar<Value> reduction(const PlanPtr& column, table::Aggregation function, int ddof = 1, double q = 0.5) {
  const std::string name(table::name(function));
  Step step = step_of(StepKind::reduce, static_cast<std::uint8_t>(function), ddof);
  step.values = {q};
  const PlanPtr partial = dataframe::make_step(name, std::move(step), {column});
  return Scalar<Value>(dataframe::make_step(name, step_of(StepKind::finish_reduction), {dataframe::merged(partial)}));
}

Series unary(const char* name, const PlanPtr& column, Step step) { return Series(dataframe::make_step(name, std::move(step), {column})); }

void require_type(const PlanPtr& node, ColumnType wanted, const char* accessor) {
  const Column& column = std::get<Column>(node->sample);
  if (column.type() != wanted)
    throw TypeError(std::string(accessor) + " wants a " + std::string(name(wanted)) + " column, found " + std::string(name(column.type())) +
                    (node->series_name.empty() ? std::string() : " (\"" + node->series_name + "\")"));
}

PlanPtr framed(const PlanPtr& column) {
  Step step = step_of(StepKind::to_frame);
  step.names = {"border"};
  return dataframe::make_step("to-frame", std::move(step), {column});
}

Series cumulative(const char* name, const PlanPtr& column, table::Cumulative op) {
  table::cumulative_type(op, std::get<Column>(column->sample).type());
  const auto code = static_cast<std::uint8_t>(op);
  const PlanPtr total = dataframe::make_step(std::string(name) + "-total", step_of(StepKind::cumulative_total, code), {column});
  const PlanPtr before = dataframe::borders(total, dataframe::Border::total, 1, op, column);
  return Series(dataframe::make_step(name, step_of(StepKind::cumulative, code), {column, before}));
}

// The last (first) n rows of each partition go to those behind (before) it.
PlanPtr rows_around(const PlanPtr& column, bool behind, std::int64_t n) {
  const PlanPtr of_each = dataframe::make_step(behind ? "head" : "tail", step_of(behind ? StepKind::head : StepKind::tail, 0, n), {framed(column)});
  return dataframe::borders(of_each, behind ? dataframe::Border::after : dataframe::Border::before, n, table::Cumulative::sum, column);
}

Series filled(const char* name, const PlanPtr& column, bool backward) {
  // A partition of nulls alone has nothing to give.
  const PlanPtr valid = dataframe::make_step("notna", step_of(StepKind::notna), {column});
  const PlanPtr rows = dataframe::make_step("getitem", step_of(StepKind::filter), {framed(column), valid});
  const PlanPtr of_each = dataframe::make_step(backward ? "head" : "tail", step_of(backward ? StepKind::head : StepKind::tail, 0, 1), {rows});
  const PlanPtr border =
      dataframe::borders(of_each, backward ? dataframe::Border::after : dataframe::Border::before, 1, table::Cumulative::sum, column);
  return Series(dataframe::make_step(name, step_of(StepKind::fill, 0, backward), {column, border}));
}

Series string_method(const PlanPtr& node, const char* name, dataframe::StringMethod method, const std::string& part = {}) {
  Step step = step_of(StepKind::string_method, static_cast<std::uint8_t>(method));
  step.names = {part};
  return unary(name, node, std::move(step));
}
Series calendar_field(const PlanPtr& node, const char* name, dataframe::CalendarField field) {
  return unary(name, node, step_of(StepKind::calendar_field, static_cast<std::uint8_t>(field)));
}

}  // namespace

namespace detail {

PlanPtr frame_arithmetic(table::Arithmetic op, const PlanPtr& a, const PlanPtr& b) {
  static constexpr const char* names[] = {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow"};
  return dataframe::make_step(names[static_cast<int>(op)], step_of(StepKind::arithmetic, static_cast<std::uint8_t>(op)), {a, b});
}
PlanPtr frame_compare(table::Comparison op, const PlanPtr& a, const PlanPtr& b) {
  static constexpr const char* names[] = {"eq", "ne", "lt", "le", "gt", "ge"};
  return dataframe::make_step(names[static_cast<int>(op)], step_of(StepKind::compare, static_cast<std::uint8_t>(op)), {a, b});
}
PlanPtr frame_logic(table::Logic op, const PlanPtr& a, const PlanPtr& b) {
  static constexpr const char* names[] = {"and", "or", "xor"};
  return dataframe::make_step(names[static_cast<int>(op)], step_of(StepKind::logic, static_cast<std::uint8_t>(op)), {a, b});
}
PlanPtr frame_invert(const PlanPtr& a) { return dataframe::make_step("invert", step_of(StepKind::invert), {a}); }
PlanPtr frame_negate(const PlanPtr& a) { return dataframe::make_step("neg", step_of(StepKind::negate), {a}); }

Column CollectionTraits<Series>::assemble(const Series&, std::span<const Object> objects) {
  if (objects.size() == 1) return objects[0].get<Column>();
  std::vector<Column> parts;
  for (const Object& object : objects) parts.push_back(object.get<Column>());
  return Column::concat(parts);
}

}  // namespace detail

// ---------------------------------------------------------------- Scalar
Value Scalar<Value>::compute() const { return ashlar::compute(*this); }
Scalar<Value> Scalar<Value>::persist() const { return ashlar::persist(*this); }

// ---------------------------------------------------------------- Series
Scalar<Value> Series::sum() const { return reduction(node_, table::Aggregation::sum); }
Scalar<Value> Series::mean() const { return reduction(node_, table::Aggregation::mean); }
Scalar<Value> Series::min() const { return reduction(node_, table::Aggregation::min); }
Scalar<Value> Series::max() const { return reduction(node_, table::Aggregation::max); }
Scalar<Value> Series::count() const { return reduction(node_, table::Aggregation::count); }
Scalar<Value> Series::size() const { return reduction(node_, table::Aggregation::size); }
Scalar<Value> Series::std(const DdofOptions& o) const { return reduction(node_, table::Aggregation::std, o.ddof); }
Scalar<Value> Series::var(const DdofOptions& o) const { return reduction(node_, table::Aggregation::var, o.ddof); }
Scalar<Value> Series::any() const { return reduction(node_, table::Aggregation::any); }
Scalar<Value> Series::all() const { return reduction(node_, table::Aggregation::all); }
Scalar<Value> Series::nunique() const { return reduction(node_, table::Aggregation::nunique); }
Scalar<Value> Series::prod() const { return reduction(node_, table::Aggregation::prod); }
Scalar<Value> Series::median() const { return reduction(node_, table::Aggregation::median); }
Scalar<Value> Series::quantile(const QuantileOptions& o) const { return reduction(node_, table::Aggregation::quantile, 1, o.q.v); }

Series Series::unique() const { return drop_duplicates(); }
Series Series::drop_duplicates(const DropDuplicatesOptions& options) const {
  if (!options.subset.v.empty()) throw ValueError("drop_duplicates of one column takes no subset, found \"" + options.subset.v[0] + "\"");
  const DataFrame frame = to_frame();
  return frame.drop_duplicates(options).column(Name(frame.columns()[0]));
}

Series Series::cumsum() const { return cumulative("cumsum", node_, table::Cumulative::sum); }
Series Series::cumprod() const { return cumulative("cumprod", node_, table::Cumulative::prod); }
Series Series::cummin() const { return cumulative("cummin", node_, table::Cumulative::min); }
Series Series::cummax() const { return cumulative("cummax", node_, table::Cumulative::max); }
Series Series::shift(const ShiftOptions& options) const {
  const std::int64_t n = options.periods;
  if (n == 0) return *this;
  return Series(dataframe::make_step("shift", step_of(StepKind::shift, 0, n), {node_, rows_around(node_, n < 0, n < 0 ? -n : n)}));
}
Series Series::diff(const ShiftOptions& options) const { return *this - shift(options); }
Series Series::ffill() const { return filled("ffill", node_, false); }
Series Series::bfill() const { return filled("bfill", node_, true); }
Series Series::clip(const ClipOptions& options) const {
  Step step = step_of(StepKind::clip);
  step.values = {options.lower, options.upper};
  return unary("clip", node_, std::move(step));
}

DataFrame Series::value_counts(const ValueCountsOptions& options) const {
  const DataFrame frame = to_frame();
  const std::string key = frame.columns()[0];
  if (key == "count") throw ValueError("value_counts calls its second column \"count\", the column is called so too: rename it first");
  Step group = step_of(StepKind::group, 0, options.dropna);
  group.names = {key};
  group.aggregates = table::value_counts_aggregates();
  const PlanPtr groups = dataframe::merged(dataframe::make_step("value-counts", std::move(group), {frame.node()}));
  return DataFrame(dataframe::make_step("value-counts", step_of(options.sort ? StepKind::value_counts : StepKind::finish_groups, 0, 0), {groups}));
}

Series Series::isin(const Values& values) const {
  Step step = step_of(StepKind::isin);
  step.values = values.v;
  return unary("isin", node_, std::move(step));
}
Series Series::fillna(const Value& value) const {
  Step step = step_of(StepKind::fillna);
  step.values = {value};
  return unary("fillna", node_, std::move(step));
}
Series Series::isna() const { return unary("isna", node_, step_of(StepKind::isna)); }
Series Series::notna() const { return unary("notna", node_, step_of(StepKind::notna)); }
Series Series::where(const Series& condition, const Value& other) const {
  return Series(dataframe::make_step("where", step_of(StepKind::where), {condition.node_, node_, dataframe::literal(other)}));
}
Series Series::where(const Series& condition, const Series& other) const {
  return Series(dataframe::make_step("where", step_of(StepKind::where), {condition.node_, node_, other.node_}));
}
Series Series::mask(const Series& condition, const Value& other) const {
  return Series(dataframe::make_step("mask", step_of(StepKind::where), {condition.node_, dataframe::literal(other), node_}));
}
Series Series::mask(const Series& condition, const Series& other) const {
  return Series(dataframe::make_step("mask", step_of(StepKind::where), {condition.node_, other.node_, node_}));
}
Series Series::dropna() const { return (*this)[notna()]; }
Series Series::between(const Value& left, const Value& right) const { return (*this >= left) & (*this <= right); }
Series Series::abs() const { return unary("abs", node_, step_of(StepKind::absolute)); }
Series Series::round(int decimals) const { return unary("round", node_, step_of(StepKind::round, 0, decimals)); }
Series Series::astype(const Name& type) const { return astype(column_type_from_name(type.v)); }
Series Series::astype(ColumnType type) const {
  Step step = step_of(StepKind::cast);
  step.type = type;
  return unary("astype", node_, std::move(step));
}
Series Series::rename(const Name& name) const { return to_frame(name)[name.v]; }
Series Series::operator[](const Series& mask) const {
  if (mask.dtype() != ColumnType::boolean) throw TypeError("a filter wants a bool column, found " + std::string(ashlar::name(mask.dtype())));
  return Series(dataframe::make_step("getitem", step_of(StepKind::filter), {node_, mask.node_}));
}

Series Series::repartition(std::int64_t npartitions) const {
  const DataFrame frame = to_frame();
  return frame.repartition({.npartitions = npartitions}).column(Name(frame.columns()[0]));
}
DataFrame Series::to_frame() const { return to_frame(name().empty() ? "0" : name()); }
DataFrame Series::to_frame(const Name& name) const {
  Step step = step_of(StepKind::to_frame);
  step.names = {name.v};
  return DataFrame(dataframe::make_step("to-frame", std::move(step), {node_}));
}
Table Series::head(std::int64_t n) const { return to_frame().head(n); }
Table Series::tail(std::int64_t n) const { return to_frame().tail(n); }
std::int64_t Series::len() const { return size().compute().as<std::int64_t>(); }
Column Series::compute() const { return ashlar::compute(*this); }
Series Series::persist() const { return ashlar::persist(*this); }

// ---------------------------------------------------------------- accessors
StringMethods::StringMethods(PlanPtr node) : node_(std::move(node)) {
  if (const Column* column = std::get_if<Column>(&node_->sample); column && column->type() == ColumnType::category)
    node_ = Series(node_).astype("string").node();
  require_type(node_, ColumnType::string, ".str()");
}
Series StringMethods::upper() const { return string_method(node_, "str-upper", dataframe::StringMethod::upper); }
Series StringMethods::lower() const { return string_method(node_, "str-lower", dataframe::StringMethod::lower); }
Series StringMethods::strip() const { return string_method(node_, "str-strip", dataframe::StringMethod::strip); }
Series StringMethods::len() const { return string_method(node_, "str-len", dataframe::StringMethod::len); }
Series StringMethods::contains(const Name& part) const { return string_method(node_, "str-contains", dataframe::StringMethod::contains, part.v); }
Series StringMethods::startswith(const Name& part) const {
  return string_method(node_, "str-startswith", dataframe::StringMethod::startswith, part.v);
}
Series StringMethods::endswith(const Name& part) const { return string_method(node_, "str-endswith", dataframe::StringMethod::endswith, part.v); }
Series StringMethods::lstrip() const { return string_method(node_, "str-lstrip", dataframe::StringMethod::lstrip); }
Series StringMethods::rstrip() const { return string_method(node_, "str-rstrip", dataframe::StringMethod::rstrip); }
Series StringMethods::replace(const Name& part, const Name& by) const {
  Step step = step_of(StepKind::string_method, static_cast<std::uint8_t>(dataframe::StringMethod::replace));
  step.names = {part.v, by.v};
  return unary("str-replace", node_, std::move(step));
}
Series StringMethods::slice(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t by) const {
  Step step = step_of(StepKind::string_method, static_cast<std::uint8_t>(dataframe::StringMethod::slice));
  step.values = {Value(start), Value(stop), Value(by)};
  return unary("str-slice", node_, std::move(step));
}
DataFrame StringMethods::split(const Name& separator, std::int64_t n) const {
  if (n < 0) throw ValueError("split wants the number of cuts, not negative, found " + std::to_string(n));
  Step step = step_of(StepKind::split_text);
  step.names = {separator.v};
  for (std::int64_t i = 0; i <= n; ++i) step.others.push_back(std::to_string(i));
  return DataFrame(dataframe::make_step("str-split", std::move(step), {node_}));
}

DateMethods::DateMethods(PlanPtr node) : node_(std::move(node)) { require_type(node_, ColumnType::timestamp, ".dt()"); }
Series DateMethods::year() const { return calendar_field(node_, "dt-year", dataframe::CalendarField::year); }
Series DateMethods::month() const { return calendar_field(node_, "dt-month", dataframe::CalendarField::month); }
Series DateMethods::day() const { return calendar_field(node_, "dt-day", dataframe::CalendarField::day); }
Series DateMethods::hour() const { return calendar_field(node_, "dt-hour", dataframe::CalendarField::hour); }
Series DateMethods::minute() const { return calendar_field(node_, "dt-minute", dataframe::CalendarField::minute); }
Series DateMethods::second() const { return calendar_field(node_, "dt-second", dataframe::CalendarField::second); }
Series DateMethods::microsecond() const { return calendar_field(node_, "dt-microsecond", dataframe::CalendarField::microsecond); }
Series DateMethods::nanosecond() const { return calendar_field(node_, "dt-nanosecond", dataframe::CalendarField::nanosecond); }
Series DateMethods::dayofweek() const { return calendar_field(node_, "dt-dayofweek", dataframe::CalendarField::dayofweek); }
Series DateMethods::dayofyear() const { return calendar_field(node_, "dt-dayofyear", dataframe::CalendarField::dayofyear); }
Series DateMethods::quarter() const { return calendar_field(node_, "dt-quarter", dataframe::CalendarField::quarter); }
Series DateMethods::days_in_month() const { return calendar_field(node_, "dt-days_in_month", dataframe::CalendarField::days_in_month); }
Series DateMethods::is_leap_year() const { return calendar_field(node_, "dt-is_leap_year", dataframe::CalendarField::is_leap_year); }
Series DateMethods::date() const { return calendar_field(node_, "dt-date", dataframe::CalendarField::date); }

Series DateMethods::weekday() const { return dayofweek(); }
Series DateMethods::day_of_week() const { return dayofweek(); }
Series DateMethods::day_of_year() const { return dayofyear(); }
Series DateMethods::daysinmonth() const { return days_in_month(); }
Series DateMethods::normalize() const { return date(); }

}  // namespace ashlar
