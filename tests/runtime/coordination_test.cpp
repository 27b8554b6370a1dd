// What tasks and the body share by name, and what a client asks rank 0 for, on every number of ranks.
#include "ashlar/runtime/coordination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/get_client.hpp"
#include "ashlar/runtime/run.hpp"

namespace al = ashlar;
using namespace std::chrono_literals;
using testing::ElementsAre;

namespace {

TEST(Variable, goes_from_the_body_to_tasks_and_back) {
  al::Client& client = al::get_client();
  al::Variable<std::string> to_task("to task"), from_task("from task");
  auto f = client.submit([](al::Variable<std::string> in, al::Variable<std::string> out) { out.set(in.get() + "!"); }, to_task, from_task);
  EXPECT_THROW(from_task.get(5ms), al::TimeoutError);
  to_task.set("hello");
  EXPECT_EQ(from_task.get(), "hello!");
  f.result();
  EXPECT_THROW(al::Variable<int>("to task").get(), al::TypeError);
  to_task.delete_();
  EXPECT_THROW(to_task.get(5ms), al::TimeoutError);
}

TEST(Variable, holds_futures) {
  al::Client& client = al::get_client();
  al::Variable<al::Future<int>> variable("future");
  client.submit([](al::Variable<al::Future<int>> v) { v.set(al::get_client().submit([](int x) { return x + 1; }, 41)); }, variable).result();
  EXPECT_EQ(variable.get().result(), 42);
  EXPECT_EQ(client.submit([](al::Variable<al::Future<int>> v) { return v.get().result(); }, variable).result(), 42);
  variable.set(client.submit([] { return 7; }));
  EXPECT_EQ(client.submit([](al::Variable<al::Future<int>> v) { return v.get().result(); }, variable).result(), 7);
  variable.delete_();
}

TEST(Queue, carries_values_between_tasks_that_wait_for_one_another) {
  al::Client& client = al::get_client();
  al::Queue<int> queue("numbers", {.maxsize = 2});
  std::vector<al::Future<int>> getters, putters;
  for (int i = 0; i < 12; ++i) getters.push_back(client.submit([](al::Queue<int> q, int) { return q.get(); }, queue, i));
  for (int i = 0; i < 12; ++i)
    putters.push_back(client.submit([](al::Queue<int> q, int x) {
      q.put(x);
      return x;
    }, queue, i));
  int sum = 0;
  for (auto& f : getters) sum += f.result();
  EXPECT_EQ(sum, 66);
  for (auto& f : putters) f.result();
  EXPECT_EQ(queue.qsize(), 0);
  queue.put(1), queue.put(2);
  EXPECT_THROW(queue.put(3, 5ms), al::TimeoutError);
  EXPECT_THAT(queue.get_batch(), ElementsAre(1, 2));
  EXPECT_THROW(queue.get(5ms), al::TimeoutError);
}

TEST(Lock, lets_one_task_at_a_time_through) {
  al::Client& client = al::get_client();
  al::Lock lock("counter");
  al::Variable<int> counter("counter");
  counter.set(0);
  std::vector<al::Future<void>> fs;
  for (int i = 0; i < 20; ++i)
    fs.push_back(client.submit([](al::Lock l, al::Variable<int> v, int) {
      const std::lock_guard guard(l);
      v.set(v.get() + 1);
    }, lock, counter, i));
  for (auto& f : fs) f.result();
  EXPECT_EQ(counter.get(), 20);
  EXPECT_FALSE(lock.locked());
  EXPECT_TRUE(lock.acquire());
  EXPECT_FALSE(client.submit([](al::Lock l) { return l.acquire({.timeout = 5ms}); }, lock).result());
  lock.release();
  EXPECT_THROW(lock.release(), al::ValueError);
}

TEST(Lock, of_a_task_that_ends_or_throws_is_free) {
  al::Client& client = al::get_client();
  al::Lock lock("forgotten");
  client.submit([](al::Lock l) { l.acquire(); }, lock).result();
  EXPECT_TRUE(lock.acquire({.timeout = 5s}));
  lock.release();
  auto f = client.submit([](al::Lock l) {
    l.acquire();
    throw std::runtime_error("with the lock in hand");
  }, lock);
  EXPECT_TRUE(f.exception() != nullptr);
  EXPECT_TRUE(lock.acquire({.timeout = 5s}));
  lock.release();
}

TEST(Semaphore, has_as_many_leases_as_it_was_made_with) {
  al::Client& client = al::get_client();
  al::Semaphore semaphore(2, "two");
  EXPECT_TRUE(semaphore.acquire());
  EXPECT_TRUE(semaphore.acquire());
  EXPECT_EQ(semaphore.get_value(), 2);
  EXPECT_FALSE(client.submit([](al::Semaphore s) { return s.acquire(5ms); }, semaphore).result());
  auto f = client.submit([](al::Semaphore s) { return s.acquire(); }, semaphore);
  semaphore.release();
  EXPECT_TRUE(f.result());
  semaphore.release();
  EXPECT_THROW(al::Semaphore(3, "two").acquire(), al::ValueError);
  EXPECT_THROW(al::Semaphore(0), al::ValueError);
  semaphore.close();
}

TEST(Event, wakes_tasks_that_wait) {
  al::Client& client = al::get_client();
  al::Event event("go");
  auto f = client.map([](int x, al::Event e) { return e.wait() ? x : -1; }, std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9}, event);
  EXPECT_FALSE(event.wait(5ms));
  event.set();
  int sum = 0;
  for (auto& one : f) sum += one.result();
  EXPECT_EQ(sum, 45);
  EXPECT_TRUE(event.is_set());
  event.clear();
  EXPECT_FALSE(event.is_set());
}

