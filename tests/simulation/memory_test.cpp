// What workers hold when nobody knows the sizes of results, and scratch cannot keep up.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "simulation/expect_good.hpp"

namespace ashlar::simulation {
namespace {

constexpr std::int64_t megabyte = 1'000'000;

// An exchange as frames have it: `width` sources, each cut into as many pieces, each piece handed out by a task of its own, and as many
// results that gather one piece of each source. Nothing is known of sizes before tasks have ended.
Graph exchange(std::int64_t width, std::int64_t source_bytes, std::int64_t results_per_source) {
  Graph graph{{"source", "split", "piece", "gather"}, {}, {}};
  const std::int64_t receivers = width * results_per_source;
  std::vector<std::int64_t> sources, splits;
  std::vector<std::vector<std::int64_t>> pieces(static_cast<std::size_t>(receivers));
  const auto task = [&](std::int32_t group, std::int64_t nbytes, bool wanted = false) {
    return Graph::Task{.group = group, .nbytes = nbytes, .duration_ns = 1'000'000 + nbytes, .nbytes_known = false, .wanted = wanted};
  };
  for (std::int64_t i = 0; i < width; ++i) sources.push_back(graph.add(task(0, source_bytes), {}));
  for (std::int64_t i = 0; i < width; ++i) splits.push_back(graph.add(task(1, source_bytes), {sources[static_cast<std::size_t>(i)]}));
  for (auto& mine : pieces)
    for (const std::int64_t split : splits) mine.push_back(graph.add(task(2, source_bytes / receivers), {split}));
  for (const auto& mine : pieces) graph.add(task(3, source_bytes / results_per_source, true), mine);
  return graph;
}

struct Case {
  int workers, threads;
  std::int64_t width, source_bytes, results_per_source;
};

// Beyond the budget there may be what one task a thread makes that nobody knew the size of, and what it uses.
TEST(Memory, an_exchange_of_unknown_sizes_stays_within_the_budget_however_slow_scratch_is) {
  const std::int64_t budget = 128 * megabyte;
  for (const double scratch : {2.0, 0.05, 0.002})
    for (const Case& c : {Case{2, 1, 24, 32 * megabyte, 1}, Case{2, 2, 24, 16 * megabyte, 1}, Case{2, 1, 64, 12 * megabyte, 1}, Case{4, 1, 32, 24 * megabyte, 1}}) {
      ClusterOptions cluster;
      cluster.workers = c.workers;
      cluster.threads = c.threads;
      cluster.memory_limit = cluster.worker_memory.budget = budget;
      cluster.flight_limit = budget / 4;
      cluster.scratch_bytes_per_ns = scratch;
      cluster.check_every = 997;
      if (std::getenv("ASHLAR_TEST_TRACE")) cluster.trace = &std::cerr;

      const Outcome outcome = expect_good(cluster, exchange(c.width, c.source_bytes, c.results_per_source));

      std::cout << scratch << " B/ns, " << c.workers << " x " << c.threads << ", " << c.width << " x " << c.source_bytes / megabyte << " MB: here "
                << outcome.peak_bytes / megabyte << " MB, used " << outcome.peak_used / megabyte << " MB, written " << outcome.spilled_bytes / megabyte << " MB in "
                << static_cast<double>(outcome.makespan_ns) * 1e-9 << " s\n";
      EXPECT_EQ(outcome.finished, c.width * c.results_per_source);
      EXPECT_LE(outcome.peak_bytes, budget + 2 * c.threads * c.source_bytes);
    }
}

}  // namespace
}  // namespace ashlar::simulation
