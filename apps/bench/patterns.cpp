// Task graphs after Task Bench on the public interface: every task is a call of its own, whole graphs at once, no tiling over time.
#include <atomic>
#include <cstring>
#include <numeric>

#include "measure.hpp"
#include "pattern.hpp"

namespace al = ashlar;

namespace bench {
namespace {

std::atomic<std::int64_t> executed{0};  // by the tasks of this process since it was last read

Cell small_task(const CellTask& task, const std::vector<Cell>& inputs) {
  executed.fetch_add(1, std::memory_order_relaxed);
  return run_cell(task, inputs.data(), inputs.size());
}

// A result of more bytes: the cell, and its hash again and again.
using Large = std::vector<std::uint64_t>;
Cell cell_of(const Large& large) {
  Cell cell;
  std::memcpy(static_cast<void*>(&cell), large.data(), sizeof cell);
  for (std::size_t i = 2; i < large.size(); ++i)
    if (large[i] != cell.hash + i) throw std::runtime_error("word " + std::to_string(i) + " of an input was changed on its way");
  return cell;
}
Large large_task(const CellTask& task, int output_bytes, const std::vector<Large>& inputs) {
  executed.fetch_add(1, std::memory_order_relaxed);
  std::vector<Cell> cells;
  for (const Large& input : inputs) cells.push_back(cell_of(input));
  const Cell cell = run_cell(task, cells.data(), cells.size());
  Large result(static_cast<std::size_t>(output_bytes) / sizeof(std::uint64_t));
  std::memcpy(result.data(), &cell, sizeof cell);
  for (std::size_t i = 2; i < result.size(); ++i) result[i] = cell.hash + i;
  return result;
}

std::uint64_t hash_of(const Cell& cell) { return cell.hash; }
std::uint64_t hash_of(const Large& large) { return cell_of(large).hash; }

// Makes the tasks of one graph, step by step; `make(task, inputs)` gives a Delayed or a Future. Those whose result no task uses go to `wanted`.
template <class Handle, class Make>
void add_graph(const GraphShape& shape, std::int64_t iterations, std::vector<Handle>& wanted, Make make) {
  std::vector<Handle> before, row, inputs;
  for (std::int32_t step = 0; step < shape.steps; ++step) {
    row.clear();
    const std::vector<bool> unused = unused_at(shape, step);
    for (std::int32_t column = 0; column < shape.width_at(step); ++column) {
      inputs.clear();
      for_each_input(shape, step, column, [&](std::int32_t c) { inputs.push_back(before[static_cast<std::size_t>(c)]); });
      row.push_back(make(CellTask{shape, step, column, iterations}, inputs));
      if (unused[static_cast<std::size_t>(column)]) wanted.push_back(row.back());
    }
    before.swap(row);
  }
}

struct Run {
  double seconds = 0, building_seconds = 0;
  std::uint64_t sum = 0;
};

// `graphs` equal graphs at once. A graph of delayed() calls is built before the clock starts, as with the other systems; submitted tasks run while more are made.
template <class Value, class Call>
Run run_graphs(al::Client& client, const Setting& setting, const GraphShape& shape, int graphs, std::int64_t iterations, Call call) {
  Run run;
  std::vector<Value> values;
  double start = now();
  if (setting.submit) {
    std::vector<al::Future<Value>> wanted;
    for (int g = 0; g < graphs; ++g)
      add_graph(shape, iterations, wanted, [&](const CellTask& task, const std::vector<al::Future<Value>>& inputs) { return call(
          [&](const auto& fn, const auto&... a) { return client.submit(fn, a...); }, task, inputs); });
    values = client.gather(wanted);
    run.seconds = now() - start;
  } else {
    std::vector<al::Delayed<Value>> wanted;
    for (int g = 0; g < graphs; ++g)
      add_graph(shape, iterations, wanted, [&](const CellTask& task, const std::vector<al::Delayed<Value>>& inputs) { return call(
          [&](const auto& fn, const auto&... a) { return al::delayed(fn)(a...); }, task, inputs); });
    run.building_seconds = now() - start;
    start = now();
    values = al::compute(wanted);
    run.seconds = now() - start;
  }
  for (const Value& value : values) run.sum += hash_of(value);
  return run;
}

// Runs and checks: the number of tasks that ran, and the hash of everything.
Run run_checked(al::Client& client, const Setting& setting, const GraphShape& shape, int graphs, std::int64_t iterations) {
  const auto take_executed = [&] {
    std::int64_t n = 0;
    for (const auto& [rank, count] : client.run([](al::WorkerContext&) { return executed.exchange(0); })) n += count;
    return n;
  };
  take_executed();
  const Run run = setting.output_bytes <= static_cast<int>(sizeof(Cell))
                      ? run_graphs<Cell>(client, setting, shape, graphs, iterations,
                                         [](auto start, const CellTask& task, const auto& inputs) { return start(small_task, task, inputs); })
                      : run_graphs<Large>(client, setting, shape, graphs, iterations, [&](auto start, const CellTask& task, const auto& inputs) {
                          return start(large_task, task, setting.output_bytes, inputs);
                        });
  const std::string what = name(shape.pattern) + ", width " + std::to_string(shape.width) + ", " + std::to_string(shape.steps) + " steps";
  if (const std::int64_t n = take_executed(); n != graphs * shape.tasks())
    throw std::runtime_error(what + ": " + std::to_string(n) + " tasks were executed, wanted " + std::to_string(graphs * shape.tasks()));
  const std::uint64_t expected = static_cast<std::uint64_t>(graphs) * expected_sum(shape, iterations);
  if (run.sum != expected) throw std::runtime_error(what + ": the results hash to " + std::to_string(run.sum) + ", wanted " + std::to_string(expected));
  return run;
}

GraphShape shape_of(al::Client& client, const Setting& setting, Pattern pattern) {
  GraphShape shape;
  shape.pattern = pattern;
  shape.width = setting.width > 0 ? setting.width : 2 * client.scheduler_info().nthreads();
  shape.steps = setting.steps > 0 ? setting.steps : 1000;
  shape.radix = setting.radix;
  return shape;
}

void describe(const GraphShape& shape, const Setting& setting, int graphs, Json& scale) {
  scale["steps"] = shape.steps;
  scale["width"] = shape.width;
  if (shape.pattern == Pattern::nearest || shape.pattern == Pattern::spread || shape.pattern == Pattern::random_nearest) scale["radix"] = shape.radix;
  if (graphs > 1) scale["graphs"] = graphs;
  if (setting.output_bytes != static_cast<int>(sizeof(Cell))) scale["output_bytes"] = setting.output_bytes;
  if (setting.submit) scale["submit"] = true;
}

// The METG of one pattern: each sample is a whole sweep.
Workload metg(const std::string& workload, Pattern pattern, int graphs, bool on_request) {
  const auto prepare = [=](al::Client& client, const Setting& setting, Json& scale) -> std::function<Sample()> {
    const GraphShape shape = shape_of(client, setting, pattern);
    describe(shape, setting, graphs, scale);
    const int workers = client.scheduler_info().nthreads();
    return [=, &client] {
      double building = 0;
      const Curve curve = sweep(workload, [&](std::int64_t iterations) {
        GraphShape used = shape;
        if (iterations > 4096) used.steps = std::max(1, shape.steps / 10);
        double best = 0;
        for (int again = 0; again < 3; ++again) {
          const Run run = run_checked(client, setting, used, graphs, iterations);
          if (best == 0 || run.seconds < best) best = run.seconds;
          building = run.building_seconds * 1e6 / static_cast<double>(graphs * used.tasks());
        }
        return best * workers / static_cast<double>(graphs * used.tasks());
      });
      std::erase_if(curves(), [&](const Curve& c) { return c.name == workload; });
      curves().push_back(curve);
      return Sample{curve.metg_us * 1e-6, 1, {{"metg_us", curve.metg_us}, {"building_us_per_task", building}, {"curve_us_efficiency", curve.points}}};
    };
  };
  return {workload, prepare, on_request};
}

// One pattern at one grain: what tests run.
Workload at_one_grain(Pattern pattern, int graphs) {
  const auto prepare = [=](al::Client& client, const Setting& setting, Json& scale) -> std::function<Sample()> {
    const GraphShape shape = shape_of(client, setting, pattern);
    describe(shape, setting, graphs, scale);
    scale["iterations"] = setting.iterations;
    const int workers = client.scheduler_info().nthreads();
    return [=, &client] {
      const Run run = run_checked(client, setting, shape, graphs, setting.iterations);
      const auto tasks = static_cast<double>(graphs * shape.tasks());
      return Sample{run.seconds,
                    {{"tasks", graphs * shape.tasks()}, {"hash", std::to_string(run.sum)}},
                    {{"granularity_us", run.seconds * 1e6 * workers / tasks}, {"building_us_per_task", run.building_seconds * 1e6 / tasks}}};
    };
  };
  return {graphs == 1 ? "pattern_" + name(pattern) : "pattern_" + std::to_string(graphs) + "_" + name(pattern), prepare, true};
}

}  // namespace

const std::vector<Workload>& pattern_workloads() {
  static const std::vector<Workload> all = [] {
    std::vector<Workload> made = {metg("stencil_metg", Pattern::stencil_1d, 1, false)};
    for (const auto& [text, pattern] : patterns()) made.push_back(metg("metg_" + text, pattern, 1, true));
    made.push_back(metg("metg_4_stencils", Pattern::stencil_1d, 4, true));
    for (const auto& [text, pattern] : patterns()) made.push_back(at_one_grain(pattern, 1));
    made.push_back(at_one_grain(Pattern::stencil_1d, 4));
    return made;
  }();
  return all;
}

}  // namespace bench
