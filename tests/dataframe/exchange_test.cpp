// Rows that change their partition, and rows that look at those around them: joins, shuffles, sorts, running sums, shifts. Frames of random
// rows in random partitions, some empty, against loops over plain rows; everything goes through bytes on its way.
#include "ashlar/dataframe/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "counting_evaluator.hpp"
#include "reference.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::frame_of;
using al::test::message;
using al::test::random_rows;
using al::test::Row;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

namespace {

class Exchange : public testing::Test {
 protected:
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard{&evaluator};
  std::mt19937 random{20241125};
  int rounds = std::getenv("ASHLAR_TEST_LONG") ? 400 : 25;
};

// A row of a table as text: tables are compared as bags of rows.
std::multiset<std::string> bag(const al::Table& t) {
  std::multiset<std::string> out;
  for (std::int64_t i = 0; i < t.nrows(); ++i) {
    std::string row;
    for (std::int64_t c = 0; c < t.ncols(); ++c) row += t.at(c).value(i).to_string() + "|";
    out.insert(row);
  }
  return out;
}

al::DataFrame numbered(std::int64_t npartitions, std::int64_t rows = 12) {
  Ints i, k;
  for (std::int64_t row = 0; row < rows; ++row) {
    i.push_back(row);
    k.push_back(row % 3);
  }
  return al::from_table(al::Table({"i", "k"}, {al::Column(i), al::Column(k)}), {.npartitions = npartitions});
}

// The partitions of a frame, each as the numbers in its column "i".
std::vector<Ints> partitions(const al::DataFrame& df) {
  const auto tagged = df.map_partitions([](al::Table t) {
    Ints size(static_cast<std::size_t>(t.nrows() ? 1 : 0), t.nrows());
    return al::Table({"size"}, {al::Column(size)});
  });
  const Ints sizes = tagged.compute().column<std::int64_t>("size");
  const Ints all = df.compute().column<std::int64_t>("i");
  std::vector<Ints> out;
  std::size_t at = 0;
  for (const std::int64_t n : sizes) {
    out.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(at) + n);
    at += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace

// ---------------------------------------------------------------- merge
TEST_F(Exchange, MergeOverAnyPartitionsGivesTheRowsThatComparingAllPairsGives) {
  for (int round = 0; round < rounds * 2; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto left_rows = random_rows(random, static_cast<int>(random() % 30)),
               right_rows = random_rows(random, static_cast<int>(random() % 30));
    static const char* const kinds[] = {"inner", "left", "right", "outer", "leftsemi", "leftanti", "cross"};
    const std::string how = kinds[random() % 7];
    const bool two_keys = random() % 2;
    const auto left = frame_of(left_rows, random)[{"n", "s", "x"}], right = frame_of(right_rows, random)[{"n", "s", "b"}];
    al::MergeOptions options;
    options.how = how;
    options.indicator = random() % 2;
    if (how != "cross") options.on = two_keys ? al::Names{"s", "n"} : al::Names{"s"};
    if (random() % 3 == 0 && how != "outer") options.broadcast = random() % 2 == 0;
    if (how == "cross") options.broadcast = std::nullopt;
    options.npartitions = static_cast<std::int64_t>(random() % 5);

    const al::Table found = left.merge(right, options).compute();

    // The truth: keys and other columns of every pair.
    std::multiset<std::string> wanted;
    const auto text = [](const auto& v) { return al::Value(v).to_string() + "|"; };
    const auto emit = [&](const Row* a, const Row* b) {
      std::string row;
      const bool left_only = how == "leftsemi" || how == "leftanti";
      const auto none = std::optional<std::int64_t>();
      // Columns: n (or n_x), s (or s_x), x, then (n_y), (s_y), b.
      const bool shared_n = how != "cross" && two_keys, shared_s = how != "cross";
      row += shared_n ? text(a ? a->n : b->n) : text(a ? a->n : none);
      row += shared_s ? text(a ? a->s : b->s) : text(a ? a->s : std::optional<std::string>());
      row += text(a ? a->x : std::optional<double>());
      if (!left_only) {
        if (!shared_n) row += text(b ? b->n : none);
        if (!shared_s) row += text(b ? b->s : std::optional<std::string>());
        row += text(b ? std::optional<bool>(b->b) : std::optional<bool>());
      }
      if (options.indicator) row += std::string(a && b ? "both" : a ? "left_only" : "right_only") + "|";
      wanted.insert(row);
    };
    std::vector<bool> used(right_rows.size());
    for (const Row& a : left_rows) {
      bool any = false;
      for (std::size_t j = 0; j < right_rows.size(); ++j) {
        const Row& b = right_rows[j];
        if (how != "cross" && (a.s != b.s || (two_keys && a.n != b.n))) continue;
        any = used[j] = true;
        if (how != "leftsemi" && how != "leftanti") emit(&a, &b);
      }
      if (how == "leftsemi" ? any : !any && (how == "left" || how == "outer" || how == "leftanti")) emit(&a, nullptr);
    }
    if (how == "right" || how == "outer")
      for (std::size_t j = 0; j < used.size(); ++j)
        if (!used[j]) emit(nullptr, &right_rows[j]);
    ASSERT_EQ(bag(found), wanted) << how;
  }
}

TEST_F(Exchange, MergeWithOneRightPartitionKeepsTheOrderOfTheLeftRowsAndMovesNone) {
  const auto right = al::from_table(al::Table({"k", "name"}, {al::Column(Ints{2, 0}), al::Column(Texts{"two", "zero"})}));
  const auto joined = numbered(4).merge(right, {.on = {"k"}});
  EXPECT_EQ(joined.npartitions(), 4);
  EXPECT_EQ(joined.compute().column<std::int64_t>("i"), (Ints{0, 2, 3, 5, 6, 8, 9, 11}));
  EXPECT_EQ(evaluator.tasks.count("shuffle-split"), 0u);
  EXPECT_EQ(numbered(4).merge(right, {.on = {"k"}, .npartitions = 3, .broadcast = false}).npartitions(), 3);
}

TEST_F(Exchange, MergeReadsOnlyTheColumnsThatSomebodyWants) {
  const auto left = numbered(3).assign("unused", 1), right = numbered(2).rename({.columns = {{"i", "j"}}}).assign("unused", 2);
  const auto joined = left.merge(right, {.on = {"k"}});
  EXPECT_THAT(joined.columns(), ElementsAre("i", "k", "unused_x", "j", "unused_y"));
  EXPECT_EQ((joined[{"unused_y"}]["unused_y"].sum().compute()), al::Value(2 * 12 * 4));
}

TEST_F(Exchange, MergeTakesTheColumnsThatBothHaveWhereNoKeyIsNamedAndRefusesWhatCannotBe) {
  const auto right = al::from_table(al::Table({"k", "name"}, {al::Column(Ints{1}), al::Column(Texts{"one"})}));
  EXPECT_EQ(numbered(2).merge(right).len(), 4);
  EXPECT_THAT(message<al::KeyError>([&] { numbered(2).merge(right, {.on = {"z"}}); }), HasSubstr("no key \"z\" on the left side"));
  EXPECT_THAT(message<al::ValueError>([&] { numbered(2).merge(right, {.how = "sideways"}); }), HasSubstr("\"sideways\""));
  EXPECT_THAT(message<al::TypeError>([&] { numbered(2).merge(right, {.left_on = {"i"}, .right_on = {"name"}}); }),
              HasSubstr("\"name\" of string"));
  EXPECT_THAT(message<al::ValueError>([&] { numbered(2).merge(right, {.on = {"k"}, .left_on = {"i"}}); }), HasSubstr("found both"));
  EXPECT_THAT(message<al::ValueError>([&] { numbered(2).merge(right[{"name"}]); }), HasSubstr("no column has the same name"));
  EXPECT_THAT(message<al::ValueError>([&] { numbered(2).merge(right, {.how = "outer", .on = {"k"}, .broadcast = true}); }),
              HasSubstr("broadcast"));
}

// ---------------------------------------------------------------- shuffle and sort
TEST_F(Exchange, ShuffledRowsOfOneKeyShareAPartitionInTheirOldOrder) {
  const auto parts = partitions(numbered(5, 40).shuffle({"k"}, {.npartitions = 4}));
  std::map<std::int64_t, std::set<std::size_t>> where;
  std::size_t rows = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    EXPECT_TRUE(std::is_sorted(parts[p].begin(), parts[p].end()));
    for (const std::int64_t i : parts[p]) where[i % 3].insert(p);
    rows += parts[p].size();
  }
  EXPECT_EQ(rows, 40u);
  for (const auto& [key, places] : where) EXPECT_EQ(places.size(), 1u) << key;
  EXPECT_EQ(numbered(5).shuffle({"k"}).npartitions(), 5);
  EXPECT_THAT(message<al::KeyError>([&] { numbered(2).shuffle({"kk"}); }), HasSubstr("\"k\""));
}

TEST_F(Exchange, RowsThatShareAPartitionByTheirKeysAreNotMovedAgain) {
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto rows = random_rows(random, static_cast<int>(random() % 80)), more = random_rows(random, static_cast<int>(random() % 80));
    const auto df = frame_of(rows, random), other = frame_of(more, random);
    const auto once = df.shuffle({"s"}, {.npartitions = 4});
    EXPECT_EQ(once.shuffle({"s"}, {.npartitions = 4}).node(), once.node());
    EXPECT_NE(once.shuffle({"s"}, {.npartitions = 3}).node(), once.node());
    EXPECT_NE(once.shuffle({"n"}, {.npartitions = 4}).node(), once.node());
    // What is done to the rows does not matter as long as the keys stay.
    const auto some = once[once["n"].notna()];
    const auto kept = some.assign("twice", some["n"]).rename({.columns = {{"s", "key"}}}).persist();
    EXPECT_EQ(kept.shuffle({"key"}, {.npartitions = 4}).node(), kept.node());
    const auto changed = once.assign("s", "same");
    EXPECT_NE(changed.shuffle({"s"}, {.npartitions = 4}).node(), changed.node());
    // Groups, by the keys and by more.
    const al::GroupbyOptions split = {.split_out = 4};
    EXPECT_LT(al::dataframe::graph_layers(once.groupby({"s"}, split).size().node()), al::dataframe::graph_layers(once.groupby({"n"}, split).size().node()));
    EXPECT_EQ(once.groupby({"s"}, split).size().compute(), df.groupby({"s"}).size().compute());
    EXPECT_EQ(once.groupby({"s", "n"}, split).size().compute(), df.groupby({"s", "n"}).size().compute());
    const auto sums = once.groupby({"s"}, {.sort = false, .split_out = 4}).size();
    EXPECT_EQ(sums.shuffle({"s"}, {.npartitions = 4}).node(), sums.node());
    // Joins, and what follows them by the same keys.
    for (const char* how : {"inner", "left", "right", "outer"}) {
      const al::MergeOptions options = {.how = how, .on = {"s"}, .npartitions = 4, .broadcast = false};
      const auto joined = once.merge(other, options);
      EXPECT_EQ(joined.compute(), df.merge(other, options).compute());
      EXPECT_EQ(joined.shuffle({"s"}, {.npartitions = 4}).node(), joined.node()) << how;
      EXPECT_EQ(joined.groupby({"s"}, split).size().compute(), al::from_table(joined.compute()).groupby({"s"}).size().compute()) << how;
    }
  }
}

