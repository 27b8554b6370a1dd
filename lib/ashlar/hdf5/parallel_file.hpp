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
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/hdf5/dataset.hpp"
#include "ashlar/ndarray/block.hpp"

namespace ashlar::hdf5 {

/// Who writes the elements. What is compressed has no place in the file before its size is known, and finding one changes metadata:
/// then only rank 0 has the file open, chunks are encoded by all (`encode_chunk`) and sent to it.
enum class Writers { all, rank_0 };

class ParallelFile {
 public:
  /// Makes a new file; one of that name is emptied, so give a `temporary_name` and `publish` it after `close`.
  ///
  /// Ranks     collective over `comm` (all arguments equal): a few broadcasts. Until `close` no one else uses `comm`.
  /// Errors    IoError (folder missing, no permission…), ValueError (filters with `Writers::all`, …), ShapeError.
  static ParallelFile create(MPI_Comm comm, const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers = Writers::all);

  /// Opens a file for writing in place, making it if there is none. A dataset that is not there is made; one of the same
  /// shape and type is written over where it stands. Each named dataset carries `ashlar_incomplete` from here to `close`.
  ///
  /// Ranks     as `create`.
  /// Errors    IoError when a dataset is there with another shape or type, is to be there and is not, is compact or (with
  ///           `Writers::all`) compressed, cannot grow as it should; when the file is not HDF5 or is open elsewhere.
  static ParallelFile open_in_place(MPI_Comm comm, const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers = Writers::all);

  /// Each group of ranks makes a file of its own: `path`, `datasets` and `attributes` (of the file) are those of the group, and rank 0 of
  /// which this header speaks is its first rank. Opened, and closed later, by all groups together.
  ///
  /// Ranks     collective over `comm`; ranks that name the same `group` (from 0) give the same arguments.
  static ParallelFile create_for_group(MPI_Comm comm, int group, const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers, const Attributes& attributes);

  ParallelFile(ParallelFile&&) noexcept;
  ParallelFile& operator=(ParallelFile&&) noexcept;
  /// Without a `close` before it the file stays open until the process ends: closing alone would wait for the others.
  ~ParallelFile();

  const std::string& path() const;
  int size() const;                         ///< number of datasets
  const DatasetInfo& dataset(int i) const;  ///< type and shape as they are in the file; only where the file is open
  bool is_open() const;

  /// Writes `block` to the elements offsets + steps * i (no steps: 1), converting from its type if the dataset has another (see
  /// `check_writable`).
  ///
  /// Ranks     local; from any thread; with `Writers::rank_0` on rank 0. No two ranks may write the same element; fastest when none
  ///           shares a storage chunk. Steps along the last axis cost a call to the system for each element.
  /// Errors    IoError naming the dataset (disk full…), IndexError, ShapeError, TypeError. The first one is kept for `close`.
  void write(int dataset, std::span<const index_t> offsets, const Block& block, std::span<const index_t> steps = {});
  /// A whole storage chunk, encoded by the filters of the dataset, that begins at `offsets`. With `Writers::rank_0`, on rank 0.
  void write_chunk(int dataset, std::span<const index_t> offsets, const EncodedChunk& chunk);

  /// Ends the parallel phase. Give the error that kept this rank from writing its part, if there was one.
  ///
  /// Ranks     collective over `comm`, also for ranks that wrote nothing or failed.
  /// Errors    the error of the lowest rank that has one, a failed `write` included; the file is closed in any case, and in
  ///           place the datasets keep their mark. Those that were only appended to get their old length back instead.
  void close(std::exception_ptr failure = nullptr);

 private:
  struct State;
  explicit ParallelFile(std::unique_ptr<State> state);
  static ParallelFile open(MPI_Comm all, int group, const std::string& path, const std::vector<DatasetSpec>& datasets, bool in_place, Writers writers, const Attributes& attributes);
  void on_thread(const std::function<void()>& job);
  std::unique_ptr<State> state_;
};

}  // namespace ashlar::hdf5
