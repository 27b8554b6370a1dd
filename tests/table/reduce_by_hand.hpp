#pragma once
// Reductions of a list of Values by their definition, in long double; the truth for aggregations and group-bys.

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "random_columns.hpp"

namespace ashlar::reference {

inline bool before(const Value& a, const Value& b) {
  switch (a.type()) {
    case ColumnType::string: return a.as<std::string>() < b.as<std::string>();
    case ColumnType::timestamp: return a.as<timestamp>() < b.as<timestamp>();
    case ColumnType::duration: return a.as<duration>() < b.as<duration>();
    case ColumnType::boolean: return !a.as<bool>() && b.as<bool>();
    case ColumnType::float64: return a.as<double>() < b.as<double>();
    default: break;
  }
  if (a.type() != b.type()) return b.type() == ColumnType::uint64;
  return a.type() == ColumnType::uint64 ? a.as<std::uint64_t>() < b.as<std::uint64_t>() : a.as<std::int64_t>() < b.as<std::int64_t>();
}

inline long double real(const Value& v) {
  switch (v.type()) {
    case ColumnType::timestamp: return static_cast<long double>(v.as<timestamp>().time_since_epoch().count());
    case ColumnType::duration: return static_cast<long double>(v.as<duration>().count());
    case ColumnType::float64: return v.as<double>();
    case ColumnType::uint64: return static_cast<long double>(v.as<std::uint64_t>());
    default: return static_cast<long double>(v.as<std::int64_t>());
  }
}

inline Value reduce(std::string_view function, ColumnType type, const std::vector<Value>& all) {
  std::vector<Value> values;
  for (const Value& v : all)
    if (!v.is_null()) values.push_back(v);
  const auto n = static_cast<long double>(values.size());
  if (function == "size") return all.size();
  if (function == "count") return values.size();
  if (function == "nunique") {
    std::vector<Value> different;
    for (const Value& v : values)
      if (std::none_of(different.begin(), different.end(), [&](const Value& d) { return same(d, v); })) different.push_back(v);
    return different.size();
  }
  if (function == "any") return std::any_of(values.begin(), values.end(), [](const Value& v) { return real(v) != 0; });
  if (function == "all") return std::all_of(values.begin(), values.end(), [](const Value& v) { return real(v) != 0; });
  if (function == "sum") {
    if (is_integer(type) || type == ColumnType::boolean || type == ColumnType::duration) {
      __int128 sum = 0;
      for (const Value& v : values)
        sum += v.type() == ColumnType::uint64 ? static_cast<__int128>(v.as<std::uint64_t>()) : v.type() == ColumnType::duration ? v.as<duration>().count() : v.as<std::int64_t>();
      if (type == ColumnType::duration) return duration(static_cast<std::int64_t>(sum));
      if (is_unsigned_integer(type)) return static_cast<std::uint64_t>(sum);
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum));
    }
    long double sum = 0;
    for (const Value& v : values) sum += real(v);
    return static_cast<double>(sum);
  }
  if (function == "prod") {
    if (is_floating(type)) {
      long double product = 1;
      for (const Value& v : values) product *= real(v);
      return static_cast<double>(product);
    }
    std::uint64_t product = 1;
    for (const Value& v : values) product *= v.type() == ColumnType::uint64 ? v.as<std::uint64_t>() : static_cast<std::uint64_t>(v.as<std::int64_t>());
    if (is_unsigned_integer(type)) return product;
    return static_cast<std::int64_t>(product);
  }
  if (values.empty()) return {};
  if (function == "first") return values.front();
  if (function == "last") return values.back();
  if (function == "min" || function == "max") {
    Value best = values[0];
    for (const Value& v : values) {
      if (v.type() == ColumnType::float64 && std::isnan(v.as<double>())) return v;
      if (function == "min" ? before(v, best) : before(best, v)) best = v;
    }
    return best;
  }
  if (function == "median" || function == "quantile") {
    for (const Value& v : values)
      if (v.type() == ColumnType::float64 && std::isnan(v.as<double>())) return v;
    std::stable_sort(values.begin(), values.end(), before);
    const Value &a = values[(values.size() - 1) / 2], &b = values[values.size() / 2];
    if (type == ColumnType::timestamp) return a.as<timestamp>() + (b.as<timestamp>() - a.as<timestamp>()) / 2;
    if (type == ColumnType::duration) return a.as<duration>() + (b.as<duration>() - a.as<duration>()) / 2;
    return static_cast<double>((real(a) + real(b)) / 2);
  }
  long double sum = 0;
  for (const Value& v : values) sum += real(v);
  if (is_integer(type)) {
    // A long double has 64 bits: sums of several extremes do not fit.
    __int128 exact = 0;
    for (const Value& v : values) exact += v.type() == ColumnType::uint64 ? static_cast<__int128>(v.as<std::uint64_t>()) : v.as<std::int64_t>();
    sum = static_cast<long double>(exact);
  }
  const long double mean = sum / n;
  if (function == "mean") {
    if (type == ColumnType::timestamp) return timestamp(duration(static_cast<std::int64_t>(mean)));
    if (type == ColumnType::duration) return duration(static_cast<std::int64_t>(mean));
    return static_cast<double>(mean);
  }
  if (values.size() < 2) return {};
  long double squares = 0;
  for (const Value& v : values) squares += (real(v) - mean) * (real(v) - mean);
  const long double variance = squares / (n - 1);
  return static_cast<double>(function == "var" ? variance : std::sqrt(variance));
}

/// `same`, with room for the rounding of floats.
inline bool nearly(const Value& found, const Value& wanted) {
  const auto* x = std::get_if<double>(&found.variant());
  const auto* y = std::get_if<double>(&wanted.variant());
  if (x && y && std::isfinite(*x) && std::isfinite(*y)) return std::fabs(*x - *y) <= 1e-6 * std::max({1.0, std::fabs(*x), std::fabs(*y)});
  return same(found, wanted);
}

}  // namespace ashlar::reference
