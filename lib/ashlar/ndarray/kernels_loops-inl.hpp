// The plain loops that the compiler vectorises, once per instruction set (included inside foreach_target, so no pragma once), or
// once at all in the files that are compiled for the baseline only.
#if defined(ASHLAR_KERNELS_LOOPS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef ASHLAR_KERNELS_LOOPS_INL
#undef ASHLAR_KERNELS_LOOPS_INL
#else
#define ASHLAR_KERNELS_LOOPS_INL
#endif

#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/kernels_element_detail.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {

// A result may lie on an operand of the same element size: element i is read before element i is written.
template <class F, class T, class R>
HWY_INLINE void map1(index_t n, void* out, const void* a) {
  const T* x = static_cast<const T*>(a);
  R* r = static_cast<R*>(out);
#pragma GCC ivdep
  for (index_t i = 0; i < n; ++i) r[i] = F::of(x[i]);
}
template <class F, class T, class R>
HWY_INLINE void map2(index_t n, void* out, const void* a, const void* b) {
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  R* r = static_cast<R*>(out);
#pragma GCC ivdep
  for (index_t i = 0; i < n; ++i) r[i] = F::of(x[i], y[i]);
}
template <class F, class T>
HWY_INLINE void map3(index_t n, void* out, const void* a, const void* b, const void* c) {
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b), *z = static_cast<const T*>(c);
  T* r = static_cast<T*>(out);
#pragma GCC ivdep
  for (index_t i = 0; i < n; ++i) r[i] = F::of(x[i], y[i], z[i]);
}

// Small elements are as much work as memory.
template <class F, class T, class R>
struct WideLoops {
  static void one(index_t n, void* out, const void* a, const void*, const void*) { map1<F, T, R>(n, out, a); }
  static void two(index_t n, void* out, const void* a, const void* b, const void*) { map2<F, T, R>(n, out, a, b); }
  static void three(index_t n, void* out, const void* a, const void* b, const void* c) { map3<F, T>(n, out, a, b, c); }
};
template <class F, class T, class R>
struct NarrowLoops {
  ASHLAR_MEMORY_BOUND static void one(index_t n, void* out, const void* a, const void*, const void*) { map1<F, T, R>(n, out, a); }
  ASHLAR_MEMORY_BOUND static void two(index_t n, void* out, const void* a, const void* b, const void*) { map2<F, T, R>(n, out, a, b); }
  ASHLAR_MEMORY_BOUND static void three(index_t n, void* out, const void* a, const void* b, const void* c) { map3<F, T>(n, out, a, b, c); }
};
/// Bytes from two streams of numbers, without the masks of AVX-512: measured, not understood (decision 0069).
template <class F, class T>
struct Comparison {
  ASHLAR_WITHOUT_MASKS static void two(index_t n, void* out, const void* a, const void* b, const void*) {
    const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
    bool* r = static_cast<bool*>(out);
#pragma GCC ivdep
    for (index_t i = 0; i < n; ++i) r[i] = F::of(x[i], y[i]);
  }
};
template <class F, class T, class R = T>
using Loops = std::conditional_t<(sizeof(T) >= 4), NarrowLoops<F, T, R>, WideLoops<F, T, R>>;

/// The loop of operation F for type T, null where F is not defined for it. `Result` is void for "the type of the operands".
template <class F, class T, class Result = void>
Elementwise loop1() {
  if constexpr (F::template defined<T>) return &Loops<F, T, std::conditional_t<std::is_void_v<Result>, T, Result>>::one;
  else return nullptr;
}
template <class F, class T, class Result = void>
Elementwise loop2() {
  if constexpr (F::template defined<T>) return &Loops<F, T, std::conditional_t<std::is_void_v<Result>, T, Result>>::two;
  else return nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#endif
