// sum, mean, prod, var, std of strips.
//
// Why the results do not depend on the width of the vectors: a run of elements is always added into 32 partial sums by position,
// and these are folded 16, 8, 4, 2, 1. Runs are added to each other with their rounding errors kept (`rest`), so the error of a long
// sum is that of its runs: below NumPy's pairwise sum.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_sums.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {

constexpr index_t lanes = 32;

// Parts: 2 for complex numbers, which are added as pairs of reals. T: the stored real type, A: the real type added in.
template <class A, int L, int Parts>
HWY_INLINE void fold(A* lane) {
#pragma GCC unroll 5
  for (int w = L / 2; w >= Parts; w /= 2)
    for (int j = 0; j < w; ++j) lane[j] = element::add::of<A>(lane[j], lane[j + w]);
}

// -0.0 is the neutral element: 0.0 would turn a sum of negative zeros positive.
template <class A>
constexpr A nothing() {
  if constexpr (is_float<A>) return A(-0.0);
  else return A(0);
}

/// Runs of at most L elements: the outer folds would only add neutral elements.
template <class T, class A, int L, int Parts>
void short_runs(index_t m, index_t r, const T* x, A* sums) {
  for (index_t j = 0; j < m; ++j, x += r) {
    A lane[L];
    for (int i = 0; i < L; ++i) lane[i] = nothing<A>();
    for (index_t i = 0; i < r; ++i) lane[i] = element::add::of<A>(lane[i], static_cast<A>(x[i]));
    fold<A, L, Parts>(lane);
    for (int p = 0; p < Parts; ++p) sums[Parts * j + p] = lane[p];
  }
}

/// r counts reals.
template <class T, class A, int Parts>
ASHLAR_MEMORY_BOUND void sum_runs(index_t m, index_t r, const T* x, A* sums) {
  if (r <= 4) return short_runs<T, A, 4, Parts>(m, r, x, sums);
  if (r <= 8) return short_runs<T, A, 8, Parts>(m, r, x, sums);
  if (r <= 16) return short_runs<T, A, 16, Parts>(m, r, x, sums);
  for (index_t j = 0; j < m; ++j, x += r) {
    A lane[lanes];
    for (int i = 0; i < lanes; ++i) lane[i] = nothing<A>();
    index_t i = 0;
    for (; i + lanes <= r; i += lanes)
      for (int l = 0; l < lanes; ++l) lane[l] = element::add::of<A>(lane[l], static_cast<A>(x[i + l]));
    for (int l = 0; i + l < r; ++l) lane[l] = element::add::of<A>(lane[l], static_cast<A>(x[i + l]));
    fold<A, lanes, Parts>(lane);
    for (int p = 0; p < Parts; ++p) sums[Parts * j + p] = lane[p];
  }
}

/// sum += value, what was rounded off goes to rest (Knuth's two-sum).
ASHLAR_ELEMENT void add_exactly(double& sum, double& rest, double value) {
  const double total = sum + value, taken = total - sum;
  rest += (sum - (total - taken)) + (value - taken);
  sum = total;
}

/// The loops over lanes are long to compile. Those of a rare type run on a copy of the strip in the type that is added in.
template <class T, class A, bool rare>
inline constexpr bool copied = rare && !std::is_same_v<T, A>;
template <class T, class A, class Segments>
HWY_INLINE void on_copy(index_t n, const void* in, Segments segments) {
  A copy[strip_length];
  for (index_t i = 0; i < n; ++i) copy[i] = static_cast<A>(static_cast<const T*>(in)[i]);
  segments(copy);
}

