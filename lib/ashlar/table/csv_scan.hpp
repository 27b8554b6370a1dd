#pragma once
// Where the records of a CSV file begin, found for byte ranges in parallel, before anybody knows whether a range begins inside of quotes.
//
// A small automaton reads the file. Its effect on a range is a function from entry state to (exit state, first record); functions compose,
// so ranges are scanned apart and put together afterwards. All but two of the entry states lead to the same state after a few bytes.
//
// A line ends with LF, CR LF or CR; outside of quotes a record ends there too. A quote opens a quoted field only as its first character;
// inside, two quotes are one; what follows the closing quote up to the separator belongs to the field.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ashlar/table/csv_dialect.hpp"

namespace ashlar::table {

enum class ScanState : std::uint8_t {
  record_start,     ///< the next byte begins a record
  field_start,      ///< after a separator
  unquoted,         ///< inside of a field that no quote opened, or behind its closing quote
  quoted,           ///< inside of quotes
  quote_in_quoted,  ///< after a quote inside of quotes: the end of them, or the first of two
  after_cr,         ///< after CR: as record_start, but LF still belongs to the line end
};
inline constexpr std::size_t scan_states = 6;

/// The effect of a range. Trivially copyable: goes over the wire as bytes.
struct RangeScan {
  struct Outcome {
    ScanState exit;
    std::int64_t first_record;  ///< offset in the range at which the first record begins, -1 when none does
    std::int64_t lines_before;  ///< line ends in front of it
  };
  std::array<Outcome, scan_states> from;  ///< by entry state
  std::int64_t nbytes = 0;
  std::int64_t lines = 0;  ///< line ends; an LF at the very beginning counts, though it may belong to a CR before
  bool begins_with_lf = false, ends_with_cr = false;
};

/// Cost      one pass at the speed of memchr, two where the range has no quotes to tell inside from outside.
RangeScan scan_range(std::string_view bytes, const CsvDialect& dialect);
/// The effect of `a` followed by `b`. Associative.
RangeScan compose(const RangeScan& a, const RangeScan& b);

/// The length of the records at the beginning of `bytes`, which begin with one, that surely end in them.
/// Cost      quotes are jumped to.
std::size_t whole_records(std::string_view bytes, const CsvDialect& dialect);

/// Ranges cut where records begin.
struct RecordBorders {
  struct Border {
    std::int64_t offset;  ///< in the file
    std::int64_t line;    ///< number of the line that begins there, from 1
  };
  /// One more than there are ranges: the records that begin in range k are the bytes [at[k].offset, at[k + 1].offset).
  std::vector<Border> at;
  bool ends_inside_quotes = false;  ///< the file ends in a quoted field: parsing the last range says where it began
};
/// `ranges` follow one another from `offset`, where a record and line `line` begin (behind the header).
RecordBorders record_borders(std::span<const RangeScan> ranges, std::int64_t offset, std::int64_t line);

/// The first record of a file.
struct CsvHeader {
  std::vector<std::string> names;  ///< "x", "x.1" for a name that stands twice, "Unnamed: 2" for an empty one, as pandas
  std::int64_t data_offset = 0;    ///< where the records begin
  std::int64_t data_line = 1;      ///< the line there
  bool complete = false;           ///< false: the header is longer than what was given
};
/// `beginning` is the first part of the file, or all of it (`whole`). A byte order mark is passed over.
/// Errors    IoError when there is no record, or the bytes are not those of a text.
CsvHeader read_header(std::string_view beginning, bool whole, const CsvDialect& dialect, std::string_view source);

}  // namespace ashlar::table
