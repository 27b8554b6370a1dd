// The events. What they do to single tasks is in transitions.cpp, where tasks go in place.cpp.
#include "ashlar/scheduler/state.hpp"

#include <algorithm>
#include <utility>

#include "ashlar/base/error.hpp"

namespace ashlar::scheduler {

State::State(Policy policy) : policy_(policy) {}

State::~State() {
  tasks_.for_each([&](std::int64_t, TaskRecord& task) {
    task.inputs.clear(edges_);
    task.dependents.clear(edges_);
  });
}

void State::handle(const Event& event, std::vector<Command>& commands) {
  now_ = event.now;
  commands_ = &commands;
  std::visit([this](const auto& what) { on(what); }, event.what);
  feed_workers();
  // One message per worker, after everything that may still use the results.
  for (WorkerId id : to_free_) {
    FreeResults freed{id, {}};
    freed.tasks.swap(worker(id).to_free);
    commands.emplace_back(std::move(freed));
  }
  to_free_.clear();
  if (!pauses_.empty() && pauses_.begin()->first != wake_at_) commands.emplace_back(WakeAt{wake_at_ = pauses_.begin()->first});
  commands_ = nullptr;
}

void State::on(const WorkerJoined& event) {
  const auto number = static_cast<std::size_t>(event.worker.value());
  if (workers_.size() <= number) workers_.resize(number + 1);
  WorkerRecord& worker = workers_[number];
  if (worker.alive) throw InternalError("scheduler: worker " + std::to_string(number) + " joined twice");
  // A worker that was lost may still be listed; what it had was taken from it then.
  worker.alive = true;
  worker.threads = std::max(event.threads, 1);
  worker.memory_limit = event.memory_limit;
  worker.resources = event.resources;
  worker.taken.clear();
  free_threads(worker);
  worker.bytes_in_memory = worker.bytes_spilled = worker.bytes_expected = worker.occupancy_ns = worker.processing = worker.runnable = worker.runnable_ns = 0;
  alive_threads_ += worker.threads;
  join_pools(number);
  touch(number);
}

void State::on(const WorkerLost& event) {
  WorkerRecord& worker = workers_.at(static_cast<std::size_t>(event.worker.value()));
  if (!worker.alive) return;
  worker.alive = false;
  note_rich(static_cast<std::size_t>(event.worker.value()));
  touch(static_cast<std::size_t>(event.worker.value()));
  alive_threads_ -= worker.threads;
  std::vector<TaskId> lost;
  lose_copies(event.worker);
  tasks_.for_each([&](std::int64_t id, const TaskRecord& task) {
    if (task.worker == event.worker && (task.state == TaskState::processing || task.state == TaskState::memory)) lost.push_back(TaskId(id));
  });
  const std::string reason = "worker " + std::to_string(event.worker.value()) + " was lost: " + event.reason;
  for (TaskId id : lost)
    if (const TaskRecord* task = tasks_.find(id.value()); task && task->state != TaskState::erred) to_erred(id, TaskId(), reason, false);
  share_out(std::exchange(worker.held, TaskRuns()));
  leave_pools(static_cast<std::size_t>(event.worker.value()));
}

void State::on(const GraphSubmitted& event) {
  std::vector<std::int32_t> numbers;
  for (const std::string& text : event.groups) {
    auto it = group_numbers_.find(text);
    if (it == group_numbers_.end()) {
      it = group_numbers_.emplace(text, static_cast<std::int32_t>(groups_.size())).first;
      groups_.push_back({text});
    }
    numbers.push_back(it->second);
  }

  struct Failed {
    TaskId task, cause;
    Ending ending;
  };
  TaskRuns sources;
  std::vector<TaskId> ready;
  std::vector<Failed> failed;
  auto options = event.options.begin();
  std::int64_t next = event.first.value();
  std::size_t first_input = 0;
  for (const NewTask& added : event.tasks) {
    const auto number = static_cast<std::size_t>(next - event.first.value());
    const TaskId id(next++);
    TaskRecord& task = tasks_[id.value()];
    task.group = numbers.at(static_cast<std::size_t>(added.group));
    task.nbytes = added.nbytes;
    const Want want = number < event.wants.size() ? event.wants[number] : Want::nothing;
    task.wanted = want != Want::nothing;
    task.fetch = want == Want::value;
    bool fails = false;
    if (options != event.options.end() && options->number == number) {
      add_specials(id, task, *options++);
      if (const Pool* pool = pool_of(id, task); pool && !pool->open() && pool->able.empty()) {
        failed.push_back({id, TaskId(), {why_nobody(*pool), false}});
        fails = true;
      }
    }
    for (std::uint32_t i = 0; i < added.input_count; ++i) {
      const TaskId input = event.inputs.at(first_input++);
      TaskRecord* producer = tasks_.find(input.value());
      if (!producer || input == id) {
        if (!fails)
          failed.push_back(
              {id, TaskId(), {"its input, task " + std::to_string(input.value()) + ", is not known: released before it was used", false}});
        fails = true;
        continue;
      }
      task.inputs.push_back(edges_, input);
      producer->dependents.push_back(edges_, id);
      ++producer->consumers;
      if (producer->state == TaskState::waiting || producer->state == TaskState::queued) ++task.unplaced;
      if (producer->state != TaskState::memory) ++task.missing;
      if (producer->state == TaskState::erred && !fails) {
        const auto ending = endings_.find(input);
        failed.push_back({id, producer->cause(), ending == endings_.end() ? Ending{} : ending->second});
        fails = true;
      }
    }
    story_.add({now_, id, TaskState::released, TaskState::waiting, WorkerId()});
    if (policy_.refuse_oversized && !fails)
      if (std::string reason = oversized(id, task); !reason.empty()) {
        failed.push_back({id, TaskId(), {std::move(reason), false}});
        fails = true;
      }
    if (fails) continue;
    if (task.inputs.empty()) {
      move(id, task, TaskState::queued);
      sources.push_back(id);
    } else if (task.unplaced == 0) {
      ready.push_back(id);
    }
  }
  for (const Failed& f : failed)
    if (const TaskRecord* task = tasks_.find(f.task.value()); task && task->state != TaskState::erred)
      to_erred(f.task, f.cause, f.ending.reason, f.ending.cancelled);
  // A graph that was not culled: what nobody wants and nothing uses does not run.
  for (TaskId id(event.first); id.value() < next; id = TaskId(id.value() + 1)) forget_if_unneeded(id);
  hold_sources(sources);
  place_all(std::move(ready));
}

void State::on(const Scattered& event) {
  TaskRecord& task = tasks_[event.task.value()];
  task.wanted = true;
  task.nbytes = event.nbytes;
  const auto there = [&](WorkerId id) { return static_cast<std::size_t>(id.value()) < workers_.size() && worker(id).alive; };
  if (!there(event.worker)) {
    for (const WorkerId copy : event.copies)
      if (there(copy)) free_on_worker(copy, event.task);
    to_erred(event.task, TaskId(), "worker " + std::to_string(event.worker.value()) + " was lost before the value came to it", false);
    return;
  }
  task.worker = event.worker;
  worker(event.worker).bytes_in_memory += event.nbytes;
  move(event.task, task, TaskState::memory);
  for (const WorkerId copy : event.copies)
    if (there(copy)) add_copy(event.task, task, copy);
  commands_->emplace_back(ReportFinished{event.task, event.nbytes});
}

void State::on(const TasksFinished& event) {
  if (!worker(event.worker).alive) return;
  for (const FinishedTask& finished : event.tasks) {
    TaskRecord* task = tasks_.find(finished.task.value());
    if (!task || task->state != TaskState::processing || task->worker != event.worker) {
      // Released or cancelled while it ran, or a consumer's report came first: its result is nobody's.
      free_on_worker(event.worker, finished.task);
      continue;
    }
    Group& group = groups_[static_cast<std::size_t>(task->group)];
    // One task that the system kept waiting for a core says little about the others: it counts as at most twice the mean.
    if (group.ns_mean < 0)
      group.ns_mean = finished.took_ns;
    else
      group.ns_mean = (group.ns_mean * 7 + std::min(finished.took_ns, group.ns_mean * 2 + 1000)) / 8;
    if (group.nbytes_max < 0)  // What did not fit by a guess may fit now.
      for (const std::size_t number : std::exchange(blocked_, {})) {
        workers_[number].blocked = false;
        touch(number);
      }
    group.nbytes_max = std::max(group.nbytes_max, finished.nbytes);
    processing_memory(finished.task, *task, finished.nbytes);
  }
}

void State::on(const TaskErred& event) {
  TaskRecord* task = tasks_.find(event.task.value());
  if (!task) return;
  const bool threw = task->state == TaskState::processing && task->worker == event.worker;
  if (threw && event.again && task->last_uses == 0) {  // else an input is gone
    back_to_waiting(event.task, *task);
    place_all({event.task});
    return;
  }
  if (threw ? retry_later(event.task, *task) : task->state != TaskState::memory) return;
  to_erred(event.task, event.task, "", false);
}

void State::on(const TaskWaits& event) {
  TaskRecord* task = tasks_.find(event.task.value());
  if (!task || task->state != TaskState::processing || task->worker != event.worker || !away_.insert(event.task).second) return;
  if (task->asked_back) end_steal(event.task, *task);  // it has started: the answer will be no
  uncount(event.task, *task);
  worker(event.worker).occupancy_ns -= std::exchange(task->expected_ns, 0);
  touch(static_cast<std::size_t>(event.worker.value()));
}

void State::on(const SpillReported& event) {
  WorkerRecord& where = worker(event.worker);
  if (!where.alive) return;
  where.bytes_spilled = event.nbytes;
  touch(static_cast<std::size_t>(event.worker.value()));
}

void State::on(const ResultsReleased& event) {
  for (TaskId id : event.tasks) {
    TaskRecord* task = tasks_.find(id.value());
    if (!task) continue;
    task->wanted = task->send = false;
    forget_if_unneeded(id);
  }
}

void State::on(const ResultsWanted& event) {
  for (TaskId id : event.tasks) {
    TaskRecord& task = record(id);
    if (task.state == TaskState::memory)
      commands_->emplace_back(SendToClient{task.worker, id});
    else if (task.state == TaskState::erred)
      report_ending(id, task);
    else
      task.send = true;
  }
}

void State::on(const TasksCancelled& event) {
  for (TaskId id : event.tasks)
    if (const TaskRecord* task = tasks_.find(id.value()); task && task->state != TaskState::memory && task->state != TaskState::erred)
      to_erred(id, TaskId(), "", true);
}

}  // namespace ashlar::scheduler
