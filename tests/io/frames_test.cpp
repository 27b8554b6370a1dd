// Frames in HDF5 files: what to_hdf writes is read by h5py and comes back, and the tables of pandas, PyTables and h5py (pandas_tables.py) are read.
#include <ashlar/ashlar.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "harness/job_main.hpp"
#include "test_files.hpp"

namespace al = ashlar;
using test_files::contains, test_files::Folder, test_files::h5py, test_files::message_of;

namespace {

template <class T>
using Maybe = std::vector<std::optional<T>>;
const std::string golden = std::string(ASHLAR_TEST_FOLDER) + "/pandas_tables.h5";
const std::string golden_categories = std::string(ASHLAR_TEST_FOLDER) + "/pandas_categories.h5";

al::Table random_rows(std::uint64_t seed, int n, bool nulls) {
  std::mt19937_64 random(seed);
  const auto missing = [&] { return nulls && random() % 4 == 0; };
  Maybe<std::int64_t> whole;
  Maybe<double> real;
  Maybe<bool> flag;
  Maybe<std::string> text;
  Maybe<al::timestamp> when;
  Maybe<std::int8_t> small;
  static const char* texts[] = {"", "a", "Zürich", "a much longer text than the others", "\n\t,"};
  for (int i = 0; i < n; ++i) {
    whole.push_back(missing() ? std::nullopt : std::optional(static_cast<std::int64_t>(random())));
    real.push_back(missing() ? std::nullopt : std::optional(random() % 9 == 0 ? std::nan("") : static_cast<double>(random() % 1000) / 8));
    flag.push_back(missing() ? std::nullopt : std::optional(random() % 2 == 0));
    text.push_back(missing() ? std::nullopt : std::optional(std::string(texts[random() % 5])));
    when.push_back(missing() ? std::nullopt : std::optional(al::timestamp(al::duration(static_cast<std::int64_t>(random() >> 2)))));
    small.push_back(missing() ? std::nullopt : std::optional(static_cast<std::int8_t>(random() % 200)));
  }
  return al::Table({"whole", "real/part", "flag", "text", "when", "small 100%"},
                   {al::Column(whole), al::Column(real), al::Column(flag), al::Column(text), al::Column(when), al::Column(small)});
}

TEST(FramesInHdf5, come_back_as_they_were_from_any_partitions) {
  const Folder folder;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const al::Table rows = random_rows(seed, seed == 3 ? 0 : static_cast<int>(seed * 9), seed % 2 == 0);
    const auto df = al::from_table(rows, {.npartitions = static_cast<std::int64_t>(seed == 5 ? 60 : seed)});  // more partitions than rows: empty ones
    const std::string file = folder / "t.h5";
    df.to_hdf(file, "deep/table", {.compression = seed == 4 ? "gzip" : ""});
    for (const std::int64_t size : {std::int64_t{7}, std::int64_t{1'000'000}}) {
      const auto back = al::read_hdf(file, "/deep/table/", {.chunksize = size});
      EXPECT_EQ(back.dtypes(), rows.dtypes());
      EXPECT_EQ(back.compute(), rows);
      EXPECT_EQ(back[{"text"}].compute(), rows.select({"text"}));
    }
    EXPECT_EQ(al::read_hdf(file, "deep/table", {.columns = {"text", "whole"}}).columns(), (std::vector<std::string>{"whole", "text"}));
  }
}

