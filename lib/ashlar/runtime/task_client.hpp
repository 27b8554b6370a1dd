#pragma once
// A worker's way to rank 0 for the tasks it runs: the evaluator of its executor threads. A task submits to the job's scheduler, holds
// and waits for results like the client does; while it waits, its slot is free for another task.
//
// Everything goes through rank 0 but the values: they come from the worker that holds them. Nothing waits for rank 0 to take a graph:
// results are named here (`task_protocol.hpp`). A task that leaves futures behind waits at its end until rank 0 knows them.
//
// Locks: `Shared::mutex` is taken last of all, since results die wherever their last holder does, under the worker's lock too.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/client.hpp"
#include "ashlar/runtime/client_host.hpp"
#include "ashlar/runtime/task_protocol.hpp"

namespace ashlar {

class TaskResult;

/// How the loop's threads make room for one another; called from inside tasks.
struct SlotKeeper {
  std::function<void()> leave;  ///< this task waits: another may run
  std::function<void()> enter;  ///< it goes on: waits until there is room
};

class TaskClient final : public ClientHost {
 public:
  /// `wake`: there is something to send.
  TaskClient(int worker, int rank, std::function<void()> wake, SlotKeeper slots);
  ~TaskClient() override;

  std::vector<ResultHandle> submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions options) override;
  std::vector<ResultHandle> scatter(std::vector<Object> values) override;
  std::vector<Object> run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool collective) override;
  std::vector<Object> run_on_some(std::shared_ptr<const Operation> operation, Parcel payload, const std::vector<int>& workers) override;
  bool wait_until(const std::function<bool()>& settled, Seconds timeout) override;
  int workers() const override;
  int threads() const override;
  Message call(std::uint8_t service, Message request) override;
  void tell(std::uint8_t service, Message request) override;
  void write_result(Writer& out, const ResultHandle& result) override;
  ResultHandle read_result(Reader& in) override;
  void secede() override;
  void rejoin() override;
  Client& client() override;
  WorkerContext worker() const override;
  std::int64_t holder() const override;
  void holds() override;

  // ---- the loop's side

  /// Around the user's code of a task, on its executor.
  void begin(TaskId task);
  void end();
  bool has_requests() const { return waiting_.load(std::memory_order_relaxed); }
  /// Moves what is to be sent to rank 0 into its batch.
  void drain(Writer& to_rank_0);
  void take(protocol::TaskAnswer& answer);
  void take_value(std::int64_t name, Object value);
  /// The job ends: every wait of a task throws.
  void close();

 private:
  friend class TaskResult;
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t generation = 0;
    bool closed = false;
    std::vector<protocol::TaskRequest> requests;
    std::unordered_map<std::int64_t, TaskResult*> results;
    struct Reply {
      Message message;
      std::exception_ptr error;
    };
    std::unordered_map<std::int64_t, std::optional<Reply>> replies;
  };

  void send(Ask ask, std::int64_t number, Writer payload);
  void send_name(Ask ask, std::int64_t name);
  std::int64_t name_of(const ResultHandle& result) const;
  std::shared_ptr<TaskResult> made(std::string key);
  std::shared_ptr<TaskResult> held(std::int64_t name, std::string key, Ask why);
  Message ask(Ask what, Writer payload);
  void leave_slot();
  const ClientInfo& info() const;

  const int worker_, rank_;
  const std::function<void()> wake_;
  const SlotKeeper slots_;
  const std::shared_ptr<Shared> shared_;
  std::atomic<bool> waiting_{false};
  std::atomic<std::int64_t> next_name_{0}, next_number_{0};
  mutable std::mutex client_mutex_;
  mutable std::optional<ClientInfo> info_;
  std::unique_ptr<Client> client_;
};

}  // namespace ashlar
