// What may happen to a task's state, one function per pair, and what each leaves behind in the records around it.
#include <algorithm>
#include <utility>

#include "ashlar/base/error.hpp"
#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {
namespace {

constexpr bool allowed(TaskState from, TaskState to) {
  switch (from) {
    case TaskState::waiting:
      return to == TaskState::queued || to == TaskState::processing || to == TaskState::memory || to == TaskState::erred ||
             to == TaskState::forgotten;
    case TaskState::queued:
      return to == TaskState::processing || to == TaskState::erred || to == TaskState::forgotten;
    case TaskState::processing:
      return to == TaskState::memory || to == TaskState::waiting || to == TaskState::erred || to == TaskState::forgotten;
    case TaskState::memory:
      return to == TaskState::erred || to == TaskState::forgotten;
    case TaskState::erred:
      return to == TaskState::forgotten;
    default:
      return false;
  }
}

}  // namespace

TaskRecord& State::record(TaskId id) {
  TaskRecord* task = tasks_.find(id.value());
  if (!task)
    throw InternalError("scheduler: task " + std::to_string(id.value()) + " has no record; its story:\n" + to_string(story_.of(id)));
  return *task;
}

// A listed dependent that still counts: waiting or told to a worker. Null for one that ended.
TaskRecord* State::live_dependent(TaskId id) {
  TaskRecord* task = tasks_.find(id.value());
  return task && (task->state == TaskState::waiting || task->state == TaskState::processing) ? task : nullptr;
}

void State::move(TaskId id, TaskRecord& task, TaskState to) {
  if (!allowed(task.state, to))
    throw InternalError(std::string("scheduler: no transition from ") + name(task.state) + " to " + name(to) + " for task " +
                        std::to_string(id.value()) + "; its story:\n" + to_string(story_.of(id)));
  story_.add({now_, id, task.state, to, task.worker});
  if (task.state == TaskState::queued) --held_;
  if (task.pooled) unpool(id, task);
  if (to == TaskState::queued) ++held_;
  if (task.state == TaskState::processing) {
    --processing_;
    if (!away_.empty()) away_.erase(id);
  }
  if (to == TaskState::processing) ++processing_;
  task.state = to;
}

void State::waiting_processing(TaskId id, TaskRecord& task, WorkerId to) {
  task.worker = to;
  move(id, task, TaskState::processing);
  WorkerRecord& where = worker(to);
  where.occupancy_ns += task.expected_ns;
  ++where.processing;
  task.started = false;
  if (task.missing == 0) count_expected(id, task);
  if (task.again) tell_moved(id, task);

  RunTask run{to, id, order_of(id, task), task.fetch, {}, expected_nbytes(task)};
  // A task that may run again keeps its inputs: none is used for the last time.
  bool once = true;
  if (task.special) {
    const TaskSpecials& special = specials_.at(id);
    run.limits = special.limits;
    once = special.retries == 0;
  }
  run.inputs.reserve(task.inputs.size());
  for (std::size_t i = 0; i < task.inputs.size(); ++i) {
    const TaskRecord& producer = record(task.inputs[i]);
    // The worker that is told so forgets it alone: copies would be left on others.
    const Copies* copies = copies_of(task.inputs[i]);
    const bool last = once && i < 64 && producer.consumers == 1 && !producer.wanted && !producer.fetch && !producer.send && !copies;
    if (last) task.last_uses |= std::uint64_t{1} << i;
    run.inputs.push_back({task.inputs[i], copies && has_copy(task.inputs[i], to) ? to : producer.worker, known_nbytes(producer), last});
  }
  commands_->emplace_back(std::move(run));
}

void State::uncount(TaskId id, TaskRecord& task) {
  if (!task.counted) return;
  task.counted = false;
  WorkerRecord& where = worker(task.worker);
  where.bytes_expected -= task.nbytes;
  --where.runnable;
  where.runnable_ns -= task.expected_ns;
  if (task.special) take_resources(id, task, -1);
  note_rich(static_cast<std::size_t>(task.worker.value()));
}

void State::leave_worker(TaskId id, TaskRecord& task) {
  WorkerRecord& where = worker(task.worker);
  if (task.state == TaskState::processing) {
    where.occupancy_ns -= task.expected_ns;
    if (--where.processing == 0) free_threads(where);
    if (task.asked_back) end_steal(id, task);
    uncount(id, task);
  } else if (task.state == TaskState::memory) {
    where.bytes_in_memory -= task.nbytes;
  }
  touch(static_cast<std::size_t>(task.worker.value()));
}

