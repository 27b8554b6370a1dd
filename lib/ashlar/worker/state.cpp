#include "ashlar/worker/state.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "ashlar/base/error.hpp"

namespace ashlar::worker {
namespace {

// Most withdrawn asks are never answered, and nothing says so. What is forgotten beyond this costs a holder one record at worst.
constexpr std::size_t unanswered_max = 100'000;

}  // namespace

State::State(WorkerId self, std::int64_t flight_limit, MemoryLimits limits, ResourceAmounts resources)
    : self_(self), flight_limit_(flight_limit), limits_(limits), resources_(resources.begin(), resources.end()) {}

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

// What it was asked for and will not come: but the ask may have been answered already.
void State::withdraw(TaskId id, Datum& datum) {
  end_flight(id, datum);
  commands_->emplace_back(WithdrawAsk{id, datum.holder});
  Unanswered& withdrawn = unanswered_[id];
  ++withdrawn.asks;
  withdrawn.last_use |= datum.last_use;
  if (unanswered_.size() > unanswered_max) unanswered_.erase(unanswered_.begin());
  datum.state = DataState::promised;
}

void State::on(const InputMoved& event) {
  Datum* datum = data_.find(event.data.value());
  if (!datum || (datum->uses == 0 && !datum->kept) || datum->state == DataState::here) return;  // nobody here waits for it
  if (datum->state == DataState::spilled || datum->state == DataState::loading) return;  // it is the same value
  if (datum->state == DataState::asked) withdraw(event.data, *datum);
  if (datum->queued) unqueue_ask(event.data, *datum);
  datum->mine = datum->freed = false;
  datum->known = true;
  datum->holder = event.holder;
  datum->last_use = false;
  datum->order = copy_order;
  for (TaskId user : datum->users) {
    const Task* task = unstarted(user);
    if (!task) continue;
    datum->order = std::min(datum->order, user.value());
    for (const TaskInputRef& input : task->inputs)
      if (input.task == event.data) {
        datum->last_use |= input.last_use;
        datum->nbytes = input.nbytes;
      }
  }
  queue_ask(event.data, *datum, datum->order);
}

void State::on(const DataGiven& event) {
  Datum& datum = data_[event.data.value()];
  datum.mine = datum.known = true;
  now_here(event.data, datum, event.nbytes);
}

void State::on(const DataArrived& event) {
  Datum* datum = data_.find(event.data.value());
  if (!datum || datum->state != DataState::asked) {
    // The answer to an ask that was withdrawn. If it was asked for again and is here, it is the same value.
    bool forgotten_there = false;
    if (const auto it = unanswered_.find(event.data); it != unanswered_.end()) {
      forgotten_there = it->second.last_use;
      if (--it->second.asks == 0) unanswered_.erase(it);
    }
    if (datum && datum->queued && datum->state == DataState::promised) {
      // It is to be asked for again: here it is. Its holder has forgotten it with this answer; or it keeps it, and is to be told of the last
      // use all the same: what it answers then is dropped.
      unqueue_ask(event.data, *datum);
      if (datum->last_use && !forgotten_there) commands_->emplace_back(Ask{event.data, datum->holder, true});
      if (datum->kept) make_own(event.data, *datum);
      now_here(event.data, *datum, event.nbytes);
      return;
    }
    if (!datum || datum->state != DataState::here) commands_->emplace_back(Drop{event.data});
    return;
  }
  end_flight(event.data, *datum);
  if (datum->kept) make_own(event.data, *datum);
  now_here(event.data, *datum, event.nbytes);
}

void State::on(const DataAsked& event) {
  if (lost_peers_.count(event.by)) return;
  if (event.by == client_id) {
    // The client is told of results that exist only: one that is not known here could not be read back.
    const Datum* datum = data_.find(event.data.value());
    if (!datum || datum->state == DataState::promised || datum->state == DataState::asked) return;
  }
  Datum& datum = data_[event.data.value()];
  datum.asked_by.emplace_back(event.by, event.last_use);
  if (datum.state == DataState::here) answer_asks(event.data, datum);
  else if (datum.state == DataState::spilled) load_for_peer(event.data, datum);
}

void State::on(const AskWithdrawn& event) { forget_asks_of(event.data, event.by); }

void State::on(const PeerLost& event) {
  lost_peers_.insert(event.peer);
  std::vector<TaskId> asked;
  data_.for_each([&](std::int64_t id, const Datum& datum) {
    if (!datum.asked_by.empty()) asked.push_back(TaskId(id));
  });
  for (TaskId id : asked) forget_asks_of(id, event.peer);
}

void State::forget_asks_of(TaskId id, WorkerId peer) {
  Datum* datum = data_.find(id.value());
  if (!datum) return;
  auto& asked = datum->asked_by;
  asked.erase(std::remove_if(asked.begin(), asked.end(), [&](const auto& ask) { return ask.first == peer; }), asked.end());
  if (datum->state == DataState::spilled && datum->queued && datum->uses == 0 && asked.empty()) unqueue_ask(id, *datum);
  erase_if_empty(id);
}

void State::on(const DataFreed& event) {
  for (TaskId id : event.data) {
    Datum* datum = data_.find(id.value());
    if (!datum) continue;
    if (datum->kept && !datum->mine) {  // the copy has not come; a task here that waits for it is retracted or told where it is
      datum->kept = false;
      drop_if_unused(id);
      continue;
    }
    if (!datum->mine) continue;  // dropped here already; somebody's late ask is all that is left
    datum->freed = true;
    drop_if_unused(id);
  }
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

void State::now_here(TaskId id, Datum& datum, std::int64_t nbytes) {
  datum.state = DataState::here;
  datum.nbytes = nbytes;
  bytes_here_ += nbytes;
  ++data_here_;
  if (nbytes >= limits_.spill_at_least) {
    large_.insert(id);
    fruitless_shield_ = MemoryLimits::none;
  }
  for (TaskId next : datum.users)
    if (Task* task = unstarted(next); task && --task->missing == 0) {
      task->state = TaskState::ready;
      list_ready(next, *task);
    }
  answer_asks(id, datum);
}

void State::answer_asks(TaskId id, Datum& datum) {
  for (const auto& [by, last_use] : datum.asked_by) {
    commands_->emplace_back(Send{id, by});
    datum.freed |= last_use;
  }
  datum.asked_by.clear();
  drop_if_unused(id);
}

void State::drop(TaskId id) {
  Datum* datum = data_.find(id.value());
  if (!datum) return;
  if (datum->state == DataState::here) {
    bytes_here_ -= datum->nbytes;
    --data_here_;
    if (datum->nbytes >= limits_.spill_at_least) large_.erase(id);
    commands_->emplace_back(Drop{id});
  } else if (datum->state == DataState::spilled) {
    if (datum->queued) unqueue_ask(id, *datum);
    count_spilled(*datum, -1);
  } else if (datum->state == DataState::loading) {
    end_flight(id, *datum);
    count_spilled(*datum, -1);
  } else {
    return;
  }
  if (datum->file != 0) {
    if (datum->writing) writing_ -= datum->nbytes;
    commands_->emplace_back(ForgetFile{datum->file});
  }
  // It may have come by an ask that was withdrawn, and the one that was sent after it has not reached the holder yet.
  if ((!datum->mine || datum->kept) && unanswered_.count(id)) commands_->emplace_back(WithdrawAsk{id, datum->holder});
  data_.erase(id.value());
}

// What no task here wants any more: a result that was freed, a copy from a peer, or an ask for one.
void State::drop_if_unused(TaskId id) {
  Datum* datum = data_.find(id.value());
  if (!datum || datum->uses > 0) return;
  if (datum->mine) {
    if (datum->freed) {
      if (!asked_by_clients(*datum) || datum->state == DataState::promised) drop(id);
    } else if (datum->state == DataState::spilled && datum->queued && datum->asked_by.empty()) {
      unqueue_ask(id, *datum);
    }
    return;
  }
  if (datum->kept) return;
  if (datum->state == DataState::here || datum->state == DataState::spilled || datum->state == DataState::loading) {
    drop(id);
    return;
  }
  if (datum->state == DataState::asked) {
    withdraw(id, *datum);
  }
  if (datum->queued) unqueue_ask(id, *datum);
  datum->known = false;
  erase_if_empty(id);
}

void State::erase_if_empty(TaskId id) {
  const Datum* datum = data_.find(id.value());
  if (datum && !datum->known && datum->state == DataState::promised && datum->uses == 0 && datum->asked_by.empty()) data_.erase(id.value());
}

void State::queue_ask(TaskId id, Datum& datum, std::int64_t order) {
  datum.order = order;
  datum.queued = true;
  asks_queued_.emplace(order, id);
}

void State::unqueue_ask(TaskId id, Datum& datum) {
  asks_queued_.erase({datum.order, id});
  datum.queued = false;
}

void State::end_flight(TaskId id, const Datum& datum) {
  in_flight_ -= datum.nbytes;
  asks_flying_.erase({datum.order, id});
}

void State::ask_more() {
  for (auto next = asks_queued_.begin(); next != asks_queued_.end();) {
    const auto [order, id] = *next;
    Datum& datum = *data_.find(id.value());
    if (bytes_used() + datum.nbytes > limits_.budget && in_vain(datum)) {
      ++next;
      continue;
    }
    if (!may_ask(order, datum.nbytes)) return;
    next = std::next(next);
    unqueue_ask(id, datum);
    in_flight_ += datum.nbytes;
    asks_flying_.emplace(order, id);
    if (datum.state == DataState::spilled) {
      datum.state = DataState::loading;
      commands_->emplace_back(Load{id, datum.file});
    } else {
      datum.state = DataState::asked;
      commands_->emplace_back(Ask{id, datum.holder, datum.last_use});
    }
  }
}

std::string State::waiting_text() const {
  std::ostringstream text;
  tasks_.for_each([&](std::int64_t id, const Task& task) {
    if (task.state != TaskState::waiting) return;
    text << "task " << id << " waits for";
    for (const TaskInputRef& input : task.inputs)
      if (const Datum* datum = data_.find(input.task.value()); datum && datum->state != DataState::here) {
        text << ' ' << input.task;
        if (datum->state == DataState::spilled) text << " (on scratch)";
        else if (datum->state == DataState::loading) text << " (being read from scratch)";
        else text << (datum->state == DataState::asked ? " (asked of worker " : " (made by worker ") << input.holder << ')';
      }
    text << '\n';
  });
  if (!ready_.empty() && short_of_memory_)
    text << "task " << ready_.begin()->second << " waits for memory: " << bytes_used() << " bytes used of " << limits_.budget
         << (paused_ ? ", paused at " + std::to_string(resident_) + " bytes resident" : "") << '\n';
  return text.str();
}

std::vector<std::string> broken_invariants(const State& state) {
  using TaskState = State::TaskState;
  using DataState = State::DataState;
  std::vector<std::string> broken;
  const auto say_task = [&](std::int64_t id, const std::string& what) { broken.push_back("task " + std::to_string(id) + ": " + what); };
  const auto say_datum = [&](std::int64_t id, const std::string& what) { broken.push_back("datum " + std::to_string(id) + ": " + what); };
  const auto compare = [&](const std::string& what, std::int64_t kept, std::int64_t counted) {
    if (kept != counted) broken.push_back(what + " is " + std::to_string(kept) + ", counted " + std::to_string(counted));
  };
  std::map<std::int64_t, std::int64_t> uses;
  const std::set<State::Order> none;
  const auto list_of = [&](const State::Task& task) -> const std::set<State::Order>& {
    if (!State::demanding(task)) return state.ready_;
    const auto it = state.demanding_.find(task.limits->resources);
    return it == state.demanding_.end() ? none : it->second;
  };
  std::int64_t bytes = 0, here = 0, flight = 0, flying = 0, queued = 0, ready = 0, held = 0, executing = 0, writing = 0, spilled = 0, large = 0, loading = 0;
  std::int64_t deadlines = 0, listed = static_cast<std::int64_t>(state.ready_.size());
  std::map<std::string, std::int64_t> in_use;
  const auto count_resources = [&](const std::shared_ptr<const TaskLimits>& limits) {
    if (limits)
      for (const auto& [name, amount] : limits->resources) in_use[name] += amount;
  };
  for (const auto& [amounts, tasks] : state.demanding_) {
    listed += static_cast<std::int64_t>(tasks.size());
    if (tasks.empty()) broken.push_back("an empty list of tasks that take resources is kept");
  }
  for (const auto& [run, limits] : state.late_) count_resources(limits);
  state.tasks_.for_each([&](std::int64_t id, const State::Task& task) {
    if (task.state == TaskState::executing) {
      count_resources(task.limits);
      const bool limited = task.limits && task.limits->timeout_ns > 0;
      if (limited) ++deadlines;
      if (limited != (state.deadlines_.count({task.deadline_ns, TaskId(id)}) == 1)) say_task(id, "has a limit and no deadline, or the other way round");
      ++executing;
      held += task.held;
      if (std::count(state.executing_.begin(), state.executing_.end(), TaskId(id)) != 1) say_task(id, "executes and is not listed so");
      return;
    }
    std::int64_t missing = 0;
    for (const TaskInputRef& input : task.inputs) {
      ++uses[input.task.value()];
      const State::Datum* datum = state.data_.find(input.task.value());
      if (!datum) {
        say_task(id, "no record of its input " + std::to_string(input.task.value()));
      } else if (datum->state != DataState::here) {
        ++missing;
      }
    }
    if (task.missing != missing) say_task(id, "missing is " + std::to_string(task.missing) + ", counted " + std::to_string(missing));
    if ((task.state == TaskState::ready) != (missing == 0)) say_task(id, "is ready with inputs missing, or waits with all here");
    if ((task.state == TaskState::ready) != (list_of(task).count({task.order, TaskId(id)}) == 1))
      say_task(id, "is ready and not listed so, or the other way round");
    if (task.state == TaskState::ready) ++ready;
  });
  state.data_.for_each([&](std::int64_t id, const State::Datum& datum) {
    if (datum.uses != uses[id]) say_datum(id, "uses is " + std::to_string(datum.uses) + ", counted " + std::to_string(uses[id]));
    const auto users = std::count_if(datum.users.begin(), datum.users.end(), [&](TaskId user) { return const_cast<State&>(state).unstarted(user); });
    if (users != datum.uses) say_datum(id, "lists " + std::to_string(users) + " users, counted " + std::to_string(datum.uses));
    const bool unused = datum.uses == 0 && (!datum.mine || datum.freed);
    if (datum.state == DataState::here) {
      bytes += datum.nbytes;
      ++here;
      if (!datum.asked_by.empty()) say_datum(id, "is here and its asks are not answered");
      if (unused) say_datum(id, "is here for nobody");
      if (datum.nbytes >= state.limits_.spill_at_least) ++large;
      if (datum.writing) writing += datum.nbytes;
    } else if (datum.writing) {
      say_datum(id, "is being written and is not here");
    }
    if (datum.writing && datum.file == 0) say_datum(id, "is being written to no file");
    if (datum.state == DataState::spilled || datum.state == DataState::loading) {
      if (datum.mine) spilled += datum.nbytes;
      if (datum.state == DataState::loading) ++loading;
      if (datum.file == 0) say_datum(id, "is spilled and has no file");
      if (unused && !State::asked_by_clients(datum)) say_datum(id, "is spilled for nobody");
    }
    if (datum.state == DataState::spilled && datum.queued != (datum.uses > 0 || !datum.asked_by.empty()))
      say_datum(id, "is spilled, and read back for nobody, or wanted and not read back");
    if (datum.state == DataState::asked || datum.state == DataState::loading) {
      flight += datum.nbytes;
      ++flying;
      if (!state.asks_flying_.count({datum.order, TaskId(id)})) say_datum(id, "was asked for and is not listed so");
    }
    if (datum.queued) {
      ++queued;
      if ((datum.state != DataState::promised && datum.state != DataState::spilled) || !state.asks_queued_.count({datum.order, TaskId(id)}))
        say_datum(id, "its ask is queued and not listed so");
    }
    if (((datum.queued && datum.state != DataState::spilled) || datum.state == DataState::asked) && (datum.mine || (datum.uses == 0 && !datum.kept)))
      say_datum(id, "is asked for in vain");
    if (!datum.known && datum.uses == 0 && datum.asked_by.empty()) say_datum(id, "is an empty record");
  });
  compare("bytes_here", state.bytes_here_, bytes);
  compare("data_here", state.data_here_, here);
  compare("bytes in flight", state.in_flight_, flight);
  compare("asks in flight", static_cast<std::int64_t>(state.asks_flying_.size()), flying);
  compare("asks queued", static_cast<std::int64_t>(state.asks_queued_.size()), queued);
  compare("tasks ready", listed, ready);
  compare("deadlines", static_cast<std::int64_t>(state.deadlines_.size()), deadlines);
  for (const auto& [name, amount] : state.in_use_) {
    compare(name + " in use", amount, in_use[name]);
    if (amount > state.resources_.at(name)) broken.push_back("more of " + name + " is in use than there is");
  }
  for (const auto& [name, amount] : in_use)
    if (amount > 0 && !state.in_use_.count(name)) broken.push_back(name + " is taken and not counted");
  compare("bytes held by executing tasks", state.held_, held);
  compare("tasks executing", static_cast<std::int64_t>(state.executing_.size()), executing);
  compare("bytes being written", state.writing_, writing);
  compare("bytes spilled", state.bytes_spilled_, spilled);
  compare("large data", static_cast<std::int64_t>(state.large_.size()), large);
  if (!state.working() && state.writing_ == 0) {
    const auto waits = [&](const auto& ask) { return !state.in_vain(*state.data_.find(ask.second.value())) && ask.first < state.lowest_ready().value(); };
    if (state.asks_flying_.empty() && std::any_of(state.asks_queued_.begin(), state.asks_queued_.end(), waits))
      broken.push_back("asks are queued, and nothing is under way that they could wait for");
    if (!state.ready_.empty() && state.short_of_memory_ && loading == 0)
      broken.push_back("a task waits for memory, and nothing is under way that could free some");
  }
  return broken;
}

}  // namespace ashlar::worker
