#include "ashlar/runtime/predict.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"
#include "ashlar/simulation/cluster.hpp"

namespace ashlar {
namespace {

constexpr std::int64_t unknown_nbytes = 1 << 20, task_ns = 10'000;

simulation::Graph on_paper(const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options, Prediction& counts) {
  const std::vector<TaskRef> order = depth_first_order(graph, wanted);
  std::vector<std::vector<std::int64_t>> number(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) number[l].assign(static_cast<std::size_t>(graph.layers[l]->size()), -1);
  const auto number_of = [&](const TaskRef& ref) -> std::int64_t& { return number[static_cast<std::size_t>(ref.layer)][static_cast<std::size_t>(ref.index)]; };
  simulation::Graph paper;
  for (const auto& layer : graph.layers) paper.groups.push_back(layer->name());
  std::vector<TaskRef> refs;
  for (const TaskRef& ref : order) {
    const Layer& layer = *graph.layers[static_cast<std::size_t>(ref.layer)];
    simulation::Graph::Task task;
    task.group = ref.layer;
    const std::int64_t nbytes = layer.nbytes(ref.index);
    task.nbytes_known = nbytes >= 0;
    task.nbytes = nbytes >= 0 ? nbytes : unknown_nbytes;
    task.duration_ns = task_ns + task.nbytes;
    counts.unknown_tasks += nbytes < 0;
    refs.clear();
    layer.dependencies(ref.index, refs);
    std::vector<std::int64_t> inputs;
    for (const TaskRef& input : refs)
      if (input.layer >= 0) inputs.push_back(number_of(input));
    number_of(ref) = paper.add(task, inputs);
  }
  for (const TaskRef& ref : wanted) {
    if (ref.layer < 0) continue;
    auto& task = paper.tasks[static_cast<std::size_t>(number_of(ref))];
    task.wanted = true;
    task.fetch = !options.persist;
  }
  counts.tasks = static_cast<std::int64_t>(order.size());
  return paper;
}

}  // namespace

Prediction predict_on(const std::vector<WorkerInfo>& workers, const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options) {
  Prediction prediction;
  const simulation::Graph paper = on_paper(graph, wanted, options, prediction);
  simulation::ClusterOptions cluster;
  cluster.workers = static_cast<int>(workers.size());
  cluster.threads = 1;
  prediction.budget_bytes = workers.front().memory_limit;
  for (const WorkerInfo& worker : workers) {
    cluster.threads = std::max(cluster.threads, worker.threads);
    prediction.budget_bytes = std::min(prediction.budget_bytes, worker.memory_limit);
  }
  const auto run = [&] {
    simulation::Outcome outcome = simulation::SimulatedCluster(cluster, paper).run();
    if (!outcome.faults.empty()) throw InternalError("predict: " + outcome.faults.front());
    return outcome;
  };
  if (prediction.budget_bytes > 0) {
    cluster.memory_limit = cluster.worker_memory.budget = prediction.budget_bytes;
    cluster.flight_limit = std::max<std::int64_t>(prediction.budget_bytes / 4, 1);
  }
  simulation::Outcome outcome = run();
  prediction.peak_bytes = prediction.needed_bytes = outcome.peak_used;
  prediction.spilled_bytes = outcome.spilled_bytes;
  if (outcome.spilled_bytes > 0) {
    cluster.memory_limit = std::int64_t{1} << 60;
    cluster.worker_memory = {};
    prediction.needed_bytes = run().peak_used;
  }
  return prediction;
}

}  // namespace ashlar
