// Chains: a small interpreter whose eight accumulators are vector registers. A stage is a function that takes the eight vectors as arguments, in the
// registers where the calling convention has them, works on them, and calls the next stage last, which compilers make a jump: between two stages stand a
// load and that jump. What an expression needs twice is put aside as a block of the same eight vectors: it is read back while the processor still works
// on it, and slow operations (divisions) of one part run beside the arithmetic of the next.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_chain.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>
#include <atomic>
#include <type_traits>
#include <vector>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "hwy/cache_control.h"
#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of N elements.
template <class Type, std::size_t N>
struct Lanes {
  using T = Type;
  using D = hn::CappedTag<T, N>;
  using V = hn::Vec<D>;
  static constexpr std::size_t lanes = N;
  static constexpr std::size_t block = 8 * lanes;
};
template <class T>
using Wide = Lanes<T, hn::MaxLanes(hn::ScalableTag<T>())>;
/// For chains that read memory.
template <class T>
using Narrow = Lanes<T, std::min(Wide<T>::lanes, memory_vector_bytes / sizeof(T))>;

template <class V>
HWY_INLINE V greater_of(V a, V b) {  // element::maximum
  return hn::IfThenElse(hn::Or(hn::Ge(a, b), hn::IsNaN(a)), a, b);
}
template <class V>
HWY_INLINE V lesser_of(V a, V b) {
  return hn::IfThenElse(hn::Or(hn::Le(a, b), hn::IsNaN(a)), a, b);
}

template <class L>
struct CodedStage;

/// What all stages of a run use.
template <class L>
struct ChainFrame {
  typename L::T* out;
  typename L::V* sums;
  const CodedStage<L>* stages;  // begun anew for every block up to the one at `last`
  index_t last;
};

// Where the last call of a function is surely a jump, one block goes on to the next; else every block returns, lest the stack grow with their number.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(ASHLAR_FEW_INSTRUCTION_SETS)
inline constexpr bool blocks_jump = true;
#else
inline constexpr bool blocks_jump = false;
#endif

// The eight vectors are named, not an array: only so are they arguments in registers.
#define ASHLAR_EIGHT(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/// `at`: the first element of the block.
template <class L, class V = typename L::V>
using StageFunction = void (*)(V v0, V v1, V v2, V v3, V v4, V v5, V v6, V v7, const CodedStage<L>* stage, const ChainFrame<L>* frame, index_t at);

/// One or some stages of a chain: which function does it, and where its operand lies. Frequent neighbours are one, since at eight vectors a stage the way
/// from one to the next is not free.
template <class L>
struct CodedStage {
  using T = typename L::T;
  StageFunction<L> function;
  const T* operand;         // a scalar, or a strip or kept block
  index_t mask;             // operand + (at & mask): -1 for strips
  T* second;                // the scalar of the second operation of a pair (read), the block to keep (written)
  const T* third = nullptr;  // scalars of what was made one stage with these
  const T* fourth = nullptr;
};

/// The numbers of an arange, block by block; whole numbers, so every sum is exact.
template <class L>
struct Counter {
  using T = typename L::T;
  HWY_ALIGN T next[L::lanes];
  T one, two, four, block;  // strides of one, two, four and eight vectors

  void start(const ChainCount& numbers) {
    const typename L::D d;
    hn::Store(hn::Add(hn::Mul(hn::Iota(d, T(0)), hn::Set(d, static_cast<T>(numbers.stride))), hn::Set(d, static_cast<T>(numbers.k))), d, next);
    one = static_cast<T>(numbers.stride) * static_cast<T>(L::lanes);
    two = 2 * one, four = 4 * one, block = 8 * one;
  }
};

#define ASHLAR_BLOCK                                                                                                                         \
  V v0, V v1, V v2, V v3, V v4, V v5, V v6, V v7, const CodedStage<L>*stage, [[maybe_unused]] const ChainFrame<L>*frame, [[maybe_unused]] index_t at
