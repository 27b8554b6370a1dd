#include "ashlar/table/csv_parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <fstream>
#include <iterator>
#include <random>

#include "ashlar/table/elementwise.hpp"
#include "ashlar/table/group.hpp"
#include "csv_reference.hpp"

namespace ashlar::table {
namespace {

using ::testing::HasSubstr;
using std::nullopt;

template <class E, class Fn>
std::string message_of(Fn fn) {
  try {
    fn();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

ColumnType type_of(const std::string& fields) { return parse_csv("x\n" + fields).at(0).type(); }

TEST(ColumnKinds, are_decided_by_the_whole_column) {
  EXPECT_EQ(type_of("1\n2\n"), ColumnType::int64);
  EXPECT_EQ(type_of("1\n2.5\n"), ColumnType::float64);
  EXPECT_EQ(type_of("2.5\nx\n"), ColumnType::string);
  EXPECT_EQ(type_of("True\nFALSE\ntrue\n"), ColumnType::boolean);
  EXPECT_EQ(type_of("True\n1\n"), ColumnType::string);
  EXPECT_EQ(type_of("NA\n\"\"\n"), ColumnType::float64);
  EXPECT_EQ(type_of("NA\n7\n"), ColumnType::int64);
  EXPECT_EQ(type_of("NA\nTrue\n"), ColumnType::boolean);
  EXPECT_EQ(type_of("1\n18446744073709551615\n"), ColumnType::uint64);
  EXPECT_EQ(type_of("-1\n18446744073709551615\n"), ColumnType::string);
  EXPECT_EQ(type_of("1\n28446744073709551615\n"), ColumnType::string);
  EXPECT_EQ(type_of("1\n28446744073709551615\n0.5\n"), ColumnType::float64);
  EXPECT_EQ(type_of("2020-01-01\n"), ColumnType::string);
}

TEST(ColumnKinds, know_a_number_when_they_see_one) {
  for (const char* text : {"5", "+5", "-5", " 5", "5 ", "007"}) EXPECT_EQ(type_of(std::string(text) + "\n"), ColumnType::int64) << text;
  for (const char* text : {"1.", ".5", "1e5", "-1E-5", "inf", "-Infinity", "+2.5"}) EXPECT_EQ(type_of(std::string(text) + "\n"), ColumnType::float64) << text;
  for (const char* text : {"1 2", "1_0", "0x10", "- 5", "1e400", "--5", "+-5", "1,5x", "e5", ".", "infinite", "nan(1)"})
    EXPECT_EQ(parse_csv("x\n\"" + std::string(text) + "\"\n").at(0).type(), ColumnType::string) << text;
}

TEST(ColumnKinds, merge_like_one_column) {
  const std::vector<std::string> texts = {"1", "-1", "2.5", "True", "x", "18446744073709551615", "99999999999999999999999", "2020-01-01"};
  for (unsigned set = 0; set < 256; ++set) {
    ColumnKinds whole, left, right;
    for (unsigned i = 0; i < 8; ++i)
      if (set >> i & 1) {
        whole.add(texts[i], '.', false);
        (i % 2 ? left : right).add(texts[i], '.', false);
      }
    left.merge(right);
    EXPECT_EQ(left.type(), whole.type()) << set;
  }
}

TEST(ParseCsv, keeps_integers_with_missing_values_integers) {
  const Table t = parse_csv("a,b\n1,x\n,y\nNA,\n3,z\n");

  EXPECT_EQ(t["a"], Column(std::vector<std::optional<std::int64_t>>{1, nullopt, nullopt, 3}));
  EXPECT_EQ(t["b"], Column(std::vector<std::optional<std::string>>{"x", "y", nullopt, "z"}));
}

TEST(ParseCsv, keeps_a_field_of_one_blank_as_text) {
  EXPECT_EQ(parse_csv("a,b\n ,\n").at(0), Column(std::vector<std::string>{" "}));
}

TEST(ParseCsv, understands_quotes_as_pandas_does) {
  const Table t = parse_csv("a,b\n\"x\"\"y\",\"1,5\"\n\"x\"y,x\"y\"\n\"line\nend\",\"\"\n");

  EXPECT_EQ(t["a"], Column(std::vector<std::string>{"x\"y", "xy", "line\nend"}));
  EXPECT_EQ(t["b"], Column(std::vector<std::optional<std::string>>{"1,5", "x\"y\"", nullopt}));
}

TEST(ParseCsv, takes_every_kind_of_line_end_and_none_at_the_end) {
  const Table expected({{"a", std::vector<std::int64_t>{1, 3}}, {"b", std::vector<std::int64_t>{2, 4}}});
  for (const char* text : {"a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4", "a,b\r\r\n1,2\n\r3,4", "\xef\xbb\xbf" "a,b\n\n1,2\n \t\n3,4\n\n"})
    EXPECT_EQ(parse_csv(text), expected) << text;
}

TEST(ParseCsv, obeys_the_dialect) {
  CsvDialect dialect;
  dialect.sep = ';';
  dialect.decimal = ',';
  dialect.na_values = {"-", "0"};
  EXPECT_EQ(parse_csv("a;b\n1,5;-\n0;2\n", dialect), Table({{"a", std::vector<std::optional<double>>{1.5, nullopt}}, {"b", std::vector<std::optional<std::int64_t>>{nullopt, 2}}}));

  CsvDialect bare;
  bare.header = false;
  bare.keep_default_na = false;
  EXPECT_EQ(parse_csv("1,NA\n2,\n", bare), Table({{"0", std::vector<std::int64_t>{1, 2}}, {"1", std::vector<std::string>{"NA", ""}}}));

  CsvDialect wrong;
  wrong.sep = '"';
  EXPECT_THROW(parse_csv("a\n", wrong), ValueError);
}

TEST(ParseCsv, reads_times_only_where_asked) {
  const std::string text = "when,x\n2020-05-12,1\n,2\n1999-12-31T23:59:59.5Z,3\n";
  const Table t = parse_csv(text, {}, {}, "when");

  EXPECT_EQ(t["when"].type(), ColumnType::timestamp);
  EXPECT_EQ(t["when"].value(0).to_string(), "2020-05-12 00:00:00");
  EXPECT_TRUE(t["when"].is_null(1));
  EXPECT_EQ(t["when"].value(2).to_string(), "1999-12-31 23:59:59.500000");
  EXPECT_EQ(parse_csv("when\n2020-05-12\nsoon\n", {}, {}, "when")["when"].type(), ColumnType::string);
}

TEST(ParseCsv, reads_only_the_columns_asked_for_in_the_order_of_the_file) {
  const Table t = parse_csv("a,b,c\n1,2,3\n", {}, {"c", "a"});

  EXPECT_EQ(t.columns(), (std::vector<std::string>{"a", "c"}));
  EXPECT_THAT(message_of<KeyError>([] { parse_csv("a,b\n1,2\n", {}, {"x"}, {}, "f.csv"); }), HasSubstr("f.csv: no column for usecols: \"x\"; the header has a, b"));
}

TEST(ParseCsv, names_the_line_of_a_ragged_record) {
  EXPECT_THAT(message_of<IoError>([] { parse_csv("a,b\n\"x\ny\",2\r\n1,2,3\n", {}, {}, {}, "f.csv"); }), HasSubstr("f.csv: line 4 has 3 fields, the header has 2"));
  EXPECT_THAT(message_of<IoError>([] { parse_csv("a,b\n1\n", {}, {}, {}, "f.csv"); }), HasSubstr("f.csv: line 2 has 1 field, the header has 2"));
}

TEST(ParseCsv, never_turns_a_text_that_contradicts_the_types_into_a_null) {
  const CsvDialect dialect;
  const CsvColumns columns = CsvColumns::make({"a", "b"}, {}, {}, "f.csv");
  const auto parse_as = [&](ColumnType type) {
    return message_of<IoError>([&] { parse({"1,2\n1,x7\n", 11, "f.csv"}, dialect, columns, {ColumnType::int64, type}); });
  };

  EXPECT_EQ(parse_as(ColumnType::int64), "f.csv: line 12, column \"b\": \"x7\" is not of type int64");
  EXPECT_EQ(parse_as(ColumnType::float32), "f.csv: line 12, column \"b\": \"x7\" is not of type float32");
  EXPECT_THAT(message_of<IoError>([&] { parse({"1,300\n", 5, "f.csv"}, dialect, columns, {ColumnType::int64, ColumnType::int8}); }), HasSubstr("\"300\" is not of type int8"));
}

TEST(ParseCsv, refuses_bytes_that_are_no_text_and_quotes_that_do_not_end) {
  EXPECT_THAT(message_of<IoError>([] { parse_csv(std::string_view("a\n1\n\0\n", 6), {}, {}, {}, "f.csv"); }), HasSubstr("f.csv is not a CSV file"));
  EXPECT_THAT(message_of<IoError>([] { parse_csv("a,b\n1,2\n3,\"4\n5,6\n", {}, {}, {}, "f.csv"); }), HasSubstr("line 3 begins a record with a quoted field that never ends"));
}

TEST(ParseCsv, of_a_header_alone_has_no_rows) {
  const Table t = parse_csv("a,b");
  EXPECT_EQ(t.nrows(), 0);
  EXPECT_EQ(t.ncols(), 2);
}

// The fields as the library reads them, as text, against the slow reader.
TEST(ParseCsv, reads_the_fields_that_the_slow_reader_reads) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string text = reference::nasty_csv(random, 3, 10);
    const auto records = reference::read_records(text);
    CsvDialect dialect;
    dialect.keep_default_na = false;
    const CsvColumns columns = CsvColumns::make({"a", "b", "c"}, {}, {}, "f.csv");

    const Table t = parse({text, 1, "f.csv"}, dialect, columns, std::vector<ColumnType>(3, ColumnType::string));

    ASSERT_EQ(t.nrows(), static_cast<std::int64_t>(records.size())) << text;
    for (std::size_t r = 0; r < records.size(); ++r)
      for (std::int64_t c = 0; c < 3; ++c) ASSERT_EQ(t.at(c).text(static_cast<std::int64_t>(r)), records[r].fields[static_cast<std::size_t>(c)]) << text;
  }
}

// As a dataframe reads it: ranges scanned apart, borders composed, types inferred apart and merged, parts parsed apart and put together.
Table read_in_parts(const std::string& text, std::size_t data_offset, std::int64_t data_line, const std::vector<std::size_t>& cuts, const CsvDialect& dialect,
                    const CsvColumns& columns) {
  std::vector<RangeScan> ranges;
  for (std::size_t k = 0; k + 1 < cuts.size(); ++k) ranges.push_back(scan_range(std::string_view(text).substr(cuts[k], cuts[k + 1] - cuts[k]), dialect));
  const RecordBorders borders = record_borders(ranges, static_cast<std::int64_t>(data_offset), data_line);
  CsvInference inference;
  std::vector<CsvRecords> parts;
  for (std::size_t k = 0; k + 1 < borders.at.size(); ++k)
    parts.push_back({std::string_view(text).substr(static_cast<std::size_t>(borders.at[k].offset), static_cast<std::size_t>(borders.at[k + 1].offset - borders.at[k].offset)),
                     borders.at[k].line, "f.csv"});
  for (const auto& part : parts) inference.merge(infer(part, dialect, columns));
  std::vector<Table> tables;
  for (const auto& part : parts) tables.push_back(parse(part, dialect, columns, inference.types()));
  const Table whole = Table::concat(tables);
  EXPECT_EQ(whole.nrows(), inference.rows);
  return whole;
}

TEST(ParseCsv, in_two_parts_cut_at_every_byte_equals_the_whole) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string text = "a,\"b\nb\",c\r\n" + reference::nasty_csv(random, 3, 15);
    const CsvDialect dialect;
    const CsvHeader header = read_header(text, true, dialect, "f.csv");
    const CsvColumns columns = CsvColumns::make(header.names, {}, {}, "f.csv");
    const Table whole = parse_csv(text);
    const auto begin = static_cast<std::size_t>(header.data_offset);
    for (std::size_t cut = begin; cut <= text.size(); ++cut)
      ASSERT_EQ(read_in_parts(text, begin, header.data_line, {begin, cut, text.size()}, dialect, columns), whole) << "cut at " << cut << " of\n" << text;
  }
}

