// melt, pivot_table, rolling windows, to_csv, columns grouped by columns: against loops over plain rows, and files read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "ashlar/dataframe/read_csv.hpp"
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

class Reshape : public testing::Test {
 protected:
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard{&evaluator};
  std::mt19937 random{20251125};
  int rounds = std::getenv("ASHLAR_TEST_LONG") ? 300 : 20;
};

class CsvFiles : public Reshape {
 protected:
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("ashlar_to_csv_" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::create_directory(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  static std::string text_of(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
  }
};

bool same(const al::Value& a, const std::optional<double>& b) {
  if (a.is_null() || !b) return a.is_null() && !b;
  const double x = a.as<double>();
  return x == *b || (std::isnan(x) && std::isnan(*b)) || std::abs(x - *b) <= 1e-12 * std::max(1.0, std::abs(*b));
}

}  // namespace

TEST_F(Reshape, MeltGivesAllRowsOfOneColumnAfterTheOther) {
  for (int round = 0; round < rounds; ++round) {
    const auto rows = random_rows(random, static_cast<int>(random() % 20));
    const al::Table found = frame_of(rows, random).melt({.id_vars = {"s"}, .value_vars = {"x", "n"}}).compute();
    ASSERT_THAT(found.columns(), ElementsAre("s", "variable", "value"));
    ASSERT_EQ(found.nrows(), static_cast<std::int64_t>(2 * rows.size()));
    for (std::size_t i = 0; i < 2 * rows.size(); ++i) {
      const Row& row = rows[i % rows.size()];
      const bool first = i < rows.size();
      const auto at = static_cast<std::int64_t>(i);
      ASSERT_EQ(found["s"].value(at), row.s ? al::Value(*row.s) : al::Value());
      ASSERT_EQ(found["variable"].text(at), first ? "x" : "n");
      ASSERT_TRUE(same(found["value"].value(at), first ? row.x : row.n ? std::optional<double>(static_cast<double>(*row.n)) : std::nullopt));
    }
  }
}

TEST_F(Reshape, MeltTakesAllOtherColumnsAndOtherNames) {
  const auto df = al::from_table(al::Table({"id", "a", "value"}, {al::Column(Ints{1, 2}), al::Column(Ints{10, 20}), al::Column(Ints{100, 200})}));
  const al::Table found = al::melt(df, {.id_vars = {"id"}, .var_name = "which"}).compute();
  EXPECT_THAT(found.columns(), ElementsAre("id", "which", "value"));
  EXPECT_THAT(found.column<std::string>("which"), ElementsAre("a", "a", "value", "value"));
  EXPECT_THAT(found.column<std::int64_t>("value"), ElementsAre(10, 20, 100, 200));
  EXPECT_THAT(message<al::KeyError>([&] { df.melt({.id_vars = {"idd"}}); }), HasSubstr("\"id\""));
  EXPECT_THAT(message<al::ValueError>([&] { df.melt({.id_vars = {"id", "a", "value"}}); }), HasSubstr("at least one column"));
  EXPECT_THAT(message<al::ValueError>([&] { df.melt({.id_vars = {"value"}}); }), HasSubstr("\"value\""));
}

TEST_F(Reshape, PivotTableEqualsALoopOverRows) {
  for (int round = 0; round < rounds; ++round) {
    const auto rows = random_rows(random, 1 + static_cast<int>(random() % 40));
    std::map<std::int64_t, std::map<std::string, std::pair<std::int64_t, std::optional<double>>>> wanted;  // rows and sum
    std::set<std::string> levels;
    for (const Row& row : rows) {
      if (row.s) levels.insert(*row.s);
      if (!row.s || !row.n) continue;
      auto& [count, sum] = wanted[*row.n][*row.s];
      ++count;
      sum = sum.value_or(0) + row.x.value_or(0);
    }
    if (levels.empty()) continue;
    const al::Table found = frame_of(rows, random).pivot_table({.index = {"n"}, .columns = "s", .values = "x", .aggfunc = "sum"}).compute();
    Texts names{"n"};
    names.insert(names.end(), levels.begin(), levels.end());
    ASSERT_EQ(found.columns(), names);
    ASSERT_EQ(found.nrows(), static_cast<std::int64_t>(wanted.size()));
    std::int64_t at = 0;
    for (const auto& [n, of_levels] : wanted) {
      ASSERT_EQ(found["n"].value(at), al::Value(n));
      for (const std::string& level : levels) {
        const auto cell = of_levels.find(level);
        ASSERT_TRUE(same(found[level].value(at), cell == of_levels.end() ? std::nullopt : cell->second.second)) << "round " << round << ", " << n << ", " << level;
      }
      ++at;
    }
  }
}

TEST_F(Reshape, PivotTableSaysWhatIsWrong) {
  const auto df = al::from_table(al::Table({"a", "b", "x"}, {al::Column(Ints{1}), al::Column(Texts{"u"}), al::Column(Ints{3})}));
  EXPECT_THAT(al::pivot_table(df, {.index = {"a"}, .columns = "b", .values = "x"}).columns(), ElementsAre("a", "u"));
  EXPECT_THAT(message<al::ValueError>([&] { df.pivot_table({.columns = "b", .values = "x"}); }), HasSubstr("as index"));
  EXPECT_THAT(message<al::KeyError>([&] { df.pivot_table({.index = {"a"}, .columns = "bb", .values = "x"}); }), HasSubstr("\"b\""));
  EXPECT_THAT(message<al::TypeError>([&] { df.pivot_table({.index = {"a"}, .columns = "x", .values = "b"}); }), HasSubstr("mean"));
}

TEST_F(Reshape, RollingWindowsGoAcrossPartitions) {
  for (int round = 0; round < rounds; ++round) {
    const auto rows = random_rows(random, static_cast<int>(random() % 40));
    const auto window = static_cast<std::int64_t>(1 + random() % 9);
    const auto min_periods = static_cast<std::int64_t>(random() % static_cast<unsigned>(window + 1));
    const auto rolling = frame_of(rows, random)["x"].rolling({.window = window, .min_periods = min_periods});
    const al::Column sum = rolling.sum().compute(), mean = rolling.mean().compute(), low = rolling.min().compute(), high = rolling.max().compute(),
                     count = rolling.count().compute(), var = rolling.var().compute(), std = rolling.std({.ddof = 0}).compute(),
                     median = rolling.median().compute(), quarter = rolling.quantile({.q = 0.25}).compute();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::vector<double> values;
      const std::size_t first = i + 1 < static_cast<std::size_t>(window) ? 0 : i + 1 - static_cast<std::size_t>(window);
      for (std::size_t j = first; j <= i; ++j)
        if (rows[j].x) values.push_back(*rows[j].x);
      const auto n = static_cast<double>(values.size());
      const bool enough = static_cast<std::int64_t>(values.size()) >= min_periods, any = enough && !values.empty();
      double total = 0, squares = 0;
      for (const double v : values) total += v;
      for (const double v : values) squares += (v - total / n) * (v - total / n);
      std::sort(values.begin(), values.end());
      const auto between = [&](double q) {
        const double place = q * (n - 1);
        const auto below = static_cast<std::size_t>(place);
        return below + 1 < values.size() ? values[below] + (place - std::floor(place)) * (values[below + 1] - values[below]) : values[below];
      };
      const auto at = static_cast<std::int64_t>(i);
      const auto where = [&] { return "round " + std::to_string(round) + ", row " + std::to_string(i) + ", window " + std::to_string(window); };
      ASSERT_TRUE(same(sum.value(at), enough ? std::optional(total) : std::nullopt)) << where();
      ASSERT_TRUE(same(mean.value(at), any ? std::optional(total / n) : std::nullopt)) << where();
      ASSERT_TRUE(same(low.value(at), any ? std::optional(values.front()) : std::nullopt)) << where();
      ASSERT_TRUE(same(high.value(at), any ? std::optional(values.back()) : std::nullopt)) << where();
      ASSERT_TRUE(same(count.value(at), static_cast<std::int64_t>(i - first + 1) >= min_periods ? std::optional(n) : std::nullopt)) << where();
      ASSERT_TRUE(same(var.value(at), any && n > 1 ? std::optional(squares / (n - 1)) : std::nullopt)) << where();
      ASSERT_TRUE(same(std.value(at), any ? std::optional(std::sqrt(squares / n)) : std::nullopt)) << where();
      ASSERT_TRUE(same(median.value(at), any ? std::optional(between(0.5)) : std::nullopt)) << where();
      ASSERT_TRUE(same(quarter.value(at), any ? std::optional(between(0.25)) : std::nullopt)) << where();
    }
  }
}