#define ASHLAR_GO_ON return stage[1].function(v0, v1, v2, v3, v4, v5, v6, v7, stage + 1, frame, at)
#define ASHLAR_NEXT_BLOCK                                   \
  if (at += static_cast<index_t>(L::block); at <= frame->last) \
  return frame->stages->function(v0, v1, v2, v3, v4, v5, v6, v7, frame->stages, frame, at)
#define ASHLAR_VECTORS(L)               \
  using T [[maybe_unused]] = typename L::T; \
  [[maybe_unused]] const typename L::D d; \
  [[maybe_unused]] constexpr index_t lanes = static_cast<index_t>(L::lanes)

#define ASHLAR_OPERATION(name, expression)                                            \
  struct name {                                                                       \
    template <class V>                                                                \
    static HWY_INLINE V of([[maybe_unused]] V x, [[maybe_unused]] V y) { return expression; } \
  };
ASHLAR_OPERATION(add, hn::Add(x, y))
ASHLAR_OPERATION(subtract, hn::Sub(x, y))
ASHLAR_OPERATION(subtract_from, hn::Sub(y, x))
ASHLAR_OPERATION(multiply, hn::Mul(x, y))
ASHLAR_OPERATION(divide, hn::Div(x, y))
ASHLAR_OPERATION(divide_into, hn::Div(y, x))
ASHLAR_OPERATION(maximum, greater_of(x, y))
ASHLAR_OPERATION(maximum_of, greater_of(y, x))
ASHLAR_OPERATION(minimum, lesser_of(x, y))
ASHLAR_OPERATION(minimum_of, lesser_of(y, x))
ASHLAR_OPERATION(load, y)
ASHLAR_OPERATION(raise, raised_to(x, y))  // maximum and minimum with a scalar that is not NaN
ASHLAR_OPERATION(lower, lowered_to(x, y))
ASHLAR_OPERATION(negative, hn::Neg(x))
ASHLAR_OPERATION(absolute, hn::Abs(x))
ASHLAR_OPERATION(square, hn::Mul(x, x))
ASHLAR_OPERATION(root, hn::Sqrt(x))
#undef ASHLAR_OPERATION

#define ASHLAR_WITH_STRIP(r) v##r = F::of(v##r, hn::LoadU(d, operand + r * lanes));
#define ASHLAR_WITH_SCALAR(r) v##r = F::of(v##r, y);
#define ASHLAR_WITH_TWO(r) v##r = G::of(F::of(v##r, y), z);
#define ASHLAR_ALONE(r) v##r = F::of(v##r, v##r);
#define ASHLAR_KEEP(r) hn::Store(v##r, d, stage->second + r * lanes);

