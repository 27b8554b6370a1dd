// Highway's mathematics for float32 and float64. Where an argument lies outside the range Highway vouches for (NaN, infinities and
// huge arguments among them), that element alone goes through the C library.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_math.cpp"
#include "hwy/foreach_target.h"
//
#include <cmath>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/kernels_element_detail.hpp"
#include "hwy/highway.h"
//
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class V>
using Lane = hn::TFromV<V>;

template <class D, class V>
HWY_INLINE V sine(D d, V x) {
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, hn::Sin(d, x));  // Highway forgets the sign of zero
}

// `low` and `high` bound the arguments of the vector function, as pairs for float32 and float64.
#define ASHLAR_FUNCTION(name, vector, plain, low32, high32, low64, high64)                              \
  struct name {                                                                                        \
    template <class T>                                                                                 \
    static constexpr T low() { return sizeof(T) == 4 ? static_cast<T>(low32) : static_cast<T>(low64); }  \
    template <class T>                                                                                 \
    static constexpr T high() { return sizeof(T) == 4 ? static_cast<T>(high32) : static_cast<T>(high64); } \
    template <class D, class V>                                                                        \
    static HWY_INLINE V of(D d, V x) { return vector(d, x); }                                      \
    template <class T>                                                                                 \
    static T one(T x) { return std::plain(x); }                                                        \
  };
ASHLAR_FUNCTION(cos, hn::Cos, cos, -39000, 39000, -39000, 39000)
ASHLAR_FUNCTION(sin, sine, sin, -39000, 39000, -39000, 39000)
ASHLAR_FUNCTION(exp, hn::Exp, exp, -87, 88, -700, 706)
ASHLAR_FUNCTION(log, hn::Log, log, 1.2e-38, 3.4e38, 2.3e-308, 1.7e308)
ASHLAR_FUNCTION(arctan, hn::Atan, atan, -1e30, 1e30, -1e300, 1e300)
ASHLAR_FUNCTION(tanh, hn::Tanh, tanh, -40, 40, -300, 300)
#undef ASHLAR_FUNCTION

template <class F, class D, class V>
HWY_INLINE V checked(D d, V x) {
  using T = Lane<V>;
  const auto good = hn::And(hn::Ge(x, hn::Set(d, F::template low<T>())), hn::Le(x, hn::Set(d, F::template high<T>())));
  V result = F::of(d, x);
  if (HWY_UNLIKELY(!hn::AllTrue(d, good))) {
    HWY_ALIGN T arguments[hn::MaxLanes(d)], results[hn::MaxLanes(d)];
    hn::Store(x, d, arguments);
    hn::Store(result, d, results);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i)
      if (!(arguments[i] >= F::template low<T>() && arguments[i] <= F::template high<T>())) results[i] = F::one(arguments[i]);
    result = hn::Load(d, results);
  }
  return result;
}

template <class F, class T>
void math_loop(index_t count, void* out, const void* a, const void*, const void*) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d), n = static_cast<std::size_t>(count);
  const T* x = static_cast<const T*>(a);
  T* r = static_cast<T*>(out);
  const auto low = hn::Set(d, F::template low<T>()), high = hn::Set(d, F::template high<T>());
  std::size_t i = 0;
  // Four independent vectors hide the latency of the polynomials; one test serves them all.
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    const auto x0 = hn::LoadU(d, x + i), x1 = hn::LoadU(d, x + i + lanes), x2 = hn::LoadU(d, x + i + 2 * lanes), x3 = hn::LoadU(d, x + i + 3 * lanes);
    const auto least = hn::Min(hn::Min(x0, x1), hn::Min(x2, x3)), most = hn::Max(hn::Max(x0, x1), hn::Max(x2, x3));
    const auto numbers = hn::And(hn::And(hn::Eq(x0, x0), hn::Eq(x1, x1)), hn::And(hn::Eq(x2, x2), hn::Eq(x3, x3)));
    if (HWY_LIKELY(hn::AllTrue(d, hn::And(numbers, hn::And(hn::Ge(least, low), hn::Le(most, high)))))) {
      const auto y0 = F::of(d, x0), y1 = F::of(d, x1), y2 = F::of(d, x2), y3 = F::of(d, x3);
      hn::StoreU(y0, d, r + i);
      hn::StoreU(y1, d, r + i + lanes);
      hn::StoreU(y2, d, r + i + 2 * lanes);
      hn::StoreU(y3, d, r + i + 3 * lanes);
    } else {
      for (std::size_t j = i; j < i + 4 * lanes; j += lanes) hn::StoreU(checked<F>(d, hn::LoadU(d, x + j)), d, r + j);
    }
  }
  for (; i + lanes <= n; i += lanes) hn::StoreU(checked<F>(d, hn::LoadU(d, x + i)), d, r + i);
  if (i < n) {
    HWY_ALIGN T rest[hn::MaxLanes(d)] = {};
    for (std::size_t j = i; j < n; ++j) rest[j - i] = x[j];
    hn::Store(checked<F>(d, hn::Load(d, rest)), d, rest);
    for (std::size_t j = i; j < n; ++j) r[j] = rest[j - i];
  }
}

template <class T>
Elementwise math_of(Op op) {
  switch (op) {
    case Op::cos: return &math_loop<cos, T>;
    case Op::sin: return &math_loop<sin, T>;
    case Op::exp: return &math_loop<exp, T>;
    case Op::log: return &math_loop<log, T>;
    case Op::arctan: return &math_loop<arctan, T>;
    case Op::tanh: return &math_loop<tanh, T>;
    default: return nullptr;
  }
}

Elementwise math(Op op, DType type) {
  if (type == DType::float64) return math_of<double>(op);
  if (type == DType::float32) return math_of<float>(op);
  return nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(math);
Elementwise simd_math(Op op, DType compute) { return HWY_DYNAMIC_DISPATCH(math)(op, compute); }
}  // namespace ashlar::kernels

namespace ashlar {

std::int64_t simd_targets() { return hwy::SupportedTargets() & HWY_TARGETS; }

std::string simd_target_name() {
  const std::int64_t targets = simd_targets();
  return hwy::TargetName(targets & -targets);  // the lowest bit is the widest instruction set
}

void restrict_simd_targets(std::int64_t targets) {
  // DisableTargets would not do: Highway 1.0.3 forgets it for dispatch at the next call of SupportedTargets.
  hwy::SetSupportedTargetsForTest(0);
  const std::int64_t wanted = hwy::SupportedTargets() & (targets | HWY_STATIC_TARGET);
  hwy::SetSupportedTargetsForTest(wanted);
  hwy::GetChosenTarget().Update(wanted);
}
}  // namespace ashlar
#endif
