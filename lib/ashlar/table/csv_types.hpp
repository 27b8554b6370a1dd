#pragma once
// What type a column of text has: a set of kinds seen so far, which grows with each field and merges by union. The whole column decides.
//
//   nothing < bool < string        nothing < int64 < uint64 < string        int64, uint64 < double < string        nothing < timestamp < string
//
// Whole numbers too large for 64 bits, or both negative and above int64, are text unless a fraction shows that they are measured.
// A column of nothing but missing values is float64, as in pandas.

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ashlar/table/column_type.hpp"
#include "ashlar/table/csv_dialect.hpp"

namespace ashlar::table {

class ColumnKinds {
 public:
  /// Adds what one field that is not missing says. `date`: the column is one of parse_dates.
  void add(std::string_view text, char decimal, bool date);
  /// Adds what a text says that looks as most numbers do, told without a loop; false, and nothing added, for others. The column is no date, and 16
  /// bytes can be read from where the text begins.
  bool add_plain_number(std::string_view text, char decimal) { return add_plain(text, decimal); }
  /// True when more fields cannot change the type: it is a string.
  bool settled() const { return bits_ & text_bit; }
  void merge(const ColumnKinds& other) { bits_ |= other.bits_; }
  ColumnType type() const;
  friend bool operator==(const ColumnKinds&, const ColumnKinds&) = default;

 private:
  enum : std::uint8_t {
    bool_bit = 1,
    integer_bit = 2,   // fits int64
    negative_bit = 4,
    wide_bit = 8,      // fits uint64, not int64
    huge_bit = 16,     // a whole number of more digits
    real_bit = 32,
    time_bit = 64,
    text_bit = 128,
  };
  bool add_plain(std::string_view text, char decimal) {
#ifdef __SSE2__
    if (text.size() > 16 || text.empty()) return false;
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data()));
    const __m128i digits = _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(-'0' - 128))), _mm_set1_epi8(-128 + 10));
    const unsigned all = (1u << text.size()) - 1, other = ~static_cast<unsigned>(_mm_movemask_epi8(digits)) & all;
    if (other == 0) {
      bits_ |= integer_bit;
      return true;
    }
    // One decimal point and at least one digit. A minus is left to `add`, which must see whether a zero follows.
    if ((other & (other - 1)) == 0 && all > 1 && text[static_cast<std::size_t>(std::countr_zero(other))] == decimal) {
      bits_ |= real_bit;
      return true;
    }
#else
    (void)text, (void)decimal;
#endif
    return false;
  }

  std::uint8_t bits_ = 0;
};

/// Reading of one field. Blanks around numbers are passed over; empty when the text is not one.
std::optional<bool> parse_bool(std::string_view text);
std::optional<std::int64_t> parse_int64(std::string_view text);
std::optional<std::uint64_t> parse_uint64(std::string_view text);
/// Digits, point, exponent, inf, nan; not hexadecimal. Digits that a double cannot hold at all (1e400) are no number.
std::optional<double> parse_double(std::string_view text, char decimal);

}  // namespace ashlar::table
