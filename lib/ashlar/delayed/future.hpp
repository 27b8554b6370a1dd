#pragma once
// Results that are being made on the workers, and waiting for them.

#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/delayed/argument.hpp"
#include "ashlar/graph/evaluator.hpp"

namespace ashlar {

namespace detail {
std::string traceback_of(Result& result, Seconds timeout);
[[noreturn]] void no_result();
}

/// A task that was submitted. Copies share it; when the last one goes, the workers forget its result.
template <class T>
class Future {
 public:
  using value_type = T;

  Future() = default;  ///< stands for nothing; using it throws ValueError
  explicit Future(ResultHandle result) : result_(std::move(result)) {}

  /// Waits and brings the value here.
  /// Errors    TaskError with what the task threw; CancelledError; TimeoutError.
  T result(Seconds timeout = {}) const {
    Object value = handle()->get(timeout);
    if constexpr (!std::is_void_v<T> && !std::is_same_v<T, Nothing>) return std::move(value).template take<T>();
    else return T();
  }
  /// True when it is no longer pending, however it ended.
  bool done() const { return status() != Status::pending; }
  Status status() const { return handle()->status(); }
  bool cancelled() const { return status() == Status::cancelled; }
  void cancel() { handle()->cancel(); }
  /// Waits; null when the task succeeded.
  /// Errors    CancelledError; TimeoutError.
  std::exception_ptr exception(Seconds timeout = {}) const;
  /// Waits; what is known of a failure, line by line: the error, the task, its rank and arguments. Empty when the task succeeded.
  /// Errors    CancelledError; TimeoutError.
  std::string traceback(Seconds timeout = {}) const { return detail::traceback_of(*handle(), timeout); }
  /// Runs a failed task again.
  void retry() { handle()->retry(); }
  /// Lets go of the result, as if this future went out of scope.
  void release() { result_ = {}; }
  /// Calls `fn(future)` once when it is done: on a thread of the library, or here and now if it is done already.
  template <class F>
    requires std::invocable<F&, Future<T>>
  void add_done_callback(F fn) const {
    Evaluator::current().when_done(handle(), [future = *this, fn = std::move(fn)]() mutable { fn(std::move(future)); });
  }
  std::string key() const { return handle()->key(); }

  /// A future may be part of arguments and results: on whichever rank, it stands for the same result and keeps it alive.
  void encode(Writer& out) const {
    out.put<bool>(static_cast<bool>(result_));
    if (result_) Evaluator::current().write_result(out, handle());
  }
  static Future decode(Reader& in) {
    if (!in.get<bool>()) return Future();
    return Future(Evaluator::current().read_result(in));
  }

  const ResultHandle& handle() const {
    if (!result_) detail::no_result();
    return result_;
  }
  /// A new one each time: most futures are no argument of anything, and need none.
  detail::NodePtr node() const { return result_ ? detail::node_of(result_) : detail::NodePtr(); }

 private:
  ResultHandle result_;
};

template <class T>
std::ostream& operator<<(std::ostream& out, const Future<T>& future) {
  return out << "<Future: " << future.status() << ", type: " << type_name<T>() << ", key: " << future.key() << ">";
}

namespace detail {
std::exception_ptr exception_of(Result& result, Seconds timeout);

/// Which of many results are ready, in the order they become so.
class Completions {
 public:
  explicit Completions(Seconds timeout);
  void add(ResultHandle result);
  /// The number (in order of `add`) of a result that is no longer pending and was not given before; waits for it. -1 when all were given.
  /// Errors    TimeoutError when the limit passed first.
  std::ptrdiff_t next();
  /// True when `next` would not wait for one.
  bool has_ready();
  /// Added and not given yet.
  std::size_t count() const { return pending_.size() + ready_.size() - at_; }
  void clear();

 private:
  bool collect();
  std::vector<std::pair<ResultHandle, std::ptrdiff_t>> pending_;
  std::vector<std::ptrdiff_t> ready_;
  std::size_t at_ = 0;
  std::ptrdiff_t added_ = 0;
  std::optional<std::chrono::steady_clock::time_point> end_;
  Seconds timeout_;
};

enum class ReturnWhen { all_completed, first_completed, first_exception };
ReturnWhen return_when(const std::string& text);
/// TimeoutError when the time passed first.
void wait_for(std::span<const ResultHandle> results, ReturnWhen when, Seconds timeout);
}  // namespace detail

template <class T>
std::exception_ptr Future<T>::exception(Seconds timeout) const {
  return detail::exception_of(*handle(), timeout);
}

struct AsCompletedOptions {
  ASHLAR_OPTIONS;
  Seconds timeout = {};  ///< of the whole iteration: TimeoutError when it passed and futures are still pending
};

/// Futures in the order in which they complete; each is given once. Any may be added while iterating.
template <class T>
class CompletedRange {
 public:
  explicit CompletedRange(std::vector<Future<T>> futures = {}, const AsCompletedOptions& options = {}) : completions_(options.timeout) { update(std::move(futures)); }
  void add(Future<T> future) {
    completions_.add(future.handle());
    futures_.push_back(std::move(future));
  }
  void update(std::vector<Future<T>> futures) {
    for (Future<T>& future : futures) add(std::move(future));
  }
  /// Those that were added and not given yet.
  std::size_t count() const { return completions_.count(); }
  bool is_empty() const { return count() == 0; }
  /// True when one is done that was not given yet.
  bool has_ready() { return completions_.has_ready(); }
  /// Forgets all that were not given yet.
  void clear() {
    completions_.clear();
    futures_.assign(futures_.size(), Future<T>());
  }
  /// All that are done and were not given yet; with `block` at least one, unless none is left.
  std::vector<Future<T>> next_batch(bool block = true) {
    std::vector<Future<T>> batch;
    if (block && !is_empty()) batch.push_back(take(completions_.next()));
    while (completions_.has_ready()) batch.push_back(take(completions_.next()));
    return batch;
  }

