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

TEST(Graph, nearest_takes_five_and_fft_the_one_that_differs_in_a_bit) {
  const Graph nearest = make_graph({.kind = GraphKind::nearest, .tasks = 14, .width = 7});
  EXPECT_EQ(inputs(nearest, 7), (Inputs{0, 1, 2}));
  EXPECT_EQ(inputs(nearest, 10), (Inputs{1, 2, 3, 4, 5}));
  const Graph fft = make_graph({.kind = GraphKind::fft, .tasks = 16, .width = 5});  // 4 points, 4 steps
  ASSERT_EQ(fft.size(), 16);
  EXPECT_EQ(inputs(fft, 4), (Inputs{0, 1}));
  EXPECT_EQ(inputs(fft, 7), (Inputs{2, 3}));
  EXPECT_EQ(inputs(fft, 8), (Inputs{4, 6}));
  EXPECT_EQ(inputs(fft, 12), (Inputs{8, 9}));
}

TEST(Graph, spread_takes_five_that_lie_far_apart_and_all_to_all_takes_all) {
  const Graph spread = make_graph({.kind = GraphKind::spread, .tasks = 40, .width = 20});
  EXPECT_EQ(inputs(spread, 20), (Inputs{0, 5, 9, 13, 17}));
  const Graph all = make_graph({.kind = GraphKind::all_to_all, .tasks = 9, .width = 3});
  EXPECT_EQ(inputs(all, 3), (Inputs{0, 1, 2}));
  EXPECT_EQ(inputs(all, 8), (Inputs{3, 4, 5}));
}

TEST(Graph, a_shuffle_takes_a_part_of_every_source) {
  const Graph shuffle = make_graph({.kind = GraphKind::shuffle, .tasks = 8, .nbytes = 10});  // 2 sources, 4 parts, 2 results
  ASSERT_EQ(shuffle.size(), 8);
  EXPECT_EQ(inputs(shuffle, 0), Inputs{});
  EXPECT_EQ(inputs(shuffle, 1), Inputs{0});
  EXPECT_EQ(inputs(shuffle, 3), Inputs{});
  EXPECT_EQ(inputs(shuffle, 6), (Inputs{1, 4}));
  EXPECT_EQ(inputs(shuffle, 7), (Inputs{2, 5}));
  EXPECT_EQ(shuffle.tasks[0].nbytes, 20);
  EXPECT_EQ(shuffle.tasks[1].nbytes, 10);
  EXPECT_TRUE(shuffle.tasks[6].wanted && shuffle.tasks[7].wanted);
}

TEST(Graph, the_bound_is_the_longest_path_or_the_shared_work) {
  Graph graph{{"f"}, {}, {}};
  graph.add({.duration_ns = 10}, {});
  graph.add({.duration_ns = 5}, {});
  graph.add({.duration_ns = 7}, {1});
  graph.add({.duration_ns = 3, .wanted = true}, {0, 2});
  graph.add({.duration_ns = 1000}, {0});  // nobody needs it

  EXPECT_EQ(bound(graph).critical_path_ns, 15);
  EXPECT_EQ(bound(graph).work_ns, 25);
  EXPECT_EQ(bound(graph).makespan_ns(1), 25);
  EXPECT_EQ(bound(graph).makespan_ns(2), 15);
}

TEST(Graph, inputs_stand_before_the_tasks_that_use_them) {
  for (const char* kind :
       {"independent", "tree", "chain", "stencil", "nearest", "spread", "fft", "all_to_all", "random", "reduction", "shuffle"}) {
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
