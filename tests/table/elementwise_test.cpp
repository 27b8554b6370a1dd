#include "ashlar/table/elementwise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ashlar/table/string_kernels.hpp"
#include "random_columns.hpp"
#include "reduce_by_hand.hpp"

namespace ashlar::table {
namespace {

using namespace std::chrono_literals;
using reference::Random;
using std::nullopt;

using Int = std::vector<std::int64_t>;
using MaybeInt = std::vector<std::optional<std::int64_t>>;
using MaybeBool = std::vector<std::optional<bool>>;

TEST(Arithmetic, keeps_integers_with_nulls_integers) {
  EXPECT_EQ(arithmetic(Arithmetic::add, Column(MaybeInt{1, nullopt}), Value(2)), Column(MaybeInt{3, nullopt}));
  EXPECT_EQ(arithmetic(Arithmetic::divide, Column(MaybeInt{1, nullopt}), Value(2)), Column(std::vector<std::optional<double>>{0.5, nullopt}));
  EXPECT_EQ(arithmetic(Arithmetic::subtract, Value(10), Column(Int{1, 2})), Column(Int{9, 8}));
  EXPECT_EQ(arithmetic(Arithmetic::multiply, Column(Int{1, 2}), Value()), Column(MaybeInt{nullopt, nullopt}));
}

TEST(Arithmetic, divides_and_takes_remainders_with_python_signs) {
  const Column a(Int{7, -7, 7, -7, 5, INT64_MIN}), b(Int{2, 2, -2, -2, 0, -1});
  EXPECT_EQ(arithmetic(Arithmetic::floor_divide, a, b), Column(Int{3, -4, -4, 3, 0, INT64_MIN}));
  EXPECT_EQ(arithmetic(Arithmetic::remainder, a, b), Column(Int{1, 1, -1, -1, 0, 0}));
  const Column x(std::vector<double>{7, -7, 7, -7, 1}), y(std::vector<double>{2, 2, -2, -2, 0});
  EXPECT_EQ(arithmetic(Arithmetic::floor_divide, x, y), Column(std::vector<double>{3, -4, -4, 3, INFINITY}));
  EXPECT_EQ(arithmetic(Arithmetic::remainder, x, y), Column(std::vector<double>{1, 1, -1, -1, NAN}));
}

TEST(Arithmetic, gives_the_types_of_numpy_2) {
  using enum ColumnType;
  const auto type = [](OperandType a, Arithmetic op, OperandType b) { return arithmetic_type(op, a, b); };
  EXPECT_EQ(type(int8, Arithmetic::add, Value(1)), int8);
  EXPECT_EQ(type(float32, Arithmetic::multiply, Value(2.0)), float32);
  EXPECT_EQ(type(int64, Arithmetic::multiply, Value(2.5)), float64);
  EXPECT_EQ(type(int16, Arithmetic::multiply, Value(2.5)), float64);
  EXPECT_EQ(type(float32, Arithmetic::add, Value(1)), float32);
  EXPECT_EQ(type(boolean, Arithmetic::add, Value(1)), int64);
  EXPECT_EQ(type(boolean, Arithmetic::add, boolean), boolean);
  EXPECT_EQ(type(int64, Arithmetic::add, uint64), float64);
  EXPECT_EQ(type(int8, Arithmetic::divide, int8), float64);
  EXPECT_EQ(type(float32, Arithmetic::divide, float32), float32);
  EXPECT_EQ(type(timestamp, Arithmetic::subtract, timestamp), duration);
  EXPECT_EQ(type(timestamp, Arithmetic::add, duration), timestamp);
  EXPECT_EQ(type(duration, Arithmetic::divide, duration), float64);
  EXPECT_EQ(type(string, Arithmetic::add, Value("x")), string);
  EXPECT_THROW(type(boolean, Arithmetic::subtract, boolean), TypeError);
  EXPECT_THROW(type(string, Arithmetic::add, int64), TypeError);
  EXPECT_THROW(type(timestamp, Arithmetic::add, timestamp), TypeError);
}

TEST(Arithmetic, refuses_a_value_that_the_column_cannot_hold) {
  EXPECT_THROW(arithmetic(Arithmetic::add, Column(std::vector<std::int8_t>{1}), Value(300)), ValueError);
  EXPECT_THROW(arithmetic(Arithmetic::add, Column(Int{1}), Column(Int{1, 2})), ShapeError);
  EXPECT_THROW(arithmetic(Arithmetic::add, Value(1), Value(2)), ValueError);
}

TEST(Arithmetic, wraps_integers_and_adds_text_and_times) {
  EXPECT_EQ(arithmetic(Arithmetic::add, Column(std::vector<std::int8_t>{127}), Value(1)), Column(std::vector<std::int8_t>{-128}));
  EXPECT_EQ(arithmetic(Arithmetic::multiply, Column(Int{INT64_MAX}), Value(2)), Column(Int{-2}));
  EXPECT_EQ(arithmetic(Arithmetic::add, Column(std::vector<std::string>{"a"}), Value("b")), Column(std::vector<std::string>{"ab"}));
  const Column t(std::vector<timestamp>{timestamp(10s)});
  EXPECT_EQ(arithmetic(Arithmetic::subtract, t, Value(timestamp(4s))), Column(std::vector<duration>{6s}));
  EXPECT_EQ(arithmetic(Arithmetic::add, t, Value(1s)), Column(std::vector<timestamp>{timestamp(11s)}));
  const Column d(std::vector<duration>{10s});
  EXPECT_EQ(arithmetic(Arithmetic::divide, d, Value(4s)), Column(std::vector<double>{2.5}));
  EXPECT_EQ(arithmetic(Arithmetic::divide, d, Value(4)), Column(std::vector<duration>{2500ms}));
  EXPECT_EQ(arithmetic(Arithmetic::multiply, Value(0.5), d), Column(std::vector<duration>{5s}));
  EXPECT_EQ(arithmetic(Arithmetic::floor_divide, d, Value(4s)), Column(Int{2}));
  EXPECT_EQ(arithmetic(Arithmetic::divide, d, Value(0)), Column(std::vector<std::optional<duration>>{nullopt}));
}

// Row by row in long double or 128-bit integers, by what the operation means.
Value by_hand(Arithmetic op, const Value& a, const Value& b, ColumnType result) {
  if (a.is_null() || b.is_null()) return {};
  if (is_floating(result)) {
    // The operands take the result's type first.
    const double x = result == ColumnType::float32 ? a.as<float>() : a.as<double>(), y = result == ColumnType::float32 ? b.as<float>() : b.as<double>();
    double out = 0;
    switch (op) {
      case Arithmetic::add: out = x + y; break;
      case Arithmetic::subtract: out = x - y; break;
      case Arithmetic::multiply: out = x * y; break;
      case Arithmetic::divide: out = x / y; break;
      default: {
        const bool quotient = op == Arithmetic::floor_divide;
        if (y == 0 || std::isnan(x) || std::isnan(y)) return quotient ? x / y : std::nan("");
        if (std::isinf(x)) return std::nan("");
        if (std::isinf(y)) return quotient ? (x == 0 || (x < 0) == (y < 0) ? 0.0 : -1.0) : (x == 0 || (x < 0) == (y < 0) ? x : y);
        // All numbers here are multiples of a quarter below 2^65.
        const auto p = static_cast<__int128>(4 * static_cast<long double>(x)), q = static_cast<__int128>(4 * static_cast<long double>(y));
        const __int128 floored = p / q - (p % q != 0 && (p < 0) != (q < 0));
        out = quotient ? static_cast<double>(floored) : static_cast<double>(static_cast<long double>(p - floored * q) / 4);
      }
    }
    return result == ColumnType::float32 ? static_cast<double>(static_cast<float>(out)) : out;
  }
  using wide = __int128;
  const auto number = [](const Value& v) { return v.type() == ColumnType::uint64 ? static_cast<wide>(v.as<std::uint64_t>()) : static_cast<wide>(v.as<std::int64_t>()); };
  const wide x = number(a), y = number(b);
  const wide quotient = y == 0 ? 0 : x / y - (x % y != 0 && (x < 0) != (y < 0));
  wide out = op == Arithmetic::add ? x + y : op == Arithmetic::subtract ? x - y : op == Arithmetic::floor_divide ? quotient : y == 0 ? 0 : x - quotient * y;
  if (op == Arithmetic::multiply) out = static_cast<wide>(static_cast<unsigned __int128>(x) * static_cast<unsigned __int128>(y));
  if (result == ColumnType::boolean) return op == Arithmetic::add ? x || y : x && y;
  const int bits = static_cast<int>(itemsize(result)) * 8;
  out &= (static_cast<wide>(1) << bits) - 1;
  if (is_signed_integer(result) && out >> (bits - 1)) out -= static_cast<wide>(1) << bits;
  return is_signed_integer(result) ? Value(static_cast<std::int64_t>(out)) : Value(static_cast<std::uint64_t>(out));
}

TEST(Arithmetic, equals_row_by_row_for_all_numbers) {
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const auto op = static_cast<Arithmetic>(random.below(6));
    const ColumnType ta = random.number(), tb = random.number();
    const std::int64_t n = random.below(40);
    const auto a = random.values(ta, n), b = random.values(tb, n);
    ColumnType result;
    try {
      result = arithmetic_type(op, ta, tb);
    } catch (const TypeError&) {
      EXPECT_TRUE(ta == ColumnType::boolean && tb == ColumnType::boolean);
      continue;
    }
    const Column out = arithmetic(op, random.column(ta, a), random.column(tb, b));
    ASSERT_EQ(out.type(), result);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Value wanted = by_hand(op, a[i], b[i], result), found = out.value(static_cast<std::int64_t>(i));
      ASSERT_TRUE(reference::nearly(found, wanted)) << name(ta) << " " << a[i] << " " << symbol(op) << " " << name(tb) << " " << b[i] << " gave " << found << ", wanted " << wanted;
      ++compared;
    }
  }
  EXPECT_GT(compared, 10'000);
}

TEST(Compare, treats_a_null_as_null_and_values_of_other_kinds_as_different) {
  EXPECT_EQ(compare(Comparison::greater, Column(MaybeInt{1, nullopt, 3}), Value(2)), Column(MaybeBool{false, nullopt, true}));
  EXPECT_EQ(compare(Comparison::less, Value(2), Column(Int{1, 3})), Column(std::vector<bool>{false, true}));
  EXPECT_EQ(compare(Comparison::equal, Column(Int{1}), Value("1")), Column(std::vector<bool>{false}));
  EXPECT_EQ(compare(Comparison::not_equal, Column(Int{1}), Value("1")), Column(std::vector<bool>{true}));
  EXPECT_THROW(compare(Comparison::less, Column(Int{1}), Value("1")), TypeError);
  EXPECT_EQ(compare(Comparison::equal, Column(Int{1}), Value()), Column(MaybeBool{nullopt}));
  EXPECT_EQ(compare(Comparison::equal, Column(std::vector<float>{0.1f}), Value(0.1)), Column(std::vector<bool>{true}));
  EXPECT_EQ(compare(Comparison::greater, Column(std::vector<std::uint64_t>{UINT64_MAX}), Column(Int{-1})), Column(std::vector<bool>{true}));
  EXPECT_EQ(compare(Comparison::greater, Column(std::vector<std::int8_t>{1}), Value(1000)), Column(std::vector<bool>{false}));
}

TEST(Compare, takes_text_for_times) {
  const Column t(std::vector<timestamp>{timestamp(0s), timestamp(24h)});
  EXPECT_EQ(compare(Comparison::greater_equal, t, Value("1970-01-02")), Column(std::vector<bool>{false, true}));
  EXPECT_EQ(compare(Comparison::greater_equal, Value("1970-01-02"), t), Column(std::vector<bool>{true, true}));
  EXPECT_THROW(compare(Comparison::less, t, Value("soon")), ValueError);
}

TEST(Compare, equals_row_by_row) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const auto op = static_cast<Comparison>(random.below(6));
    const bool numbers = random.one_in(2);
    const ColumnType ta = numbers ? random.number() : random.type(), tb = numbers ? random.number() : ta;
    const std::int64_t n = random.below(40);
    const auto a = random.values(ta, n);
    const bool scalar = random.one_in(2);
    const auto b = scalar ? std::vector<Value>(static_cast<std::size_t>(n), random.value(tb)) : random.values(tb, n);
    if (scalar && n == 0) continue;
    const Column out = compare(op, random.column(ta, a), scalar ? Operand(b[0]) : Operand(random.column(tb, b)));
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Value found = out.value(static_cast<std::int64_t>(i));
      if (a[i].is_null() || b[i].is_null()) {
        ASSERT_TRUE(found.is_null());
        continue;
      }
      // long double holds every number here exactly.
      const auto real = [](const Value& v) -> long double {
        if (v.type() == ColumnType::float64) return v.as<double>();
        if (v.type() == ColumnType::timestamp) return v.as<timestamp>().time_since_epoch().count();
        if (v.type() == ColumnType::duration) return v.as<duration>().count();
        return v.type() == ColumnType::uint64 ? static_cast<long double>(v.as<std::uint64_t>()) : static_cast<long double>(v.as<std::int64_t>());
      };
      bool less, equal, greater;
      if (ta == ColumnType::string) {
        const auto x = a[i].as<std::string>(), y = b[i].as<std::string>();
        less = x < y, equal = x == y, greater = x > y;
      } else {
        long double x = real(a[i]), y = real(b[i]);
        if (is_floating(ta) || is_floating(tb)) x = static_cast<double>(x), y = static_cast<double>(y);
        if (scalar && ta == ColumnType::float32) x = static_cast<float>(x), y = static_cast<float>(y);
        less = x < y, equal = x == y, greater = x > y;
      }
      const bool wanted[] = {equal, !equal, less, less || equal, greater, greater || equal};
      ASSERT_EQ(found, Value(wanted[static_cast<int>(op)])) << name(ta) << " " << a[i] << " " << symbol(op) << " " << name(tb) << " " << b[i];
    }
  }
}

