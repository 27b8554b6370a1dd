#include <algorithm>
#include <numeric>

#include "ashlar/array/lowering_detail.hpp"

namespace ashlar::lowering {
namespace {

using Kind = ArrayNode::Kind;

/// Above this many operations an expression is kept rather than computed again.
constexpr int kCheap = 24;
constexpr int kCostMax = 1'000'000;
/// Programs longer than this gain nothing by growing, and recursion over them stays shallow.
constexpr int kMembersMax = 200;
/// Arrays of the client up to this size travel with the operation instead of as tasks.
constexpr std::int64_t kInsideBytes = 64 << 10;

/// Strides up to this many bytes are read over.
constexpr std::int64_t kNearBytes = 512;

int op_cost(Op op) {
  switch (op) {
#define ASHLAR_CASE(name) case Op::name:
    ASHLAR_FLOAT_OPS(ASHLAR_CASE) return 12;
#undef ASHLAR_CASE
    case Op::power:
    case Op::arctan2:
    case Op::hypot:
    case Op::logaddexp:
    case Op::remainder:
    case Op::fmod:
    case Op::floor_divide: return 12;
    case Op::divide: return 3;
    default: return 1;
  }
}

int own_cost(const ArrayNode& node) {
  switch (node.kind()) {
    case Kind::map: return 12;  // unknown
    case Kind::elementwise: return op_cost(as<ElementwiseNode>(node).op);
    case Kind::source: {
      const auto& source = as<SourceNode>(node);
      return source.rule == SourceNode::Rule::constant ? 0 : source.rule == SourceNode::Rule::arange ? 1 : 20;
    }
    default: return 0;
  }
}

bool inlineable(const ArrayNode& node) {
  return node.kind() == Kind::source || node.kind() == Kind::elementwise || node.kind() == Kind::map || node.kind() == Kind::view;
}

/// Inputs before users, without recursion.
std::vector<ArrayPtr> topological(const std::vector<ArrayPtr>& roots) {
  std::vector<ArrayPtr> order;
  std::unordered_map<const ArrayNode*, bool> done;
  std::vector<std::pair<ArrayPtr, std::size_t>> stack;
  for (const ArrayPtr& root : roots) {
    if (!done.try_emplace(root.get(), false).second) continue;
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next < node->inputs().size()) {
        const ArrayPtr input = node->input(next++);
        if (done.try_emplace(input.get(), false).second) stack.emplace_back(input, 0);
      } else {
        order.push_back(node);
        stack.pop_back();
      }
    }
  }
  return order;
}

bool unknown_axis(const ArrayNode& node, std::size_t axis) {
  const auto& sizes = node.chunks()[axis];
  return std::find(sizes.begin(), sizes.end(), unknown) != sizes.end();
}

}  // namespace

const ArrayNode& group_space(const ArrayNode& group) { return group.kind() == Kind::reduction ? *group.input() : group; }

Plan::Plan(const std::vector<ArrayPtr>& roots, bool optimize) : order_(topological(roots)) {
  // Where chunks are matched by number an array must have its own.
  const bool all_known = std::all_of(order_.begin(), order_.end(), [](const ArrayPtr& node) { return node->lengths_known(); });
  for (const ArrayPtr& node : order_) {
    Note& note = notes_[node.get()];
    note.cost = own_cost(*node);
    if (inlineable(*node))
      for (const ArrayPtr& input : node->inputs()) note.cost = std::min(kCostMax, note.cost + notes_[input.get()].cost);
    else note.cost = 0;
    note.inside = optimize && all_known && node->kind() == Kind::local && node->shape().elements() * itemsize(node->dtype()) <= kInsideBytes;
  }
  for (const ArrayPtr& root : roots) notes_[root.get()].wanted = notes_[root.get()].tasks = true;
  for (auto it = order_.rbegin(); it != order_.rend(); ++it) decide(it->get(), optimize);
}

void Plan::use(const ArrayNode* node, const Use& use) {
  auto& uses = notes_[node].uses;
  // Beyond this many the node is kept anyway, whatever they are.
  if (uses.size() <= 2 * kCheap && std::find(uses.begin(), uses.end(), use) == uses.end()) uses.push_back(use);
}

