// Chains: a small interpreter whose eight accumulators are vector registers. One switch serves eight vectors, so that its cost
// disappears behind their arithmetic. What an expression needs twice is put aside as a block of the same eight vectors: it is read
// back while the processor still works on it, and slow operations (divisions) of one part run beside the arithmetic of the next.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_chain.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>
#include <type_traits>
#include <vector>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct ChainTypes {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
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

/// What a block does at a stage. One word says the operation and where its operand lies, and frequent pairs are one: at eight vectors a
/// stage, finding out what to do costs as much as doing it.
enum class Code : std::uint8_t {
#define ASHLAR_CODES(name) name##_scalar, name##_strip,
  ASHLAR_CODES(add) ASHLAR_CODES(subtract) ASHLAR_CODES(subtract_from) ASHLAR_CODES(multiply) ASHLAR_CODES(divide) ASHLAR_CODES(divide_into)
  ASHLAR_CODES(maximum) ASHLAR_CODES(maximum_of) ASHLAR_CODES(minimum) ASHLAR_CODES(minimum_of) ASHLAR_CODES(load)
#undef ASHLAR_CODES
  raise, lower,        // maximum and minimum with a scalar that is not NaN
  multiply_then_add, raise_then_lower, count_then_multiply,
  divide_by_number,    // by a scalar whose reciprocal may stand for it
  negative, absolute, square, sqrt,
  count, keep, keep_then_load
};

template <class T>
struct CodedStage {
  Code code;
  const T* operand;         // a scalar, or a strip or kept block
  index_t mask;             // operand + (at & mask): -1 for strips
  T* second;                // the scalar of the second operation of a pair (read), the block to keep (written)
};

/// Division by one number y without the divider, which takes many cycles for a vector and does nothing else meanwhile. With r, the rounded 1 / y, x r is wrong by
/// at most 1.5 units in the last place; one correction by the exact remainder makes it faithful, and after a second it is the rounded quotient
/// (Markstein: a faithful quotient, corrected once with a rounded reciprocal). That needs fused multiply-add, and that no step leaves the range of normal
/// numbers: else, and where there is a zero (whose sign would be lost), the divider does it.
template <class T>
struct Reciprocal {
  static constexpr T low = sizeof(T) == 8 ? static_cast<T>(0x1p-800) : static_cast<T>(0x1p-60f), high = sizeof(T) == 8 ? static_cast<T>(0x1p800) : static_cast<T>(0x1p60f);
  static constexpr T least = sizeof(T) == 8 ? static_cast<T>(0x1p-100) : static_cast<T>(0x1p-20f), most = sizeof(T) == 8 ? static_cast<T>(0x1p100) : static_cast<T>(0x1p20f);
  static bool serves(T y) { return HWY_NATIVE_FMA && (y < 0 ? -y : y) >= least && (y < 0 ? -y : y) <= most; }
  template <class V>
  static HWY_INLINE V quotient(V x, V y, V r) {
    const V first = hn::Mul(x, r);
    const V second = hn::MulAdd(hn::NegMulAdd(first, y, x), r, first);
    return hn::MulAdd(hn::NegMulAdd(second, y, x), r, second);
  }
};

/// The numbers of an arange, block by block; whole numbers, so every sum is exact.
template <class T>
struct Counter {
  typename ChainTypes<T>::V next;
  T one, two, four, block;  // strides of one, two, four and eight vectors
};