TEST(Logic, has_three_values) {
  const Column a(MaybeBool{true, true, true, false, false, false, nullopt, nullopt, nullopt});
  const Column b(MaybeBool{true, false, nullopt, true, false, nullopt, true, false, nullopt});
  EXPECT_EQ(logic(Logic::and_, a, b), Column(MaybeBool{true, false, nullopt, false, false, false, nullopt, false, nullopt}));
  EXPECT_EQ(logic(Logic::or_, a, b), Column(MaybeBool{true, true, true, true, false, nullopt, true, nullopt, nullopt}));
  EXPECT_EQ(logic(Logic::xor_, a, b), Column(MaybeBool{false, true, nullopt, true, false, nullopt, nullopt, nullopt, nullopt}));
  EXPECT_EQ(logic(Logic::and_, a, Value(false)), Column(std::vector<bool>(9, false)));
  EXPECT_EQ(invert(b), Column(MaybeBool{false, true, nullopt, false, true, nullopt, false, true, nullopt}));
  EXPECT_THROW(logic(Logic::and_, a, Column(Int(9, 1))), TypeError);
  EXPECT_THROW(invert(Column(Int{1})), TypeError);
}

TEST(Fillna, keeps_the_type) {
  EXPECT_EQ(fillna(Column(MaybeInt{1, nullopt}), 0), Column(Int{1, 0}));
  EXPECT_EQ(fillna(Column(MaybeInt{1, nullopt}), 2.0), Column(Int{1, 2}));
  EXPECT_THROW(fillna(Column(MaybeInt{1, nullopt}), 0.5), ValueError);
  EXPECT_THROW(fillna(Column(Int{1}), "x"), TypeError);
  EXPECT_EQ(fillna(Column(std::vector<std::optional<std::string>>{"a", nullopt}), "-"), Column(std::vector<std::string>{"a", "-"}));
}

