#include "ashlar/table/column.hpp"

#include <gtest/gtest.h>

#include "random_columns.hpp"
#include "table/sent.hpp"

namespace ashlar {
namespace {

using reference::sent;
using reference::Random;
using reference::same;
using std::nullopt;

void expect_values(const Column& column, const std::vector<Value>& values) {
  ASSERT_EQ(column.size(), static_cast<std::int64_t>(values.size()));
  std::int64_t nulls = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    EXPECT_TRUE(same(column.value(row), values[i])) << "row " << i << ": " << column.value(row) << ", wanted " << values[i];
    EXPECT_EQ(column.is_null(row), values[i].is_null());
    nulls += values[i].is_null();
  }
  EXPECT_EQ(column.null_count(), nulls);
  EXPECT_EQ(column.validity() == nullptr, nulls == 0);
}

TEST(Column, holds_values_in_place_with_a_bitmap_only_where_something_is_missing) {
  const Column a(std::vector<std::int32_t>{1, 2, 3}), b(std::vector<std::optional<std::int32_t>>{1, nullopt, 3});

  EXPECT_EQ(a.values<std::int32_t>()[2], 3);
  EXPECT_EQ(a.validity(), nullptr);
  EXPECT_EQ(a.nbytes(), 12);
  EXPECT_EQ(static_cast<int>(b.validity()[0]), 0b101);
  EXPECT_EQ(b.null_count(), 1);
  EXPECT_EQ(b.nbytes(), 13);
  EXPECT_FALSE(a == b);
}

TEST(Column, refuses_the_wrong_type_with_both_names) {
  const Column a(std::vector<std::int32_t>{1});
  try {
    (void)a.values<double>();
    FAIL();
  } catch (const TypeError& e) {
    EXPECT_STREQ(e.what(), "values of type float64 are wanted, the column holds int32");
  }
  EXPECT_THROW(a.value(1), IndexError);
  EXPECT_THROW(a.value(-1), IndexError);
}

TEST(Column, becomes_a_vector_with_NaN_for_what_is_missing) {
  const Column a(std::vector<std::optional<std::int64_t>>{1, nullopt});

  EXPECT_EQ(a.to_vector<double>()[0], 1.0);
  EXPECT_TRUE(std::isnan(a.to_vector<double>()[1]));
  EXPECT_THROW(a.to_vector<std::int64_t>(), ValueError);
  EXPECT_EQ(a.slice(0, 1).to_vector<std::int8_t>(), std::vector<std::int8_t>{1});
  EXPECT_THROW(Column(std::vector<double>{1.5}).to_vector<int>(), ValueError);
  EXPECT_THROW(Column(std::vector<std::string>{"x"}).to_vector<double>(), TypeError);
  EXPECT_EQ(Column(std::vector<std::string>{"x"}).to_vector<std::string>(), std::vector<std::string>{"x"});
  EXPECT_EQ(Column(std::vector<bool>{true, false}).to_vector<bool>(), (std::vector<bool>{true, false}));
}

TEST(Column, casts_only_what_fits) {
  const Column a(std::vector<double>{1, -2, 3e9});

  EXPECT_EQ(a.cast(ColumnType::int64), Column(std::vector<std::int64_t>{1, -2, 3'000'000'000}));
  EXPECT_THROW(a.cast(ColumnType::int32), ValueError);
  EXPECT_THROW(a.cast(ColumnType::uint64), ValueError);
  EXPECT_THROW(Column(std::vector<double>{0x1p63}).cast(ColumnType::int64), ValueError);
  EXPECT_EQ(Column(std::vector<double>{0x1p63}).cast(ColumnType::uint64), Column(std::vector<std::uint64_t>{std::uint64_t{1} << 63}));
  EXPECT_THROW(Column(std::vector<double>{0x1p64}).cast(ColumnType::uint64), ValueError);
  EXPECT_THROW(Column(std::vector<std::string>{"1"}).cast(ColumnType::int64), TypeError);
  EXPECT_EQ(Column(std::vector<std::int64_t>{1}).cast(ColumnType::string), Column(std::vector<std::string>{"1"}));
  // What stands under a null is nobody's business.
  EXPECT_EQ(Column(std::vector<std::optional<double>>{1, nullopt}).cast(ColumnType::int8), Column(std::vector<std::optional<std::int8_t>>{1, nullopt}));
}

TEST(Column, sends_its_buffers_without_a_copy) {
  const Column a(std::vector<double>{1, 2, 3, 4});
  Writer out;
  a.encode(out);
  const Parcel parcel = std::move(out).take();

  ASSERT_EQ(parcel.buffers.size(), 1u);
  EXPECT_EQ(parcel.buffers[0].data(), a.address());
  EXPECT_EQ(parcel.buffers[0].size(), 32u);

  Writer sliced;
  a.slice(1, 3).encode(sliced);
  const Parcel part = std::move(sliced).take();
  EXPECT_EQ(part.buffers[0].data(), static_cast<const std::byte*>(a.address()) + 8);
  EXPECT_EQ(part.buffers[0].size(), 16u);
}

TEST(Column, decode_refuses_a_message_that_is_none) {
  Writer out;
  out.put(std::uint8_t{200});
  out.put(std::int64_t{5});
  out.put(std::int64_t{0});
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  EXPECT_THROW(Column::decode(in), InternalError);
}

TEST(Column, select_operations_equal_a_list_of_values) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const ColumnType type = random.type();
    const std::int64_t n = random.below(200);
    const std::vector<Value> values = random.values(type, n);
    const Column column = random.column(type, values);
    expect_values(column, values);
    expect_values(sent(column), values);
    EXPECT_EQ(sent(column), column);

    const std::int64_t begin = random.below(n + 1), end = begin + random.below(n - begin + 1);
    const std::vector<Value> part(values.begin() + begin, values.begin() + end);
    expect_values(column.slice(begin, end), part);
    expect_values(sent(column.slice(begin, end)), part);

    std::vector<std::int64_t> rows;
    std::vector<Value> taken, kept, mask;
    for (std::int64_t k = n ? random.below(50) : 0; k > 0; --k) {
      rows.push_back(random.below(n + 1) - 1);
      taken.push_back(rows.back() < 0 ? Value() : values[static_cast<std::size_t>(rows.back())]);
    }
    expect_values(column.take(rows), taken);

    for (std::int64_t i = 0; i < n; ++i) {
      mask.push_back(random.one_in(5) ? Value() : Value(random.one_in(2)));
      if (mask.back() == true) kept.push_back(values[static_cast<std::size_t>(i)]);
    }
    expect_values(column.filter(random.column(ColumnType::boolean, mask)), kept);

    const Column parts[] = {column.slice(0, begin), column.slice(begin, end), column.slice(end, n)};
    expect_values(Column::concat(parts), values);
    if (HasFailure()) FAIL();
  }
}

TEST(Column, errors_of_selection_name_the_numbers) {
  const Column a(std::vector<double>{1, 2});
  const std::int64_t rows[] = {2};
  EXPECT_THROW(a.take(rows), IndexError);
  EXPECT_THROW(a.slice(1, 3), IndexError);
  EXPECT_THROW(a.filter(Column(std::vector<bool>{true})), ShapeError);
  EXPECT_THROW(a.filter(a), TypeError);
  const Column mixed[] = {a, Column(std::vector<bool>{true})};
  EXPECT_THROW(Column::concat(mixed), TypeError);
}

TEST(Promote, follows_the_table_of_numpy_2) {
  using enum ColumnType;
  EXPECT_EQ(promote(int64, uint64), float64);
  EXPECT_EQ(promote(int8, uint8), int16);
  EXPECT_EQ(promote(int32, uint8), int32);
  EXPECT_EQ(promote(uint32, int32), int64);
  EXPECT_EQ(promote(int16, float32), float32);
  EXPECT_EQ(promote(int32, float32), float64);
  EXPECT_EQ(promote(boolean, int8), int8);
  EXPECT_EQ(promote(uint8, uint32), uint32);
  EXPECT_THROW(promote(int64, string), TypeError);
}

TEST(ColumnTypeNames, are_read_back) {
  for (const ColumnType t : reference::all_types) EXPECT_EQ(column_type_from_name(name(t)), t);
  EXPECT_EQ(column_type_from_name("double"), ColumnType::float64);
  EXPECT_THROW(column_type_from_name("number"), ValueError);
}

}  // namespace
}  // namespace ashlar
