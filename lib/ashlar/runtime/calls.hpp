#pragma once
// Calls outside the graph, one after another on a thread that starts with the first.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/graph/evaluator.hpp"
#include "ashlar/protocol/messages.hpp"

namespace ashlar {

class Calls {
 public:
  /// Of a call: its number, and its value or error. On the thread of the calls.
  using Report = std::function<void(std::int64_t, Object, std::exception_ptr)>;
  /// `evaluator`: of the functions that are called; `worker`: they run on one.
  Calls(int rank, Evaluator& evaluator, bool worker, Report report) : rank_(rank), evaluator_(evaluator), worker_(worker), report_(std::move(report)) {}
  /// Waits for the calls that have come.
  ~Calls();

  void push(protocol::CallWorker call);
  /// Calls that have not ended.
  void append_waits(std::vector<protocol::Wait>& waits, protocol::WaitKind kind);

 private:
  void run();

  const int rank_;
  Evaluator& evaluator_;
  const bool worker_;
  Report report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<protocol::CallWorker> queue_;
  std::deque<std::pair<std::int64_t, std::int64_t>> open_;  ///< numbers, and when they came
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace ashlar