TEST(Isin, never_gives_nulls) {
  const Column a(MaybeInt{1, nullopt, 3});
  EXPECT_EQ(isin(a, {3, 4, "x", 1.5}), Column(std::vector<bool>{false, false, true}));
  EXPECT_EQ(isin(a, {3.0, std::nullopt}), Column(std::vector<bool>{false, true, true}));
  EXPECT_EQ(isin(Column(std::vector<std::string>{"a", "b"}), {"b", 1}), Column(std::vector<bool>{false, true}));
  EXPECT_EQ(isin(Column(std::vector<double>{NAN, 1}), {NAN}), Column(std::vector<bool>{true, false}));
  EXPECT_EQ(isin(Column(std::vector<bool>{true, false}), {1}), Column(std::vector<bool>{true, false}));
  EXPECT_EQ(isin(Column(std::vector<std::int8_t>{44}), {300}), Column(std::vector<bool>{false}));
}

TEST(Isna, takes_NaN_for_a_number) {
  EXPECT_EQ(isna(Column(std::vector<std::optional<double>>{NAN, nullopt})), Column(std::vector<bool>{false, true}));
  EXPECT_EQ(notna(Column(std::vector<std::optional<double>>{NAN, nullopt})), Column(std::vector<bool>{true, false}));
}

