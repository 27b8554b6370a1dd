#pragma once
// A worker: a deterministic machine beside the scheduler's. It knows which tasks it was given, which inputs are here, on their way or
// still to be made, and says what to run, fetch, send and drop. The loop of floor 6 holds the values themselves and the threads.
//
// How it acts ahead of the scheduler: a task may arrive before its inputs exist. The worker asks their holders at once; a holder that
// has not made the result yet remembers who asked and sends it when it is made. A task starts when its last input lands.
//
// States of a task: waiting (inputs missing), ready, executing, done. States of a datum: promised (a task here makes it), asked (a
// peer was asked for it), here. A datum of another worker is dropped after its last use here; one of this worker when the
// scheduler says so, or after a use that was marked as the last.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <map>
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

/// What an executor needs to start a task. Inputs marked `take` are used for the last time here, and once by this task: move them.
struct Start {
  TaskId task;
  struct Input {
    TaskId data;
    bool take = false;
  };
  std::vector<Input> inputs;
};

class State {
 public:
  /// `self`: who this is. `flight_limit`: bytes asked of peers and not yet here, beyond which asks wait, unless they are for a
  /// lower-ordered task than any of those on their way: the lowest-ordered task never waits for the others.
  State(WorkerId self, std::int64_t flight_limit);

  /// Appends commands in the order they are to be carried out. InternalError for an event that fits no state.
  void handle(const Event& event, std::vector<Command>& commands);

  /// Takes the lowest-ordered ready task for an executor; nothing when none is ready.
  std::optional<Start> start_next(std::vector<Command>& commands);
  bool has_ready() const { return !ready_.empty(); }

  std::int64_t tasks() const { return tasks_.size(); }
  std::int64_t data_here() const { return data_here_; }
  /// Records of data kept, of those asked for or promised too.
  std::int64_t records() const { return data_.size(); }
  std::int64_t bytes_here() const { return bytes_here_; }
  /// One line per task that is not executing, with what it waits for.
  std::string waiting_text() const;
  /// Who waits for what here: tasks by id, then peers. At most `most` lines are appended; returns how many more there are.
  std::int64_t append_waits(std::vector<protocol::Wait>& waits, std::size_t most) const;

 private:
  friend std::vector<std::string> broken_invariants(const State&);
  enum class TaskState : std::uint8_t { waiting, ready, executing };
  enum class DataState : std::uint8_t { promised, asked, here };

  struct Task {
    TaskState state = TaskState::waiting;
    bool fetch = false, retracted = false;
    std::int64_t order = 0;
    std::int32_t missing = 0;
    boost::container::small_vector<TaskInputRef, 2> inputs;
  };
  struct Datum {
    DataState state = DataState::promised;
    bool mine = false;    ///< made or given here; else a copy from a peer
    bool known = false;   ///< this worker was told of the task that makes it, or has it
    bool freed = false;   ///< the scheduler said it is not needed: drop it when it comes to be
    bool queued = false;  ///< its ask waits for bytes in flight to land
    WorkerId holder;
    bool last_use = false;   ///< of the ask
    std::int64_t order = 0;  ///< of the first task that wants it, while its ask is queued or under way
    std::int64_t nbytes = 0;
    std::int32_t uses = 0;  ///< tasks here, not yet started, that take it as input
    boost::container::small_vector<TaskId, 2> waiting;
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

  void forget_asks_of(TaskId id, WorkerId peer);
  void queue_ask(TaskId id, Datum& datum, std::int64_t order);
  void unqueue_ask(TaskId id, Datum& datum);
  void end_flight(TaskId id, const Datum& datum);
  void now_here(TaskId id, Datum& datum, std::int64_t nbytes);
  void answer_asks(TaskId id, Datum& datum);
  void drop(TaskId id);
  void drop_if_unused(TaskId id);
  void let_go_of_inputs(const Task& task);
  void ask_more();
  void erase_if_empty(TaskId id);

  WorkerId self_;
  std::int64_t flight_limit_;
  IdTable<Task> tasks_;
  IdTable<Datum> data_;
  std::set<std::pair<std::int64_t, TaskId>> ready_;        ///< (order, task)
  std::set<std::pair<std::int64_t, TaskId>> asks_queued_;  ///< (order of the first task that wants it, datum)
  std::set<std::pair<std::int64_t, TaskId>> asks_flying_;  ///< the same of those asked for and not here
  std::map<TaskId, int> unanswered_;                       ///< asks that were withdrawn and may have been answered before that
  std::set<WorkerId> lost_peers_;
  std::int64_t in_flight_ = 0, bytes_here_ = 0, data_here_ = 0;
  std::vector<Command>* commands_ = nullptr;
};

/// Walks every invariant and returns the broken ones in words; linear in tasks, inputs and data. Tests call it after each event.
///  1. a task's `missing` is the number of its inputs that are not here; it is ready when that is 0, and then listed as such
///  2. a datum's `uses` is the number of inputs of tasks not yet started that name it; those that miss it are listed as waiting
///  3. a copy from a peer is kept, and asked for, only while a task here uses it
///  4. what is on its way or queued is what is listed so, and the bytes are the sums
///  5. nothing that was freed is kept, unless a task here has yet to start with it
std::vector<std::string> broken_invariants(const State& state);

}  // namespace ashlar::worker
