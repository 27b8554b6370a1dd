#include "replay_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "ashlar/base/error.hpp"
#include "ashlar/scheduler/record.hpp"
#include "ashlar/simulation/cluster.hpp"
#include "ashlar/simulation/policy_text.hpp"
#include "ashlar/simulation/replay.hpp"

using namespace ashlar;

namespace {

std::ifstream opened(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw IoError(std::string("cannot be read: ") + std::strerror(errno));
  return in;
}

void print(const char* title, const std::vector<std::string>& commands) {
  constexpr std::size_t lines_max = 20;
  std::printf("%s: %zu commands\n", title, commands.size());
  for (std::size_t i = 0; i < commands.size() && i < lines_max; ++i) std::printf("    %s\n", commands[i].c_str());
  if (commands.size() > lines_max) std::printf("    and %zu more\n", commands.size() - lines_max);
}

void simulate(const char* title, const simulation::RecordedJob& job, const scheduler::Policy& policy) {
  const simulation::Outcome outcome =
      simulation::SimulatedCluster({.workers = job.workers, .threads = job.threads, .memory_limit = job.memory_limit, .policy = policy}, job.graph).run();
  std::printf("%s: makespan %.3f ms, %lld bytes moved, peak of a worker %lld bytes\n", title, static_cast<double>(outcome.makespan_ns) / 1e6,
              static_cast<long long>(outcome.moved_bytes), static_cast<long long>(outcome.peak_bytes));
}

}  // namespace

int replay_file(const std::string& file, const std::vector<std::string>& policy, bool trace) try {
  simulation::ReplayOptions options;
  scheduler::Policy then;
  if (!policy.empty()) {
    std::ifstream in = opened(file);
    then = scheduler::RecordReader(in).policy();
    options.policy = then;
    for (const std::string& change : policy) simulation::set(*options.policy, change);
  }
  if (trace) options.trace = &std::cout;
  std::ifstream in = opened(file);
  const simulation::Replay result = simulation::replay(in, options);
  std::printf("%lld events, %lld commands, hash %016llx\n", static_cast<long long>(result.events), static_cast<long long>(result.commands),
              static_cast<unsigned long long>(result.hash));
  if (!result.ending.empty()) std::printf("the run ended with: %s\n", result.ending.c_str());
  if (result.difference) {
    const auto& d = *result.difference;
    std::printf("first difference at event %lld, %lld ns: %s\n", static_cast<long long>(d.event), static_cast<long long>(d.now), d.text.c_str());
    if (options.policy) print("as recorded", d.then);
    print(options.policy ? "under the other policy" : "this build", d.here);
  }
  if (!result.incomplete.empty()) std::printf("%s: %s\n", file.c_str(), result.incomplete.c_str());
  if (options.policy && result.incomplete.empty()) {
    std::ifstream again = opened(file);
    const simulation::RecordedJob job = simulation::recorded_job(again);
    simulate("simulated, recorded policy", job, then);
    simulate("simulated, other policy", job, *options.policy);
    return 0;
  }
  if (!result.difference && result.incomplete.empty()) std::printf("the same commands\n");
  return result.difference || !result.incomplete.empty() ? 1 : 0;
} catch (const IoError& e) {
  throw IoError(file + ": " + e.what());
}
