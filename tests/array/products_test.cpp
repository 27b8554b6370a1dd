// Products and diagonals, each against a loop that says what it means.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "array/function_checks.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/linalg.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/blas.hpp"

namespace ashlar::test {
namespace {

// ---------------------------------------------------------------- products
/// Sum over all letters that the result has not, one element after the other.
template <class T>
Plain<T> slow_einsum(const std::vector<std::string>& letters, const std::vector<Plain<T>>& arrays, const std::string& result) {
  std::string all = result;
  std::vector<long> lengths;
  for (char c : result) {
    for (std::size_t i = 0; i < letters.size(); ++i)
      if (const auto at = letters[i].find(c); at != std::string::npos) {
        lengths.push_back(arrays[i].shape[at]);
        break;
      }
  }
  for (std::size_t i = 0; i < letters.size(); ++i)
    for (std::size_t k = 0; k < letters[i].size(); ++k)
      if (all.find(letters[i][k]) == std::string::npos) {
        all += letters[i][k];
        lengths.push_back(arrays[i].shape[k]);
      }
  const Lengths outer(lengths.begin(), lengths.begin() + static_cast<std::ptrdiff_t>(result.size())),
      inner(lengths.begin() + static_cast<std::ptrdiff_t>(result.size()), lengths.end());
  return make<T>(outer, [&](const Lengths& at) {
    T sum = T();
    for (const auto& rest : positions(inner)) {
      T product = T(1);
      for (std::size_t i = 0; i < letters.size(); ++i) {
        Lengths own;
        for (char c : letters[i]) {
          const std::size_t k = all.find(c);
          own.push_back(k < at.size() ? at[k] : rest[k - at.size()]);
        }
        product = static_cast<T>(product * arrays[i].at(own));
      }
      sum = static_cast<T>(sum + product);
    }
    return sum;
  });
}

template <class T>
void check_products(std::uint64_t seed) {
  SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  const long m = random.draw(1, 9), k = random.draw(0, 9), n = random.draw(1, 9), b = random.draw(1, 4);
  const auto one = [&](const std::string& la, const Lengths& sa, const std::string& lb, const Lengths& sb, const std::string& out) {
    SCOPED_TRACE(la + "," + lb + "->" + out);
    const Plain<T> x = random.whole<T>(sa), y = random.whole<T>(sb);
    expect_same(values_of(einsum(la + "," + lb + "->" + out, random.array(x), random.array(y))), slow_einsum<T>({la, lb}, {x, y}, out));
  };
  one("ik", {m, k}, "kj", {k, n}, "ij");
  one("ik", {m, k}, "kj", {k, n}, "ji");
  one("bik", {b, m, k}, "bkj", {b, k, n}, "bij");
  one("kib", {k, m, b}, "jkb", {n, k, b}, "ibj");
  one("ij", {m, n}, "ij", {m, n}, "i");
  one("ij", {m, n}, "kl", {k, b}, "ljki");
  one("ii", {m, m}, "ij", {m, n}, "j");
  one("ijk", {m, n, k}, "k", {k}, "ji");
  const Plain<T> a = random.whole<T>({m, k}), c = random.whole<T>({k, n}), d = random.whole<T>({n, b});
  expect_same(values_of(matmul(random.array(a), random.array(c))), slow_einsum<T>({"ik", "kj"}, {a, c}, "ij"));
  expect_same(values_of(einsum("ik,kj,jb", random.array(a), random.array(c), random.array(d))), slow_einsum<T>({"ik", "kj", "jb"}, {a, c, d}, "bi"));
  expect_same(values_of(tensordot(random.array(a), random.array(c), {.axes = 1})), slow_einsum<T>({"ik", "kj"}, {a, c}, "ij"));
  expect_same(values_of(tensordot(random.array(a), random.array(a), {.axes = {{0, 1}, {0, 1}}})), slow_einsum<T>({"ik", "ik"}, {a, a}, ""));
  const Plain<T> v = random.whole<T>({k}), batch = random.whole<T>({b, 1, m, k}), other = random.whole<T>({b, k, n});
  expect_same(values_of(dot(random.array(a), random.array(v))), slow_einsum<T>({"ik", "k"}, {a, v}, "i"));
  expect_same(values_of(dot(random.array(v), random.array(v))), slow_einsum<T>({"k", "k"}, {v, v}, ""));
  expect_same(values_of(matmul(random.array(v), random.array(c))), slow_einsum<T>({"k", "kj"}, {v, c}, "j"));
  Plain<T> flat = batch;
  flat.shape = {b, m, k};
  expect_same(values_of(matmul(random.array(batch), random.array(other))), slow_einsum<T>({"aik", "bkj"}, {flat, other}, "abij"));
}

TEST(Products, AreTheirSumsOfProductsInEveryTypeAndAnyChunks) {
  for (int i = 0; i < cases(12); ++i) {
    check_products<double>(first_seed() + static_cast<std::uint64_t>(i));
    check_products<std::int64_t>(first_seed() + static_cast<std::uint64_t>(i));
    check_products<std::complex<double>>(first_seed() + static_cast<std::uint64_t>(i));
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Products, KeepTheTypeOfTheirElements) {
  const auto i1 = full<std::int8_t>({3, 3}, 100, {.chunks = 2});
  EXPECT_EQ(values_of(matmul(i1, i1))(0, 0), static_cast<std::int8_t>(30000));  // wraps, as NumPy's
  const auto b = ones<bool>({2, 2});
  EXPECT_EQ(values_of(matmul(b, b))(0, 0), true);
  static_assert(std::is_same_v<decltype(matmul(i1, ones<float>({3, 3}))), Array<float>>);
  EXPECT_EQ(values_of(matmul(i1, ones<float>({3, 3}, {.chunks = 1})))(0, 0), 300.0f);
  EXPECT_EQ(values_of(einsum("...ij->...ji", arange(6).reshape({1, 2, 3})))(0, 2, 1), 5);
  EXPECT_EQ(values_of(einsum("ii", arange(9, {.chunks = 2}).reshape({3, 3}).rechunk(2))).item(), 12);
  EXPECT_EQ(values_of(vdot(full({2}, std::complex<double>(0, 1)), full({2}, std::complex<double>(0, 1)))).item(), std::complex<double>(2, 0));
  EXPECT_EQ(values_of(outer(arange(3), arange(2)))(2, 1), 2);
}

TEST(Products, RefuseShapesThatDoNotFit) {
  EXPECT_NE(thrown<ShapeError>([] { matmul(ones({3, 4}), ones({5, 6})); }).find("length 4 and axis 0 has length 5"), std::string::npos);
  EXPECT_NE(thrown<ShapeError>([] { matmul(ones({}), ones({5})); }).find("at least one axis"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([] { einsum("ij,jk", ones({2, 2})); }).find("subscripts for 2 arrays, found 1"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([] { einsum("ij->iz", ones({2, 2})); }).find("no array has"), std::string::npos);
  EXPECT_NE(thrown<ShapeError>([] { einsum("ij,jk->ik", ones({2, 3}), ones({2, 3})); }).find("lengths differ"), std::string::npos);
}

TEST(Blas, RunsOnTheKernelsOfTheInstructionSet) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  const std::string name = simd_target_name(), core = blas::core_name(), wanted = name.starts_with("AVX3") ? "SkylakeX" : name == "AVX2" ? "Haswell" : "Nehalem";
  const char* set = std::getenv("OPENBLAS_CORETYPE");
  if (set && set != wanted) GTEST_SKIP() << "OPENBLAS_CORETYPE is set to " << set;
  EXPECT_EQ(core, wanted) << "instruction set " << name;
}

TEST(Diagonals, AreWhereTwoPositionsDifferByTheOffset) {
  for (int i = 0; i < cases(20); ++i) {
    Random random(first_seed() + static_cast<std::uint64_t>(i));
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(first_seed() + static_cast<std::uint64_t>(i)));
    const long m = random.draw(1, 9), n = random.draw(1, 9), b = random.draw(1, 3), offset = random.draw(-4, 4);
    const Plain<double> x = random.whole<double>({m, b, n});
    const long length = std::max(0L, std::min(m - std::max(0L, -offset), n - std::max(0L, offset)));
    const auto want = make<double>({b, length}, [&](const Lengths& p) { return x.at({p[1] + std::max(0L, -offset), p[0], p[1] + std::max(0L, offset)}); });
    const auto a = random.array(x);
    expect_same(values_of(diagonal(a * 1.0, {.offset = offset, .axis1 = 0, .axis2 = 2})), want);
    expect_same(values_of(diagonal(a, {.offset = offset, .axis1 = 0, .axis2 = -1}).rechunk(2)), want);
  }
}

}  // namespace
}  // namespace ashlar::test
