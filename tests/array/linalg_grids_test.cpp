// Factorisations on grids of 6 x 6 blocks, on ranks, against LAPACK on the whole matrix in one block: backward errors are as small, also where
// rows are scaled so that pivots come from other blocks. Blocks are of 40 rows or so; of 200 with ASHLAR_TEST_LONG.
#include <ashlar/ashlar.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "ashlar/ndarray/blas.hpp"
#include "harness/job_main.hpp"

namespace ashlar::test {
namespace {

const bool full_size = std::getenv("ASHLAR_TEST_LONG") != nullptr;
constexpr double epsilon = 0x1p-53;

// The references go over millions of long doubles; tests are compiled without optimisation.
#pragma GCC push_options
#pragma GCC optimize("O2")

struct Matrix {
  index_t rows = 0, columns = 0;
  std::vector<double> v;
  Matrix(index_t m, index_t n) : rows(m), columns(n), v(static_cast<std::size_t>(m * n)) {}
  explicit Matrix(const NDArray<double>& a) : Matrix(a.shape()[0], a.shape()[1]) { std::copy(a.begin(), a.end(), v.begin()); }
  double* row(index_t i) { return v.data() + i * columns; }
  const double* row(index_t i) const { return v.data() + i * columns; }
  NDArray<double> array() const { return NDArray<double>(Shape{rows, columns}, v); }
  Matrix transposed() const {
    Matrix t(columns, rows);
    for (index_t i = 0; i < rows; ++i)
      for (index_t j = 0; j < columns; ++j) t.row(j)[i] = row(i)[j];
    return t;
  }
};

// The largest |a - l u| in units of |l| |u|, element by element: rows of any scale count alike. It is at most n epsilon for any way of
// eliminating (Higham 9.3).
double elementwise_error(const Matrix& a, const Matrix& l, const Matrix& u) {
  double worst = 0;
  std::vector<long double> sum(static_cast<std::size_t>(a.columns));
  std::vector<double> size(sum.size());
  for (index_t i = 0; i < a.rows; ++i) {
    for (index_t j = 0; j < a.columns; ++j) sum[static_cast<std::size_t>(j)] = a.row(i)[j];
    std::fill(size.begin(), size.end(), 0.0);
    for (index_t k = 0; k < l.columns; ++k) {
      const double f = l.row(i)[k];
      if (f == 0) continue;
      const double* from = u.row(k);
      long double* const left = sum.data();
      double* const sizes = size.data();
      for (index_t j = 0; j < a.columns; ++j) {
        left[j] -= static_cast<long double>(f) * from[j];
        sizes[j] += std::fabs(f * from[j]);
      }
    }
    for (std::size_t j = 0; j < size.size(); ++j)
      if (size[j] > 0) worst = std::max(worst, static_cast<double>(std::fabs(sum[j])) / size[j]);
  }
  return worst;
}

// The largest column of |a - q r|, against that column of a; and the largest element of q'q - 1.
double columns_error(const Matrix& a, const Matrix& q, const Matrix& r) {
  std::vector<double> left(static_cast<std::size_t>(a.columns)), size(left.size());
  std::vector<long double> sum(left.size());
  for (index_t i = 0; i < a.rows; ++i) {
    for (index_t j = 0; j < a.columns; ++j) sum[static_cast<std::size_t>(j)] = a.row(i)[j];
    for (index_t k = 0; k < q.columns; ++k) {
      const long double factor = q.row(i)[k];
      const double* const from = r.row(k);
      long double* const to = sum.data();
      for (index_t j = k; j < a.columns; ++j) to[j] -= factor * from[j];
    }
    for (std::size_t j = 0; j < left.size(); ++j) {
      left[j] = std::hypot(left[j], static_cast<double>(sum[j]));
      size[j] = std::hypot(size[j], a.row(i)[static_cast<index_t>(j)]);
    }
  }
  double worst = 0;
  for (std::size_t j = 0; j < left.size(); ++j) worst = std::max(worst, left[j] / size[j]);
  return worst;
}
double orthogonality_error(const Matrix& q) {
  const Matrix t = q.transposed();
  double worst = 0;
  for (index_t i = 0; i < t.rows; ++i)
    for (index_t j = 0; j <= i; ++j) {
      long double sum = i == j ? -1 : 0;
      const double *const left = t.row(i), *const right = t.row(j);
      for (index_t k = 0; k < t.columns; ++k) sum += static_cast<long double>(left[k]) * right[k];
      worst = std::max(worst, static_cast<double>(std::fabs(sum)));
    }
  return worst;
}

// |b - a x| against |a| |x| + |b|, in the norm of the largest sum of a row.
double solution_error(const Matrix& a, const Matrix& x, const Matrix& b) {
  double left = 0, of_a = 0, of_x = 0, of_b = 0;
  for (index_t c = 0; c < b.columns; ++c)
    for (index_t i = 0; i < a.rows; ++i) {
      long double sum = b.row(i)[c];
      double row = 0;
      for (index_t k = 0; k < a.columns; ++k) {
        sum -= static_cast<long double>(a.row(i)[k]) * x.row(k)[c];
        row += std::fabs(a.row(i)[k]);
      }
      left = std::max(left, static_cast<double>(std::fabs(sum)));
      of_a = std::max(of_a, row);
      of_x = std::max(of_x, std::fabs(x.row(i)[c]));
      of_b = std::max(of_b, std::fabs(b.row(i)[c]));
    }
  return left / (of_a * of_x + of_b);
}

#pragma GCC pop_options

struct Case {
  std::string story;
  std::mt19937_64 random;
  index_t n = 0;
  Chunks grid;

