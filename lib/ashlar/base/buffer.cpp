#include "ashlar/base/buffer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
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
constexpr std::size_t kSmallest = 64, kSlab = 16 * 1024, kMapped = 1024 * 1024, kHuge = 2 * 1024 * 1024;
constexpr int kClasses = 4 * 48;

// Where the memory of a class comes from. Small buffers lie on the heap of the C library. That heap keeps what lies between two blocks, and the
// holes that buffers of many sizes leave there hold several times what is in use; so the others are pages of the system's, which go
// back to it one by one. From a megabyte on each is mapped by itself; below, several share a mapping (the system allows some 65,000 of them),
// which stays, without memory behind the blocks that nobody uses.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
constexpr bool pages = true;
#else
constexpr bool pages = false;  // the sanitizer watches over its own heap only
#endif
constexpr std::size_t kSlabBytes = 4 * kMapped;
constexpr std::size_t kPageAligned = 64 * 1024;  // from here on, wherever it comes from

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

#ifdef __linux__
// Pages without memory behind them yet.
std::byte* map_pages(std::size_t nbytes) {
  void* const memory = mmap(nullptr, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

// Chunks are read from end to end: with huge pages prefetching goes on across page borders, and the first touch costs a fraction.
std::byte* map_huge_pages(std::size_t nbytes) {
  std::byte* const first = map_pages(nbytes + kHuge);
  const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(first) % kHuge) % kHuge;
  if (before) munmap(first, before);
  if (before < kHuge) munmap(first + before + nbytes, kHuge - before);
#ifdef MADV_HUGEPAGE
  madvise(first + before, nbytes, MADV_HUGEPAGE);  // advice: where the system has none, nothing changes
#endif
  return first + before;
}
#endif

class Pool {
 public:
  std::byte* take(int number) {
    const std::size_t nbytes = class_size(number);
    {
      std::lock_guard lock(mutex_);
      statistics_.bytes_in_use += static_cast<std::int64_t>(nbytes);
      statistics_.bytes_in_use_max = std::max(statistics_.bytes_in_use_max, statistics_.bytes_in_use);
      Class& mine = classes_[static_cast<std::size_t>(number)];
      mine.taken = ++takes_;
      if (!mine.free.empty()) {
        // Last in, first out: the warmest memory is used again.
        statistics_.bytes_cached -= static_cast<std::int64_t>(nbytes);
        return pop(mine.free);
      }
      ++statistics_.allocations;
      if (!mine.bare.empty()) return pop(mine.bare);
    }
    try {
      return fresh(number, nbytes);
    } catch (...) {
      std::lock_guard lock(mutex_);
      statistics_.bytes_in_use -= static_cast<std::int64_t>(nbytes);
      throw;
    }
  }

  void give_back(std::byte* memory, int number) noexcept {
    const auto nbytes = static_cast<std::int64_t>(class_size(number));
    // What must go is of the classes that nobody has taken from for the longest time: a cache full of sizes that are not used any more is none.
    for (;;) {
      std::byte* leaves = memory;
      int of = number;
      {
        std::lock_guard lock(mutex_);
        if (memory) statistics_.bytes_in_use -= nbytes;
        if (memory && nbytes <= limit_) {
          classes_[static_cast<std::size_t>(number)].free.push_back(memory);
          statistics_.bytes_cached += nbytes;
          leaves = nullptr;
        }
        if (!leaves && statistics_.bytes_cached > limit_) {
          of = stalest();
          leaves = pop(classes_[static_cast<std::size_t>(of)].free);
          statistics_.bytes_cached -= static_cast<std::int64_t>(class_size(of));
        }
      }
      if (!leaves) return;
      release(leaves, of);
      memory = nullptr;
    }
  }

  pool::Statistics statistics() {
    std::lock_guard lock(mutex_);
    return statistics_;
  }

  void keep_at_most(std::int64_t nbytes) {
    {
      std::lock_guard lock(mutex_);
      limit_ = nbytes;
    }
    for (;;) {
      std::byte* leaves;
      int of;
      {
        std::lock_guard lock(mutex_);
        if (statistics_.bytes_cached <= limit_) return;
        of = stalest();
        leaves = pop(classes_[static_cast<std::size_t>(of)].free);
        statistics_.bytes_cached -= static_cast<std::int64_t>(class_size(of));
      }
      release(leaves, of);
    }
  }

  std::int64_t limit() {
    std::lock_guard lock(mutex_);
    return limit_;
  }

 private:
  struct Class {
    std::vector<std::byte*> free;  // with memory behind them
    std::vector<std::byte*> bare;  // of a mapping that is shared, without
    std::uint64_t taken = 0;       // when somebody last took one
  };
  static std::byte* pop(std::vector<std::byte*>& list) {
    std::byte* const memory = list.back();
    list.pop_back();
    return memory;
  }

  // Under the lock; something is cached.
  int stalest() const {
    int found = -1;
    for (int number = 0; number < kClasses; ++number) {
      const Class& each = classes_[static_cast<std::size_t>(number)];
      if (!each.free.empty() && (found < 0 || each.taken < classes_[static_cast<std::size_t>(found)].taken)) found = number;
    }
    return found;
  }

  std::byte* fresh(int number, std::size_t nbytes) {
#ifdef __linux__
    if (pages && nbytes >= kHuge) return map_huge_pages(nbytes);
    if (pages && nbytes >= kMapped) return map_pages(nbytes);
    if (pages && nbytes >= kSlab) {
      std::byte* const first = map_pages(kSlabBytes);
      std::lock_guard lock(mutex_);
      for (std::size_t at = kSlabBytes / nbytes * nbytes; at > nbytes; at -= nbytes) classes_[static_cast<std::size_t>(number)].bare.push_back(first + at - nbytes);
      return first;
    }
#endif
    void* memory = nullptr;
    if (posix_memalign(&memory, nbytes >= kPageAligned ? 4096 : 64, nbytes) != 0) throw std::bad_alloc();
    return static_cast<std::byte*>(memory);
  }

  void release(std::byte* memory, int number) noexcept {
#ifdef __linux__
    const std::size_t nbytes = class_size(number);
    if (pages && nbytes >= kMapped) {
      munmap(memory, nbytes);
      return;
    }
    if (pages && nbytes >= kSlab) {
      madvise(memory, nbytes, MADV_DONTNEED);
      std::lock_guard lock(mutex_);
      classes_[static_cast<std::size_t>(number)].bare.push_back(memory);
      return;
    }
#endif
    std::free(memory);
  }

  std::mutex mutex_;
  std::array<Class, kClasses> classes_;
  std::uint64_t takes_ = 0;
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
