// The functions beside elementwise ones: products, factorisations, Fourier transforms, halos, counting, running sums, functions of one's own.
// Each against a loop that says what it means. Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <sstream>

#include "array/graph_runs.hpp"
#include "array/plain_array.hpp"
#include "ashlar/array/bins.hpp"
#include "ashlar/array/blockwise.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/cumulative.hpp"
#include "ashlar/array/fft.hpp"
#include "ashlar/array/linalg.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/overlap.hpp"
#include "ashlar/array/random.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/blas.hpp"

namespace ashlar::test {
namespace {

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

std::uint64_t first_seed() {
  const char* given = std::getenv("ASHLAR_TEST_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 20260401;
}
int cases(int normal) {
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

// ---------------------------------------------------------------- Fourier transforms
using Complex = std::complex<double>;
Plain<Complex> slow_dft(const Plain<Complex>& x, std::size_t axis, long n, double sign, double scale) {
  Lengths shape = x.shape;
  shape[axis] = n;
  return make<Complex>(shape, [&](const Lengths& p) {
    std::complex<long double> sum = 0;
    for (long j = 0; j < std::min(n, x.shape[axis]); ++j) {
      Lengths at = p;
      at[axis] = j;
      const Complex v = x.at(at);
      sum += std::complex<long double>(v.real(), v.imag()) *
             std::polar<long double>(1, sign * 2 * 3.14159265358979323846264338327950288L * static_cast<long double>((j * p[axis]) % n) / static_cast<long double>(n));
    }
    return Complex(sum * static_cast<long double>(scale));
  });
}

TEST(Fft, IsTheSumOfItsDefinition) {
  try {
    run_fused(fft::fft(ones({4})).node());
  } catch (const TaskError& error) {
    if (std::string(error.what()).find("apt install libfftw3") == std::string::npos) throw;
    GTEST_SKIP() << error.what();
  }
  for (int i = 0; i < cases(12); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const long m = random.draw(1, 12), n = random.draw(2, 12), wanted = random.draw(1, 15);
    const Plain<double> re = random.real({m, n}), im = random.real({m, n});
    const auto x = make<Complex>({m, n}, [&](const Lengths& p) { return Complex(re.at(p), im.at(p)); });
    const auto real = make<Complex>({m, n}, [&](const Lengths& p) { return Complex(re.at(p), 0); });
    const auto a = random.array(x);
    const auto r = random.array(re);
    expect_near(values_of(fft::fft(a)), slow_dft(x, 1, n, -1, 1), 1e-12);
    expect_near(values_of(fft::fft(a, {.n = wanted, .axis = 0})), slow_dft(x, 0, wanted, -1, 1), 1e-12);
    expect_near(values_of(fft::ifft(a, {.norm = "ortho"})), slow_dft(x, 1, n, 1, 1 / std::sqrt(static_cast<double>(n))), 1e-12);
    const auto both = slow_dft(slow_dft(x, 1, n, -1, 1), 0, m, -1, 1);
    expect_near(values_of(fft::fftn(a)), both, 1e-11);
    expect_near(values_of(fft::fft2(a)), both, 1e-11);
    expect_near(values_of(fft::ifft2(fft::fft2(a))), x, 1e-12);
    expect_near(values_of(fft::ifftn(fft::fftn(a))), x, 1e-12);
    const auto whole = slow_dft(real, 1, n, -1, 1);
    const auto half = make<Complex>({m, n / 2 + 1}, [&](const Lengths& p) { return whole.at(p); });
    expect_near(values_of(fft::rfft(r)), half, 1e-12);
    expect_near(values_of(fft::irfft(fft::rfft(r), {.n = n})), re, 1e-12);
    expect_near(values_of(fft::irfftn(fft::rfftn(r), {.s = {m, n}})), re, 1e-12);
    expect_near(values_of(fft::irfft2(fft::rfft2(r), {.s = {m, n}})), re, 1e-12);
    if (testing::Test::HasFatalFailure()) return;
  }
  static_assert(std::is_same_v<decltype(fft::fft(ones<float>({2}))), Array<std::complex<float>>>);
  EXPECT_EQ(values_of(fft::fft(ones<float>({4})))(0), std::complex<float>(4));
  EXPECT_NE(thrown<ValueError>([] { fft::fft(ones({0})); }).find("at least one element"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([] { fft::fft(ones({4}), {.norm = "x"}); }).find("\"x\""), std::string::npos);
}

TEST(Fft, FrequenciesAndShiftsAreNumPys) {
  std::ostringstream out;
  out << values_of(fft::fftfreq(5, {.d = 0.5, .chunks = 2})) << values_of(fft::rfftfreq(4)) << values_of(fft::fftshift(arange(5, {.chunks = 2}))) << values_of(fft::ifftshift(arange(5)));
  EXPECT_EQ(out.str(), "[ 0.   0.4  0.8 -0.8 -0.4][0.   0.25 0.5 ][3 4 0 1 2][2 3 4 0 1]");
}

// ---------------------------------------------------------------- halos
TEST(MapOverlap, SeesTheNeighboursAndWhatTheBoundarySays) {
  const char* kinds[] = {"none", "periodic", "reflect", "nearest", "constant"};
  for (int i = 0; i < cases(60); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    Random random(seed);
    const Lengths shape{random.draw(3, 12), random.draw(3, 12)};
    const long depth[] = {random.draw(0, 3), random.draw(0, 3)};
    const int kind[] = {static_cast<int>(random.draw(0, 4)), static_cast<int>(random.draw(0, 4))};
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed) + " " + to_string(Shape(shape)) + ", depths " + std::to_string(depth[0]) + " and " + std::to_string(depth[1]) + ", boundaries " +
                 kinds[kind[0]] + " and " + kinds[kind[1]]);
    const Plain<double> x = random.whole<double>(shape);
    const auto boundary = [&](int k) { return k == 4 ? Boundary(7) : Boundary(kinds[k]); };
    const MapOverlapOptions options{.depth = {depth[0], depth[1]}, .boundary = {boundary(kind[0]), boundary(kind[1])}};
    // An element of the surroundings; the axes are mapped from the last to the first, so that corners are filled as Dask fills them.
    const std::function<double(Lengths, int)> around = [&](Lengths p, int axis) -> double {
      if (axis < 0) return x.at(p);
      const auto a = static_cast<std::size_t>(axis);
      const long n = shape[a];
      if (p[a] < 0 || p[a] >= n) {
        if (kind[a] == 1) p[a] = (p[a] + n) % n;
        else if (kind[a] == 2) p[a] = p[a] < 0 ? -1 - p[a] : 2 * n - 1 - p[a];
        else if (kind[a] == 3) p[a] = p[a] < 0 ? 0 : n - 1;
        else return 7;
      }
      return around(p, axis - 1);
    };
    const auto want = make<double>(shape, [&](const Lengths& p) {
      double sum = 0;
      for (long di = -depth[0]; di <= depth[0]; ++di)
        for (long dj = -depth[1]; dj <= depth[1]; ++dj) {
          const Lengths there{p[0] + di, p[1] + dj};
          bool exists = true;
          for (std::size_t a = 0; a < 2; ++a) exists = exists && (kind[a] != 0 || (there[a] >= 0 && there[a] < shape[a]));
          if (exists) sum += static_cast<double>(di * 3 + dj * 5 + 31) * around(there, 1);
        }
      return sum;
    });
    struct Depths {
      long of[2];
    };
    const Depths d{{depth[0], depth[1]}};
    const auto window = [d](const NDArray<double>& block) {
      NDArray<double> result(block.shape());
      for (long i = 0; i < block.shape()[0]; ++i)
        for (long j = 0; j < block.shape()[1]; ++j) {
          double sum = 0;
          for (long di = -d.of[0]; di <= d.of[0]; ++di)
            for (long dj = -d.of[1]; dj <= d.of[1]; ++dj)
              if (i + di >= 0 && i + di < block.shape()[0] && j + dj >= 0 && j + dj < block.shape()[1])
                sum += static_cast<double>(di * 3 + dj * 5 + 31) * block(i + di, j + dj);
          result(i, j) = sum;
        }
      return result;
    };
    expect_same(values_of(random.array(x).map_overlap(window, options)), want);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MapOverlap, KeepsTheHaloWhenAsked) {
  const auto x = arange(6, {.chunks = 3});
  std::ostringstream out;
  out << values_of(overlap::overlap(x, {.depth = 1, .boundary = reflect})) << values_of(overlap::overlap(x, {.depth = {{2, 0}}}));
  EXPECT_EQ(out.str(), "[0 0 1 2 3 2 3 4 5 5][0 1 2 1 2 3 4 5]");
  const auto sum = map_overlap(MapOverlapOptions{.depth = 1, .boundary = periodic}, [](NDArray<std::int64_t> a, NDArray<double> b) { return a + b; }, x, arange<double>(6, {.chunks = 2}));
  EXPECT_EQ(values_of(sum)(5), 10.0);
}

TEST(MapOverlap, RefusesWhatCannotBe) {
  const auto same = [](NDArray<double> b) { return b; };
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = 4}); }).find("longer than the array"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = -1}); }).find("at least 0"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = 1, .boundary = "mirror"}); }).find("\"mirror\""), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = {{1, 2}}, .boundary = periodic}); }).find("differ on both sides"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({4}, {.chunks = 1}).map_overlap(same, {.depth = 2, .allow_rechunk = false}); }).find("allow_rechunk joins them"), std::string::npos);
  EXPECT_NE(thrown<TaskError>([&] { run_fused(ones({4}).map_overlap([](NDArray<double>) { return NDArray<double>({1}); }, {.depth = 1}).node()); }).find("another shape"), std::string::npos);
}

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
std::vector<double> sample(const Array<double>& x) {
  const NDArray<double> values = values_of(x);
  return {values.begin(), values.end()};
}
struct Moments {
  double mean, variance;
};
template <class T>
Moments moments(const Array<T>& x) {
  const NDArray<T> values = values_of(x);
  double mean = 0, square = 0;
  for (T v : values) mean += static_cast<double>(v) / static_cast<double>(values.size());
  for (T v : values) square += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean) / static_cast<double>(values.size());
  return {mean, square};
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