TEST_F(Exchange, AKeyThatHalfTheRowsHaveDoesNotStopASortOrAJoin) {
  Ints k(300, 7);
  for (std::size_t i = 0; i < 150; ++i) k[2 * i] = static_cast<std::int64_t>(i);
  Ints i(300);
  for (std::size_t row = 0; row < i.size(); ++row) i[row] = static_cast<std::int64_t>(row);
  const auto df = al::from_table(al::Table({"i", "k"}, {al::Column(i), al::Column(k)}), {.npartitions = 6});
  const al::Table sorted = df.sort_values("k").compute();
  EXPECT_EQ(sorted, df.compute().sort_values("k"));
  EXPECT_EQ(df.merge(df, {.on = {"k"}}).len(), 149 + 151 * 151);
}

TEST_F(Exchange, SortedPartitionsTogetherAreTheSortedTable) {
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto rows = random_rows(random, static_cast<int>(random() % 200));
    const auto df = frame_of(rows, random);
    const al::SortOptions options = {.ascending = {random() % 2 == 0, random() % 2 == 0}, .na_position = random() % 2 ? "last" : "first"};
    const auto sorted = df.sort_values({"s", "x"}, options);
    ASSERT_EQ(sorted.npartitions(), df.npartitions());
    ASSERT_EQ(sorted.compute(), al::test::table_of(rows).sort_values({"s", "x"}, options));
    ASSERT_EQ(sorted[{"n"}].compute(), al::test::table_of(rows).sort_values({"s", "x"}, options).select({"n"}));
  }
}

