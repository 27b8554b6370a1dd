#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "reference.hpp"
#include "thrown.hpp"

namespace al = ashlar;
using al::test::message;
using al::test::Row;
using testing::HasSubstr;
using Ints = std::vector<std::optional<std::int64_t>>;
using Doubles = std::vector<std::optional<double>>;
using Bools = std::vector<std::optional<bool>>;
using Texts = std::vector<std::optional<std::string>>;

namespace {

al::DataFrame small() {
  return al::from_table(al::Table({"n", "x", "s"}, {al::Column(Ints{1, 2, std::nullopt, 4}), al::Column(Doubles{0.5, std::nullopt, 2.5, -3.5}),
                                                   al::Column(Texts{"Italy", "Japan", std::nullopt, "Italy"})}),
                        {.npartitions = 3});
}

}  // namespace

TEST(Series, ComparisonsTakeValuesOnEitherSideAndNullStaysNull) {
  const auto df = small();
  EXPECT_EQ((df["n"] > 1).compute(), al::Column(Bools{false, true, std::nullopt, true}));
  EXPECT_EQ((1 < df["n"]).compute(), al::Column(Bools{false, true, std::nullopt, true}));
  EXPECT_EQ((df["s"] == "Italy").compute(), al::Column(Bools{true, false, std::nullopt, true}));
  EXPECT_EQ(("Italy" != df["s"]).compute(), al::Column(Bools{false, true, std::nullopt, false}));
  EXPECT_EQ((df["s"] == std::string("Japan")).compute(), al::Column(Bools{false, true, std::nullopt, false}));
  EXPECT_EQ((df["n"] >= df["x"]).compute(), al::Column(Bools{true, std::nullopt, std::nullopt, true}));
  EXPECT_EQ((df["n"] == al::Value()).compute(), al::Column::nulls(al::ColumnType::boolean, 4));
  EXPECT_EQ((df["n"] == 0).dtype(), al::ColumnType::boolean);
}

TEST(Series, ArithmeticKeepsNumPysTypes) {
  const auto df = small();
  EXPECT_EQ((df["n"] + 1).dtype(), al::ColumnType::int64);
  EXPECT_EQ((df["n"] / 2).dtype(), al::ColumnType::float64);
  EXPECT_EQ((2.0 * df["n"]).dtype(), al::ColumnType::float64);
  EXPECT_EQ((10 - df["n"]).compute(), al::Column(Ints{9, 8, std::nullopt, 6}));
  EXPECT_EQ((df["n"] * df["x"]).compute(), al::Column(Doubles{0.5, std::nullopt, std::nullopt, -14.0}));
  EXPECT_EQ(al::floor_divide(df["n"], 2).compute(), al::Column(Ints{0, 1, std::nullopt, 2}));
  EXPECT_EQ((df["n"] % 2).compute(), al::Column(Ints{1, 0, std::nullopt, 0}));
  EXPECT_EQ((-df["n"]).compute(), al::Column(Ints{-1, -2, std::nullopt, -4}));
  EXPECT_EQ((df["s"] + "!").compute(), al::Column(Texts{"Italy!", "Japan!", std::nullopt, "Italy!"}));
  EXPECT_EQ((df["n"] + al::Value()).compute(), al::Column::nulls(al::ColumnType::int64, 4).cast((df["n"] + al::Value()).dtype()));
}

TEST(Series, LogicHasThreeValuesAndBothSpellings) {
  const auto df = small();
  const auto a = df["n"] > 1, b = df["x"] > 0;
  const al::Column both(Bools{false, std::nullopt, std::nullopt, false});
  EXPECT_EQ((a & b).compute(), both);
  EXPECT_EQ((a && b).compute(), both);
  EXPECT_EQ((a | b).compute(), al::Column(Bools{true, true, true, true}));
  EXPECT_EQ((a || b).compute(), (a | b).compute());
  EXPECT_EQ((~a).compute(), al::Column(Bools{true, false, std::nullopt, false}));
  EXPECT_EQ((!a).compute(), (~a).compute());
}

