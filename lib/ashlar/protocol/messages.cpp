#include "ashlar/protocol/messages.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar::protocol {
namespace {

enum class Kind : std::uint8_t {
  define_operation, forget_operation, give_task, free_data, retract_task, send_value, put_value, call_worker, shutdown,
  task_report, task_failure, value_report, call_report, goodbye, ask_data, withdraw_data, data_value,
  input_moved, describe_waits, waits_report, task_answer, task_request, result_value, spill_report, ask_back_task, task_returned,
  copy_data, copy_report
};

// Flags of GiveTask.
constexpr std::uint8_t with_value = 1, with_limits = 2;

void put_payload(Writer& out, const Parcel& payload) {
  out.put(static_cast<std::uint32_t>(payload.buffers.size()));
  out.array(std::span<const std::byte>(payload.head));
  for (const Buffer& buffer : payload.buffers) out.buffer(buffer);
}
Parcel get_payload(Reader& in) {
  Parcel payload;
  const auto buffers = in.get<std::uint32_t>();
  payload.head = in.array<std::byte>();
  for (std::uint32_t i = 0; i < buffers; ++i) payload.buffers.push_back(in.buffer());
  return payload;
}

struct Encoder {
  Writer& out;
  void kind(Kind k) { out.put(k); }
  void operator()(const DefineOperation& m) {
    kind(Kind::define_operation);
    out.put(m.id);
    encode_operation(out, *m.operation);
  }
  void operator()(const ForgetOperation& m) {
    kind(Kind::forget_operation);
    out.put(m.id);
  }
  void operator()(const GiveTask& m) {
    encode_give_task(out, m.task, m.order, m.fetch, m.operation, m.index, m.inputs, m.nbytes, m.payload, m.limits.get());
  }
  void operator()(const FreeData& m) {
    kind(Kind::free_data);
    out.array(m.data);
  }
  void operator()(const RetractTask& m) {
    kind(Kind::retract_task);
    out.put(m.task);
  }
  void operator()(const SendValue& m) {
    kind(Kind::send_value);
    out.put(m.data);
    out.put(m.to);
    out.put(m.name);
  }
  void operator()(const PutValue& m) {
    kind(Kind::put_value);
    out.put(m.data);
    m.value.encode(out);
  }
  void operator()(const CallWorker& m) {
    kind(Kind::call_worker);
    out.put(m.number);
    out.put(m.collective);
    encode_operation(out, *m.operation);
    put_payload(out, m.payload);
  }
  void operator()(const Shutdown& m) {
    kind(Kind::shutdown);
    out.put(m.exit_code);
  }
  void operator()(const TaskReport& m) {
    kind(Kind::task_report);
    out.put(m.task);
    out.put(m.nbytes);
    out.put(m.took_ns);
    out.put(m.has_value);
    if (m.has_value) m.value.encode(out);
  }
  void operator()(const TaskFailure& m) {
    kind(Kind::task_failure);
    out.put(m.task);
    encode_error(out, m.error);
  }
  void operator()(const ValueReport& m) {
    kind(Kind::value_report);
    out.put(m.data);
    m.value.encode(out);
  }
  void operator()(const CallReport& m) {
    kind(Kind::call_report);
    out.put(m.number);
    out.put(m.error != nullptr);
    if (m.error) encode_error(out, m.error);
    else m.value.encode(out);
  }
  void operator()(const Goodbye&) { kind(Kind::goodbye); }
  void operator()(const AskData& m) {
    kind(Kind::ask_data);
    out.put(m.data);
    out.put(m.last_use);
  }
  void operator()(const WithdrawData& m) {
    kind(Kind::withdraw_data);
    out.put(m.data);
  }
  void operator()(const AskBackTask& m) {
    kind(Kind::ask_back_task);
    out.put(m.task);
    out.put(m.number);
  }
  void operator()(const TaskReturned& m) {
    kind(Kind::task_returned);
    out.put(m.task);
    out.put(m.number);
    out.put(m.returned);
  }
  void operator()(const InputMoved& m) {
    kind(Kind::input_moved);
    out.put(m.data);
    out.put(m.holder);
  }
  void operator()(const DataValue& m) {
    kind(Kind::data_value);
    out.put(m.data);
    m.value.encode(out);
  }
  void operator()(const DescribeWaits& m) {
    kind(Kind::describe_waits);
    out.put(m.number);
  }
  void operator()(const WaitsReport& m) {
    kind(Kind::waits_report);
    out.put(m.number);
    out.put(m.tasks);
    out.put(m.left_out);
    out.put(static_cast<std::uint32_t>(m.waits.size()));
    for (const Wait& wait : m.waits) {
      out.put(wait.kind);
      out.put(wait.task);
      out.put(wait.data);
      out.put(wait.worker);
      out.put(wait.ns);
      out.put(wait.cpu_ns);
    }
  }
  void operator()(const TaskAnswer& m) {
    kind(Kind::task_answer);
    out.put(m.number);
    out.put(m.kind);
    put_payload(out, m.payload);
  }
  void operator()(const TaskRequest& m) {
    kind(Kind::task_request);
    out.put(m.number);
    out.put(m.service);
    put_payload(out, m.payload);
  }
  void operator()(const ResultValue& m) {
    kind(Kind::result_value);
    out.put(m.name);
    m.value.encode(out);
  }
  void operator()(const SpillReport& m) {
    kind(Kind::spill_report);
    out.put(m.nbytes);
  }
  void operator()(const CopyData& m) {
    kind(Kind::copy_data);
    out.put(m.data);
    out.put(m.holder);
    out.put(m.nbytes);
  }
  void operator()(const CopyReport& m) {
    kind(Kind::copy_report);
    out.put(m.data);
  }
};

}  // namespace

