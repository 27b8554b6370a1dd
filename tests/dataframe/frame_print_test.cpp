#include <gtest/gtest.h>

#include <sstream>

#include "ashlar/dataframe/dataframe.hpp"

namespace al = ashlar;

namespace {
template <class T>
std::string text(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}
al::DataFrame frame(std::int64_t npartitions) {
  return al::from_table(al::Table({"id", "name"}, {al::Column(std::vector<std::int64_t>{1, 2}), al::Column(std::vector<std::string>{"x", "y"})}),
                        {.npartitions = npartitions});
}
}  // namespace

TEST(FramePrint, AFrameShowsColumnsTypesPartitionsAndGraph) {
  EXPECT_EQ(text(frame(1)),
            "Ashlar DataFrame Structure:\n"
            "                 id   name\n"
            "npartitions=1\n"
            "              int64 string\n"
            "                ...    ...\n"
            "Name: from-table, 1 graph layer");
  EXPECT_EQ(text(frame(1)[frame(1).columns()]).substr(text(frame(1)).rfind("Name")), "Name: getitem, 2 graph layers");
}

TEST(FramePrint, ManyPartitionsAreCutShort) {
  EXPECT_EQ(text(frame(9)), text(frame(4)).replace(text(frame(4)).find("npartitions=4"), 13, "npartitions=9"));
}

TEST(FramePrint, WideFramesGoOnBelow) {
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) names.push_back("a_long_column_" + std::to_string(i));
  const std::string printed = text(al::from_table(al::Table(names, std::vector<al::Column>(12, al::Column(std::vector<double>{1})))));
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  for (const std::string& name : names) EXPECT_NE(printed.find(name), std::string::npos);
}

TEST(FramePrint, ASeriesShowsItsNameAndType) {
  EXPECT_EQ(text(frame(1)["id"]),
            "Ashlar Series Structure:\n"
            "npartitions=1\n"
            "              int64\n"
            "                ...\n"
            "Name: id, dtype: int64\n"
            "Name: getitem, 2 graph layers");
  EXPECT_EQ(text(frame(2)["id"].max()), "ashlar.Scalar<max, dtype=int64>");
}
