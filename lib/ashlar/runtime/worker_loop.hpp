#pragma once
// A worker at work: the machine of floor 4, the values, the executor threads and the transport, put together.
//
// Threads and locks
//  * Executors run tasks. `state_` guards machine, values and outbox; an executor holds it for microseconds around each task.
//  * The engine (all use of the transport) belongs to whoever holds `engine_`: an idle executor that polls and runs the next ready
//    task itself, an executor between two tasks when messages have waited, or the watcher thread while all executors are in user
//    code. Order of locks: engine_ before state_; whoever holds state_ only tries engine_.
//  * Calls outside the graph run on two threads of their own: collective ones in order on one, the others on the other.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ashlar/base/paged_table.hpp"
#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/nap.hpp"
#include "ashlar/transport/transport.hpp"
#include "ashlar/worker/state.hpp"

namespace ashlar {

struct WorkerOptions {
  WorkerId worker;
  int threads = 1;
  std::int64_t memory_limit = 0;
  int rank = 0;  ///< of this process in the job, for messages; in one process 0, whatever the transport calls it
  ResourceAmounts resources = {};  ///< what tasks may take of it
};

class WorkerLoop {
 public:
  /// `fatal` is called (from any thread, once) with what went wrong when the worker cannot go on; it should not return.
  WorkerLoop(Transport& transport, WorkerOptions options, std::function<void(const std::string&)> fatal);
  ~WorkerLoop();

  /// Works until rank 0 says to stop; this thread is one of the executors. Returns the exit code rank 0 sent.
  int run();

 private:
  struct Source {  // what a task came with
    std::shared_ptr<const Operation> operation;
    std::int64_t index = 0;
    Parcel payload;
  };
  class Calls;

  void execute_tasks();
  void watch();
  bool turn();
  void apply(int from, protocol::Message& message);
  void carry_out();
  void pass_time();
  void run_one(std::unique_lock<std::mutex>& lock, const worker::Start& start);
  void report_call(std::int64_t number, Object value, std::exception_ptr error);
  Writer& outbox(int rank);
  static int rank_of(WorkerId worker) { return worker == client_id ? 0 : worker.value() + 1; }
  void guarded(const std::function<void()>& body);

  Transport& transport_;
  WorkerOptions options_;
  std::function<void(const std::string&)> fatal_;

  std::mutex engine_;
  Nap nap_;
  std::atomic<std::int64_t> last_turn_ns_{0};

  std::mutex state_;
  std::condition_variable ready_, watcher_;
  worker::State machine_;
  std::vector<worker::Command> commands_;
  PagedTable<Object> values_;
  PagedTable<Source> sources_;
  std::unordered_map<std::int32_t, std::shared_ptr<const Operation>> operations_;
  std::vector<Writer> outbox_;
  std::vector<int> outbox_used_;
  std::atomic<bool> outbox_waiting_{false};
  int executing_ = 0;     ///< executors in user code
  int idle_ = 0;          ///< executors without a task
  bool polling_ = false;  ///< one of them holds the engine
  bool watcher_asleep_ = false;
  bool stopping_ = false, ended_ = false;
  int exit_code_ = 0;

  std::unique_ptr<Calls> collective_calls_, plain_calls_;
};

}  // namespace ashlar