// ---------------------------------------------------------------- groups
TEST_F(Exchange, GroupsInSeveralPartitionsAreTheSameGroups) {
  for (int round = 0; round < rounds; ++round) {
    const auto df = frame_of(random_rows(random, static_cast<int>(random() % 60)), random);
    const auto one = df.groupby({"s", "n"}).agg({{"x", {"count", "median", "max"}}, {"b", "any"}});
    const auto several = df.groupby({"s", "n"}, {.split_out = 3}).agg({{"x", {"count", "median", "max"}}, {"b", "any"}});
    ASSERT_EQ(several.npartitions(), 3);
    ASSERT_EQ(several.compute(), one.compute());
  }
  EXPECT_THAT(message<al::ValueError>([&] { numbered(2).groupby({"k"}, {.split_out = 0}); }), HasSubstr("split_out"));
}

TEST_F(Exchange, TheLargestOfEachGroupAreThoseThatSortingFinds) {
  for (int round = 0; round < rounds; ++round) {
    const auto rows = random_rows(random, static_cast<int>(random() % 60));
    const std::int64_t n = static_cast<std::int64_t>(random() % 4);
    const bool largest = random() % 2;
    std::map<std::string, std::vector<double>> groups;
    for (const Row& row : rows)
      if (row.s && row.x) groups[*row.s].push_back(*row.x);
    Texts keys;
    std::vector<double> values;
    for (auto& [key, xs] : groups) {
      std::sort(xs.begin(), xs.end());
      if (largest) std::reverse(xs.begin(), xs.end());
      for (std::size_t i = 0; i < xs.size() && static_cast<std::int64_t>(i) < n; ++i) {
        keys.push_back(key);
        values.push_back(xs[i]);
      }
    }
    const auto df = frame_of(rows, random);
    for (const std::int64_t split_out : {1, 3}) {
      const auto g = df.groupby({"s"}, {.split_out = split_out})["x"];
      ASSERT_EQ((largest ? g.nlargest(n) : g.nsmallest(n)).compute(), (al::Table({"s", "x"}, {al::Column(keys), al::Column(values)})));
    }
  }
  EXPECT_THAT(message<al::ValueError>([&] { numbered(2).groupby({"k"}).nlargest(2); }), HasSubstr("want one column"));
}

