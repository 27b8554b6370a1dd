#pragma once
// The scheduler: a deterministic machine, events in, commands out. No clock, thread, I/O, MPI or chance inside; the loop of floor 6
// drives it on rank 0, the simulator and the tests drive the same object.
//
// How it schedules
//  1. A task is placed as soon as all its inputs are placed, before they exist: workers act ahead of the scheduler.
//  2. Tasks without inputs (sources) are held back: each worker has a contiguous share of them in depth-first order and gets more
//     only while it has little work that can run (a few milliseconds) and its memory budget allows; a worker without a share takes
//     from the end of the longest one. A worker that has nothing to do at all gets one whatever fits: it puts results on scratch.
//  3. Others go where they start earliest: after the work placed there, gaps included, and after their inputs are done and moved.
//  4. Tasks with a priority, or that only some workers may run, are held in pools that those workers take from, in order: a higher
//     priority before all shares, a lower one after them. A failed task with retries left waits for its pause and is placed anew;
//     those that wait for its result are told where.
//  5. A worker that would idle is given tasks that wait for a thread on another: that one is asked back for the last it could run, and
//     may refuse (it has started meanwhile). Inputs follow; those that wait for the result are told.
//  6. A result is freed by the message that ends its last consumer, unless the client holds it. Where a client asked for it, it has
//     copies on further workers, and a task there takes the one that is there.
//
// Invariants: see invariants.hpp. States of a task, in Dask's words: waiting (an input is not placed), queued (a held source),
// processing (a worker was told), memory, erred; a record that is gone is forgotten.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/paged_table.hpp"
#include "ashlar/scheduler/command.hpp"
#include "ashlar/scheduler/edges.hpp"
#include "ashlar/scheduler/event.hpp"
#include "ashlar/scheduler/story.hpp"
#include "ashlar/scheduler/task_runs.hpp"

namespace ashlar::scheduler {

struct Policy {
  std::int64_t queue_ns = 4'000'000;       ///< work a worker thread is given ahead of time
  int queue_tasks = 2;                     ///< tasks that can run it is given per thread whatever they take
  int queue_tasks_max = 8192;              ///< and per worker at most
  std::int64_t unknown_task_ns = 500'000;  ///< assumed until a task of the group has ended
  std::int64_t unknown_nbytes = 1 << 20;   ///< assumed until a task of the group has ended
  double bytes_per_ns = 2.0;               ///< between workers
  std::int64_t transfer_latency_ns = 30'000;
  std::int64_t steal_ns = 100'000;  ///< what moving a task from one worker to another takes, its inputs aside
  std::int64_t retry_pause_ns = 10'000'000;     ///< before the first retry of a task; doubled for each one after it
  std::int64_t retry_pause_max_ns = 5'000'000'000;
  bool refuse_oversized = false;  ///< a task whose declared inputs and result fit no worker's budget errs
};

/// Orders are ids less 2^40 for each step of priority: those of lower priority than usual begin here.
inline constexpr std::int64_t patient = std::int64_t{1} << 40;

/// One of a million: kept small, without an allocation of its own (see edges.hpp).
struct TaskRecord {
  TaskState state = TaskState::waiting;
  bool wanted : 1 = false;   ///< the client holds a handle
  bool fetch : 1 = false;    ///< its value goes to the client with the completion and is not kept for it
  bool send : 1 = false;     ///< the client asked for the value before it existed
  bool counted : 1 = false;  ///< processing with all inputs in memory: counted in its worker's `bytes_expected`, `runnable` and `runnable_ns`
  bool special : 1 = false;  ///< it has an entry in the table of specials
  bool pooled : 1 = false;   ///< queued in its pool, else in a worker's share
  bool again : 1 = false;    ///< it was placed before: those that wait for it have to be told where it is now
  bool asked_back : 1 = false;  ///< its worker was asked to give it back for another
  bool started : 1 = false;     ///< it is not asked back: it runs or has ended, or was moved before
  std::int32_t group = -1;
  WorkerId worker;            ///< placed on; holds the result in state memory
  std::int32_t unplaced = 0;  ///< inputs that are not placed yet (state waiting)
  std::int64_t nbytes = -1;
  std::int64_t expected_ns = 0;  ///< what it was counted with in its worker's occupancy
  std::uint64_t last_uses = 0;   ///< bit i: the worker was told that input i is used for the last time, so it forgets it by itself
  [[no_unique_address]] EdgeList inputs;
  std::int32_t missing = 0;  ///< inputs that are not in memory yet
  /// Tasks that listed it as an input. Those that ended stay listed until they are more than the others (taking each out would make
  /// a result with a million consumers quadratic); ids are never used again, so they are told apart by their state.
  [[no_unique_address]] EdgeList dependents;
  std::int32_t consumers = 0;  ///< tasks not yet ended that use it

