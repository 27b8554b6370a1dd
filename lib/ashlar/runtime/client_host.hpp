#pragma once
// An evaluator that belongs to a job: rank 0's, or the one that a worker's tasks see. Each has its Client.

#include <cstdint>

#include "ashlar/graph/evaluator.hpp"

namespace ashlar {

class Client;
class WorkerContext;

class ClientHost : public Evaluator {
 public:
  virtual Client& client() = 0;
  /// The worker of a task's client. ValueError for the body's.
  virtual WorkerContext worker() const = 0;
  /// Who asks, for locks: a number for each running task; one for the body, and one for a worker's other threads.
  virtual std::int64_t holder() const = 0;
  /// Runs those that failed again. Those of one graph together, where that is to be had.
  virtual void retry_all(const std::vector<ResultHandle>& results) {
    for (const ResultHandle& result : results) result->retry();
  }
  /// The asking task may hold something at its end.
  virtual void holds() {}

  /// Of this thread.
  /// Errors    ValueError when there is none.
  static ClientHost& current();
};

}  // namespace ashlar
