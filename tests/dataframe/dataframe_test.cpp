#include "ashlar/dataframe/dataframe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "reference.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::message;
using al::test::Row;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

namespace {

al::DataFrame numbers(std::int64_t npartitions, std::int64_t rows = 10) {
  Ints a, b;
  Texts s;
  for (std::int64_t i = 0; i < rows; ++i) {
    a.push_back(i);
    b.push_back(i % 3);
    s.push_back("t" + std::to_string(i));
  }
  return al::from_table(al::Table({"a", "b", "s"}, {al::Column(a), al::Column(b), al::Column(s)}), {.npartitions = npartitions});
}

}  // namespace

TEST(DataFrame, SelectsColumnsByNameInTheGivenOrder) {
  const auto df = numbers(3);
  const std::string s = "s";
  EXPECT_THAT((df[{"s", "a"}].compute().columns()), ElementsAre("s", "a"));
  EXPECT_THAT(df[{"a"}].columns(), ElementsAre("a"));
  EXPECT_THAT((df[{s, "b"}].columns()), ElementsAre("s", "b"));
  EXPECT_THAT(df[Texts{"b"}].columns(), ElementsAre("b"));
  EXPECT_EQ(df[s].dtype(), al::ColumnType::string);
  EXPECT_EQ(df[std::string_view("b")].compute(), df.compute()["b"]);
  EXPECT_THAT(df.drop({"a", "s"}).columns(), ElementsAre("b"));
  EXPECT_THAT(df.drop("a").compute().columns(), ElementsAre("b", "s"));
}

TEST(DataFrame, AnUnknownColumnIsRefusedWithTheNearestNames) {
  const auto df = al::from_table(al::Table({"country", "county", "elevation", "x"}, std::vector<al::Column>(4, al::Column(Ints{}))));
  EXPECT_EQ(message<al::KeyError>([&] { df["Contry"]; }),
            "no column \"Contry\" among the 4 of the frame; the nearest names are \"country\", \"county\", \"x\"");
  EXPECT_THAT(message<al::KeyError>([&] { df[{"x", "y"}]; }), HasSubstr("no column \"y\""));
  EXPECT_THAT(message<al::KeyError>([&] { df.sort_values("elevatio"); }), HasSubstr("\"elevation\""));
  EXPECT_THAT(message<al::KeyError>([&] { df.rename({.columns = {{"q", "r"}}}); }), HasSubstr("\"q\""));
  EXPECT_THAT(message<al::ValueError>([&] { df[al::Names()]; }), HasSubstr("at least one column"));
  EXPECT_THAT(message<al::TypeError>([&] { df[df["x"]]; }), HasSubstr("a filter wants a bool column, found int64 (\"x\")"));
}

TEST(DataFrame, AssignsRenamesAndFilters) {
  const auto df = numbers(4);
  const al::Table t =
      df.assign("c", df["a"] * 10).assign("one", 1).assign("b", df["b"] > 0).rename({.columns = {{"a", "A"}}})[df["a"] >= 8].compute();
  EXPECT_EQ(t, (al::Table({"A", "b", "s", "c", "one"}, {al::Column(Ints{8, 9}), al::Column(std::vector<bool>{true, false}),
                                                        al::Column(Texts{"t8", "t9"}), al::Column(Ints{80, 90}), al::Column(Ints{1, 1})})));
  EXPECT_EQ(df.assign("m", df["a"].max())["m"].sum().compute(), al::Value(90));
  EXPECT_EQ(df.assign("word", "w")["word"].nunique().compute(), al::Value(1));
  EXPECT_THAT(message<al::ValueError>([&] { df.rename({.columns = {{"a", "b"}}}); }), HasSubstr("found twice: \"b\""));
}

