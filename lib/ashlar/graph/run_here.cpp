#include "ashlar/graph/run_here.hpp"

#include <chrono>
#include <map>
#include <mutex>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"
#include "ashlar/graph/annotations.hpp"

namespace ashlar {

namespace {
// Depth of tasks that this thread is inside of.
thread_local int tasks_deep = 0;

struct InsideTask {
  InsideTask() { ++tasks_deep; }
  ~InsideTask() { --tasks_deep; }
};
}  // namespace

Object run_task(const Operation& operation, TaskInput& task) {
  std::string arguments;
  for (const Object& input : task.inputs) {
    if (!arguments.empty()) arguments += ", ";
    arguments += input.summary();
    if (arguments.size() > 500) {
      arguments += ", …";
      break;
    }
  }
  const auto failed = [&](const std::exception_ptr& error) {
    TaskError::Where where;
    where.key = std::string(task.key);
    where.rank = task.rank;
    where.type = error_kind(error);
    where.message = error_message(error);
    where.arguments = arguments;
    return TaskError(std::move(where));
  };
  try {
    const InsideTask inside;
    return operation.run(task);
  } catch (const TaskError& inner) {
    // A graph that this task ran: the task that the client knows is this one.
    TaskError::Where where = inner.where();
    where.key = std::string(task.key);
    where.rank = task.rank;
    throw TaskError(std::move(where));
  } catch (...) {
    throw failed(std::current_exception());
  }
}

namespace {

class LocalResult final : public Result {
 public:
  LocalResult(Object value, std::exception_ptr error, std::string key) : value_(std::move(value)), error_(std::move(error)), key_(std::move(key)) {}
  Status status() const override { return error_ ? Status::error : Status::finished; }
  bool wait(Seconds) override { return true; }
  Object get(Seconds) override {
    if (error_) std::rethrow_exception(error_);
    return value_;
  }
  std::exception_ptr error() const override { return error_; }
  void cancel() override {}
  std::string key() const override { return key_; }

 private:
  Object value_;
  std::exception_ptr error_;
  std::string key_;
};

// What a task gave: a value or what it threw.
struct Outcome {
  Object value;
  std::exception_ptr error;
};

// Every task that `wanted` need, once. A task whose input failed fails with the same error.
class Run {
 public:
  Run(const TaskGraph& graph, std::span<const TaskRef> wanted) : graph_(graph) {
    for (const TaskRef& ref : depth_first_order(graph, wanted)) outcomes_[{ref.layer, ref.index}] = run(ref);
  }
  Outcome of(TaskRef ref) const {
    if (ref.layer >= 0) return outcomes_.at({ref.layer, ref.index});
    try {
      return {graph_.inputs.at(static_cast<std::size_t>(ref.index))->get(), nullptr};
    } catch (...) {
      return {Object(), std::current_exception()};
    }
  }

 private:
  Outcome run(TaskRef ref) const {
    const Layer& layer = *graph_.layers[static_cast<std::size_t>(ref.layer)];
    std::vector<TaskRef> inputs;
    layer.dependencies(ref.index, inputs);
    Writer payload;
    layer.encode_task(ref.index, payload);
    const Parcel parcel = std::move(payload).take();
    const std::string key = layer.key(ref.index);
    TaskInput task;
    task.index = ref.index;
    task.payload = parcel.head;
    task.buffers = parcel.buffers;
    task.key = key;
    for (const TaskRef& input : inputs) {
      Outcome outcome = of(input);
      if (outcome.error) return {Object(), outcome.error};
      task.inputs.push_back(std::move(outcome.value));
    }
    const Annotations* annotations = layer.annotated() ? layer.annotations(ref.index) : nullptr;
    return annotations ? run_annotated(*layer.operation(), task, *annotations) : run_once(*layer.operation(), task);
  }

  static Outcome run_once(const Operation& operation, TaskInput& task) {
    try {
      return {run_task(operation, task), nullptr};
    } catch (...) {
      return {Object(), std::current_exception()};
    }
  }

