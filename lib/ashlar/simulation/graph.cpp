#include "ashlar/simulation/graph.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>
#include <string>

#include "ashlar/base/error.hpp"
#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {
namespace {

constexpr const char* names[] = {"independent", "tree",       "chain",  "stencil",   "nearest", "spread",
                                 "fft",         "all_to_all", "random", "reduction", "shuffle"};

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
      case GraphKind::nearest:
      case GraphKind::spread:
      case GraphKind::fft:
      case GraphKind::all_to_all:
        steps(n);
        break;
      case GraphKind::shuffle:
        shuffle(n);
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
    task.nbytes = draw(options_.sizes, options_.nbytes, random_);
    task.duration_ns = draw(options_.durations, options_.task_ns, random_);
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
  void want(std::int64_t number) {
    Graph::Task& task = graph_.tasks[static_cast<std::size_t>(number)];
    task.wanted = true;
    task.fetch = options_.fetch;
  }

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

  // The points of the step before that point `x` of step `step` takes.
  std::vector<std::int64_t> neighbours(std::int64_t step, std::int64_t x, std::int64_t w) const {
    std::vector<std::int64_t> taken;
    switch (options_.kind) {
      case GraphKind::fft: {
        const std::int64_t bits = std::bit_width(static_cast<std::uint64_t>(w)) - 1;
        taken.push_back(x);
        if (bits > 0) taken.push_back(x ^ (std::int64_t{1} << ((step - 1) % bits)));
        break;
      }
      case GraphKind::spread:
        for (std::int64_t i = 0; i < std::min<std::int64_t>(5, w); ++i) taken.push_back((x + i * w / 5 + (i > 0 ? step : 0)) % w);
        break;
      case GraphKind::all_to_all:
        for (std::int64_t from = 0; from < w; ++from) taken.push_back(from);
        break;
      default: {
        const std::int64_t reach = options_.kind == GraphKind::nearest ? 2 : 1;
        for (std::int64_t from = std::max<std::int64_t>(0, x - reach); from <= std::min(w - 1, x + reach); ++from) taken.push_back(from);
      }
    }
    std::sort(taken.begin(), taken.end());
    taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
    return taken;
  }

  void steps(std::int64_t n) {
    std::int64_t w = options_.kind == GraphKind::all_to_all && options_.width == 0 ? std::min<std::int64_t>(width(), 64) : width();
    if (options_.kind == GraphKind::fft) w = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(w)));
    std::vector<std::int64_t> before, now;
    for (std::int64_t step = 0; step < std::max<std::int64_t>(n / w, 1); ++step, before = now, now.clear())
      for (std::int64_t x = 0; x < w; ++x) {
        std::vector<std::int64_t> inputs;
        if (step > 0)
          for (const std::int64_t from : neighbours(step, x, w)) inputs.push_back(before[static_cast<std::size_t>(from)]);
        now.push_back(add(inputs));
      }
    for (std::int64_t task : before) want(task);
  }

  // As a client would order it: each source with its parts, then the results.
  void shuffle(std::int64_t n) {
    std::int64_t w = options_.width > 0 ? options_.width : 1;
    while (options_.width == 0 && (w + 1) * (w + 3) <= n) ++w;
    std::vector<std::vector<std::int64_t>> parts(static_cast<std::size_t>(w));
    for (std::int64_t source = 0; source < w; ++source) {
      const std::int64_t whole = add({});
      graph_.tasks.back().nbytes *= w;
      for (auto& part : parts) part.push_back(add({whole}));
    }
    for (const auto& part : parts) {
      want(add(part));
      graph_.tasks.back().nbytes *= w;
    }
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
  if (size() >= std::numeric_limits<std::int32_t>::max() || inputs.size() + its_inputs.size() > std::numeric_limits<std::uint32_t>::max())
    throw ValueError("a simulated graph has at most 2^31 - 1 tasks and 2^32 - 1 inputs");
  tasks.push_back(task);
  tasks.back().first_input = static_cast<std::uint32_t>(inputs.size());
  tasks.back().input_count = static_cast<std::uint32_t>(its_inputs.size());
  for (const std::int64_t input : its_inputs) inputs.push_back(static_cast<std::int32_t>(input));
  return size() - 1;
}

GraphKind graph_kind(std::string_view text) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (text == names[i]) return static_cast<GraphKind>(i);
  if (text == "stencil_1d") return GraphKind::stencil;
  if (text == "map_reduce") return GraphKind::reduction;
  std::string all;
  for (const char* known : names) all += (all.empty() ? "" : ", ") + std::string(known);
  throw ValueError("no such kind of graph: wanted one of " + all + ", found " + std::string(text));
}

const char* name(GraphKind kind) { return names[static_cast<std::size_t>(kind)]; }

std::int64_t Bound::makespan_ns(std::int64_t threads) const { return std::max(critical_path_ns, (work_ns + threads - 1) / threads); }

Bound bound(const Graph& graph) {
  Bound result;
  std::vector<bool> needed(graph.tasks.size());
  for (std::size_t task = graph.tasks.size(); task-- > 0;) {
    const Graph::Task& t = graph.tasks[task];
    if (t.wanted) needed[task] = true;
    for (std::uint32_t i = 0; needed[task] && i < t.input_count; ++i) needed[static_cast<std::size_t>(graph.inputs[t.first_input + i])] = true;
  }
  std::vector<std::int64_t> done(graph.tasks.size());
  for (std::size_t task = 0; task < graph.tasks.size(); ++task) {
    const Graph::Task& t = graph.tasks[task];
    if (!needed[task]) continue;
    std::int64_t begin = 0;
    for (std::uint32_t i = 0; i < t.input_count; ++i) begin = std::max(begin, done[static_cast<std::size_t>(graph.inputs[t.first_input + i])]);
    done[task] = begin + t.duration_ns;
    result.critical_path_ns = std::max(result.critical_path_ns, done[task]);
    result.work_ns += t.duration_ns;
  }
  return result;
}

Graph make_graph(const GraphOptions& options) { return Builder(options).build(); }

}  // namespace ashlar::simulation