  /// When it should be done, as thought when it was placed; its worker's `late_ns` is to be added.
  TimeNs expected_end() const { return end_or_cause_; }
  void set_expected_end(TimeNs end) { end_or_cause_ = end; }
  /// State erred: whose error.
  TaskId cause() const { return TaskId(end_or_cause_); }
  void set_cause(TaskId cause) { end_or_cause_ = cause.value(); }

 private:
  std::int64_t end_or_cause_ = 0;
};
static_assert(sizeof(TaskRecord) <= 96);

/// What few tasks have.
struct TaskSpecials {
  std::int32_t priority = 0;
  std::int32_t retries = 0;   ///< left
  std::int32_t failures = 0;  ///< so far
  std::int32_t pool = -1;     ///< where it is held, and who may run it; -1: as any task
  TimeNs again_at = 0;        ///< when its pause after a failure ends; 0: it does not pause
  std::shared_ptr<const TaskLimits> limits;
};

/// What few results in memory have: copies on further workers, and such as are on their way. They are freed together with the result.
struct Copies {
  std::vector<WorkerId> workers;  ///< that hold one besides the record's, in order
  struct Coming {
    WorkerId to;
    std::int64_t request = 0;  ///< that waits for it
    bool moves = false;        ///< the result goes there: its old place is freed then
  };
  std::vector<Coming> coming;  ///< several may wait for the same
};

/// Tasks that the same workers may run and that take the same resources; the sources among them are held here.
struct Pool {
  std::vector<WorkerId> workers;      ///< that were asked for; empty: any
  ResourceAmounts resources;          ///< that each of its tasks takes
  std::vector<std::size_t> able;      ///< living workers that may run them, in order; of an open pool not kept
  std::set<std::pair<std::int64_t, TaskId>> held;  ///< (order, task)
  std::int64_t tasks = 0;             ///< live tasks of it
  bool open() const { return workers.empty() && resources.empty(); }  ///< anybody may
};

/// What is known of a worker.
struct WorkerRecord {
  bool alive = false;
  int threads = 0;
  std::int64_t memory_limit = 0;
  std::int64_t bytes_in_memory = 0;  ///< results it holds, copies and those on their way there too
  std::int64_t bytes_spilled = 0;    ///< of these, on its scratch only
  std::int64_t bytes_expected = 0;   ///< results of its tasks that can run now
  std::int64_t occupancy_ns = 0;     ///< expected work it was told of and has not ended
  std::int64_t processing = 0;       ///< tasks it was told of and has not ended
  std::int64_t runnable = 0;         ///< those of them whose inputs exist
  std::int64_t runnable_ns = 0;      ///< expected work of these
  std::int64_t asked_back = 0;       ///< tasks it was asked to give back
  std::int64_t coming = 0;           ///< tasks that others were asked back for it
  std::int64_t coming_ns = 0;        ///< expected work of these
  /// Those of its tasks that can run, in the order in which they became so, unless asked back or known to run; others are skipped.
  std::vector<TaskId> stealable;
  ResourceAmounts resources;         ///< that it has
  std::map<std::string, std::int64_t> taken;  ///< of them by its tasks that can run now
  std::vector<std::int32_t> pools;   ///< not open ones that it may take from
  /// When each thread should have done what was placed here, waiting for inputs included, and the first of these times; by how much the
  /// task that ended last was later than that (or earlier: below 0).
  boost::container::small_vector<TimeNs, 4> free_at;
  TimeNs first_free = 0;
  std::int64_t late_ns = 0;
  TaskRuns held;                     ///< its share of sources, in order; those that ended meanwhile are skipped when met

