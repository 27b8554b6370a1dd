#pragma once
// A submitted task's result on rank 0. All fields are guarded by the shared mutex. A client may hold a million: it is kept small.

#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {

class ClientResult final : public Result {
 public:
  ClientResult(boost::intrusive_ptr<const SchedulerLoop::Origin> origin, TaskId task, std::int64_t index, bool fetch)
      : origin_(std::move(origin)), task_(task.value()), index_(index), asked_(fetch) {}
  ~ClientResult() override;

  Status status() const override;
  bool wait(Seconds timeout) override;
  void ask() override;
  Object get(Seconds timeout) override;
  std::exception_ptr error() const override;
  void cancel() override;
  void retry() override { loop()->retry({this}); }
  std::string key() const override {
    std::lock_guard lock(shared().mutex);
    return key_under_mutex();
  }
  /// A new one each time that it is run again.
  TaskId task() const { return TaskId(task_.load(std::memory_order_relaxed)); }
  SchedulerLoop* loop() const { return origin_->loop; }

 private:
  friend class SchedulerLoop;
  bool post_ask();
  std::exception_ptr error_under_mutex() const;
  std::string key_under_mutex() const { return origin_->layer ? origin_->layer->key(index_) : "scattered-" + std::to_string(task().value()); }
  SchedulerLoop::Shared& shared() const { return *origin_->shared; }
  const boost::intrusive_ptr<const SchedulerLoop::Origin> origin_;
  std::atomic<std::int64_t> task_;  ///< written under the mutex, read without
  const std::int64_t index_ : 48;   ///< in the layer
  Status status_ : 8 = Status::pending;
  bool asked_ : 1 = false;   ///< the value has been asked for
  bool here_ : 1 = false;
  bool failed_ : 1 = false;  ///< it is in Shared::failures
  Object value_;
};
static_assert(sizeof(ClientResult) <= 56);

}  // namespace ashlar