TEST(Where, chooses_by_a_condition) {
  const Column c(MaybeBool{true, false, nullopt});
  EXPECT_EQ(where(c, Column(Int{1, 2, 3}), Value(0)), Column(MaybeInt{1, 0, nullopt}));
  EXPECT_EQ(where(c, Value(0.5), Column(Int{1, 2, 3})), Column(std::vector<std::optional<double>>{0.5, 2, nullopt}));
}

TEST(Unary, minus_abs_and_round_keep_the_type) {
  EXPECT_EQ(negate(Column(MaybeInt{1, nullopt, INT64_MIN})), Column(MaybeInt{-1, nullopt, INT64_MIN}));
  EXPECT_EQ(absolute(Column(std::vector<double>{-1.5, 2})), Column(std::vector<double>{1.5, 2}));
  EXPECT_EQ(round(Column(std::vector<double>{0.5, 1.5, 2.345, -2.5})), Column(std::vector<double>{0, 2, 2, -2}));
  EXPECT_EQ(round(Column(std::vector<double>{2.344, 1.25}), 1), Column(std::vector<double>{2.3, 1.2}));
  EXPECT_EQ(round(Column(Int{15, 25, -15, 149}), -1), Column(Int{20, 20, -20, 150}));
  EXPECT_THROW(negate(Column(std::vector<bool>{true})), TypeError);
  EXPECT_THROW(round(Column(std::vector<std::string>{"a"})), TypeError);
}

