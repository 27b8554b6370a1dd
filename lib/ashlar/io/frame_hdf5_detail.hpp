#pragma once
// How a table lies in an HDF5 file: what the writer and the reader of frames share.
//
//   /key/<column>/values     numbers, bool, and timestamps and durations as int64 (nanoseconds, UTC): one element for each row
//   /key/<column>/ends       of texts: where the text of each row ends in
//   /key/<column>/text       their bytes, one after the other (UTF-8)
//   /key/<column>/valid      bool, false where a value is missing; only where one is
//
// `values` or `ends` carries the attributes ashlar_table = 1, column (its name), position and type. In the name of the group "/" is "%2F" and "%" is "%25".

#include <string>

#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/table/column_type.hpp"

namespace ashlar::io {

inline constexpr char table_attribute[] = "ashlar_table";

DType dtype_of_column(ColumnType type);
std::string group_of_column(const std::string& name);
/// "/a/b" of "a/b/", "//a/b"…; ValueError for nothing.
std::string clean_key(const std::string& key, const char* who);

}  // namespace ashlar::io
