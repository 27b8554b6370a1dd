// Every file of scenarios/ is run and its checks must hold.
#include "ashlar/simulation/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ashlar/base/error.hpp"

namespace ashlar::simulation {
namespace {

TEST(Scenario, what_the_files_promise_holds) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(ASHLAR_SCENARIOS))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 10u);
  for (const std::string& file : files) {
    const ScenarioOutcome result = run(read_scenario(file));
    for (const std::string& failure : result.failures) ADD_FAILURE() << file << ": " << failure;
    EXPECT_GT(result.outcome.ran, 0) << file;
  }
}

TEST(Scenario, every_name_reaches_its_option) {
  const Scenario s = parse_scenario(R"(
about = "all of it"
seed = 5
detection = "3 ms"
[cluster]
workers = 7
threads = 2
memory = "1 MB"
in_flight = "2 kB"
scheduler_event = "5 us"
check_every = 9
[network]
latency = "1 us"
jitter = "2 us"
bandwidth = "2 GB/s"
message = "100 ns"
small = "4 kB"
workers_per_node = 3
local_latency = 250
local_bandwidth = 4
[graph]
pattern = "fft"
tasks = 99
width = 8
task = "2 ms"
durations = "lognormal"
result = "3 MB"
sizes = "uniform"
fetch = true
throws_one_in = 4
throwing = [1, 2]
[client]
pieces = 3
interval = "1 ms"
span = "4 ms"
release_one_in = 1
ask_one_in = 2
cancel_one_in = 3
[policy]
queue_tasks = 5
[[lost]]
worker = 1
at = "1 s"
[[lost]]
worker = 2
event = 30
[[slow]]
worker = 3
factor = 4
from = "1 ms"
[[slow_link]]
from = -1
to = 0
factor = 6
[[delayed]]
from = 2
to = 3
message = 4
by = "5 ms"
[checks]
makespan_over_bound = 1.5
busy = 0.5
rank_0_busy = 0.1
makespan = "1 s"
peak = "1 GB"
moved = "2 GB"
finished = 1
erred = 2
finished_min = 3
erred_max = 4
)",
                                    "all.toml");
  EXPECT_EQ(s.about, "all of it");
  EXPECT_EQ(s.cluster.faults.detection_ns, 3'000'000);
  EXPECT_EQ(s.cluster.workers, 7);
  EXPECT_EQ(s.cluster.threads, 2);
  EXPECT_EQ(s.cluster.memory_limit, 1'000'000);
  EXPECT_EQ(s.cluster.flight_limit, 2000);
  EXPECT_EQ(s.cluster.scheduler_event_ns, 5000);
  EXPECT_EQ(s.cluster.check_every, 9);
  const NetworkOptions& n = s.cluster.network;
  EXPECT_EQ(n.latency_ns, 1000);
  EXPECT_EQ(n.jitter_ns, 2000);
  EXPECT_EQ(n.bytes_per_ns, 2);
  EXPECT_EQ(n.message_ns, 100);
  EXPECT_EQ(n.small_nbytes, 4000);
  EXPECT_EQ(n.workers_per_node, 3);
  EXPECT_EQ(n.local_latency_ns, 250);
  EXPECT_EQ(n.local_bytes_per_ns, 4);
  EXPECT_EQ(n.seed, 6u);
  EXPECT_EQ(s.graph.kind, GraphKind::fft);
  EXPECT_EQ(s.graph.tasks, 99);
  EXPECT_EQ(s.graph.width, 8);
  EXPECT_EQ(s.graph.task_ns, 2'000'000);
  EXPECT_EQ(s.graph.durations, Distribution::lognormal);
  EXPECT_EQ(s.graph.nbytes, 3'000'000);
  EXPECT_EQ(s.graph.sizes, Distribution::uniform);
  EXPECT_TRUE(s.graph.fetch);
  EXPECT_EQ(s.graph.throws_one_in, 4);
  EXPECT_EQ(s.graph.seed, 5u);
  EXPECT_EQ(s.throwing, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(s.client.pieces, 3);
  EXPECT_EQ(s.client.interval_ns, 1'000'000);
  EXPECT_EQ(s.client.span_ns, 4'000'000);
  EXPECT_EQ(s.client.release_one_in, 1);
  EXPECT_EQ(s.client.ask_one_in, 2);
  EXPECT_EQ(s.client.cancel_one_in, 3);
  EXPECT_EQ(s.client.seed, 7u);
  EXPECT_EQ(s.cluster.policy.queue_tasks, 5);
  ASSERT_EQ(s.cluster.faults.losses.size(), 2u);
  EXPECT_EQ(s.cluster.faults.losses[0].at_ns, 1'000'000'000);
  EXPECT_EQ(s.cluster.faults.losses[1].worker, 2);
  EXPECT_EQ(s.cluster.faults.losses[1].at_event, 30);
  ASSERT_EQ(s.cluster.faults.slow_workers.size(), 1u);
  EXPECT_EQ(s.cluster.faults.slow_workers[0].factor, 4);
  EXPECT_EQ(s.cluster.faults.slow_workers[0].from_ns, 1'000'000);
  ASSERT_EQ(n.slow_links.size(), 1u);
  EXPECT_EQ(n.slow_links[0].from, 0);
  EXPECT_EQ(n.slow_links[0].to, 1);
  EXPECT_EQ(n.slow_links[0].factor, 6);
  ASSERT_EQ(n.delays.size(), 1u);
  EXPECT_EQ(n.delays[0].from, 3);
  EXPECT_EQ(n.delays[0].message, 4);
  EXPECT_EQ(n.delays[0].by_ns, 5'000'000);
  EXPECT_EQ(s.checks.makespan_over_bound, 1.5);
  EXPECT_EQ(s.checks.busy, 0.5);
  EXPECT_EQ(s.checks.rank_0_busy, 0.1);
  EXPECT_EQ(s.checks.makespan_ns, 1'000'000'000);
  EXPECT_EQ(s.checks.peak_nbytes, 1'000'000'000);
  EXPECT_EQ(s.checks.moved_nbytes, 2'000'000'000);
  EXPECT_EQ(s.checks.finished, 1);
  EXPECT_EQ(s.checks.erred, 2);
  EXPECT_EQ(s.checks.finished_min, 3);
  EXPECT_EQ(s.checks.erred_max, 4);
}

std::string error_of(const std::string& text) {
  try {
    run(parse_scenario(text, "s.toml"));
  } catch (const Error& e) {
    return std::string(e.kind()) + ": " + e.what();
  }
  return "";
}

TEST(Scenario, what_is_wrong_in_a_file_is_told_with_its_line) {
  EXPECT_EQ(error_of("seed = ").rfind("ValueError: s.toml line 1: ", 0), 0u) << error_of("seed = ");
  EXPECT_EQ(error_of("\n[cluster]\nworker = 3\n"),
            "KeyError: s.toml line 3: cluster.worker is no name of a scenario: wanted one of check_every, in_flight, memory, scheduler_event, "
            "threads, workers");
  EXPECT_EQ(error_of("[cluster]\nworkers = 0\n"), "ValueError: s.toml line 2: cluster.workers: a value above 0 was wanted, found 0");
  EXPECT_EQ(error_of("[graph]\npattern = \"forest\"\n").rfind("ValueError: s.toml line 2: graph.pattern: no such kind of graph", 0), 0u);
  EXPECT_EQ(error_of("[network]\nbandwidth = \"10 GB\"\n"),
            "ValueError: s.toml line 2: network.bandwidth: a bandwidth is given as \"10 GB/s\", found \"10 GB\"");
  EXPECT_EQ(error_of("graph = 3\n"), "ValueError: s.toml line 1: graph: a table, [graph], was wanted");
  EXPECT_EQ(error_of("[[lost]]\nworker = 9\n"), "ValueError: no such worker to be lost: wanted 0 to 3, found 9");
  EXPECT_EQ(error_of("[graph]\ntasks = 5\nthrowing = [5]\n"), "ValueError: graph.throwing: task 5 is not there, the graph has 5");
  EXPECT_EQ(error_of("[policy]\nqueue = 3\n").rfind("KeyError: s.toml line 2: policy.queue is no name", 0), 0u);
}

TEST(Scenario, a_check_that_does_not_hold_is_a_failure_with_both_numbers) {
  const ScenarioOutcome result = run(parse_scenario("[graph]\ntasks = 10\n[checks]\nfinished = 11\nbusy = 2.0\npeak = 1\n", "s.toml"));

  ASSERT_EQ(result.failures.size(), 3u);
  EXPECT_EQ(result.failures[0].rfind("busy: wanted at least 2, found 0.", 0), 0u) << result.failures[0];
  EXPECT_EQ(result.failures[1].rfind("peak: wanted at most 1, found ", 0), 0u) << result.failures[1];
  EXPECT_EQ(result.failures[2], "finished: wanted 11, found 10");
}

}  // namespace
}  // namespace ashlar::simulation