TEST(DataFrame, HeadTakesFromTheFirstPartitionsUntilThereAreEnough) {
  const auto df = numbers(5, 20);
  EXPECT_EQ(df.head(), df.compute().head(5));
  EXPECT_EQ(df.head(0).nrows(), 0);
  EXPECT_EQ(df.head(100), df.compute());
  EXPECT_EQ(df[df["a"] > 14].head(2)["a"], al::Column(Ints{15, 16}));
  EXPECT_EQ(df.head(-15)["a"], al::Column(Ints{0, 1, 2, 3, 4}));
  EXPECT_EQ(df.tail(3)["a"], al::Column(Ints{17, 18, 19}));
  EXPECT_EQ(df[df["a"] < 3].tail(2)["a"], al::Column(Ints{1, 2}));
  // A partition that would fail is not touched.
  const auto fails_late = df.map_partitions([](al::Table t) {
    if (t.nrows() && t["a"].value(0).as<int>() > 3) throw std::runtime_error("touched");
    return t;
  });
  EXPECT_EQ(fails_late.head(4).nrows(), 4);
  EXPECT_THAT(message<al::TaskError>([&] { fails_late.head(5); }), HasSubstr("touched"));
}

TEST(DataFrame, LenAndShapeCountRowsWithoutTheirColumns) {
  const auto df = numbers(3);
  EXPECT_EQ(df.len(), 10);
  EXPECT_EQ(df[df["b"] == 0].len(), 4);
  EXPECT_EQ(df.shape().first.compute(), al::Value(10));
  EXPECT_EQ(df.shape().second, 3);
  EXPECT_EQ(df.assign("k", 1)[{"k"}].len(), 10);
  EXPECT_EQ(al::DataFrame().len(), 0);
}

TEST(DataFrame, RepartitionKeepsEveryRowInItsOrder) {
  const auto df = numbers(4, 23);
  for (const int n : {1, 2, 3, 4, 5, 7, 13, 40}) {
    const auto r = df.repartition({.npartitions = n});
    EXPECT_EQ(r.npartitions(), n);
    EXPECT_EQ(r.compute(), df.compute()) << n;
    EXPECT_EQ(r["a"].sum().compute(), al::Value(253)) << n;
    EXPECT_EQ(r.repartition({.npartitions = 3}).compute(), df.compute()) << n;
  }
  EXPECT_THAT(message<al::NotImplementedError>([&] { df.repartition({.divisions = {0, 5, 9}}); }), HasSubstr("use .npartitions"));
  EXPECT_THAT(message<al::ValueError>([&] { df.repartition({.npartitions = 0}); }), HasSubstr("npartitions = 0"));
}

TEST(DataFrame, SortsAllRowsAndKeepsTheOrderOfEqualOnes) {
  const auto df = numbers(4);
  EXPECT_EQ(df.sort_values("b").compute()["a"], al::Column(Ints{0, 3, 6, 9, 1, 4, 7, 2, 5, 8}));
  EXPECT_EQ(df.sort_values({"b", "a"}, {.ascending = {true, false}}).compute()["a"], al::Column(Ints{9, 6, 3, 0, 7, 4, 1, 8, 5, 2}));
  EXPECT_EQ(df.sort_values("a", {.ascending = false}).head(2)["s"], al::Column(Texts{"t9", "t8"}));
  EXPECT_EQ(df.sort_values("b")[{"s"}].head(2)["s"], al::Column(Texts{"t0", "t3"}));
  EXPECT_EQ(df.nlargest(2, "a").compute()["a"], al::Column(Ints{9, 8}));
  EXPECT_EQ(df.nsmallest(3, {"b", "a"}).compute()["a"], al::Column(Ints{0, 3, 6}));
  EXPECT_THAT(message<al::ValueError>([&] { df.sort_values({"a", "b"}, {.ascending = {true, false, true}}); }), HasSubstr("ascending"));
  EXPECT_THAT(message<al::ValueError>([&] { df.sort_values("a", {.na_position = "middle"}); }), HasSubstr("\"middle\""));
}