/// One block of eight vectors; with Tail only the first `count` elements exist. `from`: what is loaded before the first stage, or null.
template <bool Tail, bool Sum, class T>
HWY_INLINE void chain_block(const T* from, const CodedStage<T>* stage, const CodedStage<T>* stop, T* out, index_t at, index_t count,
                            typename ChainTypes<T>::V* sums) {
  using Types = ChainTypes<T>;
  using V = typename Types::V;
  const typename Types::D d;
  constexpr index_t lanes = static_cast<index_t>(Types::lanes);
  const auto exists = [&](index_t r) HWY_ATTR { return hn::FirstN(d, static_cast<std::size_t>(std::clamp<index_t>(count - r * lanes, 0, lanes))); };
  const auto load = [&](const T* from, index_t r) HWY_ATTR {
    if constexpr (Tail) return hn::MaskedLoad(exists(r), d, from + r * lanes);
    else return hn::LoadU(d, from + r * lanes);
  };
#define ASHLAR_DECLARE(r) V v##r = hn::Undefined(d);
  ASHLAR_EIGHT(ASHLAR_DECLARE)
#undef ASHLAR_DECLARE
  if (from) {
    from += at;
#define ASHLAR_LOAD(r) v##r = load(from, r);
    ASHLAR_EIGHT(ASHLAR_LOAD)
#undef ASHLAR_LOAD
  }
  for (; stage != stop; ++stage) {
    const T* operand = stage->operand + (at & stage->mask);
#define ASHLAR_WITH_SCALAR(r) v##r = apply(v##r, y);
#define ASHLAR_WITH_STRIP(r) v##r = apply(v##r, load(operand, r));
#define ASHLAR_ON_SCALAR(name, expression)                           \
  case Code::name: {                                                 \
    const auto apply = [](V x, V y) HWY_ATTR { return expression; }; \
    const V y = hn::Set(d, *operand);                                \
    ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)                                 \
    break;                                                           \
  }
#define ASHLAR_ON_STRIP(name, expression)                            \
  case Code::name: {                                                 \
    const auto apply = [](V x, V y) HWY_ATTR { return expression; }; \
    ASHLAR_EIGHT(ASHLAR_WITH_STRIP)                                  \
    break;                                                           \
  }
#define ASHLAR_BINARY(name, expression) ASHLAR_ON_SCALAR(name##_scalar, expression) ASHLAR_ON_STRIP(name##_strip, expression)
#define ASHLAR_UNARY(name, expression)                           \
  case Code::name: {                                             \
    const auto apply = [](V x, V) HWY_ATTR { return expression; }; \
    const V y = v0;                                              \
    ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)                             \
    break;                                                       \
  }
#define ASHLAR_PAIR(name, expression)                                     \
  case Code::name: {                                                      \
    const V y = hn::Set(d, *operand), z = hn::Set(d, *stage->second);     \
    const auto apply = [z](V x, V y) HWY_ATTR { return expression; };     \
    ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)                                      \
    break;                                                                \
  }
    switch (stage->code) {
      ASHLAR_BINARY(add, hn::Add(x, y))
      ASHLAR_BINARY(subtract, hn::Sub(x, y))
      ASHLAR_BINARY(subtract_from, hn::Sub(y, x))
      ASHLAR_BINARY(multiply, hn::Mul(x, y))
      ASHLAR_BINARY(divide, hn::Div(x, y))
      ASHLAR_BINARY(divide_into, hn::Div(y, x))
      ASHLAR_BINARY(maximum, greater_of(x, y))
      ASHLAR_BINARY(maximum_of, greater_of(y, x))
      ASHLAR_BINARY(minimum, lesser_of(x, y))
      ASHLAR_BINARY(minimum_of, lesser_of(y, x))
      ASHLAR_BINARY(load, ((void)x, y))
      ASHLAR_ON_SCALAR(raise, raised_to(x, y))
      ASHLAR_ON_SCALAR(lower, lowered_to(x, y))
      ASHLAR_PAIR(multiply_then_add, hn::Add(hn::Mul(x, y), z))
      ASHLAR_PAIR(raise_then_lower, lowered_to(raised_to(x, y), z))
      case Code::divide_by_number: {
        const V y = hn::Set(d, *operand);
        // What does not exist counts as 1. NaN leaves the bounds as they are, and comes through either way.
        const auto magnitude = [&](V x, index_t r) HWY_ATTR {
          if constexpr (Tail) return hn::IfThenElse(exists(r), hn::Abs(x), hn::Set(d, T(1)));
          else return (void)r, hn::Abs(x);
        };
        V least = hn::Set(d, Reciprocal<T>::high), most = hn::Zero(d);
#define ASHLAR_BOUND(r)                         \
  {                                             \
    const V size = magnitude(v##r, r);          \
    least = lowered_to(least, size);            \
    most = raised_to(most, size);               \
  }
        ASHLAR_EIGHT(ASHLAR_BOUND)
#undef ASHLAR_BOUND
        if (HWY_LIKELY(hn::AllTrue(d, hn::And(hn::Ge(least, hn::Set(d, Reciprocal<T>::low)), hn::Le(most, hn::Set(d, Reciprocal<T>::high)))))) {
          const V reciprocal = hn::Div(hn::Set(d, T(1)), y);
          const auto apply = [reciprocal](V x, V y) HWY_ATTR { return Reciprocal<T>::quotient(x, y, reciprocal); };
          ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)
        } else {
          const auto apply = [](V x, V y) HWY_ATTR { return hn::Div(x, y); };
          ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)
        }
        break;
      }
      ASHLAR_UNARY(negative, hn::Neg(x))
      ASHLAR_UNARY(absolute, hn::Abs(x))
      ASHLAR_UNARY(square, hn::Mul(x, x))
      ASHLAR_UNARY(sqrt, hn::Sqrt(x))
      case Code::count:
      case Code::count_then_multiply: {
        Counter<T>& numbers = *reinterpret_cast<Counter<T>*>(stage->second);
        v0 = numbers.next;
        const V one = hn::Set(d, numbers.one), two = hn::Set(d, numbers.two), four = hn::Set(d, numbers.four);
        numbers.next = hn::Add(v0, hn::Set(d, numbers.block));
        v1 = hn::Add(v0, one);
        v2 = hn::Add(v0, two);
        v3 = hn::Add(v1, two);
        v4 = hn::Add(v0, four);
        v5 = hn::Add(v1, four);
        v6 = hn::Add(v2, four);
        v7 = hn::Add(v3, four);
        if (stage->code == Code::count_then_multiply) {
          const auto apply = [](V x, V y) HWY_ATTR { return hn::Mul(x, y); };
          const V y = hn::Set(d, *operand);
          ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)
        }
        break;
      }