TEST_F(Exchange, AFunctionOfWholeGroupsSeesEachGroupOnce) {
  const auto spread = [](al::Table t) {
    const auto n = t.column<std::int64_t>("i");
    const auto low = n.empty() ? 0 : *std::min_element(n.begin(), n.end()), high = n.empty() ? 0 : *std::max_element(n.begin(), n.end());
    const std::size_t rows = n.empty() ? 0 : 1;
    return al::Table({"k", "spread", "rows"}, {t["k"].slice(0, static_cast<std::int64_t>(rows)), al::Column(Ints(rows, high - low)),
                                               al::Column(Ints(rows, static_cast<std::int64_t>(n.size())))});
  };
  for (const std::int64_t parts : {1, 4}) {
    const auto applied = numbered(parts).groupby({"k"}).apply(spread);
    EXPECT_EQ(applied.npartitions(), parts);
    EXPECT_EQ(applied.sort_values("k").compute(),
              (al::Table({"k", "spread", "rows"}, {al::Column(Ints{0, 1, 2}), al::Column(Ints{9, 9, 9}), al::Column(Ints{4, 4, 4})})));
  }
  EXPECT_EQ((numbered(2).groupby({"k"})[{"i"}].apply([](al::Table t) { return t.head(1); }).sort_values("k").compute()),
            (al::Table({"k", "i"}, {al::Column(Ints{0, 1, 2}), al::Column(Ints{0, 1, 2})})));
}

