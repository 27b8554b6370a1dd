#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "reference.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::message;
using al::test::Row;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

al::DataFrame small(std::int64_t npartitions = 2) {
  return al::from_table(al::Table({"k", "s", "x", "n"},
                                  {al::Column(std::vector<std::string>{"b", "a", "b", "a", "c"}),
                                   al::Column(std::vector<std::string>{"p", "q", "q", "q", "p"}),
                                   al::Column(std::vector<double>{1, 2, 3, 4, 5}), al::Column(std::vector<std::int64_t>{1, 2, 3, 4, 5})}),
                        {.npartitions = npartitions});
}

}  // namespace

TEST(GroupBy, KeysComeBackAsColumnsSortedAndResultsAreNamedAfterColumnAndFunction) {
  for (const int parts : {1, 2, 5}) {
    const auto r = small(parts).groupby({"k"}).agg({{"x", "mean"}, {"n", "max"}, {"s", "count"}});
    EXPECT_EQ(r.npartitions(), 1);
    EXPECT_EQ(r.dtypes(), (std::vector{al::ColumnType::string, al::ColumnType::float64, al::ColumnType::int64, al::ColumnType::int64}));
    EXPECT_EQ(r.compute(), (al::Table({"k", "x_mean", "n_max", "s_count"},
                                      {al::Column(std::vector<std::string>{"a", "b", "c"}), al::Column(std::vector<double>{3, 2, 5}),
                                       al::Column(std::vector<std::int64_t>{4, 3, 5}), al::Column(std::vector<std::int64_t>{2, 2, 1})})));
  }
}

TEST(GroupBy, EveryWayOfSayingAggregationsGivesTheColumnsItShould) {
  const auto g = small().groupby("k");
  EXPECT_THAT(g.agg({{"x", {"mean", "max"}}, {"n", "count"}}).columns(), ElementsAre("k", "x_mean", "x_max", "n_count"));
  EXPECT_THAT(g.agg("mean").columns(), ElementsAre("k", "x", "n"));
  EXPECT_THAT(g.agg({"min", "mean"}).columns(), ElementsAre("k", "s_min", "x_min", "x_mean", "n_min", "n_mean"));
  EXPECT_THAT(g.mean().columns(), ElementsAre("k", "x", "n"));
  EXPECT_THAT(g.count().columns(), ElementsAre("k", "s", "x", "n"));
  EXPECT_THAT(g.size().columns(), ElementsAre("k", "size"));
  EXPECT_THAT(g["x"].mean().columns(), ElementsAre("k", "x"));
  EXPECT_THAT(g["x"].agg({"mean", "max"}).columns(), ElementsAre("k", "x_mean", "x_max"));
  EXPECT_THAT((small().groupby({"k", "s"})[{"n", "x"}].sum().columns()), ElementsAre("k", "s", "n", "x"));
  EXPECT_THAT(small().groupby({"k"}).agg({{"k", {"count"}}}).columns(), ElementsAre("k", "k_count"));
}

TEST(GroupBy, UnsortedGroupsStandInOrderOfFirstAppearance) {
  EXPECT_EQ(small(3).groupby({"k"}, {.sort = false}).size().compute()["k"], al::Column(std::vector<std::string>{"b", "a", "c"}));
}

TEST(GroupBy, RowsWithANullKeyAreDroppedUnlessAskedFor) {
  const auto df = al::from_table(al::Table({"k", "x"}, {al::Column(std::vector<std::optional<std::string>>{"a", std::nullopt, "a"}),
                                                       al::Column(std::vector<double>{1, 2, 3})}), {.npartitions = 2});
  EXPECT_EQ(df.groupby({"k"}).size().compute().nrows(), 1);
  EXPECT_EQ(df.groupby({"k"}, {.dropna = false}).size().compute().nrows(), 2);
}

