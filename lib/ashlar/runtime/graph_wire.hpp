#pragma once
// A graph as bytes: its layers (name, operation) and, in depth-first order, the tasks that are wanted with their dependencies and
// payloads. Any layer of any floor goes this way; what arrives is made of layers that list their tasks.

#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ashlar/graph/task_graph.hpp"

namespace ashlar {

/// Writes what `wanted` need. `name` gives the name of an outside result.
void write_graph(Writer& out, const TaskGraph& graph, std::span<const TaskRef> wanted, const std::function<std::int64_t(const ResultHandle&)>& name);

/// Operations that came before, by their bytes, so that rank 0 tells workers of each once.
class SeenOperations {
 public:
  std::shared_ptr<const Operation> decode(const Parcel& bytes);

 private:
  static constexpr std::size_t max_ = 1024;
  std::unordered_map<std::string, std::shared_ptr<const Operation>> seen_;
};

/// What `write_graph` wrote. `result` gives the result of a name.
/// Errors    what `result` throws; ValueError for an operation this rank does not know.
struct ReadGraph {
  TaskGraph graph;
  std::vector<TaskRef> wanted;
};
ReadGraph read_graph(Reader& in, SeenOperations& operations, const std::function<ResultHandle(std::int64_t)>& result);

}  // namespace ashlar
