#pragma once
// One HDF5 file written by all ranks of a communicator at once.
//
//   rank 0        makes file, groups, datasets, attributes, storage; closes     serial
//   all ranks     open through MPI-IO, write rectangles, close                   open and close together, writes independent
//   rank 0        takes the mark `ashlar_incomplete` away (in place only)        serial
//
// Why serial at both ends: what is written between changes no metadata, so no rank's view of the file can go stale, an error of
// the one rank is known to all before the next collective call, and the faults of HDF5 1.10 in collective metadata reads and
// chunk allocation are never met. It is SWIFT's way, too.
//
// Invariants: 1. all ranks throw the same error from a collective call, or none does. 2. storage is allocated before the
// parallel phase and never moves. 3. in place, the mark goes away only after every rank's data are with the operating system.

#include <mpi.h>

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/hdf5/dataset.hpp"
#include "ashlar/ndarray/block.hpp"

namespace ashlar::hdf5 {

class ParallelFile {
 public:
  /// Makes a new file; one of that name is emptied, so give a `temporary_name` and `publish` it after `close`.
  ///
  /// Ranks     collective over `comm` (all arguments equal): a few broadcasts. Until `close` no one else uses `comm`.
  /// Errors    IoError (folder missing, no permission…), ValueError, ShapeError, NotImplementedError (compression).
  static ParallelFile create(MPI_Comm comm, const std::string& path, const std::vector<DatasetSpec>& datasets);

  /// Opens a file for writing in place, making it if there is none. A dataset that is not there is made; one of the same
  /// shape and type is written over where it stands. Each named dataset carries `ashlar_incomplete` from here to `close`.
  ///
  /// Ranks     as `create`.
  /// Errors    IoError when a dataset is there with another shape or type, is to be there and is not, is compressed or compact;
  ///           when the file is not HDF5 or is open elsewhere.
  static ParallelFile open_in_place(MPI_Comm comm, const std::string& path, const std::vector<DatasetSpec>& datasets);

  ParallelFile(ParallelFile&&) noexcept;
  ParallelFile& operator=(ParallelFile&&) noexcept;
  /// Without a `close` before it the file stays open until the process ends: closing alone would wait for the others.
  ~ParallelFile();

  const std::string& path() const;
  int size() const;                         ///< number of datasets
  const DatasetInfo& dataset(int i) const;  ///< type and shape as they are in the file
  bool is_open() const;

  /// Writes `block` at `offsets`, converting from its type if the dataset has another (see `DatasetSpec::existing`).
  ///
  /// Ranks     local; from any thread. No two ranks may write the same element; fastest when none shares a storage chunk.
  /// Errors    IoError naming the dataset (disk full…), IndexError, ShapeError, TypeError. The first one is kept for `close`.
  void write(int dataset, std::span<const index_t> offsets, const Block& block);

  /// Ends the parallel phase. Give the error that kept this rank from writing its part, if there was one.
  ///
  /// Ranks     collective over `comm`, also for ranks that wrote nothing or failed.
  /// Errors    the error of the lowest rank that has one, a failed `write` included; the file is closed in any case, and in
  ///           place the datasets keep their mark.
  void close(std::exception_ptr failure = nullptr);

 private:
  struct State;
  explicit ParallelFile(std::unique_ptr<State> state);
  static ParallelFile open(MPI_Comm comm, const std::string& path, const std::vector<DatasetSpec>& datasets, bool in_place);
  std::unique_ptr<State> state_;
};

}  // namespace ashlar::hdf5
