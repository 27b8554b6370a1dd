#include "ashlar/graph/collection.hpp"

#include <atomic>

namespace ashlar {

namespace {
std::atomic<std::uint64_t> last_stamp{0};
}

GraphBuilder::GraphBuilder(bool optimize) : optimize_(optimize), stamp_(++last_stamp) {}

TaskRef GraphBuilder::input(const ResultHandle& result) {
  const auto [it, added] = input_numbers_.try_emplace(result.get(), static_cast<std::int64_t>(graph_.inputs.size()));
  if (added) graph_.inputs.push_back(result);
  return {-1, it->second};
}

std::int32_t GraphBuilder::add(std::shared_ptr<const Layer> layer) {
  graph_.layers.push_back(std::move(layer));
  return static_cast<std::int32_t>(graph_.layers.size()) - 1;
}

std::int32_t GraphBuilder::reserve() { return add(nullptr); }
void GraphBuilder::put(std::int32_t number, std::shared_ptr<const Layer> layer) { graph_.layers.at(static_cast<std::size_t>(number)) = std::move(layer); }

const std::vector<TaskRef>* GraphBuilder::find(const void* node) const {
  const auto it = nodes_.find(node);
  return it == nodes_.end() ? nullptr : &it->second;
}

const std::vector<TaskRef>& GraphBuilder::remember(const void* node, std::vector<TaskRef> tasks) {
  return nodes_.insert_or_assign(node, std::move(tasks)).first->second;
}

TaskGraph GraphBuilder::take() && {
  // Completing one layer may ask for another: the list grows while it is walked.
  for (std::size_t i = 0; i < finishers_.size(); ++i) {
    const auto finish = std::move(finishers_[i]);
    finish(*this);
  }
  finishers_.clear();
  return std::move(graph_);
}

namespace detail {

std::vector<ResultHandle> start(GraphBuilder&& builder, std::span<const TaskRef> wanted) {
  return Evaluator::current().submit(std::move(builder).take(), wanted);
}

std::vector<Object> evaluate(GraphBuilder&& builder, std::vector<TaskRef> wanted) {
  return Evaluator::current().evaluate(std::move(builder).take(), std::move(wanted));
}

std::unique_lock<std::recursive_mutex> lowering_lock() {
  static std::recursive_mutex mutex;
  return std::unique_lock(mutex);
}

}  // namespace detail
}  // namespace ashlar
