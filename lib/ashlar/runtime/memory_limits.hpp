#pragma once
// How much memory a process may use, and what it uses.

#include <cstdint>
#include <string>

namespace ashlar {

/// Bytes that all processes of this job on this node may use together: the least of the machine's memory, the limits of this process's
/// own cgroup and those above it (versions 1 and 2), and what the batch system allotted ($SLURM_MEM_PER_NODE, $SLURM_MEM_PER_CPU times
/// $SLURM_CPUS_ON_NODE; PBS and others set a cgroup).
/// `root`: where /proc and /sys stand, for tests.
std::int64_t available_memory(const std::string& root = "");

/// What a process of `ranks` on a node gets of it, or less where the system limits the process itself (ulimit -v, -d).
std::int64_t memory_share(int ranks);

/// Watches the resident memory of this process, files and shared memory aside. Cost: 2 us a look.
class ResidentMemory {
 public:
  ResidentMemory();
  ~ResidentMemory();
  ResidentMemory(const ResidentMemory&) = delete;
  /// 0 where the system does not say.
  std::int64_t bytes() const;

 private:
  int descriptor_;
  std::int64_t page_;
};

}  // namespace ashlar
