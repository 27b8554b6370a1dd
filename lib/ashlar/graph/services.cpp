#include "ashlar/graph/services.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

// A quoted string of the DOT language.
std::string dot_string(std::string_view text) {
  std::string q = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') q += '\\';
    if (c == '\n') q += "\\n";
    else q += c;
  }
  return q + '"';
}

void require_rankdir(const std::string& rankdir) {
  if (rankdir != "BT" && rankdir != "TB" && rankdir != "LR" && rankdir != "RL") throw ValueError("rankdir is BT, TB, LR or RL, not \"" + rankdir + "\"");
}

// A colour between blue (first) and red (last), as Graphviz writes hue, saturation and value.
std::string colour_of_place(std::size_t place, std::size_t tasks) {
  const double at = tasks < 2 ? 0 : static_cast<double>(place) / static_cast<double>(tasks - 1);
  char text[64];
  std::snprintf(text, sizeof text, "%.3f 0.55 1.0", 0.66 * (1 - at));
  return text;
}

// What is drawn: a circle per task and a box per result, outside inputs included.
struct Drawing {
  std::vector<TaskRef> tasks;  // in the order they would run
  std::vector<std::int64_t> inputs;
  std::int64_t nodes() const { return 2 * static_cast<std::int64_t>(tasks.size()) + static_cast<std::int64_t>(inputs.size()); }
};

Drawing drawing_of(const TaskGraph& graph, std::span<const TaskRef> wanted) {
  Drawing drawing;
  drawing.tasks = depth_first_order(graph, wanted);
  std::vector<bool> seen(graph.inputs.size());
  const auto look = [&](const TaskRef& ref) {
    if (ref.layer >= 0 || seen.at(static_cast<std::size_t>(ref.index))) return;
    seen[static_cast<std::size_t>(ref.index)] = true;
    drawing.inputs.push_back(ref.index);
  };
  std::vector<TaskRef> dependencies;
  for (const TaskRef& task : drawing.tasks) {
    dependencies.clear();
    graph.layers[static_cast<std::size_t>(task.layer)]->dependencies(task.index, dependencies);
    for (const TaskRef& ref : dependencies) look(ref);
  }
  for (const TaskRef& ref : wanted) look(ref);
  return drawing;
}

std::string to_dot(const TaskGraph& graph, const Drawing& drawing, const VisualizeOptions& options) {
  require_rankdir(options.rankdir);
  std::string dot = "digraph {\n  rankdir=" + options.rankdir + "\n  node [fontname=\"helvetica\"]\n";
  std::map<std::pair<std::int32_t, std::int64_t>, std::size_t> numbers;
  for (std::size_t i = 0; i < drawing.tasks.size(); ++i) numbers[{drawing.tasks[i].layer, drawing.tasks[i].index}] = i;
  const auto result = [&](const TaskRef& ref) {
    return ref.layer < 0 ? "i" + std::to_string(ref.index) : "r" + std::to_string(numbers.at({ref.layer, ref.index}));
  };
  for (const std::int64_t input : drawing.inputs)
    dot += "  i" + std::to_string(input) + " [shape=box label=" + dot_string(graph.inputs.at(static_cast<std::size_t>(input))->key()) + "]\n";
  std::vector<TaskRef> dependencies;
  for (std::size_t i = 0; i < drawing.tasks.size(); ++i) {
    const TaskRef& task = drawing.tasks[i];
    const Layer& layer = *graph.layers[static_cast<std::size_t>(task.layer)];
    const std::string number = std::to_string(i);
    dot += "  t" + number + " [shape=circle label=" + dot_string(layer.name());
    if (!options.color.empty())
      dot += " style=filled fillcolor=" + dot_string(options.color == "order" ? colour_of_place(i, drawing.tasks.size()) : options.color);
    dot += "]\n  r" + number + " [shape=box label=" + dot_string(layer.key(task.index)) + "]\n  t" + number + " -> r" + number + "\n";
    dependencies.clear();
    layer.dependencies(task.index, dependencies);
    for (const TaskRef& ref : dependencies) dot += "  " + result(ref) + " -> t" + number + "\n";
  }
  return dot + "}\n";
}

std::string format_of(const std::string& file, const VisualizeOptions& options) {
  std::string format = options.format;
  if (format.empty()) format = std::filesystem::path(file).extension().string();
  if (!format.empty() && format.front() == '.') format.erase(0, 1);
  std::transform(format.begin(), format.end(), format.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (format.empty())
    throw ValueError("the name \"" + file + "\" does not say which format to draw: end it in .svg, .png, .pdf or .dot, or give .format");
  if (format != "svg" && format != "png" && format != "pdf" && format != "dot")
    throw ValueError("graphs are drawn as svg, png, pdf or dot, not as \"" + format + "\"");
  return format;
}

}  // namespace

Services& services() {
  static auto* installed = new Services;
  return *installed;
}

std::string to_dot(const TaskGraph& graph, std::span<const TaskRef> wanted, const VisualizeOptions& options) {
  return to_dot(graph, drawing_of(graph, wanted), options);
}

void visualize(GraphBuilder&& builder, std::span<const TaskRef> wanted, const std::string& file, const VisualizeOptions& options) {
  const std::string format = format_of(file, options);
  const TaskGraph graph = std::move(builder).take();
  const Drawing drawing = drawing_of(graph, wanted);
  if (drawing.nodes() > options.max_nodes)
    throw ValueError("the graph has " + std::to_string(drawing.nodes()) + " nodes, the limit is " + std::to_string(options.max_nodes) +
                     ": draw a smaller piece, or raise .max_nodes to draw it all the same");
  const std::string dot = to_dot(graph, drawing, options);
  if (format != "dot") {
    if (!services().render) throw NotImplementedError("drawing " + format + " needs Graphviz, which is there in programs that include ashlar/ashlar.hpp: include it, or draw a .dot file");
    services().render(dot, file, format);
    return;
  }
  std::ofstream out(file, std::ios::binary);
  out << dot;
  out.close();
  if (!out) throw IoError("the graph could not be written to " + file);
}

}  // namespace ashlar
