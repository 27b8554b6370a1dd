#pragma once
// The HDF5 files that this worker is writing at the moment, by the number rank 0 gave the write. Tasks find their file here.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "ashlar/hdf5/parallel_file.hpp"

namespace ashlar::io {

class OpenFiles {
 public:
  using Files = std::vector<hdf5::ParallelFile>;

  static OpenFiles& instance();
  void put(std::int64_t write, Files files);
  /// InternalError when the write has ended.
  std::shared_ptr<Files> get(std::int64_t write);
  std::shared_ptr<Files> take(std::int64_t write);

 private:
  std::mutex mutex_;
  std::map<std::int64_t, std::shared_ptr<Files>> files_;
};

}  // namespace ashlar::io