template <class F, class L, class V = typename L::V>
void with_strip(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  const T* operand = stage->operand + (at & stage->mask);
  ASHLAR_EIGHT(ASHLAR_WITH_STRIP)
  ASHLAR_GO_ON;
}
/// Loads, and asks for what comes soon: the processor looks ahead on its own, but not from one page to the next. For chains of one strip; with two,
/// which keep memory busy by themselves, it is slower.
template <class L, class V = typename L::V>
void load_and_fetch(ASHLAR_BLOCK) {
  using F = load;
  ASHLAR_VECTORS(L);
  const T* operand = stage->operand + at;
  for (index_t line = 0; line < static_cast<index_t>(L::block); line += 64 / static_cast<index_t>(sizeof(T))) hwy::Prefetch(operand + 2048 / sizeof(T) + line);
  ASHLAR_EIGHT(ASHLAR_WITH_STRIP)
  ASHLAR_GO_ON;
}
template <class F, class L, class V = typename L::V>
void with_scalar(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  const V y = hn::Set(d, *stage->operand);
  ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)
  ASHLAR_GO_ON;
}
template <class F, class G, class L, class V = typename L::V>
void with_two(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  const V y = hn::Set(d, *stage->operand), z = hn::Set(d, *stage->second);
  ASHLAR_EIGHT(ASHLAR_WITH_TWO)
  ASHLAR_GO_ON;
}
template <class F, class L, class V = typename L::V>
void alone(ASHLAR_BLOCK) {
  ASHLAR_EIGHT(ASHLAR_ALONE)
  ASHLAR_GO_ON;
}
template <class L, class V = typename L::V>
void keep(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  ASHLAR_EIGHT(ASHLAR_KEEP)
  ASHLAR_GO_ON;
}
template <class L, class V = typename L::V>
void keep_then_load(ASHLAR_BLOCK) {
  using F = load;
  ASHLAR_VECTORS(L);
  ASHLAR_EIGHT(ASHLAR_KEEP)
  const T* operand = stage->operand + (at & stage->mask);
  ASHLAR_EIGHT(ASHLAR_WITH_STRIP)
  ASHLAR_GO_ON;
}
/// The scalar is `third`.
template <class F, class L, class V = typename L::V>
void with_scalar_keep_then_load(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  const T* operand = stage->operand + (at & stage->mask);
  T* const kept = stage->second;
  const V y = hn::Set(d, *stage->third);
#define ASHLAR_KEEP_WITH_SCALAR(r) hn::Store(F::of(v##r, y), d, kept + r * lanes);
  ASHLAR_EIGHT(ASHLAR_KEEP_WITH_SCALAR)
#undef ASHLAR_KEEP_WITH_SCALAR
#define ASHLAR_LOAD(r) v##r = hn::LoadU(d, operand + r * lanes);
  ASHLAR_EIGHT(ASHLAR_LOAD)
#undef ASHLAR_LOAD
  ASHLAR_GO_ON;
}
/// Times `third` plus `fourth`, then with a strip or kept block.
template <class F, class L, class V = typename L::V>
void times_plus_with_strip(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  const T* operand = stage->operand + (at & stage->mask);
  const V y = hn::Set(d, *stage->third), z = hn::Set(d, *stage->fourth);
#define ASHLAR_TIMES_PLUS(r) v##r = F::of(hn::Add(hn::Mul(v##r, y), z), hn::LoadU(d, operand + r * lanes));
  ASHLAR_EIGHT(ASHLAR_TIMES_PLUS)
#undef ASHLAR_TIMES_PLUS
  ASHLAR_GO_ON;
}
/// With a strip or kept block, then not below `third` and not above `fourth`.
template <class F, class L, class V = typename L::V>
void with_strip_clipped(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  const T* operand = stage->operand + (at & stage->mask);
  const V y = hn::Set(d, *stage->third), z = hn::Set(d, *stage->fourth);
#define ASHLAR_CLIPPED(r) v##r = lowered_to(raised_to(F::of(v##r, hn::LoadU(d, operand + r * lanes)), y), z);
  ASHLAR_EIGHT(ASHLAR_CLIPPED)
#undef ASHLAR_CLIPPED
  ASHLAR_GO_ON;
}
/// With Multiply, by the scalar.
template <bool Multiply, class L, class V = typename L::V>
void count(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  Counter<L>& numbers = *reinterpret_cast<Counter<L>*>(stage->second);
  v0 = hn::Load(d, numbers.next);
  const V one = hn::Set(d, numbers.one), two = hn::Set(d, numbers.two), four = hn::Set(d, numbers.four);
  hn::Store(hn::Add(v0, hn::Set(d, numbers.block)), d, numbers.next);
  v1 = hn::Add(v0, one);
  v2 = hn::Add(v0, two);
  v3 = hn::Add(v1, two);
  v4 = hn::Add(v0, four);
  v5 = hn::Add(v1, four);
  v6 = hn::Add(v2, four);
  v7 = hn::Add(v3, four);
  if constexpr (Multiply) {
    using F = multiply;
    const V y = hn::Set(d, *stage->operand);
    ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)
  }
  ASHLAR_GO_ON;
}

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
template <class L, class V = typename L::V>
void divide_by_number(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  const V y = hn::Set(d, *stage->operand);
  // NaN leaves the bounds as they are, and comes through either way.
  V least = hn::Set(d, Reciprocal<T>::high), most = hn::Zero(d);
#define ASHLAR_BOUND(r) least = lowered_to(least, hn::Abs(v##r)), most = raised_to(most, hn::Abs(v##r));
  ASHLAR_EIGHT(ASHLAR_BOUND)
#undef ASHLAR_BOUND
  if (HWY_LIKELY(hn::AllTrue(d, hn::And(hn::Ge(least, hn::Set(d, Reciprocal<T>::low)), hn::Le(most, hn::Set(d, Reciprocal<T>::high)))))) {
    const V reciprocal = hn::Div(hn::Set(d, T(1)), y);
#define ASHLAR_QUOTIENT(r) v##r = Reciprocal<T>::quotient(v##r, y, reciprocal);
    ASHLAR_EIGHT(ASHLAR_QUOTIENT)
#undef ASHLAR_QUOTIENT
  } else {
    using F = divide;
    ASHLAR_EIGHT(ASHLAR_WITH_SCALAR)
  }
  ASHLAR_GO_ON;
}

