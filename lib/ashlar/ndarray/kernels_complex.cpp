// Complex numbers: every operation NumPy defines for them, one element after the other.
#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/kernels_element_detail.hpp"

namespace ashlar::kernels {
namespace {

template <class F, class T, class R>
void each1(index_t n, void* out, const void* a, const void*, const void*) {
  for (index_t i = 0; i < n; ++i) static_cast<R*>(out)[i] = F::of(static_cast<const T*>(a)[i]);
}
template <class F, class T, class R>
void each2(index_t n, void* out, const void* a, const void* b, const void*) {
  for (index_t i = 0; i < n; ++i) static_cast<R*>(out)[i] = F::of(static_cast<const T*>(a)[i], static_cast<const T*>(b)[i]);
}
template <class T>
void clip_each(index_t n, void* out, const void* a, const void* b, const void* c) {
  for (index_t i = 0; i < n; ++i)
    static_cast<T*>(out)[i] = element::clip::of(static_cast<const T*>(a)[i], static_cast<const T*>(b)[i], static_cast<const T*>(c)[i]);
}
template <class T>
void choose(index_t n, void* out, const void* a, const void* b, const void* c) {
  for (index_t i = 0; i < n; ++i) static_cast<T*>(out)[i] = static_cast<const bool*>(a)[i] ? static_cast<const T*>(b)[i] : static_cast<const T*>(c)[i];
}

struct magnitude {
  template <class P>
  static P of(std::complex<P> a) { return std::hypot(a.real(), a.imag()); }
};
struct power {
  template <class P>
  static std::complex<P> of(std::complex<P> a, std::complex<P> b) {
    using T = std::complex<P>;
    if (b.real() == 0 && b.imag() == 0) return T(1);
    if (a.real() == 0 && a.imag() == 0) {
      const P nan = std::numeric_limits<P>::quiet_NaN();
      return b.real() > 0 ? T(0) : T(nan, nan);
    }
    // Small whole exponents by products, as NumPy: exact where pow is not.
    if (b.imag() == 0 && b.real() > -100 && b.real() < 100 && b.real() == std::trunc(b.real())) {
      const int whole = static_cast<int>(b.real());
      T base = a, result(1);
      for (int left = whole < 0 ? -whole : whole; left; left >>= 1) {
        if (left & 1) result = element::multiply::of(result, base);
        base = element::multiply::of(base, base);
      }
      return whole < 0 ? element::divide::of(T(1), result) : result;
    }
    return std::pow(a, b);
  }
};
struct exp2 {
  template <class P>
  static std::complex<P> of(std::complex<P> a) {
    if (a.imag() == 0) return {std::exp2(a.real()), a.imag()};
    const P angle = a.imag() * P(0.693147180559945309417232121458176568L), scale = std::exp2(a.real());
    return {scale * std::cos(angle), scale * std::sin(angle)};
  }
};
struct expm1 {  // keeps the digits near zero
  template <class P>
  static std::complex<P> of(std::complex<P> a) {
    const P half = std::sin(a.imag() / 2);
    return {std::expm1(a.real()) * std::cos(a.imag()) - 2 * half * half, std::exp(a.real()) * std::sin(a.imag())};
  }
};
struct log2 {
  template <class P>
  static std::complex<P> of(std::complex<P> a) {
    const std::complex<P> l = std::log(a);
    return {l.real() * P(1.442695040888963407359924681001892137L), l.imag() * P(1.442695040888963407359924681001892137L)};
  }
};
struct log1p {
  template <class P>
  static std::complex<P> of(std::complex<P> a) {
    return {std::log(std::hypot(a.real() + 1, a.imag())), std::atan2(a.imag(), a.real() + 1)};
  }
};
#define ASHLAR_LIBM(name, function)                                          \
  struct name {                                                              \
    template <class P>                                                       \
    static std::complex<P> of(std::complex<P> a) { return function(a); }     \
  };
ASHLAR_LIBM(sqrt, std::sqrt)
ASHLAR_LIBM(exp, std::exp)
ASHLAR_LIBM(log, std::log)
ASHLAR_LIBM(log10, std::log10)
ASHLAR_LIBM(sin, std::sin)
ASHLAR_LIBM(cos, std::cos)
ASHLAR_LIBM(tan, std::tan)
ASHLAR_LIBM(arcsin, std::asin)
ASHLAR_LIBM(arccos, std::acos)
ASHLAR_LIBM(arctan, std::atan)
ASHLAR_LIBM(sinh, std::sinh)
ASHLAR_LIBM(cosh, std::cosh)
ASHLAR_LIBM(tanh, std::tanh)
ASHLAR_LIBM(arcsinh, std::asinh)
ASHLAR_LIBM(arccosh, std::acosh)
ASHLAR_LIBM(arctanh, std::atanh)
#undef ASHLAR_LIBM

template <class T>
Elementwise complex_of(Op op) {
  using Part = typename T::value_type;
  switch (op) {
#define ASHLAR_ONE(name) case Op::name: return &each1<name, T, T>;
    ASHLAR_ONE(sqrt) ASHLAR_ONE(exp) ASHLAR_ONE(exp2) ASHLAR_ONE(expm1) ASHLAR_ONE(log) ASHLAR_ONE(log2) ASHLAR_ONE(log10)
    ASHLAR_ONE(log1p) ASHLAR_ONE(sin) ASHLAR_ONE(cos) ASHLAR_ONE(tan) ASHLAR_ONE(arcsin) ASHLAR_ONE(arccos) ASHLAR_ONE(arctan)
    ASHLAR_ONE(sinh) ASHLAR_ONE(cosh) ASHLAR_ONE(tanh) ASHLAR_ONE(arcsinh) ASHLAR_ONE(arccosh) ASHLAR_ONE(arctanh)
#undef ASHLAR_ONE
#define ASHLAR_ONE(name) case Op::name: return &each1<element::name, T, T>;
    ASHLAR_ONE(negative) ASHLAR_ONE(positive) ASHLAR_ONE(sign) ASHLAR_ONE(square) ASHLAR_ONE(reciprocal) ASHLAR_ONE(conjugate)
    ASHLAR_ONE(rint)
#undef ASHLAR_ONE
#define ASHLAR_TWO(name) case Op::name: return &each2<element::name, T, T>;
    ASHLAR_TWO(add) ASHLAR_TWO(subtract) ASHLAR_TWO(multiply) ASHLAR_TWO(divide) ASHLAR_TWO(maximum) ASHLAR_TWO(minimum)
    ASHLAR_TWO(fmax) ASHLAR_TWO(fmin)
#undef ASHLAR_TWO
#define ASHLAR_TEST(name) case Op::name: return &each1<element::name, T, bool>;
    ASHLAR_TEST(isnan) ASHLAR_TEST(isinf) ASHLAR_TEST(isfinite) ASHLAR_TEST(logical_not)
#undef ASHLAR_TEST
#define ASHLAR_TEST(name) case Op::name: return &each2<element::name, T, bool>;
    ASHLAR_COMPARE_OPS(ASHLAR_TEST)
#undef ASHLAR_TEST
    case Op::absolute: return &each1<magnitude, T, Part>;
    case Op::power: return &each2<power, T, T>;
    case Op::where: return &choose<T>;
    case Op::clip: return &clip_each<T>;
    default: return nullptr;
  }
}

}  // namespace

Elementwise plain_complex(Op op, DType compute) {
  if (compute == DType::complex64) return complex_of<std::complex<float>>(op);
  if (compute == DType::complex128) return complex_of<std::complex<double>>(op);
  return nullptr;
}

}  // namespace ashlar::kernels
