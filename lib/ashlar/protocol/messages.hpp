#pragma once
// What rank 0 and the workers say to one another. A batch is a sequence of messages in one parcel: a kind byte, then the fields in the
// order of the struct; buffers of values are attached in the same order. See README.md for the byte table.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/graph/operation.hpp"
#include "ashlar/protocol/ids.hpp"
#include "ashlar/protocol/waits.hpp"

namespace ashlar::protocol {

/// Compared between ranks at start: changes whenever a message changes.
inline constexpr std::uint32_t wire_version = 6;

// ---- rank 0 to a worker

struct DefineOperation {
  OperationId id;
  std::shared_ptr<const Operation> operation;
};
struct ForgetOperation {
  OperationId id;
};
struct GiveTask {
  TaskId task;
  std::int64_t order = 0;
  bool fetch = false;
  OperationId operation;
  std::int64_t index = 0;
  TaskInputs inputs;
  std::int64_t nbytes = 0;  ///< of its result, as expected
  Parcel payload;
  std::shared_ptr<const TaskLimits> limits;  ///< null for most
};
struct FreeData {
  std::vector<TaskId> data;
};
struct RetractTask {
  TaskId task;
};
/// The task that makes this input has gone to another worker (or will run again where it was): ask there.
struct InputMoved {
  TaskId data;
  WorkerId holder;
};
/// Fetch this result from its holder and keep it as your own until it is freed; a CopyReport says when it has come.
struct CopyData {
  TaskId data;
  WorkerId holder;
  std::int64_t nbytes = 0;
};
/// Give the task back if it has not started; answered by TaskReturned.
struct AskBackTask {
  TaskId task;
  std::int32_t number = 0;
};
/// To rank 0 (`to` is client_id), or to the tasks of a worker, which know the result by `name`.
struct SendValue {
  TaskId data;
  WorkerId to = client_id;
  std::int64_t name = 0;
};
struct PutValue {
  TaskId data;
  Object value;
};
/// Runs once on this worker, outside the task graph. `collective`: on the collective thread, in the order of `number`.
struct CallWorker {
  std::int64_t number = 0;
  bool collective = false;
  std::shared_ptr<const Operation> operation;
  Parcel payload;
};
struct Shutdown {
  std::int32_t exit_code = 0;
};
/// Say who waits for what.
struct DescribeWaits {
  std::int64_t number = 0;
};

/// To a worker's tasks. `kind` and payload are the runtime's (`runtime/task_protocol.hpp`).
struct TaskAnswer {
  std::int64_t number = 0;  ///< of the request it answers
  std::uint8_t kind = 0;
  Parcel payload;
};

// ---- a worker to rank 0

struct TaskReport {
  TaskId task;
  std::int64_t nbytes = 0, took_ns = 0;
  bool has_value = false;
  Object value;
};
struct TaskFailure {
  TaskId task;
  std::exception_ptr error;
};
/// The answer to AskBackTask; not returned: it has started, or ended.
struct TaskReturned {
  TaskId task;
  std::int32_t number = 0;
  bool returned = false;
};
struct ValueReport {
  TaskId data;
  Object value;
};
struct CallReport {
  std::int64_t number = 0;
  Object value;
  std::exception_ptr error;  ///< null: it ended well
};
/// What a task asks of rank 0; `service` and payload as above.
struct TaskRequest {
  std::int64_t number = 0;
  std::uint8_t service = 0;
  Parcel payload;
};
/// Bytes of this worker's results that are on its scratch only.
struct SpillReport {
  std::int64_t nbytes = 0;
};
/// The copy that was wanted has come.
struct CopyReport {
  TaskId data;
};
/// The worker has stopped its executors and says no more.
struct Goodbye {};
/// The answer to DescribeWaits: lowest-ordered tasks first; of a long list the rest is only counted.
struct WaitsReport {
  std::int64_t number = 0, tasks = 0, left_out = 0;
  std::vector<Wait> waits;
};

// ---- a worker to a worker

struct AskData {
  TaskId data;
  bool last_use = false;
};
struct WithdrawData {
  TaskId data;
};
struct DataValue {
  TaskId data;
  Object value;
};

/// What tasks of the receiver wait for.
struct ResultValue {
  std::int64_t name = 0;
  Object value;
};

using Message = std::variant<DefineOperation, ForgetOperation, GiveTask, FreeData, RetractTask, SendValue, PutValue, CallWorker, Shutdown, TaskReport,
                             TaskFailure, ValueReport, CallReport, Goodbye, AskData, WithdrawData, DataValue, InputMoved, DescribeWaits, WaitsReport,
                             TaskAnswer, TaskRequest, ResultValue, SpillReport, AskBackTask, TaskReturned, CopyData, CopyReport>;

/// Appends one message to a batch.
void encode(Writer& batch, const Message& message);
/// GiveTask without building the struct: the hot one.
void encode_give_task(Writer& batch, TaskId task, std::int64_t order, bool fetch, OperationId operation, std::int64_t index,
                      std::span<const TaskInputRef> inputs, std::int64_t nbytes, const Parcel& payload, const TaskLimits* limits = nullptr);
/// The next message of a batch; InternalError when the bytes are no message.
Message decode(Reader& batch);

}  // namespace ashlar::protocol