template <class L, class V = typename L::V>
void store_block(ASHLAR_BLOCK) {
  ASHLAR_VECTORS(L);
  T* to = frame->out + (at & stage->mask);
#define ASHLAR_STORE(r) hn::StoreU(v##r, d, to + r * lanes);
  ASHLAR_EIGHT(ASHLAR_STORE)
#undef ASHLAR_STORE
  ASHLAR_NEXT_BLOCK;
}
/// Element i is added to sum i mod 32, whatever the width.
template <class L, class V = typename L::V>
void sum_block(ASHLAR_BLOCK) {
  constexpr std::size_t vectors = 32 / L::lanes;
  const std::size_t first = L::block % 32 == 0 ? 0 : static_cast<std::size_t>(at) % 32 / L::lanes;
  V* sums = frame->sums;
#define ASHLAR_SUM(r) sums[(first + r) % vectors] = hn::Add(sums[(first + r) % vectors], v##r);
  ASHLAR_EIGHT(ASHLAR_SUM)
#undef ASHLAR_SUM
  (void)stage;
  ASHLAR_NEXT_BLOCK;
}
#undef ASHLAR_ALONE
#undef ASHLAR_BLOCK
#undef ASHLAR_EIGHT
#undef ASHLAR_GO_ON
#undef ASHLAR_KEEP
#undef ASHLAR_NEXT_BLOCK
#undef ASHLAR_VECTORS
#undef ASHLAR_WITH_SCALAR
#undef ASHLAR_WITH_STRIP
#undef ASHLAR_WITH_TWO

/// A chain as functions, in both forms: for whole blocks, and for what is left of the strips, whose operands are copied to blocks.
template <bool Sum, class L>
class Runner final : public ChainRunner {
  using T = typename L::T;
  using V = typename L::V;
  using Function = StageFunction<L>;
  static constexpr index_t lanes = static_cast<index_t>(L::lanes), block = static_cast<index_t>(L::block);
  static constexpr std::size_t vectors = std::max<std::size_t>(1, 32 / L::lanes);

