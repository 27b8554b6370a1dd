#pragma once
// A dataset to be written and a dataset found.

#include <optional>
#include <string>
#include <vector>

#include "ashlar/hdf5/attribute_value.hpp"
#include "ashlar/hdf5/chunk_codec.hpp"
#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar::hdf5 {

/// Of an axis of `max_shape`: it may grow without end.
inline constexpr index_t unlimited = -1;

/// A part of a virtual dataset: elements from `start` on along an axis, as many as the other dataset has there.
struct VirtualPart {
  std::string file;  ///< relative to the folder of the file it is a part of
  std::string dataset;
  index_t start = 0, length = 0;
};

/// An axis: its name, and the datasets that hold its coordinates.
struct Dimension {
  std::string name;                 ///< its label, else the name of its first scale; may be empty
  std::vector<std::string> scales;  ///< from the root: "/time"
};

/// What a writer wants a dataset to be.
struct DatasetSpec {
  std::string name;  ///< "/group/x"; missing groups are made
  DType dtype = DType::float64;
  bool half = false;  ///< stored as IEEE half floats; `dtype` is float32, as it is of those that are found
  Shape shape;
  /// Shape of one storage chunk, cut to the shape; empty: contiguous, and so is a dataset without elements or axes.
  std::vector<index_t> storage_chunks = {};
  Attributes attributes = {};
  Filters filters = {};                ///< need storage chunks, and a file with one writer (`Writers::one`)
  std::vector<index_t> max_shape = {};  ///< how far axes may grow (`unlimited`); needs storage chunks; empty: not at all
  /// For writes into part of a dataset: it must be there, dtype, shape and storage above are not looked at, and what is
  /// written is converted to its type.
  bool existing = false;
  /// Of an existing dataset: it grows along this axis, from `append_from` (the length it must have) to the length in `shape`.
  int append_axis = -1;
  index_t append_from = 0;
  std::vector<std::string> dims = {};  ///< names of the axes (`write_dimensions`), "" for none; empty: nothing is said
  int virtual_axis = 0;
  std::vector<VirtualPart> parts = {};  ///< a virtual dataset: where its elements are, along `virtual_axis`
};

/// What a file says about a dataset.
struct DatasetInfo {
  std::string name;            ///< from the root: "/group/x"
  std::optional<DType> dtype;  ///< none for what arrays cannot hold: strings, structures…
  bool half = false;           ///< IEEE half floats; `dtype` is float32
  std::string type;            ///< its name: "float64", "float16", "string"
  Shape shape;
  bool empty = false;                   ///< HDF5's null dataspace: neither shape nor element
  std::vector<index_t> storage_chunks;  ///< empty: not chunked
  std::vector<index_t> max_shape;       ///< `unlimited` where an axis may grow without end; empty: it cannot grow
  std::vector<std::string> filters;     ///< "gzip", "shuffle"…, in the order of writing
  std::optional<Filters> codec;         ///< the same, where `encode_chunk` and `decode_chunk` know all of them
  bool is_virtual = false;              ///< its elements are those of datasets of other files
  bool native = false;                  ///< elements stand in the file as they do in memory (half floats: as `to_half` makes them)
  std::int64_t storage_nbytes = 0;      ///< allocated in the file
  Attributes attributes;                ///< without those of dimension scales
  std::vector<Dimension> dims;          ///< one for each axis where axes have names or scales, else empty
  bool incomplete = false;  ///< a write into it did not end; `read` refuses
  int append_axis = -1;     ///< of an incomplete one: only an append along this axis did not end,
  index_t append_from = 0;  ///< so the elements before this one are as they were
};

/// Whether elements of an array may go into a dataset that is there, and are converted to its type: NumPy's safe casts, and floats into
/// narrower ones.
/// Errors    TypeError naming both types, the file and the dataset.
void check_writable(const DatasetInfo& into, DType type, const std::string& path);

}  // namespace ashlar::hdf5
