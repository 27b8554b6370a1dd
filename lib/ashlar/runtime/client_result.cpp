#include "ashlar/runtime/client_result.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar {

ClientResult* SchedulerLoop::Shared::result_of(TaskId task) {
  ClientResult** result = results.find(task.value());
  return result && (*result)->task() == task ? *result : nullptr;
}

ClientResult::~ClientResult() {
  SchedulerLoop::Failure failure;  // it may hold layers, which go outside the lock
  std::lock_guard lock(shared().mutex);
  shared().results.erase(task().value());
  if (failed_) {
    const auto it = shared().failures.find(this);
    failure = std::move(it->second);
    shared().failures.erase(it);
    for (const TaskId former : failure.former) shared().results.erase(former.value());
  }
  if (!shared().closed && shared().push(scheduler::ResultsReleased{{task()}})) loop()->transport_.wake();
}

Status ClientResult::status() const {
  std::lock_guard lock(shared().mutex);
  return status_;
}

std::exception_ptr ClientResult::error() const {
  std::lock_guard lock(shared().mutex);
  return error_under_mutex();
}

std::exception_ptr ClientResult::error_under_mutex() const {
  if (!failed_) return nullptr;
  return shared().failures.at(this).error;
}

bool ClientResult::wait(Seconds timeout) {
  return loop()->wait_until([&] { return status() != Status::pending; }, timeout);
}

void ClientResult::ask() {
  std::lock_guard lock(shared().mutex);
  if (post_ask()) loop()->transport_.wake();
}

// Under the mutex. True when the loop has yet to be told.
bool ClientResult::post_ask() {
  if (here_ || asked_ || shared().closed) return false;
  asked_ = true;
  return shared().push(scheduler::ResultsWanted{{task()}});
}

Object ClientResult::get(Seconds timeout) {
  bool untold;
  {
    std::lock_guard lock(shared().mutex);
    untold = post_ask();
  }
  const auto settled = [&] {
    std::lock_guard lock(shared().mutex);
    return here_ || (status_ != Status::pending && status_ != Status::finished);
  };
  if (!loop()->await(settled, timeout, untold)) throw TimeoutError("the result of " + key() + " was not there in time");
  std::lock_guard lock(shared().mutex);
  // A value may come just before a cancel counts: what is cancelled is, whatever came.
  if (status_ == Status::cancelled) throw CancelledError("the result of " + key_under_mutex() + " was cancelled");
  if (here_) return value_;
  if (const std::exception_ptr error = error_under_mutex()) std::rethrow_exception(error);
  throw InternalError("the result of " + key_under_mutex() + " is lost");
}

void ClientResult::cancel() {
  std::lock_guard lock(shared().mutex);
  if (shared().closed || status_ != Status::pending) return;
  // Cancelled from now on, whatever the scheduler finds: a result that comes all the same is not wanted.
  status_ = Status::cancelled;
  ++shared().generation;
  shared().changed.notify_all();
  if (shared().push(scheduler::TasksCancelled{{task()}})) loop()->transport_.wake();
}

}  // namespace ashlar