TEST(Series, ScalarsTakePartInExpressions) {
  const auto df = small();
  EXPECT_EQ((df["n"] - df["n"].min()).compute(), al::Column(Ints{0, 1, std::nullopt, 3}));
  EXPECT_EQ((df["n"].max() - df["n"].min()).compute(), al::Value(3));
  EXPECT_EQ((df["n"].sum() / df["n"].count()).compute(), al::Value(7.0 / 3.0));
  EXPECT_EQ((df["n"].max() > 3).compute(), al::Value(true));
  EXPECT_EQ((df["x"] > df["x"].mean()).compute(), al::Column(Bools{true, std::nullopt, true, false}));
  EXPECT_EQ((df["n"] == df["n"].max()).sum().compute(), al::Value(1));
  // The value of one frame in expressions of another.
  const auto other = al::from_table(al::Table({"k"}, {al::Column(std::vector<std::int64_t>{100})}));
  EXPECT_EQ((df["n"] + other["k"].max()).compute(), al::Column(Ints{101, 102, std::nullopt, 104}));
}

TEST(Series, ReductionsOfNothingAreWhatPandasSays) {
  const auto df = small();
  const auto none = df[df["n"] > 100];
  EXPECT_EQ(none["n"].sum().compute(), al::Value(0));
  EXPECT_EQ(none["n"].count().compute(), al::Value(0));
  EXPECT_TRUE(none["n"].min().compute().is_null());
  EXPECT_TRUE(none["x"].mean().compute().is_null());
  EXPECT_TRUE((none["n"].min() + 1).compute().is_null());
  EXPECT_EQ(none.len(), 0);
  EXPECT_EQ(none.compute().columns(), df.columns());
}

