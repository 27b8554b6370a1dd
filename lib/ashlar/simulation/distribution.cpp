#include "ashlar/simulation/distribution.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <limits>
#include <string>

#include "ashlar/base/error.hpp"

namespace ashlar::simulation {
namespace {

constexpr const char* names[] = {"fixed", "uniform", "outliers", "lognormal", "heavy_tail"};

using Wide = unsigned __int128;

// Powers and logarithms to base 2 with 16 binary digits after the point: those of the C library differ in their last bits.
constexpr int digits = 16;

constexpr std::uint64_t root(Wide x) {
  Wide low = 0, high = Wide{1} << 63;
  while (low < high) {
    const Wide middle = (low + high + 1) / 2;
    if (middle * middle <= x)
      low = middle;
    else
      high = middle - 1;
  }
  return static_cast<std::uint64_t>(low);
}

// 2^(1/2), 2^(1/4), … times 2^32.
constexpr auto powers = [] {
  std::array<std::uint64_t, digits> all{};
  Wide last = Wide{2} << 32;
  for (std::uint64_t& power : all) last = power = root(last << 32);
  return all;
}();

/// value * 2^exponent, the exponent with `digits` binary digits.
std::int64_t times_power(std::int64_t value, std::int64_t exponent) {
  Wide result = static_cast<Wide>(value) << 32;
  for (int i = 0; i < digits; ++i)
    if (exponent >> (digits - 1 - i) & 1) result = (result >> 32) * powers[static_cast<std::size_t>(i)] + ((result & 0xffffffff) * powers[static_cast<std::size_t>(i)] >> 32);
  const std::int64_t whole = exponent >> digits;
  constexpr Wide most = Wide{std::numeric_limits<std::int64_t>::max()} << 32;
  for (std::int64_t i = 0; i < whole && result < most; ++i) result <<= 1;
  for (std::int64_t i = 0; i < -whole && result > 0; ++i) result >>= 1;
  return static_cast<std::int64_t>(std::min(result, most) >> 32);
}

/// log2 of x > 0, with `digits` binary digits.
std::int64_t logarithm(std::uint64_t x) {
  const int whole = std::bit_width(x) - 1;
  std::uint64_t mantissa = x << (63 - whole) >> 31;  // from 1 to 2, times 2^32
  std::int64_t result = whole;
  for (int i = 0; i < digits; ++i) {
    mantissa = static_cast<std::uint64_t>(static_cast<Wide>(mantissa) * mantissa >> 32);
    const bool two = mantissa >> 33 != 0;
    if (two) mantissa >>= 1;
    result = result << 1 | two;
  }
  return result;
}

// Of mean 0 and variance 1: twelve uniform numbers, near enough for durations.
std::int64_t normal(Random& random) {
  std::int64_t sum = -(std::int64_t{6} << digits);
  for (int i = 0; i < 3; ++i)
    for (std::uint64_t bits = random.next(), k = 0; k < 4; ++k, bits >>= 16) sum += static_cast<std::int64_t>(bits & 0xffff);
  return sum;
}

}  // namespace

Distribution distribution(std::string_view text) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (text == names[i]) return static_cast<Distribution>(i);
  throw ValueError("no such distribution: wanted fixed, uniform, outliers, lognormal or heavy_tail, found " + std::string(text));
}

const char* name(Distribution distribution) { return names[static_cast<std::size_t>(distribution)]; }

std::int64_t draw(Distribution distribution, std::int64_t mean, Random& random) {
  constexpr std::int64_t log2_e = 94548;  // times 2^16
  switch (distribution) {
    case Distribution::fixed:
      return mean;
    case Distribution::uniform:
      return mean / 2 + random.below(mean + 1);
    case Distribution::outliers: {
      const std::int64_t uniform = mean / 2 + random.below(mean + 1);
      return random.one_in(100) ? 10 * uniform : uniform;
    }
    case Distribution::lognormal:
      return times_power(mean, (normal(random) - (std::int64_t{1} << (digits - 1))) * log2_e >> digits);
    case Distribution::heavy_tail: {
      const std::int64_t minus_log2 = (std::int64_t{64} << digits) - logarithm(random.next() | 1);
      return std::min(times_power(mean, minus_log2 * 2 / 3) / 3, 1000 * mean);
    }
  }
  return mean;
}

}  // namespace ashlar::simulation
