#include <cmath>

#include "ashlar/table/operand_kernel_detail.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {

std::string_view symbol(Arithmetic op) {
  static constexpr std::string_view symbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  return symbols[static_cast<int>(op)];
}

namespace {

[[noreturn]] void no_such(Arithmetic op, OperandType a, OperandType b) {
  throw TypeError("there is no " + std::string(name(a.type)) + " " + std::string(symbol(op)) + " " + std::string(name(b.type)));
}

// NumPy 2: a Python number keeps the column's type unless it is of a higher kind.
ColumnType common_type(OperandType a, OperandType b) {
  if (a.scalar == b.scalar) return promote(a.type, b.type);
  const ColumnType column = a.scalar ? b.type : a.type, value = a.scalar ? a.type : b.type;
  if (value == ColumnType::boolean) return column;
  if (is_floating(value)) return is_floating(column) ? column : ColumnType::float64;
  return column == ColumnType::boolean ? ColumnType::int64 : column;
}

ColumnType temporal_type(Arithmetic op, OperandType a, OperandType b) {
  using enum ColumnType;
  const bool a_time = a.type == timestamp, b_time = b.type == timestamp, a_span = a.type == duration, b_span = b.type == duration;
  if (op == Arithmetic::subtract && a_time && b_time) return duration;
  if ((op == Arithmetic::add && ((a_time && b_span) || (a_span && b_time))) || (op == Arithmetic::subtract && a_time && b_span)) return timestamp;
  if (a_span && b_span) {
    if (op == Arithmetic::divide) return float64;
    if (op == Arithmetic::floor_divide) return int64;
    if (op != Arithmetic::multiply && op != Arithmetic::power) return duration;
  }
  const bool number = (a_span && is_numeric(b.type) && b.type != boolean) || (op == Arithmetic::multiply && b_span && is_numeric(a.type) && a.type != boolean);
  if (number && (op == Arithmetic::multiply || op == Arithmetic::divide || op == Arithmetic::floor_divide)) return duration;
  no_such(op, a, b);
}

// Wrapping on overflow is defined for unsigned integers only.
template <class T>
using unsigned_of = std::make_unsigned_t<T>;

template <class T>
T remainder_of(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    T m = std::fmod(a, b);
    if (b == 0) return m;
    if (m == 0) return std::copysign(T{0}, b);
    return (b < 0) != (m < 0) ? m + b : m;
  } else {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return 0;
      const T m = static_cast<T>(a % b);
      return static_cast<T>(m != 0 && ((m < 0) != (b < 0)) ? m + b : m);
    } else {
      return static_cast<T>(a % b);
    }
  }
}

template <class T>
T floor_quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (b == 0) return a / b;
    const T m = std::fmod(a, b);
    T quotient = (a - m) / b;
    if (m != 0 && (b < 0) != (m < 0)) quotient -= 1;
    if (quotient == 0) return std::copysign(T{0}, a / b);
    const T floored = std::floor(quotient);
    return quotient - floored > T(0.5) ? floored + 1 : floored;
  } else {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return static_cast<T>(unsigned_of<T>{0} - static_cast<unsigned_of<T>>(a));
      const T quotient = static_cast<T>(a / b);
      return static_cast<T>(a % b != 0 && ((a < 0) != (b < 0)) ? quotient - 1 : quotient);
    } else {
      return static_cast<T>(a / b);
    }
  }
}

template <class T>
T power_of(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::pow(a, b);
  } else {
    if constexpr (std::is_signed_v<T>)
      if (b < 0) return 0;  // only under nulls: require_whole_powers saw the others
    std::uint64_t result = 1, square = static_cast<std::uint64_t>(a);
    for (auto left = static_cast<std::uint64_t>(b); left; left >>= 1, square *= square)
      if (left & 1) result *= square;
    return static_cast<T>(result);
  }
}

template <class T>
Column numbers(Arithmetic op, const Operand& a, const Operand& b, std::int64_t n, ColumnType type, ColumnType result) {
  const auto map = [&](auto fn) { return map_both<T, T>(a, b, n, type, result, fn); };
  switch (op) {
    case Arithmetic::add:
      return map([](T x, T y) -> T {
        if constexpr (std::is_floating_point_v<T>)
          return x + y;
        else
          return static_cast<T>(static_cast<std::uint64_t>(x) + static_cast<std::uint64_t>(y));
      });
    case Arithmetic::subtract:
      return map([](T x, T y) -> T {
        if constexpr (std::is_floating_point_v<T>)
          return x - y;
        else
          return static_cast<T>(static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(y));
      });
    case Arithmetic::multiply:
      return map([](T x, T y) -> T {
        if constexpr (std::is_floating_point_v<T>)
          return x * y;
        else
          return static_cast<T>(static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(y));
      });
    case Arithmetic::divide:
      if constexpr (std::is_floating_point_v<T>) return map([](T x, T y) -> T { return x / y; });
      throw InternalError("division of integers reached the integer kernel");
    case Arithmetic::floor_divide: return map([](T x, T y) -> T { return floor_quotient(x, y); });
    case Arithmetic::remainder: return map([](T x, T y) -> T { return remainder_of(x, y); });
    case Arithmetic::power: return map([](T x, T y) -> T { return power_of(x, y); });
  }
  throw InternalError("unknown arithmetic");
}

