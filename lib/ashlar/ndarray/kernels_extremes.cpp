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

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {

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
  ASHLAR_ELEMENT bool better(T a, T b) { return element::below(a, b); }
};
template <class T>
struct Greatest {
  using Value = T;
  using OfValues = Greatest;
  static constexpr T start() { return lowest<T>(); }
  ASHLAR_ELEMENT T take(T a) { return a; }
  ASHLAR_ELEMENT T join(T a, T b) { return element::maximum::of<T>(a, b); }
  ASHLAR_ELEMENT bool better(T a, T b) { return element::below(b, a); }
};
template <class T>
struct Any {
  using Value = bool;
  using OfValues = Any<bool>;
  static constexpr bool start() { return false; }
  ASHLAR_ELEMENT bool take(T a) { return element::nonzero(a); }
  ASHLAR_ELEMENT bool join(bool a, bool b) { return a | b; }
};
template <class T>
struct All {
  using Value = bool;
  using OfValues = All<bool>;
  static constexpr bool start() { return true; }
  ASHLAR_ELEMENT bool take(T a) { return element::nonzero(a); }
  ASHLAR_ELEMENT bool join(bool a, bool b) { return a & b; }
};

template <class F, class T>
HWY_INLINE typename F::Value fold_run(const T* x, index_t r) {
  using V = typename F::Value;
  constexpr int lanes = is_cplx<T> ? 1 : 32;
  V result = F::start();
  index_t i = 0;
  if (r >= lanes) {
    V lane[lanes];
    for (int l = 0; l < lanes; ++l) lane[l] = F::start();
    for (; i + lanes <= r; i += lanes)
      for (int l = 0; l < lanes; ++l) lane[l] = F::join(lane[l], F::take(x[i + l]));
    for (int l = 0; l < lanes; ++l) result = F::join(result, lane[l]);
  }
  for (; i < r; ++i) result = F::join(result, F::take(x[i]));
  return result;
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
    for (index_t j = 0; j < m; ++j, x += r) static_cast<V*>(state[0])[j] = fold_run<F, T>(x, r);
  }
  static void accumulate(index_t m, const void* in, const index_t*, void* const* state, index_t) {
    const T* x = static_cast<const T*>(in);
    V* value = static_cast<V*>(state[0]);
#pragma GCC ivdep
    for (index_t j = 0; j < m; ++j) value[j] = F::join(value[j], F::take(x[j]));
  }
  static Reducer reducer() { return {1, {sizeof(V)}, &init, &segments, &accumulate, &merge<Fold<typename F::OfValues, V>>}; }
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
  static Reducer reducer() { return {2, {sizeof(T), sizeof(index_t)}, &init, &segments, &accumulate, &merge}; }
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
  return visit_dtype(type, [reduction]<class T>(std::type_identity<T>) { return extremes_of<T>(reduction); });
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
