#pragma once
// Where bytes stop being a text, and how many lines a text has. For sources of this floor.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ashlar/table/byte_count_detail.hpp"

namespace ashlar::table {

/// Line ends: LF, CR LF, CR.
inline std::int64_t count_line_ends(std::string_view bytes) {
  const std::int64_t lf = count_byte(bytes, '\n'), cr = count_byte(bytes, '\r');
  if (cr == 0) return lf;
  std::int64_t pairs = 0;
  for (std::size_t i = 1; i < bytes.size(); ++i) pairs += bytes[i] == '\n' && bytes[i - 1] == '\r';
  return lf + cr - pairs;
}

/// Bytes of the character that begins at `at`, 0 where none does: overlong forms, surrogates, values above U+10FFFF, a zero byte.
inline std::size_t utf8_length(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t k) { return at + k < bytes.size() ? static_cast<unsigned char>(bytes[at + k]) : 0u; };
  const auto follows = [&](std::size_t k, unsigned low = 0x80, unsigned high = 0xbf) { return byte(k) >= low && byte(k) <= high; };
  const unsigned first = byte(0);
  if (first < 0x80) return first ? 1 : 0;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) return follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && follows(2) ? 3 : 0;
  if (first >= 0xf0 && first <= 0xf4) return follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && follows(2) && follows(3) ? 4 : 0;
  return 0;
}

/// The place of the first byte that is zero or not UTF-8; the size where there is none. Cost    ASCII at the speed of memory.
inline std::size_t text_ends(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
#ifdef __SSE2__
    while (at + 64 <= bytes.size()) {
      const char* from = bytes.data() + at;
      __m128i odd = _mm_setzero_si128();
      for (int i = 0; i < 4; ++i) {
        const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16 * i));
        odd = _mm_or_si128(odd, _mm_or_si128(b, _mm_cmpeq_epi8(b, _mm_setzero_si128())));  // the highest bit: not ASCII, or zero
      }
      if (_mm_movemask_epi8(odd)) break;
      at += 64;
    }
#endif
    // Character by character through what is not plain.
    const std::size_t end = at + 64 < bytes.size() ? at + 64 : bytes.size();
    while (at < end) {
      const std::size_t length = utf8_length(bytes, at);
      if (length == 0) return at;
      at += length;
    }
  }
  return bytes.size();
}

}  // namespace ashlar::table
