// Where filters go: into the reader, to the sides of joins, below exchanges; what comes out is what the plan as it was written gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ashlar/dataframe/read_csv.hpp"
#include "counting_evaluator.hpp"
#include "row_oracle.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::message;
using al::test::pipelines::partitions_by;
using testing::HasSubstr;
using testing::Not;

namespace {

// 1000 rows: i = 0 … 999, k = i % 10, w a word, x = i / 4.
class FilterPushdown : public testing::Test {
 protected:
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("ashlar_pushdown_" + std::to_string(::getpid()));
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard{&evaluator};
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  al::DataFrame numbers(al::ReadCsvOptions options = {}) {
    std::string text = "i,k,w,x\n";
    for (int i = 0; i < 1000; ++i) text += std::to_string(i) + "," + std::to_string(i % 10) + ",word " + std::to_string(i % 7) + "," + std::to_string(i / 4.0) + "\n";
    options.blocksize = 4000;
    const auto df = al::read_csv(write("numbers.csv", text), options);
    evaluator.reset();
    return df;
  }
  static std::string plan(const al::DataFrame& df) {
    std::ostringstream out;
    df.explain(out);
    return out.str();
  }
  static std::string optimised(const al::DataFrame& df) {
    const std::string text = plan(df);
    return text.substr(text.find("optimised"));
  }
  // Computed; each partition holds what it holds without the planner.
  al::Table right(const al::DataFrame& df) {
    evaluator.reset();
    const al::Table found = df.compute();
    const auto planned = partitions_by(df, true), written = partitions_by(df, false);
    EXPECT_EQ(planned.size(), written.size());
    for (std::size_t i = 0; i < std::min(planned.size(), written.size()); ++i) EXPECT_EQ(planned[i], written[i]) << "partition " << i << "\n" << plan(df);
    return found;
  }
};

}  // namespace

TEST_F(FilterPushdown, TheReaderLeavesOutRows) {
  const auto df = numbers();
  EXPECT_GT(df.npartitions(), 3);
  const auto few = df[df["k"] == 3][{"i", "w"}];
  EXPECT_EQ(right(few).nrows(), 100);
  EXPECT_EQ(evaluator.rows["read-csv"], 100);
  EXPECT_THAT(optimised(few), HasSubstr("read-csv: columns i, w (2 of 4); rows where (k == 3)"));
  EXPECT_THAT(plan(few), HasSubstr("read-csv: columns i, k, w, x (4 of 4)\n"));  // as it was written
}

TEST_F(FilterPushdown, ThroughStepsThatLookAtOneRow) {
  const auto df = numbers();
  const auto renamed = df.rename({.columns = {{"i", "j"}}});
  const auto more = renamed.assign("y", renamed["j"] * 2 + 1).assign("z", renamed["x"].fillna(0.0));
  const auto few = more[(more["y"] > 1801) & more["w"].isin({"word 1", "word 2"})].drop({"k"});
  const al::Table found = right(few);
  EXPECT_EQ(evaluator.rows["read-csv"], found.nrows());
  EXPECT_EQ(found["j"].value(0), al::Value(904));
  EXPECT_THAT(optimised(few), HasSubstr("rows where (((i * 2) + 1) > 1801) & isin(w, \"word 1\", \"word 2\")"));
  const al::Table even = right(few[few["j"] % 2 == 0]);  // one filter above another
  EXPECT_EQ(even.nrows(), 14);
  EXPECT_EQ(evaluator.rows["read-csv"], 14);
}

TEST_F(FilterPushdown, OfColumnsAndReductions) {
  const auto df = numbers();
  EXPECT_EQ(df["x"][df["k"] == 3].count().compute(), al::Value(100));
  std::ostringstream out;
  df["x"][df["k"] == 3].count().explain(out);
  EXPECT_THAT(out.str(), HasSubstr("columns x (1 of 4); rows where (k == 3)"));
  evaluator.reset();
  const auto twos = df[df["k"] == 2];
  const auto [sum, n] = al::compute(twos["i"].sum(), twos.groupby({"w"}).agg({{"i", "count"}})["i_count"].sum());
  EXPECT_EQ(n, al::Value(100));
  EXPECT_EQ(sum, al::Value(49700));
  EXPECT_EQ(evaluator.rows["read-csv"], 100);  // read once, for both
}

