#include "ashlar/graph/task_graph.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar {

ListedLayer::ListedLayer(std::string name, std::shared_ptr<const Operation> operation) : Layer(std::move(name)), operation_(std::move(operation)) {}

std::int64_t ListedLayer::add(std::span<const TaskRef> inputs, std::int64_t nbytes) {
  refs_.insert(refs_.end(), inputs.begin(), inputs.end());
  begin_.push_back(refs_.size());
  nbytes_.push_back(nbytes);
  return size() - 1;
}

void ListedLayer::dependencies(std::int64_t index, std::vector<TaskRef>& out) const {
  const auto i = static_cast<std::size_t>(index);
  out.insert(out.end(), refs_.begin() + static_cast<std::ptrdiff_t>(begin_[i]), refs_.begin() + static_cast<std::ptrdiff_t>(begin_[i + 1]));
}

std::vector<TaskRef> depth_first_order(const TaskGraph& graph, std::span<const TaskRef> wanted) {
  enum : unsigned char { unseen, open, done };
  std::vector<std::size_t> base;
  std::size_t tasks = 0;
  for (const auto& layer : graph.layers) {
    base.push_back(tasks);
    tasks += static_cast<std::size_t>(layer->size());
  }
  const auto number = [&](TaskRef ref) {
    if (ref.layer < 0 || static_cast<std::size_t>(ref.layer) >= graph.layers.size() || ref.index < 0 ||
        ref.index >= graph.layers[static_cast<std::size_t>(ref.layer)]->size())
      throw InternalError("a task graph refers to task " + std::to_string(ref.index) + " of layer " + std::to_string(ref.layer) + ", which it does not have");
    return base[static_cast<std::size_t>(ref.layer)] + static_cast<std::size_t>(ref.index);
  };

  std::vector<unsigned char> state(tasks, unseen);
  std::vector<TaskRef> order;
  order.reserve(tasks);  // culled tasks leave the end of it untouched
  // A frame is a task and the part of `pending` that holds its inputs not yet visited, last one first.
  struct Frame {
    TaskRef task;
    std::size_t bottom;
  };
  std::vector<Frame> frames;
  std::vector<TaskRef> pending;
  const auto enter = [&](TaskRef task) {
    state[number(task)] = open;
    const std::size_t bottom = pending.size();
    graph.layers[static_cast<std::size_t>(task.layer)]->dependencies(task.index, pending);
    for (std::size_t i = bottom, j = pending.size(); i + 1 < j; ++i) std::swap(pending[i], pending[--j]);
    frames.push_back({task, bottom});
  };

  for (const TaskRef& root : wanted) {
    if (root.layer < 0 || state[number(root)] != unseen) continue;
    enter(root);
    while (!frames.empty()) {
      if (pending.size() > frames.back().bottom) {
        const TaskRef next = pending.back();
        pending.pop_back();
        if (next.layer < 0) continue;
        const unsigned char seen = state[number(next)];
        if (seen == open) throw InternalError("a task graph has a cycle through " + graph.layers[static_cast<std::size_t>(next.layer)]->key(next.index));
        if (seen == unseen) enter(next);
      } else {
        state[number(frames.back().task)] = done;
        order.push_back(frames.back().task);
        frames.pop_back();
      }
    }
  }
  return order;
}

}  // namespace ashlar
