#pragma once
// How long a loop that found nothing to do waits before it looks again.

#include <algorithm>
#include <chrono>

namespace ashlar {

/// Where arrivals wake the waiter, it looks on for `patience` after the last event as long as events come that fast as a rule (or it is told that
/// somebody waits for the next one), then sleeps until it is woken: timers and wakings cost 10 us and more of a core that others may need. Where
/// nothing wakes it, it waits a twentieth of the time since something last happened: busy loops answer within microseconds, idle ones cost next
/// to nothing, and whoever ends the quiet unnoticed waits 5 % longer at most.
class Nap {
 public:
  using clock = std::chrono::steady_clock;
  explicit Nap(std::chrono::nanoseconds patience) : patience_(patience) {}
  void something_happened() {
    const auto now = clock::now();
    const auto gap = std::min<std::chrono::nanoseconds>(now - last_, 4 * patience_);
    usual_gap_ += (gap - usual_gap_) / 8;
    last_ = now;
  }
  /// How long ago something happened.
  std::chrono::nanoseconds quiet() const { return clock::now() - last_; }
  /// `longest`: how long the transport may be left alone. `awaited`: somebody waits for what comes next, and the cores have little else to do.
  std::chrono::nanoseconds length(std::chrono::nanoseconds longest, bool awaited = false) const {
    const std::chrono::nanoseconds since = clock::now() - last_;
    if (!woken(longest)) return std::min(since / 20, longest);
    const bool looks_on = awaited ? since < awaited_patience : since < patience_ && usual_gap_ < patience_;
    return looks_on ? std::chrono::nanoseconds(0) : longest;
  }
  /// Who may leave the transport alone for so long is woken by it.
  static bool woken(std::chrono::nanoseconds longest) { return longest >= std::chrono::milliseconds(10); }

 private:
  static constexpr std::chrono::nanoseconds awaited_patience = std::chrono::microseconds(400);
  const std::chrono::nanoseconds patience_;
  std::chrono::nanoseconds usual_gap_{0};
  clock::time_point last_ = clock::now();
};

}  // namespace ashlar
