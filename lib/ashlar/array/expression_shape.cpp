#include <algorithm>
#include <numeric>

#include "ashlar/array/array_options.hpp"
#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/array/reshape_chunks_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;
using Kind = ArrayNode::Kind;

ArrayPtr transpose(const ArrayPtr& node, const AxisSpec& spec) {
  std::vector<int> order = normalize_axes(spec, node->ndim());
  if (spec.every) std::reverse(order.begin(), order.end());
  if (static_cast<int>(order.size()) != node->ndim())
    throw ValueError("a transpose names each axis once: found " + std::to_string(order.size()) + " axes, shape " + to_string(node->shape()));
  View view;
  view.axes.resize(order.size());
  Shape shape;
  Chunks chunks;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto from = static_cast<std::size_t>(order[i]);
    view.axes[from] = {static_cast<int>(i), 0, 1, nullptr};
    shape.v.push_back(node->shape()[from]);
    chunks.push_back(node->chunks()[from]);
  }
  return std::make_shared<ViewNode>("transpose", node, std::move(view), std::move(shape), std::move(chunks));
}

namespace {

/// Functions of the position that stay such in another shape; null when one does not. Nothing is computed chunk by chunk then.
ArrayPtr reshaped_sources(const ArrayPtr& node, const Shape& shape, const Chunks& chunks, int depth = 0) {
  if (depth > 20) return nullptr;
  if (node->kind() == Kind::source) {
    const auto& from = as<SourceNode>(node);
    std::optional<LinearIndex> k = LinearIndex{};
    if (from.rule != SourceNode::Rule::constant) k = reshaped(from.k, node->shape(), shape);
    if (!k) return nullptr;
    auto to = std::make_shared<SourceNode>(node->name(), node->dtype(), shape, chunks);
    to->rule = from.rule;
    to->start = from.start;
    to->step = from.step;
    to->distribution = from.distribution;
    to->seed = from.seed;
    to->a = from.a;
    to->b = from.b;
    to->k = std::move(*k);
    return to;
  }
  if (node->kind() != Kind::elementwise) return nullptr;
  const auto& operation = as<ElementwiseNode>(node);
  std::vector<ArrayPtr> inputs;
  for (const ArrayPtr& input : node->inputs()) {
    if (input->ndim() == 0) {
      inputs.push_back(input);
      continue;
    }
    if (input->shape() != node->shape()) return nullptr;
    ArrayPtr part = reshaped_sources(input, shape, chunks, depth + 1);
    if (!part) return nullptr;
    inputs.push_back(std::move(part));
  }
  return std::make_shared<ElementwiseNode>(operation.op, operation.compute, node->dtype(), shape, chunks, std::move(inputs));
}

}  // namespace

ArrayPtr reshape(const ArrayPtr& node, const Shape& wanted) {
  if (!node->lengths_known()) {
    if (node->ndim() == 1 && wanted == Shape{-1}) return node;
    throw ShapeError("a reshape needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(node->shape()));
  }
  const Shape shape = resolve_reshape(node->shape(), wanted);
  if (shape == node->shape()) return node;
  auto [cut, chunks] = reshape_chunks(node->shape(), node->chunks(), shape);
  if (ArrayPtr source = reshaped_sources(node, shape, chunks)) return source;
  return std::make_shared<ReshapeNode>(node, std::move(cut), shape, std::move(chunks));
}

ArrayPtr ravel(const ArrayPtr& node) {
  if (node->ndim() == 1) return node;
  return reshape(node, Shape{node->lengths_known() ? node->shape().elements() : -1});
}

ArrayPtr broadcast_to(const ArrayPtr& node, const Shape& shape) {
  if (shape == node->shape()) return node;
  if (shape.ndim() < node->ndim() || broadcast_shapes(node->shape(), shape) != shape)
    throw ShapeError("shape " + to_string(node->shape()) + " does not broadcast to shape " + to_string(shape));
  Chunks chunks;
  const std::size_t lead = shape.size() - node->shape().size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i >= lead && node->shape()[i - lead] == shape[i]) chunks.push_back(node->chunks()[i - lead]);
    else chunks.push_back({shape[i]});
  }
  return std::make_shared<ViewNode>("broadcast_to", node, View::broadcast(node->shape(), shape), shape, std::move(chunks));
}

