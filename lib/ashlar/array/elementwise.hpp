#pragma once
// Operators and elementwise functions. Each is one template for Array, Scalar, NDArray and literals: lazy operands give a lazy result,
// NDArrays alone are computed at once. Types are NumPy 2's, see array_types.hpp; shapes broadcast.

#include <array>
#include <limits>
#include <optional>
#include <tuple>

#include "ashlar/array/array.hpp"

namespace ashlar {
namespace detail {

template <class A>
expression::Operand to_operand(const A& a) {
  if constexpr (number<A>) return expression::Operand(ScalarValue::of(a));
  else if constexpr (local<A>) return expression::Operand(a.shared_block());
  else return expression::Operand(a.node());
}

template <class R, class... A>
R apply_op(Op op, const A&... a) {
  const std::array<expression::Operand, sizeof...(A)> list{to_operand(a)...};
  if constexpr (local<R>) return R(expression::elementwise_now(op, list));
  else return R(expression::elementwise(op, list));
}

/// An operand that is an array of any kind, cast.
template <class U, class A>
wrapped<U, A> cast_to(const A& a) {
  if constexpr (local<A>) return a.template astype<U>();
  else return wrapped<U, A>(expression::cast(a.node(), dtype_of<U>));
}

}  // namespace detail

// ---------------------------------------------------------------- operators
#define ASHLAR_OPERATOR(symbol, op)                                     \
  template <class L, class R>                                           \
    requires detail::operands<L, R>                                     \
  detail::op_result<Op::op, L, R> operator symbol(const L& l, const R& r) { \
    return detail::apply_op<detail::op_result<Op::op, L, R>>(Op::op, l, r); \
  }
ASHLAR_OPERATOR(+, add)
ASHLAR_OPERATOR(-, subtract)
ASHLAR_OPERATOR(*, multiply)
ASHLAR_OPERATOR(/, divide)
ASHLAR_OPERATOR(%, remainder)
ASHLAR_OPERATOR(&, bitwise_and)
ASHLAR_OPERATOR(|, bitwise_or)
ASHLAR_OPERATOR(^, bitwise_xor)
ASHLAR_OPERATOR(==, equal)
ASHLAR_OPERATOR(!=, not_equal)
ASHLAR_OPERATOR(<, less)
ASHLAR_OPERATOR(<=, less_equal)
ASHLAR_OPERATOR(>, greater)
ASHLAR_OPERATOR(>=, greater_equal)
#undef ASHLAR_OPERATOR
// << also prints: shifts want elements on both sides.
template <class L, class R>
  requires detail::operands<L, R>
detail::op_result<Op::left_shift, L, R> operator<<(const L& l, const R& r) {
  return detail::apply_op<detail::op_result<Op::left_shift, L, R>>(Op::left_shift, l, r);
}
template <class L, class R>
  requires detail::operands<L, R>
detail::op_result<Op::right_shift, L, R> operator>>(const L& l, const R& r) {
  return detail::apply_op<detail::op_result<Op::right_shift, L, R>>(Op::right_shift, l, r);
}
template <detail::array_like A>
detail::op_result<Op::negative, A> operator-(const A& a) {
  return detail::apply_op<detail::op_result<Op::negative, A>>(Op::negative, a);
}
template <detail::array_like A>
detail::op_result<Op::positive, A> operator+(const A& a) {
  return detail::apply_op<detail::op_result<Op::positive, A>>(Op::positive, a);
}
template <detail::array_like A>
detail::op_result<Op::invert, A> operator~(const A& a) {
  return detail::apply_op<detail::op_result<Op::invert, A>>(Op::invert, a);
}
template <detail::array_like A>
detail::wrapped<bool, A> operator!(const A& a) {
  return detail::apply_op<detail::wrapped<bool, A>>(Op::logical_not, a);
}

// x += y is x = x + y: the handle is bound anew, other handles of the old array keep it.
namespace detail {
template <class A, class R>
struct same_type {
  static_assert(std::is_same_v<A, R>, "ashlar: this assignment would change the element type of the array; write x.astype<U>() first");
};
}  // namespace detail
#define ASHLAR_ASSIGN(symbol, op)                                                                      \
  template <detail::array_like A, detail::operand R>                                                   \
  A& operator symbol##=(A& a, const R& r) {                                                            \
    [[maybe_unused]] constexpr detail::same_type<A, detail::op_result<Op::op, A, R>> same{};             \
    return a = a symbol r;                                                                             \
  }
