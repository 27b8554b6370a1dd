#include "ashlar/runtime/scratch.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"

namespace ashlar {
namespace {

constexpr std::int64_t block = 4096;

// Reads or writes all parts, however few bytes the system takes at a time. Returns errno, 0 when all went well, -1 when the file ends.
template <class Call>
int transfer(Call call, int descriptor, std::vector<iovec> parts, std::int64_t offset) {
  constexpr std::size_t at_a_time = 512;
  std::size_t next = 0;
  while (next < parts.size()) {
    if (parts[next].iov_len == 0) {
      ++next;
      continue;
    }
    const ssize_t done = call(descriptor, parts.data() + next, static_cast<int>(std::min(parts.size() - next, at_a_time)), offset);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    if (done == 0) return -1;
    offset += done;
    for (auto left = static_cast<std::size_t>(done); left > 0;) {
      const std::size_t part = std::min(left, parts[next].iov_len);
      parts[next].iov_base = static_cast<char*>(parts[next].iov_base) + part;
      parts[next].iov_len -= part;
      left -= part;
      if (parts[next].iov_len == 0) ++next;
    }
  }
  return 0;
}

}  // namespace

Scratch::Scratch(std::string folder, std::function<void(Ended)> ended) : folder_(std::move(folder)), ended_(std::move(ended)) {}

Scratch::~Scratch() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    reads_.clear();
    writes_.clear();
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (descriptor_ >= 0) close(descriptor_);
}

void Scratch::write(std::int64_t file, TaskId data, Object value) {
  std::lock_guard lock(mutex_);
  writes_.push_back({file, data, std::move(value)});
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  changed_.notify_one();
}

void Scratch::read(std::int64_t file, TaskId data) {
  std::lock_guard lock(mutex_);
  reads_.push_back({file, data, {}});
  changed_.notify_one();
}

void Scratch::forget(std::int64_t file) {
  Job dropped;  // its value goes after the lock
  std::lock_guard lock(mutex_);
  const auto it = std::find_if(writes_.begin(), writes_.end(), [&](const Job& job) { return job.file == file; });
  if (it != writes_.end()) {
    dropped = std::move(*it);
    writes_.erase(it);
    return;
  }
  forgotten_.push_back(file);
  changed_.notify_one();
}

Scratch::Statistics Scratch::statistics() {
  std::lock_guard lock(mutex_);
  return statistics_;
}

int Scratch::descriptor() {
  std::lock_guard lock(mutex_);
  return descriptor_;
}

void Scratch::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closing_ || !reads_.empty() || !writes_.empty() || !forgotten_.empty(); });
    if (closing_) return;
    if (!forgotten_.empty()) {
      const std::vector<std::int64_t> files = std::exchange(forgotten_, {});
      lock.unlock();
      for (const std::int64_t file : files) forget_now(file);
      lock.lock();
      continue;
    }
    const bool reading = !reads_.empty();
    auto& jobs = reading ? reads_ : writes_;
    Job job = std::move(jobs.front());
    jobs.pop_front();
    lock.unlock();
    if (!reading || records_.count(job.file)) {  // else it was forgotten before its turn came
      Ended ended{job.data, job.file, reading, {}, {}};
      try {
        if (reading) ended.value = read_now(job);
        else write_now(job);
      } catch (...) {
        ended.error = std::current_exception();
      }
      job.value = Object();  // whoever hears of the end may count on the memory
      ended_(std::move(ended));
    }
    lock.lock();
  }
}

void Scratch::failed(const std::string& what, std::int64_t nbytes, int error) const {
  std::string text = "scratch in " + folder_ + ": " + what + ": " + std::strerror(error);
  struct statfs system {};
  if (error == ENOSPC && statfs(folder_.c_str(), &system) == 0)
    text += " (wanted " + format_bytes(nbytes) + ", free " + format_bytes(static_cast<std::int64_t>(system.f_bavail) * system.f_bsize) + ")";
  throw IoError(text + "; results are put there because they do not fit the memory budget: another folder is named with --ashlar-scratch, a larger budget with --ashlar-memory-limit");
}

void Scratch::open() {
  int descriptor = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
    // A file system without nameless files. The name is there for the time between two calls.
    std::string name = folder_ + "/ashlar-scratch-XXXXXX";
    descriptor = mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) unlink(name.c_str());
  }
  if (descriptor < 0) failed("cannot make a file", 0, errno);
  std::lock_guard lock(mutex_);
  descriptor_ = descriptor;
}