  explicit Case(std::uint64_t seed) : story("ASHLAR_TEST_SEED=" + std::to_string(seed)), random(seed) {
    // Blocks of one size, or of sizes that differ.
    for (int axis = 0; axis < 2; ++axis) {
      grid.emplace_back();
      for (int block = 0; block < 6; ++block) grid.back().push_back(full_size ? 200 : 40);
    }
    if (seed % 2) {
      grid[0][1] += 7, grid[0][4] -= 7;
      grid[1][0] -= 13, grid[1][5] += 13;
    }
    for (index_t length : grid[0]) n += length;
  }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
  Matrix matrix(index_t rows, index_t columns) {
    Matrix m(rows, columns);
    for (double& x : m.v) x = std::normal_distribution<double>()(random);
    return m;
  }
  Array<double> on_grid(const Matrix& m) const { return from_array(m.array()).rechunk(ChunkSpec(grid)); }
  static Array<double> in_one(const Matrix& m) { return from_array(m.array(), {.chunks = {m.rows, m.columns}}); }
};

std::vector<std::uint64_t> seeds() {
  if (const char* given = std::getenv("ASHLAR_TEST_SEED")) return {std::strtoull(given, nullptr, 10)};
  return {20261126, 20261127};
}

// As small as LAPACK's: within a factor that rounding in another order makes.
void expect_as_small(double found, double of_lapack, const std::string& what) {
  EXPECT_LE(found, 4 * of_lapack + 4 * epsilon) << what << ": " << found / epsilon << " epsilon, of LAPACK " << of_lapack / epsilon;
  std::printf("%s: %.1f epsilon, LAPACK %.1f\n", what.c_str(), found / epsilon, of_lapack / epsilon);
}

TEST(LinalgGrids, lu_and_solve_pivot_across_blocks) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  for (const std::uint64_t seed : seeds())
    for (const double decades : {0.0, 8.0}) {
      Case c(seed);
      SCOPED_TRACE(c.story);
      Matrix a = c.matrix(c.n, c.n);
      // Larger rows lie further below, in other blocks than the columns that choose them.
      for (index_t i = 0; i < c.n; ++i) {
        const double factor = std::pow(10, decades * (2.0 * static_cast<double>(i) / static_cast<double>(c.n) - 1) + (decades > 0 ? c.uniform(-2, 2) : 0));
        for (index_t j = 0; j < c.n; ++j) a.row(i)[j] *= factor;
      }
      const auto error_of = [&](const Array<double>& x, index_t* moved) {
        const auto factors = linalg::lu(x);
        const Matrix p(std::get<0>(factors).compute()), l(std::get<1>(factors).compute()), u(std::get<2>(factors).compute());
        Matrix ordered(c.n, c.n);
        for (index_t i = 0; i < c.n; ++i) {
          index_t ones = 0;
          for (index_t j = 0; j < c.n; ++j) {
            if (p.row(i)[j] == 0) continue;
            ++ones;
            EXPECT_EQ(p.row(i)[j], 1.0);
            std::copy(a.row(i), a.row(i) + c.n, ordered.row(j));
            if (moved && i * 6 / c.n != j * 6 / c.n) ++*moved;
          }
          EXPECT_EQ(ones, 1);
          for (index_t j = 0; j < c.n; ++j) {
            EXPECT_LE(std::fabs(l.row(i)[j]), j > i ? 0.0 : 1.0);
            if (j < i) {
              EXPECT_EQ(u.row(i)[j], 0.0);
            }
          }
        }
        return elementwise_error(ordered, l, u);
      };
      index_t moved = 0;
      const double found = error_of(c.on_grid(a), &moved);
      expect_as_small(found, error_of(Case::in_one(a), nullptr), "lu, 10^" + std::to_string(static_cast<int>(decades)));
      EXPECT_LE(found, static_cast<double>(c.n) * epsilon);
      EXPECT_GT(moved, c.n / 2) << "pivots stayed in their blocks: nothing was tried";

      const Matrix b = c.matrix(c.n, 3);
      const Matrix x(linalg::solve(c.on_grid(a), from_array(b.array(), {.chunks = {c.grid[0].front(), 2}})).compute());
      const Matrix of_lapack(linalg::solve(Case::in_one(a), Case::in_one(b)).compute());
      expect_as_small(solution_error(a, x, b), solution_error(a, of_lapack, b), "solve, 10^" + std::to_string(static_cast<int>(decades)));
    }
}

TEST(LinalgGrids, cholesky_of_scaled_matrices) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  for (const std::uint64_t seed : seeds())
    for (const double decades : {0.0, 6.0}) {
      Case c(seed);
      c.grid[0] = c.grid[1];
      c.n = 0;
      for (index_t length : c.grid[0]) c.n += length;
      SCOPED_TRACE(c.story);
      const Matrix m = c.matrix(c.n, c.n);
      std::vector<double> scale;
      for (index_t i = 0; i < c.n; ++i) scale.push_back(std::pow(10, c.uniform(-decades, decades)));
      Matrix a(c.n, c.n);
      for (index_t i = 0; i < c.n; ++i)
        for (index_t j = 0; j <= i; ++j) {
          double sum = i == j ? 1 : 0;
          for (index_t k = 0; k < c.n; ++k) sum += m.row(i)[k] * m.row(j)[k];
          a.row(i)[j] = a.row(j)[i] = sum * scale[static_cast<std::size_t>(i)] * scale[static_cast<std::size_t>(j)];
        }
      const auto error_of = [&](const Array<double>& x) {
        const Matrix l(linalg::cholesky(x, {.lower = true}).compute());
        for (index_t i = 0; i < c.n; ++i) {
          EXPECT_GT(l.row(i)[i], 0);
          for (index_t j = i + 1; j < c.n; ++j) EXPECT_EQ(l.row(i)[j], 0.0);
        }
        return elementwise_error(a, l, l.transposed());
      };
      const double found = error_of(c.on_grid(a));
      expect_as_small(found, error_of(Case::in_one(a)), "cholesky, 10^" + std::to_string(static_cast<int>(decades)));
      EXPECT_LE(found, static_cast<double>(c.n + 1) * epsilon);
    }
}

