// Keys and sorting of so many rows that the ways for many are taken: a table by value, radix passes that stop early. Against a std::map and
// std::stable_sort.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "ashlar/table/key_index.hpp"
#include "random_columns.hpp"

namespace ashlar::table {
namespace {

using reference::Random;

// One key column: whole numbers close together somewhere, spread whole numbers, texts that repeat or not, truths.
struct KeyKind {
  ColumnType type = ColumnType::int64;
  std::int64_t lowest = 0, width = 1;
  bool texts_are_long = false;

  static KeyKind any(Random& random) {
    static constexpr std::int64_t widths[] = {1, 3, 40, 2000, std::int64_t{1} << 40};
    KeyKind kind;
    kind.width = widths[random.below(5)];
    switch (random.below(5)) {
      case 0:
        kind.type = ColumnType::string;
        kind.texts_are_long = random.one_in(3);
        break;
      case 1:
        kind.type = ColumnType::int8;
        kind.lowest = -128;
        kind.width = std::min<std::int64_t>(kind.width, 256);
        break;
      case 2:
        kind.type = ColumnType::boolean;
        kind.width = 2;
        break;
      case 3:
        kind.type = ColumnType::timestamp;
        break;
      default:
        kind.lowest = random.one_in(2) ? std::numeric_limits<std::int64_t>::min() : -7;
    }
    return kind;
  }
  Value value(Random& random) const {
    const std::int64_t v = lowest + random.below(width);
    switch (type) {
      case ColumnType::string:
        return (texts_are_long ? "a text of more than twelve bytes " : v % 5 == 0 ? "Ö" : "") + std::to_string(v);
      case ColumnType::boolean:
        return v != 0;
      case ColumnType::timestamp:
        return timestamp(duration(v));
      default:
        return v;
    }
  }
};

TEST(KeyIndex, of_many_rows_equals_a_map) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    std::vector<KeyKind> kinds;
    std::vector<ColumnType> types;
    for (std::int64_t k = 1 + random.below(3); k > 0; --k) {
      kinds.push_back(KeyKind::any(random));
      types.push_back(kinds.back().type);
    }
    const bool dropna = random.one_in(2);
    KeyIndex index(types, dropna);
    std::map<std::vector<std::string>, std::uint32_t> wanted;
    for (int batch = 0; batch < 4; ++batch) {
      const std::int64_t n = random.one_in(4) ? random.below(1100) : 1024 + random.below(4000);
      const bool nulls = random.one_in(4);
      std::vector<std::vector<std::string>> rows(static_cast<std::size_t>(n));
      std::vector<bool> dropped(rows.size());
      std::vector<Column> keys;
      for (const KeyKind& kind : kinds) {
        std::vector<Value> values;
        for (std::size_t i = 0; i < rows.size(); ++i) {
          values.push_back(nulls && random.one_in(50) ? Value() : kind.value(random));
          rows[i].push_back(values.back().is_null() ? "null" : "=" + values.back().to_string());
          if (values.back().is_null() && dropna) dropped[i] = true;
        }
        keys.push_back(random.column(kind.type, values));
      }
      std::vector<std::uint32_t> found;
      if (batch == 3) {
        index.find(keys, found);
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const auto at = wanted.find(rows[i]);
          ASSERT_EQ(found[i], dropped[i] || at == wanted.end() ? KeyIndex::dropped : at->second) << "seed " << seed << ", row " << i;
        }
        continue;
      }
      std::vector<std::int64_t> new_rows, wanted_rows;
      index.insert(keys, found, new_rows);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (dropped[i]) {
          ASSERT_EQ(found[i], KeyIndex::dropped) << "seed " << seed << ", row " << i;
          continue;
        }
        const auto [at, is_new] = wanted.emplace(rows[i], static_cast<std::uint32_t>(wanted.size()));
        if (is_new) wanted_rows.push_back(static_cast<std::int64_t>(i));
        ASSERT_EQ(found[i], at->second) << "seed " << seed << ", batch " << batch << ", row " << i;
      }
      ASSERT_EQ(new_rows, wanted_rows) << "seed " << seed;
      ASSERT_EQ(index.size(), wanted.size()) << "seed " << seed;
    }
  }
}

TEST(SortValues, of_many_rows_equals_a_stable_sort) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    const auto n = static_cast<std::size_t>(1 + random.below(6000));
    std::vector<double> values;
    const std::int64_t kind = random.below(5);
    for (std::size_t i = 0; i < n; ++i) {
      const double u = static_cast<double>(random.below(std::int64_t{1} << 53));
      switch (kind) {
        case 0: values.push_back(u / 9e13); break;                                          // differ in the first bits
        case 1: values.push_back(1.0 + u * 1e-16 / 4e15); break;                            // all but the same
        case 2: values.push_back(static_cast<double>(random.below(7)) - 3); break;          // ties
        case 3: values.push_back(random.one_in(2) ? 5.0 : 5.0 + u * 0x1p-105); break;       // long runs that agree above
        default: values.push_back(std::ldexp(u, static_cast<int>(random.below(1800)) - 953) * (random.one_in(2) ? 1 : -1));
      }
    }
    const bool ascending = random.one_in(2);
    std::vector<std::int64_t> wanted(n);
    std::iota(wanted.begin(), wanted.end(), std::int64_t{0});
    std::stable_sort(wanted.begin(), wanted.end(), [&](std::int64_t a, std::int64_t b) {
      const double x = values[static_cast<std::size_t>(a)], y = values[static_cast<std::size_t>(b)];
      return ascending ? x < y : y < x;
    });
    const Column key(values);
    ASSERT_EQ(rows_in_order({&key, 1}, {ascending}, true), wanted) << "seed " << seed << ", kind " << kind << ", rows " << n;
  }
}

TEST(TakeOfTexts, equals_taking_one_after_the_other) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    std::vector<Value> values;
    for (std::int64_t i = random.below(400); i >= 0; --i)
      values.push_back(random.one_in(9) ? Value() : Value(std::string(static_cast<std::size_t>(random.below(random.one_in(3) ? 60 : 18)), static_cast<char>('a' + i % 26))));
    const Column column = random.column(ColumnType::string, values);
    std::vector<std::int64_t> rows;
    std::vector<Value> wanted;
    for (std::int64_t i = random.below(900); i > 0; --i) {
      rows.push_back(random.below(column.size() + 1) - 1);
      wanted.push_back(rows.back() < 0 ? Value() : values[static_cast<std::size_t>(rows.back())]);
    }
    ASSERT_EQ(column.take(rows), Column::from_values(ColumnType::string, wanted)) << "seed " << seed;
    ASSERT_THROW(column.take(std::vector<std::int64_t>{0, column.size()}), IndexError);
  }
}

}  // namespace
}  // namespace ashlar::table
