// resample: what pandas gives (resample_golden.txt, by resample_golden.py), over any partitions; its rules; what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "ashlar/dataframe/dataframe.hpp"
#include "counting_evaluator.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::message;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using Cells = std::vector<std::string>;

class Resample : public testing::Test {
 protected:
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard{&evaluator};
};

Cells cells_of(const std::string& line) {
  Cells cells(1);
  for (const char c : line) {
    if (c == ',') cells.emplace_back();
    else cells.back() += c;
  }
  return cells;
}

al::timestamp at_ns(std::int64_t ns) { return al::timestamp(std::chrono::nanoseconds(ns)); }

al::Table table_of(const std::vector<Cells>& rows) {
  std::vector<al::timestamp> when;
  std::vector<std::optional<double>> x;
  std::vector<std::optional<std::int64_t>> n;
  for (const Cells& row : rows) {
    when.push_back(at_ns(std::stoll(row.at(0))));
    x.push_back(row.at(1).empty() ? std::nullopt : std::optional(std::stod(row[1])));
    n.push_back(row.at(2).empty() ? std::nullopt : std::optional<std::int64_t>(std::stoll(row[2])));
  }
  return al::Table({"x", "when", "n"}, {al::Column(x), al::Column(when), al::Column(n)});
}

al::DataFrame by_name(const al::Resampler& bins, const std::string& function) {
  if (function == "sum") return bins.sum();
  if (function == "mean") return bins.mean();
  if (function == "count") return bins.count();
  if (function == "min") return bins.min();
  if (function == "max") return bins.max();
  if (function == "first") return bins.first();
  if (function == "last") return bins.last();
  if (function == "std") return bins.std();
  if (function == "nunique") return bins.nunique();
  if (function == "size") return bins.size();
  throw std::logic_error(function);
}

void expect_cells(const al::Table& found, const std::vector<Cells>& wanted, const std::string& where) {
  ASSERT_EQ(found.nrows(), static_cast<std::int64_t>(wanted.size())) << where << '\n' << found;
  for (std::int64_t i = 0; i < found.nrows(); ++i) {
    const Cells& row = wanted[static_cast<std::size_t>(i)];
    ASSERT_EQ(found.ncols(), static_cast<std::int64_t>(row.size())) << where;
    ASSERT_EQ(found.at(0).value(i), al::Value(at_ns(std::stoll(row[0])))) << where << '\n' << found;
    for (std::int64_t k = 1; k < found.ncols(); ++k) {
      const std::string& cell = row[static_cast<std::size_t>(k)];
      const al::Value value = found.at(k).value(i);
      ASSERT_EQ(value.is_null(), cell.empty()) << where << ", row " << i << '\n' << found;
      if (cell.empty()) continue;
      const double number = std::stod(cell);
      ASSERT_NEAR(value.as<double>(), number, 1e-10 * std::max(1.0, std::abs(number))) << where << ", row " << i;
    }
  }
}

}  // namespace

TEST_F(Resample, GivesWhatPandasGives) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "resample_golden.txt");
  ASSERT_TRUE(file) << "resample_golden.txt is missing";
  int cases = 0;
  std::string line, rule, function;
  std::vector<Cells> rows, wanted;
  std::optional<al::DataFrame> frame;
  std::mt19937 random(7);
  const auto check = [&] {
    if (function.empty()) return;
    // The index is in order over the partitions; rows of one time keep theirs, which first and last show.
    if (!frame) frame = al::from_table(table_of(rows), {.npartitions = 1 + static_cast<std::int64_t>(random() % 4)}).set_index("when");
    ASSERT_NO_FATAL_FAILURE(expect_cells(by_name(frame->resample(rule), function).compute(), wanted, "rule " + rule + ", " + function));
    ++cases;
  };
  while (std::getline(file, line)) {
    const bool of_rule = line.starts_with("==="), of_function = line.starts_with("--- ");
    if (of_rule || of_function) {
      ASSERT_NO_FATAL_FAILURE(check());
      wanted.clear();
      function = of_function ? line.substr(4) : "";
      if (of_rule) {
        rule = line.size() > 4 ? line.substr(4) : "";
        rows.clear();
        frame.reset();
      }
    } else {
      (function.empty() ? rows : wanted).push_back(cells_of(line));
    }
  }
  EXPECT_EQ(cases, 14 * 3 * 10);
}