 public:
  double run(index_t n, const Chain& chain, bool anew) override {
    if (anew || stages_.empty()) code(chain);
    for (const Moves& moves : strips_) stages_[moves.coded].operand = static_cast<const T*>(chain.stages[moves.stage].operand);
    for (std::size_t i = 0; i < counts_.size(); ++i) counters_[i].start(*static_cast<const ChainCount*>(chain.stages[counts_[i]].operand));
    const typename L::D d;
    V sums[vectors];
    for (V& sum : sums) sum = hn::Set(d, static_cast<T>(-0.0));
    ChainFrame<L> frame{static_cast<T*>(chain.out), sums, stages_.data(), 0};
    const index_t whole = n / block * block;
    constexpr index_t together = (blocks_jump ? 64 : 1) * block;  // not all: should a compiler not make jumps of last calls, the stack still holds them
    for (index_t at = 0; at < whole; at += together) {
      frame.last = std::min(at + together, whole) - block;
      start(frame, at);
    }
    if (whole < n) run_rest(frame, whole, n - whole);
    if constexpr (Sum) {
      // 32 partial sums: 16 and 16, 8 and 8, and so on.
      for (std::size_t w = vectors / 2; w >= 1; w /= 2)
        for (std::size_t v = 0; v < w; ++v) sums[v] = hn::Add(sums[v], sums[v + w]);
      HWY_ALIGN T lane[L::lanes];
      hn::Store(sums[0], d, lane);
      for (std::size_t w = L::lanes / 2; w >= 1; w /= 2)
        for (std::size_t j = 0; j < w; ++j) lane[j] += lane[j + w];
      return static_cast<double>(lane[0]);
    }
    return 0;
  }

 private:
  struct Moves {
    std::size_t coded, stage;  // numbers in stages_ and in the chain
  };

  static HWY_INLINE void start(const ChainFrame<L>& frame, index_t at) {
    const V any = hn::Zero(typename L::D());
    frame.stages->function(any, any, any, any, any, any, any, any, frame.stages, &frame, at);
  }

  void run_rest(const ChainFrame<L>& frame, index_t at, index_t count) {
    const typename L::D d;
    const auto exists = [&](index_t i) HWY_ATTR { return hn::FirstN(d, static_cast<std::size_t>(std::min(count - i, lanes))); };
    T* const results = rest_memory_.data();
    for (std::size_t s = 0; s < strips_.size(); ++s) {
      const T* const from = stages_[strips_[s].coded].operand;
      std::size_t first = 0;  // the first strip that is the same
      while (stages_[strips_[first].coded].operand != from) ++first;
      T* const to = results + static_cast<index_t>(first + 1) * block;
      rest_[strips_[s].coded].operand = to;
      if (first != s) continue;
      for (index_t i = 0; i < count; i += lanes)
        hn::StoreU(hn::IfThenElse(exists(i), hn::MaskedLoad(exists(i), d, from + at + i), hn::Set(d, T(1))), d, to + i);
    }
    start({results, nullptr, rest_.data(), at}, at);
    if constexpr (Sum) {
      for (index_t i = 0; i < count; i += lanes) {
        V& sum = frame.sums[static_cast<std::size_t>((at + i) % 32 / lanes)];
        sum = hn::IfThenElse(exists(i), hn::Add(sum, hn::LoadU(d, results + i)), sum);
      }
    } else {
      std::copy_n(results, count, frame.out + at);
    }
  }

  void code(const Chain& chain) {
    stages_.clear();
    strips_.clear();
    counts_.clear();
    counters_.resize(static_cast<std::size_t>(std::count_if(chain.stages.begin(), chain.stages.end(), [](const ChainStage& s) { return s.op == ChainOp::count; })));
    for (std::size_t i = 0; i < chain.stages.size(); ++i) code(chain.stages[i], i);
    rest_ = stages_;
    const auto first_strip = [&](const Moves& moves) { return chain.stages[moves.stage].operand == chain.stages[strips_[0].stage].operand; };
    if (!strips_.empty() && strips_[0].coded == 0 && stages_[0].function == &with_strip<load, L> && std::all_of(strips_.begin(), strips_.end(), first_strip))
      stages_[0].function = &load_and_fetch<L>;
    stages_.push_back({Sum ? &sum_block<L> : &store_block<L>, nullptr, -1, nullptr});
    rest_.push_back({&store_block<L>, nullptr, 0, nullptr});
    for (const Moves& moves : strips_) rest_[moves.coded].mask = 0;
    rest_memory_.assign((strips_.size() + 1) * L::block, T(1));
  }

