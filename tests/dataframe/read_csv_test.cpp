#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "ashlar/dataframe/read_csv.hpp"
#include "ashlar/table/csv_parse.hpp"
#include "counting_evaluator.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::message;
using testing::HasSubstr;

namespace {

class ReadCsv : public testing::Test {
 protected:
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("ashlar_read_csv_" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
};

}  // namespace

TEST_F(ReadCsv, ASmallFileIsOnePartitionWithTypesKnownBeforeAnythingIsComputed) {
  const auto df = al::read_csv(write("a.csv", "n,x,s,b\n1,1.5,one,True\n2,,two,False\n,2.5,\"three, four\",True\n"));
  EXPECT_EQ(df.npartitions(), 1);
  EXPECT_EQ(df.columns(), (std::vector<std::string>{"n", "x", "s", "b"}));
  EXPECT_EQ(df.dtypes(), (std::vector{al::ColumnType::int64, al::ColumnType::float64, al::ColumnType::string, al::ColumnType::boolean}));
  const al::Table t = df.compute();
  EXPECT_EQ(t["n"], al::Column(std::vector<std::optional<std::int64_t>>{1, 2, std::nullopt}));
  EXPECT_EQ(t["x"], al::Column(std::vector<std::optional<double>>{1.5, std::nullopt, 2.5}));
  EXPECT_EQ(t["s"], al::Column(std::vector<std::string>{"one", "two", "three, four"}));
  EXPECT_EQ(t["b"], al::Column(std::vector<bool>{true, false, true}));
}

TEST_F(ReadCsv, EveryBlocksizeGivesTheFrameOfTheWholeFile) {
  const std::vector<std::string> texts = {
      "a,b\n1,x\n2,y\n3,z\n",
      "a,b\n1,x\n2,y\n3,z",
      "a,b\r\n1,\"x\r\ny\"\r\n2,\"\"\"q\"\"\"\r\n3,\"a,b\"\r\n",
      "a,b\r1,x\r2,\"y\rz\"\r",
      "a,b\n1,\"long\n\n\n\nfield, with \"\"quotes\"\" and\nlines\"\n2.5,t\n",
      "\xef\xbb\xbf" "a,b\n\n1,x\n\n\n2,y\n   \n",
      "a,b\n1,NA\n,y\nUnknown,z\n",
      "a,b\n",
      "a,b",
      "\"a\nb\",b\n1,2\n",
  };
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard(&evaluator);
  for (const std::string& text : texts) {
    const std::string file = write("odd.csv", text);
    al::table::CsvDialect dialect;
    dialect.na_values = {"Unknown"};
    const al::Table whole = al::table::parse_csv(text, dialect);
    for (int blocksize = 1; blocksize <= static_cast<int>(text.size()) + 1; ++blocksize) {
      SCOPED_TRACE("blocksize " + std::to_string(blocksize) + " of: " + text);
      const auto df = al::read_csv(file, {.blocksize = blocksize, .na_values = {"Unknown"}});
      ASSERT_EQ(df.dtypes(), whole.dtypes());
      ASSERT_EQ(df.compute(), whole);
      ASSERT_EQ(df.len(), whole.nrows());
    }
  }
}

TEST_F(ReadCsv, RandomFilesReadTheSameAtRandomBlocksizes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 60; ++round) {
    std::string text = "k,v,t\n";
    const char* fields[] = {
        "1", "-7", "2.5", "", "NA", "x", "\"a,b\"", "\"two\nlines\"", "\"\"", "\"q\"\"q\"", "18446744073709551615", "1e3", "2020-05-12"};
    const int rows = pick(40);
    const int variety = 1 + pick(13);
    for (int r = 0; r < rows; ++r)
      text += std::string(fields[pick(variety)]) + "," + fields[pick(4)] + "," + fields[pick(13)] +
              (r + 1 < rows || pick(2) ? pick(2) ? "\r\n" : "\n" : "");
    const std::string file = write("random.csv", text);
    const al::Table whole = al::table::parse_csv(text);
    for (int k = 0; k < 6; ++k) {
      const int blocksize = 1 + pick(static_cast<int>(text.size()) + 3);
      SCOPED_TRACE("blocksize " + std::to_string(blocksize) + " of: " + text);
      ASSERT_EQ(al::read_csv(file, {.blocksize = blocksize}).compute(), whole);
    }
  }
}

