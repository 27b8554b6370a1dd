// Tasks: given, started, ended, taken back.
#include "ashlar/worker/state.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"

namespace ashlar::worker {

namespace {
// Inputs of unknown size that may be on their way before the first has come.
constexpr std::int64_t first_guesses = 4, first_guess_max = std::int64_t{64} << 20;
}  // namespace

State::State(WorkerId self, std::int64_t flight_limit, MemoryLimits limits, ResourceAmounts resources)
    : self_(self), flight_limit_(flight_limit), limits_(limits), resources_(resources.begin(), resources.end()),
      guess_(std::clamp<std::int64_t>(flight_limit / first_guesses, 1, first_guess_max)) {}

void State::handle(const Event& event, std::vector<Command>& commands) {
  commands_ = &commands;
  std::visit([this](const auto& what) { on(what); }, event);
  short_of_memory_ = false;
  if (bytes_used() > limits_.budget) relieve();
  if (!asks_queued_.empty()) ask_more();
  commands_ = nullptr;
}

void State::on(const TaskGiven& event) {
  if (tasks_.find(event.task.value())) throw InternalError("worker: task " + std::to_string(event.task.value()) + " was given twice");
  Task& task = tasks_[event.task.value()];
  task.order = event.order;
  prioritised_ |= event.order != event.task.value();
  task.fetch = event.fetch;
  task.nbytes = event.nbytes;
  task.inputs.assign(event.inputs.begin(), event.inputs.end());
  task.limits = event.limits;
  if (demanding(task))
    for (const auto& [name, amount] : task.limits->resources)
      if (const auto it = resources_.find(name); it == resources_.end() || it->second < amount)
        throw InternalError("worker: task " + std::to_string(event.task.value()) + " takes more of " + name + " than there is");
  Datum& result = data_[event.task.value()];
  // It was to be made elsewhere and tasks here wait for it.
  if (result.state == DataState::asked) withdraw(event.task, result);
  if (result.queued) unqueue_ask(event.task, result);
  result.mine = result.known = true;
  for (const TaskInputRef& input : event.inputs) {
    Datum& datum = data_[input.task.value()];
    ++datum.uses;
    datum.users.push_back(event.task);
    if (datum.state == DataState::here) continue;
    ++task.missing;
    if (datum.state == DataState::asked || datum.state == DataState::loading) continue;
    if (datum.queued) {
      if (datum.nbytes <= 0) datum.nbytes = input.nbytes;
      if (event.task.value() < datum.order) {
        unqueue_ask(input.task, datum);
        queue_ask(input.task, datum, event.task.value());
      }
      continue;
    }
    if (datum.state == DataState::spilled) {
      queue_ask(input.task, datum, event.task.value());
      continue;
    }
    if (input.holder == self_ || datum.mine) continue;  // comes by itself
    datum.known = true;
    datum.holder = input.holder;
    datum.nbytes = input.nbytes;
    datum.last_use = input.last_use;
    queue_ask(input.task, datum, event.task.value());
  }
  if (task.missing == 0) {
    task.state = TaskState::ready;
    list_ready(event.task, task);
  }
}

void State::list_ready(TaskId id, const Task& task) {
  (demanding(task) ? demanding_[task.limits->resources] : ready_).emplace(task.order, id);
}

void State::unlist_ready(TaskId id, const Task& task) {
  if (!demanding(task)) {
    ready_.erase({task.order, id});
    return;
  }
  const auto it = demanding_.find(task.limits->resources);
  it->second.erase({task.order, id});
  if (it->second.empty()) demanding_.erase(it);
}

bool State::available(const ResourceAmounts& amounts) const {
  for (const auto& [name, amount] : amounts) {
    const auto used = in_use_.find(name);
    if ((used == in_use_.end() ? 0 : used->second) + amount > resources_.at(name)) return false;
  }
  return true;
}

void State::take_resources(const Task& task, std::int64_t sign) {
  if (!demanding(task)) return;
  for (const auto& [name, amount] : task.limits->resources) in_use_[name] += sign * amount;
}

// Of the ready tasks that take resources the first that can start. In order: what an earlier one waits for no later one takes, or a
// large demand would wait for ever behind small ones.
std::optional<State::Order> State::next_demanding() const {
  if (demanding_.empty()) return std::nullopt;
  std::vector<std::pair<Order, const ResourceAmounts*>> firsts;
  for (const auto& [amounts, tasks] : demanding_) firsts.emplace_back(*tasks.begin(), &amounts);
  std::sort(firsts.begin(), firsts.end());
  std::set<std::string> waited_for;
  for (const auto& [order, amounts] : firsts) {
    const bool overtakes = std::any_of(amounts->begin(), amounts->end(), [&](const auto& a) { return waited_for.count(a.first) > 0; });
    if (!overtakes && available(*amounts)) return order;
    for (const auto& [name, amount] : *amounts) waited_for.insert(name);
  }
  return std::nullopt;
}

std::optional<State::Order> State::next_to_start() const {
  auto next = next_demanding();
  if (!ready_.empty() && (!next || *ready_.begin() < *next)) next = *ready_.begin();
  return next;
}

std::optional<Start> State::start_next(std::vector<Command>& commands, std::int64_t now_ns) {
  if (short_of_memory_) return std::nullopt;
  const auto next = next_to_start();
  if (!next) return std::nullopt;
  const TaskId id = next->second;
  Task& task = *tasks_.find(id.value());
  commands_ = &commands;
  if (!may_start(id.value(), task.nbytes)) {
    short_of_memory_ = true;
    commands_ = nullptr;
    return std::nullopt;
  }
  unlist_ready(id, task);
  task.state = TaskState::executing;
  task.held = task.nbytes;
  executing_.push_back(id);
  task.run = ++last_run_;
  take_resources(task, 1);
  if (task.limits && task.limits->timeout_ns > 0) {
    task.deadline_ns = now_ns + task.limits->timeout_ns;
    deadlines_.emplace(task.deadline_ns, id);
  }
  Start start;
  start.task = id;
  start.run = task.run;
  for (const TaskInputRef& input : task.inputs) {
    Datum& datum = *data_.find(input.task.value());
    // A copy from a peer is used up with its last task here; one of ours when the scheduler says that nobody else needs it.
    const bool last_here = --datum.uses == 0 && (!datum.mine || input.last_use || datum.freed);
    if (last_here) {
      task.held += datum.nbytes;
      drop(input.task);  // the executor takes the value out before the command is carried out
    } else if (datum.users.size() > 16 && datum.users.size() > 2 * static_cast<std::size_t>(datum.uses)) {
      forget_started_users(datum);
    }
    const bool again =
        std::any_of(start.inputs.begin(), start.inputs.end(), [&](const Start::Input& before) { return before.data == input.task; });
    start.inputs.push_back({input.task, last_here && !again});
  }
  held_ += task.held;
  commands_ = nullptr;
  return start;
}

// A user of a datum that has yet to start; null for one that is listed no longer with reason.
State::Task* State::unstarted(TaskId id) {
  Task* task = tasks_.find(id.value());
  return task && task->state != TaskState::executing ? task : nullptr;
}

void State::forget_started_users(Datum& datum) {
  auto& users = datum.users;
  users.erase(std::remove_if(users.begin(), users.end(), [&](TaskId id) { return !unstarted(id); }), users.end());
}

void State::on(const TaskDone& event) {
  Task* task = tasks_.find(event.task.value());
  if (!task || task->state != TaskState::executing)
    throw InternalError("worker: task " + std::to_string(event.task.value()) + " ended without having started");
  const bool fetch = task->fetch, retracted = task->retracted;
  end_run(event.task, *task);
  Datum& datum = data_[event.task.value()];
  datum.freed |= retracted;
  // The value is sent with the report, so the report comes before anything that may drop it.
  if (!retracted) commands_->emplace_back(ReportDone{event.task, event.nbytes, event.took_ns, fetch});
  now_here(event.task, datum, event.nbytes);
}

void State::on(const TaskFailed& event) {
  Task* task = tasks_.find(event.task.value());
  if (!task || task->state != TaskState::executing)
    throw InternalError("worker: task " + std::to_string(event.task.value()) + " failed without having started");
  const bool retracted = task->retracted;
  unlist_as_user(event.task, *task);
  end_run(event.task, *task);
  fail(event.task);
  if (!retracted) commands_->emplace_back(ReportFailed{event.task});
}

void State::end_run(TaskId id, Task& task) {
  end_execution(id, task);
  take_resources(task, -1);
  if (task.deadline_ns > 0) deadlines_.erase({task.deadline_ns, id});
  tasks_.erase(id.value());
  commands_->emplace_back(ForgetTask{id});
}

// Those who wait for it are retracted by the scheduler, or told where it will be made.
void State::fail(TaskId id) {
  Datum* datum = data_.find(id.value());
  if (!datum) return;
  datum->known = datum->mine = datum->freed = false;
  datum->asked_by.clear();
  erase_if_empty(id);
}

void State::on(const TimePassed& event) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= event.now_ns) {
    const TaskId id = deadlines_.begin()->second;
    Task& task = *tasks_.find(id.value());
    const auto limits = task.limits;
    const bool retracted = task.retracted;
    late_.emplace(task.run, limits);
    // It keeps what it takes until it ends.
    take_resources(task, 1);
    unlist_as_user(id, task);
    end_run(id, task);
    fail(id);
    if (!retracted) commands_->emplace_back(ReportTimedOut{id, limits->timeout_ns});
  }
}

