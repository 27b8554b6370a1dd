#include "ashlar/runtime/client.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "ashlar/base/error.hpp"
#include "delayed/encoding_evaluator.hpp"

namespace al = ashlar;
using namespace std::chrono_literals;

namespace {

class Client : public ::testing::Test {
 protected:
  static al::ClientInfo info() {
    al::ClientInfo info;
    info.workers = {{"here", 10, 2, std::int64_t{4} << 30}, {"there", 11, 1, std::int64_t{4} << 30}};
    info.story = [](const std::string& key) { return "the story of " + key; };
    return info;
  }
  al::test::EncodingEvaluator evaluator_;
  al::Evaluator::Guard current_{&evaluator_};
  al::Client client{evaluator_, info()};
};

}  // namespace

TEST_F(Client, submit_starts_a_task_at_once) {
  al::Future<int> f = client.submit([](int x) { return 2 * x; }, 21);
  EXPECT_EQ(evaluator_.tasks_run, 1);
  EXPECT_EQ(f.result(), 42);
  al::Future<int> g = client.submit([](int x, int y) { return x + y; }, f, al::delayed(8));
  EXPECT_EQ(g.result(), 50);
  al::Future<void> nothing = client.submit([](int) {}, f);
  nothing.result();
}

TEST_F(Client, submit_runs_anew_each_time_unless_keyed_or_pure) {
  const auto twice = [](int x) { return 2 * x; };
  client.submit(twice, 1), client.submit(twice, 1);
  EXPECT_EQ(evaluator_.tasks_run, 2);
  auto a = client.with({.key = "mine"}).submit(twice, 1);
  auto b = client.with({.key = "mine"}).submit(twice, 1);
  EXPECT_EQ(evaluator_.tasks_run, 3);
  EXPECT_EQ(a.handle(), b.handle());
  EXPECT_EQ(a.key(), "mine");
  EXPECT_THROW(client.with({.key = "mine"}).submit(twice, 2), al::ValueError);
  auto c = client.with({.pure = true}).submit(twice, a), d = client.with({.pure = true}).submit(twice, b);
  EXPECT_EQ(c.handle(), d.handle());
  EXPECT_EQ(evaluator_.tasks_run, 4);
}

TEST_F(Client, a_key_is_free_again_when_nobody_holds_its_future) {
  client.with({.key = "mine"}).submit([](int x) { return x; }, 1);
  EXPECT_EQ(client.with({.key = "mine"}).submit([](int x) { return x; }, 2).result(), 2);
  for (int i = 0; i < 1000; ++i) client.with({.key = "key " + std::to_string(i)}).submit([](int x) { return x; }, i);
  EXPECT_EQ(evaluator_.tasks_run, 1002);
}

TEST_F(Client, a_pure_task_of_another_future_is_another_task_wherever_that_lies_in_memory) {
  std::vector<al::Future<int>> kept;
  for (int i = 0; i < 100; ++i) {
    const auto input = client.scatter(i);  // dies at the end of the turn: the next one may lie at its address
    kept.push_back(client.with({.pure = true}).submit([](int x) { return 10 * x; }, input));
    EXPECT_EQ(kept.back().result(), 10 * i);
  }
}