TEST_F(ReadCsv, OneLateTextMakesTheWholeColumnText) {
  std::string text = "a\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + "\n";
  const auto numbers = al::read_csv(write("n.csv", text), {.blocksize = 100});
  EXPECT_GT(numbers.npartitions(), 30);
  EXPECT_EQ(numbers.dtypes()[0], al::ColumnType::int64);
  const auto late = al::read_csv(write("t.csv", text + "end\n"), {.blocksize = 100});
  EXPECT_EQ(late.dtypes()[0], al::ColumnType::string);
  EXPECT_EQ(late.head(1)["a"].text(0), "0");
}

TEST_F(ReadCsv, PatternsReadAllTheirFilesInTheOrderOfTheirNames) {
  write("part-2.csv", "a,b\n3,z\n");
  write("part-1.csv", "a,b\n1,x\n2,y\n");
  write("part-3.csv", "a,b\n");
  write("other.csv", "c\n3\n");
  const auto df = al::read_csv((folder / "part-*.csv").string());
  EXPECT_EQ(df.npartitions(), 3);
  EXPECT_EQ(df.compute()["a"], al::Column(std::vector<std::int64_t>{1, 2, 3}));
  // The type is that of all files.
  write("part-4.csv", "a,b\n0.5,w\n");
  EXPECT_EQ(al::read_csv((folder / "part-*.csv").string()).dtypes()[0], al::ColumnType::float64);
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv((folder / "*.csv").string()); }), HasSubstr("column 1 of " + (folder / "other.csv").string()));
}

TEST_F(ReadCsv, OptionsMeanWhatTheyMeanInPandas) {
  const std::string file = write("o.csv", "x;when;zip;'q'\n1,5;2020-05-12;00123;'a;b'\n-;2021-01-01;00124;c\n");
  const auto df = al::read_csv(
      file, {.sep = ";", .dtype = {{"zip", "string"}}, .na_values = "-", .parse_dates = {"when"}, .decimal = ",", .quotechar = "'"});
  EXPECT_EQ(df.dtypes(), (std::vector{al::ColumnType::float64, al::ColumnType::timestamp, al::ColumnType::string, al::ColumnType::string}));
  const al::Table t = df.compute();
  EXPECT_EQ(t["zip"].text(0), "00123");
  EXPECT_EQ(t["q"].text(0), "a;b");
  EXPECT_EQ(t["x"].null_count(), 1);
  EXPECT_EQ(df["when"].dt().year().compute(), al::Column(std::vector<std::int32_t>{2020, 2021}));
  const auto some = al::read_csv(file, {.sep = ";", .usecols = {"zip", "x"}, .quotechar = "'"});
  EXPECT_EQ(some.columns(), (std::vector<std::string>{"x", "zip"}));
  const auto bare = al::read_csv(write("b.csv", "1,2\n3,4\n"), {.header = false});
  EXPECT_EQ(bare.columns(), (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(bare.len(), 2);
  EXPECT_EQ(al::read_csv(file, {.blocksize = "1kB", .sep = ";", .quotechar = "'"}).npartitions(), 1);
}

TEST_F(ReadCsv, CompressedFilesAreReadOnePartitionEach) {
  const std::string text = "a,b\n1,x\n2,\"y\nz\"\n3,\n";
  const auto zipped = [](const std::string& of) {
    std::string out(compressBound(of.size()) + 64, '\0');
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(of.data()));
    stream.avail_in = static_cast<uInt>(of.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  };
  const al::Table whole = al::table::parse_csv(text);
  // One member, two members (as files that were put together), and a plain file beside them.
  write("a-1.csv.gz", zipped(text));
  write("a-2.csv.gz", zipped(text.substr(0, 9)) + zipped(text.substr(9)));
  write("a-3.csv.gz", text);
  const auto df = al::read_csv((folder / "a-*.csv.gz").string(), {.blocksize = 4});
  const al::Table parts[] = {whole, whole, whole};
  EXPECT_EQ(df.compute(), al::Table::concat(parts));
  EXPECT_EQ(df.get_partition(0).compute(), whole);
  EXPECT_EQ(al::read_csv((folder / "a-1.csv.gz").string(), {.compression = "gzip"}).npartitions(), 1);
  // More text than what a header is looked for in.
  std::string long_text = "name\n";
  for (int i = 0; i < 40'000; ++i) long_text += std::to_string(i) + "\n";
  EXPECT_EQ(al::read_csv(write("long.gz", zipped(long_text)))["name"].sum().compute(), al::Value(40'000LL * 39'999 / 2));

  const std::string cut = write("cut.gz", zipped(long_text).substr(0, 900));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(cut); }), HasSubstr("the gzip file \"" + cut + "\" ends early"));
  std::string damaged = zipped(long_text);
  for (std::size_t i = 100; i < 140; ++i) damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("bad.gz", damaged)); }), HasSubstr("bad.gz\" is damaged"));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("no.gz", "a\n1\n"), {.compression = "gzip"}); }), HasSubstr("is not compressed with gzip"));
}