  // Everything runs here: priorities change nothing, and there are no workers to choose from.
  static Outcome run_annotated(const Operation& operation, const TaskInput& task, const Annotations& annotations) {
    const auto failed = [&](const char* type, std::string message) {
      TaskError::Where where;
      where.key = std::string(task.key);
      where.type = type;
      where.message = std::move(message);
      return std::make_exception_ptr(TaskError(std::move(where)));
    };
    if (!annotations.workers.empty() || !annotations.resources.empty())
      return {Object(), failed("ValueError", "it asks for workers or for resources of workers, and it runs where there are none: outside a client, or inside a task")};
    for (int attempt = 0;; ++attempt) {
      TaskInput again = task;  // an attempt may take its inputs apart
      const auto begin = std::chrono::steady_clock::now();
      Outcome outcome = run_once(operation, again);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      if (annotations.timeout_s > 0 && took.count() > annotations.timeout_s)
        outcome = {Object(), failed("TimeoutError", "it ran longer than its limit of " + format_time(annotations.timeout_s))};
      if (!outcome.error || attempt == annotations.retries) return outcome;
    }
  }

  const TaskGraph& graph_;
  std::map<std::pair<std::int32_t, std::int64_t>, Outcome> outcomes_;
};

class LocalEvaluator final : public Evaluator {
 public:
  std::vector<ResultHandle> submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions) override {
    const Run run(graph, wanted);
    std::vector<ResultHandle> results;
    for (const TaskRef& ref : wanted) {
      if (ref.layer < 0) {
        results.push_back(graph.inputs.at(static_cast<std::size_t>(ref.index)));
        continue;
      }
      const Outcome outcome = run.of(ref);
      results.push_back(std::make_shared<LocalResult>(outcome.value, outcome.error, graph.layers.at(static_cast<std::size_t>(ref.layer))->key(ref.index)));
    }
    return results;
  }
  std::vector<ResultHandle> scatter(std::vector<Object> values) override {
    std::vector<ResultHandle> results;
    for (Object& value : values) results.push_back(std::make_shared<LocalResult>(std::move(value), nullptr, "scattered"));
    return results;
  }
  std::vector<Object> run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool) override {
    TaskInput task;
    task.payload = payload.head;
    task.buffers = payload.buffers;
    task.key = "run";
    return {run_task(*operation, task)};
  }
  bool wait_until(const std::function<bool()>& settled, Seconds) override { return settled(); }
  int workers() const override { return 1; }
  int threads() const override { return 1; }
};

std::mutex current_mutex;
Evaluator* current_evaluator = nullptr;

}  // namespace

std::vector<Object> run_here(const TaskGraph& graph, std::span<const TaskRef> wanted) {
  const Run run(graph, wanted);
  std::vector<Object> results;
  for (const TaskRef& ref : wanted) {
    const Outcome outcome = run.of(ref);
    if (outcome.error) std::rethrow_exception(outcome.error);
    results.push_back(outcome.value);
  }
  return results;
}

Evaluator& local_evaluator() {
  static LocalEvaluator evaluator;
  return evaluator;
}

Evaluator& Evaluator::current() {
  // A task that waited for other tasks would keep a thread that they may need: it runs its graphs itself, on every kind of job alike.
  if (tasks_deep > 0) return local_evaluator();
  std::lock_guard lock(current_mutex);
  return current_evaluator ? *current_evaluator : local_evaluator();
}

Evaluator::Guard::Guard(Evaluator* evaluator) {
  std::lock_guard lock(current_mutex);
  previous_ = std::exchange(current_evaluator, evaluator);
}
Evaluator::Guard::~Guard() {
  std::lock_guard lock(current_mutex);
  current_evaluator = previous_;
}

std::vector<Object> Evaluator::evaluate(TaskGraph graph, std::vector<TaskRef> wanted) {
  return gather(submit(std::move(graph), wanted, {.fetch = true}));
}

std::vector<Object> gather(std::span<const ResultHandle> results) {
  std::vector<Object> values;
  values.reserve(results.size());
  for (const ResultHandle& result : results) result->ask();
  for (const ResultHandle& result : results) values.push_back(result->get());
  return values;
}

std::ostream& operator<<(std::ostream& out, Status status) {
  switch (status) {
    case Status::pending: return out << "pending";
    case Status::finished: return out << "finished";
    case Status::error: return out << "error";
    case Status::cancelled: return out << "cancelled";
    case Status::lost: break;
  }
  return out << "lost";
}

}  // namespace ashlar