#define ASHLAR_KEEP(r) hn::Store(v##r, d, stage->second + r * lanes);
      case Code::keep:
        ASHLAR_EIGHT(ASHLAR_KEEP)
        break;
      case Code::keep_then_load: {
        ASHLAR_EIGHT(ASHLAR_KEEP)
        const auto apply = [](V, V y) HWY_ATTR { return y; };
        ASHLAR_EIGHT(ASHLAR_WITH_STRIP)
        break;
      }
#undef ASHLAR_KEEP
    }
#undef ASHLAR_BINARY
#undef ASHLAR_UNARY
#undef ASHLAR_PAIR
#undef ASHLAR_ON_SCALAR
#undef ASHLAR_ON_STRIP
#undef ASHLAR_WITH_SCALAR
#undef ASHLAR_WITH_STRIP
  }
  if (out) {
    T* to = out + at;
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
}

/// The stages of a chain as codes.
template <class T>
class Coder {
 public:
  Coder(const Chain& chain, CodedStage<T>* stages, Counter<T>* counters) : first_(stages), next_(stages), counters_(counters) {
    for (const ChainStage& stage : chain.stages) code(stage);
  }
  const CodedStage<T>* stop() const { return next_; }
  /// Codes that n stages can become: a count is up to three.
  static constexpr std::size_t codes(std::size_t n) { return 3 * n; }

