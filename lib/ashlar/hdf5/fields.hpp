#pragma once
// Datasets whose elements arrays do not have: structures, texts of fixed length, bits, lists of bytes. What tables of other programs are made of.

#include <string>
#include <vector>

#include "ashlar/base/buffer.hpp"
#include "ashlar/base/bytes.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar::hdf5 {

/// One member of a structure, or the element of a dataset that has none.
struct Field {
  enum class Kind { integer, unsigned_integer, real, boolean, text, byte_list, other };
  std::string name;          ///< empty: the element itself
  Kind kind = Kind::other;
  std::size_t itemsize = 0;  ///< bytes of one element in memory; texts are padded with zeros
  index_t width = 1;         ///< elements in a row: of an array that is a member, or along the second axis of a dataset
  std::string type;          ///< HDF5's words, for messages
};
struct Fields {
  index_t rows = 0;  ///< length of the first axis
  std::vector<Field> fields;
};

/// Errors    as `describe`; TypeError for datasets of more than two axes.
Fields describe_fields(const std::string& path, const std::string& dataset);

/// Rows [start, start + count) of a field, as the machine holds numbers: count * width elements.
/// Ranks     local; from any thread, one read at a time. Errors    as `describe_fields`; KeyError; TypeError for lists and what is `other`; IndexError.
Buffer read_field(const std::string& path, const std::string& dataset, const std::string& field, index_t start, index_t count);

/// One row of a dataset of lists of bytes. Errors    as `read_field`.
Bytes read_byte_list(const std::string& path, const std::string& dataset, index_t row);

}  // namespace ashlar::hdf5
