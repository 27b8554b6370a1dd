#pragma once
// What every transport promises, as functions over the participants that live in this process: all of them (threads of one process) or
// one (a rank of an MPI job). Every rank of a job calls the same functions in the same order.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "ashlar/transport/transport.hpp"

namespace ashlar::contract {

using Participants = std::vector<Transport*>;

/// Runs `body` for each participant of this process at the same time, as a job does.
inline void on_each(const Participants& participants, const std::function<void(Transport&)>& body) {
  if (participants.size() == 1) return body(*participants[0]);
  std::vector<std::thread> threads;
  for (Transport* t : participants) threads.emplace_back([&body, t] { body(*t); });
  for (std::thread& t : threads) t.join();
}

// Contents are cut out of one block of mixed bytes at a place that follows from sender and number. Its length is prime, so a shift shows.
inline constexpr std::size_t block_bytes = 65521;
inline const std::vector<std::byte>& block() {
  static const std::vector<std::byte> bytes = [] {
    std::vector<std::byte> b(block_bytes);
    std::uint64_t x = 1;
    for (std::byte& byte : b) byte = static_cast<std::byte>((x = x * 6364136223846793005u + 1442695040888963407u) >> 56);
    return b;
  }();
  return bytes;
}
/// Calls `piece(at, bytes, n)` for the parts of the contents that lie together in the block.
template <class Piece>
void for_pieces(int from, std::int64_t number, std::size_t nbytes, Piece&& piece) {
  for (std::size_t at = 0; at < nbytes;) {
    const std::size_t start = (at + static_cast<std::size_t>(from) * 1301 + static_cast<std::size_t>(number) * 701) % block_bytes;
    const std::size_t n = std::min(nbytes - at, block_bytes - start);
    piece(at, block().data() + start, n);
    at += n;
  }
}
inline void fill(std::byte* to, std::size_t nbytes, int from, std::int64_t number) {
  for_pieces(from, number, nbytes, [&](std::size_t at, const std::byte* bytes, std::size_t n) { std::memcpy(to + at, bytes, n); });
}
inline bool is_filled(const std::byte* data, std::size_t nbytes, int from, std::int64_t number) {
  bool same = true;
  for_pieces(from, number, nbytes,
             [&](std::size_t at, const std::byte* bytes, std::size_t n) { same = same && std::memcmp(data + at, bytes, n) == 0; });
  return same;
}

/// A parcel that says who sent it and which it is, with contents that follow from that.
inline Parcel parcel(int from, std::int64_t number, std::size_t head_bytes, const std::vector<std::size_t>& buffer_bytes) {
  Writer out;
  out.put(from);
  out.put(number);
  out.put<std::uint64_t>(head_bytes);
  out.put<std::uint64_t>(buffer_bytes.size());
  for (std::size_t n : buffer_bytes) out.put<std::uint64_t>(n);
  Bytes head(head_bytes);
  fill(head.data(), head_bytes, from, number);
  out.raw(head.data(), head.size());
  for (std::size_t b = 0; b < buffer_bytes.size(); ++b) {
    Buffer buffer = Buffer::allocate(buffer_bytes[b]);
    fill(buffer.data(), buffer_bytes[b], from, number + static_cast<std::int64_t>(b));
    out.buffer(std::move(buffer));
  }
  return std::move(out).take();
}

/// The number of a parcel after all of its bytes were compared; -1 if something is wrong.
inline std::int64_t checked(const Arrival& arrival) {
  Reader in(arrival.parcel);
  const int from = in.get<int>();
  const auto number = in.get<std::int64_t>();
  const auto head_bytes = in.get<std::uint64_t>(), buffers = in.get<std::uint64_t>();
  if (from != arrival.from || buffers != arrival.parcel.buffers.size()) return -1;
  std::vector<std::uint64_t> sizes(buffers);
  for (auto& size : sizes) size = in.get<std::uint64_t>();
  const auto head = in.view(head_bytes);
  if (!in.at_end()) return -1;
  if (!is_filled(head.data(), head_bytes, from, number)) return -1;
  for (std::size_t b = 0; b < buffers; ++b) {
    const Buffer& buffer = arrival.parcel.buffers[b];
    if (buffer.size() != sizes[b] || !is_filled(buffer.data(), sizes[b], from, number + static_cast<std::int64_t>(b))) return -1;
  }
  return number;
}

/// Receives until `count` parcels are here and everything sent from here has gone; fails after a minute.
inline std::vector<Arrival> receive(Transport& transport, std::size_t count, std::chrono::seconds patience = std::chrono::seconds(60)) {
  std::vector<Arrival> arrived;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (arrived.size() < count || !transport.sent_all()) {
    if (!transport.receive(arrived)) transport.wait(std::chrono::microseconds(50));
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "participant " << transport.rank() << " has " << arrived.size() << " of " << count << " parcels";
      return arrived;
    }
  }
  return arrived;
}

/// A participant that is ahead may have sent parcels of its next round already: they are kept here until their round is looked at.
inline std::vector<Arrival>& early(Transport& transport) {
  static std::mutex mutex;
  static std::map<const Transport*, std::vector<Arrival>> all;
  std::lock_guard lock(mutex);
  return all[&transport];
}

