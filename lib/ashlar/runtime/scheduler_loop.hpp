#pragma once
// Rank 0 at work: the scheduler's machine driven by a thread of its own, and the client's side of it (`Evaluator`), which any thread may use.
//
// The client never waits for the scheduler to take something, nor the other way round: requests go through one queue, completions
// come back through the results' shared state. User code on rank 0 may compute or block for hours.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "ashlar/base/paged_table.hpp"
#include "ashlar/graph/evaluator.hpp"
#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/client_batch.hpp"
#include "ashlar/runtime/nap.hpp"
#include "ashlar/scheduler/state.hpp"
#include "ashlar/transport/transport.hpp"

namespace ashlar {

/// A worker as rank 0 knows it from the start.
struct WorkerInfo {
  std::string host;
  int pid = 0;
  int threads = 1;
  std::int64_t memory_limit = 0;
  int rank = 0;               ///< in the job, as `WorkerContext::rank()` says
  ResourceAmounts resources;  ///< what tasks may take of it
};

class ClientResult;

class SchedulerLoop final : public Evaluator {
 public:
  /// Participant 0 of `transport`; worker w is participant w + 1. `fatal` as for WorkerLoop.
  SchedulerLoop(Transport& transport, std::vector<WorkerInfo> workers, std::function<void(const std::string&)> fatal);
  ~SchedulerLoop() override;

  /// Ends all work: workers finish the tasks they are running and leave. False when one did not within `patience`.
  bool stop(int exit_code, std::chrono::nanoseconds patience);

  std::vector<ResultHandle> submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions options) override;
  std::vector<Object> evaluate(TaskGraph graph, std::vector<TaskRef> wanted) override;
  std::vector<ResultHandle> scatter(std::vector<Object> values) override;
  std::vector<Object> run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool collective) override;
  bool wait_until(const std::function<bool()>& settled, Seconds timeout) override;
  int workers() const override { return static_cast<int>(workers_.size()); }
  int threads() const override;

  const std::vector<WorkerInfo>& worker_infos() const { return workers_; }
  /// The transitions of the task with this key, one per line; empty when none is known.
  std::string story(const std::string& key);
  /// Makes every waiting call of the client throw `reason`: a signal asked the program to end.
  void interrupt(const std::string& reason);

 private:
  friend class ClientResult;

  /// What a task runs: a number of `graphs_`, and the task there.
  struct TaskSource {
    std::uint32_t graph = 0;
    std::int32_t layer = 0;
    std::int64_t index = 0;
  };
  struct Submission {
    scheduler::GraphSubmitted event;
    std::vector<TaskRef> order;  ///< of its tasks, by position in the event
    std::vector<std::shared_ptr<const Layer>> layers;
    std::vector<ResultHandle> inputs;  ///< kept until the scheduler knows that these tasks use them
  };
  /// A graph made ready to be submitted, and where its tasks stand in the submission.
  struct Plan {
    Submission submission;
    std::vector<std::vector<std::int32_t>> positions;  ///< by layer and index; -1: not needed
    std::int64_t first = 0;                            ///< id of its first task
    std::int32_t position(TaskRef ref) const { return positions[static_cast<std::size_t>(ref.layer)][static_cast<std::size_t>(ref.index)]; }
  };
  struct Put {
    TaskId task;
    Object value;
  };
  struct Call {
    std::int64_t number;
    std::shared_ptr<const Operation> operation;
    Parcel payload;
    bool collective;
  };
  struct Stop {
    int exit_code;
  };
  struct StoryWanted {
    std::string key;
    std::string* text;
    bool* done;
  };
  using Request = std::variant<Submission, Put, Call, Stop, StoryWanted, scheduler::ResultsReleased, scheduler::ResultsWanted, scheduler::TasksCancelled>;

  /// What client threads and the scheduler's thread share. Outlives the loop while results are alive.
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<std::uint64_t> generation{0};  ///< counts batches of completions; changed under the mutex
    bool closed = false;
    std::string interrupted;       ///< not empty: waiting calls throw it
    std::vector<Request> requests;
    PagedTable<ClientResult*> results;
    std::map<std::int64_t, ClientBatch*> batches;  ///< by the first id
    ClientBatch* batch_of(TaskId task);            ///< null when the task was submitted otherwise
    std::map<std::int64_t, std::vector<protocol::CallReport>> calls;
    bool push(Request request);  ///< true when the queue was empty; drops it when closed
  };
  struct Known {  // an operation that workers know by number
    OperationId id;
    std::shared_ptr<const Operation> operation;
    std::vector<bool> workers;
    std::int64_t tasks = 0;
  };
  struct KnownLayer {
    std::shared_ptr<const Layer> layer;
    Known* operation = nullptr;
    std::int64_t tasks = 0;  ///< of this layer that have a record
  };
  struct KnownGraph {
    std::vector<KnownLayer> layers;
    std::int64_t tasks = 0;
  };

  void request(Request request);
  Plan plan(TaskGraph& graph, std::span<const TaskRef> wanted);
  void loop();
  bool take_requests();
  void take(Request& request);
  void take(int from, Parcel& parcel);
  void handle(decltype(scheduler::Event::what) what);
  void carry_out();
  scheduler::NewTaskOptions options_of(const Annotations& annotations, std::uint32_t number, const std::string& key) const;
  void give(const scheduler::RunTask& run);
  void keep_source(Submission& submission);
  Known& know(const Layer& layer);
  KnownLayer& layer_of(const TaskSource& source) { return graphs_[source.graph].layers[static_cast<std::size_t>(source.layer)]; }
  void forget_source(TaskId task);
  void forget_idle_operations();
  void report(TaskId task, const std::function<void(ClientResult&)>& change);
  void report_error(TaskId task, std::exception_ptr error);
  std::exception_ptr error_of(TaskId task, TaskId cause, const std::string& reason);
  Writer& outbox(WorkerId worker) { return outbox_.at(static_cast<std::size_t>(worker.value())); }
  void flush();
  void warn_when_over(WorkerId id);
  std::string key_of(TaskId task);

  Transport& transport_;
  std::vector<WorkerInfo> workers_;
  std::function<void(const std::string&)> fatal_;
  std::shared_ptr<Shared> shared_;
  std::atomic<std::int64_t> next_task_{0}, next_call_{0};

  // The scheduler's thread only.
  scheduler::State machine_;
  std::vector<scheduler::Command> commands_;
  PagedTable<TaskSource> sources_;
  std::vector<KnownGraph> graphs_;
  std::vector<std::uint32_t> free_graphs_;  ///< numbers that no task uses
  std::unordered_map<const Operation*, Known> operations_;
  std::int32_t next_operation_ = 0;
  // Operations that no task uses are kept for a while: the same one often comes back at once.
  static constexpr std::size_t idle_operations_max = 1024;
  std::size_t operations_max_ = idle_operations_max;
  std::vector<Writer> outbox_;
  std::unordered_map<std::int64_t, std::exception_ptr> errors_;
  std::deque<std::int64_t> errors_order_;
  std::size_t goodbyes_ = 0;
  bool stopping_ = false, reported_ = false, warned_over_ = false;
  std::int64_t wake_at_ = std::numeric_limits<std::int64_t>::max();  ///< when the machine wants a TimePassed
  Nap nap_;

  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace ashlar
