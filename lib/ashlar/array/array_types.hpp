#pragma once
// Which element type an expression has, known when it is compiled: NumPy 2's promotion, with C++ literals as weak as Python's.
// The same functions serve the expression nodes at run time.

#include <complex>
#include <concepts>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/ndarray/ndarray.hpp"
#include "ashlar/ndarray/op.hpp"

namespace ashlar {

template <class T>
class Array;
template <class T>
class Scalar;

namespace detail {

// ---------------------------------------------------------------- element types
template <class T>
concept element_type = std::is_arithmetic_v<T> || is_complex_type<T>;

using ElementTypes = std::tuple<bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, float,
                                double, std::complex<float>, std::complex<double>>;
/// The C++ type of a DType.
template <DType type>
using type_of = std::tuple_element_t<static_cast<std::size_t>(type), ElementTypes>;

constexpr bool integer_type(DType t) { return t >= DType::int8 && t <= DType::uint64; }
constexpr bool signed_type(DType t) { return t >= DType::int8 && t <= DType::int64; }
constexpr bool float_type(DType t) { return t == DType::float32 || t == DType::float64; }
constexpr bool complex_type(DType t) { return t == DType::complex64 || t == DType::complex128; }
/// 0 bool, 1 integer, 2 real, 3 complex: a literal of a higher kind changes an array's type, one of the same or a lower does not.
constexpr int kind_of(DType t) { return t == DType::bool_ ? 0 : integer_type(t) ? 1 : float_type(t) ? 2 : 3; }
constexpr int integer_size(DType t) { return 1 << ((static_cast<int>(t) - 1) % 4); }

/// As `promote`, at compile time.
constexpr DType promote_types(DType a, DType b) {
  if (a == b || b == DType::bool_) return a;
  if (a == DType::bool_) return b;
  if (integer_type(a) && integer_type(b)) {
    if (signed_type(a) == signed_type(b)) return integer_size(a) >= integer_size(b) ? a : b;
    const DType plus = signed_type(a) ? a : b, other = signed_type(a) ? b : a;
    if (integer_size(plus) > integer_size(other)) return plus;
    return other == DType::uint64 ? DType::float64 : static_cast<DType>(static_cast<int>(other) - 3);
  }
  const auto part_of = [](DType t) {
    if (float_type(t)) return t;
    if (complex_type(t)) return t == DType::complex64 ? DType::float32 : DType::float64;
    return integer_size(t) <= 2 ? DType::float32 : DType::float64;
  };
  const DType part = part_of(a) < part_of(b) ? part_of(b) : part_of(a);
  if (!complex_type(a) && !complex_type(b)) return part;
  return part == DType::float32 ? DType::complex64 : DType::complex128;
}

/// The type of an array of `strong` elements together with a literal.
constexpr DType weak_promote(DType strong, DType literal) {
  const int kind = kind_of(literal);
  if (kind <= kind_of(strong)) return strong;
  if (kind == 1) return DType::int64;
  if (kind == 2) return DType::float64;
  return strong == DType::float32 ? DType::complex64 : DType::complex128;
}

constexpr DType float_unless_complex(DType t) { return kind_of(t) >= 2 ? t : DType::float64; }
constexpr DType sum_types(DType t) { return t == DType::bool_ || signed_type(t) ? DType::int64 : integer_type(t) ? DType::uint64 : t; }
constexpr DType real_part_type(DType t) { return t == DType::complex64 ? DType::float32 : t == DType::complex128 ? DType::float64 : t; }

// ---------------------------------------------------------------- operations
constexpr bool in_float_ops(Op op) {
  switch (op) {
#define ASHLAR_CASE(name) case Op::name:
    ASHLAR_FLOAT_OPS(ASHLAR_CASE) return true;
#undef ASHLAR_CASE
    default: return false;
  }
}
constexpr bool in_bool_ops(Op op) {
  switch (op) {
#define ASHLAR_CASE(name) case Op::name:
    ASHLAR_PREDICATE_OPS(ASHLAR_CASE) ASHLAR_COMPARE_OPS(ASHLAR_CASE) return true;
#undef ASHLAR_CASE
    default: return false;
  }
}
constexpr bool bitwise_op(Op op) {
  return op == Op::invert || op == Op::bitwise_and || op == Op::bitwise_or || op == Op::bitwise_xor || op == Op::left_shift || op == Op::right_shift;
}

/// False where NumPy has no such operation: `op_compute_type` would throw.
constexpr bool op_defined(Op op, DType t) {
  if (bitwise_op(op)) return kind_of(t) <= 1;
  switch (op) {
    case Op::negative:
    case Op::positive:
    case Op::sign:
    case Op::subtract: return t != DType::bool_;
    case Op::floor:
    case Op::ceil:
    case Op::trunc:
    case Op::floor_divide:
    case Op::remainder:
    case Op::fmod:
    case Op::cbrt:
    case Op::deg2rad:
    case Op::rad2deg:
    case Op::arctan2:
    case Op::hypot:
    case Op::copysign:
    case Op::logaddexp:
    case Op::signbit: return !complex_type(t);
    default: return true;
  }
}
/// As `op_result_type(op, op_compute_type(op, t))`, at compile time.
constexpr DType op_type(Op op, DType t) {
  if (in_bool_ops(op)) return DType::bool_;
  if (in_float_ops(op)) return float_unless_complex(t);
  switch (op) {
    case Op::absolute: return real_part_type(t);
    case Op::rint:
    case Op::divide:
    case Op::arctan2:
    case Op::hypot:
    case Op::copysign:
    case Op::logaddexp: return float_unless_complex(t);
    case Op::square:
    case Op::reciprocal:
    case Op::conjugate:
    case Op::power:
    case Op::left_shift:
    case Op::right_shift:
    case Op::floor_divide:
    case Op::remainder:
    case Op::fmod: return t == DType::bool_ ? DType::int8 : t;
    default: return t;
  }
}

// ---------------------------------------------------------------- operands
template <class T>
struct is_array : std::false_type {};
template <class T>
struct is_array<Array<T>> : std::true_type {};
template <class T>
struct is_scalar : std::false_type {};
template <element_type T>
struct is_scalar<Scalar<T>> : std::true_type {};

template <class T>
concept number = element_type<std::remove_cvref_t<T>>;
template <class T>
concept array = is_array<std::remove_cvref_t<T>>::value;
template <class T>
concept lazy = array<T> || is_scalar<std::remove_cvref_t<T>>::value;
template <class T>
concept local = is_ndarray<std::remove_cvref_t<T>>::value;
/// Has elements: Array, Scalar or NDArray.
template <class T>
concept array_like = lazy<T> || local<T>;
template <class T>
concept operand = array_like<T> || number<T>;
/// Operands of one operation: at least one is no literal.
template <class... A>
concept operands = (operand<A> && ...) && (array_like<A> || ...);

template <class T>
struct element {
  using type = T;
};
template <class T>
  requires array_like<T>
struct element<T> {
  using type = typename T::value_type;
};
template <class T>
using element_t = typename element<std::remove_cvref_t<T>>::type;
template <class T>
inline constexpr DType operand_dtype = dtype_of<element_t<T>>;

/// The promoted type of operands: strong ones first, then what a literal of a higher kind adds.
template <class... A>
constexpr DType promoted_type() {
  bool any = false;
  DType strong = DType::bool_;
  const auto add_strong = [&](bool is_literal, DType t) {
    if (is_literal) return;
    strong = any ? promote_types(strong, t) : t;
    any = true;
  };
  (add_strong(number<A>, operand_dtype<A>), ...);
  const bool has_strong = any;
  DType result = strong;
  const auto add_weak = [&](bool is_literal, DType t) {
    if (!is_literal) return;
    // Only literals: an integer is int64, as in Python.
    if (!has_strong) result = any ? promote_types(result, kind_of(t) == 1 ? DType::int64 : t) : (kind_of(t) == 1 ? DType::int64 : t);
    else if (kind_of(t) > kind_of(result)) result = weak_promote(result, t);
    any = true;
  };
  (add_weak(number<A>, operand_dtype<A>), ...);
  return result;
}

/// Array, Scalar or NDArray of T, whichever the operands make.
template <class T, class... A>
using wrapped = std::conditional_t<(array<A> || ...) || ((local<A> || ...) && (lazy<A> || ...)), Array<T>,
                                   std::conditional_t<(local<A> || ...), NDArray<T>, Scalar<T>>>;

template <bool bitwise, bool defined>
struct require_defined {
  static_assert(!bitwise || defined,
                "ashlar: & | ^ ~ << >> are NumPy's bitwise operators and need integer or bool elements; al::power(x, n) raises to a power");
  static_assert(bitwise || defined, "ashlar: this operation is not defined for this element type (as in NumPy)");
  static constexpr bool value = defined;
};

// Empty for other types, so that compilers which look at a result type before the constraints (clang 14) find no candidate there.
template <Op op, class... A>
struct op_result_of {};
template <Op op, class... A>
  requires operands<A...>
struct op_result_of<op, A...> {
  static constexpr DType promoted = promoted_type<A...>();
  static constexpr bool defined = require_defined<bitwise_op(op), op_defined(op, promoted)>::value;
  using type = std::conditional_t<defined, wrapped<type_of<op_type(op, promoted)>, A...>, void>;
};
/// What an operation on these operands gives.
template <Op op, class... A>
using op_result = typename op_result_of<op, std::remove_cvref_t<A>...>::type;

template <class C, class L, class R>
struct where_result_of {};
template <class C, class L, class R>
  requires operands<C, L, R>
struct where_result_of<C, L, R> {
  using type = wrapped<type_of<promoted_type<L, R>()>, C, L, R>;
};
template <class C, class L, class R>
using where_result = typename where_result_of<C, L, R>::type;

template <class T>
using quotient = type_of<float_unless_complex(dtype_of<T>)>;
template <class T>
using sum_of = type_of<sum_types(dtype_of<T>)>;
template <class T>
using real_quotient = type_of<real_part_type(float_unless_complex(dtype_of<T>))>;

}  // namespace detail
}  // namespace ashlar
