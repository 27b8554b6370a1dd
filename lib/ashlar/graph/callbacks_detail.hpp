#pragma once
// What is to be called when results are done. One thread per evaluator, started with the first call that has to wait.

#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "ashlar/graph/evaluator.hpp"

namespace ashlar {

class Callbacks {
 public:
  explicit Callbacks(Evaluator& evaluator) : evaluator_(evaluator) {}
  ~Callbacks() { end(); }

  void add(const ResultHandle& result, std::function<void()> call);
  /// Joins the thread: its waiting must have become impossible, or it waits until all are done.
  void end();

 private:
  struct Entry {
    ResultHandle result;
    std::function<void()> call;
    std::uint64_t number;
  };
  void run();
  std::vector<Entry> take_done();

  Evaluator& evaluator_;
  std::mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t next_ = 0;
  bool ended_ = false, running_ = false;
  std::thread thread_;
};

}  // namespace ashlar
