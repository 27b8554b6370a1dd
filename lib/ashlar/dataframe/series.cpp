#include "ashlar/dataframe/series.hpp"

#include "ashlar/dataframe/dataframe.hpp"

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

Scalar<Value> reduction(const PlanPtr& column, table::Aggregation function, int ddof = 1) {
  const std::string name(table::name(function));
  const PlanPtr partial = dataframe::make_step(name, step_of(StepKind::reduce, static_cast<std::uint8_t>(function), ddof), {column});
  return Scalar<Value>(dataframe::make_step(name, step_of(StepKind::finish_reduction), {dataframe::merged(partial)}));
}

Series unary(const char* name, const PlanPtr& column, Step step) { return Series(dataframe::make_step(name, std::move(step), {column})); }

void require_type(const PlanPtr& node, ColumnType wanted, const char* accessor) {
  const Column& column = std::get<Column>(node->sample);
  if (column.type() != wanted)
    throw TypeError(std::string(accessor) + " wants a " + std::string(name(wanted)) + " column, found " + std::string(name(column.type())) +
                    (node->series_name.empty() ? std::string() : " (\"" + node->series_name + "\")"));
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
  static constexpr const char* names[] = {"add", "sub", "mul", "truediv", "floordiv", "mod"};
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
StringMethods::StringMethods(PlanPtr node) : node_(std::move(node)) { require_type(node_, ColumnType::string, ".str()"); }
Series StringMethods::upper() const { return string_method(node_, "str-upper", dataframe::StringMethod::upper); }
Series StringMethods::lower() const { return string_method(node_, "str-lower", dataframe::StringMethod::lower); }
Series StringMethods::strip() const { return string_method(node_, "str-strip", dataframe::StringMethod::strip); }
Series StringMethods::len() const { return string_method(node_, "str-len", dataframe::StringMethod::len); }
Series StringMethods::contains(const Name& part) const { return string_method(node_, "str-contains", dataframe::StringMethod::contains, part.v); }
Series StringMethods::startswith(const Name& part) const {
  return string_method(node_, "str-startswith", dataframe::StringMethod::startswith, part.v);
}
Series StringMethods::endswith(const Name& part) const { return string_method(node_, "str-endswith", dataframe::StringMethod::endswith, part.v); }

DateMethods::DateMethods(PlanPtr node) : node_(std::move(node)) { require_type(node_, ColumnType::timestamp, ".dt()"); }
Series DateMethods::year() const { return calendar_field(node_, "dt-year", dataframe::CalendarField::year); }
Series DateMethods::month() const { return calendar_field(node_, "dt-month", dataframe::CalendarField::month); }
Series DateMethods::day() const { return calendar_field(node_, "dt-day", dataframe::CalendarField::day); }
Series DateMethods::hour() const { return calendar_field(node_, "dt-hour", dataframe::CalendarField::hour); }
Series DateMethods::minute() const { return calendar_field(node_, "dt-minute", dataframe::CalendarField::minute); }
Series DateMethods::second() const { return calendar_field(node_, "dt-second", dataframe::CalendarField::second); }

}  // namespace ashlar
