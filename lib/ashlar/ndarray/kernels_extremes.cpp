// min, max, any, all, argmin, argmax of strips.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_extremes.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>

#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_loops-inl.hpp"
#include "ashlar/ndarray/kernels_vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
constexpr T highest() {
  if constexpr (is_cplx<T>) return T(highest<typename T::value_type>(), highest<typename T::value_type>());
  else if constexpr (is_float<T>) return std::numeric_limits<T>::infinity();
  else return std::numeric_limits<T>::max();
}
template <class T>
constexpr T lowest() {
  if constexpr (is_cplx<T>) return T(lowest<typename T::value_type>(), lowest<typename T::value_type>());
  else if constexpr (is_float<T>) return -std::numeric_limits<T>::infinity();
  else return std::numeric_limits<T>::min();
}

// The folds: `start` is neutral, `join(a, b)` keeps a when both would do. OfValues is the fold of results.
template <class T>
struct Least {
  using Value = T;
  using OfValues = Least;
  static constexpr T start() { return highest<T>(); }
  ASHLAR_ELEMENT T take(T a) { return a; }
  ASHLAR_ELEMENT T join(T a, T b) { return element::minimum::of<T>(a, b); }
  template <class V>
  static HWY_INLINE V better_of(V a, V b) {
    return lowered_to(a, b);
  }
  ASHLAR_ELEMENT bool better(T a, T b) { return element::below(a, b); }
};
template <class T>
struct Greatest {
  using Value = T;
  using OfValues = Greatest;
  static constexpr T start() { return lowest<T>(); }
  ASHLAR_ELEMENT T take(T a) { return a; }
  ASHLAR_ELEMENT T join(T a, T b) { return element::maximum::of<T>(a, b); }
  template <class V>
  static HWY_INLINE V better_of(V a, V b) {
    return raised_to(a, b);
  }
  ASHLAR_ELEMENT bool better(T a, T b) { return element::below(b, a); }
};
// Truths are bytes: loops over `bool` compare each with zero once more.
using Truth = std::uint8_t;
template <class T>
struct Any {
  using Value = Truth;
  using OfValues = Any<Truth>;
  static constexpr Truth start() { return 0; }
  ASHLAR_ELEMENT Truth take(T a) { return element::nonzero(a); }
  ASHLAR_ELEMENT Truth join(Truth a, Truth b) { return a | b; }
};
template <class T>
struct All {
  using Value = Truth;
  using OfValues = All<Truth>;
  static constexpr Truth start() { return 1; }
  ASHLAR_ELEMENT Truth take(T a) { return element::nonzero(a); }
  ASHLAR_ELEMENT Truth join(Truth a, Truth b) { return a & b; }
};

/// The fold of a run of floats that has no NaN; false where it may have one. A sum runs along: NaN comes through it, and so it does of infinities of
/// both signs. Element i goes to lane i mod 32 whatever the width of the vectors, and of equals (zeros) the first stays. With infinities of both signs, or sums
/// beyond them, no zero is an extreme, so it does not matter then that `fold_plain` has another order.
template <class F, class T>
HWY_INLINE bool fold_numbers(const T* x, index_t r, T& result) {
  const hn::CappedTag<T, memory_vector_bytes / sizeof(T)> d;
  constexpr index_t width = static_cast<index_t>(hn::MaxLanes(d)), vectors = 32 / width, sums = vectors < 4 ? vectors : 4;
  hn::Vec<decltype(d)> best[vectors], sum[sums];
  for (auto& v : best) v = hn::Set(d, F::start());
  for (auto& v : sum) v = hn::Zero(d);
  index_t i = 0;
  for (; i + 32 <= r; i += 32) {
#pragma GCC unroll 16
    for (index_t k = 0; k < vectors; ++k) {
      const auto v = hn::LoadU(d, x + i + k * width);
      best[k] = F::better_of(best[k], v);
      sum[k % sums] = hn::Add(sum[k % sums], v);
    }
  }
  for (index_t k = 1; k < sums; ++k) sum[0] = hn::Add(sum[0], sum[k]);
  HWY_ALIGN T lane[32];
  hn::Store(sum[0], d, lane);
  T all = 0;
  for (index_t l = 0; l < width; ++l) all += lane[l];
  // Lane l is joined with lane l + 16, then with l + 8 and so on.
#pragma GCC unroll 8
  for (index_t half = vectors / 2; half >= 1; half /= 2)
    for (index_t k = 0; k < half; ++k) best[k] = F::better_of(best[k], best[k + half]);
  hn::Store(best[0], d, lane);
  for (index_t half = width / 2; half >= 1; half /= 2)
    for (index_t l = 0; l < half; ++l) lane[l] = F::better(lane[l + half], lane[l]) ? lane[l + half] : lane[l];
  result = lane[0];
  for (; i < r; ++i) {
    all += x[i];
    result = F::join(result, x[i]);
  }
  return all == all;
}

/// One after the other: the compiler makes vectors of it where the order does not matter, as of integers.
template <class F, class T>
HWY_INLINE typename F::Value fold_plain(const T* x, index_t r) {
  typename F::Value result = F::start();
  for (index_t i = 0; i < r; ++i) result = F::join(result, F::take(x[i]));
  return result;
}
template <class F, class T>
HWY_INLINE typename F::Value fold_run(const T* x, index_t r) {
  if constexpr (is_float<T> && std::is_same_v<typename F::Value, T>) {
    T result;
    if (r >= 32 && fold_numbers<F, T>(x, r, result)) return result;
  }
  return fold_plain<F, T>(x, r);
}

