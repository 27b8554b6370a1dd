#include "ashlar/simulation/cluster.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "ashlar/simulation/random.hpp"
#include "simulation/expect_good.hpp"

namespace ashlar::simulation {
namespace {

const char* const kinds[] = {"independent", "tree", "chain", "stencil", "random", "reduction"};

TEST(SimulatedCluster, ends_every_kind_of_graph_as_the_graph_says) {
  for (const char* kind : kinds)
    for (int workers : {1, 2, 3, 7})
      for (int threads : {1, 3}) {
        SCOPED_TRACE(std::string(kind) + " on " + std::to_string(workers) + " workers of " + std::to_string(threads));
        const Graph graph = make_graph({.kind = graph_kind(kind), .tasks = 300, .task_ns = 100'000});
        std::int64_t wanted = 0;
        for (const auto& task : graph.tasks) wanted += task.wanted;

        const Outcome outcome = expect_good({.workers = workers, .threads = threads, .check_every = 7}, graph);

        EXPECT_EQ(outcome.finished, wanted);
        EXPECT_EQ(outcome.erred + outcome.cancelled, 0);
      }
}

// One task of 100 ns, messages of 1,000 ns: submission at 0, RunTask there at 1,000, done at 1,100, told at 2,100.
TEST(SimulatedCluster, virtual_time_is_the_sum_of_its_parts) {
  Graph graph{{"f"}, {}, {}};
  graph.add({.nbytes = 0, .duration_ns = 100, .wanted = true}, {});
  ClusterOptions cluster{.workers = 1, .scheduler_event_ns = 0};
  cluster.network = {.latency_ns = 1000, .bytes_per_ns = 1e9};

  const Outcome outcome = expect_good(cluster, graph);

  EXPECT_EQ(outcome.makespan_ns, 2100);
  EXPECT_EQ(outcome.work_ns, 100);
  EXPECT_EQ(outcome.ran, 1);
}

// Two links of a chain on two workers never wait for rank 0: the second starts when its input lands.
TEST(SimulatedCluster, a_chain_does_not_wait_for_rank_0) {
  const Graph graph = make_graph({.kind = GraphKind::chain, .tasks = 100, .task_ns = 1000, .width = 1});
  ClusterOptions cluster{.workers = 2, .scheduler_event_ns = 1000};
  cluster.network.latency_ns = 1'000'000;

  const Outcome outcome = expect_good(cluster, graph);

  EXPECT_LT(outcome.makespan_ns, 3'000'000 + outcome.work_ns);
}

TEST(SimulatedCluster, keeps_threads_busy_where_the_graph_allows_it) {
  for (const char* kind : {"independent", "tree", "stencil", "reduction"}) {
    const Graph graph = make_graph({.kind = graph_kind(kind), .tasks = 4000, .task_ns = 1'000'000});

    const Outcome outcome = expect_good({.workers = 4, .threads = 1}, graph);

    // At least 85 % of the threads' time in tasks.
    EXPECT_LT(outcome.makespan_ns * 4 * 85 / 100, outcome.work_ns) << kind;
  }
}

TEST(SimulatedCluster, a_throwing_task_reaches_all_that_need_it_and_nobody_else) {
  Graph graph{{"f"}, {}, {}};
  graph.add({.duration_ns = 100}, {});
  graph.add({.duration_ns = 100, .throws = true}, {});
  graph.add({.duration_ns = 100, .wanted = true}, {0});
  graph.add({.duration_ns = 100, .wanted = true}, {0, 1});
  graph.add({.duration_ns = 100, .wanted = true}, {3});

  const Outcome outcome = expect_good({.workers = 2, .check_every = 1}, graph);

  EXPECT_EQ(outcome.finished, 1);
  EXPECT_EQ(outcome.erred, 2);
  EXPECT_EQ(outcome.ran, 3);
}

TEST(SimulatedCluster, large_results_stay_within_the_budget_of_each_worker) {
  // 700 sources of 8 MB, reduced eight at a time; 100 MB each.
  const Graph graph = make_graph({.kind = GraphKind::reduction, .tasks = 800, .task_ns = 1'000'000});
  ClusterOptions cluster{.workers = 4, .threads = 2, .memory_limit = 100'000'000, .check_every = 10};

  const Outcome outcome = expect_good(cluster, graph);

  // Copies of peers' results are not in the scheduler's sums: one combine's inputs.
  EXPECT_LE(outcome.peak_bytes, 100'000'000 + 8 * 8'000'000);
}

TEST(SimulatedCluster, a_budget_in_which_nothing_fits_does_not_stop_the_job) {
  const Graph graph = make_graph({.kind = GraphKind::reduction, .tasks = 100, .task_ns = 1000});

  const Outcome outcome = expect_good({.workers = 3, .memory_limit = 1, .check_every = 1}, graph);

  EXPECT_EQ(outcome.finished, 1);
}

TEST(SimulatedCluster, a_lost_worker_ends_its_tasks_with_a_reason_and_the_rest_goes_on) {
  const Graph graph = make_graph({.tasks = 200, .task_ns = 1'000'000});
  ClusterOptions cluster{.workers = 4, .check_every = 1};
  cluster.faults.losses.push_back({2, 10'000'000});

  const Outcome outcome = expect_good(cluster, graph);

  // What it had finished and the client still held is reported a second time, as erred.
  EXPECT_GE(outcome.finished + outcome.erred, 200);
  EXPECT_GT(outcome.erred, 0);
  EXPECT_LT(outcome.erred, 100);
}

TEST(SimulatedCluster, losing_all_workers_ends_the_job) {
  const Graph graph = make_graph({.kind = GraphKind::tree, .tasks = 200, .task_ns = 1'000'000});
  ClusterOptions cluster{.workers = 2, .check_every = 1};
  cluster.faults.losses = {{0, 3'000'000}, {1, 4'000'000}};

  const Outcome outcome = expect_good(cluster, graph);

  EXPECT_EQ(outcome.erred, 1);
}

TEST(SimulatedCluster, a_slow_link_changes_times_and_no_result) {
  const Graph graph = make_graph({.kind = GraphKind::stencil, .tasks = 400, .task_ns = 10'000});
  ClusterOptions fast{.workers = 4, .check_every = 5}, slow = fast;
  slow.network.slow_links = {{.from = 1, .to = 2, .factor = 1000}};

  const Outcome quick = expect_good(fast, graph), late = expect_good(slow, graph);

  EXPECT_EQ(quick.finished, late.finished);
  EXPECT_GT(late.makespan_ns, quick.makespan_ns);
}

// ---- the same seed, the same commands

Outcome troubled(std::uint64_t seed) {
  const Graph graph = make_graph({.kind = GraphKind::random, .tasks = 2000, .task_ns = 50'000, .throws_one_in = 200, .seed = seed});
  ClusterOptions cluster{.workers = 5, .threads = 2};
  cluster.network.jitter_ns = 100'000;
  cluster.network.seed = seed;
  return SimulatedCluster(cluster, graph,
                          {.pieces = 10,
                           .interval_ns = 1'000'000,
                           .span_ns = 1'000'000,
                           .release_one_in = 5,
                           .ask_one_in = 3,
                           .cancel_one_in = 50,
                           .seed = seed})
      .run();
}

TEST(Determinism, the_same_seed_gives_the_same_commands_and_another_seed_others) {
  EXPECT_EQ(troubled(11).hash, troubled(11).hash);
  EXPECT_NE(troubled(11).hash, troubled(12).hash);
}

TEST(Determinism, the_same_seed_gives_the_same_commands_in_another_process) {
  if (std::getenv("ASHLAR_TEST_PRINT_HASH")) {  // this is the other process
    std::printf("hash=%llu\n", static_cast<unsigned long long>(troubled(11).hash));
    return;
  }
  std::FILE* other = popen("ASHLAR_TEST_PRINT_HASH=1 /proc/$PPID/exe --gtest_filter='*in_another_process'", "r");
  ASSERT_TRUE(other);
  std::string text;
  char part[256];
  while (std::fgets(part, sizeof part, other)) text += part;
  ASSERT_EQ(pclose(other), 0) << text;

  EXPECT_NE(text.find("hash=" + std::to_string(troubled(11).hash) + "\n"), std::string::npos) << text;
}

// One message more or one field different must show.
TEST(Determinism, the_hash_covers_what_a_worker_is_told) {
  Graph one{{"f"}, {}, {}}, other = one;
  one.add({.nbytes = 8, .wanted = true}, {});
  other.add({.nbytes = 9, .wanted = true}, {});

  EXPECT_NE(expect_good({}, one).hash, expect_good({}, other).hash);
}

// Four stages in which a task takes three neighbours of the stage before, of durations from nothing to twice the mean, on two workers.
TEST(SimulatedCluster, unequal_stages_keep_both_workers_busy_by_moving_tasks) {
  Random random{7};
  Graph graph{{"f"}, {}, {}};
  constexpr std::int64_t width = 125;
  for (std::int64_t stage = 0; stage < 4; ++stage)
    for (std::int64_t x = 0; x < width; ++x) {
      std::vector<std::int64_t> inputs;
      for (std::int64_t from = x - 1; from <= x + 1 && stage > 0; ++from)
        if (from >= 0 && from < width) inputs.push_back((stage - 1) * width + from);
      graph.add({.duration_ns = random.below(2'000'000), .wanted = stage == 3}, inputs);
    }
  ClusterOptions cluster{.workers = 2, .check_every = 1};
  cluster.network.latency_ns = 20'000;

  const Outcome outcome = expect_good(cluster, graph);

  EXPECT_GT(static_cast<double>(outcome.work_ns) / (2.0 * static_cast<double>(outcome.makespan_ns)), 0.97);
  EXPECT_GT(outcome.stolen, 0);
}

// A few long tasks among short ones, at the end of the shares.
TEST(SimulatedCluster, sources_left_at_the_end_of_a_share_go_to_whoever_is_free) {
  Graph graph{{"f"}, {}, {}};
  for (int i = 0; i < 400; ++i) graph.add({.duration_ns = i >= 380 ? 10'000'000 : 500'000, .wanted = true}, {});
  ClusterOptions cluster{.workers = 4, .check_every = 1};
  cluster.network.latency_ns = 20'000;

  const Outcome outcome = expect_good(cluster, graph);

  // 390 ms on four workers; a task of 10 ms may be left over.
  EXPECT_LT(outcome.makespan_ns, 97'500'000 + 10'500'000);
}

}  // namespace
}  // namespace ashlar::simulation
