#pragma once
// What is in a file: groups, datasets, their shapes, types, storage chunks and attributes.

#include <ostream>
#include <string>
#include <vector>

#include "ashlar/hdf5/dataset.hpp"

namespace ashlar::hdf5 {

struct Tree {
  enum class Kind { group, dataset, type, link };
  Kind kind = Kind::group;
  std::string name;            ///< last part; the path of the file at the root
  std::string target;          ///< of a link: where it leads; of an object met before: its first name
  Attributes attributes;       ///< of a group; a dataset's are in `dataset`
  DatasetInfo dataset;         ///< of a dataset
  std::vector<Tree> children;  ///< of a group, by name
};

/// Reads no elements. An object that several names lead to is described under the first.
/// Errors    IoError: missing, not HDF5.
Tree tree(const std::string& path);

/// As a drawing:
///   out.h5
///   └── group
///       └── x  float64  (5000, 5000)  190.73 MiB  storage_chunks (1000, 1000)
///             units = "K"
std::ostream& operator<<(std::ostream& out, const Tree& tree);

}  // namespace ashlar::hdf5