/// Receives until `count` parcels of every sender are here and everything sent from here has gone; fails after a minute. What comes
/// beyond is left to the next round.
inline std::vector<Arrival> receive_round(Transport& transport, std::int64_t count) {
  std::vector<Arrival> arrived = std::move(early(transport));
  early(transport).clear();
  std::vector<std::int64_t> from(static_cast<std::size_t>(transport.size()));
  std::size_t counted = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto complete = [&] {
    for (; counted < arrived.size(); ++counted) ++from.at(static_cast<std::size_t>(arrived[counted].from));
    return transport.sent_all() && std::all_of(from.begin(), from.end(), [&](std::int64_t n) { return n >= count; });
  };
  while (!complete()) {
    if (!transport.receive(arrived)) transport.wait(std::chrono::microseconds(50));
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "participant " << transport.rank() << " has " << arrived.size() << " parcels of a round of " << count << " from everybody";
      return arrived;
    }
  }
  std::vector<Arrival> round;
  std::vector<std::int64_t> taken(from.size());
  for (Arrival& arrival : arrived) {
    if (taken[static_cast<std::size_t>(arrival.from)]++ < count) round.push_back(std::move(arrival));
    else early(transport).push_back(std::move(arrival));
  }
  return round;
}

/// Everybody sends `count` parcels made by `make` to everybody, itself included, before it receives; all arrive unchanged, once, and in
/// order.
inline void all_to_all(const Participants& participants, std::int64_t count,
                       const std::function<Parcel(int from, std::int64_t number)>& make) {
  on_each(participants, [&](Transport& transport) {
    const auto ranks = static_cast<std::size_t>(transport.size());
    for (std::int64_t number = 0; number < count; ++number)
      for (int to = 0; to < transport.size(); ++to) transport.send(to, make(transport.rank(), number));
    const auto arrived = receive_round(transport, count);
    EXPECT_EQ(arrived.size(), ranks * static_cast<std::size_t>(count));
    std::vector<std::int64_t> next(ranks);
    for (const Arrival& arrival : arrived) {
      ASSERT_GE(arrival.from, 0);
      ASSERT_LT(arrival.from, transport.size());
      EXPECT_EQ(checked(arrival), next[static_cast<std::size_t>(arrival.from)]++) << "from " << arrival.from << " to " << transport.rank();
    }
  });
}

