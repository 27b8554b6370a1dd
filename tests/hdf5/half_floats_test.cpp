// Half floats against their definition: every one of them, every border between two neighbours, and blocks of any layout.

#include "ashlar/hdf5/half_floats.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "hdf5/scratch.hpp"

namespace ashlar::hdf5 {
namespace {

using Indices = std::vector<index_t>;

constexpr unsigned infinity = 0x7c00;

/// The value of a half float that is not negative; the infinite one counts as 65536, the next value if exponents went on.
double value_of(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10), significand = static_cast<int>(bits & 0x3ff);
  return exponent ? std::ldexp(1024 + significand, exponent - 25) : std::ldexp(significand, -24);
}

/// Slow and obvious: the nearer one of the two values around x, and the one with an even last bit where none is nearer.
unsigned nearest_half(double x) {
  static const std::vector<double> all = [] {
    std::vector<double> values;
    for (unsigned h = 0; h <= infinity; ++h) values.push_back(value_of(h));
    return values;
  }();
  const unsigned sign = std::signbit(x) ? 0x8000 : 0;
  x = std::abs(x);
  if (x >= all.back()) return sign | infinity;
  const auto above = static_cast<unsigned>(std::upper_bound(all.begin(), all.end(), x) - all.begin()), below = above - 1;
  const double middle = (all[below] + all[above]) / 2;  // exact
  return sign | (x < middle ? below : x > middle ? above : below % 2 ? above : below);
}

template <class T>
Block block_of(const std::vector<T>& values) {
  Block block = Block::allocate(dtype_of<T>, Shape{static_cast<index_t>(values.size())});
  std::copy(values.begin(), values.end(), reinterpret_cast<T*>(block.make_writable()));
  return block;
}

/// How many of the values become another half float than the nearest one.
template <class T>
int wrong(const std::vector<T>& values) {
  const Block bits = to_half(block_of(values));
  int count = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (const unsigned found = bits.as<std::uint16_t>()[i], wanted = nearest_half(static_cast<double>(values[i])); found != wanted && count++ < 5)
      ADD_FAILURE() << std::hexfloat << values[i] << std::hex << ": found " << found << ", nearest is " << wanted;
  return count;
}

template <class T>
void all_patterns_come_back() {
  std::vector<std::uint16_t> patterns;
  for (unsigned h = 0; h < 65536; ++h) patterns.push_back(static_cast<std::uint16_t>(h));
  const Block numbers = from_half(block_of(patterns), dtype_of<T>), back = to_half(numbers);
  int values = 0, bits = 0;
  for (unsigned h = 0; h < 65536; ++h) {
    const T found = numbers.as<T>()[h];
    const unsigned rest = h & 0x7fff;
    const double wanted = rest > infinity ? std::nan("") : rest == infinity ? std::numeric_limits<double>::infinity() : value_of(rest);
    values += std::signbit(found) == (h >= 0x8000) && (std::isnan(wanted) ? std::isnan(found) : std::abs(found) == static_cast<T>(wanted));
    bits += back.as<std::uint16_t>()[h] == h;
  }
  EXPECT_EQ(values, 65536);
  EXPECT_EQ(bits, 65536);
}

TEST(HalfFloats, all_patterns_are_their_values_and_come_back) {
  all_patterns_come_back<float>();
  all_patterns_come_back<double>();
}

template <class T>
void borders() {
  std::vector<T> values;
  for (unsigned h = 0; h < infinity; ++h) {
    const T middle = static_cast<T>((value_of(h) + value_of(h + 1)) / 2);
    for (const T x : {std::nextafter(middle, T(0)), middle, std::nextafter(middle, T(1e6)), static_cast<T>(value_of(h))})
      for (const T sign : {T(1), T(-1)}) values.push_back(sign * x);
  }
  EXPECT_EQ(wrong(values), 0);
}

TEST(HalfFloats, borders_between_neighbours_are_rounded_once_and_ties_to_even) {
  borders<float>();
  borders<double>();
  // A float between would make a tie of what is none.
  const double above_a_tie = 1 + std::ldexp(1, -11) + std::ldexp(1, -40);
  EXPECT_EQ(to_half(block_of(std::vector<double>{above_a_tie})).as<std::uint16_t>()[0], 0x3c01);
  EXPECT_EQ(to_half(block_of(std::vector<float>{static_cast<float>(above_a_tie)})).as<std::uint16_t>()[0], 0x3c00);
}

TEST(HalfFloats, numbers_of_any_size_are_rounded_to_the_nearest) {
  std::mt19937_64 random(7);
  std::vector<double> doubles{65504, 65519.99999, 65520, 65536, 1e300, std::numeric_limits<double>::infinity(),
                              5e-324, 2e-308, std::ldexp(1, -25), std::ldexp(1, -24), 0.0, -0.0, -1e300};
  std::vector<float> floats{65519.9f, 65520, 3e38f, -std::numeric_limits<float>::infinity(), 1e-45f, -0.0f};
  for (int i = 0; i < 100000; ++i) {
    const std::uint64_t bits = random();
    const double x = std::bit_cast<double>(bits);
    const float y = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (!std::isnan(x)) doubles.push_back(x);
    if (!std::isnan(y)) floats.push_back(y);
    // Most numbers of random bits are none to a half float.
    doubles.push_back(std::ldexp(1 + static_cast<double>(bits >> 11) * 0x1p-53, static_cast<int>(bits % 48) - 30));
    floats.push_back(std::ldexp(static_cast<float>(bits >> 40), static_cast<int>(bits % 48) - 54));
  }
  EXPECT_EQ(wrong(doubles), 0);
  EXPECT_EQ(wrong(floats), 0);
}

TEST(HalfFloats, blocks_of_any_layout_type_and_size) {
  // Larger than the pieces that packing goes by.
  const Shape shape{3, 300, 401};
  const auto check = [](const Block& block, const char* what) {
    const Block bits = to_half(block), packed = block.astype(DType::float64).contiguous();
    ASSERT_EQ(bits.shape(), block.shape()) << what;
    ASSERT_TRUE(bits.is_contiguous()) << what;
    index_t wrong = 0;
    for (index_t i = 0; i < packed.size(); ++i) wrong += bits.as<std::uint16_t>()[i] != nearest_half(packed.as<double>()[i]);
    EXPECT_EQ(wrong, 0) << what << dtype_name(block.dtype());
  };
  for (int i = 0; i < dtype_count; ++i) {
    const auto type = static_cast<DType>(i);
    if (is_complex(type)) continue;
    const Block whole = scratch::part<double>(shape, {0, 0, 0}, shape).astype(type);
    check(whole, "contiguous ");
    if (is_floating(type)) {
      check(whole.transpose(std::vector<int>{2, 0, 1}), "transposed ");
      check(whole.slice(Indices{2, 299, 3}, Indices{3, 90, 60}, Indices{-1, -3, 5}), "in steps ");
      check(whole.slice(Indices{1, 7, 0}, Indices{1, 1, 401}, Indices{1, 1, 1}).broadcast_to(Shape{2, 700, 401}), "repeated ");
    }
  }
  check(Block::allocate(DType::float64, Shape{0, 3}), "empty ");
  check(scratch::part<double>(Shape{}, {}, Shape{}), "no axes ");
  const Block numbers = scratch::part<double>(shape, {0, 0, 0}, shape);
  const Block transposed = numbers.transpose(std::vector<int>{2, 0, 1});
  EXPECT_TRUE(scratch::same_bytes(from_half(to_half(transposed), DType::float64), transposed));
}

}  // namespace
}  // namespace ashlar::hdf5
