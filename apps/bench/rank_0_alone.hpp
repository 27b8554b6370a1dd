#pragma once
// What rank 0 costs for each task, without any worker.

#include <cstdint>

namespace bench {

/// The client, submission, scheduling and release of `tasks` tasks of several kinds of graph. Workers are a stand-in: a thread in this process
/// that answers every message as `workers` workers would which take no time. Processor time of the client's and of the scheduler's
/// thread, one JSON line a graph; beside it `simulate --scheduler-alone`, which times the scheduler's machine by itself.
int rank_0_alone(std::int64_t tasks, int workers, int repeats);

}  // namespace bench