TEST(DataFrame, MapPartitionsLearnsItsColumnsFromAnEmptyTable) {
  const auto df = numbers(3);
  const auto doubled = df.map_partitions([](al::Table t) { return t.with_column("twice", t["a"]).select({"twice", "s"}); });
  EXPECT_THAT(doubled.columns(), ElementsAre("twice", "s"));
  EXPECT_EQ(doubled["twice"].sum().compute(), al::Value(45));
  const int limit = 7;
  EXPECT_EQ(df.map_partitions([limit](al::Table t) { return t.head(limit - 6); }).len(), 3);
  const auto needs_rows = [](al::Table t) {
    if (t.nrows() == 0) throw std::runtime_error("no rows");
    return t.select("a");
  };
  EXPECT_THAT(message<al::ValueError>([&] { df.map_partitions(needs_rows); }), HasSubstr("threw std::runtime_error: no rows; give {.meta"));
  EXPECT_EQ(df.map_partitions(needs_rows, {.meta = al::Table({"a"}, {al::Column(Ints{})})}).len(), 10);
  const auto wrong = df.map_partitions([](al::Table t) { return t.select("s"); }, {.meta = al::Table({"a"}, {al::Column(Ints{})})});
  EXPECT_THAT(message<al::TaskError>([&] { wrong.compute(); }), HasSubstr("wanted a int64, found s string"));
}

TEST(DataFrame, FromMapMakesOnePartitionPerElement) {
  const auto df = al::from_map(
      [](int n) {
        return al::Table({"n", "square"}, {al::Column(Ints{n}), al::Column(Ints{n * n})});
      },
      std::vector<int>{1, 2, 3});
  EXPECT_EQ(df.npartitions(), 3);
  EXPECT_EQ(df["square"].sum().compute(), al::Value(14));
  const auto words = al::from_map([](const std::string& s) { return al::Table({"s"}, {al::Column(Texts{s})}); }, Texts{"x", "y"});
  EXPECT_EQ(words.compute()["s"], al::Column(Texts{"x", "y"}));
  EXPECT_THAT(message<al::ValueError>([&] { al::from_map([](int) { return al::Table(); }, std::vector<int>{}); }), HasSubstr("at least one element"));
}

TEST(DataFrame, ConcatPutsFramesBelowOneAnother) {
  const auto a = numbers(2, 3);
  const auto b = al::from_table(al::Table({"s", "b", "a"}, {al::Column(Texts{"u"}), al::Column(Ints{7}), al::Column(std::vector<double>{0.5})}));
  const auto c = al::concat({a, b});
  EXPECT_EQ(c.npartitions(), 3);
  EXPECT_EQ(c.compute(), (al::Table({"a", "b", "s"}, {al::Column(std::vector<double>{0, 1, 2, 0.5}), al::Column(Ints{0, 1, 2, 7}),
                                                      al::Column(Texts{"t0", "t1", "t2", "u"})})));
  EXPECT_EQ(c["b"].max().compute(), al::Value(7));
  EXPECT_THAT(message<al::ValueError>([&] { al::concat({a, a[{"a"}]}); }), HasSubstr("is in one and not in another"));
  EXPECT_THAT(message<al::TypeError>([&] { al::concat({a, a.assign("a", "x")}); }), HasSubstr("string"));
}

TEST(DataFrame, DropnaAndFillnaLookAtEveryColumn) {
  const auto df = al::from_table(al::Table({"n", "s"}, {al::Column(std::vector<std::optional<std::int64_t>>{1, std::nullopt, std::nullopt}),
                                                        al::Column(std::vector<std::optional<std::string>>{"a", "b", std::nullopt})}),
                                 {.npartitions = 2});
  EXPECT_EQ(df.dropna().len(), 1);
  EXPECT_EQ(df.dropna({.how = "all"}).len(), 2);
  EXPECT_EQ(df.dropna({.subset = {"s"}}).len(), 2);
  EXPECT_EQ(df.fillna(0).compute()["n"], al::Column(Ints{1, 0, 0}));
  EXPECT_EQ(df.fillna(0).compute()["s"].null_count(), 1);
}

