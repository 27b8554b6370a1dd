#pragma once
// Parcels between the participants of a job: rank 0 and the workers. Contract, which tests/transport checks for every implementation:
//
//  1. Parcels between two participants arrive complete, unchanged, once, and in the order they were sent.
//  2. `send` never blocks and takes the parcel; buffers are shared, not copied, and stay alive until they are gone.
//  3. `receive` moves everything along that can be moved, and gives what has arrived completely.
//  4. `wait` returns at once when `wake` was called since the last wait, else after at most the time given. One that notices every
//     arrival returns for it too; over several hosts nobody can, and the caller keeps its waits below `longest_wait`.
//  5. `wake` may be called from any thread. All else by one thread at a time; who waits with `wait_apart` does not count.
//  6. A participant may send to itself.
//  7. `finish` ends all sending: parcels that are still under way are taken and dropped, wherever they were going. Collective.
//  8. From `relieve` to `hand_back` nothing wakes the thread in `wait_apart`; `hand_back` wakes it when there is something to do.

#include <chrono>
#include <mutex>
#include <vector>

#include "ashlar/base/bytes.hpp"

namespace ashlar {

struct Arrival {
  int from = -1;
  Parcel parcel;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual void send(int to, Parcel parcel) = 0;
  /// Appends what arrived; true when anything moved (sent or received).
  virtual bool receive(std::vector<Arrival>& arrived) = 0;
  virtual void wait(std::chrono::nanoseconds at_most) = 0;
  virtual void wake() = 0;
  /// Waits without having the transport: `in_use`, the lock of whoever uses it, is given up meanwhile, so that another thread may take it.
  /// One thread at a time.
  virtual void wait_apart(std::unique_lock<std::mutex>& in_use, std::chrono::nanoseconds at_most) = 0;
  /// By another thread that has the transport now: true when a thread waits apart, which sleeps on and costs nothing until `hand_back`, if
  /// its time does not pass before. False when there is none.
  virtual bool relieve() = 0;
  virtual void hand_back() = 0;
  /// How long a caller may wait without missing an arrival for longer than a millisecond.
  virtual std::chrono::nanoseconds longest_wait() const = 0;
  /// True when nothing sent is still under way from here.
  virtual bool sent_all() const = 0;
  /// The last call. Nobody may send any more; returns when nothing is under way to or from here.
  virtual void finish() = 0;
};

}  // namespace ashlar