  class iterator {
   public:
    using value_type = Future<T>;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    explicit iterator(CompletedRange* range) : range_(range) {}
    Future<T>& operator*() const { return range_->current_; }
    Future<T>* operator->() const { return &range_->current_; }
    iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { range_->advance(); }
    bool operator==(std::default_sentinel_t) const { return range_->ended_; }

   private:
    CompletedRange* range_;
  };
  iterator begin() {
    advance();
    return iterator(this);
  }
  std::default_sentinel_t end() { return {}; }

  /// The same by batches: `for (auto& batch : range.batches())`.
  class BatchRange {
   public:
    explicit BatchRange(std::shared_ptr<CompletedRange> range) : range_(std::move(range)) {}
    class iterator {
     public:
      using value_type = std::vector<Future<T>>;
      using difference_type = std::ptrdiff_t;
      using iterator_category = std::input_iterator_tag;
      explicit iterator(CompletedRange* range) : range_(range), batch_(range->next_batch()) {}
      std::vector<Future<T>>& operator*() { return batch_; }
      iterator& operator++() {
        batch_ = range_->next_batch();
        return *this;
      }
      void operator++(int) { ++*this; }
      bool operator==(std::default_sentinel_t) const { return batch_.empty(); }

     private:
      CompletedRange* range_;
      std::vector<Future<T>> batch_;
    };
    iterator begin() { return iterator(range_.get()); }
    std::default_sentinel_t end() { return {}; }

   private:
    std::shared_ptr<CompletedRange> range_;
  };
  BatchRange batches() & { return BatchRange(std::shared_ptr<CompletedRange>(std::shared_ptr<void>(), this)); }
  BatchRange batches() && { return BatchRange(std::make_shared<CompletedRange>(std::move(*this))); }

 private:
  Future<T> take(std::ptrdiff_t number) { return std::exchange(futures_[static_cast<std::size_t>(number)], Future<T>()); }
  void advance() {
    const std::ptrdiff_t number = completions_.next();
    ended_ = number < 0;
    current_ = ended_ ? Future<T>() : take(number);
  }
  detail::Completions completions_;
  std::vector<Future<T>> futures_;
  Future<T> current_;
  bool ended_ = false;
};
template <class T>
CompletedRange<T> as_completed(std::vector<Future<T>> futures, const AsCompletedOptions& options = {}) {
  return CompletedRange<T>(std::move(futures), options);
}

struct WaitOptions {
  ASHLAR_OPTIONS;
  Seconds timeout = {};
  std::string return_when = "ALL_COMPLETED";  ///< or "FIRST_COMPLETED", "FIRST_EXCEPTION"
};
template <class T>
struct DoneAndNotDone {
  std::vector<Future<T>> done, not_done;
};

/// Waits until all are done, or as `.return_when` says.
/// Errors    TimeoutError when the time passed first; ValueError for an unknown `.return_when`.
template <class T>
DoneAndNotDone<T> wait(const std::vector<Future<T>>& futures, const WaitOptions& options = {}) {
  std::vector<ResultHandle> results;
  results.reserve(futures.size());
  for (const Future<T>& future : futures) results.push_back(future.handle());
  detail::wait_for(results, detail::return_when(options.return_when), options.timeout);
  DoneAndNotDone<T> parts;
  for (const Future<T>& future : futures) (future.done() ? parts.done : parts.not_done).push_back(future);
  return parts;
}
template <class T>
DoneAndNotDone<T> wait(const Future<T>& future, const WaitOptions& options = {}) {
  return wait(std::vector{future}, options);
}

namespace detail {
/// The results that a collection stands on: what `persist` left on the workers. Empty for one that is lazy throughout.
template <class C>
std::vector<ResultHandle> results_of(const C& collection) {
  GraphBuilder builder;
  auto lock = lowering_lock();
  (void)CollectionTraits<C>::lower(collection, builder);
  return std::move(builder).take().inputs;
}
void fire_and_forget(const ResultHandle& result);
}  // namespace detail

/// The futures inside a persisted collection, in no particular order; their values are chunks or partitions.
template <detail::collection C>
std::vector<Future<void>> futures_of(const C& collection) {
  std::vector<Future<void>> futures;
  for (ResultHandle& result : detail::results_of(collection)) futures.emplace_back(std::move(result));
  return futures;
}

/// Waits for what a persisted collection stands on.
template <detail::collection C>
const C& wait(const C& collection, const WaitOptions& options = {}) {
  detail::wait_for(detail::results_of(collection), detail::return_when(options.return_when), options.timeout);
  return collection;
}

/// Lets a task run to its end although nobody holds its future.
template <class T>
void fire_and_forget(const Future<T>& future) {
  detail::fire_and_forget(future.handle());
}
template <class T>
void fire_and_forget(const std::vector<Future<T>>& futures) {
  for (const Future<T>& future : futures) fire_and_forget(future);
}
/// A lazy collection: starts it.
template <detail::collection C>
void fire_and_forget(const C& collection) {
  for (const ResultHandle& result : detail::results_of(persist(collection))) detail::fire_and_forget(result);
}

}  // namespace ashlar