ArrayPtr expand_dims(const ArrayPtr& node, const AxisSpec& spec) {
  const int ndim = node->ndim() + static_cast<int>(spec.v.size());
  const std::vector<int> added = normalize_axes(spec, ndim);
  View view;
  Shape shape;
  Chunks chunks;
  for (int i = 0; i < ndim; ++i) {
    if (std::find(added.begin(), added.end(), i) != added.end()) {
      shape.v.push_back(1);
      chunks.push_back({1});
      continue;
    }
    const std::size_t from = view.axes.size();
    view.axes.push_back({i, 0, 1, nullptr});
    shape.v.push_back(node->shape()[from]);
    chunks.push_back(node->chunks()[from]);
  }
  return std::make_shared<ViewNode>("expand_dims", node, std::move(view), std::move(shape), std::move(chunks));
}

ArrayPtr squeeze(const ArrayPtr& node, const AxisSpec& spec) {
  std::vector<int> dropped;
  for (int axis : normalize_axes(spec, node->ndim())) {
    const index_t length = node->shape()[static_cast<std::size_t>(axis)];
    if (length == 1) dropped.push_back(axis);
    else if (!spec.every) throw ShapeError("only an axis of length 1 can be squeezed: axis " + std::to_string(axis) + ", length " + std::to_string(length));
  }
  if (dropped.empty()) return node;
  View view;
  Shape shape;
  Chunks chunks;
  for (int i = 0; i < node->ndim(); ++i) {
    if (std::find(dropped.begin(), dropped.end(), i) != dropped.end()) {
      view.axes.push_back({-1, 0, 0, nullptr});
      continue;
    }
    view.axes.push_back({shape.ndim(), 0, 1, nullptr});
    shape.v.push_back(node->shape()[static_cast<std::size_t>(i)]);
    chunks.push_back(node->chunks()[static_cast<std::size_t>(i)]);
  }
  return std::make_shared<ViewNode>("squeeze", node, std::move(view), std::move(shape), std::move(chunks));
}

ArrayPtr flip(const ArrayPtr& node, const AxisSpec& spec) {
  View view = View::identity(node->ndim());
  Chunks chunks = node->chunks();
  for (int axis : normalize_axes(spec, node->ndim())) {
    const auto i = static_cast<std::size_t>(axis);
    if (node->shape()[i] == unknown)
      throw ShapeError("an axis of unknown length can only be taken whole (compute_chunk_sizes() settles lengths): axis " + std::to_string(axis));
    view.axes[i] = {axis, std::max<index_t>(node->shape()[i] - 1, 0), -1, nullptr};
    std::reverse(chunks[i].begin(), chunks[i].end());
  }
  return std::make_shared<ViewNode>("flip", node, std::move(view), node->shape(), std::move(chunks));
}

ArrayPtr roll(const ArrayPtr& node, index_t shift, const AxisSpec& spec) {
  if (spec.every && node->ndim() != 1) return reshape(roll(ravel(node), shift, AxisSpec(0)), node->shape());
  ArrayPtr result = node;
  for (int axis : normalize_axes(spec, node->ndim())) {
    const index_t length = node->shape()[static_cast<std::size_t>(axis)];
    if (length == unknown) throw ShapeError("roll needs known lengths (compute_chunk_sizes() settles them): axis " + std::to_string(axis));
    if (length == 0 || shift % length == 0) continue;
    const index_t by = (shift % length + length) % length;
    const auto part = [&](index_t start, index_t stop) {
      View view = View::identity(node->ndim());
      view.axes[static_cast<std::size_t>(axis)].start = start;
      Shape shape = node->shape();
      shape[static_cast<std::size_t>(axis)] = stop - start;
      Chunks chunks = result->chunks();
      auto& sizes = chunks[static_cast<std::size_t>(axis)];
      std::vector<index_t> left;
      index_t at = 0;
      for (index_t n : sizes) {
        const index_t overlap = std::min(at + n, stop) - std::max(at, start);
        if (overlap > 0) left.push_back(overlap);
        at += n;
      }
      sizes = std::move(left);
      return std::make_shared<ViewNode>("getitem", result, std::move(view), std::move(shape), std::move(chunks));
    };
    result = concatenate({part(length - by, length), part(0, length - by)}, axis);
  }
  return result;
}

