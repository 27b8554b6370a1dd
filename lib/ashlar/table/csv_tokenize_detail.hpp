#pragma once
// The fields of whole records, one after the other. For sources of this floor.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ashlar/table/csv_dialect.hpp"

namespace ashlar::table {

/// Separators and line ends, one after the other: found for 64 bytes at once, as bits of a word from which those that are passed are taken.
class FieldEnds {
 public:
  FieldEnds(const char* begin, const char* end, char sep) : base_(begin), end_(end), sep_(sep) { load(); }
  /// The next one; `end` when there is none.
  const char* next() {
    while (left_ == 0) {
      if (end_ - base_ <= 64) return end_;
      base_ += 64;
      load();
    }
    const char* const at = base_ + std::countr_zero(left_);
    left_ &= left_ - 1;
    return at;
  }
  /// The first one at or behind `p`, which lies behind those that were passed.
  const char* from(const char* p) {
    if (p - base_ >= 64) {
      base_ = p;
      load();
    } else {
      left_ &= ~std::uint64_t{0} << (p - base_);
    }
    return next();
  }

 private:
  void load() {
    if (end_ - base_ >= 64) {
      left_ = bits(base_);
      return;
    }
    char padded[64] = {};  // a zero ends no field
    const std::size_t n = static_cast<std::size_t>(end_ - base_);
    if (n) std::memcpy(padded, base_, n);
    left_ = bits(padded);
  }
  std::uint64_t bits(const char* from) const {
    std::uint64_t out = 0;
#ifdef __SSE2__
    const __m128i sep = _mm_set1_epi8(sep_), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    for (int i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16 * i));
      const __m128i any = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, sep), _mm_cmpeq_epi8(bytes, lf)), _mm_cmpeq_epi8(bytes, cr));
      out |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(any))} << (16 * i);
    }
#else
    for (int i = 0; i < 64; ++i) out |= std::uint64_t{from[i] == sep_ || from[i] == '\n' || from[i] == '\r'} << i;
#endif
    return out;
  }

  const char *base_, *end_;
  std::uint64_t left_ = 0;  // those of the 64 bytes at base_ that were not passed
  char sep_;
};

/// Calls sink.field(number, text) for each field (the text lives until the call returns) and sink.end_record(fields, line) after each record, with
/// the number of the line at which it begins. A sink may end the reading by returning false from end_record.
/// Returns the bytes that were read; `line` is then that of what follows them. Errors    IoError for a quoted field that does not end.
template <class Sink>
std::size_t tokenize(std::string_view bytes, const CsvDialect& dialect, std::int64_t& line_behind, std::string_view source, Sink& sink) {
  std::int64_t line = line_behind;
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  const char quote = dialect.quotechar, sep = dialect.sep;
  const bool quoting = quote != '\0', skip_blank_lines = dialect.skip_blank_lines;
  FieldEnds ends(p, end, sep);
  std::string scratch;

  // p at a line end that `ends` gave.
  const auto pass_line_end = [&] {
    if (p == end) return;
    if (*p == '\r' && p + 1 < end && p[1] == '\n') p = ends.next();
    ++p;
    ++line;
  };
  const auto count_lines = [&](std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) line += text[i] == '\r' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'));
  };
  // Of a field that begins with a quote; p behind it. A text without doubled quotes lies in the bytes as it is.
  const auto quoted_field = [&](std::int64_t record_line, std::size_t number) -> std::string_view {
    const char* const begin = p + 1;
    bool whole = true;
    const char* from = begin;
    while (true) {
      const char* q = from < end ? static_cast<const char*>(std::memchr(from, quote, static_cast<std::size_t>(end - from))) : nullptr;
      if (!q)
        throw IoError(std::string(source) + ": line " + std::to_string(record_line) + " begins a record with a quoted field that never ends (field " +
                      std::to_string(number + 1) + ")");
      if (q + 1 < end && q[1] == quote) {  // two are one
        if (whole) scratch.clear();
        whole = false;
        scratch.append(from, q + 1);
        from = q + 2;
        continue;
      }
      p = ends.from(q + 1);
      if (whole && p == q + 1) {
        const std::string_view text(begin, static_cast<std::size_t>(q - begin));
        count_lines(text);
        return text;
      }
      if (whole) scratch.clear();
      scratch.append(from, q);
      count_lines(scratch);
      scratch.append(q + 1, p);
      return scratch;
    }
  };

  while (p < end) {
    if (skip_blank_lines && static_cast<unsigned char>(*p) <= ' ') {
      const char* q = p;
      while (q < end && (*q == ' ' || *q == '\t') && *q != sep) ++q;
      if (q == end || *q == '\n' || *q == '\r') {
        p = q == end ? end : ends.from(q);
        pass_line_end();
        continue;
      }
    }
    const std::int64_t record_line = line;
    std::size_t number = 0;
    while (true) {
      if (quoting && p < end && *p == quote) {
        const std::string_view text = quoted_field(record_line, number);
        sink.field(number++, text);
      } else {
        const char* begin = p;
        p = ends.next();
        sink.field(number++, std::string_view(begin, static_cast<std::size_t>(p - begin)));
      }
      if (p < end && *p == sep) {
        ++p;
        continue;
      }
      break;
    }
    pass_line_end();
    if (!sink.end_record(number, record_line)) break;
  }
  line_behind = line;
  return static_cast<std::size_t>(p - bytes.data());
}

}  // namespace ashlar::table
