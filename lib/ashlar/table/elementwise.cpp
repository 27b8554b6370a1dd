#include "ashlar/table/elementwise.hpp"

#include <cmath>
#include <unordered_set>

#include "ashlar/table/operand_kernel_detail.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {

std::string_view symbol(Logic op) {
  static constexpr std::string_view symbols[] = {"&", "|", "^"};
  return symbols[static_cast<int>(op)];
}

namespace {

enum Truth : std::uint8_t { no, yes, unknown };

Truth truth(const Operand& o, std::int64_t i) {
  if (o.is_scalar()) return o.scalar().is_null() ? unknown : o.scalar().as<bool>() ? yes : no;
  return o.column().is_null(i) ? unknown : o.column().values<bool>()[static_cast<std::size_t>(i)] ? yes : no;
}

void require_bool(const Operand& o, std::string_view op) {
  const OperandType type(o);
  if (!type.null && type.type != ColumnType::boolean)
    throw TypeError("the operator " + std::string(op) + " wants bool on both sides, found " + std::string(name(type.type)));
}

template <class T, class Fn>
Column map_one(const Column& a, Fn fn) {
  Buffer buffer;
  const T* from = static_cast<const T*>(a.address());
  T* to = fresh<T>(buffer, a.size());
  for (std::int64_t i = 0; i < a.size(); ++i) to[i] = fn(from[i]);
  return Column::from_buffers(a.type(), a.size(), std::move(buffer), validity_copy(a));
}

template <class T>
T negative(T v) {
  if constexpr (std::is_floating_point_v<T>)
    return -v;
  else
    return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(v));
}

[[noreturn]] void wants_numbers(std::string_view what, const Column& a) {
  throw TypeError(std::string(what) + " wants numbers, found " + std::string(name(a.type())));
}

Column valid_as_bool(const Column& a, bool when_valid) {
  Buffer buffer;
  bool* to = fresh<bool>(buffer, a.size());
  for (std::int64_t i = 0; i < a.size(); ++i) to[i] = a.is_valid(i) == when_valid;
  return Column::from_buffers(ColumnType::boolean, a.size(), std::move(buffer));
}

}  // namespace

Column logic(Logic op, const Operand& a, const Operand& b) {
  const std::int64_t n = length_of(a, b, symbol(op));
  require_bool(a, symbol(op));
  require_bool(b, symbol(op));
  FixedBuilder<bool> builder;
  builder.reserve(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const Truth x = truth(a, i), y = truth(b, i);
    const Truth deciding = op == Logic::and_ ? no : yes;
    if (op != Logic::xor_ && (x == deciding || y == deciding))
      builder.append(deciding == yes);
    else if (x == unknown || y == unknown)
      builder.append_null();
    else
      builder.append(op == Logic::xor_ ? x != y : deciding == no);
  }
  return builder.finish();
}

Column invert(const Column& a) {
  require_bool(a, "~");
  return map_one<bool>(a, [](bool b) { return !b; });
}

Column negate(const Column& a) {
  if (a.type() == ColumnType::duration) return map_one<std::int64_t>(a, negative<std::int64_t>);
  if (!is_numeric(a.type()) || a.type() == ColumnType::boolean) wants_numbers("unary minus", a);
  return dispatch_numeric(a.type(), [&]<class T>(std::type_identity<T>) { return map_one<T>(a, negative<T>); });
}

Column absolute(const Column& a) {
  if (a.type() == ColumnType::boolean) return a;
  if (a.type() != ColumnType::duration && !is_numeric(a.type())) wants_numbers("abs", a);
  return dispatch_fixed(a.type(), [&]<class T>(std::type_identity<T>) {
    return map_one<T>(a, [](T v) -> T {
      if constexpr (std::is_floating_point_v<T>)
        return std::fabs(v);
      else
        return v < T{} ? negative(v) : v;
    });
  });
}

Column round(const Column& a, int decimals) {
  if (!is_numeric(a.type())) wants_numbers("round", a);
  if (is_floating(a.type()))
    return dispatch_numeric(a.type(), [&]<class T>(std::type_identity<T>) {
      const double scale = std::pow(10.0, std::abs(decimals));
      return map_one<T>(a, [&](T v) -> T {
        const double d = static_cast<double>(v), scaled = decimals >= 0 ? d * scale : d / scale;
        if (!std::isfinite(scaled)) return v;
        const double rounded = std::nearbyint(scaled);
        return static_cast<T>(decimals >= 0 ? rounded / scale : rounded * scale);
      });
    });
  if (decimals >= 0 || a.type() == ColumnType::boolean) return a;
  return dispatch_numeric(a.type(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      __int128 unit = 1;
      for (int i = 0; i < std::min(-decimals, 30); ++i) unit *= 10;
      return map_one<T>(a, [unit](T v) -> T {
        const __int128 whole = v / unit, rest = v % unit, twice = rest < 0 ? -2 * rest : 2 * rest;
        const bool away = twice > unit || (twice == unit && whole % 2 != 0);
        return static_cast<T>((whole + (away ? (rest < 0 ? -1 : 1) : 0)) * unit);
      });
    } else {
      return a;
    }
  });
}

