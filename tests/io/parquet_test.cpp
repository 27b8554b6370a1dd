// Frames in Parquet files: what to_parquet writes comes back and is what pyarrow reads; a file of pyarrow (parquet_golden.py) is read. Without Arrow the
// calls say how to get it.
#include <ashlar/ashlar.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

#include "harness/job_main.hpp"
#include "test_files.hpp"

namespace al = ashlar;
using test_files::contains, test_files::Folder, test_files::message_of;

namespace {

template <class T>
using Maybe = std::vector<std::optional<T>>;
const std::string golden = std::string(ASHLAR_TEST_FOLDER) + "/parquet_golden.parquet";
const std::string nested = std::string(ASHLAR_TEST_FOLDER) + "/parquet_nested.parquet";

#define NEEDS_ARROW() \
  if (!al::has_parquet()) GTEST_SKIP() << "Ashlar was built without Arrow (ASHLAR_ARROW)"

std::string printed(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  char piece[4096];
  while (std::size_t n = std::fread(piece, 1, sizeof piece, pipe)) text.append(piece, n);
  pclose(pipe);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}
bool has_pyarrow() {
  static const bool has = printed(ARROW_PYTHON " -c 'import pyarrow.parquet; print(1)'") == "1";
  return has;
}
std::string pyarrow(const std::string& path, const std::string& code) {
  return printed(ARROW_PYTHON " -c 'import pyarrow as pa, pyarrow.parquet as pq\npath = \"" + path + "\"\n" + code + "'");
}

al::Table rows_of_all_types(std::uint64_t seed, int n, bool nulls) {
  std::mt19937_64 random(seed);
  const auto missing = [&] { return nulls && random() % 4 == 0; };
  static const char* texts[] = {"", "a", "Zürich", "a much longer text than the others", "\n\t,"};
  std::vector<std::string> names;
  std::vector<al::Column> columns;
  const auto add = [&]<class T>(const char* name, T, const auto& make) {
    Maybe<T> values;
    for (int i = 0; i < n; ++i) values.push_back(missing() ? std::nullopt : std::optional<T>(make()));
    names.push_back(name);
    columns.emplace_back(values);
  };
  add("flag", bool(), [&] { return random() % 2 == 0; });
  add("i8", std::int8_t(), [&] { return static_cast<std::int8_t>(random()); });
  add("i16", std::int16_t(), [&] { return static_cast<std::int16_t>(random()); });
  add("i32", std::int32_t(), [&] { return static_cast<std::int32_t>(random()); });
  add("i64", std::int64_t(), [&] { return static_cast<std::int64_t>(random()); });
  add("u8", std::uint8_t(), [&] { return static_cast<std::uint8_t>(random()); });
  add("u16", std::uint16_t(), [&] { return static_cast<std::uint16_t>(random()); });
  add("u32", std::uint32_t(), [&] { return static_cast<std::uint32_t>(random()); });
  add("u64", std::uint64_t(), [&] { return static_cast<std::uint64_t>(random()); });
  add("f32", float(), [&] { return random() % 9 == 0 ? std::nanf("") : static_cast<float>(random() % 1000) / 8; });
  add("f64", double(), [&] { return random() % 9 == 0 ? std::nan("") : static_cast<double>(random() % 1000) / 8; });
  add("te.xt", std::string(), [&] { return std::string(texts[random() % 5]); });
  add("when", al::timestamp(), [&] { return al::timestamp(al::duration(static_cast<std::int64_t>(random() >> 2))); });
  add("span", al::duration(), [&] { return al::duration(static_cast<std::int64_t>(random() >> 1)); });
  add("kind", std::string(), [&] { return std::string(texts[random() % 3]); });
  columns.back() = columns.back().cast(al::ColumnType::category);
  return al::Table(names, columns);
}

TEST(FramesInParquet, say_how_to_get_Arrow_where_it_is_missing) {
  if (al::has_parquet()) GTEST_SKIP() << "Ashlar was built with Arrow";
  const Folder folder;
  EXPECT_TRUE(contains(message_of<al::NotImplementedError>([] { al::read_parquet(golden); }), "-DASHLAR_ARROW=ON"));
  const auto df = al::from_table(al::Table({"n"}, {al::Column(std::vector<std::int64_t>{1})}));
  EXPECT_TRUE(contains(message_of<al::NotImplementedError>([&] { df.to_parquet(folder / "out"); }), "to_parquet needs Apache Arrow"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

TEST(FramesInParquet, come_back_as_they_were_from_any_partitions) {
  NEEDS_ARROW();
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Folder folder;
    const al::Table rows = rows_of_all_types(seed, seed == 3 ? 0 : static_cast<int>(seed * 9), seed % 2 == 0);
    const auto df = al::from_table(rows, {.npartitions = static_cast<std::int64_t>(seed == 5 ? 60 : seed)});  // more partitions than rows: empty ones
    const char* how[] = {"snappy", "gzip", "zstd", ""};
    const auto files = df.to_parquet(folder / "out", {.compression = how[seed % 4], .row_group_size = 5});
    EXPECT_EQ(static_cast<std::int64_t>(files.size()), df.npartitions());
    EXPECT_EQ(fs::path(files.back()).filename(), "part." + std::to_string(df.npartitions() - 1) + ".parquet");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder / "out"), fs::directory_iterator()), df.npartitions());
    for (const std::int64_t groups : {0, 1, 2}) {
      const auto back = al::read_parquet(folder / "out", {.split_row_groups = groups});
      EXPECT_EQ(back.dtypes(), rows.dtypes());
      EXPECT_EQ(back.compute(), rows);
      EXPECT_EQ(back.len(), rows.nrows());
      EXPECT_EQ((back[{"te.xt", "kind"}].compute()), rows.select({"te.xt", "kind"}));
    }
    EXPECT_EQ(al::read_parquet(folder / "out/*.parquet", {.columns = {"when", "i8"}}).compute(), rows.select({"i8", "when"}));
  }
}