TEST(ParseCsv, in_many_parts_cut_anywhere_equals_the_whole) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string text = "a,b\n" + reference::nasty_csv(random, 2, 40);
    const CsvColumns columns = CsvColumns::make({"a", "b"}, {}, {}, "f.csv");
    std::vector<std::size_t> cuts = {4, text.size()};
    for (std::size_t k = random() % 20; k > 0; --k) cuts.push_back(4 + random() % (text.size() - 3));
    std::sort(cuts.begin(), cuts.end());
    ASSERT_EQ(read_in_parts(text, 4, 2, cuts, {}, columns), parse_csv(text)) << text;
  }
}

// As files are read: what a buffer holds, up to the last record that surely ended in it; what is left goes in front of the next bytes.
Table read_in_blocks(const std::string& text, std::size_t begin, std::int64_t first_line, std::size_t block, const CsvDialect& dialect, const CsvColumns& columns) {
  const auto each = [&](const std::function<std::int64_t(const CsvRecords&)>& read) {
    std::int64_t line = first_line;
    std::string held;
    for (std::size_t at = begin; at < text.size(); at += block) {
      held += text.substr(at, block);
      const std::size_t whole = at + block >= text.size() ? held.size() : whole_records(held, dialect);
      const std::string records = held.substr(0, whole);  // in memory of its own: whoever reads behind it is found out
      if (whole) line = read({records, line, "f.csv"});
      held.erase(0, whole);
    }
  };
  CsvInferrer inferrer(dialect, columns);
  each([&](const CsvRecords& records) { return inferrer.add(records); });
  const CsvInference inference = inferrer.finish();
  CsvParser parser(dialect, columns, inference.types(), inference.rows);
  each([&](const CsvRecords& records) { return parser.add(records); });
  return parser.finish();
}

