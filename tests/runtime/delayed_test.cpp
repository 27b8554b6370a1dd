// The examples of delayed calls and futures, on real workers.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/delayed.hpp"
#include "ashlar/runtime/get_client.hpp"
#include "ashlar/runtime/run.hpp"

namespace al = ashlar;
using namespace std::chrono_literals;

namespace {
al::Client* client = nullptr;

int slow_triple(int x) {
  std::this_thread::sleep_for(1ms);
  return 3 * x;
}
}  // namespace

TEST(DelayedOnWorkers, graphs_of_calls_give_their_values) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto add = al::delayed([](int a, int b) { return a + b; });
  auto z = add(inc(1), inc(2));
  EXPECT_EQ(z.compute(), 5);
  std::vector<al::Delayed<int>> parts;
  for (int i = 0; i < 200; ++i) parts.push_back(add(inc(i), z));
  auto total = al::delayed([](std::vector<int> v) { return std::accumulate(v.begin(), v.end(), 0); })(parts);
  const auto [a, b] = al::compute(z, total);
  EXPECT_EQ(a, 5);
  EXPECT_EQ(b, 200 * 5 + 200 * 201 / 2);
  const auto kept = al::persist(total);
  EXPECT_EQ((kept + 1).compute(), b + 1);
}

TEST(DelayedOnWorkers, free_functions_are_found_on_every_rank) {
  std::vector<al::Delayed<int>> all;
  for (int i = 0; i < 50; ++i) all.push_back(al::delayed(slow_triple)(i));
  const auto values = al::compute(all);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], 3 * i);
}

TEST(DelayedOnWorkers, arrays_and_text_travel_both_ways) {
  auto scale = al::delayed([](al::NDArray<double> x, std::string factor) {
    for (double& v : x) v *= std::stod(factor);
    return x;
  });
  const al::NDArray<double> x({1000}, std::vector<double>(1000, 2));
  const auto y = scale(scale(x, "3"), "0.5").compute();
  EXPECT_EQ(y(999), 3);
  EXPECT_EQ(x(0), 2);
}

TEST(DelayedOnWorkers, map_gather_and_as_completed_see_every_result) {
  std::vector<int> values(50);
  std::iota(values.begin(), values.end(), 0);
  auto futures = client->map([](int x) { return x * x; }, values);
  std::set<int> seen;
  for (auto& done : al::as_completed(futures)) seen.insert(done.result());
  EXPECT_EQ(seen.size(), 50u);
  const auto squares = client->gather(futures);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(squares[static_cast<std::size_t>(i)], i * i);
}

TEST(DelayedOnWorkers, a_thousand_submits_that_depend_on_each_other) {
  auto f = client->submit([](int x) { return x; }, 0);
  for (int i = 0; i < 1000; ++i) f = client->submit([](int x) { return x + 1; }, f);
  EXPECT_EQ(f.result(60s), 1000);
}

TEST(DelayedOnWorkers, an_exception_names_key_and_rank) {
  auto bad = client->submit([](int x) -> int { throw std::runtime_error("cannot do " + std::to_string(x)); }, 7);
  EXPECT_EQ(al::wait(bad, {.timeout = 30s}).done.size(), 1u);
  EXPECT_EQ(bad.status(), al::Status::error);
  try {
    bad.result();
    FAIL();
  } catch (const al::TaskError& e) {
    EXPECT_EQ(e.where().message, "cannot do 7");
    EXPECT_EQ(e.where().type, "std::runtime_error");
    EXPECT_EQ(e.where().key, bad.key());
    EXPECT_GE(e.where().rank, 0);
  }
  EXPECT_NE(bad.exception(), nullptr);
}

TEST(DelayedOnWorkers, scattered_values_and_keys_work_across_submits) {
  auto data = client->scatter(std::vector<double>{1, 2, 3});
  EXPECT_EQ(client->submit([](std::vector<double> v) { return v.at(0) + v.at(2); }, data).result(), 4);
  auto a = client->with({.key = "once"}).submit(slow_triple, 5), b = client->with({.key = "once"}).submit(slow_triple, 5);
  EXPECT_EQ(a.handle(), b.handle());
  EXPECT_EQ(b.result(), 15);
}

TEST(DelayedOnWorkers, run_answers_from_every_worker) {
  const auto ranks = client->run([](al::WorkerContext& w) { return w.rank(); });
  EXPECT_EQ(ranks.size(), client->scheduler_info().workers.size());
  for (const auto& [rank, answer] : ranks) EXPECT_EQ(rank, answer);
  for (const auto& [rank, size] : client->run([](al::WorkerContext& w) { return w.size(); })) {
    // In one process the worker is a part of rank 0.
    EXPECT_GE(rank, size == 1 ? 0 : 1);
    EXPECT_LT(rank, size);
    EXPECT_EQ(size, size == 1 ? static_cast<int>(ranks.size()) : static_cast<int>(ranks.size()) + 1);
  }
}