TEST(LinalgGrids, qr_of_scaled_columns_and_rows) {
  if (!blas::available()) GTEST_SKIP() << "OpenBLAS is not installed";
  for (const std::uint64_t seed : seeds())
    for (const bool rows : {false, true}) {
      Case c(seed);
      SCOPED_TRACE(c.story);
      Matrix a = c.matrix(c.n, c.n);
      std::vector<double> scale;
      for (index_t i = 0; i < c.n; ++i) scale.push_back(std::pow(10, c.uniform(-6, 6)));
      for (index_t i = 0; i < c.n; ++i)
        for (index_t j = 0; j < c.n; ++j) a.row(i)[j] *= scale[static_cast<std::size_t>(rows ? i : j)];
      const auto [q, r] = linalg::qr(c.on_grid(a));
      const auto [q_lapack, r_lapack] = linalg::qr(Case::in_one(a));
      const Matrix qv(q.compute()), rv(r.compute()), ql(q_lapack.compute()), rl(r_lapack.compute());
      for (index_t i = 0; i < c.n; ++i)
        for (index_t j = 0; j < i; ++j) ASSERT_EQ(rv.row(i)[j], 0.0);
      const std::string scaled = rows ? ", rows scaled" : ", columns scaled";
      expect_as_small(columns_error(a, qv, rv), columns_error(a, ql, rl), "qr" + scaled);
      expect_as_small(orthogonality_error(qv), orthogonality_error(ql), "q'q - 1" + scaled);
    }
}

}  // namespace
}  // namespace ashlar::test

ASHLAR_JOB_MAIN()