/// The bytes that are 1 among bytes that are 0 or 1: words are added while no byte of the sum can overflow.
inline std::int64_t count_ones(const std::uint8_t* x, index_t r) {
  std::int64_t count = 0;
  index_t i = 0;
  while (r - i >= 8) {
    const index_t words = std::min<index_t>((r - i) / 8, 255);
    std::uint64_t sum = 0;
    for (index_t k = 0; k < words; ++k) {
      std::uint64_t word;
      std::memcpy(&word, x + i + 8 * k, 8);
      sum += word;
    }
    constexpr std::uint64_t even = 0x00ff00ff00ff00ff;
    count += static_cast<std::int64_t>(((sum & even) + (sum >> 8 & even)) * 0x0001000100010001 >> 48);
    i += 8 * words;
  }
  for (; i < r; ++i) count += x[i];
  return count;
}

/// What does not depend on the stored type is compiled once for each type added in.
template <class A, int Parts>
struct SumState {
  static constexpr bool floating = is_float<A>;
  static void init(index_t m, void* const* state) {
    for (index_t j = 0; j < m * Parts; ++j) static_cast<A*>(state[0])[j] = nothing<A>();
    if constexpr (floating)
      for (index_t j = 0; j < m * Parts; ++j) static_cast<A*>(state[1])[j] = 0;
  }
  static void merge(index_t m, void* const* part, index_t, void* const* state, index_t) {
    const A* x = static_cast<const A*>(part[0]);
    A* sum = static_cast<A*>(state[0]);
    if constexpr (floating) {
      const double* more = static_cast<const double*>(part[1]);
      double* rest = static_cast<double*>(state[1]);
#pragma GCC ivdep
      for (index_t j = 0; j < m * Parts; ++j) {
        add_exactly(sum[j], rest[j], x[j]);
        rest[j] += more[j];
      }
    } else {
#pragma GCC ivdep
      for (index_t j = 0; j < m; ++j) sum[j] = element::add::of<A>(sum[j], x[j]);
    }
  }
};

template <class T, class A, int Parts>
struct Sum : SumState<A, Parts> {
  static constexpr bool floating = is_float<A>;
  static void segments(index_t m, index_t r, const void* in, const index_t* positions, void* const* state) {
    if constexpr (is_bool<T> && !floating) {
      for (index_t j = 0; j < m; ++j) static_cast<A*>(state[0])[j] = count_ones(static_cast<const std::uint8_t*>(in) + j * r, r);
      return;
    } else if constexpr (copied<T, A, sizeof(T) <= 2>)
      return on_copy<T, A>(m * r, in, [&](const A* copy) { Sum<A, A, Parts>::segments(m, r, copy, positions, state); });
    else sum_runs<T, A, Parts>(m, r * Parts, static_cast<const T*>(in), static_cast<A*>(state[0]));
    if constexpr (floating)
      for (index_t j = 0; j < m * Parts; ++j) static_cast<A*>(state[1])[j] = 0;
  }
  static void accumulate(index_t m, const void* in, const index_t*, void* const* state, index_t) {
    const T* x = static_cast<const T*>(in);
    A* sum = static_cast<A*>(state[0]);
    if constexpr (floating) {
      double* rest = static_cast<double*>(state[1]);
#pragma GCC ivdep
      for (index_t j = 0; j < m * Parts; ++j) add_exactly(sum[j], rest[j], static_cast<double>(x[j]));
    } else {
#pragma GCC ivdep
      for (index_t j = 0; j < m; ++j) sum[j] = element::add::of<A>(sum[j], static_cast<A>(x[j]));
    }
  }
  /// Eight rows at a time, so that the sums are not written and read again for each.
  static void accumulate_rows(index_t m, index_t rows, const void* in, index_t stride, void* const* state) {
    constexpr index_t together = 8;
    const T* x = static_cast<const T*>(in);
    double *sums = static_cast<double*>(state[0]), *rests = static_cast<double*>(state[1]);
    for (; rows >= together; rows -= together, x += together * stride) {
#pragma GCC ivdep
      for (index_t j = 0; j < m; ++j) {
        double sum = sums[j], rest = rests[j];
#pragma GCC unroll 8
        for (index_t k = 0; k < together; ++k) add_exactly(sum, rest, static_cast<double>(x[k * stride + j]));
        sums[j] = sum;
        rests[j] = rest;
      }
    }
    for (; rows > 0; --rows, x += stride) accumulate(m, x, nullptr, state, 0);
  }
  static Reducer reducer() {
    const std::int64_t size = sizeof(A) * Parts;
    Reducer result{floating ? 2 : 1, {size, size}, &SumState<A, Parts>::init, &segments, &accumulate, &SumState<A, Parts>::merge};
    if constexpr (is_float<T> && floating && Parts == 1) result.accumulate_rows = &accumulate_rows;
    if constexpr (!copied<T, A, sizeof(T) <= 2>) result.strips_together = strips_at_once;
    return result;
  }
};

