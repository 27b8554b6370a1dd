// Reductions of random arrays over random axes against plain loops; rounding may differ in the last digits only.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "array/graph_runs.hpp"
#include "array/plain_array.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/reductions.hpp"

namespace ashlar::test {
namespace {

struct Case {
  Array<double> array;
  Plain<double> plain;
  std::vector<int> axes;
  bool keepdims;
};

Case some_case(std::mt19937_64& engine) {
  const auto draw = [&](long low, long high) { return std::uniform_int_distribution<long>(low, high)(engine); };
  Lengths shape;
  Chunks chunks;
  const long ndim = draw(1, 3), longest = ndim == 1 ? 300 : ndim == 2 ? 50 : 20;
  for (long d = ndim; d > 0; --d) {
    shape.push_back(draw(1, longest));
    std::vector<index_t> sizes;
    for (long left = shape.back(); left > 0; left -= sizes.back()) sizes.push_back(std::min(left, draw(1, 12)));
    chunks.push_back(sizes);
  }
  std::vector<int> axes;
  for (int i = 0; i < static_cast<int>(shape.size()); ++i)
    if (draw(0, 1)) axes.push_back(i);
  if (axes.empty()) axes.push_back(static_cast<int>(draw(0, static_cast<long>(shape.size()) - 1)));
  Plain<double> plain = make<double>(shape, [&](const Lengths&) { return std::normal_distribution<double>(3, 2)(engine); });
  // Repeated values, so that positions have ties to settle.
  for (double& v : plain.values)
    if (draw(0, 3) == 0) v = std::round(v);
  return {from_array(NDArray<double>(Shape(shape), plain.values), {.chunks = chunks}), plain, axes, draw(0, 1) == 1};
}

template <class T, class F>
void check(const Case& c, const Array<T>& result, double tolerance, const std::string& story, F&& f) {
  const Plain<double> wanted = reduced<double>(c.plain, c.axes, c.keepdims, f);
  const Block fused = run_fused(result.node());
  ASSERT_EQ(fused.shape(), Shape(wanted.shape)) << story;
  ASSERT_TRUE(same_bits(fused, run_unfused(result.node()))) << story;
  const NDArray<T> values{Block(fused)};
  for (std::size_t i = 0; i < wanted.values.size(); ++i)
    ASSERT_NEAR(static_cast<double>(std::as_const(values).data()[i]), wanted.values[i], tolerance * (1 + std::fabs(wanted.values[i]))) << story << ", element " << i;
}

TEST(RandomReductions, AgreeWithPlainLoops) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 engine(seed);
    const Case c = some_case(engine);
    const std::string story = "seed " + std::to_string(seed);
    const ReduceOptions over{.axis = c.axes, .keepdims = c.keepdims};
    using V = std::vector<double>;
    const auto total = [](const V& v) { return std::accumulate(v.begin(), v.end(), 0.0L); };
    const auto spread = [&](const V& v, int ddof) {
      const long double mean = total(v) / static_cast<long double>(v.size());
      long double sum = 0;
      for (double x : v) sum += (x - mean) * (x - mean);
      return static_cast<double>(sum / static_cast<long double>(v.size() - static_cast<std::size_t>(ddof)));
    };
    check(c, c.array.sum(over), 1e-13, story + " sum", [&](const V& v) { return static_cast<double>(total(v)); });
    check(c, c.array.mean(over), 1e-13, story + " mean", [&](const V& v) { return static_cast<double>(total(v) / static_cast<long double>(v.size())); });
    check(c, c.array.var({.axis = c.axes, .keepdims = c.keepdims}), 1e-12, story + " var", [&](const V& v) { return spread(v, 0); });
    check(c, c.array.min(over), 0, story + " min", [&](const V& v) { return *std::min_element(v.begin(), v.end()); });
    check(c, c.array.max(over), 0, story + " max", [&](const V& v) { return *std::max_element(v.begin(), v.end()); });
    check(c, (c.array / 4).prod(over), 1e-10, story + " prod", [&](const V& v) {
      double p = 1;
      for (double x : v) p *= x / 4;
      return p;
    });
    check(c, (c.array > 3).any(over), 0, story + " any", [&](const V& v) { return std::any_of(v.begin(), v.end(), [](double x) { return x > 3; }) ? 1.0 : 0.0; });
    check(c, (c.array > 0).all(over), 0, story + " all", [&](const V& v) { return std::all_of(v.begin(), v.end(), [](double x) { return x > 0; }) ? 1.0 : 0.0; });
    if (c.axes.size() == 1 || c.axes.size() == c.plain.shape.size()) {
      check(c, c.array.argmin(over), 0, story + " argmin",
            [](const V& v) { return static_cast<double>(std::min_element(v.begin(), v.end()) - v.begin()); });
      check(c, c.array.argmax(over), 0, story + " argmax",
            [](const V& v) { return static_cast<double>(std::max_element(v.begin(), v.end()) - v.begin()); });
    }
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace ashlar::test
