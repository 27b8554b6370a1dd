#pragma once
// A scheduler on paper: events by hand, commands as lines of text. Invariants are walked after every event; what was not expected
// fails at the next expectation or at the end.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/scheduler/invariants.hpp"
#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {

/// One source at a time for each thread, whatever is known of durations.
inline const Policy one_by_one{.queue_ns = 0, .queue_tasks = 1};

class SchedulerOnPaper {
 public:
  using Lines = std::vector<std::string>;
  using Ids = std::vector<std::int64_t>;
  struct Task {
    Ids inputs;
    bool wanted = false, fetch = false;
    std::int64_t nbytes = -1;
    std::string group = "f";
    int priority = 0, retries = 0;
    std::vector<int> workers = {};
    ResourceAmounts resources = {};
    std::int64_t timeout_ns = 0;
  };

  explicit SchedulerOnPaper(Policy policy = {}) : state_(policy) {}
  ~SchedulerOnPaper() { nothing_more(); }

  void worker_joins(int worker, int threads = 1, std::int64_t memory_limit = std::int64_t{1} << 40, ResourceAmounts resources = {}) {
    handle(WorkerJoined{WorkerId(worker), threads, memory_limit, std::move(resources)});
  }
  void workers_join(int count) {
    for (int worker = 0; worker < count; ++worker) worker_joins(worker);
  }
  void worker_lost(int worker) { handle(WorkerLost{WorkerId(worker), "burnt down"}); }
  /// Tasks first, first + 1, …
  void submit(std::int64_t first, const std::vector<Task>& tasks) {
    GraphSubmitted event{TaskId(first), {}, {}, {}, {}};
    for (const Task& task : tasks) {
      std::size_t group = 0;
      while (group < event.groups.size() && event.groups[group] != task.group) ++group;
      if (group == event.groups.size()) event.groups.push_back(task.group);
      event.tasks.push_back({.nbytes = task.nbytes,
                             .group = static_cast<std::int32_t>(group),
                             .input_count = static_cast<std::uint32_t>(task.inputs.size())});
      event.wants.push_back(!task.wanted ? Want::nothing : task.fetch ? Want::value : Want::handle);
      for (std::int64_t input : task.inputs) event.inputs.push_back(TaskId(input));
      NewTaskOptions options{static_cast<std::uint32_t>(event.tasks.size() - 1), task.priority, task.retries};
      for (int worker : task.workers) options.workers.push_back(WorkerId(worker));
      if (!task.resources.empty() || task.timeout_ns > 0)
        options.limits = std::make_shared<TaskLimits>(TaskLimits{task.timeout_ns, task.resources});
      if (task.priority != 0 || task.retries != 0 || !options.workers.empty() || options.limits) event.options.push_back(std::move(options));
    }
    handle(std::move(event));
  }
  void scatter(std::int64_t task, int worker, std::int64_t nbytes = 8, const std::vector<int>& copies = {}) {
    Scattered event{TaskId(task), WorkerId(worker), nbytes, {}};
    for (int copy : copies) event.copies.push_back(WorkerId(copy));
    handle(std::move(event));
  }
  void replicate(std::int64_t number, const Ids& tasks, int copies = 0) { handle(CopiesWanted{number, ids(tasks), copies}); }
  void rebalance(std::int64_t number, const Ids& tasks = {}) { handle(RebalanceWanted{number, ids(tasks)}); }
  void copied(int worker, std::int64_t task) { handle(CopyMade{WorkerId(worker), TaskId(task)}); }
  void finish(int worker, const Ids& tasks, std::int64_t nbytes = 8, std::int64_t took_ns = 1'000'000) {
    TasksFinished event{WorkerId(worker), {}};
    for (std::int64_t task : tasks) event.tasks.push_back({TaskId(task), nbytes, took_ns});
    handle(std::move(event));
  }
  void fail(int worker, std::int64_t task) { handle(TaskErred{WorkerId(worker), TaskId(task)}); }
  void asks_again(int worker, std::int64_t task) { handle(TaskErred{WorkerId(worker), TaskId(task), true}); }
  void waits(int worker, std::int64_t task) { handle(TaskWaits{WorkerId(worker), TaskId(task)}); }
  void spilled(int worker, std::int64_t nbytes) { handle(SpillReported{WorkerId(worker), nbytes}); }
  void release(const Ids& tasks) { handle(ResultsReleased{ids(tasks)}); }
  void want(const Ids& tasks) { handle(ResultsWanted{ids(tasks)}); }
  void time_passes(TimeNs to) {
    now = to;
    handle(TimePassed{});
  }
  /// Answers to the last question about this task.
  void returned(int worker, std::int64_t task) { handle(TaskReturned{WorkerId(worker), TaskId(task), asked_[task], true}); }
  void kept(int worker, std::int64_t task) { handle(TaskReturned{WorkerId(worker), TaskId(task), asked_[task], false}); }
  void cancel(const Ids& tasks) { handle(TasksCancelled{ids(tasks)}); }

  /// The lines of all commands since the last expectation, in order.
  void expect(const Lines& lines) {
    EXPECT_EQ(said_, lines);
    said_.clear();
  }
  void nothing_more() { expect({}); }
  /// As `expect`, for one or none of several: what an exploration of orders compares at its end.
  Lines take() { return std::exchange(said_, {}); }

  const char* state_of(std::int64_t task) const {
    const TaskRecord* record = state_.task(TaskId(task));
    return record ? name(record->state) : "forgotten";
  }
  const WorkerRecord& worker(int number) const { return state_.workers()[static_cast<std::size_t>(number)]; }
  State& state() { return state_; }
  std::vector<Command>& commands() { return commands_; }
  TimeNs now = 0;

  void handle(decltype(Event::what) what) {
    commands_.clear();
    state_.handle({now, std::move(what)}, commands_);
    for (const Command& command : commands_) {
      said_.push_back(to_string(command));
      if (const auto* ask = std::get_if<AskBack>(&command)) asked_[ask->task.value()] = ask->number;
    }
    for (const std::string& broken : broken_invariants(state_)) ADD_FAILURE() << broken;
  }

 private:
  static std::vector<TaskId> ids(const Ids& tasks) {
    std::vector<TaskId> all;
    for (std::int64_t task : tasks) all.push_back(TaskId(task));
    return all;
  }
  State state_;
  std::vector<Command> commands_;  // of the last event
  Lines said_;
  std::map<std::int64_t, std::int32_t> asked_;  ///< numbers of questions, by task
};

}  // namespace ashlar::scheduler
