#include "ashlar/table/group.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "random_columns.hpp"
#include "reduce_by_hand.hpp"
#include "table/sent.hpp"

namespace ashlar::table {
namespace {

using reference::sent;
using reference::Random;
using reference::same;
using std::nullopt;

TEST(GroupBy, makes_a_table_of_keys_and_aggregates_sorted_by_key) {
  const Table t({{"country", std::vector<std::optional<std::string>>{"Japan", "Chile", nullopt, "Japan"}},
                 {"height", std::vector<std::optional<std::int64_t>>{641, 6023, 1, nullopt}}});
  const GroupPartial p = GroupPartial::build(t, "country", {{"height", Aggregation::mean, "height_mean"}, {"height", Aggregation::count, "n"}, {"", Aggregation::size, "rows"}});

  const Table wanted({{"country", std::vector<std::string>{"Chile", "Japan"}},
                      {"height_mean", std::vector<double>{6023, 641}},
                      {"n", std::vector<std::int64_t>{1, 1}},
                      {"rows", std::vector<std::int64_t>{1, 2}}});
  EXPECT_EQ(p.finish(), wanted);
  EXPECT_EQ(p.finish(false).column<std::string>("country"), (std::vector<std::string>{"Japan", "Chile"}));
  EXPECT_EQ(p.ngroups(), 2);
}

TEST(GroupBy, keeps_null_keys_only_when_asked_and_sorts_them_last) {
  const Table t({{"k", std::vector<std::optional<std::int64_t>>{2, nullopt, 1, nullopt}}, {"x", std::vector<std::int64_t>{1, 2, 3, 4}}});
  const std::vector<Aggregate> sum = {{"x", Aggregation::sum, "x"}};

  EXPECT_EQ(GroupPartial::build(t, "k", sum).finish().column<std::int64_t>("x"), (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(GroupPartial::build(t, "k", sum, false).finish().column<std::int64_t>("x"), (std::vector<std::int64_t>{3, 1, 6}));
}

TEST(GroupBy, takes_zeros_of_both_signs_and_all_NaN_for_one_key) {
  const Table t({{"k", std::vector<double>{0.0, -0.0, NAN, -NAN}}});
  EXPECT_EQ(GroupPartial::build(t, "k", value_counts_aggregates()).finish().column<std::int64_t>("count"), (std::vector<std::int64_t>{2, 2}));
}

TEST(GroupBy, does_not_take_texts_of_two_keys_together) {
  const Table t({{"a", std::vector<std::string>{"ab", "a"}}, {"b", std::vector<std::string>{"c", "bc"}}});
  EXPECT_EQ(GroupPartial::build(t, {"a", "b"}, value_counts_aggregates()).ngroups(), 2);
}

TEST(GroupBy, says_what_is_wrong) {
  const Table t({{"k", std::vector<std::string>{"a"}}});
  EXPECT_THROW(GroupPartial::build(t, "x", {}), KeyError);
  EXPECT_THROW(GroupPartial::build(t, "k", {{"x", Aggregation::sum, "x"}}), KeyError);
  EXPECT_THROW(GroupPartial::build(t, "k", {{"k", Aggregation::mean, "x"}}), TypeError);
  EXPECT_THROW(GroupPartial::build(t, Names{}, {}), ValueError);
}

TEST(GroupBy, of_an_empty_table_knows_its_types) {
  const Table t = Table::empty({"k", "x"}, {ColumnType::string, ColumnType::int32});
  const Table out = GroupPartial::build(t, "k", {{"x", Aggregation::mean, "m"}, {"x", Aggregation::max, "top"}}).finish();
  EXPECT_EQ(out.dtypes(), (std::vector<ColumnType>{ColumnType::string, ColumnType::float64, ColumnType::int32}));
}

TEST(GroupBy, median_and_quantile_lie_between_the_two_nearest_values) {
  const Table t({{"k", std::vector<std::int64_t>{1, 1, 1, 1, 2}},
                 {"x", std::vector<std::optional<double>>{4, 1, 2, 3, nullopt}},
                 {"t", std::vector<timestamp>(5, timestamp(duration(7)))}});
  const Table out = GroupPartial::build(t, "k",
                                        {{"x", Aggregation::median, "m"},
                                         {"x", Aggregation::quantile, "q", 1, 0.9},
                                         {"x", Aggregation::quantile, "top", 1, 1.0},
                                         {"t", Aggregation::median, "t"}})
                        .finish();
  EXPECT_EQ(out["m"], Column(std::vector<std::optional<double>>{2.5, nullopt}));
  EXPECT_DOUBLE_EQ(out["q"].value(0).as<double>(), 3.7);
  EXPECT_EQ(out["top"].value(0), 4.0);
  EXPECT_EQ(out["t"].value(1), timestamp(duration(7)));
  EXPECT_THROW(GroupPartial::build(t, "k", {{"x", Aggregation::quantile, "q", 1, 1.5}}), ValueError);
}

TEST(ValueCounts, put_the_most_frequent_first_and_ties_by_first_appearance) {
  const Table t({{"x", std::vector<std::optional<std::string>>{"b", "c", "a", nullopt, "a", "c", "d"}}});
  const GroupPartial parts[] = {GroupPartial::build(t.head(3), "x", value_counts_aggregates()), GroupPartial::build(t.tail(4), "x", value_counts_aggregates())};

  const Table counts = value_counts(GroupPartial::merge(parts));

  EXPECT_EQ(counts.column<std::string>("x"), (std::vector<std::string>{"c", "a", "b", "d"}));
  EXPECT_EQ(counts.column<std::int64_t>("count"), (std::vector<std::int64_t>{2, 2, 1, 1}));
}

TEST(GroupBy, in_parts_merged_in_any_bracketing_equals_row_by_row) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::int64_t n = random.below(120);
    const std::size_t nkeys = 1 + static_cast<std::size_t>(random.below(3));
    const bool dropna = random.one_in(2);
    std::vector<std::vector<Value>> columns;
    std::vector<ColumnType> types;
    std::vector<std::string> names, keys;
    std::vector<Column> data;
    const std::size_t nvalues = 3;
    for (std::size_t c = 0; c < nkeys + nvalues; ++c) {
      types.push_back(random.type());
      columns.push_back(random.values(types.back(), n));
      data.push_back(random.column(types.back(), columns.back()));
      names.push_back("c" + std::to_string(c));
      if (c < nkeys) keys.push_back(names.back());
    }
    const Table table(names, data);
    std::vector<Aggregate> aggregates;
    std::vector<std::size_t> of;
    for (int k = 0; k < 5; ++k) {
      const std::size_t c = nkeys + static_cast<std::size_t>(random.below(nvalues));
      const auto function = static_cast<Aggregation>(random.below(16));
      try {
        aggregation_type(function, types[c]);
      } catch (const TypeError&) {
        continue;
      }
      of.push_back(c);
      aggregates.push_back({names[c], function, "out" + std::to_string(k)});
    }

    // The truth: lists of rows per key, in order of first appearance.
    std::vector<std::vector<std::size_t>> groups;
    for (std::size_t row = 0; row < static_cast<std::size_t>(n); ++row) {
      bool missing = false;
      for (std::size_t k = 0; k < nkeys; ++k) missing |= columns[k][row].is_null();
      if (missing && dropna) continue;
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) {
        for (std::size_t k = 0; k < nkeys; ++k)
          if (!same(columns[k][g[0]], columns[k][row])) return false;
        return true;
      });
      if (group == groups.end()) group = groups.insert(group, std::vector<std::size_t>());
      group->push_back(row);
    }

