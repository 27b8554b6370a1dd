#include "ashlar/table/csv_scan.hpp"

#include <gtest/gtest.h>

#include "csv_reference.hpp"

namespace ashlar::table {
namespace {

std::size_t at(ScanState s) { return static_cast<std::size_t>(s); }

void expect_same(const RangeScan& a, const RangeScan& b) {
  for (std::size_t s = 0; s < scan_states; ++s) {
    EXPECT_EQ(a.from[s].exit, b.from[s].exit) << "entry state " << s;
    EXPECT_EQ(a.from[s].first_record, b.from[s].first_record) << "entry state " << s;
    if (b.from[s].first_record >= 0) {
      EXPECT_EQ(a.from[s].lines_before, b.from[s].lines_before) << "entry state " << s;
    }
  }
  EXPECT_EQ(a.nbytes, b.nbytes);
  EXPECT_EQ(a.lines, b.lines);
  EXPECT_EQ(a.begins_with_lf, b.begins_with_lf);
  EXPECT_EQ(a.ends_with_cr, b.ends_with_cr);
}

TEST(ScanRange, finds_the_first_record_for_each_entry_state) {
  const RangeScan scan = scan_range("lo\",x\n1,\"2\n", {});

  EXPECT_EQ(scan.from[at(ScanState::quoted)].first_record, 6);  // lo" closes the quotes
  EXPECT_EQ(scan.from[at(ScanState::quoted)].exit, ScanState::quoted);
  EXPECT_EQ(scan.from[at(ScanState::record_start)].first_record, 0);
  EXPECT_EQ(scan.from[at(ScanState::unquoted)].first_record, 6);
  EXPECT_EQ(scan.from[at(ScanState::unquoted)].lines_before, 1);
  EXPECT_EQ(scan.from[at(ScanState::unquoted)].exit, ScanState::quoted);
  EXPECT_EQ(scan.lines, 2);
}

TEST(ScanRange, gives_an_LF_after_CR_to_the_line_end_before) {
  const RangeScan scan = scan_range("\na\n", {});

  EXPECT_EQ(scan.from[at(ScanState::after_cr)].first_record, 1);
  EXPECT_EQ(scan.from[at(ScanState::record_start)].first_record, 0);
}

TEST(ScanRange, of_a_long_range_without_quotes_stays_inside_of_quotes_when_it_began_there) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "12,34\n";

  const RangeScan scan = scan_range(text, {});

  EXPECT_EQ(scan.from[at(ScanState::quoted)].exit, ScanState::quoted);
  EXPECT_EQ(scan.from[at(ScanState::quoted)].first_record, -1);
  EXPECT_EQ(scan.from[at(ScanState::field_start)].first_record, 6);
  EXPECT_EQ(scan.from[at(ScanState::field_start)].exit, ScanState::record_start);
  EXPECT_EQ(scan.lines, 50'000);
}

TEST(ScanRange, finds_a_quote_that_comes_late) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "12,34\n";
  text += "\"a\"\nb";
  text.append(200'000, 'c');

  const RangeScan scan = scan_range(text, {});

  // Inside of quotes: the first quote ends them, the second stands behind text, the record ends with the line.
  EXPECT_EQ(scan.from[at(ScanState::quoted)].first_record, 300'004);
  EXPECT_EQ(scan.from[at(ScanState::quoted)].lines_before, 50'001);
  EXPECT_EQ(scan.from[at(ScanState::quoted)].exit, ScanState::unquoted);
}

TEST(Compose, of_two_parts_is_the_scan_of_the_whole_for_every_cut) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string text = reference::nasty_csv(random, 3, 12);
    const RangeScan whole = scan_range(text, {});
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      const std::string_view view(text);
      expect_same(compose(scan_range(view.substr(0, cut), {}), scan_range(view.substr(cut), {})), whole);
      if (HasFailure()) FAIL() << "cut at " << cut;
    }
  }
}

TEST(Compose, is_associative) {
  std::mt19937_64 random(7);
  for (int k = 0; k < 300; ++k) {
    const std::string text = reference::nasty_csv(random, 2, 6);
    const std::size_t i = random() % (text.size() + 1), j = i + random() % (text.size() - i + 1);
    const std::string_view view(text);
    const RangeScan a = scan_range(view.substr(0, i), {}), b = scan_range(view.substr(i, j - i), {}), c = scan_range(view.substr(j), {});
    expect_same(compose(compose(a, b), c), compose(a, compose(b, c)));
  }
}

TEST(RecordBorders, are_where_the_slow_reader_finds_records_and_lines) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string text = reference::nasty_csv(random, 3, 12);
    const auto records = reference::read_records(text);
    for (std::size_t width = 1; width <= 40; ++width) {
      std::vector<RangeScan> ranges;
      for (std::size_t i = 0; i < text.size(); i += width) ranges.push_back(scan_range(std::string_view(text).substr(i, width), {}));

      const RecordBorders borders = record_borders(ranges, 0, 1);

      ASSERT_EQ(borders.at.size(), ranges.size() + 1);
      EXPECT_FALSE(borders.ends_inside_quotes);
      for (std::size_t k = 0; k + 1 < borders.at.size(); ++k) {
        // The first record at or behind the beginning of range k; blank lines may stand in front of it.
        std::size_t next = 0;
        while (next < records.size() && records[next].offset < k * width) ++next;
        const std::size_t offset = next < records.size() ? records[next].offset : text.size();
        const auto border = static_cast<std::size_t>(borders.at[k].offset);
        ASSERT_LE(border, offset);
        EXPECT_TRUE(next == records.size() || text.substr(border, offset - border).find_first_not_of(" \r\n") == std::string::npos);
        if (border == offset && next < records.size()) {
          EXPECT_EQ(borders.at[k].line, records[next].line);
        }
      }
    }
  }
}

