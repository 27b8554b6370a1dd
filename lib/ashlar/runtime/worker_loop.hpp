#pragma once
// A worker at work: the machine of floor 4, the values, the executor threads and the transport, put together.
//
// Threads and locks
//  * Executors run tasks. `state_` guards machine, values and outbox; an executor holds it for microseconds around each task.
//  * The engine (all use of the transport) belongs to whoever holds `engine_`: an idle executor that polls and runs the next ready
//    task itself, an executor between two tasks when messages have waited, or the watcher thread while all executors are in user
//    code for long. While it sleeps, until a message comes, it has given up the engine: who ends a task takes it and lets the watcher
//    sleep on (`relieved_`), until it goes into user code again. Order of locks: engine_ before state_; whoever holds state_ only
//    tries engine_.
//  * A task that waits (`task_client.hpp`) gives up its slot: another executor starts, or one that rested goes on. At most `threads`
//    tasks run at once; those that waited go before new ones.
//  * Scratch writes and reads on a thread of its own, and takes `state_` to say that it has.
//  * Calls outside the graph run on two threads of their own: collective ones in order on one, the others on the other.

#include <time.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ashlar/base/paged_table.hpp"
#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/alarm.hpp"
#include "ashlar/runtime/memory_limits.hpp"
#include "ashlar/runtime/nap.hpp"
#include "ashlar/runtime/scratch.hpp"
#include "ashlar/runtime/task_client.hpp"
#include "ashlar/runtime/calls.hpp"
#include "ashlar/transport/transport.hpp"
#include "ashlar/worker/state.hpp"

namespace ashlar {

struct WorkerOptions {
  WorkerId worker;
  int threads = 1;
  std::int64_t memory_limit = 0;  ///< the budget of results; 0: none
  int rank = 0;                   ///< of this process in the job, for messages; in one process 0, whatever the transport calls it
  std::int64_t pause_above = worker::MemoryLimits::none;  ///< resident bytes
  std::string scratch = {};                               ///< folder; empty: default_scratch_folder()
  ResourceAmounts resources = {};                         ///< what tasks may take of it
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
  struct Running {  // what an executor has in user code; -1: nothing
    std::atomic<std::int64_t> task{-1}, begin_ns{0};
    std::atomic<clockid_t> cpu_clock{};
  };

  // Who takes this long has no others to wait for before it is reported.
  static constexpr std::int64_t long_task_ns = 100'000;

  void execute_tasks(Running& running);
  // worker_slots.cpp: room for tasks, and threads beyond `threads` for those that wait.
  bool has_slot() const { return slots_taken_ + returning_ < options_.threads; }
  void leave_slot();
  void enter_slot();
  void rest(std::unique_lock<std::mutex>& lock);
  void join_spares();
  void begin_executing();
  void watch();
  void relieve_watcher();
  void let_watcher_hear();
  bool turn();
  // worker_messages.cpp: what comes and goes.
  void apply(int from, protocol::Message& message);
  void carry_out();
  void pass_time();
  bool end_ask(TaskId task);
  void send_to_tasks(TaskId data, const Object& value);
  void run_one(std::unique_lock<std::mutex>& lock, const worker::Start& start, Running& running);
  protocol::WaitsReport describe_waits(std::int64_t number);
  void scratch_ended(Scratch::Ended ended);
  void watch_memory();
  void report_call(std::int64_t number, Object value, std::exception_ptr error);
  Writer& outbox(int rank);
  Writer& reports();
  bool reports_due() const;
  static int rank_of(WorkerId worker) { return worker == client_id ? 0 : worker.value() + 1; }
  void guarded(const std::function<void()>& body);

  Transport& transport_;
  WorkerOptions options_;
  std::function<void(const std::string&)> fatal_;

  std::mutex engine_;
  Nap nap_{std::chrono::microseconds(400)};
  std::atomic<std::int64_t> last_turn_ns_{0};

  std::mutex state_;
  std::condition_variable ready_, watcher_;
  worker::State machine_;
  std::vector<worker::Command> commands_;
  PagedTable<Object> values_;
  PagedTable<Source> sources_;
  std::unordered_map<std::int32_t, std::shared_ptr<const Operation>> operations_;
  std::unordered_set<std::int64_t> reported_with_value_;  ///< tasks here that have not ended, whose values the client waits for
  std::vector<Writer> outbox_;
  std::vector<int> outbox_used_;
  std::atomic<bool> outbox_waiting_{false};  ///< something for which nobody should wait
  std::int64_t reports_since_ns_ = 0;        ///< of the oldest report in the outbox of rank 0; 0: something there is urgent
  int executing_ = 0;     ///< executors in user code
  int idle_ = 0;          ///< executors without a task
  bool polling_ = false;  ///< one of them holds the engine
  bool watcher_asleep_ = false;  ///< until its alarm
  Alarm alarm_;
  bool watching_ = false;  ///< the watcher has the engine, or sleeps and has given it up; whoever ends a task takes it away
  bool relieved_ = false;  ///< it may lie asleep, and no message wakes it
  int slots_taken_ = 0;   ///< tasks that run and do not wait
  int returning_ = 0;     ///< tasks that waited and want to go on
  int resting_ = 0, called_ = 0;  ///< executors that there is no slot for, and how many of them are to go on
  std::condition_variable slot_free_, resting_changed_;
  std::vector<std::thread> spares_;
  std::unordered_multimap<std::int64_t, std::pair<WorkerId, std::int64_t>> wanted_by_tasks_;  ///< by datum: whose tasks, and its name there
  bool stopping_ = false, ended_ = false;
  int exit_code_ = 0;

  std::deque<Running> running_;  ///< one for each executor; those of spare threads are added
  std::unique_ptr<TaskClient> tasks_;
  std::unique_ptr<Scratch> scratch_;  ///< null once work has ended
  std::exception_ptr scratch_error_;  ///< of the event that is handled
  ResidentMemory resident_;           // the holder of engine_
  std::int64_t last_look_ns_ = 0;
  bool warned_of_pause_ = false;

  std::unique_ptr<Calls> collective_calls_, plain_calls_;
};

}  // namespace ashlar
