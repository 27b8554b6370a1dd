#pragma once
// Who runs a graph. Collections (arrays, frames, delayed) build graphs and hand them to the current evaluator: the running
// client of floor 6, or `run_here` where there is none.

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/graph/task_graph.hpp"

namespace ashlar {

enum class Status { pending, finished, error, cancelled, lost };
std::ostream& operator<<(std::ostream& out, Status status);

/// A submitted task's result, as the client sees it. Thread-safe. Destroying it releases the result on the workers.
class Result {
 public:
  virtual ~Result() = default;
  virtual Status status() const = 0;
  /// Blocks until it is no longer pending; false when the time passed.
  virtual bool wait(Seconds timeout = {}) = 0;
  /// Starts to bring the value here, so that of many results none waits for another. Returns at once.
  virtual void ask() {}
  /// Waits, brings the value here. Throws TaskError, CancelledError, TimeoutError.
  virtual Object get(Seconds timeout = {}) = 0;
  /// What the task threw; null unless status() is error.
  virtual std::exception_ptr error() const = 0;
  virtual void cancel() = 0;
  /// Runs it again if it failed; nothing happens to one that did not.
  /// Errors    NotImplementedError where it is not served.
  virtual void retry();
  virtual std::string key() const = 0;
};

struct SubmitOptions {
  bool fetch = false;  ///< the client wants the values themselves: they come with the completion
};

class Callbacks;

/// Results that an encoded argument names: they stay alive as long as those who keep its bytes keep this list.
using KeptResults = std::vector<ResultHandle>;

class Evaluator {
 public:
  Evaluator();
  virtual ~Evaluator();

  /// Starts the tasks that `wanted` need; returns at once, one result per wanted task. An outside input of the graph that is
  /// itself wanted gives its own handle back.
  virtual std::vector<ResultHandle> submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions options = {}) = 0;

  /// Runs the tasks that `wanted` need and brings their values here. What `submit` with `fetch` and `gather` do, for less: no handles.
  /// Errors    the first one in order of `wanted`: TaskError, CancelledError.
  virtual std::vector<Object> evaluate(TaskGraph graph, std::vector<TaskRef> wanted);

  /// Puts values on the workers, one result per value.
  virtual std::vector<ResultHandle> scatter(std::vector<Object> values) = 0;

  /// Runs one task with `payload` on every worker and returns their results in worker order. `collective`: on each rank's
  /// collective thread, in the same order on all, with the workers' communicator at hand; else on an executor.
  virtual std::vector<Object> run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool collective) = 0;

  /// Blocks until `settled()` is true or the time passed; called again after each batch of completions.
  virtual bool wait_until(const std::function<bool()>& settled, Seconds timeout = {}) = 0;

  virtual int workers() const = 0;
  /// Threads of all workers.
  virtual int threads() const = 0;

  /// As `run_on_workers`, on these workers only (by number, from 0); never collective.
  virtual std::vector<Object> run_on_some(std::shared_ptr<const Operation> operation, Parcel payload, const std::vector<int>& workers);

  /// Something asked of rank 0, by one of the numbers the runtime gives out; waits for the answer, whose `kept` are the results that
  /// it names. `kept` of a request likewise.
  /// Errors    what rank 0 answers; ValueError where there is no job.
  struct Message {
    Parcel bytes;
    KeptResults kept;
  };
  virtual Message call(std::uint8_t service, Message request);
  /// The same without an answer; returns at once.
  virtual void tell(std::uint8_t service, Message request);

  /// A handle as bytes and back, on whichever rank they are read. The result lives on while they are under way; bytes that are kept
  /// and read any number of times are written inside a `Keeping`.
  /// Errors    ValueError where there is no job, or for a result of another one.
  virtual void write_result(Writer& out, const ResultHandle& result);
  virtual ResultHandle read_result(Reader& in);

  /// Inside a task: gives up its slot until it ends or rejoins. Elsewhere nothing happens.
  virtual void secede() {}
  virtual void rejoin() {}

  /// Calls once when the result is no longer pending: on a thread for such calls, or here and now if that is so already.
  void when_done(const ResultHandle& result, std::function<void()> call);

  /// The evaluator of this thread (a task's way to its job); else that of the running client; without one, and inside a task that
  /// `run_here` runs, an evaluator that runs everything here, at once, in this thread.
  static Evaluator& current();
  /// True in a thread that works for a job's worker: inside its tasks.
  static bool on_worker();
  /// True in the thread of `when_done`.
  static bool in_callback();
  /// Makes `evaluator` current until the returned guard dies.
  class Guard {
   public:
    explicit Guard(Evaluator* evaluator);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Evaluator* previous_;
  };
  /// The same for this thread only, ahead of all others.
  class ThreadGuard {
   public:
    explicit ThreadGuard(Evaluator* evaluator, bool worker = false);
    ~ThreadGuard();
    ThreadGuard(const ThreadGuard&) = delete;
    ThreadGuard& operator=(const ThreadGuard&) = delete;

   private:
    Evaluator* previous_;
    bool previous_worker_;
  };

 protected:
  /// Ends the calls of `when_done`; to be called when waiting has become impossible, before anything of the evaluator goes.
  void end_callbacks();

 private:
  std::unique_ptr<Callbacks> callbacks_;
};

/// While it lives, handles that this thread encodes are added to `kept`: whoever stores the bytes stores them too.
class Keeping {
 public:
  explicit Keeping(KeptResults& kept);
  ~Keeping();
  Keeping(const Keeping&) = delete;
  Keeping& operator=(const Keeping&) = delete;
  /// The innermost of this thread; null: bytes are read once, by whom they are sent to.
  static KeptResults* current();

 private:
  KeptResults* previous_;
};

/// All values, here. Throws the first error in order.
std::vector<Object> gather(std::span<const ResultHandle> results);

}  // namespace ashlar