// The first free extent that is long enough, else the end of the file.
std::int64_t Scratch::take_extent(std::int64_t length) {
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    if (it->second < length) continue;
    const auto [offset, found] = *it;
    free_.erase(it);
    if (found > length) free_[offset + length] = found - length;
    return offset;
  }
  return std::exchange(end_, end_ + length);
}

void Scratch::give_extent(std::int64_t offset, std::int64_t length) {
  // Where holes cannot be punched the space serves the next value.
  (void)fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
  auto after = free_.lower_bound(offset);
  if (after != free_.end() && after->first == offset + length) {
    length += after->second;
    after = free_.erase(after);
  }
  if (after != free_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      offset = before->first;
      length += before->second;
      free_.erase(before);
    }
  }
  if (offset + length < end_) {
    free_[offset] = length;
    return;
  }
  end_ = offset;
  if (ftruncate(descriptor_, end_) != 0) return;  // its blocks are gone already
}

void Scratch::write_now(const Job& job) {
  if (descriptor_ < 0) open();
  Writer writer;
  job.value.encode(writer);
  const Parcel parcel = std::move(writer).take();
  Record record;
  std::vector<iovec> parts;
  const auto add = [&](const std::byte* data, std::size_t nbytes) {
    parts.push_back({const_cast<std::byte*>(data), nbytes});
    record.parts.push_back({nbytes, XXH3_64bits(data, nbytes)});
  };
  add(parcel.head.data(), parcel.head.size());
  for (const Buffer& buffer : parcel.buffers) add(buffer.data(), buffer.size());
  record.length = (parcel.nbytes() + block - 1) / block * block;
  record.offset = take_extent(record.length);
  // Room first: some file systems would find out that they are full long after the write.
  int error = fallocate(descriptor_, 0, record.offset, record.length) == 0 || errno == EOPNOTSUPP ? 0 : errno;
  if (error == 0) error = transfer(pwritev, descriptor_, std::move(parts), record.offset);
  if (error != 0) {
    give_extent(record.offset, record.length);
    failed("cannot write", parcel.nbytes(), error < 0 ? ENOSPC : error);
  }
  std::lock_guard lock(mutex_);
  statistics_.written += parcel.nbytes();
  statistics_.in_use += record.length;
  records_[job.file] = std::move(record);
}

Object Scratch::read_now(const Job& job) {
  const Record& record = records_.at(job.file);
  Parcel parcel;
  std::vector<iovec> parts;
  for (std::size_t i = 0; i < record.parts.size(); ++i) {
    const std::size_t nbytes = record.parts[i].nbytes;
    if (i == 0) {
      parcel.head.resize(nbytes);
      parts.push_back({parcel.head.data(), nbytes});
    } else {
      parcel.buffers.push_back(Buffer::allocate(nbytes));
      parts.push_back({parcel.buffers.back().data(), nbytes});
    }
  }
  if (const int error = transfer(preadv, descriptor_, parts, record.offset); error != 0)
    failed("cannot read back " + format_bytes(parcel.nbytes()), 0, error < 0 ? EIO : error);
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (const std::uint64_t found = XXH3_64bits(parts[i].iov_base, parts[i].iov_len); found != record.parts[i].checksum)
      throw IoError("scratch in " + folder_ + " is damaged: part " + std::to_string(i) + " of " + std::to_string(parts.size()) + " of a result (" +
                    format_bytes(static_cast<std::int64_t>(parts[i].iov_len)) + " at byte " + std::to_string(record.offset) +
                    ") is not what was written there: its checksum is " + std::to_string(found) + ", wanted " + std::to_string(record.parts[i].checksum));
  {
    std::lock_guard lock(mutex_);
    statistics_.read += parcel.nbytes();
  }
  Reader reader(parcel);
  return Object::decode(reader);
}

void Scratch::forget_now(std::int64_t file) {
  const auto it = records_.find(file);
  if (it == records_.end()) return;
  give_extent(it->second.offset, it->second.length);
  std::lock_guard lock(mutex_);
  statistics_.in_use -= it->second.length;
  records_.erase(it);
}

std::string default_scratch_folder() {
  for (const char* name : {"TMPDIR", "SLURM_TMPDIR", "PBS_JOBFS", "LOCAL_SCRATCH"})
    if (const char* folder = std::getenv(name); folder && *folder && access(folder, W_OK | X_OK) == 0) return folder;
  struct statfs system {};
  if (statfs("/tmp", &system) == 0 && system.f_type == TMPFS_MAGIC && access("/var/tmp", W_OK | X_OK) == 0 && statfs("/var/tmp", &system) == 0 &&
      system.f_type != TMPFS_MAGIC)
    return "/var/tmp";
  return "/tmp";
}

}  // namespace ashlar