// ---- options of tasks

namespace {

// A file that tasks on all ranks of this host append to: it remembers what a task that may run anywhere cannot.
class Notes {
 public:
  Notes() {
    char name[] = "/tmp/ashlar-notes-XXXXXX";
    close(mkstemp(name));
    path_ = name;
  }
  ~Notes() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string text() const { return read(path_); }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Appends one character; the number of those before it.
  static int add(const std::string& path, char note) {
    const int file = open(path.c_str(), O_WRONLY | O_APPEND);
    const auto before = static_cast<int>(read(path).size());
    if (write(file, &note, 1) != 1) std::abort();
    close(file);
    return before;
  }

 private:
  std::string path_;
};

int fails_before(const std::string& path, int times) {
  const int before = Notes::add(path, 'x');
  if (before < times) throw std::runtime_error("attempt " + std::to_string(before));
  return before;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

template <class F>
al::TaskError::Where failure(const F& f) {
  try {
    f();
  } catch (const al::TaskError& e) {
    return e.where();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

std::map<int, int> pids() {
  return client->run([](al::WorkerContext&) { return static_cast<int>(getpid()); });
}

// Counts how many of it run in this process at once.
std::atomic<int> running{0};
int most_at_once(int ms) {
  static std::atomic<int> most{0};
  const int now = ++running;
  for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  --running;
  return now;
}

}  // namespace

TEST(TaskOptions, a_task_that_throws_runs_again_as_often_as_it_may) {
  const Notes enough, too_few;
  auto f = client->with({.retries = 2}).submit(fails_before, enough.path(), 2);
  EXPECT_EQ(f.result(30s), 2);
  EXPECT_EQ(enough.text(), "xxx");
  EXPECT_EQ(count(client->story(f.key()), "-> processing"), 3u) << client->story(f.key());
  EXPECT_EQ(failure([&] { client->with({.retries = 1}).submit(fails_before, too_few.path(), 2).result(30s); }).message, "attempt 1");
  EXPECT_EQ(too_few.text(), "xx");
}

TEST(TaskOptions, a_task_that_runs_again_gets_its_inputs_whole_and_those_after_it_its_result) {
  const Notes notes;
  auto make = al::delayed([](int n) { return std::vector<double>(static_cast<std::size_t>(n), 1.0); });
  auto eat = al::delayed(
      [](std::vector<double> v, std::string path) {
        const double sum = std::accumulate(v.begin(), v.end(), 0.0);
        v.assign(v.size(), 0);
        fails_before(path, 2);
        return sum;
      },
      {.retries = 3});
  auto add = al::delayed([](double a, std::vector<double> v) { return a + v[0]; });
  EXPECT_EQ(add(eat(make(1000), notes.path()), make(3)).compute(), 1001);
}

TEST(TaskOptions, a_task_that_throws_Reschedule_runs_again_and_no_retry_is_counted) {
  const Notes notes;
  const auto third_time = [](std::string path, int x) {
    if (Notes::add(path, 'x') < 2) throw al::Reschedule();
    return x;
  };
  EXPECT_EQ(client->submit(third_time, notes.path(), 7).result(30s), 7);
  EXPECT_EQ(notes.text(), "xxx");
  const Notes more;
  EXPECT_EQ(client->with({.retries = 1}).submit(third_time, more.path(), client->submit([] { return 8; })).result(30s), 8);
  const Notes last;
  const auto where = failure([&] { al::delayed(third_time)(last.path(), al::delayed([] { return 9; })()).compute(); });
  EXPECT_EQ(where.message, "the task asked to be run again, and an input was its own: submit it with .retries, which keeps inputs");
}

TEST(TaskOptions, a_task_that_takes_longer_than_its_timeout_fails_and_says_so) {
  const auto where = failure([] {
    client->with({.timeout = 50ms})
        .submit([](int ms) {
          std::this_thread::sleep_for(std::chrono::milliseconds(ms));
          return ms;
        }, 400)
        .result(30s);
  });
  EXPECT_EQ(where.type, "TimeoutError");
  EXPECT_EQ(where.message, "it ran longer than its limit of 50.00 ms");
  EXPECT_EQ(client->with({.timeout = 30s}).submit(slow_triple, 2).result(30s), 6);
}

TEST(TaskOptions, a_late_result_is_dropped_and_the_next_attempt_counts) {
  const Notes notes;
  const auto slow_at_first = [](std::string path) {
    const int before = Notes::add(path, 'x');
    if (before == 0) std::this_thread::sleep_for(300ms);
    return before;
  };
  auto f = client->with({.retries = 1, .timeout = 100ms}).submit(slow_at_first, notes.path());
  EXPECT_EQ(client->submit([](int x) { return x + 10; }, f).result(30s), 11);
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(f.result(30s), 1);
}

TEST(TaskOptions, tasks_run_only_on_the_workers_they_name) {
  const auto there = pids();
  for (const auto& [rank, pid] : there) {
    auto futures = client->with({.workers = {rank}}).map([](int) { return static_cast<int>(getpid()); }, std::vector<int>(20));
    for (const int found : client->gather(futures)) EXPECT_EQ(found, pid) << "rank " << rank;
    auto input = client->submit([] { return std::vector<int>(1000, 1); });
    EXPECT_EQ(client->with({.workers = {rank}}).submit([](const std::vector<int>& v) { return static_cast<int>(getpid()) + 0 * v[0]; }, input).result(30s), pid);
  }
  EXPECT_THROW(client->with({.workers = {1000}}).submit(slow_triple, 1), al::ValueError);
}

TEST(TaskOptions, what_runs_at_one_time_never_takes_more_of_a_resource_than_there_is) {
  for (const int at_most : {2, 1}) {
    auto futures = client->with({.resources = {{"GPU", 3 - at_most}}}).map(most_at_once, std::vector<int>(24, 2));
    for (const int found : client->gather(futures)) EXPECT_LE(found, at_most);
  }
  const auto where = failure([] { client->with({.resources = {{"GPU", 2.5}}}).submit(slow_triple, 1).result(30s); });
  EXPECT_EQ(where.message,
            "it takes 2.5 of the resource GPU, and the most that a worker it may run on has is 2 (--ashlar-resources says what workers have)");
}

TEST(TaskOptions, tasks_of_higher_priority_run_first_and_of_lower_last) {
  const Notes notes;
  const int rank = pids().begin()->first;
  std::vector<al::Future<int>> all;
  // All threads of one worker are kept busy while the others are submitted.
  for (auto& f : client->with({.workers = {rank}}).map([](int ms) {
         std::this_thread::sleep_for(std::chrono::milliseconds(ms));
         return 0;
       }, std::vector<int>(static_cast<std::size_t>(client->nthreads()), 200)))
    all.push_back(f);
  const auto note = [](std::string path, int c) { return Notes::add(path, static_cast<char>(c)); };
  for (const auto& [priority, name] : std::vector<std::pair<int, char>>{{-1, 'l'}, {0, 'm'}, {1, 'h'}})
    for (int i = 0; i < 8; ++i) all.push_back(client->with({.workers = {rank}, .priority = priority}).submit(note, notes.path(), static_cast<int>(name)));
  client->gather(all);
  const std::string order = notes.text();
  // In the mean: threads of the worker overtake one another, and one that lost its core is overtaken by many.
  const auto place = [&](char c) {
    double sum = 0;
    for (std::size_t i = 0; i < order.size(); ++i) sum += order[i] == c ? static_cast<double>(i) : 0;
    return sum / 8;
  };
  EXPECT_EQ(order.size(), 24u);
  EXPECT_LT(place('h'), place('m')) << order;
  EXPECT_LT(place('m'), place('l')) << order;
}

TEST(TaskOptions, what_is_cancelled_before_it_starts_never_starts) {
  const Notes notes;
  auto busy = client->map([](int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    return 1;
  }, std::vector<int>(static_cast<std::size_t>(3 * client->nthreads()), 100));
  auto futures = client->map([](int, std::string path) { return Notes::add(path, 'x'); }, busy, notes.path());
  auto more = client->map([](int i, std::string path) { return i + Notes::add(path, 'x'); }, std::vector<int>(500, 1), notes.path());
  for (int i = 0; i < 100; ++i) more.push_back(client->submit([](int a, std::string path) { return a + Notes::add(path, 'x'); }, more[static_cast<std::size_t>(i)], notes.path()));
  client->cancel(futures);
  client->cancel(more);
  more.insert(more.end(), futures.begin(), futures.end());
  const auto finished = std::count_if(more.begin(), more.end(), [](auto& f) { return f.status() == al::Status::finished; });
  EXPECT_LT(finished, static_cast<std::ptrdiff_t>(more.size()));
  for (auto& f : more) EXPECT_TRUE(f.cancelled() || f.status() == al::Status::finished);
  client->gather(busy);
  std::this_thread::sleep_for(50ms);
  // Of the cancelled none runs but what a thread had begun.
  EXPECT_LE(static_cast<std::ptrdiff_t>(notes.text().size()), finished + client->nthreads());
  EXPECT_EQ(client->submit(slow_triple, 3).result(30s), 9);
}

int main(int argc, char** argv) {
  setenv("ASHLAR_RESOURCES", "GPU=2,disk=0.5", 1);
  setenv("ASHLAR_THREADS", "3", 1);
  return al::run(argc, argv, [&](al::Client& c) {
    client = &c;
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  });
}
