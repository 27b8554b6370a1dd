#include "kernel.hpp"

#include <chrono>

namespace bench {
namespace {

constexpr double a = 0.999999, b = 1e-6, start = 1.2345;

// Of GCC and clang: a vector of as many doubles as one register of the target has; wider ones are cut.
template <int lanes>
struct Vector {
  using type __attribute__((vector_size(lanes * sizeof(double)))) = double;
};

// 64 doubles are 8 registers of AVX-512, and each is a chain of its own. With fewer or shorter registers as many are done at a time as
// stay in registers; the doubles do not depend on one another, so the results are the same.
template <int lanes>
[[gnu::always_inline]] inline double run(std::int64_t iterations) {
  using V = typename Vector<lanes>::type;
  double sum = 0;
  for (int part = 0; part < 8 / lanes; ++part) {
    V x0 = V{} + start, x1 = x0, x2 = x0, x3 = x0, x4 = x0, x5 = x0, x6 = x0, x7 = x0;
    for (std::int64_t i = 0; i < iterations; ++i) {
      x0 = x0 * a + b, x1 = x1 * a + b, x2 = x2 * a + b, x3 = x3 * a + b;
      x4 = x4 * a + b, x5 = x5 * a + b, x6 = x6 * a + b, x7 = x7 * a + b;
      // Nobody may find out that all of them are equal.
      asm volatile("" : "+x"(x0), "+x"(x1), "+x"(x2), "+x"(x3), "+x"(x4), "+x"(x5), "+x"(x6), "+x"(x7));
    }
    const V pair[4] = {x0 + x1, x2 + x3, x4 + x5, x6 + x7};
    const V all = (pair[0] + pair[1]) + (pair[2] + pair[3]);
    for (int lane = 0; lane < lanes; ++lane) sum += all[lane];
  }
  return sum;
}

#if defined(__x86_64__)
[[gnu::target("avx512f")]] double run_avx512(std::int64_t iterations) { return run<8>(iterations); }
[[gnu::target("avx2")]] double run_avx2(std::int64_t iterations) { return run<4>(iterations); }
double run_sse2(std::int64_t iterations) { return run<2>(iterations); }
#endif

}  // namespace

double flops(std::int64_t iterations) {
#if defined(__x86_64__)
  static const auto best = __builtin_cpu_supports("avx512f") ? run_avx512 : __builtin_cpu_supports("avx2") ? run_avx2 : run_sse2;
  return best(iterations);
#else
  return run<2>(iterations);
#endif
}

void spin(double seconds) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  while (clock::now() < end) {
  }
}

}  // namespace bench