TEST_F(Resample, TakesAColumnOfTimesThatIsNoIndexAndPassesOverRowsWithoutTime) {
  using Times = std::vector<std::optional<al::timestamp>>;
  const std::int64_t hour = 3'600'000'000'000;
  const al::DataFrame df = al::from_table(al::Table({"t", "n"}, {al::Column(Times{at_ns(5 * hour), std::nullopt, at_ns(2 * hour + 1), at_ns(2 * hour)}),
                                                               al::Column(std::vector<std::int64_t>{1, 2, 3, 4})}),
                                          {.npartitions = 3});
  const al::Table found = df.resample("h", {.on = "t"}).sum().compute();
  EXPECT_THAT(found.columns(), ElementsAre("t", "n"));
  EXPECT_THAT(found.column<std::int64_t>("n"), ElementsAre(7, 0, 0, 1));
  // As often under the old names.
  for (const char* rule : {"H", "60min", "60T", "3600s", "3600S"}) EXPECT_EQ(df.resample(rule, {.on = "t"}).sum().compute(), found) << rule;
  EXPECT_EQ(df.resample("M", {.on = "t"}).sum().compute(), df.resample("ME", {.on = "t"}).sum().compute());
  EXPECT_EQ(df[df["n"] > 9].resample("h", {.on = "t"}).sum().compute().nrows(), 0);
  EXPECT_EQ(df[df["n"] > 9].resample("7h", {.on = "t"}).sum().compute().nrows(), 0);
}

TEST_F(Resample, SeveralFunctionsAndOneColumn) {
  const al::DataFrame df = al::from_table(table_of({{"0", "1.5", "1"}, {"1", "2.5", ""}, {"200000000000000", "4", "7"}}), {.npartitions = 2}).set_index("when");
  const al::Table found = df.resample("D").agg({{"x", {"sum", "max"}}, {"n", "count"}}).compute();
  EXPECT_THAT(found.columns(), ElementsAre("when", "x_sum", "x_max", "n_count"));
  EXPECT_THAT(found.column<double>("x_sum"), ElementsAre(4, 0, 4));
  EXPECT_TRUE(found["x_max"].is_null(1));
  EXPECT_THAT(found.column<std::int64_t>("n_count"), ElementsAre(1, 0, 1));
  const al::Table both = df.resample("D").agg({"sum", "min"}).compute();
  EXPECT_THAT(both.columns(), ElementsAre("when", "x_sum", "x_min", "n_sum", "n_min"));
  EXPECT_THAT(both.column<std::int64_t>("n_sum"), ElementsAre(1, 0, 7));
  EXPECT_TRUE(both["n_min"].is_null(1));
  EXPECT_THAT(df.resample("D")[{"n"}].prod().compute().column<std::int64_t>("n"), ElementsAre(1, 1, 7));
  const al::Column alone = df["x"].resample("D").sum().compute();
  EXPECT_THAT(alone.to_vector<double>(), ElementsAre(4, 0, 4));
  EXPECT_EQ(df["x"].resample("D").size().compute().to_vector<std::int64_t>(), (std::vector<std::int64_t>{2, 0, 1}));
  const al::Table spread = df.resample("D")[{"x"}].var().compute();
  EXPECT_EQ(spread["x"].value(0), al::Value(0.5));
  EXPECT_TRUE(spread["x"].is_null(1));
  EXPECT_EQ(df.resample("D")[{"x"}].median().compute()["x"].value(0), al::Value(2.0));
  EXPECT_EQ(df.resample("D")[{"x"}].quantile({.q = 0.25}).compute()["x"].value(0), al::Value(1.75));
  // The result has its bins as index.
  EXPECT_EQ(df.resample("D").sum().loc("1970-01-02", "1970-01-03").compute().nrows(), 2);
  EXPECT_EQ(df.resample("D").sum().resample("ME").sum().compute().column<double>("x").at(0), 8);
}

TEST_F(Resample, SaysWhatIsWrong) {
  const al::DataFrame plain = al::from_table(table_of({{"0", "1.5", "1"}, {"9000000000000000000", "1", "1"}})), df = plain.set_index("when");
  for (const char* rule : {"", "2", "x", "D2", "0D", "-1D", "2W", "3ME", "W-XYZ", "Q", "1.5h", "99999999999999999999s", "9999999999h", "d"})
    EXPECT_THAT(message<al::ValueError>([&] { df.resample(rule); }), HasSubstr("found \"" + std::string(rule) + "\"")) << rule;
  EXPECT_THAT(message<al::ValueError>([&] { plain.resample("D"); }), HasSubstr("set_index"));
  EXPECT_THAT(message<al::ValueError>([&] { plain["x"].resample("D"); }), HasSubstr("set_index"));
  EXPECT_THAT(message<al::TypeError>([&] { plain.resample("D", {.on = "x"}); }), HasSubstr("float64"));
  EXPECT_THAT(message<al::KeyError>([&] { plain.resample("D", {.on = "whenn"}); }), HasSubstr("\"when\""));
  EXPECT_THAT(message<al::ValueError>([&] { df.resample("D")[{"when"}]; }), HasSubstr("\"when\""));
  EXPECT_THAT(message<al::ValueError>([&] { df["when"].resample("D"); }), HasSubstr("\"when\""));
  EXPECT_THAT(message<al::KeyError>([&] { df.resample("D")[{"y"}]; }), HasSubstr("\"x\""));
}
