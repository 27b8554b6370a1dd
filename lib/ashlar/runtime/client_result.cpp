#include "ashlar/runtime/client_result.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar {

ClientResult* SchedulerLoop::Shared::result_of(TaskId task) {
  ClientResult** result = results.find(task.value());
  return result && (*result)->task() == task ? *result : nullptr;
}

ClientResult::~ClientResult() {
  SchedulerLoop::Recipe recipe;  // it may hold layers, which go outside the lock
  std::lock_guard lock(shared_->mutex);
  shared_->results.erase(task().value());
  if (recipe_kept_) {
    const auto it = shared_->recipes.find(this);
    recipe = std::move(it->second);
    shared_->recipes.erase(it);
    for (const TaskId former : recipe.former) shared_->results.erase(former.value());
  }
  if (!shared_->closed && shared_->push(scheduler::ResultsReleased{{task()}})) loop_->transport_.wake();
}

Status ClientResult::status() const {
  std::lock_guard lock(shared_->mutex);
  return status_;
}

std::exception_ptr ClientResult::error() const {
  std::lock_guard lock(shared_->mutex);
  return error_;
}

bool ClientResult::wait(Seconds timeout) {
  return loop_->wait_until([&] { return status() != Status::pending; }, timeout);
}

void ClientResult::ask() {
  std::lock_guard lock(shared_->mutex);
  if (post_ask()) loop_->transport_.wake();
}

// Under the mutex. True when the loop has yet to be told.
bool ClientResult::post_ask() {
  if (here_ || asked_ || shared_->closed) return false;
  asked_ = true;
  return shared_->push(scheduler::ResultsWanted{{task()}});
}

Object ClientResult::get(Seconds timeout) {
  bool untold;
  {
    std::lock_guard lock(shared_->mutex);
    untold = post_ask();
  }
  const auto settled = [&] {
    std::lock_guard lock(shared_->mutex);
    return here_ || (status_ != Status::pending && status_ != Status::finished);
  };
  if (!loop_->await(settled, timeout, untold)) throw TimeoutError("the result of " + key() + " was not there in time");
  std::lock_guard lock(shared_->mutex);
  // A value may come just before a cancel counts: what is cancelled is, whatever came.
  if (status_ == Status::cancelled) throw CancelledError("the result of " + key_under_mutex() + " was cancelled");
  if (here_) return value_;
  if (error_) std::rethrow_exception(error_);
  throw InternalError("the result of " + key_under_mutex() + " is lost");
}

void ClientResult::cancel() {
  std::lock_guard lock(shared_->mutex);
  if (shared_->closed || status_ != Status::pending) return;
  // Cancelled from now on, whatever the scheduler finds: a result that comes all the same is not wanted.
  status_ = Status::cancelled;
  ++shared_->generation;
  shared_->changed.notify_all();
  if (shared_->push(scheduler::TasksCancelled{{task()}})) loop_->transport_.wake();
}

}  // namespace ashlar
