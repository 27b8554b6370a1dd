#pragma once
// A worker: a deterministic machine beside the scheduler's. It knows which tasks it was given, which inputs are here, on their way or
// still to be made, and says what to run, fetch, send and drop. The loop of floor 6 holds the values themselves and the threads.
//
// How it acts ahead of the scheduler: a task may arrive before its inputs exist. The worker asks their holders at once; a holder that
// has not made the result yet remembers who asked and sends it when it is made. A task starts when its last input lands.
//
// States of a task: waiting (inputs missing), ready, executing, done. A ready task that takes resources starts only when they are free,
// in order: none that comes later in order takes what an earlier one waits for. One that runs longer than its limit is reported as
// failed and goes on as a late run: its thread and its resources come back when it ends, its result is dropped. States of a datum:
// promised (a task here makes it), asked (a peer was asked for it), here, spilled (on scratch only), loading (on its way back). A datum
// of another worker is dropped after its last use here; one of this worker when the scheduler says so, or after a use that was marked
// as the last. A copy that the scheduler wants here is asked for like an input, after all of those, and becomes this worker's own.
//
// Memory (memory.cpp): what is here, what running tasks hold and make, and what is on its way stay within a budget. Tasks start, values
// are asked for and read back in the global order of tasks; what does not fit waits, and what is needed last goes to scratch. An input
// whose size is not known before it is made counts as much as those that came had.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/id_table.hpp"
#include "ashlar/protocol/ids.hpp"
#include "ashlar/protocol/waits.hpp"
#include "ashlar/worker/command.hpp"
#include "ashlar/worker/event.hpp"

namespace ashlar::worker {

/// Where copies that the scheduler wants here come among tasks: after all of them.
inline constexpr std::int64_t copy_order = std::numeric_limits<std::int64_t>::max() / 4 - 1;

/// What an executor needs to start a task. Inputs marked `take` are used for the last time here, and once by this task: move them.
struct Start {
  TaskId task;
  std::int64_t run = 0;  ///< number of this run: a task may be given again while an earlier run of it is late
  struct Input {
    TaskId data;
    bool take = false;
  };
  std::vector<Input> inputs;
};

struct MemoryLimits {
  static constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max() / 4;
  std::int64_t budget = none;           ///< bytes of values here, of what running tasks hold and make, and on their way
  std::int64_t pause_above = none;      ///< bytes of resident memory beyond which one task runs at a time, whatever is counted
  std::int64_t spill_at_least = 4096;   ///< smaller values stay: a file costs more than they do
};

class State {
 public:
  /// `self`: who this is. `flight_limit`: bytes asked of peers and not yet here, beyond which asks wait, unless they are for a
  /// task of a lower number than any of those on their way: the lowest never waits for the others.
  /// `resources`: what tasks may take, by name.
  State(WorkerId self, std::int64_t flight_limit, MemoryLimits limits = {}, ResourceAmounts resources = {});

  /// Appends commands in the order they are to be carried out. InternalError for an event that fits no state.
  void handle(const Event& event, std::vector<Command>& commands);

  /// Takes the lowest-ordered task that can start for an executor; nothing when there is none, or when it must wait for memory (there may
  /// be commands then too). `now_ns`: what its time limit counts from.
  std::optional<Start> start_next(std::vector<Command>& commands, std::int64_t now_ns = 0);
  bool has_ready() const { return !short_of_memory_ && (!ready_.empty() || next_demanding().has_value()); }
  /// To be asked before TaskDone and TaskFailed: true when this run was given up because it took too long. Then it has now ended,
  /// and neither event is to come.
  bool ended_late(std::int64_t run);
  /// When the next run exceeds its limit: the loop sends TimePassed after that. The largest number when none does.
  std::int64_t next_deadline() const { return deadlines_.empty() ? std::numeric_limits<std::int64_t>::max() : deadlines_.begin()->first; }
  /// Runs that were given up and have not ended.
  std::int64_t late_runs() const { return static_cast<std::int64_t>(late_.size()); }

  std::int64_t tasks() const { return tasks_.size(); }
  std::int64_t data_here() const { return data_here_; }
  /// Records of data kept, of those asked for or promised too.
  std::int64_t records() const { return data_.size(); }
  std::int64_t bytes_here() const { return bytes_here_; }
  /// What counts against the budget.
  std::int64_t bytes_used() const { return bytes_here_ + held_ + in_flight_; }
  std::int64_t bytes_spilled() const { return bytes_spilled_; }
  bool paused() const { return paused_; }
  /// One line per task that is not executing, with what it waits for.
  std::string waiting_text() const;
  /// Who waits for what here: tasks by id, then peers. At most `most` lines are appended; returns how many more there are.
  std::int64_t append_waits(std::vector<protocol::Wait>& waits, std::size_t most) const;