TEST_F(FilterPushdown, NotWhatSomebodyNeedsWhole) {
  const auto df = numbers();
  const auto [all, few] = al::compute(df["i"].sum(), df[df["k"] == 3]["i"].count());
  EXPECT_EQ(all, al::Value(499500));
  EXPECT_EQ(few, al::Value(100));
  EXPECT_EQ(evaluator.rows["read-csv"], 1000);
  const auto above = df[df["x"] > df["x"].mean()];
  EXPECT_EQ(right(above).nrows(), 500);
  EXPECT_THAT(optimised(above), Not(HasSubstr("(4 of 4); rows where")));
}

TEST_F(FilterPushdown, NotPastWhatLooksAtOtherRows) {
  const auto df = numbers();
  const auto running = df.assign("i", df["i"].cumsum());
  const auto shifted = df.assign("i", df["i"].shift());
  const auto mapped = df.map_partitions([](al::Table t) { return t.head(5); });
  const auto first = df.drop_duplicates({.subset = {"w"}});
  const auto more = df.repartition({.npartitions = 13});
  for (const auto& each : {running, shifted, mapped, first, more}) {
    const auto few = each[each["k"] == 3];
    right(few);
    EXPECT_THAT(optimised(few), HasSubstr("(4 of 4)"));
    EXPECT_THAT(optimised(few), Not(HasSubstr("(4 of 4); rows where")));
  }
}

TEST_F(FilterPushdown, WhatMayFailStaysWhereItIs) {
  const auto df = numbers();
  const auto narrow = df.assign("small", df["i"].astype("int8"));  // 128 does not fit
  const auto few = narrow[narrow["i"] < 100];
  const std::string planned = message<al::TaskError>([&] { few.compute(); });
  EXPECT_THAT(planned, HasSubstr("does not fit into int8"));
  EXPECT_THAT(optimised(few), Not(HasSubstr("(4 of 4); rows where")));
  // Nobody wants that column: nothing fails, and the filter moves.
  evaluator.reset();
  EXPECT_EQ(few[{"i"}].compute().nrows(), 100);
  EXPECT_EQ(evaluator.rows["read-csv"], 100);
}

TEST_F(FilterPushdown, FieldsOfGivenTypesAreLookedAtInEveryRow) {
  const std::string path = write("typed.csv", "a,b\n1,2\n5,x\n2,4\n");
  const auto df = al::read_csv(path, {.dtype = {{"b", "int64"}}});
  const std::string planned = message<al::TaskError>([&] { df[df["a"] < 3].compute(); });
  EXPECT_THAT(planned, HasSubstr("line 3, column \"b\": \"x\" is not of type int64"));
  EXPECT_EQ(df[df["a"] < 3][{"a"}].compute().nrows(), 2);  // not used, not looked at: as without a filter
}

