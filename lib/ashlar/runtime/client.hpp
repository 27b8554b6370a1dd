#pragma once
// The user's handle on the running job: starts tasks, moves values, asks about them. `run` and `attach` make it.

#include <any>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "ashlar/delayed/delayed.hpp"
#include "ashlar/delayed/future.hpp"
#include "ashlar/runtime/client_types.hpp"

namespace ashlar {

/// Thread-safe. Lives as long as the body of `run`.
class Client {
 public:
  Client(Evaluator& evaluator, ClientInfo info);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Starts `fn(arguments…)` and returns at once. Futures and Delayed among the arguments arrive as their values.
  /// Errors    ValueError when a capture or an argument holds an address of this process.
  template <class F, class... A>
  auto submit(F&& fn, A&&... arguments) -> Future<detail::result_t<F, A...>> {
    return submit_with<F>(nullptr, fn, arguments...);
  }

  /// One task per element of the vectors, which have one length; what is no vector goes to every task.
  /// Errors    ValueError when lengths differ.
  template <class F, class... A>
    requires(detail::is_vector<A> || ...)
  auto map(F&& fn, const A&... arguments) -> std::vector<Future<detail::result_t<F, typename detail::MapElement<A>::type...>>> {
    return map_with<F>(nullptr, fn, arguments...);
  }
  template <class F, class T, class... More>
  auto map(F&& fn, std::initializer_list<T> first, const More&... more) -> std::vector<Future<detail::result_t<F, T, typename detail::MapElement<More>::type...>>> {
    return map_with<F>(nullptr, fn, std::vector<T>(first), more...);
  }

  /// The values, here.
  /// Errors    the first one in order: TaskError, CancelledError.
  template <class T>
  std::vector<detail::not_void<T>> gather(const std::vector<Future<T>>& futures) {
    for (const Future<T>& future : futures) future.handle()->ask();
    std::vector<detail::not_void<T>> values;
    values.reserve(futures.size());
    for (const Future<T>& future : futures) {
      Object object = future.handle()->get();
      if constexpr (std::is_same_v<detail::not_void<T>, Nothing>) values.push_back({});
      else values.push_back(std::move(object).template take<T>());
    }
    return values;
  }
  template <class T>
  T gather(const Future<T>& future) {
    return future.result();
  }

  /// Puts a value on a worker; of a vector each element, one future a piece. With `.workers` on those, with `.broadcast` on each of them.
  /// Errors    ValueError for a rank that is no worker.
  template <class T>
  auto scatter(const T& value, const ScatterOptions& options = {}) -> Future<detail::scattered_t<T>> {
    std::vector<Object> one;
    one.push_back(Object::of<detail::scattered_t<T>>(value));
    return Future<detail::scattered_t<T>>(scatter_objects(std::move(one), options).front());
  }
  template <class T>
  auto scatter(const std::vector<T>& values, const ScatterOptions& options = {}) -> std::vector<Future<detail::scattered_t<T>>> {
    std::vector<Object> objects;
    objects.reserve(values.size());
    for (const auto& value : values) objects.push_back(Object::of<detail::scattered_t<T>>(value));
    return futures<detail::scattered_t<T>>(scatter_objects(std::move(objects), options));
  }

  /// Starts what a lazy value needs; the value itself as a future.
  template <class T>
  Future<T> compute(const Delayed<T>& value) {
    return Future<T>(submit_node(value.node()));
  }
  template <class T>
  std::vector<Future<T>> compute(const std::vector<Delayed<T>>& values) {
    std::vector<detail::NodePtr> nodes;
    for (const Delayed<T>& value : values) nodes.push_back(value.node());
    return futures<T>(submit_nodes(nodes));
  }
  template <detail::argument_collection C>
  auto compute(const C& collection) {
    return submit(detail::Identity{}, collection);
  }
  /// The same collections, their results kept on the workers.
  template <class... C>
    requires(detail::collection<C> && ...)
  auto persist(const C&... collections) {
    return ashlar::persist(collections...);
  }

