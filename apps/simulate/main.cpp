// simulate: a job of any size in one process and virtual time, on the scheduler's and the workers' own machines.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <iostream>

#include "command_line/command_line.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/simulation/cluster.hpp"
#include "ashlar/simulation/policy_text.hpp"
#include "ashlar/simulation/scenario.hpp"
#include "curves.hpp"
#include "replay_file.hpp"
#include "scheduler_alone.hpp"

using namespace ashlar;

namespace {

void print(const simulation::Outcome& outcome, const simulation::ClusterOptions& cluster, std::int64_t least) {
  const double threads = static_cast<double>(cluster.workers) * cluster.threads, makespan = static_cast<double>(outcome.makespan_ns);
  std::printf("makespan         %.3f ms, %.2f times its lower bound, %.1f %% of the threads' time in tasks, rank 0 busy %.1f %%\n", makespan / 1e6,
              least > 0 ? makespan / static_cast<double>(least) : 0.0, makespan > 0 ? 100.0 * static_cast<double>(outcome.work_ns) / (makespan * threads) : 0.0,
              makespan > 0 ? 100.0 * static_cast<double>(outcome.rank_0_ns) / makespan : 0.0);
  std::printf("reports          %lld finished, %lld erred, %lld cancelled; %lld tasks ran\n", static_cast<long long>(outcome.finished),
              static_cast<long long>(outcome.erred), static_cast<long long>(outcome.cancelled), static_cast<long long>(outcome.ran));
  std::printf("peak of a worker %lld bytes\n", static_cast<long long>(outcome.peak_bytes));
  std::printf("messages         %lld, %lld bytes of results moved, %lld scheduler events\n", static_cast<long long>(outcome.messages),
              static_cast<long long>(outcome.moved_bytes), static_cast<long long>(outcome.scheduler_events));
}

int run_scenarios(const std::vector<std::string>& files, bool trace) {
  int failed = 0;
  for (const std::string& file : files) {
    simulation::Scenario scenario = simulation::read_scenario(file);
    if (trace) scenario.cluster.trace = &std::cout;
    std::printf("%s: %s\n", file.c_str(), scenario.about.c_str());
    const simulation::ScenarioOutcome result = simulation::run(scenario);
    print(result.outcome, scenario.cluster, result.bound_ns);
    std::printf("hash             %016llx\n", static_cast<unsigned long long>(result.outcome.hash));
    for (const std::string& failure : result.failures) std::printf("FAILED: %s\n", failure.c_str());
    failed += !result.failures.empty();
  }
  return failed > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) try {
  command_line::CommandLine options("Simulates a job: real decisions, virtual time. The same options give the same hash.");
  simulation::GraphOptions graph;
  simulation::ClusterOptions cluster;
  simulation::ClientOptions client;
  std::string kind = "independent";
  double memory_gib = 1024, loss_ms = 0;
  int lost = -1;
  bool alone = false, trace = false;
  std::int64_t batch = 64;
  options.add("--graph", &kind, "independent, tree, chain, stencil, nearest, spread, fft, all_to_all, random, reduction or shuffle");
  options.add("--tasks", &graph.tasks, "number of tasks, about", {.kind = command_line::Wanted::positive});
  options.add("--workers", &cluster.workers, "number of workers", {.kind = command_line::Wanted::positive});
  options.add("--threads", &cluster.threads, "executor threads of each worker", {.kind = command_line::Wanted::positive});
  options.add("--task-ns", &graph.task_ns, "mean duration of a task", {.kind = command_line::Wanted::not_negative});
  options.add("--nbytes", &graph.nbytes, "size of a result", {.kind = command_line::Wanted::not_negative});
  options.add("--width", &graph.width, "chains, or points of a stencil; 0: the square root of the tasks");
  options.add("--throws-one-in", &graph.throws_one_in, "tasks that throw; 0: none");
  options.add("--cancel-one-in", &client.cancel_one_in, "results that are cancelled; 0: none");
  options.add("--release-one-in", &client.release_one_in, "results whose handle is dropped early; 0: none");
  options.add("--pieces", &client.pieces, "submissions the graph is cut into", {.kind = command_line::Wanted::positive});
  options.add("--interval-ns", &client.interval_ns, "between submissions");
  options.add("--memory-gib", &memory_gib, "budget of each worker");
  options.add("--latency-ns", &cluster.network.latency_ns, "of a message");
  options.add("--jitter-ns", &cluster.network.jitter_ns, "a message takes up to this much longer");
  options.add("--scheduler-ns", &cluster.scheduler_event_ns, "the scheduler's time for an event or a finished task");
  options.add("--lose-worker", &lost, "a worker that is lost; -1: none");
  options.add("--lose-at-ms", &loss_ms, "when it is lost");
  options.add("--check-every", &cluster.check_every, "events of a machine between two checks of its invariants; 0: never");
  options.add("--seed", &graph.seed, "of durations, random graphs, jitter and the client's moods");
  std::string record, durations = "outliers", svg;
  bool with_curves = false, quick = false;
  std::vector<std::string> scenarios;
  options.add("scenarios", &scenarios, "files that describe jobs and what must hold of them (lib/ashlar/simulation/README.md)");
  options.add("--durations", &durations, "of tasks: fixed, uniform, outliers, lognormal or heavy_tail");
  options.add("--fetch", &graph.fetch, "the client gets the values it wants and holds no results");
  options.add("--curves", &with_curves, "tables: the scheduler's cost, makespans against their bounds, memory");
  options.add("--svg", &svg, "with --curves: a picture of them");
  options.add("--quick", &quick, "with --curves: smaller sizes");
  std::vector<std::string> policy;
  options.add("--replay", &record, "give the events of a run (--ashlar-record=FILE) to the scheduler again: are the commands the same?");
  options.add("--policy", &policy, "NAME=NUMBER: a field of the scheduler's policy; with --replay: what would have been decided differently");
  options.add("--trace", &trace, "print every command with its virtual time");
  options.add("--scheduler-alone", &alone, "only the scheduler, timed: tasks end the moment they are given");
  options.add("--batch", &batch, "with --scheduler-alone: tasks a worker reports at a time", {.kind = command_line::Wanted::positive});
  if (const auto code = options.parse(argc, argv)) return *code;
  if (!record.empty()) return replay_file(record, policy, trace);
  if (with_curves) return curves(svg, quick), 0;
  if (!scenarios.empty()) return run_scenarios(scenarios, trace);
  graph.durations = simulation::distribution(durations);
  for (const std::string& change : policy) simulation::set(cluster.policy, change);
  graph.kind = simulation::graph_kind(kind);
  cluster.memory_limit = static_cast<std::int64_t>(memory_gib * (1 << 30));
  cluster.network.seed = graph.seed + 1;
  client.seed = graph.seed + 2;
  client.span_ns = client.release_one_in || client.cancel_one_in
                       ? graph.tasks * graph.task_ns / (static_cast<std::int64_t>(cluster.workers) * cluster.threads)
                       : 0;
  if (lost >= cluster.workers)
    throw ValueError("no such worker to lose: wanted less than " + std::to_string(cluster.workers) + ", found " + std::to_string(lost));
  if (lost >= 0) cluster.faults.losses.push_back({lost, static_cast<std::int64_t>(loss_ms * 1e6)});

  simulation::Graph tasks = simulation::make_graph(graph);
  const double count = static_cast<double>(tasks.size());
  std::printf("%s, %lld tasks, %d workers of %d threads, seed %llu\n", kind.c_str(), static_cast<long long>(tasks.size()), cluster.workers,
              cluster.threads, static_cast<unsigned long long>(graph.seed));
  if (alone) {
    const SchedulerAlone cost = scheduler_alone(tasks, cluster.workers, cluster.threads, client.pieces, batch);
    std::printf("scheduler        %.0f ns per task, %lld events, %lld commands\n", cost.ns_per_task, static_cast<long long>(cost.events),
                static_cast<long long>(cost.commands));
    return 0;
  }
  if (trace) cluster.trace = &std::cout;
  const std::int64_t least = simulation::bound(tasks).makespan_ns(static_cast<std::int64_t>(cluster.workers) * cluster.threads);
  const auto begin = std::chrono::steady_clock::now();
  const simulation::Outcome outcome = simulation::SimulatedCluster(cluster, std::move(tasks), client).run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  print(outcome, cluster, least);
  std::printf("hash             %016llx\n", static_cast<unsigned long long>(outcome.hash));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("this took        %.2f s, %.0f ns per task, %.0f MB at most\n", took.count(), took.count() * 1e9 / count,
              static_cast<double>(usage.ru_maxrss) / 1024);
  for (const std::string& fault : outcome.faults) std::printf("FAULT: %s\n", fault.c_str());
  return outcome.faults.empty() ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "simulate: %s\n", e.what());
  return 1;
}
