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
#include <type_traits>
#include <utility>

#include "ashlar/base/descriptor.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

struct MapFunction : Descriptor {
  using Call = void (*)(std::span<const std::byte> closure, index_t n, void* out, const void* const* in);
  using Sum = void (*)(std::span<const std::byte> closure, index_t n, const void* const* in, index_t strip, double* sums);
  /// out[i] = f(in[0][i], in[1][i], …) for i < n. `out` may be an operand whose elements have the same size.
  Call call;
  /// The sums of these n results, one for every `strip` of them (the last may be shorter), each in 32 partial sums by position that are folded as
  /// Reducer::segments does; null for what is not double.
  Sum sum;
  constexpr MapFunction(std::string_view n, Call c, Sum s) : Descriptor(n), call(c), sum(s) {}
};
/// Operands that a function of elements may have.
inline constexpr int map_operands_max = 6;

namespace detail {

/// The processor looks ahead on its own, but not from one page to the next. For functions of one operand: two keep memory busy by themselves.
template <int Length, class T>
[[gnu::always_inline]] inline void fetch_ahead(const T* block) {
  const char* at = reinterpret_cast<const char*>(block) + 2048;
#pragma GCC unroll 16
  for (int line = 0; line < Length * static_cast<int>(sizeof(T)) / 64; ++line) __builtin_prefetch(at + 64 * line);
}

// A fixed length: compilers vectorise that even where they are told to keep the code small.
template <int Length, class F, class R, class... T>
[[gnu::always_inline]] inline void map_block(const F& function, R* to, const T*... from) {
#if defined(__clang__)
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#pragma GCC unroll 16
#endif
  for (int k = 0; k < Length; ++k) to[k] = function(from[k]...);
}

template <class F, class R, class... T, std::size_t... I>
[[gnu::always_inline]] inline void map_elements(const F& function, index_t n, void* out, const void* const* in, std::index_sequence<I...>) {
  R* to = static_cast<R*>(out);
  const std::tuple<const T*...> from(static_cast<const T*>(in[I])...);
  index_t i = 0;
  for (; i + 64 <= n; i += 64) {
    if constexpr (sizeof...(T) == 1) (fetch_ahead<64>(std::get<I>(from) + i), ...);
    map_block<64>(function, to + i, std::get<I>(from) + i...);
  }
  for (; i + 8 <= n; i += 8) map_block<8>(function, to + i, std::get<I>(from) + i...);
  for (; i < n; ++i) to[i] = function(std::get<I>(from)[i]...);
}

/// Four doubles, in as many registers as that takes. An array of sums would stay in memory, where each block waits for what the one before stored.
using FourSums [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = double;
/// What the function rounds last is not to be fused with an addition that follows. Where nothing could be, values need not go through memory.
[[gnu::always_inline]] inline void round_values([[maybe_unused]] double* values) {
#if !defined(__x86_64__) || defined(__FMA__)
  asm volatile("" : : "r"(values) : "memory");
#endif
}

template <class F, class... T>
[[gnu::always_inline]] inline double sum_strip(const F& function, index_t n, const T*... from) {
  constexpr int sums = 32;
  const FourSums none = {-0.0, -0.0, -0.0, -0.0};  // which adds nothing
  FourSums s0 = none, s1 = none, s2 = none, s3 = none, s4 = none, s5 = none, s6 = none, s7 = none;
  const auto add = [&](double* values) __attribute__((always_inline)) {
    round_values(values);
    const auto* at = reinterpret_cast<const FourSums*>(values);
    s0 += at[0], s1 += at[1], s2 += at[2], s3 += at[3], s4 += at[4], s5 += at[5], s6 += at[6], s7 += at[7];
  };
  index_t i = 0;
  for (; i + sums <= n; i += sums) {
    alignas(64) double values[sums];
    if constexpr (sizeof...(T) == 1) (fetch_ahead<sums>(from + i), ...);
    map_block<sums>(function, values, from + i...);
    add(values);
  }
  if (i < n) {
    alignas(64) double values[sums];
    for (double& value : values) value = -0.0;
    int count = 0;
    for (; i + 8 <= n; i += 8, count += 8) map_block<8>(function, values + count, from + i...);
    for (; i < n; ++i) values[count++] = function(from[i]...);
    add(values);
  }
  // 16 and 16, 8 and 8, and so on.
  s0 += s4, s1 += s5, s2 += s6, s3 += s7;
  s0 += s2, s1 += s3;
  s0 += s1;
  const double even = s0[0] + s0[2], odd = s0[1] + s0[3];
  return even + odd;
}

template <class F, class... T, std::size_t... I>
[[gnu::always_inline]] inline void sum_elements(const F& function, index_t n, const void* const* in, index_t strip, double* sums, std::index_sequence<I...>) {
  const std::tuple<const T*...> from(static_cast<const T*>(in[I])...);
  for (index_t i = 0; i < n; i += strip) *sums++ = sum_strip<F, T...>(function, n - i < strip ? n - i : strip, std::get<I>(from) + i...);
}

#if defined(__x86_64__) && !defined(__AVX2__)
#define ASHLAR_MAP_WIDE 1
template <class F, class R, class... T>
[[gnu::target("avx2")]] void map_wide(const F& function, index_t n, void* out, const void* const* in) {
  map_elements<F, R, T...>(function, n, out, in, std::index_sequence_for<T...>{});
}
template <class F, class... T>
[[gnu::target("avx2")]] void sum_wide(const F& function, index_t n, const void* const* in, index_t strip, double* sums) {
  sum_elements<F, T...>(function, n, in, strip, sums, std::index_sequence_for<T...>{});
}
#endif

template <class F>
struct FunctionOf {
  alignas(F) std::byte memory[sizeof(F)] = {};
  explicit FunctionOf(std::span<const std::byte> closure) {
    if (closure.size() == sizeof(F)) std::memcpy(memory, closure.data(), sizeof(F));
  }
  const F& operator*() const { return *std::launder(reinterpret_cast<const F*>(memory)); }
};

template <class F, class R, class... T>
void call_map_function(std::span<const std::byte> closure, index_t n, void* out, const void* const* in) {
  const FunctionOf<F> function(closure);
#ifdef ASHLAR_MAP_WIDE
  if (__builtin_cpu_supports("avx2")) return map_wide<F, R, T...>(*function, n, out, in);
#endif
  map_elements<F, R, T...>(*function, n, out, in, std::index_sequence_for<T...>{});
}

template <class F, class... T>
void sum_map_function(std::span<const std::byte> closure, index_t n, const void* const* in, index_t strip, double* sums) {
  const FunctionOf<F> function(closure);
#ifdef ASHLAR_MAP_WIDE
  if (__builtin_cpu_supports("avx2")) return sum_wide<F, T...>(*function, n, in, strip, sums);
#endif
  sum_elements<F, T...>(*function, n, in, strip, sums, std::index_sequence_for<T...>{});
}

template <class F, class R, class... T>
struct MapFunctionOf {
  static constexpr MapFunction::Sum sum() {
    if constexpr (std::is_same_v<R, double>) return &sum_map_function<F, T...>;
    else return nullptr;
  }
  static constinit inline MapFunction record{type_name<F>(), &call_map_function<F, R, T...>, sum()};
};

}  // namespace detail
}  // namespace ashlar