TEST_F(Reshape, RollingOfAFrameTakesItsNumbersAndSaysWhatIsWrong) {
  const auto df = al::from_table(al::Table({"i", "s"}, {al::Column(Ints{1, 2, 4}), al::Column(Texts{"a", "b", "c"})}), {.npartitions = 3});
  const al::Table sums = df.rolling({.window = 2}).sum().compute();
  EXPECT_TRUE(sums["i"].is_null(0));
  EXPECT_EQ(sums["i"].value(2), al::Value(6.0));
  EXPECT_EQ(sums["s"].text(2), "c");
  EXPECT_EQ(df.rolling({.window = 3, .min_periods = 1}).median().compute()["i"].value(2), al::Value(2.0));
  const auto nan = al::from_table(al::Table({"x"}, {al::Column(std::vector<double>{1, NAN, 2, 3})}));
  EXPECT_TRUE(std::isnan(nan["x"].rolling({.window = 2}).max().compute().value(2).as<double>()));
  EXPECT_EQ(nan["x"].rolling({.window = 2}).max().compute().value(3), al::Value(3.0));
  EXPECT_THAT(message<al::ValueError>([&] { df["i"].rolling({.window = 0}); }), HasSubstr("window = 0"));
  EXPECT_THAT(message<al::ValueError>([&] { df["i"].rolling({.window = 2, .min_periods = 3}); }), HasSubstr("min_periods"));
  EXPECT_THAT(message<al::TypeError>([&] { df["s"].rolling({.window = 2}).sum(); }), HasSubstr("numbers"));
}

