#pragma once
// Who waits for what on a worker: what it answers when rank 0 asks why nothing moves.

#include <cstdint>
#include <vector>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::protocol {

enum class WaitKind : std::uint8_t {
  executes,         ///< `task` is in user code since `ns`; its thread has used `cpu_ns` of processor time in its life
  ready,            ///< `task` has all inputs and waits for an executor
  made_here,        ///< `task` waits for `data`, which a task of this worker makes
  asked,            ///< `task` waits for `data`, which `worker` was asked for
  ask_queued,       ///< the same, but the ask itself waits until bytes in flight have landed
  peer,             ///< `worker` has asked for `data`, which is not here
  call,             ///< call number `task` has not ended; it came `ns` ago
  collective_call,  ///< the same of a call that all workers enter together
};

struct Wait {
  WaitKind kind = WaitKind::ready;
  TaskId task, data;
  WorkerId worker;
  std::int64_t ns = 0, cpu_ns = 0;
};

}  // namespace ashlar::protocol
