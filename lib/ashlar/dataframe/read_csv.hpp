#pragma once
// Dataframes of CSV files.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {

/// Bytes: 1'000'000, "64MB", "64 MiB".
struct ByteSize {
  std::int64_t v;
  template <detail::integer I>
  ByteSize(I i) : v(static_cast<std::int64_t>(i)) {}
  template <detail::text_like S>
  ByteSize(const S& text) : v(parse_bytes(std::string_view(text))) {}
};

/// Types of some columns: {{"zip", "string"}, {"x", "float32"}}.
struct ColumnTypes {
  struct One {
    Name column, type;
  };
  std::vector<One> v;
  ColumnTypes() = default;
  ColumnTypes(std::initializer_list<One> l) : v(l) {}
};

/// The meaning is pandas'. A comma in quotes, two quotes for one, line ends inside of quotes, LF, CR LF and CR are read as they should be.
struct ReadCsvOptions {
  ASHLAR_OPTIONS;
  ByteSize blocksize = "64MiB";        ///< bytes of a partition; cut where records begin, wherever that is
  std::string compression = "infer";   ///< "infer" (by the first bytes), "gzip", "zstd" or "" (none). A compressed file is one partition
  std::string encoding = "utf-8";      ///< "utf-8" (with a byte order mark or without) or "latin-1". A file of the latter is one partition
  std::string sep = ",";
  bool header = true;                  ///< false: there is none, columns are "0", "1", …
  Names usecols = {};                  ///< only these columns, in the order of the file
  ColumnTypes dtype = {};              ///< types that are not to be found out
  Names na_values = {};                ///< texts that mean missing, besides the usual ones
  bool keep_default_na = true;
  bool skip_blank_lines = true;
  Names parse_dates = {};              ///< columns that hold points in time
  std::string decimal = ".";
  std::string quotechar = "\"";
  std::string thousands = {};          ///< one character between the digits of numbers, passed over
  std::string comment = {};            ///< one character: what follows it on a line, outside of quotes, is left out. Such a file is one partition
  std::int64_t skiprows = 0;           ///< lines before the header that are passed over
};

/// A frame of one CSV file or all that a pattern (`*`, `?`, `[…]`) matches, in the order of their names; all have the same columns.
///
/// Types are those of the whole column, found by reading everything once, on the workers, when the frame is built. Columns nobody uses are
/// not parsed later.
/// Errors    IoError that names the file (and line): missing, no CSV, a record with another number of fields; KeyError for unknown columns;
///           NotImplementedError for files compressed otherwise.
/// Ranks     files are opened where tasks run: every rank must see them.
/// Cost      reads the files twice where they are larger than `blocksize` (where records begin, then types), else once, before it returns.
/// Example   auto df = al::read_csv("volcano.csv", {.na_values = {"Unknown"}});
DataFrame read_csv(const std::string& path, const ReadCsvOptions& options = {});
DataFrame read_csv(const std::vector<std::string>& paths, const ReadCsvOptions& options = {});

}  // namespace ashlar
