#pragma once
// A queue of tasks, kept as runs of ids that follow one another: a worker's share of a million sources takes a few words.

#include <cstdint>
#include <deque>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::scheduler {

class TaskRuns {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  TaskId front() const { return TaskId(runs_.front().first); }
  TaskId back() const { return TaskId(runs_.back().first + runs_.back().count - 1); }
  void push_back(TaskId id) {
    ++size_;
    if (!runs_.empty() && back().value() + 1 == id.value()) ++runs_.back().count;
    else runs_.push_back({id.value(), 1});
  }
  void pop_front() {
    --size_;
    ++runs_.front().first;
    if (--runs_.front().count == 0) runs_.pop_front();
  }
  void pop_back() {
    --size_;
    if (--runs_.back().count == 0) runs_.pop_back();
  }
  void clear() {
    runs_.clear();
    size_ = 0;
  }
  /// Calls f(id) in order.
  template <class F>
  void for_each(F&& f) const {
    for (const Run& run : runs_)
      for (std::int64_t i = 0; i < run.count; ++i) f(TaskId(run.first + i));
  }

 private:
  struct Run {
    std::int64_t first, count;
  };
  std::deque<Run> runs_;
  std::size_t size_ = 0;
};

}  // namespace ashlar::scheduler