TEST(FramesInHdf5, are_what_h5py_reads) {
  const Folder folder;
  const std::string file = folder / "t.h5";
  const al::Table rows({"n", "text"}, {al::Column(Maybe<std::int64_t>{7, std::nullopt, -1}), al::Column(Maybe<std::string>{"Zürich", "", std::nullopt})});
  al::from_table(rows, {.npartitions = 2}).to_hdf(file, "/t");
  EXPECT_EQ(h5py(file, "n = f[\"t/n/values\"]\nprint(n[()].tolist(), f[\"t/n/valid\"][()].tolist(), n.attrs[\"column\"], n.attrs[\"position\"], n.attrs[\"type\"])"),
            "[7, 0, -1] [True, False, True] n 0 int64");
  EXPECT_EQ(h5py(file, "e = f[\"t/text/ends\"][()].tolist()\nb = f[\"t/text/text\"][()].tobytes()\nprint(e, b.decode() == \"Z\\u00fcrich\", f[\"t/text/valid\"][()].tolist())"),
            "[7, 7, 7] True [True, True, False]");
  // Another table into the same file, and a column alone.
  al::from_table(rows)["n"].to_hdf(file, "/alone", {.mode = "a"});
  EXPECT_EQ(al::read_hdf(file, "alone").compute(), rows.select({"n"}));
  EXPECT_EQ(al::read_hdf(file, "t").compute(), rows);
  // Categories are written as their texts.
  const auto df = al::from_table(rows);
  df.assign("text", df["text"].astype("category")).to_hdf(file, "/t");
  EXPECT_EQ(al::read_hdf(file, "t").compute(), rows);
}

TEST(FramesInHdf5, of_pandas_are_read_in_both_formats) {
  const al::Column number(std::vector<std::int64_t>{1, -2, 3, std::int64_t{1} << 40});
  const al::Column text(Maybe<std::string>{"Etna", "", std::nullopt, "Ærø/ß"}), other(std::vector<std::string>{"a", "b", "c", "d"});
  const al::Column real(std::vector<double>{1.5, std::nan(""), -0.25, 1e300}), flag(std::vector<bool>{true, false, true, true});
  const al::Column small(std::vector<std::uint8_t>{1, 2, 3, 255}), single(std::vector<float>{0.5f, 1, 2, 3});
  // 2020-02-29T12:00:01.5, NaT, 1970-01-01, 1883-08-27
  constexpr std::int64_t second = 1'000'000'000;
  const auto at = [](std::int64_t nanoseconds) { return std::optional(al::timestamp(al::duration(nanoseconds))); };
  const al::Column when(Maybe<al::timestamp>{at(1'582'977'601 * second + second / 2), std::nullopt, at(0), at(-2'724'883'200 * second)});
  const al::Table wanted({"number", "text", "real", "flag", "small", "when", "other", "float"}, {number, text, real, flag, small, when, other, single});

  EXPECT_EQ(al::read_hdf(golden, "fixed").compute(), wanted);
  EXPECT_EQ(al::read_hdf(golden, "table").compute(), wanted);
  EXPECT_EQ(al::read_hdf(golden, "table", {.chunksize = 3}).compute(), wanted);
  EXPECT_EQ(al::read_hdf(golden, "/table", {.columns = {"when", "number"}}).compute(), wanted.select({"number", "when"}));
  const al::Table deep = al::read_hdf(golden, "deep/table").compute();
  EXPECT_EQ(deep, al::Table({"when", "real", "number"}, {when, real, number}).take(std::vector<std::int64_t>{0, 2, 3}));
  EXPECT_EQ(al::read_hdf(golden, "named").compute(), al::Table({"number", "real", "flag"}, {number, real, flag}));
  EXPECT_EQ(al::read_hdf(golden, "series").compute(), al::Table({"real"}, {real}));
  const auto empty = al::read_hdf(golden, "empty");
  EXPECT_EQ(empty.len(), 0);
  EXPECT_EQ(empty.columns(), (std::vector<std::string>{"number", "real"}));
  EXPECT_EQ(al::read_hdf(golden, "category").compute(), al::Table({"number", "kind"}, {number, text.cast(al::ColumnType::category)}));
}

