#pragma once
// What one element of each operation is, for every type NumPy defines it for. The loops of all instruction sets, and the plain ones,
// are made from these. NaN, overflow and division by zero follow NumPy 2; nothing here is undefined behaviour.

#include <cmath>
#include <complex>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/dtype.hpp"

// Inlined into loops compiled for another instruction set.
#define ASHLAR_ELEMENT [[gnu::always_inline]] static inline

namespace ashlar::kernels {

template <class T>
inline constexpr bool is_bool = std::is_same_v<T, bool>;
template <class T>
inline constexpr bool is_int = std::is_integral_v<T> && !is_bool<T>;
template <class T>
inline constexpr bool is_float = std::is_floating_point_v<T>;
template <class T>
inline constexpr bool is_cplx = false;
template <class T>
inline constexpr bool is_cplx<std::complex<T>> = true;
template <class T>
inline constexpr bool is_real = !is_cplx<T>;

namespace element {

/// Integers compute here: wraps without undefined behaviour, and small ones are not promoted to signed int.
template <class T>
using Wrap = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class T>
ASHLAR_ELEMENT bool nan(T a) {
  if constexpr (is_cplx<T>) return a.real() != a.real() || a.imag() != a.imag();
  else if constexpr (is_float<T>) return a != a;
  else return false;
}
template <class T>
ASHLAR_ELEMENT bool nonzero(T a) {
  if constexpr (is_cplx<T>) return a.real() != 0 || a.imag() != 0;
  else return a != T(0);
}
// Complex numbers are ordered by real part, then imaginary part.
template <class T>
ASHLAR_ELEMENT bool below(T a, T b) {
  if constexpr (is_cplx<T>)
    return (a.real() < b.real() && a.imag() == a.imag() && b.imag() == b.imag()) || (a.real() == b.real() && a.imag() < b.imag());
  else return a < b;
}
template <class T>
ASHLAR_ELEMENT bool at_most(T a, T b) {
  if constexpr (is_cplx<T>)
    return (a.real() < b.real() && a.imag() == a.imag() && b.imag() == b.imag()) || (a.real() == b.real() && a.imag() <= b.imag());
  else return a <= b;
}

struct negative {
  template <class T>
  static constexpr bool defined = !is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) {
    if constexpr (is_int<T>) return static_cast<T>(Wrap<T>(0) - static_cast<Wrap<T>>(a));
    else return -a;
  }
};
struct positive {
  template <class T>
  static constexpr bool defined = !is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) { return a; }
};
struct absolute {
  template <class T>
  static constexpr bool defined = is_real<T>;  // complex gives another type
  template <class T>
  ASHLAR_ELEMENT T of(T a) {
    if constexpr (is_float<T>) return std::fabs(a);
    else if constexpr (std::is_unsigned_v<T>) return a;
    else return a < 0 ? static_cast<T>(Wrap<T>(0) - static_cast<Wrap<T>>(a)) : a;
  }
};
struct sign {
  template <class T>
  static constexpr bool defined = !is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) {
    if constexpr (is_cplx<T>) {
      if (nan(a)) return T(std::numeric_limits<typename T::value_type>::quiet_NaN(), std::numeric_limits<typename T::value_type>::quiet_NaN());
      return nonzero(a) ? a / std::abs(a) : T(0);
    } else if constexpr (is_float<T>) {
      const T s = a > 0 ? T(1) : a < 0 ? T(-1) : T(0);
      return a != a ? a : s;
    } else return static_cast<T>((a > T(0)) - (std::is_signed_v<T> && a < T(0)));
  }
};
struct invert {
  template <class T>
  static constexpr bool defined = is_int<T> || is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) {
    if constexpr (is_bool<T>) return !a;
    else return static_cast<T>(~a);
  }
};
struct conjugate {
  template <class T>
  static constexpr bool defined = !is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) {
    if constexpr (is_cplx<T>) return T(a.real(), -a.imag());
    else return a;
  }
};

