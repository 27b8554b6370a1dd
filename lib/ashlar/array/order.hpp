#pragma once
// Order statistics and sorting: quantile, percentile, median, the same without NaN; sort, argsort and unique. All exact.
//
// Cost      of quantiles of everything (no axis): the elements are read six times (float64 and 64-bit integers; four times float32, at most three the
//           others) and stay where they are. Along axes: each line is brought together in one chunk, of which there are as many as before; of few long
//           lines each is counted as everything is. Sorting: see sort_detail.hpp; elements are sent once.

#include <string>
#include <vector>

#include "ashlar/array/reductions.hpp"
#include "ashlar/ndarray/order.hpp"

namespace ashlar {
namespace expression {
struct QuantileArguments {
  std::vector<double> quantiles;
  AxisSpec axes = {};
  std::string method = "linear";
  bool keepdims = false, skip_nan = false;
  bool single = true;  ///< one quantile, and no axis for it
};
/// Errors    TypeError for complex numbers, ShapeError for unknown lengths, ValueError for quantiles outside [0, 1] or an unknown method.
ArrayPtr quantile(const ArrayPtr& x, const QuantileArguments& arguments, DType result);
ArrayPtr sort(const ArrayPtr& x, int axis, bool positions);
struct UniqueArrays {
  ArrayPtr values, indices, inverse, counts;  ///< null where not asked for
};
UniqueArrays unique(const ArrayPtr& x, bool indices, bool inverse, bool counts);
}  // namespace expression

// As with reductions: over everything, along axes, over everything with the axes kept.
// `method`: what lies between two elements, NumPy's linear, lower, higher, midpoint, nearest.
struct FullQuantileOptions {
  ASHLAR_OPTIONS;
  std::string method = "linear";
};
struct AxisQuantileOptions {
  ASHLAR_OPTIONS;
  AxisArg axis;
  bool keepdims = false;
  std::string method = "linear";
};
struct KeptQuantileOptions {
  ASHLAR_OPTIONS;
  KeepArg keepdims;
  std::string method = "linear";
};

namespace detail {

inline expression::QuantileArguments quantile_arguments(const FullQuantileOptions& o) { return {.quantiles = {}, .method = o.method}; }
inline expression::QuantileArguments quantile_arguments(const AxisQuantileOptions& o) {
  return {.quantiles = {}, .axes = AxisSpec(o.axis.v), .method = o.method, .keepdims = o.keepdims};
}
inline expression::QuantileArguments quantile_arguments(const KeptQuantileOptions& o) { return {.quantiles = {}, .method = o.method, .keepdims = o.keepdims.v}; }

template <class T, class Q, class Options>
auto quantile_of(const Array<T>& x, const Q& q, double scale, bool skip_nan, const Options& options) {
  using R = std::conditional_t<std::is_arithmetic_v<Q>, real_quotient<T>, double>;
  expression::QuantileArguments arguments = quantile_arguments(options);
  arguments.skip_nan = skip_nan;
  arguments.single = std::is_arithmetic_v<Q>;
  if constexpr (std::is_arithmetic_v<Q>) arguments.quantiles = {static_cast<double>(q) / scale};
  else
    for (const auto& one : q) arguments.quantiles.push_back(static_cast<double>(one) / scale);
  const ArrayPtr node = expression::quantile(x.node(), arguments, dtype_of<R>);
  if constexpr (std::is_arithmetic_v<Q> && std::is_same_v<Options, FullQuantileOptions>) return Scalar<R>(node);
  else return Array<R>(node);
}

}  // namespace detail

/// name(x, q, options): q a number, or a list of them (std::vector<double>{…}), whose axis comes first in the result. One of float32 is float32, all else
/// float64 (in NumPy a list of q is float64, and so is what comes of it). Of NaN, NaN; the names with nan leave NaN out. Interpolated in float64.
/// Example   al::percentile(x, std::vector{5.0, 50.0, 95.0}, {.axis = 0})
#define ASHLAR_QUANTILE(name, scale, skip)                                                                                  \
  template <class T, class Q>                                                                                               \
  auto name(const Array<T>& x, const Q& q, const FullQuantileOptions& options = {}) {                                           \
    return detail::quantile_of(x, q, scale, skip, options);                                                                 \
  }                                                                                                                         \
  template <class T, class Q>                                                                                               \
  auto name(const Array<T>& x, const Q& q, const AxisQuantileOptions& options) {                                            \
    return detail::quantile_of(x, q, scale, skip, options);                                                                 \
  }                                                                                                                         \
  template <class T, class Q>                                                                                               \
  auto name(const Array<T>& x, const Q& q, const KeptQuantileOptions& options) {                                            \
    return detail::quantile_of(x, q, scale, skip, options);                                                                 \
  }
ASHLAR_QUANTILE(quantile, 1.0, false)
ASHLAR_QUANTILE(percentile, 100.0, false)
ASHLAR_QUANTILE(nanquantile, 1.0, true)
ASHLAR_QUANTILE(nanpercentile, 100.0, true)
#undef ASHLAR_QUANTILE

namespace detail {
inline FullQuantileOptions median_options(const FullOptions&) { return {.method = "mean"}; }
inline AxisQuantileOptions median_options(const ReduceOptions& o) { return {.axis = o.axis, .keepdims = o.keepdims, .method = "mean"}; }
inline KeptQuantileOptions median_options(const KeptOptions& o) { return {.keepdims = o.keepdims, .method = "mean"}; }
}  // namespace detail

/// The middle element, or the mean of the two in the middle.
#define ASHLAR_MEDIAN(name, skip)                                                      \
  template <class T>                                                                   \
  auto name(const Array<T>& x, const FullOptions& options = {}) {                      \
    return detail::quantile_of(x, 0.5, 1.0, skip, detail::median_options(options));    \
  }                                                                                    \
  template <class T>                                                                   \
  auto name(const Array<T>& x, const ReduceOptions& options) {                         \
    return detail::quantile_of(x, 0.5, 1.0, skip, detail::median_options(options));    \
  }                                                                                    \
  template <class T>                                                                   \
  auto name(const Array<T>& x, const KeptOptions& options) {                           \
    return detail::quantile_of(x, 0.5, 1.0, skip, detail::median_options(options));    \
  }
ASHLAR_MEDIAN(median, false)
ASHLAR_MEDIAN(nanmedian, true)
#undef ASHLAR_MEDIAN

/// Ascending along an axis, NaN last; complex numbers by real, then imaginary part. Chunks stay as they are: where the axis is cut, each is sorted and
/// exchanges pieces with the others.
template <class T>
Array<T> sort(const Array<T>& x, int axis = -1) {
  return Array<T>(expression::sort(x.node(), axis, false));
}
/// The positions of the elements in ascending order along an axis; equal elements keep their order.
template <class T>
Array<std::int64_t> argsort(const Array<T>& x, int axis = -1) {
  return Array<std::int64_t>(expression::sort(x.node(), axis, true));
}

template <class T>
struct UniqueCounts {
  Array<T> values;
  Array<std::int64_t> counts;
};
template <class T>
struct UniqueInverse {
  Array<T> values;
  Array<std::int64_t> inverse_indices;  ///< of the array's shape: which of the values each element is
};
template <class T>
struct UniqueAll {
  Array<T> values;
  Array<std::int64_t> indices;  ///< where each value occurs first, in C order
  Array<std::int64_t> inverse_indices;
  Array<std::int64_t> counts;
};
/// The different elements, ascending; NaN once, last. NumPy's return_counts, return_inverse and return_index change what comes back, so they are functions
/// of their own, by the names that NumPy 2 has for them. All that one call gives is computed once when it is computed together.
/// Shape     one axis of unknown length, in as many chunks as the array (of more than 64 small ones some are taken together).
/// Cost      that of a sort; of inverse_indices that of two more.
/// Example   auto [values, counts] = al::unique_counts(x);
template <class T>
Array<T> unique(const Array<T>& x) {
  return Array<T>(expression::unique(x.node(), false, false, false).values);
}
template <class T>
Array<T> unique_values(const Array<T>& x) {
  return unique(x);
}
template <class T>
UniqueCounts<T> unique_counts(const Array<T>& x) {
  const auto found = expression::unique(x.node(), false, false, true);
  return {Array<T>(found.values), Array<std::int64_t>(found.counts)};
}
template <class T>
UniqueInverse<T> unique_inverse(const Array<T>& x) {
  const auto found = expression::unique(x.node(), false, true, false);
  return {Array<T>(found.values), Array<std::int64_t>(found.inverse)};
}
template <class T>
UniqueAll<T> unique_all(const Array<T>& x) {
  const auto found = expression::unique(x.node(), true, true, true);
  return {Array<T>(found.values), Array<std::int64_t>(found.indices), Array<std::int64_t>(found.inverse), Array<std::int64_t>(found.counts)};
}

}  // namespace ashlar
