// Chains: a small interpreter whose eight accumulators are vector registers. One switch serves eight vectors, so that its cost
// disappears behind their arithmetic, and nothing between the first and the last operation goes through memory.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_chain.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct ChainTypes {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using M = hn::Mask<D>;
  static constexpr std::size_t lanes = hn::MaxLanes(D());
  static constexpr std::size_t block = 8 * lanes;
};

template <class V>
HWY_INLINE V greater_of(V a, V b) {  // element::maximum
  return hn::IfThenElse(hn::Or(hn::Ge(a, b), hn::IsNaN(a)), a, b);
}
template <class V>
HWY_INLINE V lesser_of(V a, V b) {
  return hn::IfThenElse(hn::Or(hn::Le(a, b), hn::IsNaN(a)), a, b);
}

// The eight vectors are named, not an array: arrays are not kept in registers across the switch.
#define ASHLAR_EIGHT(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/// One block of eight vectors; with Tail only the first `count` elements exist. `counting` holds the numbers of an arange block.
template <bool Tail, bool Sum, class T>
HWY_INLINE void chain_block(const Chain& chain, index_t at, index_t count, typename ChainTypes<T>::V counting, typename ChainTypes<T>::V* sums) {
  using Types = ChainTypes<T>;
  using V = typename Types::V;
  using M = typename Types::M;
  const typename Types::D d;
  constexpr index_t lanes = static_cast<index_t>(Types::lanes);
  const auto exists = [&](index_t r) HWY_ATTR { return hn::FirstN(d, static_cast<std::size_t>(std::clamp<index_t>(count - r * lanes, 0, lanes))); };
  const auto load = [&](const T* from, index_t r) HWY_ATTR {
    if constexpr (Tail) return hn::MaskedLoad(exists(r), d, from + r * lanes);
    else return hn::LoadU(d, from + r * lanes);
  };
#define ASHLAR_DECLARE(r) V v##r;
  ASHLAR_EIGHT(ASHLAR_DECLARE)
#undef ASHLAR_DECLARE
  if (chain.source) {
    const T* from = static_cast<const T*>(chain.source) + at;
#define ASHLAR_LOAD(r) v##r = load(from, r);
    ASHLAR_EIGHT(ASHLAR_LOAD)
#undef ASHLAR_LOAD
  } else {
    const V one = hn::Set(d, static_cast<T>(chain.stride * lanes)), two = hn::Add(one, one), four = hn::Add(two, two);
    v0 = counting;
    v1 = hn::Add(v0, one);
    v2 = hn::Add(v0, two);
    v3 = hn::Add(v1, two);
    v4 = hn::Add(v0, four);
    v5 = hn::Add(v1, four);
    v6 = hn::Add(v2, four);
    v7 = hn::Add(v3, four);
    if (chain.step != 1) {
      const V step = hn::Set(d, static_cast<T>(chain.step));
#define ASHLAR_STEP(r) v##r = hn::Mul(v##r, step);
      ASHLAR_EIGHT(ASHLAR_STEP)
#undef ASHLAR_STEP
    }
    // Adding zero after a positive step changes nothing; otherwise it clears the sign of zero.
    if (chain.start != 0 || !(chain.step > 0)) {
      const V start = hn::Set(d, static_cast<T>(chain.start));
#define ASHLAR_START(r) v##r = hn::Add(start, v##r);
      ASHLAR_EIGHT(ASHLAR_START)
#undef ASHLAR_START
    }
  }
  for (const ChainStage& stage : chain.stages) {
    const T* operand = static_cast<const T*>(stage.operand);
#define ASHLAR_WITH_SCALAR(r) v##r = apply(v##r, y);
#define ASHLAR_WITH_STRIP(r) v##r = apply(v##r, load(operand, r));
#define ASHLAR_BINARY(name, expression)                                                  \
  case ChainOp::name: {                                                                  \
    const auto apply = [](V x, V y) HWY_ATTR { return expression; };                     \
    if (stage.scalar) {                                                                  \
      const V y = hn::Set(d, *operand);                                                  \
      ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)                                                   \
    } else {                                                                             \
      operand += at;                                                                     \
      ASHLAR_EIGHT(ASHLAR_WITH_STRIP)                                                    \
    }                                                                                    \
    break;                                                                               \
  }
// `number`: the same for a bound that is not NaN, with one comparison.
#define ASHLAR_BOUND(name, expression, number)                                           \
  case ChainOp::name: {                                                                  \
    if (stage.scalar && *operand == *operand) {                                          \
      const auto apply = [](V x, V y) HWY_ATTR { return number; };                       \
      const V y = hn::Set(d, *operand);                                                  \
      ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)                                                   \
    } else if (stage.scalar) {                                                           \
      const auto apply = [](V x, V y) HWY_ATTR { return expression; };                   \
      const V y = hn::Set(d, *operand);                                                  \
      ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)                                                   \
    } else {                                                                             \
      const auto apply = [](V x, V y) HWY_ATTR { return expression; };                   \
      operand += at;                                                                     \
      ASHLAR_EIGHT(ASHLAR_WITH_STRIP)                                                    \
    }                                                                                    \
    break;                                                                               \
  }
