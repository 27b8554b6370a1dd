#pragma once
// What one element of every operation is, written from NumPy's documentation and nothing else: the slow oracle of the kernel and
// program tests. Integers compute in 128 bits, mathematical functions in long double.

#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "ashlar/ndarray/op.hpp"

namespace reference {

using ashlar::DType;
using ashlar::Op;
using ashlar::ScalarValue;
__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UWide;

template <class T>
inline constexpr bool is_complex_type = false;
template <class P>
inline constexpr bool is_complex_type<std::complex<P>> = true;

template <class T>
T value(const ScalarValue& s) {
  T v;
  std::memcpy(&v, s.bytes, sizeof v);
  return v;
}

inline long double rounded_half_even(long double x) {
  const long double down = std::floor(x), rest = x - down;
  if (std::isinf(x) || std::isnan(x)) return x;
  long double r = rest < 0.5L ? down : rest > 0.5L ? down + 1 : std::fmod(down, 2.0L) == 0 ? down : down + 1;
  return r == 0 ? std::copysign(0.0L, x) : r;
}

template <class T>
bool truth(T a) {
  return !(a == T(0));
}

/// Dictionary order for complex numbers.
template <class T>
int order(T a, T b) {  // -1, 0, 1; 2 when a NaN makes them incomparable
  if constexpr (is_complex_type<T>) {
    if (std::isnan(a.real()) || std::isnan(b.real())) return 2;
    if (a.real() != b.real()) return std::isnan(a.imag()) || std::isnan(b.imag()) ? 2 : a.real() < b.real() ? -1 : 1;
    return std::isnan(a.imag()) || std::isnan(b.imag()) ? 2 : a.imag() < b.imag() ? -1 : a.imag() > b.imag() ? 1 : 0;
  } else {
    return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
  }
}
template <class T>
bool isnan(T a) {
  if constexpr (is_complex_type<T>) return std::isnan(a.real()) || std::isnan(a.imag());
  else if constexpr (std::is_floating_point_v<T>) return std::isnan(a);
  else return false;
}

template <class T>
T real_unary(Op op, T a) {
  if constexpr (std::is_integral_v<T>) {
    const Wide x = a;
    switch (op) {
      case Op::negative: return static_cast<T>(-x);
      case Op::absolute: return static_cast<T>(x < 0 ? -x : x);
      case Op::sign: return static_cast<T>(x > 0 ? 1 : x < 0 ? -1 : 0);
      case Op::square: return static_cast<T>(static_cast<UWide>(x) * static_cast<UWide>(x));
      case Op::invert: return std::is_same_v<T, bool> ? static_cast<T>(!a) : static_cast<T>(-x - 1);
      default: return a;  // positive, conjugate, floor, ceil, trunc
    }
  } else {
    const long double x = a;
    long double r = 0;
    switch (op) {
      case Op::negative: r = -x; break;
      case Op::absolute: r = std::signbit(x) ? -x : x; break;
      case Op::sign: r = std::isnan(x) ? x : x > 0 ? 1 : x < 0 ? -1 : 0; break;
      case Op::square: return a * a;
      case Op::reciprocal: return T(1) / a;
      case Op::floor: r = std::floor(x); break;
      case Op::ceil: r = std::ceil(x); break;
      case Op::trunc: r = std::trunc(x); break;
      case Op::rint: r = rounded_half_even(x); break;
      case Op::sqrt: return std::sqrt(a);
      case Op::cbrt: r = std::cbrt(x); break;
      case Op::exp: r = std::exp(x); break;
      case Op::exp2: r = std::exp2(x); break;
      case Op::expm1: r = std::expm1(x); break;
      case Op::log: r = std::log(x); break;
      case Op::log2: r = std::log2(x); break;
      case Op::log10: r = std::log10(x); break;
      case Op::log1p: r = std::log1p(x); break;
      case Op::sin: r = std::sin(x); break;
      case Op::cos: r = std::cos(x); break;
      case Op::tan: r = std::tan(x); break;
      case Op::arcsin: r = std::asin(x); break;
      case Op::arccos: r = std::acos(x); break;
      case Op::arctan: r = std::atan(x); break;
      case Op::sinh: r = std::sinh(x); break;
      case Op::cosh: r = std::cosh(x); break;
      case Op::tanh: r = std::tanh(x); break;
      case Op::arcsinh: r = std::asinh(x); break;
      case Op::arccosh: r = std::acosh(x); break;
      case Op::arctanh: r = std::atanh(x); break;
      case Op::deg2rad: r = x * (3.14159265358979323846264338327950288L / 180); break;
      case Op::rad2deg: r = x * (180 / 3.14159265358979323846264338327950288L); break;
      default: r = x;  // positive, conjugate
    }
    return static_cast<T>(r);
  }
}

template <class T>
T integer_binary(Op op, T a, T b) {
  const Wide x = a, y = b;
  const int width = static_cast<int>(8 * sizeof(T));
  const Wide down = y == 0 ? 0 : x / y - (x % y != 0 && (x % y < 0) != (y < 0) ? 1 : 0);
  const bool boolean = std::is_same_v<T, bool>;
  switch (op) {
    case Op::add: return boolean ? static_cast<T>(a || b) : static_cast<T>(x + y);
    case Op::subtract: return static_cast<T>(x - y);
    case Op::multiply: return static_cast<T>(static_cast<UWide>(x) * static_cast<UWide>(y));
    case Op::floor_divide: return static_cast<T>(down);
    case Op::remainder: return y == 0 ? T(0) : static_cast<T>(x - down * y);
    case Op::fmod: return y == 0 ? T(0) : static_cast<T>(x - (x / y) * y);
    case Op::power: {
      UWide r = 1;
      UWide base = static_cast<UWide>(x);
      for (Wide bit = 0; bit < 64; ++bit) {
        if ((y >> bit) & 1) r *= base;
        base *= base;
      }
      return static_cast<T>(r);
    }
    case Op::maximum:
    case Op::fmax: return x >= y ? a : b;
    case Op::minimum:
    case Op::fmin: return x <= y ? a : b;
    case Op::bitwise_and: return static_cast<T>(x & y);
    case Op::bitwise_or: return static_cast<T>(x | y);
    case Op::bitwise_xor: return static_cast<T>(x ^ y);
    case Op::left_shift: return y < 0 || y >= width ? T(0) : static_cast<T>(static_cast<UWide>(x) << static_cast<int>(y));
    case Op::right_shift: return y < 0 || y >= width ? static_cast<T>(x < 0 ? -1 : 0) : static_cast<T>(x >> static_cast<int>(y));
    default: return T(0);
  }
}

template <class T>
T float_binary(Op op, T a, T b) {
  const long double x = a, y = b, nan = std::numeric_limits<long double>::quiet_NaN();
  const bool has_nan = std::isnan(a) || std::isnan(b);
  switch (op) {
    case Op::add: return a + b;
    case Op::subtract: return a - b;
    case Op::multiply: return a * b;
    case Op::divide: return a / b;
    case Op::floor_divide: {
      if (b == 0) return a / b;
      if (has_nan || std::isinf(a)) return static_cast<T>(nan);
      // The remainder is exact, so the quotient without it is whole.
      long double rest = std::fmod(x, y);
      if (rest != 0 && (rest < 0) != (y < 0)) {
        const long double whole = std::isinf(y) ? 0.0L : std::nearbyint((x - rest) / y);
        return static_cast<T>(whole - 1);
      }
      const long double whole = std::isinf(y) ? 0.0L : std::nearbyint((x - rest) / y);
      return static_cast<T>(whole == 0 ? std::copysign(0.0L, x / y) : whole);
    }
    case Op::remainder: {
      if (b == 0 || has_nan || std::isinf(a)) return static_cast<T>(nan);
      const T rest = static_cast<T>(std::fmod(x, y));
      if (rest == 0) return std::copysign(T(0), b);
      return (rest < 0) != (b < 0) ? rest + b : rest;
    }
    case Op::fmod: return static_cast<T>(std::fmod(x, y));
    case Op::power: return static_cast<T>(std::pow(x, y));
    case Op::maximum: return has_nan ? static_cast<T>(nan) : x >= y ? a : b;
    case Op::minimum: return has_nan ? static_cast<T>(nan) : x <= y ? a : b;
    case Op::fmax: return std::isnan(a) ? b : std::isnan(b) ? a : x >= y ? a : b;
    case Op::fmin: return std::isnan(a) ? b : std::isnan(b) ? a : x <= y ? a : b;
    case Op::arctan2: return static_cast<T>(std::atan2(x, y));
    case Op::hypot: return static_cast<T>(std::hypot(x, y));
    case Op::copysign: return std::signbit(a) == std::signbit(b) ? a : -a;
    case Op::logaddexp:
      if (has_nan) return static_cast<T>(nan);
      if (std::isinf(x) || std::isinf(y)) return std::max(a, b);
      return static_cast<T>(std::max(x, y) + std::log1p(std::exp(-std::fabs(x - y))));
    default: return T(0);
  }
}

template <class T>
T complex_unary(Op op, T a) {
  using P = typename T::value_type;
  using L = std::complex<long double>;
  const L x(a.real(), a.imag());
  L r;
  switch (op) {
    case Op::negative: return -a;
    case Op::positive: return a;
    case Op::conjugate: return std::conj(a);
    case Op::rint: return T(static_cast<P>(rounded_half_even(a.real())), static_cast<P>(rounded_half_even(a.imag())));
    case Op::sign: r = std::abs(x) == 0 ? L(0) : x / std::abs(x); break;
    case Op::square: r = x * x; break;
    case Op::reciprocal: r = 1.0L / x; break;
    case Op::sqrt: r = std::sqrt(x); break;
    case Op::exp: r = std::exp(x); break;
    case Op::exp2: r = std::exp(x * std::log(2.0L)); break;
    case Op::expm1: r = std::exp(x) - 1.0L; break;
    case Op::log: r = std::log(x); break;
    case Op::log2: r = std::log(x) / std::log(2.0L); break;
    case Op::log10: r = std::log10(x); break;
    case Op::log1p: r = std::log(x + 1.0L); break;
    case Op::sin: r = std::sin(x); break;
    case Op::cos: r = std::cos(x); break;
    case Op::tan: r = std::tan(x); break;
    case Op::arcsin: r = std::asin(x); break;
    case Op::arccos: r = std::acos(x); break;
    case Op::arctan: r = std::atan(x); break;
    case Op::sinh: r = std::sinh(x); break;
    case Op::cosh: r = std::cosh(x); break;
    case Op::tanh: r = std::tanh(x); break;
    case Op::arcsinh: r = std::asinh(x); break;
    case Op::arccosh: r = std::acosh(x); break;
    case Op::arctanh: r = std::atanh(x); break;
    default: break;
  }
  return T(static_cast<P>(r.real()), static_cast<P>(r.imag()));
}

template <class T>
T complex_binary(Op op, T a, T b) {
  using P = typename T::value_type;
  using L = std::complex<long double>;
  const L x(a.real(), a.imag()), y(b.real(), b.imag());
  L r;
  switch (op) {
    case Op::add: return a + b;
    case Op::subtract: return a - b;
    case Op::multiply: r = x * y; break;
    case Op::divide: r = x / y; break;
    case Op::power: r = std::pow(x, y); break;
    case Op::maximum: return isnan(a) ? a : isnan(b) ? b : order(a, b) >= 0 ? a : b;
    case Op::minimum: return isnan(a) ? a : isnan(b) ? b : order(a, b) <= 0 ? a : b;
    case Op::fmax: return isnan(a) ? b : isnan(b) ? a : order(a, b) >= 0 ? a : b;
    case Op::fmin: return isnan(a) ? b : isnan(b) ? a : order(a, b) <= 0 ? a : b;
    default: break;
  }
  return T(static_cast<P>(r.real()), static_cast<P>(r.imag()));
}

template <class T>
bool predicate(Op op, T a) {
  if constexpr (is_complex_type<T>) {
    if (op == Op::isnan) return isnan(a);
    if (op == Op::isinf) return std::isinf(a.real()) || std::isinf(a.imag());
    if (op == Op::isfinite) return std::isfinite(a.real()) && std::isfinite(a.imag());
  } else if constexpr (std::is_floating_point_v<T>) {
    if (op == Op::isnan) return std::isnan(a);
    if (op == Op::isinf) return std::isinf(a);
    if (op == Op::isfinite) return std::isfinite(a);
    if (op == Op::signbit) return std::signbit(a);
  } else {
    if (op == Op::isnan || op == Op::isinf) return false;
    if (op == Op::isfinite) return true;
    if (op == Op::signbit) return static_cast<Wide>(a) < 0;
  }
  return !truth(a);
}

template <class T>
bool compare(Op op, T a, T b) {
  const int o = order(a, b);
  switch (op) {
    case Op::equal: return a == b;
    case Op::not_equal: return !(a == b);
    case Op::less: return o == -1;
    case Op::less_equal: return o == -1 || o == 0;
    case Op::greater: return o == 1;
    case Op::greater_equal: return o == 1 || o == 0;
    case Op::logical_and: return truth(a) && truth(b);
    case Op::logical_or: return truth(a) || truth(b);
    default: return truth(a) != truth(b);
  }
}

/// As numpy's astype on x86-64.
template <class To, class From>
To cast(From a) {
  if constexpr (is_complex_type<From>) {
    if constexpr (is_complex_type<To>) return To(static_cast<typename To::value_type>(a.real()), static_cast<typename To::value_type>(a.imag()));
    else if constexpr (std::is_same_v<To, bool>) return truth(a);
    else return cast<To>(a.real());
  } else if constexpr (is_complex_type<To>) {
    return To(cast<typename To::value_type>(a), 0);
  } else if constexpr (std::is_same_v<To, bool>) {
    return truth(a);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    const long double whole = std::trunc(static_cast<long double>(a));
    const auto within = [&](long double low, long double high) { return whole >= low && whole <= high; };
    if (sizeof(To) < 4 || std::is_same_v<To, std::int32_t>) return static_cast<To>(within(-2147483648.0L, 2147483647.0L) ? static_cast<std::int32_t>(whole) : INT32_MIN);
    if (std::is_same_v<To, std::uint64_t> && within(9223372036854775808.0L, 18446744073709551615.0L)) return static_cast<To>(whole);
    return static_cast<To>(within(-9223372036854775808.0L, 9223372036854775807.0L) ? static_cast<std::int64_t>(whole) : INT64_MIN);
  } else {
    return static_cast<To>(a);
  }
}

/// The result of one operation on elements of its compute type.
inline ScalarValue apply(Op op, DType type, const ScalarValue& a, const ScalarValue& b = {}, const ScalarValue& c = {}) {
  return ashlar::visit_dtype(type, [&]<class T>(std::type_identity<T>) -> ScalarValue {
    if (op == Op::where) return value<bool>(a) ? b : c;
    if (op == Op::cast)
      return ashlar::visit_dtype(a.type, [&]<class F>(std::type_identity<F>) { return ScalarValue::of<T>(cast<T>(value<F>(a))); });
    const T x = value<T>(a);
    const int arity = ashlar::op_arity(op);
    if (op == Op::clip) return apply(Op::minimum, type, apply(Op::maximum, type, a, b), c);
    if (ashlar::op_gives_bool(op)) return ScalarValue::of<bool>(arity == 1 ? predicate(op, x) : compare(op, x, value<T>(b)));
    if constexpr (is_complex_type<T>) {
      if (op == Op::absolute) return ScalarValue::of(std::abs(x));
      return ScalarValue::of<T>(arity == 1 ? complex_unary(op, x) : complex_binary(op, x, value<T>(b)));
    } else if constexpr (std::is_floating_point_v<T>) {
      return ScalarValue::of<T>(arity == 1 ? real_unary(op, x) : float_binary(op, x, value<T>(b)));
    } else {
      if (op == Op::reciprocal) return ScalarValue::of<T>(cast<T>(1.0 / static_cast<double>(x)));
      return ScalarValue::of<T>(arity == 1 ? real_unary(op, x) : integer_binary(op, x, value<T>(b)));
    }
  });
}

/// Distance in units of the last place of `want`; 0 for equal numbers and for two NaN.
template <class T>
double ulps(T got, T want) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want) ? 0 : std::numeric_limits<double>::infinity();
  if (got == want) return 0;
  if (std::isinf(got) || std::isinf(want)) return std::numeric_limits<double>::infinity();
  const T next = std::nextafter(std::fabs(want), std::numeric_limits<T>::infinity());
  const long double unit = std::isinf(next) ? std::fabs(want) - std::nextafter(std::fabs(want), T(0)) : next - std::fabs(want);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - want) / unit);
}

}  // namespace reference
