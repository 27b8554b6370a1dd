#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "ashlar/base/error.hpp"
#include "graph/adding_operation.hpp"

using namespace ashlar;
using ashlar::test::AddLayer;

namespace {

using Place = std::pair<std::int32_t, std::int64_t>;
Place place(const TaskRef& ref) { return {ref.layer, ref.index}; }

// The order by its definition: visit the inputs, then the task.
std::vector<TaskRef> order_by_recursion(const TaskGraph& graph, const std::vector<TaskRef>& wanted) {
  std::vector<TaskRef> order;
  std::set<Place> seen;
  const std::function<void(TaskRef)> visit = [&](TaskRef task) {
    if (task.layer < 0 || !seen.insert(place(task)).second) return;
    std::vector<TaskRef> inputs;
    graph.layers.at(static_cast<std::size_t>(task.layer))->dependencies(task.index, inputs);
    for (const TaskRef& input : inputs) visit(input);
    order.push_back(task);
  };
  for (const TaskRef& task : wanted) visit(task);
  return order;
}

// The most results alive at once when tasks run in this order and a result dies with its last use.
std::size_t results_alive(const TaskGraph& graph, const std::vector<TaskRef>& order, const std::vector<TaskRef>& wanted) {
  std::map<Place, int> uses;
  std::vector<TaskRef> inputs;
  for (const TaskRef& task : order) {
    inputs.clear();
    graph.layers[static_cast<std::size_t>(task.layer)]->dependencies(task.index, inputs);
    for (const TaskRef& input : inputs) ++uses[place(input)];
  }
  for (const TaskRef& task : wanted) ++uses[place(task)];
  std::size_t alive = 0, most = 0;
  for (const TaskRef& task : order) {
    most = std::max(most, ++alive);
    inputs.clear();
    graph.layers[static_cast<std::size_t>(task.layer)]->dependencies(task.index, inputs);
    for (const TaskRef& input : inputs)
      if (--uses[place(input)] == 0) --alive;
  }
  return most;
}

}  // namespace

TEST(DepthFirstOrder, of_a_diamond_is_the_one_by_hand) {
  auto layer = std::make_shared<AddLayer>("add");
  layer->add({}, 1);                      // 0
  layer->add({{0, 0}}, 1);                // 1
  layer->add({{0, 0}}, 1);                // 2
  layer->add({{0, 2}, {0, 1}}, 1);        // 3: 2 before 1
  layer->add({}, 1);                      // 4: nobody wants it
  TaskGraph graph;
  graph.layers = {layer};
  const std::vector<TaskRef> wanted = {{0, 3}};
  EXPECT_EQ(depth_first_order(graph, wanted), (std::vector<TaskRef>{{0, 0}, {0, 2}, {0, 1}, {0, 3}}));
}

TEST(DepthFirstOrder, equals_the_recursive_definition_on_random_graphs) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    TaskGraph graph;
    std::vector<std::shared_ptr<AddLayer>> layers;
    for (int i = 0; i < 3; ++i) layers.push_back(std::make_shared<AddLayer>("layer"));
    std::vector<TaskRef> all;
    const int n = 1 + static_cast<int>(random() % 60);
    for (int i = 0; i < n; ++i) {
      std::vector<TaskRef> inputs;
      if (random() % 5 == 0) inputs.push_back({-1, 0});
      for (unsigned k = random() % 4; k > 0 && !all.empty(); --k) inputs.push_back(all[random() % all.size()]);  // repeats happen
      const auto layer = static_cast<std::int32_t>(random() % 3);
      all.push_back({layer, layers[static_cast<std::size_t>(layer)]->add(inputs, 1)});
    }
    graph.layers.assign(layers.begin(), layers.end());
    std::vector<TaskRef> wanted;
    for (int k = 0; k < 4; ++k) wanted.push_back(all[random() % all.size()]);
    wanted.push_back({-1, 0});
    EXPECT_EQ(depth_first_order(graph, wanted), order_by_recursion(graph, wanted));
  }
}

TEST(DepthFirstOrder, keeps_no_more_than_log2_n_results_of_a_tree_alive) {
  for (int levels = 1; levels <= 12; ++levels) {
    auto layer = std::make_shared<AddLayer>("add");
    std::vector<TaskRef> level;
    for (int i = 0; i < 1 << levels; ++i) level.push_back({0, layer->add({}, i)});
    while (level.size() > 1) {
      std::vector<TaskRef> next;
      for (std::size_t i = 0; i < level.size(); i += 2) next.push_back({0, layer->add({level[i], level[i + 1]}, 0)});
      level = next;
    }
    TaskGraph graph;
    graph.layers = {layer};
    EXPECT_LE(results_alive(graph, depth_first_order(graph, level), level), static_cast<std::size_t>(levels) + 2) << levels;
  }
}

TEST(DepthFirstOrder, of_a_chain_of_a_million_needs_no_deep_stack) {
  auto layer = std::make_shared<AddLayer>("add");
  layer->add({}, 0);
  for (std::int64_t i = 1; i < 1'000'000; ++i) layer->add({{0, i - 1}}, 1);
  TaskGraph graph;
  graph.layers = {layer};
  const std::vector<TaskRef> wanted = {{0, 999'999}};
  const auto order = depth_first_order(graph, wanted);
  ASSERT_EQ(order.size(), 1'000'000u);
  EXPECT_EQ(order.front(), (TaskRef{0, 0}));
  EXPECT_EQ(order.back(), (TaskRef{0, 999'999}));
}

TEST(DepthFirstOrder, refuses_cycles_and_references_to_nowhere) {
  auto layer = std::make_shared<AddLayer>("add");
  layer->add({{0, 1}}, 0);
  layer->add({{0, 0}}, 0);
  layer->add({{0, 99}}, 0);
  layer->add({{5, 0}}, 0);
  TaskGraph graph;
  graph.layers = {layer};
  for (const std::int64_t index : {0, 1, 2, 3}) {
    const std::vector<TaskRef> wanted = {{0, index}};
    EXPECT_THROW(depth_first_order(graph, wanted), InternalError) << index;
  }
}

TEST(ListedLayer, gives_back_the_inputs_it_was_given) {
  ListedLayer layer("add", std::make_shared<ashlar::test::AddOperation>());
  const std::vector<TaskRef> two = {{0, 0}, {-1, 3}};
  EXPECT_EQ(layer.add({}), 0);
  EXPECT_EQ(layer.add(two, 80), 1);
  std::vector<TaskRef> inputs;
  layer.dependencies(0, inputs);
  EXPECT_TRUE(inputs.empty());
  layer.dependencies(1, inputs);
  EXPECT_EQ(inputs, two);
  EXPECT_EQ(layer.nbytes(0), -1);
  EXPECT_EQ(layer.nbytes(1), 80);
  EXPECT_EQ(layer.size(), 2);
}