// ---------------------------------------------------------------- functions of one's own
TEST(Blockwise, GivesEachFunctionItsOwnAxes) {
  const auto a = arange(6, {.chunks = 2}).reshape({2, 3}).rechunk({1, 2}), b = arange(12).reshape({3, 4}).rechunk({2, 3});
  const auto c = blockwise(
      [](const NDArray<std::int64_t>& x, const NDArray<std::int64_t>& y) {
        NDArray<std::int64_t> r({x.shape()[0], y.shape()[1]});
        for (index_t i = 0; i < r.shape()[0]; ++i)
          for (index_t j = 0; j < r.shape()[1]; ++j)
            for (index_t k = 0; k < x.shape()[1]; ++k) r(i, j) += x(i, k) * y(k, j);
        return r;
      },
      "ij", a, "ik", b, "kj");
  EXPECT_EQ(c.chunks(), (Chunks{{1, 1}, {3, 1}}));
  const NDArray<std::int64_t> got = values_of(c), want = values_of(matmul(a, b));
  for (index_t i = 0; i < 2; ++i)
    for (index_t j = 0; j < 4; ++j) EXPECT_EQ(got(i, j), want(i, j));
  const auto turned = blockwise([](NDArray<std::int64_t> x) { return NDArray<std::int64_t>(x.transpose().copy()); }, "ji", a, "ij");
  EXPECT_EQ(values_of(turned)(2, 1), 5);
  EXPECT_NE(thrown<ValueError>([&] { blockwise([](NDArray<std::int64_t> x) { return x; }, "iz", a, "ij"); }).find("new_axes"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { blockwise([](NDArray<std::int64_t> x) { return x; }, "i", a, "i"); }).find("a letter per axis"), std::string::npos);
}