template <class A>
struct ProductState {
  static A times(A a, A b) { return element::multiply::of<A>(a, b); }
  static void init(index_t m, void* const* state) {
    for (index_t j = 0; j < m; ++j) static_cast<A*>(state[0])[j] = A(1);
  }
  static void merge(index_t m, void* const* part, index_t, void* const* state, index_t) {
    A* product = static_cast<A*>(state[0]);
    for (index_t j = 0; j < m; ++j) product[j] = times(product[j], static_cast<const A*>(part[0])[j]);
  }
};

template <class T, class A>
struct Product : ProductState<A> {
  using ProductState<A>::times;
  static void segments(index_t m, index_t r, const void* in, const index_t* positions, void* const* state) {
    if constexpr (copied<T, A, !is_cplx<T>>)
      return on_copy<T, A>(m * r, in, [&](const A* copy) { Product<A, A>::segments(m, r, copy, positions, state); });
    const T* x = static_cast<const T*>(in);
    constexpr int count = is_cplx<A> ? 4 : 32;
    for (index_t j = 0; j < m; ++j, x += r) {
      A lane[count];
      for (int l = 0; l < count; ++l) lane[l] = A(1);
      index_t i = 0;
      for (; i + count <= r; i += count)
        for (int l = 0; l < count; ++l) lane[l] = times(lane[l], static_cast<A>(x[i + l]));
      for (int l = 0; i + l < r; ++l) lane[l] = times(lane[l], static_cast<A>(x[i + l]));
      for (int w = count / 2; w >= 1; w /= 2)
        for (int l = 0; l < w; ++l) lane[l] = times(lane[l], lane[l + w]);
      static_cast<A*>(state[0])[j] = lane[0];
    }
  }
  static void accumulate(index_t m, const void* in, const index_t*, void* const* state, index_t) {
    A* product = static_cast<A*>(state[0]);
    for (index_t j = 0; j < m; ++j) product[j] = times(product[j], static_cast<A>(static_cast<const T*>(in)[j]));
  }
  static Reducer reducer() { return {1, {sizeof(A)}, &ProductState<A>::init, &segments, &accumulate, &ProductState<A>::merge}; }
};

/// Two passes within a run; runs are joined by Chan's formula. state: sum, rest, M2 (sum of squared distances from the mean).
template <int Parts>
struct VarianceState {
  static void init(index_t m, void* const* state) {
    SumState<double, Parts>::init(m, state);
    for (index_t j = 0; j < m; ++j) static_cast<double*>(state[2])[j] = 0;
  }
  static void merge(index_t m, void* const* part, index_t count, void* const* state, index_t before) {
    const double *sum = static_cast<const double*>(state[0]), *rest = static_cast<const double*>(state[1]);
    const double *part_sum = static_cast<const double*>(part[0]), *part_rest = static_cast<const double*>(part[1]);
    double* squares = static_cast<double*>(state[2]);
    const double n = static_cast<double>(before), k = static_cast<double>(count);
#pragma GCC ivdep
    for (index_t j = 0; j < m; ++j) {
      double square = 0;
      if (before > 0)
        for (int p = 0; p < Parts; ++p) {
          const index_t q = Parts * j + p;
          const double distance = (part_sum[q] + part_rest[q]) / k - (sum[q] + rest[q]) / n;
          square += distance * distance;
        }
      squares[j] += static_cast<const double*>(part[2])[j] + square * (n * k / (n + k));
    }
    SumState<double, Parts>::merge(m, part, count, state, before);
  }
};

