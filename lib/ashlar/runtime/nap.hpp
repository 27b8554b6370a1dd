#pragma once
// How long a loop that found nothing to do waits before it looks again.

#include <algorithm>
#include <chrono>

namespace ashlar {

/// A twentieth of the time since something last happened, at most `longest`: a loop that was just busy answers within microseconds,
/// one that has been idle costs next to nothing, and whoever ends the quiet unnoticed waits 5 % longer at most.
class Nap {
 public:
  using clock = std::chrono::steady_clock;
  void something_happened() { last_ = clock::now(); }
  std::chrono::nanoseconds length(std::chrono::nanoseconds longest) const { return std::min<std::chrono::nanoseconds>((clock::now() - last_) / 20, longest); }

 private:
  clock::time_point last_ = clock::now();
};

}  // namespace ashlar
