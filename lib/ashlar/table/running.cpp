#include "ashlar/table/running.hpp"

#include <algorithm>
#include <cmath>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/elementwise.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

constexpr const char* names[] = {"cumsum", "cumprod", "cummin", "cummax"};

// fn(held, value) -> what is held then, over the valid elements; `first` is what is held at the start, if anything.
template <class T, class Fn>
Column run(const Column& column, ColumnType type, std::optional<T> held, Fn fn) {
  const Column from = column.cast(type);
  const T* values = static_cast<const T*>(from.address());
  Buffer buffer;
  T* to = fresh<T>(buffer, column.size());
  for (std::int64_t i = 0; i < column.size(); ++i) {
    if (column.is_null(i)) {
      to[i] = T{};
      continue;
    }
    held = held ? fn(*held, values[i]) : values[i];
    to[i] = *held;
  }
  return Column::from_buffers(type, column.size(), std::move(buffer), validity_copy(column));
}

// What rounding takes from the sum is added to what is shown (two-sum).
Column float_sums(const Column& column, ColumnType type, double before) {
  const Column from = column.cast(ColumnType::float64);
  const auto values = from.values<double>();
  Buffer buffer;
  double* to = fresh<double>(buffer, column.size());
  double sum = before, lost = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    to[i] = 0;
    if (column.is_null(static_cast<std::int64_t>(i))) continue;
    const double total = sum + values[i], part = total - sum;
    lost += (sum - (total - part)) + (values[i] - part);
    sum = total;
    to[i] = std::isfinite(sum + lost) ? sum + lost : sum;
  }
  return Column::from_buffers(ColumnType::float64, column.size(), std::move(buffer), validity_copy(column)).cast(type);
}

template <class T>
std::optional<T> bits_of(const Value& v, ColumnType type) {
  if (v.is_null()) return std::nullopt;
  return *static_cast<const T*>(Column::from_values(type, {&v, 1}).address());
}

}  // namespace

ColumnType cumulative_type(Cumulative op, ColumnType type) {
  const bool adds = op == Cumulative::sum || op == Cumulative::prod;
  if (adds && (is_integer(type) || type == ColumnType::boolean)) return is_unsigned_integer(type) ? ColumnType::uint64 : ColumnType::int64;
  if (is_numeric(type) || (type == ColumnType::duration && op != Cumulative::prod) || (type == ColumnType::timestamp && !adds)) return type;
  throw TypeError("there is no " + std::string(names[static_cast<int>(op)]) + " of a " + std::string(name(type)) + " column");
}

Column cumulative(Cumulative op, const Column& column, const Value& before) {
  const ColumnType type = cumulative_type(op, column.type());
  if (op == Cumulative::sum && is_floating(type)) return float_sums(column, type, before.is_null() ? 0.0 : before.as<double>());
  return dispatch_fixed(type, [&]<class T>(std::type_identity<T>) {
    return run<T>(column, type, bits_of<T>(before, type), [op](T held, T value) -> T {
      if constexpr (std::is_floating_point_v<T>) {
        if (op != Cumulative::prod) {
          if (std::isnan(held) || std::isnan(value)) return std::numeric_limits<T>::quiet_NaN();
          return op == Cumulative::min ? std::min(held, value) : std::max(held, value);
        }
        return held * value;
      } else {
        // Sums and products wrap, which is defined for unsigned numbers only.
        switch (op) {
          case Cumulative::sum:
            return static_cast<T>(static_cast<std::uint64_t>(held) + static_cast<std::uint64_t>(value));
          case Cumulative::prod:
            return static_cast<T>(static_cast<std::uint64_t>(held) * static_cast<std::uint64_t>(value));
          case Cumulative::min:
            return std::min(held, value);
          case Cumulative::max:
            break;
        }
        return std::max(held, value);
      }
    });
  });
}

Value cumulative_total(Cumulative op, const Column& column) {
  const Column running = cumulative(op, column);
  for (std::int64_t i = running.size(); i-- > 0;)
    if (running.is_valid(i)) return running.value(i);
  return {};
}

Column shift(const Column& column, std::int64_t periods, const Column& border) {
  const std::int64_t n = column.size(), moved = std::min(periods < 0 ? -periods : periods, n), k = periods < 0 ? -periods : periods;
  // Rows of the border that come in: those nearest, as many as the column has places for.
  const std::int64_t from_border = std::max<std::int64_t>(0, std::min(moved, border.size() - (k - moved)));
  const Column missing = Column::nulls(column.type(), moved - from_border);
  if (periods >= 0) {
    const std::int64_t end = border.size() - (k - moved);
    const Column parts[] = {missing, from_border ? border.slice(end - from_border, end) : border.slice(0, 0), column.slice(0, n - moved)};
    return Column::concat(parts);
  }
  const std::int64_t begin = k - moved;
  const Column parts[] = {column.slice(moved, n), from_border ? border.slice(begin, begin + from_border) : border.slice(0, 0), missing};
  return Column::concat(parts);
}

Column fill_from_neighbours(const Column& column, bool backward, const Value& border) {
  if (!column.null_count()) return column;
  const std::int64_t n = column.size();
  const Column both[] = {column, border.is_null() ? Column::nulls(column.type(), 1) : Column::full(column.type(), border, 1)};
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  std::int64_t last = n;  // the border
  for (std::int64_t k = 0; k < n; ++k) {
    const std::int64_t i = backward ? n - 1 - k : k;
    if (column.is_valid(i)) last = i;
    rows[static_cast<std::size_t>(i)] = last;
  }
  return Column::concat(both).take(rows);
}

Column clip(const Column& column, const Value& lower, const Value& upper) {
  if (!is_numeric(column.type()) && !is_temporal(column.type()))
    throw TypeError("clip wants numbers or times, found " + std::string(name(column.type())));
  return dispatch_fixed(column.type(), [&]<class T>(std::type_identity<T>) {
    const auto low = bits_of<T>(lower, column.type()), high = bits_of<T>(upper, column.type());
    if (low && high && *high < *low)
      throw ValueError("clip wants lower <= upper, found " + lower.to_string() + " and " + upper.to_string());
    const T* from = static_cast<const T*>(column.address());
    Buffer buffer;
    T* to = fresh<T>(buffer, column.size());
    for (std::int64_t i = 0; i < column.size(); ++i) {
      T value = from[i];
      if (low && value < *low) value = *low;
      if (high && *high < value) value = *high;
      to[i] = value;
    }
    return Column::from_buffers(column.type(), column.size(), std::move(buffer), validity_copy(column));
  });
}

}  // namespace ashlar::table
