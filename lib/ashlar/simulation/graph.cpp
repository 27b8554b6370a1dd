#include "ashlar/simulation/graph.hpp"

#include <algorithm>
#include <string>

#include "ashlar/base/error.hpp"
#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {
namespace {

constexpr const char* names[] = {"independent", "tree", "chain", "stencil", "random", "reduction"};

class Builder {
 public:
  explicit Builder(const GraphOptions& options) : options_(options), random_(options.seed) { graph_.groups = {"source", "combine"}; }

  Graph build() {
    const std::int64_t n = std::max<std::int64_t>(options_.tasks, 1);
    switch (options_.kind) {
      case GraphKind::independent:
        for (std::int64_t i = 0; i < n; ++i) want(add({}));
        break;
      case GraphKind::tree:
        want(reduce((n + 1) / 2, 2, options_.nbytes));
        break;
      case GraphKind::chain:
        for (std::int64_t i = 0; i < width(); ++i) {
          std::int64_t last = add({});
          for (std::int64_t step = 1; step < n / width(); ++step) last = add({last});
          want(last);
        }
        break;
      case GraphKind::stencil:
        stencil(n);
        break;
      case GraphKind::random:
        any(n);
        break;
      case GraphKind::reduction:
        want(reduce(std::max<std::int64_t>(n * 7 / 8, 1), 8, options_.nbytes * 1'000'000));
        break;
    }
    return std::move(graph_);
  }

 private:
  std::int64_t width() const {
    if (options_.width > 0) return std::min(options_.width, options_.tasks);
    std::int64_t w = 1;
    while (w * w < options_.tasks) ++w;
    return w;
  }

  std::int64_t add(const std::vector<std::int64_t>& inputs) {
    Graph::Task task;
    task.group = inputs.empty() ? 0 : 1;
    task.nbytes = options_.nbytes;
    task.duration_ns = options_.task_ns / 2 + random_.below(options_.task_ns + 1);
    if (random_.one_in(100)) task.duration_ns *= 10;
    task.throws = random_.one_in(options_.throws_one_in);
    if (random_.one_in(options_.options_one_in)) {
      if (random_.one_in(2)) task.priority = static_cast<std::int32_t>(random_.below(5)) - 2;
      if (random_.one_in(2)) task.retries = static_cast<std::int32_t>(random_.below(4));
      if (random_.one_in(3)) task.failures = static_cast<std::int32_t>(random_.below(task.retries + (options_.throws_one_in > 0 ? 2 : 1)));
      if (random_.one_in(4)) task.worker = static_cast<std::int32_t>(random_.below(options_.workers));
      if (random_.one_in(4)) task.resource = random_.one_in(3) ? 1'000'000 : 400'000;
      if (random_.one_in(4)) task.timeout_ns = std::max<std::int64_t>(task.duration_ns, 1) * (options_.throws_one_in > 0 && random_.one_in(4) ? 1 : 2) - (random_.one_in(2) ? 1 : 0);
    }
    return graph_.add(task, inputs);
  }
  void want(std::int64_t task) { graph_.tasks[static_cast<std::size_t>(task)].wanted = true; }

  // Depth first: a subtree is complete before the next begins, so its results are used up early.
  std::int64_t reduce(std::int64_t leaves, std::int64_t fan_in, std::int64_t leaf_nbytes) {
    if (leaves <= 1) {
      const std::int64_t leaf = add({});
      graph_.tasks.back().nbytes = leaf_nbytes;
      return leaf;
    }
    std::vector<std::int64_t> parts;
    const std::int64_t count = std::min(fan_in, leaves);
    for (std::int64_t part = 0; part < count; ++part)
      parts.push_back(reduce(leaves * (part + 1) / count - leaves * part / count, fan_in, leaf_nbytes));
    return add(parts);
  }

  void stencil(std::int64_t n) {
    const std::int64_t w = width();
    std::vector<std::int64_t> before, now;
    for (std::int64_t step = 0; step < std::max<std::int64_t>(n / w, 1); ++step, before = now, now.clear())
      for (std::int64_t x = 0; x < w; ++x) {
        std::vector<std::int64_t> inputs;
        for (std::int64_t from = x - 1; from <= x + 1 && step > 0; ++from)
          if (from >= 0 && from < w) inputs.push_back(before[static_cast<std::size_t>(from)]);
        now.push_back(add(inputs));
      }
    for (std::int64_t task : before) want(task);
  }

  void any(std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      std::vector<std::int64_t> inputs;
      for (std::int64_t k = random_.below(4); k > 0 && i > 0; --k)
        inputs.push_back(random_.between(std::max<std::int64_t>(0, i - 100), i - 1));
      add(inputs);
      Graph::Task& task = graph_.tasks.back();
      task.wanted = random_.one_in(5) || i == n - 1;
      task.fetch = task.wanted && random_.one_in(3);
      task.nbytes_known = random_.one_in(2);
      task.nbytes = random_.below(2 * options_.nbytes + 1);
      task.group = static_cast<std::int32_t>(random_.below(2));
    }
  }

  GraphOptions options_;
  Random random_;
  Graph graph_;
};

}  // namespace

std::int64_t Graph::add(const Task& task, const std::vector<std::int64_t>& its_inputs) {
  tasks.push_back(task);
  tasks.back().first_input = static_cast<std::uint32_t>(inputs.size());
  tasks.back().input_count = static_cast<std::uint32_t>(its_inputs.size());
  inputs.insert(inputs.end(), its_inputs.begin(), its_inputs.end());
  return size() - 1;
}

GraphKind graph_kind(std::string_view text) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (text == names[i]) return static_cast<GraphKind>(i);
  throw ValueError("no such kind of graph: wanted independent, tree, chain, stencil, random or reduction, found " + std::string(text));
}

const char* name(GraphKind kind) { return names[static_cast<std::size_t>(kind)]; }

Graph make_graph(const GraphOptions& options) { return Builder(options).build(); }

}  // namespace ashlar::simulation
