#include "ashlar/simulation/client.hpp"

#include <algorithm>

#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {

Client::Client(Graph graph, const ClientOptions& options) : graph_(std::move(graph)), held_(graph_.tasks.size()) {
  plan(options);
  foresee();
}

void Client::plan(const ClientOptions& options) {
  Random random{options.seed};
  const std::int64_t n = graph_.size(), pieces = std::clamp<std::int64_t>(options.pieces, 1, std::max<std::int64_t>(n, 1));
  const auto piece_of = [&](std::int64_t task) { return ((task + 1) * pieces - 1) / n; };
  const auto first_of = [&](std::int64_t piece) { return piece * n / pieces; };
  std::vector<std::int64_t> last_piece(graph_.tasks.size());
  for (std::int64_t task = 0; task < n; ++task) {
    last_piece[static_cast<std::size_t>(task)] = piece_of(task);
    const Graph::Task& t = graph_.tasks[static_cast<std::size_t>(task)];
    for (std::uint32_t i = 0; i < t.input_count; ++i)
      last_piece[static_cast<std::size_t>(graph_.inputs[t.first_input + i])] = piece_of(task);
  }
  const auto later = [&](std::int64_t task) {
    return last_piece[static_cast<std::size_t>(task)] * options.interval_ns + random.below(options.span_ns + 1);
  };

  std::vector<scheduler::ResultsReleased> let_go(static_cast<std::size_t>(pieces));
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    scheduler::GraphSubmitted submitted{TaskId(first_of(piece)), graph_.groups, {}, {}};
    for (std::int64_t task = first_of(piece); task < first_of(piece + 1); ++task) {
      Graph::Task& t = graph_.tasks[static_cast<std::size_t>(task)];
      Held& h = held_[static_cast<std::size_t>(task)];
      const std::int64_t last = last_piece[static_cast<std::size_t>(task)];
      const bool used_later = last > piece;
      h.wanted = t.wanted;
      t.fetch = t.fetch && t.wanted && !used_later;
      scheduler::NewTask added{.nbytes = t.nbytes_known ? t.nbytes : -1,
                               .group = t.group,
                               .first_input = static_cast<std::uint32_t>(submitted.inputs.size()),
                               .input_count = t.input_count,
                               .wanted = t.wanted || used_later,
                               .fetch = t.fetch};
      for (std::uint32_t i = 0; i < t.input_count; ++i) submitted.inputs.push_back(TaskId(graph_.inputs[t.first_input + i]));
      submitted.tasks.push_back(added);
      if (t.has_options()) {
        scheduler::NewTaskOptions options{static_cast<std::uint32_t>(submitted.tasks.size() - 1), t.priority, t.retries};
        if (t.worker >= 0) options.workers.push_back(WorkerId(t.worker));
        if (t.resource > 0 || t.timeout_ns > 0) {
          TaskLimits limits{t.timeout_ns, {}};
          if (t.resource > 0) limits.resources.emplace_back("r", t.resource);
          options.limits = std::make_shared<const TaskLimits>(std::move(limits));
        }
        submitted.options.push_back(std::move(options));
      }
      if (used_later && !t.wanted) let_go[static_cast<std::size_t>(last)].tasks.push_back(TaskId(task));
      if (t.wanted && !t.fetch && random.one_in(options.ask_one_in)) {
        h.asked = true;
        actions_.push_back({later(task), scheduler::ResultsWanted{{TaskId(task)}}});
      } else if (t.wanted && random.one_in(options.release_one_in)) {
        h.released = true;
        actions_.push_back({later(task), scheduler::ResultsReleased{{TaskId(task)}}});
      }
      if ((t.wanted || used_later) && random.one_in(options.cancel_one_in)) {
        h.cancelled = true;
        actions_.push_back({later(task), scheduler::TasksCancelled{{TaskId(task)}}});
      }
    }
    actions_.push_back({piece * options.interval_ns, std::move(submitted)});
  }
  for (std::int64_t piece = 0; piece < pieces; ++piece)
    if (!let_go[static_cast<std::size_t>(piece)].tasks.empty())
      actions_.push_back({piece * options.interval_ns, std::move(let_go[static_cast<std::size_t>(piece)])});
  // At one time submissions come first, in their order: what is released, asked for or cancelled has been submitted.
  std::stable_sort(actions_.begin(), actions_.end(), [](const Action& a, const Action& b) {
    if (a.at_ns != b.at_ns) return a.at_ns < b.at_ns;
    return std::holds_alternative<scheduler::GraphSubmitted>(a.what) && !std::holds_alternative<scheduler::GraphSubmitted>(b.what);
  });
}

