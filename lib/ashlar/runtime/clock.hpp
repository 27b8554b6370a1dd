#pragma once
// The time that the loops tell their machines.

#include <chrono>
#include <cstdint>

namespace ashlar {

/// Nanoseconds of the steady clock.
inline std::int64_t now_ns() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace ashlar
