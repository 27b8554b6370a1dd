// What rank 0 keeps of graphs while their tasks are there: what a worker is given with a task, and the operations that workers know.
#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {

void SchedulerLoop::keep_source(Submission& submission) {
  std::uint32_t number = static_cast<std::uint32_t>(graphs_.size());
  if (free_graphs_.empty()) {
    graphs_.emplace_back();
  } else {
    number = free_graphs_.back();
    free_graphs_.pop_back();
  }
  KnownGraph& graph = graphs_[number];
  graph.tasks = static_cast<std::int32_t>(submission.order.size());
  if (!submission.input_tasks.empty()) {
    if (free_graph_inputs_.empty()) {
      free_graph_inputs_.push_back(static_cast<std::int32_t>(graph_inputs_.size()));
      graph_inputs_.emplace_back();
    }
    graph.inputs = free_graph_inputs_.back();
    free_graph_inputs_.pop_back();
    graph_inputs_[static_cast<std::size_t>(graph.inputs)] = std::move(submission.input_tasks);
  }
  graph.layers.resize(submission.layers.size());
  std::int64_t id = submission.event.first.value();
  for (const TaskRef& ref : submission.order) {
    ++graph.layers[static_cast<std::size_t>(ref.layer)].tasks;
    sources_[id++] = {number, ref.layer, ref.index};
  }
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    KnownLayer& layer = graph.layers[l];
    if (layer.tasks == 0) continue;  // culled
    layer.layer = std::move(submission.layers[l]);
    layer.operation = &know(*layer.layer);
    layer.operation->tasks += layer.tasks;
  }
  std::vector<TaskRef>().swap(submission.order);
}

SchedulerLoop::Known& SchedulerLoop::know(const Layer& layer) {
  auto operation = layer.operation();
  auto [it, added] = operations_.try_emplace(operation.get());
  if (added) {
    it->second.id = OperationId(next_operation_++);
    it->second.operation = std::move(operation);
    it->second.workers.resize(workers_.size());
    if (operations_.size() > operations_max_) forget_idle_operations();
  }
  return it->second;
}

void SchedulerLoop::give(const scheduler::RunTask& run) {
  const TaskSource& source = *sources_.find(run.task.value());
  const KnownLayer& layer = layer_of(source);
  Known& known = *layer.operation;
  Writer& batch = outbox(run.worker);
  if (!known.workers[static_cast<std::size_t>(run.worker.value())]) {
    known.workers[static_cast<std::size_t>(run.worker.value())] = true;
    protocol::encode(batch, protocol::DefineOperation{known.id, known.operation});
  }
  Writer payload;
  layer.layer->encode_task(source.index, payload);
  protocol::encode_give_task(batch, run.task, run.order, run.fetch, known.id, source.index, run.inputs, run.nbytes, std::move(payload).take(), run.limits.get());
  ask_early(run.task);
}

// The client waits for the value of a task that a worker has: it comes with the task's report, or by itself when that is on its way already.
void SchedulerLoop::ask_early(TaskId id) {
  const scheduler::TaskRecord* task = machine_.task(id);
  if (!task || !task->send || task->fetch || task->state != scheduler::TaskState::processing) return;
  asked_early_[id.value()] = task->worker;
  protocol::encode(outbox(task->worker), protocol::SendValue{id});
}

void SchedulerLoop::forget_source(TaskId task) {
  const TaskSource* source = sources_.find(task.value());
  if (!source) return;
  KnownGraph& graph = graphs_[source->graph];
  KnownLayer& layer = graph.layers[static_cast<std::size_t>(source->layer)];
  --layer.operation->tasks;
  --layer.tasks;  // the layer stays: a task of another that fails may be run again from it
  if (--graph.tasks == 0) {
    if (graph.inputs >= 0) {
      graph_inputs_[static_cast<std::size_t>(graph.inputs)].clear();
      free_graph_inputs_.push_back(std::exchange(graph.inputs, -1));
    }
    graph.layers.clear();
    free_graphs_.push_back(source->graph);
  }
  sources_.erase(task.value());
}

void SchedulerLoop::forget_idle_operations() {
  for (auto it = operations_.begin(); it != operations_.end();) {
    const Known& known = it->second;
    if (known.tasks > 0 || known.id.value() == next_operation_ - 1) {
      ++it;
      continue;
    }
    for (std::size_t w = 0; w < workers_.size(); ++w)
      if (known.workers[w]) protocol::encode(outbox_[w], protocol::ForgetOperation{known.id});
    it = operations_.erase(it);
  }
  // Those in use stay: look again only when as many new ones have come.
  operations_max_ = idle_operations_max + 2 * operations_.size();
}

std::string SchedulerLoop::key_of(TaskId task) {
  const TaskSource* source = sources_.find(task.value());
  return source ? layer_of(*source).layer->key(source->index) : "task " + std::to_string(task.value());
}

}  // namespace ashlar
