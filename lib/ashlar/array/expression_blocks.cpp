#include <algorithm>

#include "ashlar/array/block_function.hpp"
#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/array/operations_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {

Bytes detail::closure_bytes(const void* function, std::size_t nbytes, std::string_view name) {
  refuse_addresses(function, nbytes, "the function " + std::string(name), "pass what it refers to as another array argument, or capture it by value");
  const auto* first = static_cast<const std::byte*>(function);
  return Bytes(first, first + nbytes);
}

ArrayPtr lowering::call_blocks(BlockCall call) {
  std::vector<ArrayPtr> nodes;
  for (const auto& input : call.inputs) nodes.push_back(input.node);
  const Shape shape = shape_of(call.result);
  auto node = std::make_shared<BlocksNode>(std::move(call.name), call.dtype, std::move(nodes), call.function, std::move(call.closure), shape, std::move(call.result));
  node->task_chunks = std::move(call.tasks);
  for (auto& input : call.inputs) {
    node->views.push_back(std::move(input.view));
    node->spaces.push_back(std::move(input.space));
    if (input.own_axes) node->axes.push_back(std::move(input.axes));
  }
  return node;
}

namespace expression {

using namespace lowering;

namespace {

/// Sizes of the result's chunks: what the user says of an axis, for as many chunks as there are tasks along it.
std::vector<index_t> result_sizes(const AxisChunks& said, std::size_t count, std::size_t axis) {
  if (const auto* size = std::get_if<index_t>(&said.v)) {
    if (*size < 0) throw ValueError("chunks of a block function's result must be sizes: axis " + std::to_string(axis) + ", found " + std::to_string(*size));
    return std::vector<index_t>(count, *size);
  }
  const auto* sizes = std::get_if<std::vector<index_t>>(&said.v);
  if (!sizes) throw ValueError("chunks of a block function's result must be sizes: axis " + std::to_string(axis) + ", found \"" + std::get<std::string>(said.v) + "\"");
  if (sizes->size() != count)
    throw ValueError("a block function's result has one chunk per call: axis " + std::to_string(axis) + ", sizes " + std::to_string(sizes->size()) + ", calls " +
                     std::to_string(count));
  return *sizes;
}

}  // namespace

ArrayPtr map_blocks(std::vector<ArrayPtr> inputs, const BlockFunction& function, Bytes closure, DType dtype, const MapBlocksOptions& options) {
  Shape space;
  for (const ArrayPtr& input : inputs) space = broadcast_shapes(space, input->shape());
  const std::vector<int> dropped = options.drop_axis.every ? std::vector<int>{} : normalize_axes(options.drop_axis, space.ndim());
  Chunks task_chunks;
  for (std::size_t axis = 0; axis < space.size(); ++axis) {
    std::vector<const std::vector<index_t>*> lists;
    for (const ArrayPtr& input : inputs) {
      const auto lead = space.size() - input->shape().size();
      if (axis >= lead && input->shape()[axis - lead] != 1) lists.push_back(&input->chunks()[axis - lead]);
    }
    const bool whole = std::find(dropped.begin(), dropped.end(), static_cast<int>(axis)) != dropped.end();
    if (whole && space[axis] == unknown) throw ShapeError("a dropped axis needs a known length (compute_chunk_sizes() settles lengths): axis " + std::to_string(axis));
    if (lists.empty() || whole) task_chunks.push_back({space[axis]});
    else task_chunks.push_back(common_chunks(lists, static_cast<int>(axis)));
  }
  // The result: axes dropped, then new ones put in. Where an axis is the task's, its chunks are too.
  Chunks chunks;
  for (std::size_t axis = 0; axis < space.size(); ++axis)
    if (std::find(dropped.begin(), dropped.end(), static_cast<int>(axis)) == dropped.end()) chunks.push_back(task_chunks[axis]);
  if (!options.new_axis.every) {
    std::vector<int> added = normalize_axes(options.new_axis, static_cast<int>(chunks.size() + options.new_axis.v.size()));
    std::sort(added.begin(), added.end());
    for (int axis : added) chunks.insert(chunks.begin() + axis, {1});
  }
  if (const auto& said = options.chunks.axes; !said.empty()) {
    if (chunks.size() == 1 && said.size() > 1) {  // sizes of one axis, as everywhere
      std::vector<index_t> sizes;
      for (const AxisChunks& entry : said) sizes.push_back(result_sizes(entry, 1, 0).front());
      chunks[0] = result_sizes(AxisChunks(sizes), chunks[0].size(), 0);
    } else {
      if (said.size() != chunks.size())
        throw ValueError("chunks of a block function's result need one entry per axis: found " + std::to_string(said.size()) + ", axes " +
                         std::to_string(chunks.size()));
      for (std::size_t axis = 0; axis < chunks.size(); ++axis) chunks[axis] = result_sizes(said[axis], chunks[axis].size(), axis);
    }
  }
  std::vector<View> views;
  for (const ArrayPtr& input : inputs) views.push_back(View::broadcast(input->shape(), space));
  const Shape shape = shape_of(chunks);
  auto node = std::make_shared<BlocksNode>(options.name.empty() ? "map_blocks" : options.name, dtype, std::move(inputs), function, std::move(closure), shape,
                                           std::move(chunks));
  node->task_chunks = std::move(task_chunks);
  node->views = std::move(views);
  node->spaces.resize(node->inputs().size());
  return node;
}

ArrayPtr compute_chunk_sizes(const ArrayPtr& node) {
  if (node->lengths_known()) return node;
  GraphBuilder builder;
  std::vector<TaskRef> wanted;
  {
    auto lock = detail::lowering_lock();
    auto layer = std::make_shared<ListedLayer>("chunk-sizes", std::make_shared<LengthsOperation>());
    for (const TaskRef& chunk : detail::lower_array(node, builder)) layer->add(std::span(&chunk, 1), 64);
    const std::int64_t n = layer->size();
    const std::int32_t number = builder.add(std::move(layer));
    for (std::int64_t i = 0; i < n; ++i) wanted.push_back({number, i});
  }
  const auto shapes = detail::evaluate(std::move(builder), wanted);
  const ChunkGrid grid(node->chunks());
  Chunks chunks = node->chunks();
  for (index_t i = 0; i < grid.size(); ++i) {
    const Coordinates at = grid.coordinates(i);
    const auto& lengths = shapes[static_cast<std::size_t>(i)].get<std::vector<index_t>>();
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
      index_t& size = chunks[axis][static_cast<std::size_t>(at[axis])];
      if (size == unknown) size = lengths[axis];
      if (size != lengths[axis])
        throw ShapeError("chunks of one row have different lengths: axis " + std::to_string(axis) + " has " + std::to_string(size) + " and " +
                         std::to_string(lengths[axis]));
    }
  }
  const Shape shape = shape_of(chunks);
  return std::make_shared<SettledNode>(node, shape, std::move(chunks));
}

}  // namespace expression
}  // namespace ashlar