inline void parcels_arrive_complete_and_in_order(const Participants& p) {
  // Long ones between short ones: none may overtake.
  all_to_all(p, p[0]->size() > 3 ? 40 : 200, [](int from, std::int64_t n) {
    return parcel(from, n, n % 7 == 0 ? 20'000 : static_cast<std::size_t>(n % 50),
                  n % 5 == 0 ? std::vector<std::size_t>{100'000} : std::vector<std::size_t>{});
  });
}
inline void empty_heads_and_empty_buffers_are_parcels(const Participants& p) {
  on_each(p, [](Transport& transport) {
    for (int to = 0; to < transport.size(); ++to) {
      transport.send(to, Parcel{});
      transport.send(to, Parcel{{}, {Buffer::allocate(0), Buffer(), Buffer::allocate(3), Buffer::allocate(0)}});
    }
    std::vector<int> seen(static_cast<std::size_t>(transport.size()));
    for (const Arrival& arrival : receive(transport, 2 * seen.size())) {
      const bool first = seen.at(static_cast<std::size_t>(arrival.from))++ == 0;
      EXPECT_EQ(arrival.parcel.head.size(), 0u);
      ASSERT_EQ(arrival.parcel.buffers.size(), first ? 0u : 4u);
      if (first) continue;
      EXPECT_EQ(arrival.parcel.buffers[2].size(), 3u);
      EXPECT_EQ(arrival.parcel.buffers[0].size() + arrival.parcel.buffers[1].size() + arrival.parcel.buffers[3].size(), 0u);
    }
  });
}
inline void many_buffers_keep_their_places(const Participants& p) {
  all_to_all(p, 3, [](int from, std::int64_t n) {
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < 300; ++i) sizes.push_back(i % 11 == 0 ? 0 : i * 17 % 5000);
    return parcel(from, n, 10, sizes);
  });
}
inline void heads_of_megabytes_arrive(const Participants& p) {
  // On both sides of every limit a transport may have: 1 MiB and 16 MiB.
  for (const std::size_t bytes :
       {std::size_t{1} << 20, (std::size_t{1} << 20) + 1, (std::size_t{16} << 20) - 200, (std::size_t{16} << 20) + 1})
    all_to_all(p, 1, [bytes](int from, std::int64_t n) { return parcel(from, n, bytes, {1000, 0}); });
}
/// All ranks send far more than any eager limit before anyone receives: a blocking send would hang here.
inline void everybody_may_send_before_anybody_receives(const Participants& p) {
  all_to_all(p, 4, [](int from, std::int64_t n) { return parcel(from, n, 100'000, {3'000'000}); });
}
inline void one_buffer_may_go_to_many(const Participants& p) {
  on_each(p, [](Transport& transport) {
    Buffer shared = Buffer::allocate(100'000);
    fill(shared.data(), shared.size(), transport.rank(), 0);
    for (int to = 0; to < transport.size(); ++to) transport.send(to, Parcel{{}, {shared, shared}});
    for (const Arrival& arrival : receive(transport, static_cast<std::size_t>(transport.size())))
      for (const Buffer& buffer : arrival.parcel.buffers)
        EXPECT_TRUE(buffer.size() == 100'000 && is_filled(buffer.data(), buffer.size(), arrival.from, 0));
  });
}
/// 1.2 GiB: more than an MPI count of bytes in one message part.
inline void a_buffer_above_one_gibibyte_arrives(const Participants& p) {
  static constexpr std::size_t nbytes = 1'288'490'189;
  on_each(p, [](Transport& transport) {
    const int last = transport.size() - 1;
    if (transport.rank() == 0) {
      Buffer buffer = Buffer::allocate(nbytes);
      fill(buffer.data(), nbytes, 0, 0);
      transport.send(last, Parcel{{}, {std::move(buffer)}});
    }
    const auto arrived = receive(transport, transport.rank() == last ? 1 : 0, std::chrono::seconds(300));
    if (transport.rank() != last) return;
    ASSERT_EQ(arrived.size(), 1u);
    const Buffer& buffer = arrived[0].parcel.buffers.at(0);
    ASSERT_EQ(buffer.size(), nbytes);
    EXPECT_TRUE(is_filled(buffer.data(), nbytes, 0, 0));
  });
}
inline void a_wait_ends_with_its_time(const Participants& p) {
  on_each(p, [](Transport& transport) {
    const auto begin = std::chrono::steady_clock::now();
    transport.wait(std::chrono::milliseconds(5));
    transport.wait(std::chrono::nanoseconds(0));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  });
}
inline void a_wait_is_ended_by_another_thread(const Participants& p) {
  on_each(p, [](Transport& transport) {
    const auto begin = std::chrono::steady_clock::now();
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      transport.wake();
    });
    transport.wait(std::chrono::seconds(60));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
    other.join();
    // A wake before the wait counts too, or it would be lost between looking and sleeping.
    transport.wake();
    transport.wait(std::chrono::seconds(60));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  });
}
/// Where a caller may wait long, it is because what arrives ends the wait.
inline void an_arrival_ends_a_long_wait(const Participants& p) {
  on_each(p, [](Transport& transport) {
    const int last = transport.size() - 1;
    if (last == 0 || transport.longest_wait() <= std::chrono::milliseconds(1)) return;
    const auto begin = std::chrono::steady_clock::now();
    if (transport.rank() == last) {
      std::vector<Arrival> arrived;
      while (arrived.empty())
        if (!transport.receive(arrived)) transport.wait(std::chrono::seconds(60));
    } else if (transport.rank() == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the other sleeps by now
      transport.send(last, parcel(0, 0, 10, {}));
    }
    std::vector<Arrival> none;
    while (!transport.sent_all()) transport.receive(none);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  });
}
/// Who waits apart sleeps while another thread has the transport, is not woken by what that one takes, and gets up for what it leaves.
inline void who_waits_apart_is_relieved(const Participants& p) {
  on_each(p, [](Transport& transport) {
    const auto begin = std::chrono::steady_clock::now();
    const auto next = (transport.rank() + 1) % transport.size();
    std::mutex in_use;
    std::vector<Arrival> arrived;  // with in_use
    std::atomic<int> returned{0};
    std::atomic<bool> done{false};
    std::thread waits([&] {
      std::unique_lock lock(in_use);
      while (!done) {
        transport.wait_apart(lock, std::chrono::seconds(60));
        ++returned;
        transport.receive(arrived);
      }
    });
    const auto take_over = [&] {
      for (;;) {
        std::unique_lock lock(in_use);
        if (transport.relieve()) return lock;
        lock.unlock();
        std::this_thread::yield();
      }
    };
    for (std::size_t round = 0; round < 2; ++round) {
      auto lock = take_over();
      const int before = returned;
      transport.send(next, parcel(transport.rank(), 0, 10, {}));
      while ((arrived.size() <= round || !transport.sent_all()) && std::chrono::steady_clock::now() - begin < std::chrono::seconds(300))
        if (!transport.receive(arrived)) transport.wait(std::chrono::microseconds(50));
      EXPECT_GT(arrived.size(), round);
      EXPECT_EQ(returned, before);
      transport.wake();
      transport.hand_back();
      lock.unlock();
      while (returned == before) std::this_thread::yield();
    }
    done = true;
    transport.wake();
    waits.join();
  });
}
/// Parcels that nobody took do not keep anybody from ending. The last call on these participants.
inline void finish_takes_what_is_under_way(const Participants& p) {
  on_each(p, [](Transport& transport) {
    for (int to = 0; to < transport.size(); ++to) transport.send(to, parcel(transport.rank(), 0, 10, {2'000'000}));
    transport.finish();
    EXPECT_TRUE(transport.sent_all());
  });
}

}  // namespace ashlar::contract
