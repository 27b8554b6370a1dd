#pragma once
// Frames of tables in HDF5 files.

#include <string>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {

struct ReadHdfOptions {
  ASHLAR_OPTIONS;
  Names columns = {};                   ///< only these, in the order of the table
  std::int64_t chunksize = 1'000'000;   ///< rows of a partition
};

/// The table in the group `key`: one that `to_hdf` wrote (io/README.md says how it lies there), one of pandas in its formats "fixed" and "table", or a
/// dataset of structures such as PyTables and h5py make.
///
/// Of pandas' tables: an index that merely numbers the rows and has no name is left out, another one becomes a column in front ("index" or its name),
/// the levels of an index of several become columns in front ("level_0"… or their names). Categories of texts are of our type `category`, with pandas'
/// codes; others are what their categories are (int64…, missing where no category is told). Times are UTC; NaT is missing; NaN of a column of numbers
/// is a number. Texts of the format "fixed" are pickled as a whole: such a frame is one partition.
/// Errors    IoError (missing, not HDF5), KeyError (no table there; columns), TypeError (members of structures that are no columns), NotImplementedError
///           (names of columns of several levels, and an index of periods, of pandas).
/// Ranks     called on rank 0; workers must see the file under the same name. Cost    reads no rows, but pandas' index.
/// Example   auto df = al::read_hdf("store.h5", "/eruptions");
DataFrame read_hdf(const std::string& file, const std::string& key, const ReadHdfOptions& options = {});

}  // namespace ashlar
