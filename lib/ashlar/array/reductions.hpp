#pragma once
// Reductions as free functions. Of an Array a Scalar, or an Array where `.axis` or `.keepdims` is named; of an NDArray the value itself, or
// an NDArray.
//
// Errors    IndexError for an axis outside the array; ValueError for the smallest or largest of nothing.

#include <cmath>
#include <limits>

#include "ashlar/array/elementwise.hpp"

namespace ashlar {
namespace detail {

template <class R, class A, class Options>
auto reduced(Reduction how, const A& a, const Options& options) {
  constexpr bool full = std::is_same_v<Options, FullOptions> || std::is_same_v<Options, FullVarOptions>;
  const auto with = arguments(options);
  if constexpr (local<A>) {
    Block block = expression::reduce_now(how, a.block(), with);
    if constexpr (full) return NDArray<R>(std::move(block)).item();
    else return NDArray<R>(std::move(block));
  } else if constexpr (full) return Scalar<R>(expression::reduce(how, a.node(), with));
  else return Array<R>(expression::reduce(how, a.node(), with));
}

}  // namespace detail

#define ASHLAR_REDUCE(name, how, Result)                                              \
  template <detail::array_like A>                                                     \
  auto name(const A& a, const FullOptions& options = {}) {                            \
    return detail::reduced<Result>(Reduction::how, a, options);                       \
  }                                                                                   \
  template <detail::array_like A>                                                     \
  auto name(const A& a, const ReduceOptions& options) {                               \
    return detail::reduced<Result>(Reduction::how, a, options);                       \
  }                                                                                   \
  template <detail::array_like A>                                                     \
  auto name(const A& a, const KeptOptions& options) {                                 \
    return detail::reduced<Result>(Reduction::how, a, options);                       \
  }
ASHLAR_REDUCE(sum, sum, detail::sum_of<detail::element_t<A>>)
ASHLAR_REDUCE(prod, prod, detail::sum_of<detail::element_t<A>>)
ASHLAR_REDUCE(mean, mean, detail::quotient<detail::element_t<A>>)
ASHLAR_REDUCE(min, min, detail::element_t<A>)
ASHLAR_REDUCE(max, max, detail::element_t<A>)
ASHLAR_REDUCE(any, any, bool)
ASHLAR_REDUCE(argmin, argmin, std::int64_t)
ASHLAR_REDUCE(argmax, argmax, std::int64_t)
#undef ASHLAR_REDUCE

#define ASHLAR_VARIANCE_OF(name)                                                      \
  template <detail::array_like A>                                                     \
  auto name(const A& a, const FullVarOptions& options = {}) {                         \
    return detail::reduced<detail::real_quotient<detail::element_t<A>>>(Reduction::name, a, options); \
  }                                                                                   \
  template <detail::array_like A>                                                     \
  auto name(const A& a, const VarOptions& options) {                                  \
    return detail::reduced<detail::real_quotient<detail::element_t<A>>>(Reduction::name, a, options); \
  }                                                                                   \
  template <detail::array_like A>                                                     \
  auto name(const A& a, const KeptVarOptions& options) {                              \
    return detail::reduced<detail::real_quotient<detail::element_t<A>>>(Reduction::name, a, options); \
  }
ASHLAR_VARIANCE_OF(var)
ASHLAR_VARIANCE_OF(std)
#undef ASHLAR_VARIANCE_OF

template <detail::array_like A>
auto all_t::operator()(const A& a) const {
  return detail::reduced<bool>(Reduction::all, a, FullOptions{});
}
template <detail::array_like A>
auto all_t::operator()(const A& a, const FullOptions& options) const {
  return detail::reduced<bool>(Reduction::all, a, options);
}
template <detail::array_like A>
auto all_t::operator()(const A& a, const ReduceOptions& options) const {
  return detail::reduced<bool>(Reduction::all, a, options);
}
template <detail::array_like A>
auto all_t::operator()(const A& a, const KeptOptions& options) const {
  return detail::reduced<bool>(Reduction::all, a, options);
}

// ---------------------------------------------------------------- made of the others
namespace detail {

/// `yes` where the condition holds, for arrays and for the numbers that reductions of local arrays give.
template <class C, class Y, class N>
auto choose(const C& condition, const Y& yes, const N& no) {
  if constexpr (number<C>) return condition ? static_cast<N>(yes) : no;
  else return where(condition, yes, no);
}
inline FullOptions without_ddof(const FullVarOptions& o) { return {.split_every = o.split_every}; }
inline ReduceOptions without_ddof(const VarOptions& o) { return {.axis = o.axis, .keepdims = o.keepdims, .split_every = o.split_every}; }
inline KeptOptions without_ddof(const KeptVarOptions& o) { return {.keepdims = o.keepdims, .split_every = o.split_every}; }
// The same axes, kept: what broadcasts against the array.
inline FullOptions kept(const FullOptions& o) { return o; }
inline ReduceOptions kept(const ReduceOptions& o) { return {.axis = o.axis, .keepdims = true, .split_every = o.split_every}; }
inline KeptOptions kept(const KeptOptions& o) { return {.keepdims = true, .split_every = o.split_every}; }

template <class A>
inline constexpr bool real_elements = !is_complex_type<element_t<A>>;
template <class A>
inline constexpr bool float_elements = std::is_floating_point_v<element_t<A>>;

template <class T>
Array<T> broadcast_as(const Array<T>& x, const Shape& shape) {
  return Array<T>(expression::broadcast_to(x.node(), shape));
}
template <class A, class Options>
auto ptp_of(const A& a, const Options& options) {
  return max(a, options) - min(a, options);
}
template <class A, class Options>
auto count_nonzero_of(const A& a, const Options& options) {
  if constexpr (std::is_same_v<element_t<A>, bool>) return sum(a, options);
  else return sum(a != element_t<A>(), options);
}
template <class A, class Options>
auto nansum_of(const A& a, const Options& options) {
  return sum(where(isnan(a), element_t<A>(), a), options);
}
template <class A, class Options>
auto nanprod_of(const A& a, const Options& options) {
  return prod(where(isnan(a), element_t<A>(1), a), options);
}
template <class A, class Options>
auto nanmean_of(const A& a, const Options& options) {
  using R = quotient<element_t<A>>;
  if constexpr (number<decltype(sum(a, options))>) return static_cast<R>(nansum_of(a, options)) / static_cast<R>(sum(!isnan(a), options));
  else return cast_to<R>(nansum_of(a, options) / sum(!isnan(a), options));
}
/// `from` with what never wins in place of NaN.
template <bool smallest, class A>
A without_nan(const A& a) {
  using T = element_t<A>;
  static_assert(real_elements<A>, "ashlar: the smallest and the largest but NaN are served for real elements");
  if constexpr (float_elements<A>) return where(isnan(a), smallest ? std::numeric_limits<T>::infinity() : -std::numeric_limits<T>::infinity(), a);
  else return a;
}
template <bool smallest, class A, class Options>
auto nanextreme_of(const A& a, const Options& options) {
  const auto best = [&](const A& x) {
    if constexpr (smallest) return min(x, options);
    else return max(x, options);
  };
  if constexpr (!float_elements<A>) return best(a);
  else return choose(all_t{}(isnan(a), options), std::numeric_limits<element_t<A>>::quiet_NaN(), best(without_nan<smallest>(a)));
}
template <bool smallest, class A, class Options>
auto nanposition_of(const A& a, const Options& options) {
  const auto best = [&](const A& x) {
    if constexpr (smallest) return argmin(x, options);
    else return argmax(x, options);
  };
  using R = decltype(best(a));
  constexpr const char* refused = "All-NaN slice encountered";
  if constexpr (!float_elements<A>) return best(a);
  else {
    const auto nothing = all_t{}(isnan(a), options);
    if constexpr (lazy<R>) return R(expression::refuse_where(nothing.node(), best(without_nan<smallest>(a)).node(), refused));
    else {
      if constexpr (number<R>) {
        if (nothing) throw ValueError(refused);
      } else if (any(nothing)) throw ValueError(refused);
      return best(without_nan<smallest>(a));
    }
  }
}
template <class A, class Options>
auto nanvar_of(const A& a, const Options& options) {
  using R = real_quotient<element_t<A>>;
  const auto plain = without_ddof(options);
  const auto distance = absolute(where(isnan(a), quotient<element_t<A>>(), a - nanmean_of(a, kept(plain))));
  const auto squares = sum(square(distance), plain);
  const auto freedom = sum(!isnan(a), plain) - options.ddof;
  if constexpr (number<decltype(freedom)>) return freedom > 0 ? static_cast<R>(squares / static_cast<double>(freedom)) : std::numeric_limits<R>::quiet_NaN();
  else return cast_to<R>(where(freedom > 0, squares / freedom, std::numeric_limits<R>::quiet_NaN()));
}
template <class A, class Options>
auto nanstd_of(const A& a, const Options& options) {
  if constexpr (number<decltype(nanvar_of(a, options))>) return std::sqrt(nanvar_of(a, options));
  else return sqrt(nanvar_of(a, options));
}

}  // namespace detail

#define ASHLAR_REDUCE_BY(name, function, Full, Some, Kept) \
  template <detail::array_like A>                          \
  auto name(const A& a, const Full& options = {}) {        \
    return detail::function(a, options);                   \
  }                                                        \
  template <detail::array_like A>                          \
  auto name(const A& a, const Some& options) {             \
    return detail::function(a, options);                   \
  }                                                        \
  template <detail::array_like A>                          \
  auto name(const A& a, const Kept& options) {             \
    return detail::function(a, options);                   \
  }
/// Largest less smallest.
ASHLAR_REDUCE_BY(ptp, ptp_of, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(count_nonzero, count_nonzero_of, FullOptions, ReduceOptions, KeptOptions)
// NaN counts as nothing. Where there is nothing else, sums are 0, products 1, means, variances, minima and maxima NaN, and the position of a
// minimum or maximum an error when it is computed (ValueError, as NumPy).
ASHLAR_REDUCE_BY(nansum, nansum_of, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(nanprod, nanprod_of, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(nanmean, nanmean_of, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(nanmin, nanextreme_of<true>, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(nanmax, nanextreme_of<false>, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(nanargmin, nanposition_of<true>, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(nanargmax, nanposition_of<false>, FullOptions, ReduceOptions, KeptOptions)
ASHLAR_REDUCE_BY(nanvar, nanvar_of, FullVarOptions, VarOptions, KeptVarOptions)
ASHLAR_REDUCE_BY(nanstd, nanstd_of, FullVarOptions, VarOptions, KeptVarOptions)
#undef ASHLAR_REDUCE_BY

/// The mean with a weight for each element, or for each position along the one axis that is named.
/// Shape     weights broadcast to the array, or have one axis as long as the array's.
template <class T, class W>
auto average(const Array<T>& x, const Array<W>& weights) {
  return sum(x * weights) / sum(detail::broadcast_as(weights, x.shape()));
}
template <class T, class W>
auto average(const Array<T>& x, const Array<W>& weights, const ReduceOptions& options) {
  Array<W> w = weights;
  if (w.ndim() == 1 && x.ndim() > 1 && options.axis.v.size() == 1) {
    Shape shape(std::vector<index_t>(x.shape().size(), 1));
    shape[static_cast<std::size_t>(normalize_axes(AxisSpec(options.axis.v), x.ndim()).front())] = w.size();
    w = w.reshape(shape);
  }
  return sum(x * w, options) / sum(detail::broadcast_as(w, x.shape()), options);
}
template <class T>
auto average(const Array<T>& x) {
  return mean(x);
}
template <class T>
auto average(const Array<T>& x, const ReduceOptions& options) {
  return mean(x, options);
}

struct MomentOptions {
  ASHLAR_OPTIONS;
  AxisSpec axis = {};
  bool keepdims = false;
  int ddof = 0;
};
/// The mean of the n-th power of the distance from the mean.
/// Errors    ValueError for a negative order.
template <class T>
Array<detail::quotient<T>> moment(const Array<T>& x, int order, const MomentOptions& options = {}) {
  using R = detail::quotient<T>;
  if (order < 0) throw ValueError("the order of a moment is at least 0, found " + std::to_string(order));
  std::vector<int> axes = normalize_axes(options.axis, x.ndim());
  const auto distance = x - mean(x, ReduceOptions{.axis = axes, .keepdims = true});
  index_t n = 1;
  for (int axis : axes) n *= x.shape()[static_cast<std::size_t>(axis)];
  const auto total = sum(power(distance, order), ReduceOptions{.axis = axes, .keepdims = options.keepdims});
  return detail::cast_to<R>(total / static_cast<double>(n - options.ddof));
}

template <class L, class R>
  requires detail::operands<L, R>
auto allclose(const L& l, const R& r, const IscloseOptions& options = {}) {
  return all(isclose(l, r, options));
}

}  // namespace ashlar
