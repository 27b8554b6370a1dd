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

namespace ashlar::protocol {

/// Compared between ranks at start: changes whenever a message changes.
inline constexpr std::uint32_t wire_version = 2;

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
/// Give the task back if it has not started; answered by TaskReturned.
struct AskBackTask {
  TaskId task;
  std::int32_t number = 0;
};
struct SendValue {
  TaskId data;
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
/// The worker has stopped its executors and says no more.
struct Goodbye {};

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

using Message = std::variant<DefineOperation, ForgetOperation, GiveTask, FreeData, RetractTask, SendValue, PutValue, CallWorker, Shutdown, TaskReport,
                             TaskFailure, ValueReport, CallReport, Goodbye, AskData, WithdrawData, DataValue, InputMoved, AskBackTask, TaskReturned>;

/// Appends one message to a batch.
void encode(Writer& batch, const Message& message);
/// GiveTask without building the struct: the hot one.
void encode_give_task(Writer& batch, TaskId task, std::int64_t order, bool fetch, OperationId operation, std::int64_t index,
                      std::span<const TaskInputRef> inputs, const Parcel& payload, const TaskLimits* limits = nullptr);
/// The next message of a batch; InternalError when the bytes are no message.
Message decode(Reader& batch);

}  // namespace ashlar::protocol
