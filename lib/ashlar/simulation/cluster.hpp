#pragma once
// A whole job in one thread and virtual time: the scheduler's and the workers' own machines, joined by a made-up network.
//
// What is real: every decision. What is made up: how long tasks, messages and the scheduler's turns take, and what goes wrong. Every value
// is a number that depends on all the values it was made from, so a wrong, lost or early input shows. The stores of values are kept by the
// simulator: a machine that sends or uses what it has dropped is caught.

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "ashlar/scheduler/state.hpp"
#include "ashlar/simulation/client.hpp"
#include "ashlar/simulation/graph.hpp"
#include "ashlar/simulation/network_model.hpp"
#include "ashlar/worker/state.hpp"

namespace ashlar::simulation {

/// What goes wrong, as data. Tasks that throw are in the graph, slow links and delayed messages in the network.
struct FaultPlan {
  struct Loss {
    int worker = 0;
    std::int64_t at_ns = 0;
    std::int64_t at_event = -1;  ///< when the scheduler has handled so many events; -1: at the time above
  };
  struct Slow {
    int worker = 0;
    std::int64_t factor = 10;  ///< its tasks take so many times as long
    std::int64_t from_ns = 0;
  };
  std::vector<Loss> losses;
  std::vector<Slow> slow_workers;
  std::int64_t detection_ns = 10'000;  ///< from the loss to the scheduler's knowing
};

struct ClusterOptions {
  int workers = 4;
  int threads = 1;
  std::int64_t memory_limit = std::int64_t{1} << 40;
  std::int64_t resource = 1'000'000;  ///< of "r" that each worker has, in millionths
  std::int64_t flight_limit = std::int64_t{1} << 30;
  worker::MemoryLimits worker_memory;       ///< by default none: only the scheduler keeps to `memory_limit`
  double scratch_bytes_per_ns = 1.0;        ///< of each worker's scratch
  int scratch_fails_one_in = 0;             ///< writes and reads that fail; 0: none
  std::int64_t scheduler_event_ns = 1'000;  ///< the scheduler's time for one event or finished task
  scheduler::Policy policy;
  NetworkOptions network;
  FaultPlan faults;
  std::ostream* record = nullptr;  ///< gets a record of the scheduler's events, as a real run writes it
  std::ostream* trace = nullptr;  ///< gets one line for each command, with its virtual time
  std::int64_t check_every = 0;   ///< events of a machine between two walks through its invariants; 0: never
};

struct Outcome {
  std::uint64_t hash = 0;        ///< over every command of both machines, in order
  std::int64_t makespan_ns = 0;  ///< until the client's last report
  std::int64_t work_ns = 0;      ///< sum of the durations of the tasks that ran
  std::int64_t rank_0_ns = 0;    ///< the scheduler's time
  std::int64_t ran = 0, finished = 0, erred = 0, cancelled = 0;
  std::int64_t steals = 0, stolen = 0;  ///< tasks that were asked back, and given back
  std::int64_t attempts_failed = 0;
  std::int64_t scheduler_events = 0, messages = 0, moved_bytes = 0;
  std::int64_t peak_bytes = 0;      ///< most that any worker held at a time
  std::int64_t peak_used = 0;       ///< with what running tasks held and made, and what was on its way
  std::int64_t spilled_bytes = 0;   ///< written to scratch, in all
  std::vector<std::string> faults;  ///< what was not as it must be; empty for a good run
};

class SimulatedCluster {
 public:
  /// Errors    ValueError for a fault of a worker that is not there.
  SimulatedCluster(const ClusterOptions& options, Graph graph, const ClientOptions& client = {});
  ~SimulatedCluster();
  /// To the end: the client's actions, then everything it caused, then the release of all results.
  /// Errors    InternalError when a machine finds an event that fits no state.
  Outcome run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ashlar::simulation
