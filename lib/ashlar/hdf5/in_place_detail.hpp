#pragma once
// The serial ends of a parallel write: what rank 0 does alone before and after.

#include "ashlar/hdf5/dataset_detail.hpp"
#include "ashlar/hdf5/parallel_file.hpp"

namespace ashlar::hdf5 {

/// An flock on a file that is written in place: readers that lock (h5py, h5dump) get an error instead of half of the new data.
/// Not taken when HDF5_USE_FILE_LOCKING is set (then HDF5 alone does what it says), nor where the file system has none.
class FileLock {
 public:
  FileLock() = default;
  explicit FileLock(const std::string& path);
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  int descriptor_ = -1;
};

/// A new file with all its datasets, nothing written into them, and attributes of its own.
void make_new_file(const std::string& path, const std::vector<DatasetSpec>& datasets, const Attributes& attributes = {});

/// An existing file made ready: datasets found or made, allocated, attributes written, marked incomplete.
FileLock prepare_in_place(const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers);

/// For one process, as the serial ends open it.
FileHandle open_serially(const std::string& path);

/// Datasets that were appended to and failed: they get their old length back, and the mark goes away.
void undo_appends(const std::string& path, const std::vector<DatasetSpec>& datasets);

/// Takes the marks away.
void finish_in_place(const std::string& path, const std::vector<DatasetSpec>& datasets);

}  // namespace ashlar::hdf5
