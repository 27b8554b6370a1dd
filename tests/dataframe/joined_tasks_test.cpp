// Small partitions share tasks where their results are put together, and stay partitions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
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

namespace {

std::atomic<int> partitions_seen{0};

class JoinedTasks : public testing::Test {
 protected:
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("ashlar_joined_" + std::to_string(::getpid()));
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard{&evaluator};
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  // Files of different numbers of rows: k % 3, x that does not add up exactly, and columns that make them as large as wanted.
  al::DataFrame files(int count, int rows, int wide = 0) {
    for (int f = 0; f < count; ++f) {
      std::ofstream out(folder / ("part" + std::to_string(1000 + f) + ".csv"));
      out << "k,x";
      for (int c = 0; c < wide; ++c) out << ",w" << c;
      out << "\n";
      for (int i = 0; i < rows + f % 3; ++i) {
        out << i % 3 << "," << 0.1 * (i + f);
        for (int c = 0; c < wide; ++c) out << ",a text to make it wide";
        out << "\n";
      }
    }
    const auto df = al::read_csv((folder / "part*.csv").string());
    evaluator.reset();
    return df;
  }
};

}  // namespace

TEST_F(JoinedTasks, PartialResultsOfSmallFilesComeFromOneTask) {
  const auto df = files(100, 20);
  EXPECT_EQ(df.npartitions(), 100);
  const al::Value sum = df["x"].sum().compute();
  EXPECT_EQ(evaluator.total(), 2) << "all that is added up, and the end of it";
  EXPECT_EQ(evaluator.layers.front(), "read-csv-getitem-sum-sum-agg-sum-agg-sum-agg");
  // The same bits as task by task.
  al::GraphBuilder builder(false);
  std::vector<al::TaskRef> wanted;
  {
    const auto lock = al::detail::lowering_lock();
    wanted = al::detail::CollectionTraits<al::Scalar<al::Value>>::lower(df["x"].sum(), builder);
  }
  EXPECT_EQ(al::run_here(std::move(builder).take(), wanted)[0].get<al::Value>(), sum);
  evaluator.reset();
  const auto groups = df[df["k"] > 0].groupby({"k"}).agg({{"x", {"sum", "count", "median"}}});
  EXPECT_EQ(groups.compute(), partitions_by(groups, false)[0]);
  EXPECT_EQ(evaluator.total(), 2);
}

TEST_F(JoinedTasks, FunctionsOfPartitionsAreCalledForEach) {
  const auto df = files(30, 4);
  partitions_seen = 0;
  const auto sizes = df.map_partitions(
      [](al::Table t) {
        ++partitions_seen;
        return al::Table({"rows"}, {al::Column(std::vector<std::int64_t>{t.nrows()})});
      },
      {.meta = al::Table({"rows"}, {al::Column(std::vector<std::int64_t>{})})});
  EXPECT_EQ(sizes.npartitions(), 30);
  EXPECT_EQ(sizes["rows"].max().compute(), al::Value(6));
  EXPECT_EQ(partitions_seen, 30);
  EXPECT_LT(evaluator.total(), 6);
  EXPECT_EQ(df.get_partition(4).compute().nrows(), 5);
  EXPECT_EQ(df.compute().nrows(), 30 * 5);
}

TEST_F(JoinedTasks, RowsThatComeTogetherAreReadTogether) {
  const auto df = files(20, 5);
  const auto few = df.repartition({.npartitions = 3});
  EXPECT_EQ(few.compute(), df.compute());
  const auto planned = partitions_by(few, true), written = partitions_by(few, false);
  ASSERT_EQ(planned.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(planned[i], written[i]);
  evaluator.reset();
  few.compute();
  EXPECT_EQ(evaluator.total(), 3);
}

TEST_F(JoinedTasks, NotWhatIsNeededElsewhere) {
  const auto df = files(20, 5);
  const auto doubled = df.assign("y", df["x"] * 2);
  al::compute(doubled["y"].sum(), doubled);
  EXPECT_EQ(evaluator.tasks["read-csv"], 20);
  evaluator.reset();
  al::compute(df["x"].sum(), df["x"].max());  // two programs on what was read once
  EXPECT_EQ(evaluator.tasks["read-csv"], 20);
}

TEST_F(JoinedTasks, OnlyAsManyBytesAsATaskIsWorth) {
  const auto df = files(24, 2800, 10);  // 8 of them are above 4 MiB
  EXPECT_GT(std::filesystem::file_size(folder / "part1000.csv"), 600'000u);
  df.groupby({"k"}).agg({{"w0", "max"}, {"w1", "max"}, {"w2", "max"}, {"w3", "max"}, {"w4", "max"}, {"w5", "max"}, {"w6", "max"}, {"w7", "max"}, {"w8", "max"}, {"w9", "max"}}).compute();
  EXPECT_EQ(evaluator.tasks["read-csv"], 24);
  evaluator.reset();
  df["x"].sum().compute();  // one column of twelve
  EXPECT_EQ(evaluator.tasks["read-csv"], 0);
  EXPECT_EQ(evaluator.tasks["read-csv-getitem-sum-sum-agg"], 3);
}

TEST_F(JoinedTasks, ErrorsNameFileAndLine) {
  files(9, 5);
  std::ofstream(folder / "part1004.csv") << "k,x\n1,2\n2,x\n";
  const auto df = al::read_csv((folder / "part*.csv").string(), {.dtype = {{"x", "float64"}}});
  const std::string text = message<al::TaskError>([&] { df["x"].sum().compute(); });
  EXPECT_THAT(text, HasSubstr("part1004.csv: line 3, column \"x\": \"x\" is not of type float64"));
  EXPECT_THAT(text, HasSubstr("read-csv-getitem-sum-sum-agg"));
}

TEST_F(JoinedTasks, ExplainTells) {
  std::ostringstream out;
  files(9, 5)["x"].sum().explain(out);
  EXPECT_THAT(out.str(), HasSubstr("as written: 31 tasks\n       9 x  read-csv: columns k, x (2 of 2)\n"));
  EXPECT_THAT(out.str(), HasSubstr("optimised: 2 tasks\n       1 x  read-csv-getitem-sum-sum-agg-sum-agg: columns x (1 of 2); 9 small partitions\n"));
}
