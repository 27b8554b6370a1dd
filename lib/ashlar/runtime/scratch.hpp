#pragma once
// Results that do not fit the memory, on node-local scratch.
//
// One file for each worker, without a name from its first moment on: whatever ends the process, the system takes its space back, and no
// later run finds anything to remove. Values lie in it as extents; what is forgotten is given back to the file system at once.
// A thread of its own reads and writes, reads first, so that executors go on. Every part has a checksum.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ashlar/graph/object.hpp"
#include "ashlar/protocol/ids.hpp"

namespace ashlar {

class Scratch {
 public:
  struct Ended {
    TaskId data;
    std::int64_t file = 0;
    bool read = false;         ///< else written
    Object value;              ///< what was read
    std::exception_ptr error;  ///< IoError: full, unreadable, not what was written
  };
  /// `folder` is looked at with the first write only. `ended` is called on the thread.
  Scratch(std::string folder, std::function<void(Ended)> ended);
  /// Drops what waits; waits for what is being done.
  ~Scratch();
  Scratch(const Scratch&) = delete;

  /// None of these blocks. A file is written once, and read only after that.
  void write(std::int64_t file, TaskId data, Object value);
  void read(std::int64_t file, TaskId data);
  /// Also while it is written or read: then nothing more need be said of it, and something may be.
  void forget(std::int64_t file);

  struct Statistics {
    std::int64_t written = 0, read = 0;  ///< bytes, in all
    std::int64_t in_use = 0;             ///< bytes of extents now
  };
  Statistics statistics();
  /// The open file, for tests that damage it; -1 before the first write.
  int descriptor();

 private:
  struct Job {
    std::int64_t file = 0;
    TaskId data;
    Object value;
  };
  struct Part {
    std::size_t nbytes = 0;
    std::uint64_t checksum = 0;
  };
  struct Record {
    std::int64_t offset = 0, length = 0;
    std::vector<Part> parts;  // the head, then the buffers
  };
  void work();
  void write_now(const Job& job);
  Object read_now(const Job& job);
  void forget_now(std::int64_t file);
  void open();
  std::int64_t take_extent(std::int64_t length);
  void give_extent(std::int64_t offset, std::int64_t length);
  [[noreturn]] void failed(const std::string& what, std::int64_t nbytes, int error) const;

  std::string folder_;
  std::function<void(Ended)> ended_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> reads_, writes_;
  std::vector<std::int64_t> forgotten_;
  bool closing_ = false;
  Statistics statistics_;
  int descriptor_ = -1;

  // The thread only.
  std::unordered_map<std::int64_t, Record> records_;
  std::map<std::int64_t, std::int64_t> free_;  // extents before the end: offset, length
  std::int64_t end_ = 0;

  std::thread thread_;
};

/// Where scratch goes when nobody says: what the batch system offers ($TMPDIR, $SLURM_TMPDIR, $PBS_JOBFS, $LOCAL_SCRATCH), else /tmp, or
/// /var/tmp where /tmp is memory.
std::string default_scratch_folder();

}  // namespace ashlar
