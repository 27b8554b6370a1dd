// Scheduler and worker loops with all their threads in one process, without MPI: what the sanitizers look at. Every graph's values are
// also worked out by a plain loop here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"
#include "ashlar/runtime/worker_loop.hpp"
#include "ashlar/transport/in_process.hpp"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void fatal(const std::string& what) {
  std::fprintf(stderr, "a loop cannot go on: %s\n", what.c_str());
  std::abort();
}

// A scheduler and some workers.
class Engine {
 public:
  Engine(int workers, int threads, std::int64_t budget = std::int64_t{1} << 30) : transports_(in_process_transports(workers + 1)) {
    std::vector<WorkerInfo> infos;
    for (int w = 0; w < workers; ++w) {
      infos.push_back({"here", 1, threads, budget});
      workers_.emplace_back([this, w, threads, budget] { WorkerLoop(*transports_[static_cast<std::size_t>(w) + 1], {WorkerId(w), threads, budget, w + 1}, fatal).run(); });
    }
    loop_.emplace(*transports_[0], std::move(infos), fatal);
  }
  ~Engine() { stop(); }
  void stop() {
    if (workers_.empty()) return;
    EXPECT_TRUE(loop_->stop(0, 60s));
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }
  SchedulerLoop& operator*() { return *loop_; }
  SchedulerLoop* operator->() { return &*loop_; }

 private:
  std::vector<std::unique_ptr<Transport>> transports_;
  std::vector<std::thread> workers_;
  std::optional<SchedulerLoop> loop_;
};

// seed + index + the inputs' sum in vectors of two lengths, short ones and ones that travel as buffers. Throws where index % bad == 0.
class Mix final : public OperationOf<Mix> {
 public:
  Mix(std::int64_t seed, std::int64_t length, std::int64_t bad = 0) : seed_(seed), length_(length), bad_(bad) {}
  void encode(Writer& out) const override {
    out.put(seed_);
    out.put(length_);
    out.put(bad_);
  }
  static std::shared_ptr<const Mix> decode(Reader& in) {
    const auto seed = in.get<std::int64_t>(), length = in.get<std::int64_t>();
    return std::make_shared<Mix>(seed, length, in.get<std::int64_t>());
  }
  Object run(TaskInput& task) const override {
    if (bad_ > 0 && task.index % bad_ == bad_ - 1) throw std::runtime_error("task " + std::to_string(task.index) + " is a bad one");
    if (task.index % 16 == 0) std::this_thread::sleep_for(50us);
    std::int64_t sum = seed_ + task.index;
    for (const Object& input : task.inputs) sum += input.get<std::vector<std::int64_t>>().back();
    return Object::of(std::vector<std::int64_t>(static_cast<std::size_t>(length_), sum % 1'000'003));
  }

 private:
  std::int64_t seed_, length_, bad_;
};

class Rank final : public OperationOf<Rank> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const Rank> decode(Reader&) { return std::make_shared<Rank>(); }
  Object run(TaskInput& task) const override { return Object::of(task.rank); }
};

class Sleep final : public OperationOf<Sleep> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const Sleep> decode(Reader&) { return std::make_shared<Sleep>(); }
  Object run(TaskInput&) const override {
    std::this_thread::sleep_for(2ms);
    return Object::of(1);
  }
};

// Drops results on a thread of its own.
class Releaser {
 public:
  ~Releaser() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  void push(std::vector<ResultHandle> results) {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(results));
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<ResultHandle>> queue_;
  bool closed_ = false;
  std::thread thread_{[this] {
    for (;;) {
      std::vector<ResultHandle> results;
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      results = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
    }
  }};
};

std::int64_t value_of(const ResultHandle& result) { return result->get().get<std::vector<std::int64_t>>().back(); }

struct RandomGraph {
  TaskGraph graph;
  std::vector<TaskRef> wanted;
  std::vector<std::int64_t> expected;  // of the wanted
};

