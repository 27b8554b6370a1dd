#pragma once
// What a simulated cluster keeps: messages under way, what will happen when, and its workers.

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ashlar/scheduler/event.hpp"
#include "ashlar/simulation/cluster.hpp"
#include "ashlar/worker/state.hpp"

namespace ashlar::simulation {

/// What a worker is sent in one message; values stand beside the events that bring them.
struct ToWorker {
  worker::Event event;
  std::uint64_t value = 0;
};
struct ToRank0 {
  std::vector<scheduler::Event> events;
  std::vector<std::pair<TaskId, std::uint64_t>> values;
  std::int64_t nbytes = 0;
};
struct WorkerMessage {
  std::vector<ToWorker> events;
  std::int64_t nbytes = 0;
};

/// Messages under way, by number; their memory is used again.
template <class Message>
class Messages {
 public:
  std::int64_t put(Message message) {
    if (free_.empty()) {
      all_.push_back(std::move(message));
      return static_cast<std::int64_t>(all_.size()) - 1;
    }
    const std::int64_t number = free_.back();
    free_.pop_back();
    all_[static_cast<std::size_t>(number)] = std::move(message);
    return number;
  }
  Message take(std::int64_t number) {
    free_.push_back(number);
    return std::move(all_[static_cast<std::size_t>(number)]);
  }

 private:
  std::vector<Message> all_;
  std::vector<std::int64_t> free_;
};

struct Happening {
  enum class What : std::uint8_t {
    at_rank_0, at_worker, scheduler_turn, rank_0_sends, task_ended, client_acts, worker_lost, loss_noticed, written, read_back, scheduler_wakes, worker_wakes
  };
  std::int64_t time = 0;
  std::uint64_t sequence = 0;
  What what = What::at_rank_0;
  std::int32_t worker = -1;
  std::int64_t number = 0;  ///< of a message, task or action
  std::int64_t run = 0;     ///< of a task's end
  bool operator>(const Happening& other) const { return time != other.time ? time > other.time : sequence > other.sequence; }
};

struct SimulatedWorker {
  SimulatedWorker(WorkerId id, const ClusterOptions& options) : machine(id, options.flight_limit, options.worker_memory, {{"r", options.resource}}) {}
  worker::State machine;
  bool alive = true;
  int executing = 0;
  std::int64_t resource_in_use = 0;
  std::int64_t events = 0;
  std::unordered_map<std::int64_t, std::uint64_t> values;   // looked up only
  struct Executing {
    std::uint64_t value = 0;
    std::int64_t took_ns = 0;
  };
  std::unordered_map<std::int64_t, Executing> results;  // of runs that go on
  struct File {
    TaskId data;
    std::uint64_t value = 0;
    bool written = false, forgotten = false;
  };
  std::unordered_map<std::int64_t, File> files;
  std::int64_t scratch_free_at = 0;  // it does one thing at a time
};

}  // namespace ashlar::simulation