    std::vector<std::int64_t> cuts = {0, n};
    for (std::int64_t k = random.below(5); k > 0; --k) cuts.push_back(random.below(n + 1));
    std::sort(cuts.begin(), cuts.end());
    std::vector<GroupPartial> parts;
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) parts.push_back(sent(GroupPartial::build(table.slice(cuts[k], cuts[k + 1]), keys, aggregates, dropna)));
    while (parts.size() > 1) {
      const auto at = random.below(static_cast<std::int64_t>(parts.size()) - 1);
      const auto upto = std::min<std::int64_t>(at + 2 + random.below(2), static_cast<std::int64_t>(parts.size()));
      const GroupPartial merged = sent(GroupPartial::merge(std::span(parts).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(upto - at))));
      parts.erase(parts.begin() + at, parts.begin() + upto);
      parts.insert(parts.begin() + at, merged);
    }
    const Table out = parts[0].finish(false);

    ASSERT_EQ(out.nrows(), static_cast<std::int64_t>(groups.size()));
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto row = static_cast<std::int64_t>(g);
      for (std::size_t k = 0; k < nkeys; ++k) ASSERT_TRUE(same(out.at(static_cast<std::int64_t>(k)).value(row), columns[k][groups[g][0]]));
      for (std::size_t a = 0; a < aggregates.size(); ++a) {
        std::vector<Value> values;
        for (const std::size_t r : groups[g]) values.push_back(columns[of[a]][r]);
        const Value wanted = reference::reduce(name(aggregates[a].function), types[of[a]], values);
        const Value found = out[aggregates[a].name].value(row);
        ASSERT_TRUE(reference::nearly(found, wanted)) << name(aggregates[a].function) << " of " << ashlar::name(types[of[a]]) << " gave " << found << ", wanted " << wanted;
      }
    }
    EXPECT_EQ(parts[0].finish(), out.sort_values(keys));
  }
}

TEST(GroupBy, holds_many_groups) {
  std::vector<std::int64_t> keys(300'000);
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<std::int64_t>(i % 100'000) * 1'000'003;
  std::vector<std::string> texts;
  for (const auto k : keys) texts.push_back(std::to_string(k));
  const Table t({{"k", keys}, {"s", texts}, {"x", std::vector<double>(keys.size(), 0.5)}});
  for (const Names& by : {Names{"k"}, Names{"s"}, Names{"k", "s"}}) {
    const Table out = GroupPartial::build(t, by, {{"x", Aggregation::sum, "sum"}}).finish(false);
    ASSERT_EQ(out.nrows(), 100'000);
    EXPECT_EQ(out["sum"], Column(std::vector<double>(100'000, 1.5)));
  }
}

}  // namespace
}  // namespace ashlar::table
