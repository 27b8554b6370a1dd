#include "ashlar/delayed/future.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "ashlar/base/error.hpp"

namespace ashlar::detail {
namespace {

using Clock = std::chrono::steady_clock;

// What is left of a time limit.
class Deadline {
 public:
  explicit Deadline(Seconds timeout) : limit_(timeout) {
    if (limit_.v) end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::min(*limit_.v, 1e9)));
  }
  Seconds left() const {
    if (!limit_.v) return {};
    return std::max(0.0, std::chrono::duration<double>(end_ - Clock::now()).count());
  }
  [[noreturn]] void passed(const std::string& what) const {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%g", limit_.v.value_or(0));
    throw TimeoutError(what + " after " + seconds + " s");
  }

 private:
  Seconds limit_;
  Clock::time_point end_;
};

bool pending(const ResultHandle& result) { return result->status() == Status::pending; }

}  // namespace

void no_result() { throw ValueError("a Future that was never given a task has no result"); }

std::exception_ptr exception_of(Result& result, Seconds timeout) {
  const Deadline deadline(timeout);
  if (!result.wait(timeout)) deadline.passed("the task " + result.key() + " is still pending");
  if (result.status() == Status::cancelled) throw CancelledError("the task " + result.key() + " was cancelled");
  return result.error();
}

std::string traceback_of(Result& result, Seconds timeout) {
  const std::exception_ptr error = exception_of(result, timeout);
  if (!error) return {};
  try {
    std::rethrow_exception(error);
  } catch (const TaskError& e) {
    const TaskError::Where& where = e.where();
    return where.type + ": " + where.message + "\n  in task " + where.key + "\n  on rank " + std::to_string(where.rank) + "\n  called with (" + where.arguments + ")\n";
  } catch (...) {
    return error_kind(error) + ": " + error_message(error) + "\n  in task " + result.key() + "\n";
  }
}

// Whoever calls holds the result until then.
void fire_and_forget(const ResultHandle& result) {
  Evaluator::current().when_done(result, [result] {});
}

Completions::Completions(Seconds timeout) : timeout_(timeout) {
  if (timeout.v) end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::min(*timeout.v, 1e9)));
}

void Completions::add(ResultHandle result) { pending_.emplace_back(std::move(result), added_++); }

// Moves all that are done from `pending_` to `ready_`.
bool Completions::collect() {
  const auto still = std::stable_partition(pending_.begin(), pending_.end(), [](const auto& p) { return pending(p.first); });
  for (auto it = still; it != pending_.end(); ++it) ready_.push_back(it->second);
  pending_.erase(still, pending_.end());
  return !ready_.empty();
}

std::ptrdiff_t Completions::next() {
  if (at_ == ready_.size()) {
    ready_.clear();
    at_ = 0;
    if (pending_.empty()) return -1;
    while (!collect()) {
      Seconds left;
      if (end_) left = std::max(0.0, std::chrono::duration<double>(*end_ - Clock::now()).count());
      if (Evaluator::current().wait_until([this] { return collect(); }, left) || !ready_.empty()) continue;
      if (end_ && Clock::now() >= *end_) Deadline(timeout_).passed(std::to_string(pending_.size()) + " tasks are still pending");
      // Where nobody reports completions, one of them is as good to wait for as another.
      pending_.front().first->wait(left);
    }
  }
  return ready_[at_++];
}

bool Completions::has_ready() {
  if (at_ < ready_.size()) return true;
  ready_.clear();
  at_ = 0;
  return collect();
}

void Completions::clear() {
  pending_.clear();
  ready_.clear();
  at_ = 0;
}

ReturnWhen return_when(const std::string& text) {
  if (text == "ALL_COMPLETED") return ReturnWhen::all_completed;
  if (text == "FIRST_COMPLETED") return ReturnWhen::first_completed;
  if (text == "FIRST_EXCEPTION") return ReturnWhen::first_exception;
  throw ValueError("return_when is ALL_COMPLETED, FIRST_COMPLETED or FIRST_EXCEPTION, not \"" + text + "\"");
}

void wait_for(std::span<const ResultHandle> results, ReturnWhen when, Seconds timeout) {
  const Deadline deadline(timeout);
  const auto passed = [&] {
    const auto n = std::count_if(results.begin(), results.end(), pending);
    deadline.passed(std::to_string(n) + " of " + std::to_string(results.size()) + " tasks are still pending");
  };
  if (when == ReturnWhen::all_completed) {
    for (const ResultHandle& result : results)
      if (!result->wait(deadline.left())) passed();
    return;
  }
  const auto settled = [&] {
    bool all = true;
    for (const ResultHandle& result : results) {
      const Status status = result->status();
      if (when == ReturnWhen::first_completed && status != Status::pending) return true;
      if (when == ReturnWhen::first_exception && status != Status::pending && status != Status::finished) return true;
      all &= status != Status::pending;
    }
    return all;
  };
  if (!settled() && !Evaluator::current().wait_until(settled, deadline.left()) && !settled()) passed();
}

}  // namespace ashlar::detail
