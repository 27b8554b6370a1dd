#pragma once
// The names of things that both machines and the wire use.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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

/// An input of a task, as a worker is told of it.
struct TaskInputRef {
  TaskId task;
  WorkerId holder;          ///< who has it or will have it
  std::int64_t nbytes = 0;  ///< estimate; 0 where unknown
  bool last_use = false;    ///< nobody else needs it: the task may take it apart, its holder forgets it
};
/// Most tasks have one or two: no allocation for those.
using TaskInputs = boost::container::small_vector<TaskInputRef, 2>;

/// Amounts of abstract resources by name, in millionths (so that sums are exact), each name once and in order.
using ResourceAmounts = std::vector<std::pair<std::string, std::int64_t>>;
inline constexpr std::int64_t resource_unit = 1'000'000;

/// What a worker has to know of the few tasks that have it.
struct TaskLimits {
  std::int64_t timeout_ns = 0;  ///< it fails when it runs longer; 0: no limit
  ResourceAmounts resources;    ///< what it takes of the worker while it runs
};

}  // namespace ashlar
