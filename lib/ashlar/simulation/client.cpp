#include "ashlar/simulation/client.hpp"

#include <algorithm>

#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {
namespace {

void count(std::uint8_t& times) {
  if (times < 255) ++times;
}

}  // namespace

Client::Client(Graph graph, const ClientOptions& options) : graph_(std::move(graph)), held_(graph_.tasks.size()) {
  plan(options);
  foresee();
}

void Client::plan(const ClientOptions& options) {
  Random random{options.seed};
  const std::int64_t n = graph_.size(), pieces = std::clamp<std::int64_t>(options.pieces, 1, std::max<std::int64_t>(n, 1));
  const auto piece_of = [&](std::int64_t task) { return ((task + 1) * pieces - 1) / n; };
  const auto first_of = [&](std::int64_t piece) { return piece * n / pieces; };
  std::vector<std::int32_t> last_piece(graph_.tasks.size());
  for (std::int64_t task = 0; task < n; ++task) {
    const auto piece = static_cast<std::int32_t>(piece_of(task));
    last_piece[static_cast<std::size_t>(task)] = piece;
    const Graph::Task& t = graph_.tasks[static_cast<std::size_t>(task)];
    for (std::uint32_t i = 0; i < t.input_count; ++i)
      last_piece[static_cast<std::size_t>(graph_.inputs[t.first_input + i])] = piece;
  }
  const auto later = [&](std::int64_t task) {
    return last_piece[static_cast<std::size_t>(task)] * options.interval_ns + random.below(options.span_ns + 1);
  };

  std::vector<scheduler::ResultsReleased> let_go(static_cast<std::size_t>(pieces));
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    for (std::int64_t task = first_of(piece); task < first_of(piece + 1); ++task) {
      Graph::Task& t = graph_.tasks[static_cast<std::size_t>(task)];
      Held& h = held_[static_cast<std::size_t>(task)];
      const std::int64_t last = last_piece[static_cast<std::size_t>(task)];
      const bool used_later = last > piece;
      h.wanted = t.wanted;
      t.fetch = t.fetch && t.wanted && !used_later;
      h.kept = t.wanted || used_later;
      if (used_later && !t.wanted) let_go[static_cast<std::size_t>(last)].tasks.push_back(TaskId(task));
      if (t.wanted && !t.fetch && random.one_in(options.ask_one_in)) {
        h.asked = true;
        actions_.push_back({later(task), scheduler::ResultsWanted{{TaskId(task)}}});
      } else if (t.wanted && random.one_in(options.release_one_in)) {
        h.released = true;
        actions_.push_back({later(task), scheduler::ResultsReleased{{TaskId(task)}}});
      }
      if (t.wanted && !t.fetch && random.one_in(options.copy_one_in)) {
        const auto number = static_cast<std::int64_t>(copy_reports_.size());
        copy_reports_[number] = 0;
        const auto how = random.below(3);
        if (how == 2) actions_.push_back({later(task), scheduler::RebalanceWanted{number, {}}});
        else actions_.push_back({later(task), scheduler::CopiesWanted{number, {TaskId(task)}, static_cast<std::int32_t>(2 * how)}});
      }
      if ((t.wanted || used_later) && random.one_in(options.cancel_one_in)) {
        h.cancelled = true;
        actions_.push_back({later(task), scheduler::TasksCancelled{{TaskId(task)}}});
      }
    }
    actions_.push_back({piece * options.interval_ns, Piece{first_of(piece), first_of(piece + 1) - first_of(piece)}});
  }
  for (std::int64_t piece = 0; piece < pieces; ++piece)
    if (!let_go[static_cast<std::size_t>(piece)].tasks.empty())
      actions_.push_back({piece * options.interval_ns, std::move(let_go[static_cast<std::size_t>(piece)])});
  // At one time submissions come first, in their order: what is released, asked for or cancelled has been submitted.
  std::stable_sort(actions_.begin(), actions_.end(), [](const Action& a, const Action& b) {
    if (a.at_ns != b.at_ns) return a.at_ns < b.at_ns;
    return std::holds_alternative<Piece>(a.what) && !std::holds_alternative<Piece>(b.what);
  });
}

