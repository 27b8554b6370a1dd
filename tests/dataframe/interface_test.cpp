// Every spelling of the interface compiles and means what it says: the dataframe part of the user's contract.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ashlar/dataframe/read_csv.hpp"
#include "ashlar/dataframe/delayed_argument.hpp"
#include "ashlar/delayed/delayed.hpp"

namespace al = ashlar;
using testing::ElementsAre;

namespace {

class Interface : public testing::Test {
 protected:
  std::filesystem::path file = std::filesystem::temp_directory_path() / ("ashlar_interface_" + std::to_string(::getpid()) + ".csv");
  void SetUp() override {
    std::ofstream(file) << "volcano_name,country,elevation,latitude,last_eruption_year,when\n"
                           "Abu,Japan,641,34.5,-6850,2020-05-12\n"
                           "Acamarachi,Chile,6023,-23.3,Unknown,2020-05-13\n"
                           "Acotango,Chile,6052,-18.4,Unknown,2021-01-01\n"
                           "Etna,Italy,3320,37.7,2021,2021-02-02\n"
                           "Huila,Colombia,5364,2.9,2012,2022-03-03\n";
  }
  void TearDown() override { std::filesystem::remove(file); }
};

}  // namespace

TEST_F(Interface, TheExampleOfTheContractGivesItsTable) {
  auto df = al::read_csv(file.string(), {.na_values = {"Unknown"}, .parse_dates = {"when"}});
  std::ostringstream out;
  out << df << '\n';
  EXPECT_NE(out.str().find("Name: read-csv, 1 graph layer"), std::string::npos);
  df = df.repartition({.npartitions = 4});
  double oldest = df["last_eruption_year"].min().compute().as<double>();
  EXPECT_EQ(oldest, -6850);
  al::Table top = df[df["elevation"] > 5000].groupby({"country"}).agg({{"elevation", "mean"}, {"elevation", "max"}, {"volcano_name", "count"}})
                      .sort_values({"elevation_mean"}, {.ascending = {false}}).head(5);
  EXPECT_EQ(top, (al::Table({"country", "elevation_mean", "elevation_max", "volcano_name_count"},
                            {al::Column(std::vector<std::string>{"Chile", "Colombia"}), al::Column(std::vector<double>{6037.5, 5364}),
                             al::Column(std::vector<std::int64_t>{6052, 5364}), al::Column(std::vector<std::int64_t>{2, 1})})));
  EXPECT_EQ(df.assign("north", df["latitude"] > 0)["north"].sum().compute(), al::Value(3));
  EXPECT_EQ(df["country"].str().upper().head(1)["country"].text(0), "JAPAN");
  EXPECT_EQ(df["when"].dt().year().max().compute(), al::Value(2022));
  EXPECT_EQ(df.map_partitions([](al::Table t) { return t; }).len(), 5);
  auto& mean = top.column<double>("elevation_mean");
  EXPECT_EQ(mean[0], 6037.5);
}

