// What must be true between two events; tests walk it after every one.
#include "ashlar/worker/state.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "ashlar/base/error.hpp"

namespace ashlar::worker {

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
