// When nothing moves: the watch by itself, and loops in one process that wait for something that never comes.
#include "ashlar/runtime/hang_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "ashlar/runtime/scheduler_loop.hpp"
#include "ashlar/runtime/worker_loop.hpp"
#include "ashlar/transport/in_process.hpp"

namespace ashlar {
namespace {

using namespace std::chrono_literals;
using protocol::Wait;
using protocol::WaitKind;
using protocol::WaitsReport;
using testing::HasSubstr;
using testing::Not;
using Step = HangWatch::Step;

constexpr std::int64_t s = 1'000'000'000;

// A watch of two workers, which answer at once that the task runs and its thread has used so much.
struct Watched {
  HangWatch watch{2, 10 * s};
  std::int64_t now = 0;
  void answer(std::int64_t task, std::int64_t cpu_ns) {
    watch.answered(0, {watch.number(), 1, 0, {{WaitKind::executes, TaskId(task), TaskId(), WorkerId(0), 5 * s, cpu_ns}}});
    watch.answered(1, {watch.number(), 0, 0, {}});
  }
  // A whole look after a quiet time.
  Step look(std::int64_t first_task, std::int64_t first_cpu_ns, std::int64_t second_task, std::int64_t second_cpu_ns) {
    EXPECT_EQ(watch.step(now, true), Step::ask_workers);
    answer(first_task, first_cpu_ns);
    EXPECT_EQ(watch.step(now, true), Step::nothing);
    EXPECT_EQ(watch.step(now += watch.gap_ns(), true), Step::ask_workers);
    answer(second_task, second_cpu_ns);
    return watch.step(now, true);
  }
};

TEST(HangWatch, looks_when_nothing_has_moved_for_as_long_as_was_said_and_only_while_work_is_open) {
  Watched w;
  w.watch.something_happened(5 * s);
  EXPECT_EQ(w.watch.step(15 * s - 1, true), Step::nothing);
  EXPECT_EQ(w.watch.step(1000 * s, false), Step::nothing);
  EXPECT_EQ(w.watch.step(15 * s, true), Step::ask_workers);
  HangWatch never(1, 0);
  EXPECT_EQ(never.step(1'000'000 * s, true), Step::nothing);
}

TEST(HangWatch, tells_of_a_task_that_uses_no_processor_and_tells_it_once) {
  Watched w;
  w.now = 10 * s;
  EXPECT_EQ(w.look(7, 3 * s, 7, 3 * s + 1000), Step::tell);
  EXPECT_EQ(w.watch.answers()[0]->waits[0].cpu_ns, 1000);
  EXPECT_EQ(w.watch.step(w.now + 100 * s, true), Step::nothing);
  w.watch.something_happened(w.now += 100 * s);
  EXPECT_EQ(w.watch.step(w.now + 10 * s, true), Step::ask_workers) << "a new quiet time";
}

TEST(HangWatch, says_nothing_while_a_task_computes_and_looks_again_later) {
  Watched w;
  w.now = 10 * s;
  EXPECT_EQ(w.look(7, 3 * s, 7, 3 * s + w.watch.gap_ns() + s / 2), Step::nothing);
  EXPECT_EQ(w.watch.step(w.now + 10 * s - 1, true), Step::nothing);
  w.now += 10 * s;
  EXPECT_EQ(w.look(7, 5 * s, 8, 5 * s), Step::nothing) << "another task has begun";
  w.now += 10 * s;
  EXPECT_EQ(w.look(8, 5 * s, 8, 5 * s), Step::tell);
}

TEST(HangWatch, does_not_wait_for_ever_for_a_worker_that_says_nothing) {
  Watched w;
  w.now = 10 * s;
  EXPECT_EQ(w.watch.step(w.now, true), Step::ask_workers);
  w.answer(7, 0);
  EXPECT_EQ(w.watch.step(w.now, true), Step::nothing);
  EXPECT_EQ(w.watch.step(w.now += s, true), Step::ask_workers);
  w.watch.answered(0, {w.watch.number() - 1, 0, 0, {}});
  EXPECT_FALSE(w.watch.answers()[0]) << "the answer to an earlier look";
  EXPECT_EQ(w.watch.step(w.now, true), Step::nothing);
  EXPECT_EQ(w.watch.step(w.now + HangWatch::answer_limit_ns, true), Step::tell);
}

TEST(HangWatch, shows_whatever_there_is_when_it_is_asked_to) {
  Watched w;
  w.watch.something_happened(w.now = s);
  w.watch.asked_for();
  EXPECT_TRUE(w.watch.looking());
  EXPECT_EQ(w.look(7, 0, 7, s), Step::tell);
  EXPECT_FALSE(w.watch.by_itself());
  EXPECT_FALSE(w.watch.looking());
}

// ---- loops

// A worker's transport that loses everything it sends to another worker.
class Deaf final : public Transport {
 public:
  explicit Deaf(Transport& to) : to_(to) {}
  int rank() const override { return to_.rank(); }
  int size() const override { return to_.size(); }
  void send(int to, Parcel parcel) override {
    if (to == 0) to_.send(to, std::move(parcel));
  }
  bool receive(std::vector<Arrival>& arrived) override { return to_.receive(arrived); }
  void wait(std::chrono::nanoseconds at_most) override { to_.wait(at_most); }
  void wake() override { to_.wake(); }
  void wait_apart(std::unique_lock<std::mutex>& in_use, std::chrono::nanoseconds at_most) override { to_.wait_apart(in_use, at_most); }
  bool relieve() override { return to_.relieve(); }
  void hand_back() override { to_.hand_back(); }
  std::chrono::nanoseconds longest_wait() const override { return to_.longest_wait(); }
  bool sent_all() const override { return to_.sent_all(); }
  void finish() override { to_.finish(); }

