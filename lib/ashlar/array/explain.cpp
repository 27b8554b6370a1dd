// What would run, in words.

#include <algorithm>
#include <iostream>

#include "ashlar/array/array.hpp"
#include "ashlar/array/operations_detail.hpp"

namespace ashlar::detail {
namespace {

std::string padded(const std::string& text, std::size_t width) { return text + std::string(text.size() < width ? width - text.size() : 0, ' '); }
std::string right(const std::string& text, std::size_t width) { return std::string(width > text.size() ? width - text.size() : 0, ' ') + text; }

/// One line per layer that has a task somebody needs.
void print_layers(std::ostream& out, const ArrayPtr& node, bool optimize) {
  GraphBuilder builder(optimize);
  std::vector<TaskRef> wanted;
  TaskGraph graph;
  {
    auto lock = lowering_lock();
    wanted = lower_array(node, builder);
    graph = std::move(builder).take();
  }
  struct Needed {
    std::int64_t tasks = 0, bytes = 0;
    bool known = true;
  };
  std::vector<Needed> layers(graph.layers.size());
  const auto order = depth_first_order(graph, wanted);
  for (const TaskRef& task : order) {
    Needed& layer = layers[static_cast<std::size_t>(task.layer)];
    ++layer.tasks;
    const std::int64_t bytes = graph.layers[static_cast<std::size_t>(task.layer)]->nbytes(task.index);
    if (bytes < 0) layer.known = false;
    else layer.bytes += bytes;
  }
  out << (optimize ? "optimised: " : "as written: ") << order.size() << (order.size() == 1 ? " task\n" : " tasks\n");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].tasks == 0) continue;
    const Layer& layer = *graph.layers[i];
    out << "  " << padded(layer.name(), 40) << right(std::to_string(layers[i].tasks), 8) << " x  " << (layers[i].known ? format_bytes(layers[i].bytes) : "unknown bytes") << '\n';
    const auto operation = layer.operation();
    const auto* fused = optimize ? dynamic_cast<const lowering::FusedOperation*>(operation.get()) : nullptr;
    if (!fused) continue;
    std::string text = fused->program().text();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    out << "      ";
    for (char c : text) {
      out << c;
      if (c == '\n') out << "      ";
    }
    out << '\n';
  }
}

}  // namespace

void explain_array(const ArrayPtr& node, std::ostream& out) {
  print_layers(out, node, false);
  print_layers(out, node, true);
}
void explain_array(const ArrayPtr& node) { explain_array(node, std::cout); }

}  // namespace ashlar::detail
