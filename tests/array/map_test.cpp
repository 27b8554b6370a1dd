// A user's function of elements, and long expressions that run as one chain: against the same arithmetic on plain numbers, to the last bit.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>

#include "array/function_checks.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/map.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

TEST(Map, CallsTheFunctionForEveryElement) {
  for (int i = 0; i < cases(20); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const Lengths shape{random.draw(1, 40), random.draw(1, 90)};
    const Plain<double> x = random.real(shape), row = random.real({shape[1]});
    const Plain<std::int32_t> k = random.whole<std::int32_t>(shape);
    const double c = static_cast<double>(random.draw(1, 9));
    const auto f = [c](double a, double b, std::int32_t n) { return n < 0 ? a / c : a * b + n; };
    const auto want = make<double>(shape, [&](const Lengths& p) { return f(x.at(p), row.at({p[1]}), k.at(p)); });
    const Array<double> mapped = map(f, random.array(x), random.array(row), random.array(k));
    expect_same(values_of(mapped), want);
    // Inside of other operations, of another type, and of no array's own memory.
    const auto twice = make<double>(shape, [&](const Lengths& p) { return (x.at(p) + 1) * (x.at(p) + 1) - 2; });
    expect_same(values_of(map([](double v) { return v * v; }, random.array(x) + 1) - 2), twice);
    const auto flags = make<bool>(shape, [&](const Lengths& p) { return x.at(p) > row.at({p[1]}); });
    const NDArray<bool> got = values_of(map([](double a, double b) { return a > b; }, random.array(x), random.array(row)));
    ASSERT_EQ(got.shape(), Shape(shape));
    for (std::size_t j = 0; j < flags.values.size(); ++j) ASSERT_EQ(got.data()[j], flags.values[j]);
    const NDArray<std::int64_t> counted = values_of(map([](std::int64_t n) { return n * n; }, arange<std::int64_t>(shape[1], {.chunks = 7})));
    for (index_t j = 0; j < counted.size(); ++j) ASSERT_EQ(counted(j), j * j);
  }
}

TEST(Map, IsFusedWithWhatIsAroundIt) {
  const auto x = ones<double>({100, 100}, {.chunks = {50, 50}});
  const auto y = map([](double a) { return 2 * a; }, from_array(NDArray<double>(Shape{100, 100}), {.chunks = {50, 50}}) + x).sum();
  std::size_t maps = 0;
  for (const std::string& name : layer_names(y.node())) maps += name.find("map") != std::string::npos;
  EXPECT_EQ(maps, 1u);
  EXPECT_EQ(layer_names(y.node()).size(), 3u) << "the client's chunks, sums of chunks, their sum";
}

TEST(Map, RefusesAReferenceAndShapesThatDoNotFit) {
  const double outside = 3;
  const double* pointer = &outside;
  EXPECT_NE(thrown<ValueError>([&] { map([pointer](double a) { return a + *pointer; }, ones({3})); }).find("capture it by value"), std::string::npos);
  thrown<ShapeError>([] { map([](double a, double b) { return a + b; }, ones({3}), ones({4})); });
}

// More parts than a chain can put aside, parts used twice, parts inside parts, constants and NaN as bounds.
TEST(Chains, ComputeWideExpressionsToTheLastBit) {
  const double nan = std::nan("");
  for (int i = 0; i < cases(20); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const Lengths shape{random.draw(1, 5), random.draw(1, 200)};
    const Plain<double> x = random.real(shape), y = random.real(shape);
    const Array<double> a = random.array(x), b = random.array(y);
    const long terms = random.draw(1, 12);
    const double bound = random.draw(0, 3) == 0 ? nan : 0.25;
    const auto value = [&](double v, double w) {
      const double twice = v * 2.0 + 1.0;
      double sum = twice * twice - w / 3.0;
      for (long t = 0; t < terms; ++t) sum = sum + (v * static_cast<double>(t + 1) + w) * (w - v / static_cast<double>(t + 2));
      return sum;
    };
    const auto twice = a * 2.0 + 1.0;
    auto sum = twice * twice - b / 3.0;
    for (long t = 0; t < terms; ++t) sum = sum + (a * static_cast<double>(t + 1) + b) * (b - a / static_cast<double>(t + 2));
    expect_same(values_of(sum), make<double>(shape, [&](const Lengths& p) { return value(x.at(p), y.at(p)); }));
    const NDArray<double> bounded = values_of(clip(sum, bound, 2.0) + absolute(negative(a)) * sqrt(square(b)));
    for (index_t r = 0, k = 0; r < shape[0]; ++r)
      for (index_t c = 0; c < shape[1]; ++c, ++k) {
        double v = value(x.values[static_cast<std::size_t>(k)], y.values[static_cast<std::size_t>(k)]);
        v = std::isnan(bound) ? nan : v > 2 ? 2 : v < bound ? bound : v;
        const double want = v + std::fabs(-x.values[static_cast<std::size_t>(k)]) * std::sqrt(y.values[static_cast<std::size_t>(k)] * y.values[static_cast<std::size_t>(k)]);
        if (std::isnan(want)) ASSERT_TRUE(std::isnan(bounded(r, c)));
        else ASSERT_EQ(bounded(r, c), want);
      }
    // Two counters in one chain, one of them backwards.
    const index_t n = random.draw(1, 3000);
    const auto k = arange<double>(static_cast<double>(n), {.chunks = random.draw(1, 1500)});
    const NDArray<double> products = values_of((k * 0.5 + 3.0) * (1.0 - k(range(_, _, -1)) * 0.25));
    for (index_t j = 0; j < n; ++j) ASSERT_EQ(products(j), (static_cast<double>(j) * 0.5 + 3.0) * (1.0 - static_cast<double>(n - 1 - j) * 0.25));
  }
}

}  // namespace
}  // namespace ashlar::test