void State::processing_memory(TaskId id, TaskRecord& task, std::int64_t nbytes) {
  worker(task.worker).late_ns = now_ - task.expected_end();
  leave_worker(id, task);
  task.nbytes = nbytes;
  move(id, task, TaskState::memory);
  worker(task.worker).bytes_in_memory += nbytes;
  for (TaskId next : task.dependents)
    if (TaskRecord* dependent = live_dependent(next); dependent && --dependent->missing == 0 && dependent->state == TaskState::processing)
      count_expected(next, *dependent);
  if (task.wanted) commands_->emplace_back(ReportFinished{id, nbytes});
  if (task.fetch) task.wanted = false;  // the client has the value, and no handle
  if (task.send) commands_->emplace_back(SendToClient{task.worker, id});
  release_inputs(task);
  forget_if_unneeded(id);
}

// One task that used it has ended.
void State::end_use(TaskRecord& producer) {
  --producer.consumers;
  auto& dependents = producer.dependents;
  if (dependents.size() > 16 && dependents.size() > 2 * static_cast<std::size_t>(producer.consumers))
    dependents.keep_if(edges_, [&](TaskId id) { return live_dependent(id) != nullptr; });
}

// Of a task that has just ended, well or not.
void State::release_inputs(TaskRecord& task) {
  const boost::container::small_vector<TaskId, 8> inputs(task.inputs.begin(), task.inputs.end());
  task.inputs.clear(edges_);
  // A worker told of the last use has forgotten the result by itself: account for it, say nothing.
  const std::uint64_t forgotten_there = task.state == TaskState::memory ? task.last_uses : 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    TaskRecord* producer = tasks_.find(inputs[i].value());
    if (!producer) continue;
    end_use(*producer);
    if (i < 64 && (forgotten_there >> i & 1) != 0 && producer->consumers == 0 && producer->state == TaskState::memory && !copies_of(inputs[i])) {
      leave_worker(inputs[i], *producer);
      forget(inputs[i], *producer);
    } else {
      forget_if_unneeded(inputs[i]);
    }
  }
}

void State::forget(TaskId id, TaskRecord& task) {
  if (task.state == TaskState::erred) endings_.erase(id);
  move(id, task, TaskState::forgotten);
  if (task.special) forget_specials(id);
  task.inputs.clear(edges_);
  task.dependents.clear(edges_);
  commands_->emplace_back(Forgotten{id});
  tasks_.erase(id.value());
}

void State::forget_if_unneeded(TaskId first) {
  const auto unneeded = [](const TaskRecord* task) { return task && task->consumers == 0 && !task->wanted; };
  if (!unneeded(tasks_.find(first.value()))) return;
  boost::container::small_vector<TaskId, 8> pending{first};
  while (!pending.empty()) {
    const TaskId id = pending.back();
    pending.pop_back();
    TaskRecord* task = tasks_.find(id.value());
    if (!unneeded(task)) continue;
    if (task->state == TaskState::memory) {
      free_result(id, *task);
    } else if (task->state == TaskState::processing) {
      leave_worker(id, *task);
      commands_->emplace_back(Retract{task->worker, id});
    }
    const boost::container::small_vector<TaskId, 8> inputs(task->inputs.begin(), task->inputs.end());
    forget(id, *task);
    for (TaskId input : inputs)
      if (TaskRecord* producer = tasks_.find(input.value())) {
        end_use(*producer);
        pending.push_back(input);
      }
  }
}

void State::report_ending(TaskId id, const TaskRecord& task) {
  const auto ending = endings_.find(id);
  if (ending == endings_.end())
    commands_->emplace_back(ReportErred{id, task.cause(), ""});
  else if (ending->second.cancelled)
    commands_->emplace_back(ReportCancelled{id});
  else
    commands_->emplace_back(ReportErred{id, task.cause(), ending->second.reason});
}

void State::to_erred(TaskId first, TaskId cause, const std::string& reason, bool cancelled) {
  // Every task that needs it, directly or not, ends the same way; inputs are let go of at the end, when no record of the set moves any
  // more.
  std::vector<TaskId> pending{first}, ended;
  while (!pending.empty()) {
    const TaskId id = pending.back();
    pending.pop_back();
    TaskRecord& task = record(id);
    if (task.state == TaskState::erred) continue;
    if (task.state == TaskState::memory) {
      free_result(id, task);
    } else if (task.state == TaskState::processing) {
      leave_worker(id, task);
      if (worker(task.worker).alive && id != cause) commands_->emplace_back(Retract{task.worker, id});
    }
    move(id, task, TaskState::erred);
    task.set_cause(cause);
    if (cause == TaskId()) endings_[id] = {reason, cancelled};
    if (task.wanted) report_ending(id, task);
    for (TaskId next : task.dependents)
      if (live_dependent(next)) pending.push_back(next);
    ended.push_back(id);
  }
  for (TaskId id : ended)
    if (TaskRecord* task = tasks_.find(id.value())) {
      release_inputs(*task);
      forget_if_unneeded(id);
    }
}

void State::placed(const TaskRecord& task, std::vector<TaskId>& ready) {
  for (TaskId next : task.dependents)
    if (TaskRecord* dependent = live_dependent(next); dependent && dependent->state == TaskState::waiting && --dependent->unplaced == 0)
      ready.push_back(next);
}

}  // namespace ashlar::scheduler
