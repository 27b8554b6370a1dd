#pragma once
// Running sums and products, and differences of neighbours.
//
// Types     of cumsum and cumprod as of sum: bool and small integers become (u)int64.
// Errors    IndexError for an axis outside the array; ShapeError while lengths are unknown.
// Cost      each chunk is read once and written twice, its neighbours are not waited for.

#include "ashlar/array/reductions.hpp"

namespace ashlar {

namespace detail {
template <class T>
Array<sum_of<T>> cumulative(Scan how, const Array<T>& x, const CumulativeOptions& options) {
  if (options.axis.every) return Array<sum_of<T>>(expression::cumulative(how, expression::ravel(x.node()), 0));
  if (options.axis.v.size() != 1) throw ValueError("a running sum follows one axis, found " + std::to_string(options.axis.v.size()));
  return Array<sum_of<T>>(expression::cumulative(how, x.node(), static_cast<int>(options.axis.v.front())));
}
}  // namespace detail

template <class T>
Array<detail::sum_of<T>> cumsum(const Array<T>& x, const CumulativeOptions& options = {}) {
  return detail::cumulative(Scan::sum, x, options);
}
template <class T>
Array<detail::sum_of<T>> cumprod(const Array<T>& x, const CumulativeOptions& options = {}) {
  return detail::cumulative(Scan::prod, x, options);
}
/// NaN counts as 0.
template <class T>
Array<detail::sum_of<T>> nancumsum(const Array<T>& x, const CumulativeOptions& options = {}) {
  return cumsum(where(isnan(x), T(), x), options);
}
/// NaN counts as 1.
template <class T>
Array<detail::sum_of<T>> nancumprod(const Array<T>& x, const CumulativeOptions& options = {}) {
  return cumprod(where(isnan(x), T(1), x), options);
}
template <class T>
Array<detail::sum_of<T>> Array<T>::cumsum(const CumulativeOptions& options) const {
  return ashlar::cumsum(*this, options);
}
template <class T>
Array<detail::sum_of<T>> Array<T>::cumprod(const CumulativeOptions& options) const {
  return ashlar::cumprod(*this, options);
}

struct DiffOptions {
  ASHLAR_OPTIONS;
  int n = 1;  ///< how often
  int axis = -1;
};
/// Each element less the one before it along an axis; of bool whether they differ.
/// Errors    ValueError for a negative n.
template <class T>
Array<T> diff(const Array<T>& x, const DiffOptions& options = {}) {
  if (options.n < 0) throw ValueError("diff is applied 0 times or more, found n " + std::to_string(options.n));
  const int axis = normalize_axes(AxisSpec(options.axis), x.ndim()).front();
  Array<T> result = x;
  for (int i = 0; i < options.n; ++i) {
    std::vector<Index> later(static_cast<std::size_t>(axis), Index(_)), earlier = later;
    later.emplace_back(range(1, _));
    earlier.emplace_back(range(_, -1));
    const Array<T> a(expression::slice(result.node(), later)), b(expression::slice(result.node(), earlier));
    if constexpr (std::is_same_v<T, bool>) result = a != b;
    else result = a - b;
  }
  return result;
}

}  // namespace ashlar
