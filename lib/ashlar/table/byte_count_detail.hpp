#pragma once
// How often a byte occurs. For sources of this floor.

#include <cstdint>
#include <string_view>

namespace ashlar::table {

/// In lanes of one byte each that are added up before they can overflow: the compiler makes vector instructions of that.
inline std::int64_t count_byte(std::string_view bytes, char wanted) {
  constexpr std::size_t lanes = 32, rounds = 255;
  std::int64_t total = 0;
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  while (left >= lanes) {
    std::uint8_t lane[lanes] = {};
    const std::size_t n = left / lanes < rounds ? left / lanes : rounds;
    for (std::size_t r = 0; r < n; ++r, p += lanes)
      for (std::size_t i = 0; i < lanes; ++i) lane[i] = static_cast<std::uint8_t>(lane[i] + (p[i] == wanted));
    for (const std::uint8_t count : lane) total += count;
    left -= n * lanes;
  }
  for (std::size_t i = 0; i < left; ++i) total += p[i] == wanted;
  return total;
}

}  // namespace ashlar::table