 private:
  Transport& to_;
};

[[noreturn]] void fatal(const std::string& what) {
  std::fprintf(stderr, "a loop cannot go on: %s\n", what.c_str());
  std::abort();
}

// Index plus the inputs' sum after some milliseconds, which it sleeps or computes.
class Slow final : public OperationOf<Slow> {
 public:
  explicit Slow(int ms, bool computes = false) : ms_(ms), computes_(computes) {}
  void encode(Writer& out) const override {
    out.put(ms_);
    out.put(computes_);
  }
  static std::shared_ptr<const Slow> decode(Reader& in) {
    const int ms = in.get<int>();
    return std::make_shared<Slow>(ms, in.get<bool>());
  }
  Object run(TaskInput& task) const override {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms_);
    if (!computes_) std::this_thread::sleep_until(end);
    while (std::chrono::steady_clock::now() < end) {
    }
    std::int64_t sum = task.index;
    for (const Object& input : task.inputs) sum += input.get<std::int64_t>();
    return Object::of(sum);
  }

 private:
  int ms_;
  bool computes_;
};

// Runs `body` on a scheduler with two workers of one thread, and returns what was printed on stderr.
std::string printed(bool deaf, double hang_after_s, const std::string& dot, const std::function<void(SchedulerLoop&)>& body) {
  testing::internal::CaptureStderr();
  auto transports = in_process_transports(3);
  std::vector<std::thread> workers;
  std::vector<WorkerInfo> infos;
  for (int w = 0; w < 2; ++w) {
    infos.push_back({"here", 100 + w, 1, std::int64_t{1} << 30});
    workers.emplace_back([&, w] {
      Transport& own = *transports[static_cast<std::size_t>(w) + 1];
      Deaf lossy(own);
      WorkerLoop(deaf ? static_cast<Transport&>(lossy) : own, {WorkerId(w), 1, std::int64_t{1} << 30, w + 1}, fatal).run();
    });
  }
  {
    SchedulerLoop loop(*transports[0], infos, fatal, {hang_after_s, dot});
    body(loop);
    EXPECT_TRUE(loop.stop(0, 60s));
  }
  for (std::thread& worker : workers) worker.join();
  return testing::internal::GetCapturedStderr();
}

void wait_until_told(SchedulerLoop& loop) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (loop.waits_told() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
}

std::string dot_file(const char* name) { return testing::TempDir() + "ashlar-" + std::to_string(getpid()) + "-" + name + ".dot"; }
std::string take_file(const std::string& name) {
  std::ifstream file(name);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::remove(name.c_str());
  return text;
}

TEST(Hang, names_who_waits_for_a_result_whose_message_was_lost) {
  const std::string dot = dot_file("lost");
  const std::string text = printed(true, 0.2, dot, [](SchedulerLoop& loop) {
    // Two results, one on each worker, and a task that needs both.
    auto made = std::make_shared<ListedLayer>("made", std::make_shared<Slow>(20));
    auto both = std::make_shared<ListedLayer>("both", std::make_shared<Slow>(0));
    for (int i = 0; i < 2; ++i) made->add({});
    const std::vector<TaskRef> inputs{{0, 0}, {0, 1}}, wanted{{1, both->add(inputs)}};
    const auto results = loop.submit({{made, both}, {}}, wanted, {.fetch = true});
    wait_until_told(loop);
    EXPECT_EQ(results[0]->status(), Status::pending);
  });

  EXPECT_THAT(text, HasSubstr("ashlar: nothing has moved for 0.2 s (--ashlar-hang-after). Who waits for what:\n"));
  EXPECT_THAT(text, HasSubstr("(both-0) is processing on worker"));
  EXPECT_THAT(text, testing::ContainsRegex("task [0-9]+ .both-0. waits for [0-9]+ .made-[01]., asked of worker [01]\n"));
  EXPECT_THAT(text, HasSubstr("worker 0 (here, process 100): "));
  EXPECT_THAT(text, HasSubstr("drawn in " + dot));
  const std::string drawn = take_file(dot);
  EXPECT_THAT(drawn, HasSubstr("digraph waiting {"));
  EXPECT_THAT(drawn, HasSubstr("both-0, processing on worker"));
  EXPECT_THAT(drawn, testing::ContainsRegex("t[0-9]+ -> t[0-9]+;"));
}

TEST(Hang, names_a_task_that_blocks_and_those_behind_it) {
  const std::string text = printed(false, 0.2, "", [](SchedulerLoop& loop) {
    auto blocks = std::make_shared<ListedLayer>("blocks", std::make_shared<Slow>(1500));
    auto after = std::make_shared<ListedLayer>("after", std::make_shared<Slow>(0));
    blocks->add({});
    const std::vector<TaskRef> inputs{{0, 0}}, wanted{{1, after->add(inputs)}};
    const auto results = loop.submit({{blocks, after}, {}}, wanted, {.fetch = true});
    EXPECT_EQ(results[0]->get().get<std::int64_t>(), 0);
    EXPECT_EQ(loop.waits_told(), 1);
  });

  EXPECT_THAT(text, testing::ContainsRegex("task [0-9]+ .blocks-0. has been running for [0-9.]+ s, uses [01] % of a core\n"));
  EXPECT_THAT(text, testing::ContainsRegex("task [0-9]+ .after-0. waits for [0-9]+ .blocks-0., which is made here\n"));
  EXPECT_THAT(text, HasSubstr("1 thread of the program waiting for a result"));
}

TEST(Hang, is_not_seen_in_a_task_that_computes) {
  const std::string text = printed(false, 0.1, "", [](SchedulerLoop& loop) {
    auto computes = std::make_shared<ListedLayer>("computes", std::make_shared<Slow>(1500, true));
    const std::vector<TaskRef> wanted{{0, computes->add({})}};
    loop.submit({{computes}, {}}, wanted, {.fetch = true})[0]->get();
  });

  EXPECT_EQ(text, "");
}

TEST(Hang, who_waits_is_told_at_any_time_when_it_is_asked_for) {
  const std::string text = printed(false, 0, "", [](SchedulerLoop& loop) {
    auto computes = std::make_shared<ListedLayer>("computes", std::make_shared<Slow>(1000, true));
    std::vector<TaskRef> wanted;
    for (int i = 0; i < 3; ++i) wanted.push_back({0, computes->add({})});
    const auto results = loop.submit({{computes}, {}}, wanted, {.fetch = true});
    std::this_thread::sleep_for(50ms);
    loop.tell_waits();
    wait_until_told(loop);
    for (const auto& result : results) result->get();
  });

  EXPECT_THAT(text, HasSubstr("ashlar: who waits for what:\nscheduler:"));
  EXPECT_THAT(text, HasSubstr("(computes-0) has been running for"));
  EXPECT_THAT(text, Not(HasSubstr("drawn")));
}

// A call that has not ended on a worker is one of the things that hang.
TEST(Hang, names_the_worker_on_which_a_call_has_not_ended) {
  class OnlyFirstSleeps final : public OperationOf<OnlyFirstSleeps> {
   public:
    void encode(Writer&) const override {}
    static std::shared_ptr<const OnlyFirstSleeps> decode(Reader&) { return std::make_shared<OnlyFirstSleeps>(); }
    Object run(TaskInput& task) const override {
      if (task.rank == 1) std::this_thread::sleep_for(1500ms);
      return Object::of(1);
    }
  };
  const std::string text = printed(false, 0.2, "", [](SchedulerLoop& loop) { loop.run_on_workers(std::make_shared<OnlyFirstSleeps>(), {}, true); });

  EXPECT_THAT(text, HasSubstr("  collective call 0 has not ended on worker 0\n"));
  EXPECT_THAT(text, testing::ContainsRegex("worker 0 .here, process 100.: 0 tasks\n  collective call 0 came [0-9.]+ s ago and has not ended\n"));
}

}  // namespace
}  // namespace ashlar