TEST(PubSub, gives_what_is_published_to_every_subscriber_in_order) {
  al::Client& client = al::get_client();
  al::Pub<int> pub("news");
  al::Sub<int> here("news");
  auto f = client.submit([] {
    al::Sub<int> sub("news");
    al::Event("subscribed").set();
    const int first = sub.get();
    return std::pair(first, sub.get());
  });
  al::Event("subscribed").wait();
  EXPECT_EQ(pub.subscribers(), 2);
  pub.put(1), pub.put(2);
  EXPECT_EQ(f.result(), std::pair(1, 2));
  EXPECT_EQ(here.get(), 1);
  EXPECT_EQ(here.next(), 2);
  EXPECT_THROW(here.get(5ms), al::TimeoutError);
}

TEST(Datasets, are_there_for_tasks_too_until_they_are_unpublished) {
  al::Client& client = al::get_client();
  auto fs = client.map([](int x) { return x * x; }, std::vector<int>{1, 2, 3});
  client.publish_dataset("squares", fs);
  EXPECT_THROW(client.publish_dataset("squares", fs), al::KeyError);
  fs.clear();
  EXPECT_THAT(client.list_datasets(), ElementsAre("squares"));
  auto f = client.submit([] {
    int sum = 0;
    for (auto& future : al::get_client().get_dataset<std::vector<al::Future<int>>>("squares")) sum += future.result();
    al::get_client().publish_dataset("sum", sum);
    return sum;
  });
  EXPECT_EQ(f.result(), 14);
  EXPECT_EQ(client.get_dataset<int>("sum"), 14);
  EXPECT_THROW(client.get_dataset<double>("sum"), al::TypeError);
  auto z = al::delayed([](int x) { return x + 1; })(1).persist();
  client.publish_dataset("lazy", z);
  EXPECT_EQ(client.get_dataset<al::Delayed<int>>("lazy").compute(), 2);
  EXPECT_THROW(client.get_dataset<al::Delayed<double>>("lazy"), al::TypeError);
  for (const std::string& name : client.datasets()) client.unpublish_dataset(name);
  EXPECT_THROW(client.get_dataset<int>("sum"), al::KeyError);
  EXPECT_THROW(client.unpublish_dataset("sum"), al::KeyError);
}

TEST(Metadata, and_events_are_kept_on_rank_0) {
  al::Client& client = al::get_client();
  client.submit([] {
    al::get_client().set_metadata("run", std::string("seven"));
    al::get_client().log_event("progress", "half");
    al::get_client().log_event("progress", "done");
  }).result();
  EXPECT_EQ(client.get_metadata<std::string>("run"), "seven");
  EXPECT_EQ(client.get_metadata("nothing", 3), 3);
  EXPECT_THROW(client.get_metadata<int>("nothing"), al::KeyError);
  const auto events = client.get_events("progress");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].second, "done");
  EXPECT_LE(events[0].first, events[1].first);
}

