// The random numbers of programs: which they are, and how they are distributed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "ashlar/ndarray/program.hpp"

using namespace ashlar;

namespace {

std::vector<double> random_numbers(Distribution distribution, double a, double b, index_t first, index_t stride, index_t n, DType type = DType::float64) {
  Program p;
  Program::Value v = p.random(type, distribution, 42, a, b, {first, {stride}});
  if (type != DType::float64) v = p.apply(Op::cast, DType::float64, v);
  p.store(v);
  const Block block = p.run(Shape{n}, std::vector<index_t>{0}, {})[0];
  return {block.as<double>(), block.as<double>() + n};
}

TEST(ProgramRandom, gives_element_k_the_same_number_however_it_is_reached) {
  for (Distribution distribution : {Distribution::uniform, Distribution::normal, Distribution::exponential}) {
    const std::vector<double> all = random_numbers(distribution, 1, 2, 0, 1, 5000);
    for (index_t first : {1, 2, 7, 1001})
      for (index_t stride : {1, 2, 3, 17}) {
        const index_t n = (5000 - first) / stride;
        const std::vector<double> some = random_numbers(distribution, 1, 2, first, stride, n);
        for (index_t i = 0; i < n; ++i) ASSERT_EQ(some[static_cast<std::size_t>(i)], all[static_cast<std::size_t>(first + i * stride)]);
      }
    const std::vector<double> backwards = random_numbers(distribution, 1, 2, 4999, -1, 5000);
    for (std::size_t i = 0; i < 5000; ++i) ASSERT_EQ(backwards[i], all[4999 - i]);
  }
}

TEST(ProgramRandom, gives_the_same_bits_on_every_instruction_set) {
  for (Distribution distribution : {Distribution::uniform, Distribution::normal, Distribution::exponential, Distribution::integers}) {
    const DType type = distribution == Distribution::integers ? DType::int32 : DType::float64;
    const std::vector<double> first = random_numbers(distribution, 1, 200, 3, 1, 3000, type);
    for (std::int64_t set : {std::int64_t(0), ~std::int64_t(511)}) {
      restrict_simd_targets(set);
      EXPECT_EQ(random_numbers(distribution, 1, 200, 3, 1, 3000, type), first) << simd_target_name();
    }
    restrict_simd_targets(-1);
  }
}

TEST(ProgramRandom, is_philox_with_ten_rounds) {
  // Counter 0 and key 0 give 6627e8d5 e169c58d bc57ac4c 9b00dbd8 (Random123's known answers).
  Program p;
  p.store(p.random(DType::float64, Distribution::uniform, 0, 0, 1, {0, {1}}));
  const Block block = p.run(Shape{2}, std::vector<index_t>{0}, {})[0];
  EXPECT_EQ(block.as<double>()[0], static_cast<double>(0xe169c58d6627e8d5u >> 11) * 0x1p-53);
  EXPECT_EQ(block.as<double>()[1], static_cast<double>(0x9b00dbd8bc57ac4cu >> 11) * 0x1p-53);
}

TEST(ProgramRandom, has_the_moments_and_the_tails_of_its_distribution) {
  const index_t n = 1000000;
  const auto moments = [](const std::vector<double>& x) {
    long double m = 0, s = 0, k = 0;
    for (double v : x) m += v;
    m /= static_cast<long double>(x.size());
    for (double v : x) s += (v - m) * (v - m), k += (v - m) * (v - m) * (v - m) * (v - m);
    s /= static_cast<long double>(x.size());
    return std::array<double, 3>{static_cast<double>(m), static_cast<double>(s), static_cast<double>(k / static_cast<long double>(x.size()) / s / s)};
  };
  const std::vector<double> uniform = random_numbers(Distribution::uniform, 2, 5, 0, 1, n);
  EXPECT_NEAR(moments(uniform)[0], 3.5, 5e-3);
  EXPECT_NEAR(moments(uniform)[1], 0.75, 5e-3);
  EXPECT_TRUE(std::all_of(uniform.begin(), uniform.end(), [](double x) { return x >= 2 && x < 5; }));
  const std::vector<double> normal = random_numbers(Distribution::normal, 1, 2, 0, 1, n);
  EXPECT_NEAR(moments(normal)[0], 1, 1e-2);
  EXPECT_NEAR(moments(normal)[1], 4, 3e-2);
  EXPECT_NEAR(moments(normal)[2], 3, 3e-2);
  EXPECT_NEAR(static_cast<double>(std::count_if(normal.begin(), normal.end(), [](double x) { return x > 5; })) / n, 0.02275, 6e-4);
  EXPECT_NEAR(static_cast<double>(std::count_if(normal.begin(), normal.end(), [](double x) { return std::fabs(x - 1) > 6; })) / n, 0.0027, 3e-4);
  double neighbours = 0;
  for (std::size_t i = 1; i < normal.size(); ++i) neighbours += (normal[i] - 1) * (normal[i - 1] - 1) / 4;
  EXPECT_NEAR(neighbours / n, 0, 5e-3);
  const std::vector<double> exponential = random_numbers(Distribution::exponential, 3, 0, 0, 1, n);
  EXPECT_NEAR(moments(exponential)[0], 3, 2e-2);
  EXPECT_NEAR(moments(exponential)[1], 9, 2e-1);
  const std::vector<double> integers = random_numbers(Distribution::integers, -3, 4, 0, 1, n, DType::int64);
  for (int value = -3; value < 4; ++value) EXPECT_NEAR(static_cast<double>(std::count(integers.begin(), integers.end(), value)) / n, 1.0 / 7, 2e-3);
  const std::vector<double> single = random_numbers(Distribution::uniform, 0, 1, 0, 1, n, DType::float32);
  EXPECT_TRUE(std::all_of(single.begin(), single.end(), [](double x) { return x >= 0 && x < 1; }));
}

}  // namespace