TEST(Series, ElementwiseMethodsDoWhatTheyAreCalled) {
  const auto df = small();
  EXPECT_EQ(df["s"].isin({"Japan", "Peru"}).compute(), al::Column(std::vector<bool>{false, true, false, false}));
  EXPECT_EQ(df["n"].isin({4, 1}).compute(), al::Column(std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(df["n"].fillna(0).compute(), al::Column(std::vector<std::int64_t>{1, 2, 0, 4}));
  EXPECT_EQ(df["s"].fillna("?").compute(), al::Column(std::vector<std::string>{"Italy", "Japan", "?", "Italy"}));
  EXPECT_EQ(df["x"].isna().compute(), al::Column(std::vector<bool>{false, true, false, false}));
  EXPECT_EQ(df["x"].notna().sum().compute(), al::Value(3));
  EXPECT_EQ(df["x"].abs().compute(), al::Column(Doubles{0.5, std::nullopt, 2.5, 3.5}));
  EXPECT_EQ(df["x"].round().compute(), al::Column(Doubles{0.0, std::nullopt, 2.0, -4.0}));
  EXPECT_EQ(df["n"].astype("float32").dtype(), al::ColumnType::float32);
  EXPECT_EQ(df["n"].astype("float64").compute(), al::Column(Doubles{1, 2, std::nullopt, 4}));
  EXPECT_EQ(df["n"].between(2, 4).sum().compute(), al::Value(2));
  EXPECT_EQ(df["n"].fillna(0).where(df["n"].fillna(0) > 1, -1).compute(), al::Column(std::vector<std::int64_t>{-1, 2, -1, 4}));
  EXPECT_EQ(df["s"].str().upper().compute(), al::Column(Texts{"ITALY", "JAPAN", std::nullopt, "ITALY"}));
  EXPECT_EQ(df["s"].str().len().sum().compute(), al::Value(15));
  EXPECT_EQ(df["s"].str().contains("apa").sum().compute(), al::Value(1));
  EXPECT_EQ(df["s"].str().startswith("It").sum().compute(), al::Value(2));
  EXPECT_EQ(df["n"][df["x"] > 0].compute(), al::Column(Ints{1, std::nullopt}));
  EXPECT_EQ(df["n"].rename("m").name(), "m");
  EXPECT_EQ(df["n"].head(2)["n"], al::Column(Ints{1, 2}));
  EXPECT_EQ(df["n"].tail(2)["n"], al::Column(Ints{std::nullopt, 4}));
  EXPECT_EQ(df["n"].len(), 4);
}

TEST(Series, ValueCountsListsTheMostFrequentFirst) {
  const auto df = small();
  const al::Table counts = df["s"].value_counts().compute();
  EXPECT_EQ(counts, (al::Table({"s", "count"},
                               {al::Column(std::vector<std::string>{"Italy", "Japan"}), al::Column(std::vector<std::int64_t>{2, 1})})));
  EXPECT_EQ(df["s"].value_counts({.dropna = false}).compute().nrows(), 3);
}

TEST(Series, WhatCannotBeIsRefusedWhenItIsBuilt) {
  const auto df = small();
  EXPECT_THAT(message<al::TypeError>([&] { df["s"] + 1; }), HasSubstr("there is no string + int64 (\"s\" of string, a value of int64)"));
  EXPECT_THAT(message<al::TypeError>([&] { df["s"] > 1; }), HasSubstr("no order between string and int64"));
  EXPECT_THAT(message<al::TypeError>([&] { df["s"].mean(); }), HasSubstr("there is no mean of a string column (\"s\" of string)"));
  EXPECT_THAT(message<al::TypeError>([&] { df["n"] & df["n"]; }), HasSubstr("wants bool on both sides, found int64"));
  EXPECT_THAT(message<al::TypeError>([&] { df["n"].str(); }), HasSubstr(".str() wants a string column, found int64 (\"n\")"));
  EXPECT_THAT(message<al::TypeError>([&] { df["n"].dt(); }), HasSubstr(".dt() wants a timestamp column"));
  EXPECT_THAT(message<al::TypeError>([&] { df["n"].fillna("x"); }), HasSubstr("int64"));
  EXPECT_THAT(message<al::TypeError>([&] { df["s"].astype("int64"); }), HasSubstr("string"));
  EXPECT_THAT(message<al::ValueError>([&] { df["n"].astype("int63"); }), HasSubstr("int63"));
  EXPECT_THAT(message<al::ValueError>([&] { df["n"] + small()["n"]; }), HasSubstr("columns of the same rows"));
  EXPECT_THAT(message<al::ValueError>([&] { df["n"] + df[df["n"] > 1]["n"]; }), HasSubstr("come from different frames or filters"));
  EXPECT_THAT(message<al::ValueError>([&] { df["n"] + df.repartition({.npartitions = 2})["n"]; }), HasSubstr("one has 3 partitions, the other 2"));
}

TEST(Series, EqualFiltersGiveColumnsOfTheSameRows) {
  const auto df = small();
  EXPECT_EQ((df[df["n"] > 1]["n"] + df[df["n"] > 1]["x"]).compute(), al::Column(Doubles{std::nullopt, 0.5}));
}

TEST(Series, ATaskThatFailsSaysWhatWasWrong) {
  const auto df = small();
  EXPECT_THAT(message<al::TaskError>([&] { df["x"].astype("int64").compute(); }), HasSubstr("0.5"));
}

// Against rows that are looked at one by one, for any partitions.
TEST(Series, ReductionsAgreeWithARowByRowReferenceForAnyPartitions) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 150; ++round) {
    const auto rows = al::test::random_rows(random, static_cast<int>(random() % 40));
    const auto df = al::test::frame_of(rows, random);
    std::int64_t sum = 0, count = 0;
    std::optional<std::int64_t> low, high;
    std::set<std::int64_t> different;
    double x_sum = 0;
    std::vector<double> xs;
    bool any = false, all = true;
    for (const Row& row : rows) {
      if (row.n) {
        sum += *row.n;
        ++count;
        low = low ? std::min(*low, *row.n) : *row.n;
        high = high ? std::max(*high, *row.n) : *row.n;
        different.insert(*row.n);
      }
      if (row.x) {
        x_sum += *row.x;  // eighths: exact
        xs.push_back(*row.x);
      }
      any |= row.b;
      all &= row.b;
    }
    const auto [s, c, lo, hi, m, u, a, e] = al::compute(df["n"].sum(), df["n"].count(), df["n"].min(), df["n"].max(), df["x"].mean(),
                                                        df["n"].nunique(), df["b"].any(), df["b"].all());
    ASSERT_EQ(s, al::Value(sum));
    ASSERT_EQ(c, al::Value(count));
    ASSERT_EQ(lo, al::Value(low));
    ASSERT_EQ(hi, al::Value(high));
    ASSERT_EQ(m, xs.empty() ? al::Value() : al::Value(x_sum / static_cast<double>(xs.size())));
    ASSERT_EQ(u, al::Value(static_cast<std::int64_t>(different.size())));
    ASSERT_EQ(a, al::Value(any));
    ASSERT_EQ(e, al::Value(all));
    const al::Value deviation = df["x"].std().compute();
    ASSERT_EQ(deviation.is_null(), xs.size() < 2);
    if (xs.size() >= 2) {
      double squares = 0;
      for (const double x : xs) squares += (x - x_sum / static_cast<double>(xs.size())) * (x - x_sum / static_cast<double>(xs.size()));
      ASSERT_NEAR(deviation.as<double>(), std::sqrt(squares / static_cast<double>(xs.size() - 1)), 1e-9);
    }
  }
}

