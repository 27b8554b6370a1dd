#include "measure.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>

namespace bench {
namespace {

double own_peak_mb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kb = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> kb;
  return kb / 1024;
}

// Over all processes of the job; in one process the worker is this process.
double peak_mb(ashlar::Client& client) {
  double total = own_peak_mb();
  const auto there = client.run([](ashlar::WorkerContext&) { return std::pair<double, int>(own_peak_mb(), getpid()); });
  const int own_pid = getpid();
  for (const auto& [rank, peak] : there)
    if (peak.second != own_pid) total += peak.first;
  return total;
}

}  // namespace

std::vector<Curve>& curves() {
  static std::vector<Curve> all;
  return all;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void report(ashlar::Client& client, const Workload& workload, const Setting& setting) {
  Json line;
  line["system"] = "ashlar";
  line["workload"] = workload.name;
  Json scale = Json::object();
  scale["size"] = setting.full ? "full" : "small";
  try {
    const auto run = workload.prepare(client, setting, scale);
    line["scale"] = scale;
    line["workers"] = client.scheduler_info().nthreads();
    std::vector<Sample> samples;
    Sample first = run();
    const double warm_up = first.seconds;
    if (warm_up > 60 || workload.once || setting.repeats == 0) {
      first.extra["warm_up"] = false;
      samples.push_back(std::move(first));
    } else {
      const int n = warm_up > 20 ? 1 : setting.repeats;
      for (int i = 0; i < n; ++i) samples.push_back(run());
    }
    std::vector<double> seconds;
    for (const Sample& sample : samples) seconds.push_back(sample.seconds);
    line["seconds"] = seconds;
    line["result"] = samples.back().result;
    line["peak_rss_mb"] = peak_mb(client);
    // What is told beside the times is of the sample whose time is the median, not of whichever was last.
    const double middle = median(seconds);
    line["extra"] = std::find_if(samples.begin(), samples.end(), [&](const Sample& sample) { return sample.seconds == middle; })->extra;
  } catch (const std::exception& e) {
    line["scale"] = scale;
    line["error"] = e.what();
  }
  std::cout << line.dump() << std::endl;
}

}  // namespace bench
