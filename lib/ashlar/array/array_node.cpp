#include "ashlar/array/array_node.hpp"

#include <algorithm>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {

ArrayNode::ArrayNode(Kind kind, std::string name, DType dtype, Shape shape, Chunks chunks, std::vector<ArrayPtr> inputs)
    : kind_(kind), name_(std::move(name)), dtype_(dtype), shape_(std::move(shape)), chunks_(std::move(chunks)), inputs_(std::move(inputs)) {}

ArrayNode::~ArrayNode() {
  // A long chain of expressions would overflow the stack if each node destroyed the next.
  std::vector<ArrayPtr> rest = std::move(inputs_);
  while (!rest.empty()) {
    ArrayPtr node = std::move(rest.back());
    rest.pop_back();
    if (node.use_count() != 1) continue;
    auto& inputs = const_cast<ArrayNode&>(*node).inputs_;
    rest.insert(rest.end(), std::make_move_iterator(inputs.begin()), std::make_move_iterator(inputs.end()));
    inputs.clear();
  }
}

index_t ArrayNode::num_chunks() const {
  index_t n = 1;
  for (const auto& sizes : chunks_) n *= static_cast<index_t>(sizes.size());
  return n;
}

bool ArrayNode::lengths_known() const {
  for (const auto& sizes : chunks_)
    if (std::find(sizes.begin(), sizes.end(), unknown) != sizes.end()) return false;
  return true;
}

ArrayPtr make_source(DType dtype, const Shape& shape, Chunks chunks, MakeTasks make_tasks, std::string name, MakePartTasks make_part) {
  if (lowering::shape_of(chunks) != shape)
    throw ShapeError("chunks do not add up to the shape: chunks " + to_string(chunks) + ", shape " + to_string(shape));
  return std::make_shared<lowering::LayerNode>(std::move(name), dtype, shape, std::move(chunks), std::move(make_tasks), std::move(make_part));
}

namespace lowering {

Program::Value SourceNode::emit(Program& program, const LinearIndex& index) const {
  switch (rule) {
    case Rule::constant: return program.constant(start);
    case Rule::arange: return program.arange(dtype(), start, step, index);
    case Rule::random: break;
  }
  return program.random(dtype(), distribution, seed, a, b, index);
}

View input_view(const ArrayNode& node, std::size_t i) {
  if (node.kind() == ArrayNode::Kind::view) return as<ViewNode>(node).view;
  return View::broadcast(node.input(i)->shape(), node.shape());
}

}  // namespace lowering
}  // namespace ashlar
