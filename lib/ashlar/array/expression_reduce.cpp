#include <algorithm>

#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/array/operations_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

bool is_position(Reduction r) { return r == Reduction::argmin || r == Reduction::argmax; }

std::vector<int> checked_axes(Reduction reduction, const Shape& shape, const AxisSpec& spec) {
  std::vector<int> axes = normalize_axes(spec, shape.ndim());
  std::sort(axes.begin(), axes.end());
  if (is_position(reduction) && axes.size() > 1 && axes.size() != shape.size())
    throw ValueError(std::string(reduction_name(reduction)) + " takes one axis or none, found " + std::to_string(axes.size()));
  if (reduction == Reduction::min || reduction == Reduction::max || is_position(reduction)) {
    bool nothing = false, wanted = true;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const bool reduced = std::find(axes.begin(), axes.end(), static_cast<int>(i)) != axes.end();
      if (shape[i] == 0) (reduced ? nothing : wanted) = reduced;
    }
    if (nothing && wanted)
      throw ValueError("zero-size array to reduction operation " + std::string(reduction_name(reduction)) + ", which has no identity: shape " +
                       to_string(shape));
  }
  return axes;
}

}  // namespace

ArrayPtr reduce(Reduction reduction, const ArrayPtr& node, const ReduceArguments& arguments) {
  std::vector<int> axes = checked_axes(reduction, node->shape(), arguments.axes);
  if (arguments.split_every < 0 || arguments.split_every == 1)
    throw ValueError("split_every must be at least 2, found " + std::to_string(arguments.split_every));
  Shape shape;
  Chunks chunks;
  for (std::size_t i = 0; i < node->shape().size(); ++i) {
    const bool reduced = std::find(axes.begin(), axes.end(), static_cast<int>(i)) != axes.end();
    if (reduced && is_position(reduction) && node->shape()[i] == unknown)
      throw ShapeError("positions on an axis of unknown length are unknown (compute_chunk_sizes() settles lengths): axis " + std::to_string(i));
    if (reduced && !arguments.keepdims) continue;
    shape.v.push_back(reduced ? 1 : node->shape()[i]);
    chunks.push_back(reduced ? std::vector<index_t>{1} : node->chunks()[i]);
  }
  auto result = std::make_shared<ReductionNode>(reduction, reduction_result_type(reduction, node->dtype()), node, std::move(axes), arguments.keepdims,
                                                std::move(shape), std::move(chunks));
  result->ddof = arguments.ddof;
  result->split_every = arguments.split_every;
  return result;
}

Block reduce_now(Reduction reduction, const Block& block, const ReduceArguments& arguments) {
  const std::vector<int> axes = checked_axes(reduction, block.shape(), arguments.axes);
  LinearIndex position;
  if (is_position(reduction)) {
    position.coefficients.assign(block.shape().size(), 0);
    if (axes.size() == block.shape().size()) position.coefficients = c_strides(block.shape());
    else position.coefficients[static_cast<std::size_t>(axes.front())] = 1;
  }
  Program program;
  program.reduce(reduction, program.input(block.dtype()), axes, position);
  const Finish finish{reduction, block.dtype(), arguments.ddof, axes, arguments.keepdims};
  const std::vector<index_t> origin(block.shape().size(), 0);
  return finish.finish(program.run(block.shape(), origin, std::span(&block, 1)));
}

}  // namespace ashlar::expression