TEST(ParseCsv, in_blocks_of_any_size_equals_the_whole) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string text = "a,b\n" + reference::nasty_csv(random, 2, 40);
    const CsvColumns columns = CsvColumns::make({"a", "b"}, {}, {}, "f.csv");
    const Table whole = parse_csv(text);
    for (std::size_t block = 1; block < text.size(); block += 1 + block / 8) ASSERT_EQ(read_in_blocks(text, 4, 2, block, {}, columns), whole) << block << " of\n" << text;
  }
}

TEST(ParseCsv, names_the_right_line_from_any_part) {
  std::string text = "a,b\r\n";
  for (int i = 0; i < 20; ++i) text += i % 3 ? "1,2\r\n" : "\"x\ry\r\nz\",2\r";
  text += "1,2,3\n";
  std::int64_t line = 1;
  for (std::size_t i = 0; i < text.size() - 6; ++i) line += text[i] == '\r' || (text[i] == '\n' && text[i - 1] != '\r');
  const CsvColumns columns = CsvColumns::make({"a", "b"}, {}, {}, "f.csv");
  for (std::size_t cut = 5; cut <= text.size(); ++cut)
    EXPECT_THAT(message_of<IoError>([&] { read_in_parts(text, 5, 2, {5, cut, text.size()}, {}, columns); }), HasSubstr("line " + std::to_string(line) + " has 3 fields"))
        << cut;
  for (std::size_t block = 1; block <= text.size(); ++block)
    EXPECT_THAT(message_of<IoError>([&] { read_in_blocks(text, 5, 2, block, {}, columns); }), HasSubstr("line " + std::to_string(line) + " has 3 fields"))
        << block;
}