TEST(Reduction, CombinesAlongTheChunksOnly) {
  const auto x = arange(60, {.chunks = 7}).reshape({10, 6}).rechunk({1, 2});
  const auto largest = [](const NDArray<std::int64_t>& b, std::vector<int> axis) { return max(b, {.axis = axis, .keepdims = true}); };
  std::ostringstream out;
  out << values_of(reduction(x, largest, largest, {.axis = 0, .split_every = 3})) << values_of(reduction(x, largest, largest)).item() << values_of(reduction(x, largest, largest, {.axis = 1, .keepdims = true})).shape();
  EXPECT_EQ(out.str(), "[54 55 56 57 58 59]59(10, 1)");
  // The mean, from pairs that are packed into numbers of another type.
  const auto mean = reduction(
      x, [](const NDArray<std::int64_t>& b) { return NDArray<double>({1, 1}, {static_cast<double>(sum(b))}); },
      [](const NDArray<double>& b) { return NDArray<float>({1, 1}, {static_cast<float>(sum(b) / 60)}); },
      [](const NDArray<double>& b) { return NDArray<double>({1, 1}, {sum(b)}); });
  EXPECT_EQ(values_of(mean).item(), 29.5f);
  EXPECT_NE(thrown<ValueError>([&] { reduction(x, largest, largest, {.split_every = 1}); }).find("at least 2"), std::string::npos);
}

