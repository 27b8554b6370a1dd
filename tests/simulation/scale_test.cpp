// The bar of size: 1,000 workers, 100,000 tasks, in seconds; ASHLAR_TEST_LONG: 10,000 workers, 1,000,000 tasks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "simulation/expect_good.hpp"

namespace ashlar::simulation {
namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t shrink = 10;
#else
constexpr std::int64_t shrink = 1;
#endif

void expect_quick(const char* kind, int workers, std::int64_t tasks, double seconds, std::int64_t width = 0) {
  SCOPED_TRACE(kind);
  const Graph graph = make_graph({.kind = graph_kind(kind), .tasks = tasks / shrink, .task_ns = 1'000'000, .width = width});
  const double begin = cpu_seconds();

  const Outcome outcome = expect_good({.workers = workers / static_cast<int>(shrink), .threads = 1}, graph);

  EXPECT_LT(cpu_seconds() - begin, seconds);
  EXPECT_GT(outcome.finished, 0);
}

TEST(Scale, a_thousand_workers_and_a_hundred_thousand_tasks_take_seconds) {
  for (const char* kind : {"independent", "tree", "chain", "random", "reduction"}) expect_quick(kind, 1000, 100'000, 20);
  expect_quick("stencil", 1000, 100'000, 20, 1000);
}

// What is O(workers) or O(dependents) for each event shows here.
TEST(Scale, one_result_used_by_a_hundred_thousand_tasks_is_not_quadratic) {
  Graph graph{{"f"}, {}, {}};
  graph.add({.duration_ns = 100'000}, {});
  for (int i = 0; i < 100'000 / shrink; ++i) graph.add({.duration_ns = 100'000, .wanted = true}, {0});
  const double begin = cpu_seconds();

  expect_good({.workers = 100}, graph);

  EXPECT_LT(cpu_seconds() - begin, 20);
}

TEST(Scale, a_task_with_twenty_thousand_inputs_is_not_quadratic) {
  Graph graph{{"f"}, {}, {}};
  std::vector<std::int64_t> all;
  for (int i = 0; i < 20'000 / shrink; ++i) all.push_back(graph.add({.duration_ns = 100'000}, {}));
  for (int i = 0; i < 5; ++i) graph.add({.duration_ns = 100'000, .wanted = true}, all);
  const double begin = cpu_seconds();

  expect_good({.workers = 100}, graph);

  EXPECT_LT(cpu_seconds() - begin, 20);
}

TEST(Scale, sources_submitted_one_by_one_to_a_thousand_workers_take_seconds) {
  const Graph graph = make_graph({.tasks = 50'000 / shrink, .task_ns = 1'000'000});
  const double begin = cpu_seconds();

  expect_good({.workers = 1000}, graph, {.pieces = 50'000 / shrink, .interval_ns = 10});

  EXPECT_LT(cpu_seconds() - begin, 20);
}

TEST(Scale, ten_thousand_workers_and_a_million_tasks_take_a_minute) {
  if (!std::getenv("ASHLAR_TEST_LONG")) GTEST_SKIP() << "with ASHLAR_TEST_LONG only";
  for (const char* kind : {"independent", "tree"}) expect_quick(kind, 10'000, 1'000'000, 60);
}

}  // namespace
}  // namespace ashlar::simulation
