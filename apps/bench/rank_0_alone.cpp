#include "rank_0_alone.hpp"

#include <ctime>
#include <algorithm>
#include <atomic>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "ashlar/protocol/messages.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"
#include "ashlar/transport/in_process.hpp"
#include "measure.hpp"

namespace al = ashlar;

namespace bench {
namespace {

std::int64_t thread_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// Rank 0's transport, which also notes how much processor time the thread that uses it has had.
class NotingTransport final : public al::Transport {
 public:
  explicit NotingTransport(al::Transport& to) : to_(to) {}
  int rank() const override { return to_.rank(); }
  int size() const override { return to_.size(); }
  void send(int to, al::Parcel parcel) override { to_.send(to, std::move(parcel)); }
  bool receive(std::vector<al::Arrival>& arrived) override {
    cpu_ns_.store(thread_cpu_ns(), std::memory_order_relaxed);
    return to_.receive(arrived);
  }
  void wait(std::chrono::nanoseconds at_most) override { to_.wait(at_most); }
  void wake() override { to_.wake(); }
  void wait_apart(std::unique_lock<std::mutex>& in_use, std::chrono::nanoseconds at_most) override { to_.wait_apart(in_use, at_most); }
  bool relieve() override { return false; }  // one thread's time is noted
  void hand_back() override {}
  std::chrono::nanoseconds longest_wait() const override { return to_.longest_wait(); }
  bool sent_all() const override { return to_.sent_all(); }
  void finish() override { to_.finish(); }
  std::int64_t cpu_ns() const { return cpu_ns_.load(std::memory_order_relaxed); }

 private:
  al::Transport& to_;
  std::atomic<std::int64_t> cpu_ns_{0};
};

// All workers: every task has ended with the value 1 when its message is read.
class StandIn {
 public:
  explicit StandIn(std::vector<std::unique_ptr<al::Transport>>& transports) : transports_(transports), thread_([this] { answer(); }) {}
  ~StandIn() { thread_.join(); }

