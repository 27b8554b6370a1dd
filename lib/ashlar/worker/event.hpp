#pragma once
// All that can happen to a worker. Plain data.

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::worker {

struct TaskGiven {
  TaskId task;
  std::int64_t order = 0;
  bool fetch = false;
  TaskInputs inputs;
  std::int64_t nbytes = 0;                   ///< of its result, as expected
  std::shared_ptr<const TaskLimits> limits;  ///< null for most
};
struct TaskDone {
  TaskId task;
  std::int64_t nbytes = 0, took_ns = 0;
};
struct TaskFailed {
  TaskId task;
};
/// A value put here by the client.
struct DataGiven {
  TaskId data;
  std::int64_t nbytes = 0;
};
/// A peer sent what was asked for. The loop stores the value first; it may come twice (asked, withdrawn, asked again).
struct DataArrived {
  TaskId data;
  std::int64_t nbytes = 0;
};
/// A peer (or the client) wants a result of this worker. `last_use`: forget it after sending.
struct DataAsked {
  TaskId data;
  WorkerId by;
  bool last_use = false;
};
/// The peer does not want it any more.
struct AskWithdrawn {
  TaskId data;
  WorkerId by;
};
/// The peer is gone: what it asked for, and what it asks for in messages still under way, is nobody's.
struct PeerLost {
  WorkerId peer;
};
struct DataFreed {
  std::vector<TaskId> data;
};
struct TaskRetracted {
  TaskId task;
};
/// Give this task back if it has not started; the answer says whether.
struct TaskAskedBack {
  TaskId task;
  std::int32_t number = 0;  ///< of the question, for the answer
};
/// The task that makes this input is now with another worker, or will run again where it was: what was asked of the old place is void.
struct InputMoved {
  TaskId data;
  WorkerId holder;
};
/// This worker is to have a copy of a result that a peer holds, as its own. It may have one here already, or be about to get it.
struct CopyWanted {
  TaskId data;
  WorkerId holder;
  std::int64_t nbytes = 0;
};
/// It is later than a deadline (`State::next_deadline`).
struct TimePassed {
  std::int64_t now_ns = 0;
};
/// A value was written to scratch as `file`, or could not be (then it is still here).
struct SpillEnded {
  TaskId data;
  std::int64_t file = 0;
  bool failed = false;
};
/// A value was read back, or could not be. The loop stores the value first.
struct LoadEnded {
  TaskId data;
  std::int64_t file = 0;
  bool failed = false;
};
/// What this process holds of the machine's memory, whatever is counted here.
struct MemoryMeasured {
  std::int64_t resident = 0;
};
/// A running task waits for something, and others may run meanwhile; and goes on.
struct SlotLeft {};
struct SlotEntered {};

using Event =
    std::variant<TaskGiven, TaskDone, TaskFailed, DataGiven, DataArrived, DataAsked, AskWithdrawn, DataFreed, TaskRetracted, TaskAskedBack, InputMoved,
                 TimePassed, PeerLost, SpillEnded, LoadEnded, MemoryMeasured, SlotLeft, SlotEntered, CopyWanted>;

}  // namespace ashlar::worker
