#include <algorithm>

#include "ashlar/array/delayed_argument.hpp"
#include "ashlar/array/lowering_detail.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/graph/run_here.hpp"

namespace ashlar::detail {
namespace {

using namespace lowering;
using Kind = ArrayNode::Kind;

/// The arrays wanted from one graph. They are lowered together when the graph is taken, so that what they share is seen.
struct ArrayRoots {
  std::vector<ArrayPtr> nodes;
  std::unordered_map<const ArrayNode*, std::int32_t> places;
  std::size_t lowered = 0;   // of `nodes`
  bool announced = false;    // to the builder
};

void finish(ArrayRoots& roots, GraphBuilder& builder) {
  const auto lock = lowering_lock();  // tasks made by others may be calls of `delayed`
  while (roots.lowered < roots.nodes.size()) {
    // Sources made by others may want arrays in their turn: those come in another round.
    const std::vector<ArrayPtr> round(roots.nodes.begin() + static_cast<std::ptrdiff_t>(roots.lowered), roots.nodes.end());
    roots.lowered = roots.nodes.size();
    std::unordered_map<const ArrayNode*, std::int32_t> places;
    for (const ArrayPtr& node : round) places[node.get()] = roots.places.at(node.get());
    const Plan plan(round, builder.optimize());
    Lowering(builder, plan, std::move(places)).run();
  }
  roots.announced = false;
}

}  // namespace

std::vector<TaskRef> lower_array(const ArrayPtr& node, GraphBuilder& builder) {
  std::vector<TaskRef> refs;
  if (node->kind() == Kind::held) {
    for (const ResultHandle& result : as<HeldNode>(node).results) refs.push_back(builder.input(result));
    return refs;
  }
  auto& roots = builder.state<ArrayRoots>();
  if (!std::exchange(roots.announced, true)) builder.before_take([&roots](GraphBuilder& b) { finish(roots, b); });
  const auto [it, added] = roots.places.try_emplace(node.get(), 0);
  if (added) {
    it->second = builder.reserve();
    roots.nodes.push_back(node);
  }
  const index_t n = node->num_chunks();
  refs.reserve(static_cast<std::size_t>(n));
  for (index_t i = 0; i < n; ++i) refs.push_back({it->second, i});
  return refs;
}

namespace {

Block assemble(DType dtype, Chunks sizes, std::span<const Object> chunks) {
  if (chunks.size() == 1) return chunks.front().get<Block>().contiguous();
  const ChunkGrid grid(sizes);
  // Unknown lengths follow from the chunks: the n-th along an axis has one length wherever it stands.
  for (index_t i = 0; i < grid.size(); ++i) {
    const Coordinates at = grid.coordinates(i);
    const Shape& shape = chunks[static_cast<std::size_t>(i)].get<Block>().shape();
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
      index_t& size = sizes[axis][static_cast<std::size_t>(at[axis])];
      if (size == unknown) size = shape[axis];
      if (size != shape[axis])
        throw ShapeError("a chunk is not what its array says: chunk " + std::to_string(i) + " has shape " + to_string(shape) + ", length " +
                         std::to_string(size) + " was wanted on axis " + std::to_string(axis));
    }
  }
  const ChunkGrid settled(sizes);
  Block whole = Block::allocate(dtype, shape_of(sizes));
  for (index_t i = 0; i < settled.size(); ++i) {
    const Coordinates at = settled.coordinates(i);
    whole.slice(settled.origin(at), settled.shape(at).v, std::vector<index_t>(at.size(), 1)).assign(chunks[static_cast<std::size_t>(i)].get<Block>());
  }
  return whole;
}

}  // namespace

Block assemble_array(const ArrayNode& node, std::span<const Object> chunks) { return assemble(node.dtype(), node.chunks(), chunks); }

void write_outline(Writer& out, const ArrayNode& node) {
  out.put(node.dtype());
  out.put<std::uint64_t>(node.chunks().size());
  for (const auto& sizes : node.chunks()) out.array(sizes);
}

Block read_assembled(Reader& in, std::span<Object> results) {
  const auto dtype = in.get<DType>();
  Chunks chunks(in.get<std::uint64_t>());
  for (auto& sizes : chunks) sizes = in.array<index_t>();
  if (results.size() != 1) return assemble(dtype, std::move(chunks), results);
  // The only holder of its memory may hand it on.
  return std::move(results.front()).take<Block>();
}

ArrayPtr held_array(const ArrayNode& node, std::vector<ResultHandle> results) {
  return std::make_shared<HeldNode>(node.name(), node.dtype(), node.shape(), node.chunks(), std::move(results));
}

namespace {

/// A problem so small that sending it away would take longer than solving it: few nodes, few chunks, few elements, and nothing in it that
/// lies on workers, reads files or is a user's function of blocks (which may want to run on a worker).
bool is_tiny(const ArrayPtr& root) {
  constexpr std::size_t nodes_max = 64;
  constexpr index_t chunks_max = 32, elements_max = 32768;  // all nodes together
  std::vector<const ArrayNode*> seen{root.get()};
  index_t chunks = 0, elements = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const ArrayNode& node = *seen[i];
    switch (node.kind()) {
      case Kind::source:
      case Kind::local:
      case Kind::elementwise:
      case Kind::map:
      case Kind::view:
      case Kind::reduction:
      case Kind::reshape:
      case Kind::concatenate:
      case Kind::set: break;
      default: return false;
    }
    if (!node.lengths_known()) return false;
    // A part of a large array of the client is no large problem, but its elements bound what may be copied.
    chunks += node.num_chunks();
    elements += node.shape().elements();
    if (chunks > chunks_max || elements > elements_max) return false;
    for (const ArrayPtr& input : node.inputs())
      if (std::find(seen.begin(), seen.end(), input.get()) == seen.end()) seen.push_back(input.get());
    if (seen.size() > nodes_max) return false;
  }
  return true;
}

}  // namespace

Block compute_array(const ArrayPtr& node) {
  GraphBuilder builder;
  std::vector<TaskRef> wanted;
  {
    auto lock = lowering_lock();
    wanted = lower_array(node, builder);
  }
  const auto objects = is_tiny(node) ? run_here(std::move(builder).take(), wanted) : evaluate(std::move(builder), wanted);
  return assemble_array(*node, objects);
}

ArrayPtr persist_array(const ArrayPtr& node) {
  GraphBuilder builder;
  std::vector<TaskRef> wanted;
  {
    auto lock = lowering_lock();
    wanted = lower_array(node, builder);
  }
  return held_array(*node, start(std::move(builder), wanted));
}

}  // namespace ashlar::detail
