#pragma once
// The work of a benchmark task: compute-bound, the same bits on every processor.

#include <cstdint>

namespace bench {

/// `iterations` times x = x * a + b on 64 doubles in registers, 128 flops each; their sum. Multiplied and then added, never fused: a rank
/// with other vector instructions gives the same number.
double flops(std::int64_t iterations);

/// Runs until the steady clock has moved on by `seconds`.
void spin(double seconds);

/// Element `index` of the number stream `stream`, in [0, 1): splitmix64, the same in every language.
constexpr double uniform(std::uint64_t stream, std::uint64_t index) {
  std::uint64_t z = (index + 1) * 0x9E3779B97F4A7C15u + stream * 0xD1B54A32D192ED03u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

}  // namespace bench
