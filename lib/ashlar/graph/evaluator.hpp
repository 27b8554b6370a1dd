#pragma once
// Who runs a graph. Collections (arrays, frames, delayed) build graphs and hand them to the current evaluator: the running
// client of floor 6, or `run_here` where there is none.

#include <cstdint>
#include <exception>
#include <functional>
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
  virtual std::string key() const = 0;
};

struct SubmitOptions {
  bool fetch = false;  ///< the client wants the values themselves: they come with the completion
};

class Evaluator {
 public:
  virtual ~Evaluator() = default;

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

  /// The evaluator of the running client; without one, and inside a task, an evaluator that runs everything here, at once, in this
  /// thread.
  static Evaluator& current();
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
};

/// All values, here. Throws the first error in order.
std::vector<Object> gather(std::span<const ResultHandle> results);

}  // namespace ashlar
