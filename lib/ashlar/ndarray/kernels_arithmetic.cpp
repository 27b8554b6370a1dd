// Arithmetic, rounding and bit operations of real types.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_arithmetic.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {

template <class T>
Elementwise arithmetic_of(Op op) {
  switch (op) {
#define ASHLAR_ONE(name) case Op::name: return loop1<element::name, T>();
#define ASHLAR_TWO(name) case Op::name: return loop2<element::name, T>();
    ASHLAR_ONE(negative) ASHLAR_ONE(positive) ASHLAR_ONE(absolute) ASHLAR_ONE(sign) ASHLAR_ONE(square) ASHLAR_ONE(invert)
    ASHLAR_ONE(conjugate) ASHLAR_ONE(floor) ASHLAR_ONE(ceil) ASHLAR_ONE(trunc) ASHLAR_ONE(rint) ASHLAR_ONE(sqrt) ASHLAR_ONE(deg2rad)
    ASHLAR_ONE(rad2deg) ASHLAR_ONE(reciprocal)
    ASHLAR_TWO(add) ASHLAR_TWO(subtract) ASHLAR_TWO(multiply) ASHLAR_TWO(divide) ASHLAR_TWO(maximum) ASHLAR_TWO(minimum)
    ASHLAR_TWO(fmax) ASHLAR_TWO(fmin) ASHLAR_TWO(bitwise_and) ASHLAR_TWO(bitwise_or) ASHLAR_TWO(bitwise_xor) ASHLAR_TWO(left_shift)
    ASHLAR_TWO(right_shift) ASHLAR_TWO(copysign)
#undef ASHLAR_ONE
#undef ASHLAR_TWO
    default: return nullptr;
  }
}

Elementwise arithmetic(Op op, DType type) {
  return visit_dtype(type, [op]<class T>(std::type_identity<T>) -> Elementwise {
    if constexpr (is_cplx<T>) return nullptr;
    else return arithmetic_of<T>(op);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(arithmetic);
Elementwise simd_arithmetic(Op op, DType compute) { return HWY_DYNAMIC_DISPATCH(arithmetic)(op, compute); }
}  // namespace ashlar::kernels
#endif
