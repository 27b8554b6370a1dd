#include "ashlar/simulation/command_hash.hpp"

namespace ashlar::simulation {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

void CommandHash::put_text(const std::string& text) {
  put(text.size());
  for (const char c : text) put(static_cast<unsigned char>(c));
}

void CommandHash::add(const scheduler::Command& command) {
  namespace s = scheduler;
  put(command.index());
  std::visit(Overloaded{
                 [&](const s::RunTask& c) {
                   put_all(c.worker.value(), c.task.value(), c.order, c.fetch, c.inputs.size(), c.limits ? c.limits->timeout_ns : 0);
                   for (const TaskInputRef& input : c.inputs)
                     put_all(input.task.value(), input.holder.value(), input.nbytes, input.last_use);
                 },
                 [&](const s::FreeResults& c) {
                   put_all(c.worker.value(), c.tasks.size());
                   for (TaskId task : c.tasks) put_all(task.value());
                 },
                 [&](const s::Retract& c) { put_all(c.worker.value(), c.task.value()); },
                 [&](const s::SendToClient& c) { put_all(c.worker.value(), c.task.value()); },
                 [&](const s::ReportFinished& c) { put_all(c.task.value(), c.nbytes); },
                 [&](const s::ReportErred& c) {
                   put_all(c.task.value(), c.cause.value());
                   put_text(c.reason);
                 },
                 [&](const s::ReportCancelled& c) { put_all(c.task.value()); },
                 [&](const s::Forgotten& c) { put_all(c.task.value()); },
                 [&](const s::TellMoved& c) { put_all(c.worker.value(), c.task.value(), c.holder.value()); },
                 [&](const s::AskBack& c) { put_all(c.worker.value(), c.task.value(), c.number); },
                 [&](const s::WakeAt& c) { put_all(c.time); },
             },
             command);
}

void CommandHash::add(WorkerId worker, const worker::Command& command) {
  namespace w = ashlar::worker;
  put_all(100 + command.index(), worker.value());
  std::visit(Overloaded{
                 [&](const w::Ask& c) { put_all(c.data.value(), c.holder.value(), c.last_use); },
                 [&](const w::WithdrawAsk& c) { put_all(c.data.value(), c.holder.value()); },
                 [&](const w::Send& c) { put_all(c.data.value(), c.to.value()); },
                 [&](const w::Drop& c) { put_all(c.data.value()); },
                 [&](const w::ForgetTask& c) { put_all(c.task.value()); },
                 [&](const w::ReportDone& c) { put_all(c.task.value(), c.nbytes, c.took_ns, c.fetch); },
                 [&](const w::ReportFailed& c) { put_all(c.task.value()); },
                 [&](const w::ReportReturned& c) { put_all(c.task.value(), c.number, c.returned); },
                 [&](const w::ReportTimedOut& c) { put_all(c.task.value(), c.limit_ns); },
             },
             command);
}

}  // namespace ashlar::simulation
