#include "ashlar/array/lowering_detail.hpp"

#include <algorithm>
#include <cmath>

#include "ashlar/base/error.hpp"

namespace ashlar::lowering {

using Kind = ArrayNode::Kind;

void Lowering::run() {
  for (const ArrayPtr& node : plan_.order())
    if (plan_.has_chunks(node.get())) lower(node);
}

std::int32_t Lowering::place(const ArrayNode& node, std::shared_ptr<const Layer> layer) {
  const std::int64_t tasks = layer->size();
  std::int32_t number;
  if (const auto reserved = places_.find(&node); reserved != places_.end()) {
    number = reserved->second;
    builder_.put(number, std::move(layer));
  } else {
    number = builder_.add(std::move(layer));
  }
  std::vector<TaskRef> refs(static_cast<std::size_t>(tasks));
  for (std::int64_t i = 0; i < tasks; ++i) refs[static_cast<std::size_t>(i)] = {number, i};
  refs_[&node] = std::make_shared<const std::vector<TaskRef>>(std::move(refs));
  return number;
}

void Lowering::same_tasks(const ArrayNode& node, std::vector<TaskRef> refs) {
  if (static_cast<index_t>(refs.size()) != node.num_chunks())
    throw InternalError("an array has " + std::to_string(node.num_chunks()) + " chunks and was given " + std::to_string(refs.size()) + " tasks: " + node.name());
  if (!places_.contains(&node)) {
    refs_[&node] = std::make_shared<const std::vector<TaskRef>>(std::move(refs));
    return;
  }
  const ChunkGrid grid(node.chunks());
  auto layer = std::make_shared<ListedLayer>(node.name(), std::make_shared<SameOperation>());
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const Shape shape = grid.shape(grid.coordinates(static_cast<index_t>(i)));
    const bool known = std::find(shape.begin(), shape.end(), unknown) == shape.end();
    layer->add(std::span(&refs[i], 1), known ? shape.elements() * itemsize(node.dtype()) : -1);
  }
  place(node, std::move(layer));
}

Gather::Leaf Lowering::leaf(const ArrayNode& node) const {
  if (const Part* part = plan_.part(&node)) return {ChunkGrid(part->chunks), node.dtype(), std::nullopt};
  if (!plan_.travels_inside(&node)) return {ChunkGrid(node.chunks()), node.dtype(), std::nullopt};
  Chunks whole;
  for (index_t n : node.shape()) whole.push_back({n});
  return {ChunkGrid(whole), node.dtype(), as<LocalNode>(node).block};
}

Refs Lowering::refs(const ArrayNode& node) const {
  const auto found = refs_.find(&node);
  return found == refs_.end() ? nullptr : found->second;
}

void Lowering::lower(const ArrayPtr& node) {
  switch (node->kind()) {
    case Kind::source:
    case Kind::elementwise:
    case Kind::map:
    case Kind::view: return lower_fused(*node);
    case Kind::local:
      if (plan_.needs_tasks(node.get())) place(*node, std::make_shared<LocalLayer>(std::static_pointer_cast<const LocalNode>(node)));
      return;
    case Kind::held: {
      std::vector<TaskRef> tasks;
      for (const ResultHandle& result : as<HeldNode>(node).results) tasks.push_back(builder_.input(result));
      return same_tasks(*node, std::move(tasks));
    }
    case Kind::layer: {
      const auto& source = as<LayerNode>(node);
      if (const Part* part = plan_.part(node.get())) {
        refs_[node.get()] = std::make_shared<const std::vector<TaskRef>>(source.make_part(builder_, part->start, part->step, part->chunks));
        return;
      }
      return same_tasks(*node, source.make_tasks(builder_));
    }
    case Kind::settled: return same_tasks(*node, *refs(*node->input()));
    case Kind::reduction: return lower_reduction(as<ReductionNode>(node));
    case Kind::reshape: return lower_reshape(as<ReshapeNode>(node));
    case Kind::concatenate: return lower_concatenate(as<ConcatenateNode>(node));
    case Kind::mask: return lower_mask(as<MaskNode>(node));
    case Kind::set: return lower_set(as<SetNode>(node));
    case Kind::blocks: return lower_blocks(as<BlocksNode>(node));
    case Kind::overlap: return lower_overlap(as<OverlapNode>(node));
  }
}

std::vector<Refs> Lowering::add_reads(Gather& gather, const GroupProgram& group) {
  std::vector<Refs> leaves;
  std::vector<const ArrayNode*> nodes;
  std::vector<std::vector<View>> views;
  std::vector<std::size_t> numbers;
  for (const auto& read : group.reads()) {
    const auto number = static_cast<std::size_t>(std::find(nodes.begin(), nodes.end(), read.node) - nodes.begin());
    if (number == nodes.size()) {
      nodes.push_back(read.node);
      views.emplace_back();
    }
    const Part* part = plan_.part(read.node);
    numbers.push_back(number);
    views[number].push_back(part ? part->seen(read.view) : read.view);
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Gather::Leaf read = leaf(*nodes[i]);
    leaves.push_back(cut_where_many_read(*nodes[i], gather.tasks(), views[i], read, refs(*nodes[i])));
    gather.add_leaf(std::move(read));
  }
  std::vector<std::size_t> next(nodes.size());
  for (std::size_t number : numbers) gather.add_input({number, views[number][next[number]++], 0});
  return leaves;
}