TEST(Series, ExpressionsAgreeWithARowByRowReferenceForAnyPartitions) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 150; ++round) {
    const auto rows = al::test::random_rows(random, static_cast<int>(random() % 40));
    const auto df = al::test::frame_of(rows, random);
    std::int64_t total = 0;
    for (const Row& row : rows) total += row.n.value_or(0);
    Doubles expected;
    Texts texts;
    for (const Row& row : rows) {
      // (n * 2 + x > 3 | s == "Italy") & !b; nulls make the whole comparison unknown unless decided otherwise
      const std::optional<bool> greater = row.n && row.x ? std::optional<bool>(static_cast<double>(*row.n * 2) + *row.x > 3) : std::nullopt;
      const std::optional<bool> italy = row.s ? std::optional<bool>(*row.s == "Italy") : std::nullopt;
      std::optional<bool> either;
      if ((greater && *greater) || (italy && *italy)) either = true;
      else if (greater && italy) either = false;
      const bool taken = either && *either && !row.b;
      if (!taken) continue;
      expected.push_back(row.x ? std::optional<double>(*row.x - static_cast<double>(total)) : std::nullopt);
      texts.push_back(row.s);
    }
    const auto mask = ((df["n"] * 2 + df["x"] > 3) | (df["s"] == "Italy")) & !df["b"];
    const auto shifted = df["x"] - df["n"].sum();
    const auto [values, kept] = al::compute(shifted[mask], df.assign("y", shifted)[mask][{"s", "y"}]);
    ASSERT_EQ(values, al::Column(expected));
    ASSERT_EQ(kept, (al::Table({"s", "y"}, {al::Column(texts), al::Column(expected)})));
  }
}

TEST(Series, MapCallsAFunctionForEachElementAndStaysBesideItsFrame) {
  const auto df = small();
  EXPECT_EQ(df["n"].map([](double n) { return n / 2; }).compute(), al::Column(Doubles{0.5, 1, std::nullopt, 2}));
  EXPECT_EQ(df["s"].map([](const std::string& s) { return static_cast<int>(s.size()); }).compute(),
            al::Column(std::vector<std::optional<std::int32_t>>{5, 5, std::nullopt, 5}));
  EXPECT_EQ(df["n"].map([](std::optional<long long> n) { return n ? "number" : "nothing"; }).compute(),
            al::Column(Texts{"number", "number", "nothing", "number"}));
  EXPECT_EQ(df["n"].map([](int n) { return n > 1 ? std::optional<bool>(true) : std::nullopt; }).compute(),
            al::Column(Bools{std::nullopt, true, std::nullopt, true}));
  EXPECT_EQ(df["n"].map([](int n) { return n; }).name(), "n");
  EXPECT_EQ(df["n"].apply([](int n) { return -n; }).min().compute(), al::Value(-4));
  const auto both = df.assign("y", df["n"].map([](int n) { return 10 * n; })).assign("z", df.apply([](int n, double x) { return n + x; }, {"n", "x"}));
  EXPECT_EQ(both["y"].compute(), al::Column(std::vector<std::optional<std::int32_t>>{10, 20, std::nullopt, 40}));
  EXPECT_EQ(both["z"].compute(), al::Column(Doubles{1.5, std::nullopt, std::nullopt, 0.5}));
  EXPECT_EQ(df.apply([](int a, int b) { return a * b; }, {"n", "n"}).sum().compute(), al::Value(1 + 4 + 16));
  EXPECT_THAT(message<al::TypeError>([&] { df["s"].map([](double x) { return x; }); }), HasSubstr("wants float64 for parameter 0"));
  EXPECT_THAT(message<al::ValueError>([&] { df.apply([](int a, int b) { return a * b; }, {"n"}); }), HasSubstr("parameters 2, columns 1"));
}

