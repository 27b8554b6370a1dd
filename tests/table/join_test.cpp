#include "ashlar/table/join.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "ashlar/table/key_index.hpp"
#include "random_columns.hpp"

namespace ashlar::table {
namespace {

using reference::Random;
using reference::same;
using std::nullopt;

Join on(std::string_view kind, std::vector<std::string> keys) {
  Join how;
  how.kind = join_kind_from_name(kind);
  how.left_on = how.right_on = std::move(keys);
  return how;
}

const Table countries({{"country", std::vector<std::optional<std::string>>{"Japan", "Chile", nullopt, "Japan"}},
                       {"height", std::vector<std::int64_t>{641, 6023, 1, 3776}}});
const Table continents({{"country", std::vector<std::optional<std::string>>{"Chile", "Japan", "Italy"}},
                        {"continent", std::vector<std::string>{"America", "Asia", "Europe"}}});

TEST(Join, keeps_the_order_of_the_left_rows_and_names_the_key_once) {
  const Table out = join(countries, continents, on("inner", {"country"}));
  EXPECT_EQ(out, Table({{"country", std::vector<std::string>{"Japan", "Chile", "Japan"}},
                        {"height", std::vector<std::int64_t>{641, 6023, 3776}},
                        {"continent", std::vector<std::string>{"Asia", "America", "Asia"}}}));
}

TEST(Join, outer_ends_with_the_right_rows_without_partner_and_fills_their_key) {
  Join how = on("outer", {"country"});
  how.indicator = true;
  const Table out = join(countries, continents, how);
  EXPECT_EQ(out["country"], Column(std::vector<std::optional<std::string>>{"Japan", "Chile", nullopt, "Japan", "Italy"}));
  EXPECT_EQ(out["height"], Column(std::vector<std::optional<std::int64_t>>{641, 6023, 1, 3776, nullopt}));
  EXPECT_EQ(out["continent"], Column(std::vector<std::optional<std::string>>{"Asia", "America", nullopt, "Asia", "Europe"}));
  EXPECT_EQ(out["_merge"], Column(std::vector<std::string>{"both", "both", "left_only", "both", "right_only"}));
}

TEST(Join, right_keeps_the_order_of_the_right_rows) {
  const Table out = join(countries, continents, on("right", {"country"}));
  EXPECT_EQ(out["country"], Column(std::vector<std::string>{"Chile", "Japan", "Japan", "Italy"}));
  EXPECT_EQ(out["height"], Column(std::vector<std::optional<std::int64_t>>{6023, 641, 3776, nullopt}));
}

TEST(Join, takes_null_for_equal_to_null_as_pandas_does) {
  EXPECT_EQ(join(countries, countries, on("inner", {"country"})).nrows(), 2 * 2 + 1 + 1);
}

TEST(Join, compares_numbers_of_different_types_by_value) {
  const Table a({{"k", std::vector<std::int32_t>{1, 2, -1}}}),
      b({{"k", std::vector<double>{2.0, 1.5}}, {"x", std::vector<std::int64_t>{7, 8}}});
  const Table out = join(a, b, on("inner", {"k"}));
  EXPECT_EQ(out, Table({{"k", std::vector<double>{2}}, {"x", std::vector<std::int64_t>{7}}}));
}

TEST(Join, gives_suffixes_to_names_that_both_sides_have_and_refuses_what_comes_out_twice) {
  const Table a({{"k", std::vector<std::int64_t>{1}}, {"v", std::vector<std::int64_t>{2}}, {"v_x", std::vector<std::int64_t>{3}}});
  const Table b({{"k", std::vector<std::int64_t>{1}}, {"v", std::vector<std::int64_t>{4}}});
  Join how = on("inner", {"k"});
  EXPECT_THROW(join(a, b, how), ValueError);
  how.left_suffix = "_left";
  EXPECT_EQ(join(a, b, how).columns(), (std::vector<std::string>{"k", "v_left", "v_x", "v_y"}));
  how.left_on = {"v"};
  EXPECT_EQ(join(a, b, how).columns(), (std::vector<std::string>{"k_left", "v_left", "v_x", "k_y", "v_y"}));
}

TEST(Join, says_what_is_wrong) {
  EXPECT_THROW(join_kind_from_name("full"), ValueError);
  EXPECT_THROW(join(countries, continents, on("inner", {})), ValueError);
  EXPECT_THROW(join(countries, continents, on("cross", {"country"})), ValueError);
  EXPECT_THROW(join(countries, continents, on("inner", {"height"})), KeyError);
  Join how = on("inner", {"country"});
  how.left_on = {"height"};
  EXPECT_THROW(join(countries, continents, how), TypeError);
}

TEST(Join, cross_pairs_every_left_row_with_every_right_row) {
  const Table a({{"a", std::vector<std::int64_t>{1, 2}}}), b({{"b", std::vector<std::string>{"x", "y"}}});
  EXPECT_EQ(join(a, b, on("cross", {})),
            Table({{"a", std::vector<std::int64_t>{1, 1, 2, 2}}, {"b", std::vector<std::string>{"x", "y", "x", "y"}}}));
}

// Every pair of rows compared: which left row stands with which right row (-1: none), in the order that the header promises.
std::vector<std::pair<int, int>> pairs_by_hand(const std::vector<std::vector<Value>>& left, const std::vector<std::vector<Value>>& right,
                                               std::size_t n, std::size_t m, JoinKind kind) {
  const auto equal = [&](std::size_t i, std::size_t j) {
    for (std::size_t k = 0; k < left.size(); ++k)
      if (!same(left[k][i], right[k][j])) return false;
    return true;
  };
  std::vector<std::pair<int, int>> out;
  if (kind == JoinKind::right) {
    for (std::size_t j = 0; j < m; ++j) {
      bool any = false;
      for (std::size_t i = 0; i < n; ++i)
        if (equal(i, j)) out.emplace_back(static_cast<int>(i), static_cast<int>(j)), any = true;
      if (!any) out.emplace_back(-1, static_cast<int>(j));
    }
    return out;
  }
  std::vector<bool> used(m);
  for (std::size_t i = 0; i < n; ++i) {
    bool any = false;
    for (std::size_t j = 0; j < m; ++j) {
      if (kind != JoinKind::cross && !equal(i, j)) continue;
      any = used[j] = true;
      if (kind != JoinKind::semi && kind != JoinKind::anti) out.emplace_back(static_cast<int>(i), static_cast<int>(j));
    }
    if (kind == JoinKind::semi ? any : !any && kind != JoinKind::inner && kind != JoinKind::cross)
      out.emplace_back(static_cast<int>(i), -1);
  }
  if (kind == JoinKind::outer)
    for (std::size_t j = 0; j < m; ++j)
      if (!used[j]) out.emplace_back(-1, static_cast<int>(j));
  return out;
}

TEST(Join, of_random_tables_equals_comparing_every_pair_of_rows) {
  const int rounds = std::getenv("ASHLAR_TEST_LONG") ? 5000 : 400;
  for (int seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(static_cast<std::uint64_t>(seed));
    const auto kind = static_cast<JoinKind>(random.below(7));
    const std::int64_t n = random.below(40), m = random.below(40);
    const std::size_t nkeys = kind == JoinKind::cross ? 0 : 1 + static_cast<std::size_t>(random.below(3));
    std::vector<std::vector<Value>> left_keys, right_keys;
    std::vector<std::string> left_names, right_names;
    std::vector<Column> left, right;
    Join how;
    how.kind = kind;
    how.indicator = random.one_in(2);
    for (std::size_t k = 0; k < nkeys; ++k) {
      const ColumnType type = random.type();
      left_keys.push_back(random.values(type, n));
      right_keys.push_back(random.values(type, m));
      left.push_back(random.column(type, left_keys.back()));
      right.push_back(random.column(type, right_keys.back()));
      left_names.push_back("k" + std::to_string(k));
      right_names.push_back(left_names.back() + (random.one_in(2) ? "" : "r"));
      how.left_on.push_back(left_names.back());
      how.right_on.push_back(right_names.back());
    }
    std::vector<std::int64_t> left_rows(static_cast<std::size_t>(n)), right_rows(static_cast<std::size_t>(m));
    for (std::size_t i = 0; i < left_rows.size(); ++i) left_rows[i] = static_cast<std::int64_t>(i);
    for (std::size_t i = 0; i < right_rows.size(); ++i) right_rows[i] = static_cast<std::int64_t>(i);
    left_names.push_back("i"), left.emplace_back(left_rows);
    right_names.push_back("j"), right.emplace_back(right_rows);
    Writer sent;
    how.encode(sent);
    Reader received(sent.head());

    const Table out = join(Table(left_names, left), Table(right_names, right), Join::decode(received));

    const auto wanted = pairs_by_hand(left_keys, right_keys, left_rows.size(), right_rows.size(), kind);
    ASSERT_EQ(out.nrows(), static_cast<std::int64_t>(wanted.size()));
    for (std::size_t row = 0; row < wanted.size(); ++row) {
      const auto [i, j] = wanted[row];
      const auto at = static_cast<std::int64_t>(row);
      ASSERT_TRUE(same(out["i"].value(at), i < 0 ? Value() : Value(i)));
      if (out.contains("j")) {
        ASSERT_TRUE(same(out["j"].value(at), j < 0 ? Value() : Value(j)));
      }
      for (std::size_t k = 0; k < nkeys; ++k) {
        const Value of_left = i < 0 ? Value() : left_keys[k][static_cast<std::size_t>(i)],
                    of_right = j < 0 ? Value() : right_keys[k][static_cast<std::size_t>(j)];
        const bool shared = how.left_on[k] == how.right_on[k];
        ASSERT_TRUE(same(out[how.left_on[k]].value(at), shared && i < 0 ? of_right : of_left));
        if (!shared && out.contains(how.right_on[k])) {
          ASSERT_TRUE(same(out[how.right_on[k]].value(at), of_right));
        }
      }
      if (how.indicator) {
        ASSERT_EQ(out["_merge"].text(at), i < 0 ? "right_only" : j < 0 ? "left_only" : "both");
      }
    }
  }
}

TEST(Join, of_many_rows_finds_each_partner) {
  constexpr std::int64_t n = 200'000;
  std::vector<std::int64_t> keys, twice;
  std::vector<std::string> texts, long_texts;
  for (std::int64_t i = 0; i < n; ++i) {
    keys.push_back(i * 1'000'003 % (1 << 30));
    texts.push_back(std::to_string(keys.back()));
    long_texts.push_back("a text of more than twelve bytes " + texts.back());
    twice.push_back(i / 2);
  }
  const Table a({{"k", keys}, {"s", texts}, {"t", long_texts}, {"d", twice}, {"i", twice}});
  std::vector<std::int64_t> backwards(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) backwards[static_cast<std::size_t>(i)] = n - 1 - i;
  const Table b = a.take(backwards);
  for (const std::vector<std::string>& by : std::vector<std::vector<std::string>>{{"k"}, {"s"}, {"t"}, {"k", "s"}, {"d", "t", "k"}}) {
    const Table out = join(a, b, on("inner", by));
    ASSERT_EQ(out.nrows(), n);
    ASSERT_EQ(out["i_x"], out["i_y"]);
  }
  EXPECT_EQ(join(a, b, on("left", {"d"})).nrows(), 2 * n);
}

TEST(HashOfRows, is_equal_for_equal_keys_whatever_stands_around_them) {
  const Table t({{"x", std::vector<std::optional<double>>{0.0, -0.0, nullopt, NAN, nullopt}},
                 {"s", std::vector<std::string>{"a", "a", "b", "b", "b"}}});
  const Column keys[] = {t["x"], t["s"]};
  const auto all = hash_rows(keys);
  EXPECT_EQ(all[0], all[1]);
  EXPECT_EQ(all[2], all[4]);
  EXPECT_NE(all[2], all[3]);
  const Column last[] = {t["x"].slice(4, 5), t["s"].slice(4, 5)};
  EXPECT_EQ(hash_rows(last)[0], all[4]);
}

TEST(HashOfRows, spreads_neighbouring_numbers_over_all_parts) {
  std::vector<std::int64_t> numbers(80'000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i) * 8;
  const Column keys[] = {Column(numbers)};
  std::map<std::uint64_t, int> parts;
  for (const std::uint64_t hash : hash_rows(keys)) ++parts[(hash >> 32) * 8 >> 32];
  ASSERT_EQ(parts.size(), 8u);
  for (const auto& [part, count] : parts) EXPECT_NEAR(count, 10'000, 500);
}

}  // namespace
}  // namespace ashlar::table
