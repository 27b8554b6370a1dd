#pragma once
// The scheduler's machine without anything around it: what one task costs rank 0.

#include <cstdint>

#include "ashlar/simulation/graph.hpp"

struct SchedulerAlone {
  double ns_per_task = 0;  ///< of processor time
  std::int64_t events = 0, commands = 0;
};
/// Submits the graph in `pieces`, ends every task it is told to run at once, in batches of at most `batch` per worker, then releases all.
SchedulerAlone scheduler_alone(const ashlar::simulation::Graph& graph, int workers, int threads, std::int64_t pieces, std::int64_t batch);
