// What single things cost: a step from one worker to another, an answer after a pause, a task's memory, idleness.
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "kernel.hpp"
#include "measure.hpp"

namespace al = ashlar;

namespace bench {
namespace {

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// ---- a chain that changes the worker at every step

struct Link {
  std::int64_t value = 0;
  std::int32_t pid = 0, changes = 0;  // where it was made, and how often that was another process than the step before
};
Link step_on(Link before, const std::string& anchor) {
  const auto here = static_cast<std::int32_t>(getpid());
  return {before.value + 1, here, before.changes + (before.pid != here && before.pid != 0 && !anchor.empty())};
}

std::function<Sample()> chain_alternating(al::Client& client, const Setting& setting, Json& scale) {
  const int n = setting.tasks > 0 ? static_cast<int>(setting.tasks) : 1'000;
  scale["tasks"] = n;
  if (client.scheduler_info().workers.size() < 2) throw std::runtime_error("two workers are wanted (mpirun -n 3), found one");
  // A value of 128 MB pulls every task that uses it to its worker: one on each of two workers.
  std::vector<al::Future<std::string>> anchors;
  std::vector<int> pids;
  for (int tries = 0; anchors.size() < 2; ++tries) {
    if (tries == 8) throw std::runtime_error("scattered values are all on one worker");
    for (auto& anchor : client.scatter(std::vector<std::string>(2, std::string(std::size_t{128} << 20, 'a')))) {
      const int pid = client.submit([](const std::string&) { return static_cast<int>(getpid()); }, anchor).result();
      if (anchors.size() == 2 || std::count(pids.begin(), pids.end(), pid)) continue;
      pids.push_back(pid);
      anchors.push_back(anchor);
    }
  }
  // The scheduler is to know that a step takes next to no time.
  for (int i = 0; i < 32; ++i) client.submit(step_on, Link{}, anchors[static_cast<std::size_t>(i % 2)]).result();
  return [=] {
    const double start = now();
    const auto step = al::delayed(step_on);
    auto x = step(Link{}, anchors[0]);
    for (int i = 1; i < n; ++i) x = step(x, anchors[static_cast<std::size_t>(i % 2)]);
    const Link last = x.compute();
    const double seconds = now() - start;
    if (last.changes != n - 1) throw std::runtime_error("the chain changed its worker " + std::to_string(last.changes) + " times, wanted " + std::to_string(n - 1));
    return Sample{seconds, last.value, {{"us_per_step", seconds * 1e6 / n}, {"changes", last.changes}}};
  };
}

// ---- an answer after a pause

std::function<Sample()> submit_latency(al::Client& client, const Setting& setting, Json& scale) {
  const double pause = setting.idle_s > 0 ? setting.idle_s : 5;
  const int times = setting.full ? 15 : 7;
  scale["pause_s"] = pause;
  scale["times"] = times;
  return [=, &client] {
    client.submit([](int x) { return x + 1; }, 0).result();
    std::vector<double> latencies;
    int sum = 0;
    for (int i = 0; i < times; ++i) {
      sleep_s(pause);
      const double start = now();
      sum += client.submit([](int x) { return x + 1; }, i).result();
      latencies.push_back(now() - start);
    }
    std::vector<double> us;
    for (double s : latencies) us.push_back(s * 1e6);
    return Sample{median(latencies), sum, {{"median_us", median(us)}, {"us", us}}};
  };
}

// ---- busy and idle

double process_cpu_s() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Processor time of all processes of the job.
double job_cpu_s(al::Client& client) {
  const int own = getpid();
  double total = process_cpu_s();
  for (const auto& [rank, there] : client.run([](al::WorkerContext&) { return std::pair<int, double>(getpid(), process_cpu_s()); }))
    if (there.first != own) total += there.second;
  return total;
}

double timed_flops(std::int64_t iterations) {
  const double start = now();
  const double value = flops(iterations);
  return value > 0 ? now() - start : -1;
}

std::function<Sample()> busy(al::Client& client, const Setting& setting, Json& scale) {
  const int n = setting.tasks > 0 ? static_cast<int>(setting.tasks) : setting.full ? 2'000 : 400;
  scale["tasks"] = n;
  // The work of 10 ms, and what it takes while nothing else runs: the median, for n tasks take n times that and not n times the luckiest.
  const auto solo = [&](std::int64_t iterations, int times) {
    std::vector<double> took;
    for (int i = 0; i < times; ++i) took.push_back(client.submit(timed_flops, iterations).result());
    return std::pair(median(took), *std::min_element(took.begin(), took.end()));
  };
  std::int64_t iterations = 1 << 18;
  for (int i = 0; i < 3; ++i) iterations = std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(iterations) * 0.01 / solo(iterations, 20).first));
  const auto [solo_s, best_s] = solo(iterations, 50);
  scale["iterations"] = iterations;
  return [=, &client] {
    const double start = now();
    const auto task = al::delayed(timed_flops);
    std::vector<al::Delayed<double>> tasks;
    for (int i = 0; i < n; ++i) tasks.push_back(task(iterations));
    const std::vector<double> took = al::compute(tasks);
    const double seconds = now() - start;
    const double inside = std::accumulate(took.begin(), took.end(), 0.0), threads = client.scheduler_info().nthreads();
    // The same work on all workers at once without a task: what the machine gives when all of its cores are busy.
    double plain = 0;
    const int share = static_cast<int>(n / threads);
    const auto loops = client.run([iterations, share](al::WorkerContext&) {
      double all = 0;
      for (int i = 0; i < share; ++i) all += timed_flops(iterations);
      return all;
    });
    for (const auto& [rank, its] : loops) plain += its / share / static_cast<double>(loops.size());
    return Sample{seconds, static_cast<std::int64_t>(took.size()),
                  {{"solo_ms", solo_s * 1e3}, {"solo_best_ms", best_s * 1e3}, {"busy", n * solo_s / (threads * seconds)}, {"together_ms", plain * 1e3},
                   {"busy_by_together", n * plain / (threads * seconds)}, {"inside_tasks", inside / (threads * seconds)}}};
  };
}

