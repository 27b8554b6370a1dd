#include <algorithm>

#include "ashlar/array/lowering_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::lowering {

using Kind = ArrayNode::Kind;

Program::Value GroupProgram::emit(const ArrayNode& node, const View& view) {
  for (const Made& made : made_[&node])
    if (made.view == view) return made.value;
  Program::Value value = -1;
  if (&node != &group_ && plan_.has_chunks(&node)) {
    value = program_.input(node.dtype());
    reads_.push_back({&node, view});
  } else {
    if (node.kind() != Kind::view || names_.empty())
      if (std::find(names_.begin(), names_.end(), node.name()) == names_.end()) names_.push_back(node.name());
    switch (node.kind()) {
      case Kind::source: {
        const auto& source = as<SourceNode>(node);
        value = source.emit(program_, *through(source.k, view, space_.ndim()));
        break;
      }
      case Kind::view: value = emit(*node.input(), compose(view, input_view(node, 0), space_)); break;
      case Kind::elementwise: {
        const auto& operation = as<ElementwiseNode>(node);
        Program::Value operands[3] = {-1, -1, -1};
        for (std::size_t i = 0; i < node.inputs().size(); ++i) {
          DType type = operation.compute;
          if (operation.op == Op::cast) type = node.input(i)->dtype();
          else if (operation.op == Op::where && i == 0) type = DType::bool_;
          operands[i] = emit_as(*node.input(i), compose(view, input_view(node, i), space_), type);
        }
        const DType type = operation.op == Op::cast ? node.dtype() : operation.compute;
        value = program_.apply(operation.op, type, operands[0], operands[1], operands[2]);
        break;
      }
      case Kind::map: {
        const auto& map = as<MapNode>(node);
        std::vector<Program::Value> operands;
        for (std::size_t i = 0; i < node.inputs().size(); ++i) operands.push_back(emit(*node.input(i), compose(view, input_view(node, i), space_)));
        value = program_.call(*map.function, map.closure, node.dtype(), operands);
        break;
      }
      default: throw InternalError("a node of another kind was fused: " + node.name());
    }
  }
  made_[&node].push_back({view, value});
  return value;
}

Program::Value GroupProgram::emit_as(const ArrayNode& node, const View& view, DType type) {
  if (node.dtype() == type) return emit(node, view);
  // A constant of the wanted type costs nothing.
  if (node.kind() == Kind::source && !plan_.has_chunks(&node) && as<SourceNode>(node).rule == SourceNode::Rule::constant)
    return program_.constant(as<SourceNode>(node).start.cast(type));
  return program_.apply(Op::cast, type, emit(node, view));
}

std::string GroupProgram::name() const {
  std::string text;
  for (const std::string& name : names_) {
    if (text.size() + name.size() > 60) break;
    text += (text.empty() ? "" : "-") + name;
  }
  return text;
}

}  // namespace ashlar::lowering
