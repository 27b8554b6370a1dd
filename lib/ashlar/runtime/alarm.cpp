#include "ashlar/runtime/alarm.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "ashlar/base/error.hpp"

namespace ashlar {

Alarm::Alarm() : timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
  if (timer_ < 0) throw Error(std::string("no timer is to be had: ") + std::strerror(errno));
}

Alarm::~Alarm() { close(timer_); }

void Alarm::set(std::chrono::nanoseconds after) {
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(after.count() / 1'000'000'000);
  when.it_value.tv_nsec = static_cast<long>(after.count() % 1'000'000'000);
  timerfd_settime(timer_, 0, &when, nullptr);
}

void Alarm::wait() {
  std::uint64_t times = 0;
  while (read(timer_, &times, sizeof times) < 0 && errno == EINTR) {
  }
}

}  // namespace ashlar
