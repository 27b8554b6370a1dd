#include "ashlar/delayed/delayed.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar::detail {

TaskRef lower_checked(const NodePtr& node, GraphBuilder& builder) {
  if (!node) throw ValueError("a Delayed that was never given a value cannot be computed");
  return lower(*node.get(), builder);
}

Object compute_node(const NodePtr& node) {
  GraphBuilder builder;
  TaskRef wanted;
  {
    auto lock = lowering_lock();
    wanted = lower_checked(node, builder);
  }
  return std::move(evaluate(std::move(builder), {wanted}).front());
}

void visualize_node(const NodePtr& node, const std::string& file, const VisualizeOptions& options) {
  GraphBuilder builder(options.optimize_graph);
  TaskRef wanted;
  {
    auto lock = lowering_lock();
    wanted = lower_checked(node, builder);
  }
  visualize(std::move(builder), std::span(&wanted, 1), file, options);
}

std::string key_of_node(const NodePtr& node) {
  if (!node) throw ValueError("a Delayed that was never given a value has no key");
  switch (node.get()->kind) {
    case Node::Kind::call: return key_of(*static_cast<const CallNode*>(node.get()));
    case Node::Kind::result: return static_cast<const ResultNode*>(node.get())->result->key();
    case Node::Kind::source: break;
  }
  GraphBuilder builder;
  auto lock = lowering_lock();
  const TaskRef task = lower(*node.get(), builder);
  const TaskGraph graph = std::move(builder).take();
  return task.layer < 0 ? graph.inputs.at(static_cast<std::size_t>(task.index))->key() : graph.layers.at(static_cast<std::size_t>(task.layer))->key(task.index);
}

}  // namespace ashlar::detail
