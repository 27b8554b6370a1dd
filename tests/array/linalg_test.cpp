// Factorisations and norms: factors multiply back to the matrix.
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

// ---------------------------------------------------------------- factorisations
Plain<double> product(const NDArray<double>& a, const NDArray<double>& b) {
  return make<double>({a.shape()[0], b.shape()[1]}, [&](const Lengths& p) {
    long double sum = 0;
    for (long k = 0; k < a.shape()[1]; ++k) sum += static_cast<long double>(a(p[0], k)) * b(k, p[1]);
    return static_cast<double>(sum);
  });
}
Plain<double> identity(long n) {
  return make<double>({n, n}, [](const Lengths& p) { return p[0] == p[1] ? 1.0 : 0.0; });
}
NDArray<double> as_array(const Plain<double>& p) { return NDArray<double>(Shape(p.shape), p.values); }

TEST(Linalg, FactorsMultiplyBackToTheMatrix) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  for (int i = 0; i < cases(15); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const long m = random.draw(1, 60), n = random.draw(1, 12), k = std::min(m, n);
    for (const Lengths& shape : {Lengths{m, n}, Lengths{n, m}}) {
      SCOPED_TRACE(to_string(Shape(shape)));
      const Plain<double> plain = random.real(shape);
      const auto a = random.array(plain);
      const auto [q, r] = linalg::qr(a);
      const NDArray<double> qv = values_of(q), rv = values_of(r);
      ASSERT_EQ(qv.shape(), Shape({shape[0], k}));
      expect_near(as_array(product(qv, rv)), plain, 1e-13 * 60);
      expect_near(as_array(product(qv.transpose(), qv)), identity(k), 1e-13);
      for (long row = 0; row < k; ++row)
        for (long column = 0; column < row; ++column) ASSERT_EQ(rv(row, column), 0.0);
      const auto [u, s, vh] = linalg::svd(a);
      const NDArray<double> uv = values_of(u), sv = values_of(s), vv = values_of(vh);
      NDArray<double> us = uv.copy();
      for (long row = 0; row < shape[0]; ++row)
        for (long c = 0; c < k; ++c) us(row, c) *= sv(c);
      expect_near(as_array(product(us, vv)), plain, 1e-13 * 60);
      expect_near(as_array(product(uv.transpose(), uv)), identity(k), 1e-13);
      expect_near(as_array(product(vv, vv.transpose())), identity(k), 1e-13);
      for (long c = 1; c < k; ++c) ASSERT_GE(sv(c - 1), sv(c));
    }
    // A square system, with a zero on the diagonal so that rows must be exchanged.
    Plain<double> square = random.real({n, n}), right = random.real({n, 3});
    if (n > 1) square.values[0] = 0;
    const auto a = random.array(square);
    const NDArray<double> x = values_of(linalg::solve(a, random.array(right)));
    const NDArray<double> inverse = values_of(linalg::inv(a));
    double size = 1;
    for (double v : inverse) size = std::max(size, std::fabs(v));
    expect_near(as_array(product(as_array(square), x)), right, 1e-13 * size * 10);
    expect_near(as_array(product(as_array(square), inverse)), identity(n), 1e-13 * size * 10);
    Plain<double> column = right;
    column.shape = {n};
    column.values.resize(static_cast<std::size_t>(n));
    EXPECT_EQ(values_of(linalg::solve(a, random.array(column))).shape(), Shape({n}));
    // Symmetric and positive definite.
    Plain<double> definite = product(as_array(square), as_array(square).transpose());
    for (long d = 0; d < n; ++d) definite.values[static_cast<std::size_t>(d * n + d)] += 1;
    const auto spd = random.array(definite);
    const NDArray<double> lower = values_of(linalg::cholesky(spd, {.lower = true})), upper = values_of(linalg::cholesky(spd));
    expect_near(as_array(product(lower, upper)), definite, 1e-12);
    for (long row = 0; row < n; ++row)
      for (long c = row + 1; c < n; ++c) ASSERT_EQ(lower(row, c), 0.0);
    const auto l = random.array(Plain<double>{{n, n}, std::vector<double>(std::as_const(lower).begin(), std::as_const(lower).end())});
    expect_near(as_array(product(lower, values_of(linalg::solve_triangular(l, random.array(right), {.lower = true})))), right, 1e-12);
    expect_near(as_array(product(upper, values_of(linalg::solve_triangular(l.transpose(), random.array(right))))), right, 1e-12);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Linalg, RefusesSingularAndIndefiniteMatrices) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  EXPECT_NE(thrown<TaskError>([] { run_fused(linalg::solve(ones({3, 3}, {.chunks = 2}), ones({3})).node()); }).find("singular matrix"), std::string::npos);
  EXPECT_NE(thrown<TaskError>([] { run_fused(linalg::cholesky(-eye(3, {.chunks = 2})).node()); }).find("not positive definite"), std::string::npos);
  EXPECT_NE(thrown<ShapeError>([] { linalg::solve(ones({3, 2}), ones({3})); }).find("square"), std::string::npos);
  EXPECT_NE(thrown<ShapeError>([] { linalg::qr(ones({3})); }).find("matrix"), std::string::npos);
}

TEST(Linalg, NormsAreNumPys) {
  const auto x = from_array(array({{1.0, -2.0}, {3.0, 4.0}}), {.chunks = 1});
  EXPECT_DOUBLE_EQ(values_of(linalg::norm(x)).item(), std::sqrt(30.0));
  EXPECT_EQ(values_of(linalg::norm(x, {.ord = 1})).item(), 6.0);
  EXPECT_EQ(values_of(linalg::norm(x, {.ord = "inf"})).item(), 7.0);
  EXPECT_EQ(values_of(linalg::norm(x, {.ord = -1})).item(), 4.0);
  EXPECT_EQ(values_of(linalg::norm(x, {.ord = 1, .axis = 1, .keepdims = true}))(1, 0), 7.0);
  EXPECT_EQ(values_of(linalg::norm(x, {.ord = 0, .axis = 0}))(0), 2.0);
  if (blas::available()) {
    EXPECT_NEAR(values_of(linalg::norm(x, {.ord = 2})).item(), 5.116672736016928, 1e-13);
    EXPECT_NEAR(values_of(linalg::norm(x, {.ord = "nuc"})).item(), 5.116672736016928 + 10 / 5.116672736016928, 1e-13);
  }
  EXPECT_NE(thrown<ValueError>([&] { linalg::norm(x, {.ord = "abc"}); }).find("abc"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::test
