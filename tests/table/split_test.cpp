#include "ashlar/table/split.hpp"

#include <gtest/gtest.h>

#include "table/random_columns.hpp"

namespace ashlar::table {
namespace {

using reference::Random;

TEST(Split, cuts_columns_of_every_type_row_by_row) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::int64_t n = random.one_in(10) ? 0 : random.below(200), parts = 1 + random.below(9);
    std::vector<std::uint32_t> part;
    std::vector<std::vector<std::int64_t>> rows(static_cast<std::size_t>(parts));
    for (std::int64_t row = 0; row < n; ++row) {
      part.push_back(static_cast<std::uint32_t>(random.one_in(3) ? 0 : random.below(parts)));
      rows[part.back()].push_back(row);
    }
    std::vector<std::string> names;
    std::vector<Column> columns;
    std::vector<std::vector<Value>> values;
    for (const ColumnType type : reference::all_types) {
      names.push_back("c" + std::to_string(names.size()));
      values.push_back(random.values(type, n));
      columns.push_back(random.column(type, values.back()));
    }
    names.push_back("category");
    values.push_back(random.values(ColumnType::string, n));
    columns.push_back(random.column(ColumnType::string, values.back()).cast(ColumnType::category));

    const std::vector<Table> pieces = split(Table(names, columns), part, parts);

    ASSERT_EQ(static_cast<std::int64_t>(pieces.size()), parts);
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      EXPECT_EQ(pieces[p].columns(), names);
      ASSERT_EQ(pieces[p].nrows(), static_cast<std::int64_t>(rows[p].size()));
      for (std::size_t c = 0; c < names.size(); ++c) {
        EXPECT_EQ(pieces[p].at(static_cast<std::int64_t>(c)).type(), columns[c].type());
        for (std::size_t i = 0; i < rows[p].size(); ++i)
          ASSERT_EQ(pieces[p].at(static_cast<std::int64_t>(c)).value(static_cast<std::int64_t>(i)).to_string(), values[c][static_cast<std::size_t>(rows[p][i])].to_string())
              << names[c] << ", part " << p << ", row " << i;
      }
    }
  }
}

TEST(Split, pieces_do_not_share_memory_with_what_they_come_from) {
  const Table rows({"x", "s"}, {Column(std::vector<std::int64_t>(1000, 7)), Column(std::vector<std::string>(1000, "a text that is longer than sixteen bytes"))});
  std::vector<std::uint32_t> part(1000);
  part[3] = 1;
  const std::vector<Table> pieces = split(rows, part, 2);
  EXPECT_EQ(pieces[1].nrows(), 1);
  EXPECT_LT(pieces[1].nbytes(), 200);
  EXPECT_NE(pieces[0]["x"].address(), rows["x"].address());
}

TEST(Split, wants_a_part_for_each_row) {
  const Table rows({"x"}, {Column(std::vector<std::int64_t>{1, 2})});
  EXPECT_THROW(split(rows, std::vector<std::uint32_t>{0}, 2), InternalError);
}

}  // namespace
}  // namespace ashlar::table
