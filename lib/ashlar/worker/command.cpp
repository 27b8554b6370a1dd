#include "ashlar/worker/command.hpp"

namespace ashlar::worker {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::string text(TaskId id) { return std::to_string(id.value()); }
std::string at(WorkerId id) { return id == client_id ? " client" : " worker " + std::to_string(id.value()); }

}  // namespace

std::string to_string(const Command& command) {
  return std::visit(Overloaded{
                        [](const Ask& c) { return "Ask " + text(c.data) + " of" + at(c.holder) + (c.last_use ? ", last use" : ""); },
                        [](const WithdrawAsk& c) { return "WithdrawAsk " + text(c.data) + " of" + at(c.holder); },
                        [](const Send& c) { return "Send " + text(c.data) + " to" + at(c.to); },
                        [](const Drop& c) { return "Drop " + text(c.data); },
                        [](const ForgetTask& c) { return "ForgetTask " + text(c.task); },
                        [](const ReportDone& c) { return "ReportDone " + text(c.task) + (c.fetch ? " with its value" : ""); },
                        [](const ReportFailed& c) { return "ReportFailed " + text(c.task); },
                        [](const ReportReturned& c) { return "ReportReturned " + text(c.task) + (c.returned ? "" : ": kept"); },
                        [](const ReportTimedOut& c) { return "ReportTimedOut " + text(c.task); },
                        [](const Spill& c) { return "Spill " + text(c.data) + " to file " + std::to_string(c.file); },
                        [](const Load& c) { return "Load " + text(c.data) + " from file " + std::to_string(c.file); },
                        [](const ForgetFile& c) { return "ForgetFile " + std::to_string(c.file); },
                        [](const ReportLost& c) { return "ReportLost " + text(c.data); },
                        [](const ReportCopied& c) { return "ReportCopied " + text(c.data); },
                        [](const ReportSpilled& c) { return "ReportSpilled " + std::to_string(c.nbytes); },
                    },
                    command);
}

}  // namespace ashlar::worker
