#pragma once
// The names of things that both machines and the wire use.

#include <cstdint>

#include "ashlar/base/strong_id.hpp"

namespace ashlar {

/// A task of this job; dense, given out by the client, never used again.
using TaskId = StrongId<struct TaskIdTag, std::int64_t>;
/// A worker, from 0. Under MPI worker w is rank w + 1; in one process there is worker 0.
using WorkerId = StrongId<struct WorkerIdTag, std::int32_t>;
/// An operation that workers know by number.
using OperationId = StrongId<struct OperationIdTag, std::int32_t>;

/// The client where a worker is expected: results go to rank 0.
inline constexpr WorkerId client_id{-2};
/// Tasks that wait for a result, where a worker is expected: the value goes to whoever rank 0 named.
inline constexpr WorkerId tasks_id{-3};

/// An input of a task, as a worker is told of it.
struct TaskInputRef {
  TaskId task;
  WorkerId holder;          ///< who has it or will have it
  std::int64_t nbytes = 0;  ///< estimate; 0 where unknown
  bool last_use = false;    ///< nobody else needs it: the task may take it apart, its holder forgets it
};

}  // namespace ashlar
