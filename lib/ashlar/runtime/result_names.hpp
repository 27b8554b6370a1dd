#pragma once
// Who holds which result: rank 0's list of the results that workers know, by name. A result lives while the client, a worker or a
// message under way holds it.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "ashlar/graph/evaluator.hpp"

namespace ashlar {

/// Thread-safe: the client writes and reads futures too.
class ResultNames {
 public:
  /// A name for a result that is written into bytes somebody keeps: it can be found as long as it lives.
  void note(std::int64_t name, const ResultHandle& result);
  /// A result that a worker made and holds once.
  void made(std::int64_t name, const ResultHandle& result, int worker);
  void under_way(std::int64_t name, const ResultHandle& result, int times = 1);
  /// The result of a name; null when it is gone.
  ResultHandle find(std::int64_t name);
  /// Read on rank 0 from bytes that were under way.
  ResultHandle claim(std::int64_t name);
  /// One holder on a worker more; null when the result is gone. `claim`: read from bytes that were under way.
  ResultHandle hold(std::int64_t name, int worker, bool claim);
  void release(std::int64_t name, int worker);
  /// The workers that hold it.
  std::vector<int> holders(std::int64_t name);
  /// What a worker that is gone held, is free.
  void forget_worker(int worker);
  std::size_t size();

 private:
  struct Entry {
    std::weak_ptr<Result> result;
    ResultHandle held;                ///< while a worker or a message holds it
    std::map<int, std::int64_t> held_by;  ///< how often, by worker
    std::int64_t under_way = 0;
  };
  using Entries = std::unordered_map<std::int64_t, Entry>;
  ResultHandle settle(Entries::iterator it);
  void sweep();

  std::mutex mutex_;
  Entries entries_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace ashlar
