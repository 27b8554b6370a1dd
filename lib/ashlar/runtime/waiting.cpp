#include "ashlar/runtime/waiting.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

using protocol::Wait;
using protocol::WaitKind;
using scheduler::TaskRecord;
using scheduler::TaskState;

constexpr std::int64_t lines_max = 60;    // of each kind
constexpr std::size_t arrows_max = 2'000;  // more than that nobody looks at, and Graphviz takes minutes

std::string seconds(std::int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ns) * 1e-9);
  return text;
}

class Text {
 public:
  explicit Text(const Waiting& waiting) : waiting_(waiting) {}

  std::string operator()() {
    scheduler_lines();
    for (const OpenCall& call : waiting_.calls) {
      out_ << "  " << (call.collective ? "collective call " : "call ") << call.number << " has not ended on";
      for (const WorkerId worker : call.missing) out_ << " worker " << worker;
      out_ << '\n';
    }
    for (std::size_t w = 0; w < waiting_.answers.size(); ++w) worker_lines(w);
    return out_.str();
  }

 private:
  std::string task(TaskId id) const { return std::to_string(id.value()) + " (" + waiting_.key(id) + ")"; }

  void scheduler_lines() {
    std::map<TaskState, std::int64_t> counts;
    waiting_.machine.for_each_task([&](TaskId, const TaskRecord& record) { ++counts[record.state]; });
    out_ << "scheduler:";
    const char* between = " ";
    for (const auto& [state, n] : counts) {
      out_ << between << n << (n == 1 ? " task " : " tasks ") << name(state);
      between = ", ";
    }
    if (counts.empty()) out_ << " no tasks";
    if (waiting_.client_waits > 0) out_ << "; " << waiting_.client_waits << (waiting_.client_waits == 1 ? " thread" : " threads") << " of the program waiting for a result";
    out_ << '\n';
    std::map<TaskState, std::int64_t> said;
    waiting_.machine.for_each_task([&](TaskId id, const TaskRecord& record) {
      if (record.state == TaskState::memory || record.state == TaskState::erred || ++said[record.state] > lines_max) return;
      out_ << "  task " << task(id) << " is " << name(record.state);
      if (record.state == TaskState::processing) out_ << " on worker " << record.worker;
      if (record.state == TaskState::queued) out_ << ": held back until a worker has room";
      const char* comma = ", waits for ";
      for (const TaskId input : record.inputs)
        if (const TaskRecord* producer = waiting_.machine.task(input); producer && producer->state != TaskState::memory) {
          out_ << comma << task(input);
          comma = ", ";
        }
      out_ << '\n';
    });
    for (const auto& [state, n] : said)
      if (n > lines_max) out_ << "  and " << n - lines_max << " more tasks " << name(state) << '\n';
  }

  void worker_lines(std::size_t w) {
    const WorkerInfo& info = waiting_.workers[w];
    out_ << "worker " << w << " (" << info.host << ", process " << info.pid << ")";
    if (!waiting_.answers[w]) {
      out_ << " has not answered within " << waiting_.answer_limit_s << " s\n";
      return;
    }
    const protocol::WaitsReport& report = *waiting_.answers[w];
    out_ << ": " << report.tasks << (report.tasks == 1 ? " task\n" : " tasks\n");
    std::int64_t lines = 0;
    for (const Wait& wait : report.waits) {
      if (++lines > lines_max) break;
      out_ << "  ";
      switch (wait.kind) {
        case WaitKind::executes:
          out_ << "task " << task(wait.task) << " has been running for " << seconds(wait.ns);
          if (wait.cpu_ns >= 0) out_ << ", uses " << 100 * wait.cpu_ns / std::max<std::int64_t>(waiting_.gap_ns, 1) << " % of a core";
          break;
        case WaitKind::ready:
          out_ << "task " << task(wait.task) << " has its inputs and waits for a thread";
          break;
        case WaitKind::made_here:
          out_ << "task " << task(wait.task) << " waits for " << task(wait.data) << ", which is made here";
          break;
        case WaitKind::asked:
          out_ << "task " << task(wait.task) << " waits for " << task(wait.data) << ", asked of worker " << wait.worker;
          break;
        case WaitKind::ask_queued:
          out_ << "task " << task(wait.task) << " waits for " << task(wait.data) << ", to be asked of worker " << wait.worker << " when there is room";
          break;
        case WaitKind::peer:
          if (wait.worker == client_id) out_ << "the client";
          else out_ << "worker " << wait.worker;
          out_ << " has asked for " << task(wait.data) << ", which is not here yet";
          break;
        case WaitKind::call:
        case WaitKind::collective_call:
          out_ << (wait.kind == WaitKind::call ? "call " : "collective call ") << wait.task << " came " << seconds(wait.ns) << " ago and has not ended";
          break;
      }
      out_ << '\n';
    }
    const std::int64_t more = report.left_out + std::max<std::int64_t>(0, static_cast<std::int64_t>(report.waits.size()) - lines_max);
    if (more > 0) out_ << "  and " << more << " more lines\n";
  }

