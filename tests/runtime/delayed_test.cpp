// The examples of delayed calls and futures, on real workers.

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <set>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/delayed.hpp"
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
    EXPECT_GE(rank, 1);
    EXPECT_LT(rank, size);
    EXPECT_EQ(size, static_cast<int>(ranks.size()) + 1);
  }
}

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& c) {
    client = &c;
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  });
}
