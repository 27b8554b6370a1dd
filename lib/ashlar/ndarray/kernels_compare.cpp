// Comparisons, predicates, where and clip of real types.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_compare.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {

template <class T>
ASHLAR_MEMORY_BOUND void choose(index_t n, void* out, const void* a, const void* b, const void* c) {
  const bool* condition = static_cast<const bool*>(a);
  const T *x = static_cast<const T*>(b), *y = static_cast<const T*>(c);
  T* r = static_cast<T*>(out);
#pragma GCC ivdep
  for (index_t i = 0; i < n; ++i) {
    const T yes = x[i], no = y[i];
    r[i] = condition[i] ? yes : no;
  }
}

template <class T>
Elementwise compare_of(Op op) {
  switch (op) {
#define ASHLAR_ONE(name) case Op::name: return loop1<element::name, T, bool>();
#define ASHLAR_TWO(name) \
  case Op::name:         \
    if constexpr (sizeof(T) >= 4) return &Comparison<element::name, T>::two; \
    else return loop2<element::name, T, bool>();
    ASHLAR_PREDICATE_OPS(ASHLAR_ONE)
    ASHLAR_COMPARE_OPS(ASHLAR_TWO)
#undef ASHLAR_ONE
#undef ASHLAR_TWO
    case Op::where: return &choose<T>;
    case Op::clip: return &Loops<element::clip, T>::three;
    default: return nullptr;
  }
}

Elementwise compare(Op op, DType type) {
  return visit_dtype(type, [op]<class T>(std::type_identity<T>) -> Elementwise {
    if constexpr (is_cplx<T>) return nullptr;
    else return compare_of<std::conditional_t<is_bool<T>, std::uint8_t, T>>(op);  // a bool is a byte that is 0 or 1
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(compare);
Elementwise simd_compare(Op op, DType compute) { return HWY_DYNAMIC_DISPATCH(compare)(op, compute); }
}  // namespace ashlar::kernels
#endif
