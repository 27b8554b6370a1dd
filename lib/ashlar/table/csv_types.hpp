#pragma once
// What type a column of text has: a set of kinds seen so far, which grows with each field and merges by union. The whole column decides.
//
//   nothing < bool < string        nothing < int64 < uint64 < string        int64, uint64 < double < string        nothing < timestamp < string
//
// Whole numbers too large for 64 bits, or both negative and above int64, are text unless a fraction shows that they are measured.
// A column of nothing but missing values is float64, as in pandas.

#include <cstdint>
#include <optional>
#include <string_view>

#include "ashlar/table/column_type.hpp"
#include "ashlar/table/csv_dialect.hpp"

namespace ashlar::table {

class ColumnKinds {
 public:
  /// Adds what one field that is not missing says. `date`: the column is one of parse_dates.
  void add(std::string_view text, char decimal, bool date);
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
  std::uint8_t bits_ = 0;
};

/// Reading of one field. Blanks around numbers are passed over; empty when the text is not one.
std::optional<bool> parse_bool(std::string_view text);
std::optional<std::int64_t> parse_int64(std::string_view text);
std::optional<std::uint64_t> parse_uint64(std::string_view text);
/// Digits, point, exponent, inf, nan; not hexadecimal. Digits that a double cannot hold at all (1e400) are no number.
std::optional<double> parse_double(std::string_view text, char decimal);

}  // namespace ashlar::table
