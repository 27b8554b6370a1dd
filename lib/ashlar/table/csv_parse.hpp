#pragma once
// From the text of whole records to types and tables. Both passes see the same records, cut by `record_borders`.

#include <functional>
#include <memory>

#include "ashlar/table/csv_scan.hpp"
#include "ashlar/table/csv_types.hpp"
#include "ashlar/table/table.hpp"

namespace ashlar::table {

/// Whole records of a file.
struct CsvRecords {
  std::string_view bytes;
  std::int64_t line = 1;   ///< the line of the file at which they begin
  std::string_view source; ///< the file's name, for messages
};

/// What one part of a file says about its columns; parts merge in any order.
struct CsvInference {
  std::vector<ColumnKinds> columns;
  std::int64_t rows = 0;

  void merge(const CsvInference& other);
  std::vector<ColumnType> types() const;
  void encode(Writer& out) const;
  static CsvInference decode(Reader& in);
};

/// Types of records that come block by block, each of whole records (`whole_records`): blocks that fit into the cache are read once from memory.
class CsvInferrer {
 public:
  CsvInferrer(const CsvDialect& dialect, const CsvColumns& columns);
  ~CsvInferrer();
  /// Gives the line behind them. Errors    as `infer`.
  std::int64_t add(const CsvRecords& records);
  CsvInference finish();

 private:
  class Sink;
  std::unique_ptr<Sink> sink_;
};

/// Rows that are left out while a file is read.
struct CsvRowFilter {
  std::vector<bool> looked_at;  ///< per column of the file: `passes` reads it, whether it is used or not
  /// Per column of the file: its fields may not be of its type, so those of rows that fail are converted too. All others are converted of rows that
  /// pass only: they were inferred to be what they are.
  std::vector<bool> doubted;
  std::function<Column(const Table&)> passes;  ///< from some rows of the columns looked at a bool column: those where it is true stay
};

/// The same for tables. `rows`: how many there will be; room is made for them.
class CsvParser {
 public:
  CsvParser(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows);
  /// Only the rows that pass. What is wrong with a record that fails is an error all the same: another number of fields, a field looked at or doubted
  /// that is not of its type.
  CsvParser(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows, CsvRowFilter filter);
  ~CsvParser();
  /// Gives the line behind them. Errors    as `parse`; what `passes` throws.
  std::int64_t add(const CsvRecords& records);
  /// Fields that were converted to values of their type, those that mean missing among them.
  std::int64_t converted() const;
  Table finish();

 private:
  class Sink;
  class EverySink;
  class FilteringSink;
  std::unique_ptr<Sink> sink_;
};

/// Errors    IoError with file and line when a record has another number of fields than the header, or the bytes are no text.
CsvInference infer(const CsvRecords& records, const CsvDialect& dialect, const CsvColumns& columns);

/// The used columns of the records, in the file's order. `types` has one entry for every column of the file. Texts that mean missing become nulls.
/// Errors    IoError with file, line and column for a text that is not of its column's type, and as `infer`; TypeError for duration.
Table parse(const CsvRecords& records, const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types);

/// All of a CSV text at once. What reading it in parts must equal.
Table parse_csv(std::string_view text, const CsvDialect& dialect = {}, const Names& usecols = {}, const Names& parse_dates = {},
                std::string_view source = "<text>");

}  // namespace ashlar::table
