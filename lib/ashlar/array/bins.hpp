#pragma once
// Counting by value: histogram, bincount, digitize, searchsorted; and the k largest elements.

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ashlar/array/creation.hpp"
#include "ashlar/array/reductions.hpp"

namespace ashlar {
namespace expression {
ArrayPtr histogram(const ArrayPtr& x, const ArrayPtr& weights, const std::vector<double>& edges, bool uniform);
ArrayPtr bincount(const ArrayPtr& x, const ArrayPtr& weights, index_t minlength);
ArrayPtr searchsorted(const ArrayPtr& sorted, const ArrayPtr& values, bool right);
ArrayPtr topk(const ArrayPtr& x, index_t k, int axis);
ArrayPtr argtopk(const ArrayPtr& x, index_t k, int axis);
}  // namespace expression

/// A number of bins of equal width, or their edges.
struct Bins {
  index_t count = 0;
  std::vector<double> edges = {};
  template <detail::integer I>
  Bins(I n) : count(static_cast<index_t>(n)) {}
  Bins(const std::vector<double>& e) : edges(e) {}
  Bins(std::initializer_list<double> e) : edges(e) {}
};
struct ValueRange {
  double low = 0, high = 0;
};
struct HistogramOptions {
  ASHLAR_OPTIONS;
  Bins bins = 10;
  std::optional<ValueRange> range = {};  ///< needed with a number of bins, as in Dask: nothing is computed to find it
};

namespace detail {
/// The edges, and whether they lie at equal distances.
std::pair<std::vector<double>, bool> edges_of(const HistogramOptions& options);
}  // namespace detail

/// How many elements lie between neighbouring edges (the last edge included), and the edges. NaN and what lies outside are not counted.
/// Errors    ValueError for a missing range, no bins, edges that do not ascend.
/// Example   auto [h, edges] = al::histogram(x, {.bins = 50, .range = {{-3, 3}}});
template <class T>
std::pair<Array<std::int64_t>, NDArray<double>> histogram(const Array<T>& x, const HistogramOptions& options = {}) {
  const auto [edges, uniform] = detail::edges_of(options);
  return {Array<std::int64_t>(expression::histogram(x.node(), nullptr, edges, uniform)), NDArray<double>(Shape{edges.size()}, edges)};
}
/// The sums of weights instead.
template <class T, class W>
std::pair<Array<double>, NDArray<double>> histogram(const Array<T>& x, const Array<W>& weights, const HistogramOptions& options = {}) {
  const auto [edges, uniform] = detail::edges_of(options);
  return {Array<double>(expression::histogram(x.node(), weights.node(), edges, uniform)), NDArray<double>(Shape{edges.size()}, edges)};
}
/// NumPy's density = True: the integral is 1.
template <class T>
std::pair<Array<double>, NDArray<double>> histogram_density(const Array<T>& x, const HistogramOptions& options = {}) {
  const auto [counts, edges] = histogram(x, options);
  const auto widths = from_array(edges(range(1, _)) - edges(range(_, -1)));
  return {counts / (widths * sum(counts)), edges};
}

struct BincountOptions {
  ASHLAR_OPTIONS;
  index_t minlength = 0;  ///< length of the result; larger elements are left out. Needed: nothing is computed to find it
};
/// How often each of 0, 1, … occurs.
/// Errors    ValueError without minlength; from a task, for a negative element.
template <class T>
Array<std::int64_t> bincount(const Array<T>& x, const BincountOptions& options) {
  return Array<std::int64_t>(expression::bincount(x.node(), nullptr, options.minlength));
}
template <class T, class W>
Array<double> bincount(const Array<T>& x, const Array<W>& weights, const BincountOptions& options) {
  return Array<double>(expression::bincount(x.node(), weights.node(), options.minlength));
}

struct SearchsortedOptions {
  ASHLAR_OPTIONS;
  std::string side = "left";  ///< before equal elements, or "right": behind them
};
/// Where each value would be put into ascending numbers. Those reach each task whole, or where they are many and cut, chunk by chunk: a task then meets
/// each chunk of values with one of theirs, and the counts are added.
template <class T, class V>
Array<std::int64_t> searchsorted(const Array<T>& sorted, const Array<V>& values, const SearchsortedOptions& options = {}) {
  if (options.side != "left" && options.side != "right") throw ValueError("side of searchsorted is \"left\" or \"right\", found \"" + options.side + "\"");
  return Array<std::int64_t>(expression::searchsorted(sorted.node(), values.node(), options.side == "right"));
}
struct DigitizeOptions {
  ASHLAR_OPTIONS;
  bool right = false;
};
/// The number of the bin that each element lies in: bins[i - 1] <= x < bins[i], with `.right` bins[i - 1] < x <= bins[i]; descending bins count down.
/// Errors    ValueError for bins that neither ascend nor descend.
template <class T>
Array<std::int64_t> digitize(const Array<T>& x, const std::vector<double>& bins, const DigitizeOptions& options = {}) {
  const bool up = std::is_sorted(bins.begin(), bins.end()), down = std::is_sorted(bins.rbegin(), bins.rend());
  if (!up && !down) throw ValueError("bins of digitize must ascend or descend");
  std::vector<double> sorted = bins;
  if (!up) std::reverse(sorted.begin(), sorted.end());
  const auto found = searchsorted(from_array(NDArray<double>(Shape{sorted.size()}, sorted)), x, {.side = options.right ? "left" : "right"});
  return up ? found : static_cast<std::int64_t>(bins.size()) - found;
}
/// Whether each element is one of these values.
template <class T>
Array<bool> isin(const Array<T>& x, const std::vector<T>& values) {
  std::vector<T> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const auto list = from_array(NDArray<T>(Shape{sorted.size()}, sorted));
  return searchsorted(list, x, {.side = "left"}) < searchsorted(list, x, {.side = "right"});
}

/// The k largest elements along an axis, descending; with a negative k the -k smallest, ascending. NaN is the largest.
/// Shape     the axis has length min(|k|, its own), in one chunk.
template <class T>
Array<T> topk(const Array<T>& x, index_t k, int axis = -1) {
  return Array<T>(expression::topk(x.node(), k, axis));
}
/// Where topk's elements lie along the axis, in its order; of equal ones the first.
template <class T>
Array<std::int64_t> argtopk(const Array<T>& x, index_t k, int axis = -1) {
  return Array<std::int64_t>(expression::argtopk(x.node(), k, axis));
}
template <class T>
Array<T> Array<T>::topk(index_t k, int axis) const {
  return ashlar::topk(*this, k, axis);
}

}  // namespace ashlar
