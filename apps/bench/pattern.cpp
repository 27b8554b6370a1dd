#include "pattern.hpp"

#include <stdexcept>

namespace bench {

const std::vector<std::pair<std::string, Pattern>>& patterns() {
  static const std::vector<std::pair<std::string, Pattern>> all = {
      {"trivial", Pattern::trivial}, {"no_comm", Pattern::no_comm}, {"stencil_1d", Pattern::stencil_1d},
      {"nearest", Pattern::nearest}, {"spread", Pattern::spread},   {"fft", Pattern::fft},
      {"tree", Pattern::tree},       {"all_to_all", Pattern::all_to_all}, {"random_nearest", Pattern::random_nearest}};
  return all;
}

const std::string& name(Pattern pattern) { return patterns()[static_cast<std::size_t>(pattern)].first; }

Cell run_cell(const CellTask& task, const Cell* inputs, std::size_t n) {
  std::size_t at = 0;
  bool right = true;
  for_each_input(task.shape, task.step, task.column, [&](std::int32_t column) {
    right &= at < n && inputs[at].step == task.step - 1 && inputs[at].column == column;
    ++at;
  });
  if (!right || at != n) {
    std::string text = name(task.shape.pattern) + ": task (" + std::to_string(task.step) + ", " + std::to_string(task.column) + ") has wrong inputs: wanted";
    for_each_input(task.shape, task.step, task.column, [&](std::int32_t c) { text += " (" + std::to_string(task.step - 1) + ", " + std::to_string(c) + ")"; });
    text += ", found";
    for (std::size_t i = 0; i < n; ++i) text += " (" + std::to_string(inputs[i].step) + ", " + std::to_string(inputs[i].column) + ")";
    throw std::runtime_error(text);
  }
  std::uint64_t hash = first_hash(task.step, task.column, flops(task.iterations));
  for (std::size_t i = 0; i < n; ++i) hash = next_hash(hash, inputs[i].hash);
  return {task.step, task.column, hash};
}

std::vector<bool> unused_at(const GraphShape& shape, std::int32_t step) {
  std::vector<bool> unused(static_cast<std::size_t>(shape.width_at(step)), true);
  if (step + 1 < shape.steps)
    for (std::int32_t c = 0; c < shape.width_at(step + 1); ++c)
      for_each_input(shape, step + 1, c, [&](std::int32_t column) { unused[static_cast<std::size_t>(column)] = false; });
  return unused;
}

std::uint64_t expected_sum(const GraphShape& shape, std::int64_t iterations) {
  const double kernel = flops(iterations);
  std::vector<std::uint64_t> before, now;
  std::uint64_t sum = 0;
  for (std::int32_t step = 0; step < shape.steps; ++step) {
    now.clear();
    const std::vector<bool> unused = unused_at(shape, step);
    for (std::int32_t column = 0; column < shape.width_at(step); ++column) {
      std::uint64_t hash = first_hash(step, column, kernel);
      for_each_input(shape, step, column, [&](std::int32_t c) { hash = next_hash(hash, before[static_cast<std::size_t>(c)]); });
      now.push_back(hash);
      if (unused[static_cast<std::size_t>(column)]) sum += hash;
    }
    before.swap(now);
  }
  return sum;
}

}  // namespace bench