// ---------------------------------------------------------------- sources that make parts
TEST(Sources, MakeOnlyTheElementsThatAreNeeded) {
  struct Asked {
    std::vector<index_t> start, step;
    Chunks chunks;
  };
  auto asked = std::make_shared<std::vector<Asked>>();
  const Chunks chunks{{4, 4, 2}, {100, 100}};
  const auto part = [asked](GraphBuilder& builder, std::span<const index_t> start, std::span<const index_t> step, const Chunks& cut) {
    asked->push_back({{start.begin(), start.end()}, {step.begin(), step.end()}, cut});
    Shape shape;
    for (const auto& sizes : cut) shape.v.push_back(std::accumulate(sizes.begin(), sizes.end(), index_t{0}));
    const std::vector<Index> indices{Index(range(start[0], start[0] + step[0] * shape[0], step[0])), Index(range(start[1], start[1] + step[1] * shape[1], step[1]))};
    const Array<std::int64_t> values = arange(2000).reshape({10, 200});
    return detail::lower_array(Array<std::int64_t>(expression::slice(values.node(), indices)).rechunk(cut).node(), builder);
  };
  const auto x = make_source_array<std::int64_t>({10, 200}, chunks, [part](GraphBuilder& builder) { return part(builder, std::vector<index_t>{0, 0}, std::vector<index_t>{1, 1}, Chunks{{4, 4, 2}, {100, 100}}); });
  const Array<std::int64_t> y(make_source(DType::int64, {10, 200}, chunks, [part](GraphBuilder& builder) { return part(builder, std::vector<index_t>{0, 0}, std::vector<index_t>{1, 1}, Chunks{{4, 4, 2}, {100, 100}}); }, "source", part));
  const auto same = [&](auto&& f) {
    const Block whole = run_fused(f(x).node());
    asked->clear();
    EXPECT_TRUE(same_bits(run_fused(f(y).node()), whole));
    ASSERT_EQ(asked->size(), 1u);
  };
  same([](const auto& a) { return a(range(3, 9, 2), range(90, 110)) * 2 + 1; });
  EXPECT_EQ(asked->front().start, (std::vector<index_t>{3, 90}));
  EXPECT_EQ(asked->front().step, (std::vector<index_t>{2, 1}));
  EXPECT_EQ(asked->front().chunks, (Chunks{{1, 2}, {10, 10}}));
  same([](const auto& a) { return a(range(_, _, -1), 150); });
  EXPECT_EQ(asked->front().chunks, (Chunks{{4, 4, 2}, {1}}));
  same([](const auto& a) { return (a + 1)(7, range(_, 20)) + a(2, range(20, 40)); });  // the box around both
  EXPECT_EQ(asked->front().chunks, (Chunks{{1, 1}, {40}}));
  same([](const auto& a) { return a({5, 2}, {range(0, 3)}).sum({.axis = 0}); });
  EXPECT_EQ(asked->front().start, (std::vector<index_t>{2, 0}));
  same([](const auto& a) { return a.sum({.axis = 1}); });
  EXPECT_EQ(asked->front().chunks, chunks);
}

