#include "ashlar/delayed/delayed.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/future.hpp"
#include "delayed/encoding_evaluator.hpp"

namespace al = ashlar;
using ashlar::test::EncodingEvaluator;

namespace {

class Delayed : public ::testing::Test {
 protected:
  EncodingEvaluator evaluator_;
  al::Evaluator::Guard current_{&evaluator_};
  al::DelayedFunction<int (*)(int)> inc_ = al::delayed(+[](int x) { return x + 1; });
};

template <class Kind>
std::string message(const std::function<void()>& call) {
  try {
    call();
  } catch (const Kind& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace

TEST_F(Delayed, calls_build_a_graph_and_run_nothing) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto add = al::delayed([](int a, int b) { return a + b; });
  al::Delayed<int> z = add(inc(1), inc(2));
  EXPECT_EQ(evaluator_.tasks_run, 0);
  EXPECT_EQ(z.compute(), 5);
  EXPECT_EQ(evaluator_.tasks_run, 3);
}

TEST_F(Delayed, a_vector_of_delayed_arrives_as_a_vector) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto total = al::delayed([](std::vector<int> v) { return std::accumulate(v.begin(), v.end(), 0); });
  std::vector<al::Delayed<int>> parts;
  EXPECT_EQ(total(parts).compute(), 0);
  for (int i = 0; i < 100; ++i) parts.push_back(inc(i));
  EXPECT_EQ(total(parts).compute(), 5050);
}

TEST_F(Delayed, compute_of_several_runs_shared_parts_once) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto z = inc(1), y = inc(z), x = inc(z);
  auto [a, b] = al::compute(x, y);
  static_assert(std::is_same_v<decltype(a), int>);
  EXPECT_EQ(a, 3);
  EXPECT_EQ(b, 3);
  EXPECT_EQ(evaluator_.tasks_run, 3);
  auto all = al::compute(std::vector{x, y, z});
  static_assert(std::is_same_v<decltype(all), std::vector<int>>);
  EXPECT_EQ(all, (std::vector{3, 3, 2}));
}

TEST_F(Delayed, persisted_is_not_computed_again) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto kept = al::persist(inc(inc(1)));
  static_assert(std::is_same_v<decltype(kept), al::Delayed<int>>);
  EXPECT_EQ(evaluator_.tasks_run, 2);
  EXPECT_EQ(kept.compute(), 3);
  EXPECT_EQ(inc(kept).compute(), 4);
  EXPECT_EQ(evaluator_.tasks_run, 3);
  EXPECT_EQ(inc(1).persist().persist().compute(), 2);
}

TEST_F(Delayed, operators_are_tasks_too) {
  auto z = al::delayed(5);
  static_assert(std::is_same_v<decltype(z), al::Delayed<int>>);
  static_assert(std::is_same_v<decltype(z + 1), al::Delayed<int>>);
  static_assert(std::is_same_v<decltype(z == 5), al::Delayed<bool>>);
  static_assert(std::is_same_v<decltype(2.5 * z), al::Delayed<double>>);
  EXPECT_EQ((z + 1).compute(), 6);
  EXPECT_EQ((1 + z).compute(), 6);
  EXPECT_EQ((z + z).compute(), 10);
  EXPECT_EQ((z - 1).compute(), 4);
  EXPECT_EQ((11 - z).compute(), 6);
  EXPECT_EQ((2 * z).compute(), 10);
  EXPECT_EQ((z / 2).compute(), 2);
  EXPECT_EQ((z / 2.0).compute(), 2.5);
  EXPECT_EQ((z % 3).compute(), 2);
  EXPECT_EQ((-z).compute(), -5);
  EXPECT_TRUE((z == 5).compute());
  EXPECT_TRUE((5 == z).compute());
  EXPECT_FALSE((z != 5).compute());
  EXPECT_TRUE((z < 6).compute());
  EXPECT_TRUE((6 > z).compute());
  EXPECT_TRUE((z >= 5).compute());
  EXPECT_FALSE((z <= 4).compute());
  EXPECT_EQ(((z > 1) & (z < 3)).compute(), 0);
  EXPECT_EQ((z | 2).compute(), 7);
  EXPECT_EQ((al::delayed("text") + " and more").compute(), "text and more");
}

TEST_F(Delayed, values_and_containers_become_delayed) {
  auto text = al::delayed("text");
  static_assert(std::is_same_v<decltype(text), al::Delayed<std::string>>);
  EXPECT_EQ(text.compute(), "text");
  const std::vector<double> values = {1.5, 2.5};
  EXPECT_EQ(al::delayed(values).compute(), values);
  auto list = al::delayed(std::vector{al::delayed(1), al::delayed(2)});
  static_assert(std::is_same_v<decltype(list), al::Delayed<std::vector<int>>>);
  EXPECT_EQ(list.compute(), (std::vector{1, 2}));
  auto same = al::delayed(list);
  static_assert(std::is_same_v<decltype(same), al::Delayed<std::vector<int>>>);
  EXPECT_EQ(same.key(), list.key());
}