struct add {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) {
    if constexpr (is_bool<T>) return a | b;
    else if constexpr (is_int<T>) return static_cast<T>(static_cast<Wrap<T>>(a) + static_cast<Wrap<T>>(b));
    else return a + b;
  }
};
struct subtract {
  template <class T>
  static constexpr bool defined = !is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) {
    if constexpr (is_int<T>) return static_cast<T>(static_cast<Wrap<T>>(a) - static_cast<Wrap<T>>(b));
    else return a - b;
  }
};
struct multiply {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) {
    if constexpr (is_bool<T>) return a & b;
    else if constexpr (is_int<T>) return static_cast<T>(static_cast<Wrap<T>>(a) * static_cast<Wrap<T>>(b));
    // Not std::complex's product, which tests for NaN and repairs infinities.
    else if constexpr (is_cplx<T>) return T(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
    else return a * b;
  }
};
struct square {
  template <class T>
  static constexpr bool defined = !is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) { return multiply::of<T>(a, a); }
};
struct divide {
  template <class T>
  static constexpr bool defined = is_float<T> || is_cplx<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) {
    if constexpr (is_cplx<T>) {  // Smith's method, as NumPy
      using Part = typename T::value_type;
      const Part re = std::fabs(b.real()), im = std::fabs(b.imag());
      if (re >= im) {
        if (re == 0 && im == 0) return T(a.real() / re, a.imag() / re);
        const Part ratio = b.imag() / b.real(), scale = Part(1) / (b.real() + b.imag() * ratio);
        return T((a.real() + a.imag() * ratio) * scale, (a.imag() - a.real() * ratio) * scale);
      }
      const Part ratio = b.real() / b.imag(), scale = Part(1) / (b.imag() + b.real() * ratio);
      return T((a.real() * ratio + a.imag()) * scale, (a.imag() * ratio - a.real()) * scale);
    } else return a / b;
  }
};
struct reciprocal {
  template <class T>
  static constexpr bool defined = !is_bool<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) {
    if constexpr (is_int<T>) return detail::cast_element<T>(1.0 / static_cast<double>(a));
    else return divide::of<T>(T(1), a);
  }
};
struct maximum {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) { return at_most(b, a) | nan(a) ? a : b; }
};
struct minimum {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) { return at_most(a, b) | nan(a) ? a : b; }
};
struct fmax {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) { return at_most(b, a) | nan(b) ? a : b; }
};
struct fmin {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) { return at_most(a, b) | nan(b) ? a : b; }
};
struct clip {  // minimum(maximum(a, lower), upper), as NumPy: the upper bound wins when bounds are crossed
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T lower, T upper) { return minimum::of<T>(maximum::of<T>(a, lower), upper); }
};

#define ASHLAR_BITWISE(name, symbol)                              \
  struct name {                                                   \
    template <class T>                                            \
    static constexpr bool defined = is_int<T> || is_bool<T>;      \
    template <class T>                                            \
    ASHLAR_ELEMENT T of(T a, T b) { return static_cast<T>(a symbol b); } \
  };
ASHLAR_BITWISE(bitwise_and, &)
ASHLAR_BITWISE(bitwise_or, |)
ASHLAR_BITWISE(bitwise_xor, ^)
#undef ASHLAR_BITWISE

// Shifts by the width or more, or by a negative count, push every bit out.
struct left_shift {
  template <class T>
  static constexpr bool defined = is_int<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) {
    using U = std::make_unsigned_t<T>;
    constexpr U width = 8 * sizeof(T);
    return static_cast<U>(b) < width ? static_cast<T>(static_cast<Wrap<T>>(a) << (static_cast<U>(b) & (width - 1))) : T(0);
  }
};
struct right_shift {
  template <class T>
  static constexpr bool defined = is_int<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) {
    using U = std::make_unsigned_t<T>;
    constexpr U width = 8 * sizeof(T);
    const U count = static_cast<U>(b) < width ? static_cast<U>(b) : static_cast<U>(width - 1);
    const T shifted = static_cast<T>(a >> count);
    return static_cast<U>(b) < width || std::is_signed_v<T> ? shifted : T(0);
  }
};

