// What a worker sends because its machine says so, and what it does with what comes.
#include <time.h>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"
#include "ashlar/runtime/clock.hpp"
#include "ashlar/runtime/worker_loop.hpp"

namespace ashlar {
namespace {

// Who waits for what is told in so many lines at most.
constexpr std::size_t waits_max = 400;

}  // namespace

// Under `state_`: what the machine asked for.
void WorkerLoop::carry_out() {
  for (worker::Command& command : commands_) {
    if (const auto* c = std::get_if<worker::Ask>(&command)) {
      protocol::encode(outbox(rank_of(c->holder)), protocol::AskData{c->data, c->last_use});
    } else if (const auto* c = std::get_if<worker::WithdrawAsk>(&command)) {
      protocol::encode(outbox(rank_of(c->holder)), protocol::WithdrawData{c->data});
    } else if (const auto* c = std::get_if<worker::Send>(&command)) {
      const Object& value = *values_.find(c->data.value());
      if (c->to == client_id) protocol::encode(outbox(0), protocol::ValueReport{c->data, value});
      else if (c->to == tasks_id) send_to_tasks(c->data, value);
      else protocol::encode(outbox(rank_of(c->to)), protocol::DataValue{c->data, value});
    } else if (const auto* c = std::get_if<worker::Drop>(&command)) {
      values_.erase(c->data.value());
    } else if (const auto* c = std::get_if<worker::ForgetTask>(&command)) {
      sources_.erase(c->task.value());
    } else if (const auto* c = std::get_if<worker::ReportReturned>(&command)) {
      if (c->returned) end_ask(c->task);
      protocol::encode(outbox(0), protocol::TaskReturned{c->task, c->number, c->returned});
    } else if (const auto* c = std::get_if<worker::ReportTimedOut>(&command)) {
      end_ask(c->task);
      TaskError::Where where;
      where.key = std::to_string(c->task.value());
      where.rank = options_.rank;
      where.type = "TimeoutError";
      where.message = "it ran longer than its limit of " + format_time(static_cast<double>(c->limit_ns) * 1e-9);
      protocol::encode(outbox(0), protocol::TaskFailure{c->task, std::make_exception_ptr(TaskError(std::move(where)))});
    } else if (const auto* c = std::get_if<worker::ReportDone>(&command)) {
      protocol::TaskReport report{c->task, c->nbytes, c->took_ns, c->fetch || end_ask(c->task), {}};
      if (report.has_value) report.value = *values_.find(c->task.value());
      protocol::encode(c->took_ns < long_task_ns ? reports() : outbox(0), report);
    } else if (const auto* c = std::get_if<worker::Spill>(&command)) {
      if (scratch_) scratch_->write(c->file, c->data, *values_.find(c->data.value()));
    } else if (const auto* c = std::get_if<worker::Load>(&command)) {
      if (scratch_) scratch_->read(c->file, c->data);
    } else if (const auto* c = std::get_if<worker::ForgetFile>(&command)) {
      if (scratch_) scratch_->forget(c->file);
    } else if (const auto* c = std::get_if<worker::ReportSpilled>(&command)) {
      protocol::encode(outbox(0), protocol::SpillReport{c->nbytes});
    } else if (const auto* c = std::get_if<worker::ReportCopied>(&command)) {
      protocol::encode(outbox(0), protocol::CopyReport{c->data});
    } else if (const auto* c = std::get_if<worker::ReportLost>(&command)) {
      TaskError::Where where;
      where.key = std::to_string(c->data.value());  // rank 0 knows its name
      where.rank = options_.rank;
      where.type = error_kind(scratch_error_);
      where.message = error_message(scratch_error_);
      protocol::encode(outbox(0), protocol::TaskFailure{c->data, std::make_exception_ptr(TaskError(std::move(where)))});
    }
  }
  commands_.clear();
}

// Under `state_`: whether the client waits for the value of a task that is here no more, one way or the other.
bool WorkerLoop::end_ask(TaskId task) { return !reported_with_value_.empty() && reported_with_value_.erase(task.value()) > 0; }

// A result that tasks wait for, on this worker or another.
void WorkerLoop::send_to_tasks(TaskId data, const Object& value) {
  const auto it = wanted_by_tasks_.find(data.value());
  if (it == wanted_by_tasks_.end()) throw InternalError("worker: result " + std::to_string(data.value()) + " is sent to tasks that did not ask");
  const auto [to, name] = it->second;
  wanted_by_tasks_.erase(it);
  if (to == options_.worker) tasks_->take_value(name, value);
  else protocol::encode(outbox(rank_of(to)), protocol::ResultValue{name, value});
}

void WorkerLoop::apply(int from, protocol::Message& message) {
  if (auto* m = std::get_if<protocol::GiveTask>(&message)) {
    const auto operation = operations_.find(m->operation.value());
    if (operation == operations_.end()) throw InternalError("worker: task " + std::to_string(m->task.value()) + " has an operation this worker was not told of");
    sources_[m->task.value()] = Source{operation->second, m->index, std::move(m->payload)};
    machine_.handle(worker::TaskGiven{m->task, m->order, m->fetch, std::move(m->inputs), m->nbytes, std::move(m->limits)}, commands_);
  } else if (auto* m = std::get_if<protocol::DataValue>(&message)) {
    const std::int64_t nbytes = m->value.nbytes();
    values_[m->data.value()] = std::move(m->value);
    machine_.handle(worker::DataArrived{m->data, nbytes}, commands_);
    carry_out();
  } else if (auto* m = std::get_if<protocol::AskData>(&message)) {
    machine_.handle(worker::DataAsked{m->data, from == 0 ? client_id : WorkerId(from - 1), m->last_use}, commands_);
    carry_out();
  } else if (auto* m = std::get_if<protocol::FreeData>(&message)) {
    machine_.handle(worker::DataFreed{std::move(m->data)}, commands_);
  } else if (auto* m = std::get_if<protocol::DefineOperation>(&message)) {
    operations_[m->id.value()] = std::move(m->operation);
  } else if (auto* m = std::get_if<protocol::ForgetOperation>(&message)) {
    operations_.erase(m->id.value());
  } else if (auto* m = std::get_if<protocol::RetractTask>(&message)) {
    end_ask(m->task);
    machine_.handle(worker::TaskRetracted{m->task}, commands_);
  } else if (auto* m = std::get_if<protocol::WithdrawData>(&message)) {
    machine_.handle(worker::AskWithdrawn{m->data, WorkerId(from - 1)}, commands_);
  } else if (auto* m = std::get_if<protocol::AskBackTask>(&message)) {
    machine_.handle(worker::TaskAskedBack{m->task, m->number}, commands_);
  } else if (auto* m = std::get_if<protocol::InputMoved>(&message)) {
    machine_.handle(worker::InputMoved{m->data, m->holder}, commands_);
  } else if (auto* m = std::get_if<protocol::CopyData>(&message)) {
    machine_.handle(worker::CopyWanted{m->data, m->holder, m->nbytes}, commands_);
  } else if (auto* m = std::get_if<protocol::SendValue>(&message)) {
    if (m->to == client_id && sources_.find(m->data.value())) {
      reported_with_value_.insert(m->data.value());
      return;
    }
    if (m->to != client_id) wanted_by_tasks_.emplace(m->data.value(), std::pair(m->to, m->name));
    machine_.handle(worker::DataAsked{m->data, m->to == client_id ? client_id : tasks_id, false}, commands_);
    carry_out();
  } else if (auto* m = std::get_if<protocol::TaskAnswer>(&message)) {
    tasks_->take(*m);
  } else if (auto* m = std::get_if<protocol::ResultValue>(&message)) {
    tasks_->take_value(m->name, std::move(m->value));
  } else if (auto* m = std::get_if<protocol::PutValue>(&message)) {
    const std::int64_t nbytes = m->value.nbytes();
    values_[m->data.value()] = std::move(m->value);
    machine_.handle(worker::DataGiven{m->data, nbytes}, commands_);
  } else if (auto* m = std::get_if<protocol::CallWorker>(&message)) {
    (m->collective ? collective_calls_ : plain_calls_)->push(std::move(*m));
  } else if (auto* m = std::get_if<protocol::DescribeWaits>(&message)) {
    protocol::encode(outbox(0), describe_waits(m->number));
  } else if (auto* m = std::get_if<protocol::Shutdown>(&message)) {
    stopping_ = true;
    exit_code_ = m->exit_code;
    tasks_->close();
    slot_free_.notify_all();
    resting_changed_.notify_all();
  } else {
    throw InternalError("worker: a message that is not for workers");
  }
}

// Under `state_`.
protocol::WaitsReport WorkerLoop::describe_waits(std::int64_t number) {
  protocol::WaitsReport report{number, machine_.tasks(), 0, {}};
  for (const Running& running : running_) {
    const std::int64_t task = running.task.load(std::memory_order_acquire);
    timespec cpu{};
    if (task < 0 || clock_gettime(running.cpu_clock, &cpu) != 0) continue;
    report.waits.push_back({protocol::WaitKind::executes, TaskId(task), TaskId(), options_.worker, now_ns() - running.begin_ns.load(std::memory_order_relaxed),
                            std::int64_t{cpu.tv_sec} * 1'000'000'000 + cpu.tv_nsec});
  }
  if (stopping_) return report;  // the threads of calls end
  collective_calls_->append_waits(report.waits, protocol::WaitKind::collective_call);
  plain_calls_->append_waits(report.waits, protocol::WaitKind::call);
  report.left_out = machine_.append_waits(report.waits, waits_max);
  return report;
}

void WorkerLoop::report_call(std::int64_t number, Object value, std::exception_ptr error) {
  {
    std::lock_guard lock(state_);
    protocol::encode(outbox(0), protocol::CallReport{number, std::move(value), error});
  }
  transport_.wake();
}

}  // namespace ashlar