#define ASHLAR_UNARY(name, expression)                                                   \
  case ChainOp::name: {                                                                  \
    const auto apply = [](V x, V) HWY_ATTR { return expression; };                       \
    const V y = hn::Zero(d);                                                             \
    ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)                                                     \
    break;                                                                               \
  }
    switch (stage.op) {
      ASHLAR_BINARY(add, hn::Add(x, y))
      ASHLAR_BINARY(subtract, hn::Sub(x, y))
      ASHLAR_BINARY(subtract_from, hn::Sub(y, x))
      ASHLAR_BINARY(multiply, hn::Mul(x, y))
      ASHLAR_BINARY(divide, hn::Div(x, y))
      ASHLAR_BINARY(divide_into, hn::Div(y, x))
      ASHLAR_BOUND(maximum, greater_of(x, y), hn::IfThenElse(hn::Lt(x, y), y, x))
      ASHLAR_BOUND(maximum_of, greater_of(y, x), hn::IfThenElse(hn::Ge(y, x), y, x))
      ASHLAR_BOUND(minimum, lesser_of(x, y), hn::IfThenElse(hn::Gt(x, y), y, x))
      ASHLAR_BOUND(minimum_of, lesser_of(y, x), hn::IfThenElse(hn::Le(y, x), y, x))
      ASHLAR_UNARY(negative, hn::Neg(x))
      ASHLAR_UNARY(absolute, hn::Abs(x))
      ASHLAR_UNARY(square, hn::Mul(x, x))
      ASHLAR_UNARY(sqrt, hn::Sqrt(x))
    }
#undef ASHLAR_BINARY
#undef ASHLAR_BOUND
#undef ASHLAR_UNARY
#undef ASHLAR_WITH_SCALAR
#undef ASHLAR_WITH_STRIP
  }
  if (chain.out) {
    T* to = static_cast<T*>(chain.out) + at;
#define ASHLAR_STORE(r)                                                      \
  if constexpr (Tail) hn::BlendedStore(v##r, exists(r), d, to + r * lanes);  \
  else hn::StoreU(v##r, d, to + r * lanes);
    ASHLAR_EIGHT(ASHLAR_STORE)
#undef ASHLAR_STORE
  }
  if constexpr (Sum) {
    // Element i is added to sum i mod 32, whatever the width.
    const std::size_t first = static_cast<std::size_t>(at) % 32 / Types::lanes;
    constexpr std::size_t vectors = 32 / Types::lanes;
#define ASHLAR_SUM(r)                                                                        \
  {                                                                                          \
    V& sum = sums[(Types::block % 32 == 0 ? r : first + r) % vectors];                       \
    const V added = hn::Add(sum, v##r);                                                      \
    if constexpr (Tail) sum = hn::IfThenElse(exists(r), added, sum);                         \
    else sum = added;                                                                        \
  }
    ASHLAR_EIGHT(ASHLAR_SUM)
#undef ASHLAR_SUM
  }
  (void)sums;
  (void)sizeof(M);
}

template <bool Sum, class T>
double run_chain(index_t n, const Chain& chain) {
  using Types = ChainTypes<T>;
  using V = typename Types::V;
  const typename Types::D d;
  constexpr index_t block = static_cast<index_t>(Types::block);
  constexpr std::size_t vectors = std::max<std::size_t>(1, 32 / Types::lanes);
  V sums[vectors];
  for (V& sum : sums) sum = hn::Set(d, static_cast<T>(-0.0));
  V counting = hn::MulAdd(hn::Iota(d, 0), hn::Set(d, static_cast<T>(chain.stride)), hn::Set(d, static_cast<T>(chain.k)));  // exact
  const V increment = hn::Set(d, static_cast<T>(chain.stride * static_cast<double>(block)));
  index_t at = 0;
  for (; at + block <= n; at += block) {
    chain_block<false, Sum, T>(chain, at, block, counting, sums);
    counting = hn::Add(counting, increment);
  }
  if (at < n) chain_block<true, Sum, T>(chain, at, n - at, counting, sums);
  if constexpr (Sum) {
    HWY_ALIGN T lane[32];
    for (std::size_t v = 0; v < vectors; ++v) hn::Store(sums[v], d, lane + v * Types::lanes);
    for (int w = 16; w >= 1; w /= 2)
      for (int j = 0; j < w; ++j) lane[j] += lane[j + w];
    return static_cast<double>(lane[0]);
  }
  return 0;
}

ChainLoop chain_dispatched(DType type, bool sum) {
  if (type == DType::float64) return sum ? &run_chain<true, double> : &run_chain<false, double>;
  if (type == DType::float32 && !sum) return &run_chain<false, float>;
  return nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(chain_dispatched);
ChainLoop chain_loop(DType type, bool sum) { return HWY_DYNAMIC_DISPATCH(chain_dispatched)(type, sum); }
}  // namespace ashlar::kernels
#endif
