// Workloads of small tasks. Every task is made by a call of its own.
#include <chrono>
#include <numeric>
#include <thread>

#include "kernel.hpp"
#include "measure.hpp"

namespace al = ashlar;

namespace bench {
namespace {

int one(int) { return 1; }
std::int64_t itself(std::int64_t i) { return i; }
std::int64_t add(std::int64_t a, std::int64_t b) { return a + b; }
std::int64_t next(std::int64_t x) { return x + 1; }

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

std::function<Sample()> independent(al::Client&, const Setting& setting, Json& scale) {
  const int n = setting.tasks > 0 ? static_cast<int>(setting.tasks) : setting.full ? 100'000 : 10'000;
  scale["tasks"] = n;
  return [=] {
    const double start = now();
    const auto task = al::delayed(one);
    std::vector<al::Delayed<int>> tasks;
    tasks.reserve(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) tasks.push_back(task(i));
    const std::vector<int> results = al::compute(tasks);
    const double seconds = now() - start;
    return Sample{seconds, std::accumulate(results.begin(), results.end(), std::int64_t{0}), {{"us_per_task", seconds * 1e6 / n}}};
  };
}

// The same, each task started by its own `submit` while the ones before it run.
std::function<Sample()> independent_submit(al::Client& client, const Setting& setting, Json& scale) {
  const int n = setting.tasks > 0 ? static_cast<int>(setting.tasks) : setting.full ? 100'000 : 10'000;
  scale["tasks"] = n;
  return [n, &client] {
    const double start = now();
    std::vector<al::Future<int>> futures;
    futures.reserve(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) futures.push_back(client.submit(one, i));
    const std::vector<int> results = client.gather(futures);
    const double seconds = now() - start;
    return Sample{seconds, std::accumulate(results.begin(), results.end(), std::int64_t{0}), {{"us_per_task", seconds * 1e6 / n}}};
  };
}

std::function<Sample()> tree_reduce(al::Client&, const Setting& setting, Json& scale) {
  const int leaves = setting.full ? 65'536 : 4'096;
  scale["leaves"] = leaves;
  return [=] {
    const double start = now();
    const auto leaf = al::delayed(itself);
    const auto join = al::delayed(add);
    std::vector<al::Delayed<std::int64_t>> level;
    for (std::int64_t i = 0; i < leaves; ++i) level.push_back(leaf(i));
    while (level.size() > 1) {
      std::vector<al::Delayed<std::int64_t>> above;
      for (std::size_t i = 0; i < level.size(); i += 2) above.push_back(join(level[i], level[i + 1]));
      level = std::move(above);
    }
    const std::int64_t sum = level.front().compute();
    const double seconds = now() - start;
    return Sample{seconds, sum, {{"us_per_task", seconds * 1e6 / (2 * leaves - 1)}}};
  };
}

std::function<Sample()> chain(al::Client&, const Setting&, Json& scale) {
  const int n = 2'000;
  scale["tasks"] = n;
  return [=] {
    const double start = now();
    const auto step = al::delayed(next);
    auto x = step(std::int64_t{0});
    for (int i = 1; i < n; ++i) x = step(x);
    const std::int64_t result = x.compute();
    const double seconds = now() - start;
    return Sample{seconds, result, {{"us_per_step", seconds * 1e6 / n}}};
  };
}

std::function<Sample()> seed_delayed(al::Client& client, const Setting& setting, Json& scale) {
  const int n = setting.full ? 256 : 16;
  scale["items"] = n;
  const double ideal = 0.4 * n / client.scheduler_info().nthreads();
  return [=] {
    const double start = now();
    const auto inc = al::delayed([](int x) {
      sleep_s(0.1);
      return x + 1;
    });
    const auto dec = al::delayed([](int x) {
      sleep_s(0.1);
      return x - 1;
    });
    const auto sum_of = al::delayed([](int a, int b) {
      sleep_s(0.2);
      return a + b;
    });
    std::vector<al::Delayed<int>> sums;
    for (int i = 0; i < n; ++i) sums.push_back(sum_of(inc(i), dec(i)));
    const int total = al::delayed([](std::vector<int> all) { return std::accumulate(all.begin(), all.end(), 0); })(sums).compute();
    const double seconds = now() - start;
    return Sample{seconds, total, {{"ideal_s", ideal}, {"efficiency", ideal / seconds}}};
  };
}

std::function<Sample()> imbalance(al::Client& client, const Setting& setting, Json& scale) {
  const int stages = 4, width = setting.width > 0 ? setting.width : setting.full ? 500 : 125;
  scale["stages"] = stages;
  scale["width"] = width;
  const auto length = [width](int stage, int column) { return 0.002 * uniform(2, static_cast<std::uint64_t>(stage * width + column)); };
  double ideal = 0;
  for (int stage = 0; stage < stages; ++stage)
    for (int column = 0; column < width; ++column) ideal += length(stage, column) / client.scheduler_info().nthreads();
  return [=] {
    const double start = now();
    const auto task = al::delayed([](double seconds, const std::vector<int>&) {
      spin(seconds);
      return 1;
    });
    std::vector<al::Delayed<int>> row, above;
    for (int stage = 0; stage < stages; ++stage) {
      for (int column = 0; column < width; ++column) {
        std::vector<al::Delayed<int>> near;
        for (int c = std::max(column - 1, 0); stage > 0 && c <= std::min(column + 1, width - 1); ++c) near.push_back(above[static_cast<std::size_t>(c)]);
        row.push_back(task(length(stage, column), near));
      }
      above = std::exchange(row, {});
    }
    const std::vector<int> last = al::compute(above);
    const double seconds = now() - start;
    return Sample{seconds, stages * std::accumulate(last.begin(), last.end(), 0), {{"ideal_s", ideal}, {"efficiency", ideal / seconds}}};
  };
}

}  // namespace

const std::vector<Workload>& task_workloads() {
  static const std::vector<Workload> all = {{"independent", independent},   {"tree_reduce", tree_reduce}, {"chain", chain},
                                            {"seed_delayed", seed_delayed}, {"imbalance", imbalance},     {"independent_submit", independent_submit, true}};
  return all;
}

}  // namespace bench