bool Plan::can_inline(const ArrayNode* node, const Note& note) const {
  for (const Use& use : note.uses) {
    if (notes_.at(use.group).members >= kMembersMax) return false;
    const ArrayNode& space = group_space(*use.group);
    for (std::size_t axis = 0; axis < use.view.axes.size(); ++axis) {
      const AxisMap& map = use.view.axes[axis];
      if (map.from < 0) continue;
      // Chunks are matched by number there: the node must bring its own.
      if (unknown_axis(space, static_cast<std::size_t>(map.from)) && !unknown_axis(*node, axis)) return false;
    }
    if (node->kind() == Kind::source && !through(as<SourceNode>(*node).k, use.view, space.ndim())) return false;
  }
  return true;
}

View Part::seen(const View& view) const {
  View result;
  for (std::size_t i = 0; i < view.axes.size(); ++i) {
    AxisMap map = view.axes[i];
    const auto moved = [&](index_t position) { return (position - start[i]) / step[i]; };
    if (map.list) {
      std::vector<index_t> list;
      for (index_t position : *map.list) list.push_back(moved(position));
      map.list = std::make_shared<const std::vector<index_t>>(std::move(list));
    } else {
      map.start = moved(map.start);
      map.step /= step[i];
    }
    result.axes.push_back(std::move(map));
  }
  return result;
}

std::shared_ptr<const Part> Plan::part_needed(const ArrayNode& node, const Note& note) const {
  // Uses beyond a number are not kept, so what they need is not known.
  if (note.wanted || note.tasks || note.uses.empty() || note.uses.size() > 2 * kCheap || !node.lengths_known()) return nullptr;
  Part part;
  bool less = false;
  for (std::size_t axis = 0; axis < node.shape().size(); ++axis) {
    index_t low = node.shape()[axis], high = -1, step = 0;
    const auto at = [&](index_t position) {
      low = std::min(low, position);
      high = std::max(high, position);
    };
    for (const Use& use : note.uses) {
      const AxisMap& map = use.view.axes[axis];
      const index_t n = map.from < 0 ? 1 : group_space(*use.group).shape()[static_cast<std::size_t>(map.from)];
      if (n <= 0) return nullptr;
      if (map.list) {
        for (index_t position : *map.list) at(position);
        step = 1;
        continue;
      }
      at(map.at(0));
      at(map.at(n - 1));
      if (n > 1) step = std::gcd(step, map.step);
    }
    for (const Use& use : note.uses)
      if (const AxisMap& map = use.view.axes[axis]; !map.list) step = std::gcd(step, map.at(0) - low);
    // Along the last axis elements that lie close are cheaper to read than to leave out.
    if (axis + 1 == node.shape().size() && step * itemsize(node.dtype()) < kNearBytes) step = 1;
    step = std::max<index_t>(step, 1);
    part.start.push_back(low);
    part.step.push_back(step);
    part.chunks.emplace_back();
    index_t begin = 0, taken = 0;
    for (index_t n : node.chunks()[axis]) {
      begin += n;
      const index_t before = begin <= low ? 0 : (std::min(begin, high + 1) - low + step - 1) / step;
      if (before > taken) part.chunks.back().push_back(before - taken);
      taken = std::max(taken, before);
    }
    less = less || taken < node.shape()[axis];
  }
  return less ? std::make_shared<const Part>(std::move(part)) : nullptr;
}

void Plan::decide(const ArrayNode* node, bool optimize) {
  Note& note = notes_[node];
  bool inlined = optimize && inlineable(*node) && !note.wanted && can_inline(node, note);
  if (inlined && note.uses.size() > 2 * kCheap) inlined = node->kind() == Kind::source;
  else if (inlined && note.uses.size() > 1) inlined = note.cost * static_cast<int>(note.uses.size()) <= kCheap;
  note.chunks = !inlined;
  if (inlined) {
    for (const Use& use : note.uses) {
      ++notes_[use.group].members;
      const Shape& space = group_space(*use.group).shape();
      for (std::size_t i = 0; i < node->inputs().size(); ++i)
        this->use(node->input(i).get(), {use.group, compose(use.view, input_view(*node, i), space)});
    }
  } else if (inlineable(*node)) {
    for (std::size_t i = 0; i < node->inputs().size(); ++i) use(node->input(i).get(), {node, input_view(*node, i)});
  } else if (node->kind() == Kind::reduction) {
    use(node->input().get(), {node, View::identity(node->input()->ndim())});
  } else {
    if (optimize && node->kind() == Kind::layer && as<LayerNode>(*node).make_part) note.part = part_needed(*node, note);
    for (const ArrayPtr& input : node->inputs()) {
      notes_[input.get()].wanted = true;
      if (node->kind() == Kind::concatenate || node->kind() == Kind::settled || node->kind() == Kind::overlap) notes_[input.get()].tasks = true;
    }
  }
}

}  // namespace ashlar::lowering
