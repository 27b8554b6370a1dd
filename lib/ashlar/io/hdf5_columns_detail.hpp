#pragma once
// Where the columns of a table lie in an HDF5 file, whoever wrote it.

#include <memory>
#include <string>
#include <vector>

#include "ashlar/hdf5/attribute_value.hpp"
#include "ashlar/hdf5/fields.hpp"
#include "ashlar/hdf5/tree.hpp"
#include "ashlar/table/column_type.hpp"

namespace ashlar::io {

struct Hdf5Column {
  enum class How : std::uint8_t {
    field,    ///< a field of numbers or of texts of fixed length: `dataset`, `field`, `inner` of each row
    text,     ///< `dataset` holds where texts end, `text` their bytes
    pickled,  ///< row 0 of `dataset` is an array of objects: texts, column `inner` of it
    codes,    ///< whole numbers as in `field`: places in `meanings`, below zero where a value is missing
  };
  std::string name;
  ColumnType type = ColumnType::float64;
  How how = How::field;
  std::string dataset, field;
  index_t inner = 0;
  std::string text, valid;        ///< `valid` may be empty: nothing is missing
  std::int64_t nanoseconds = 0;   ///< of times: in one unit of what is stored
  bool has_missing = false;       ///< of texts: one of them means that nothing is there
  std::string missing;
  std::shared_ptr<const Hdf5Column> meanings;  ///< of codes; null: there are none, every value is missing
  index_t nmeanings = 0;
};

struct Hdf5Table {
  index_t rows = 0;
  std::vector<Hdf5Column> columns;
  bool one_partition = false;
};

/// Null where there is none of that name.
const hdf5::AttributeValue* attribute(const hdf5::Attributes& all, const std::string& name);
/// The text of an attribute; empty where it is another or none.
std::string text_attribute(const hdf5::Attributes& all, const std::string& name);
/// TypeError where a field is no column of a frame.
ColumnType type_of_field(const hdf5::Field& field, const std::string& name, const std::string& where);

/// A group that pandas made: its attributes say `pandas_type`.
Hdf5Table table_of_pandas(const std::string& file, const std::string& key, const hdf5::Tree& group);

}  // namespace ashlar::io
