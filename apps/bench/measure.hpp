#pragma once
// How a workload is timed and told: one warm-up, then samples; one JSON line per workload on stdout.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ashlar/ashlar.hpp"
#include "sweep.hpp"

namespace bench {

using Json = nlohmann::ordered_json;

struct Setting {
  bool full = false;
  int repeats = 3;  ///< samples; 0: the warm-up is the only one
  std::string folder = ".";  ///< for files that workloads write; the frame workloads find their tables there

  // Of the patterns; 0: as the workload says.
  int width = 0, steps = 0, radix = 5, output_bytes = 16;
  std::int64_t iterations = 16;  ///< of pattern_…; a sweep chooses its own
  bool submit = false;           ///< tasks are made by Client::submit instead of delayed()
  std::int64_t tasks = 0;        ///< of independent, chain_alternating, busy and memory_per_task
  double idle_s = 0;             ///< of submit_latency and idle
  bool from_csv = false;         ///< the tables of the frame workloads are read from x.*.csv by each question, not held
  int block_mib = 8;             ///< of a CSV file, that make a partition
};

/// What one run of a workload leaves: its seconds (from the first statement that describes the computation until the answer exists),
/// the checksum, and figures that are never compared.
struct Sample {
  double seconds = 0;
  Json result;
  Json extra = Json::object();
};

struct Workload {
  std::string name;
  /// Fills `scale` and returns the function that runs one sample; inputs that are held are made here, before any timing.
  std::function<std::function<Sample()>(ashlar::Client&, const Setting&, Json& scale)> prepare;
  /// Runs only when it is named: no part of the comparison with other systems, or long.
  bool on_request = false;
  /// One run is the only sample: it repeats what it measures by itself.
  bool once = false;
};

const std::vector<Workload>& array_workloads();
const std::vector<Workload>& frame_workloads();
const std::vector<Workload>& numpy_workloads();
const std::vector<Workload>& task_workloads();
const std::vector<Workload>& pattern_workloads();
const std::vector<Workload>& cost_workloads();

/// The curves of the sweeps that ran so far.
std::vector<Curve>& curves();

/// Seconds on a steady clock.
double now();
double median(std::vector<double> values);

/// Runs one workload and prints its line.
void report(ashlar::Client& client, const Workload& workload, const Setting& setting);

}  // namespace bench