TEST_F(Delayed, an_ndarray_is_a_value_though_it_can_be_called) {
  auto x = al::delayed(al::NDArray<double>({3}, {1, 2, 3}));
  static_assert(std::is_same_v<decltype(x), al::Delayed<al::NDArray<double>>>);
  EXPECT_EQ(x.compute()(1), 2);
  auto scaled = al::delayed([](al::NDArray<double> b, double factor) {
    for (double& v : b) v *= factor;
    return b;
  });
  auto first = al::delayed([](const al::NDArray<double>& b) { return b(0); });
  auto y = scaled(x, 10);
  auto [a, b] = al::compute(first(x), first(y));
  EXPECT_EQ(a, 1) << "a task that writes to its argument changes nobody else's";
  EXPECT_EQ(b, 10);
}

TEST_F(Delayed, tasks_without_a_result_give_nothing) {
  auto nothing = al::delayed([](int) {})(1);
  static_assert(std::is_same_v<decltype(nothing), al::Delayed<void>>);
  static_assert(std::is_void_v<decltype(nothing.compute())>);
  nothing.compute();
  std::vector<al::Delayed<void>> several{nothing, nothing, nothing};
  auto barrier = al::delayed([](std::vector<al::Nothing> v) { return static_cast<int>(v.size()); })(several);
  EXPECT_EQ(barrier.compute(), 3);
  auto [n, m] = al::compute(nothing, barrier);
  static_assert(std::is_same_v<decltype(n), al::Nothing>);
  EXPECT_EQ(m, 3);
}

TEST_F(Delayed, a_task_that_throws_says_what_where_and_on_what) {
  auto fail = al::delayed([](int x) -> int { throw std::out_of_range("no place " + std::to_string(x)); });
  auto bad = fail(inc_(6));
  try {
    (bad + 1).compute();
    FAIL();
  } catch (const al::TaskError& e) {
    EXPECT_EQ(e.where().key, bad.key());
    EXPECT_EQ(e.where().type, "std::out_of_range");
    EXPECT_EQ(e.where().message, "no place 7");
    EXPECT_EQ(e.where().arguments, "int");
  }
}

TEST_F(Delayed, keys_are_function_name_and_number_or_the_users) {
  const std::string key = al::delayed([](int x) { return x; })(1).key();
  EXPECT_EQ(key.substr(0, 7), "lambda-");
  EXPECT_NE(al::delayed([](int x) { return x; })(1).key(), key);
  EXPECT_EQ((al::delayed(1) + 1).key().substr(0, 4), "add-");
  auto named = al::delayed([](int x) { return x + 1; }, {.key = "load"})(1);
  EXPECT_EQ(named.key(), "load");
  EXPECT_EQ(named.compute(), 2);
}

TEST_F(Delayed, calls_of_one_key_are_one_task) {
  auto load = al::delayed([](int x) { return x + 1; }, {.key = "load"});
  auto a = load(1), b = load(1);
  EXPECT_EQ((a + b).compute(), 4);
  EXPECT_EQ(evaluator_.tasks_run, 2);
  EXPECT_EQ(message<al::ValueError>([&] { (load(1) + load(2)).compute(); }), "two tasks have the key \"load\" but not the same function and arguments");
  EXPECT_THROW(load(load(1)).compute(), al::ValueError);
}

TEST_F(Delayed, equal_calls_of_a_pure_function_are_one_task) {
  auto inc = al::delayed([](int x) { return x + 1; }, {.pure = true});
  auto sum = inc(1) + inc(1) + inc(inc(1)) + inc(inc(1)) + inc(2);
  EXPECT_EQ(sum.compute(), 2 + 2 + 3 + 3 + 3);
  EXPECT_EQ(evaluator_.tasks_run, 4 + 3) << "four additions; inc of 1, of that, of 2";
  EXPECT_EQ(inc(1).key(), inc(1).key());
  EXPECT_NE(inc(1).key(), inc(2).key());
  auto other = al::delayed([](int x) { return x + 2; }, {.pure = true});
  EXPECT_NE(inc(1).key(), other(1).key()) << "another function";
  const int one = 1, two = 2;
  const auto plus = [&](int by) { return al::delayed([by](int x) { return x + by; }, {.pure = true})(1).key(); };
  EXPECT_EQ(plus(one), plus(one));
  EXPECT_NE(plus(one), plus(two)) << "another capture";
}