TEST(CsvDialect, crosses_the_wire_with_columns_and_inference) {
  CsvDialect dialect;
  dialect.sep = ';';
  dialect.na_values = {"Unknown"};
  const CsvColumns columns = CsvColumns::make({"a", "b"}, "b", "b", "f.csv");
  const CsvInference inference = infer({"1;2020-01-01\n", 2, "f.csv"}, dialect, columns);
  Writer out;
  dialect.encode(out);
  columns.encode(out);
  inference.encode(out);
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);

  EXPECT_EQ(CsvDialect::decode(in).na_values, dialect.na_values);
  EXPECT_EQ(CsvColumns::decode(in).dates, columns.dates);
  EXPECT_EQ(CsvInference::decode(in).types(), (std::vector<ColumnType>{ColumnType::float64, ColumnType::timestamp}));
  EXPECT_TRUE(in.at_end());
}

std::optional<std::string> real_file(const std::string& name) {
  const char* folder = std::getenv("ASHLAR_REAL_DATA");
  if (!folder) return nullopt;
  std::ifstream file(std::filesystem::path(folder) / name, std::ios::binary);
  if (!file) return nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(RealData, volcano_has_the_known_rows_years_and_countries) {
  const auto text = real_file("volcano.csv");
  if (!text) GTEST_SKIP() << "set ASHLAR_REAL_DATA to the folder that holds volcano.csv";
  CsvDialect dialect;
  dialect.na_values = {"Unknown"};

  const Table t = parse_csv(*text, dialect);

  EXPECT_EQ(t.nrows(), 958);
  EXPECT_EQ(t.ncols(), 26);
  EXPECT_EQ(t["last_eruption_year"].type(), ColumnType::int64);
  EXPECT_GT(t["last_eruption_year"].null_count(), 0);
  EXPECT_EQ(Reduction::build(Aggregation::min, t["last_eruption_year"]).finish(), Value(-10450));
  const Table counts = value_counts(GroupPartial::build(t, "country", value_counts_aggregates())).head();
  EXPECT_EQ(counts.column<std::string>("country"), (std::vector<std::string>{"United States", "Indonesia", "Japan", "Russia", "Chile"}));
  EXPECT_EQ(counts.column<std::int64_t>("count"), (std::vector<std::int64_t>{99, 95, 92, 79, 43}));
  EXPECT_THAT(to_string(t),
              HasSubstr("     volcano_number  ... population_within_100_km\n"
                        "0            283001  ...                  4071152\n"));
  EXPECT_THAT(to_string(t), HasSubstr("\n\n[958 rows x 26 columns]"));
}

TEST(RealData, read_in_parts_of_any_size_is_the_same) {
  for (const char* name : {"volcano.csv", "eruptions.csv"}) {
    const auto text = real_file(name);
    if (!text) GTEST_SKIP() << "set ASHLAR_REAL_DATA to the folder that holds " << name;
    CsvDialect dialect;
    dialect.na_values = {"Unknown"};
    const CsvHeader header = read_header(*text, true, dialect, name);
    const CsvColumns columns = CsvColumns::make(header.names, {}, {}, name);
    const Table whole = parse_csv(*text, dialect);
    for (const std::size_t parts : {2, 3, 7, 64, 1000}) {
      std::vector<std::size_t> cuts;
      const auto begin = static_cast<std::size_t>(header.data_offset);
      for (std::size_t k = 0; k <= parts; ++k) cuts.push_back(begin + (text->size() - begin) * k / parts);
      ASSERT_EQ(read_in_parts(*text, begin, header.data_line, cuts, dialect, columns), whole) << name << " in " << parts;
    }
  }
}

// ---------------------------------------------------------------- rows left out while reading

CsvRowFilter where_first_is_less(std::size_t columns, std::int64_t limit) {
  CsvRowFilter filter;
  filter.looked_at.resize(columns);
  filter.looked_at[0] = true;
  filter.doubted.resize(columns);
  filter.passes = [limit](const Table& rows) { return compare(Comparison::less, rows.at(0), Value(limit)); };
  return filter;
}

TEST(CsvParser, with_a_filter_gives_the_rows_that_pass_and_converts_no_others) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + ",\"text \"\"" + std::to_string(i) + "\"\"\"," + std::to_string(i) + ".5,NA\n";
  const CsvColumns columns = CsvColumns::make({"i", "t", "x", "none"}, {}, {}, "a");
  const std::vector<ColumnType> types = {ColumnType::int64, ColumnType::string, ColumnType::float64, ColumnType::float64};
  const CsvRecords records{text, 1, "a"};
  const Table all = parse(records, {}, columns, types);
  for (const std::int64_t limit : {0, 1, 2048, 5000, 10'000}) {
    CsvParser parser({}, columns, types, 10'000, where_first_is_less(4, limit));
    parser.add(records);
    EXPECT_EQ(parser.finish(), all.head(limit)) << limit;
    EXPECT_EQ(parser.converted(), 10'000 + 3 * limit) << limit;
  }
  CsvParser every({}, columns, types, 10'000);
  every.add(records);
  EXPECT_EQ(every.converted(), 40'000);
}

TEST(CsvParser, with_a_filter_equals_filtering_afterwards) {
  std::mt19937 random(11);
  int compared = 0;
  for (int round = 0; round < 100; ++round) {
    std::string text;
    const int rows = static_cast<int>(random() % 4000);
    static const char* const words[] = {"a", "\"b\"\"c\"", "\"line\nbreak\"", "NA", "\xc3\x96", "a text of more than sixteen bytes"};
    for (int i = 0; i < rows; ++i) {
      text += random() % 9 ? std::to_string(random() % 100) : "";
      text += std::string(",") + words[random() % 6] + "," + (random() % 7 ? std::to_string(random() % 1000) + ".25" : "NA") + (random() % 5 ? "\n" : "\r\n");
    }
    CsvColumns columns = CsvColumns::make({"n", "t", "x"}, {}, {}, "a");
    const std::vector<ColumnType> types = {ColumnType::int64, ColumnType::string, ColumnType::float64};
    CsvRowFilter filter = where_first_is_less(3, static_cast<std::int64_t>(random() % 130) - 10);
    filter.doubted[1] = random() % 2;
    filter.doubted[2] = random() % 2;
    const Table all = parse({text, 1, "a"}, {}, columns, types);
    Table wanted = all.filter(filter.passes(all));
    if (random() % 2) {  // looked at, not wanted
      columns.used[0] = false;
      wanted = wanted.drop({"n"});
    }
    CsvParser parser({}, columns, types, rows, filter);
    // In blocks of whole records.
    std::int64_t line = 1;
    for (std::size_t from = 0; from < text.size();) {
      const std::string_view rest = std::string_view(text).substr(from, 1 + random() % 30'000);
      const std::size_t n = rest.size() + from == text.size() ? rest.size() : whole_records(rest, {});
      line = parser.add({std::string_view(text).substr(from, n), line, "a"});
      if (n == 0) break;  // the block held no whole record
      from += n;
      if (from == text.size()) {
        EXPECT_EQ(parser.finish(), wanted) << "round " << round;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 60);
}

TEST(CsvParser, with_a_filter_finds_what_is_wrong_in_rows_that_fail) {
  const CsvColumns columns = CsvColumns::make({"n", "x"}, {}, {}, "file.csv");
  const std::vector<ColumnType> types = {ColumnType::int64, ColumnType::int64};
  const auto read = [&](const std::string& text, bool doubted, bool filtered) {
    CsvRowFilter filter = where_first_is_less(2, 10);
    filter.doubted[1] = doubted;
    CsvParser parser = filtered ? CsvParser({}, columns, types, 1, filter) : CsvParser({}, columns, types, 1);
    return message_of<IoError>([&] { parser.add({text, 5, "file.csv"}); });
  };
  for (const char* text : {"1,2\n50,x\n", "1,2\n50,1,2\n", "1,2\ny,3\n", "1,2\n3,z\n", "1,2\n50\n", "1,2\ny,z\n50,2,3\n"}) {
    EXPECT_EQ(read(text, true, true), read(text, true, false)) << text;
    EXPECT_THAT(read(text, true, true), HasSubstr("file.csv: line 6")) << text;
  }
  // A row that passes is looked at in any case.
  EXPECT_EQ(read("1,2\n3,z\n", false, true), read("1,2\n3,z\n", false, false));
  EXPECT_EQ(read("1,2\n50,x\n", false, true), "nothing was thrown");
}

}  // namespace
}  // namespace ashlar::table
