// Tasks that are clients: they submit, wait, hold futures and give them away, on every number of ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <numeric>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/coordination.hpp"
#include "ashlar/runtime/get_client.hpp"
#include "ashlar/runtime/run.hpp"

namespace al = ashlar;
using namespace std::chrono_literals;

namespace {

int plain_fib(int n) { return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2); }

int fib(int n) {
  if (n < 2) return n;
  al::Client& client = al::get_client();
  auto a = client.submit(fib, n - 1), b = client.submit(fib, n - 2);
  return a.result() + b.result();
}

TEST(TaskClient, a_task_submits_tasks_and_waits_for_them_with_one_thread_per_worker) {
  EXPECT_EQ(al::get_client().submit(fib, 9).result(), plain_fib(9));
}

TEST(TaskClient, recursion_as_deep_as_fibonacci_of_15_ends) { EXPECT_EQ(al::get_client().submit(fib, 15).result(), plain_fib(15)); }

TEST(TaskClient, a_task_computes_lazy_values_on_the_jobs_workers) {
  auto f = al::get_client().submit([](int n) {
    auto square = al::delayed([](int x) { return std::pair(x * x, al::get_worker().rank()); });
    std::vector<al::Delayed<std::pair<int, int>>> parts;
    for (int i = 0; i < n; ++i) parts.push_back(square(i));
    auto values = al::compute(parts);
    int sum = 0;
    std::vector<int> ranks;
    for (const auto& [value, rank] : values) {
      sum += value;
      ranks.push_back(rank);
    }
    std::sort(ranks.begin(), ranks.end());
    return std::pair(sum, static_cast<int>(std::unique(ranks.begin(), ranks.end()) - ranks.begin()));
  }, 200);
  const auto [sum, ranks] = f.result();
  EXPECT_EQ(sum, 199 * 200 * 399 / 6);
  EXPECT_EQ(ranks, static_cast<int>(al::get_client().scheduler_info().workers.size()));
}

TEST(TaskClient, an_error_of_a_task_of_a_task_comes_out_with_its_message) {
  auto f = al::get_client().submit([](int x) { return al::get_client().submit([](int y) { return y > 3 ? throw std::runtime_error("four is too many") : y; }, x).result(); }, 4);
  try {
    f.result();
    FAIL() << "nothing was thrown";
  } catch (const al::TaskError& e) {
    EXPECT_EQ(e.where().message, "four is too many");
  }
  EXPECT_THAT(f.traceback(), testing::HasSubstr("four is too many"));
}

TEST(TaskClient, a_future_that_a_task_gives_back_is_good_in_the_body) {
  auto outer = al::get_client().submit([](int x) { return al::get_client().submit([](int y) { return y + 1; }, x); }, 41);
  al::Future<int> inner = outer.result();
  EXPECT_EQ(inner.result(), 42);
  EXPECT_EQ(al::get_client().submit([](int x) { return x * 2; }, inner).result(), 84);
}

TEST(TaskClient, a_future_given_as_a_future_can_be_waited_for_by_the_task) {
  al::Client& client = al::get_client();
  auto slow = client.submit([](int x) {
    std::this_thread::sleep_for(50ms);
    return x;
  }, 5);
  auto f = client.submit([](al::Future<int> future, int y) { return future.result() * y; }, slow, 3);
  slow.release();
  EXPECT_EQ(f.result(), 15);
}