template <class T, int Parts>
struct Variance {
  static void segments(index_t m, index_t r, const void* in, const index_t* positions, void* const* state) {
    if constexpr (copied<T, double, !is_float<T>>)
      return on_copy<T, double>(m * r, in, [&](const double* copy) { Variance<double, 1>::segments(m, r, copy, positions, state); });
    Sum<T, double, Parts>::segments(m, r, in, positions, state);
    const T* x = static_cast<const T*>(in);
    for (index_t j = 0; j < m; ++j, x += r * Parts) {
      double mean[Parts], lane[lanes] = {};
      for (int p = 0; p < Parts; ++p) mean[p] = static_cast<double*>(state[0])[Parts * j + p] / static_cast<double>(r);
      index_t i = 0;
      const index_t n = r * Parts;
      const auto square = [&](double value, int l) {
        const double distance = value - mean[l % Parts];
        return distance * distance;
      };
      for (; i + lanes <= n; i += lanes)
        for (int l = 0; l < lanes; ++l) lane[l] += square(static_cast<double>(x[i + l]), l);
      for (int l = 0; i + l < n; ++l) lane[l] += square(static_cast<double>(x[i + l]), l);
      fold<double, lanes, 1>(lane);
      static_cast<double*>(state[2])[j] = lane[0];
    }
  }
  static void accumulate(index_t m, const void* in, const index_t* positions, void* const* state, index_t before) {
    if (before > 0) {
      const T* x = static_cast<const T*>(in);
      const double *sum = static_cast<const double*>(state[0]), *rest = static_cast<const double*>(state[1]);
      double* squares = static_cast<double*>(state[2]);
      const double n = static_cast<double>(before), weight = n / (n + 1);
#pragma GCC ivdep
      for (index_t j = 0; j < m; ++j) {
        double square = 0;
        for (int p = 0; p < Parts; ++p) {
          const index_t q = Parts * j + p;
          const double distance = static_cast<double>(x[q]) - (sum[q] + rest[q]) / n;
          square += distance * distance;
        }
        squares[j] += square * weight;
      }
    }
    Sum<T, double, Parts>::accumulate(m, in, positions, state, before);
  }
  static Reducer reducer() {
    return {3, {sizeof(double) * Parts, sizeof(double) * Parts, sizeof(double)}, &VarianceState<Parts>::init, &segments, &accumulate,
            &VarianceState<Parts>::merge};
  }
};

template <class T>
Reducer sums_of(Reduction reduction) {
  if constexpr (is_cplx<T>) {
    using Part = typename T::value_type;
    switch (reduction) {
      case Reduction::sum:
      case Reduction::mean: return Sum<Part, double, 2>::reducer();
      case Reduction::prod: return Product<T, std::complex<double>>::reducer();
      default: return Variance<Part, 2>::reducer();
    }
  } else {
    using Whole = std::conditional_t<std::is_unsigned_v<T> && !is_bool<T>, std::uint64_t, std::int64_t>;
    using A = std::conditional_t<is_float<T>, double, Whole>;
    switch (reduction) {
      case Reduction::sum: return Sum<T, A, 1>::reducer();
      case Reduction::mean: return Sum<T, double, 1>::reducer();
      case Reduction::prod: return Product<T, A>::reducer();
      default: return Variance<T, 1>::reducer();
    }
  }
}

Reducer sums(Reduction reduction, DType type) {
  return visit_dtype(type, [reduction]<class T>(std::type_identity<T>) { return sums_of<T>(reduction); });
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(sums);
Reducer sums_reducer(Reduction reduction, DType elements) { return HWY_DYNAMIC_DISPATCH(sums)(reduction, elements); }
}  // namespace ashlar::kernels
#endif
