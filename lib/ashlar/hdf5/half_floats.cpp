#include "ashlar/hdf5/half_floats.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "ashlar/base/error.hpp"

namespace ashlar::hdf5 {

namespace {

template <class T>
struct Format;
template <>
struct Format<float> {
  using Bits = std::uint32_t;
  static constexpr int significand = 23, bias = 127;
};
template <>
struct Format<double> {
  using Bits = std::uint64_t;
  static constexpr int significand = 52, bias = 1023;
};

// Of numbers; NaN becomes infinity. No branches and no calls: compilers make vectors of it.
//
// |x| + s, where s is so large a power of two that its last bit weighs as much as the last bit of the half, is rounded by the processor,
// from x itself and once: the sum less s, taken as integers, is the significand. A significand of 2048 carries into the exponent by itself.
template <class T>
std::uint16_t half_bits(T x) {
  using F = Format<T>;
  using Bits = typename F::Bits;
  constexpr int dropped = F::significand - 10, sign = 8 * sizeof(T) - 1;
  constexpr T smallest_normal = T(0x1p-14), too_large = T(65536);
  const Bits bits = std::bit_cast<Bits>(x);
  const T magnitude = std::bit_cast<T>(bits & ~(Bits{1} << sign));
  const T a = magnitude < too_large ? magnitude : too_large;
  // The power of two at or below it; subnormal halves have the last bit of the smallest normal ones.
  const T power = std::bit_cast<T>(std::bit_cast<Bits>(a) & ~((Bits{1} << F::significand) - 1));
  const T p = power > smallest_normal ? power : smallest_normal;
  const T s = p * static_cast<T>(Bits{1} << dropped);
  const Bits significand = std::bit_cast<Bits>(a + s) - std::bit_cast<Bits>(s);
  const Bits number = significand + (std::bit_cast<Bits>(p) >> dropped) - (Bits{F::bias - 14} << 10);
  return static_cast<std::uint16_t>(number | bits >> sign << 15);
}

template <class T>
std::uint16_t half_of_nan(T x) {
  using Bits = typename Format<T>::Bits;
  const Bits bits = std::bit_cast<Bits>(x), payload = bits >> (Format<T>::significand - 10) & 0x3ff;
  return static_cast<std::uint16_t>((payload ? payload : 1) | 0x7c00 | bits >> (8 * sizeof(T) - 1) << 15);
}

template <class T>
T number_of(std::uint16_t half) {
  using F = Format<T>;
  using Bits = typename F::Bits;
  constexpr Bits one_exponent = Bits{1} << F::significand;
  const Bits rest = half & 0x7fff;
  const Bits moved = (rest << (F::significand - 10)) + (F::bias - 15) * one_exponent;
  // Subnormal: with the exponent of the smallest normal number its significand is one too large. No subnormal float or double comes up, so
  // it does not matter what the program makes of those.
  const Bits subnormal = std::bit_cast<Bits>(std::bit_cast<T>(moved + one_exponent) - T(0x1p-14));
  const Bits not_finite = moved + (F::bias - 15) * one_exponent;
  const Bits bits = rest < 0x400 ? subnormal : rest < 0x7c00 ? moved : not_finite;
  return std::bit_cast<T>(bits | Bits{half} >> 15 << (8 * sizeof(T) - 1));
}

constexpr index_t strip = 1024;

template <class T>
void halve(const T* from, std::uint16_t* to, index_t n) {
  for (index_t i = 0; i < n; i += strip, from += strip, to += strip) {
    const index_t count = std::min(strip, n - i);
    for (index_t k = 0; k < count; ++k) to[k] = half_bits(from[k]);
    std::uint16_t infinite = 0;
    for (index_t k = 0; k < count; ++k) infinite |= static_cast<std::uint16_t>((to[k] & 0x7fff) == 0x7c00);
    if (!infinite) continue;
    for (index_t k = 0; k < count; ++k)
      if (from[k] != from[k]) to[k] = half_of_nan(from[k]);
  }
}

template <class T>
void widen(std::byte* memory, index_t n) {
  const std::byte* const bits = memory + n * static_cast<index_t>(sizeof(T) - 2);
  T* const to = reinterpret_cast<T*>(memory);
  std::uint16_t some[strip];
  // A strip's numbers end before the bits of the next one begin.
  for (index_t i = 0; i < n; i += strip) {
    const index_t count = std::min(strip, n - i);
    std::memcpy(some, bits + 2 * i, static_cast<std::size_t>(2 * count));
    for (index_t k = 0; k < count; ++k) to[i + k] = number_of<T>(some[k]);
  }
}

void halve_block(const Block& from, std::uint16_t* to) {
  constexpr index_t piece = index_t{1} << 20;
  const bool small = from.nbytes() <= piece, floating = is_floating(from.dtype());
  if (small || (floating && from.is_contiguous())) {
    const Block packed = floating ? from.contiguous() : from.astype(DType::float32).contiguous();
    if (packed.dtype() == DType::float32) return halve(packed.as<float>(), to, packed.size());
    return halve(packed.as<double>(), to, packed.size());
  }
  // Two halves along the first axis that can be cut: one stands before the other in C order.
  std::size_t axis = 0;
  while (from.shape()[axis] == 1) ++axis;
  std::vector<index_t> start(from.shape().size(), 0), count = from.shape().v;
  const std::vector<index_t> ones(count.size(), 1);
  const index_t length = count[axis];
  count[axis] = length / 2;
  const Block first = from.slice(start, count, ones);
  start[axis] = length / 2;
  count[axis] = length - length / 2;
  halve_block(first, to);
  halve_block(from.slice(start, count, ones), to + first.size());
}

}  // namespace

Block to_half(const Block& numbers) {
  if (is_complex(numbers.dtype())) throw InternalError("complex numbers have no half floats");
  Block bits = Block::allocate(DType::uint16, numbers.shape());
  if (numbers.size() > 0) halve_block(numbers, reinterpret_cast<std::uint16_t*>(bits.make_writable()));
  return bits;
}

Block from_half(const Block& bits, DType type) {
  const Block packed = bits.contiguous();
  Block numbers = Block::allocate(type, bits.shape());
  std::byte* const memory = numbers.make_writable();
  std::memcpy(memory + numbers.nbytes() - packed.nbytes(), packed.data(), static_cast<std::size_t>(packed.nbytes()));
  widen_half(type, memory, numbers.size());
  return numbers;
}

void widen_half(DType type, std::byte* memory, index_t n) {
  if (type == DType::float32) return widen<float>(memory, n);
  if (type == DType::float64) return widen<double>(memory, n);
  throw InternalError("half floats become float32 or float64, not " + std::string(dtype_name(type)));
}

}  // namespace ashlar::hdf5
