#pragma once
// Columns of random values, made from a list of Values that the test keeps as the truth.

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "ashlar/table/table.hpp"

namespace ashlar::reference {

inline constexpr ColumnType all_types[] = {ColumnType::boolean, ColumnType::int8,    ColumnType::int16,   ColumnType::int32,  ColumnType::int64,
                                           ColumnType::uint8,   ColumnType::uint16,  ColumnType::uint32,  ColumnType::uint64, ColumnType::float32,
                                           ColumnType::float64, ColumnType::string, ColumnType::timestamp, ColumnType::duration};

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(n)); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  ColumnType type() { return all_types[below(14)]; }
  ColumnType number() { return all_types[below(11)]; }

  // Few different values, so that groups and ties are common; now and then an extreme one.
  Value value(ColumnType type) {
    switch (type) {
      case ColumnType::boolean: return one_in(2);
      case ColumnType::float32: return static_cast<double>(static_cast<float>(real()));
      case ColumnType::float64: return real();
      case ColumnType::string: return text();
      case ColumnType::timestamp: return timestamp(duration(below(7) * 86'400'000'000'000 + below(2)));
      case ColumnType::duration: return duration(below(9) - 4);
      case ColumnType::int8: return integer<std::int8_t>();
      case ColumnType::int16: return integer<std::int16_t>();
      case ColumnType::int32: return integer<std::int32_t>();
      case ColumnType::int64: return integer<std::int64_t>();
      case ColumnType::uint8: return integer<std::uint8_t>();
      case ColumnType::uint16: return integer<std::uint16_t>();
      case ColumnType::uint32: return integer<std::uint32_t>();
      default: return integer<std::uint64_t>();
    }
  }
  std::vector<Value> values(ColumnType type, std::int64_t n, bool nulls = true) {
    std::vector<Value> out;
    const bool some = nulls && !one_in(3);
    for (std::int64_t i = 0; i < n; ++i) out.push_back(some && one_in(4) ? Value() : value(type));
    return out;
  }
  /// A column that may be a slice of a larger one: what begins at an offset must work as well.
  Column column(ColumnType type, const std::vector<Value>& values) {
    const std::int64_t before = one_in(2) ? 0 : below(11), after = below(5), n = static_cast<std::int64_t>(values.size());
    std::vector<Value> more = this->values(type, before);
    more.insert(more.end(), values.begin(), values.end());
    const auto rest = this->values(type, after);
    more.insert(more.end(), rest.begin(), rest.end());
    return Column::from_values(type, more).slice(before, before + n);
  }
  std::mt19937_64& engine() { return engine_; }

 private:
  template <class T>
  Value integer() {
    if (one_in(12)) return one_in(2) ? Value(std::numeric_limits<T>::max()) : Value(std::numeric_limits<T>::min());
    return Value(static_cast<T>(std::is_signed_v<T> ? below(11) - 5 : below(6)));
  }
  double real() {
    switch (below(14)) {
      case 0: return std::numeric_limits<double>::quiet_NaN();
      case 1: return one_in(2) ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
      case 2: return -0.0;
      case 3: return 0.0;
      default: return static_cast<double>(below(17) - 8) / 4;
    }
  }
  std::string text() {
    static const char* texts[] = {"", "a", "b", "ab", "Zürich", "a much longer text than the others"};
    return texts[below(6)];
  }
  std::mt19937_64 engine_;
};

/// Null equals null, NaN equals NaN, -0.0 equals 0.0.
inline bool same(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a.variant());
  const auto* y = std::get_if<double>(&b.variant());
  if (x && y && std::isnan(*x) && std::isnan(*y)) return true;
  return a == b;
}

}  // namespace ashlar::reference
