#include "ashlar/simulation/graph.hpp"

#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"

namespace ashlar::simulation {
namespace {

using Inputs = std::vector<std::int64_t>;

Inputs inputs(const Graph& graph, std::size_t task) {
  const auto first = graph.inputs.begin() + graph.tasks[task].first_input;
  return Inputs(first, first + graph.tasks[task].input_count);
}

TEST(Graph, a_tree_of_four_leaves_is_complete_subtree_by_subtree) {
  const Graph tree = make_graph({.kind = GraphKind::tree, .tasks = 7});

  ASSERT_EQ(tree.size(), 7);
  EXPECT_EQ(inputs(tree, 2), (Inputs{0, 1}));
  EXPECT_EQ(inputs(tree, 5), (Inputs{3, 4}));
  EXPECT_EQ(inputs(tree, 6), (Inputs{2, 5}));
  EXPECT_TRUE(tree.tasks[6].wanted);
  EXPECT_FALSE(tree.tasks[5].wanted);
}

TEST(Graph, chains_come_one_after_another) {
  const Graph chains = make_graph({.kind = GraphKind::chain, .tasks = 6, .width = 2});

  ASSERT_EQ(chains.size(), 6);
  EXPECT_EQ(inputs(chains, 0), Inputs{});
  EXPECT_EQ(inputs(chains, 2), Inputs{1});
  EXPECT_EQ(inputs(chains, 3), Inputs{});
  EXPECT_TRUE(chains.tasks[2].wanted && chains.tasks[5].wanted);
}

TEST(Graph, a_stencil_takes_the_neighbours_of_the_step_before) {
  const Graph stencil = make_graph({.kind = GraphKind::stencil, .tasks = 6, .width = 3});

  ASSERT_EQ(stencil.size(), 6);
  EXPECT_EQ(inputs(stencil, 3), (Inputs{0, 1}));
  EXPECT_EQ(inputs(stencil, 4), (Inputs{0, 1, 2}));
  EXPECT_EQ(inputs(stencil, 5), (Inputs{1, 2}));
}

TEST(Graph, inputs_stand_before_the_tasks_that_use_them) {
  for (const char* kind : {"independent", "tree", "chain", "stencil", "random", "reduction"}) {
    const Graph graph = make_graph({.kind = graph_kind(kind), .tasks = 500});
    int wanted = 0;
    for (std::size_t task = 0; task < graph.tasks.size(); ++task) {
      for (std::int64_t input : inputs(graph, task)) EXPECT_LT(input, static_cast<std::int64_t>(task)) << kind;
      wanted += graph.tasks[task].wanted;
    }
    EXPECT_GT(wanted, 0) << kind;
    EXPECT_STREQ(name(graph_kind(kind)), kind);
  }
}

TEST(Graph, the_seed_decides_everything) {
  const auto durations = [](std::uint64_t seed) {
    std::vector<std::int64_t> all;
    for (const Graph::Task& task : make_graph({.kind = GraphKind::random, .seed = seed}).tasks) all.push_back(task.duration_ns);
    return all;
  };
  EXPECT_EQ(durations(7), durations(7));
  EXPECT_NE(durations(7), durations(8));
}

TEST(Graph, an_unknown_kind_is_refused_by_name) {
  try {
    graph_kind("forest");
    FAIL();
  } catch (const ValueError& e) {
    EXPECT_NE(std::string(e.what()).find("forest"), std::string::npos);
  }
}

}  // namespace
}  // namespace ashlar::simulation
