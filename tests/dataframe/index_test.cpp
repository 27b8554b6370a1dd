// The index: sorting into partitions, ranges of it, what keeps it and what gives it up. Against loops over plain rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "counting_evaluator.hpp"
#include "reference.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::message;
using al::test::Row;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

namespace {

class IndexTest : public testing::Test {
 protected:
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard{&evaluator};
};

al::DataFrame numbers(const Ints& values, std::int64_t npartitions) {
  Ints place;
  for (std::size_t i = 0; i < values.size(); ++i) place.push_back(static_cast<std::int64_t>(i));
  return al::from_table(al::Table({"k", "place"}, {al::Column(values), al::Column(place)}), {.npartitions = npartitions});
}
Ints ints(const al::Table& t, const char* column) { return t.column<std::int64_t>(column); }

}  // namespace

TEST_F(IndexTest, SetIndexSortsAndPutsEachRowBetweenItsDivisions) {
  std::mt19937 random(7);
  for (int round = 0; round < 25; ++round) {
    Ints values;
    for (int i = 1 + static_cast<int>(random() % 60); i > 0; --i) values.push_back(static_cast<std::int64_t>(random() % 30) - 15);
    const auto df = numbers(values, 1 + static_cast<std::int64_t>(random() % 6)).set_index("k");
    ASSERT_TRUE(df.known_divisions());
    const auto divisions = df.divisions();
    ASSERT_EQ(static_cast<std::int64_t>(divisions.size()), df.npartitions() + 1);
    std::vector<std::pair<std::int64_t, std::int64_t>> wanted, found;
    for (std::size_t i = 0; i < values.size(); ++i) wanted.emplace_back(values[i], static_cast<std::int64_t>(i));
    std::stable_sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::int64_t p = 0; p < df.npartitions(); ++p) {
      const al::Table part = df.get_partition(p).compute();
      const Ints k = ints(part, "k"), place = ints(part, "place");
      for (std::size_t i = 0; i < k.size(); ++i) {
        ASSERT_GE(k[i], divisions[static_cast<std::size_t>(p)].as<std::int64_t>());
        const auto end = divisions[static_cast<std::size_t>(p) + 1].as<std::int64_t>() + (p + 1 == df.npartitions() ? 1 : 0);
        ASSERT_LT(k[i], end);
        found.emplace_back(k[i], place[i]);
      }
    }
    ASSERT_EQ(found, wanted) << "round " << round;
    ASSERT_EQ(divisions.front().as<std::int64_t>(), wanted.front().first);
    ASSERT_EQ(divisions.back().as<std::int64_t>(), wanted.back().first);
  }
}

TEST_F(IndexTest, LocTakesTheRowsBetweenAndReadsOnlyThePartitionsThatCanHoldThem) {
  std::mt19937 random(8);
  for (int round = 0; round < 40; ++round) {
    Ints values;
    for (int i = static_cast<int>(random() % 50) + 1; i > 0; --i) values.push_back(static_cast<std::int64_t>(random() % 40));
    const auto df = numbers(values, 5).set_index("k");
    const auto low = static_cast<std::int64_t>(random() % 44) - 2, high = low + static_cast<std::int64_t>(random() % 20);
    Ints wanted;
    for (const auto v : values)
      if (low <= v && v <= high) wanted.push_back(v);
    std::sort(wanted.begin(), wanted.end());
    ASSERT_EQ(ints(df.loc(low, high).compute(), "k"), wanted) << "round " << round << ", " << low << " to " << high;
    const auto places = df["place"].loc(low, high).compute();
    ASSERT_EQ(places.size(), static_cast<std::int64_t>(wanted.size()));
    for (const auto i : places.values<std::int64_t>())
      ASSERT_TRUE(low <= values[static_cast<std::size_t>(i)] && values[static_cast<std::size_t>(i)] <= high);
  }
  Ints rows(100);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
  const auto df = numbers(rows, 10).set_index("k", {.sorted = true}).persist();
  EXPECT_EQ(df.loc(35, 44).npartitions(), 2);
  EXPECT_EQ(df.loc(al::Value(), 5).npartitions(), 1);
  EXPECT_EQ(df.loc(91, al::Value()).npartitions(), 1);
  EXPECT_EQ(df.loc(90, al::Value()).npartitions(), 2);  // of a frame taken as it came, what equals a division may end the partition before
  EXPECT_EQ(df.loc(17).npartitions(), 1);
  EXPECT_THAT(ints(df.loc(17).compute(), "place"), ElementsAre(17));
  EXPECT_EQ(df.loc(1000, 2000).compute().nrows(), 0);
  EXPECT_EQ(df.loc(al::Value(), al::Value()).npartitions(), 10);
}

