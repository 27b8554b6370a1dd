#include "ashlar/runtime/memory_limits.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace ashlar {
namespace {

constexpr std::int64_t none = INT64_MAX;

// The number in a file of one line; "max" and what is missing are no limit.
std::int64_t limit_in(const std::string& file) {
  std::ifstream in(file);
  std::int64_t limit = 0;
  return in >> limit && limit > 0 ? limit : none;
}

// Limits hold for all below them. Inside a container the path may be that of the host, which is not to be seen: then what is mounted is
// the container's own.
std::int64_t limit_along(const std::string& mount, std::string path, const char* file) {
  std::int64_t limit = limit_in(mount + "/" + file);
  while (path.size() > 1) {
    limit = std::min(limit, limit_in(mount + path + "/" + file));
    path.resize(path.rfind('/'));
  }
  return limit;
}

std::int64_t cgroup_limit(const std::string& root) {
  std::int64_t limit = none;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // number:controllers:path
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::istringstream controllers(line.substr(first + 1, second - first - 1));
    const std::string path = line.substr(second + 1);
    if (second == first + 1)
      for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) limit = std::min(limit, limit_along(root + mount, path, "memory.max"));
    for (std::string controller; std::getline(controllers, controller, ',');)
      if (controller == "memory") limit = std::min(limit, limit_along(root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
  }
  return limit;
}

std::int64_t machine_memory(const std::string& root) {
  std::ifstream info(root + "/proc/meminfo");
  std::string name;
  std::int64_t kilobytes = 0;
  while (info >> name) {
    if (name == "MemTotal:" && info >> kilobytes) return kilobytes * 1024;
    info.ignore(1000, '\n');
  }
  return static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
}

// A positive number of an environment variable; 0 when it is none ("0" means all of the node to Slurm).
std::int64_t number_in(const char* name) {
  const char* text = std::getenv(name);
  return text ? std::max<std::int64_t>(std::strtoll(text, nullptr, 10), 0) : 0;
}

std::int64_t allotted() {
  constexpr std::int64_t megabyte = 1 << 20;
  if (const std::int64_t node = number_in("SLURM_MEM_PER_NODE")) return node * megabyte;
  return number_in("SLURM_MEM_PER_CPU") * number_in("SLURM_CPUS_ON_NODE") * megabyte;
}

}  // namespace

std::int64_t available_memory(const std::string& root) {
  const std::int64_t bytes = std::min(machine_memory(root), cgroup_limit(root)), job = allotted();
  return job > 0 ? std::min(bytes, job) : bytes;
}

std::int64_t memory_share(int ranks) {
  std::int64_t share = available_memory() / std::max(ranks, 1);
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > 0) share = std::min(share, static_cast<std::int64_t>(limit.rlim_cur));
  }
  return share;
}

ResidentMemory::ResidentMemory() : descriptor_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)), page_(sysconf(_SC_PAGESIZE)) {}
ResidentMemory::~ResidentMemory() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::int64_t ResidentMemory::bytes() const {
  char text[128];
  const ssize_t length = descriptor_ < 0 ? -1 : pread(descriptor_, text, sizeof text - 1, 0);
  if (length <= 0) return 0;
  text[length] = 0;
  long long size = 0, resident = 0, shared = 0;
  if (std::sscanf(text, "%lld %lld %lld", &size, &resident, &shared) != 3) return 0;
  return (resident - shared) * page_;
}

}  // namespace ashlar