TEST(Series, MethodsOfOperatorsAreTheOperators) {
  const auto df = small();
  const auto n = df["n"];
  EXPECT_EQ(n.add(1).compute(), (n + 1).compute());
  EXPECT_EQ(n.sub(df["x"]).compute(), (n - df["x"]).compute());
  EXPECT_EQ(n.mul(2).compute(), (n * 2).compute());
  EXPECT_EQ(n.div(2).compute(), (n / 2).compute());
  EXPECT_EQ(n.truediv(2).compute(), (n / 2).compute());
  EXPECT_EQ(n.floordiv(2).compute(), al::floor_divide(n, 2).compute());
  EXPECT_EQ(n.mod(2).compute(), (n % 2).compute());
  EXPECT_EQ(n.eq(2).compute(), (n == 2).compute());
  EXPECT_EQ(n.ne(2).compute(), (n != 2).compute());
  EXPECT_EQ(n.lt(2).compute(), (n < 2).compute());
  EXPECT_EQ(n.le(2).compute(), (n <= 2).compute());
  EXPECT_EQ(n.gt(2).compute(), (n > 2).compute());
  EXPECT_EQ(n.ge(n.min()).compute(), (n >= 1).compute());
  EXPECT_EQ(n.pow(3).compute(), al::Column(Ints{1, 8, std::nullopt, 64}));
  EXPECT_EQ(n.pow(0.5).compute(), al::Column(Doubles{1, std::sqrt(2.0), std::nullopt, 2}));
  EXPECT_THAT(message<al::ValueError>([&] { n.pow(-1); }), HasSubstr("exponent -1"));
}

TEST(Series, ClipMaskAndMissing) {
  const auto df = small();
  EXPECT_EQ(df["x"].clip({.lower = 0, .upper = 1}).compute(), al::Column(Doubles{0.5, std::nullopt, 1, 0}));
  EXPECT_EQ(df["n"].clip({.upper = 2}).compute(), al::Column(Ints{1, 2, std::nullopt, 2}));
  EXPECT_THAT(message<al::ValueError>([&] { df["n"].clip({.lower = 3, .upper = 2}); }), HasSubstr("lower <= upper"));
  EXPECT_EQ(df["n"].mask(df["n"] > 1, 0).compute(), al::Column(Ints{1, 0, std::nullopt, 0}));
  EXPECT_EQ(df["n"].mask(df["n"] > 1, df["n"] * 10).compute(), al::Column(Ints{1, 20, std::nullopt, 40}));
  EXPECT_EQ(df["n"].dropna().compute(), al::Column(Ints{1, 2, 4}));
  EXPECT_EQ(df["n"].isnull().compute(), df["n"].isna().compute());
  EXPECT_EQ(df["n"].notnull().compute(), df["n"].notna().compute());
}

TEST(Series, MedianQuantileAndProduct) {
  const auto df = small();
  EXPECT_EQ(df["n"].median().compute(), al::Value(2.0));
  EXPECT_EQ(df["x"].quantile({.q = 0.25}).compute(), al::Value(-1.5));
  EXPECT_EQ(df["n"].quantile({.q = 1}).compute(), al::Value(4.0));
  EXPECT_EQ(df["n"].prod().compute(), al::Value(8));
  EXPECT_EQ(df["n"][df["n"] > 9].median().compute(), al::Value());
  EXPECT_THAT(message<al::ValueError>([&] { df["n"].quantile({.q = 2}); }), HasSubstr("between 0 and 1"));
}

TEST(Series, KnowsItsShapeAndChangesItsPartitions) {
  const auto n = small()["n"];
  EXPECT_EQ(n.shape().compute(), al::Value(4));
  EXPECT_EQ(n.ndim(), 1);
  EXPECT_EQ(n.to_frame().ndim(), 2);
  EXPECT_EQ(n.repartition(2).npartitions(), 2);
  EXPECT_EQ(n.repartition(2).compute(), n.compute());
  EXPECT_EQ(n.to_frame("m").columns()[0], "m");
}

