#pragma once
// A worker on paper: events by hand, commands as lines of text. Invariants are walked after every event; a value that the machine sends,
// drops or uses must be one the loop around it has.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/worker/state.hpp"

namespace ashlar::worker {

/// Budgets of 100, everything may go to scratch.
inline constexpr MemoryLimits small{100, MemoryLimits::none, 1};

/// `3@1` in a test's words: task 3 is or will be on worker 1.
struct In {
  std::int64_t task;
  int holder;
  bool last_use = false;
  std::int64_t nbytes = 8;
};

class WorkerOnPaper {
 public:
  using Lines = std::vector<std::string>;

  explicit WorkerOnPaper(int self = 0, std::int64_t flight_limit = 1 << 30, MemoryLimits limits = {}) : state_(WorkerId(self), flight_limit, limits) {}
  WorkerOnPaper(int self, std::int64_t flight_limit, ResourceAmounts resources) : state_(WorkerId(self), flight_limit, {}, std::move(resources)) {}
  ~WorkerOnPaper() { nothing_more(); }

  void give(std::int64_t task, const std::vector<In>& inputs = {}, bool fetch = false, std::int64_t nbytes = 8) { give(task, inputs, fetch, TaskLimits{}, nbytes); }
  void give(std::int64_t task, const std::vector<In>& inputs, bool fetch, const TaskLimits& limits, std::int64_t nbytes = 8) {
    TaskGiven event{TaskId(task), task, fetch, {}, nbytes, nullptr};
    if (limits.timeout_ns > 0 || !limits.resources.empty()) event.limits = std::make_shared<TaskLimits>(limits);
    for (const In& in : inputs) event.inputs.push_back({TaskId(in.task), WorkerId(in.holder), in.nbytes, in.last_use});
    handle(event);
  }
  void copy_wanted(std::int64_t data, int holder, std::int64_t nbytes = 8) { handle(CopyWanted{TaskId(data), WorkerId(holder), nbytes}); }
  void asked_back(std::int64_t task) { handle(TaskAskedBack{TaskId(task), 1}); }
  void moved(std::int64_t data, int holder) { handle(InputMoved{TaskId(data), WorkerId(holder)}); }
  void time_passes(std::int64_t now) { handle(TimePassed{now_ = now}); }
  /// The run that started last, or one before, ends after it was given up.
  bool ended_late(std::int64_t run) { return state_.ended_late(run); }
  void retract(std::int64_t task) { handle(TaskRetracted{TaskId(task)}); }
  void done(std::int64_t task, std::int64_t nbytes = 8) {
    values_.insert(task);
    handle(TaskDone{TaskId(task), nbytes, 100});
  }
  void failed(std::int64_t task) { handle(TaskFailed{TaskId(task)}); }
  void put(std::int64_t data, std::int64_t nbytes = 8) {
    values_.insert(data);
    handle(DataGiven{TaskId(data), nbytes});
  }
  void written(std::int64_t file, bool failed = false) { handle(SpillEnded{files_.at(file), file, failed}); }
  void read_back(std::int64_t file, bool failed = false) {
    const TaskId data = loading_.at(file);
    if (!failed) values_.insert(data.value());
    handle(LoadEnded{data, file, failed});
  }
  void measured(std::int64_t resident) { handle(MemoryMeasured{resident}); }
  void arrives(std::int64_t data, std::int64_t nbytes = 8) {
    values_.insert(data);
    handle(DataArrived{TaskId(data), nbytes});
  }
  void asked(std::int64_t data, int by, bool last_use = false) { handle(DataAsked{TaskId(data), WorkerId(by), last_use}); }
  void withdrawn(std::int64_t data, int by) { handle(AskWithdrawn{TaskId(data), WorkerId(by)}); }
  void peer_lost(int peer) { handle(PeerLost{WorkerId(peer)}); }
  void freed(const std::vector<std::int64_t>& data) {
    DataFreed event;
    for (std::int64_t id : data) event.data.push_back(TaskId(id));
    handle(event);
  }
  /// What starts next: "start 3: 1 2!" (! means taken); "nothing" when no task is ready.
  std::string start() {
    commands_.clear();
    const auto start = state_.start_next(commands_, now_);
    if (!start) {
      note_commands();
      return "nothing";
    }
    std::string line = "start " + std::to_string(start->task.value()) + (start->inputs.empty() ? "" : ":");
    for (const Start::Input& input : start->inputs) {
      line += " " + std::to_string(input.data.value()) + (input.take ? "!" : "");
      EXPECT_TRUE(values_.count(input.data.value())) << line << ", and the value of " << input.data << " is not here";
    }
    note_commands();
    return line;
  }

  void expect(const Lines& lines) {
    EXPECT_EQ(said_, lines);
    said_.clear();
  }
  void nothing_more() { expect({}); }
  Lines take() { return std::exchange(said_, {}); }
  /// Nothing is kept: no task, no value, no record.
  void expect_empty() {
    EXPECT_EQ(state_.tasks(), 0);
    EXPECT_EQ(state_.records(), 0);
    EXPECT_EQ(state_.bytes_here(), 0);
    EXPECT_EQ(state_.bytes_used(), 0);
    EXPECT_EQ(state_.bytes_spilled(), 0);
    EXPECT_TRUE(values_.empty());
    EXPECT_TRUE(kept_files_.empty());
  }
  const State& state() const { return state_; }

  void handle(const Event& event) {
    commands_.clear();
    state_.handle(event, commands_);
    note_commands();
  }

 private:
  void note_commands() {
    for (const Command& command : commands_) {
      const std::string line = to_string(command);
      said_.push_back(line);
      const auto has = [&](TaskId data) { EXPECT_TRUE(values_.count(data.value())) << line << ", and the value is not here"; };
      if (const auto* c = std::get_if<Send>(&command)) has(c->data);
      if (const auto* c = std::get_if<ReportDone>(&command)) has(c->task);
      if (const auto* c = std::get_if<Spill>(&command)) {
        has(c->data);
        files_[c->file] = c->data;
        kept_files_.insert(c->file);
      }
      if (const auto* c = std::get_if<Load>(&command)) {
        EXPECT_TRUE(kept_files_.count(c->file)) << line << ", and there is no such file";
        loading_[c->file] = c->data;
      }
      if (const auto* c = std::get_if<ForgetFile>(&command)) {
        EXPECT_EQ(kept_files_.erase(c->file), 1u) << line << ", and there is no such file";
      }
      if (const auto* c = std::get_if<Drop>(&command)) {
        has(c->data);
        values_.erase(c->data.value());
      }
    }
    for (const std::string& broken : broken_invariants(state_)) ADD_FAILURE() << broken;
  }

  State state_;
  std::vector<Command> commands_;  // of the last event
  std::set<std::int64_t> values_, kept_files_;
  std::map<std::int64_t, TaskId> files_, loading_;  // whose they are; those that were dropped too
  Lines said_;
  std::int64_t now_ = 0;
};

}  // namespace ashlar::worker