TEST_F(Reshape, ColumnsAreGroupedByColumnsAndMappedByPartition) {
  const auto rows = random_rows(random, 60);
  const auto df = frame_of(rows, random);
  EXPECT_EQ(df["x"].groupby(df["s"]).mean().compute(), df.groupby({"s"})["x"].mean().compute());
  EXPECT_THAT(message<al::ValueError>([&] { df["x"].groupby(df["x"]); }), HasSubstr("another name"));
  const al::Column doubled = df["n"].map_partitions([](al::Column c) { return al::table::arithmetic(al::table::Arithmetic::add, c, c); }).compute();
  EXPECT_EQ(doubled, (df["n"] * 2).compute());
}

TEST_F(CsvFiles, OneForEachPartitionOrOneForAllReadBackAsTheyWere) {
  for (int round = 0; round < rounds; ++round) {
    auto rows = random_rows(random, static_cast<int>(random() % 30));
    for (Row& row : rows) {
      if (row.s && row.s->empty()) row.s.reset();  // an empty text comes back missing
      if (row.s && random() % 4 == 0) *row.s += "a \"quoted\", text\r\nof two lines";
    }
    const al::Table wanted = al::test::table_of(rows);
    const auto df = frame_of(rows, random);
    const auto files = df.to_csv((folder / "part-*.csv").string());
    ASSERT_EQ(static_cast<std::int64_t>(files.size()), df.npartitions());
    const auto one = df.to_csv((folder / "all.csv").string(), {.single_file = true});
    ASSERT_EQ(one.size(), 1u);
    const al::ReadCsvOptions types{.dtype = {{"n", "int64"}, {"x", "float64"}, {"s", "string"}, {"b", "bool"}}};
    ASSERT_EQ(al::read_csv(files, types).compute(), wanted) << "round " << round;
    ASSERT_EQ(al::read_csv(one[0], types).compute(), wanted) << "round " << round;
    for (const auto& file : files) std::filesystem::remove(file);
  }
}

TEST_F(CsvFiles, AreWrittenAsPandasWritesThem) {
  // pandas: DataFrame({"i": [1, 2], "x": [0.1, 1e300], "s": ["a,b", None], "b": [True, False]}).to_csv(index=False, na_rep="-"); print(Series([1e16, 1e-5, 100000.0, -0.0]))
  const auto df = al::from_table(al::Table({"i", "x", "s", "b"}, {al::Column(Ints{1, 2}), al::Column(std::vector<double>{0.1, 1e300}),
                                                                al::Column(std::vector<std::optional<std::string>>{"a,b", std::nullopt}),
                                                                al::Column(std::vector<bool>{true, false})}));
  df.to_csv((folder / "a.csv").string(), {.single_file = true, .na_rep = "-"});
  EXPECT_EQ(text_of(folder / "a.csv"), "i,x,s,b\n1,0.1,\"a,b\",True\n2,1e+300,-,False\n");
  df.to_csv((folder / "a.csv").string(), {.single_file = true, .sep = ";", .columns = {"s", "i"}, .header = false});
  EXPECT_EQ(text_of(folder / "a.csv"), "a,b;1\n;2\n");
  al::from_table(al::Table({"x"}, {al::Column(std::vector<double>{1e16, 1e-5, 100000, -0.0, 1e15})}))["x"].to_csv((folder / "x.csv").string(), {.single_file = true});
  EXPECT_EQ(text_of(folder / "x.csv"), "x\n1e+16\n1e-05\n100000.0\n-0.0\n1000000000000000.0\n");
  al::from_table(al::Table({"s"}, {al::Column(std::vector<std::optional<std::string>>{"", std::nullopt, "Ö"})}))["s"].to_csv((folder / "s.csv").string(), {.single_file = true});
  EXPECT_EQ(text_of(folder / "s.csv"), "s\n\"\"\n\"\"\nÖ\n");
}

TEST_F(CsvFiles, SayWhatIsWrong) {
  const auto df = al::from_table(al::Table({"i"}, {al::Column(Ints{1, 2})}), {.npartitions = 2});
  EXPECT_THAT(message<al::IoError>([&] { df.to_csv((folder / "none" / "*.csv").string()); }), HasSubstr("none/0.csv"));
  EXPECT_THAT(message<al::ValueError>([&] { df.to_csv("x.csv", {.sep = "::"}); }), HasSubstr("\"::\""));
  EXPECT_THAT(message<al::ValueError>([&] { df.to_csv("*.csv", {.single_file = true}); }), HasSubstr("one file"));
  EXPECT_THAT(message<al::ValueError>([&] { df.to_csv("x.csv", {.sep = "\""}); }), HasSubstr("two different characters"));
  EXPECT_THAT(message<al::KeyError>([&] { df.to_csv("x.csv", {.columns = {"j"}}); }), HasSubstr("\"i\""));
  const auto files = df.to_csv(folder.string());
  EXPECT_THAT(files, ElementsAre((folder / "0.part").string(), (folder / "1.part").string()));
  EXPECT_EQ(text_of(files[1]), "i\n2\n");
}