#define ASHLAR_COMPARISON(name, expression)               \
  struct name {                                           \
    template <class T>                                    \
    static constexpr bool defined = true;                 \
    template <class T>                                    \
    ASHLAR_ELEMENT bool of(T a, T b) { return expression; } \
  };
ASHLAR_COMPARISON(equal, a == b)
ASHLAR_COMPARISON(not_equal, a != b)
ASHLAR_COMPARISON(less, below(a, b))
ASHLAR_COMPARISON(less_equal, at_most(a, b))
ASHLAR_COMPARISON(greater, below(b, a))
ASHLAR_COMPARISON(greater_equal, at_most(b, a))
ASHLAR_COMPARISON(logical_and, nonzero(a) & nonzero(b))
ASHLAR_COMPARISON(logical_or, nonzero(a) | nonzero(b))
ASHLAR_COMPARISON(logical_xor, nonzero(a) != nonzero(b))
#undef ASHLAR_COMPARISON

struct isnan {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT bool of(T a) { return nan(a); }
};
struct isinf {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT bool of(T a) {
    if constexpr (is_cplx<T>) return isinf::of(a.real()) | isinf::of(a.imag());
    else if constexpr (is_float<T>) return std::fabs(a) == std::numeric_limits<T>::infinity();
    else return false;
  }
};
struct isfinite {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT bool of(T a) {
    if constexpr (is_cplx<T>) return isfinite::of(a.real()) & isfinite::of(a.imag());
    else if constexpr (is_float<T>) return std::fabs(a) < std::numeric_limits<T>::infinity();
    else return true;
  }
};
struct signbit {
  template <class T>
  static constexpr bool defined = is_real<T>;
  template <class T>
  ASHLAR_ELEMENT bool of(T a) {
    if constexpr (is_float<T>) return std::signbit(a);
    else if constexpr (std::is_signed_v<T>) return a < 0;
    else return false;
  }
};
struct logical_not {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT bool of(T a) { return !nonzero(a); }
};

#define ASHLAR_ROUNDING(name)                                                       \
  struct name {                                                                     \
    template <class T>                                                              \
    static constexpr bool defined = is_real<T>;                                     \
    template <class T>                                                              \
    ASHLAR_ELEMENT T of(T a) {                                                      \
      if constexpr (is_float<T>) return std::name(a);                               \
      else return a;                                                                \
    }                                                                               \
  };
ASHLAR_ROUNDING(floor)
ASHLAR_ROUNDING(ceil)
ASHLAR_ROUNDING(trunc)
#undef ASHLAR_ROUNDING
struct rint {
  template <class T>
  static constexpr bool defined = is_float<T> || is_cplx<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) {
    if constexpr (is_cplx<T>) return T(std::rint(a.real()), std::rint(a.imag()));
    else return std::rint(a);
  }
};
struct sqrt {
  template <class T>
  static constexpr bool defined = is_float<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) { return std::sqrt(a); }
};
struct deg2rad {
  template <class T>
  static constexpr bool defined = is_float<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) { return a * (T(3.14159265358979323846264338327950288L) / T(180)); }
};
struct rad2deg {
  template <class T>
  static constexpr bool defined = is_float<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a) { return a * (T(180) / T(3.14159265358979323846264338327950288L)); }
};
struct copysign {
  template <class T>
  static constexpr bool defined = is_float<T>;
  template <class T>
  ASHLAR_ELEMENT T of(T a, T b) { return std::copysign(a, b); }
};

}  // namespace element
}  // namespace ashlar::kernels