TEST(FramesInParquet, partitions_are_row_groups) {
  NEEDS_ARROW();
  const Folder folder;
  std::vector<std::int64_t> n(1000);
  for (std::size_t i = 0; i < n.size(); ++i) n[i] = static_cast<std::int64_t>(i * 7919 % 1000);
  const al::Table rows({"n", "twice"}, {al::Column(n), al::Column(n)});
  al::from_table(rows).to_parquet(folder / "t", {.compression = "", .row_group_size = 100});
  EXPECT_EQ(al::read_parquet(folder / "t").npartitions(), 1);
  EXPECT_EQ(al::read_parquet(folder / "t", {.split_row_groups = 1}).npartitions(), 10);
  EXPECT_EQ(al::read_parquet(folder / "t", {.split_row_groups = 3}).npartitions(), 4);
  EXPECT_EQ(al::read_parquet(folder / "t", {.blocksize = 1}).npartitions(), 10);
  // Bytes are those of the columns that are asked for.
  const auto both = al::read_parquet(folder / "t", {.blocksize = 4000}), one = al::read_parquet(folder / "t", {.columns = {"n"}, .blocksize = 4000});
  EXPECT_GT(both.npartitions(), one.npartitions());
  EXPECT_EQ(both.compute(), rows);
  EXPECT_EQ(one["n"].sum().compute().as<std::int64_t>(), 999 * 500);
}

TEST(FramesInParquet, of_pyarrow_are_read) {
  NEEDS_ARROW();
  constexpr std::int64_t second = 1'000'000'000;
  const auto at = [](std::int64_t nanoseconds) { return std::optional(al::timestamp(al::duration(nanoseconds))); };
  const al::Column when(Maybe<al::timestamp>{at(1'582'977'601 * second), std::nullopt, at(0)}), day(Maybe<al::timestamp>{at(18321 * 86'400 * second), std::nullopt, at(0)});
  const al::Column kind = al::Column(Maybe<std::string>{"b", std::nullopt, "a"}).cast(al::ColumnType::category);
  const al::Table wanted(
      {"flag", "i8", "u32", "i64", "f32", "f64", "text", "long", "kind", "s", "ms", "us", "ns", "day", "span", "nothing"},
      {al::Column(Maybe<bool>{true, std::nullopt, false}), al::Column(Maybe<std::int8_t>{1, -2, std::nullopt}), al::Column(Maybe<std::uint32_t>{0xffffffffu, std::nullopt, 0}),
       al::Column(Maybe<std::int64_t>{std::int64_t{1} << 60, -1, std::nullopt}), al::Column(Maybe<float>{0.5f, std::nullopt, std::nanf("")}),
       al::Column(Maybe<double>{1e300, std::nan(""), std::nullopt}), al::Column(Maybe<std::string>{"Etna", std::nullopt, "Ærø"}),
       al::Column(Maybe<std::string>{"", "b", std::nullopt}), kind, when, when, when, when, day,
       al::Column(Maybe<al::duration>{al::duration(1500 * (second / 1000)), std::nullopt, al::duration(0)}), al::Column::nulls(al::ColumnType::float64, 3)});
  for (const std::int64_t groups : {0, 1}) {
    const auto df = al::read_parquet(golden, {.split_row_groups = groups});
    EXPECT_EQ(df.npartitions(), groups ? 2 : 1);
    EXPECT_EQ(df.dtypes(), wanted.dtypes());
    const al::Table all = df.compute();
    for (const std::string& name : wanted.columns()) EXPECT_EQ(all[name], wanted[name]) << name;
  }
  // What no frame can hold is in nobody's way who does not ask for it.
  EXPECT_TRUE(contains(message_of<al::TypeError>([] { al::read_parquet(nested); }), "\"list\""));
  EXPECT_TRUE(contains(message_of<al::TypeError>([] { al::read_parquet(nested, {.columns = {"n", "price"}}); }), "decimal"));
  EXPECT_EQ(al::read_parquet(nested, {.columns = {"n", "last"}}).compute(),
            al::Table({"n", "last"}, {al::Column(std::vector<std::int64_t>{1, 2, 3}), al::Column(std::vector<std::string>{"x", "y", "z"})}));
}