TEST(GroupBy, MistakesAreRefusedWhenItIsBuilt) {
  const auto df = small();
  EXPECT_THAT(message<al::KeyError>([&] { df.groupby({"kk"}); }), HasSubstr("no column \"kk\""));
  EXPECT_THAT(message<al::KeyError>([&] { df.groupby({"k"}).agg({{"y", "mean"}}); }), HasSubstr("no column \"y\""));
  EXPECT_THAT(message<al::ValueError>([&] { df.groupby({"k"}).agg({{"x", "mode"}}); }), HasSubstr("\"mode\""));
  EXPECT_THAT(message<al::TypeError>([&] { df.groupby({"k"}).agg({{"s", "mean"}}); }), HasSubstr("there is no mean of a string column (\"s\")"));
  EXPECT_THAT(message<al::TypeError>([&] { df[{"k", "s"}].groupby({"k"}).mean(); }), HasSubstr("no column to take the mean of"));
  EXPECT_THAT(message<al::ValueError>([&] {
                df.groupby({"k"}).agg({{"x", "mean"}, {"x", "mean"}});
              }),
              HasSubstr("two columns of one name: \"x_mean\""));
  EXPECT_THAT(message<al::ValueError>([&] { df.groupby(al::Names()); }), HasSubstr("at least one key"));
}

TEST(GroupBy, GroupsAgreeWithAMapOfRowsForAnyPartitions) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 150; ++round) {
    const auto rows = al::test::random_rows(random, static_cast<int>(random() % 60));
    const auto df = al::test::frame_of(rows, random);
    struct Group {
      std::int64_t size = 0, n_count = 0, n_sum = 0;
      std::optional<double> x_max;
      double x_sum = 0;
      std::int64_t x_count = 0;
    };
    std::map<std::pair<std::string, bool>, Group> groups;
    for (const Row& row : rows) {
      if (!row.s) continue;
      Group& g = groups[{*row.s, row.b}];
      ++g.size;
      if (row.n) {
        ++g.n_count;
        g.n_sum += *row.n;
      }
      if (row.x) {
        g.x_max = g.x_max ? std::max(*g.x_max, *row.x) : *row.x;
        g.x_sum += *row.x;
        ++g.x_count;
      }
    }
    std::vector<std::string> s;
    std::vector<bool> b;
    std::vector<std::int64_t> size, n_count, n_sum;
    std::vector<std::optional<double>> x_max, x_mean;
    for (const auto& [key, g] : groups) {
      s.push_back(key.first);
      b.push_back(key.second);
      size.push_back(g.size);
      n_count.push_back(g.n_count);
      n_sum.push_back(g.n_sum);
      x_max.push_back(g.x_max);
      x_mean.push_back(g.x_count ? std::optional<double>(g.x_sum / static_cast<double>(g.x_count)) : std::nullopt);
    }
    const al::Table found = df.groupby({"s", "b"}).agg({{"n", {"size", "count", "sum"}}, {"x", {"max", "mean"}}}).compute();
    ASSERT_EQ(found, (al::Table({"s", "b", "n_size", "n_count", "n_sum", "x_max", "x_mean"},
                                {al::Column(s), al::Column(b), al::Column(size), al::Column(n_count), al::Column(n_sum), al::Column(x_max),
                                 al::Column(x_mean)})));
  }
}

