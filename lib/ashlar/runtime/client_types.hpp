#pragma once
// What calls of the client take and give, and what stands behind them.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/delayed/delayed.hpp"
#include "ashlar/delayed/future.hpp"

namespace ashlar {

/// What a function given to `Client::run` sees of its worker. `rank` and `size` are MPI's, of the whole job: rank 0 schedules, the
/// workers are ranks 1 to size() - 1, without mpirun too.
class WorkerContext {
 public:
  WorkerContext(int rank, int workers, int threads) : rank_(rank), workers_(workers), threads_(threads) {}
  int rank() const { return rank_; }                            ///< in the job, from 1; 0 in one process
  int size() const { return rank_ == 0 ? 1 : workers_ + 1; }    ///< ranks in the job, rank 0 included
  int nworkers() const { return workers_; }
  int nthreads() const { return threads_; }    ///< of this worker

 private:
  int rank_, workers_, threads_;
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

  /// All but `story`, for the clients of tasks.
  void encode(Writer& out) const;
  static ClientInfo decode(Reader& in);
};

struct ScatterOptions {
  ASHLAR_OPTIONS;
  std::vector<int> workers = {};  ///< ranks (`WorkerContext::rank`) that take the values in turns; none: any
  bool broadcast = false;         ///< each of them gets every value; none: all workers do
};

struct RunOptions {
  ASHLAR_OPTIONS;
  std::vector<int> workers = {};  ///< ranks; none: all
};

struct PublishOptions {
  ASHLAR_OPTIONS;
  bool override_ = false;  ///< a dataset of this name is replaced instead of refused
};

/// A task, or a result that somebody holds, as the scheduler sees it.
struct TaskDescription {
  std::string key;
  std::string state;  ///< in Dask's words
  int rank = -1;      ///< where it runs or its result is; -1: nowhere yet
  std::int64_t nbytes = -1;
  std::vector<int> copies = {};  ///< further ranks that hold the result
};

namespace detail {

/// What rank 0 keeps by name for everybody: values in the spaces "dataset", "metadata" and "event".
enum class ShelfAsk : std::uint8_t { put, put_new, get, erase, names, append };
struct ShelfValue {
  Parcel bytes;
  KeptResults kept;
};
/// get: the values under the name (none: it is not there); names: one each. ValueError for a name that is taken.
std::vector<ShelfValue> ask_shelf(Evaluator& evaluator, ShelfAsk what, const std::string& space, const std::string& name, ShelfValue value = {});
template <class T>
ShelfValue shelf_value(const T& value) {
  ShelfValue shelf;
  const Keeping keeping(shelf.kept);
  Writer out;
  Object::of<T>(value).encode(out);
  shelf.bytes = std::move(out).take();
  return shelf;
}
template <class T>
T value_of_shelf(const ShelfValue& shelf) {
  Reader in(shelf.bytes);
  return Object::decode(in).take<T>();
}
// Says that a dataset is a collection whose graph lives with the body's client.
struct KeptByClient {
  std::string type;
  void encode(Writer& out) const { out.text(type); }
  static KeptByClient decode(Reader& in) { return {in.text()}; }
};

struct RunDescriptor : Descriptor {
  Object (*run)(Reader& from, WorkerContext& worker);
  constexpr RunDescriptor(std::string_view n, Object (*r)(Reader&, WorkerContext&)) : Descriptor(n), run(r) {}
};

/// Runs a descriptor's function: the payload is the record, threads of all workers (array of int), the closure.
std::shared_ptr<const Operation> run_operation();

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

/// The function of `run_on_scheduler`.
template <class F>
struct RunOnce {
  using Result = not_void<std::decay_t<std::invoke_result_t<F&>>>;
  static Object run(Reader& from, WorkerContext&) {
    ReadClosure<F> closure(from);
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      closure.function()();
      return Object::of<Result>(Nothing{});
    } else {
      return Object::of<Result>(closure.function()());
    }
  }
  static constinit inline RunDescriptor record{type_name<RunOnce>(), &run};
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

}  // namespace ashlar
