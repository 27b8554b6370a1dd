#pragma once
// A record of a real run fed to the very scheduler object that ran then: same events, so the same commands, or a difference with its event.

#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "ashlar/scheduler/state.hpp"
#include "ashlar/simulation/graph.hpp"

namespace ashlar::simulation {

struct ReplayOptions {
  /// Another policy than the recorded one: where would the scheduler have decided differently for the first time?
  std::optional<scheduler::Policy> policy;
  std::ostream* trace = nullptr;  ///< gets each event and, indented, its commands
};

struct Replay {
  std::int64_t events = 0, commands = 0;
  std::uint64_t hash = 0;  ///< over all commands
  struct Difference {
    std::int64_t event = 0;  ///< its number, from 0
    scheduler::TimeNs now = 0;
    std::string text;                        ///< of the event
    std::vector<std::string> here;           ///< the commands of the machine (with another policy: under that policy)
    std::vector<std::string> then;           ///< with another policy: under the recorded one; else not known, only their hash
  };
  std::optional<Difference> difference;  ///< the first; nothing is replayed beyond
  std::string ending;                    ///< how the machine ended in the run: empty, or its error
  std::string incomplete;                ///< why the record stops before the end of the run: killed, cut or damaged
};

/// Errors    IoError when `in` is no record of this build's events; InternalError when the machine finds an event that fits no state and did
///           not in the run.
Replay replay(std::istream& in, const ReplayOptions& options = {});

/// The job of a record as a graph, to be simulated under any policy: tasks with the sizes and durations they had (those that never ended:
/// none), what the client held, and the workers. Submitted at once, though the client may have taken its time.
struct RecordedJob {
  Graph graph;
  int workers = 0, threads = 1;
  std::int64_t memory_limit = 0;  ///< of the smallest worker
};
/// Errors    IoError as above, also for a record that ends early.
RecordedJob recorded_job(std::istream& in);

}  // namespace ashlar::simulation
