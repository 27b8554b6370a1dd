#include "ashlar/ndarray/reduction.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/program.hpp"

using namespace ashlar;

namespace {

template <class T>
Block block_of(const Shape& shape, const std::vector<T>& values) {
  Block block = Block::allocate(dtype_of<T>, shape);
  std::byte* to = block.make_writable();
  for (std::size_t i = 0; i < values.size(); ++i) reinterpret_cast<T*>(to)[i] = values[i];
  return block;
}

/// What one chunk leaves; positions count along C order from `first`.
Partial partial_of(Reduction reduction, const Block& chunk, std::vector<int> axes, index_t first = 0) {
  Program p;
  p.reduce(reduction, p.input(chunk.dtype()), std::move(axes), {first, c_strides(chunk.shape())});
  return p.run(chunk.shape(), std::vector<index_t>(chunk.shape().size(), 0), std::span(&chunk, 1));
}

template <class T>
std::vector<T> finished(Reduction reduction, const std::vector<Partial>& partials, DType elements, int ddof = 0) {
  const Block block = finish_partial(reduction, combine_partials(reduction, partials), elements, ddof);
  EXPECT_EQ(block.dtype(), dtype_of<T>);
  const Block packed = block.contiguous();
  return std::vector<T>(packed.as<T>(), packed.as<T>() + packed.size());
}

constexpr Reduction all_reductions[] = {Reduction::sum,  Reduction::prod, Reduction::min, Reduction::max,    Reduction::any,   Reduction::all,
                                        Reduction::mean, Reduction::var,  Reduction::std, Reduction::argmin, Reduction::argmax};

TEST(Reduction, has_numpys_result_types) {
  EXPECT_EQ(reduction_result_type(Reduction::sum, DType::int32), DType::int64);
  EXPECT_EQ(reduction_result_type(Reduction::sum, DType::uint8), DType::uint64);
  EXPECT_EQ(reduction_result_type(Reduction::sum, DType::bool_), DType::int64);
  EXPECT_EQ(reduction_result_type(Reduction::sum, DType::float32), DType::float32);
  EXPECT_EQ(reduction_result_type(Reduction::mean, DType::int64), DType::float64);
  EXPECT_EQ(reduction_result_type(Reduction::mean, DType::complex64), DType::complex64);
  EXPECT_EQ(reduction_result_type(Reduction::std, DType::complex64), DType::float32);
  EXPECT_EQ(reduction_result_type(Reduction::min, DType::uint16), DType::uint16);
  EXPECT_EQ(reduction_result_type(Reduction::argmax, DType::float32), DType::int64);
  EXPECT_EQ(reduction_result_type(Reduction::any, DType::complex128), DType::bool_);
}

TEST(Reduction, combines_two_chunks_to_what_a_hand_computes) {
  const Block a = block_of<double>(Shape{2}, {1, 2}), b = block_of<double>(Shape{3}, {3, 4, 10});
  const auto result = [&](Reduction r, int ddof = 0) { return finished<double>(r, {partial_of(r, a, {0}), partial_of(r, b, {0}, 2)}, DType::float64, ddof)[0]; };
  EXPECT_EQ(result(Reduction::sum), 20);
  EXPECT_EQ(result(Reduction::prod), 240);
  EXPECT_EQ(result(Reduction::min), 1);
  EXPECT_EQ(result(Reduction::max), 10);
  EXPECT_EQ(result(Reduction::mean), 4);
  EXPECT_DOUBLE_EQ(result(Reduction::var), 10);
  EXPECT_DOUBLE_EQ(result(Reduction::var, 1), 12.5);
  EXPECT_DOUBLE_EQ(result(Reduction::std), std::sqrt(10.0));
  const auto position = [&](Reduction r) { return finished<std::int64_t>(r, {partial_of(r, a, {0}), partial_of(r, b, {0}, 2)}, DType::float64)[0]; };
  EXPECT_EQ(position(Reduction::argmin), 0);
  EXPECT_EQ(position(Reduction::argmax), 4);
}

TEST(Reduction, lets_nan_win_and_reports_its_first_position) {
  const double nan = std::nan("");
  const Block a = block_of<double>(Shape{2}, {5, -9}), b = block_of<double>(Shape{3}, {7, nan, nan});
  for (Reduction r : {Reduction::min, Reduction::max}) EXPECT_TRUE(std::isnan(finished<double>(r, {partial_of(r, a, {0}), partial_of(r, b, {0}, 2)}, DType::float64)[0]));
  for (Reduction r : {Reduction::argmin, Reduction::argmax}) {
    EXPECT_EQ(finished<std::int64_t>(r, {partial_of(r, a, {0}), partial_of(r, b, {0}, 2)}, DType::float64)[0], 3);
    EXPECT_EQ(finished<std::int64_t>(r, {partial_of(r, b, {0}, 2), partial_of(r, a, {0})}, DType::float64)[0], 3);
  }
}

TEST(Reduction, takes_the_smaller_position_of_equal_values_in_any_order) {
  const Block a = block_of<int>(Shape{2}, {7, 1}), b = block_of<int>(Shape{2}, {1, 7});
  const std::vector<Partial> parts{partial_of(Reduction::argmin, a, {0}), partial_of(Reduction::argmin, b, {0}, 2)};
  EXPECT_EQ(finished<std::int64_t>(Reduction::argmin, {parts[0], parts[1]}, DType::int32)[0], 1);
  EXPECT_EQ(finished<std::int64_t>(Reduction::argmin, {parts[1], parts[0]}, DType::int32)[0], 1);
}

TEST(Reduction, of_nothing_is_the_neutral_element_or_an_error) {
  const Block none = Block::zeros(DType::float64, Shape{0});
  EXPECT_EQ(finished<double>(Reduction::sum, {partial_of(Reduction::sum, none, {0})}, DType::float64)[0], 0);
  EXPECT_EQ(finished<double>(Reduction::prod, {partial_of(Reduction::prod, none, {0})}, DType::float64)[0], 1);
  EXPECT_EQ(finished<bool>(Reduction::any, {partial_of(Reduction::any, none, {0})}, DType::float64)[0], false);
  EXPECT_EQ(finished<bool>(Reduction::all, {partial_of(Reduction::all, none, {0})}, DType::float64)[0], true);
  EXPECT_TRUE(std::isnan(finished<double>(Reduction::mean, {partial_of(Reduction::mean, none, {0})}, DType::float64)[0]));
  EXPECT_TRUE(std::isnan(finished<double>(Reduction::var, {partial_of(Reduction::var, none, {0})}, DType::float64)[0]));
  for (Reduction r : {Reduction::min, Reduction::max, Reduction::argmin, Reduction::argmax})
    EXPECT_THROW(finish_partial(r, partial_of(r, none, {0}), DType::float64), ValueError) << reduction_name(r);
  const Block columns = Block::zeros(DType::float64, Shape{2, 0});  // no outputs: nothing is missing
  EXPECT_EQ(finish_partial(Reduction::min, partial_of(Reduction::min, columns, {0}), DType::float64).shape(), (Shape{1, 0}));
}

TEST(Reduction, passes_over_chunks_without_elements) {
  const Block none = Block::zeros(DType::float64, Shape{0}), some = block_of<double>(Shape{2}, {3, 5});
  for (Reduction r : all_reductions) {
    const Partial with = combine_partials(r, std::vector<Partial>{partial_of(r, none, {0}), partial_of(r, some, {0}), partial_of(r, none, {0})});
    const Block a = finish_partial(r, with, DType::float64), b = finish_partial(r, partial_of(r, some, {0}), DType::float64);
    EXPECT_EQ(std::memcmp(a.data(), b.data(), static_cast<std::size_t>(itemsize(a.dtype()))), 0) << reduction_name(r);
  }
}

TEST(Reduction, keeps_the_axes_with_length_one_and_keeps_columns_apart) {
  const Block x = block_of<std::int32_t>(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(partial_of(Reduction::sum, x, {0})[0].shape(), (Shape{1, 3}));
  EXPECT_EQ(partial_of(Reduction::sum, x, {1})[0].shape(), (Shape{2, 1}));
  EXPECT_EQ(finished<std::int64_t>(Reduction::sum, {partial_of(Reduction::sum, x, {0})}, DType::int32), (std::vector<std::int64_t>{5, 7, 9}));
  EXPECT_EQ(finished<std::int64_t>(Reduction::sum, {partial_of(Reduction::sum, x, {1})}, DType::int32), (std::vector<std::int64_t>{6, 15}));
  EXPECT_EQ(finished<std::int64_t>(Reduction::sum, {partial_of(Reduction::sum, x, {})}, DType::int32), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Reduction, wraps_integer_sums_at_64_bits) {
  const std::int64_t most = INT64_MAX;
  EXPECT_EQ(finished<std::int64_t>(Reduction::sum, {partial_of(Reduction::sum, block_of<std::int64_t>(Shape{2}, {most, 1}), {0})}, DType::int64)[0], INT64_MIN);
  EXPECT_EQ(finished<std::int64_t>(Reduction::sum, {partial_of(Reduction::sum, block_of<std::int8_t>(Shape{3}, {127, 127, 127}), {0})}, DType::int8)[0], 381);
}

TEST(Reduction, keeps_infinities_and_the_sign_of_zero) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto sum = [](const std::vector<double>& x) { return finished<double>(Reduction::sum, {partial_of(Reduction::sum, block_of(Shape(static_cast<index_t>(x.size())), x), {0})}, DType::float64)[0]; };
  EXPECT_EQ(sum({1, inf, 3}), inf);
  EXPECT_TRUE(std::isnan(sum({inf, -inf})));
  EXPECT_TRUE(std::signbit(sum({-0.0, -0.0})));
  EXPECT_FALSE(std::signbit(sum({-0.0, 0.0})));
  std::vector<double> column(3000, 1e308);  // overflows on the way through accumulated rows
  EXPECT_EQ(sum(column), inf);
}

TEST(Reduction, works_on_complex_numbers) {
  using C = std::complex<double>;
  const Block x = block_of<C>(Shape{4}, {C(1, 2), C(3, -1), C(-2, 0.5), C(0, 4)});
  EXPECT_EQ(finished<C>(Reduction::sum, {partial_of(Reduction::sum, x, {0})}, DType::complex128)[0], C(2, 5.5));
  EXPECT_EQ(finished<C>(Reduction::mean, {partial_of(Reduction::mean, x, {0})}, DType::complex128)[0], C(0.5, 1.375));
  EXPECT_EQ(finished<C>(Reduction::max, {partial_of(Reduction::max, x, {0})}, DType::complex128)[0], C(3, -1));
  const C mean(0.5, 1.375);
  double squares = 0;
  for (int i = 0; i < 4; ++i) squares += std::norm(x.as<C>()[i] - mean);
  EXPECT_DOUBLE_EQ(finished<double>(Reduction::var, {partial_of(Reduction::var, x, {0})}, DType::complex128)[0], squares / 4);
  std::vector<C> many;
  C total = 0;
  for (int i = 0; i < 5000; ++i) many.push_back(C(i % 7, i % 11)), total += many.back();
  EXPECT_EQ(finished<C>(Reduction::sum, {partial_of(Reduction::sum, block_of(Shape{50, 100}, many), {0, 1})}, DType::complex128)[0], total);
  EXPECT_EQ(finished<C>(Reduction::prod, {partial_of(Reduction::prod, block_of<C>(Shape{2}, {C(0, 1), C(0, 1)}), {0})}, DType::complex128)[0], C(-1, 0));
}

TEST(Reduction, sums_a_million_numbers_to_a_few_units_in_the_last_place) {
  const std::uint64_t seed = 1;
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> numbers(0, 1);
  std::vector<double> x(1000000);
  long double exact = 0;
  for (double& v : x) exact += v = numbers(random);
  std::vector<float> single(x.begin(), x.end());
  long double exact_single = 0;
  for (float v : single) exact_single += v;
  const Block wide = block_of(Shape{1000, 1000}, x), narrow = block_of(Shape{1000, 1000}, single);
  const double sum = finished<double>(Reduction::sum, {partial_of(Reduction::sum, wide, {0, 1})}, DType::float64)[0];
  EXPECT_NEAR(sum, static_cast<double>(exact), 4 * 5.9e-11) << "seed " << seed;  // a unit of 500000 is 5.8e-11
  const float sum_single = finished<float>(Reduction::sum, {partial_of(Reduction::sum, narrow, {0, 1})}, DType::float32)[0];
  EXPECT_EQ(sum_single, static_cast<float>(exact_single));
  const std::vector<double> columns = finished<double>(Reduction::sum, {partial_of(Reduction::sum, wide, {0})}, DType::float64);
  for (std::size_t j = 0; j < 1000; ++j) {
    long double column = 0;
    for (std::size_t i = 0; i < 1000; ++i) column += x[i * 1000 + j];
    ASSERT_NEAR(columns[j], static_cast<double>(column), 1.2e-13) << "column " << j;  // one unit: what rounding took is kept
  }
}

TEST(Reduction, keeps_the_variance_of_numbers_far_from_zero) {
  std::vector<double> x;
  for (int i = 0; i < 200000; ++i) x.push_back(1e9 + i % 2);
  for (const Shape& shape : {Shape{200000}, Shape{200, 1000}, Shape{50000, 4}}) {
    const Block block = block_of(shape, x);
    std::vector<int> axes;
    for (int d = 0; d < shape.ndim(); ++d) axes.push_back(d);
    EXPECT_NEAR(finished<double>(Reduction::var, {partial_of(Reduction::var, block, axes)}, DType::float64)[0], 0.25, 1e-12) << to_string(shape);
  }
  const Block columns = block_of(Shape{1000, 200}, x);
  const std::vector<double> var = finished<double>(Reduction::var, {partial_of(Reduction::var, columns, {1})}, DType::float64);
  for (double v : var) ASSERT_NEAR(v, 0.25, 1e-12);
}

}  // namespace
