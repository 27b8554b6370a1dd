#pragma once
// The elementwise operations of programs, by NumPy's names. `ASHLAR_UNARY_OPS(X)` and friends list them once; tables of kernels,
// of names and of the public functions are made from the lists.

#include <cstdint>
#include <string_view>

#include "ashlar/ndarray/dtype.hpp"

namespace ashlar {

// Result has the type of the operand.
#define ASHLAR_UNARY_OPS(X) \
  X(negative) X(positive) X(absolute) X(sign) X(square) X(reciprocal) X(floor) X(ceil) X(trunc) X(rint) X(invert) X(conjugate)
// Floating point only (integers are cast to float64 first); result has the type of the operand.
#define ASHLAR_FLOAT_OPS(X) \
  X(sqrt) X(cbrt) X(exp) X(exp2) X(expm1) X(log) X(log2) X(log10) X(log1p) X(sin) X(cos) X(tan) X(arcsin) X(arccos) X(arctan) \
  X(sinh) X(cosh) X(tanh) X(arcsinh) X(arccosh) X(arctanh) X(deg2rad) X(rad2deg)
// Result is bool.
#define ASHLAR_PREDICATE_OPS(X) X(isnan) X(isinf) X(isfinite) X(signbit) X(logical_not)
// Both operands have one type, the result too.
#define ASHLAR_BINARY_OPS(X) \
  X(add) X(subtract) X(multiply) X(divide) X(floor_divide) X(remainder) X(fmod) X(power) X(maximum) X(minimum) X(fmax) X(fmin) \
  X(arctan2) X(hypot) X(copysign) X(logaddexp) X(bitwise_and) X(bitwise_or) X(bitwise_xor) X(left_shift) X(right_shift)
// Both operands have one type, the result is bool.
#define ASHLAR_COMPARE_OPS(X) \
  X(equal) X(not_equal) X(less) X(less_equal) X(greater) X(greater_equal) X(logical_and) X(logical_or) X(logical_xor)

enum class Op : std::uint8_t {
#define ASHLAR_ENUM(name) name,
  ASHLAR_UNARY_OPS(ASHLAR_ENUM) ASHLAR_FLOAT_OPS(ASHLAR_ENUM) ASHLAR_PREDICATE_OPS(ASHLAR_ENUM) ASHLAR_BINARY_OPS(ASHLAR_ENUM)
      ASHLAR_COMPARE_OPS(ASHLAR_ENUM)
#undef ASHLAR_ENUM
  cast,   ///< one operand of any type
  where,  ///< a: bool, b and c of the result's type
  clip,   ///< a, lower, upper of one type
};

std::string_view op_name(Op op);
int op_arity(Op op);
/// True when results are bool whatever the operands.
bool op_gives_bool(Op op);
/// The type the operands are cast to before the operation, given their promoted type (NumPy 2): `sin` of int32 computes in
/// float64, `divide` of int64 in float64, `add` of bool is logical or. TypeError: "sign of bool", "invert of float64", ….
DType op_compute_type(Op op, DType promoted);
/// The type of the result, given the compute type.
DType op_result_type(Op op, DType compute);

}  // namespace ashlar