  CodedStage<L>& put(Function function, const void* operand = nullptr) {
    stages_.push_back({function, static_cast<const T*>(operand), 0, nullptr});
    return stages_.back();
  }
  bool follows(Function function) const { return !stages_.empty() && stages_.back().function == function; }
  void takes_strip(const ChainStage& stage, std::size_t number) {
    if (stage.kind != ChainOperand::strip) return;
    stages_.back().mask = -1;
    strips_.push_back({stages_.size() - 1, number});
  }
  template <class F>
  void binary(const ChainStage& stage, std::size_t number) {
    if (stage.kind == ChainOperand::scalar) put(&with_scalar<F, L>, stage.operand);
    else if (!joins_times_plus<F>(stage.operand)) put(&with_strip<F, L>, stage.operand);
    takes_strip(stage, number);
  }
  /// F with a strip or kept block, as one stage with the multiplication and addition before it.
  template <class F>
  bool joins_times_plus(const void* operand) {
    if constexpr (std::is_same_v<F, add> || std::is_same_v<F, subtract> || std::is_same_v<F, subtract_from> || std::is_same_v<F, multiply>) {
      if (!follows(&with_two<multiply, add, L>)) return false;
      CodedStage<L>& stage = stages_.back();
      stage = {&times_plus_with_strip<F, L>, static_cast<const T*>(operand), 0, nullptr, stage.operand, stage.second};
      return true;
    }
    return false;
  }
  /// Not above the scalar: after `raise`, and after that of what was made with a strip, one stage.
  void lowers(const T* scalar) {
    if (!follows(&with_scalar<raise, L>)) {
      put(&with_scalar<lower, L>, scalar);
      return;
    }
    const T* const least = stages_.back().operand;
    const Function before = stages_.size() > 1 ? stages_[stages_.size() - 2].function : nullptr;
    Function clipped = nullptr;
    if (before == &with_strip<add, L>) clipped = &with_strip_clipped<add, L>;
    else if (before == &with_strip<subtract, L>) clipped = &with_strip_clipped<subtract, L>;
    else if (before == &with_strip<subtract_from, L>) clipped = &with_strip_clipped<subtract_from, L>;
    if (!clipped) return pair(&with_two<raise, lower, L>, scalar);
    stages_.pop_back();
    stages_.back().function = clipped;
    stages_.back().third = least;
    stages_.back().fourth = scalar;
  }
  void pair(Function function, const void* second) {
    stages_.back().function = function;
    stages_.back().second = const_cast<T*>(static_cast<const T*>(second));
  }
  void times(const void* scalar) {
    if (follows(&count<false, L>)) {
      stages_.back().function = &count<true, L>;
      stages_.back().operand = static_cast<const T*>(scalar);
    } else {
      put(&with_scalar<multiply, L>, scalar);
    }
  }
  void plus(const void* scalar) {
    if (follows(&with_scalar<multiply, L>)) pair(&with_two<multiply, add, L>, scalar);
    else put(&with_scalar<add, L>, scalar);
  }
  void code(const ChainStage& stage, std::size_t i) {
    const T* operand = static_cast<const T*>(stage.operand);
    const bool scalar = stage.kind == ChainOperand::scalar, number = scalar && *operand == *operand;
    switch (stage.op) {
      case ChainOp::add:
        if (scalar) plus(operand);
        else binary<add>(stage, i);
        break;
      case ChainOp::subtract: binary<subtract>(stage, i); break;
      case ChainOp::subtract_from: binary<subtract_from>(stage, i); break;
      case ChainOp::multiply:
        if (scalar) times(operand);
        else binary<multiply>(stage, i);
        break;
      case ChainOp::divide:
        if (number && !divider_is_quick() && Reciprocal<T>::serves(*operand)) put(&divide_by_number<L>, operand);
        else binary<divide>(stage, i);
        break;
      case ChainOp::divide_into: binary<divide_into>(stage, i); break;
      case ChainOp::maximum:
        if (number) put(&with_scalar<raise, L>, operand);
        else binary<maximum>(stage, i);
        break;
      case ChainOp::maximum_of: binary<maximum_of>(stage, i); break;
      case ChainOp::minimum:
        if (number) lowers(operand);
        else binary<minimum>(stage, i);
        break;
      case ChainOp::minimum_of: binary<minimum_of>(stage, i); break;
      case ChainOp::negative: put(&alone<negative, L>); break;
      case ChainOp::absolute: put(&alone<absolute, L>); break;
      case ChainOp::square: put(&alone<square, L>); break;
      case ChainOp::sqrt: put(&alone<root, L>); break;
      case ChainOp::load:
        if (!scalar && follows(&keep<L>)) {
          const Function before = stages_.size() > 1 ? stages_[stages_.size() - 2].function : nullptr;
          const bool divides = before == &with_scalar<divide, L>;
          if (divides || before == &with_scalar<multiply, L>) {
            T* const kept = stages_.back().second;
            stages_.pop_back();
            stages_.back() = {divides ? &with_scalar_keep_then_load<divide, L> : &with_scalar_keep_then_load<multiply, L>, operand, 0, kept, stages_.back().operand};
          } else {
            stages_.back().function = &keep_then_load<L>;
            stages_.back().operand = operand;
          }
          takes_strip(stage, i);
        } else {
          binary<load>(stage, i);
        }
        break;
      case ChainOp::count: {
        const ChainCount& numbers = *static_cast<const ChainCount*>(stage.operand);
        put(&count<false, L>).second = reinterpret_cast<T*>(&counters_[counts_.size()]);
        counts_.push_back(i);
        if constexpr (std::is_same_v<T, double>) {  // no other type counts
          if (numbers.step != 1) times(&numbers.step);
          // Adding zero after a positive step changes nothing; otherwise it clears the sign of zero.
          if (numbers.start != 0 || !(numbers.step > 0)) plus(&numbers.start);
        }
        break;
      }
      case ChainOp::keep: put(&keep<L>).second = const_cast<T*>(operand); break;
    }
  }

