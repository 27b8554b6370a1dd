#pragma once
// Random arrays, their chunks and elements; results that must have the same bits fused, unfused and sent through bytes; nearness.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "array/graph_runs.hpp"
#include "array/plain_array.hpp"
#include "ashlar/array/array.hpp"

namespace ashlar::test {

template <class T>
NDArray<T> values_of(const ArrayPtr& node) {
  const Block fused = run_fused(node);
  EXPECT_TRUE(same_bits(fused, run_unfused(node))) << node->name() << ": unfused differs";
  EXPECT_TRUE(same_bits(fused, run_sent(node))) << node->name() << ": sent through bytes differs";
  EXPECT_EQ(fused.shape(), node->shape()) << node->name();
  return NDArray<T>(fused.contiguous());
}
template <class T>
NDArray<T> values_of(const Array<T>& x) {
  return values_of<T>(x.node());
}
template <class E, class F>
std::string thrown(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind was thrown: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// Random arrays, their chunks and their elements.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  long draw(long low, long high) { return std::uniform_int_distribution<long>(low, high)(engine_); }
  Chunks chunks(const Lengths& shape) {
    Chunks chunks;
    for (long n : shape) {
      std::vector<index_t> sizes;
      for (long left = n; left > 0;) {
        sizes.push_back(std::min(left, draw(1, std::max(1L, n / 2 + 1))));
        left -= sizes.back();
      }
      if (sizes.empty()) sizes.push_back(0);
      chunks.push_back(sizes);
    }
    return chunks;
  }
  /// Small whole numbers: sums of products are exact.
  template <class T>
  Plain<T> whole(const Lengths& shape) {
    return make<T>(shape, [&](const Lengths&) {
      if constexpr (detail::is_complex_type<T>) return T(static_cast<double>(draw(-5, 5)), static_cast<double>(draw(-5, 5)));
      else return static_cast<T>(draw(-5, 5));
    });
  }
  Plain<double> real(const Lengths& shape) {
    return make<double>(shape, [&](const Lengths&) { return std::normal_distribution<double>()(engine_); });
  }
  template <class T>
  Array<T> array(const Plain<T>& plain) {
    const Array<T> x = from_array(NDArray<T>(Shape(plain.shape), plain.values), {.chunks = chunks(plain.shape)});
    return draw(0, 1) ? x : x.rechunk(chunks(plain.shape));
  }

 private:
  std::mt19937_64 engine_;
};

inline std::uint64_t first_seed() {
  const char* given = std::getenv("ASHLAR_TEST_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 20260401;
}
inline int cases(int normal) {
  if (std::getenv("ASHLAR_TEST_SEED")) return 1;
  return std::getenv("ASHLAR_TEST_LONG") ? normal * 20 : normal;
}

template <class T>
void expect_same(const NDArray<T>& got, const Plain<T>& want) {
  ASSERT_EQ(got.shape(), Shape(want.shape));
  for (std::size_t i = 0; i < want.values.size(); ++i) ASSERT_EQ(got.data()[i], want.values[i]) << "element " << i << " of " << to_string(got.shape());
}
template <class T>
void expect_near(const NDArray<T>& got, const Plain<T>& want, double tolerance) {
  ASSERT_EQ(got.shape(), Shape(want.shape));
  for (std::size_t i = 0; i < want.values.size(); ++i)
    ASSERT_LE(std::abs(got.data()[i] - want.values[i]), tolerance) << "element " << i << " of " << to_string(got.shape()) << ": " << got.data()[i] << ", wanted " << want.values[i];
}

/// The largest distance of the empirical distribution from the true one, times the root of the number.
template <class F>
double distance(std::vector<double> x, F&& cdf) {
  std::sort(x.begin(), x.end());
  const double n = static_cast<double>(x.size());
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double c = cdf(x[i]);
    most = std::max({most, std::fabs(c - static_cast<double>(i) / n), std::fabs(c - static_cast<double>(i + 1) / n)});
  }
  return most * std::sqrt(n);
}
inline std::vector<double> sample(const Array<double>& x) {
  const NDArray<double> values = values_of(x);
  return {values.begin(), values.end()};
}

}  // namespace ashlar::test
