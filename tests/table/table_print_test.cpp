#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ashlar/table/csv_parse.hpp"

namespace ashlar {
namespace {

std::string printed(const auto& thing) {
  std::ostringstream out;
  out << thing;
  return out.str();
}

TEST(PrintTable, aligns_right_and_pads_floats_to_common_decimals) {
  const Table t({{"name", std::vector<std::string>{"Abu", "Acamarachi"}}, {"latitude", std::vector<double>{34.5, -23.292}}});
  EXPECT_EQ(printed(t),
            "         name  latitude\n"
            "0         Abu    34.500\n"
            "1  Acamarachi   -23.292");
}

TEST(PrintTable, shows_missing_integers_and_bools_as_NA_and_the_rest_as_NaN_and_NaT) {
  using std::nullopt;
  const Table t({{"i", std::vector<std::optional<std::int64_t>>{1, nullopt}},
                 {"b", std::vector<std::optional<bool>>{nullopt, true}},
                 {"f", std::vector<std::optional<double>>{nullopt, 0.5}},
                 {"s", std::vector<std::optional<std::string>>{nullopt, "x"}},
                 {"t", std::vector<std::optional<timestamp>>{nullopt, timestamp{}}}});
  EXPECT_EQ(printed(t),
            "      i     b    f    s          t\n"
            "0     1  <NA>  NaN  NaN        NaT\n"
            "1  <NA>  True  0.5    x 1970-01-01");
}

TEST(PrintTable, of_no_rows_names_the_columns) {
  EXPECT_EQ(printed(Table::empty({"x", "y"}, {ColumnType::int64, ColumnType::string})), "Empty DataFrame\nColumns: [x, y]\nIndex: []");
  EXPECT_EQ(printed(Table()), "Empty DataFrame\nColumns: []\nIndex: []");
}

TEST(PrintTable, shows_durations_as_pandas_does) {
  const Table t({{"t", std::vector<duration>{duration(1), duration(1'000'000'000'000'000), -duration(1'000'000'000)}}});
  EXPECT_EQ(printed(t),
            "                          t\n"
            "0 0 days 00:00:00.000000001\n"
            "1          11 days 13:46:40\n"
            "2         -1 days +23:59:59");
}

TEST(PrintColumn, looks_like_a_series) {
  EXPECT_EQ(printed(Column(std::vector<double>{1.5, 3})), "0    1.5\n1    3.0\ndtype: float64");
  std::vector<std::int64_t> many(100);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::int64_t>(i);
  EXPECT_EQ(printed(Column(many)),
            "0      0\n1      1\n2      2\n3      3\n4      4\n      ..\n95    95\n96    96\n97    97\n98    98\n99    99\nLength: 100, dtype: int64");
}

// pandas_golden.txt is written by pandas_golden.py.
TEST(PrintTable, equals_pandas_letter_by_letter) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "pandas_golden.txt");
  ASSERT_TRUE(file) << "pandas_golden.txt is missing";
  std::string line, csv, expected, dates;
  bool in_csv = false;
  int cases = 0;
  const auto check = [&] {
    if (csv.empty()) return;
    ++cases;
    expected.pop_back();
    std::vector<std::string> date_columns;
    if (!dates.empty()) date_columns.push_back(dates);
    EXPECT_EQ(to_string(table::parse_csv(csv, {}, {}, date_columns)), expected) << "case " << cases << " of\n" << csv.substr(0, 400);
  };
  while (std::getline(file, line)) {
    if (line.starts_with("=== csv ") || line == "=== end") {
      check();
      if (line == "=== end") break;
      csv.clear();
      expected.clear();
      dates = line.substr(8);
      in_csv = true;
    } else if (line == "=== printed") {
      in_csv = false;
    } else {
      (in_csv ? csv : expected) += line + "\n";
    }
  }
  EXPECT_GT(cases, 150);
}

}  // namespace
}  // namespace ashlar