TEST_F(ReadCsv, ZstandardFilesAreReadLikeOthers) {
  // What libzstd made of "a,b\n1,x\n2,y\n", and of "name" above 0, 1, … 6, 0, 1, … in 2,000 lines.
  const std::string small("\x28\xb5\x2f\xfd\x20\x0c\x61\x00\x00\x61\x2c\x62\x0a\x31\x2c\x78\x0a\x32\x2c\x79\x0a", 21);
  const std::string large("\x28\xb5\x2f\xfd\x60\xa5\x0e\xd5\x00\x00\x90\x6e\x61\x6d\x65\x0a\x30\x0a\x31\x0a\x32\x0a\x33\x0a\x34\x0a\x35\x0a\x36\x01\x00\x20\x1f\xfe\x0c\x03", 36);
  const std::string file = write("a.zst", small);
  try {
    EXPECT_EQ(al::read_csv(file).compute(), al::table::parse_csv("a,b\n1,x\n2,y\n"));
  } catch (const al::NotImplementedError& e) {
    GTEST_SKIP() << e.what();
  }
  EXPECT_EQ(al::read_csv(file, {.compression = "zstd"}).npartitions(), 1);
  const auto numbers = al::read_csv(write("n.zst", large));
  EXPECT_EQ(numbers.len(), 2000);
  EXPECT_EQ(numbers["name"].sum().compute(), al::Value(285 * 21 + 0 + 1 + 2 + 3 + 4));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("cut.zst", large.substr(0, 25))); }), HasSubstr("cut.zst\" ends early"));
  std::string damaged = large;
  damaged[8] = '\x37';
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("bad.zst", damaged)); }), HasSubstr("bad.zst\" "));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("no.zst", "a\n1\n"), {.compression = "zstd"}); }), HasSubstr("is not compressed with zstd"));
}

TEST_F(ReadCsv, FilesLargerThanWhatIsReadAtOnceAreReadWhole) {
  // Quotes with line ends in them, and a field longer than a block: 256 KiB are read at once.
  std::string text = "n,text\n";
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i) + (i % 7 ? ",plain\n" : i % 2 ? ",\"two\r\nlines, \"\"quoted\"\"\"\r\n" : ",\n");
  text += "40000,\"" + std::string(700'000, 'x') + "\"\n40001,last";
  const std::string file = write("large.csv", text);
  const al::Table whole = al::table::parse_csv(text);
  EXPECT_EQ(al::read_csv(file).compute(), whole);
  EXPECT_EQ(al::read_csv(file, {.blocksize = 100'000}).compute(), whole);
  const std::string bad = write("bad.csv", text + "\n1,2,3\n");
  std::int64_t line = 1;
  for (const char c : text) line += c == '\n';
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(bad); }), HasSubstr("line " + std::to_string(line + 1) + " has 3 fields"));
}