TEST(FramesInParquet, are_what_pyarrow_reads) {
  NEEDS_ARROW();
  if (!has_pyarrow()) GTEST_SKIP() << "no pyarrow in " ARROW_PYTHON " (ASHLAR_ARROW_PYTHON)";
  const Folder folder;
  const al::Table rows({"n", "text", "kind", "when", "flag", "real"},
                       {al::Column(Maybe<std::int32_t>{7, std::nullopt, -1}), al::Column(Maybe<std::string>{"Zürich", "", std::nullopt}),
                        al::Column(Maybe<std::string>{"b", std::nullopt, "a"}).cast(al::ColumnType::category), al::Column(Maybe<al::timestamp>{al::timestamp(al::duration(1)), std::nullopt, al::timestamp()}),
                        al::Column(Maybe<bool>{true, std::nullopt, false}), al::Column(std::vector<double>{0.5, std::nan(""), 1})});
  al::from_table(rows, {.npartitions = 2}).to_parquet(folder / "out", {.compression = "zstd", .compression_level = 3});
  EXPECT_EQ(pyarrow(folder / "out", "t = pq.read_table(path)\nprint([str(f.type) for f in t.schema])"),
            "['int32', 'large_string', 'dictionary<values=string, indices=int32, ordered=0>', 'timestamp[ns, tz=UTC]', 'bool', 'double']");
  EXPECT_EQ(pyarrow(folder / "out", "t = pq.read_table(path)\nprint(t[\"n\"].to_pylist(), [len(x) if x is not None else x for x in t[\"text\"].to_pylist()], t[\"kind\"].to_pylist(), "
                                    "t[\"when\"].cast(pa.int64()).to_pylist(), t[\"flag\"].to_pylist(), t[\"real\"].to_pylist(), t[\"real\"].null_count)"),
            "[7, None, -1] [6, 0, None] ['b', None, 'a'] [1, None, 0] [True, None, False] [0.5, nan, 1.0] 0");
  EXPECT_EQ(pyarrow(folder / "out/part.0.parquet", "m = pq.ParquetFile(path).metadata\nprint(m.num_rows, m.row_group(0).column(0).compression)"), "1 ZSTD");
}

TEST(FramesInParquet, replace_those_before_them_when_complete) {
  NEEDS_ARROW();
  const Folder folder;
  const std::string out = folder / "out";
  const al::Table rows = rows_of_all_types(1, 40, true);
  const auto listed = [&] {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(out)) all.push_back(entry.path().filename().string());
    std::sort(all.begin(), all.end());
    return all;
  };
  al::from_table(rows, {.npartitions = 12}).to_parquet(out);
  std::ofstream(out + "/notes.txt") << "not ours";
  EXPECT_EQ(al::read_parquet(out).compute(), rows);  // part.10 is behind part.9
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { al::from_table(rows).to_parquet(out); }), ".overwrite"));

  // A failure leaves what was there, and no temporary file.
  const auto before = listed();
  const auto df = al::read_parquet(out);
  const auto bad = df.map_partitions([](al::Table part) {
    if (part.nrows() > 0) throw std::runtime_error("a bad partition");
    return part;
  });
  EXPECT_TRUE(contains(message_of<al::TaskError>([&] { bad.to_parquet(out, {.overwrite = true}); }), "a bad partition"));
  EXPECT_EQ(listed(), before);
  EXPECT_EQ(df.compute(), rows);

  // Made from the files that it replaces; whoever read them before must read anew.
  df[{"i64", "kind"}].repartition({.npartitions = 3}).to_parquet(out, {.overwrite = true});
  EXPECT_EQ(listed(), (std::vector<std::string>{"notes.txt", "part.0.parquet", "part.1.parquet", "part.2.parquet"}));
  EXPECT_EQ(al::read_parquet(out).compute(), rows.select({"i64", "kind"}));
  EXPECT_TRUE(contains(message_of<al::TaskError>([&] { df.compute(); }), "part."));
}