 private:
  CodedStage<T>& put(Code code, const void* operand = &zero_, index_t mask = 0) {
    *next_ = {code, static_cast<const T*>(operand), mask, nullptr};
    return *next_++;
  }
  bool follows(Code code) const { return next_ != first_ && next_[-1].code == code; }
  void binary(Code scalar, const ChainStage& stage) {
    if (stage.kind == ChainOperand::scalar) put(scalar, stage.operand);
    else put(static_cast<Code>(static_cast<int>(scalar) + 1), stage.operand, stage.kind == ChainOperand::strip ? -1 : 0);
  }
  void multiply(const T* scalar) {
    if (follows(Code::count)) {
      next_[-1].code = Code::count_then_multiply;
      next_[-1].operand = scalar;
    } else {
      put(Code::multiply_scalar, scalar);
    }
  }
  void add(const void* scalar) {
    if (follows(Code::multiply_scalar)) {
      next_[-1].code = Code::multiply_then_add;
      next_[-1].second = const_cast<T*>(static_cast<const T*>(scalar));
    } else {
      put(Code::add_scalar, scalar);
    }
  }
  void code(const ChainStage& stage) {
    const T* operand = static_cast<const T*>(stage.operand);
    const bool scalar = stage.kind == ChainOperand::scalar, number = scalar && *operand == *operand;
    switch (stage.op) {
      case ChainOp::add:
        if (scalar) add(operand);
        else binary(Code::add_scalar, stage);
        break;
      case ChainOp::subtract: binary(Code::subtract_scalar, stage); break;
      case ChainOp::subtract_from: binary(Code::subtract_from_scalar, stage); break;
      case ChainOp::multiply:
        if (scalar) multiply(operand);
        else binary(Code::multiply_scalar, stage);
        break;
      case ChainOp::divide:
        if (number && Reciprocal<T>::serves(*operand)) put(Code::divide_by_number, operand);
        else binary(Code::divide_scalar, stage);
        break;
      case ChainOp::divide_into: binary(Code::divide_into_scalar, stage); break;
      case ChainOp::maximum:
        if (number) put(Code::raise, operand);
        else binary(Code::maximum_scalar, stage);
        break;
      case ChainOp::maximum_of: binary(Code::maximum_of_scalar, stage); break;
      case ChainOp::minimum:
        if (number && follows(Code::raise)) {
          next_[-1].code = Code::raise_then_lower;
          next_[-1].second = const_cast<T*>(operand);
        } else if (number) {
          put(Code::lower, operand);
        } else {
          binary(Code::minimum_scalar, stage);
        }
        break;
      case ChainOp::minimum_of: binary(Code::minimum_of_scalar, stage); break;
      case ChainOp::negative: put(Code::negative); break;
      case ChainOp::absolute: put(Code::absolute); break;
      case ChainOp::square: put(Code::square); break;
      case ChainOp::sqrt: put(Code::sqrt); break;
      case ChainOp::load:
        if (!scalar && follows(Code::keep)) {
          next_[-1].code = Code::keep_then_load;
          next_[-1].operand = operand;
          next_[-1].mask = stage.kind == ChainOperand::strip ? -1 : 0;
        } else {
          binary(Code::load_scalar, stage);
        }
        break;
      case ChainOp::count: {
        if constexpr (std::is_same_v<T, double>) {  // no other type counts
          const typename ChainTypes<T>::D d;
          const ChainCount& numbers = *static_cast<const ChainCount*>(stage.operand);
          const double vector = numbers.stride * static_cast<double>(ChainTypes<T>::lanes);
          *counters_ = {hn::Add(hn::Mul(hn::Iota(d, 0), hn::Set(d, numbers.stride)), hn::Set(d, numbers.k)), vector, 2 * vector, 4 * vector, 8 * vector};
          put(Code::count).second = reinterpret_cast<T*>(counters_++);
          if (numbers.step != 1) multiply(&numbers.step);
          // Adding zero after a positive step changes nothing; otherwise it clears the sign of zero.
          if (numbers.start != 0 || !(numbers.step > 0)) add(&numbers.start);
        }
        break;
      }
      case ChainOp::keep: put(Code::keep).second = const_cast<T*>(operand); break;
    }
  }

  static constexpr T zero_ = 0;
  CodedStage<T>*first_, *next_;
  Counter<T>* counters_;
};

template <bool Sum, class T>
double run_chain(index_t n, const Chain& chain) {
  using Types = ChainTypes<T>;
  using V = typename Types::V;
  const typename Types::D d;
  constexpr index_t block = static_cast<index_t>(Types::block);
  constexpr std::size_t vectors = std::max<std::size_t>(1, 32 / Types::lanes);
  V sums[vectors];
  for (V& sum : sums) sum = hn::Set(d, static_cast<T>(-0.0));
  constexpr std::size_t few = 32;
  CodedStage<T> here[Coder<T>::codes(few)];
  std::vector<CodedStage<T>> many;
  CodedStage<T>* stages = here;
  if (chain.stages.size() > few) {
    many.resize(Coder<T>::codes(chain.stages.size()));
    stages = many.data();
  }
  Counter<T> counters[chain_counts_max];
  const CodedStage<T>* const stop = Coder<T>(chain, stages, counters).stop();
  // Most chains begin with a strip: it is loaded without asking.
  const T* from = nullptr;
  if (stages->code == Code::load_strip && stages->mask != 0) from = stages++->operand;
  T* out = static_cast<T*>(chain.out);
  index_t at = 0;
  for (; at + block <= n; at += block) chain_block<false, Sum, T>(from, stages, stop, out, at, block, sums);
  if (at < n) chain_block<true, Sum, T>(from, stages, stop, out, at, n - at, sums);
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
