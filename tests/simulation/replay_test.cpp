#include "ashlar/simulation/replay.hpp"

#include <gtest/gtest.h>

#include <boost/pfr/core.hpp>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/scheduler/event_code.hpp"
#include "ashlar/scheduler/record.hpp"
#include "ashlar/simulation/policy_text.hpp"
#include "simulation/expect_good.hpp"

namespace ashlar::simulation {
namespace {

// A job in which much goes wrong, recorded.
std::string record(std::uint64_t seed) {
  const Graph graph = make_graph({.kind = GraphKind::random, .tasks = 1000, .task_ns = 50'000, .throws_one_in = 200, .seed = seed});
  std::ostringstream out;
  ClusterOptions cluster{.workers = 5, .threads = 2};
  cluster.network.jitter_ns = 100'000;
  cluster.faults.losses.push_back({3, 4'000'000});
  cluster.record = &out;
  expect_good(cluster, graph, {.pieces = 10, .interval_ns = 1'000'000, .span_ns = 1'000'000, .release_one_in = 5, .ask_one_in = 3, .cancel_one_in = 50, .seed = seed});
  return out.str();
}

Replay replayed(const std::string& bytes, const ReplayOptions& options = {}) {
  std::istringstream in(bytes);
  return replay(in, options);
}

TEST(Replay, gives_the_same_commands) {
  for (std::uint64_t seed : {1, 2, 3}) {
    const Replay replay = replayed(record(seed));
    EXPECT_FALSE(replay.difference) << replay.difference->text;
    EXPECT_EQ(replay.incomplete, "");
    EXPECT_EQ(replay.ending, "");
    EXPECT_GT(replay.events, 100);
    EXPECT_GT(replay.commands, 1000);
  }
}

TEST(Replay, a_cut_record_is_replayed_as_far_as_it_goes_and_says_so) {
  const std::string bytes = record(1);

  const Replay replay = replayed(bytes.substr(0, bytes.size() - 10));

  EXPECT_FALSE(replay.difference);
  EXPECT_GT(replay.events, 100);
  EXPECT_NE(replay.incomplete.find("ends early"), std::string::npos) << replay.incomplete;
}

// A scheduler that would have decided differently: here one that was recorded with other hashes.
TEST(Replay, the_first_event_with_other_commands_is_told_with_its_number_and_text) {
  std::ostringstream out;
  scheduler::RecordWriter writer(out, scheduler::Policy{});
  scheduler::State state;
  std::vector<scheduler::Command> commands;
  for (int i = 0; i < 10; ++i) {
    scheduler::Event event{i * 100, scheduler::GraphSubmitted{TaskId(i), {"f"}, {{.nbytes = 8}}, {}, {scheduler::Want::handle}}};
    if (i == 0) event.what = scheduler::WorkerJoined{WorkerId(0), 4, 1 << 20};
    commands.clear();
    state.handle(event, commands);
    if (i == 6) commands.push_back(scheduler::Forgotten{TaskId(1)});
    writer.event(event);
    writer.commands(commands);
  }
  writer.finish();

  const Replay replay = replayed(out.str());

  ASSERT_TRUE(replay.difference);
  EXPECT_EQ(replay.difference->event, 6);
  EXPECT_EQ(replay.difference->now, 600);
  EXPECT_EQ(replay.difference->text.rfind("GraphSubmitted(6 [\"f\"]", 0), 0u) << replay.difference->text;
  ASSERT_EQ(replay.difference->here.size(), 1u);
  EXPECT_EQ(replay.difference->here[0], "RunTask 6 on worker 0");
}

TEST(Replay, another_policy_shows_where_it_first_decides_differently) {
  scheduler::Policy policy;
  policy.queue_tasks = 1;
  policy.queue_ns = 0;

  const Replay other = replayed(record(1), {.policy = policy}), same = replayed(record(1), {.policy = scheduler::Policy{}});

  EXPECT_FALSE(same.difference);
  ASSERT_TRUE(other.difference);
  EXPECT_NE(other.difference->here, other.difference->then);
}

TEST(Replay, every_field_of_the_policy_can_be_changed_by_name) {
  EXPECT_EQ(policy_names().size(), boost::pfr::tuple_size_v<scheduler::Policy>) << "a new field of Policy has no name in policy_text.cpp";
  for (const std::string& name : policy_names()) {
    scheduler::Policy policy;
    Bytes before, after;
    encode(before, policy);
    set(policy, name + "=0");
    set(policy, name + "=1");
    encode(after, policy);
    EXPECT_NE(before, after) << name;
  }
}

TEST(Replay, a_policy_that_is_none_is_refused_with_the_names_there_are) {
  scheduler::Policy policy;
  EXPECT_THROW(set(policy, "queue=1"), KeyError);
  EXPECT_THROW(set(policy, "queue_ns"), ValueError);
  EXPECT_THROW(set(policy, "queue_ns=many"), ValueError);
}

TEST(Replay, the_job_of_a_record_is_the_graph_that_ran) {
  Graph graph{{"f", "g"}, {}, {}};
  graph.add({.nbytes = 80, .duration_ns = 1000, .nbytes_known = false}, {});
  graph.add({.group = 1, .nbytes = 16, .duration_ns = 2000, .wanted = true}, {0});
  std::ostringstream out;
  expect_good({.workers = 3, .threads = 2, .memory_limit = 1000, .record = &out}, graph);
  std::istringstream in(out.str());

  const RecordedJob job = recorded_job(in);

  EXPECT_EQ(job.workers, 3);
  EXPECT_EQ(job.threads, 2);
  EXPECT_EQ(job.memory_limit, 1000);
  ASSERT_EQ(job.graph.size(), 2);
  EXPECT_EQ(job.graph.tasks[0].nbytes, 80);
  EXPECT_EQ(job.graph.tasks[0].duration_ns, 1000);
  EXPECT_FALSE(job.graph.tasks[0].nbytes_known);
  EXPECT_EQ(job.graph.tasks[1].duration_ns, 2000);
  EXPECT_TRUE(job.graph.tasks[1].wanted);
  EXPECT_EQ(job.graph.inputs, (std::vector<std::int32_t>{0}));
  expect_good({.workers = job.workers, .threads = job.threads, .memory_limit = job.memory_limit}, job.graph);
}

}  // namespace
}  // namespace ashlar::simulation