Column booleans(Arithmetic op, const Operand& a, const Operand& b, std::int64_t n) {
  const auto map = [&](auto fn) { return map_both<bool, bool>(a, b, n, ColumnType::boolean, ColumnType::boolean, fn); };
  return op == Arithmetic::add ? map([](bool x, bool y) { return x || y; }) : map([](bool x, bool y) { return x && y; });
}

Column strings(const Operand& a, const Operand& b, std::int64_t n) {
  StringBuilder builder;
  builder.reserve(n);
  const auto part = [](const Operand& o, std::int64_t i) -> std::string { return o.is_scalar() ? o.scalar().as<std::string>() : std::string(o.column().text(i)); };
  const auto valid = [](const Operand& o, std::int64_t i) { return o.is_scalar() || o.column().is_valid(i); };
  for (std::int64_t i = 0; i < n; ++i) valid(a, i) && valid(b, i) ? builder.append(part(a, i) + part(b, i)) : builder.append_null();
  return builder.finish();
}

void require_whole_powers(const Operand& exponent) {
  const auto refuse = [](const Value& v) { throw ValueError("integers to negative integer powers are not whole, found the exponent " + v.to_string() + "; take floats"); };
  if (exponent.is_scalar()) {
    if (exponent.scalar().as<double>() < 0) refuse(exponent.scalar());
    return;
  }
  const Column negative = compare(Comparison::less, exponent, Value(0));
  for (std::int64_t i = 0; i < negative.size(); ++i)
    if (negative.is_valid(i) && negative.values<bool>()[static_cast<std::size_t>(i)]) refuse(exponent.column().value(i));
}

// Times are counted in int64 nanoseconds; numbers that are not whole multiply and divide in double.
Operand counted(const Operand& operand) {
  if (!operand.is_scalar()) return is_temporal(operand.column().type()) ? Operand(operand.column().cast(ColumnType::int64)) : operand;
  const Value& v = operand.scalar();
  if (!v.is_null() && v.type() == ColumnType::timestamp) return Value(v.as<timestamp>().time_since_epoch().count());
  if (!v.is_null() && v.type() == ColumnType::duration) return Value(v.as<duration>().count());
  return operand;
}

Column temporal(Arithmetic op, const Operand& a, const Operand& b, std::int64_t n, ColumnType result) {
  const Operand x = counted(a), y = counted(b);
  const bool real = is_floating(OperandType(a).type) || is_floating(OperandType(b).type);
  if (result == ColumnType::float64) return numbers<double>(op, x, y, n, ColumnType::float64, result);
  if (!real && op != Arithmetic::divide) return numbers<std::int64_t>(op, x, y, n, ColumnType::int64, result);
  const Column exact = numbers<double>(op, x, y, n, ColumnType::float64, ColumnType::float64);
  const auto from = exact.values<double>();
  FixedBuilder<std::int64_t> builder(result);
  builder.reserve(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const double d = from[static_cast<std::size_t>(i)];
    // Division by zero and NaN have no duration.
    if (exact.is_null(i) || !(std::fabs(d) < 0x1p63))
      builder.append_null();
    else
      builder.append(static_cast<std::int64_t>(d));
  }
  return builder.finish();
}

}  // namespace

ColumnType arithmetic_type(Arithmetic op, OperandType a, OperandType b) {
  if (a.null) a.type = b.type == ColumnType::timestamp && op == Arithmetic::add ? ColumnType::duration : b.type;
  if (b.null) b.type = a.type == ColumnType::timestamp && op == Arithmetic::add ? ColumnType::duration : a.type;
  if (a.type == ColumnType::string && b.type == ColumnType::string && op == Arithmetic::add) return ColumnType::string;
  if (is_temporal(a.type) || is_temporal(b.type)) return temporal_type(op, a, b);
  if (!is_numeric(a.type) || !is_numeric(b.type)) no_such(op, a, b);
  const ColumnType common = common_type(a, b);
  if (op == Arithmetic::divide) return is_floating(common) ? common : ColumnType::float64;
  if (common == ColumnType::boolean && op != Arithmetic::add && op != Arithmetic::multiply) no_such(op, a, b);
  return common;
}

Column arithmetic(Arithmetic op, const Operand& a, const Operand& b) {
  const std::int64_t n = length_of(a, b, symbol(op));
  const ColumnType result = arithmetic_type(op, a, b);
  if ((a.is_scalar() && a.scalar().is_null()) || (b.is_scalar() && b.scalar().is_null())) return Column::nulls(result, n);
  if (result == ColumnType::string) return strings(a, b, n);
  if (is_temporal(OperandType(a).type) || is_temporal(OperandType(b).type)) return temporal(op, a, b, n, result);
  if (result == ColumnType::boolean) return booleans(op, a, b, n);
  if (op == Arithmetic::power && is_integer(result)) require_whole_powers(b);
  return dispatch_numeric(result, [&]<class T>(std::type_identity<T>) -> Column {
    if constexpr (std::is_same_v<T, bool>)
      throw InternalError("bool reached the number kernel");
    else
      return numbers<T>(op, a, b, n, result, result);
  });
}

}  // namespace ashlar::table
