// Failed tasks that are run again by their futures, on every number of ranks. Tasks fail until the event "mended" of their test is set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/coordination.hpp"
#include "ashlar/runtime/get_client.hpp"
#include "ashlar/runtime/run.hpp"

namespace al = ashlar;
using namespace std::chrono_literals;

namespace {

// Adds 1; counts its runs.
int mends(int x, al::Event mended, al::Queue<int> runs) {
  runs.put(x);
  if (!mended.is_set()) throw std::runtime_error("not mended");
  return x + 1;
}
int counted(int x, al::Queue<int> runs) {
  runs.put(x);
  return 10 * x;
}

// The same with nothing but a number as argument. The flag is of this process.
std::atomic<bool> whole_again{false};
int mends_alone(int x) {
  if (x % 7 == 0 && !whole_again) throw std::runtime_error("not mended: " + std::to_string(x));
  return -x;
}

class Retry : public testing::Test {
 protected:
  al::Client& client = al::get_client();
  al::Event mended;
  al::Queue<int> runs;

  void expect_failure(const al::Future<int>& f) {
    try {
      f.result(30s);
      FAIL() << "nothing was thrown";
    } catch (const al::TaskError& e) {
      EXPECT_EQ(e.where().message, "not mended");
    }
    EXPECT_EQ(f.status(), al::Status::error);
  }
};

TEST_F(Retry, a_failed_task_runs_again_under_the_same_future) {
  auto f = client.submit(mends, 1, mended, runs);
  const std::string key = f.key();
  expect_failure(f);
  client.retry(f);
  expect_failure(f);  // not mended yet
  mended.set();
  f.retry();
  EXPECT_EQ(f.result(30s), 2);
  EXPECT_EQ(f.status(), al::Status::finished);
  EXPECT_EQ(f.key(), key);
  EXPECT_EQ(runs.qsize(), 3);
  EXPECT_EQ(client.submit([](int x) { return 2 * x; }, f).result(30s), 4);
  EXPECT_THAT(client.who_has(f), testing::SizeIs(1));
  f.retry();  // it has not failed
  EXPECT_EQ(f.result(30s), 2);
  EXPECT_EQ(runs.qsize(), 3);
}

// Calls that come faster than they are taken share a submission: each is for itself all the same.
TEST_F(Retry, of_calls_submitted_in_a_burst_by_several_threads_those_that_failed_run_again) {
  constexpr int threads = 3, calls = 1500;
  client.run([](al::WorkerContext&) { whole_again = false; });
  std::vector<al::Future<int>> futures(threads * calls);
  std::vector<std::thread> bodies;
  for (int t = 0; t < threads; ++t)
    bodies.emplace_back([&, t] {
      for (int i = t * calls; i < (t + 1) * calls; ++i) futures[static_cast<std::size_t>(i)] = client.submit(mends_alone, i);
    });
  for (std::thread& body : bodies) body.join();

  std::set<std::string> keys;
  std::vector<al::Future<int>> failed;
  for (int i = 0; i < threads * calls; ++i) {
    const al::Future<int>& f = futures[static_cast<std::size_t>(i)];
    keys.insert(f.key());
    if (i % 7 != 0) {
      ASSERT_EQ(f.result(60s), -i);
      continue;
    }
    failed.push_back(f);
    try {
      f.result(60s);
      FAIL() << i;
    } catch (const al::TaskError& e) {
      ASSERT_EQ(e.where().message, "not mended: " + std::to_string(i));
      ASSERT_EQ(e.where().key, f.key());
    }
  }
  EXPECT_EQ(keys.size(), futures.size());
  client.run([](al::WorkerContext&) { whole_again = true; });
  client.retry(failed);
  for (int i = 0; i < threads * calls; ++i) ASSERT_EQ(futures[static_cast<std::size_t>(i)].result(60s), -i);
}

TEST_F(Retry, what_it_needs_of_its_graph_is_computed_again) {
  auto start = al::delayed(counted)(4, runs);
  auto middle = al::delayed(mends)(start, mended, runs);
  auto end = al::delayed([](int a, int b) { return a + b; })(middle, start);
  auto f = client.compute(end);
  expect_failure(f);
  mended.set();
  client.retry(f);
  EXPECT_EQ(f.result(30s), 41 + 40);
}

TEST_F(Retry, inputs_that_failed_run_again_too_and_their_futures_are_good) {
  auto a = client.submit(mends, 1, mended, runs);
  auto b = client.submit([](int x) { return 10 * x; }, a);
  auto c = client.submit([](int x) { return x + 3; }, b);
  expect_failure(c);
  expect_failure(a);
  mended.set();
  client.retry(c);
  EXPECT_EQ(c.result(30s), 23);
  EXPECT_EQ(a.result(30s), 2);
  EXPECT_EQ(b.result(30s), 20);
  EXPECT_EQ(runs.qsize(), 2);
}

TEST_F(Retry, inputs_that_nobody_holds_run_again_when_they_failed_or_were_used_up) {
  auto after = client.submit([](int x) { return 10 * x; }, client.submit(mends, 1, mended, runs));
  auto before = client.submit(mends, client.submit(counted, 7, runs), mended, runs);
  expect_failure(after);
  expect_failure(before);
  mended.set();
  client.retry(after);
  client.retry(before);
  EXPECT_EQ(after.result(30s), 20);
  EXPECT_EQ(before.result(30s), 71);
}

TEST_F(Retry, results_that_are_held_are_used_as_they_are) {
  auto a = client.submit(counted, 5, runs);
  auto b = client.submit(mends, a, mended, runs);
  expect_failure(b);
  mended.set();
  client.retry(b);
  EXPECT_EQ(b.result(30s), 51);
  EXPECT_EQ(runs.qsize(), 3) << "counted once, mends twice";
}

TEST_F(Retry, an_input_that_was_let_go_of_after_the_failure_is_computed_again) {
  auto a = client.submit(counted, 5, runs);
  auto b = client.submit(mends, a, mended, runs);
  expect_failure(b);
  a.release();
  mended.set();
  client.retry(b);
  EXPECT_EQ(b.result(30s), 51);
  EXPECT_EQ(runs.qsize(), 4) << "both twice";
}

TEST_F(Retry, an_input_that_was_gone_before_is_asked_for) {
  auto a = client.submit([](int x) { return x; }, client.submit(counted, 5, runs));
  EXPECT_EQ(a.result(30s), 50);
  // Once rank 0 has forgotten it, nothing is known of what `a` was made from.
  for (int i = 0; i < 2'000 && client.tasks().size() > 1; ++i) std::this_thread::sleep_for(1ms);
  auto b = client.submit(mends, a, mended, runs);
  expect_failure(b);
  a.release();
  try {
    client.retry(b);
    FAIL() << "nothing was thrown";
  } catch (const al::ValueError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("whose future was let go of"));
  }
  EXPECT_EQ(b.status(), al::Status::error);
}

TEST_F(Retry, of_many_those_that_failed_run_once_more_and_no_others) {
  auto all = client.map([](int x, al::Event event, al::Queue<int> queue) {
    if (x % 3) return x + 1;
    return mends(x, event, queue);
  }, [] {
    std::vector<int> numbers(150);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }(), mended, runs);
  al::wait(all);
  EXPECT_EQ(runs.qsize(), 50);
  mended.set();
  client.retry(all);
  for (int x = 0; x < 150; ++x) EXPECT_EQ(all[static_cast<std::size_t>(x)].result(30s), x + 1);
  EXPECT_EQ(runs.qsize(), 100);
}

TEST_F(Retry, a_long_chain_of_futures_runs_again_from_its_failed_beginning) {
  std::vector<al::Future<int>> chain{client.submit(mends, 0, mended, runs)};
  for (int i = 0; i < 3000; ++i) chain.push_back(client.submit([](int x) { return x + 1; }, chain.back()));
  expect_failure(chain.back());
  mended.set();
  client.retry(chain.back());
  EXPECT_EQ(chain.back().result(30s), 3001);
  EXPECT_EQ(chain[1500].result(30s), 1501);
  EXPECT_EQ(runs.qsize(), 2);
}

TEST_F(Retry, what_was_cancelled_stays_so) {
  auto a = client.submit(mends, 1, mended, runs);
  auto b = client.submit([](int x) { return x; }, a);
  b.cancel();
  client.retry(b);
  EXPECT_TRUE(b.cancelled());
}

TEST_F(Retry, a_persisted_collection_is_made_whole) {
  auto kept = al::persist(al::delayed(mends)(al::delayed(counted)(2, runs), mended, runs));
  al::wait(kept);
  EXPECT_THROW(kept.compute(), al::TaskError);
  mended.set();
  client.retry(kept);
  EXPECT_EQ(kept.compute(), 21);
  EXPECT_EQ((kept + 1).compute(), 22);
}

TEST_F(Retry, tasks_run_theirs_again) {
  auto f = client.submit([](al::Event event, al::Queue<int> queue) {
    auto inner = al::get_client().submit(mends, 1, event, queue);
    if (!inner.exception(30s)) return -1;
    event.set();
    inner.retry();
    return inner.result(30s);
  }, mended, runs);
  EXPECT_EQ(f.result(30s), 2);
  EXPECT_EQ(runs.qsize(), 2);
}

TEST_F(Retry, nothing_is_left_behind) {
  {
    auto f = client.submit([](int x) { return 10 * x; }, client.submit(mends, 1, mended, runs));
    expect_failure(f);
    mended.set();
    client.retry(f);
    EXPECT_EQ(f.result(30s), 20);
  }
  std::vector<std::string> left{"not looked at"};
  for (int i = 0; i < 2'000 && !left.empty(); ++i) {
    std::this_thread::sleep_for(1ms);
    left.clear();
    for (const al::TaskDescription& task : client.tasks()) left.push_back(task.key + " " + task.state);
  }
  EXPECT_THAT(left, testing::IsEmpty());
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client&) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  });
}
