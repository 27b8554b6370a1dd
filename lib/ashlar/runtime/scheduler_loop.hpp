#pragma once
// Rank 0 at work: the loop that drives the scheduler's machine, and the client's side of it (`Evaluator`), which any thread may use.
//
// The client never waits for the scheduler to take something, nor the other way round: requests go through one queue, completions
// come back through the results' shared state. User code on rank 0 may compute or block for hours, so the loop has a thread of its own.
// A client thread that waits for a result turns the loop itself while that one sleeps, and so does one that submits a few tasks after some
// quiet: no thread has to be woken on the way there, nor on the way back (decision 0040).

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "ashlar/base/paged_table.hpp"
#include "ashlar/coordination/state.hpp"
#include "ashlar/graph/predict.hpp"
#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/calls.hpp"
#include "ashlar/runtime/client_batch.hpp"
#include "ashlar/runtime/client_host.hpp"
#include "ashlar/runtime/hang_watch.hpp"
#include "ashlar/runtime/nap.hpp"
#include "ashlar/runtime/task_clients.hpp"
#include "ashlar/scheduler/record.hpp"
#include "ashlar/scheduler/state.hpp"
#include "ashlar/transport/transport.hpp"

namespace ashlar::detail {
class CallLayer;
}
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

struct SchedulerOptions {
  double hang_after_s = 0;  ///< when nothing has moved for so long and no task uses a processor, who waits for what is printed; 0: never
  std::string hang_dot;     ///< and drawn into this file; empty: it is not
  std::unique_ptr<std::ostream> record = nullptr;  ///< gets every event of the machine; null: nothing is recorded
  scheduler::Policy policy = {};
};

class ClientResult;

class SchedulerLoop final : public ClientHost, public Predictor, private RankZero {
 public:
  /// Participant 0 of `transport`; worker w is participant w + 1. `fatal` as for WorkerLoop.
  SchedulerLoop(Transport& transport, std::vector<WorkerInfo> workers, std::function<void(const std::string&)> fatal, SchedulerOptions options = {});
  ~SchedulerLoop() override;

  /// Ends all work: workers finish the tasks they are running and leave. False when one did not within `patience`.
  bool stop(int exit_code, std::chrono::nanoseconds patience);

