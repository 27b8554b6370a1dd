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

TEST(Linalg, LuIsAPermutationAndTwoTriangles) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  for (int i = 0; i < cases(15); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const long n = random.draw(1, 40);
    const Plain<double> plain = random.real({n, n});
    const auto [p, l, u] = linalg::lu(random.array(plain));
    const NDArray<double> pv = values_of(p), lv = values_of(l), uv = values_of(u);
    expect_near(as_array(product(as_array(product(pv, lv)), uv)), plain, 1e-13 * 40);
    expect_near(as_array(product(pv.transpose(), pv)), identity(n), 0);
    for (long row = 0; row < n; ++row)
      for (long column = 0; column < n; ++column) {
        ASSERT_TRUE(pv(row, column) == 0 || pv(row, column) == 1);
        if (column >= row) {
          ASSERT_EQ(lv(row, column), column == row ? 1.0 : 0.0);
        }
        ASSERT_LE(std::fabs(lv(row, column)), 1.0);  // pivots are the largest of their columns
        if (column < row) {
          ASSERT_EQ(uv(row, column), 0.0);
        }
      }
  }
  const auto complex = linalg::lu(from_array(NDArray<std::complex<double>>(Shape{2, 2}, {{0, 0}, {0, 2}, {3, 0}, {1, 1}}), {.chunks = 1}));
  EXPECT_EQ(values_of(std::get<2>(complex))(0, 0), std::complex<double>(3, 0));
  EXPECT_EQ(values_of(std::get<0>(complex))(0, 1), std::complex<double>(1, 0));
  EXPECT_NE(thrown<ShapeError>([] { linalg::lu(ones<double>({2, 3})); }).find("(2, 3)"), std::string::npos);
}

TEST(Linalg, LeastSquaresLeaveWhatIsPerpendicular) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  for (int i = 0; i < cases(10); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const long n = random.draw(1, 8), m = n + random.draw(0, 50), k = random.draw(1, 3);
    const Plain<double> a = random.real({m, n}), b = random.real({m, k});
    const auto [x, left, rank, s] = linalg::lstsq(random.array(a), random.array(b));
    const NDArray<double> xv = values_of(x), lv = values_of(left), sv = values_of(s), av = as_array(a);
    ASSERT_EQ(xv.shape(), Shape({n, k}));
    const NDArray<double> ax = as_array(product(av, xv));
    NDArray<double> rest(Shape{m, k});
    for (long row = 0; row < m; ++row)
      for (long c = 0; c < k; ++c) rest(row, c) = b.at({row, c}) - ax(row, c);
    // The residual stands on every column, and its square is what was reported.
    const NDArray<double> on_columns = as_array(product(av.transpose(), rest));
    const double condition = sv(0) / sv(n - 1);
    for (long row = 0; row < n; ++row)
      for (long c = 0; c < k; ++c) ASSERT_LE(std::fabs(on_columns(row, c)), 1e-12 * condition);
    for (long c = 0; c < k; ++c) {
      double sum = 0;
      for (long row = 0; row < m; ++row) sum += rest(row, c) * rest(row, c);
      ASSERT_NEAR(lv(c), sum, 1e-11 * condition);
    }
    EXPECT_EQ(run_fused(rank.node()).as<std::int64_t>()[0], n);
    const NDArray<double> of_svd = values_of(std::get<1>(linalg::svd(random.array(a))));
    for (long c = 0; c < n; ++c) ASSERT_NEAR(sv(c), of_svd(c), 1e-12 * of_svd(0));
    // One right side.
    const auto [one, left_one, rank_one, s_one] = linalg::lstsq(random.array(a), from_array(NDArray<double>(Shape{m}, std::vector<double>(static_cast<std::size_t>(m), 1.0))));
    EXPECT_EQ(values_of(one).shape(), Shape({n}));
    EXPECT_EQ(values_of(left_one).shape(), Shape({1}));
  }
  EXPECT_NE(thrown<ShapeError>([] { linalg::lstsq(ones<double>({2, 3}), ones<double>({2})); }).find("(2, 3)"), std::string::npos);
}

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
