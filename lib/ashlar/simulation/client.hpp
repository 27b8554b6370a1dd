#pragma once
// The client of a simulated job: what it asks for and when, what it is told, and whether that is the truth.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/scheduler/command.hpp"
#include "ashlar/scheduler/event.hpp"
#include "ashlar/simulation/graph.hpp"

namespace ashlar::simulation {

struct ClientOptions {
  std::int64_t pieces = 1;       ///< submissions the graph is cut into; results used by a later piece are held until it is submitted
  std::int64_t interval_ns = 0;  ///< between submissions
  std::int64_t span_ns = 0;      ///< random releases, cancels and asks happen up to this long after the submission
  int release_one_in = 0;        ///< wanted results whose handle is dropped early; 0: none
  int ask_one_in = 0;            ///< wanted results whose value is asked for
  int cancel_one_in = 0;         ///< tasks with a handle that are cancelled
  int copy_one_in = 0;           ///< wanted results that are to be copied to two or all workers, or moved in a rebalance of all
  std::uint64_t seed = 1;
};

class Client {
 public:
  struct Piece {  ///< of the graph, to be submitted
    std::int64_t first = 0, count = 0;
  };
  struct Action {
    std::int64_t at_ns = 0;
    std::variant<Piece, scheduler::ResultsReleased, scheduler::ResultsWanted, scheduler::TasksCancelled, scheduler::CopiesWanted, scheduler::RebalanceWanted> what;
  };

  Client(Graph graph, const ClientOptions& options);

  const Graph& graph() const { return graph_; }
  /// In the order of time. Task number i of the graph has id i.
  const std::vector<Action>& actions() const { return actions_; }
  /// What the scheduler is told of an action. Submissions are made here, so that only one of them is in memory at a time.
  decltype(scheduler::Event::what) event(const Action& action) const;
  /// The release of all that it still holds.
  scheduler::ResultsReleased last_release() const;

  /// What a task's value is, from the graph alone.
  std::uint64_t value(TaskId task) const { return values_[static_cast<std::size_t>(task.value())]; }

  // What it is told.
  void told(const scheduler::ReportFinished& report, std::int64_t now);
  void told(const scheduler::ReportErred& report, std::int64_t now);
  void told(const scheduler::ReportCancelled& report, std::int64_t now);
  void told(const scheduler::ReportCopies& report) { ++copy_reports_[report.number]; }
  void given(TaskId task, std::uint64_t value);

  /// When the last report came.
  std::int64_t last_report_ns() const { return last_report_ns_; }
  std::int64_t finished() const { return finished_; }
  std::int64_t erred() const { return erred_; }
  std::int64_t cancelled() const { return cancelled_; }
  /// What is not as the graph says, in words. `lost`: a worker was lost, so tasks may have erred without a cause, or results on scratch were, so that their tasks are the cause.
  std::vector<std::string> faults(bool lost) const;

 private:
  // What the client is told of a task, and what the graph, its cancels and its asks allow it to be told. One for each of ten million
  // tasks, so it is small; counts end at 255.
  struct Held {
    bool wanted : 1 = false;    ///< to the end, as the graph says
    bool kept : 1 = false;      ///< wanted, or held until a later piece that uses it is submitted
    bool released : 1 = false;  ///< early: nothing need come
    bool asked : 1 = false;
    bool cancelled : 1 = false;  ///< it or something it needs may have been cancelled
    bool doomed : 1 = false;     ///< it or something it needs throws
    bool wrong_value : 1 = false;
    bool without_cause : 1 = false;
    bool without_reason : 1 = false;
    std::uint8_t finished = 0, erred = 0, was_cancelled = 0, values = 0;
  };
  Held& held(TaskId task) { return held_[static_cast<std::size_t>(task.value())]; }
  void plan(const ClientOptions& options);
  void foresee();

  Graph graph_;
  std::vector<Action> actions_;
  std::vector<Held> held_;
  std::map<std::int64_t, std::int64_t> wrong_causes_;
  std::map<std::int64_t, int> copy_reports_;  ///< by number: of what it asked for, how often it was told
  std::vector<std::uint64_t> values_;
  std::int64_t last_report_ns_ = 0, finished_ = 0, erred_ = 0, cancelled_ = 0;
};

}  // namespace ashlar::simulation
