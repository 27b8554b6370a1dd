#pragma once
// Functions of blocks that see their neighbours: stencils, filters, moving windows.
//
// A chunk's borders are cut off where the chunk lies, and only they move.

#include "ashlar/array/map_blocks.hpp"

namespace ashlar {

/// f(block of x with its halo, …[, info]) for each chunk; the halo is cut off the result.
/// Shape     that of x; the function returns a block as large as it was given.
/// Errors    ValueError for depths that are negative, longer than the array, or uneven where the boundary is not `none`, for an unknown boundary,
///           for arrays of different shapes, for chunks shorter than the depth unless `.allow_rechunk`.
/// Example   x.map_overlap([](al::NDArray<double> b) { … return b; }, {.depth = 1, .boundary = al::periodic})
template <class F, detail::lazy... A>
  requires(sizeof...(A) > 0)
detail::map_result<F, A...> map_overlap(const MapOverlapOptions& options, const F& function, const A&... arrays) {
  using Function = std::decay_t<F>;
  using R = detail::block_result_t<Function, detail::element_t<A>...>;
  const Function copy = function;
  return Array<R>(expression::map_overlap({arrays.node()...}, detail::BlockFunctionOf<Function, detail::element_t<A>...>::record, detail::closure_of(copy), dtype_of<R>,
                                          options));
}
template <class F, class T>
  requires(!std::same_as<F, MapOverlapOptions>)
auto map_overlap(const F& function, const Array<T>& x, const MapOverlapOptions& options = {}) {
  return map_overlap(options, function, x);
}
template <class T>
template <class F>
auto Array<T>::map_overlap(const F& function, const MapOverlapOptions& options) const -> Array<detail::block_result_t<std::decay_t<F>, T>> {
  return ashlar::map_overlap(options, function, *this);
}

namespace overlap {

struct OverlapOptions {
  ASHLAR_OPTIONS;
  DepthSpec depth = 0;
  BoundarySpec boundary = Boundary();
};
/// The array with each chunk grown by its halo: neighbouring chunks hold the same elements twice.
template <class T>
Array<T> overlap(const Array<T>& x, const OverlapOptions& options) {
  return ashlar::map_overlap(MapOverlapOptions{.depth = options.depth, .boundary = options.boundary, .trim = false, .name = "overlap"},
                             [](NDArray<T> block) { return block; }, x);
}
using ashlar::map_overlap;

}  // namespace overlap
}  // namespace ashlar
