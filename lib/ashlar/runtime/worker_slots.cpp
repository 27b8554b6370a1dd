// Room for tasks that wait, and the threads that run others meanwhile.
#include <system_error>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/worker_loop.hpp"

namespace ashlar {

// Called by a task on its executor: somebody else may use its slot, and somebody must turn the engine.
void WorkerLoop::leave_slot() {
  std::lock_guard lock(state_);
  if (stopping_) {
    --executing_;
    --slots_taken_;
    return;
  }
  machine_.handle(worker::SlotLeft{}, commands_);
  carry_out();
  if (idle_ == 0) {
    if (resting_ > called_) {
      ++called_;
      resting_changed_.notify_one();
    } else {
      try {
        spares_.emplace_back([this, &running = running_.emplace_back()] { guarded([&] { execute_tasks(running); }); });
      } catch (const std::system_error& e) {
        throw Error("worker " + std::to_string(options_.worker.value()) + " cannot start another thread (" + e.what() + "): " + std::to_string(spares_.size()) +
                    " were started for tasks that wait");
      }
    }
  } else {
    ready_.notify_one();
    if (polling_) transport_.wake();
  }
  --executing_;
  --slots_taken_;
  if (returning_ > 0) slot_free_.notify_one();
}

void WorkerLoop::enter_slot() {
  std::unique_lock lock(state_);
  ++returning_;
  slot_free_.wait(lock, [&] { return stopping_ || slots_taken_ < options_.threads; });
  --returning_;
  ++slots_taken_;
  if (!stopping_) machine_.handle(worker::SlotEntered{}, commands_);
  carry_out();
  begin_executing();
}

// Of an executor that there is neither a task nor a slot for: so many threads would only look about.
void WorkerLoop::rest(std::unique_lock<std::mutex>& lock) {
  --idle_;
  ++resting_;
  resting_changed_.wait(lock, [&] { return stopping_ || called_ > 0; });
  --resting_;
  if (called_ > 0) --called_;
  ++idle_;
}

void WorkerLoop::join_spares() {
  for (;;) {
    std::vector<std::thread> spares;
    {
      std::lock_guard lock(state_);
      spares.swap(spares_);
    }
    if (spares.empty()) return;
    for (std::thread& thread : spares) thread.join();
  }
}

}  // namespace ashlar
