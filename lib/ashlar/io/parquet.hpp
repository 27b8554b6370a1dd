#pragma once
// Frames in Parquet files. Only where Ashlar was built with Apache Arrow (CMake's option ASHLAR_ARROW); else every call is a NotImplementedError.

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/read_csv.hpp"

namespace ashlar {

struct ReadParquetOptions {
  ASHLAR_OPTIONS;
  Names columns = {};                  ///< only these, in the order of the file
  ByteSize blocksize = "256MiB";       ///< row groups of one file share a partition up to so many bytes, uncompressed, of the columns asked for
  std::int64_t split_row_groups = 0;   ///< not 0: so many row groups of one file make a partition, however large they are
};

/// Whether this library was built with Arrow.
bool has_parquet();

/// A frame of one Parquet file, of all files of a folder that end in ".parquet" or ".parq", or of all that a pattern (`*`, `?`, `[…]`) matches, in the order
/// of their names, where numbers in them count as numbers. A partition holds rows of one file.
///
/// Bool, integers, floats, texts, dictionaries of texts (category), timestamps of any unit and dates (UTC; times without a zone are taken for it) and
/// durations, with what is missing. The schema is that of the first file; all must have the same columns, in any order (one that is of Arrow's type null
/// in a file is missing there). An index that pandas stored is a column; what it keeps in the metadata only (a range) is not read.
/// Errors    IoError that names the file: missing, no Parquet, another schema than the first file, changed since this call (of a task); KeyError for
///           unknown columns; TypeError for columns of other types (lists, structs, decimals, bytes) that are asked for, or that .columns does not leave
///           out; ValueError (of a task) for times that do not fit into nanoseconds; NotImplementedError without Arrow.
/// Ranks     files are opened where tasks run: every rank must see them under the same name.
/// Cost      reads the footer of each file, on the workers, before it returns. Later only columns that are used are read.
/// Example   auto df = al::read_parquet("flights/*.parquet", {.columns = {"carrier", "delay"}});
DataFrame read_parquet(const std::string& path, const ReadParquetOptions& options = {});
DataFrame read_parquet(const std::vector<std::string>& paths, const ReadParquetOptions& options = {});

/// Computes the frame and writes each partition into a file of its own, FOLDER/part.N.parquet, on the worker that has it; returns the names. The folder is
/// made where it is missing. Types and what is missing come back from read_parquet as they were; other programs see timestamps with the zone UTC and
/// categories as dictionaries.
///
/// Files are written under temporary names. When all are complete they are renamed, one after the other, and with .overwrite files part.N.parquet of
/// higher numbers are removed: after an error in writing the folder holds what it held. The frame may have been read from the same folder; it must be
/// read anew after that.
/// Errors    ValueError without columns, for an unknown compression or no rows in a row group, and for a folder that holds part.N.parquet already, without
///           .overwrite; IoError; NotImplementedError without Arrow.
/// Cost      a partition and its encoded file in memory, for each thread.
/// Example   df.to_parquet("out", {.compression = "zstd"});
std::vector<std::string> to_parquet(const DataFrame& frame, const std::string& folder, const ToParquetOptions& options = {});

}  // namespace ashlar