 private:
  void answer() {
    const al::Object value = al::Object::of<int>(1);
    std::size_t goodbyes = 0;
    std::vector<al::Arrival> arrived;
    while (goodbyes + 1 < transports_.size()) {
      bool moved = false;
      for (std::size_t w = 1; w < transports_.size(); ++w) {
        arrived.clear();
        if (!transports_[w]->receive(arrived)) continue;
        moved = true;
        al::Writer reply;
        for (al::Arrival& arrival : arrived) {
          al::Reader batch(arrival.parcel);
          while (!batch.at_end()) {
            const al::protocol::Message message = al::protocol::decode(batch);
            if (const auto* m = std::get_if<al::protocol::GiveTask>(&message)) {
              al::protocol::TaskReport report{};
              report.task = m->task;
              report.nbytes = 4;
              report.took_ns = 100;
              report.has_value = m->fetch;
              if (m->fetch) report.value = value;
              al::protocol::encode(reply, report);
            } else if (const auto* m = std::get_if<al::protocol::SendValue>(&message)) {
              al::protocol::encode(reply, al::protocol::ValueReport{m->data, value});
            } else if (std::get_if<al::protocol::Shutdown>(&message)) {
              al::protocol::encode(reply, al::protocol::Goodbye{});
              ++goodbyes;
            }
          }
        }
        if (reply.size() > 0) transports_[w]->send(0, std::move(reply).take());
      }
      if (!moved) std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }

  std::vector<std::unique_ptr<al::Transport>>& transports_;
  std::thread thread_;
};

int leaf(int) { return 1; }
int two(int, int) { return 1; }
int three(const std::vector<int>&) { return 1; }

using Handles = std::vector<al::Delayed<int>>;

Handles leaves(std::int64_t n) {
  const auto task = al::delayed(leaf);
  Handles all;
  for (std::int64_t i = 0; i < n; ++i) all.push_back(task(static_cast<int>(i)));
  return all;
}
Handles chained(std::int64_t n) {
  const auto task = al::delayed(leaf);
  al::Delayed<int> x = task(0);
  for (std::int64_t i = 1; i < n; ++i) x = task(x);
  return {x};
}
Handles tree(std::int64_t n) {
  const auto join = al::delayed(two);
  Handles level = leaves((n + 1) / 2), above;
  while (level.size() > 1) {
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) above.push_back(join(level[i], level[i + 1]));
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::exchange(above, {});
  }
  return level;
}
Handles stencil(std::int64_t n) {
  const auto task = al::delayed(three);
  const std::size_t width = 8;
  Handles row = leaves(static_cast<std::int64_t>(width)), next, near;
  for (std::int64_t made = static_cast<std::int64_t>(width); made < n; made += static_cast<std::int64_t>(width)) {
    for (std::size_t c = 0; c < width; ++c) {
      near.assign(row.begin() + static_cast<std::ptrdiff_t>(c - (c > 0)), row.begin() + static_cast<std::ptrdiff_t>(std::min(c + 2, width)));
      next.push_back(task(near));
    }
    row = std::exchange(next, {});
  }
  return row;
}

}  // namespace

int rank_0_alone(std::int64_t tasks, int workers, int repeats) {
  auto transports = al::in_process_transports(workers + 1);
  NotingTransport noting(*transports[0]);
  StandIn stand_in(transports);
  std::vector<al::WorkerInfo> infos(static_cast<std::size_t>(workers), al::WorkerInfo{"stand-in", 0, 1, std::int64_t{1} << 36});
  al::ClientInfo known;
  for (const al::WorkerInfo& info : infos) known.workers.push_back({info.host, info.pid, info.threads, info.memory_limit});
  const auto fatal = [](const std::string& what) {
    std::cerr << "bench: " << what << std::endl;
    std::_Exit(1);
  };
  al::SchedulerLoop loop(noting, infos, fatal);
  const al::Evaluator::Guard guard(&loop);
  al::Client client(loop, std::move(known));

  struct Kind {
    const char* name;
    std::function<Handles(std::int64_t)> build;
  };
  const std::vector<Kind> kinds = {{"independent", leaves}, {"tree_reduce", tree}, {"chain", chained}, {"stencil_1d", stencil}, {"independent_submit", nullptr}};
  for (const Kind& kind : kinds) {
    struct Times {
      double elapsed = 0, building = 0, client = 0, release = 0, scheduler = 0;
    };
    std::vector<Times> samples;
    std::int64_t sum = 0;
    for (int i = 0; i <= std::max(1, repeats); ++i) {
      Times t;
      const double start = now();
      const std::int64_t scheduler = noting.cpu_ns();
      const std::int64_t begin = thread_cpu_ns();
      std::int64_t built = begin, computed = 0;
      sum = 0;
      if (kind.build) {
        Handles handles = kind.build(tasks);
        built = thread_cpu_ns();
        for (int value : al::compute(handles)) sum += value;
        computed = thread_cpu_ns();
        handles.clear();
      } else {
        std::vector<al::Future<int>> futures;
        for (std::int64_t n = 0; n < tasks; ++n) futures.push_back(client.submit(leaf, static_cast<int>(n)));
        for (int value : client.gather(futures)) sum += value;
        computed = thread_cpu_ns();
        futures.clear();
      }
      const std::int64_t end = thread_cpu_ns();
      // One more task: when it is answered, the scheduler has done everything before it.
      client.submit(leaf, 0).result();
      const double each = 1.0 / static_cast<double>(tasks);
      t.elapsed = (now() - start) * 1e9 * each;
      t.building = static_cast<double>(built - begin) * each;
      t.client = static_cast<double>(computed - built) * each;
      t.release = static_cast<double>(end - computed) * each;
      t.scheduler = static_cast<double>(noting.cpu_ns() - scheduler) * each;
      if (i > 0) samples.push_back(t);
    }
    const auto middle = [&](double Times::*field) {
      std::vector<double> values;
      for (const Times& t : samples) values.push_back(t.*field);
      return median(values);
    };
    Json line;
    line["system"] = "ashlar";
    line["workload"] = std::string("rank_0_alone_") + kind.name;
    line["scale"] = {{"tasks", tasks}};
    line["workers"] = workers;
    Json seconds = Json::array();
    for (const Times& t : samples) seconds.push_back(t.elapsed * static_cast<double>(tasks) * 1e-9);
    line["seconds"] = seconds;
    line["result"] = sum;
    line["extra"] = {{"building_ns_per_task", middle(&Times::building)},     {"client_ns_per_task", middle(&Times::client)},
                     {"release_ns_per_task", middle(&Times::release)},       {"scheduler_ns_per_task", middle(&Times::scheduler)},
                     {"rank_0_ns_per_task", middle(&Times::building) + middle(&Times::client) + middle(&Times::release) + middle(&Times::scheduler)},
                     {"elapsed_ns_per_task", middle(&Times::elapsed)}};
    std::cout << line.dump() << std::endl;
  }
  if (!loop.stop(0, std::chrono::seconds(30))) throw std::runtime_error("the scheduler does not end");
  return 0;
}

}  // namespace bench
