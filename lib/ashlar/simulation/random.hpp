#pragma once
// Seeded numbers that are the same on every machine: integers only, no distribution of the standard library.

#include <cstdint>

#include "ashlar/scheduler/command_hash.hpp"

namespace ashlar::simulation {

using scheduler::mixed;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mixed(seed)) {}
  std::uint64_t next() { return mixed(state_ += 0x9e3779b97f4a7c15u); }
  /// From 0 to n - 1; 0 for n <= 1.
  std::int64_t below(std::int64_t n) { return n <= 1 ? 0 : static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n)); }
  std::int64_t between(std::int64_t first, std::int64_t last) { return first + below(last - first + 1); }
  /// True once in `n` times; never for n <= 0.
  bool one_in(std::int64_t n) { return n > 0 && below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace ashlar::simulation