  // Who is looked at when there are sources to give (see feed_workers).
  bool touched = false;         ///< listed in `touched_`
  bool idle = false;            ///< listed in `idle_`
  bool blocked = false;         ///< listed in `blocked_`
  std::int32_t rich = -1;       ///< its place in `rich_`; -1: not there
  std::vector<TaskId> to_free;  ///< while an event is handled
};

class State {
 public:
  explicit State(Policy policy = {});
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The only way to change this state. Appends commands in the order they are to be carried out.
  /// Errors    InternalError, with the task's story, for an event that fits no state: our own fault.
  void handle(const Event& event, std::vector<Command>& commands);

  const TaskRecord* task(TaskId id) const { return tasks_.find(id.value()); }
  const Policy& policy() const { return policy_; }
  const std::vector<WorkerRecord>& workers() const { return workers_; }
  std::int64_t tasks() const { return tasks_.size(); }
  std::int64_t held() const { return held_; }
  std::int64_t processing() const { return processing_; }
  /// Calls f(id, record) for every task, in the order of ids.
  template <class F>
  void for_each_task(F&& f) const {
    tasks_.for_each([&](std::int64_t id, const TaskRecord& task) { f(TaskId(id), task); });
  }
  /// Null for a result that is on one worker, and stays there.
  const Copies* copies_of(TaskId id) const {
    if (copies_.empty()) return nullptr;
    const auto it = copies_.find(id);
    return it == copies_.end() ? nullptr : &it->second;
  }
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
  void on(const TaskWaits&);
  void on(const ResultsReleased&);
  void on(const ResultsWanted&);
  void on(const TasksCancelled&);
  void on(const TimePassed&);
  void on(const SpillReported&);
  void on(const TaskReturned&);
  void on(const CopiesWanted&);
  void on(const RebalanceWanted&);
  void on(const CopyMade&);

  // transitions.cpp: one function per pair of states.
  TaskRecord& record(TaskId id);
  TaskRecord* live_dependent(TaskId id);
  void move(TaskId id, TaskRecord& task, TaskState to);
  void waiting_processing(TaskId id, TaskRecord& task, WorkerId worker);
  void processing_memory(TaskId id, TaskRecord& task, std::int64_t nbytes);
  void to_erred(TaskId id, TaskId cause, const std::string& reason, bool cancelled);
  void report_ending(TaskId id, const TaskRecord& task);
  void leave_worker(TaskId id, TaskRecord& task);
  void uncount(TaskId id, TaskRecord& task);
  void end_use(TaskRecord& producer);
  void release_inputs(TaskRecord& task);
  void forget(TaskId id, TaskRecord& task);
  void forget_if_unneeded(TaskId id);
  void placed(const TaskRecord& task, std::vector<TaskId>& ready);

  // options.cpp: what few tasks have.
  void add_specials(TaskId id, TaskRecord& task, const NewTaskOptions& options);
  void forget_specials(TaskId id);
  std::int64_t order_of(TaskId id, const TaskRecord& task) const;
  const Pool* pool_of(TaskId id, const TaskRecord& task) const;
  std::int32_t pool_number(std::vector<WorkerId> workers, const ResourceAmounts& resources);
  void find_able(std::int32_t number);
  void drop_unused_pools();
  bool able(const Pool& pool, std::size_t worker) const;
  bool has(const WorkerRecord& worker, const ResourceAmounts& amounts) const;
  bool not_taken(const WorkerRecord& worker, const ResourceAmounts& amounts) const;
  std::string why_nobody(const Pool& pool) const;
  void hold_sources(const TaskRuns& sources);
  void unpool(TaskId id, TaskRecord& task);
  void leave_pools(std::size_t worker);
  void join_pools(std::size_t worker);
  std::optional<std::pair<std::int64_t, TaskId>> first_pooled(std::size_t worker) const;
  bool retry_later(TaskId id, TaskRecord& task);
  void back_to_waiting(TaskId id, TaskRecord& task);
  void tell_moved(TaskId id, const TaskRecord& task);
  void take_resources(TaskId id, const TaskRecord& task, std::int64_t sign);

  // steal.cpp: tasks that go from one worker to another.
  struct Steal {
    WorkerId thief;
    std::int32_t number = 0;
    std::int64_t expected_ns = 0;
  };
  void steal_for_idle();
  bool steal_for(std::size_t thief);
  TaskId task_to_steal(WorkerRecord& victim, std::size_t victim_number, std::size_t thief);
  bool may_be_stolen(TaskId id, std::size_t victim) const;
  void list_stealable(TaskId id, std::size_t worker);
  void note_rich(std::size_t worker);
  void end_steal(TaskId id, TaskRecord& task);

