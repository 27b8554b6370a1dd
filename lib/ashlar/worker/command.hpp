#pragma once
// All that a worker's machine can ask of the loop around it, in the order it is to be carried out.

#include <cstdint>
#include <string>
#include <variant>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::worker {

struct Ask {
  TaskId data;
  WorkerId holder;
  bool last_use = false;
};
struct WithdrawAsk {
  TaskId data;
  WorkerId holder;
};
struct Send {
  TaskId data;
  WorkerId to;
};
/// Forget the value.
struct Drop {
  TaskId data;
};
/// Forget what the task came with (its payload): it will not run here (again).
struct ForgetTask {
  TaskId task;
};
struct ReportDone {
  TaskId task;
  std::int64_t nbytes = 0, took_ns = 0;
  bool fetch = false;  ///< the value goes along
};
struct ReportFailed {
  TaskId task;
};
/// It ran longer than its limit. What it still gives is nobody's.
struct ReportTimedOut {
  TaskId task;
  std::int64_t limit_ns = 0;
};
/// Write the value to scratch under this number. It stays here until a Drop.
struct Spill {
  TaskId data;
  std::int64_t file = 0;
};
/// Read it back.
struct Load {
  TaskId data;
  std::int64_t file = 0;
};
/// The file is not needed any more, whether it has been written or not.
struct ForgetFile {
  std::int64_t file = 0;
};
/// The value is gone, or must go and cannot: writing or reading it failed.
struct ReportLost {
  TaskId data;
};
/// Bytes of this worker's results that are on scratch only, now.
struct ReportSpilled {
  std::int64_t nbytes = 0;
};
/// The copy that was wanted is here, and this worker's own.
struct ReportCopied {
  TaskId data;
};

/// The answer to TaskAskedBack. Returned: it is as if the task had never been given; else it has started, or ended.
struct ReportReturned {
  TaskId task;
  std::int32_t number = 0;
  bool returned = false;
};

using Command = std::variant<Ask, WithdrawAsk, Send, Drop, ForgetTask, ReportDone, ReportFailed, ReportTimedOut, Spill, Load, ForgetFile, ReportLost,
                             ReportSpilled, ReportReturned, ReportCopied>;

/// One line for a trace: "Ask 7 of worker 2, last use".
std::string to_string(const Command& command);

}  // namespace ashlar::worker