TEST(GroupBy, EveryFunctionGivesWhatPandasGives) {
  const auto g = small(3).groupby({"k"})[{"x", "n"}];
  const auto table = [](std::vector<std::optional<double>> x, std::vector<std::optional<double>> n) {
    return al::Table({"k", "x", "n"}, {al::Column(std::vector<std::string>{"a", "b", "c"}), al::Column(x), al::Column(n)});
  };
  const auto none = std::optional<double>();
  EXPECT_EQ(g.var().compute(), table({2, 2, none}, {2, 2, none}));
  EXPECT_EQ(g.std({.ddof = 0}).compute(), table({1, 1, 0}, {1, 1, 0}));
  EXPECT_EQ(g.median().compute(), table({3, 2, 5}, {3, 2, 5}));
  EXPECT_EQ(g.quantile({.q = 0.25}).compute(), table({2.5, 1.5, 5}, {2.5, 1.5, 5}));
  EXPECT_EQ(g.prod().compute()["x"], al::Column(std::vector<double>{8, 3, 5}));
  EXPECT_EQ(g.prod().dtypes()[2], al::ColumnType::int64);
  EXPECT_EQ(g.first().compute()["n"], al::Column(std::vector<std::int64_t>{2, 1, 5}));
  EXPECT_EQ(g.last().compute()["n"], al::Column(std::vector<std::int64_t>{4, 3, 5}));
  EXPECT_EQ(small(3).groupby({"k"})["s"].nunique().compute()["s"], al::Column(std::vector<std::int64_t>{1, 2, 1}));
  EXPECT_EQ(g.agg("quantile").compute(), g.median().compute());
}

TEST(GroupBy, UsersAggregationsGiveWhatALoopOverTheRowsGives) {
  using Range = std::pair<double, double>;
  const al::Aggregation range(
      "range", [](double x) { return Range(x, x); },
      [](Range a, Range b) { return Range(std::min(a.first, b.first), std::max(a.second, b.second)); }, [](Range r) { return r.second - r.first; });
  // In the order of the rows, whatever the partitions; a capture travels with it.
  const char between = '+';
  const al::Aggregation joined(
      "joined", [](std::int64_t n) { return std::to_string(n); }, [between](std::string a, std::string b) { return a + between + b; },
      [](const std::string& s) { return s.size() < 9 ? std::optional<std::string>(s) : std::nullopt; });
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    const std::vector<Row> rows = al::test::random_rows(random, static_cast<int>(random() % 40));
    const al::DataFrame df = al::test::frame_of(rows, random);
    std::map<std::string, std::optional<Range>> ranges;
    std::map<std::string, std::string> texts;
    for (const Row& row : rows) {
      if (!row.s) continue;
      auto& r = ranges[*row.s];
      if (row.x) r = r ? Range(std::min(r->first, *row.x), std::max(r->second, *row.x)) : Range(*row.x, *row.x);
      std::string& t = texts[*row.s];
      if (row.n) t += (t.empty() ? "" : "+") + std::to_string(*row.n);
    }
    std::vector<std::string> keys;
    std::vector<std::optional<double>> of_ranges;
    std::vector<std::optional<std::string>> of_texts;
    for (const auto& [key, r] : ranges) {
      keys.push_back(key);
      of_ranges.push_back(r ? std::optional(r->second - r->first) : std::nullopt);
      const std::string& t = texts[key];
      of_texts.push_back(t.empty() || t.size() >= 9 ? std::nullopt : std::optional(t));
    }
    for (const std::int64_t split_out : {1, 3}) {
      const al::GroupBy g = df.groupby({"s"}, {.split_out = split_out});
      EXPECT_EQ(g.agg("x", range).compute(), al::Table({"s", "x_range"}, {al::Column(keys), al::Column(of_ranges)}));
      EXPECT_EQ(g.agg("n", joined).compute(), al::Table({"s", "n_joined"}, {al::Column(keys), al::Column(of_texts)}));
    }
  }
  EXPECT_EQ(small().groupby({"k"}, {.sort = false}).agg("n", range).compute()["k"], al::Column(std::vector<std::string>{"b", "a", "c"}));
  EXPECT_THAT(message<al::KeyError>([&] { small().groupby({"k"}).agg("xx", range); }), HasSubstr("no column \"xx\""));
  EXPECT_THAT(message<al::TypeError>([&] { small().groupby({"k"}).agg("s", range); }), HasSubstr("no conversion from string to float64"));
  EXPECT_THAT(message<al::ValueError>([&] { small().groupby({"k"}).agg("k", range); }), HasSubstr("a column that is no key"));
}
