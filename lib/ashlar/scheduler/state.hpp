#pragma once
// The scheduler: a deterministic machine, events in, commands out. No clock, thread, I/O, MPI or chance inside; the loop of floor 6
// drives it on rank 0, the simulator and the tests drive the same object.
//
// How it schedules
//  1. A task is placed as soon as all its inputs are placed, before they exist: workers act ahead of the scheduler.
//  2. Tasks without inputs (sources) are held back: each worker has a contiguous share of them in depth-first order and gets more
//     only while it has little work that can run (a few milliseconds) and its memory budget allows; a worker without a share takes
//     from the end of the longest one. A worker that has nothing to do at all gets one whatever fits: it puts results on scratch.
//  3. Others go where they start earliest: after the work queued there, and after their inputs are done and moved.
//  4. A result is freed by the message that ends its last consumer, unless the client holds it.
//
// Invariants: see invariants.hpp. States of a task, in Dask's words: waiting (an input is not placed), queued (a held source),
// processing (a worker was told), memory, erred; a record that is gone is forgotten.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/paged_table.hpp"
#include "ashlar/scheduler/command.hpp"
#include "ashlar/scheduler/event.hpp"
#include "ashlar/scheduler/story.hpp"

namespace ashlar::scheduler {

struct Policy {
  std::int64_t queue_ns = 4'000'000;       ///< work a worker thread is given ahead of time
  int queue_tasks = 2;                     ///< tasks that can run it is given per thread whatever they take
  int queue_tasks_max = 8192;              ///< and per worker at most
  std::int64_t unknown_task_ns = 500'000;  ///< assumed until a task of the group has ended
  std::int64_t unknown_nbytes = 1 << 20;   ///< assumed until a task of the group has ended
  double bytes_per_ns = 2.0;               ///< between workers
  std::int64_t transfer_latency_ns = 30'000;
  bool refuse_oversized = false;  ///< a task whose declared inputs and result fit no worker's budget errs
};

struct TaskRecord {
  TaskState state = TaskState::waiting;
  bool wanted = false;   ///< the client holds a handle
  bool fetch = false;    ///< its value goes to the client with the completion and is not kept for it
  bool send = false;     ///< the client asked for the value before it existed
  bool counted = false;  ///< processing with all inputs in memory: counted in its worker's `bytes_expected`, `runnable` and `runnable_ns`
  std::int32_t group = -1;
  WorkerId worker;             ///< placed on; holds the result in state memory
  std::int32_t unplaced = 0;   ///< inputs that are not placed yet (state waiting)
  std::int32_t missing = 0;    ///< inputs that are not in memory yet
  std::int32_t consumers = 0;  ///< tasks not yet ended that use it
  std::int64_t nbytes = -1;
  std::int64_t expected_ns = 0;  ///< what it was counted with in its worker's occupancy
  TimeNs expected_end = 0;       ///< when it should be done, as thought when it was placed
  TaskId cause;                  ///< state erred: whose error
  std::uint64_t last_uses = 0;   ///< bit i: the worker was told that input i is used for the last time, so it forgets it by itself
  boost::container::small_vector<TaskId, 2> inputs;
  /// Tasks that listed it as an input. Those that ended stay listed until they are more than the others (taking each out would make
  /// a result with a million consumers quadratic); ids are never used again, so they are told apart by their state.
  boost::container::small_vector<TaskId, 2> dependents;
};

/// What is known of a worker.
struct WorkerRecord {
  bool alive = false;
  int threads = 0;
  std::int64_t memory_limit = 0;
  std::int64_t bytes_in_memory = 0;  ///< results it holds
  std::int64_t bytes_spilled = 0;    ///< of these, on its scratch only
  std::int64_t bytes_expected = 0;   ///< results of its tasks that can run now
  std::int64_t occupancy_ns = 0;     ///< expected work it was told of and has not ended
  std::int64_t processing = 0;       ///< tasks it was told of and has not ended
  std::int64_t runnable = 0;         ///< those of them whose inputs exist
  std::int64_t runnable_ns = 0;      ///< expected work of these
  std::deque<TaskId> held;           ///< its share of sources, in order; those that ended meanwhile are skipped when met

  // Who is looked at when there are sources to give (see feed_workers).
  bool touched = false;         ///< listed in `touched_`
  bool idle = false;            ///< listed in `idle_`
  bool blocked = false;         ///< listed in `blocked_`
  std::vector<TaskId> to_free;  ///< while an event is handled
};

class State {
 public:
  explicit State(Policy policy = {});

  /// The only way to change this state. Appends commands in the order they are to be carried out.
  /// Errors    InternalError, with the task's story, for an event that fits no state: our own fault.
  void handle(const Event& event, std::vector<Command>& commands);

