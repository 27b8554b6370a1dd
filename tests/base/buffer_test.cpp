#include "ashlar/base/buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

using namespace ashlar;

TEST(Buffer, given_back_is_handed_out_again) {
  pool::trim();
  std::byte* memory = nullptr;
  {
    const Buffer a = Buffer::allocate(1 << 20);
    memory = a.data();
  }
  const auto before = pool::statistics().allocations;
  const Buffer b = Buffer::allocate(1 << 20);
  EXPECT_EQ(b.data(), memory);
  EXPECT_EQ(pool::statistics().allocations, before);
}

TEST(Buffer, is_aligned_and_has_the_size_asked_for) {
  for (std::size_t n : {0, 1, 63, 64, 65, 1000, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1}) {
    const Buffer b = Buffer::allocate(n);
    EXPECT_EQ(b.size(), n);
    const std::size_t alignment = n >= 65536 ? 4096 : 64;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data()) % alignment, 0u) << n;
    if (n) std::memset(b.data(), 0x5a, n);
  }
}

TEST(Buffer, zeros_are_zero_though_the_memory_was_used_before) {
  for (int round = 0; round < 3; ++round) {
    const Buffer b = Buffer::zeros(100000);
    EXPECT_TRUE(std::all_of(b.data(), b.data() + b.size(), [](std::byte x) { return x == std::byte{0}; }));
    std::memset(b.data(), 0xff, b.size());
  }
}

TEST(Buffer, is_unique_only_while_one_holds_it) {
  Buffer a = Buffer::allocate(10);
  EXPECT_TRUE(a.unique());
  {
    const Buffer b = a;
    EXPECT_EQ(a.data(), b.data());
    EXPECT_FALSE(a.unique());
  }
  EXPECT_TRUE(a.unique());
  int own = 0;
  EXPECT_FALSE(Buffer::wrap(&own, sizeof own).unique()) << "memory of others is never ours to write";
  EXPECT_FALSE(Buffer());
}

TEST(Buffer, that_wraps_keeps_the_owner_alive) {
  auto owner = std::make_shared<std::vector<int>>(10, 7);
  const std::weak_ptr<std::vector<int>> watch = owner;
  {
    int* memory = owner->data();
    const Buffer b = Buffer::wrap(memory, 40, std::move(owner));
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Pool, counts_what_is_handed_out_and_what_is_kept) {
  pool::trim();
  const auto before = pool::statistics();
  EXPECT_EQ(before.bytes_cached, 0);
  {
    const Buffer b = Buffer::allocate(1 << 20);
    EXPECT_GE(pool::statistics().bytes_in_use - before.bytes_in_use, 1 << 20);
    EXPECT_LE(pool::statistics().bytes_in_use - before.bytes_in_use, (1 << 20) * 5 / 4);
  }
  EXPECT_EQ(pool::statistics().bytes_in_use, before.bytes_in_use);
  EXPECT_GE(pool::statistics().bytes_cached, 1 << 20);
  pool::trim();
  EXPECT_EQ(pool::statistics().bytes_cached, 0);
}

TEST(Pool, keeps_no_more_than_its_limit) {
  pool::set_cache_limit(1 << 20);
  { std::vector<Buffer> many(10, Buffer()); for (Buffer& b : many) b = Buffer::allocate(1 << 19); }
  EXPECT_LE(pool::statistics().bytes_cached, 1 << 20);
  EXPECT_GT(pool::statistics().bytes_cached, 0);
  pool::set_cache_limit(std::int64_t{256} << 20);
}

TEST(Pool, hands_no_memory_to_two_threads_at_once) {
  const auto work = [](unsigned seed) {
    std::mt19937 random(seed);
    std::vector<Buffer> held;
    for (int i = 0; i < 3000; ++i) {
      Buffer b = Buffer::allocate(64 + random() % 5000);
      std::memset(b.data(), static_cast<int>(seed), b.size());
      held.push_back(std::move(b));
      if (held.size() > 20) {
        const std::size_t which = random() % held.size();
        const Buffer gone = held[which];
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
        for (std::size_t k = 0; k < gone.size(); ++k)
          if (gone.data()[k] != static_cast<std::byte>(seed)) return false;
      }
    }
    return true;
  };
  bool right[4] = {};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) threads.emplace_back([&, t] { right[t] = work(t + 1); });
  for (auto& t : threads) t.join();
  for (const bool r : right) EXPECT_TRUE(r);
}