decltype(scheduler::Event::what) Client::event(const Action& action) const {
  const auto* piece = std::get_if<Piece>(&action.what);
  if (!piece) {
    decltype(scheduler::Event::what) what;
    std::visit(
        [&]<class T>(const T& same) {
          if constexpr (!std::is_same_v<T, Piece>) what = same;
        },
        action.what);
    return what;
  }
  scheduler::GraphSubmitted submitted;
  submitted.first = TaskId(piece->first);
  submitted.groups = graph_.groups;
  submitted.tasks.resize(static_cast<std::size_t>(piece->count));
  submitted.wants.resize(static_cast<std::size_t>(piece->count));
  for (std::int64_t number = 0; number < piece->count; ++number) {
    const auto task = static_cast<std::size_t>(piece->first + number);
    const Graph::Task& t = graph_.tasks[task];
    scheduler::NewTask& added = submitted.tasks[static_cast<std::size_t>(number)];
    added.group = t.group;
    added.input_count = t.input_count;
    added.nbytes = t.nbytes_known ? t.nbytes : -1;
    submitted.wants[static_cast<std::size_t>(number)] = !held_[task].kept ? scheduler::Want::nothing : t.fetch ? scheduler::Want::value : scheduler::Want::handle;
    for (std::uint32_t i = 0; i < t.input_count; ++i) submitted.inputs.push_back(TaskId(graph_.inputs[t.first_input + i]));
    if (!t.has_options()) continue;
    scheduler::NewTaskOptions options{static_cast<std::uint32_t>(number), t.priority, t.retries};
    if (t.worker >= 0) options.workers.push_back(WorkerId(t.worker));
    if (t.resource > 0 || t.timeout_ns > 0) {
      TaskLimits limits{t.timeout_ns, {}};
      if (t.resource > 0) limits.resources.emplace_back("r", t.resource);
      options.limits = std::make_shared<const TaskLimits>(std::move(limits));
    }
    submitted.options.push_back(std::move(options));
  }
  return submitted;
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
      if (held_[input].doomed) h.doomed = true;
      if (held_[input].cancelled) h.cancelled = true;
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
  count(held(report.task).finished);
  ++finished_;
  last_report_ns_ = now;
}

void Client::told(const scheduler::ReportErred& report, std::int64_t now) {
  Held& h = held(report.task);
  count(h.erred);
  ++erred_;
  last_report_ns_ = now;
  if (report.cause == TaskId()) {
    h.without_cause = true;
    if (report.reason.empty()) h.without_reason = true;
  } else if (!graph_.tasks[static_cast<std::size_t>(report.cause.value())].doomed()) {
    wrong_causes_[report.task.value()] = report.cause.value();
  }
}

void Client::told(const scheduler::ReportCancelled& report, std::int64_t now) {
  count(held(report.task).was_cancelled);
  ++cancelled_;
  last_report_ns_ = now;
}

void Client::given(TaskId task, std::uint64_t value) {
  Held& h = held(task);
  count(h.values);
  if (value != this->value(task)) h.wrong_value = true;
}

std::vector<std::string> Client::faults(bool lost) const {
  std::vector<std::string> faults;
  for (const auto& [number, times] : copy_reports_)
    if (times != 1) faults.push_back("client: of its request " + std::to_string(number) + " for copies it was told " + std::to_string(times) + " times");
  for (std::size_t task = 0; task < held_.size(); ++task) {
    const Held& h = held_[task];
    const auto say = [&](const std::string& what) { faults.push_back("client: task " + std::to_string(task) + " " + what); };
    if (h.wrong_value) say("came with a wrong value");
    if (h.finished > 1) say("was reported finished " + std::to_string(h.finished) + " times");
    if (h.without_reason) say("erred without cause and reason");
    if (const auto wrong = wrong_causes_.find(static_cast<std::int64_t>(task)); wrong != wrong_causes_.end() && !lost)
      say("erred because of task " + std::to_string(wrong->second) + ", which does not throw");
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
