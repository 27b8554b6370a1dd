#pragma once
// All that the scheduler can ask of the world, in the order it is to be carried out.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::scheduler {

/// Tell the worker of a task. Its inputs may not exist yet: their holders have been told of them before.
struct RunTask {
  WorkerId worker;
  TaskId task;
  std::int64_t order = 0;  ///< smaller runs first
  bool fetch = false;      ///< send the value to the client with the completion
  TaskInputs inputs;
  std::int64_t nbytes = 0;  ///< of its result, as expected
  std::shared_ptr<const TaskLimits> limits = nullptr;  ///< null for most
};
/// Forget these results.
struct FreeResults {
  WorkerId worker;
  std::vector<TaskId> tasks;
};
/// Do not start this task if it is not running; its result is not wanted.
struct Retract {
  WorkerId worker;
  TaskId task;
};
/// Ask a worker to give back a task that it has not started. It answers each of these, in order, with a TaskReturned.
struct AskBack {
  WorkerId worker;
  TaskId task;
  std::int32_t number = 0;
};
/// Tell a worker that waits for this input that another makes it now, or the same again: what it asked before is void.
struct TellMoved {
  WorkerId worker;
  TaskId task;
  WorkerId holder;
};
/// Send a TimePassed at this time; holds until the next of these.
struct WakeAt {
  std::int64_t time = 0;
};
/// Send a result to the client.
struct SendToClient {
  WorkerId worker;
  TaskId task;
};
struct ReportFinished {
  TaskId task;
  std::int64_t nbytes = 0;
};
/// `cause` is the task whose error it is (itself or an input of an input), or invalid with `reason` set.
struct ReportErred {
  TaskId task, cause;
  std::string reason;
};
struct ReportCancelled {
  TaskId task;
};
/// Tell the worker to fetch this result from its holder, to keep it as its own until it is freed there, and to say when it has come.
struct MakeCopy {
  WorkerId worker;
  TaskId task;
  WorkerId holder;
  std::int64_t nbytes = 0;
};
/// All that a CopiesWanted or RebalanceWanted asked for is done, as far as the results still exist.
struct ReportCopies {
  std::int64_t number = 0;
};
/// The record is gone; nothing will be said of this task any more.
struct Forgotten {
  TaskId task;
};

using Command = std::variant<RunTask, FreeResults, Retract, SendToClient, ReportFinished, ReportErred, ReportCancelled, Forgotten, TellMoved,
                             WakeAt, AskBack, MakeCopy, ReportCopies>;

/// One line for a trace: "RunTask 7 on worker 2, inputs 3@0 4@1!" (@: the holder, !: a last use).
std::string to_string(const Command& command);

}  // namespace ashlar::scheduler