bool State::ended_late(std::int64_t run) {
  const auto it = late_.find(run);
  if (it == late_.end()) return false;
  for (const auto& [name, amount] : it->second->resources) in_use_[name] -= amount;
  late_.erase(it);
  return true;
}

void State::on(const TaskRetracted& event) {
  Task* task = tasks_.find(event.task.value());
  if (!task) {
    // It ended before the message came; the scheduler's answer to the report frees the result.
    return;
  }
  if (task->state == TaskState::executing) {
    task->retracted = true;
    if (Datum* result = data_.find(event.task.value())) result->asked_by.clear();  // those who asked are retracted too
    return;
  }
  take_back(event.task, *task);
}

void State::on(const TaskAskedBack& event) {
  Task* task = tasks_.find(event.task.value());
  const bool back = task && task->state != TaskState::executing;
  if (back) take_back(event.task, *task);
  commands_->emplace_back(ReportReturned{event.task, event.number, back});
}

// A task that has not started is as if it had never been given. Those who asked for its result are retracted too, or told where to ask.
void State::take_back(TaskId id, Task& task) {
  if (task.state == TaskState::ready) unlist_ready(id, task);
  const Task copy = std::move(task);
  tasks_.erase(id.value());
  commands_->emplace_back(ForgetTask{id});
  unlist_as_user(id, copy);
  let_go_of_inputs(copy);
  fail(id);
}

// A task that may be given again must not be found in the lists of its first time.
void State::unlist_as_user(TaskId id, const Task& task) {
  for (const TaskInputRef& input : task.inputs)
    if (Datum* datum = data_.find(input.task.value())) {
      auto& users = datum->users;
      users.erase(std::remove(users.begin(), users.end(), id), users.end());
    }
}

void State::let_go_of_inputs(const Task& task) {
  for (const TaskInputRef& input : task.inputs)
    if (Datum* datum = data_.find(input.task.value())) {
      --datum->uses;
      drop_if_unused(input.task);
    }
}

}  // namespace ashlar::worker