TEST(FramesInParquet, of_several_files_want_one_schema) {
  NEEDS_ARROW();
  const Folder folder;
  const auto write = [&](const char* name, const al::Table& rows) { fs::rename(al::from_table(rows).to_parquet(folder / "t").at(0), folder / name); };
  const al::Column n(std::vector<std::int64_t>{1, 2}), x(std::vector<double>{0.5, 1.5});
  write("a.parquet", al::Table({"n", "x"}, {n, x}));
  write("b.parquet", al::Table({"x", "n"}, {x, n}));
  EXPECT_EQ(al::read_parquet({folder / "a.parquet", folder / "b.parquet"}).compute(), al::Table({"n", "x"}, {n, x}).take(std::vector<std::int64_t>{0, 1, 0, 1}));
  write("type.parquet", al::Table({"n", "x"}, {x, x}));
  write("more.parquet", al::Table({"n", "x", "y"}, {n, x, x}));
  write("less.parquet", al::Table({"n"}, {n}));
  const auto message = [&](const char* other) { return message_of<al::IoError>([&] { al::read_parquet({folder / "a.parquet", folder / other}); }); };
  EXPECT_TRUE(contains(message("type.parquet"), "type.parquet") && contains(message("type.parquet"), "int64") && contains(message("type.parquet"), "float64")) << message("type.parquet");
  EXPECT_TRUE(contains(message("more.parquet"), "more.parquet") && contains(message("more.parquet"), "\"y\"")) << message("more.parquet");
  EXPECT_TRUE(contains(message("less.parquet"), "less.parquet") && contains(message("less.parquet"), "\"x\"")) << message("less.parquet");
  // A file of nothing but missing values that pyarrow gave no type.
  if (!has_pyarrow()) return;
  EXPECT_EQ(pyarrow(folder / "none.parquet", "pq.write_table(pa.table({\"n\": pa.nulls(1), \"x\": pa.array([2.5])}), path)"), "");
  const al::Column with_null(Maybe<std::int64_t>{std::nullopt, 1, 2});
  EXPECT_EQ(al::read_parquet({folder / "none.parquet", folder / "a.parquet"}).compute(), al::Table({"n", "x"}, {with_null, al::Column(std::vector<double>{2.5, 0.5, 1.5})}));
}

TEST(FramesInParquet, say_what_is_wrong) {
  NEEDS_ARROW();
  const Folder folder;
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::read_parquet(folder / "no.parquet"); }), "no.parquet"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::read_parquet(folder / "no*.parquet"); }), "no*.parquet"));
  fs::create_directory(folder / "empty");
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::read_parquet(folder / "empty"); }), "empty"));
  std::ofstream(folder / "text.parquet") << "this is no Parquet file, however long it may be";
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::read_parquet(folder / "text.parquet"); }), "text.parquet"));
  EXPECT_TRUE(contains(message_of<al::KeyError>([] { al::read_parquet(golden, {.columns = {"flagg"}}); }), "flag"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([] { al::read_parquet(golden, {.blocksize = 0}); }), "blocksize"));
  const auto df = al::from_table(al::Table({"n"}, {al::Column(std::vector<std::int64_t>{1})}));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { df.to_parquet(folder / "out", {.compression = "zip"}); }), "\"zip\""));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { df.to_parquet(folder / "out", {.compression_level = 3}); }), "compression_level"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { df.to_parquet(folder / "out", {.row_group_size = 0}); }), "row_group_size"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { df.to_parquet(folder / "text.parquet"); }), "text.parquet"));
  // A file that ends early: its footer is there, its pages are not what they were.
  const std::string file = df.to_parquet(folder / "cut").at(0);
  const auto good = al::read_parquet(file);
  fs::resize_file(file, fs::file_size(file) - 1);
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::read_parquet(file); }), "part.0.parquet"));
  EXPECT_TRUE(contains(message_of<al::TaskError>([&] { good.compute(); }), "changed"));
}

}  // namespace

ASHLAR_JOB_MAIN()
