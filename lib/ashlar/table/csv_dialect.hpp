#pragma once
// How a CSV file is written, and which of its columns are wanted: all that a worker must know to read a part of one.

#include <array>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/base/options.hpp"

namespace ashlar::table {

struct CsvDialect {
  char sep = ',';
  char quotechar = '"';             ///< '\0': quotes mean nothing
  char decimal = '.';
  char thousands = '\0';            ///< between the digits of numbers, passed over; '\0': nothing
  bool header = true;               ///< the first record names the columns; else they are "0", "1", …
  bool skip_blank_lines = true;     ///< lines of nothing but blanks do not count as records
  std::vector<std::string> na_values = {};  ///< texts that mean missing, besides the usual ones
  bool keep_default_na = true;      ///< "", NA, NaN, null, N/A, None… mean missing, as in pandas

  /// Errors    ValueError when sep, quotechar and decimal are not three different characters, thousands is one of the last two, or one ends lines.
  void check() const;
  void encode(Writer& out) const;
  static CsvDialect decode(Reader& in);
};

/// The texts that pandas takes for missing.
const std::vector<std::string>& default_na_values();

/// The texts of a dialect that mean missing.
class NaValues {
 public:
  explicit NaValues(const CsvDialect& dialect);
  bool contains(std::string_view text) const {
    if (text.empty()) return empty_;
    return first_[static_cast<unsigned char>(text.front())] && last_[static_cast<unsigned char>(text.back())] && text.size() <= longest_ &&
           texts_.contains(text);
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> texts_;
  std::array<bool, 256> first_{}, last_{};  // characters: numbers mostly end with a digit, the usual texts never do
  std::size_t longest_ = 0;
  bool empty_ = false;
};

/// A file's columns: their names and what is asked of each.
struct CsvColumns {
  std::vector<std::string> names;
  std::vector<bool> used;   ///< not in `usecols`: neither inferred nor parsed
  std::vector<bool> dates;  ///< in `parse_dates`

  /// All columns where `usecols` is empty. Errors    KeyError for names that the header does not have.
  static CsvColumns make(std::vector<std::string> names, const Names& usecols, const Names& parse_dates, std::string_view source);
  void encode(Writer& out) const;
  static CsvColumns decode(Reader& in);
};

}  // namespace ashlar::table
