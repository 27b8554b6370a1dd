// Random graphs on jobs of random shape, against `run_here`: pieces that use results of earlier ones, handles dropped early, tasks that throw,
// results cancelled at any moment, results that do not fit a worker's budget. Each graph has a job of its own.
//
// 12 graphs, 200 with ASHLAR_TEST_LONG, which also prints each seed and its time. ASHLAR_TEST_SEED=N runs the graph of that seed alone, and
// ASHLAR_TEST_REPEAT=R each graph R times. What stands still is told by the watch for hangs after 20 s; the limit on one wait is for what moves
// and gets nowhere, and is far above what a loaded machine takes, or one that stops the job for minutes: the clock goes on.
#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/run_here.hpp"
#include "ashlar/mpi/environment.hpp"
#include "ashlar/runtime/job.hpp"

namespace ashlar {
namespace {

constexpr double patience_s = 280;

// What all ranks must agree on before a job begins.
struct JobShape {
  int goes_on = 1;  // 0: no more jobs
  int threads = 1;
  std::int64_t memory_limit = 0;
};

Settings settings_of(const JobShape& shape) {
  Settings settings;
  settings.threads = shape.threads;
  settings.memory_limit = shape.memory_limit;
  settings.run_oversized = true;  // the budgets are as small as they come
  settings.hang_after_s = 20;
  settings.hang_dot = "";
  return settings;
}

// On rank 0; the others wait in `serve`.
void run_on_all(JobShape shape, const std::function<void(SchedulerLoop&)>& body) {
  MPI_Bcast(&shape, sizeof shape, MPI_BYTE, 0, MPI_COMM_WORLD);
  const Outcome outcome = run_job(MPI_COMM_WORLD, settings_of(shape), [&](SchedulerLoop& loop) {
    body(loop);
    return 0;
  });
  if (outcome.error) std::rethrow_exception(outcome.error);
  EXPECT_EQ(outcome.exit_code, 0);
}

int serve() {
  int code = 0;
  for (;;) {
    JobShape shape;
    MPI_Bcast(&shape, sizeof shape, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (!shape.goes_on) return code;
    code |= run_job(MPI_COMM_WORLD, settings_of(shape), [](SchedulerLoop&) { return 0; }).exit_code;
  }
}

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

using Value = std::vector<std::uint64_t>;

// Task `first + index` of a graph: a hash of its number and its inputs in their order, as a short or a long vector. Some throw, some take a while.
class Hashing final : public OperationOf<Hashing> {
 public:
  struct Options {
    std::uint64_t seed = 0;
    std::int64_t first = 0;
    std::int64_t throws_one_in = 0, long_one_in = 0, long_words = 0, slow_one_in = 0;
  };
  explicit Hashing(const Options& options) : options_(options) {}
  void encode(Writer& out) const override { out.put(options_); }
  static std::shared_ptr<const Hashing> decode(Reader& in) { return std::make_shared<Hashing>(in.get<Options>()); }
  static bool chosen(const Options& options, std::int64_t number, std::int64_t one_in, std::uint64_t what) {
    return one_in > 0 && mix(options.seed * 1000 + what + static_cast<std::uint64_t>(number) * 7919) % static_cast<std::uint64_t>(one_in) == 0;
  }
  static bool throws(const Options& options, std::int64_t number) { return chosen(options, number, options.throws_one_in, 1); }
  static std::int64_t words(const Options& options, std::int64_t number) { return chosen(options, number, options.long_one_in, 2) ? options.long_words : 1; }

  Object run(TaskInput& task) const override {
    const std::int64_t number = options_.first + task.index;
    if (throws(options_, number)) throw std::runtime_error("task number " + std::to_string(number) + " throws");
    if (chosen(options_, number, options_.slow_one_in, 3)) std::this_thread::sleep_for(std::chrono::microseconds(number % 300));
    std::uint64_t hash = mix(options_.seed + static_cast<std::uint64_t>(number));
    for (const Object& input : task.inputs) {
      const Value& value = input.get<Value>();
      if (value.front() != value.back()) throw std::runtime_error("task number " + std::to_string(number) + " has an input that was changed on its way");
      hash = mix(hash * 31 + value.back());
    }
    return Object::of(Value(static_cast<std::size_t>(words(options_, number)), hash));
  }

 private:
  Options options_;
};

// A graph of numbered tasks, cut into pieces that are submitted one after another.
struct RandomGraph {
  Hashing::Options options;
  std::vector<std::vector<std::int64_t>> inputs;  // of each task, all smaller
  std::vector<std::int64_t> piece_ends;
  std::vector<bool> wanted;
  std::vector<bool> cancelled, dropped;  // of the wanted
  bool fetch_last = false, tells_size = false;
  JobShape shape;

  std::int64_t size() const { return static_cast<std::int64_t>(inputs.size()); }
  std::size_t piece_of(std::int64_t task) const {
    return static_cast<std::size_t>(std::upper_bound(piece_ends.begin(), piece_ends.end(), task) - piece_ends.begin());
  }
};

RandomGraph make_graph(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto one_in = [&](std::uint64_t n) { return random() % n == 0; };
  RandomGraph g;
  const auto n = static_cast<std::int64_t>(1 + random() % (one_in(3) ? 5000 : 600));
  g.options.seed = random() % 1'000'000;
  if (one_in(2)) g.options.throws_one_in = static_cast<std::int64_t>(20 + random() % 2000);
  if (one_in(2)) g.options.long_one_in = static_cast<std::int64_t>(2 + random() % 20);
  g.options.long_words = one_in(2) ? 200 : 5000;  // inside a message, or a buffer of its own
  if (one_in(2)) g.options.slow_one_in = 40;
  const std::uint64_t most_inputs = one_in(4) ? 12 : 3;
  const std::uint64_t reach = one_in(2) ? 20 : 100'000;  // how far back inputs lie
  for (std::int64_t t = 0; t < n; ++t) {
    auto& inputs = g.inputs.emplace_back();
    for (std::uint64_t k = random() % (most_inputs + 1); k > 0 && t > 0; --k)
      inputs.push_back(t - 1 - static_cast<std::int64_t>(random() % std::min<std::uint64_t>(reach, static_cast<std::uint64_t>(t))));
  }
  for (std::int64_t end = 0; end < n;) {
    end = one_in(2) ? n : std::min(n, end + 1 + static_cast<std::int64_t>(random() % 500));
    g.piece_ends.push_back(end);
  }
  g.wanted.resize(static_cast<std::size_t>(n));
  g.cancelled.resize(g.wanted.size());
  g.dropped.resize(g.wanted.size());
  g.wanted.back() = true;
  const bool cancels = one_in(2), drops = one_in(2);
  for (std::int64_t t = 0; t < n; ++t) {
    if (one_in(6)) g.wanted[static_cast<std::size_t>(t)] = true;
    for (const std::int64_t input : g.inputs[static_cast<std::size_t>(t)])  // a later piece can use what somebody holds
      if (g.piece_of(input) != g.piece_of(t)) g.wanted[static_cast<std::size_t>(input)] = true;
  }
  for (std::size_t t = 0; t < g.wanted.size(); ++t) {
    if (!g.wanted[t]) continue;
    g.cancelled[t] = cancels && one_in(12);
    g.dropped[t] = !g.cancelled[t] && drops && one_in(8);
  }
  g.fetch_last = one_in(2);
  g.tells_size = one_in(2);
  g.shape.threads = static_cast<int>(1 + random() % 3);
  g.shape.memory_limit = one_in(2) ? 60'000 : std::int64_t{1} << 30;
  return g;
}

struct Expected {
  std::vector<bool> errs, may_be_cancelled;
  std::vector<Value> values;  // of the wanted that do not err, in order
};

Expected work_out(const RandomGraph& g) {
  Expected e;
  auto layer = std::make_shared<ListedLayer>("all", std::make_shared<Hashing>(g.options));
  std::vector<TaskRef> refs, wanted;
  for (std::int64_t t = 0; t < g.size(); ++t) {
    refs.clear();
    bool errs = Hashing::throws(g.options, t), cancelled = g.cancelled[static_cast<std::size_t>(t)];
    for (const std::int64_t input : g.inputs[static_cast<std::size_t>(t)]) {
      refs.push_back({0, input});
      errs = errs || e.errs[static_cast<std::size_t>(input)];
      cancelled = cancelled || e.may_be_cancelled[static_cast<std::size_t>(input)];
    }
    layer->add(refs);
    e.errs.push_back(errs);
    e.may_be_cancelled.push_back(cancelled);
    if (g.wanted[static_cast<std::size_t>(t)] && !errs) wanted.push_back({0, t});
  }
  for (const Object& object : run_here({{layer}, {}}, wanted)) e.values.push_back(object.get<Value>());
  return e;
}

// Submits piece after piece; the handles of the wanted tasks by number.
std::vector<ResultHandle> submit(SchedulerLoop& loop, const RandomGraph& g) {
  std::vector<ResultHandle> handles(g.inputs.size());
  std::int64_t begin = 0;
  for (const std::int64_t end : g.piece_ends) {
    Hashing::Options options = g.options;
    options.first = begin;
    auto layer = std::make_shared<ListedLayer>("piece", std::make_shared<Hashing>(options));
    std::vector<ResultHandle> outside;
    std::vector<TaskRef> wanted, refs;
    std::map<std::int64_t, std::int64_t> outside_numbers;
    for (std::int64_t t = begin; t < end; ++t) {
      refs.clear();
      for (const std::int64_t input : g.inputs[static_cast<std::size_t>(t)]) {
        if (input >= begin) {
          refs.push_back({0, input - begin});
          continue;
        }
        const auto [it, added] = outside_numbers.emplace(input, static_cast<std::int64_t>(outside.size()));
        if (added) outside.push_back(handles[static_cast<std::size_t>(input)]);
        refs.push_back({-1, it->second});
      }
      layer->add(refs, g.tells_size ? 8 * Hashing::words(g.options, t) : -1);
      if (g.wanted[static_cast<std::size_t>(t)]) wanted.push_back({0, t - begin});
    }
    const auto results = loop.submit({{layer}, outside}, wanted, {.fetch = g.fetch_last && end == g.size()});
    for (std::size_t i = 0; i < wanted.size(); ++i) handles[static_cast<std::size_t>(begin + wanted[i].index)] = results[i];
    begin = end;
  }
  return handles;
}

void check_result(const ResultHandle& handle, std::int64_t number, const RandomGraph& g, const Expected& e, const Value* value) {
  ASSERT_TRUE(handle->wait(patience_s)) << "task " << number << " does not end";
  switch (handle->status()) {
    case Status::finished:
      ASSERT_TRUE(value) << "task " << number << " has a result though one that it needs throws";
      ASSERT_EQ(handle->get(patience_s).get<Value>(), *value) << "task " << number;
      return;
    case Status::error:
      ASSERT_TRUE(e.errs[static_cast<std::size_t>(number)]) << "task " << number << " erred: " << error_message(handle->error());
      try {
        handle->get(patience_s);
        FAIL() << "task " << number << " erred and throws nothing";
      } catch (const TaskError& error) {
        const std::string& message = error.where().message;
        std::int64_t thrower = -1;
        ASSERT_EQ(std::sscanf(message.c_str(), "task number %ld throws", &thrower), 1) << "task " << number << ": " << message;
        EXPECT_TRUE(Hashing::throws(g.options, thrower)) << message;
      }
      return;
    case Status::cancelled:
      ASSERT_TRUE(e.may_be_cancelled[static_cast<std::size_t>(number)]) << "task " << number << " is cancelled and nobody cancelled what it needs";
      EXPECT_THROW(handle->get(patience_s), CancelledError);
      return;
    default:
      FAIL() << "task " << number << " is " << handle->status();
  }
}

void run_seed(std::uint64_t seed) {
  const RandomGraph g = make_graph(seed);
  SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed) + ": " + std::to_string(g.size()) + " tasks in " + std::to_string(g.piece_ends.size()) + " pieces");
  const Expected expected = work_out(g);
  run_on_all(g.shape, [&](SchedulerLoop& loop) {
    std::vector<ResultHandle> handles = submit(loop, g);
    for (std::size_t t = 0; t < handles.size(); ++t)
      if (g.dropped[t]) handles[t].reset();
    std::jthread canceller([&] {  // joined whatever is thrown below
      std::mt19937_64 random(seed + 1);
      for (std::size_t t = 0; t < handles.size(); ++t)
        if (g.cancelled[t]) {
          std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
          handles[t]->cancel();
        }
    });
    std::size_t value = 0;
    for (std::size_t t = 0; t < handles.size(); ++t) {
      const Value* wanted = g.wanted[t] && !expected.errs[t] ? &expected.values[value++] : nullptr;
      try {
        if (handles[t]) check_result(handles[t], static_cast<std::int64_t>(t), g, expected, wanted);
      } catch (const TimeoutError& error) {  // here, where the job can still tell who waits for what
        ADD_FAILURE() << "task " << t << ": " << error.what();
        break;
      }
      if (testing::Test::HasFatalFailure()) break;
    }
    canceller.join();
    if (testing::Test::HasFailure()) loop.tell_waits();
  });
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(RandomGraphs, agree_with_run_here) {
  const bool long_run = std::getenv("ASHLAR_TEST_LONG");
  const std::uint64_t one = number_from("ASHLAR_TEST_SEED", 0), repeat = number_from("ASHLAR_TEST_REPEAT", 1);
  const std::uint64_t first = one ? one : 1, last = one ? one : long_run ? 200 : 12;
  std::cout << "seeds " << first << " to " << last << std::endl;
  std::uint64_t done = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed)
    for (std::uint64_t r = 0; r < repeat && !testing::Test::HasFailure(); ++r, ++done) {
      if (long_run) std::cout << "seed " << seed << std::flush;
      const auto begin = std::chrono::steady_clock::now();
      run_seed(seed);
      if (long_run) std::cout << ": " << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() << " s" << std::endl;
    }
  std::cout << done << " graphs" << std::endl;
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  ashlar::mpi::prepare_environment();
  int provided = 0, rank = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  testing::InitGoogleTest(&argc, argv);
  int code = 0;
  if (rank == 0) {
    code = RUN_ALL_TESTS();
    ashlar::JobShape end{0, 0, 0};
    MPI_Bcast(&end, sizeof end, MPI_BYTE, 0, MPI_COMM_WORLD);
  } else {
    code = ashlar::serve();
  }
  MPI_Finalize();
  return code;
}
