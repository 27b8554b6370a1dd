#pragma once
// A submitted task's result on rank 0. All fields are guarded by the shared mutex.

#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {

class ClientResult final : public Result {
 public:
  ClientResult(std::shared_ptr<SchedulerLoop::Shared> shared, SchedulerLoop* loop, TaskId task, std::shared_ptr<const Layer> layer, std::int64_t index, bool fetch)
      : shared_(std::move(shared)), loop_(loop), task_(task.value()), layer_(std::move(layer)), index_(index), asked_(fetch) {}
  ~ClientResult() override;

  Status status() const override;
  bool wait(Seconds timeout) override;
  void ask() override;
  Object get(Seconds timeout) override;
  std::exception_ptr error() const override;
  void cancel() override;
  void retry() override { loop_->retry({this}); }
  std::string key() const override {
    std::lock_guard lock(shared_->mutex);
    return key_under_mutex();
  }
  /// A new one each time that it is run again.
  TaskId task() const { return TaskId(task_.load(std::memory_order_relaxed)); }
  const SchedulerLoop* loop() const { return loop_; }

 private:
  friend class SchedulerLoop;
  bool post_ask();
  std::string key_under_mutex() const { return layer_ ? layer_->key(index_) : "scattered-" + std::to_string(task().value()); }
  std::shared_ptr<SchedulerLoop::Shared> shared_;
  SchedulerLoop* loop_;
  std::atomic<std::int64_t> task_;  ///< written under the mutex, read without
  std::shared_ptr<const Layer> layer_;  ///< may grow until the loop has taken its submission: looked at under the mutex
  std::int64_t index_;
  Status status_ = Status::pending;
  bool asked_ = false;  ///< the value has been asked for
  bool here_ = false;
  bool recipe_kept_ = false;  ///< in Shared::recipes
  Object value_;
  std::exception_ptr error_;
};

}  // namespace ashlar
