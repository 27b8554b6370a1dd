// One thread at a time for all calls of HDF5.

#include "ashlar/hdf5/thread.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ashlar::hdf5 {
namespace {

TEST(Thread, runs_what_is_posted_on_one_thread_and_what_is_waited_for_where_it_is_asked) {
  Thread& thread = Thread::instance();
  const auto id = thread.post([] { return std::this_thread::get_id(); }).get();
  EXPECT_NE(id, std::this_thread::get_id());
  EXPECT_EQ(thread.post([] { return std::this_thread::get_id(); }).get(), id);
  EXPECT_TRUE(thread.post([&] { return thread.here(); }).get());
  EXPECT_TRUE(thread.run([&] { return thread.here(); }));
  EXPECT_FALSE(thread.here());
  // The thread that has just done a job may be on its way out of it.
  bool here = false;
  for (int i = 0; i < 1000 && !here; ++i) here = thread.run([] { return std::this_thread::get_id(); }) == std::this_thread::get_id();
  EXPECT_TRUE(here);
}

TEST(Thread, who_waits_comes_after_what_was_posted_before) {
  Thread& thread = Thread::instance();
  for (int round = 0; round < 200; ++round) {
    int done = 0;
    for (int i = 0; i < 3; ++i) thread.post([&] { ++done; });
    EXPECT_EQ(thread.run([&] { return done; }), 3);
  }
}

TEST(Thread, those_who_wait_are_inside_one_at_a_time) {
  Thread& thread = Thread::instance();
  int inside = 0, most = 0, sum = 0;  // no atomics: the turns order them
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; c++)
    callers.emplace_back([&, c] {
      for (int i = 0; i < 2000; i++) {
        const auto job = [&] {
          most = std::max(most, ++inside);
          if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(1));  // so that others come meanwhile
          ++sum;
          inside--;
        };
        if ((i + c) % 3 == 0) thread.post(job).get();
        else if ((i + c) % 50 == 1) EXPECT_THROW(thread.run([&] { job(); throw std::out_of_range("no"); }), std::out_of_range);
        else thread.run(job);
      }
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(sum, 8000);
}

TEST(Thread, hands_on_values_and_exceptions) {
  Thread& thread = Thread::instance();
  EXPECT_EQ(thread.run([] { return std::string("value"); }), "value");
  EXPECT_THROW(thread.run([] { throw std::out_of_range("no"); }), std::out_of_range);
  EXPECT_THROW(thread.post([]() -> int { throw std::out_of_range("no"); }).get(), std::out_of_range);
  EXPECT_EQ(thread.run([] { return 7; }), 7);
}

TEST(Thread, a_job_may_run_another) {
  Thread& thread = Thread::instance();
  EXPECT_EQ(thread.run([&] { return thread.run([] { return 1; }) + 1; }), 2);
}

TEST(Thread, takes_jobs_from_several_threads_one_at_a_time_and_in_order) {
  Thread& thread = Thread::instance();
  int inside = 0, most = 0;
  std::atomic<int> out_of_order = 0;
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; c++)
    callers.emplace_back([&] {
      int done = 0;
      std::vector<std::future<void>> jobs;
      for (int i = 0; i < 500; i++)
        jobs.push_back(thread.post([&, i] {
          most = std::max(most, ++inside);
          if (done++ != i) out_of_order++;
          inside--;
        }));
      for (auto& job : jobs) job.get();
      EXPECT_EQ(thread.run([&] { return done; }), 500);
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(out_of_order, 0);
}

TEST(Thread, blocks_signals_inside_and_only_there) {
  const auto blocked = [] {
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    return sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGCHLD) == 1;
  };
  Thread& thread = Thread::instance();
  EXPECT_FALSE(blocked());
  EXPECT_TRUE(thread.post(blocked).get()) << "on the thread";
  EXPECT_FALSE(blocked());
  EXPECT_TRUE(thread.run(blocked)) << "of who waits";
  EXPECT_FALSE(blocked());
  EXPECT_THROW(thread.run([] { throw std::out_of_range("no"); }), std::out_of_range);
  EXPECT_FALSE(blocked()) << "after an exception";
}

TEST(Thread, ends_when_told_and_starts_again_with_the_next_job) {
  Thread& thread = Thread::instance();
  int done = 0;
  auto posted = thread.post([&] { done = 1; });
  thread.stop();
  EXPECT_EQ(done, 1) << "what was posted before the stop is done";
  thread.stop();
  EXPECT_EQ(thread.run([] { return 5; }), 5);
  thread.stop();
}

}  // namespace
}  // namespace ashlar::hdf5
