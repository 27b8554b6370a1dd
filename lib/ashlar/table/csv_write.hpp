#pragma once
// Tables as CSV text.

#include <string>

#include "ashlar/table/table.hpp"

namespace ashlar::table {

struct CsvFormat {
  char sep = ',';
  char quotechar = '"';
  std::string na_rep = {};  ///< what stands for a missing value
  bool header = true;       ///< a first line with the names of the columns

  /// Errors    ValueError when sep and quotechar are the same, end lines or are zero.
  void check() const;
  void encode(Writer& out) const;
  static CsvFormat decode(Reader& in);
};

/// One line per row, each ended by LF. A field is quoted where it holds the separator, the quote or a line end, or is the only field of its line
/// and empty; quotes in it are doubled. Floats have the fewest digits that read back as the same number, always with a point or an exponent, as
/// Python writes them; NaN is "NaN" (and missing only what is null), bools "True" and "False", timestamps as `format_timestamp`.
/// Reading the text back with the same dialect gives the same table, but for empty texts, which come back missing.
std::string write_csv(const Table& table, const CsvFormat& format = {});

}  // namespace ashlar::table
