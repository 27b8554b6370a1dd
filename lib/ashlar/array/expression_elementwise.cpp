#include <algorithm>

#include "ashlar/array/array_types.hpp"
#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

bool holds(DType type, const ScalarValue& integer) {
  // Back and forth changes what does not fit; a change of sign is seen in the difference of the two 64-bit readings.
  const ScalarValue there = integer.cast(type);
  const bool negative = is_signed(integer.type) && integer.as<std::int64_t>() < 0;
  const bool negative_there = is_signed(type) && there.as<std::int64_t>() < 0;
  return negative == negative_there && there.as<std::uint64_t>() == integer.as<std::uint64_t>();
}

bool compares(Op op) {
  return op == Op::equal || op == Op::not_equal || op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
}

/// The type that the operands (all but the condition of `where`) have together.
DType common_type(Op op, std::span<const Operand> operands) {
  const std::span<const Operand> list = op == Op::where ? operands.subspan(1) : operands;
  DType strong = DType::bool_;
  bool any = false;
  const auto type_of = [](const Operand& o) { return o.kind == Operand::Kind::lazy ? o.node->dtype() : o.block.dtype(); };
  for (const Operand& o : list) {
    if (o.kind == Operand::Kind::literal) continue;
    strong = any ? promote(strong, type_of(o)) : type_of(o);
    any = true;
  }
  DType result = strong;
  for (const Operand& o : list) {
    if (o.kind != Operand::Kind::literal) continue;
    const DType own = detail::kind_of(o.literal.type) == 1 ? DType::int64 : o.literal.type;
    result = any ? (detail::kind_of(own) > detail::kind_of(result) ? detail::weak_promote(result, own) : result) : own;
    if (!any) strong = own;
    any = true;
  }
  for (const Operand& o : list) {
    if (o.kind != Operand::Kind::literal || !is_integer(o.literal.type) || !is_integer(result) || holds(result, o.literal)) continue;
    // A comparison has an answer all the same.
    if (compares(op)) return result != DType::uint64 && holds(DType::int64, o.literal) ? DType::int64 : DType::float64;
    throw ValueError("an integer literal is outside the arrays' element type: " + o.literal.text() + " for " + std::string(dtype_name(result)));
  }
  return result;
}

/// The chunks of arrays that broadcast to `shape`: cut at all their borders.
Chunks broadcast_chunks(const std::vector<ArrayPtr>& inputs, const Shape& shape) {
  Chunks chunks;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    std::vector<const std::vector<index_t>*> lists;
    for (const ArrayPtr& input : inputs) {
      const auto lead = shape.size() - input->shape().size();
      // What is local has no chunks of its own: it is cut as the others are.
      if (axis < lead || input->shape()[axis - lead] == 1 || (input->kind() == ArrayNode::Kind::local && inputs.size() > 1)) continue;
      lists.push_back(&input->chunks()[axis - lead]);
    }
    if (lists.empty())
      for (const ArrayPtr& input : inputs) {
        const auto lead = shape.size() - input->shape().size();
        if (axis >= lead && input->shape()[axis - lead] != 1) lists.push_back(&input->chunks()[axis - lead]);
      }
    if (lists.empty()) chunks.push_back({1});
    else chunks.push_back(common_chunks(lists, static_cast<int>(axis)));
  }
  return chunks;
}

}  // namespace

ArrayPtr map(std::vector<ArrayPtr> inputs, const MapFunction& function, Bytes closure, DType dtype) {
  Shape shape;
  for (const ArrayPtr& input : inputs) shape = broadcast_shapes(shape, input->shape());
  Chunks chunks = broadcast_chunks(inputs, shape);
  return std::make_shared<MapNode>(function, std::move(closure), dtype, std::move(shape), std::move(chunks), std::move(inputs));
}

ArrayPtr elementwise(Op op, std::span<const Operand> operands) {
  const DType common = common_type(op, operands), compute = op_compute_type(op, common);
  std::vector<ArrayPtr> inputs;
  Shape shape;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Operand& o = operands[i];
    if (o.kind == Operand::Kind::lazy) inputs.push_back(o.node);
    else if (o.kind == Operand::Kind::local) inputs.push_back(from_block(o.block, {}));
    else inputs.push_back(constant(op == Op::where && i == 0 ? o.literal.cast(DType::bool_) : o.literal.cast(common)));
    shape = broadcast_shapes(shape, inputs.back()->shape());
  }
  Chunks chunks = broadcast_chunks(inputs, shape);
  return std::make_shared<ElementwiseNode>(op, compute, op_result_type(op, compute), std::move(shape), std::move(chunks), std::move(inputs));
}

Block elementwise_now(Op op, std::span<const Operand> operands) {
  const DType common = common_type(op, operands), compute = op_compute_type(op, common);
  Shape shape;
  for (const Operand& o : operands)
    if (o.kind == Operand::Kind::local) shape = broadcast_shapes(shape, o.block.shape());
  Program program;
  Program::Value values[3] = {-1, -1, -1};
  std::vector<Block> inputs;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Operand& o = operands[i];
    const DType wanted = op == Op::where && i == 0 ? DType::bool_ : compute;
    if (o.kind == Operand::Kind::literal) {
      values[i] = program.constant(o.literal.cast(wanted));
      continue;
    }
    values[i] = program.input(o.block.dtype());
    if (o.block.dtype() != wanted) values[i] = program.apply(Op::cast, wanted, values[i]);
    inputs.push_back(o.block.broadcast_to(shape));
  }
  program.store(program.apply(op, compute, values[0], values[1], values[2]));
  return program.run(shape, std::vector<index_t>(shape.size(), 0), inputs).front();
}

ArrayPtr cast(const ArrayPtr& node, DType dtype) {
  if (node->dtype() == dtype) return node;
  return std::make_shared<ElementwiseNode>(Op::cast, dtype, dtype, node->shape(), node->chunks(), std::vector<ArrayPtr>{node});
}

ArrayPtr round(const ArrayPtr& node, int decimals) {
  const DType type = node->dtype();
  if ((is_integer(type) || type == DType::bool_) && decimals >= 0) return node;
  const auto rint = [](const ArrayPtr& x) { return elementwise(Op::rint, std::vector<Operand>{x}); };
  if (decimals == 0) return rint(node);
  double scale = 1;
  for (int i = 0; i < (decimals < 0 ? -decimals : decimals); ++i) scale *= 10;
  const ScalarValue by = ScalarValue::of<double>(scale);
  const Op there = decimals > 0 ? Op::multiply : Op::divide, back = decimals > 0 ? Op::divide : Op::multiply;
  const ArrayPtr rounded = rint(elementwise(there, std::vector<Operand>{node, by}));
  return cast(elementwise(back, std::vector<Operand>{rounded, by}), type);
}

}  // namespace ashlar::expression