  std::vector<CodedStage<L>> stages_, rest_;
  std::vector<Moves> strips_;
  std::vector<std::size_t> counts_;  // the stages that count
  std::vector<Counter<L>> counters_;
  std::vector<T> rest_memory_;       // a block for the results, and one for each strip
};

template <class L>
ChainRunner* new_runner_of(bool sum) {
  if (!sum) return new Runner<false, L>;
  if constexpr (std::is_same_v<typename L::T, double>) return new Runner<true, L>;
  return nullptr;
}
template <class T>
ChainRunner* new_runner_of(bool sum, bool reads) {
  return reads ? new_runner_of<Narrow<T>>(sum) : new_runner_of<Wide<T>>(sum);
}
ChainRunner* new_runner(DType type, bool sum, bool reads) {
  if (type == DType::float64) return new_runner_of<double>(sum, reads);
  if (type == DType::float32) return new_runner_of<float>(sum, reads);
  return nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(new_runner);
std::unique_ptr<ChainRunner> chain_runner(DType type, bool sum, bool reads) {
  return std::unique_ptr<ChainRunner>(HWY_DYNAMIC_DISPATCH(new_runner)(type, sum, reads));
}

namespace {
// AMD's (since Zen 2) takes five cycles for four numbers, as long as the way round it; Intel's eight, and sixteen for eight.
bool quick_divider() {
#if HWY_ARCH_X86
  __builtin_cpu_init();
  return __builtin_cpu_is("amd");
#else
  return false;
#endif
}
std::atomic<bool> divides{quick_divider()};
}  // namespace
bool divider_is_quick() { return divides.load(std::memory_order_relaxed); }
void set_divider_is_quick(bool quick) { divides.store(quick, std::memory_order_relaxed); }
}  // namespace ashlar::kernels
#endif