  const TaskRecord* task(TaskId id) const { return tasks_.find(id.value()); }
  const std::vector<WorkerRecord>& workers() const { return workers_; }
  std::int64_t tasks() const { return tasks_.size(); }
  std::int64_t held() const { return held_; }
  std::int64_t processing() const { return processing_; }
  std::vector<StoryLine> story(TaskId id) const { return story_.of(id); }

 private:
  friend std::vector<std::string> broken_invariants(const State&);
  struct Group {
    std::string name;
    std::int64_t ns_mean = -1, nbytes_max = -1;  ///< -1 until one has ended
  };

  void on(const WorkerJoined&);
  void on(const WorkerLost&);
  void on(const GraphSubmitted&);
  void on(const Scattered&);
  void on(const TasksFinished&);
  void on(const TaskErred&);
  void on(const ResultsReleased&);
  void on(const ResultsWanted&);
  void on(const TasksCancelled&);
  void on(const SpillReported&);

  // transitions.cpp: one function per pair of states.
  TaskRecord& record(TaskId id);
  TaskRecord* live_dependent(TaskId id);
  void move(TaskId id, TaskRecord& task, TaskState to);
  void waiting_processing(TaskId id, TaskRecord& task, WorkerId worker);
  void processing_memory(TaskId id, TaskRecord& task, std::int64_t nbytes);
  void to_erred(TaskId id, TaskId cause, const std::string& reason, bool cancelled);
  void report_ending(TaskId id, const TaskRecord& task);
  void leave_worker(TaskRecord& task);
  void end_use(TaskRecord& producer);
  void release_inputs(TaskRecord& task);
  void forget(TaskId id, TaskRecord& task);
  void forget_if_unneeded(TaskId id);
  void placed(const TaskRecord& task, std::vector<TaskId>& ready);

  // place.cpp
  void place_all(std::vector<TaskId> ready);
  WorkerId choose_worker(TaskRecord& task) const;
  void share_out(const std::vector<TaskId>& sources);
  std::size_t least_loaded() const;
  void hold(std::size_t worker, TaskId id);
  void note_share(std::size_t worker);
  std::size_t longest_share();
  bool stale(TaskId id) const;
  void feed_workers();
  void feed(std::size_t worker, bool from_others);
  void run_first_of_all();
  void run_held(TaskId id, std::size_t worker);
  void touch(std::size_t worker);
  bool has_room(const WorkerRecord& worker) const;
  bool fits(const WorkerRecord& worker, const TaskRecord& task) const;
  std::string oversized(TaskId id, const TaskRecord& task) const;
  std::int64_t expected_ns(const TaskRecord& task) const;
  std::int64_t expected_nbytes(const TaskRecord& task) const;
  std::int64_t known_nbytes(const TaskRecord& task) const;
  void count_expected(TaskRecord& task);
  void free_on_worker(WorkerId worker, TaskId task);
  WorkerRecord& worker(WorkerId id) { return workers_[static_cast<std::size_t>(id.value())]; }

  /// How a task ended that erred by nobody's exception: of a lost worker, by a cancel, with an unknown input.
  struct Ending {
    std::string reason;
    bool cancelled = false;
  };

  Policy policy_;
  PagedTable<TaskRecord> tasks_;
  std::vector<WorkerRecord> workers_;
  std::vector<Group> groups_;
  std::map<std::string, std::int32_t, std::less<>> group_numbers_;
  std::int64_t held_ = 0;        ///< sources in state queued
  std::int64_t processing_ = 0;  ///< tasks in state processing
  std::size_t next_worker_ = 0;  ///< where the search for a little-used worker starts
  std::int64_t alive_threads_ = 0;
  std::map<TaskId, Ending> endings_;  ///< of the erred tasks that have no cause
  Story story_;

  // Nothing here may cost O(workers) for each event, so those that may take a source are listed.
  std::vector<std::size_t> touched_;  ///< have less to do or more memory than when they were last looked at
  std::set<std::size_t> idle_;        ///< had room and found nothing held
  std::vector<std::size_t> blocked_;  ///< had room, but what they were to take did not fit their memory
  /// Lengths of shares and their workers, a heap with the longest on top. Shares only shrink behind its back: an entry is an upper
  /// bound, corrected when it comes to the top.
  std::vector<std::pair<std::size_t, std::int64_t>> shares_;

  // While an event is handled.
  TimeNs now_ = 0;
  std::vector<Command>* commands_ = nullptr;
  std::vector<WorkerId> to_free_;  ///< workers with results to forget
};

}  // namespace ashlar::scheduler
