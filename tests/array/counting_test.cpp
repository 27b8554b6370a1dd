// Counting, searching, and the names beside elementwise ones.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "array/function_checks.hpp"
#include "ashlar/array/bins.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/cumulative.hpp"
#include "ashlar/array/linalg.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/random.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/blas.hpp"

namespace ashlar::test {
namespace {

// ---------------------------------------------------------------- counting
TEST(Bins, CountAsALoopDoes) {
  for (int i = 0; i < cases(30); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const Lengths shape{random.draw(0, 9), random.draw(1, 9)};
    Plain<double> x = random.whole<double>(shape);
    for (double& v : x.values) v = random.draw(0, 9) == 0 ? std::nan("") : v / 4;
    const index_t n = random.draw(1, 12);
    const auto [counts, edges] = histogram(random.array(x), {.bins = n, .range = {{-1, 1}}});
    const NDArray<std::int64_t> got = values_of(counts);
    for (index_t bin = 0; bin < n; ++bin) {
      const double low = edges(bin), high = edges(bin + 1);
      const auto want = std::count_if(x.values.begin(), x.values.end(), [&](double v) { return v >= low && (v < high || (bin + 1 == n && v == high)); });
      ASSERT_EQ(got(bin), want) << "bin " << bin << " of " << n;
    }
    const auto [uneven, given] = histogram(random.array(x), {.bins = {-1.0, -0.25, 0.5, 0.75}});
    ASSERT_EQ(values_of(uneven)(1), std::count_if(x.values.begin(), x.values.end(), [](double v) { return v >= -0.25 && v < 0.5; }));
    ASSERT_EQ(given.size(), 4);
    Plain<std::int64_t> whole = random.whole<std::int64_t>({shape[1]});
    for (auto& v : whole.values) v = std::abs(v);
    const NDArray<std::int64_t> often = values_of(bincount(random.array(whole), {.minlength = 5}));
    for (std::int64_t v = 0; v < 5; ++v) ASSERT_EQ(often(v), std::count(whole.values.begin(), whole.values.end(), v));
    const NDArray<std::int64_t> found = values_of(digitize(random.array(whole), {1.0, 3.0})), back = values_of(digitize(random.array(whole), {3.0, 1.0}));
    const NDArray<bool> in = values_of(isin(random.array(whole), std::vector<std::int64_t>{4, 1}));
    for (index_t k = 0; k < found.size(); ++k) {
      const auto v = whole.values[static_cast<std::size_t>(k)];
      ASSERT_EQ(found(k), (v >= 1) + (v >= 3));
      ASSERT_EQ(back(k), (v < 3) + (v < 1));
      ASSERT_EQ(in(k), v == 4 || v == 1);
    }
    std::vector<std::int64_t> sorted = whole.values;
    std::sort(sorted.begin(), sorted.end());
    const NDArray<std::int64_t> least = values_of(topk(random.array(whole), -3));
    for (index_t k = 0; k < least.size(); ++k) ASSERT_EQ(least(k), sorted[static_cast<std::size_t>(k)]);
    ASSERT_EQ(values_of(topk(random.array(whole), 1)).item(), sorted.back());
  }
  EXPECT_NE(thrown<ValueError>([] { histogram(ones({3})); }).find("needs .range"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([] { histogram(ones({3}), {.bins = {1.0, 0.0}}); }).find("must ascend"), std::string::npos);
  EXPECT_NE(thrown<TaskError>([] { run_fused(bincount(full({2}, -1), {.minlength = 2}).node()); }).find("at least 0, found -1"), std::string::npos);
}


// ---------------------------------------------------------------- names beside those
TEST(Names, MeanWhatNumPyMeans) {
  const auto x = arange<double>(6, {.chunks = 4}).reshape({2, 3}).rechunk({1, 2});
  const auto said = [](const auto& array) {
    std::ostringstream out;
    out << values_of(array);
    return out.str();
  };
  EXPECT_EQ(said(around(x / 4, 1)), "[[0.  0.2 0.5]\n [0.8 1.  1.2]]");
  EXPECT_EQ(values_of<bool>(allclose(x, x + 1e-9).node()).item(), true);
  EXPECT_EQ(values_of<bool>(allclose(x, x + 1e-3).node()).item(), false);
  EXPECT_EQ(said(average(x, arange<double>(1, 4), {.axis = 1})), "[1.33333333 4.33333333]");
  EXPECT_EQ(values_of<double>(average(x).node()).item(), 2.5);
  EXPECT_EQ(said(moment(x, 2, {.axis = 1})), "[0.66666667 0.66666667]");
  EXPECT_EQ(values_of(trace(x, {.offset = 1})).item(), 6.0);
  EXPECT_EQ(said(searchsorted(arange(5, {.chunks = 2}), from_array(array({1.0, 0.5, 9.0}), {.chunks = 1}))), "[1 1 5]");
  EXPECT_EQ(said(hstack(std::vector{x, x}).sum({.axis = 1})), "[ 6. 24.]");
  EXPECT_EQ(said(vstack(std::vector{x, x}).sum({.axis = 0})), "[ 6. 10. 14.]");
  EXPECT_EQ(said(swapaxes(x, 0, 1)), said(x.transpose()));
  EXPECT_EQ(said(x.swapaxes(0, -1)), said(x.transpose()));
  EXPECT_EQ(said(fliplr(flipud(x))), "[[5. 4. 3.]\n [2. 1. 0.]]");
  EXPECT_EQ(said(x.flatten().copy()), "[0. 1. 2. 3. 4. 5.]");
  EXPECT_EQ(said((x * std::complex<double>(0, 1)).conj().imag()), "[[-0. -1. -2.]\n [-3. -4. -5.]]");
  EXPECT_EQ(said(x.cumsum({.axis = 1})), "[[ 0.  1.  3.]\n [ 3.  7. 12.]]");
  EXPECT_EQ(said(x.cumprod({.axis = 0})), "[[ 0.  1.  2.]\n [ 0.  4. 10.]]");
  EXPECT_EQ(x.dtype(), "float64");
  EXPECT_EQ(x.itemsize(), 8);
  EXPECT_EQ(x.numblocks(), Shape({2, 2}));
  EXPECT_EQ(x.npartitions(), 4);
  if (blas::available()) {
    const auto [q, r] = linalg::tsqr(x.transpose());
    EXPECT_TRUE(values_of<bool>(allclose(matmul(q, r), x.transpose()).node()).item());
    const auto [fat_q, fat_r] = linalg::sfqr(x.rechunk({2, 1}));
    EXPECT_TRUE(values_of<bool>(allclose(matmul(fat_q, fat_r), x).node()).item());
  }
  random::Generator rng = random::default_rng(1);
  EXPECT_LT(distance(sample(rng.uniform({5'000}, {.low = -1, .high = 3})), [](double v) { return (v + 1) / 4; }), 1.95);
  EXPECT_LT(distance(sample(rng.standard_normal({5'000})), [](double v) { return 0.5 * std::erfc(-v / std::sqrt(2.0)); }), 1.95);
  EXPECT_LT(distance(sample(rng.exponential({5'000}, {.scale = 2})), [](double v) { return 1 - std::exp(-v / 2); }), 1.95);
  EXPECT_LT(distance(sample(rng.standard_exponential({5'000})), [](double v) { return 1 - std::exp(-v); }), 1.95);
  const NDArray<std::int64_t> dice = values_of(rng.integers({1'000}, {.low = 1, .high = 6, .endpoint = true}));
  EXPECT_EQ(max(dice), 6);
}

}  // namespace
}  // namespace ashlar::test
