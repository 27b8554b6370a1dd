#include "ashlar/graph/collection.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "ashlar/base/error.hpp"
#include "graph/adding_operation.hpp"

using namespace ashlar;
using ashlar::test::additions;
using ashlar::test::AddLayer;

namespace {

// A lazy number: a constant plus other lazy numbers; or a result.
struct Number {
  struct Node {
    std::int64_t constant = 0;
    std::vector<std::shared_ptr<const Node>> terms;
    ResultHandle result;
  };
  std::shared_ptr<const Node> node;
};
Number number(std::int64_t constant, const std::vector<Number>& terms = {}) {
  auto node = std::make_shared<Number::Node>();
  node->constant = constant;
  for (const Number& term : terms) node->terms.push_back(term.node);
  return {node};
}
TaskRef lower_node(const Number::Node& node, GraphBuilder& builder) {
  if (node.result) return builder.input(node.result);
  if (const auto* known = builder.find(&node)) return known->front();
  std::vector<TaskRef> inputs;
  for (const auto& term : node.terms) inputs.push_back(lower_node(*term, builder));
  auto layer = std::make_shared<AddLayer>("number");
  layer->add(inputs, node.constant);
  return builder.remember(&node, {{builder.add(layer), 0}}).front();
}

}  // namespace

namespace ashlar::detail {
template <>
struct CollectionTraits<Number> {
  static std::vector<TaskRef> lower(const Number& n, GraphBuilder& builder) { return {lower_node(*n.node, builder)}; }
  static std::int64_t assemble(const Number&, std::span<const Object> objects) { return objects.front().get<std::int64_t>(); }
  static Number persisted(const Number&, std::vector<ResultHandle> results) {
    auto node = std::make_shared<Number::Node>();
    node->result = results.front();
    return {node};
  }
};
}  // namespace ashlar::detail

TEST(Collection, compute_of_one_is_its_value_and_of_several_a_tuple) {
  const Number a = number(1), b = number(10, {a, a});
  EXPECT_EQ(compute(b), 12);
  const auto [x, y] = compute(a, b);
  EXPECT_EQ(x, 1);
  EXPECT_EQ(y, 12);
}

TEST(Collection, parts_that_are_shared_are_computed_once) {
  const Number a = number(1), b = number(2, {a}), c = number(3, {a, b});
  additions = 0;
  EXPECT_EQ(compute(b, c), (std::tuple<std::int64_t, std::int64_t>(3, 7)));
  EXPECT_EQ(additions, 3);
}

TEST(Collection, a_vector_is_a_collection_of_vectors) {
  std::vector<Number> numbers;
  for (int i = 0; i < 20; ++i) numbers.push_back(number(i));
  std::vector<std::int64_t> expected(20);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(compute(numbers), expected);
  EXPECT_EQ(compute(std::vector<std::vector<Number>>{{number(1), number(2)}, {}, {number(3)}}), (std::vector<std::vector<std::int64_t>>{{1, 2}, {}, {3}}));
  EXPECT_EQ(compute(std::vector<Number>{}), std::vector<std::int64_t>{});
}

TEST(Collection, persisted_is_computed_once_for_all_later_uses) {
  additions = 0;
  const Number kept = persist(number(2, {number(1)}));
  EXPECT_EQ(additions, 2);
  EXPECT_EQ(compute(number(10, {kept})), 13);
  EXPECT_EQ(compute(kept), 3);
  EXPECT_EQ(additions, 3);
  const auto [a, b] = persist(number(1), std::vector<Number>{number(2), number(3)});
  EXPECT_EQ(compute(number(0, {a, b[0], b[1]})), 6);
}

TEST(Collection, compute_throws_what_the_first_failed_task_threw) { EXPECT_THROW(compute(number(1), number(2, {number(-5)})), TaskError); }

TEST(GraphBuilder, reserves_layers_and_finishes_them_before_the_graph_is_taken) {
  GraphBuilder builder;
  const std::int32_t number = builder.reserve();
  auto layer = std::make_shared<AddLayer>("late");
  builder.before_take([=](GraphBuilder& b) { b.put(number, layer); });
  layer->add({}, 1);
  builder.add(std::make_shared<AddLayer>("next"));
  const TaskGraph graph = std::move(builder).take();
  ASSERT_EQ(graph.layers.size(), 2u);
  EXPECT_EQ(graph.layers[0]->name(), "late");
  EXPECT_EQ(graph.size(), 1);
}

TEST(GraphBuilder, stamps_differ_and_states_are_one_per_kind) {
  GraphBuilder a, b;
  EXPECT_NE(a.stamp(), b.stamp());
  struct Counter {
    int n = 0;
  };
  a.state<Counter>().n = 5;
  EXPECT_EQ(a.state<Counter>().n, 5);
  EXPECT_EQ(b.state<Counter>().n, 0);
}