Column isna(const Column& a) { return valid_as_bool(a, false); }
Column notna(const Column& a) { return valid_as_bool(a, true); }

Column fillna(const Column& a, const Value& value) {
  if (value.is_null()) return a;
  // Also when nothing is missing: whether a program is right must not depend on the data.
  const Column one = Column::from_values(a.type(), {&value, 1});
  if (!a.null_count()) return a;
  const Column both[] = {a, one};
  const Column extended = Column::concat(both);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(a.size()));
  for (std::int64_t i = 0; i < a.size(); ++i) rows[static_cast<std::size_t>(i)] = a.is_valid(i) ? i : a.size();
  return extended.take(rows);
}

Column isin(const Column& a, const Values& values) {
  if (a.type() == ColumnType::category) return isin(a.cast(ColumnType::string), values);
  Buffer buffer;
  bool* to = fresh<bool>(buffer, a.size());
  bool null_wanted = false;
  for (const Value& v : values.v) null_wanted |= v.is_null();
  const auto fill = [&](auto contains) {
    for (std::int64_t i = 0; i < a.size(); ++i) to[i] = a.is_valid(i) ? contains(i) : null_wanted;
  };
  if (a.type() == ColumnType::string) {
    std::unordered_set<std::string_view> wanted;
    for (const Value& v : values.v)
      if (const auto* s = std::get_if<std::string>(&v.variant())) wanted.insert(*s);
    fill([&](std::int64_t i) { return wanted.contains(a.text(i)); });
  } else {
    dispatch_fixed(a.type(), [&]<class T>(std::type_identity<T>) {
      std::unordered_set<T> wanted;
      bool nan_wanted = false;
      for (const Value& v : values.v) {
        if (v.is_null()) continue;
        // Only values that the type holds exactly can be in it.
        if (is_temporal(a.type())) {
          if (v.type() == a.type()) wanted.insert(static_cast<T>(Column::from_values(a.type(), {&v, 1}).template values<std::int64_t>()[0]));
          continue;
        }
        if (!is_numeric(v.type())) continue;
        if constexpr (std::is_floating_point_v<T>) {
          const T d = v.as<T>();
          if (std::isnan(d)) nan_wanted = true;
          wanted.insert(d);
        } else {
          for (const T each : {T{}, static_cast<T>(1)})
            if constexpr (std::is_same_v<T, bool>) {
              if (v.as<double>() == static_cast<double>(each)) wanted.insert(each);
            }
          if constexpr (!std::is_same_v<T, bool>) {
            try {
              wanted.insert(v.as<T>());
            } catch (const ValueError&) {
            }
          }
        }
      }
      const T* from = static_cast<const T*>(a.address());
      fill([&](std::int64_t i) {
        if constexpr (std::is_floating_point_v<T>)
          if (nan_wanted && std::isnan(from[i])) return true;
        return wanted.contains(from[i]);
      });
    });
  }
  return Column::from_buffers(ColumnType::boolean, a.size(), std::move(buffer));
}

Column where(const Column& condition, const Operand& a, const Operand& b) {
  if (condition.type() != ColumnType::boolean) throw TypeError("where wants a bool column as condition, found " + std::string(name(condition.type())));
  const std::int64_t n = condition.size();
  const OperandType x(a), y(b);
  ColumnType type = x.type;
  if (x.null)
    type = y.type;
  else if (!y.null && x.type != y.type)
    type = arithmetic_type(Arithmetic::add, a, b);
  const auto as_column = [&](const Operand& o) {
    if (o.is_scalar()) return Column::full(type, o.scalar(), 1);
    if (o.column().size() != n)
      throw ShapeError("where wants columns as long as its condition: condition " + std::to_string(n) + ", column " + std::to_string(o.column().size()));
    return o.column().cast(type);
  };
  const Column both[] = {as_column(a), as_column(b)};
  const Column joined = Column::concat(both);
  const auto yes_rows = condition.values<bool>();
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const bool chosen = yes_rows[static_cast<std::size_t>(i)];
    rows[static_cast<std::size_t>(i)] = condition.is_null(i) ? -1 : chosen ? (a.is_scalar() ? 0 : i) : both[0].size() + (b.is_scalar() ? 0 : i);
  }
  return joined.take(rows);
}

}  // namespace ashlar::table