TEST(StringMethods, CountCharactersAndNotBytes) {
  const auto s = al::from_table(al::Table({"s"}, {al::Column(Texts{" Öl ", "a-b-c", std::nullopt, ""})}), {.npartitions = 2})["s"].str();
  EXPECT_EQ(s.slice(1, 3).compute(), al::Column(Texts{"Öl", "-b", std::nullopt, ""}));
  EXPECT_EQ(s.slice(std::nullopt, std::nullopt, -1).compute(), al::Column(Texts{" lÖ ", "c-b-a", std::nullopt, ""}));
  EXPECT_EQ(s.slice(-3, -1).compute(), al::Column(Texts{"Öl", "b-", std::nullopt, ""}));
  EXPECT_EQ(s.slice(0, 100, 2).compute(), al::Column(Texts{" l", "abc", std::nullopt, ""}));
  EXPECT_EQ(s.strip().compute(), al::Column(Texts{"Öl", "a-b-c", std::nullopt, ""}));
  EXPECT_EQ(s.endswith("c").compute(), al::Column(Bools{false, true, std::nullopt, false}));
  EXPECT_EQ(s.lstrip().compute(), al::Column(Texts{"Öl ", "a-b-c", std::nullopt, ""}));
  EXPECT_EQ(s.rstrip().compute(), al::Column(Texts{" Öl", "a-b-c", std::nullopt, ""}));
  EXPECT_EQ(s.replace("-", "::").compute(), al::Column(Texts{" Öl ", "a::b::c", std::nullopt, ""}));
  EXPECT_EQ(s.replace("", ".").compute(), al::Column(Texts{". .Ö.l. .", ".a.-.b.-.c.", std::nullopt, "."}));
  const al::Table parts = s.split("-", 1).compute();
  EXPECT_EQ(parts, (al::Table({"0", "1"}, {al::Column(Texts{" Öl ", "a", std::nullopt, ""}), al::Column(Texts{std::nullopt, "b-c", std::nullopt, std::nullopt})})));
  EXPECT_THAT(message<al::ValueError>([&] { s.slice(0, 1, 0); }), HasSubstr("other than 0"));
  EXPECT_THAT(message<al::ValueError>([&] { s.split("", 1); }), HasSubstr("separator"));
}

TEST(DateMethods, FieldsOfTheCalendarAreThoseOfPython) {
  using namespace std::chrono;
  const auto time = [](int y, unsigned m, unsigned d) { return std::optional<al::timestamp>(sys_days(year(y) / month(m) / day(d)) + 13h + nanoseconds(123'456'789)); };
  const auto df = al::from_table(al::Table({"t"}, {al::Column(std::vector<std::optional<al::timestamp>>{time(2024, 2, 29), time(1969, 12, 31), std::nullopt, time(1900, 3, 1)})}));
  using Fields = std::vector<std::optional<std::int32_t>>;
  const auto t = df["t"].dt();
  EXPECT_EQ(t.dayofweek().compute(), al::Column(Fields{3, 2, std::nullopt, 3}));
  EXPECT_EQ(t.weekday().compute(), t.day_of_week().compute());
  EXPECT_EQ(t.dayofyear().compute(), al::Column(Fields{60, 365, std::nullopt, 60}));
  EXPECT_EQ(t.quarter().compute(), al::Column(Fields{1, 4, std::nullopt, 1}));
  EXPECT_EQ(t.days_in_month().compute(), al::Column(Fields{29, 31, std::nullopt, 31}));
  EXPECT_EQ(t.is_leap_year().compute(), al::Column(Bools{true, false, std::nullopt, false}));
  EXPECT_EQ(t.microsecond().compute(), al::Column(Fields{123'456, 123'456, std::nullopt, 123'456}));
  EXPECT_EQ(t.nanosecond().compute(), al::Column(Fields{789, 789, std::nullopt, 789}));
  EXPECT_EQ(t.hour().compute(), al::Column(Fields{13, 13, std::nullopt, 13}));
  EXPECT_EQ(t.minute().compute(), al::Column(Fields{0, 0, std::nullopt, 0}));
  EXPECT_EQ(t.second().compute(), t.minute().compute());
  EXPECT_EQ(t.day_of_year().compute(), t.dayofyear().compute());
  EXPECT_EQ(t.daysinmonth().compute(), t.days_in_month().compute());
  EXPECT_EQ(t.normalize().compute(), t.date().compute());
  EXPECT_EQ(t.date().compute().value(1), al::Value(al::timestamp(sys_days(year(1969) / 12 / 31))));
}