 private:
  friend std::vector<std::string> broken_invariants(const State&);
  enum class TaskState : std::uint8_t { waiting, ready, executing };
  enum class DataState : std::uint8_t { promised, asked, here, spilled, loading };

  struct Task {
    TaskState state = TaskState::waiting;
    bool fetch = false, retracted = false;
    std::int64_t order = 0;
    std::int64_t nbytes = 0;  ///< of its result, as expected
    std::int64_t held = 0;    ///< executing: what it counts with, its result and the inputs that only it holds
    std::int32_t missing = 0;
    TaskInputs inputs;
    std::shared_ptr<const TaskLimits> limits;
    std::int64_t run = 0, deadline_ns = 0;  ///< while executing; 0: none
  };
  struct Datum {
    DataState state = DataState::promised;
    bool mine = false;    ///< made or given here, or to be kept and come; else a copy from a peer
    bool kept = false;    ///< a copy of a peer's result that the scheduler wants here: its own once it is here
    bool known = false;   ///< this worker was told of the task that makes it, or has it
    bool freed = false;   ///< the scheduler said it is not needed: drop it when it comes to be
    bool queued = false;  ///< its ask (or reading it back) waits for room
    bool writing = false;  ///< here, and being written to `file`
    bool lost = false;     ///< could not be written: reported, and not tried again
    bool told_last = false;  ///< here by an ask that was withdrawn, and its holder was told of the last use by another that nobody waits for
    bool guessed = false;  ///< asked for, and nobody knows its size: `nbytes` is what it is thought to have
    WorkerId holder;
    bool last_use = false;   ///< of the ask
    /// While its ask is queued or under way: the first task that wants it, by number. Not by priority: what is on its way must never wait
    /// for a task that waits for room to ask, and inputs have smaller numbers than the tasks that use them.
    std::int64_t order = 0;
    std::int64_t nbytes = 0;
    std::int64_t file = 0;  ///< its number on scratch; 0: none
    std::int32_t uses = 0;  ///< tasks here, not yet started, that take it as input
    /// Those tasks. While it is not here each of them misses it. Tasks that have started stay listed for a while.
    boost::container::small_vector<TaskId, 2> users;
    boost::container::small_vector<std::pair<WorkerId, bool>, 1> asked_by;
  };

  void on(const TaskGiven&);
  void on(const TaskDone&);
  void on(const TaskFailed&);
  void on(const DataGiven&);
  void on(const DataArrived&);
  void on(const DataAsked&);
  void on(const AskWithdrawn&);
  void on(const PeerLost&);
  void on(const DataFreed&);
  void on(const TaskRetracted&);
  void on(const InputMoved&);
  void on(const TaskAskedBack&);
  void on(const TimePassed&);
  void on(const SpillEnded&);
  void on(const LoadEnded&);
  void on(const MemoryMeasured&);
  void on(const SlotLeft&);
  void on(const SlotEntered&);
  void on(const CopyWanted&);

  using Order = std::pair<std::int64_t, TaskId>;  ///< (order, task)
  static bool demanding(const Task& task) { return task.limits && !task.limits->resources.empty(); }
  void list_ready(TaskId id, const Task& task);
  void unlist_ready(TaskId id, const Task& task);
  std::optional<Order> next_demanding() const;
  std::optional<Order> next_to_start() const;
  bool available(const ResourceAmounts& amounts) const;
  void take_resources(const Task& task, std::int64_t sign);
  void end_run(TaskId id, Task& task);
  void fail(TaskId id);
  void withdraw(TaskId id, Datum& datum);
  void forget_asks_of(TaskId id, WorkerId peer);
  void queue_ask(TaskId id, Datum& datum, std::int64_t order);
  void unqueue_ask(TaskId id, Datum& datum);
  void end_flight(TaskId id, const Datum& datum);
  void now_here(TaskId id, Datum& datum, std::int64_t nbytes);
  void answer_asks(TaskId id, Datum& datum);
  void drop(TaskId id);
  void drop_if_unused(TaskId id);
  void make_own(TaskId id, Datum& datum);
  static bool asked_by_clients(const Datum& datum);
  void let_go_of_inputs(const Task& task);
  void unlist_as_user(TaskId id, const Task& task);
  void take_back(TaskId id, Task& task);
  void ask_more();
  void erase_if_empty(TaskId id);
  Task* unstarted(TaskId id);
  void forget_started_users(Datum& datum);

