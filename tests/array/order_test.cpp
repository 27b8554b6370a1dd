// Quantiles and sorting against std::sort of everything.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "array/function_checks.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/order.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

/// NumPy's words on the sorted elements.
double quantile_as_written(std::vector<double> x, double q, const std::string& method, bool skip) {
  const auto nans = std::count_if(x.begin(), x.end(), [](double v) { return std::isnan(v); });
  if (nans > 0 && !skip) return std::nan("");
  x.erase(std::remove_if(x.begin(), x.end(), [](double v) { return std::isnan(v); }), x.end());
  if (x.empty()) return std::nan("");
  std::sort(x.begin(), x.end());
  const double at = q * static_cast<double>(x.size() - 1), low = x[static_cast<std::size_t>(std::floor(at))], high = x[static_cast<std::size_t>(std::ceil(at))];
  if (method == "lower") return low;
  if (method == "higher") return high;
  if (method == "nearest") return x[static_cast<std::size_t>(std::nearbyint(at))];
  const double part = method == "midpoint" ? 0.5 : at - std::floor(at);
  if (low == high) return low;
  return part >= 0.5 ? high - (high - low) * (1 - part) : low + (high - low) * part;  // which end it starts from shows beside an infinity
}
void expect_number(double got, double want) {
  if (std::isnan(want)) ASSERT_TRUE(std::isnan(got)) << got;
  else if (std::isinf(want)) ASSERT_EQ(got, want);
  else ASSERT_LE(std::abs(got - want), 1e-14 * (1 + std::abs(want))) << got << ", wanted " << want;
}

template <class T>
T some_element(Random& random) {
  const long kind = random.draw(0, 19);
  if constexpr (std::is_floating_point_v<T>) {
    if (kind == 0) return std::numeric_limits<T>::infinity();
    if (kind == 1) return -std::numeric_limits<T>::infinity();
    if (kind == 2) return T(-0.0);
    if (kind == 3) return std::numeric_limits<T>::denorm_min();
    return static_cast<T>(static_cast<double>(random.draw(-1000, 1000)) * std::pow(10.0, static_cast<double>(random.draw(-9, 9))));
  } else if (kind == 0) return std::numeric_limits<T>::min();
  else if (kind == 1) return std::numeric_limits<T>::max();
  else return static_cast<T>(random.draw(-60, 60));
}

template <class T>
void check_quantiles(std::uint64_t seed) {
  Random random(seed);
  const Lengths shape{random.draw(1, 9), random.draw(1, 30)};
  Plain<T> x = make<T>(shape, [&](const Lengths&) { return some_element<T>(random); });
  if constexpr (std::is_floating_point_v<T>)
    if (random.draw(0, 2) == 0)
      for (T& v : x.values)
        if (random.draw(0, 4) == 0) v = std::numeric_limits<T>::quiet_NaN();
  const std::vector<double> all(x.values.begin(), x.values.end());
  // One quantile of float32 is rounded once more.
  const auto rounded = [](double v) { return static_cast<double>(static_cast<std::conditional_t<std::is_same_v<T, float>, float, double>>(v)); };
  const char* methods[] = {"linear", "lower", "higher", "midpoint", "nearest"};
  const std::string method = methods[random.draw(0, 4)];
  const std::vector<double> q{0.0, 0.25, static_cast<double>(random.draw(0, 1000)) / 1000, 0.5, 1.0};
  const auto of_all = values_of(quantile(random.array(x), q, {.method = method})), skipping = values_of(nanquantile(random.array(x), q, {.method = method}));
  for (std::size_t i = 0; i < q.size(); ++i) {
    SCOPED_TRACE(method + " quantile " + std::to_string(q[i]));
    expect_number(static_cast<double>(of_all(static_cast<index_t>(i))), quantile_as_written(all, q[i], method, false));
    expect_number(static_cast<double>(skipping(static_cast<index_t>(i))), quantile_as_written(all, q[i], method, true));
  }
  for (int axis = 0; axis < 2; ++axis) {
    const auto along = values_of(nanpercentile(random.array(x), 100 * q[2], {.axis = axis, .method = method}));
    const auto kept = values_of(quantile(random.array(x), q, {.axis = axis, .keepdims = true, .method = method}));
    const long lines = shape[static_cast<std::size_t>(1 - axis)], length = shape[static_cast<std::size_t>(axis)];
    ASSERT_EQ(along.size(), lines);
    for (long l = 0; l < lines; ++l) {
      std::vector<double> line;
      for (long k = 0; k < length; ++k) line.push_back(static_cast<double>(axis == 0 ? x.at({k, l}) : x.at({l, k})));
      expect_number(static_cast<double>(along(l)), rounded(quantile_as_written(line, 100 * q[2] / 100, method, true)));
      for (std::size_t i = 0; i < q.size(); ++i) {
        const auto number = static_cast<index_t>(i);
        expect_number(static_cast<double>(axis == 0 ? kept(number, 0, l) : kept(number, l, 0)), quantile_as_written(line, q[i], method, false));
      }
    }
  }
}

