#include "ashlar/dataframe/step.hpp"

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/exchange_detail.hpp"
#include "ashlar/table/elementwise.hpp"
#include "ashlar/table/rolling.hpp"
#include "ashlar/table/row_order.hpp"
#include "ashlar/table/running.hpp"
#include "ashlar/table/string_kernels.hpp"

namespace ashlar::dataframe {
namespace {

using table::Operand;

template <class T>
const T& as(const Register& r) {
  return std::get<T>(r);
}

const Table& table_of(const Register& r) { return as<Table>(r); }
const Column& column_of(const Register& r) { return as<Column>(r); }

bool is_null(const Register& r) {
  const Value* v = std::get_if<Value>(&r);
  return v && v->is_null();
}
bool is_value(const Register& r) { return std::holds_alternative<Value>(r); }

// Values among themselves are columns of one row.
Column one_row(const Value& v) {
  if (v.is_null()) return Column::nulls(ColumnType::boolean, 1);
  return Column::full(v.type(), v, 1);
}

Operand operand(const Register& r) {
  if (const Value* v = std::get_if<Value>(&r)) return *v;
  return column_of(r);
}

Column kernel(const Step& step, const std::vector<Operand>& x) {
  switch (step.kind) {
    case StepKind::arithmetic: return table::arithmetic(static_cast<table::Arithmetic>(step.op), x[0], x[1]);
    case StepKind::compare: return table::compare(static_cast<table::Comparison>(step.op), x[0], x[1]);
    case StepKind::logic: return table::logic(static_cast<table::Logic>(step.op), x[0], x[1]);
    case StepKind::invert: return table::invert(x[0].column());
    case StepKind::negate: return table::negate(x[0].column());
    case StepKind::absolute: return table::absolute(x[0].column());
    case StepKind::round: return table::round(x[0].column(), static_cast<int>(step.n));
    case StepKind::isna: return table::isna(x[0].column());
    case StepKind::notna: return table::notna(x[0].column());
    case StepKind::fillna: return table::fillna(x[0].column(), step.values.at(0));
    case StepKind::isin: {
      Values values;
      values.v = step.values;
      return table::isin(x[0].column(), values);
    }
    case StepKind::where: return table::where(x[0].column(), x[1], x[2]);
    case StepKind::cast: return x[0].column().cast(step.type);
    case StepKind::clip: return table::clip(x[0].column(), step.values.at(0), step.values.at(1));
    default: throw InternalError("no elementwise step: " + std::to_string(static_cast<int>(step.kind)));
  }
}

Register elementwise(const Step& step, std::span<const Register* const> operands) {
  bool all_values = true;
  for (const Register* r : operands) all_values &= is_value(*r);
  if (step.kind == StepKind::arithmetic || step.kind == StepKind::compare) {
    // Null with anything is null; kernels would ask of which type.
    if (is_null(*operands[0]) || is_null(*operands[1])) {
      if (all_values) return Value();
      const Column& column = column_of(is_value(*operands[0]) ? *operands[1] : *operands[0]);
      return Column::nulls(step.kind == StepKind::compare ? ColumnType::boolean : step.type, column.size());
    }
  }
  std::vector<Operand> x;
  for (const Register* r : operands) {
    if (all_values) x.emplace_back(one_row(std::get<Value>(*r)));
    else x.push_back(operand(*r));
  }
  if (all_values) return kernel(step, x).value(0);
  return kernel(step, x);
}

Column string_method(const Step& step, const Column& a) {
  switch (static_cast<StringMethod>(step.op)) {
    case StringMethod::upper: return table::upper(a);
    case StringMethod::lower: return table::lower(a);
    case StringMethod::len: return table::len(a);
    case StringMethod::contains: return table::contains(a, step.names.at(0));
    case StringMethod::startswith: return table::startswith(a, step.names.at(0));
    case StringMethod::endswith: return table::endswith(a, step.names.at(0));
    case StringMethod::strip: return table::strip(a);
    case StringMethod::lstrip: return table::lstrip(a);
    case StringMethod::rstrip: return table::rstrip(a);
    case StringMethod::replace: return table::replace(a, step.names.at(0), step.names.at(1));
    case StringMethod::slice: break;
  }
  return table::slice(a, step.values.at(0).as_optional<std::int64_t>(), step.values.at(1).as_optional<std::int64_t>(), step.values.at(2).as<std::int64_t>());
}

Column calendar_field(const Step& step, const Column& a) {
  switch (static_cast<CalendarField>(step.op)) {
    case CalendarField::year: return table::year(a);
    case CalendarField::month: return table::month(a);
    case CalendarField::day: return table::day(a);
    case CalendarField::hour: return table::hour(a);
    case CalendarField::minute: return table::minute(a);
    case CalendarField::second: return table::second(a);
    case CalendarField::microsecond: return table::microsecond(a);
    case CalendarField::nanosecond: return table::nanosecond(a);
    case CalendarField::dayofweek: return table::dayofweek(a);
    case CalendarField::dayofyear: return table::dayofyear(a);
    case CalendarField::quarter: return table::quarter(a);
    case CalendarField::days_in_month: return table::days_in_month(a);
    case CalendarField::is_leap_year: return table::is_leap_year(a);
    case CalendarField::date: break;
  }
  return table::date(a);
}

// Kept columns first: a filter or sort should not move columns that nobody reads.
Table kept(const Table& table, const Step& step) {
  if (step.keep.empty() || step.keep == table.columns()) return table;
  return table.select(step.keep);
}

// What one row, or no row, of a border says.
Value only_value(const Table& border) { return border.nrows() ? border.at(0).value(0) : Value(); }

Register table_step(const Step& step, std::span<const Register* const> x) {
  switch (step.kind) {
    case StepKind::to_frame: return Table({step.names.at(0)}, {column_of(*x[0])});
    case StepKind::select: return kept(table_of(*x[0]).select(step.names), step);
    case StepKind::assign: {
      const Table& t = table_of(*x[0]);
      const Value* v = std::get_if<Value>(x[1]);
      return kept(t.with_column(step.names.at(0), v ? Column::full(step.type, *v, t.nrows()) : column_of(*x[1])), step);
    }
    case StepKind::rename: return kept(table_of(*x[0]).select(step.names).renamed(step.others), step);
    case StepKind::filter:
      if (const Column* c = std::get_if<Column>(x[0])) return c->filter(column_of(*x[1]));
      return kept(table_of(*x[0]), step).filter(column_of(*x[1]));
    case StepKind::sort: {
      const Table& t = table_of(*x[0]);
      std::vector<bool> ascending(step.flags.begin(), step.flags.end());
      if (ascending.size() == 1) ascending.assign(step.names.size(), ascending[0]);
      if (ascending.size() != step.names.size())
        throw ValueError("sort_values wants one entry of ascending, or one per key: keys " + std::to_string(step.names.size()) + ", entries " +
                         std::to_string(ascending.size()));
      return kept(t, step).take(table::rows_in_order(columns_of(t, step.names), ascending, step.n != 0));
    }
    case StepKind::distinct: {
      const Table& t = table_of(*x[0]);
      return kept(t, step).take(table::distinct_rows(columns_of(t, step.names), step.n != 0));
    }
    case StepKind::group_largest: {
      const Table& t = table_of(*x[0]);
      const auto rows = table::largest_of_groups(columns_of(t, step.names), t[step.others.at(0)], step.n, step.flags.at(0) != 0, step.flags.at(1) != 0);
      return kept(t, step).take(rows);
    }
    case StepKind::split_text: return kept(Table(step.others, table::split(column_of(*x[0]), step.names.at(0), static_cast<std::int64_t>(step.others.size()))), step);
    case StepKind::head: return kept(table_of(*x[0]), step).head(step.n);
    case StepKind::tail: return kept(table_of(*x[0]), step).tail(step.n);
    default: {
      const Table result = step.function(table_of(*x[0]));
      return kept(require_schema(result, step.names, step.types, "the function given to map_partitions"), step);
    }
  }
}

}  // namespace

const Table& require_schema(const Table& found, const std::vector<std::string>& names, const std::vector<ColumnType>& types, std::string_view who) {
  if (found.columns() == names && found.dtypes() == types) return found;
  const auto schema = [](const std::vector<std::string>& n, const std::vector<ColumnType>& t) {
    std::string text;
    for (std::size_t i = 0; i < n.size(); ++i) text += (i ? ", " : "") + n[i] + " " + std::string(name(t[i]));
    return text;
  };
  throw TypeError(std::string(who) + " gave other columns than announced: wanted " + schema(names, types) + ", found " +
                  schema(found.columns(), found.dtypes()));
}

Register run_step(const Step& step, std::span<const Register* const> x, bool settle) {
  const auto settled = [&](Register result) -> Register {
    if (!settle) return result;
    if (Column* c = std::get_if<Column>(&result); c && c->type() != step.type) return c->cast(step.type);
    return result;
  };
  switch (step.kind) {
    case StepKind::input:
      if (const Table* t = std::get_if<Table>(x[0])) return kept(*t, step);
      return *x[0];
    case StepKind::literal: return step.values.at(0);
    case StepKind::column: return table_of(*x[0])[step.names.at(0)];
    case StepKind::to_frame:
    case StepKind::select:
    case StepKind::assign:
    case StepKind::rename:
    case StepKind::filter:
    case StepKind::sort:
    case StepKind::head:
    case StepKind::tail:
    case StepKind::distinct:
    case StepKind::group_largest:
    case StepKind::split_text:
    case StepKind::map: return table_step(step, x);
    case StepKind::cumulative: return table::cumulative(static_cast<table::Cumulative>(step.op), column_of(*x[0]), only_value(table_of(*x[1])));
    case StepKind::cumulative_total: {
      const auto op = static_cast<table::Cumulative>(step.op);
      const Value total = table::cumulative_total(op, column_of(*x[0]));
      return Table({"total"}, {Column::from_values(table::cumulative_type(op, column_of(*x[0]).type()), {&total, 1})});
    }
    case StepKind::shift: return table::shift(column_of(*x[0]), step.n, table_of(*x[1]).at(0));
    case StepKind::fill: return table::fill_from_neighbours(column_of(*x[0]), step.n != 0, only_value(table_of(*x[1])));
    case StepKind::rolling:
      return table::rolling({static_cast<table::Rolling::Function>(step.op), step.n, step.values.at(0).as<std::int64_t>(),
                             static_cast<int>(step.values.at(1).as<std::int64_t>()), step.values.at(2).as<double>()},
                            column_of(*x[0]), table_of(*x[1]).at(0));
    case StepKind::string_method: return string_method(step, column_of(*x[0]));
    case StepKind::calendar_field: return calendar_field(step, column_of(*x[0]));
    case StepKind::reduce:
      return table::Reduction::build(static_cast<table::Aggregation>(step.op), column_of(*x[0]), static_cast<int>(step.n),
                                     step.values.empty() ? 0.5 : step.values[0].as<double>());
    case StepKind::finish_reduction: return as<table::Reduction>(*x[0]).finish();
    case StepKind::group: return table::GroupPartial::build(table_of(*x[0]), step.names, step.aggregates, step.n != 0);
    case StepKind::finish_groups: return kept(as<table::GroupPartial>(*x[0]).finish(step.n != 0), step);
    case StepKind::value_counts: return kept(table::value_counts(as<table::GroupPartial>(*x[0])), step);
    case StepKind::arithmetic:
    case StepKind::where:
    case StepKind::fillna: return settled(elementwise(step, x));
    default: return elementwise(step, x);
  }
}

void Step::encode(Writer& out) const {
  out.put(kind);
  out.put(op);
  out.put(n);
  out.put(type);
  out.array(operands);
  detail::encode_value(out, names);
  detail::encode_value(out, others);
  detail::encode_value(out, keep);
  detail::encode_value(out, values);
  out.array(flags);
  out.array(types);
  out.put<std::uint64_t>(aggregates.size());
  for (const table::Aggregate& a : aggregates) a.encode(out);
  out.put<bool>(static_cast<bool>(function));
  if (function) {
    put_descriptor(out, *function.record);
    out.array(function.closure);
  }
}

Step Step::decode(Reader& in) {
  Step s;
  s.kind = in.get<StepKind>();
  s.op = in.get<std::uint8_t>();
  s.n = in.get<std::int64_t>();
  s.type = in.get<ColumnType>();
  s.operands = in.array<std::int32_t>();
  s.names = detail::decode_value<std::vector<std::string>>(in);
  s.others = detail::decode_value<std::vector<std::string>>(in);
  s.keep = detail::decode_value<std::vector<std::string>>(in);
  s.values = detail::decode_value<std::vector<Value>>(in);
  s.flags = in.array<std::uint8_t>();
  s.types = in.array<ColumnType>();
  const auto count = in.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < count; ++i) s.aggregates.push_back(table::Aggregate::decode(in));
  if (in.get<bool>()) {
    s.function.record = static_cast<const TableFunctionDescriptor*>(&get_descriptor(in));
    s.function.closure = in.array<std::byte>();
  }
  return s;
}

}  // namespace ashlar::dataframe
