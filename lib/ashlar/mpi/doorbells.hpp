#pragma once
// Sleep until somebody has sent something: a few words of shared memory for each rank of a host, which a sender counts up after it has
// posted a message. MPI itself cannot wait without polling; and with more ranks than cores each look of Open MPI that finds nothing gives
// the core away, so a rank that knows how much was sent to it need not look in vain.

#include <mpi.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace ashlar::mpi {

class Doorbells {
 public:
  /// Collective over `comm`. Leaves no file behind, whatever ends the process: the shared memory has lost its name when this returns.
  explicit Doorbells(MPI_Comm comm);
  ~Doorbells();
  Doorbells(const Doorbells&) = delete;
  Doorbells& operator=(const Doorbells&) = delete;

  /// True when every rank of `comm` can ring here: all are on this host.
  bool reached_by_all() const { return reached_by_all_; }

  /// Counts a message for `rank`, and wakes it if it sleeps. Call it after the message was posted. Nothing happens for a rank of another
  /// host.
  void ring(int rank);
  /// Messages that were rung for here so far, modulo 2^32.
  std::uint32_t rung() const { return own_->messages.load(std::memory_order_acquire); }
  /// The same for this rank, from any of its threads.
  void ring_own() { ring_bell(*own_); }

  /// Two threads of a rank may sleep here at a time. Who is not to be woken for a while ends without getting up, and begins again.
  enum Sleeper : std::uint32_t { with_transport = 1, apart = 2 };
  /// `begin` before the last look for messages, `sleep` after it: a ring between the two ends the sleep at once.
  std::uint32_t begin(Sleeper who);
  void sleep(Sleeper who, std::uint32_t begun, std::chrono::nanoseconds at_most);
  void end(Sleeper who);
  void wake(Sleeper who);

 private:
  // One cache line each, or neighbours would slow one another down.
  struct alignas(64) Bell {
    std::atomic<std::uint32_t> rings;
    std::atomic<std::uint32_t> asleep;  ///< sum of the sleepers that a ring wakes
    std::atomic<std::uint32_t> messages;
  };
  static void ring_bell(Bell& bell);
  void map(MPI_Comm host, int ranks_here, int rank_here);

  Bell* bells_ = nullptr;  // of the ranks of this host
  std::size_t nbytes_ = 0;
  std::vector<Bell*> bell_of_;  // by rank of `comm`; null: on another host
  Bell* own_ = nullptr;
  bool reached_by_all_ = false;
};

}  // namespace ashlar::mpi
