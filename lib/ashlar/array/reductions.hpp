#pragma once
// Reductions as free functions. Of an Array a Scalar, or an Array where `.axis` or `.keepdims` is named; of an NDArray the value itself, or
// an NDArray.
//
// Errors    IndexError for an axis outside the array; ValueError for the smallest or largest of nothing.

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

/// Largest less smallest.
template <detail::array_like A>
auto ptp(const A& a) {
  return max(a) - min(a);
}
template <detail::array_like A>
auto ptp(const A& a, const ReduceOptions& options) {
  return max(a, options) - min(a, options);
}
template <detail::array_like A>
auto count_nonzero(const A& a) {
  return sum(a != detail::element_t<A>());
}
template <detail::array_like A>
auto count_nonzero(const A& a, const ReduceOptions& options) {
  return sum(a != detail::element_t<A>(), options);
}
/// NaN counts as nothing.
template <detail::array_like A>
auto nansum(const A& a) {
  return sum(where(isnan(a), detail::element_t<A>(), a));
}
template <detail::array_like A>
auto nansum(const A& a, const ReduceOptions& options) {
  return sum(where(isnan(a), detail::element_t<A>(), a), options);
}
template <detail::array_like A>
auto nanprod(const A& a) {
  return prod(where(isnan(a), detail::element_t<A>(1), a));
}
template <detail::array_like A>
auto nanprod(const A& a, const ReduceOptions& options) {
  return prod(where(isnan(a), detail::element_t<A>(1), a), options);
}
template <detail::array_like A>
auto nanmean(const A& a) {
  return nansum(a) / sum(!isnan(a));
}
template <detail::array_like A>
auto nanmean(const A& a, const ReduceOptions& options) {
  return nansum(a, options) / sum(!isnan(a), options);
}
template <class L, class R>
  requires detail::operands<L, R>
auto allclose(const L& l, const R& r, const IscloseOptions& options = {}) {
  return all(isclose(l, r, options));
}

}  // namespace ashlar
