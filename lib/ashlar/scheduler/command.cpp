#include "ashlar/scheduler/command.hpp"

namespace ashlar::scheduler {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::string text(TaskId id) { return std::to_string(id.value()); }
std::string at(WorkerId id) { return " worker " + std::to_string(id.value()); }

}  // namespace

std::string to_string(const Command& command) {
  return std::visit(Overloaded{
                        [](const RunTask& c) {
                          std::string line = "RunTask " + text(c.task) + " on" + at(c.worker) + (c.fetch ? ", fetch" : "") +
                                             (c.inputs.empty() ? "" : ", inputs");
                          for (const TaskInputRef& input : c.inputs)
                            line += " " + text(input.task) + "@" + std::to_string(input.holder.value()) + (input.last_use ? "!" : "");
                          return line;
                        },
                        [](const FreeResults& c) {
                          std::string line = "FreeResults on" + at(c.worker) + ":";
                          for (TaskId task : c.tasks) line += " " + text(task);
                          return line;
                        },
                        [](const Retract& c) { return "Retract " + text(c.task) + " on" + at(c.worker); },
                        [](const SendToClient& c) { return "SendToClient " + text(c.task) + " from" + at(c.worker); },
                        [](const ReportFinished& c) { return "ReportFinished " + text(c.task); },
                        [](const ReportErred& c) {
                          return "ReportErred " + text(c.task) + (c.cause == TaskId() ? ": " + c.reason : " by " + text(c.cause));
                        },
                        [](const ReportCancelled& c) { return "ReportCancelled " + text(c.task); },
                        [](const TellMoved& c) { return "TellMoved " + text(c.task) + " to" + at(c.holder) + ", tell" + at(c.worker); },
                        [](const AskBack& c) { return "AskBack " + text(c.task) + " of" + at(c.worker); },
                        [](const WakeAt& c) { return "WakeAt " + std::to_string(c.time); },
                        [](const MakeCopy& c) { return "MakeCopy " + text(c.task) + " on" + at(c.worker) + " from" + at(c.holder); },
                        [](const ReportCopies& c) { return "ReportCopies " + std::to_string(c.number); },
                        [](const Forgotten& c) { return "Forgotten " + text(c.task); },
                    },
                    command);
}

}  // namespace ashlar::scheduler