TEST(FramesInHdf5, of_pandas_have_categories) {
  const al::Column n(std::vector<std::int64_t>{1, 2, 3, 4}), x(std::vector<double>{0.5, 1, 2, 3}), size(Maybe<std::int64_t>{5, 7, std::nullopt, 5});
  const al::Column kind = al::Column(Maybe<std::string>{"b", std::nullopt, "Ærø", "b"}).cast(al::ColumnType::category);
  const al::Table wanted({"n", "kind", "size", "x", "none"}, {n, kind, size, x, al::Column::nulls(al::ColumnType::category, 4)});
  for (const char* key : {"table", "data_columns"}) {
    SCOPED_TRACE(key);
    const auto df = al::read_hdf(golden_categories, key);
    EXPECT_EQ(df.dtypes(), wanted.dtypes());
    EXPECT_EQ(df.compute(), wanted);
    EXPECT_EQ(al::read_hdf(golden_categories, key, {.chunksize = 1}).compute(), wanted);
    EXPECT_EQ(df[{"kind"}].compute(), wanted.select({"kind"}));
  }
  // Codes are those of pandas: what no row has stays a category.
  EXPECT_EQ(al::read_hdf(golden_categories, "table").compute()["kind"].categories(), al::Column(std::vector<std::string>{"b", "Ærø", "never"}));
  EXPECT_EQ(al::read_hdf(golden_categories, "series").compute(), al::Table({"kind"}, {kind}));
  for (const char* key : {"index/table", "index/fixed"}) EXPECT_EQ(al::read_hdf(golden_categories, key).compute(), al::Table({"kind", "x"}, {kind, x})) << key;
}

TEST(FramesInHdf5, of_pandas_have_levels_as_columns) {
  const al::Column n(std::vector<std::int64_t>{1, 2, 3, 4}), x(std::vector<double>{0.5, 1, 2, 3});
  const al::Column letter(std::vector<std::string>{"p", "p", "q", "q"}), no(std::vector<std::int64_t>{1, 2, 1, 2});
  const al::Table two({"letter", "no", "n", "x"}, {letter, no, n, x});
  const auto day = [](std::int64_t days) { return std::optional(al::timestamp(al::duration(days * 86'400'000'000'000))); };
  const al::Column when(Maybe<al::timestamp>{day(18262), day(18263), std::nullopt, day(18262)});
  const al::Column flag(std::vector<bool>{true, false, true, true}), real(std::vector<double>{1.5, 2.5, -1.5, 1.5});
  const al::Table four({"level_0", "level_1", "level_2", "level_3", "n", "x"}, {al::Column(Maybe<std::string>{"p", std::nullopt, "q", "q"}), when, flag, real, n, x});
  for (const std::string format : {"fixed", "table"}) {
    SCOPED_TRACE(format);
    EXPECT_EQ(al::read_hdf(golden_categories, "two/" + format).compute(), two);
    EXPECT_EQ(al::read_hdf(golden_categories, "two/" + format, {.columns = {"no", "x"}, .chunksize = 3}).compute(), two.select({"no", "x"}));
    EXPECT_EQ(al::read_hdf(golden_categories, "four/" + format, {.chunksize = 2}).compute(), four);
    EXPECT_EQ(al::read_hdf(golden_categories, "some/" + format).compute(), two.slice(2, 4));
    EXPECT_EQ(al::read_hdf(golden_categories, "of_series/" + format).compute(), two.select({"letter", "no", "x"}));
    // Times are UTC: the days began an hour before in Rome. The index has a name in both formats.
    const al::Table days = al::read_hdf(golden_categories, "days/" + format).compute();
    EXPECT_EQ(days.columns(), (std::vector<std::string>{"day", "n", "x"}));
    EXPECT_EQ(days["day"].value(0), al::Value(al::timestamp(al::duration((18320 * 24 - 1) * std::int64_t{3'600'000'000'000}))));
    EXPECT_TRUE(contains(message_of<al::NotImplementedError>([&] { al::read_hdf(golden_categories, "names/" + format); }), "several levels"));
  }
  const auto empty = al::read_hdf(golden_categories, "two/empty");
  EXPECT_EQ(empty.len(), 0);
  EXPECT_EQ(empty.dtypes(), two.dtypes());
  const al::Column kind = al::Column(Maybe<std::string>{"b", std::nullopt, "Ærø", "b"}).cast(al::ColumnType::category);
  EXPECT_EQ(al::read_hdf(golden_categories, "two/category").compute(), al::Table({"kind", "i", "n", "x"}, {kind, n, n, x}));
  EXPECT_TRUE(contains(message_of<al::NotImplementedError>([] { al::read_hdf(golden_categories, "periods"); }), "periods"));
}