TEST_F(ReadCsv, ThousandsCommentsSkippedLinesAndEncodings) {
  const auto money = al::read_csv(write("m.csv", "a,b,c\n\"1,234\",\"1,234.5\",\"x,1\"\n-7,2,\"1,2\"\n"), {.thousands = ","});
  EXPECT_EQ(money.dtypes(), (std::vector{al::ColumnType::int64, al::ColumnType::float64, al::ColumnType::string}));
  EXPECT_EQ(money.compute()["a"], al::Column(std::vector<std::int64_t>{1234, -7}));
  EXPECT_EQ(money.compute()["b"], al::Column(std::vector<double>{1234.5, 2}));
  EXPECT_EQ(money.compute()["c"], al::Column(std::vector<std::string>{"x,1", "1,2"}));

  const std::string commented = "# made by hand\na,b # two\n1,\"#x\"\n# nothing\n2,y#z\n3,\"\"\"#\"\n";
  const al::Table t = al::read_csv(write("c.csv", commented), {.blocksize = 5, .comment = "#"}).compute();
  EXPECT_EQ(t["a"], al::Column(std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(t.columns()[1], "b ");
  EXPECT_EQ(t.at(1), al::Column(std::vector<std::string>{"#x", "y", "\"#"}));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("r.csv", "a,b\n# x\n1\n"), {.comment = "#"}); }), HasSubstr("line 3 has 1 field"));

  for (const char* end : {"\n", "\r\n", "\r"}) {
    const std::string text = std::string("title") + end + end + "a,b" + end + "1,2" + end + "3,4" + end + "5" + end;
    const std::string file = write("s.csv", text.substr(0, text.size() - 1 - std::string(end).size()));
    for (int blocksize = 1; blocksize < 12; ++blocksize)
      EXPECT_EQ(al::read_csv(file, {.blocksize = blocksize, .skiprows = 2})["b"].sum().compute(), al::Value(6));
    const std::string ragged = write("g.csv", text);
    EXPECT_THAT(message<al::IoError>([&] { al::read_csv(ragged, {.blocksize = 3, .skiprows = 2}); }), HasSubstr("line 6 has 1 field"));
  }
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("f.csv", "a\n"), {.skiprows = 3}); }), HasSubstr("fewer lines than .skiprows"));

  const std::string latin = write("l.csv", "stra\xdf" "e,n\nK\xf6ln,1\n");
  EXPECT_EQ(al::read_csv(latin, {.encoding = "latin-1"}).compute().column<std::string>("straße"), (std::vector<std::string>{"Köln"}));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(latin); }), HasSubstr("names of the columns are not UTF-8"));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("l2.csv", "a,n\nx,2\nK\xf6ln,1\n")); }), HasSubstr("line 3 is not UTF-8 (byte 0xf6)"));
  EXPECT_THAT(message<al::ValueError>([&] { al::read_csv(latin, {.encoding = "ebcdic"}); }), HasSubstr("found \"ebcdic\""));
  EXPECT_THAT(message<al::ValueError>([&] { al::read_csv(latin, {.comment = ","}); }), HasSubstr("found ','"));
  EXPECT_THAT(message<al::ValueError>([&] { al::read_csv(latin, {.thousands = "."}); }), HasSubstr("found '.'"));
}

