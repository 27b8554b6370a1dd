#pragma once
#include <string>
#include <vector>

#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {

/// Walks every invariant and returns the broken ones in words; linear in tasks, edges and workers. Tests call it after each event.
///  1. a task's `unplaced` and `missing` are the numbers of its inputs that are not placed, not in memory
///  2. its `consumers` is the number of live tasks that list it as an input, and of live tasks among its `dependents`
///  3. waiting: an input is not placed, or it pauses after a failure; queued: no inputs, in one worker's share or in its pool; ended:
///     its inputs are let go of
///  4. a task is wanted or has consumers; a fetched one that ended has consumers
///  5. a worker's bytes, occupancy and counts are the sums over its tasks
///  6. `held` and `processing` are the numbers of tasks in those states; while tasks are held something is processing
///  7. no worker that would take a source is idle while one is held; only living workers have shares
///     (those that wait are counted in neither)
///  8. an erred task has a cause or a reason, never both
///  9. tasks that were asked back can run, each has its thief, both workers count it; all others that can run and are not known to do so
///     are listed as stealable; blocks of edges in use are those of the records
/// 10. a pool's tasks, its able workers and what its held tasks take are what the records say
/// 11. copies are of results in memory, on living workers, each once; a request that is open waits for as many as are on their way
std::vector<std::string> broken_invariants(const State& state);

}  // namespace ashlar::scheduler