  const Waiting& waiting_;
  std::ostringstream out_;
};

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result + '"';
}

}  // namespace

std::string waiting_text(const Waiting& waiting) { return Text(waiting)(); }

std::string waiting_dot(const Waiting& waiting) {
  std::ostringstream out;
  out << "digraph waiting {\n  rankdir=LR;\n";
  std::map<std::int64_t, std::string> tasks;  // those that an arrow touches, or that run: where they are
  std::set<std::pair<std::string, std::string>> arrows;
  const auto node = [&](TaskId id) {
    tasks.try_emplace(id.value(), "");
    return "t" + std::to_string(id.value());
  };
  const auto arrow = [&](const std::string& from, const std::string& to) {
    if (arrows.size() < arrows_max && arrows.emplace(from, to).second) out << "  " << from << " -> " << to << ";\n";
  };
  const auto worker_node = [](WorkerId worker) { return worker == client_id ? std::string("client") : "w" + std::to_string(worker.value()); };

  waiting.machine.for_each_task([&](TaskId id, const TaskRecord& record) {
    if (record.state != TaskState::waiting && record.state != TaskState::processing) return;
    for (const TaskId input : record.inputs)
      if (const TaskRecord* producer = waiting.machine.task(input); producer && producer->state != TaskState::memory && arrows.size() < arrows_max)
        arrow(node(id), node(input));
  });
  for (std::size_t w = 0; w < waiting.answers.size(); ++w) {
    const std::string here = worker_node(WorkerId(static_cast<std::int32_t>(w)));
    out << "  " << here << " [shape=box, label=" << quoted("worker " + std::to_string(w) + " on " + waiting.workers[w].host);
    if (!waiting.answers[w]) out << ", style=filled, fillcolor=red";
    out << "];\n";
    if (!waiting.answers[w]) continue;
    for (const Wait& wait : waiting.answers[w]->waits) {
      if (arrows.size() >= arrows_max) break;
      if (wait.kind == WaitKind::executes) {
        node(wait.task);
        tasks[wait.task.value()] = "runs on worker " + std::to_string(w) + " for " + seconds(wait.ns);
      } else if (wait.kind == WaitKind::ready) {
        arrow(node(wait.task), here);
      } else if (wait.kind == WaitKind::peer) {
        arrow(worker_node(wait.worker), node(wait.data));
      } else if (wait.kind != WaitKind::call && wait.kind != WaitKind::collective_call) {
        arrow(node(wait.task), node(wait.data));
        if (wait.kind == WaitKind::asked) arrow(node(wait.data), worker_node(wait.worker));
      }
    }
  }
  for (const OpenCall& call : waiting.calls) {
    out << "  c" << call.number << " [shape=hexagon, label=" << quoted("call " + std::to_string(call.number)) << "];\n";
    for (const WorkerId worker : call.missing) arrow("c" + std::to_string(call.number), worker_node(worker));
  }
  for (const auto& [id, runs] : tasks) {
    const TaskRecord* record = waiting.machine.task(TaskId(id));
    std::string label = waiting.key(TaskId(id)) + ", " + (record ? name(record->state) : "unknown to the scheduler");
    if (record && record->state == TaskState::processing) label += " on worker " + std::to_string(record->worker.value());
    out << "  t" << id << " [label=" << quoted(runs.empty() ? label : waiting.key(TaskId(id)) + ", " + runs) << (runs.empty() ? "" : ", style=filled, fillcolor=lightblue") << "];\n";
  }
  out << "}\n";
  return out.str();
}

}  // namespace ashlar