/// Results are joined as elements are: one loop serves both.
template <class OfValues>
void merge(index_t m, void* const* part, index_t, void* const* state, index_t before) {
  OfValues::accumulate(m, part[0], nullptr, state, before);
}

template <class F, class T>
struct Fold {
  using V = typename F::Value;
  static void init(index_t m, void* const* state) { std::fill_n(static_cast<V*>(state[0]), m, F::start()); }
  static void segments(index_t m, index_t r, const void* in, const index_t*, void* const* state) {
    const T* x = static_cast<const T*>(in);
    if constexpr (!std::is_same_v<V, T>) {  // truths of numbers
      V truths[strip_length];
      for (index_t i = 0; i < m * r; ++i) truths[i] = F::take(x[i]);
      Fold<typename F::OfValues, V>::segments(m, r, truths, nullptr, state);
    } else {
      for (index_t j = 0; j < m; ++j, x += r) static_cast<V*>(state[0])[j] = fold_run<F, T>(x, r);
    }
  }
  static void accumulate(index_t m, const void* in, const index_t*, void* const* state, index_t) {
    const T* x = static_cast<const T*>(in);
    V* value = static_cast<V*>(state[0]);
#pragma GCC ivdep
    for (index_t j = 0; j < m; ++j) value[j] = F::join(value[j], F::take(x[j]));
  }
  static Reducer reducer() {
    Reducer result{1, {sizeof(V)}, &init, &segments, &accumulate, &merge<Fold<typename F::OfValues, V>>};
    if constexpr (std::is_same_v<V, T>) result.strips_together = strips_at_once;
    return result;
  }
};

/// The extreme and the number of its first place; position -1: nothing yet. NaN is more extreme than any number.
template <class F, class T>
struct Position {
  static bool wins(T value, index_t position, T best, index_t best_position) {
    if (best_position < 0) return position >= 0;
    if (position < 0) return false;
    const bool nan = element::nan(value), best_nan = element::nan(best);
    if (nan || best_nan) return nan && (!best_nan || position < best_position);
    return F::better(value, best) || (value == best && position < best_position);
  }
  static void take(T value, index_t position, T& best, index_t& best_position) {
    if (!wins(value, position, best, best_position)) return;
    best = value;
    best_position = position;
  }
  static void init(index_t m, void* const* state) {
    std::fill_n(static_cast<T*>(state[0]), m, F::start());
    std::fill_n(static_cast<index_t*>(state[1]), m, index_t(-1));
  }
  static bool beaten(index_t r, const void* in, index_t first, void* const* state) {
    const T best = *static_cast<const T*>(state[0]);
    const index_t best_position = *static_cast<const index_t*>(state[1]);
    if (best_position < 0) return false;
    const T value = fold_run<F, T>(static_cast<const T*>(in), r);
    if (element::nan(best) || element::nan(value)) return !element::nan(value) || (element::nan(best) && first > best_position);
    return F::better(best, value) || (value == best && first > best_position);
  }
  static void segments(index_t m, index_t r, const void* in, const index_t* positions, void* const* state) {
    Fold<F, T>::segments(m, r, in, positions, state);
    const T* x = static_cast<const T*>(in);
    for (index_t j = 0; j < m; ++j, x += r, positions += r) {
      const T best = static_cast<const T*>(state[0])[j];
      index_t first = std::numeric_limits<index_t>::max();
      if (element::nan(best)) {
        for (index_t i = 0; i < r; ++i) first = std::min(first, element::nan(x[i]) ? positions[i] : first);
      } else {
        for (index_t i = 0; i < r; ++i) first = std::min(first, x[i] == best ? positions[i] : first);
      }
      static_cast<index_t*>(state[1])[j] = first;
    }
  }
  static void accumulate(index_t m, const void* in, const index_t* positions, void* const* state, index_t) {
    for (index_t j = 0; j < m; ++j)
      take(static_cast<const T*>(in)[j], positions[j], static_cast<T*>(state[0])[j], static_cast<index_t*>(state[1])[j]);
  }
  static void merge(index_t m, void* const* part, index_t, void* const* state, index_t before) {
    accumulate(m, part[0], static_cast<const index_t*>(part[1]), state, before);
  }
  static Reducer reducer() { return {2, {sizeof(T), sizeof(index_t)}, &init, &segments, &accumulate, &merge, &beaten}; }
};

template <class T>
Reducer extremes_of(Reduction reduction) {
  switch (reduction) {
    case Reduction::min: return Fold<Least<T>, T>::reducer();
    case Reduction::max: return Fold<Greatest<T>, T>::reducer();
    case Reduction::any: return Fold<Any<T>, T>::reducer();
    case Reduction::all: return Fold<All<T>, T>::reducer();
    case Reduction::argmin: return Position<Least<T>, T>::reducer();
    default: return Position<Greatest<T>, T>::reducer();
  }
}

Reducer extremes(Reduction reduction, DType type) {
  // A bool is a byte that is 0 or 1.
  if (type == DType::bool_) type = DType::uint8;
  return visit_dtype(type, [reduction]<class T>(std::type_identity<T>) {
    if constexpr (is_bool<T>) return Reducer{};
    else return extremes_of<T>(reduction);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(extremes);
Reducer sums_reducer(Reduction reduction, DType elements);  // kernels_sums.cpp
Reducer reducer(Reduction reduction, DType elements) {
  switch (reduction) {
    case Reduction::sum:
    case Reduction::prod:
    case Reduction::mean:
    case Reduction::var:
    case Reduction::std: return sums_reducer(reduction, elements);
    default: return HWY_DYNAMIC_DISPATCH(extremes)(reduction, elements);
  }
}
}  // namespace ashlar::kernels
#endif
