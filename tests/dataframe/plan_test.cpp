// What becomes of expressions: how many tasks, which columns, what is shared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "ashlar/dataframe/dataframe.hpp"
#include "counting_evaluator.hpp"
#include "reference.hpp"

namespace al = ashlar;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

namespace {

std::atomic<int> calls{0};

class Plan : public testing::Test {
 protected:
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard{&evaluator};
  al::DataFrame df = al::from_table(al::Table({"a", "b"}, {al::Column(std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}),
                                                          al::Column(std::vector<double>(12, 0.5))}),
                                    {.npartitions = 4});
};

}  // namespace

TEST_F(Plan, StepsOfAPartitionAreOneTask) {
  const auto chain = df.assign("c", df["a"] * 2 + 1)[df["a"] > 2][{"c", "b"}].map_partitions([](al::Table t) { return t; });
  EXPECT_EQ(chain["c"].compute().size(), 10);
  EXPECT_EQ(evaluator.layers.size(), 2u);
  EXPECT_EQ(evaluator.total(), 8);  // 4 partitions read, 4 worked on
}

TEST_F(Plan, AReductionIsOneTaskPerPartitionAndATree) {
  EXPECT_EQ(df["a"].sum().compute(), al::Value(78));
  EXPECT_EQ(evaluator.total(), 4 + 4 + 1 + 1);  // read, partial sums, merge, finish
  const auto many = df.repartition({.npartitions = 100});
  evaluator.reset();
  EXPECT_EQ(many["a"].sum().compute(), al::Value(78));
  EXPECT_EQ(evaluator.tasks["sum-agg"], 13 + 2 + 1);  // eight at a time
}

TEST_F(Plan, WhatSeveralResultsNeedIsComputedOnce) {
  calls = 0;
  const auto mapped = df.map_partitions(
      [](al::Table t) {
        ++calls;
        return t;
      },
      {.meta = df.node()->table()});
  const auto [low, high, n] = al::compute(mapped["a"].min(), mapped["a"].max(), mapped[mapped["a"] > 3]["a"].count());
  EXPECT_EQ(low, al::Value(1));
  EXPECT_EQ(high, al::Value(12));
  EXPECT_EQ(n, al::Value(9));
  EXPECT_EQ(calls, 4);
  calls = 0;
  const auto centred = mapped["a"] - mapped["a"].mean();
  EXPECT_EQ(centred.max().compute(), al::Value(5.5));
  EXPECT_EQ(calls, 4);
}

TEST_F(Plan, EqualExpressionsAreOneExpression) {
  al::compute(df[df["a"] > 3]["a"].sum(), df[df["a"] > 3]["a"].sum());
  const int once = evaluator.total();
  evaluator.reset();
  al::compute(df[df["a"] > 3]["a"].sum());
  EXPECT_EQ(evaluator.total(), once);
}

TEST_F(Plan, WithoutOptimisationEveryExpressionIsALayer) {
  const auto sum = (df["a"] * 2 + 1).sum();
  al::GraphBuilder builder(false);
  std::vector<al::TaskRef> wanted;
  {
    const auto lock = al::detail::lowering_lock();
    wanted = al::detail::CollectionTraits<al::Scalar<al::Value>>::lower(sum, builder);
  }
  const al::TaskGraph graph = std::move(builder).take();
  std::vector<std::string> names;
  for (const auto& layer : graph.layers) names.push_back(layer->name());
  EXPECT_THAT(names, UnorderedElementsAre("from-table", "getitem", "mul", "add", "sum", "sum-agg", "sum"));
  EXPECT_EQ(al::run_here(graph, wanted)[0].get<al::Value>(), al::Value(168));
}

TEST_F(Plan, UnoptimisedGraphsGiveTheSameResults) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    const auto frame = al::test::frame_of(al::test::random_rows(random, 30), random);
    const auto result = frame.assign("z", frame["n"] + frame["n"].sum())[frame["b"]]
                            .rename({.columns = {{"s", "t"}}})
                            .groupby({"t"})
                            .agg({{"z", {"max", "count"}}})
                            .sort_values("z_max", {.ascending = false});
    al::GraphBuilder builder(false);
    std::vector<al::TaskRef> wanted;
    {
      const auto lock = al::detail::lowering_lock();
      wanted = al::detail::CollectionTraits<al::DataFrame>::lower(result, builder);
    }
    const auto objects = al::run_here(std::move(builder).take(), wanted);
    EXPECT_EQ(al::detail::CollectionTraits<al::DataFrame>::assemble(result, objects), result.compute());
  }
}

TEST_F(Plan, BuildingComputesNothing) {
  const auto r = df[df["a"] > 3].groupby({"b"}).agg({{"a", "sum"}}).sort_values("a_sum").repartition({.npartitions = 2}).assign("k", df["a"].max());
  EXPECT_EQ(r.columns().size(), 3u);
  EXPECT_EQ(evaluator.total(), 0);
}
