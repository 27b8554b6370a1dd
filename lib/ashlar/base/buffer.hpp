#pragma once
// Memory of chunks and columns: reference-counted byte ranges from a pool.
//
// Why a pool: a fresh page costs five times a copy (the kernel zeroes and maps it), so buffers go back to free lists
// by size and are handed out again. Every large allocation of the library goes through here; this is the one place
// that would change to share memory between the ranks of a node.

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ashlar {

/// A shared range of bytes. Copying shares; nobody may write to a buffer that others hold (see `unique`).
class Buffer {
 public:
  Buffer() = default;

  /// Pooled memory, contents undefined, aligned to 64 bytes (4096 from 64 KiB up).
  static Buffer allocate(std::size_t nbytes);
  /// As `allocate`, all bytes zero.
  static Buffer zeros(std::size_t nbytes);
  /// Memory of somebody else; `owner` keeps it alive (null: the caller does).
  static Buffer wrap(void* memory, std::size_t nbytes, std::shared_ptr<void> owner = nullptr);

  std::byte* data() const { return memory_.get(); }
  std::size_t size() const { return size_; }
  explicit operator bool() const { return static_cast<bool>(memory_); }
  /// True when nobody else holds it and it came from the pool: the holder may write.
  bool unique() const { return pooled_ && memory_.use_count() == 1; }

 private:
  std::shared_ptr<std::byte> memory_;
  std::size_t size_ = 0;
  bool pooled_ = false;
};

namespace pool {

struct Statistics {
  std::int64_t bytes_in_use = 0;    ///< handed out now
  std::int64_t bytes_in_use_max = 0;
  std::int64_t bytes_cached = 0;    ///< in free lists
  std::int64_t allocations = 0;     ///< taken from the operating system, ever
};
Statistics statistics();
/// Free lists keep at most this many bytes (default 256 MiB); what is above goes back to the system.
void set_cache_limit(std::int64_t nbytes);
/// Gives all cached memory back.
void trim();

}  // namespace pool
}  // namespace ashlar
