// Category columns: whatever is done to them gives what it gives to a column of the same texts.
#include <gtest/gtest.h>

#include "ashlar/table/csv_parse.hpp"
#include "ashlar/table/csv_write.hpp"
#include "ashlar/table/elementwise.hpp"
#include "ashlar/table/group.hpp"
#include "ashlar/table/join.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/row_order.hpp"
#include "random_columns.hpp"
#include "table/sent.hpp"

namespace ashlar::table {
namespace {

using reference::sent;

constexpr ColumnType category = ColumnType::category, string = ColumnType::string;

Column category_of(const std::vector<std::optional<std::string>>& texts) { return Column(texts).cast(category); }
Column texts_of(const Column& column) { return column.cast(string); }
Table texts_of(const Table& t) {
  Table out = t;
  for (std::int64_t c = 0; c < t.ncols(); ++c)
    if (t.at(c).type() == category) out = out.with_column(t.columns()[static_cast<std::size_t>(c)], texts_of(t.at(c)));
  return out;
}

TEST(Category, holds_each_text_once_in_the_order_of_texts) {
  const Column c = category_of({"Japan", "Chile", std::nullopt, "Japan", ""});
  EXPECT_EQ(c.type(), category);
  EXPECT_EQ(c.categories(), Column(std::vector<std::string>{"", "Chile", "Japan"}));
  EXPECT_EQ(c.codes()[0], 2);
  EXPECT_EQ(c.codes()[1], 1);
  EXPECT_EQ(c.codes()[4], 0);
  EXPECT_EQ(c.null_count(), 1);
  EXPECT_EQ(c.value(0), Value("Japan"));
  EXPECT_TRUE(c.value(2).is_null());
  EXPECT_EQ(Column::full(category, "x", 3).to_vector<std::string>(), (std::vector<std::string>{"x", "x", "x"}));
}

TEST(Category, is_made_of_codes_that_are_looked_at) {
  const auto codes = [](std::vector<std::int32_t> values) {
    Buffer out = Buffer::allocate(values.size() * 4);
    std::memcpy(out.data(), values.data(), values.size() * 4);
    return out;
  };
  const Column two(std::vector<std::string>{"b", "a"});
  const Column c = Column::from_codes(3, codes({1, 0, 1}), two);
  EXPECT_EQ(c.to_vector<std::string>(), (std::vector<std::string>{"a", "b", "a"}));
  EXPECT_EQ(c, category_of({"a", "b", "a"}));  // the same texts, whatever the codes
  EXPECT_THROW(Column::from_codes(2, codes({0, 2}), two), IndexError);
  EXPECT_THROW(Column::from_codes(2, codes({0, -1}), two), IndexError);
  EXPECT_THROW(Column::from_codes(1, codes({0}), Column(std::vector<std::string>{"a", "a"})), ValueError);
  EXPECT_THROW(Column::from_codes(1, codes({0}), Column(std::vector<std::optional<std::string>>{std::nullopt})), ValueError);
  EXPECT_THROW(Column::from_codes(1, codes({0}), Column(std::vector<std::int64_t>{1})), TypeError);
}

TEST(Category, says_what_it_cannot_be) {
  EXPECT_THROW(Column(std::vector<std::int64_t>{1}).cast(category), TypeError);
  EXPECT_THROW(category_of({"1"}).cast(ColumnType::int64), TypeError);
  EXPECT_THROW(Column(std::vector<std::string>{"a"}).codes(), TypeError);
  EXPECT_THROW(Column(std::vector<std::string>{"a"}).categories(), TypeError);
  EXPECT_THROW(Reduction::build(Aggregation::mean, category_of({"a"})), TypeError);
}

TEST(Category, unites_the_categories_of_columns_that_come_together) {
  const Column parts[] = {category_of({"b", "a"}), category_of({}), category_of({"c", std::nullopt, "a"}), category_of({std::nullopt})};
  const Column all = Column::concat(parts);
  EXPECT_EQ(all, category_of({"b", "a", "c", std::nullopt, "a", std::nullopt}));
  EXPECT_EQ(all.categories(), Column(std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(fillna(all, "d").to_vector<std::string>(), (std::vector<std::string>{"b", "a", "c", "d", "a", "d"}));
}

TEST(Category, is_read_from_csv_and_written_as_text) {
  const CsvDialect dialect;
  const std::string text = "city,n\nRome,1\n,2\nRome,3\n\"O\"\"slo, N\",4\n";
  const CsvHeader header = read_header(text, true, dialect, "t");
  const CsvColumns columns = CsvColumns::make(header.names, {}, {}, "t");
  const Table t = parse({std::string_view(text).substr(static_cast<std::size_t>(header.data_offset)), 2, "t"}, dialect, columns, {category, ColumnType::int64});
  EXPECT_EQ(t["city"], category_of({"Rome", std::nullopt, "Rome", "O\"slo, N"}));
  EXPECT_EQ(write_csv(t, {}), text);
}

TEST(Category, behaves_as_its_texts_do) {
  const std::uint64_t seed = 20261125;
  reference::Random random(seed);
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    // Now and then enough rows for the tables by place.
    const std::int64_t n = random.one_in(20) ? 1500 : random.below(40), m = random.below(40);
    const Column s = random.column(string, random.values(string, n)), s2 = random.column(string, random.values(string, m));
    const Column k = random.column(ColumnType::int32, random.values(ColumnType::int32, n));
    const Column c = s.cast(category), c2 = s2.cast(category);
    EXPECT_EQ(texts_of(c), s);
    EXPECT_EQ(sent(c), c);
    EXPECT_EQ(c.to_values(), s.to_values());

    const std::int64_t from = random.below(n + 1), to = from + random.below(n - from + 1);
    EXPECT_EQ(texts_of(sent(c.slice(from, to))), s.slice(from, to));
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; n && i < random.below(60); ++i) rows.push_back(random.below(n + 1) - 1);
    EXPECT_EQ(texts_of(c.take(rows)), s.take(rows));
    const Column cs[] = {c, c2, c.slice(from, to)}, ss[] = {s, s2, s.slice(from, to)};
    EXPECT_EQ(texts_of(Column::concat(cs)), Column::concat(ss));

    EXPECT_EQ(compare(Comparison::less, c, Value("Japan")), compare(Comparison::less, s, Value("Japan")));
    EXPECT_EQ(compare(Comparison::equal, c, s), compare(Comparison::equal, s, s));
    EXPECT_EQ(isna(c), isna(s));
    Values some;
    some.v = {random.value(string), Value()};
    EXPECT_EQ(isin(c, some), isin(s, some));

    const Column by_c[] = {c, k}, by_s[] = {s, k};
    for (const bool last : {false, true}) {
      EXPECT_EQ(rows_in_order(by_c, {last, true}, last), rows_in_order(by_s, {last, true}, last));
      EXPECT_EQ(distinct_rows(by_c, last), distinct_rows(by_s, last));
    }
    EXPECT_EQ(distinct_rows({&c, 1}, false), distinct_rows({&s, 1}, false));
    EXPECT_EQ(hash_rows(by_c), hash_rows(by_s));

    // Partials of parts with categories of their own.
    const std::vector<Aggregate> aggregates = {{"k", Aggregation::count, "count"}, {"t", Aggregation::nunique, "different"}, {"t", Aggregation::first, "first"},
                                               {"t", Aggregation::max, "max"},     {"", Aggregation::size, "size"}};
    for (const bool dropna : {true, false})
      for (const Names& keys : {Names{"t"}, Names{"t", "k"}}) {
        const auto grouped = [&](const Column& text) {
          const Table t({{"t", text}, {"k", k}});
          const GroupPartial parts[] = {GroupPartial::build(t.slice(0, from), keys, aggregates, dropna),
                                        GroupPartial::build(t.slice(from, n), keys, aggregates, dropna)};
          return texts_of(GroupPartial::merge(parts).finish(round % 2 == 0));
        };
        const Column pieces[] = {s.slice(0, from).cast(category), s.slice(from, n).cast(category)};
        EXPECT_EQ(grouped(Column::concat(pieces)), grouped(s));
        EXPECT_EQ(grouped(c), grouped(s));
      }

    const Table left_c({{"t", c}, {"k", k}}), left_s({{"t", s}, {"k", k}});
    const Table right_c({{"t", c2}, {"r", s2}}), right_s({{"t", s2}, {"r", s2}});
    for (const JoinKind kind : {JoinKind::inner, JoinKind::left, JoinKind::right, JoinKind::outer, JoinKind::semi, JoinKind::anti}) {
      Join how;
      how.kind = kind;
      how.left_on = how.right_on = {"t"};
      const Table wanted = join(left_s, right_s, how);
      EXPECT_EQ(texts_of(join(left_c, right_c, how)), wanted);
      EXPECT_EQ(texts_of(join(left_c, right_s, how)), wanted);
      EXPECT_EQ(texts_of(join(left_s, right_c, how)), wanted);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ashlar::table
