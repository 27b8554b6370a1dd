// What several kernels do with vectors (included inside foreach_target, so no pragma once).
#if defined(ASHLAR_KERNELS_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef ASHLAR_KERNELS_VECTORS_INL
#undef ASHLAR_KERNELS_VECTORS_INL
#else
#define ASHLAR_KERNELS_VECTORS_INL
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {

/// y > x ? y : x, and y < x ? y : x: one instruction where there is one with just these words for NaN and zeros.
template <class V>
HWY_INLINE V raised_to(V x, V y) {
  namespace hn = hwy::HWY_NAMESPACE;
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Max(y, x);
#else
  return hn::IfThenElse(hn::Lt(x, y), y, x);
#endif
}
template <class V>
HWY_INLINE V lowered_to(V x, V y) {
  namespace hn = hwy::HWY_NAMESPACE;
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Min(y, x);
#else
  return hn::IfThenElse(hn::Gt(x, y), y, x);
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#endif
