#pragma once
// Who waits for what, in the whole job, as text and as a graph: what rank 0 prints when nothing moves, or when it is asked to.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {

/// A call that was sent to all workers and has not ended on some of them.
struct OpenCall {
  std::int64_t number = 0;
  bool collective = false;
  std::vector<WorkerId> missing;
};

struct Waiting {
  const scheduler::State& machine;
  const std::vector<WorkerInfo>& workers;
  const std::vector<std::optional<protocol::WaitsReport>>& answers;  ///< of each worker; empty: it has not said a word
  std::function<std::string(TaskId)> key;
  std::vector<OpenCall> calls;
  int client_waits = 0;     ///< threads of the program that wait for a result
  double answer_limit_s = 0;  ///< how long the workers had to answer
  std::int64_t gap_ns = 1;    ///< the time in which running tasks used their `cpu_ns`
};

/// One line per task, input, call and worker that has not answered; of many the first, and how many more.
std::string waiting_text(const Waiting& waiting);

/// The same as DOT: an arrow goes from who waits to what it waits for. Tasks that run are filled, workers are boxes, a worker that has not
/// answered is red.
std::string waiting_dot(const Waiting& waiting);

}  // namespace ashlar
