#include "ashlar/table/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "random_columns.hpp"

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using reference::Random;
using std::nullopt;

Table three() {
  return Table({{"name", std::vector<std::string>{"Abu", "Ata", "Ada"}},
                {"height", std::vector<std::int64_t>{641, 811, 1442}},
                {"year", std::vector<std::optional<std::int64_t>>{-6850, nullopt, 1986}}});
}

TEST(Table, gives_columns_as_vectors_by_reference_that_stay) {
  const Table t = three();

  auto& heights = t.column<double>("height");
  const Table copy = t;
  EXPECT_EQ(heights, (std::vector<double>{641, 811, 1442}));
  EXPECT_EQ(&copy.column<double>("height"), &heights);
  EXPECT_EQ(t.column<std::string>("name")[1], "Ata");
  EXPECT_TRUE(std::isnan(t.column<double>("year")[1]));
  EXPECT_EQ(three().column<std::int64_t>("height").size(), 3u);
}

TEST(Table, says_which_columns_there_are_and_how_to_see_nulls) {
  const Table t = three();
  try {
    t.column<double>("hight");
    FAIL();
  } catch (const KeyError& e) {
    EXPECT_STREQ(e.what(), "no such column: \"hight\"; the table has name, height, year");
  }
  try {
    t.column<std::int64_t>("year");
    FAIL();
  } catch (const ValueError& e) {
    EXPECT_THAT(e.what(), HasSubstr("1 nulls in 3 rows"));
    EXPECT_THAT(e.what(), HasSubstr("is_valid"));
  }
}

TEST(Table, refuses_columns_that_do_not_fit_together) {
  EXPECT_THROW(Table({{"a", std::vector<int>{1}}, {"b", std::vector<int>{1, 2}}}), ShapeError);
  EXPECT_THROW(Table({{"a", std::vector<int>{1}}, {"a", std::vector<int>{1}}}), ValueError);
  EXPECT_THROW(three().with_column("x", std::vector<int>{1}), ShapeError);
}

TEST(Table, selects_rows_and_columns) {
  const Table t = three();

  EXPECT_EQ(t.head(2), t.slice(0, 2));
  EXPECT_EQ(t.head(-1), t.slice(0, 2));
  EXPECT_EQ(t.head(9), t);
  EXPECT_EQ(t.tail(1), t.slice(2, 3));
  EXPECT_EQ(t.tail(-2), t.slice(2, 3));
  EXPECT_EQ(t.head(-5).nrows(), 0);
  EXPECT_EQ(t.select({"year", "name"}).columns(), (std::vector<std::string>{"year", "name"}));
  EXPECT_EQ(t.drop("height").columns(), (std::vector<std::string>{"name", "year"}));
  EXPECT_EQ(t.select(Names{}).nrows(), 3);
  EXPECT_EQ(t.filter(Column(std::vector<std::optional<bool>>{true, nullopt, false})), t.head(1));
  EXPECT_THROW(t.filter(Column(std::vector<bool>{true})), ShapeError);
  EXPECT_EQ(t.with_column("height", std::vector<double>{1, 2, 3}).dtypes()[1], ColumnType::float64);
  EXPECT_EQ(t.with_column("new", std::vector<double>{1, 2, 3}).ncols(), 4);
  EXPECT_FALSE(t == t.head(2));
}

TEST(Table, concat_wants_the_same_columns) {
  const Table t = three();
  const Table parts[] = {t.head(1), t.head(0), t.tail(2)};
  EXPECT_EQ(Table::concat(parts), t);
  const Table other[] = {t, t.drop("year")};
  EXPECT_THROW(Table::concat(other), TypeError);
}

TEST(Table, rows_of_several_parts_are_those_of_the_parts_together) {
  Random random(11);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::vector<Table> parts;
    for (auto k = 1 + random.below(5); k > 0; --k) {
      const std::int64_t n = random.below(30);
      const bool nulls = random.one_in(4);
      std::vector<std::string> names;
      std::vector<Column> columns;
      for (const ColumnType type : {ColumnType::boolean, ColumnType::int16, ColumnType::float32, ColumnType::int64, ColumnType::string}) {
        names.push_back(std::string(name(type)));
        columns.push_back(random.column(type, random.values(type, n, nulls)));
      }
      names.push_back("category");
      columns.push_back(columns[4].cast(ColumnType::category));
      parts.emplace_back(std::move(names), std::move(columns));
    }
    const Table together = Table::concat(parts);
    std::vector<std::int64_t> rows;
    if (together.nrows() > 0)
      for (int i = 0; i < 50; ++i) rows.push_back(random.below(together.nrows()));
    ASSERT_EQ(table::take(parts, rows), together.take(rows));
    EXPECT_THROW(table::take(parts, std::vector<std::int64_t>{together.nrows()}), IndexError);
  }
}

TEST(Table, crosses_the_wire) {
  for (const Table& t : {three(), three().slice(1, 3), three().head(0), Table(), three().select(Names{})}) {
    Writer out;
    t.encode(out);
    const Parcel parcel = std::move(out).take();
    Reader in(parcel);
    EXPECT_EQ(Table::decode(in), t);
    EXPECT_TRUE(in.at_end());
  }
}