TEST(WholeRecords, end_where_the_slow_reader_ends_a_record_and_leave_less_than_the_last_one) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string text = reference::nasty_csv(random, 3, 12);
    const auto records = reference::read_records(text);
    for (std::size_t n = 0; n <= text.size(); ++n) {
      const std::size_t whole = whole_records(std::string_view(text).substr(0, n), {});
      ASSERT_LE(whole, n);
      // The records before it and those behind it are those of the text.
      const auto before = reference::read_records(text.substr(0, whole)), behind = reference::read_records(text.substr(whole));
      ASSERT_EQ(before.size() + behind.size(), records.size()) << n << " of\n" << text;
      for (std::size_t k = 0; k < records.size(); ++k)
        ASSERT_EQ((k < before.size() ? before[k] : behind[k - before.size()]).fields, records[k].fields) << n << " of\n" << text;
      // No record that surely ended is held back.
      std::size_t next = 0;
      while (next < records.size() && records[next].offset <= whole) ++next;
      ASSERT_TRUE(next == records.size() || records[next].offset >= n) << n << " of\n" << text;
    }
  }
}

TEST(RecordBorders, say_when_the_file_ends_inside_of_quotes) {
  const RangeScan ranges[] = {scan_range("a,b\n", {}), scan_range("1,\"2\n", {})};

  EXPECT_TRUE(record_borders(ranges, 0, 1).ends_inside_quotes);
}

TEST(ReadHeader, passes_over_a_byte_order_mark_and_blank_lines) {
  const CsvHeader header = read_header("\xef\xbb\xbf\n  \na,\"b\nc\"\r\n1,2\n", true, {}, "f.csv");

  EXPECT_EQ(header.names, (std::vector<std::string>{"a", "b\nc"}));
  EXPECT_EQ(header.data_offset, 16);
  EXPECT_EQ(header.data_line, 5);
}

TEST(ReadHeader, names_what_has_no_name_and_numbers_what_stands_twice) {
  EXPECT_EQ(read_header("a,a,,a\n", true, {}, "f.csv").names, (std::vector<std::string>{"a", "a.1", "Unnamed: 2", "a.2"}));
}

TEST(ReadHeader, wants_more_when_the_first_record_may_go_on) {
  EXPECT_FALSE(read_header("a,b", false, {}, "f.csv").complete);
  EXPECT_FALSE(read_header("a,\"b\n", false, {}, "f.csv").complete);
  EXPECT_FALSE(read_header("a,b\r", false, {}, "f.csv").complete);
  EXPECT_FALSE(read_header("\n\n", false, {}, "f.csv").complete);
  EXPECT_TRUE(read_header("a,b\n", false, {}, "f.csv").complete);
  EXPECT_TRUE(read_header("a,b", true, {}, "f.csv").complete);
  EXPECT_EQ(read_header("a,b\r\n1,\"2", false, {}, "f.csv").data_offset, 5);
}

TEST(ReadHeader, refuses_what_is_no_text) {
  EXPECT_THROW(read_header("", true, {}, "f.csv"), IoError);
  EXPECT_THROW(read_header("\n\n", true, {}, "f.csv"), IoError);
  EXPECT_THROW(read_header(std::string_view("\x89HDF\r\n\x1a\n\0\0", 10), true, {}, "f.csv"), IoError);
}

}  // namespace
}  // namespace ashlar::table