void Lowering::lower_fused(const ArrayNode& node) {
  GroupProgram group(plan_, node);
  const Program::Value value = group.emit(node, View::identity(node.ndim()));
  group.program().store(value);
  Gather gather{ChunkGrid(node.chunks())};
  const auto leaves = add_reads(gather, group);
  const bool copies = node.kind() == Kind::view && group.reads().size() == 1 && group.program().evaluations_per_element() == 0;
  // A rechunk to the chunks there are, a transpose of a transpose.
  if (copies) {
    const auto& read = group.reads().front();
    const Part* part = plan_.part(read.node);
    const View view = part ? part->seen(read.view) : read.view;
    if (view == View::identity(node.ndim()) && (part ? part->chunks : read.node->chunks()) == node.chunks() && refs(*read.node) && !plan_.travels_inside(read.node))
      return same_tasks(node, *refs(*read.node));
  }
  auto operation = std::make_shared<FusedOperation>(std::move(gather), std::move(group.program()), node.dtype());
  if (copies) operation->copies();
  place(node, std::make_shared<GridLayer>(group.name(), std::shared_ptr<const FusedOperation>(std::move(operation)), leaves));
}

void Lowering::lower_reduction(const ReductionNode& node) {
  const ArrayNode& input = *node.input();
  GroupProgram group(plan_, node);
  const Program::Value value = group.emit(input, View::identity(input.ndim()));
  LinearIndex position;
  if (node.reduction == Reduction::argmin || node.reduction == Reduction::argmax) {
    position.coefficients.assign(input.shape().size(), 0);
    if (node.axes.size() == input.shape().size()) position.coefficients = c_strides(input.shape());
    else position.coefficients[static_cast<std::size_t>(node.axes.front())] = 1;
  }
  group.program().reduce(node.reduction, value, node.axes, position);

  const ChunkGrid grid(input.chunks());
  Gather gather{grid};
  const auto leaves = add_reads(gather, group);
  const Finish finish{node.reduction, input.dtype(), node.ddof, node.axes, node.keepdims};
  std::vector<index_t> counts;
  index_t to_combine = 1;
  for (std::size_t i = 0; i < input.shape().size(); ++i) {
    counts.push_back(grid.count(i));
    if (std::find(node.axes.begin(), node.axes.end(), static_cast<int>(i)) != node.axes.end()) to_combine *= grid.count(i);
  }
  std::string name = node.name();
  if (const std::string fused = group.name(); !fused.empty()) name += "-" + fused;
  auto operation = std::make_shared<FusedOperation>(std::move(gather), std::move(group.program()),
                                                    reduction_accumulator_type(node.reduction, input.dtype()));
  operation->reduces(finish, to_combine == 1);
  std::shared_ptr<const Layer> layer = std::make_shared<GridLayer>(name, std::shared_ptr<const FusedOperation>(std::move(operation)), leaves);
  if (to_combine == 1) {
    place(node, std::move(layer));
    return;
  }
  std::int64_t nbytes = itemsize(node.dtype());
  for (std::size_t i = 0; i < input.shape().size(); ++i)
    if (std::find(node.axes.begin(), node.axes.end(), static_cast<int>(i)) == node.axes.end()) {
      index_t longest = 1;
      for (index_t n : input.chunks()[i]) longest = std::max(longest, n);
      nbytes *= longest;
    }
  // As Dask: 16 inputs a task, shared among the axes. A function of the chunks only.
  const int split = node.split_every > 0 ? node.split_every : 16;
  const auto per_axis = static_cast<index_t>(std::max(2.0, std::floor(std::pow(split, 1.0 / static_cast<double>(node.axes.size())) + 1e-9)));
  std::int32_t from = builder_.add(std::move(layer));
  for (;;) {
    std::vector<index_t> factors(counts.size(), 1);
    bool last = true;
    for (int axis : node.axes) {
      const auto i = static_cast<std::size_t>(axis);
      factors[i] = std::min(per_axis, counts[i]);
      last = last && counts[i] <= per_axis;
    }
    auto combine = std::make_shared<CombineLayer>(node.name() + (last ? "-aggregate" : "-combine"), std::make_shared<CombineOperation>(finish, last), from,
                                                  counts, factors, last ? nbytes : nbytes * partial_blocks(node.reduction));
    counts = combine->counts();
    if (last) {
      place(node, std::move(combine));
      return;
    }
    from = builder_.add(std::move(combine));
  }
}