// The oracle: values, and how tasks may end, straight from the graph.
void Client::foresee() {
  values_.resize(graph_.tasks.size());
  for (std::size_t task = 0; task < graph_.tasks.size(); ++task) {
    const Graph::Task& t = graph_.tasks[task];
    Held& h = held_[task];
    h.doomed = t.doomed();
    std::uint64_t value = mixed(task);
    for (std::uint32_t i = 0; i < t.input_count; ++i) {
      const auto input = static_cast<std::size_t>(graph_.inputs[t.first_input + i]);
      value = mixed(value ^ values_[input]);
      h.doomed |= held_[input].doomed;
      h.cancelled |= held_[input].cancelled;
    }
    values_[task] = value;
  }
}

scheduler::ResultsReleased Client::last_release() const {
  scheduler::ResultsReleased release;
  for (std::size_t task = 0; task < held_.size(); ++task)
    if (held_[task].wanted && !held_[task].released) release.tasks.push_back(TaskId(static_cast<std::int64_t>(task)));
  return release;
}

void Client::told(const scheduler::ReportFinished& report, std::int64_t now) {
  ++held(report.task).finished;
  ++finished_;
  last_report_ns_ = now;
}

void Client::told(const scheduler::ReportErred& report, std::int64_t now) {
  Held& h = held(report.task);
  ++h.erred;
  ++erred_;
  last_report_ns_ = now;
  if (report.cause == TaskId()) {
    h.without_cause = true;
    if (report.reason.empty()) h.wrong_cause = -2;
  } else if (!graph_.tasks[static_cast<std::size_t>(report.cause.value())].doomed()) {
    h.wrong_cause = report.cause.value();
  }
}

void Client::told(const scheduler::ReportCancelled& report, std::int64_t now) {
  ++held(report.task).was_cancelled;
  ++cancelled_;
  last_report_ns_ = now;
}

void Client::given(TaskId task, std::uint64_t value) {
  Held& h = held(task);
  ++h.values;
  h.wrong_value |= value != this->value(task);
}

std::vector<std::string> Client::faults(bool lost) const {
  std::vector<std::string> faults;
  for (std::size_t task = 0; task < held_.size(); ++task) {
    const Held& h = held_[task];
    const auto say = [&](const std::string& what) { faults.push_back("client: task " + std::to_string(task) + " " + what); };
    if (h.wrong_value) say("came with a wrong value");
    if (h.finished > 1) say("was reported finished " + std::to_string(h.finished) + " times");
    if (h.wrong_cause == -2) say("erred without cause and reason");
    if (h.wrong_cause >= 0) say("erred because of task " + std::to_string(h.wrong_cause) + ", which does not throw");
    if (h.without_cause && !lost) say("erred without a cause and no worker was lost");
    if (h.finished > 0 && h.doomed) say("was reported finished and needs something that throws");
    if (h.erred > 0 && !h.doomed && !lost) say("was reported erred and needs nothing that throws");
    if (h.was_cancelled > 0 && !h.cancelled) say("was reported cancelled and nobody cancelled it");
    if (h.finished > 0 && h.erred + h.was_cancelled > 0 && !lost) say("was reported finished and not");
    if (!h.wanted || h.released) continue;
    if (h.finished + h.erred + h.was_cancelled == 0) say("never came to an end");
    const bool well = h.finished > 0 && h.erred + h.was_cancelled == 0;
    const bool fetch = graph_.tasks[task].fetch;
    if (well && (h.asked || fetch) && h.values == 0) say("finished and its value never came");
    if (!h.asked && !fetch && h.values > 0) say("sent a value nobody asked for");
  }
  return faults;
}

}  // namespace ashlar::simulation
