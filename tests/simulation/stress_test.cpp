// Hundreds of small jobs with everything going wrong at random. A failure prints its seed; ASHLAR_TEST_SEED runs that one alone and prints
// all commands.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "ashlar/simulation/random.hpp"
#include "simulation/expect_good.hpp"

namespace ashlar::simulation {
namespace {

struct Trouble {
  bool throws = false, cancels = false, losses = false, short_of_memory = false, scratch_fails = false, copies = false;
};

// Over all seeds: what is to be stressed must happen.
std::int64_t steals = 0, stolen = 0, attempts_failed = 0;

void run_seed(std::uint64_t seed, Trouble trouble) {
  SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  GraphOptions graph;
  const GraphKind kinds[] = {GraphKind::random, GraphKind::random,  GraphKind::random,   GraphKind::tree,
                             GraphKind::chain,  GraphKind::stencil, GraphKind::reduction};
  graph.kind = kinds[random.below(7)];
  graph.tasks = random.between(1, 120);
  graph.task_ns = random.one_in(4) ? 0 : random.between(1, 100'000);
  graph.nbytes = random.between(0, 1000);
  graph.throws_one_in = trouble.throws ? static_cast<int>(random.between(5, 50)) : 0;
  graph.seed = random.next();
  ClusterOptions cluster;
  cluster.workers = static_cast<int>(random.one_in(6) ? random.between(17, 40) : random.between(1, 7));
  graph.options_one_in = random.one_in(2) ? static_cast<int>(random.between(1, 10)) : 0;
  graph.workers = cluster.workers;
  cluster.threads = static_cast<int>(random.between(1, 3));
  cluster.memory_limit = random.one_in(2) ? random.between(0, 10'000) : std::int64_t{1} << 40;
  cluster.flight_limit = random.one_in(2) ? random.between(0, 2'000) : std::int64_t{1} << 30;
  cluster.scheduler_event_ns = random.between(0, 5'000);
  cluster.network.latency_ns = random.between(0, 50'000);
  cluster.network.jitter_ns = random.one_in(3) ? 0 : random.between(0, 1'000'000);
  cluster.network.seed = random.next();
  for (int i = 0; i < 3 && random.one_in(3); ++i)
    cluster.network.slow_links.push_back(
        {static_cast<int>(random.below(cluster.workers + 1)), static_cast<int>(random.below(cluster.workers + 1)), 20});
  cluster.policy.queue_ns = random.one_in(2) ? 0 : 4'000'000;
  cluster.policy.transfer_latency_ns = random.one_in(2) ? 0 : 30'000;
  cluster.policy.steal_ns = random.one_in(2) ? 0 : random.below(100'000);
  cluster.policy.retry_pause_ns = random.below(200'000);
  cluster.policy.retry_pause_max_ns = 300'000;
  cluster.check_every = 1;
  if (std::getenv("ASHLAR_TEST_SEED")) cluster.trace = &std::cerr;
  ClientOptions client;
  client.pieces = random.between(1, 8);
  client.interval_ns = random.between(0, 500'000);
  client.span_ns = random.between(0, 1'000'000);
  client.ask_one_in = static_cast<int>(random.below(4));
  client.release_one_in = static_cast<int>(random.below(6));
  client.cancel_one_in = trouble.cancels ? static_cast<int>(random.between(1, 20)) : 0;
  client.seed = random.next();
  if (trouble.copies) {
    client.copy_one_in = static_cast<int>(random.between(1, 3));
    client.span_ns = random.between(0, 10'000'000);  // most results are there by then
  }
  if (trouble.losses)
    for (std::int64_t i = random.between(1, 2); i > 0; --i)
      cluster.faults.losses.push_back({static_cast<int>(random.below(cluster.workers)), random.below(3'000'000)});
  cluster.faults.detection_ns = random.below(500'000);
  if (trouble.short_of_memory) {
    cluster.worker_memory.budget = random.between(0, 6 * graph.nbytes);
    cluster.worker_memory.spill_at_least = random.one_in(3) ? random.between(1, 500) : 1;
    cluster.worker_memory.pause_above = random.one_in(4) ? -1 : worker::MemoryLimits::none;  // always paused, once measured
    cluster.memory_limit = random.one_in(3) ? std::int64_t{1} << 40 : cluster.worker_memory.budget;
    cluster.flight_limit = std::max<std::int64_t>(cluster.worker_memory.budget / 4, 1);
    cluster.scratch_bytes_per_ns = random.one_in(2) ? 0.001 : 1.0;
    cluster.scratch_fails_one_in = trouble.scratch_fails ? static_cast<int>(random.between(2, 20)) : 0;
  }

  const Outcome outcome = expect_good(cluster, make_graph(graph), client);
  steals += outcome.steals;
  stolen += outcome.stolen;
  attempts_failed += outcome.attempts_failed;
}

void run_seeds(Trouble trouble) {
  if (const char* one = std::getenv("ASHLAR_TEST_SEED")) return run_seed(std::strtoull(one, nullptr, 10), trouble);
  const std::uint64_t seeds = std::getenv("ASHLAR_TEST_LONG") ? 20'000 : 500;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    ASSERT_NO_THROW(run_seed(seed, trouble)) << "ASHLAR_TEST_SEED=" << seed;
    if (testing::Test::HasFailure()) FAIL() << "first failing seed: " << seed;
  }
  EXPECT_GT(stolen, 100);
  EXPECT_GT(steals, stolen + 10) << "some are refused";
  EXPECT_GT(attempts_failed, 100);
}

TEST(Stress, jobs_end_as_their_graphs_say_whatever_the_order_of_messages) { run_seeds({}); }
TEST(Stress, jobs_with_throwing_tasks_end_as_their_graphs_say) { run_seeds({.throws = true}); }
TEST(Stress, cancels_and_throws_at_any_moment_leave_nothing_behind) { run_seeds({.throws = true, .cancels = true}); }
TEST(Stress, workers_without_memory_put_results_on_scratch_and_get_on) { run_seeds({.short_of_memory = true}); }
TEST(Stress, cancels_and_throws_with_results_on_scratch_leave_nothing_behind) {
  run_seeds({.throws = true, .cancels = true, .short_of_memory = true});
}
TEST(Stress, lost_workers_and_failing_scratch_leave_the_others_clean) {
  run_seeds({.throws = true, .cancels = true, .losses = true, .short_of_memory = true, .scratch_fails = true});
}
TEST(Stress, results_that_are_copied_and_moved_at_any_moment_leave_nothing_behind) {
  run_seeds({.throws = true, .cancels = true, .copies = true});
}
TEST(Stress, copies_end_with_lost_workers) { run_seeds({.cancels = true, .losses = true, .copies = true}); }
TEST(Stress, lost_workers_leave_the_others_clean) { run_seeds({.throws = true, .cancels = true, .losses = true}); }

}  // namespace
}  // namespace ashlar::simulation
