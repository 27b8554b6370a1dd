// Operations of real types that go one element after the other: the C library's functions, integer division and powers.
#include <bit>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/kernels_element_detail.hpp"

namespace ashlar::kernels {
namespace {

template <class T>
struct Quotient {
  T floor, remainder;
};

/// Python's divmod: rounds down, the remainder has the divisor's sign.
template <class T>
Quotient<T> divide_down(T a, T b) {
  if constexpr (is_float<T>) {
    T mod = std::fmod(a, b);
    if (b == 0) return {a / b, mod};
    T quotient = (a - mod) / b;
    if (mod != 0) {
      if ((b < 0) != (mod < 0)) {
        mod += b;
        quotient -= 1;
      }
    } else {
      mod = std::copysign(T(0), b);
    }
    if (quotient == 0) return {std::copysign(T(0), a / b), mod};
    T down = std::floor(quotient);
    if (quotient - down > T(0.5)) down += 1;
    return {down, mod};
  } else {
    if (b == 0) return {0, 0};
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return {element::negative::of<T>(a), 0};  // the smallest number wraps
    const T quotient = static_cast<T>(a / b), rest = static_cast<T>(a % b);
    if (std::is_signed_v<T> && rest != 0 && (rest < 0) != (b < 0)) return {static_cast<T>(quotient - 1), static_cast<T>(rest + b)};
    return {quotient, rest};
  }
}

struct floor_divide {
  template <class T>
  static T of(T a, T b) { return divide_down(a, b).floor; }
};
struct remainder {
  template <class T>
  static T of(T a, T b) { return divide_down(a, b).remainder; }
};
struct fmod {
  template <class T>
  static T of(T a, T b) {
    if constexpr (is_float<T>) return std::fmod(a, b);
    else {
      if (b == 0) return 0;
      if constexpr (std::is_signed_v<T>)
        if (b == -1) return 0;
      return static_cast<T>(a % b);
    }
  }
};
struct power {
  template <class T>
  static T of(T a, T b) {
    if constexpr (is_float<T>) return b == T(2) ? a * a : std::pow(a, b);
    else {
      if constexpr (std::is_signed_v<T>)
        if (b < 0) throw ValueError("integers to negative integer powers are not allowed: " + std::to_string(+a) + " to the power " + std::to_string(+b));
      using Wrap = element::Wrap<T>;
      Wrap base = static_cast<Wrap>(a), result = 1;
      for (Wrap exponent = static_cast<Wrap>(b); exponent; exponent >>= 1) {
        if (exponent & 1) result *= base;
        base *= base;
      }
      return static_cast<T>(result);
    }
  }
};

#define ASHLAR_LIBM1(name, function)                  \
  struct name {                                       \
    template <class T>                                \
    static T of(T a) { return function(a); }          \
  };
ASHLAR_LIBM1(cbrt, std::cbrt)
ASHLAR_LIBM1(exp, std::exp)
ASHLAR_LIBM1(exp2, std::exp2)
ASHLAR_LIBM1(expm1, std::expm1)
ASHLAR_LIBM1(log, std::log)
ASHLAR_LIBM1(log2, std::log2)
ASHLAR_LIBM1(log10, std::log10)
ASHLAR_LIBM1(log1p, std::log1p)
ASHLAR_LIBM1(sin, std::sin)
ASHLAR_LIBM1(cos, std::cos)
ASHLAR_LIBM1(tan, std::tan)
ASHLAR_LIBM1(arcsin, std::asin)
ASHLAR_LIBM1(arccos, std::acos)
ASHLAR_LIBM1(arctan, std::atan)
ASHLAR_LIBM1(sinh, std::sinh)
ASHLAR_LIBM1(cosh, std::cosh)
ASHLAR_LIBM1(tanh, std::tanh)
ASHLAR_LIBM1(arcsinh, std::asinh)
ASHLAR_LIBM1(arccosh, std::acosh)
ASHLAR_LIBM1(arctanh, std::atanh)
#undef ASHLAR_LIBM1
struct arctan2 {
  template <class T>
  static T of(T a, T b) { return std::atan2(a, b); }
};
struct hypot {
  template <class T>
  static T of(T a, T b) { return std::hypot(a, b); }
};
struct logaddexp {
  template <class T>
  static T of(T a, T b) {
    if (a == b) return a + T(0.693147180559945309417232121458176568L);  // infinities of one sign
    const T difference = a - b;
    if (difference > 0) return a + std::log1p(std::exp(-difference));
    if (difference <= 0) return b + std::log1p(std::exp(difference));
    return difference;
  }
};

template <class F, class T>
void each1(index_t n, void* out, const void* a, const void*, const void*) {
  for (index_t i = 0; i < n; ++i) static_cast<T*>(out)[i] = F::of(static_cast<const T*>(a)[i]);
}
template <class F, class T>
void each2(index_t n, void* out, const void* a, const void* b, const void*) {
  for (index_t i = 0; i < n; ++i) static_cast<T*>(out)[i] = F::of(static_cast<const T*>(a)[i], static_cast<const T*>(b)[i]);
}

/// floor(a / b) of all a by one b >= 2 with a product: ceil(2^(63 + l) / b) with 2^(l - 1) < b <= 2^l has 64 bits, and its error times a number
/// below 2^63 is less than 2^(63 + l). Negative numbers are mirrored: floor(a / b) = -1 - floor((-1 - a) / b).
void floor_divide_long(index_t n, void* out, const void* a, const void* b, const void*) {
  const auto *x = static_cast<const std::int64_t*>(a), *y = static_cast<const std::int64_t*>(b);
  auto* r = static_cast<std::int64_t*>(out);
  std::int64_t differs = 0;
  for (index_t i = 0; i < n; ++i) differs |= y[i] ^ y[0];
  if (n == 0 || differs != 0 || y[0] < 2) return each2<floor_divide, std::int64_t>(n, out, a, b, nullptr);
  using Wide = unsigned __int128;
  const auto divisor = static_cast<std::uint64_t>(y[0]);
  const int l = std::bit_width(divisor - 1);
  const auto factor = static_cast<std::uint64_t>(((Wide{1} << (63 + l)) + divisor - 1) / divisor);
  for (index_t i = 0; i < n; ++i) {
    const std::int64_t sign = x[i] >> 63;
    const auto size = static_cast<std::uint64_t>(x[i] ^ sign);
    r[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(Wide{size} * factor >> 64) >> (l - 1)) ^ sign;
  }
}

template <class T>
Elementwise plain_of(Op op) {
  switch (op) {
    case Op::floor_divide:
      if constexpr (std::is_same_v<T, std::int64_t>) return &floor_divide_long;
      else return &each2<floor_divide, T>;
    case Op::remainder: return &each2<remainder, T>;
    case Op::fmod: return &each2<fmod, T>;
    case Op::power: return &each2<power, T>;
    default: break;
  }
  if constexpr (is_float<T>) {
    switch (op) {
#define ASHLAR_ONE(name) case Op::name: return &each1<name, T>;
      ASHLAR_ONE(cbrt) ASHLAR_ONE(exp) ASHLAR_ONE(exp2) ASHLAR_ONE(expm1) ASHLAR_ONE(log) ASHLAR_ONE(log2) ASHLAR_ONE(log10)
      ASHLAR_ONE(log1p) ASHLAR_ONE(sin) ASHLAR_ONE(cos) ASHLAR_ONE(tan) ASHLAR_ONE(arcsin) ASHLAR_ONE(arccos) ASHLAR_ONE(arctan)
      ASHLAR_ONE(sinh) ASHLAR_ONE(cosh) ASHLAR_ONE(tanh) ASHLAR_ONE(arcsinh) ASHLAR_ONE(arccosh) ASHLAR_ONE(arctanh)
#undef ASHLAR_ONE
      case Op::arctan2: return &each2<arctan2, T>;
      case Op::hypot: return &each2<hypot, T>;
      case Op::logaddexp: return &each2<logaddexp, T>;
      default: break;
    }
  }
  return nullptr;
}

}  // namespace

Elementwise plain_real(Op op, DType compute) {
  return visit_dtype(compute, [op]<class T>(std::type_identity<T>) -> Elementwise {
    if constexpr (is_cplx<T> || is_bool<T>) return nullptr;
    else return plain_of<T>(op);
  });
}

Elementwise elementwise(Op op, DType compute) {
  if (is_complex(compute)) return plain_complex(op, compute);
  if (Elementwise loop = simd_math(op, compute)) return loop;
  if (Elementwise loop = simd_arithmetic(op, compute)) return loop;
  if (Elementwise loop = simd_compare(op, compute)) return loop;
  return plain_real(op, compute);
}

}  // namespace ashlar::kernels
