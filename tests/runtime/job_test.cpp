// The engine from end to end: graphs of tasks on a running job, against `run_here`.
#include "harness/job_main.hpp"

#include <random>
#include <thread>

#include "ashlar/graph/run_here.hpp"

namespace ashlar {
namespace {

// The task's number plus the sum of its inputs; throws for one chosen index.
class Sum final : public OperationOf<Sum> {
 public:
  explicit Sum(std::int64_t throws_at = -1, int sleep_ms = 0) : throws_at_(throws_at), sleep_ms_(sleep_ms) {}
  void encode(Writer& out) const override {
    out.put(throws_at_);
    out.put(sleep_ms_);
  }
  static std::shared_ptr<const Sum> decode(Reader& in) {
    const auto at = in.get<std::int64_t>();
    return std::make_shared<Sum>(at, in.get<int>());
  }
  Object run(TaskInput& task) const override {
    if (task.index == throws_at_) throw std::runtime_error("number " + std::to_string(task.index) + " does not want to");
    if (sleep_ms_) std::this_thread::sleep_for(std::chrono::milliseconds(sleep_ms_));
    std::int64_t sum = task.index;
    for (const Object& input : task.inputs) sum = sum * 31 + input.get<std::int64_t>();
    return Object::of(sum);
  }

 private:
  std::int64_t throws_at_;
  int sleep_ms_;
};

// A vector of n numbers, or the sum of all vectors given.
class Fill final : public OperationOf<Fill> {
 public:
  explicit Fill(std::int64_t n) : n_(n) {}
  void encode(Writer& out) const override { out.put(n_); }
  static std::shared_ptr<const Fill> decode(Reader& in) { return std::make_shared<Fill>(in.get<std::int64_t>()); }
  Object run(TaskInput& task) const override { return Object::of(std::vector<double>(static_cast<std::size_t>(n_), static_cast<double>(task.index))); }

 private:
  std::int64_t n_;
};
class Total final : public OperationOf<Total> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const Total> decode(Reader&) { return std::make_shared<Total>(); }
  Object run(TaskInput& task) const override {
    double total = 0;
    for (const Object& input : task.inputs)
      for (double x : input.get<std::vector<double>>()) total += x;
    return Object::of(total);
  }
};

std::vector<std::int64_t> numbers(const std::vector<Object>& objects) {
  std::vector<std::int64_t> values;
  for (const Object& o : objects) values.push_back(o.get<std::int64_t>());
  return values;
}

std::vector<Object> run_there(const TaskGraph& graph, std::span<const TaskRef> wanted) { return Evaluator::current().evaluate(graph, {wanted.begin(), wanted.end()}); }

TEST(Job, evaluates_what_is_wanted_twice_and_what_was_submitted_before) {
  auto layer = std::make_shared<ListedLayer>("sum", std::make_shared<Sum>());
  const TaskRef a{0, layer->add({})};
  const auto earlier = Evaluator::current().submit({{layer}, {}}, std::span(&a, 1));
  auto more = std::make_shared<ListedLayer>("sum", std::make_shared<Sum>());
  const TaskRef outside{-1, 0}, b{0, more->add(std::span(&outside, 1))}, c{0, more->add(std::span(&b, 1))};
  const TaskGraph graph{{more}, {earlier.front()}};
  const std::vector<TaskRef> wanted{c, b, outside, b, c};

  const std::vector<std::int64_t> values = numbers(run_there(graph, wanted));

  EXPECT_EQ(values, (std::vector<std::int64_t>{31, 0, 0, 0, 31}));  // c: its number 1 times 31, plus b
}

TEST(Job, evaluate_gives_the_first_error_in_the_order_asked_for_and_leaves_the_job_as_it_was) {
  auto layer = std::make_shared<ListedLayer>("sum", std::make_shared<Sum>(3));
  std::vector<TaskRef> wanted;
  for (int i = 0; i < 200; ++i) wanted.push_back({0, layer->add({})});
  try {
    run_there({{layer}, {}}, wanted);
    FAIL() << "task 3 throws";
  } catch (const TaskError& e) {
    EXPECT_NE(std::string(e.what()).find("number 3 does not want to"), std::string::npos) << e.what();
  }
  wanted.resize(3);
  EXPECT_EQ(numbers(run_there({{layer}, {}}, wanted)), (std::vector<std::int64_t>{0, 1, 2}));
}

TEST(Job, gives_the_values_of_independent_tasks_in_the_order_asked_for) {
  auto layer = std::make_shared<ListedLayer>("sum", std::make_shared<Sum>());
  std::vector<TaskRef> wanted;
  for (int i = 0; i < 1000; ++i) wanted.push_back({0, layer->add({})});
  std::reverse(wanted.begin(), wanted.end());
  const TaskGraph graph{{layer}, {}};

  const auto values = numbers(run_there(graph, wanted));

  ASSERT_EQ(values.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], 999 - i);
}

TEST(Job, runs_a_chain_of_ten_thousand) {
  auto layer = std::make_shared<ListedLayer>("chain", std::make_shared<Sum>());
  std::vector<TaskRef> before;
  for (int i = 0; i < 10'000; ++i) before = {{0, layer->add(before)}};
  const TaskGraph graph{{layer}, {}};

  EXPECT_EQ(numbers(run_there(graph, before)), numbers(run_here(graph, before)));
}

TEST(Job, agrees_with_run_here_on_random_graphs) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    auto layer = std::make_shared<ListedLayer>("random", std::make_shared<Sum>());
    std::vector<TaskRef> wanted;
    const int tasks = 50 + static_cast<int>(random() % 1500);
    for (int i = 0; i < tasks; ++i) {
      std::vector<TaskRef> inputs;
      for (unsigned k = random() % 4; i > 0 && k > 0; --k) inputs.push_back({0, static_cast<std::int64_t>(random() % static_cast<unsigned>(i))});
      const TaskRef task{0, layer->add(inputs)};
      if (random() % 5 == 0) wanted.push_back(task);
    }
    wanted.push_back({0, tasks - 1});
    const TaskGraph graph{{layer}, {}};

    EXPECT_EQ(numbers(run_there(graph, wanted)), numbers(run_here(graph, wanted)));
  }
}

