#pragma once
// Functions of blocks where axes are named by letters, and reductions with functions of one's own.

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "ashlar/array/map_blocks.hpp"
#include "ashlar/array/manipulation.hpp"

namespace ashlar {

struct BlockwiseOptions {
  ASHLAR_OPTIONS;
  std::string name = {};
  std::map<char, index_t> new_axes = {};                        ///< lengths of letters that no array has; one chunk each
  std::map<char, std::vector<index_t>> adjust_chunks = {};      ///< sizes of the result's chunks where the function changes them
};

namespace expression {
ArrayPtr blockwise(const BlockFunction& function, Bytes closure, DType dtype, std::string_view result, std::vector<ArrayPtr> arrays,
                   std::vector<std::string> letters, const BlockwiseOptions& options);
}  // namespace expression

namespace detail {

template <class F, class Arguments, std::size_t... I>
auto blockwise_of(const BlockwiseOptions& options, const F& function, std::string_view result, const Arguments& arguments, std::index_sequence<I...>) {
  using R = block_result_t<F, element_t<std::tuple_element_t<2 * I, Arguments>>...>;
  return Array<R>(expression::blockwise(BlockFunctionOf<F, element_t<std::tuple_element_t<2 * I, Arguments>>...>::record, closure_of(function), dtype_of<R>, result,
                                        {std::get<2 * I>(arguments).node()...}, {std::string(std::get<2 * I + 1>(arguments))...}, options));
}

}  // namespace detail

/// f(block of x, block of y, …) for each chunk of a result whose axes are named by letters: each array is followed by the letters of its axes.
/// Axes that the result does not have reach the function whole (Dask's concatenate=True); blocks have their own array's axes.
/// Errors    ValueError for letters that do not fit; ShapeError for lengths that differ under one letter; those of map_blocks.
/// Example   al::blockwise([](al::NDArray<double> a, al::NDArray<double> b) { return …; }, "ij", x, "ik", y, "kj")
template <class F, class... Arguments>
  requires(sizeof...(Arguments) % 2 == 0 && sizeof...(Arguments) > 0 && !std::same_as<F, BlockwiseOptions>)
auto blockwise(const F& function, std::string_view result, const Arguments&... arguments) {
  return detail::blockwise_of(BlockwiseOptions{}, function, result, std::tuple<const Arguments&...>(arguments...),
                              std::make_index_sequence<sizeof...(Arguments) / 2>{});
}
template <class F, class... Arguments>
  requires(sizeof...(Arguments) % 2 == 0 && sizeof...(Arguments) > 0)
auto blockwise(const BlockwiseOptions& options, const F& function, std::string_view result, const Arguments&... arguments) {
  return detail::blockwise_of(options, function, result, std::tuple<const Arguments&...>(arguments...), std::make_index_sequence<sizeof...(Arguments) / 2>{});
}

struct ReductionOptions {
  ASHLAR_OPTIONS;
  AxisSpec axis = {};  ///< all by default
  bool keepdims = false;
  int split_every = 4;  ///< chunks combined per task and axis
};

namespace detail {

struct AxisList {  // trivially copyable, so that it may be captured
  int n = 0;
  std::array<int, 16> v{};
  std::vector<int> list() const { return std::vector<int>(v.begin(), v.begin() + n); }
};
template <class F, class T>
struct OverAxes {
  [[no_unique_address]] F function;
  AxisList axes;
  auto operator()(NDArray<T> block) const {
    if constexpr (std::is_invocable_v<const F&, NDArray<T>, std::vector<int>>) return function(std::move(block), axes.list());
    else return function(std::move(block));
  }
};
/// Groups of up to `split` chunks along the axes, each made one element long there.
template <class F, class T>
auto reduce_groups(const Array<T>& x, const F& function, const AxisList& axes, index_t split) {
  Chunks groups = x.chunks(), ones = x.chunks();
  for (int axis : axes.list()) {
    auto& sizes = groups[static_cast<std::size_t>(axis)];
    std::vector<index_t> joined;
    for (std::size_t i = 0; i < sizes.size(); i += static_cast<std::size_t>(split)) {
      index_t n = 0;
      for (std::size_t k = i; k < std::min(sizes.size(), i + static_cast<std::size_t>(split)); ++k) n += sizes[k];
      joined.push_back(n);
    }
    sizes = joined;
    ones[static_cast<std::size_t>(axis)].assign(joined.size(), 1);
  }
  ChunkSpec result;
  for (const auto& sizes : ones) result.axes.emplace_back(sizes);
  const Array<T> grouped = groups == x.chunks() ? x : x.rechunk(groups);
  return map_blocks(MapBlocksOptions{.chunks = result}, OverAxes<F, T>{function, axes}, grouped);
}
inline bool one_chunk_along(const Chunks& chunks, const AxisList& axes) {
  for (int axis : axes.list())
    if (chunks[static_cast<std::size_t>(axis)].size() > 1) return false;
  return true;
}
AxisList axis_list(const AxisSpec& axes, int ndim);

}  // namespace detail

/// A reduction with functions of one's own: `chunk` of each block, `combine` of what up to `split_every` blocks along the axes left,
/// side by side, and `aggregate` of the last ones. Each takes an NDArray and, if it likes, the list of axes, and returns an NDArray
/// in which those axes have length 1. The tree follows the chunks only.
/// Errors    ValueError for captures that are no plain values, split_every below 2; ShapeError while lengths are unknown.
/// Example   al::reduction(x, [](al::NDArray<double> b, std::vector<int> axis) { return al::max(b, {.axis = axis, .keepdims = true}); }, …)
template <class T, class Chunk, class Aggregate, class Combine>
auto reduction(const Array<T>& x, const Chunk& chunk, const Aggregate& aggregate, const Combine& combine, const ReductionOptions& options = {}) {
  if (options.split_every < 2) throw ValueError("split_every must be at least 2, found " + std::to_string(options.split_every));
  const detail::AxisList axes = detail::axis_list(options.axis, x.ndim());
  auto left = detail::reduce_groups(x, chunk, axes, 1);
  for (;;) {
    Chunks chunks = left.chunks();
    bool last = true;
    for (int axis : axes.list()) last = last && chunks[static_cast<std::size_t>(axis)].size() <= static_cast<std::size_t>(options.split_every);
    if (last) break;
    left = detail::reduce_groups(left, combine, axes, options.split_every);
  }
  auto result = detail::reduce_groups(left, aggregate, axes, options.split_every);
  return options.keepdims || axes.n == 0 ? result : result.squeeze(axes.list());
}
/// As above with `aggregate` for `combine`: it must then give what it takes.
template <class T, class Chunk, class Aggregate>
auto reduction(const Array<T>& x, const Chunk& chunk, const Aggregate& aggregate, const ReductionOptions& options = {}) {
  using Part = typename decltype(detail::reduce_groups(x, chunk, {}, 1))::value_type;
  using Result = typename decltype(detail::reduce_groups(Array<Part>(), aggregate, {}, 1))::value_type;
  static_assert(std::is_same_v<Part, Result>,
                "ashlar: this aggregate gives another element type than chunk does, so it cannot combine its own results: give al::reduction a third function");
  return reduction(x, chunk, aggregate, aggregate, options);
}

}  // namespace ashlar
