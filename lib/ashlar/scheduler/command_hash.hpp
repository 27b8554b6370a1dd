#pragma once
// 64 bits over every command of the scheduler, every field of it, in order: two runs that agree in them did the same.

#include <cstdint>

#include "ashlar/scheduler/command.hpp"

namespace ashlar::scheduler {

class CommandHash {
 public:
  void add(const Command& command);
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

/// One step of a mixing function over 64 bits: spreads every bit of `x` over the result.
constexpr std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace ashlar::scheduler
