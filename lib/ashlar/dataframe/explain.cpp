// What would run, in words.

#include <iostream>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {
namespace {

// One line per layer that has a task somebody needs, producers first.
void print_layers(const dataframe::PlanPtr& node, std::ostream& out, bool optimize) {
  GraphBuilder builder(optimize);
  std::vector<TaskRef> wanted;
  TaskGraph graph;
  {
    const auto lock = detail::lowering_lock();
    wanted = dataframe::lower(node, builder);
    graph = std::move(builder).take();
  }
  std::vector<std::int64_t> tasks(graph.layers.size());
  std::vector<std::size_t> order;
  std::int64_t all = 0;
  for (const TaskRef& task : depth_first_order(graph, wanted)) {
    if (task.layer < 0) continue;
    const auto layer = static_cast<std::size_t>(task.layer);
    if (tasks[layer]++ == 0) order.push_back(layer);
    ++all;
  }
  out << (optimize ? "optimised: " : "as written: ") << all << (all == 1 ? " task\n" : " tasks\n");
  for (const std::size_t i : order) {
    const Layer& layer = *graph.layers[i];
    const std::string count = std::to_string(tasks[i]);
    out << std::string(count.size() < 8 ? 8 - count.size() : 0, ' ') << count << " x  " << layer.name();
    const auto* of_plan = dynamic_cast<const dataframe::PlanLayer*>(&layer);
    if (const std::string note = of_plan && of_plan->note ? of_plan->note() : std::string(); !note.empty()) out << ": " << note;
    out << '\n';
  }
}

void print_plan(const dataframe::PlanPtr& node, std::ostream& out) {
  print_layers(node, out, false);
  print_layers(node, out, true);
}

}  // namespace

void DataFrame::explain(std::ostream& out) const { print_plan(node_, out); }
void DataFrame::explain() const { print_plan(node_, std::cout); }
void Series::explain(std::ostream& out) const { print_plan(node_, out); }
void Series::explain() const { print_plan(node_, std::cout); }
void Scalar<Value>::explain(std::ostream& out) const { print_plan(node_, out); }
void Scalar<Value>::explain() const { print_plan(node_, std::cout); }

}  // namespace ashlar