  /// Runs `fn(worker)` once on every worker, now; results by rank.
  /// Errors    what it threw on the first worker where it did.
  template <class F>
  auto run(F&& fn, const RunOptions& options = {}) -> std::map<int, detail::run_result_t<F>> {
    using Function = std::decay_t<F>;
    using Task = detail::Run<Function>;
    Writer closure;
    detail::Closure<Function>(fn).write(closure);
    std::map<int, detail::run_result_t<F>> results;
    for (Object& object : run_everywhere(Task::record, closure, options)) results.insert(std::move(object).template take<typename Task::Result>());
    return results;
  }

  /// Runs `fn()` once in the process of rank 0, which schedules: in the body here and now, for a task on a thread of its own there.
  /// Errors    what it threw.
  template <class F>
  auto run_on_scheduler(F&& fn) -> typename detail::RunOnce<std::decay_t<F>>::Result {
    using Task = detail::RunOnce<std::decay_t<F>>;
    Writer closure;
    detail::Closure<std::decay_t<F>>(fn).write(closure);
    return run_at_rank_0(Task::record, closure).template take<typename Task::Result>();
  }

  template <class T>
  void cancel(Future<T>& future) {
    future.cancel();
  }
  template <class T>
  void cancel(std::vector<Future<T>>& futures) {
    for (Future<T>& future : futures) future.cancel();
  }

  /// What a persisted collection stands on.
  template <detail::collection C>
  void cancel(const C& collection) {
    for (const ResultHandle& result : detail::results_of(collection)) result->cancel();
  }
  /// Runs failed tasks again; what did not fail is left alone. What they need of their graph is computed again, and inputs of earlier
  /// submissions that failed; results of those are used as long as somebody holds their futures.
  /// Errors    ValueError when an input is gone and nothing is known of how it was made; CancelledError when one was cancelled.
  template <class T>
  void retry(Future<T>& future) {
    future.retry();
  }
  template <class T>
  void retry(std::vector<Future<T>>& futures) {
    retry_results(handles(futures));
  }
  template <detail::collection C>
  void retry(const C& collection) {
    retry_results(detail::results_of(collection));
  }

  class With;
  /// The same client, its tasks with options: `client.with({.key = "load"}).submit(fn, x)`.
  /// Errors    ValueError for options that make no sense; what asks for workers that are not there fails when it is submitted.
  With with(TaskOptions options);

  /// What happened to a task, line by line.
  std::string story(const std::string& key) const;
  template <class T>
  std::string story(const Future<T>& future) const {
    return story_of(future.handle());
  }
  const ClientInfo& scheduler_info() const { return info_; }
  int nthreads() const { return info_.nthreads(); }
  /// Threads by rank.
  std::map<int, int> ncores() const;
  /// By rank, rank 0 first: what each process was built and runs with ("ashlar", "compiler", "standard library", "system", "host").
  std::map<int, std::map<std::string, std::string>> get_versions();
  /// An MPI job's workers are all there from the start.
  /// Errors    TimeoutError for more than there are.
  void wait_for_workers(int n_workers, Seconds timeout = {}) const;

  /// Waits for the results and puts copies of each on further workers until `n` hold it (0, or more than there are: all of them). A task
  /// uses the copy that is on its worker. Copies go where the fewest bytes are, and live as long as the result.
  /// Errors    ValueError for a negative `n`; what a result ended with that did not end well.
  template <class T>
  void replicate(const std::vector<Future<T>>& futures, int n = 0) {
    copy_results(handles(futures), n);
  }
  template <class T>
  void replicate(const Future<T>& future, int n = 0) {
    copy_results({future.handle()}, n);
  }
  template <detail::collection C>
  void replicate(const C& collection, int n = 0) {
    copy_results(detail::results_of(collection), n);
  }
  /// Waits for the results and moves some of them, so that workers hold about as many bytes each; of none given all that somebody holds.
  /// One that is on several workers stays.
  /// Errors    what a result ended with that did not end well.
  template <class T>
  void rebalance(const std::vector<Future<T>>& futures) {
    if (!futures.empty()) move_results(handles(futures));
  }
  template <detail::collection C>
  void rebalance(const C& collection) {
    if (const auto results = detail::results_of(collection); !results.empty()) move_results(results);
  }
  void rebalance() { move_results({}); }

