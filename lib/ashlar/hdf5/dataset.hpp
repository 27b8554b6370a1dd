#pragma once
// A dataset to be written and a dataset found.

#include <optional>
#include <string>
#include <vector>

#include "ashlar/hdf5/attribute_value.hpp"
#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar::hdf5 {

/// What a writer wants a dataset to be.
struct DatasetSpec {
  std::string name;  ///< "/group/x"; missing groups are made
  DType dtype = DType::float64;
  Shape shape;
  /// Shape of one storage chunk, cut to the shape; empty: contiguous, and so is a dataset without elements or axes.
  std::vector<index_t> storage_chunks = {};
  Attributes attributes = {};
  std::string compression = {};  ///< "gzip" waits for collective writes: NotImplementedError
  bool shuffle = false;          ///< likewise
  /// For writes into part of a dataset: it must be there, dtype, shape and storage above are not looked at, and what is
  /// written is converted to its type.
  bool existing = false;
};

/// What a file says about a dataset.
struct DatasetInfo {
  std::string name;            ///< from the root: "/group/x"
  std::optional<DType> dtype;  ///< none for what arrays cannot hold: strings, structures…
  std::string type;            ///< its name: "float64", "string"
  Shape shape;
  bool empty = false;                   ///< HDF5's null dataspace: neither shape nor element
  std::vector<index_t> storage_chunks;  ///< empty: not chunked
  std::vector<std::string> filters;     ///< "gzip", "shuffle"…, in the order of writing
  std::int64_t storage_nbytes = 0;      ///< allocated in the file
  Attributes attributes;
  bool incomplete = false;  ///< a write into it did not end; `read` refuses
};

}  // namespace ashlar::hdf5
