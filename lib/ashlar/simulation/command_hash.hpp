#pragma once
// 64 bits over every command of both machines, in order: two runs that agree in them did the same.

#include <cstdint>
#include <string>

#include "ashlar/scheduler/command.hpp"
#include "ashlar/simulation/random.hpp"
#include "ashlar/worker/state.hpp"

namespace ashlar::simulation {

class CommandHash {
 public:
  void add(const scheduler::Command& command);
  void add(WorkerId worker, const worker::Command& command);
  std::uint64_t value() const { return value_; }

 private:
  void put(std::uint64_t word) { value_ = mixed(value_ ^ word); }
  template <class... T>
  void put_all(const T&... words) {
    (put(static_cast<std::uint64_t>(words)), ...);
  }
  void put_text(const std::string& text);
  std::uint64_t value_ = 0;
};

}  // namespace ashlar::simulation