ASHLAR_ASSIGN(+, add)
ASHLAR_ASSIGN(-, subtract)
ASHLAR_ASSIGN(*, multiply)
ASHLAR_ASSIGN(/, divide)
ASHLAR_ASSIGN(%, remainder)
ASHLAR_ASSIGN(&, bitwise_and)
ASHLAR_ASSIGN(|, bitwise_or)
ASHLAR_ASSIGN(^, bitwise_xor)
ASHLAR_ASSIGN(<<, left_shift)
ASHLAR_ASSIGN(>>, right_shift)
#undef ASHLAR_ASSIGN

// ---------------------------------------------------------------- functions of one array
#define ASHLAR_UNARY_AS(name, op)                                   \
  template <detail::array_like A>                                   \
  detail::op_result<Op::op, A> name(const A& a) {                   \
    return detail::apply_op<detail::op_result<Op::op, A>>(Op::op, a); \
  }
#define ASHLAR_UNARY(name) ASHLAR_UNARY_AS(name, name)
ASHLAR_UNARY_OPS(ASHLAR_UNARY)
ASHLAR_FLOAT_OPS(ASHLAR_UNARY)
ASHLAR_PREDICATE_OPS(ASHLAR_UNARY)
ASHLAR_UNARY_AS(abs, absolute)
ASHLAR_UNARY_AS(conj, conjugate)
ASHLAR_UNARY_AS(bitwise_not, invert)
ASHLAR_UNARY_AS(fix, trunc)
ASHLAR_UNARY_AS(degrees, rad2deg)
ASHLAR_UNARY_AS(radians, deg2rad)
#undef ASHLAR_UNARY
#undef ASHLAR_UNARY_AS

// ---------------------------------------------------------------- functions of two
#define ASHLAR_BINARY_AS(name, op)                                     \
  template <class L, class R>                                          \
    requires detail::operands<L, R>                                    \
  detail::op_result<Op::op, L, R> name(const L& l, const R& r) {       \
    return detail::apply_op<detail::op_result<Op::op, L, R>>(Op::op, l, r); \
  }
#define ASHLAR_BINARY(name) ASHLAR_BINARY_AS(name, name)
ASHLAR_BINARY_OPS(ASHLAR_BINARY)
ASHLAR_COMPARE_OPS(ASHLAR_BINARY)
ASHLAR_BINARY_AS(mod, remainder)
ASHLAR_BINARY_AS(true_divide, divide)
#undef ASHLAR_BINARY
#undef ASHLAR_BINARY_AS

// ---------------------------------------------------------------- and three
/// `a` where the condition is true, else `b`.
template <class C, class L, class R>
  requires detail::operands<C, L, R>
detail::where_result<C, L, R> where(const C& condition, const L& a, const R& b) {
  return detail::apply_op<detail::where_result<C, L, R>>(Op::where, condition, a, b);
}
/// Every element at least `lower` and at most `upper`.
template <class A, class L, class H>
  requires detail::operands<A, L, H>
auto clip(const A& a, const L& lower, const H& upper) {
  using R = detail::op_result<Op::clip, A, L, H>;
  return detail::apply_op<R>(Op::clip, a, lower, upper);
}
template <class T>
template <detail::operand L, detail::operand H>
auto Array<T>::clip(const L& lower, const H& upper) const {
  return ashlar::clip(*this, lower, upper);
}
template <class T>
auto Array<T>::conj() const {
  return ashlar::conjugate(*this);
}

// ---------------------------------------------------------------- made of the others
/// Half to even, at a decimal place.
template <detail::lazy A>
A round(const A& a, int decimals = 0) {
  return A(expression::round(a.node(), decimals));
}
template <detail::local A>
A round(const A& a, int decimals = 0) {
  using T = typename A::value_type;
  if constexpr (std::is_integral_v<T>) {
    if (decimals >= 0) return a;
  }
  if (decimals == 0) return detail::cast_to<T>(rint(a));
  double scale = 1;
  for (int i = 0; i < (decimals < 0 ? -decimals : decimals); ++i) scale *= 10;
  return detail::cast_to<T>(decimals > 0 ? rint(a * scale) / scale : rint(a / scale) * scale);
}
template <detail::array_like A>
A around(const A& a, int decimals = 0) {
  return round(a, decimals);
}
template <detail::array_like A>
auto fabs(const A& a) {
  static_assert(!detail::is_complex_type<detail::element_t<A>>, "ashlar: fabs is for real elements; al::abs serves complex ones");
  return absolute(detail::cast_to<detail::quotient<detail::element_t<A>>>(a));
}
template <class L, class R>
  requires detail::operands<L, R>
