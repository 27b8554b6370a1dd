#pragma once
// A user's function of elements as programs run it: over strips, inside the same pass as everything that is fused with it.
//
// It is known by a static record per function type, with the bytes of its captures; see base/descriptor.hpp. On x86 the loop is compiled
// twice, for what the user's program is built for and for AVX2 without fused multiply-add: both round alike, so ranks on different
// processors give the same bits.

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <tuple>
#include <utility>

#include "ashlar/base/descriptor.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

struct MapFunction : Descriptor {
  /// out[i] = f(in[0][i], in[1][i], …) for i < n. `out` may be an operand whose elements have the same size.
  void (*call)(std::span<const std::byte> closure, index_t n, void* out, const void* const* in);
  constexpr MapFunction(std::string_view n, void (*c)(std::span<const std::byte>, index_t, void*, const void* const*)) : Descriptor(n), call(c) {}
};
/// Operands that a function of elements may have.
inline constexpr int map_operands_max = 6;

namespace detail {

// Blocks of a fixed length: compilers vectorise them even where they are told to keep the code small.
template <class F, class R, class... T, std::size_t... I>
[[gnu::always_inline]] inline void map_elements(const F& function, index_t n, void* out, const void* const* in, std::index_sequence<I...>) {
  constexpr int block = 64;
  R* result = static_cast<R*>(out);
  const std::tuple<const T*...> operands(static_cast<const T*>(in[I])...);
  index_t i = 0;
  for (; i + block <= n; i += block) {
    R* to = result + i;
    const std::tuple<const T*...> from(std::get<I>(operands) + i...);
#if defined(__clang__)
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
    for (int k = 0; k < block; ++k) to[k] = function(std::get<I>(from)[k]...);
  }
  for (; i < n; ++i) result[i] = function(std::get<I>(operands)[i]...);
}

#if defined(__x86_64__) && !defined(__AVX2__)
#define ASHLAR_MAP_WIDE 1
template <class F, class R, class... T>
[[gnu::target("avx2")]] void map_wide(const F& function, index_t n, void* out, const void* const* in) {
  map_elements<F, R, T...>(function, n, out, in, std::index_sequence_for<T...>{});
}
#endif

template <class F, class R, class... T>
void call_map_function(std::span<const std::byte> closure, index_t n, void* out, const void* const* in) {
  alignas(F) std::byte memory[sizeof(F)] = {};
  if (closure.size() == sizeof(F)) std::memcpy(memory, closure.data(), sizeof(F));
  const F& function = *std::launder(reinterpret_cast<const F*>(memory));
#ifdef ASHLAR_MAP_WIDE
  if (__builtin_cpu_supports("avx2")) return map_wide<F, R, T...>(function, n, out, in);
#endif
  map_elements<F, R, T...>(function, n, out, in, std::index_sequence_for<T...>{});
}

template <class F, class R, class... T>
struct MapFunctionOf {
  static constinit inline MapFunction record{type_name<F>(), &call_map_function<F, R, T...>};
};

}  // namespace detail
}  // namespace ashlar