void encode(Writer& batch, const Message& message) { std::visit(Encoder{batch}, message); }

void encode_give_task(Writer& batch, TaskId task, std::int64_t order, bool fetch, OperationId operation, std::int64_t index,
                      std::span<const TaskInputRef> inputs, std::int64_t nbytes, const Parcel& payload, const TaskLimits* limits) {
  batch.put(Kind::give_task);
  batch.put(task);
  batch.put(order);
  batch.put(static_cast<std::uint8_t>((fetch ? with_value : 0) | (limits ? with_limits : 0)));
  batch.put(operation);
  batch.put(index);
  batch.put(static_cast<std::uint32_t>(inputs.size()));
  for (const TaskInputRef& input : inputs) {
    batch.put(input.task);
    batch.put(input.holder);
    batch.put(input.nbytes);
    batch.put(input.last_use);
  }
  batch.put(nbytes);
  put_payload(batch, payload);
  if (!limits) return;
  batch.put(limits->timeout_ns);
  batch.put(static_cast<std::uint32_t>(limits->resources.size()));
  for (const auto& [name, amount] : limits->resources) {
    batch.text(name);
    batch.put(amount);
  }
}

Message decode(Reader& in) {
  const auto kind = in.get<Kind>();
  switch (kind) {
    case Kind::define_operation: {
      const auto id = in.get<OperationId>();
      return DefineOperation{id, decode_operation(in)};
    }
    case Kind::forget_operation: return ForgetOperation{in.get<OperationId>()};
    case Kind::give_task: {
      GiveTask m;
      m.task = in.get<TaskId>();
      m.order = in.get<std::int64_t>();
      const auto flags = in.get<std::uint8_t>();
      m.fetch = (flags & with_value) != 0;
      m.operation = in.get<OperationId>();
      m.index = in.get<std::int64_t>();
      m.inputs.resize(in.get<std::uint32_t>());
      for (TaskInputRef& input : m.inputs) {
        input.task = in.get<TaskId>();
        input.holder = in.get<WorkerId>();
        input.nbytes = in.get<std::int64_t>();
        input.last_use = in.get<bool>();
      }
      m.nbytes = in.get<std::int64_t>();
      m.payload = get_payload(in);
      if ((flags & with_limits) != 0) {
        auto limits = std::make_shared<TaskLimits>();
        limits->timeout_ns = in.get<std::int64_t>();
        for (auto n = in.get<std::uint32_t>(); n > 0; --n) {
          auto name = in.text();
          limits->resources.emplace_back(std::move(name), in.get<std::int64_t>());
        }
        m.limits = std::move(limits);
      }
      return m;
    }
    case Kind::free_data: return FreeData{in.array<TaskId>()};
    case Kind::retract_task: return RetractTask{in.get<TaskId>()};
    case Kind::send_value: {
      const auto id = in.get<TaskId>();
      const auto to = in.get<WorkerId>();
      return SendValue{id, to, in.get<std::int64_t>()};
    }
    case Kind::put_value: {
      const auto id = in.get<TaskId>();
      return PutValue{id, Object::decode(in)};
    }
    case Kind::call_worker: {
      CallWorker m;
      m.number = in.get<std::int64_t>();
      m.collective = in.get<bool>();
      m.operation = decode_operation(in);
      m.payload = get_payload(in);
      return m;
    }
    case Kind::shutdown: return Shutdown{in.get<std::int32_t>()};
    case Kind::task_report: {
      TaskReport m;
      m.task = in.get<TaskId>();
      m.nbytes = in.get<std::int64_t>();
      m.took_ns = in.get<std::int64_t>();
      m.has_value = in.get<bool>();
      if (m.has_value) m.value = Object::decode(in);
      return m;
    }
    case Kind::task_failure: {
      const auto id = in.get<TaskId>();
      return TaskFailure{id, decode_error(in)};
    }
    case Kind::value_report: {
      const auto id = in.get<TaskId>();
      return ValueReport{id, Object::decode(in)};
    }
    case Kind::call_report: {
      CallReport m;
      m.number = in.get<std::int64_t>();
      if (in.get<bool>()) m.error = decode_error(in);
      else m.value = Object::decode(in);
      return m;
    }
    case Kind::goodbye: return Goodbye{};
    case Kind::ask_data: {
      const auto id = in.get<TaskId>();
      return AskData{id, in.get<bool>()};
    }
    case Kind::withdraw_data: return WithdrawData{in.get<TaskId>()};
    case Kind::ask_back_task: {
      const auto id = in.get<TaskId>();
      return AskBackTask{id, in.get<std::int32_t>()};
    }
    case Kind::task_returned: {
      TaskReturned m;
      m.task = in.get<TaskId>();
      m.number = in.get<std::int32_t>();
      m.returned = in.get<bool>();
      return m;
    }
    case Kind::input_moved: {
      const auto id = in.get<TaskId>();
      return InputMoved{id, in.get<WorkerId>()};
    }
    case Kind::data_value: {
      const auto id = in.get<TaskId>();
      return DataValue{id, Object::decode(in)};
    }
    case Kind::describe_waits: return DescribeWaits{in.get<std::int64_t>()};
    case Kind::waits_report: {
      WaitsReport m;
      m.number = in.get<std::int64_t>();
      m.tasks = in.get<std::int64_t>();
      m.left_out = in.get<std::int64_t>();
      for (auto n = in.get<std::uint32_t>(); n > 0; --n) {
        Wait& wait = m.waits.emplace_back();
        wait.kind = in.get<WaitKind>();
        wait.task = in.get<TaskId>();
        wait.data = in.get<TaskId>();
        wait.worker = in.get<WorkerId>();
        wait.ns = in.get<std::int64_t>();
        wait.cpu_ns = in.get<std::int64_t>();
      }
      return m;
    }
    case Kind::task_answer: {
      TaskAnswer m;
      m.number = in.get<std::int64_t>();
      m.kind = in.get<std::uint8_t>();
      m.payload = get_payload(in);
      return m;
    }
    case Kind::task_request: {
      TaskRequest m;
      m.number = in.get<std::int64_t>();
      m.service = in.get<std::uint8_t>();
      m.payload = get_payload(in);
      return m;
    }
    case Kind::result_value: {
      const auto name = in.get<std::int64_t>();
      return ResultValue{name, Object::decode(in)};
    }
    case Kind::copy_data: {
      const auto id = in.get<TaskId>();
      const auto holder = in.get<WorkerId>();
      return CopyData{id, holder, in.get<std::int64_t>()};
    }
    case Kind::copy_report: return CopyReport{in.get<TaskId>()};
    case Kind::spill_report: return SpillReport{in.get<std::int64_t>()};
  }
  throw InternalError("message of unknown kind " + std::to_string(static_cast<int>(kind)));
}

}  // namespace ashlar::protocol