  /// The ranks that hold each result, by key; of none given all results that somebody holds.
  template <class T>
  std::map<std::string, std::vector<int>> who_has(const std::vector<Future<T>>& futures) const {
    return holders_of(handles(futures));
  }
  template <class T>
  std::map<std::string, std::vector<int>> who_has(const Future<T>& future) const {
    return holders_of({future.handle()});
  }
  std::map<std::string, std::vector<int>> who_has() const { return holders_of({}); }
  /// The keys of results on each rank.
  std::map<int, std::vector<std::string>> has_what() const;
  /// Bytes of each result in memory, by key.
  std::map<std::string, std::int64_t> nbytes() const;
  /// The keys of the tasks that each rank was told of and has not ended.
  std::map<int, std::vector<std::string>> processing() const;
  /// All of it: every task and result the scheduler knows.
  std::vector<TaskDescription> tasks() const { return describe({}); }

  /// A value by name for every client and task of the job, kept until it is unpublished: a value that can be sent, futures, containers
  /// of them; of collections (arrays, delayed, frames: persist them first) only the body can get them.
  /// Errors    KeyError when the name is taken and `.override_` is false.
  template <class T>
  void publish_dataset(const std::string& name, const T& value, const PublishOptions& options = {}) {
    if constexpr (detail::can_send_v<T>) {
      publish(name, detail::shelf_value(value), options, {});
    } else {
      static_assert(detail::collection<T>, "ashlar: a dataset is a value that can be sent, or a collection");
      publish(name, detail::shelf_value(detail::KeptByClient{std::string(type_name<T>())}), options, std::any(value));
    }
  }
  /// Errors    KeyError when there is none of this name; TypeError when it is of another type.
  template <class T>
  T get_dataset(const std::string& name) {
    if constexpr (detail::can_send_v<T>) {
      return detail::value_of_shelf<T>(dataset(name));
    } else {
      const std::any value = collection_dataset(name, type_name<T>());
      if (const T* collection = std::any_cast<T>(&value)) return *collection;
      wrong_dataset(name, type_name<T>());
    }
  }
  std::vector<std::string> list_datasets() const;
  std::vector<std::string> datasets() const { return list_datasets(); }
  /// Errors    KeyError when there is none of this name.
  void unpublish_dataset(const std::string& name);

  /// Any value by name, for whoever asks.
  template <class T>
  void set_metadata(const std::string& key, const T& value) {
    detail::ask_shelf(evaluator_, detail::ShelfAsk::put, "metadata", key, detail::shelf_value(value));
  }
  /// Errors    KeyError when it was never set; TypeError when it is of another type.
  template <class T>
  T get_metadata(const std::string& key) const {
    const auto found = detail::ask_shelf(evaluator_, detail::ShelfAsk::get, "metadata", key);
    if (found.empty()) no_metadata(key);
    return detail::value_of_shelf<T>(found.front());
  }
  template <class T>
  T get_metadata(const std::string& key, const T& otherwise) const {
    const auto found = detail::ask_shelf(evaluator_, detail::ShelfAsk::get, "metadata", key);
    return found.empty() ? otherwise : detail::value_of_shelf<T>(found.front());
  }

  /// Appends a line to a topic's log on rank 0.
  void log_event(const std::string& topic, const std::string& message);
  /// Seconds since 1970, and what was logged, oldest first.
  std::vector<std::pair<double, std::string>> get_events(const std::string& topic) const;

 private:
  template <class F, class... A>
  auto submit_with(const TaskOptions* options, const std::decay_t<F>& fn, const A&... arguments) {
    using Function = std::decay_t<F>;
    return Future<detail::result_t<F, A...>>(submit_node(detail::make_call<Function>(detail::Closure<Function>(fn), options, arguments...)));
  }
  template <class F, class... A>
  auto map_with(const TaskOptions* options, const std::decay_t<F>& fn, const A&... arguments) {
    using Function = std::decay_t<F>;
    const detail::Closure<Function> closure(fn);
    const std::size_t n = detail::common_length({detail::MapElement<A>::size(arguments)...});
    std::vector<detail::NodePtr> nodes;
    nodes.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
      if (options && !options->key.empty()) {
        TaskOptions one = *options;
        one.key += "-" + std::to_string(i);
        nodes.push_back(detail::make_call<Function>(closure, &one, detail::MapElement<A>::at(arguments, i)...));
      } else {
        nodes.push_back(detail::make_call<Function>(closure, options, detail::MapElement<A>::at(arguments, i)...));
      }
    }
    return futures<detail::result_t<F, typename detail::MapElement<A>::type...>>(submit_nodes(nodes));
  }
  template <class T>
  static std::vector<Future<T>> futures(std::vector<ResultHandle> results) {
    std::vector<Future<T>> all;
    all.reserve(results.size());
    for (ResultHandle& result : results) all.emplace_back(std::move(result));
    return all;
  }