TEST(StringKernels, leave_nulls_null) {
  const Column a(std::vector<std::optional<std::string>>{"Abc", nullopt, "Zürich"});
  EXPECT_EQ(upper(a), Column(std::vector<std::optional<std::string>>{"ABC", nullopt, "ZüRICH"}));
  EXPECT_EQ(lower(a), Column(std::vector<std::optional<std::string>>{"abc", nullopt, "zürich"}));
  EXPECT_EQ(len(a), Column(MaybeInt{3, nullopt, 6}));
  EXPECT_EQ(contains(a, "b"), Column(MaybeBool{true, nullopt, false}));
  EXPECT_EQ(startswith(a, "Z"), Column(MaybeBool{false, nullopt, true}));
  EXPECT_EQ(endswith(a, "ch"), Column(MaybeBool{false, nullopt, true}));
  EXPECT_EQ(strip(Column(std::vector<std::string>{" a b\t", "  "})), Column(std::vector<std::string>{"a b", ""}));
  EXPECT_THROW(upper(Column(Int{1})), TypeError);
}

TEST(DateKernels, give_the_fields_of_times) {
  const Column t(std::vector<std::optional<timestamp>>{timestamp(-1s), nullopt});
  using Maybe = std::vector<std::optional<std::int32_t>>;
  EXPECT_EQ(year(t), Column(Maybe{1969, nullopt}));
  EXPECT_EQ(month(t), Column(Maybe{12, nullopt}));
  EXPECT_EQ(day(t), Column(Maybe{31, nullopt}));
  EXPECT_EQ(hour(t), Column(Maybe{23, nullopt}));
  EXPECT_EQ(minute(t), Column(Maybe{59, nullopt}));
  EXPECT_EQ(second(t), Column(Maybe{59, nullopt}));
  EXPECT_THROW(year(Column(Int{1})), TypeError);
}

}  // namespace
}  // namespace ashlar::table