TEST_F(ReadCsv, ColumnsOfCategoriesAreReadAndComputedWith) {
  const std::string file = write("cat.csv", "city,n\nRome,1\nOslo,2\n,3\nRome,4\nBern,5\nOslo,6\n");
  const auto text = al::read_csv(file, {.blocksize = 9});
  const auto df = al::read_csv(file, {.blocksize = 9, .dtype = {{"city", "category"}}});
  EXPECT_GT(df.npartitions(), 3);
  EXPECT_EQ(df.dtypes()[0], al::ColumnType::category);
  EXPECT_EQ(df.compute()["city"].cast(al::ColumnType::string), text.compute()["city"]);
  const al::Table sums = df.groupby({"city"}).agg({{"n", "sum"}}).compute();
  EXPECT_EQ(sums["city"].to_vector<std::string>(), (std::vector<std::string>{"Bern", "Oslo", "Rome"}));
  EXPECT_EQ(sums["n_sum"], al::Column(std::vector<std::int64_t>{5, 8, 5}));
  EXPECT_EQ(df[df["city"] == "Oslo"]["n"].sum().compute(), al::Value(8));
  EXPECT_EQ(df["city"].str().upper().compute(), text["city"].str().upper().compute());
  EXPECT_EQ(df.assign("city", df["city"].astype("string")).compute(), text.compute());
  EXPECT_EQ(text.assign("city", text["city"].astype("category")).sort_values({"city", "n"})["n"].compute(), text.sort_values({"city", "n"})["n"].compute());
  EXPECT_EQ(df["city"].min().compute(), al::Value("Bern"));
  EXPECT_EQ(df["city"].nunique().compute(), al::Value(3));
  const al::Table joined = df.merge(text, {.on = {"city"}}).sort_values({"city", "n_x", "n_y"}).compute();
  EXPECT_EQ(joined, text.merge(text, {.on = {"city"}}).sort_values({"city", "n_x", "n_y"}).compute());
  // Seen as numbers: the same in every partition, though each tells its texts apart by itself.
  const std::vector<std::string> categories = df["city"].cat().categories();
  EXPECT_TRUE(std::is_sorted(categories.begin(), categories.end()));
  const al::Column codes = df["city"].cat().codes().compute(), texts = df["city"].astype("string").compute();
  ASSERT_EQ(codes.type(), al::ColumnType::int8);
  ASSERT_EQ(codes.size(), texts.size());
  for (std::int64_t i = 0; i < codes.size(); ++i) {
    const int code = codes.values<std::int8_t>()[static_cast<std::size_t>(i)];
    if (texts.is_null(i)) {
      EXPECT_EQ(code, -1);
    } else {
      EXPECT_EQ(categories.at(static_cast<std::size_t>(code)), texts.text(i));
    }
  }
  EXPECT_EQ(df.assign("code", df["city"].cat().codes())["code"].compute(), codes);
  EXPECT_THROW(df["n"].cat(), al::TypeError);
}

TEST_F(ReadCsv, ErrorsNameTheFileAndTheLine) {
  const std::string missing = (folder / "missing.csv").string();
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(missing); }), HasSubstr("cannot open \"" + missing + "\": No such file"));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv((folder / "no*.csv").string()); }), HasSubstr("no file matches the pattern"));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(folder.string()); }), HasSubstr("is a folder"));
  const std::string binary = write("b.csv", std::string("\x89HDF\r\n\x1a\n\0\0\0", 11));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(binary); }), HasSubstr(binary + " is not a CSV file"));
  EXPECT_THAT(message<al::IoError>([&] { al::read_csv(write("e.csv", "")); }), HasSubstr("e.csv is not a CSV file: it is empty"));
  const std::string zipped = write("z.csv.bz2", "BZh91AY");
  EXPECT_THAT(message<al::NotImplementedError>([&] { al::read_csv(zipped); }), HasSubstr(zipped + " is compressed with bzip2"));
  const std::string file = write("a.csv", "a,b\n1,2\n");
  EXPECT_THAT(message<al::KeyError>([&] { al::read_csv(file, {.usecols = {"c"}}); }), HasSubstr("no column for usecols: \"c\""));
  EXPECT_THAT(message<al::KeyError>([&] { al::read_csv(file, {.dtype = {{"aa", "int64"}}}); }), HasSubstr("nearest names are \"a\""));
  EXPECT_THAT(message<al::ValueError>([&] { al::read_csv(file, {.sep = "ab"}); }), HasSubstr("one character as sep, found \"ab\""));
  EXPECT_THAT(message<al::ValueError>([&] { al::read_csv(file, {.blocksize = 0}); }), HasSubstr("at least one byte, found 0"));
}

