#pragma once
// Validity bitmaps as Arrow lays them out: bit i of byte i / 8, least significant first; set means valid. For sources of this floor.

#include <bit>
#include <cstdint>
#include <cstring>

#include "ashlar/base/buffer.hpp"

namespace ashlar::table {

inline std::size_t bitmap_bytes(std::int64_t length) { return static_cast<std::size_t>((length + 7) / 8); }
inline bool get_bit(const std::byte* bits, std::int64_t i) { return (static_cast<unsigned>(bits[i >> 3]) >> (i & 7)) & 1u; }
inline void set_bit(std::byte* bits, std::int64_t i) { bits[i >> 3] |= static_cast<std::byte>(1u << (i & 7)); }
inline void clear_bit(std::byte* bits, std::int64_t i) { bits[i >> 3] &= static_cast<std::byte>(~(1u << (i & 7))); }

/// Set bits among [offset, offset + length).
inline std::int64_t count_bits(const std::byte* bits, std::int64_t offset, std::int64_t length) {
  std::int64_t count = 0, i = offset;
  const std::int64_t end = offset + length;
  for (; i < end && (i & 7); ++i) count += get_bit(bits, i);
  for (; i + 64 <= end; i += 64) {
    std::uint64_t word;
    std::memcpy(&word, bits + (i >> 3), sizeof word);
    count += std::popcount(word);
  }
  for (; i < end; ++i) count += get_bit(bits, i);
  return count;
}

/// Sets [offset, offset + length) of `to` to the bits of `from` that begin at `from_offset`. `to` holds zeros there.
inline void copy_bits(std::byte* to, std::int64_t offset, const std::byte* from, std::int64_t from_offset, std::int64_t length) {
  std::int64_t i = 0;
  if ((offset & 7) == 0 && (from_offset & 7) == 0) {
    std::memcpy(to + (offset >> 3), from + (from_offset >> 3), static_cast<std::size_t>(length >> 3));
    i = length & ~std::int64_t{7};
  }
  for (; i < length; ++i)
    if (get_bit(from, from_offset + i)) set_bit(to, offset + i);
}

inline void set_bits(std::byte* to, std::int64_t offset, std::int64_t length) {
  std::int64_t i = offset;
  const std::int64_t end = offset + length;
  for (; i < end && (i & 7); ++i) set_bit(to, i);
  if (end - i >= 8) {
    std::memset(to + (i >> 3), 0xff, static_cast<std::size_t>((end - i) >> 3));
    i += (end - i) & ~std::int64_t{7};
  }
  for (; i < end; ++i) set_bit(to, i);
}

}  // namespace ashlar::table
