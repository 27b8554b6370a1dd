#pragma once
// A simulated job as a text file: cluster, network, graph, what goes wrong, and what must hold of the outcome. The README describes the
// format; tests/simulation/scenarios has examples, run by one test.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/simulation/cluster.hpp"

namespace ashlar::simulation {

/// What must hold at the end. Absent: not checked.
struct Checks {
  std::optional<double> makespan_over_bound;    ///< at most so many times the longest path or the evenly shared work
  std::optional<double> busy;                   ///< at least this part of the threads' time is in tasks
  std::optional<double> rank_0_busy;            ///< at most this part of the makespan is rank 0's own work
  std::optional<std::int64_t> makespan_ns;      ///< at most
  std::optional<std::int64_t> peak_nbytes;      ///< of results on any worker, at most
  std::optional<std::int64_t> moved_nbytes;     ///< between workers, at most
  std::optional<std::int64_t> finished, erred;  ///< exactly
  std::optional<std::int64_t> finished_min, erred_max;
};

struct Scenario {
  std::string about;
  ClusterOptions cluster;
  GraphOptions graph;
  ClientOptions client;
  std::vector<std::int64_t> throwing;  ///< tasks that throw, by number
  Checks checks;
};

/// Errors    ValueError with file and line for text that is no TOML; KeyError for a name that is none (lists those there are); ValueError for
///           a value that does not fit its name.
Scenario parse_scenario(std::string_view text, const std::string& file);
/// Errors    as above, and IoError for a file that cannot be read.
Scenario read_scenario(const std::string& file);

struct ScenarioOutcome {
  Outcome outcome;
  Bound bound;
  std::int64_t bound_ns = 0;
  double makespan_over_bound = 0, busy = 0;
  std::vector<std::string> failures;  ///< faults of the run and checks that do not hold, in words with both numbers
};
ScenarioOutcome run(const Scenario& scenario);

}  // namespace ashlar::simulation