  template <class T>
  static std::vector<ResultHandle> handles(const std::vector<Future<T>>& futures) {
    std::vector<ResultHandle> all;
    for (const Future<T>& future : futures) all.push_back(future.handle());
    return all;
  }
  std::vector<TaskDescription> describe(std::vector<ResultHandle> results) const;
  std::map<std::string, std::vector<int>> holders_of(std::vector<ResultHandle> results) const;
  std::string story_of(const ResultHandle& result) const;
  void publish(const std::string& name, detail::ShelfValue value, const PublishOptions& options, std::any collection);
  detail::ShelfValue dataset(const std::string& name) const;
  std::any collection_dataset(const std::string& name, std::string_view type) const;
  [[noreturn]] static void wrong_dataset(const std::string& name, std::string_view type);
  [[noreturn]] static void no_metadata(const std::string& key);

  ResultHandle submit_node(const detail::NodePtr& node);
  std::vector<ResultHandle> submit_nodes(const std::vector<detail::NodePtr>& nodes);
  std::vector<ResultHandle> scatter_objects(std::vector<Object> values, const ScatterOptions& options);
  void retry_results(const std::vector<ResultHandle>& results);
  void copy_results(const std::vector<ResultHandle>& results, int copies);
  void move_results(const std::vector<ResultHandle>& results);
  static void wait_well(const std::vector<ResultHandle>& results);
  std::vector<int> worker_numbers(const std::vector<int>& ranks) const;
  Object run_at_rank_0(const detail::RunDescriptor& record, const Writer& closure);
  std::vector<Object> run_everywhere(const detail::RunDescriptor& record, const Writer& closure, const RunOptions& options);

  // Results of tasks with a key, so that submitting one again while somebody holds its future gives the same.
  struct Keyed {
    std::string token;
    std::weak_ptr<Result> result;
  };
  ResultHandle find_keyed(const detail::CallExtras& extras);

  Evaluator& evaluator_;
  const ClientInfo info_;
  mutable std::mutex mutex_;
  std::map<std::string, std::any> collections_;  ///< datasets that are collections
  std::unordered_map<std::string, Keyed> keyed_;
  std::size_t keyed_limit_ = 64;
};

class Client::With {
 public:
  template <class F, class... A>
  auto submit(F&& fn, A&&... arguments) -> Future<detail::result_t<F, A...>> {
    return client_.submit_with<F>(&options_, fn, arguments...);
  }
  /// With `.key` the tasks are key-0, key-1, …
  template <class F, class... A>
    requires(detail::is_vector<A> || ...)
  auto map(F&& fn, const A&... arguments) -> std::vector<Future<detail::result_t<F, typename detail::MapElement<A>::type...>>> {
    return client_.map_with<F>(&options_, fn, arguments...);
  }
  template <class F, class T, class... More>
  auto map(F&& fn, std::initializer_list<T> first, const More&... more) -> std::vector<Future<detail::result_t<F, T, typename detail::MapElement<More>::type...>>> {
    return client_.map_with<F>(&options_, fn, std::vector<T>(first), more...);
  }

 private:
  friend class Client;
  With(Client& client, TaskOptions options) : client_(client), options_(std::move(options)) {}
  Client& client_;
  TaskOptions options_;
};

/// "<Client: 2 workers, 4 threads, 7.64 GiB memory, dashboard: none>"
std::ostream& operator<<(std::ostream& out, const Client& client);

}  // namespace ashlar
