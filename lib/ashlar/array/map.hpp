#pragma once
// A user's function of elements, compiled by the user's compiler and fused with everything around it.

#include "ashlar/array/block_function.hpp"
#include "ashlar/array/elementwise.hpp"
#include "ashlar/ndarray/map_function.hpp"

namespace ashlar {
namespace detail {

/// Element type of what F makes of one element per type in T.
template <class F, class... T>
constexpr auto map_element_type() {
  if constexpr (!std::is_trivially_copyable_v<F>) {
    static_assert(std::is_trivially_copyable_v<F>,
                  "ashlar: a function of elements may only capture trivially copyable values. Pass a captured array as another argument of al::map");
    return std::type_identity<double>{};
  } else if constexpr (std::is_invocable_v<const F&, T...>) {
    using R = std::remove_cvref_t<std::invoke_result_t<const F&, T...>>;
    static_assert(element_type<R>, "ashlar: a function of elements must return an element type (bool, an integer, a real or a complex number)");
    return std::type_identity<R>{};
  } else {
    static_assert(std::is_invocable_v<const F&, T...>, "ashlar: a function of elements takes one element per array: al::map([](double a, double b) { … }, x, y)");
    return std::type_identity<double>{};
  }
}
template <class F, class... T>
using map_element_t = typename decltype(map_element_type<F, T...>())::type;

}  // namespace detail

/// f(x[i], y[i], …) for every element; arrays broadcast. Fused like any operation: `al::map(f, x).sum()` is one pass over x.
/// Shape     that of the arrays together.
/// Errors    ShapeError for shapes that do not broadcast, ValueError for a captured pointer or reference; TaskError when f throws.
/// Cost      what f costs; the loop over a strip is compiled where f is, and vectorised if f can be (no calls, no tables).
/// Ranks     f must depend on its arguments and captures only. It may be called for an element more than once.
/// Example   al::map([](double a, double b) { return a < 0 ? b : a * b; }, x, y)
template <class F, detail::lazy... A>
  requires(sizeof...(A) > 0 && !detail::operand<F>)
auto map(const F& function, const A&... arrays) -> Array<detail::map_element_t<std::decay_t<F>, detail::element_t<A>...>> {
  static_assert(sizeof...(A) <= map_operands_max, "ashlar: al::map takes at most 6 arrays");
  using Function = std::decay_t<F>;
  using R = detail::map_element_t<Function, detail::element_t<A>...>;
  const Function copy = function;
  return Array<R>(
      expression::map({arrays.node()...}, detail::MapFunctionOf<Function, R, detail::element_t<A>...>::record, detail::closure_of(copy), dtype_of<R>));
}

}  // namespace ashlar