TEST(Client, says_who_has_what) {
  al::Client& client = al::get_client();
  auto fs = client.map([](int n) { return std::vector<double>(static_cast<std::size_t>(n)); }, std::vector<int>{1'000, 2'000, 3'000, 4'000});
  al::wait(fs);
  const auto holders = client.who_has(fs);
  ASSERT_EQ(holders.size(), 4u);
  const auto cores = client.ncores();
  EXPECT_EQ(cores.size(), client.scheduler_info().workers.size());
  for (const auto& [key, ranks] : holders) {
    ASSERT_EQ(ranks.size(), 1u) << key;
    EXPECT_EQ(cores.count(ranks[0]), 1u);
    const auto keys = client.has_what().at(ranks[0]);
    EXPECT_NE(std::find(keys.begin(), keys.end(), key), keys.end()) << key;
  }
  EXPECT_GE(client.nbytes().at(fs[3].key()), 32'000);
  EXPECT_THAT(client.story(fs[0]), testing::HasSubstr("memory"));
  EXPECT_EQ(client.submit([](std::string key) { return al::get_client().who_has().count(key); }, fs[0].key()).result(), 1u);
  al::Event go("go on");
  auto running = client.submit([](al::Event e) { return e.wait(); }, go);
  while (running.done() == false && [&] {
    for (const auto& [rank, keys] : client.processing())
      if (std::find(keys.begin(), keys.end(), running.key()) != keys.end()) return false;
    return true;
  }()) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(running.done());
  go.set();
  EXPECT_TRUE(running.result());
  client.wait_for_workers(1);
  EXPECT_THROW(client.wait_for_workers(1'000), al::TimeoutError);
}

TEST(Client, runs_a_function_on_chosen_workers) {
  al::Client& client = al::get_client();
  const int last = client.ncores().rbegin()->first;
  const auto ranks = client.run([](al::WorkerContext& w) { return w.rank(); }, {.workers = {last}});
  ASSERT_EQ(ranks.size(), 1u);
  EXPECT_THROW(client.run([](al::WorkerContext&) {}, {.workers = {99}}), al::ValueError);
}

// ---- results on several workers

std::vector<int> all_ranks(const al::Client& client) {
  std::vector<int> ranks;
  for (const auto& [rank, threads] : client.ncores()) ranks.push_back(rank);
  return ranks;
}

TEST(Copies, of_scattered_values_are_where_they_were_wanted_and_tasks_use_them_there) {
  al::Client& client = al::get_client();
  const std::vector<int> ranks = all_ranks(client);
  const int first = ranks.front(), last = ranks.back();
  auto everywhere = client.scatter(std::vector<double>(10, 2.5), {.broadcast = true});
  for (const auto& future : everywhere) EXPECT_EQ(client.who_has(future).at(future.key()), ranks);
  auto table = client.scatter(std::string("table"), {.broadcast = true});
  EXPECT_EQ(client.who_has(table).at(table.key()), ranks);
  for (const auto& [rank, keys] : client.has_what()) EXPECT_EQ(std::count(keys.begin(), keys.end(), table.key()), 1) << rank;
  for (const int rank : ranks) {
    auto there = client.with({.workers = {rank}}).submit([](const std::string& text, double x) { return text + std::to_string(static_cast<int>(2 * x)); }, table, everywhere[7]);
    EXPECT_EQ(there.result(), "table5");
    EXPECT_EQ(client.who_has(there).at(there.key()), std::vector{rank});
  }
  EXPECT_EQ(table.result(), "table");
  const auto in_turns = client.scatter(std::vector<int>{1, 2, 3}, {.workers = {last, first}});
  EXPECT_EQ(client.who_has(in_turns[0]).at(in_turns[0].key()), std::vector{last});
  EXPECT_EQ(client.who_has(in_turns[1]).at(in_turns[1].key()), std::vector{first});
  EXPECT_EQ(client.who_has(in_turns[2]).at(in_turns[2].key()), std::vector{last});
  EXPECT_THAT(client.gather(in_turns), ElementsAre(1, 2, 3));
  const auto on_two = client.scatter(4, {.workers = {first, last, first}, .broadcast = true});
  EXPECT_EQ(client.who_has(on_two).at(on_two.key()), first == last ? std::vector{first} : (std::vector{first, last}));
}

TEST(Copies, for_ranks_that_are_no_workers_are_refused_by_name) {
  al::Client& client = al::get_client();
  for (const int rank : {-1, 99}) {
    try {
      client.scatter(1, {.workers = {1, rank}});
      FAIL() << "rank " << rank << " is no worker";
    } catch (const al::ValueError& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr("rank " + std::to_string(rank) + " is no worker"));
    }
  }
  EXPECT_THROW(client.scatter(std::vector{1}, {.workers = {99}, .broadcast = true}), al::ValueError);
  EXPECT_THROW(client.replicate(client.scatter(1), -1), al::ValueError);
}

TEST(Copies, are_scattered_by_tasks_too) {
  al::Client& client = al::get_client();
  const auto holders = client.submit([] {
    al::Client& here = al::get_client();
    auto future = here.scatter(std::string("from a task"), {.broadcast = true});
    here.replicate(future);
    return std::make_pair(future.result(), static_cast<int>(here.who_has(future).begin()->second.size()));
  }).result();
  EXPECT_EQ(holders.first, "from a task");
  EXPECT_EQ(holders.second, static_cast<int>(client.ncores().size()));
}

TEST(Copies, are_made_of_results_and_freed_with_them) {
  al::Client& client = al::get_client();
  const auto n = client.ncores().size();
  std::set<std::string> released;
  {
    auto fs = client.map([](int x) { return std::vector<double>(5'000, x); }, std::vector<int>{1, 2, 3, 4, 5});
    client.replicate(fs, 2);  // waits for them
    for (const auto& [key, ranks] : client.who_has(fs)) EXPECT_EQ(ranks.size(), std::min<std::size_t>(n, 2)) << key;
    client.replicate(fs[0]);
    EXPECT_EQ(client.who_has(fs[0]).at(fs[0].key()), all_ranks(client));
    client.replicate(fs, 99);
    for (const auto& [key, ranks] : client.who_has(fs)) EXPECT_EQ(ranks, all_ranks(client)) << key;
    for (const int rank : all_ranks(client))
      EXPECT_EQ(client.with({.workers = {rank}}).submit([](const std::vector<double>& a, const std::vector<double>& b) { return a[0] + b[4'999]; }, fs[1], fs[4]).result(), 7) << rank;
    EXPECT_EQ(fs[2].result()[17], 3);
    for (const auto& f : fs) released.insert(f.key());
    auto fails = client.submit([](int x) { return x > 0 ? throw al::ValueError("no") : x; }, 1);
    EXPECT_THROW(client.replicate(fails), al::TaskError);
  }
  // Rank 0 has taken all releases before it answers this.
  for (const auto& [rank, keys] : client.has_what())
    for (const std::string& key : keys) EXPECT_EQ(released.count(key), 0u) << rank << " keeps " << key;
}

TEST(Rebalance, spreads_results_that_were_all_on_one_worker) {
  al::Client& client = al::get_client();
  const std::vector<int> ranks = all_ranks(client);
  std::vector<std::vector<double>> values;
  for (int i = 0; i < 24; ++i) values.emplace_back(1'000, i);
  auto fs = client.scatter(values, {.workers = {ranks.front()}});
  auto waits = client.map([](const std::vector<double>& v, double x) { return v[999] + x; }, fs, std::vector<double>(24, 0.5));
  client.rebalance(fs);
  std::map<int, std::size_t> held;
  for (const auto& [key, at] : client.who_has(fs)) {
    ASSERT_EQ(at.size(), 1u) << key;
    ++held[at[0]];
  }
  EXPECT_EQ(held.size(), ranks.size());
  // Other results are bytes too, small ones.
  for (const auto& [rank, n] : held) EXPECT_LE(n, 24 / ranks.size() + 1) << rank;
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(fs[i].result()[500], static_cast<double>(i));
    EXPECT_EQ(waits[i].result(), static_cast<double>(i) + 0.5);
    EXPECT_EQ(client.submit([](const std::vector<double>& v) { return v[1]; }, fs[i]).result(), static_cast<double>(i));
  }
  client.rebalance();
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return al::run(argc, argv, [](al::Client&) { return RUN_ALL_TESTS(); });
}
