// Fourier transforms, against the sum of their definition.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "array/function_checks.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/fft.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

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

}  // namespace
}  // namespace ashlar::test