TEST(Explain, SaysWhatRunsBeforeAndAfter) {
  std::ostringstream out;
  (ones({4, 4}, {.chunks = 2}) * 2 + 1)(range(0, 2)).explain(out);
  EXPECT_NE(out.str().find("as written: "), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("optimised: 2 tasks"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("multiply"), std::string::npos) << out.str();
}

// ---------------------------------------------------------------- random numbers
TEST(RandomNumbers, FollowTheirDistributions) {
  auto rng = random::default_rng(11);
  const Shape shape{20'000};
  const random::RandomOptions cut{.chunks = 3'000};
  // 1.95: exceeded once in a thousand draws; the seed is fixed.
  EXPECT_LT(distance(sample(rng.laplace(shape, {.loc = 1, .scale = 2})), [](double x) { return x < 1 ? 0.5 * std::exp((x - 1) / 2) : 1 - 0.5 * std::exp(-(x - 1) / 2); }), 1.95);
  EXPECT_LT(distance(sample(rng.logistic(shape)), [](double x) { return 1 / (1 + std::exp(-x)); }), 1.95);
  EXPECT_LT(distance(sample(rng.gumbel(shape)), [](double x) { return std::exp(-std::exp(-x)); }), 1.95);
  EXPECT_LT(distance(sample(rng.rayleigh(shape)), [](double x) { return 1 - std::exp(-x * x / 2); }), 1.95);
  EXPECT_LT(distance(sample(rng.weibull(1.5, shape, cut)), [](double x) { return 1 - std::exp(-std::pow(x, 1.5)); }), 1.95);
  EXPECT_LT(distance(sample(rng.pareto(3, shape, cut)), [](double x) { return 1 - std::pow(1 + x, -3); }), 1.95);
  EXPECT_LT(distance(sample(rng.standard_cauchy(shape, cut)), [](double x) { return 0.5 + std::atan(x) / 3.14159265358979323846; }), 1.95);
  EXPECT_LT(distance(sample(rng.triangular(shape)), [](double x) { return x < 0.5 ? 2 * x * x : 1 - 2 * (1 - x) * (1 - x); }), 1.95);
  EXPECT_LT(distance(sample(rng.lognormal(shape)), [](double x) { return 0.5 * std::erfc(-std::log(x) / std::sqrt(2.0)); }), 1.95);
  EXPECT_LT(distance(sample(rng.chisquare(2, shape, cut)), [](double x) { return 1 - std::exp(-x / 2); }), 1.95);
  EXPECT_LT(distance(sample(rng.standard_gamma(0.5, shape, cut)), [](double x) { return std::erf(std::sqrt(x)); }), 1.95);
  EXPECT_LT(distance(sample(rng.gamma(3, shape)), [](double x) { return 1 - std::exp(-x) * (1 + x + x * x / 2); }), 1.95);
  EXPECT_LT(distance(sample(rng.beta(2, 1, shape, cut)), [](double x) { return x * x; }), 1.95);
  EXPECT_LT(distance(sample(rng.f(2, 4, shape, cut)), [](double x) { return 1 - std::pow(1 + x / 2, -2); }), 1.95);
  EXPECT_LT(distance(sample(rng.standard_t(2, shape, cut)), [](double x) { return 0.5 + x / (2 * std::sqrt(2 + x * x)); }), 1.95);
  const auto near = [](const Moments& got, double mean, double variance) {
    EXPECT_NEAR(got.mean, mean, 4 * std::sqrt(variance / 20'000));
    EXPECT_NEAR(got.variance, variance, 0.08 * variance);
  };
  near(moments(rng.geometric(0.25, shape, cut)), 4, 12);
  for (double mean : {0.3, 4.0, 30.0, 1000.0}) near(moments(rng.poisson(mean, shape, cut)), mean, mean);
  for (double p : {0.01, 0.3, 0.9}) near(moments(rng.binomial(100, p, shape, cut)), 100 * p, 100 * p * (1 - p));
  near(moments(rng.binomial(1'000'000, 0.5, shape, cut)), 500'000, 250'000);
}

TEST(RandomNumbers, AreTheSameInAnyChunks) {
  for (const index_t chunk : {1, 3, 7, 100}) {
    auto rng = random::default_rng(5);
    const random::RandomOptions cut{.chunks = {chunk, 4}};
    EXPECT_EQ(values_of(rng.standard_gamma(2, {7, 9}, cut))(6, 8), values_of(random::default_rng(5).standard_gamma(2, {7, 9}))(6, 8));
    EXPECT_EQ(values_of(rng.poisson(50, {7, 9}, cut))(3, 2), [] {
      auto other = random::default_rng(5);
      other.standard_gamma(2, {7, 9});
      return values_of(other.poisson(50, {7, 9}))(3, 2);
    }());
  }
  random::seed(3);
  const auto a = random::random({4}), b = random::random({4});
  random::seed(3);
  EXPECT_TRUE(same_bits(run_fused(a.node()), run_fused(random::random({4}).node())));
  EXPECT_FALSE(same_bits(run_fused(a.node()), run_fused(b.node())));
  const NDArray<std::int64_t> dice = values_of(random::randint({100}, {.low = 1, .high = 7}));
  EXPECT_EQ(min(dice), 1);
  EXPECT_EQ(max(dice), 6);
  EXPECT_NE(thrown<ValueError>([] { random::default_rng(1).binomial(3, 1.5, {2}); }).find("probability"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([] { random::default_rng(1).triangular({2}, {.left = 2}); }).find("left <= mode"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::test
