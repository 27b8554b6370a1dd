#include "ashlar/table/aggregation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_columns.hpp"
#include "reduce_by_hand.hpp"

namespace ashlar::table {
namespace {

using reference::Random;
using reference::same;
using std::nullopt;

Value reduce(const char* function, const Column& column) { return Reduction::build(aggregation_from_name(function), column).finish(); }

TEST(Reduction, passes_over_nulls) {
  const Column a(std::vector<std::optional<std::int64_t>>{4, nullopt, 1, 1});
  EXPECT_EQ(reduce("sum", a), 6);
  EXPECT_EQ(reduce("mean", a), 2.0);
  EXPECT_EQ(reduce("min", a), 1);
  EXPECT_EQ(reduce("max", a), 4);
  EXPECT_EQ(reduce("count", a), 3);
  EXPECT_EQ(reduce("size", a), 4);
  EXPECT_EQ(reduce("var", a), 3.0);
  EXPECT_EQ(reduce("first", a), 4);
  EXPECT_EQ(reduce("last", a), 1);
  EXPECT_EQ(reduce("nunique", a), 2);
  EXPECT_EQ(reduce("any", a), true);
  EXPECT_EQ(reduce("all", a), true);
}

TEST(Reduction, of_nothing_is_null_where_there_is_no_value) {
  const Column none = Column::nulls(ColumnType::float64, 3);
  EXPECT_EQ(reduce("sum", none), 0.0);
  EXPECT_EQ(reduce("count", none), 0);
  EXPECT_EQ(reduce("any", none), false);
  EXPECT_EQ(reduce("all", none), true);
  for (const char* f : {"mean", "min", "max", "std", "var", "first", "last"}) EXPECT_TRUE(reduce(f, none).is_null()) << f;
}

TEST(Reduction, takes_NaN_for_a_number_and_infinities_as_they_are) {
  const Column a(std::vector<double>{1, NAN, 3});
  EXPECT_TRUE(std::isnan(reduce("sum", a).as<double>()));
  EXPECT_TRUE(std::isnan(reduce("min", a).as<double>()));
  EXPECT_EQ(reduce("count", a), 3);
  EXPECT_EQ(reduce("sum", Column(std::vector<double>{INFINITY, 1})), INFINITY);
  EXPECT_TRUE(std::isnan(reduce("sum", Column(std::vector<double>{INFINITY, -INFINITY})).as<double>()));
}

TEST(Reduction, loses_nothing_of_float_sums_and_integer_means) {
  EXPECT_EQ(reduce("sum", Column(std::vector<double>{1e16, 1, 1, -1e16})), 2.0);
  EXPECT_EQ(reduce("sum", Column(std::vector<double>(1'000'003, 0.1))).as<double>(), 100000.3);
  EXPECT_EQ(reduce("mean", Column(std::vector<std::int64_t>{INT64_MAX, INT64_MAX})), static_cast<double>(INT64_MAX));
  EXPECT_EQ(reduce("sum", Column(std::vector<std::uint8_t>(1000, 255))), 255'000);
  EXPECT_EQ(reduce("sum", Column(std::vector<bool>{true, true, false})), 2);
}

TEST(Reduction, has_the_types_of_pandas) {
  using enum ColumnType;
  EXPECT_EQ(aggregation_type(Aggregation::sum, int8), int64);
  EXPECT_EQ(aggregation_type(Aggregation::sum, uint8), uint64);
  EXPECT_EQ(aggregation_type(Aggregation::sum, float32), float32);
  EXPECT_EQ(aggregation_type(Aggregation::mean, int64), float64);
  EXPECT_EQ(aggregation_type(Aggregation::mean, float32), float32);
  EXPECT_EQ(aggregation_type(Aggregation::mean, timestamp), timestamp);
  EXPECT_EQ(aggregation_type(Aggregation::min, string), string);
  EXPECT_THROW(aggregation_type(Aggregation::mean, string), TypeError);
  EXPECT_THROW(aggregation_type(Aggregation::sum, timestamp), TypeError);
  EXPECT_THROW(aggregation_from_name("median of medians"), ValueError);
  EXPECT_THROW(Reduction::build(Aggregation::std, Column(std::vector<std::string>{"a"})), TypeError);
}

TEST(Reduction, a_copy_keeps_what_it_had_when_the_original_is_merged) {
  Reduction a = Reduction::build(Aggregation::sum, Column(std::vector<std::int64_t>{1}));
  const Reduction copy = a;
  a.merge(Reduction::build(Aggregation::sum, Column(std::vector<std::int64_t>{2})));
  EXPECT_EQ(a.finish(), 3);
  EXPECT_EQ(copy.finish(), 1);
  EXPECT_THROW(a.merge(Reduction::build(Aggregation::max, Column(std::vector<std::int64_t>{2}))), TypeError);
}

TEST(Reduction, in_parts_sent_over_the_wire_equals_row_by_row) {
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const ColumnType type = random.type();
    const auto function = static_cast<Aggregation>(random.below(16));
    try {
      aggregation_type(function, type);
    } catch (const TypeError&) {
      continue;
    }
    const std::int64_t n = random.below(100);
    const auto values = random.values(type, n);
    const Column column = random.column(type, values);
    std::vector<std::int64_t> cuts = {0, n};
    for (std::int64_t k = random.below(4); k > 0; --k) cuts.push_back(random.below(n + 1));
    std::sort(cuts.begin(), cuts.end());

    std::optional<Reduction> total;
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      Writer out;
      Reduction::build(function, column.slice(cuts[k], cuts[k + 1])).encode(out);
      const Parcel parcel = std::move(out).take();
      Reader in(parcel);
      Reduction part = Reduction::decode(in);
      if (total)
        total->merge(part);
      else
        total = part;
    }

    const Value wanted = reference::reduce(name(function), type, values), found = total->finish();
    ASSERT_TRUE(reference::nearly(found, wanted)) << name(function) << " of " << ashlar::name(type) << " gave " << found << ", wanted " << wanted;
    ++compared;
  }
  EXPECT_GT(compared, 1000);
}

}  // namespace
}  // namespace ashlar::table