TEST(Job, moves_large_results_between_workers) {
  constexpr int n = 24;
  auto fill = std::make_shared<ListedLayer>("fill", std::make_shared<Fill>(200'000));
  auto total = std::make_shared<ListedLayer>("total", std::make_shared<Total>());
  for (int i = 0; i < n; ++i) fill->add({}, 1'600'000);
  std::vector<TaskRef> wanted;
  for (int i = 0; i < n; ++i) {
    std::vector<TaskRef> inputs;
    for (int k = 0; k < n; k += 3) inputs.push_back({0, (i + k) % n});
    wanted.push_back({1, total->add(inputs)});
  }
  const TaskGraph graph{{fill, total}, {}};

  const auto there = run_there(graph, wanted), here = run_here(graph, wanted);

  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(there[i].get<double>(), here[i].get<double>());
}

TEST(Job, an_exception_of_a_task_comes_out_with_its_message_key_and_rank) {
  auto bad = std::make_shared<ListedLayer>("bad", std::make_shared<Sum>(3));
  auto sum = std::make_shared<ListedLayer>("after", std::make_shared<Sum>());
  for (int i = 0; i < 5; ++i) bad->add({});
  const std::vector<TaskRef> inputs{{0, 2}, {0, 3}};
  const std::vector<TaskRef> wanted{{1, sum->add(inputs)}};

  try {
    run_there({{bad, sum}, {}}, wanted);
    FAIL() << "nothing was thrown";
  } catch (const TaskError& e) {
    EXPECT_EQ(e.where().message, "number 3 does not want to");
    EXPECT_EQ(e.where().key, "bad-3");
    EXPECT_EQ(e.where().type, "std::runtime_error");
    EXPECT_GE(e.where().rank, 0);
  }
}

TEST(Job, kept_results_feed_later_graphs_and_are_released) {
  auto fill = std::make_shared<ListedLayer>("fill", std::make_shared<Fill>(1000));
  std::vector<TaskRef> all;
  for (int i = 0; i < 10; ++i) all.push_back({0, fill->add({})});
  const auto kept = Evaluator::current().submit({{fill}, {}}, all);

  auto total = std::make_shared<ListedLayer>("total", std::make_shared<Total>());
  std::vector<TaskRef> inputs;
  for (int i = 0; i < 10; ++i) inputs.push_back({-1, i});
  const std::vector<TaskRef> wanted{{0, total->add(inputs)}};
  for (int again = 0; again < 3; ++again) EXPECT_EQ(run_there({{total}, kept}, wanted).front().get<double>(), 45'000.0);
  EXPECT_EQ(kept[4]->get().get<std::vector<double>>().front(), 4.0);
}

TEST(Job, values_scattered_by_the_client_are_inputs) {
  std::vector<Object> values;
  for (int i = 0; i < 6; ++i) values.push_back(Object::of(std::vector<double>(10, i)));
  const auto results = Evaluator::current().scatter(values);
  auto total = std::make_shared<ListedLayer>("total", std::make_shared<Total>());
  std::vector<TaskRef> inputs;
  for (int i = 0; i < 6; ++i) inputs.push_back({-1, i});
  const std::vector<TaskRef> wanted{{0, total->add(inputs)}};

  EXPECT_EQ(run_there({{total}, results}, wanted).front().get<double>(), 150.0);
}

TEST(Job, a_cancelled_result_says_so) {
  auto slow = std::make_shared<ListedLayer>("slow", std::make_shared<Sum>(-1, 50));
  std::vector<TaskRef> wanted;
  for (int i = 0; i < 64; ++i) wanted.push_back({0, slow->add({})});
  const auto results = Evaluator::current().submit({{slow}, {}}, wanted);

  results.back()->cancel();

  EXPECT_TRUE(results.back()->wait(5));
  EXPECT_EQ(results.back()->status(), Status::cancelled);
  EXPECT_THROW(results.back()->get(), CancelledError);
  EXPECT_EQ(results.front()->get().get<std::int64_t>(), 0);
}

TEST(Job, a_timeout_is_kept) {
  auto slow = std::make_shared<ListedLayer>("slow", std::make_shared<Sum>(-1, 300));
  const std::vector<TaskRef> wanted{{0, slow->add({})}};
  const auto results = Evaluator::current().submit({{slow}, {}}, wanted);

  EXPECT_FALSE(results[0]->wait(0.01));
  EXPECT_THROW(results[0]->get(0.01), TimeoutError);
  EXPECT_EQ(results[0]->get().get<std::int64_t>(), 0);
}

TEST(Job, a_call_runs_once_on_every_worker) {
  Evaluator& evaluator = Evaluator::current();
  for (const bool collective : {false, true}) {
    const auto values = evaluator.run_on_workers(std::make_shared<Sum>(), {}, collective);
    EXPECT_EQ(values.size(), static_cast<std::size_t>(evaluator.workers()));
  }
}

}  // namespace
}  // namespace ashlar

ASHLAR_JOB_MAIN()
