#pragma once
// Rank 0's side of the clients that tasks are: takes what they ask, submits their graphs as the client's are submitted, and tells them
// what became of their results. On the scheduler's thread, but for `ResultNames`.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/graph_wire.hpp"
#include "ashlar/runtime/result_names.hpp"
#include "ashlar/runtime/task_protocol.hpp"

namespace ashlar {

/// What rank 0 does for them; the scheduler's loop.
class RankZero {
 public:
  virtual ~RankZero() = default;
  virtual std::vector<ResultHandle> submit_for_task(TaskGraph graph, std::span<const TaskRef> wanted) = 0;
  virtual std::vector<ResultHandle> scatter_for_task(std::vector<Object> values) = 0;
  /// Starts a call on workers (none named: all); its reports are given to `TaskClients::call_reported`. Returns its number.
  virtual std::int64_t start_call(std::shared_ptr<const Operation> operation, Parcel payload, bool collective, const std::vector<int>& workers) = 0;
  /// The task of a result, and the worker that holds it; -1 where there is none.
  virtual TaskId task_of(const Result& result) = 0;
  virtual WorkerId holder_of(TaskId task) = 0;
  virtual int worker_count() = 0;
  virtual void task_waits(WorkerId worker, TaskId task) = 0;
  /// A task has ended that may hold locks and semaphores.
  virtual void holder_ended(WorkerId worker, std::int64_t holder) = 0;
  virtual void send(WorkerId worker, const protocol::Message& message) = 0;
  /// Anything else that is asked, by a worker (or the client: client_id). True when `reply` was called or will be.
  virtual bool serve(Ask what, WorkerId from, std::int64_t number, Reader& in, const KeptResults& kept) = 0;
};

class TaskClients {
 public:
  explicit TaskClients(RankZero& rank_zero) : rank_zero_(rank_zero) {}

  void take(WorkerId from, const protocol::TaskRequest& request);
  /// A result is no longer pending. Cheap while no task waits for any.
  void settled(TaskId task) {
    if (!watched_.empty()) tell_of(task);
  }
  /// True when a task made this call.
  bool call_reported(std::int64_t number, int worker, protocol::CallReport& report);
  void worker_lost(WorkerId worker) { names_.forget_worker(worker.value()); }

  void reply(WorkerId to, std::int64_t number, const Parcel& bytes, const KeptResults& kept = {});
  void fail(WorkerId to, std::int64_t number, const std::exception_ptr& error);

  ResultNames& names() { return names_; }

 private:
  struct Call {
    WorkerId from;
    std::int64_t number;
    std::size_t wanted;
    std::map<int, Object> values;
    std::exception_ptr error;
  };
  void submit(WorkerId from, Reader& in);
  void scatter(WorkerId from, Reader& in);
  void run(WorkerId from, std::int64_t number, Reader& in);
  void attach(WorkerId from, std::int64_t name, const ResultHandle& result);
  void watch(std::int64_t name, const ResultHandle& result, WorkerId worker);
  void tell_of(TaskId task);
  void send_settled(WorkerId to, std::int64_t name, Status status, const std::exception_ptr& error);
  void value(WorkerId to, std::int64_t name);
  void send_value(WorkerId to, std::int64_t name, const Result& result);

  RankZero& rank_zero_;
  ResultNames names_;
  SeenOperations operations_;
  struct Watcher {
    std::int64_t name;
    WorkerId worker;
    bool value;  ///< it wants the value too
  };
  std::unordered_map<std::int64_t, std::vector<Watcher>> watched_;  ///< by task: who is to be told
  std::unordered_map<std::int64_t, Call> calls_;
};

}  // namespace ashlar
