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
  using Sum = double (*)(std::span<const std::byte> closure, index_t n, const void* const* in);
  /// out[i] = f(in[0][i], in[1][i], …) for i < n. `out` may be an operand whose elements have the same size.
  Call call;
  /// The sum of these n results, in 32 partial sums by position and folded as Reducer::segments does; null for what is not double.
  Sum sum;
  constexpr MapFunction(std::string_view n, Call c, Sum s) : Descriptor(n), call(c), sum(s) {}
};
/// Operands that a function of elements may have.
inline constexpr int map_operands_max = 6;

namespace detail {

/// The processor looks ahead on its own, but not from one page to the next. For functions of one operand: two keep memory busy by themselves.
template <class T>
[[gnu::always_inline]] inline void fetch_ahead(const T* block) {
  const char* at = reinterpret_cast<const char*>(block) + 2048;
#pragma GCC unroll 16
  for (int line = 0; line < static_cast<int>(sizeof(T)); ++line) __builtin_prefetch(at + 64 * line);
}

// A fixed length: compilers vectorise that even where they are told to keep the code small.
template <int Length, class F, class R, class... T>
[[gnu::always_inline]] inline void map_block(const F& function, R* to, const T*... from) {
#if defined(__clang__)
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
  for (int k = 0; k < Length; ++k) to[k] = function(from[k]...);
}

template <class F, class R, class... T, std::size_t... I>
[[gnu::always_inline]] inline void map_elements(const F& function, index_t n, void* out, const void* const* in, std::index_sequence<I...>) {
  R* to = static_cast<R*>(out);
  const std::tuple<const T*...> from(static_cast<const T*>(in[I])...);
  index_t i = 0;
  for (; i + 64 <= n; i += 64) {
    if constexpr (sizeof...(T) == 1) (fetch_ahead(std::get<I>(from) + i), ...);
    map_block<64>(function, to + i, std::get<I>(from) + i...);
  }
  for (; i + 8 <= n; i += 8) map_block<8>(function, to + i, std::get<I>(from) + i...);
  for (; i < n; ++i) to[i] = function(std::get<I>(from)[i]...);
}

template <int Width>
[[gnu::always_inline]] inline void fold(double* sum) {
  for (int s = 0; s < Width; ++s) sum[s] += sum[s + Width];
  if constexpr (Width > 1) fold<Width / 2>(sum);
}

template <class F, class... T, std::size_t... I>
[[gnu::always_inline]] inline double sum_elements(const F& function, index_t n, const void* const* in, std::index_sequence<I...>) {
  constexpr int sums = 32;
  double sum[sums], values[2 * sums];
  for (int s = 0; s < sums; ++s) sum[s] = -0.0;
  const std::tuple<const T*...> from(static_cast<const T*>(in[I])...);
  index_t i = 0;
  for (; i + 2 * sums <= n; i += 2 * sums) {
    if constexpr (sizeof...(T) == 1) (fetch_ahead(std::get<I>(from) + i), ...);
    map_block<2 * sums>(function, values, std::get<I>(from) + i...);
    asm volatile("" : : "r"(values) : "memory");  // what the function rounds last is not to be fused with the addition
#pragma GCC unroll 8
    for (int s = 0; s < sums; ++s) sum[s] = (sum[s] + values[s]) + values[sums + s];
  }
  if (i < n) {
    int count = 0;
    for (; i + 8 <= n; i += 8, count += 8) map_block<8>(function, values + count, std::get<I>(from) + i...);
    for (; i < n; ++i) values[count++] = function(std::get<I>(from)[i]...);
    for (int k = count; k < 2 * sums; ++k) values[k] = -0.0;  // which adds nothing
    asm volatile("" : : "r"(values) : "memory");
    for (int s = 0; s < sums; ++s) sum[s] = (sum[s] + values[s]) + values[sums + s];
  }
  fold<sums / 2>(sum);
  return sum[0];
}

#if defined(__x86_64__) && !defined(__AVX2__)
#define ASHLAR_MAP_WIDE 1
template <class F, class R, class... T>
[[gnu::target("avx2")]] void map_wide(const F& function, index_t n, void* out, const void* const* in) {
  map_elements<F, R, T...>(function, n, out, in, std::index_sequence_for<T...>{});
}
template <class F, class... T>
[[gnu::target("avx2")]] double sum_wide(const F& function, index_t n, const void* const* in) {
  return sum_elements<F, T...>(function, n, in, std::index_sequence_for<T...>{});
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
double sum_map_function(std::span<const std::byte> closure, index_t n, const void* const* in) {
  const FunctionOf<F> function(closure);
#ifdef ASHLAR_MAP_WIDE
  if (__builtin_cpu_supports("avx2")) return sum_wide<F, T...>(*function, n, in);
#endif
  return sum_elements<F, T...>(*function, n, in, std::index_sequence_for<T...>{});
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