TEST(SortValues, keeps_equal_rows_in_order_and_puts_nulls_where_asked) {
  const Table t({{"k", std::vector<std::optional<std::int64_t>>{2, nullopt, 1, 2, 1}}, {"i", std::vector<std::int64_t>{0, 1, 2, 3, 4}}});
  const auto order = [&](const SortOptions& options) { return t.sort_values("k", options).column<std::int64_t>("i"); };

  EXPECT_EQ(order({}), (std::vector<std::int64_t>{2, 4, 0, 3, 1}));
  EXPECT_EQ(order({.ascending = false}), (std::vector<std::int64_t>{0, 3, 2, 4, 1}));
  EXPECT_EQ(order({.na_position = "first"}), (std::vector<std::int64_t>{1, 2, 4, 0, 3}));
  EXPECT_EQ(t.sort_values({"k", "i"}, {.ascending = {true, false}}).column<std::int64_t>("i"), (std::vector<std::int64_t>{4, 2, 3, 0, 1}));
  EXPECT_THROW(order({.na_position = "middle"}), ValueError);
  EXPECT_THROW(t.sort_values({"k", "i"}, {.ascending = {true, false, true}}), ValueError);
  EXPECT_THROW(t.sort_values("x"), KeyError);
}

// -1, 0, 1; NaN after numbers in either direction.
int compare(const Value& a, const Value& b, bool ascending) {
  return std::visit(
      [&](const auto& x) -> int {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return 0;
        } else {
          T y;
          if constexpr (std::is_same_v<T, double>) {
            y = b.as<double>();
            if (std::isnan(x) || std::isnan(y)) return std::isnan(x) - std::isnan(y);
          } else if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t>) {
            // Values of one uint64 column are of either kind.
            const bool large_a = a.type() == ColumnType::uint64, large_b = b.type() == ColumnType::uint64;
            if (large_a != large_b) return (large_a ? 1 : -1) * (ascending ? 1 : -1);
            y = b.as<T>();
          } else {
            y = b.as<T>();
          }
          const int sign = x < y ? -1 : y < x ? 1 : 0;
          return ascending ? sign : -sign;
        }
      },
      a.variant());
}

TEST(SortValues, equals_an_insertion_sort_of_rows) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    // Now and then so many that keys are sorted by radix.
    const std::int64_t n = seed % 50 == 0 ? 300 + random.below(300) : random.below(60);
    const std::size_t nkeys = 1 + static_cast<std::size_t>(random.below(3));
    std::vector<std::vector<Value>> keys;
    std::vector<std::string> names;
    std::vector<Column> columns;
    std::vector<bool> ascending;
    for (std::size_t k = 0; k < nkeys; ++k) {
      const ColumnType type = random.type();
      keys.push_back(random.values(type, n));
      columns.push_back(random.column(type, keys.back()));
      names.push_back("k" + std::to_string(k));
      ascending.push_back(random.one_in(2));
    }
    const bool nulls_last = random.one_in(2);
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < n; ++row) {
      auto at = rows.end();
      const auto before = [&](std::int64_t a, std::int64_t b) {
        for (std::size_t k = 0; k < nkeys; ++k) {
          const Value &x = keys[k][static_cast<std::size_t>(a)], &y = keys[k][static_cast<std::size_t>(b)];
          if (x.is_null() != y.is_null()) return x.is_null() != nulls_last;
          if (const int c = compare(x, y, ascending[k])) return c < 0;
        }
        return false;
      };
      while (at != rows.begin() && before(row, at[-1])) --at;
      rows.insert(at, row);
    }
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(n));
    std::iota(numbers.begin(), numbers.end(), 0);
    const Table t = Table(names, columns).with_column("row", numbers);

    const Table sorted = t.sort_values(names, {.ascending = ascending, .na_position = nulls_last ? "last" : "first"});

    ASSERT_EQ(sorted.column<std::int64_t>("row"), rows);
  }
}

TEST(SortValues, orders_texts_by_their_bytes_however_long_they_are) {
  std::vector<std::string> texts = {"", std::string(1, '\0'), "a", std::string("a\0", 2), std::string("a\0\0", 3), "ab", "\xff", "12345678", "123456789", "Zürich"};
  for (int i = 0; i < 2000; ++i) texts.push_back("id" + std::string(static_cast<std::size_t>(i % 19), '0') + std::to_string(i * 7919 % 1000));
  const Table sorted = Table({{"s", texts}}).sort_values("s");
  std::stable_sort(texts.begin(), texts.end());
  EXPECT_EQ(sorted.column<std::string>("s"), texts);
}

TEST(SortValues, finds_room_for_nulls_beside_numbers_of_the_full_range) {
  std::vector<std::optional<std::uint64_t>> numbers = {~std::uint64_t{0}, 0, std::nullopt, 1, std::nullopt};
  const Table t({{"u", numbers}, {"i", std::vector<std::int64_t>{0, 1, 2, 3, 4}}});
  EXPECT_EQ(t.sort_values("u", {.ascending = false}).column<std::int64_t>("i"), (std::vector<std::int64_t>{0, 3, 1, 2, 4}));
  EXPECT_EQ(t.sort_values({"u", "i"}, {.ascending = {true, false}, .na_position = "first"}).column<std::int64_t>("i"),
            (std::vector<std::int64_t>{4, 2, 1, 3, 0}));
}

}  // namespace
}  // namespace ashlar
