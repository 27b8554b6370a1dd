#include "ashlar/runtime/hang_watch.hpp"

#include <algorithm>
#include <utility>

namespace ashlar {
namespace {

constexpr std::int64_t gap_when_asked_ns = 100'000'000, gap_min_ns = 50'000'000, gap_max_ns = 5'000'000'000;
// A thread that used less than this share of the time between two looks waits for something.
constexpr double busy_share = 0.02;

}  // namespace

HangWatch::HangWatch(std::size_t workers, std::int64_t hang_after_ns) : hang_after_ns_(hang_after_ns), answers_(workers), before_(workers) {}

void HangWatch::answered(std::size_t worker, protocol::WaitsReport report) {
  // The answer to an earlier look came too late.
  if (report.number == number_ && (phase_ == Phase::first_look || phase_ == Phase::second_look)) answers_.at(worker) = std::move(report);
}

void HangWatch::begin_look(Phase phase, std::int64_t now_ns) {
  phase_ = phase;
  begun_ns_ = now_ns;
  ++number_;
  for (auto& answer : answers_) answer.reset();
}

bool HangWatch::looked(std::int64_t now_ns) const {
  return now_ns - begun_ns_ >= answer_limit_ns || std::all_of(answers_.begin(), answers_.end(), [](const auto& answer) { return answer.has_value(); });
}

// True when a task runs on. Leaves in the second look what each thread used since the first.
bool HangWatch::compare() {
  bool runs = false;
  for (std::size_t w = 0; w < answers_.size(); ++w) {
    if (!answers_[w]) continue;
    for (protocol::Wait& wait : answers_[w]->waits) {
      if (wait.kind != protocol::WaitKind::executes) continue;
      const std::int64_t now = std::exchange(wait.cpu_ns, -1);
      if (before_[w])
        for (const protocol::Wait& earlier : before_[w]->waits)
          if (earlier.kind == wait.kind && earlier.task == wait.task) wait.cpu_ns = now - earlier.cpu_ns;
      runs |= wait.cpu_ns < 0 || static_cast<double>(wait.cpu_ns) > busy_share * static_cast<double>(gap_ns_);
    }
  }
  return runs;
}

HangWatch::Step HangWatch::step(std::int64_t now_ns, bool work_open) {
  switch (phase_) {
    case Phase::idle:
      if (!std::exchange(asked_for_, false)) {
        if (hang_after_ns_ <= 0 || told_ || !work_open || now_ns - std::max(last_event_ns_, last_look_ns_) < hang_after_ns_) return Step::nothing;
        by_itself_ = true;
        gap_ns_ = std::clamp(hang_after_ns_ / 10, gap_min_ns, gap_max_ns);
      } else {
        by_itself_ = false;
        gap_ns_ = gap_when_asked_ns;
      }
      begin_look(Phase::first_look, now_ns);
      return Step::ask_workers;
    case Phase::first_look:
      if (!looked(now_ns)) return Step::nothing;
      before_ = answers_;
      phase_ = Phase::pause;
      begun_ns_ = now_ns;
      return Step::nothing;
    case Phase::pause:
      if (now_ns - begun_ns_ < gap_ns_) return Step::nothing;
      begin_look(Phase::second_look, now_ns);
      return Step::ask_workers;
    case Phase::second_look:
      if (!looked(now_ns)) return Step::nothing;
      phase_ = Phase::idle;
      last_look_ns_ = now_ns;
      const bool runs = compare();
      if (!by_itself_) return Step::tell;
      if (runs || now_ns - last_event_ns_ < hang_after_ns_) return Step::nothing;
      told_ = true;
      return Step::tell;
  }
  return Step::nothing;
}

}  // namespace ashlar