auto float_power(const L& l, const R& r) {
  using P = detail::type_of<detail::promoted_type<L, R>()>;
  using W = std::conditional_t<detail::is_complex_type<P>, std::complex<double>, double>;
  if constexpr (detail::number<L>) return power(static_cast<W>(l), detail::cast_to<W>(r));
  else if constexpr (detail::number<R>) return power(detail::cast_to<W>(l), static_cast<W>(r));
  else return power(detail::cast_to<W>(l), detail::cast_to<W>(r));
}
/// Quotient and remainder: floor_divide and remainder.
template <class L, class R>
  requires detail::operands<L, R>
auto divmod(const L& l, const R& r) {
  return std::tuple{floor_divide(l, r), remainder(l, r)};
}
template <detail::array_like A>
auto isneginf(const A& a) {
  return isinf(a) & signbit(a);
}
template <detail::array_like A>
auto isposinf(const A& a) {
  return isinf(a) & !signbit(a);
}
template <detail::array_like A>
auto real(const A& a) {
  return detail::cast_to<detail::type_of<detail::real_part_type(dtype_of<detail::element_t<A>>)>>(a);
}
template <class L, class R>
  requires detail::operands<L, R>
auto logaddexp2(const L& l, const R& r) {
  constexpr double ln2 = 0.693147180559945309417;
  return logaddexp(l * ln2, r * ln2) / ln2;
}

/// The imaginary part of complex numbers, zeros of others.
template <detail::array_like A>
auto imag(const A& a) {
  using T = detail::element_t<A>;
  using R = detail::wrapped<detail::type_of<detail::real_part_type(dtype_of<T>)>, A>;
  if constexpr (detail::local<A>) return R(expression::imag_now(a.shared_block()));
  else return R(expression::imag(a.node()));
}
template <class T>
auto Array<T>::real() const {
  return ashlar::real(*this);
}
template <class T>
auto Array<T>::imag() const {
  return ashlar::imag(*this);
}
/// Complex numbers whose imaginary part is zero; all of a real array.
template <detail::array_like A>
auto isreal(const A& a) {
  return imag(a) == 0;
}
template <detail::array_like A>
auto iscomplex(const A& a) {
  return imag(a) != 0;
}
struct AngleOptions {
  ASHLAR_OPTIONS;
  bool deg = false;
};
/// The argument of complex numbers; 0 or pi for real ones.
template <detail::array_like A>
auto angle(const A& a, const AngleOptions& options = {}) {
  const auto radians = arctan2(imag(a), real(a));
  return options.deg ? radians * (180 / 3.14159265358979323846) : radians * 1.0;
}
/// sin(pi x) / (pi x), 1 at 0.
template <detail::array_like A>
auto sinc(const A& a) {
  const auto x = where(a == 0, 1e-20, a * 1.0) * 3.14159265358979323846;
  return sin(x) / x;
}
struct NanToNumOptions {
  ASHLAR_OPTIONS;
  Real nan = 0.0;
  std::optional<double> posinf = {};  ///< the largest finite number by default
  std::optional<double> neginf = {};
};
/// NaN and infinities as finite numbers.
template <detail::array_like A>
auto nan_to_num(const A& a, const NanToNumOptions& options = {}) {
  using T = detail::element_t<A>;
  static_assert(!detail::is_complex_type<T>, "ashlar: nan_to_num is for real elements: write it of al::real(x) and al::imag(x)");
  if constexpr (std::is_floating_point_v<T>) {
    constexpr T most = std::numeric_limits<T>::max();
    const T high = options.posinf ? static_cast<T>(*options.posinf) : most, low = options.neginf ? static_cast<T>(*options.neginf) : -most;
    return where(isnan(a), static_cast<T>(options.nan.v), where(isposinf(a), high, where(isneginf(a), low, a)));
  } else return a;
}

struct IscloseOptions {
  ASHLAR_OPTIONS;
  Real rtol = 1e-05;
  Real atol = 1e-08;
  bool equal_nan = false;
};
/// |a - b| <= atol + rtol * |b|, equal infinities included.
template <class L, class R>
  requires detail::operands<L, R>
auto isclose(const L& l, const R& r, const IscloseOptions& options = {}) {
  auto result = (isfinite(l - r) & (absolute(l - r) <= options.atol.v + options.rtol.v * absolute(r * 1.0))) | (l == r);
  if (options.equal_nan) result = result | ((l != l) & (r != r));
  return result;
}

}  // namespace ashlar
