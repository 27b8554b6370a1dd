#pragma once
// A user's function of blocks: what `map_blocks` sends to the workers.
//
// It is known by a static record per function type, with the bytes of its captures; see base/descriptor.hpp.

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/base/descriptor.hpp"
#include "ashlar/ndarray/ndarray.hpp"

namespace ashlar {

/// Where a block lies: the optional second argument of a block function.
class BlockInfo {
 public:
  using Span = std::pair<index_t, index_t>;
  BlockInfo(Shape shape, Shape num_chunks, std::vector<index_t> location, std::vector<Span> positions, index_t index)
      : shape_(std::move(shape)), num_chunks_(std::move(num_chunks)), location_(std::move(location)), positions_(std::move(positions)), index_(index) {}

  /// Shape of the array that the blocks were cut from (all arrays together, broadcast), and its numbers of chunks.
  const Shape& shape() const { return shape_; }
  const Shape& num_chunks() const { return num_chunks_; }
  /// Numbers of this chunk, per axis.
  const std::vector<index_t>& chunk_location() const { return location_; }
  /// First position and the one after the last, per axis; `unknown` on axes of unknown length.
  const std::vector<Span>& array_location() const { return positions_; }
  /// This chunk's number in C order.
  index_t index() const { return index_; }

 private:
  Shape shape_, num_chunks_;
  std::vector<index_t> location_;
  std::vector<Span> positions_;
  index_t index_;
};

struct BlockFunction : Descriptor {
  Block (*call)(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo& info);
  constexpr BlockFunction(std::string_view n, Block (*c)(std::span<const std::byte>, std::vector<Block>&, const BlockInfo&)) : Descriptor(n), call(c) {}
};

namespace detail {

template <class R>
struct block_value {
  static_assert(sizeof(R) == 0, "ashlar: a block function must return an NDArray<U>");
};
template <class U>
struct block_value<NDArray<U>> {
  using type = U;
};

/// Element type of what F makes of one block per element type in T.
template <class F, class... T>
constexpr auto block_result_type() {
  if constexpr (!std::is_trivially_copyable_v<F>) {
    static_assert(std::is_trivially_copyable_v<F>,
                  "ashlar: a block function may only capture trivially copyable values. Pass a captured array as another argument of al::map_blocks");
    return std::type_identity<double>{};
  } else if constexpr (std::is_invocable_v<const F&, NDArray<T>...>) {
    return std::type_identity<typename block_value<std::remove_cvref_t<std::invoke_result_t<const F&, NDArray<T>...>>>::type>{};
  } else if constexpr (std::is_invocable_v<const F&, NDArray<T>..., const BlockInfo&>) {
    return std::type_identity<typename block_value<std::remove_cvref_t<std::invoke_result_t<const F&, NDArray<T>..., const BlockInfo&>>>::type>{};
  } else {
    static_assert(std::is_invocable_v<const F&, NDArray<T>...>,
                  "ashlar: a block function takes one NDArray<T> per array, by value or const reference, then optionally a const BlockInfo&");
    return std::type_identity<double>{};
  }
}
template <class F, class... T>
using block_result_t = typename decltype(block_result_type<F, T...>())::type;

template <class F, class... T>
Block call_block_function(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo& info) {
  alignas(F) std::byte memory[sizeof(F)] = {};
  if (closure.size() == sizeof(F)) std::memcpy(memory, closure.data(), sizeof(F));
  const F& function = *std::launder(reinterpret_cast<const F*>(memory));
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    if constexpr (std::is_invocable_v<const F&, NDArray<T>...>) return function(NDArray<T>(std::move(blocks[I]))...).shared_block();
    else return function(NDArray<T>(std::move(blocks[I]))..., info).shared_block();
  }(std::index_sequence_for<T...>{});
}

template <class F, class... T>
struct BlockFunctionOf {
  static constinit inline BlockFunction record{type_name<F>(), &call_block_function<F, T...>};
};

/// The captures as bytes: none for an empty type, padding cleared, no addresses.
Bytes closure_bytes(const void* function, std::size_t nbytes, std::string_view name);
template <class F>
Bytes closure_of(const F& function) {
  if constexpr (std::is_empty_v<F>) return {};
  else {
    F copy = function;
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)  // clang 14 has none
    __builtin_clear_padding(&copy);
#endif
#endif
    return closure_bytes(&copy, sizeof copy, type_name<F>());
  }
}

}  // namespace detail
}  // namespace ashlar
