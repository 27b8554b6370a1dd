#pragma once
// Task graphs of steps and columns: task (step, column) uses results of the step before. The patterns are those of Task Bench
// (Slaughter and others, SC20).

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel.hpp"

namespace bench {

enum class Pattern : std::int32_t { trivial, no_comm, stencil_1d, nearest, spread, fft, tree, all_to_all, random_nearest };

/// "stencil_1d" and its pattern, in the order of the enum.
const std::vector<std::pair<std::string, Pattern>>& patterns();
const std::string& name(Pattern pattern);

/// A part of every task's arguments, so plain.
struct GraphShape {
  Pattern pattern = Pattern::stencil_1d;
  std::int32_t width = 4, steps = 1000;
  std::int32_t radix = 5;  ///< inputs of a task: nearest, spread, random_nearest

  /// Columns of one step; a tree starts with one and doubles.
  std::int32_t width_at(std::int32_t step) const {
    return pattern == Pattern::tree ? static_cast<std::int32_t>(std::min<std::int64_t>(width, std::int64_t{1} << std::min(step, 31))) : width;
  }
  std::int64_t tasks() const {
    std::int64_t n = 0;
    for (std::int32_t step = 0; step < steps; ++step) n += width_at(step);
    return n;
  }
};

/// Calls `use(column)` for each input of the task, in the order in which it takes them; all are of step - 1.
template <class Use>
void for_each_input(const GraphShape& shape, std::int32_t step, std::int32_t column, Use use) {
  if (step == 0) return;
  const std::int32_t width = shape.width;
  const auto range = [&](std::int32_t first, std::int32_t last) {
    for (std::int32_t c = std::max(first, 0); c <= std::min(last, width - 1); ++c) use(c);
  };
  switch (shape.pattern) {
    case Pattern::trivial:
      return;
    case Pattern::no_comm:
      return use(column);
    case Pattern::stencil_1d:
      return range(column - 1, column + 1);
    case Pattern::nearest:
      return range(column - shape.radix / 2, column - shape.radix / 2 + shape.radix - 1);
    case Pattern::spread: {
      const std::int64_t inputs = std::min(shape.radix, width);
      for (std::int64_t k = 0; k < inputs; ++k) use(static_cast<std::int32_t>((column + step - 1 + k * width / inputs) % width));
      return;
    }
    case Pattern::fft: {
      std::int32_t levels = 0;
      while (std::int64_t{1} << levels < width) ++levels;
      const std::int32_t reach = 1 << (levels > 0 ? (step - 1) % levels : 0);
      if (column - reach >= 0) use(column - reach);
      use(column);
      if (column + reach < width) use(column + reach);
      return;
    }
    case Pattern::tree:
      return use(column / 2);
    case Pattern::all_to_all:
      return range(0, width - 1);
    case Pattern::random_nearest:
      for (std::int32_t k = 0; k < shape.radix; ++k) {
        const std::int32_t c = column - shape.radix / 2 + k;
        const auto number = (static_cast<std::uint64_t>(step) * static_cast<std::uint64_t>(width) + static_cast<std::uint64_t>(column)) *
                                static_cast<std::uint64_t>(shape.radix) + static_cast<std::uint64_t>(k);
        if (c >= 0 && c < width && (c == column || uniform(3, number) < 0.5)) use(c);
      }
      return;
  }
}

/// What a task leaves: who it is, and a hash of its kernel's result and of all that went into it.
struct Cell {
  std::int32_t step = 0, column = 0;
  std::uint64_t hash = 0;
};

struct CellTask {
  GraphShape shape;
  std::int32_t step = 0, column = 0;
  std::int64_t iterations = 0;
};

inline std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
/// Where the hash of a task starts, and how an input's hash goes in.
inline std::uint64_t first_hash(std::int32_t step, std::int32_t column, double kernel) {
  return mix(mix(static_cast<std::uint64_t>(step) << 32 | static_cast<std::uint32_t>(column)) ^ __builtin_bit_cast(std::uint64_t, kernel));
}
inline std::uint64_t next_hash(std::uint64_t hash, std::uint64_t input) { return mix(hash * 31 + input); }

/// Checks the `n` inputs and runs the kernel. Wherever a task is run, by Ashlar or by plain MPI.
/// Errors    std::runtime_error: which inputs were wanted, which came.
Cell run_cell(const CellTask& task, const Cell* inputs, std::size_t n);

/// Sum (modulo 2^64) of the hashes of all tasks whose result no other task uses: worked out here, one step after another.
std::uint64_t expected_sum(const GraphShape& shape, std::int64_t iterations);
/// Whether no task uses the result of (step, column), by column for one step.
std::vector<bool> unused_at(const GraphShape& shape, std::int32_t step);

}  // namespace bench