  // memory.cpp
  bool may_start(std::int64_t order, std::int64_t nbytes);
  bool may_start_when_short(std::int64_t order, std::int64_t nbytes);
  bool may_ask(std::int64_t order, std::int64_t nbytes);
  TaskId lowest_ready() const;
  bool in_vain(const Datum& datum) const;
  std::int64_t lower_ready(std::int64_t order) const;
  std::int64_t lower_asks(std::int64_t order) const;
  std::int64_t slack() const;
  std::int64_t lowest_here() const;
  void relieve();
  void make_room(std::int64_t nbytes, std::int64_t shield);
  void put_out(TaskId id, Datum& datum);
  void load_for_peer(TaskId id, Datum& datum);
  void end_execution(TaskId id, const Task& task);
  bool working() const;
  void count_spilled(const Datum& datum, std::int64_t sign);
  std::int64_t next_use(const Datum& datum) const;
  std::int64_t expected(const Datum& datum) const { return datum.nbytes > 0 || datum.state == DataState::spilled ? datum.nbytes : guess_; }
  void learn_size(Datum& datum, std::int64_t nbytes);

  WorkerId self_;
  std::int64_t flight_limit_;
  MemoryLimits limits_;
  IdTable<Task> tasks_;
  IdTable<Datum> data_;
  std::set<Order> ready_;                                  ///< those that take no resources
  std::map<ResourceAmounts, std::set<Order>> demanding_;   ///< ready ones that do, by what they take
  bool prioritised_ = false;                               ///< a task came whose order is not its number
  std::map<std::string, std::int64_t> resources_, in_use_;  ///< of each name: what there is, what is taken
  std::set<std::pair<std::int64_t, TaskId>> deadlines_;    ///< of executing tasks
  std::map<std::int64_t, std::shared_ptr<const TaskLimits>> late_;  ///< runs that were given up
  std::int64_t last_run_ = 0;
  std::set<std::pair<std::int64_t, TaskId>> asks_queued_;  ///< (first task that wants it, datum)
  std::set<std::pair<std::int64_t, TaskId>> asks_flying_;  ///< the same of those asked for and not here
  struct Unanswered {
    int asks = 0;
    bool last_use = false;  ///< one of them told the holder to forget the value
  };
  std::map<TaskId, Unanswered> unanswered_;                ///< asks that were withdrawn and may have been answered before that
  std::set<WorkerId> lost_peers_;
  std::int64_t in_flight_ = 0, bytes_here_ = 0, data_here_ = 0;
  std::int64_t guess_;                    ///< bytes of an input of which nobody knows the size
  bool guess_is_first_ = true;            ///< none of them has come

  std::int64_t held_ = 0;                 ///< by executing tasks
  std::int64_t writing_ = 0;              ///< bytes of what is being written
  std::int64_t bytes_spilled_ = 0;        ///< of this worker's own results that are on scratch only
  std::int64_t resident_ = 0;
  bool paused_ = false;
  bool short_of_memory_ = false;          ///< the lowest ready task was not admitted, and nothing has happened since
  std::int64_t fruitless_shield_ = MemoryLimits::none;  ///< nothing is needed later than this order that could be put out
  std::vector<TaskId> executing_;         ///< a few
  std::size_t away_ = 0;                  ///< executing tasks that wait for something and have given up their slots
  std::set<TaskId> large_;                ///< here, and large enough to be put out
  std::int64_t next_file_ = 1;
  std::vector<Command>* commands_ = nullptr;
};

/// Walks every invariant and returns the broken ones in words; linear in tasks, inputs and data. Tests call it after each event.
///  1. a task's `missing` is the number of its inputs that are not here; it is ready when that is 0, and then listed as such
///  2. a datum's `uses` is the number of inputs of tasks not yet started that name it, and these are listed as its users
///  3. a copy from a peer is kept, and asked for, only while a task here uses it or the scheduler wants it here
///  4. what is on its way or queued is what is listed so, and the bytes are the sums
///  5. nothing that was freed is kept, unless a task here has yet to start with it or the client has yet to get it
///  6. of each resource what is in use is what executing and late runs take, and no more than there is
///  7. an executing task has a deadline exactly when it has a limit
///  8. what is held, written and spilled are the sums; what is large and here is listed; what is spilled has a file, and its reading is
///     queued exactly while somebody wants it
///  9. when nothing executes, is written or is on its way, the lowest-ordered task or ask does not wait
std::vector<std::string> broken_invariants(const State& state);

}  // namespace ashlar::worker
