#include <functional>
#include <utility>

#include "ashlar/table/operand_kernel_detail.hpp"
#include "ashlar/table/timestamp_text.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {

std::string_view symbol(Comparison op) {
  static constexpr std::string_view symbols[] = {"==", "!=", "<", "<=", ">", ">="};
  return symbols[static_cast<int>(op)];
}

namespace {

constexpr Comparison turned(Comparison op) {
  switch (op) {
    case Comparison::less: return Comparison::greater;
    case Comparison::less_equal: return Comparison::greater_equal;
    case Comparison::greater: return Comparison::less;
    case Comparison::greater_equal: return Comparison::less_equal;
    default: return op;
  }
}

template <class A, class B, class GetA, class GetB>
void compare_into(Comparison op, bool* to, std::int64_t n, GetA x, GetB y) {
  const auto loop = [&](auto fn) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = fn(x(i), y(i));
  };
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && !std::is_same_v<A, B>) {
    switch (op) {
      case Comparison::equal: return loop([](A p, B q) { return std::cmp_equal(p, q); });
      case Comparison::not_equal: return loop([](A p, B q) { return std::cmp_not_equal(p, q); });
      case Comparison::less: return loop([](A p, B q) { return std::cmp_less(p, q); });
      case Comparison::less_equal: return loop([](A p, B q) { return std::cmp_less_equal(p, q); });
      case Comparison::greater: return loop([](A p, B q) { return std::cmp_greater(p, q); });
      case Comparison::greater_equal: return loop([](A p, B q) { return std::cmp_greater_equal(p, q); });
    }
  } else {
    switch (op) {
      case Comparison::equal: return loop(std::equal_to<A>());
      case Comparison::not_equal: return loop(std::not_equal_to<A>());
      case Comparison::less: return loop(std::less<A>());
      case Comparison::less_equal: return loop(std::less_equal<A>());
      case Comparison::greater: return loop(std::greater<A>());
      case Comparison::greater_equal: return loop(std::greater_equal<A>());
    }
  }
}

template <class A, class B>
Column compare_numbers(Comparison op, const Operand& a, const Operand& b, std::int64_t n) {
  Buffer buffer;
  bool* to = fresh<bool>(buffer, n);
  with_elements(
      a, b, elements_as<A>(column_type_of<A>), [](const Value& v) { return v.as<A>(); }, elements_as<B>(column_type_of<B>),
      [](const Value& v) { return v.as<B>(); }, [&](auto x, auto y) { compare_into<A, B>(op, to, n, x, y); });
  return Column::from_buffers(ColumnType::boolean, n, std::move(buffer), validity_of(a, b));
}

Column compare_strings(Comparison op, const Operand& a, const Operand& b, std::int64_t n) {
  Buffer buffer;
  bool* to = fresh<bool>(buffer, n);
  const auto column = [](const Column& c) { return [&c](std::int64_t i) { return c.text(i); }; };
  const auto scalar = [](const Value& v) { return std::string_view(std::get<std::string>(v.variant())); };
  with_elements(a, b, column, scalar, column, scalar, [&](auto x, auto y) { compare_into<std::string_view, std::string_view>(op, to, n, x, y); });
  return Column::from_buffers(ColumnType::boolean, n, std::move(buffer), validity_of(a, b));
}

// A number of int64 or uint64, whichever holds all of the operand.
bool is_wide_unsigned(const Operand& o) { return OperandType(o).type == ColumnType::uint64; }

Operand as_count(const Operand& o) {
  if (!o.is_scalar()) return o.column().cast(ColumnType::int64);
  const Value& v = o.scalar();
  return v.type() == ColumnType::timestamp ? Value(v.as<timestamp>().time_since_epoch().count()) : Value(v.as<duration>().count());
}

Operand text_as_time(const Operand& o) {
  const std::string text = o.scalar().as<std::string>();
  const auto when = parse_timestamp(text);
  if (!when) throw ValueError("a timestamp column is compared with a text that is no time: \"" + text + "\"");
  return Value(*when);
}

}  // namespace

Column compare(Comparison op, const Operand& a, const Operand& b) {
  const std::int64_t n = length_of(a, b, symbol(op));
  if ((a.is_scalar() && a.scalar().is_null()) || (b.is_scalar() && b.scalar().is_null())) return Column::nulls(ColumnType::boolean, n);
  const OperandType x(a), y(b);
  if (x.type == ColumnType::timestamp && b.is_scalar() && y.type == ColumnType::string) return compare(op, a, text_as_time(b));
  if (y.type == ColumnType::timestamp && a.is_scalar() && x.type == ColumnType::string) return compare(turned(op), b, text_as_time(a));
  if (x.type == ColumnType::string && y.type == ColumnType::string) return compare_strings(op, a, b, n);
  if (x.type == y.type && is_temporal(x.type)) return compare_numbers<std::int64_t, std::int64_t>(op, as_count(a), as_count(b), n);
  if (is_numeric(x.type) && is_numeric(y.type)) {
    if (is_floating(x.type) || is_floating(y.type)) {
      const auto narrow = [](OperandType column, OperandType other) {
        return column.type == ColumnType::float32 && !column.scalar && (other.scalar || other.type == ColumnType::float32);
      };
      // A value takes the column's type, or 0.1 would differ from every float32.
      if (narrow(x, y) || narrow(y, x)) return compare_numbers<float, float>(op, a, b, n);
      return compare_numbers<double, double>(op, a, b, n);
    }
    if (is_wide_unsigned(a) && is_wide_unsigned(b)) return compare_numbers<std::uint64_t, std::uint64_t>(op, a, b, n);
    if (is_wide_unsigned(a)) return compare_numbers<std::uint64_t, std::int64_t>(op, a, b, n);
    if (is_wide_unsigned(b)) return compare_numbers<std::int64_t, std::uint64_t>(op, a, b, n);
    return compare_numbers<std::int64_t, std::int64_t>(op, a, b, n);
  }
  if (op != Comparison::equal && op != Comparison::not_equal)
    throw TypeError("there is no order between " + std::string(name(x.type)) + " and " + std::string(name(y.type)));
  Buffer buffer;
  std::fill_n(fresh<bool>(buffer, n), n, op == Comparison::not_equal);
  return Column::from_buffers(ColumnType::boolean, n, std::move(buffer), validity_of(a, b));
}

}  // namespace ashlar::table
