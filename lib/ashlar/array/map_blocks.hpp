#pragma once
// A user's function on each block.
//
// The function is sent to the workers: a free function, a lambda without captures, or one whose captures are trivially copyable. Its
// blocks are its own: writing to them changes nothing else.

#include "ashlar/array/elementwise.hpp"

namespace ashlar {
namespace detail {
template <class F, class... A>
struct map_result_of {};
template <class F, class... A>
  requires(!operand<F> && !std::same_as<F, MapBlocksOptions> && (lazy<A> && ...))
struct map_result_of<F, A...> {
  using type = Array<block_result_t<F, element_t<A>...>>;
};
template <class F, class... A>
using map_result = typename map_result_of<std::decay_t<F>, A...>::type;
}  // namespace detail

/// f(block of x, block of y, …[, info]) for each chunk; arrays broadcast and are cut at common borders.
/// Shape     each result has its block's shape, unless `.drop_axis`, `.new_axis`, `.chunks` say otherwise.
/// Errors    ValueError for a captured pointer or reference; TaskError when the function throws or returns another shape.
/// Example   al::map_blocks([](al::NDArray<double> a, al::NDArray<double> b) { return a + b; }, x, y)
template <class F, detail::lazy A, detail::lazy... More>
detail::map_result<F, A, More...> map_blocks(const F& function, const A& x, const More&... more) {
  return map_blocks(MapBlocksOptions{}, function, x, more...);
}
template <class F, detail::lazy... A>
detail::map_result<F, A...> map_blocks(const MapBlocksOptions& options, const F& function, const A&... arrays) {
  using Function = std::decay_t<F>;
  using R = detail::block_result_t<Function, detail::element_t<A>...>;
  const Function copy = function;
  return Array<R>(expression::map_blocks({arrays.node()...}, detail::BlockFunctionOf<Function, detail::element_t<A>...>::record, detail::closure_of(copy),
                                         dtype_of<R>, options));
}
template <class T>
template <class F>
auto Array<T>::map_blocks(const F& function, const MapBlocksOptions& options) const -> Array<detail::block_result_t<std::decay_t<F>, T>> {
  return ashlar::map_blocks(options, function, *this);
}

}  // namespace ashlar