TEST(Quantiles, AreThoseOfAllElementsSorted) {
  for (int i = 0; i < cases(12); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    check_quantiles<double>(seed);
    check_quantiles<float>(seed);
    check_quantiles<std::int64_t>(seed);
    check_quantiles<std::int8_t>(seed);
    check_quantiles<std::uint16_t>(seed);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Quantiles, MedianIsTheMiddle) {
  const Array<double> x = from_array(NDArray<double>(Shape{2, 3}, {5, 1, 4, std::nan(""), 2, 9}), {.chunks = {1, 2}});
  EXPECT_TRUE(std::isnan(median(x).compute()));
  EXPECT_EQ(nanmedian(x).compute(), 4);
  EXPECT_EQ(median(x({0})).compute(), 4);
  EXPECT_EQ(values_of(nanmedian(x, {.axis = 1}))(1), 5.5);
  EXPECT_EQ(values_of(nanmedian(x, {.keepdims = true})).shape(), (Shape{1, 1}));
  EXPECT_EQ(percentile(x({0}), 25).compute(), 2.5);
  EXPECT_TRUE(std::isnan(median(x(range(0, 0))).compute()));
  EXPECT_NE(thrown<ValueError>([&] { percentile(x, 101); }).find("[0, 100]"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { quantile(x, 0.5, {.method = "cubic"}); }).find("cubic"), std::string::npos);
  thrown<TypeError>([] { quantile(ones<std::complex<double>>({3}), 0.5); });
}

TEST(Sort, OrdersEachLineAndKeepsEqualElementsInTheirOrder) {
  for (int i = 0; i < cases(20); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const Lengths shape{random.draw(1, 9), random.draw(1, 9)};
    Plain<double> x = random.whole<double>(shape);
    for (double& v : x.values)
      if (random.draw(0, 9) == 0) v = std::nan("");
    for (int axis = 0; axis < 2; ++axis) {
      const NDArray<double> sorted = values_of(sort(random.array(x), axis));
      const NDArray<std::int64_t> places = values_of(argsort(random.array(x), axis));
      const long lines = shape[static_cast<std::size_t>(1 - axis)], length = shape[static_cast<std::size_t>(axis)];
      for (long l = 0; l < lines; ++l) {
        std::vector<std::pair<double, long>> line;  // NaN as infinity: there is no other
        for (long k = 0; k < length; ++k) {
          const double v = axis == 0 ? x.at({k, l}) : x.at({l, k});
          line.emplace_back(std::isnan(v) ? std::numeric_limits<double>::infinity() : v, k);
        }
        std::sort(line.begin(), line.end());
        for (long k = 0; k < length; ++k) {
          const auto [want, place] = line[static_cast<std::size_t>(k)];
          const double got = axis == 0 ? sorted(k, l) : sorted(l, k);
          if (std::isinf(want)) ASSERT_TRUE(std::isnan(got));
          else ASSERT_EQ(got, want);
          ASSERT_EQ(axis == 0 ? places(k, l) : places(l, k), place);
        }
      }
    }
  }
}

}  // namespace
}  // namespace ashlar::test