TEST_F(Delayed, options_that_make_no_sense_are_refused_and_those_that_do_reach_the_layer) {
  const auto id = [](int x) { return x; };
  EXPECT_EQ(message<al::ValueError>([&] { al::delayed(id, {.retries = -1}); }), "TaskOptions.retries: 0 or more was wanted, found -1");
  EXPECT_EQ(message<al::ValueError>([&] { al::delayed(id, {.resources = {{"GPU", 0}}}); }), "TaskOptions.resources: of GPU more than 0 was wanted, found 0");
  EXPECT_EQ(message<al::ValueError>([&] { al::delayed(id, {.workers = {1, -1}}); }), "TaskOptions.workers: a rank was wanted, found -1");
  EXPECT_EQ(message<al::ValueError>([&] { al::delayed(id, {.timeout = 0}); }), "TaskOptions.timeout: more than 0 seconds was wanted, found 0");
  EXPECT_EQ(message<al::ValueError>([&] { al::delayed(id, {.priority = 2'000'000}); }),
            "TaskOptions.priority: at most a million either way was wanted, found 2000000");
  EXPECT_EQ(message<al::ValueError>([&] { al::delayed(al::delayed(5), {.priority = 1}); }), "options belong to the call that makes a task, not to a Delayed");

  al::GraphBuilder builder;
  const auto plain = al::delayed(id)(1);
  const auto special = al::delayed(id, {.workers = {2}, .resources = {{"GPU", 1}, {"disk", 0.5}}, .retries = 3, .priority = -2, .timeout = 5})(plain);
  const auto lock = al::detail::lowering_lock();
  const al::TaskRef task = al::detail::lower_checked(special.node(), builder);
  const al::TaskGraph graph = std::move(builder).take();
  const al::Layer& layer = *graph.layers.at(static_cast<std::size_t>(task.layer));
  ASSERT_TRUE(layer.annotated());
  const al::Annotations* annotations = layer.annotations(task.index);
  ASSERT_NE(annotations, nullptr);
  EXPECT_EQ(annotations->workers, std::vector<int>{2});
  EXPECT_EQ(annotations->resources, (std::vector<std::pair<std::string, double>>{{"GPU", 1}, {"disk", 0.5}}));
  EXPECT_EQ(annotations->retries, 3);
  EXPECT_EQ(annotations->priority, -2);
  EXPECT_EQ(annotations->timeout_s, 5);
}

TEST_F(Delayed, calls_of_functions_of_one_name_are_one_layer) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto dec = al::delayed([](int x) { return x - 1; });
  std::vector<al::Delayed<int>> all;
  for (int i = 0; i < 50; ++i) all.push_back(inc(dec(i)) + dec(i));
  const auto values = al::compute(all);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], 2 * i - 1);
  EXPECT_EQ(evaluator_.layer_names, (std::vector<std::string>{"lambda", "add"}));
}

TEST_F(Delayed, that_stands_for_nothing_says_so) {
  const al::Delayed<int> nothing;
  EXPECT_THROW(nothing.compute(), al::ValueError);
  EXPECT_THROW(inc_(nothing), al::ValueError);
  EXPECT_THROW(nothing.key(), al::ValueError);
}

TEST_F(Delayed, another_floor_can_give_one_that_it_lowers_itself) {
  const al::Delayed<int> inner = inc_(1);
  int lowered = 0;
  const al::Delayed<int> outer(al::detail::node_lowered_by([&](al::GraphBuilder& builder) {
    ++lowered;
    return al::detail::lower(*inner.node().get(), builder);
  }));
  EXPECT_EQ((outer + outer + inner).compute(), 6);
  EXPECT_EQ(lowered, 1);
  EXPECT_EQ(evaluator_.tasks_run, 3);
  EXPECT_EQ(outer.key(), inner.key());
  EXPECT_EQ(outer.compute(), 2);
}

TEST_F(Delayed, visualize_writes_its_graph) {
  const std::string file = ::testing::TempDir() + "ashlar_delayed_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".dot";
  inc_(inc_(1)).visualize(file, {.rankdir = "LR"});
  std::FILE* in = std::fopen(file.c_str(), "r");
  ASSERT_NE(in, nullptr);
  char text[2000] = {};
  std::fread(text, 1, sizeof text - 1, in);
  std::fclose(in);
  std::remove(file.c_str());
  EXPECT_NE(std::string(text).find("rankdir=LR"), std::string::npos);
  EXPECT_NE(std::string(text).find("r0 -> t1"), std::string::npos);
}
