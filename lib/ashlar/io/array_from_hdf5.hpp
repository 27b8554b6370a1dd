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
  /// Packed variables of NetCDF files are decoded, as xarray does: see `from_hdf5`.
  bool mask_and_scale = false;
};

namespace detail {
ArrayPtr array_from_hdf5(const std::string& file, const std::string& dataset, DType type, const FromHdf5Options& options);
}

/// A dataset as a lazy array: each chunk is read by the worker that needs it. A name with wildcards (*, ?, [a-z] in its last part or in folders)
/// stands for all files that fit it, sorted so that numbers in their names count ("x.2.h5" before "x.10.h5"): their datasets, one
/// after another along `.axis`. A virtual dataset is read like any other. Half floats are read as float or double, exactly.
///
/// With `.mask_and_scale` an element is what the conventions of NetCDF say, by the attributes of the dataset, in this order:
///   _Unsigned        "true": integers are taken as unsigned of the same width ("false": as signed), and so are the next two
///   _FillValue, missing_value (numbers, or lists of them)    an element that equals one is NaN; they are compared in the type of the file
///   scale_factor, add_offset                                 value * scale_factor + add_offset, worked out in T
/// T is then float or double, and may be narrower than the type of the file. Without it elements are read as they stand, as h5py does.
///
/// Errors    at once: IoError (missing, not HDF5), KeyError (no such dataset; names the nearest), TypeError (values that may not fit into
///           T; T of `.mask_and_scale` that has no NaN), ShapeError (chunks that do not add up, files that do not fit one another), ValueError
///           (attributes of `.mask_and_scale` that are no numbers). Later, from a task: the file changed or went away.
/// Ranks     called on rank 0; workers must see the file under the same name.
template <class T>
Array<T> from_hdf5(const std::string& file, const std::string& dataset, const FromHdf5Options& options = {}) {
  return Array<T>(detail::array_from_hdf5(file, dataset, dtype_of<T>, options));
}

/// An axis of a dataset.
struct Hdf5Dimension {
  std::string name;                 ///< of the axis: its label, else that of its scale; "" when it has none
  index_t length = 0;
  std::vector<std::string> scales;  ///< datasets of its coordinates, one axis each: "/time"
};
/// The axes of a dataset, by their dimension scales (h5py's `dims`, the dimensions of a NetCDF variable); written by `.dims` of `to_hdf5`.
/// Errors    IoError, KeyError, TypeError as `from_hdf5`.
std::vector<Hdf5Dimension> dims_hdf5(const std::string& file, const std::string& dataset);

/// Attributes of a dataset, a group or (at "/") a file, by name: texts, numbers and lists of them. Without those that make dimension scales: see `dims_hdf5`.
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