TEST(FramesInHdf5, of_PyTables_and_h5py_are_datasets_of_structures) {
  EXPECT_EQ(al::read_hdf(golden, "plain").compute(),
            al::Table({"name", "size", "level", "on"}, {al::Column(std::vector<std::string>{"Abu", "", "12345678"}), al::Column(std::vector<std::int32_t>{3, -1, 7}),
                                                        al::Column(std::vector<double>{0.5, 2.25, -1}), al::Column(std::vector<bool>{true, false, true})}));
  EXPECT_EQ(al::read_hdf(golden, "of_h5py", {.chunksize = 1}).compute(),
            al::Table({"id", "code"}, {al::Column(std::vector<std::uint16_t>{1, 2}), al::Column(std::vector<std::string>{"x", "yz"})}));
  EXPECT_TRUE(contains(message_of<al::TypeError>([] { al::read_hdf(golden, "vectors"); }), "\"vector\""));
}

TEST(FramesInHdf5, say_what_is_wrong) {
  const Folder folder;
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::read_hdf(folder / "no.h5", "t"); }), "no.h5"));
  EXPECT_TRUE(contains(message_of<al::KeyError>([] { al::read_hdf(golden, "deep/tabel"); }), "table"));
  EXPECT_TRUE(contains(message_of<al::KeyError>([] { al::read_hdf(golden, "deep"); }), "neither by to_hdf nor by pandas"));
  EXPECT_TRUE(contains(message_of<al::KeyError>([] { al::read_hdf(golden, "plain", {.columns = {"nam"}}); }), "name"));
  const auto df = al::from_table(al::Table({"n"}, {al::Column(std::vector<std::int64_t>{1})}));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { df.to_hdf(folder / "x.h5", "//"); }), "name of a group"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { al::read_hdf(golden, "plain", {.chunksize = 0}); }), "chunksize"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

TEST(FramesAsArrays, are_their_columns_side_by_side) {
  const al::Table rows({"a", "b"}, {al::Column(Maybe<std::int64_t>{1, 2, std::nullopt, 4, 5}), al::Column(std::vector<double>{0.5, 1.5, 2.5, 3.5, 4.5})});
  const auto df = al::from_table(rows, {.npartitions = 3});
  const auto x = df.to_dask_array();
  EXPECT_EQ(x.shape(), (al::Shape{5, 2}));
  EXPECT_EQ(x.npartitions(), 3);
  const auto values = x.compute();
  for (al::index_t i = 0; i < 5; ++i) {
    EXPECT_EQ(values(i, 1), static_cast<double>(i) + 0.5);
    EXPECT_TRUE(i == 2 ? std::isnan(values(i, 0)) : values(i, 0) == static_cast<double>(i + 1));
  }
  EXPECT_EQ(df["b"].values().sum().compute(), 12.5);
  EXPECT_EQ(df["a"].fillna(3).to_dask_array<std::int64_t>().sum().compute(), 15);
  EXPECT_EQ(df[df["b"] > 2].values().shape(), (al::Shape{3, 2}));  // an empty partition has no chunk
  EXPECT_EQ(df[df["b"] > 9].values().shape(), (al::Shape{0, 2}));
  EXPECT_TRUE(contains(message_of<al::TaskError>([&] { df["a"].to_dask_array<std::int64_t>().compute(); }), "missing"));
  EXPECT_TRUE(contains(message_of<al::TypeError>([&] { df.assign("t", "x").to_dask_array(); }), "numbers"));
}

}  // namespace

ASHLAR_JOB_MAIN()
