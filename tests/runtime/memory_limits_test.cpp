#include "ashlar/runtime/memory_limits.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

// A made-up /proc and /sys.
class System {
 public:
  System() : root_(fs::temp_directory_path() / ("ashlar-test-limits-" + std::to_string(getpid()))) {
    file("/proc/meminfo", "MemTotal:       1000000 kB\nMemFree:         500000 kB\n");
    for (const char* name : {"SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_CPUS_ON_NODE"}) unsetenv(name);
  }
  ~System() {
    fs::remove_all(root_);
    for (const char* name : {"SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_CPUS_ON_NODE"}) unsetenv(name);
  }
  void file(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::int64_t available() const { return available_memory(root_); }

 private:
  std::string root_;
};

constexpr std::int64_t machine = 1'000'000 * std::int64_t{1024};

TEST(MemoryLimits, without_a_limit_it_is_the_machine) {
  System system;
  system.file("/proc/self/cgroup", "0::/\n");
  system.file("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(system.available(), machine);
}

TEST(MemoryLimits, the_least_of_the_own_group_and_those_above_it_counts) {
  System system;
  system.file("/proc/self/cgroup", "0::/slurm/job_7/step_0\n");
  system.file("/sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n");
  system.file("/sys/fs/cgroup/slurm/job_7/memory.max", "300000000\n");
  system.file("/sys/fs/cgroup/slurm/memory.max", "900000000\n");
  EXPECT_EQ(system.available(), 300'000'000);
}

TEST(MemoryLimits, version_1_groups_count_and_no_limit_is_a_huge_number_there) {
  System system;
  system.file("/proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/a/b\n0::/\n");
  system.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(system.available(), machine);
  system.file("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "200000000\n");
  EXPECT_EQ(system.available(), 200'000'000);
}

TEST(MemoryLimits, in_a_container_that_sees_only_its_own_group_this_one_counts) {
  System system;
  system.file("/proc/self/cgroup", "0::/../../docker/abc\n");
  system.file("/sys/fs/cgroup/memory.max", "400000000\n");
  EXPECT_EQ(system.available(), 400'000'000);
}

TEST(MemoryLimits, what_slurm_allots_counts_where_it_is_less) {
  System system;
  system.file("/proc/self/cgroup", "0::/\n");
  setenv("SLURM_MEM_PER_CPU", "100", 1);
  setenv("SLURM_CPUS_ON_NODE", "3", 1);
  EXPECT_EQ(system.available(), 300 * (1 << 20));
  setenv("SLURM_MEM_PER_NODE", "200", 1);
  EXPECT_EQ(system.available(), 200 * (1 << 20));
  setenv("SLURM_MEM_PER_NODE", "0", 1);  // all of the node
  unsetenv("SLURM_MEM_PER_CPU");
  EXPECT_EQ(system.available(), machine);
  setenv("SLURM_MEM_PER_NODE", "900000", 1);
  EXPECT_EQ(system.available(), machine);
}

TEST(MemoryLimits, resident_memory_grows_with_pages_that_are_touched) {
  const ResidentMemory resident;
  const std::int64_t before = resident.bytes();
  EXPECT_GT(before, 0);
  std::vector<char> pages(100 << 20, 1);
  EXPECT_GT(resident.bytes() - before, 90 << 20);
  EXPECT_EQ(pages[5], 1);
}

}  // namespace
}  // namespace ashlar