// Two layers of tasks that use one another, and results of earlier graphs.
RandomGraph random_graph(std::mt19937& random, const std::vector<ResultHandle>& kept, const std::vector<std::int64_t>& kept_values) {
  RandomGraph made;
  const std::int64_t seeds[2] = {static_cast<std::int64_t>(random() % 1000), static_cast<std::int64_t>(random() % 1000)};
  const std::shared_ptr<ListedLayer> layers[2] = {std::make_shared<ListedLayer>("short", std::make_shared<Mix>(seeds[0], 1)),
                                                  std::make_shared<ListedLayer>("long", std::make_shared<Mix>(seeds[1], 5'000))};
  std::vector<TaskRef> tasks;
  std::vector<std::int64_t> values;
  const unsigned n = 5 + random() % 120;
  for (unsigned t = 0; t < n; ++t) {
    const auto which = static_cast<std::int32_t>(random() % 8 == 0);
    std::vector<TaskRef> inputs;
    std::int64_t sum = 0;
    for (unsigned k = random() % 4; k > 0; --k) {
      if (!kept.empty() && random() % 6 == 0) {
        const auto i = random() % kept.size();
        inputs.push_back({-1, static_cast<std::int64_t>(i)});
        sum += kept_values[i];
      } else if (!tasks.empty()) {
        const auto i = random() % tasks.size();
        inputs.push_back(tasks[i]);
        sum += values[i];
      }
    }
    const std::int64_t index = layers[which]->add(inputs, which ? 40'000 : 8);
    tasks.push_back({which, index});
    values.push_back((seeds[which] + index + sum) % 1'000'003);
    if (t + 1 == n || random() % 8 == 0) {
      made.wanted.push_back(tasks.back());
      made.expected.push_back(values.back());
    }
  }
  made.graph = {{layers[0], layers[1]}, kept};
  return made;
}

struct Size {
  int workers, threads;
  std::int64_t budget = std::int64_t{1} << 30;
};

class EngineThreads : public testing::TestWithParam<Size> {
 protected:
  Engine engine_{GetParam().workers, GetParam().threads, GetParam().budget};
};

TEST_P(EngineThreads, give_the_values_of_random_graphs_to_several_clients_at_once) {
  Releaser releaser;
  std::vector<std::thread> clients;
  for (unsigned client = 0; client < 4; ++client)
    clients.emplace_back([&, client] {
      std::mt19937 random(100 + client);
      std::vector<ResultHandle> kept;
      std::vector<std::int64_t> kept_values;
      for (int round = 0; round < 60; ++round) {
        RandomGraph g = random_graph(random, kept, kept_values);
        const bool fetch = random() % 2 == 0;
        auto results = engine_->submit(g.graph, g.wanted, {.fetch = fetch});
        g.graph = {};
        if (random() % 5 == 0) {
          // Nobody waits for these.
          releaser.push(std::move(results));
          continue;
        }
        for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(value_of(results[i]), g.expected[i]) << "client " << client << " round " << round;
        // Fetched values are not kept on the workers.
        if (!fetch) {
          releaser.push(std::exchange(kept, std::move(results)));
          kept_values = g.expected;
        } else {
          releaser.push(std::move(results));
        }
      }
    });
  for (std::thread& client : clients) client.join();
}

TEST_P(EngineThreads, tell_errors_to_those_who_need_the_task_and_to_nobody_else) {
  std::vector<std::thread> clients;
  for (int client = 0; client < 3; ++client)
    clients.emplace_back([&, client] {
      for (int round = 0; round < 20; ++round) {
        auto some_bad = std::make_shared<ListedLayer>("some-bad", std::make_shared<Mix>(client, 1, 5));
        auto after = std::make_shared<ListedLayer>("after", std::make_shared<Mix>(0, 1));
        std::vector<TaskRef> wanted;
        for (int i = 0; i < 20; ++i) some_bad->add({});
        for (int i = 0; i < 20; ++i) wanted.push_back({1, after->add(std::vector<TaskRef>{{0, i}})});
        const auto results = engine_->submit({{some_bad, after}, {}}, wanted, {.fetch = round % 2 == 0});
        for (int i = 0; i < 20; ++i) {
          const ResultHandle& result = results[static_cast<std::size_t>(i)];
          if (i % 5 != 4) {
            EXPECT_EQ(value_of(result), i + client + i);
            continue;
          }
          try {
            result->get();
            ADD_FAILURE() << "nothing was thrown";
          } catch (const TaskError& e) {
            EXPECT_EQ(e.where().message, "task " + std::to_string(i) + " is a bad one");
            EXPECT_EQ(e.where().key, "some-bad-" + std::to_string(i));
          }
          EXPECT_EQ(result->status(), Status::error);
          EXPECT_TRUE(result->error());
        }
      }
    });
  for (std::thread& client : clients) client.join();
}

TEST_P(EngineThreads, cancel_at_any_moment_and_every_result_settles) {
  std::mt19937 random(7);
  for (int round = 0; round < 15; ++round) {
    auto slow = std::make_shared<ListedLayer>("slow", std::make_shared<Sleep>());
    std::vector<TaskRef> wanted;
    for (int i = 0; i < 24; ++i) wanted.push_back({0, slow->add({})});
    const auto results = engine_->submit({{slow}, {}}, wanted, {.fetch = false});
    std::vector<std::thread> cancellers;
    for (int k = 0; k < 2; ++k)
      cancellers.emplace_back([&, k] {
        for (std::size_t i = static_cast<std::size_t>(k); i < results.size(); i += 3) {
          results[i]->cancel();
          std::this_thread::sleep_for(std::chrono::microseconds(100 * round));
        }
      });
    for (const ResultHandle& result : results) {
      ASSERT_TRUE(result->wait(30)) << "round " << round;
      if (result->status() == Status::cancelled) {
        EXPECT_THROW(result->get(), CancelledError);
      } else {
        EXPECT_EQ(result->get().get<int>(), 1);
      }
    }
    for (std::thread& t : cancellers) t.join();
  }
}

TEST_P(EngineThreads, run_calls_on_every_worker_while_tasks_run) {
  std::vector<std::thread> clients;
  for (int client = 0; client < 3; ++client)
    clients.emplace_back([&, client] {
      std::mt19937 random(static_cast<unsigned>(client));
      for (int round = 0; round < 30; ++round) {
        const auto g = random_graph(random, {}, {});
        const auto results = engine_->submit(g.graph, g.wanted, {.fetch = true});
        const auto ranks = engine_->run_on_workers(std::make_shared<Rank>(), {}, /*collective=*/client == 0);
        ASSERT_EQ(ranks.size(), static_cast<std::size_t>(GetParam().workers));
        for (std::size_t w = 0; w < ranks.size(); ++w) EXPECT_EQ(ranks[w].get<int>(), static_cast<int>(w) + 1);
        for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(value_of(results[i]), g.expected[i]);
      }
    });
  for (std::thread& client : clients) client.join();
}

TEST_P(EngineThreads, take_scattered_values_from_several_clients) {
  std::vector<std::thread> clients;
  for (int client = 0; client < 3; ++client)
    clients.emplace_back([&, client] {
      for (int round = 0; round < 30; ++round) {
        std::vector<Object> values;
        for (int i = 0; i < 5; ++i) values.push_back(Object::of(std::vector<std::int64_t>(static_cast<std::size_t>(1 + 3000 * i), client + i)));
        const auto scattered = engine_->scatter(std::move(values));
        auto layer = std::make_shared<ListedLayer>("mix", std::make_shared<Mix>(0, 1));
        std::vector<TaskRef> inputs;
        for (int i = 0; i < 5; ++i) inputs.push_back({-1, i});
        const std::vector<TaskRef> wanted{{0, layer->add(inputs)}};
        EXPECT_EQ(value_of(engine_->submit({{layer}, scattered}, wanted, {.fetch = true}).front()), 5 * client + 10);
        EXPECT_EQ(value_of(scattered[4]), client + 4);
      }
    });
  for (std::thread& client : clients) client.join();
}

TEST_P(EngineThreads, stop_while_work_is_under_way_and_results_outlive_them) {
  std::mt19937 random(11);
  std::vector<ResultHandle> results;
  for (int i = 0; i < 5; ++i) {
    const auto g = random_graph(random, {}, {});
    for (ResultHandle& r : engine_->submit(g.graph, g.wanted, {.fetch = false})) results.push_back(std::move(r));
  }
  engine_.stop();

  EXPECT_THROW(engine_->submit({}, {}, {}), Error);
  for (const ResultHandle& r : results) {
    if (r->status() == Status::pending) {
      EXPECT_THROW(r->get(1), Error);
    }
  }
}

TEST_P(EngineThreads, an_interrupt_reaches_a_client_that_waits) {
  auto slow = std::make_shared<ListedLayer>("slow", std::make_shared<Sleep>());
  std::vector<TaskRef> wanted;
  for (int i = 0; i < 500; ++i) wanted.push_back({0, slow->add({})});
  const auto results = engine_->submit({{slow}, {}}, wanted, {.fetch = false});
  std::thread other([&] {
    std::this_thread::sleep_for(10ms);
    engine_->interrupt("that is enough");
  });

  EXPECT_THAT([&] { for (const ResultHandle& r : results) r->get(); }, testing::ThrowsMessage<Error>(testing::HasSubstr("that is enough")));
  other.join();
}

INSTANTIATE_TEST_SUITE_P(, EngineThreads,
                         // In 90,000 bytes two long results fit: most of them go to scratch and back.
                         testing::Values(Size{1, 1}, Size{2, 2}, Size{3, 3}, Size{2, 2, 90'000}), [](const auto& info) {
                           return std::to_string(info.param.workers) + "_workers_of_" + std::to_string(info.param.threads) + "_threads" +
                                  (info.param.budget < 100'000 ? "_on_scratch" : "");
                         });

}  // namespace
}  // namespace ashlar
