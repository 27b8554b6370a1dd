#pragma once
// The user's handle on the running job: starts tasks, moves values, asks about them. `run` and `attach` make it.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "ashlar/delayed/delayed.hpp"
#include "ashlar/delayed/future.hpp"

namespace ashlar {

/// What a function given to `Client::run` sees of its worker.
class WorkerContext {
 public:
  WorkerContext(int rank, int size, int threads) : rank_(rank), size_(size), threads_(threads) {}
  int rank() const { return rank_; }        ///< in the job's communicator
  int size() const { return size_; }        ///< number of workers
  int nthreads() const { return threads_; }  ///< of this worker

 private:
  int rank_, size_, threads_;
};

struct WorkerDescription {
  std::string host;
  int pid = 0;
  int threads = 1;
  std::int64_t memory_limit = 0;  ///< bytes; 0: not known
};

/// What the client knows of the job it runs in.
struct ClientInfo {
  std::vector<WorkerDescription> workers;
  std::string dashboard = "none";  ///< its address
  std::function<std::string(const std::string& key)> story;

  int nthreads() const;
  std::int64_t memory_limit() const;
  int hosts() const;
};

struct ScatterOptions {
  ASHLAR_OPTIONS;
  std::vector<int> workers = {};  ///< not served yet
  bool broadcast = false;         ///< not served yet
};

namespace detail {

struct RunDescriptor : Descriptor {
  Object (*run)(Reader& from, WorkerContext& worker);
  constexpr RunDescriptor(std::string_view n, Object (*r)(Reader&, WorkerContext&)) : Descriptor(n), run(r) {}
};

template <class F>
constexpr auto run_result() {
  if constexpr (!function_can_be_sent<F>()) {
    return std::type_identity<Nothing>{};
  } else {
    using R = std::decay_t<std::invoke_result_t<F&, WorkerContext&>>;
    (void)sizeof(ResultCannotBeSent<R>);
    return std::type_identity<not_void<R>>{};
  }
}
template <class F>
using run_result_t = typename decltype(run_result<std::decay_t<F>>())::type;

template <class F>
struct Run {
  using Result = std::pair<int, run_result_t<F>>;
  static Object run(Reader& from, WorkerContext& worker) {
    ReadClosure<F> closure(from);
    if constexpr (std::is_void_v<std::invoke_result_t<F&, WorkerContext&>>) {
      closure.function()(worker);
      return Object::of<Result>({worker.rank(), Nothing{}});
    } else {
      return Object::of<Result>({worker.rank(), closure.function()(worker)});
    }
  }
  static constinit inline RunDescriptor record{type_name<Run>(), &run};
};

template <class A>
struct MapElement {
  using type = std::decay_t<A>;
  static constexpr std::ptrdiff_t size(const A&) { return -1; }
  static const A& at(const A& all, std::size_t) { return all; }
};
template <class T, class Al>
struct MapElement<std::vector<T, Al>> {
  using type = T;
  static std::ptrdiff_t size(const std::vector<T, Al>& all) { return static_cast<std::ptrdiff_t>(all.size()); }
  static std::conditional_t<std::is_same_v<T, bool>, bool, const T&> at(const std::vector<T, Al>& all, std::size_t i) { return all[i]; }
};
template <class A>
inline constexpr bool is_vector = false;
template <class T, class Al>
inline constexpr bool is_vector<std::vector<T, Al>> = true;

/// The length that all vectors share; ValueError when they differ.
std::size_t common_length(std::initializer_list<std::ptrdiff_t> sizes);

template <class T>
constexpr auto scattered() {
  (void)sizeof(ArgumentCannotBeSent<T>);
  return std::type_identity<seen_t<T>>{};
}
template <class T>
using scattered_t = typename decltype(scattered<std::decay_t<T>>())::type;

}  // namespace detail

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
    std::vector<ResultHandle> results;
    results.reserve(futures.size());
    for (const Future<T>& future : futures) results.push_back(future.handle());
    std::vector<detail::not_void<T>> values;
    values.reserve(futures.size());
    for (Object& object : ashlar::gather(results)) {
      if constexpr (std::is_same_v<detail::not_void<T>, Nothing>) values.push_back({});
      else values.push_back(std::move(object).template take<T>());
    }
    return values;
  }
  template <class T>
  T gather(const Future<T>& future) {
    return future.result();
  }

  /// Puts a value on a worker; of a vector each element, one future a piece.
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
  auto run(F&& fn) -> std::map<int, detail::run_result_t<F>> {
    using Function = std::decay_t<F>;
    using Task = detail::Run<Function>;
    Writer closure;
    detail::Closure<Function>(fn).write(closure);
    std::map<int, detail::run_result_t<F>> results;
    for (Object& object : run_everywhere(Task::record, closure)) results.insert(std::move(object).template take<typename Task::Result>());
    return results;
  }

  template <class T>
  void cancel(Future<T>& future) {
    future.cancel();
  }
  template <class T>
  void cancel(std::vector<Future<T>>& futures) {
    for (Future<T>& future : futures) future.cancel();
  }

  class With;
  /// The same client, its tasks with options: `client.with({.key = "load"}).submit(fn, x)`.
  /// Errors    ValueError for options that make no sense; what asks for workers that are not there fails when it is submitted.
  With with(TaskOptions options);

  /// What happened to a task, line by line.
  std::string story(const std::string& key) const;
  const ClientInfo& scheduler_info() const { return info_; }
  int nthreads() const { return info_.nthreads(); }

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

  ResultHandle submit_node(const detail::NodePtr& node);
  std::vector<ResultHandle> submit_nodes(const std::vector<detail::NodePtr>& nodes);
  std::vector<ResultHandle> scatter_objects(std::vector<Object> values, const ScatterOptions& options);
  std::vector<Object> run_everywhere(const detail::RunDescriptor& record, const Writer& closure);

  // Results of tasks with a key, so that submitting one again while somebody holds its future gives the same.
  struct Keyed {
    std::string token;
    std::weak_ptr<Result> result;
  };
  ResultHandle find_keyed(const detail::CallExtras& extras);

  Evaluator& evaluator_;
  const ClientInfo info_;
  std::mutex mutex_;
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