  std::vector<ResultHandle> submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions options) override;
  std::vector<Object> evaluate(TaskGraph graph, std::vector<TaskRef> wanted) override;
  /// Runs those that failed again, with what they need of their graphs and of inputs that failed or are gone; the handles stay.
  /// Errors    ValueError when there is nothing to run one from.
  void retry(const std::vector<ClientResult*>& results);
  void retry_all(const std::vector<ResultHandle>& results) override;
  std::vector<ResultHandle> scatter(std::vector<Object> values) override;
  std::vector<Object> run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool collective) override;
  bool wait_until(const std::function<bool()>& settled, Seconds timeout) override;
  int workers() const override { return static_cast<int>(workers_.size()); }
  int threads() const override;
  Prediction predict(const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options) override;

  // rank_zero.cpp: what tasks and the client ask for besides.
  std::vector<Object> run_on_some(std::shared_ptr<const Operation> operation, Parcel payload, const std::vector<int>& workers) override;
  Message call(std::uint8_t service, Message request) override;
  void tell(std::uint8_t service, Message request) override;
  void write_result(Writer& out, const ResultHandle& result) override;
  ResultHandle read_result(Reader& in) override;
  Client& client() override;
  void set_client(Client* client) { client_ = client; }
  WorkerContext worker() const override;
  std::int64_t holder() const override { return -1; }

  const std::vector<WorkerInfo>& worker_infos() const { return workers_; }
  /// The transitions of the task with this key, one per line; empty when none is known.
  std::string story(const std::string& key);
  /// Makes every waiting call of the client throw `reason`: a signal asked the program to end.
  void interrupt(const std::string& reason);
  /// Prints who waits for what on stderr, soon, whether anything moves or not. Returns at once.
  void tell_waits();
  /// How often that was printed.
  int waits_told() const { return waits_told_; }

 private:
  friend class ClientResult;

  /// What a task runs: a number of `graphs_`, and the task there.
  struct TaskSource {
    std::uint32_t graph = 0;
    std::int32_t layer = 0;
    std::int64_t index = 0;
  };
  struct Shared;
  /// What the results of one layer of a submission share.
  struct Origin : boost::intrusive_ref_counter<Origin> {
    Origin(std::shared_ptr<Shared> s, SchedulerLoop* l, std::shared_ptr<const Layer> f) : shared(std::move(s)), loop(l), layer(std::move(f)) {}
    const std::shared_ptr<Shared> shared;
    SchedulerLoop* const loop;                 ///< gone when `shared` is closed
    const std::shared_ptr<const Layer> layer;  ///< may grow until the loop has taken its submission: looked at under the mutex. Null: they were scattered
  };
  struct Submission {
    scheduler::GraphSubmitted event;
    std::vector<TaskRef> order;  ///< of its tasks, by position in the event
    std::vector<std::shared_ptr<const Layer>> layers;
    std::vector<ResultHandle> inputs;  ///< kept until the scheduler knows that these tasks use them
    std::vector<TaskId> input_tasks;   ///< what they are
    detail::CallLayer* open = nullptr;  ///< the only layer, when calls that follow may join it; under the mutex, until the loop takes it
    boost::intrusive_ptr<const Origin> origin;  ///< of their results, too
  };
  /// What is needed to run the tasks of a graph again.
  struct GraphRecipe {
    std::vector<std::shared_ptr<const Layer>> layers;
    struct Input {
      TaskId task;
      std::shared_ptr<const GraphRecipe> recipe;  ///< for when nobody holds it; null: not known
      TaskRef ref;                                ///< there
    };
    std::vector<Input> inputs;
    ~GraphRecipe();
  };
  /// What is known of a result that erred: the error, and what it is run again from.
  struct Failure {
    std::exception_ptr error;
    std::shared_ptr<const GraphRecipe> graph;  ///< null: not known
    TaskRef ref;
    std::vector<TaskId> former;  ///< what it was before it was run again
  };
  /// A graph made ready to be submitted, and where its tasks stand in the submission.
  struct Plan {
    Submission submission;
    std::vector<std::vector<std::int32_t>> positions;  ///< by layer and index; -1: not needed
    std::int64_t first = 0;                            ///< id of its first task
    std::int32_t position(TaskRef ref) const { return positions[static_cast<std::size_t>(ref.layer)][static_cast<std::size_t>(ref.index)]; }
  };
  ResultHandle join_last_submission(const detail::CallLayer& call, SubmitOptions options);
  struct Put {
    TaskId task;
    Object value;
    std::vector<WorkerId> workers;  ///< that get it; none: one is chosen
  };
  struct Call {
    std::int64_t number;
    std::shared_ptr<const Operation> operation;
    Parcel payload;
    bool collective;
    std::vector<int> workers;  ///< none: all
  };
  struct Asked {  // by the client, of what tasks may ask too
    std::int64_t number;
    Ask what;
    Message message;
  };
  struct Called {  // on rank 0 for a task; it has ended
    std::int64_t number;
    Object value;
    std::exception_ptr error;
  };
  struct Stop {
    int exit_code;
  };
  struct WaitsWanted {};
  struct StoryWanted {
    std::string key;
    std::string* text;
    bool* done;
  };
  using Request =
      std::variant<Submission, Put, Call, Asked, Called, Stop, StoryWanted, WaitsWanted, scheduler::ResultsReleased, scheduler::ResultsWanted, scheduler::TasksCancelled>;

  /// What client threads and the loop share. Outlives the loop while results are alive.
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<std::uint64_t> generation{0};  ///< counts batches of completions; changed under the mutex
    bool closed = false;
    std::string interrupted;       ///< not empty: waiting calls throw it
    std::vector<Request> requests;
    PagedTable<ClientResult*> results;         ///< by task, those it was before too
    ClientResult* result_of(TaskId task);      ///< whose task this is now; null: nobody's
    std::unordered_map<const ClientResult*, Failure> failures;  ///< of those that erred
    std::map<std::int64_t, ClientBatch*> batches;  ///< by the first id
    ClientBatch* batch_of(TaskId task);            ///< null when the task was submitted otherwise
    std::map<std::int64_t, std::vector<protocol::CallReport>> calls;
    struct Reply {
      Message message;
      std::exception_ptr error;
    };
    std::map<std::int64_t, Reply> replies;
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
    std::int32_t tasks = 0;
    std::int32_t inputs = -1;  ///< number of its entry in `graph_inputs_`; -1: it has none
  };

  std::vector<ResultHandle> submit_for_task(TaskGraph graph, std::span<const TaskRef> wanted) override { return submit(std::move(graph), wanted, {}); }
  std::vector<ResultHandle> scatter_for_task(std::vector<Object> values) override { return scatter(std::move(values)); }
  std::int64_t start_call(std::shared_ptr<const Operation> operation, Parcel payload, bool collective, const std::vector<int>& workers) override;
  TaskId task_of(const Result& result) override;
  WorkerId holder_of(TaskId task) override;
  int worker_count() override { return workers(); }
  void send(WorkerId worker, const protocol::Message& message) override { protocol::encode(outbox(worker), message); }
  bool serve(Ask what, WorkerId from, std::int64_t number, Reader& in, const KeptResults& kept) override;
  void task_waits(WorkerId worker, TaskId task) override;
  void holder_ended(WorkerId worker, std::int64_t holder) override;
  void serve_client(Asked& asked);
  void serve_coordination(WorkerId from, std::int64_t number, Reader& in, const KeptResults& kept);
  void serve_shelf(WorkerId from, std::int64_t number, Reader& in, const KeptResults& kept);
  std::vector<ResultHandle> scatter_to(std::vector<Object> values, const std::vector<std::vector<WorkerId>>& workers);
  void serve_scatter(WorkerId from, std::int64_t number, Reader& in);
  void serve_copies(WorkerId from, std::int64_t number, Reader& in, const KeptResults& of);
  void copies_made(std::int64_t request);
  void serve_run_here(WorkerId from, std::int64_t number, Reader& in);
  void called(Called& call);
  void serve_tasks(WorkerId from, std::int64_t number, const KeptResults& of);
  void coordinate(decltype(coordination::Event::what) what);
  void pass_time();
  std::chrono::nanoseconds until_deadline() const;
  void reply(WorkerId to, std::int64_t number, Message message);
  void fail(WorkerId to, std::int64_t number, const std::exception_ptr& error);

  /// A client thread at the loop, while its own thread sleeps. False when that was not to be had: it is awake, or another client's thread
  /// is there.
  class Turn {
   public:
    explicit Turn(SchedulerLoop& loop);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    explicit operator bool() const { return lock_.owns_lock(); }
    void step();
    void step_or_wait(std::chrono::steady_clock::time_point until);

   private:
    static thread_local bool at_the_loop;
    SchedulerLoop& loop_;
    std::unique_lock<std::mutex> lock_;
    std::optional<Evaluator::ThreadGuard> evaluator_;
  };
  // More tasks than these are taken by the loop's own thread while the client goes on; so is what comes sooner after something else.
  static constexpr std::size_t few_tasks = 16;
  static constexpr std::size_t joined_max = 256;  // calls in one submission: they go together
  static constexpr std::chrono::nanoseconds burst_gap = std::chrono::microseconds(50);

  void request(Request request);
  bool post(Request request);
  bool await(const std::function<bool()>& settled, Seconds timeout, bool untold);
  bool take_one_turn(std::size_t tasks);
  Plan plan(TaskGraph& graph, std::span<const TaskRef> wanted);
  Plan plan(TaskGraph& graph, std::span<const TaskRef> wanted, std::vector<TaskId> inputs);
  void loop();
  bool step();
  std::chrono::nanoseconds pause();
  std::int64_t next_time() const;
  void guarded(const std::function<void()>& body);
  bool take_requests();
  void take(Request& request);
  void take(int from, Parcel& parcel);
  void handle(decltype(scheduler::Event::what) what);
  void end_record(const std::string& how);
  void carry_out();
  scheduler::NewTaskOptions options_of(const Annotations& annotations, std::uint32_t number, const std::string& key) const;
  void give(const scheduler::RunTask& run);
  void ask_early(TaskId task);
  void keep_source(Submission& submission);
  // retry.cpp: tasks that the client runs again.
  struct Again;
  void keep_recipe(TaskId task);
  std::shared_ptr<const GraphRecipe> recipe_of(std::uint32_t graph, int depth);
  Known& know(const Layer& layer);
  KnownLayer& layer_of(const TaskSource& source) { return graphs_[source.graph].layers[static_cast<std::size_t>(source.layer)]; }
  void forget_source(TaskId task);
  void forget_idle_operations();
  void report(TaskId task, const std::function<void(ClientResult&)>& change);
  void report_error(TaskId task, std::exception_ptr error);
  std::exception_ptr error_of(TaskId task, TaskId cause, const std::string& reason);
  Writer& outbox(WorkerId worker) { return outbox_.at(static_cast<std::size_t>(worker.value())); }
  void flush();
  void watch_for_hang();
  void print_waits();
  std::string key_of(TaskId task);

  Transport& transport_;
  std::vector<WorkerInfo> workers_;
  const SchedulerOptions options_;
  std::function<void(const std::string&)> fatal_;
  std::shared_ptr<Shared> shared_;
  std::atomic<std::int64_t> next_task_{0}, next_call_{0}, next_asked_{0};
  std::atomic<int> client_waits_{0}, waits_told_{0};
  Client* client_ = nullptr;

  TaskClients tasks_{*this};

  // Whoever has `engine_` only: the loop's thread while it does not sleep, or a client thread in its turn. Taken before the mutex of Shared.
  std::mutex engine_;
  std::vector<Arrival> arrived_;
  std::int64_t asleep_until_ = 0;  ///< when the loop's thread gets up by itself
  coordination::State coordination_;
  std::map<std::string, std::map<std::string, std::deque<Message>>> shelves_;  ///< by space and name
  scheduler::State machine_;
  std::unique_ptr<scheduler::RecordWriter> record_;
  std::vector<scheduler::Command> commands_;
  PagedTable<TaskSource> sources_;
  std::vector<KnownGraph> graphs_;
  std::vector<std::uint32_t> free_graphs_;  ///< numbers that no task uses
  std::vector<std::vector<TaskId>> graph_inputs_;
  std::vector<std::int32_t> free_graph_inputs_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const GraphRecipe>> recipes_;  ///< by graph, while commands are carried out
  std::unordered_map<const Operation*, Known> operations_;
  std::int32_t next_operation_ = 0;
  // Operations that no task uses are kept for a while: the same one often comes back at once.
  static constexpr std::size_t idle_operations_max = 1024;
  std::size_t operations_max_ = idle_operations_max;
  std::unordered_map<std::int64_t, WorkerId> asked_early_;  ///< tasks whose workers know that the client waits for the value
  std::vector<Writer> outbox_;
  std::unordered_map<std::int64_t, std::exception_ptr> errors_;
  std::deque<std::int64_t> errors_order_;
  std::size_t goodbyes_ = 0;
  bool stopping_ = false, reported_ = false;
  std::int64_t wake_at_ = std::numeric_limits<std::int64_t>::max();  ///< when the machine wants a TimePassed
  Nap nap_{std::chrono::microseconds(50)};  // the core it looks on with may be a worker's
  HangWatch watch_;
  struct OpenCall {
    bool collective;
    std::vector<bool> answered;
  };
  std::map<std::int64_t, OpenCall> open_calls_;
  std::int64_t next_copies_ = 0;
  std::map<std::int64_t, std::pair<WorkerId, std::int64_t>> copies_wanted_;  ///< by number of the event: who asked, and its number of that

  std::int64_t next_own_call_ = 0;
  std::map<std::int64_t, std::pair<WorkerId, std::int64_t>> own_calls_open_;  ///< by number: which task asked, and its number of that
  std::unique_ptr<Calls> own_calls_;

  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace ashlar