TEST(DataFrame, PersistKeepsPartitionsAndColumnsGoTogetherWithTheOriginal) {
  const auto df = numbers(3);
  const auto kept = df.persist();
  EXPECT_EQ(kept.compute(), df.compute());
  EXPECT_EQ(kept["a"].sum().compute(), al::Value(45));
  EXPECT_EQ((kept["a"] + df["b"]).sum().compute(), al::Value(54));
  EXPECT_EQ(kept[{"s"}].repartition({.npartitions = 2}).compute(), df[{"s"}].compute());
  EXPECT_EQ(al::concat({kept[{"a"}], df[{"a"}]}).len(), 20);
  const auto mean = al::persist(df["a"].mean());
  EXPECT_EQ(mean.compute(), al::Value(4.5));
  EXPECT_EQ((kept["a"] - mean).max().compute(), al::Value(4.5));
}

TEST(DataFrame, ComputeTakesFramesSeriesScalarsAndVectorsOfThemTogether) {
  const auto df = numbers(3);
  const auto [t, c, v] = al::compute(df, df["a"], df["a"].max());
  static_assert(std::is_same_v<decltype(t), const al::Table> && std::is_same_v<decltype(c), const al::Column> &&
                std::is_same_v<decltype(v), const al::Value>);
  EXPECT_EQ(t["a"], c);
  EXPECT_EQ(v, al::Value(9));
  const auto tables = al::compute(std::vector<al::DataFrame>{df, df.repartition({.npartitions = 1}), df[{"a"}]});
  EXPECT_EQ(tables[0], tables[1]);
  EXPECT_EQ(tables[2].ncols(), 1);
}

TEST(DataFrame, SortingAndHeadAgreeWithAStableSortOfRowsForAnyPartitions) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 100; ++round) {
    auto rows = al::test::random_rows(random, static_cast<int>(random() % 40));
    const auto df = al::test::frame_of(rows, random);
    ASSERT_EQ(df.compute(), al::test::table_of(rows));
    const int n = static_cast<int>(random() % 12);
    ASSERT_EQ(df.head(n), al::test::table_of(rows).head(n));
    ASSERT_EQ(df.tail(n), al::test::table_of(rows).tail(n));
    ASSERT_EQ(df.repartition({.npartitions = 1 + static_cast<int>(random() % 9)}).compute(), al::test::table_of(rows));
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
      if (a.s != b.s) return !b.s ? a.s.has_value() : a.s && *a.s < *b.s;  // nulls last
      return !b.n ? a.n.has_value() : a.n && *a.n > *b.n;
    });
    ASSERT_EQ(df.sort_values({"s", "n"}, {.ascending = {true, false}}).compute(), al::test::table_of(rows));
  }
}

TEST(DataFrame, ReductionsOfAllColumnsAreOneRow) {
  const auto df = numbers(3);
  EXPECT_EQ(df.sum().compute(), (al::Table({"a", "b"}, {al::Column(Ints{45}), al::Column(Ints{9})})));
  EXPECT_EQ(df.max().compute(), (al::Table({"a", "b", "s"}, {al::Column(Ints{9}), al::Column(Ints{2}), al::Column(Texts{"t9"})})));
  EXPECT_EQ(df.count().compute().at(2), al::Column(Ints{10}));
  EXPECT_EQ(df.mean().compute(), (al::Table({"a", "b"}, {al::Column(std::vector<double>{4.5}), al::Column(std::vector<double>{0.9})})));
  EXPECT_EQ(df.median().compute().at(1), al::Column(std::vector<double>{1}));
  EXPECT_EQ(df.nunique().compute().at(1), al::Column(Ints{3}));
  EXPECT_EQ(df.prod().compute().at(1), al::Column(Ints{0}));
  EXPECT_EQ(df.min().compute().at(0), al::Column(Ints{0}));
  EXPECT_EQ(df.any().compute(), (al::Table({"a", "b"}, {al::Column(std::vector<bool>{true}), al::Column(std::vector<bool>{true})})));
  EXPECT_EQ(df.all().compute().at(0), al::Column(std::vector<bool>{false}));
  EXPECT_DOUBLE_EQ(df.var().compute().column<double>("a")[0], 82.5 / 9);
  EXPECT_DOUBLE_EQ(df.std({.ddof = 0}).compute().column<double>("a")[0], std::sqrt(8.25));
  EXPECT_EQ(df.size().compute(), al::Value(30));
  EXPECT_THAT(message<al::TypeError>([&] { df[{"s"}].mean(); }), HasSubstr("no column to take the mean of"));
}