TEST_F(Interface, NamesAndOptionsCanBeSpelledInEveryWay) {
  const auto df =
      al::from_table(al::Table({"a", "b", "c", "x", "y"}, std::vector<al::Column>(5, al::Column(std::vector<std::int64_t>{1, 2, 3, 4}))),
                     {.npartitions = 2});
  EXPECT_THAT(df.groupby("a").agg({{"x", "mean"}}).columns(), ElementsAre("a", "x_mean"));
  EXPECT_THAT(df.groupby({"a", "b"}).agg({{"x", {"mean", "max"}}, {"y", "count"}}).columns(), ElementsAre("a", "b", "x_mean", "x_max", "y_count"));
  EXPECT_THAT(df.groupby({"a"}).agg({{"a", {"mean"}}}).columns(), ElementsAre("a", "a_mean"));
  EXPECT_EQ(df.groupby({"a"}).agg("mean").columns().size(), 5u);
  EXPECT_EQ(df.groupby({"a"}).agg({"mean", "max"}).columns().size(), 9u);
  EXPECT_EQ(df.groupby({"a", "b"}).agg({"mean"}).columns().size(), 5u);
  EXPECT_THAT(df.groupby({"a", "b", "c"}).agg({{"x", "min"}, {"y", "max"}}).columns(), ElementsAre("a", "b", "c", "x_min", "y_max"));
  EXPECT_EQ((df[{"a", "b"}].ncols()), 2);
  EXPECT_EQ(df[{"a"}].ncols(), 1);
  EXPECT_EQ((df[{"a", "b", "c"}].ncols()), 3);
  std::string s = "a";
  std::string_view sv = "b";
  std::vector<std::string> cols{"a"};
  EXPECT_EQ(df[s].name(), "a");
  EXPECT_EQ(df[sv].name(), "b");
  EXPECT_EQ(df[cols].ncols(), 1);
  EXPECT_EQ((df[{s, "b"}].ncols()), 2);
  EXPECT_EQ(df[(df["a"] > 0) & (df["b"] == 2)].len(), 1);
  EXPECT_EQ(df[~(df["a"] > 1)].len(), 1);
  EXPECT_EQ(df[!(df["a"] > 1) || df["a"] > 3].len(), 2);
  EXPECT_EQ((0 < df["a"]).sum().compute(), al::Value(4));
  EXPECT_EQ((df["a"] == df["b"]).all().compute(), al::Value(true));
  EXPECT_EQ(df["a"].isin({0}).sum().compute(), al::Value(0));
  EXPECT_EQ(df["a"].isin({1, 2, 3}).sum().compute(), al::Value(3));
  EXPECT_EQ(df["a"].isin(std::vector<int>{4}).sum().compute(), al::Value(1));
  EXPECT_EQ(df.sort_values("a", {.ascending = false}).head(1)["a"].value(0), al::Value(4));
  EXPECT_EQ(df.sort_values({"a", "b"}, {.ascending = {false, true}}).head(1)["a"].value(0), al::Value(4));
  EXPECT_EQ(df.sort_values({"a", "b"}).npartitions(), df.npartitions());
  const auto cdf = df;
  EXPECT_EQ(cdf[cdf["a"] > 1].len(), 3);
  EXPECT_EQ(al::read_csv(file.string(), {.usecols = {"country", "elevation"}}).ncols(), 2);
  EXPECT_EQ(al::read_csv(file.string(), {.na_values = "Unknown"}).ncols(), 6);
  EXPECT_EQ(al::read_csv(file.string(), {.blocksize = "64MB", .dtype = {{"elevation", "float32"}}}).dtypes()[2], al::ColumnType::float32);
}

TEST_F(Interface, FramesAreArgumentsOfDelayedFunctions) {
  const auto df = al::from_table(al::Table({"a"}, {al::Column(std::vector<std::int64_t>{1, 2, 3, 4})}), {.npartitions = 3});
  const auto rows = al::delayed([](al::Table t) { return t.nrows(); });
  EXPECT_EQ(rows(df).compute(), 4);
  EXPECT_EQ(rows(df[df["a"] > 2]).compute(), 2);
  const auto all = al::delayed([](const al::Column& c, al::Value v) { return c.size() + v.as<std::int64_t>(); });
  EXPECT_EQ(all(df["a"], df["a"].max()).compute(), 8);
}

TEST_F(Interface, GraphsAreDrawn) {
  const auto df = al::from_table(al::Table({"a"}, {al::Column(std::vector<std::int64_t>{1, 2, 3, 4})}), {.npartitions = 2});
  std::string drawn;
  auto before = al::services();
  al::services().render = [&](const std::string& dot, const std::string&, const std::string&) { drawn = dot; };
  df["a"].max().visualize("a.svg");
  EXPECT_NE(drawn.find("digraph"), std::string::npos);
  const std::string dot = file.string() + ".dot";
  df.visualize(dot, {.optimize_graph = true});
  EXPECT_TRUE(std::filesystem::remove(dot));
  df["a"].visualize("a.png");
  al::services() = before;
}