TEST_F(ReadCsv, ARaggedRowIsNamedByItsLineInTheFileAtEveryBlocksize) {
  const std::string text = "a,b\n1,\"x\ny\"\n2,z\n3\n4,w\n";
  const std::string file = write("ragged.csv", text);
  for (int blocksize = 1; blocksize <= 30; ++blocksize)
    EXPECT_EQ(message<al::IoError>([&] { al::read_csv(file, {.blocksize = blocksize}); }), file + ": line 5 has 1 field, the header has 2")
        << blocksize;
}

TEST_F(ReadCsv, AFileThatChangedSinceIsRefused) {
  const std::string file = write("c.csv", "a\n1\n2\n");
  const auto df = al::read_csv(file);
  write("c.csv", "a\n1\n");
  EXPECT_THAT(message<al::TaskError>([&] { df.compute(); }), HasSubstr("changed since the dataframe was built: it had 6 bytes, it has 4"));
}

TEST_F(ReadCsv, OnlyNeededColumnsAreParsedAndOnlyOnce) {
  const std::string file = write("p.csv", "a,b,c\n1,2,x\n3,4,y\n5,6,z\n");
  // Column c is told to be a number, which only shows when it is parsed.
  const auto df = al::read_csv(file, {.dtype = {{"c", "int64"}}});
  EXPECT_EQ(df["a"].sum().compute(), al::Value(9));
  EXPECT_EQ(df[df["b"] > 2]["a"].max().compute(), al::Value(5));
  EXPECT_THAT(message<al::TaskError>([&] { df.compute(); }), HasSubstr("line 2, column \"c\": \"x\" is not of type int64"));
  al::test::CountingEvaluator evaluator;
  al::Evaluator::Guard guard(&evaluator);
  const auto parts = al::read_csv(file, {.blocksize = 4, .usecols = {"a", "b"}});
  evaluator.reset();
  const auto [low, high] = al::compute(parts["a"].min(), parts["b"].max());
  EXPECT_EQ(low, al::Value(1));
  EXPECT_EQ(high, al::Value(6));
  EXPECT_EQ(evaluator.tasks["read-csv"], parts.npartitions());
}

TEST(Volcano, TheRealFileGivesTheKnownNumbers) {
  const char* folder = std::getenv("ASHLAR_REAL_DATA");
  if (!folder) GTEST_SKIP() << "set ASHLAR_REAL_DATA to a folder with volcano.csv to run this";
  const std::string file = std::string(folder) + "/volcano.csv";
  for (const char* blocksize : {"64MiB", "20kB", "777"}) {
    const auto df = al::read_csv(file, {.blocksize = blocksize, .na_values = {"Unknown"}});
    EXPECT_EQ(df.len(), 958);
    EXPECT_EQ(df["last_eruption_year"].min().compute().as<double>(), -10450);
    const al::Table top = df["country"].value_counts().head(5);
    EXPECT_EQ(top.column<std::string>("country"), (std::vector<std::string>{"United States", "Indonesia", "Japan", "Russia", "Chile"}));
    EXPECT_EQ(top.column<std::int64_t>("count"), (std::vector<std::int64_t>{99, 95, 92, 79, 43}));
    const al::Table highest = df[df["elevation"] > 5000]
                                  .groupby({"country"})
                                  .agg({{"elevation", "mean"}, {"elevation", "max"}, {"volcano_name", "count"}})
                                  .sort_values({"elevation_mean"}, {.ascending = {false}})
                                  .head(5);
    EXPECT_EQ(highest.columns(), (std::vector<std::string>{"country", "elevation_mean", "elevation_max", "volcano_name_count"}));
    EXPECT_EQ(highest.nrows(), 5);
  }
}