TEST_F(FilterPushdown, WhatIsMissingIsNoReasonToStay) {
  const auto df = al::read_csv(write("missing.csv", "a,b\n1,2\n,3\nNA,4\n9,\n"));
  EXPECT_EQ(right(df[df["a"] != 1])["a"], al::Column(std::vector<std::int64_t>{9}));
  EXPECT_EQ(right(df[!(df["a"] == 1)]).nrows(), 1);
  EXPECT_EQ(right(df[df["a"].isna()])["b"], al::Column(std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(right(df[(df["a"] > 5) | (df["b"] > 3)]).nrows(), 2);  // null | true
  EXPECT_EQ(right(df.dropna()).nrows(), 1);
  EXPECT_EQ(evaluator.rows["read-csv"], 1);
}

TEST_F(FilterPushdown, CategoriesKeepTheTextsOfTheirPartition) {
  const auto df = numbers({.dtype = {{"w", "category"}}});
  const auto few = df[df["i"] < 2];
  EXPECT_EQ(right(few).nrows(), 2);
  EXPECT_EQ(partitions_by(few, true)[0]["w"].categories(), partitions_by(few, false)[0]["w"].categories());
}

TEST_F(FilterPushdown, ToTheSidesOfJoins) {
  const auto left = numbers();
  const auto right_side = al::read_csv(write("names.csv", "i,name,v\n1,one,1\n2,two,2\n7,seven,3\n11,eleven,4\n1001,none,5\n"), {.blocksize = 12});
  for (const char* how : {"inner", "left", "right", "outer", "leftsemi", "leftanti"}) {
    const auto joined = left.merge(right_side, {.how = how, .on = {"i"}});
    const bool left_only = std::string(how).starts_with("lefts") || std::string(how) == "leftanti";
    right(joined[joined["i"] < 10]);  // keys: both sides
    EXPECT_LE(evaluator.rows["read-csv"], 10 + 3) << how;
    right(joined[joined["k"] == 1]);
    EXPECT_EQ(evaluator.rows["read-csv"] < 500, std::string(how) != "right" && std::string(how) != "outer") << how;
    if (left_only) continue;
    right(joined[(joined["v"] > 1) & (joined["k"] < 5) & (joined["v"] < joined["k"])]);
    right(joined[joined["v"].isna()]);
  }
  const auto joined = left.merge(right_side, {.on = {"i"}});
  const auto few = joined[(joined["name"] == "seven") & (joined["k"] == 7) & (joined["v"] < joined["k"])];
  const al::Table found = right(few);
  EXPECT_EQ(found.nrows(), 1);
  EXPECT_EQ(evaluator.rows["read-csv"], 100 + 1);
  EXPECT_THAT(optimised(few), HasSubstr("rows where (name == \"seven\")"));
  EXPECT_THAT(optimised(few), HasSubstr("rows where (v < k)"));
  // A side that is used elsewhere is read once, and whole.
  const auto both = al::concat({few[{"i"}], right_side[{"i"}]});
  EXPECT_EQ(right(both).nrows(), 1 + 5);
  EXPECT_EQ(evaluator.rows["read-csv"], 100 + 5);
}

TEST_F(FilterPushdown, BelowExchanges) {
  const auto df = numbers();
  const auto shuffled = df.shuffle({"w"});
  EXPECT_EQ(right(shuffled[shuffled["k"] == 3]).nrows(), 100);
  EXPECT_EQ(evaluator.rows["read-csv"], 100);
  const auto indexed = df.set_index("x");
  EXPECT_EQ(right(indexed[indexed["k"] == 3]).nrows(), 100);
  EXPECT_EQ(evaluator.rows["read-csv"], 100);
  const auto range = indexed.loc(10.0, 20.0);
  EXPECT_EQ(range.npartitions(), 1);
  EXPECT_EQ(right(range).nrows(), 41);
  EXPECT_EQ(evaluator.rows["read-csv"], 41);
  // The sample of a sort is one of all rows, but only those that stay change hands.
  const auto sorted = df.sort_values({"w", "x"}, {.ascending = {true, false}});
  EXPECT_EQ(right(sorted[sorted["k"] == 3]).nrows(), 100);
  EXPECT_EQ(evaluator.rows["sort-values"], 100);
  EXPECT_EQ(evaluator.rows["read-csv"], 1000);
  const auto fewer = al::concat({df, df}).repartition({.npartitions = 2});
  EXPECT_EQ(right(fewer[fewer["k"] == 3]).nrows(), 200);
  EXPECT_EQ(evaluator.rows["read-csv"], 100);
}

TEST_F(FilterPushdown, DeepPlansAreNoTrouble) {
  auto df = numbers();
  for (int i = 0; i < 50; ++i) df = df.assign("y" + std::to_string(i), df["i"] + i);
  EXPECT_EQ(right(df.dropna()[{"i", "y7"}]).nrows(), 1000);
  auto mask = df["i"] > 990;
  for (int i = 0; i < 60; ++i) mask = mask & mask;
  EXPECT_EQ(right(df[mask][{"i"}]).nrows(), 9);
  EXPECT_EQ(evaluator.rows["read-csv"], 9);
}
