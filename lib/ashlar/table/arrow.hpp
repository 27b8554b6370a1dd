#pragma once
// Columns and tables to and from other libraries in this process, through the Arrow C data interface: two structs of C, no library.
// https://arrow.apache.org/docs/format/CDataInterface.html

#include <cstdint>

#include "ashlar/table/table.hpp"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
}
#endif

namespace ashlar {

/// Fills both structs; the caller releases them, in any order and on any thread. A table is a struct array, a string a large_utf8, a timestamp one of
/// nanoseconds in UTC, a category a dictionary of 32-bit codes.
/// Cost    memory is shared, but for bools (a byte here, a bit there) and bitmaps that begin inside of a byte.
/// Example   ArrowSchema schema; ArrowArray array; al::export_to_arrow(table, schema, array);   // pyarrow.RecordBatch._import_from_c(&array, &schema)
void export_to_arrow(const Table& table, ArrowSchema& schema, ArrowArray& array);
void export_to_arrow(const Column& column, ArrowSchema& schema, ArrowArray& array);

/// Takes both over, also when it throws: they are released when nobody needs their memory any more. Takes bool, integers, floats, utf8 and large_utf8,
/// timestamps of any unit (times without a zone are taken for UTC), durations, dates (as timestamps), dictionaries of texts, null (as float64).
/// Cost    memory is shared where the layout is the same: not for bools, utf8 with 32-bit offsets, other units, dates and codes of other widths.
/// Errors    TypeError for other types; ValueError for times that do not fit into nanoseconds, rows of a table that are missing as a whole, and structs
///           that are not what they say; names that stand twice.
Table table_from_arrow(ArrowSchema& schema, ArrowArray& array);
Column column_from_arrow(ArrowSchema& schema, ArrowArray& array);

}  // namespace ashlar
