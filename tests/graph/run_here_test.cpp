#include "ashlar/graph/run_here.hpp"

#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"
#include "graph/adding_operation.hpp"

using namespace ashlar;
using ashlar::test::additions;
using ashlar::test::AddLayer;

namespace {

// Fibonacci's numbers, each from the two before.
TaskGraph fibonacci(int n) {
  auto layer = std::make_shared<AddLayer>("fibonacci");
  layer->add({}, 0);
  layer->add({}, 1);
  for (std::int64_t i = 2; i <= n; ++i) layer->add({{0, i - 1}, {0, i - 2}}, 0);
  TaskGraph graph;
  graph.layers = {layer};
  return graph;
}

}  // namespace

TEST(RunHere, gives_the_wanted_values_in_their_order) {
  const TaskGraph graph = fibonacci(30);
  const std::vector<TaskRef> wanted = {{0, 30}, {0, 2}, {0, 30}};
  const auto values = run_here(graph, wanted);
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0].get<std::int64_t>(), 832040);
  EXPECT_EQ(values[1].get<std::int64_t>(), 1);
  EXPECT_EQ(values[2].get<std::int64_t>(), 832040);
}

TEST(RunHere, runs_each_task_once_and_only_what_is_needed) {
  const TaskGraph graph = fibonacci(100);
  additions = 0;
  const std::vector<TaskRef> wanted = {{0, 20}, {0, 10}};
  local_evaluator().submit(graph, wanted);
  EXPECT_EQ(additions, 21);
}

TEST(RunHere, turns_what_a_task_throws_into_a_task_error) {
  auto layer = std::make_shared<AddLayer>("count");
  layer->add({}, 5);
  layer->add({{0, 0}}, -3);
  layer->add({{0, 1}}, 1);
  TaskGraph graph;
  graph.layers = {layer};
  const std::vector<TaskRef> wanted = {{0, 2}};
  try {
    run_here(graph, wanted);
    FAIL();
  } catch (const TaskError& e) {
    EXPECT_EQ(e.where().key, "count-1");
    EXPECT_EQ(e.where().type, "std::out_of_range");
    EXPECT_EQ(e.where().message, "a negative number: -3");
    EXPECT_EQ(e.where().arguments, std::string(type_name<std::int64_t>()));
    EXPECT_EQ(e.where().rank, 0);
  }
}

TEST(LocalEvaluator, one_failed_task_leaves_the_others_their_values) {
  auto layer = std::make_shared<AddLayer>("count");
  layer->add({}, 5);
  layer->add({{0, 0}}, -3);
  layer->add({{0, 1}}, 1);
  layer->add({{0, 0}}, 1);
  TaskGraph graph;
  graph.layers = {layer};
  const std::vector<TaskRef> wanted = {{0, 0}, {0, 1}, {0, 2}, {0, 3}};
  const auto results = local_evaluator().submit(graph, wanted);
  EXPECT_EQ(results[0]->status(), Status::finished);
  EXPECT_EQ(results[1]->status(), Status::error);
  EXPECT_EQ(results[2]->status(), Status::error);
  EXPECT_THROW(results[2]->get(), TaskError);
  EXPECT_EQ(results[3]->get().get<std::int64_t>(), 6);
  EXPECT_EQ(results[3]->key(), "count-3");
  EXPECT_THROW(gather(results), TaskError);
}

TEST(LocalEvaluator, takes_results_of_one_graph_as_inputs_of_the_next) {
  const TaskGraph first = fibonacci(10);
  const std::vector<TaskRef> wanted = {{0, 10}};
  auto layer = std::make_shared<AddLayer>("add");
  layer->add({{-1, 0}, {-1, 0}}, 1);
  TaskGraph second;
  second.layers = {layer};
  second.inputs = local_evaluator().submit(first, wanted);
  const std::vector<TaskRef> both = {{0, 0}, {-1, 0}};
  const auto results = local_evaluator().submit(second, both);
  EXPECT_EQ(results[0]->get().get<std::int64_t>(), 111);
  EXPECT_EQ(results[1], second.inputs[0]) << "an input that is wanted is its own result";
}

TEST(Evaluator, is_the_local_one_unless_another_is_made_current) {
  EXPECT_EQ(&Evaluator::current(), &local_evaluator());
  class Other final : public Evaluator {
    std::vector<ResultHandle> submit(TaskGraph, std::span<const TaskRef>, SubmitOptions) override { return {}; }
    std::vector<ResultHandle> scatter(std::vector<Object>) override { return {}; }
    std::vector<Object> run_on_workers(std::shared_ptr<const Operation>, Parcel, bool) override { return {}; }
    bool wait_until(const std::function<bool()>&, Seconds) override { return true; }
    int workers() const override { return 3; }
    int threads() const override { return 3; }
  } other;
  {
    const Evaluator::Guard guard(&other);
    EXPECT_EQ(&Evaluator::current(), &other);
  }
  EXPECT_EQ(&Evaluator::current(), &local_evaluator());
}
