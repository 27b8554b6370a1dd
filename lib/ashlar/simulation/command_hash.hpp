#pragma once
// 64 bits over every command of both machines, every field of it, in order: two runs that agree in them did the same.

#include <cstdint>

#include "ashlar/scheduler/command.hpp"
#include "ashlar/worker/state.hpp"

namespace ashlar::simulation {

class CommandHash {
 public:
  void add(const scheduler::Command& command);
  void add(WorkerId worker, const worker::Command& command);
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace ashlar::simulation
