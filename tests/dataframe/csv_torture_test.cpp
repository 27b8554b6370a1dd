// Three hundred odd CSV files: each is read right at several blocksizes, or refused with file and line. What is right comes from a reader that takes
// one character at a time (table/csv_reference.hpp), which line is wrong from how the file was made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "ashlar/dataframe/read_csv.hpp"
#include "table/csv_reference.hpp"
#include "thrown.hpp"

namespace al = ashlar;

namespace {

using al::reference::Record;

class Torture : public testing::Test {
 protected:
  const std::uint64_t seed = 5;
  std::mt19937_64 random{seed};
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("ashlar_csv_torture_" + std::to_string(::getpid()));
  std::string file = (folder / "odd.csv").string();
  int files = 0;

  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  int pick(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
  std::string trace(const std::string& text) {
    return "seed " + std::to_string(seed) + ", file " + std::to_string(files) + ": " + text.substr(0, 2000);
  }
  void write(const std::string& text) {
    ++files;
    std::ofstream(file, std::ios::binary) << text;
  }
  // Every column as text, nothing taken for missing.
  al::DataFrame frame(std::int64_t blocksize, const std::vector<std::string>& names) {
    al::ReadCsvOptions options;
    options.blocksize = blocksize;
    options.keep_default_na = false;
    for (const std::string& name : names) options.dtype.v.push_back({name, "string"});
    return al::read_csv(file, options);
  }
  std::vector<std::int64_t> blocksizes(std::size_t size) {
    return {1 + pick(static_cast<int>(size) + 1), 1 + pick(static_cast<int>(size) / 4 + 2), static_cast<std::int64_t>(size) + 1};
  }

  void expect_read(const std::string& text) {
    SCOPED_TRACE(trace(text));
    write(text);
    const std::vector<Record> records = al::reference::read_records(text.substr(text.starts_with("\xef\xbb\xbf") ? 3 : 0));
    ASSERT_FALSE(records.empty());
    for (const std::int64_t blocksize : blocksizes(text.size())) {
      SCOPED_TRACE("blocksize " + std::to_string(blocksize));
      const al::Table found = frame(blocksize, records[0].fields).compute();
      ASSERT_EQ(found.columns(), records[0].fields);
      ASSERT_EQ(found.nrows(), static_cast<std::int64_t>(records.size()) - 1);
      for (std::size_t c = 0; c < records[0].fields.size(); ++c) {
        const al::Column& column = found.at(static_cast<std::int64_t>(c));
        ASSERT_EQ(column.null_count(), 0);
        for (std::size_t r = 1; r < records.size(); ++r)
          ASSERT_EQ(column.text(static_cast<std::int64_t>(r) - 1), records[r].fields[c]) << "record " << r << ", column " << c;
      }
    }
  }
  void expect_refused(const std::string& text, const std::string& message) {
    SCOPED_TRACE(trace(text));
    write(text);
    for (const std::int64_t blocksize : blocksizes(text.size())) {
      const std::string found = al::test::message<al::IoError>([&] { al::read_csv(file, {.blocksize = blocksize}); });
      EXPECT_THAT(found, testing::HasSubstr(file));
      EXPECT_THAT(found, testing::HasSubstr(message)) << "blocksize " << blocksize;
    }
  }
  // Plain records, `columns` fields each, and where each begins.
  std::string plain(int columns, int rows, const std::string& end, std::vector<std::size_t>* begins = nullptr) {
    std::string out;
    for (int r = 0; r <= rows; ++r) {
      if (begins) begins->push_back(out.size());
      for (int c = 0; c < columns; ++c) out += (c ? "," : "") + (r ? std::to_string(pick(100000)) : "c" + std::to_string(c));
      out += end;
    }
    return out;
  }
};

TEST_F(Torture, ThreeHundredFilesAreReadRightOrRefusedWithFileAndLine) {
  const char* const ends[] = {"\n", "\r\n", "\r"};
  // Quotes, doubled quotes, blank lines and line ends of all kinds anywhere; the last line end often missing.
  while (files < 110 && !HasFailure()) {
    const int columns = 2 + pick(4);
    std::string text;
    for (int c = 0; c < columns; ++c) text += (c ? ",h" : "h") + std::to_string(c);
    expect_read(text + ends[pick(3)] + al::reference::nasty_csv(random, columns, pick(60)));
  }
  // One kind of line end each, a byte order mark in front, the last one missing.
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    const std::string end = ends[i % 3];
    std::string text = (i % 2 ? "\xef\xbb\xbf" : "") + plain(1 + pick(6), pick(40), end);
    if (i % 5 == 0) text.resize(text.size() - end.size());
    expect_read(text);
  }
  // A record of another number of fields.
  for (int i = 0; i < 50 && !HasFailure(); ++i) {
    const std::string end = ends[pick(3)];
    const int columns = 2 + pick(5), rows = 2 + pick(40), at = 1 + pick(rows), fields = pick(2) ? columns + 1 + pick(3) : 1 + pick(columns - 1);
    std::vector<std::size_t> begins;
    std::string text = plain(columns, rows, end, &begins);
    std::string bad = "7";
    for (int f = 1; f < fields; ++f) bad += ",\"7\"";
    text.insert(begins[static_cast<std::size_t>(at)], bad + end);
    expect_refused(text, "line " + std::to_string(at + 1) + " has " + std::to_string(fields) + " field");
  }
  // Bytes that are not UTF-8, and zero bytes, in a record behind the header.
  const char* const wrong[] = {"\xff", "\xc3(", "\xe2\x82", "\xed\xa0\x80", "\xc0\xaf", "\xf5\x80\x80\x80", "\x80"};
  for (int i = 0; i < 40 && !HasFailure(); ++i) {
    const std::string end = ends[pick(3)];
    const int rows = 2 + pick(40), at = 1 + pick(rows);
    std::vector<std::size_t> begins;
    std::string text = plain(3, rows, end, &begins);
    if (i % 2) {
      text.insert(begins[static_cast<std::size_t>(at)], wrong[pick(7)]);
      expect_refused(text, "line " + std::to_string(at + 1) + " is not UTF-8");
    } else {
      text.insert(begins[static_cast<std::size_t>(at)], 1, '\0');
      expect_refused(text, "zero byte at line " + std::to_string(at + 1));
    }
  }
  // A quote that nobody closes.
  for (int i = 0; i < 25 && !HasFailure(); ++i) {
    const int rows = 2 + pick(40), at = 1 + pick(rows);
    std::vector<std::size_t> begins;
    std::string text = plain(3, rows, ends[pick(2)], &begins);
    text.insert(begins[static_cast<std::size_t>(at)], "\"");
    expect_refused(text, "line " + std::to_string(at + 1) + " begins a record with a quoted field that never ends");
  }
  // Nothing, or next to nothing.
  for (const char* text : {"", "\n", "\r\n\r\n", "   \n \t\n", "\xef\xbb\xbf"}) expect_refused(text, "is not a CSV file: it is empty");
  for (const char* text : {"a,b", "a,b\n", "a,b\r", "\n\na,b\n", "\"a\nx\",b\r\n", "a,b\n\n\n", "\xef\xbb\xbf" "a,b"}) expect_read(text);
  // Texts of many bytes per character, quotes that do not open a field, blanks around fields.
  for (int i = 0; i < 28 && !HasFailure(); ++i) {
    const char* const fields[] = {"Zürich", "日本", "𝄞", "a\"b", " \"x\" ", "'", "\"a,\"\"b\"\"\"", "\"\n\"", "\"\r\n\"", "", "\"\"", "\xef\xbb\xbf"};
    std::string text = "ä,b,日" + std::string(ends[pick(3)]);
    for (int r = 0; r < 30; ++r)
      text += std::string(fields[pick(12)]) + "," + fields[pick(12)] + "," + fields[pick(12)] + ends[pick(3)];
    expect_read(text);
  }
  // Ten thousand columns.
  for (int i = 0; i < 4 && !HasFailure(); ++i) {
    std::string text = plain(10'000, 3, ends[i % 3]);
    if (i == 3) {
      expect_refused(text + "1,2\n", "line 5 has 2 fields, the header has 10000");
    } else {
      expect_read(text);
    }
  }
  // A field of fifty million bytes.
  {
    std::string text = "a,b\n1,\"";
    while (text.size() < 50'000'000) text += "all of it, and \"\"more\"\"\r\nof it \xe6\x97\xa5 ";
    const std::string field_end = "\"\n2,y\n";
    write(text + field_end);
    const al::Table t = al::read_csv(file, {.blocksize = 7'000'000}).compute();
    ASSERT_EQ(t.nrows(), 2);
    EXPECT_EQ(t["a"], al::Column(std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(t["b"].text(1), "y");
    EXPECT_EQ(t["b"].text(0), al::reference::read_records(text + field_end)[1].fields[1]);
    const std::string found = al::test::message<al::IoError>([&] {
      write(text);
      al::read_csv(file, {.blocksize = 7'000'000});
    });
    EXPECT_THAT(found, testing::HasSubstr("line 2 begins a record with a quoted field that never ends"));
  }
  EXPECT_GE(files, 300);
}

}  // namespace
