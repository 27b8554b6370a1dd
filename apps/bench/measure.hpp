#pragma once
// How a workload is timed and told: one warm-up, then samples; one JSON line per workload on stdout.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ashlar/ashlar.hpp"

namespace bench {

using Json = nlohmann::ordered_json;

struct Setting {
  bool full = false;
  int repeats = 3;
  std::string folder = ".";  ///< for files that workloads write
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
};

const std::vector<Workload>& array_workloads();
const std::vector<Workload>& task_workloads();

/// Seconds on a steady clock.
double now();
double median(std::vector<double> values);

/// Runs one workload and prints its line.
void report(ashlar::Client& client, const Workload& workload, const Setting& setting);

}  // namespace bench