  // copies.cpp
  bool has_copy(TaskId id, WorkerId worker) const;
  void add_copy(TaskId id, const TaskRecord& task, WorkerId to);
  void start_copy(TaskId id, const TaskRecord& task, WorkerId to, std::int64_t request, bool moves);
  void end_copy_request(std::int64_t request);
  void free_result(TaskId id, TaskRecord& task);
  void lose_copies(WorkerId lost);

  // place.cpp
  void place_all(std::vector<TaskId> ready);
  std::pair<WorkerId, TimeNs> choose_worker(TaskId id, const TaskRecord& task) const;
  void take_thread(WorkerRecord& worker, TaskRecord& task, TimeNs start);
  void free_threads(WorkerRecord& worker);
  void share_out(const TaskRuns& sources);
  std::size_t least_loaded() const;
  void hold(std::size_t worker, TaskId id);
  void note_share(std::size_t worker);
  std::size_t longest_share();
  bool stale(TaskId id) const;
  void feed_workers();
  void feed_touched();
  void feed_idle();
  bool feed(std::size_t worker, bool from_others);
  bool wants_pooled(const WorkerRecord& worker, std::int64_t order) const;
  void run_first_of_all();
  void run_held(TaskId id, std::size_t worker);
  void touch(std::size_t worker);
  bool has_room(const WorkerRecord& worker) const;
  bool fits(const WorkerRecord& worker, const TaskRecord& task) const;
  std::string oversized(TaskId id, const TaskRecord& task) const;
  std::int64_t expected_ns(const TaskRecord& task) const;
  std::int64_t expected_nbytes(const TaskRecord& task) const;
  std::int64_t known_nbytes(const TaskRecord& task) const;
  void count_expected(TaskId id, TaskRecord& task);
  void free_on_worker(WorkerId worker, TaskId task);
  WorkerRecord& worker(WorkerId id) { return workers_[static_cast<std::size_t>(id.value())]; }

  /// How a task ended that erred by nobody's exception: of a lost worker, by a cancel, with an unknown input.
  struct Ending {
    std::string reason;
    bool cancelled = false;
  };

  Policy policy_;
  EdgeSlab edges_;
  PagedTable<TaskRecord> tasks_;
  std::vector<WorkerRecord> workers_;
  std::vector<Group> groups_;
  std::map<std::string, std::int32_t, std::less<>> group_numbers_;
  std::int64_t held_ = 0;        ///< sources in state queued
  std::int64_t processing_ = 0;  ///< tasks in state processing
  std::size_t next_worker_ = 0;  ///< where the search for a little-used worker starts
  std::int64_t alive_threads_ = 0;
  std::map<TaskId, TaskSpecials> specials_;
  std::vector<Pool> pools_;
  std::map<std::pair<std::vector<WorkerId>, ResourceAmounts>, std::int32_t> pool_numbers_;
  std::vector<std::int32_t> free_pools_;
  std::int32_t open_pool_ = -1;
  std::int64_t pooled_ = 0;     ///< sources held in pools
  std::set<std::pair<TimeNs, TaskId>> pauses_;  ///< ends of pauses; of tasks that ended meanwhile too
  TimeNs wake_at_ = -1;         ///< as told last
  std::map<TaskId, Copies> copies_;                     ///< of results in memory that have any
  std::map<std::int64_t, std::int64_t> copy_requests_;  ///< by number: copies that it waits for
  std::map<TaskId, Steal> steals_;  ///< tasks that were asked back, until the answer or their end
  std::int32_t last_steal_ = 0;
  std::map<TaskId, Ending> endings_;  ///< of the erred tasks that have no cause
  std::set<TaskId> away_;             ///< processing and waiting for something: few, and counted nowhere
  Story story_;

  // Nothing here may cost O(workers) for each event, so those that may take a source are listed.
  std::vector<std::size_t> touched_;  ///< have less to do or more memory than when they were last looked at
  std::set<std::size_t> idle_;        ///< had room and found nothing held
  std::vector<std::size_t> rich_;     ///< have more tasks that can run than threads
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