TEST_F(Client, map_makes_a_task_per_element) {
  const std::vector<double> values{1, 2, 3};
  auto squares = client.map([](double x) { return x * x; }, values);
  static_assert(std::is_same_v<decltype(squares), std::vector<al::Future<double>>>);
  EXPECT_EQ(client.gather(squares), (std::vector<double>{1, 4, 9}));
  EXPECT_EQ(client.gather(client.map([](int x, int y) { return x * y; }, std::vector{1, 2, 3}, 3)), (std::vector{3, 6, 9}));
  EXPECT_EQ(client.gather(client.map([](int x, int y) { return x * y; }, 3, std::vector{1, 2, 3})), (std::vector{3, 6, 9}));
  EXPECT_EQ(client.gather(client.map([](int x, int y) { return x * y; }, std::vector{1, 2, 3}, std::vector{4, 5, 6})), (std::vector{4, 10, 18}));
  EXPECT_EQ(client.gather(client.map([](int x) { return x + 1; }, {1, 2, 3})), (std::vector{2, 3, 4}));
  EXPECT_EQ(client.gather(client.map([](std::string a, std::string b) { return a + b; }, std::vector<std::string>{"a", "b"}, "text")), (std::vector<std::string>{"atext", "btext"}));
  EXPECT_EQ(client.gather(client.map([](double x) { return x + 1; }, squares)), (std::vector<double>{2, 5, 10})) << "futures are elements too";
  EXPECT_EQ(client.gather(client.map([](bool x) { return !x; }, std::vector<bool>{true, false})), (std::vector<bool>{false, true}));
  EXPECT_TRUE(client.map([](int x) { return x; }, std::vector<int>{}).empty());
  EXPECT_THROW(client.map([](int x, int y) { return x * y; }, std::vector{1, 2}, std::vector{4, 5, 6}), al::ValueError);
  auto keyed = client.with({.key = "part"}).map([](int x) { return x; }, {5, 6});
  EXPECT_EQ(keyed[1].key(), "part-1");
}

TEST_F(Client, gather_of_void_tasks_gives_nothings) { EXPECT_EQ(client.gather(client.map([](int) {}, {1, 2, 3})).size(), 3u); }

TEST_F(Client, scatter_gives_one_future_and_of_a_vector_one_a_piece) {
  EXPECT_EQ(client.scatter(2.5).result(), 2.5);
  al::Future<std::string> text = client.scatter("text");
  EXPECT_EQ(text.result(), "text");
  auto pieces = client.scatter(std::vector<int>{1, 2});
  static_assert(std::is_same_v<decltype(pieces), std::vector<al::Future<int>>>);
  EXPECT_EQ(client.gather(pieces), (std::vector{1, 2}));
  EXPECT_EQ(client.submit([](const std::string& s, int n) { return s + std::to_string(n); }, text, pieces[1]).result(), "text2");
}

TEST_F(Client, what_is_not_served_yet_says_so) {
  EXPECT_THROW(client.with({.retries = -3}), al::ValueError);
}

TEST_F(Client, compute_gives_futures_and_persist_the_same_collections) {
  auto z = al::delayed([](int x) { return x + 1; })(1);
  al::Future<int> f = client.compute(z);
  EXPECT_EQ(f.result(), 2);
  EXPECT_EQ(client.gather(client.compute(std::vector{z, z + 1})), (std::vector{2, 3}));
  al::Delayed<int> kept = client.persist(z);
  EXPECT_EQ(kept.compute(), 2);
}

TEST_F(Client, run_calls_a_function_once_on_every_worker) {
  const int base = static_cast<int>(evaluator_.layer_names.size()) + 100;
  auto ranks = client.run([base](al::WorkerContext& w) { return base * w.nworkers() + 10 * w.nthreads() + w.rank(); });
  static_assert(std::is_same_v<decltype(ranks), std::map<int, int>>);
  EXPECT_EQ(ranks, (std::map<int, int>{{1, 221}, {2, 212}}));
  EXPECT_EQ(client.run([](al::WorkerContext& w) { return w.size(); }), (std::map<int, int>{{1, 3}, {2, 3}}));
  EXPECT_EQ(client.run([](al::WorkerContext& w) { (void)w.rank(); }).size(), 2u);
  EXPECT_EQ(client.run([](al::WorkerContext&) { return std::string("x"); }).at(2), "x");
}

TEST_F(Client, prints_what_it_has) {
  std::ostringstream text;
  text << client;
  EXPECT_EQ(text.str(), "<Client: 2 workers, 3 threads, 8.00 GiB memory, dashboard: none>");
  EXPECT_EQ(client.nthreads(), 3);
  EXPECT_EQ(client.scheduler_info().hosts(), 2);
  EXPECT_EQ(client.story("inc-1"), "the story of inc-1");
}
