#pragma once
// One thread that sleeps until a time that another sets: cheaper for that one than to wake it.

#include <chrono>

namespace ashlar {

class Alarm {
 public:
  /// Errors    Error when the system has no timer to give.
  Alarm();
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// `wait` returns so long after this; an earlier setting that has not gone off is void. From any thread. `after` is more than 0.
  void set(std::chrono::nanoseconds after);
  /// Sleeps until the alarm goes off, or returns at once if it has since the last wait.
  void wait();

 private:
  int timer_;
};

}  // namespace ashlar
