#pragma once
// Reading HDF5 files: each process for itself, without MPI, inside `Thread`. Files and datasets stay open between reads and are
// opened anew when the file has changed or was replaced.

#include <span>
#include <string>

#include "ashlar/hdf5/dataset.hpp"
#include "ashlar/ndarray/block.hpp"

namespace ashlar::hdf5 {

/// What the file says about a dataset.
/// Errors    IoError (missing, not HDF5), KeyError (no such dataset: names the nearest), TypeError (it is a group).
DatasetInfo describe(const std::string& path, const std::string& dataset);

/// The same, or nothing where there is no such file or no such dataset.
/// Errors    IoError: not HDF5, unreadable; TypeError.
std::optional<DatasetInfo> find(const std::string& path, const std::string& dataset);

/// Attributes of a dataset or a group ("/" is the file).
/// Errors    as `describe`.
Attributes attributes(const std::string& path, const std::string& object);

/// Elements start + step * i of each axis, converted to `type`. Steps may be negative (then the block is a view with negative
/// strides) and may be left out (all 1).
///
/// Ranks     local; from any thread, one read at a time.
/// Errors    as `describe`; IoError when the dataset is marked incomplete; TypeError when its values might not fit into `type`
///           (allowed: NumPy's safe casts, and float64 to float32); IndexError, ShapeError.
Block read(const std::string& path, const std::string& dataset, std::span<const index_t> start, const Shape& count, DType type,
           std::span<const index_t> step = {});

/// Closes what `read` keeps open of a file: before it is removed, moved or written by others.
void forget(const std::string& path);

}  // namespace ashlar::hdf5
