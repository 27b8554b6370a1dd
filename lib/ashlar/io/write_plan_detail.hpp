#pragma once
// What a write is to do, worked out on rank 0 before anything is touched: files, datasets, and where each array goes.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/graph/services.hpp"
#include "ashlar/hdf5/parallel_file.hpp"

namespace ashlar::io {

/// What one group of workers writes of a file that is made of parts: a slab of each dataset.
struct PartPlan {
  std::string path;  ///< the temporary name
  std::string final_path;
  std::vector<hdf5::DatasetSpec> datasets;
};

/// One file of a write, as every worker is told of it.
struct FilePlan {
  std::string path;  ///< the temporary name, or the file itself when written in place
  std::string final_path;
  std::vector<PartPlan> parts = {};  ///< not empty: `datasets` are virtual
  bool in_place = false;
  hdf5::Writers writers = hdf5::Writers::all;
  std::vector<hdf5::DatasetSpec> datasets;
};
/// For each worker, by number, which group it is of; groups count from 0.
using Groups = std::vector<int>;
void encode_plan(Writer& out, const FilePlan& plan);
FilePlan decode_plan(Reader& in);

/// The rectangle of a dataset that an array goes into, per axis of the dataset.
struct Region {
  std::vector<index_t> start, step;
  std::vector<int> array_axis;  ///< which axis of the array runs along it; -1: an axis taken by number
};

/// Where one array goes.
struct Place {
  int file = 0, dataset = 0;
  Region region;
  /// Encoded where its chunks are: they must be whole storage chunks, of this shape. Else empty.
  std::vector<index_t> encoded_chunk = {};
  hdf5::Filters filters = {};
  bool half = false;  ///< they hold half floats
  /// Of a file made of parts: from which element, and from which chunk of the array, each group's slab begins along an axis; last the ends.
  int split_axis = 0;
  std::vector<index_t> slab_starts = {};
  std::vector<std::size_t> slab_chunks = {};
};

struct WritePlan {
  std::vector<FilePlan> files;
  std::vector<Place> places;
  Groups groups;  ///< where a file is made of parts
};

/// Errors    ShapeError, ValueError, KeyError, IoError: what to_hdf5 and store promise.
/// `groups_of`: of workers, for an option `workers_per_file`.
WritePlan plan_write(const std::vector<ArrayStore>& stores, const std::function<Groups(int)>& groups_of);

}  // namespace ashlar::io