TEST(TaskClient, vectors_of_futures_go_from_task_to_task_and_stay_alive_on_the_way) {
  al::Client& client = al::get_client();
  auto made = client.submit([](int n) {
    std::vector<al::Future<std::vector<double>>> futures;
    for (int i = 0; i < n; ++i) futures.push_back(al::get_client().submit([](int k) { return std::vector<double>(2'000, k); }, i));
    return futures;
  }, 20);
  auto kept = client.submit([](const std::vector<al::Future<std::vector<double>>>& futures) { return futures; }, made);
  made.release();
  auto total = client.submit([](const std::vector<al::Future<std::vector<double>>>& futures) {
    double sum = 0;
    for (const auto& values : al::get_client().gather(futures)) sum += std::accumulate(values.begin(), values.end(), 0.0);
    return sum;
  }, kept);
  kept.release();
  EXPECT_EQ(total.result(), 2'000.0 * 19 * 20 / 2);
}

TEST(TaskClient, a_task_cancels_what_it_submitted) {
  auto f = al::get_client().submit([] {
    al::Client& here = al::get_client();
    auto first = here.submit([] {
      std::this_thread::sleep_for(20ms);
      return 1;
    });
    auto second = here.submit([](int x) { return x; }, first);
    second.cancel();
    bool threw = false;
    try {
      second.result();
    } catch (const al::CancelledError&) {
      threw = true;
    }
    return threw && first.result() == 1;
  });
  EXPECT_TRUE(f.result());
}

TEST(TaskClient, a_wait_that_takes_too_long_ends_in_a_task_too) {
  auto f = al::get_client().submit([] {
    auto slow = al::get_client().submit([] { std::this_thread::sleep_for(300ms); });
    try {
      slow.result(5ms);
    } catch (const al::TimeoutError&) {
      slow.result();
      return true;
    }
    return false;
  });
  EXPECT_TRUE(f.result());
}

TEST(TaskClient, takes_futures_as_they_complete) {
  auto f = al::get_client().submit([](int n) {
    std::vector<al::Future<int>> futures;
    for (int i = 0; i < n; ++i) futures.push_back(al::get_client().submit([](int x) { return x; }, i));
    int sum = 0, batches = 0;
    auto completed = al::as_completed(futures);
    for (auto& batch : completed.batches()) {
      ++batches;
      for (auto& future : batch) sum += future.result();
    }
    return batches > 0 ? sum : -1;
  }, 30);
  EXPECT_EQ(f.result(), 435);
}

TEST(TaskClient, scatters_and_runs_on_workers) {
  auto f = al::get_client().submit([] {
    al::Client& here = al::get_client();
    auto values = here.scatter(std::vector<int>{1, 2, 3});
    auto doubled = here.map([](int x) { return 2 * x; }, values);
    int sum = 0;
    for (int x : here.gather(doubled)) sum += x;
    return std::pair(sum, here.run([](al::WorkerContext& w) { return w.rank(); }).size());
  });
  EXPECT_EQ(f.result(), std::pair(12, al::get_client().scheduler_info().workers.size()));
}

TEST(TaskClient, a_task_that_secedes_lets_others_run) {
  al::Client& client = al::get_client();
  const int threads = client.nthreads();
  std::vector<al::Future<int>> sleepers;
  for (int i = 0; i < 4 * threads; ++i)
    sleepers.push_back(client.submit([](int x) {
      const al::worker_client here;
      std::this_thread::sleep_for(400ms);
      return x;
    }, i));
  const auto begin = std::chrono::steady_clock::now();
  int sum = 0;
  for (auto& f : sleepers) sum += f.result();
  EXPECT_EQ(sum, 4 * threads * (4 * threads - 1) / 2);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1500ms) << "they slept one after another";
}

TEST(TaskClient, results_that_nobody_holds_any_more_are_gone) {
  al::Client& client = al::get_client();
  auto f = client.submit([] {
    for (int i = 0; i < 50; ++i) al::get_client().submit([](int x) { return std::vector<double>(10'000, x); }, i).result();
    return 1;
  });
  EXPECT_EQ(f.result(), 1);
  f.release();
  std::vector<std::string> left{"not looked at"};
  for (int i = 0; i < 2'000 && !left.empty(); ++i) {
    std::this_thread::sleep_for(1ms);
    left.clear();
    for (const al::TaskDescription& task : client.tasks()) left.push_back(task.key + " " + task.state);
  }
  EXPECT_THAT(left, testing::IsEmpty());
}

TEST(TaskClient, fire_and_forget_runs_to_the_end) {
  al::Client& client = al::get_client();
  auto f = client.submit([](int) {
    al::fire_and_forget(al::get_client().submit([] {
      std::this_thread::sleep_for(10ms);
      al::Event("forgotten and done").set();
    }));
    return 1;
  }, 0);
  EXPECT_EQ(f.result(), 1);
  EXPECT_TRUE(al::Event("forgotten and done").wait(10s));
}

TEST(TaskClient, calls_back_when_a_future_is_done) {
  al::Client& client = al::get_client();
  std::mutex mutex;
  std::vector<int> seen;
  auto fs = client.map([](int x) {
    std::this_thread::sleep_for(1ms);
    return 10 * x;
  }, std::vector<int>{1, 2, 3});
  for (auto& f : fs)
    f.add_done_callback([&](al::Future<int> future) {
      const int value = future.result();
      std::lock_guard lock(mutex);
      seen.push_back(value);
    });
  al::wait(fs);
  for (int i = 0; i < 1000; ++i) {
    std::this_thread::sleep_for(1ms);
    std::lock_guard lock(mutex);
    if (seen.size() == 3) break;
  }
  std::lock_guard lock(mutex);
  EXPECT_THAT(seen, testing::UnorderedElementsAre(10, 20, 30));
}

TEST(TaskClient, a_function_runs_on_the_scheduler_for_the_body_and_for_tasks) {
  al::Client& client = al::get_client();
  const int here = static_cast<int>(getpid());
  EXPECT_EQ(client.run_on_scheduler([] { return static_cast<int>(getpid()); }), here);
  auto f = client.submit([](int) { return al::get_client().run_on_scheduler([] { return static_cast<int>(getpid()); }); }, 0);
  EXPECT_EQ(f.result(30s), here);
  // It may wait for tasks.
  auto waits = client.submit([](int x) {
    return x + al::get_client().run_on_scheduler([] { return al::get_client().submit([](int y) { return 2 * y; }, 20).result(); });
  }, 2);
  EXPECT_EQ(waits.result(30s), 42);
  auto fails = client.submit([](int) { return al::get_client().run_on_scheduler([]() -> int { throw al::KeyError("not here"); }); }, 0);
  EXPECT_THAT(fails.traceback(30s), testing::HasSubstr("not here"));
}

TEST(TaskClient, versions_are_told_of_every_rank) {
  const auto versions = al::get_client().get_versions();
  EXPECT_THAT(versions, testing::SizeIs(testing::AnyOf(al::get_client().scheduler_info().workers.size() + 1, 1)));
  for (const auto& [rank, what] : versions) {
    EXPECT_EQ(what.at("ashlar"), versions.at(0).at("ashlar")) << rank;
    EXPECT_THAT(what, testing::Contains(testing::Key("compiler")));
  }
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return al::run(argc, argv, [](al::Client&) { return RUN_ALL_TESTS(); });
}
