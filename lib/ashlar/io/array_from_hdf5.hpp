#pragma once
// Arrays read from HDF5 files, and what is in a file.

#include <ostream>
#include <string>

#include "ashlar/array/array.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/graph/services.hpp"

namespace ashlar {

struct FromHdf5Options {
  ASHLAR_OPTIONS;
  ChunkSpec chunks = {};  ///< of each file; empty: whole storage chunks, as many as make about 128 MiB; contiguous: "auto"
  int axis = 0;           ///< along which the datasets of several files follow one another
};

namespace detail {
ArrayPtr array_from_hdf5(const std::string& file, const std::string& dataset, DType type, const FromHdf5Options& options);
}

/// A dataset as a lazy array: each chunk is read by the worker that needs it. A name with wildcards (*, ?, [a-z] in its last part or in folders)
/// stands for all files that fit it, sorted so that numbers in their names count ("x.2.h5" before "x.10.h5"): their datasets, one
/// after another along `.axis`. A virtual dataset is read like any other.
///
/// Errors    at once: IoError (missing, not HDF5), KeyError (no such dataset; names the nearest), TypeError (values that may not fit into
///           T), ShapeError (chunks that do not add up, files that do not fit one another). Later, from a task: the file changed or went away.
/// Ranks     called on rank 0; workers must see the file under the same name.
template <class T>
Array<T> from_hdf5(const std::string& file, const std::string& dataset, const FromHdf5Options& options = {}) {
  return Array<T>(detail::array_from_hdf5(file, dataset, dtype_of<T>, options));
}

/// Attributes of a dataset, a group or (at "/") a file, by name: texts, numbers and lists of them.
/// Errors    IoError (missing, not HDF5), KeyError (no such object).
std::vector<Attribute> attributes_hdf5(const std::string& file, const std::string& object = "/");

/// What is in a file: groups, datasets, shapes, types, storage chunks, attributes; printed as a tree.
class Hdf5Info {
 public:
  explicit Hdf5Info(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};
std::ostream& operator<<(std::ostream& out, const Hdf5Info& info);
/// Errors    IoError: missing, not HDF5.
Hdf5Info info_hdf5(const std::string& file);

}  // namespace ashlar