TEST_F(IndexTest, SortedFramesStayWhereTheyAreAndOthersAreRefused) {
  const auto df = numbers({1, 3, 3, 4, 4, 9}, 3).set_index("k", {.sorted = true});
  ASSERT_EQ(df.divisions().size(), 4u);
  EXPECT_THAT(df.divisions(), ElementsAre(al::Value(1), al::Value(3), al::Value(4), al::Value(9)));
  EXPECT_THAT(ints(df.loc(4).compute(), "place"), ElementsAre(3, 4));
  EXPECT_THAT(message<al::ValueError>([] { numbers({5, 6, 1, 2}, 2).set_index("k", {.sorted = true}); }), HasSubstr("partition 1 begins with 1, before it there is 6"));
}

TEST_F(IndexTest, DivisionsMayBeGiven) {
  const auto df = numbers({7, 1, 5, 3, 9, 1}, 2).set_index("k", {.divisions = {1, 4, 8, 10}});
  ASSERT_EQ(df.npartitions(), 3);
  EXPECT_THAT(ints(df.get_partition(0).compute(), "k"), ElementsAre(1, 1, 3));
  EXPECT_THAT(ints(df.get_partition(0).compute(), "place"), ElementsAre(1, 5, 3));
  EXPECT_THAT(ints(df.get_partition(1).compute(), "k"), ElementsAre(5, 7));
  EXPECT_THAT(ints(df.get_partition(2).compute(), "k"), ElementsAre(9));
  EXPECT_THAT(message<al::ValueError>([] { numbers({7, 1}, 2).set_index("k", {.divisions = {1, 4, 2}}); }), HasSubstr("in order"));
  EXPECT_THAT(message<al::ValueError>([] { numbers({7, 1}, 2).set_index("k", {.divisions = {2, 9}}); }), HasSubstr("from 2 to 9, \"k\" from 1 to 7"));
  EXPECT_THAT(message<al::ValueError>([] { numbers({7, 1}, 2).set_index("k", {.divisions = {2}}); }), HasSubstr("two divisions"));
}

TEST_F(IndexTest, StaysWithRowsAndColumnsAndGoesWithItsColumn) {
  const auto df = numbers({7, 1, 5, 3}, 2).set_index("k");
  EXPECT_TRUE(df[df["place"] > 1].known_divisions());
  EXPECT_TRUE(df.assign("double", df["k"] * 2).known_divisions());
  EXPECT_TRUE(df.persist().known_divisions());
  EXPECT_TRUE(df["place"].known_divisions());
  EXPECT_TRUE((df["place"] + 1).known_divisions());
  const auto renamed = df.rename({.columns = {{"k", "key"}}});
  EXPECT_TRUE(renamed.known_divisions());
  EXPECT_EQ(renamed.index().name(), "key");
  EXPECT_THAT(ints(renamed.loc(3, 5).compute(), "key"), ElementsAre(3, 5));
  EXPECT_EQ(df.index().name(), "k");
  EXPECT_FALSE(df[{"place"}].known_divisions());
  EXPECT_FALSE(df.assign("k", df["k"] * -1).known_divisions());
  EXPECT_FALSE(df.repartition({.npartitions = 1}).known_divisions());
  EXPECT_FALSE(df.reset_index().known_divisions());
  EXPECT_TRUE(df.reset_index().divisions().empty());
  EXPECT_THAT(ints(df.reset_index().compute(), "k"), ElementsAre(1, 3, 5, 7));
  EXPECT_THAT(message<al::ValueError>([&] { df.reset_index().loc(1, 2); }), HasSubstr("set_index"));
  EXPECT_THAT(message<al::ValueError>([&] { df.reset_index().index(); }), HasSubstr("set_index"));
  EXPECT_THAT(message<al::ValueError>([&] { df.loc(al::Value()); }), HasSubstr("null"));
}

