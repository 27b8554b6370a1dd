#include "ashlar/base/buffer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace ashlar {
namespace {

// Four classes per power of two: at most a quarter of a buffer is slack.
constexpr std::size_t kSmallest = 64, kMapped = 64 * 1024, kHuge = 2 * 1024 * 1024;
constexpr int kClasses = 4 * 48;

std::size_t class_size(int number) {
  const std::size_t base = kSmallest << (number / 4);
  return base + base / 4 * static_cast<std::size_t>(number % 4);
}

int class_of(std::size_t nbytes) {
  if (nbytes <= kSmallest) return 0;
  const int power = std::bit_width(nbytes - 1) - std::bit_width(kSmallest);  // kSmallest << power <= nbytes - 1
  int number = 4 * power;
  while (class_size(number) < nbytes) ++number;
  return number;
}

class Pool {
 public:
  std::byte* take(int number) {
    const std::size_t nbytes = class_size(number);
    {
      std::lock_guard lock(mutex_);
      statistics_.bytes_in_use += static_cast<std::int64_t>(nbytes);
      statistics_.bytes_in_use_max = std::max(statistics_.bytes_in_use_max, statistics_.bytes_in_use);
      if (auto& list = free_[static_cast<std::size_t>(number)]; !list.empty()) {
        // Last in, first out: the warmest memory is used again.
        std::byte* memory = list.back();
        list.pop_back();
        statistics_.bytes_cached -= static_cast<std::int64_t>(nbytes);
        return memory;
      }
      ++statistics_.allocations;
    }
    // Chunks are read from end to end: with huge pages prefetching goes on across page borders, and the first touch costs a fraction.
    const std::size_t alignment = nbytes >= kHuge ? kHuge : nbytes >= kMapped ? 4096 : 64;
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment, nbytes) != 0) {
      std::lock_guard lock(mutex_);
      statistics_.bytes_in_use -= static_cast<std::int64_t>(nbytes);
      throw std::bad_alloc();
    }
#ifdef MADV_HUGEPAGE
    if (nbytes >= kHuge) madvise(memory, nbytes, MADV_HUGEPAGE);  // advice: where the system has none, nothing changes
#endif
    return static_cast<std::byte*>(memory);
  }

  void give_back(std::byte* memory, int number) noexcept {
    const auto nbytes = static_cast<std::int64_t>(class_size(number));
    {
      std::lock_guard lock(mutex_);
      statistics_.bytes_in_use -= nbytes;
      if (statistics_.bytes_cached + nbytes <= limit_) {
        statistics_.bytes_cached += nbytes;
        free_[static_cast<std::size_t>(number)].push_back(memory);
        return;
      }
    }
    std::free(memory);
  }

  pool::Statistics statistics() {
    std::lock_guard lock(mutex_);
    return statistics_;
  }

  void keep_at_most(std::int64_t nbytes) {
    std::lock_guard lock(mutex_);
    limit_ = nbytes;
    for (int number = kClasses - 1; number >= 0 && statistics_.bytes_cached > limit_; --number) {
      auto& list = free_[static_cast<std::size_t>(number)];
      while (!list.empty() && statistics_.bytes_cached > limit_) {
        std::free(list.back());
        list.pop_back();
        statistics_.bytes_cached -= static_cast<std::int64_t>(class_size(number));
      }
    }
  }

  std::int64_t limit() {
    std::lock_guard lock(mutex_);
    return limit_;
  }

 private:
  std::mutex mutex_;
  std::array<std::vector<std::byte*>, kClasses> free_;
  pool::Statistics statistics_;
  std::int64_t limit_ = std::int64_t{256} << 20;
};

// Never destroyed: buffers held by static objects are given back after main.
Pool& the_pool() {
  static Pool* pool = new Pool;
  return *pool;
}

}  // namespace

Buffer Buffer::allocate(std::size_t nbytes) {
  const int number = class_of(nbytes);
  Buffer buffer;
  buffer.memory_ = std::shared_ptr<std::byte>(the_pool().take(number), [number](std::byte* memory) { the_pool().give_back(memory, number); });
  buffer.size_ = nbytes;
  buffer.pooled_ = true;
  return buffer;
}

Buffer Buffer::zeros(std::size_t nbytes) {
  Buffer buffer = allocate(nbytes);
  std::memset(buffer.data(), 0, nbytes);
  return buffer;
}

Buffer Buffer::wrap(void* memory, std::size_t nbytes, std::shared_ptr<void> owner) {
  Buffer buffer;
  buffer.memory_ = std::shared_ptr<std::byte>(std::move(owner), static_cast<std::byte*>(memory));
  buffer.size_ = nbytes;
  return buffer;
}

namespace pool {
Statistics statistics() { return the_pool().statistics(); }
void set_cache_limit(std::int64_t nbytes) { the_pool().keep_at_most(nbytes); }
void trim() {
  const std::int64_t limit = the_pool().limit();
  the_pool().keep_at_most(0);
  the_pool().keep_at_most(limit);
}
}  // namespace pool
}  // namespace ashlar
