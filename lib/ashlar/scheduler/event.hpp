#pragma once
// All that can happen to the scheduler. Plain data; time is a field, never a call.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::scheduler {

/// Nanoseconds on the caller's clock; only differences matter.
using TimeNs = std::int64_t;

struct WorkerJoined {
  WorkerId worker;
  int threads = 1;
  std::int64_t memory_limit = 0;  ///< bytes of results it may hold; sources are held back beyond
  ResourceAmounts resources = {};
};
struct WorkerLost {
  WorkerId worker;
  std::string reason;
};

/// One task of a submission: as small as can be, they come by the million.
struct NewTask {
  std::int64_t nbytes = -1;       ///< of its result; -1: unknown
  std::int32_t group = 0;         ///< number of its GraphSubmitted::groups entry
  std::uint32_t input_count = 0;  ///< the next so many of GraphSubmitted::inputs
};
/// What the client wants of a task.
enum class Want : std::uint8_t {
  nothing,
  handle,
  value,  ///< with the completion; until then it holds a handle
};
/// What few tasks of a submission have.
struct NewTaskOptions {
  std::uint32_t number = 0;        ///< of the task in GraphSubmitted::tasks
  std::int32_t priority = 0;       ///< higher runs first, at most a million either way
  std::int32_t retries = 0;        ///< times it is run again after a failure
  std::vector<WorkerId> workers = {};                   ///< it may run on; empty: any
  std::shared_ptr<const TaskLimits> limits = nullptr;  ///< null: none
};
/// Tasks in the order they should run (depth first); ids are first, first + 1, ….
/// A task's inputs stand before it or were submitted earlier; an input unknown to the scheduler makes the task erred.
struct GraphSubmitted {
  TaskId first;
  std::vector<std::string> groups;  ///< names that durations and counts are kept by
  std::vector<NewTask> tasks;
  std::vector<TaskId> inputs;       ///< of all tasks, one after another
  std::vector<Want> wants;          ///< by number of the task; those beyond its end are wanted by nobody
  std::vector<NewTaskOptions> options = {};  ///< sparse, by number
};
/// A value the client put on a worker, or on several.
struct Scattered {
  TaskId task;
  WorkerId worker;
  std::int64_t nbytes = 0;
  std::vector<WorkerId> copies = {};  ///< further workers, each once
};
struct FinishedTask {
  TaskId task;
  std::int64_t nbytes = 0;
  std::int64_t took_ns = 0;
};
struct TasksFinished {
  WorkerId worker;
  std::vector<FinishedTask> tasks;
};
/// A task threw; or the result of one that had ended is lost (the worker's scratch failed).
struct TaskErred {
  WorkerId worker;
  TaskId task;
  bool again = false;  ///< it asks to be run once more, where it is best now; it errs when it had an input to itself
};
/// The running task waits for something, other tasks perhaps: it takes no room any more, or those it waits for might never get any.
struct TaskWaits {
  WorkerId worker;
  TaskId task;
};
/// Bytes of a worker's results that are on its scratch only.
struct SpillReported {
  WorkerId worker;
  std::int64_t nbytes = 0;
};
/// The client dropped its handles on these.
struct ResultsReleased {
  std::vector<TaskId> tasks;
};
/// The client wants the values of results that stay on the workers.
struct ResultsWanted {
  std::vector<TaskId> tasks;
};
struct TasksCancelled {
  std::vector<TaskId> tasks;
};
/// The client wants results that it holds on several workers; those that are not in memory are passed over. A ReportCopies with this number
/// says when all copies are there or will never be.
struct CopiesWanted {
  std::int64_t number = 0;  ///< used once, for CopiesWanted and RebalanceWanted
  std::vector<TaskId> tasks;
  std::int32_t copies = 0;  ///< of each in all; 0: one on every worker
};
/// The client wants results that it holds moved, so that workers hold about as many bytes each. Reported as above.
struct RebalanceWanted {
  std::int64_t number = 0;
  std::vector<TaskId> tasks;  ///< none: all that it holds
};
/// The copy of a MakeCopy has come to the worker.
struct CopyMade {
  WorkerId worker;
  TaskId task;
};
/// The answer to an AskBack: the worker gave the task back, or it had started it (or it had ended) and keeps it.
struct TaskReturned {
  WorkerId worker;
  TaskId task;
  std::int32_t number = 0;  ///< of the AskBack
  bool returned = false;
};
/// The time of a WakeAt has come.
struct TimePassed {};

struct Event {
  TimeNs now = 0;
  std::variant<WorkerJoined, WorkerLost, GraphSubmitted, Scattered, TasksFinished, TaskErred, TaskWaits, ResultsReleased, ResultsWanted,
               TasksCancelled, TimePassed, SpillReported, TaskReturned, CopiesWanted, RebalanceWanted, CopyMade>
      what;
};

}  // namespace ashlar::scheduler
