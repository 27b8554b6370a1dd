#pragma once
// Names of axes and their scales, as HDF5's dimension scales API (H5DS) keeps them, and NetCDF-4 with it.

#include <vector>

#include "ashlar/hdf5/dataset.hpp"
#include "ashlar/hdf5/handles_detail.hpp"

namespace ashlar::hdf5 {

/// What `write_dimensions` will refuse, found before anything in the file is changed. Lengths are those that the specifications give.
/// Errors    ShapeError when a scale has another length than the axis.
void check_dimensions(hid_t file, const std::vector<DatasetSpec>& datasets, const std::string& path);

/// Labels the axes of the datasets that `dims` names, and attaches to each the dataset of that name which stands in the same group or in one
/// above it, if there is one with one axis. Serial, when all datasets of the write are there.
/// Errors    ShapeError when such a scale has another length than the axis.
void write_dimensions(hid_t file, const std::vector<DatasetSpec>& datasets, const std::string& path);

/// One for each axis of the dataset.
std::vector<Dimension> read_dimensions(hid_t dataset, const DatasetInfo& info, const Place& at);

/// Attributes that say what `read_dimensions` says.
void remove_dimension_attributes(Attributes& attributes);

}  // namespace ashlar::hdf5