std::function<Sample()> idle(al::Client& client, const Setting& setting, Json& scale) {
  const double pause = setting.idle_s > 0 ? setting.idle_s : 60;
  scale["idle_s"] = pause;
  return [=, &client] {
    client.submit([](int x) { return x + 1; }, 0).result();
    const double cpu = job_cpu_s(client), start = now();
    sleep_s(pause);
    const double took = now() - start, used = job_cpu_s(client) - cpu;
    return Sample{took, 1, {{"cpu_s", used}, {"share_of_a_core", used / took}}};
  };
}

// ---- memory

double status_bytes(const char* field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kb = 0;
  while (status >> word)
    if (word == field) status >> kb;
  return kb * 1024;
}

// A peak that begins now. Without the right to reset it, it is that of the whole process so far.
double begin_peak() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;
  return status_bytes("VmRSS:");
}

int one(int) { return 1; }

struct Cost {
  double seconds = 0, bytes_per_task = 0;
  std::int64_t sum = 0;
};
Cost delayed_calls(std::int64_t n) {
  Cost cost;
  const double before = begin_peak(), start = now();
  const auto task = al::delayed(one);
  std::vector<al::Delayed<int>> tasks;
  tasks.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) tasks.push_back(task(static_cast<int>(i)));
  const std::vector<int> results = al::compute(tasks);
  cost.seconds = now() - start;
  cost.bytes_per_task = (status_bytes("VmHWM:") - before) / static_cast<double>(n);
  cost.sum = std::accumulate(results.begin(), results.end(), std::int64_t{0});
  return cost;
}
Cost submitted_calls(al::Client& client, std::int64_t n) {
  Cost cost;
  const double before = begin_peak(), start = now();
  std::vector<al::Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) futures.push_back(client.submit(one, static_cast<int>(i)));
  const std::vector<int> results = client.gather(futures);
  cost.seconds = now() - start;
  cost.bytes_per_task = (status_bytes("VmHWM:") - before) / static_cast<double>(n);
  cost.sum = std::accumulate(results.begin(), results.end(), std::int64_t{0});
  return cost;
}

// The largest first: in a fresh process nothing that was freed before hides what it takes.
Workload memory(const std::string& name, bool submit) {
  const auto prepare = [=](al::Client& client, const Setting& setting, Json& scale) -> std::function<Sample()> {
    const std::int64_t n = setting.tasks > 0 ? setting.tasks : 1'000'000;
    scale["tasks"] = n;
    return [=, &client] {
      const auto run = [&](std::int64_t tasks) { return submit ? submitted_calls(client, tasks) : delayed_calls(tasks); };
      run(std::min<std::int64_t>(n, 1000));
      const Cost cold = run(n);
      Json per_task = Json::object();
      for (std::int64_t tasks : {n / 100, n / 10, n}) {
        if (tasks < 1) continue;
        std::vector<double> us;
        for (int i = 0; i < 3; ++i) us.push_back(run(tasks).seconds * 1e6 / static_cast<double>(tasks));
        per_task[std::to_string(tasks)] = median(us);
      }
      return Sample{cold.seconds, cold.sum, {{"bytes_per_task", cold.bytes_per_task}, {"us_per_task", per_task}}};
    };
  };
  return {name, prepare, true, true};
}

}  // namespace

const std::vector<Workload>& cost_workloads() {
  static const std::vector<Workload> all = {{"chain_alternating", chain_alternating, true},
                                            {"submit_latency", submit_latency, true, true},
                                            {"busy", busy, true},
                                            {"idle", idle, true, true},
                                            memory("memory_per_task", false),
                                            memory("memory_per_future", true)};
  return all;
}

}  // namespace bench
