#pragma once
// Variables of NetCDF files that stand packed: by which rules, says `from_hdf5`.

#include <string>

#include "ashlar/array/array_node.hpp"
#include "ashlar/hdf5/dataset.hpp"

namespace ashlar::io {

/// The element type as which such a dataset is read.
/// Errors    TypeError when it holds no numbers, or `wanted` has no NaN.
DType type_to_decode(const hdf5::DatasetInfo& info, const std::string& file, DType wanted);

/// `stored`, as the attributes say, in type `wanted`.
/// Errors    ValueError for attributes that are no numbers.
ArrayPtr decoded(ArrayPtr stored, const hdf5::DatasetInfo& info, const std::string& file, DType wanted);

}  // namespace ashlar::io
