#pragma once
// Results that are being made on the workers, and waiting for them.

#include <chrono>
#include <exception>
#include <iterator>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/delayed/argument.hpp"
#include "ashlar/graph/evaluator.hpp"

namespace ashlar {

/// A task that was submitted. Copies share it; when the last one goes, the workers forget its result.
template <class T>
class Future {
 public:
  using value_type = T;

  Future() = default;  ///< stands for nothing; using it throws ValueError
  explicit Future(ResultHandle result) : node_(detail::node_of(std::move(result))) {}

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
  std::string key() const { return handle()->key(); }

  const ResultHandle& handle() const;
  const detail::NodePtr& node() const { return node_; }

 private:
  detail::NodePtr node_;
};

template <class T>
std::ostream& operator<<(std::ostream& out, const Future<T>& future) {
  return out << "<Future: " << future.status() << ", type: " << type_name<T>() << ", key: " << future.key() << ">";
}

namespace detail {
const ResultHandle& result_of(const NodePtr& node);
std::exception_ptr exception_of(Result& result, Seconds timeout);

/// Which of many results are ready, in the order they become so.
class Completions {
 public:
  void add(ResultHandle result);
  /// The number (in order of `add`) of a result that is no longer pending and was not given before; waits for it. -1 when all were given.
  std::ptrdiff_t next();

 private:
  bool collect();
  std::vector<std::pair<ResultHandle, std::ptrdiff_t>> pending_;
  std::vector<std::ptrdiff_t> ready_;
  std::size_t at_ = 0;
  std::ptrdiff_t added_ = 0;
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
template <class T>
const ResultHandle& Future<T>::handle() const {
  return detail::result_of(node_);
}

/// Futures in the order in which they complete; each is given once. `add` may be called while iterating.
template <class T>
class CompletedRange {
 public:
  explicit CompletedRange(std::vector<Future<T>> futures) {
    for (Future<T>& future : futures) add(std::move(future));
  }
  void add(Future<T> future) {
    completions_.add(future.handle());
    futures_.push_back(std::move(future));
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

 private:
  void advance() {
    const std::ptrdiff_t number = completions_.next();
    ended_ = number < 0;
    current_ = ended_ ? Future<T>() : std::exchange(futures_[static_cast<std::size_t>(number)], Future<T>());
  }
  detail::Completions completions_;
  std::vector<Future<T>> futures_;
  Future<T> current_;
  bool ended_ = false;
};
template <class T>
CompletedRange<T> as_completed(std::vector<Future<T>> futures) {
  return CompletedRange<T>(std::move(futures));
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

}  // namespace ashlar
