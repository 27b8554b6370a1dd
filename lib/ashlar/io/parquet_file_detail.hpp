#pragma once
// What of Parquet needs Arrow, in four functions that show nothing of it. parquet_arrow.cpp has them, or, without Arrow, parquet_without_arrow.cpp.

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/table/table.hpp"

namespace ashlar::io {

struct ParquetColumn {
  std::string name;
  ColumnType type = ColumnType::float64;
  bool missing = false;     ///< of Arrow's type null: nothing but missing values
  std::string unsupported;  ///< not empty: why it cannot be a column of a frame
  std::vector<std::int64_t> bytes;  ///< of each row group, uncompressed
};

struct ParquetInfo {
  std::vector<ParquetColumn> columns;
  std::vector<std::int64_t> rows;  ///< of each row group

  void encode(Writer& out) const;
  static ParquetInfo decode(Reader& in);
};

/// Errors    NotImplementedError that says how Ashlar is built with Arrow.
void require_parquet(const char* who);

/// What the footer says. Errors    IoError that names the file.
ParquetInfo parquet_info(const std::string& file);

/// Some columns of row groups [first, first + count), in the order of `names`. Names that are missing, or are no such column any more: IoError.
Table read_parquet_groups(const std::string& file, const std::vector<std::string>& names, std::int64_t first, std::int64_t count);

struct ParquetFormat {
  std::string compression;
  std::int64_t compression_level = -1, row_group_size = 1'000'000;

  void encode(Writer& out) const;
  static ParquetFormat decode(Reader& in);
  /// Errors    ValueError for a compression that is unknown, or that this Arrow has not.
  void check() const;
};

/// A whole file, which replaces what has this name. Errors    IoError that names the file; what was written is left.
void write_parquet_file(const std::string& file, const Table& rows, const ParquetFormat& format);

}  // namespace ashlar::io
