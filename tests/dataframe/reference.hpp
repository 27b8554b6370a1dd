#pragma once
// Rows of plain C++ values and the slow, obvious way to compute with them; frames of the same rows in random partitions.

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar::test {

struct Row {
  std::optional<std::int64_t> n;
  std::optional<double> x;
  std::optional<std::string> s;
  bool b = false;
};

inline std::vector<Row> random_rows(std::mt19937& random, int count) {
  const auto pick = [&](int k) { return static_cast<int>(random() % static_cast<unsigned>(k)); };
  static const char* const words[] = {"Italy", "Japan", "Chile", "", "two words", "Ö"};
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) {
    Row row;
    if (pick(5)) row.n = pick(21) - 10;
    if (pick(5)) row.x = (pick(2001) - 1000) / 8.0;
    if (pick(6)) row.s = words[pick(6)];
    row.b = pick(2);
    rows.push_back(row);
  }
  return rows;
}

inline Table table_of(const std::vector<Row>& rows) {
  std::vector<std::optional<std::int64_t>> n;
  std::vector<std::optional<double>> x;
  std::vector<std::optional<std::string>> s;
  std::vector<bool> b;
  for (const Row& row : rows) {
    n.push_back(row.n);
    x.push_back(row.x);
    s.push_back(row.s);
    b.push_back(row.b);
  }
  return Table({"n", "x", "s", "b"}, {Column(n), Column(x), Column(s), Column(b)});
}

/// The rows in 1 to 7 partitions of random lengths, some empty.
inline DataFrame frame_of(const std::vector<Row>& rows, std::mt19937& random) {
  const int parts = 1 + static_cast<int>(random() % 7);
  std::vector<std::size_t> borders{0, rows.size()};
  for (int i = 1; i < parts; ++i) borders.push_back(random() % (rows.size() + 1));
  std::sort(borders.begin(), borders.end());
  std::vector<DataFrame> frames;
  for (int i = 0; i < parts; ++i)
    frames.push_back(from_table(table_of({rows.begin() + static_cast<std::ptrdiff_t>(borders[static_cast<std::size_t>(i)]),
                                          rows.begin() + static_cast<std::ptrdiff_t>(borders[static_cast<std::size_t>(i) + 1])})));
  return concat(frames);
}

}  // namespace ashlar::test