void Lowering::lower_reshape(const ReshapeNode& node) {
  Gather gather{ChunkGrid(node.input_chunks)};
  gather.add_leaf(leaf(*node.input()));
  gather.add_input({0, View::identity(node.input()->ndim()), 0});
  auto operation = std::make_shared<const ReshapeOperation>(std::move(gather), ChunkGrid(node.chunks()));
  place(node, std::make_shared<GridLayer>(node.name(), std::move(operation), std::vector<Refs>{refs(*node.input())}));
}

void Lowering::lower_concatenate(const ConcatenateNode& node) {
  const ChunkGrid grid(node.chunks());
  const auto axis = static_cast<std::size_t>(node.axis);
  // The part and its chunk number along the axis, for each chunk number of the result.
  std::vector<std::pair<std::size_t, index_t>> owner;
  std::vector<ChunkGrid> grids;
  for (std::size_t i = 0; i < node.inputs().size(); ++i) {
    grids.emplace_back(node.input(i)->chunks());
    for (index_t k = 0; k < grids.back().count(axis); ++k) owner.emplace_back(i, k);
  }
  std::vector<TaskRef> tasks;
  for (index_t i = 0; i < grid.size(); ++i) {
    Coordinates at = grid.coordinates(i);
    const auto [part, k] = owner[static_cast<std::size_t>(at[axis])];
    at[axis] = k;
    tasks.push_back((*refs(*node.input(part)))[static_cast<std::size_t>(grids[part].number(at))]);
  }
  same_tasks(node, std::move(tasks));
}

void Lowering::lower_mask(const MaskNode& node) {
  // Axes other than the one of the mask keep their chunks, so the tasks are those of the input.
  Gather gather{ChunkGrid(node.input(0)->chunks())};
  gather.add_leaf(leaf(*node.input(0)));
  gather.add_leaf(leaf(*node.input(1)));
  gather.add_input({0, View::identity(node.input(0)->ndim()), 0});
  gather.add_input({1, View{{AxisMap{node.axis, 0, 1, nullptr}}}, 0});
  auto operation = std::make_shared<const MaskOperation>(std::move(gather), node.axis);
  place(node, std::make_shared<GridLayer>(node.name(), std::move(operation), std::vector<Refs>{refs(*node.input(0)), refs(*node.input(1))}));
}

void Lowering::lower_set(const SetNode& node) {
  const ChunkGrid grid(node.chunks());
  // The selection cut where the chunks are cut; a chunk that holds none of it gets an empty part.
  Chunks parts;
  for (std::size_t axis = 0; axis < node.selection.size(); ++axis) {
    parts.emplace_back();
    for (index_t i = 0; i < grid.count(axis); ++i)
      parts.back().push_back(node.selection[axis].before(grid.end(axis, i)) - node.selection[axis].before(grid.begin(axis, i)));
  }
  Gather gather{grid};
  gather.add_leaf(leaf(*node.input(0)));
  gather.add_leaf(leaf(*node.input(1)));
  gather.add_input({0, View::identity(node.ndim()), 0});
  gather.add_input({1, node.view, gather.add_space(ChunkGrid(parts))});
  auto operation = std::make_shared<const SetOperation>(std::move(gather), node.selection);
  place(node, std::make_shared<GridLayer>(node.name(), std::move(operation), std::vector<Refs>{refs(*node.input(0)), refs(*node.input(1))}));
}

void Lowering::lower_blocks(const BlocksNode& node) {
  Gather gather{ChunkGrid(node.task_chunks)};
  std::vector<Refs> leaves;
  // One array may be read in many ways: its grid is sent once, as is a grid of parts.
  std::vector<const ArrayNode*> nodes;
  std::vector<std::pair<const Chunks*, std::size_t>> spaces;
  for (std::size_t i = 0; i < node.inputs().size(); ++i) {
    const ArrayNode* input = node.input(i).get();
    const auto number = static_cast<std::size_t>(std::find(nodes.begin(), nodes.end(), input) - nodes.begin());
    if (number == nodes.size()) {
      nodes.push_back(input);
      gather.add_leaf(leaf(*input));
      leaves.push_back(refs(*input));
    }
    std::size_t space = 0;
    if (const Chunks& cut = node.spaces[i]; !cut.empty()) {
      const auto known = std::find_if(spaces.begin(), spaces.end(), [&](const auto& other) { return *other.first == cut; });
      space = known != spaces.end() ? known->second : gather.add_space(ChunkGrid(cut));
      if (known == spaces.end()) spaces.emplace_back(&cut, space);
    }
    gather.add_input({number, node.views[i], space});
  }
  auto operation = std::make_shared<const BlocksOperation>(std::move(gather), *node.function, node.closure, node.dtype(), ChunkGrid(node.chunks()),
                                                           shape_of(node.task_chunks), node.axes);
  place(node, std::make_shared<GridLayer>(node.name(), std::move(operation), std::move(leaves)));
}

}  // namespace ashlar::lowering