ArrayPtr concatenate(std::vector<ArrayPtr> parts, int axis) {
  if (parts.empty()) throw ValueError("concatenate needs at least one array");
  const int ndim = parts.front()->ndim();
  if (ndim == 0) throw ShapeError("arrays without axes cannot be concatenated; stack them");
  const int along = normalize_axes(AxisSpec(std::vector<int>{axis}), ndim).front();
  for (const ArrayPtr& part : parts) {
    bool fits = part->ndim() == ndim;
    for (int i = 0; fits && i < ndim; ++i)
      fits = i == along || part->shape()[static_cast<std::size_t>(i)] == parts.front()->shape()[static_cast<std::size_t>(i)];
    if (!fits)
      throw ShapeError("arrays to concatenate must agree but along axis " + std::to_string(along) + ": shapes " + to_string(parts.front()->shape()) + " and " +
                       to_string(part->shape()));
  }
  if (parts.size() == 1) return parts.front();
  Shape shape = parts.front()->shape();
  Chunks chunks;
  for (int i = 0; i < ndim; ++i) {
    const auto number = static_cast<std::size_t>(i);
    if (i != along) {
      std::vector<const std::vector<index_t>*> lists;
      for (const ArrayPtr& part : parts) lists.push_back(&part->chunks()[number]);
      chunks.push_back(common_chunks(lists, i));
      continue;
    }
    chunks.emplace_back();
    shape[number] = 0;
    for (const ArrayPtr& part : parts) {
      const auto& sizes = part->chunks()[number];
      chunks.back().insert(chunks.back().end(), sizes.begin(), sizes.end());
      const index_t length = part->shape()[number];
      shape[number] = length == unknown || shape[number] == unknown ? unknown : shape[number] + length;
    }
  }
  for (ArrayPtr& part : parts) {
    Chunks own = chunks;
    own[static_cast<std::size_t>(along)] = part->chunks()[static_cast<std::size_t>(along)];
    if (own != part->chunks()) part = std::make_shared<ViewNode>("rechunk", part, View::identity(ndim), part->shape(), std::move(own));
  }
  return std::make_shared<ConcatenateNode>(std::move(parts), along, std::move(shape), std::move(chunks));
}

ArrayPtr stack(std::vector<ArrayPtr> parts, int axis) {
  if (parts.empty()) throw ValueError("stack needs at least one array");
  for (ArrayPtr& part : parts) part = expand_dims(part, AxisSpec(std::vector<int>{axis}));
  return concatenate(std::move(parts), axis);
}

ArrayPtr rechunk(const ArrayPtr& node, const ChunkSpec& spec, const RechunkOptions& options) {
  if (options.threshold != 0 || options.block_size_limit != 0 || options.balance)
    throw NotImplementedError("rechunk serves the default threshold, block_size_limit and balance only");
  Chunks chunks = normalize_chunks(spec, node->shape(), itemsize(node->dtype()));
  if (chunks == node->chunks()) return node;
  for (std::size_t i = 0; i < chunks.size(); ++i)
    if (node->shape()[i] == unknown && chunks[i] != node->chunks()[i])
      throw ShapeError("an axis of unknown length keeps its chunks (compute_chunk_sizes() settles lengths): axis " + std::to_string(i));
  return std::make_shared<ViewNode>("rechunk", node, View::identity(node->ndim()), node->shape(), std::move(chunks));
}

}  // namespace ashlar::expression