TEST_F(Exchange, DropDuplicatesKeepsTheFirstOrLastRowOfEachKey) {
  for (int round = 0; round < rounds; ++round) {
    const auto rows = random_rows(random, static_cast<int>(random() % 50));
    const bool last = random() % 2;
    std::vector<Row> wanted;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      bool kept = true;
      for (std::size_t j = last ? i + 1 : 0; j < (last ? rows.size() : i); ++j) kept &= rows[j].s != rows[i].s || rows[j].b != rows[i].b;
      if (kept) wanted.push_back(rows[i]);
    }
    ASSERT_EQ(frame_of(rows, random).drop_duplicates({.subset = {"s", "b"}, .keep = last ? "last" : "first"}).compute(),
              al::test::table_of(wanted));
  }
  EXPECT_EQ(numbered(3)["k"].unique().compute(), al::Column(Ints{0, 1, 2}));
  EXPECT_THAT(message<al::ValueError>([&] { numbered(2).drop_duplicates({.keep = "none"}); }), HasSubstr("\"none\""));
}

// ---------------------------------------------------------------- rows around
TEST_F(Exchange, RunningTotalsAndShiftsCrossThePartitions) {
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto rows = random_rows(random, static_cast<int>(random() % 40));
    const auto df = frame_of(rows, random);
    const auto n = static_cast<std::int64_t>(rows.size());
    const std::int64_t periods = static_cast<std::int64_t>(random() % 13) - 6;
    std::vector<std::optional<std::int64_t>> sum, low, high, shifted, difference, forward, backward(rows.size());
    std::optional<std::int64_t> total, smallest, largest, last;
    for (std::int64_t i = 0; i < n; ++i) {
      const auto& v = rows[static_cast<std::size_t>(i)].n;
      if (v) {
        total = total.value_or(0) + *v;
        smallest = smallest ? std::min(*smallest, *v) : *v;
        largest = largest ? std::max(*largest, *v) : *v;
        last = v;
      }
      sum.push_back(v ? total : std::nullopt);
      low.push_back(v ? smallest : std::nullopt);
      high.push_back(v ? largest : std::nullopt);
      forward.push_back(last);
      const std::int64_t from = i - periods;
      shifted.push_back(from >= 0 && from < n ? rows[static_cast<std::size_t>(from)].n : std::nullopt);
      difference.push_back(v && shifted.back() ? std::optional(*v - *shifted.back()) : std::nullopt);
    }
    last = std::nullopt;
    for (std::size_t i = rows.size(); i-- > 0;) {
      if (rows[i].n) last = rows[i].n;
      backward[i] = last;
    }
    const auto s = df["n"];
    ASSERT_EQ(s.cumsum().compute(), al::Column(sum));
    ASSERT_EQ(s.cummin().compute(), al::Column(low));
    ASSERT_EQ(s.cummax().compute(), al::Column(high));
    ASSERT_EQ(s.shift({.periods = periods}).compute(), al::Column(shifted)) << periods;
    ASSERT_EQ(s.diff({.periods = periods}).compute(), al::Column(difference)) << periods;
    ASSERT_EQ(s.ffill().compute(), al::Column(forward));
    ASSERT_EQ(s.bfill().compute(), al::Column(backward));
    // They stand beside the rows they were made from.
    ASSERT_EQ((df.assign("c", s.cumsum()).assign("d", s.shift())[{"c", "d"}].len()), n);
  }
}

TEST_F(Exchange, RunningSumsOfFloatsLoseNothingAndProductsOfIntegersWrap) {
  std::vector<double> x(100, 0.1);
  const auto df = al::from_table(al::Table({"x", "i"}, {al::Column(x), al::Column(Ints(100, 3))}), {.npartitions = 7});
  EXPECT_DOUBLE_EQ(df["x"].cumsum().compute().value(99).as<double>(), 10.0);
  std::uint64_t power = 1;
  for (int i = 0; i < 100; ++i) power *= 3;
  EXPECT_EQ(df["i"].cumprod().compute().value(99), al::Value(static_cast<std::int64_t>(power)));
  EXPECT_THAT(message<al::TypeError>([&] { al::from_table(al::Table({"s"}, {al::Column(Texts{"a"})}))["s"].cumsum(); }),
              HasSubstr("no cumsum of a string"));
}