TEST_F(IndexTest, SortingByTheIndexAgainExchangesNothing) {
  const auto df = numbers({7, 1, 5, 3, 9, 2, 2, 8}, 4).set_index("k").persist();
  evaluator.reset();
  EXPECT_THAT(ints(df.sort_values({"k"}).compute(), "k"), ElementsAre(1, 2, 2, 3, 5, 7, 8, 9));
  EXPECT_EQ(evaluator.tasks.count("sort-values-split"), 0u);
  evaluator.reset();
  EXPECT_THAT(ints(df.sort_values({"k"}, {.ascending = false}).compute(), "k"), ElementsAre(9, 8, 7, 5, 3, 2, 2, 1));
  EXPECT_GT(evaluator.tasks.count("sort-values-split"), 0u);
}

TEST_F(IndexTest, JoinGoesByTheIndexOfBoth) {
  const auto left = numbers({4, 2, 3}, 2).set_index("k");
  const auto right = al::from_table(al::Table({"key", "x"}, {al::Column(Ints{3, 4, 6}), al::Column(Ints{30, 40, 60})})).set_index("key");
  const al::Table joined = left.join(right).compute().sort_values({"k"});
  EXPECT_THAT(joined.columns(), ElementsAre("k", "place", "x"));
  EXPECT_THAT(ints(joined, "k"), ElementsAre(2, 3, 4));
  EXPECT_TRUE(joined["x"].is_null(0));
  EXPECT_EQ(joined["x"].value(1), al::Value(30));
  EXPECT_EQ(left.join(right, {.how = "outer"}).len(), 4);
  EXPECT_THAT(message<al::ValueError>([&] { left.join(right.reset_index()); }), HasSubstr("wants an index"));
}

TEST_F(IndexTest, RefusesColumnsThatHaveNoOrderOrNoValue) {
  EXPECT_THAT(message<al::KeyError>([] { numbers({1}, 1).set_index("kk"); }), HasSubstr("\"k\""));
  const auto rows = [&](std::vector<std::optional<double>> x) { return al::from_table(al::Table({"x"}, {al::Column(x)}), {.npartitions = 2}); };
  EXPECT_THAT(message<al::ValueError>([&] { rows({1.0, std::nullopt, NAN}).set_index("x"); }), HasSubstr("has 2 that are missing or NaN"));
  EXPECT_THAT(message<al::TypeError>([] { al::from_table(al::Table({"b"}, {al::Column(std::vector<bool>{true})})).set_index("b"); }), HasSubstr("bool"));
  // No rows: sorted, but where partitions begin is not known.
  const auto empty = numbers({}, 3).set_index("k");
  EXPECT_FALSE(empty.known_divisions());
  EXPECT_EQ(empty.loc(1, 2).compute().nrows(), 0);
}

TEST_F(IndexTest, TextsAndTimesAreIndexesToo) {
  const auto texts = al::from_table(al::Table({"s"}, {al::Column(std::vector<std::string>{"pear", "apple", "fig", "Ö", ""})}), {.npartitions = 3}).set_index("s");
  EXPECT_THAT(texts.loc("b", "z").compute().column<std::string>("s"), ElementsAre("fig", "pear"));
}

TEST_F(IndexTest, TheIndexIsAColumnLikeOthers) {
  const auto index = numbers({7, 1, 5, 3, 1}, 2).set_index("k").index();
  EXPECT_EQ(index.dtype(), al::ColumnType::int64);
  EXPECT_EQ(index.shape().compute(), al::Value(5));
  EXPECT_EQ(index.size().compute(), al::Value(5));
  EXPECT_EQ(index.compute(), al::Column(Ints{1, 1, 3, 5, 7}));
  EXPECT_THAT(ints(index.head(2), "k"), ElementsAre(1, 1));
  EXPECT_EQ(index.min().compute(), al::Value(1));
  EXPECT_EQ(index.max().compute(), al::Value(7));
  EXPECT_EQ(index.count().compute(), al::Value(5));
  EXPECT_EQ(index.nunique().compute(), al::Value(4));
  EXPECT_EQ(index.unique().compute(), al::Column(Ints{1, 3, 5, 7}));
  EXPECT_EQ(index.drop_duplicates().compute(), al::Column(Ints{1, 3, 5, 7}));
  EXPECT_EQ(index.isin({3, 7}).compute(), al::Column(std::vector<bool>{false, false, true, false, true}));
  EXPECT_EQ(index.map([](std::int64_t k) { return k + 1; }).compute(), al::Column(Ints{2, 2, 4, 6, 8}));
  EXPECT_EQ(index.value_counts().compute()["count"].value(0), al::Value(2));
  EXPECT_THAT(index.to_frame().columns(), ElementsAre("k"));
}
