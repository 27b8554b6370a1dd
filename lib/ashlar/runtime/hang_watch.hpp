#pragma once
// When to ask the workers who waits for what, and when to tell it. No clock, thread or message inside: the scheduler's loop drives it.
//
// Two looks, some time apart: tasks whose threads used a processor in between run on, and then nothing hangs.

#include <cstdint>
#include <optional>
#include <vector>

#include "ashlar/protocol/messages.hpp"

namespace ashlar {

class HangWatch {
 public:
  /// `hang_after_ns`: how long nothing may move before it looks by itself; 0: never.
  HangWatch(std::size_t workers, std::int64_t hang_after_ns);

  /// An event of the scheduler, a call, or the answer to one.
  void something_happened(std::int64_t now_ns) {
    last_event_ns_ = now_ns;
    told_ = false;
  }
  /// The user wants to see it, whether anything moves or not.
  void asked_for() { asked_for_ = true; }
  void answered(std::size_t worker, protocol::WaitsReport report);

  enum class Step { nothing, ask_workers, tell };
  /// `work_open`: a task, a call or a wait of the program has not ended. After `ask_workers` all are to be sent `number()`.
  Step step(std::int64_t now_ns, bool work_open);
  /// True while `step` has something to do even though things move.
  bool looking() const { return asked_for_ || phase_ != Phase::idle; }

  std::int64_t number() const { return number_; }
  /// Of the last look. A task that runs has in `cpu_ns` what its thread used since the look before; -1: it was not there then.
  const std::vector<std::optional<protocol::WaitsReport>>& answers() const { return answers_; }
  std::int64_t gap_ns() const { return gap_ns_; }  ///< between the two looks
  bool by_itself() const { return by_itself_; }    ///< the last look: nobody had asked for it
  static constexpr std::int64_t answer_limit_ns = 2'000'000'000;

 private:
  enum class Phase { idle, first_look, pause, second_look };
  void begin_look(Phase phase, std::int64_t now_ns);
  bool looked(std::int64_t now_ns) const;
  bool compare();

  std::int64_t hang_after_ns_;
  std::int64_t last_event_ns_ = 0, last_look_ns_ = 0, begun_ns_ = 0, gap_ns_ = 0, number_ = 0;
  bool told_ = false, asked_for_ = false, by_itself_ = true;
  Phase phase_ = Phase::idle;
  std::vector<std::optional<protocol::WaitsReport>> answers_, before_;
};

}  // namespace ashlar
