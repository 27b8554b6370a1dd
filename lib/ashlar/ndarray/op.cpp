#include "ashlar/ndarray/op.hpp"

#include <string>

#include "ashlar/base/error.hpp"

namespace ashlar {

namespace {

enum class Family : std::uint8_t { unary, floating, predicate, binary, compare, other };

Family family_of(Op op) {
  switch (op) {
#define ASHLAR_CASE(name) case Op::name:
    ASHLAR_UNARY_OPS(ASHLAR_CASE) return Family::unary;
    ASHLAR_FLOAT_OPS(ASHLAR_CASE) return Family::floating;
    ASHLAR_PREDICATE_OPS(ASHLAR_CASE) return Family::predicate;
    ASHLAR_BINARY_OPS(ASHLAR_CASE) return Family::binary;
    ASHLAR_COMPARE_OPS(ASHLAR_CASE) return Family::compare;
#undef ASHLAR_CASE
    case Op::cast:
    case Op::where:
    case Op::clip: break;
  }
  return Family::other;
}

[[noreturn]] void refuse(Op op, DType type) {
  throw TypeError(std::string(op_name(op)) + " is not defined for element type " + std::string(dtype_name(type)));
}

DType float_unless_complex(DType type) { return is_floating(type) || is_complex(type) ? type : DType::float64; }

// NumPy has no loop for bool here and takes its smallest integer.
DType small_integer_for_bool(DType type) { return type == DType::bool_ ? DType::int8 : type; }

}  // namespace

std::string_view op_name(Op op) {
  switch (op) {
#define ASHLAR_CASE(name) case Op::name: return #name;
    ASHLAR_UNARY_OPS(ASHLAR_CASE) ASHLAR_FLOAT_OPS(ASHLAR_CASE) ASHLAR_PREDICATE_OPS(ASHLAR_CASE) ASHLAR_BINARY_OPS(ASHLAR_CASE)
        ASHLAR_COMPARE_OPS(ASHLAR_CASE)
#undef ASHLAR_CASE
    case Op::cast: return "cast";
    case Op::where: return "where";
    case Op::clip: return "clip";
  }
  return "unknown";
}

int op_arity(Op op) {
  switch (family_of(op)) {
    case Family::unary:
    case Family::floating:
    case Family::predicate: return 1;
    case Family::binary:
    case Family::compare: return 2;
    case Family::other: break;
  }
  return op == Op::cast ? 1 : 3;
}

bool op_gives_bool(Op op) { return family_of(op) == Family::predicate || family_of(op) == Family::compare; }

DType op_compute_type(Op op, DType type) {
  const bool boolean = type == DType::bool_;
  switch (op) {
    case Op::negative:
    case Op::positive:
    case Op::sign:
    case Op::subtract:
      if (boolean) refuse(op, type);
      return type;
    case Op::square:
    case Op::reciprocal:
    case Op::conjugate:
    case Op::power: return small_integer_for_bool(type);
    case Op::floor:
    case Op::ceil:
    case Op::trunc:
      if (is_complex(type)) refuse(op, type);
      return type;
    case Op::rint:
    case Op::divide: return float_unless_complex(type);
    case Op::invert:
    case Op::bitwise_and:
    case Op::bitwise_or:
    case Op::bitwise_xor:
      if (!boolean && !is_integer(type)) refuse(op, type);
      return type;
    case Op::left_shift:
    case Op::right_shift:
      if (!boolean && !is_integer(type)) refuse(op, type);
      return small_integer_for_bool(type);
    case Op::floor_divide:
    case Op::remainder:
    case Op::fmod:
      if (is_complex(type)) refuse(op, type);
      return small_integer_for_bool(type);
    case Op::cbrt:
    case Op::deg2rad:
    case Op::rad2deg:
    case Op::arctan2:
    case Op::hypot:
    case Op::copysign:
    case Op::logaddexp:
      if (is_complex(type)) refuse(op, type);
      return float_unless_complex(type);
    case Op::signbit:
      if (is_complex(type)) refuse(op, type);
      return type;
    default: return family_of(op) == Family::floating ? float_unless_complex(type) : type;
  }
}

DType op_result_type(Op op, DType compute) {
  if (op_gives_bool(op)) return DType::bool_;
  if (op == Op::absolute && compute == DType::complex64) return DType::float32;
  if (op == Op::absolute && compute == DType::complex128) return DType::float64;
  return compute;
}

}  // namespace ashlar