TEST(DataFrame, DescribesItsNumbers) {
  const al::Table t = numbers(4).describe().compute();
  EXPECT_EQ(t.columns(), (Texts{"statistic", "a", "b"}));
  EXPECT_EQ(t.column<std::string>("statistic"), (Texts{"count", "mean", "std", "min", "25%", "50%", "75%", "max"}));
  const std::vector<double> wanted = {10, 4.5, 3.0276503540974917, 0, 2.25, 4.5, 6.75, 9};  // pandas
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_DOUBLE_EQ(t.column<double>("a")[i], wanted[i]) << i;
}

TEST(DataFrame, DoesToEveryColumnWhatASeriesDoes) {
  const auto df = numbers(3)[{"a", "b"}];
  EXPECT_EQ(df.add(1).compute()["b"], (df["b"] + 1).compute());
  EXPECT_EQ(df.mul(df).compute()["a"], (df["a"] * df["a"]).compute());
  EXPECT_EQ(df.sub(df).sum().compute().at(0), al::Column(Ints{0}));
  EXPECT_EQ(df.div(2).dtypes()[0], al::ColumnType::float64);
  EXPECT_EQ(df.floordiv(2).compute()["a"], al::floor_divide(df["a"], 2).compute());
  EXPECT_EQ(df.mod(2).compute()["a"], (df["a"] % 2).compute());
  EXPECT_EQ(df.pow(2).compute()["a"], (df["a"] * df["a"]).compute());
  EXPECT_EQ(df.ge(1).compute()["b"], (df["b"] >= 1).compute());
  EXPECT_EQ(df.eq(df).all().compute().at(0), al::Column(std::vector<bool>{true}));
  EXPECT_EQ(df.isin({1}).sum().compute().at(1), al::Column(Ints{3}));
  EXPECT_EQ(df.isna().any().compute().at(1), al::Column(std::vector<bool>{false}));
  EXPECT_EQ(df.astype("float32").dtypes(), (std::vector{al::ColumnType::float32, al::ColumnType::float32}));
  EXPECT_EQ(df.astype({{"b", "int8"}}).dtypes(), (std::vector{al::ColumnType::int64, al::ColumnType::int8}));
  EXPECT_EQ(df.where(df["b"] == 0, -1).compute()["a"], df["a"].where(df["b"] == 0, -1).compute());
  EXPECT_EQ(df.mask(df["b"] == 0, -1).compute()["a"], df["a"].mask(df["b"] == 0, -1).compute());
  EXPECT_EQ(df.clip({.upper = 5}).max().compute().at(0), al::Column(Ints{5}));
  EXPECT_EQ(df.cumsum().compute()["a"], df["a"].cumsum().compute());
  EXPECT_EQ(df.shift().compute()["b"], df["b"].shift().compute());
  EXPECT_EQ(df.diff().compute()["a"].value(5), al::Value(1));
  EXPECT_EQ(df.sub(20).abs().compute()["a"].value(0), al::Value(20));
  EXPECT_EQ(df.div(7).round({.decimals = 2}).compute()["a"].value(1), al::Value(0.14));
  EXPECT_THAT(message<al::KeyError>([&] { df.add(df[{"a"}]); }), HasSubstr("no column \"b\""));
  EXPECT_THAT(message<al::ValueError>([&] { df.add(numbers(2)); }), HasSubstr("the same rows"));
}
