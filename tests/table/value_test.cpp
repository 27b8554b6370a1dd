#include "ashlar/table/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "ashlar/table/timestamp_text.hpp"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

TEST(Value, is_made_from_every_kind) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value(std::nullopt).is_null());
  EXPECT_TRUE(Value(std::optional<int>()).is_null());
  EXPECT_EQ(Value(true).type(), ColumnType::boolean);
  EXPECT_EQ(Value(0).type(), ColumnType::int64);
  EXPECT_EQ(Value(5u).type(), ColumnType::int64);
  EXPECT_EQ(Value(UINT64_MAX).type(), ColumnType::uint64);
  EXPECT_EQ(Value(1.5f).type(), ColumnType::float64);
  EXPECT_EQ(Value("text").type(), ColumnType::string);
  EXPECT_EQ(Value(std::string("text")).type(), ColumnType::string);
  EXPECT_EQ(Value(timestamp()).type(), ColumnType::timestamp);
  EXPECT_EQ(Value(std::chrono::sys_days(std::chrono::days(1))).type(), ColumnType::timestamp);
  EXPECT_EQ(Value(5s).type(), ColumnType::duration);
  EXPECT_EQ((Values{1, 2.5, "x", std::nullopt}).v.size(), 4u);
  EXPECT_EQ(Values(std::vector<std::string>{"a", "b"}).v[1], "b");
  EXPECT_EQ(Values(std::vector<bool>{true, false}).v[0], true);
}

TEST(Value, converts_between_numbers_where_that_is_exact_and_always_to_double) {
  EXPECT_EQ(Value(7).as<double>(), 7.0);
  EXPECT_EQ(Value(7.0).as<int>(), 7);
  EXPECT_EQ(Value(true).as<int>(), 1);
  EXPECT_EQ(Value(UINT64_MAX).as<std::uint64_t>(), UINT64_MAX);
  EXPECT_EQ(Value((std::int64_t{1} << 53) + 1).as<double>(), 0x1p53);
  EXPECT_EQ(Value(1500ms).as<std::chrono::milliseconds>(), 1500ms);
  EXPECT_THROW(Value(7.5).as<int>(), ValueError);
  EXPECT_THROW(Value(300).as<std::int8_t>(), ValueError);
  EXPECT_THROW(Value(-1).as<unsigned>(), ValueError);
  EXPECT_THROW(Value(UINT64_MAX).as<std::int64_t>(), ValueError);
  EXPECT_THROW(Value(0x1p63).as<std::int64_t>(), ValueError);
  EXPECT_EQ(Value(0x1p63).as<std::uint64_t>(), std::uint64_t{1} << 63);
}

TEST(Value, says_what_was_wanted_and_what_was_found) {
  try {
    Value("x").as<double>();
    FAIL();
  } catch (const TypeError& e) {
    EXPECT_STREQ(e.what(), "a number is wanted, the value is a string: x");
  }
  EXPECT_THROW(Value().as<double>(), ValueError);
  EXPECT_THROW(Value(1).as<bool>(), TypeError);
  EXPECT_THROW(Value(1).as<std::string>(), TypeError);
  EXPECT_THROW(Value().type(), ValueError);
  EXPECT_EQ(Value().as_optional<int>(), std::nullopt);
  EXPECT_EQ(Value(3).as_optional<int>(), 3);
}

TEST(Value, compares_numbers_by_value_in_both_orders) {
  EXPECT_TRUE(Value(5) == 5.0);
  EXPECT_TRUE(5 == Value(5.0));
  EXPECT_TRUE(Value(true) == 1);
  EXPECT_TRUE(Value("a") == "a");
  EXPECT_TRUE("a" == Value("a"));
  EXPECT_TRUE(Value() == Value());
  EXPECT_FALSE(Value() == 0);
  EXPECT_FALSE(Value("1") == 1);
  EXPECT_FALSE(Value(0.0 / 0.0) == Value(0.0 / 0.0));
  EXPECT_FALSE(Value((std::int64_t{1} << 53) + 1) == 0x1p53);
  EXPECT_FALSE(Value(UINT64_MAX) == 0x1p64);
  EXPECT_TRUE(Value(std::uint64_t{1} << 63) == 0x1p63);
}

TEST(Value, prints_as_python_does) {
  const auto text = [](const Value& v) {
    std::ostringstream out;
    out << v;
    return out.str();
  };
  EXPECT_EQ(text({}), "<NA>");
  EXPECT_EQ(text(true), "True");
  EXPECT_EQ(text(-10450), "-10450");
  EXPECT_EQ(text(5.0), "5.0");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(1e16), "1e+16");
  EXPECT_EQ(text(1e-5), "1e-05");
  EXPECT_EQ(text(123456789012345.0), "123456789012345.0");
  EXPECT_EQ(text(timestamp(1500ms)), "1970-01-01 00:00:01.500000");
  EXPECT_EQ(text(-1s), "-1 days +23:59:59");
}

TEST(Value, crosses_the_wire) {
  const Values all = {std::nullopt, true, -5, UINT64_MAX, 2.5, "text", timestamp(5ns), 7ns};
  Writer out;
  for (const Value& v : all.v) v.encode(out);
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  for (const Value& v : all.v) {
    const Value back = Value::decode(in);
    EXPECT_EQ(back, v);
    EXPECT_EQ(back.variant().index(), v.variant().index());
  }
  EXPECT_TRUE(in.at_end());
}

TEST(ParseTimestamp, reads_iso_8601) {
  EXPECT_EQ(format_timestamp(*parse_timestamp("2020-05-12")), "2020-05-12 00:00:00");
  EXPECT_EQ(format_timestamp(*parse_timestamp(" 2020/05/12 ")), "2020-05-12 00:00:00");
  EXPECT_EQ(format_timestamp(*parse_timestamp("2020-02-29T13:14")), "2020-02-29 13:14:00");
  EXPECT_EQ(format_timestamp(*parse_timestamp("1969-12-31 23:59:59.999999999")), "1969-12-31 23:59:59.999999999");
  EXPECT_EQ(format_timestamp(*parse_timestamp("2020-05-12T01:00:00+02:00")), "2020-05-11 23:00:00");
  EXPECT_EQ(format_timestamp(*parse_timestamp("2020-05-12T01:00:00-0230")), "2020-05-12 03:30:00");
}

TEST(ParseTimestamp, refuses_what_is_none) {
  for (const char* text : {"", "2020", "2020-13-01", "2019-02-29", "2020-01-01x", "2020-01-01T", "2020-01-01 24:00", "2020-01-01 12:60", "01.02.2020", "2020-01/01",
                           "2020-01-01 12:00:00.", "1500-01-01", "2300-01-01", "2020-01-01 12:00+"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(CalendarDay, of_times_before_1970_is_right) {
  const auto d = calendar_day(*parse_timestamp("1899-03-01 23:00"));
  EXPECT_EQ(d.year, 1899);
  EXPECT_EQ(d.month, 3);
  EXPECT_EQ(d.day, 1);
}

}  // namespace
}  // namespace ashlar
