// Which worker gets what, and when.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "harness/scheduler_on_paper.hpp"

namespace ashlar::scheduler {
namespace {

using Paper = SchedulerOnPaper;

std::vector<Paper::Task> wanted(int count, std::int64_t nbytes = -1) {
  return std::vector<Paper::Task>(static_cast<std::size_t>(count), {.wanted = true, .nbytes = nbytes});
}

TEST(Place, workers_get_contiguous_shares_in_proportion_to_their_threads) {
  Paper paper(one_by_one);
  paper.worker_joins(0, 1);
  paper.worker_joins(1, 2);

  paper.submit(0, wanted(6));
  paper.expect({"RunTask 0 on worker 0", "RunTask 2 on worker 1", "RunTask 3 on worker 1"});
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 0"});
}

TEST(Place, a_task_that_waits_makes_room_for_those_it_may_wait_for) {
  Paper paper(one_by_one);
  paper.worker_joins(0, 1, 100);
  paper.submit(0, wanted(3, 80));
  paper.expect({"RunTask 0 on worker 0"});
  paper.waits(0, 0);
  paper.expect({"RunTask 1 on worker 0"});
  paper.waits(0, 1);
  paper.waits(0, 1);
  paper.expect({"RunTask 2 on worker 0"});
  paper.submit(3, wanted(1, 80));
  paper.finish(0, {2}, 8);
  paper.expect({"ReportFinished 2", "RunTask 3 on worker 0"});
  paper.cancel({1});
  paper.expect({"Retract 1 on worker 0", "ReportCancelled 1"});
  paper.waits(0, 1);
  paper.finish(0, {0, 3}, 8);
  paper.expect({"ReportFinished 0", "ReportFinished 3"});
  EXPECT_EQ(paper.worker(0).occupancy_ns, 0);
}

TEST(Place, a_worker_without_a_share_takes_from_the_end_of_the_longest) {
  Paper paper(one_by_one);
  paper.workers_join(3);
  paper.submit(0, wanted(9));
  paper.expect({"RunTask 0 on worker 0", "RunTask 3 on worker 1", "RunTask 6 on worker 2"});

  paper.finish(0, {0});
  paper.finish(0, {1});
  paper.finish(1, {3});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 0", "ReportFinished 1", "RunTask 2 on worker 0", "ReportFinished 3",
                "RunTask 4 on worker 1"});
  paper.finish(0, {2});  // worker 1 holds 5, worker 2 holds 7 and 8
  paper.expect({"ReportFinished 2", "RunTask 8 on worker 0"});
  paper.finish(0, {8});  // one each: the lower worker's
  paper.expect({"ReportFinished 8", "RunTask 5 on worker 0"});
}

TEST(Place, a_worker_that_joins_late_takes_from_the_others) {
  Paper paper(one_by_one);
  paper.worker_joins(0);
  paper.submit(0, wanted(3));
  paper.expect({"RunTask 0 on worker 0"});

  paper.worker_joins(1);
  paper.expect({"RunTask 2 on worker 1"});
}

// A worker has room for several, yet none takes a second one before the others have their first.
TEST(Place, of_two_sources_each_of_two_workers_gets_one) {
  Paper paper(Policy{.queue_ns = 1'000'000'000, .queue_tasks = 8});
  paper.workers_join(2);

  paper.submit(0, wanted(2));
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 1"});
}

TEST(Place, single_sources_go_to_those_with_the_least_to_do) {
  Paper paper(one_by_one);
  paper.workers_join(3);
  for (std::int64_t task = 0; task < 3; ++task) paper.submit(task, wanted(1));
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 1", "RunTask 2 on worker 2"});

  paper.finish(1, {1});
  paper.submit(3, wanted(1));
  paper.expect({"ReportFinished 1", "RunTask 3 on worker 1"});
}

TEST(Place, unknown_durations_are_guessed_and_measured_ones_believed) {
  // 4 ms of work ahead: eight tasks of half a millisecond, the guess; then no more than the two that are the least, of 10 ms each.
  Paper paper({.queue_ns = 4'000'000, .queue_tasks = 2, .unknown_task_ns = 500'000});
  paper.worker_joins(0);

  paper.submit(0, wanted(100));
  EXPECT_EQ(paper.take().size(), 8u);
  paper.finish(0, {0}, 8, 10'000'000);
  paper.expect({"ReportFinished 0", "RunTask 8 on worker 0"});
  EXPECT_EQ(paper.worker(0).occupancy_ns, 7 * 500'000 + 10'000'000);
  paper.finish(0, {1, 2, 3, 4, 5, 6}, 8, 10'000'000);
  EXPECT_EQ(paper.take().size(), 6u);
  paper.finish(0, {7}, 8, 10'000'000);
  paper.expect({"ReportFinished 7", "RunTask 9 on worker 0"});
  EXPECT_EQ(paper.worker(0).occupancy_ns, 20'000'000);
}

TEST(Place, tasks_that_wait_for_inputs_do_not_keep_sources_from_free_threads) {
  Paper paper(one_by_one);
  paper.worker_joins(0, 2);

  // A chain of four and a source: one thread for the chain, one for the source.
  paper.submit(0, {{}, {.inputs = {0}}, {.inputs = {1}}, {.inputs = {2}, .wanted = true}, {.wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0!", "RunTask 2 on worker 0, inputs 1@0!",
                "RunTask 3 on worker 0, inputs 2@0!", "RunTask 4 on worker 0"});
}

// ---- the memory budget

TEST(Place, sources_are_held_back_by_the_budget_and_go_when_results_are_released) {
  Paper paper;
  paper.worker_joins(0, 1, 100);

  paper.submit(0, wanted(4, 40));
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0"});
  EXPECT_EQ(paper.worker(0).bytes_expected, 80);
  paper.finish(0, {0, 1}, 40);
  // Nothing is under way there and nothing fits: the first in order goes all the same.
  paper.expect({"ReportFinished 0", "ReportFinished 1", "RunTask 2 on worker 0"});
  paper.release({0, 1});
  paper.expect({"Forgotten 0", "Forgotten 1", "RunTask 3 on worker 0", "FreeResults on worker 0: 0 1"});
}

TEST(Place, consumers_make_room_for_the_next_sources) {
  Paper paper;
  paper.worker_joins(0, 1, 100);

  // Two pairs: 40 + 40 bytes are reduced to 1.
  paper.submit(0, {{.nbytes = 40},
                   {.nbytes = 40},
                   {.inputs = {0, 1}, .wanted = true, .nbytes = 1},
                   {.nbytes = 40},
                   {.nbytes = 40},
                   {.inputs = {3, 4}, .wanted = true, .nbytes = 1}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0", "RunTask 2 on worker 0, inputs 0@0! 1@0!"});
  paper.finish(0, {0, 1}, 40);
  paper.nothing_more();
  paper.finish(0, {2}, 1);
  paper.expect({"ReportFinished 2", "Forgotten 0", "Forgotten 1", "RunTask 3 on worker 0", "RunTask 4 on worker 0",
                "RunTask 5 on worker 0, inputs 3@0! 4@0!"});
}

TEST(Place, where_nothing_fits_each_worker_gets_one_source_at_a_time) {
  Paper small;
  small.worker_joins(0, 1, 10);
  small.worker_joins(1, 1, 10);
  small.submit(0, wanted(4, 40));
  small.expect({"RunTask 0 on worker 0", "RunTask 2 on worker 1"});
  small.finish(0, {0}, 40);
  small.expect({"ReportFinished 0", "RunTask 1 on worker 0"});
  small.finish(0, {1}, 40);
  small.expect({"ReportFinished 1", "RunTask 3 on worker 0"});
  small.finish(1, {2}, 40);
  small.expect({"ReportFinished 2"});
}

TEST(Place, results_on_scratch_make_room_for_sources) {
  Paper paper;
  paper.worker_joins(0, 1, 100);
  paper.submit(0, wanted(6, 40));
  paper.finish(0, {0, 1}, 40);
  paper.take();  // 2 went since nothing else was under way
  paper.spilled(0, 40);
  paper.nothing_more();
  paper.spilled(0, 80);
  paper.expect({"RunTask 3 on worker 0"});
  paper.finish(0, {2, 3}, 40);
  const Paper::Lines lines = paper.take();
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("RunTask"); }), 1);
}

TEST(Place, a_task_that_is_declared_larger_than_every_budget_errs_and_says_the_sizes) {
  Paper paper({.refuse_oversized = true});
  paper.worker_joins(0, 1, 100);
  paper.worker_joins(1, 1, 200);
  paper.submit(0, {{.nbytes = 150, .group = "load"}, {.wanted = true, .nbytes = 201, .group = "grow"}, {.inputs = {0}, .wanted = true, .nbytes = 60, .group = "sum"}});
  const Paper::Lines lines = paper.take();
  const auto reasons = [&](const char* task) {
    for (const Command& command : paper.commands())
      if (const auto* erred = std::get_if<ReportErred>(&command); erred && erred->task == TaskId(std::atoll(task))) return erred->reason;
    return std::string("not erred");
  };
  EXPECT_EQ(reasons("1").substr(0, 90), "task 1 of grow needs 201 B (result 201 B, inputs 0 B), the memory budget of a worker is 20");
  EXPECT_EQ(reasons("2").substr(0, 59), "task 2 of sum needs 210 B (result 60 B, inputs 150 B), the ");
}

TEST(Place, an_input_named_twice_and_sizes_that_are_not_declared_make_no_task_oversized) {
  Paper paper({.refuse_oversized = true});
  paper.worker_joins(0, 1, 100);
  paper.submit(0, {{.nbytes = 60}, {.inputs = {0, 0}, .wanted = true, .nbytes = 40}, {.wanted = true}, {.inputs = {2}, .wanted = true}});
  for (int task : {1, 2, 3}) EXPECT_STRNE(paper.state_of(task), "erred");
  paper.take();
}

TEST(Place, a_worker_with_memory_left_takes_from_one_without) {
  Paper paper({.queue_tasks = 1});
  paper.worker_joins(0, 1, 50);
  paper.worker_joins(1, 1, 500);
  paper.submit(0, wanted(4, 40));
  // Worker 0 has room for one; worker 1 takes its own and then worker 0's.
  paper.expect({"RunTask 0 on worker 0", "RunTask 2 on worker 1", "RunTask 3 on worker 1", "RunTask 1 on worker 1"});
}

TEST(Place, a_guess_of_the_size_gives_way_to_the_first_measured_one) {
  // A result of unknown size counts as 1 MiB, which does not fit twice.
  Paper paper({.queue_tasks = 1});
  paper.worker_joins(0, 1, 1'500'000);
  paper.worker_joins(1, 1, 1'500'000);

  paper.submit(0, wanted(6));
  paper.expect({"RunTask 0 on worker 0", "RunTask 3 on worker 1"});
  paper.finish(0, {0}, 8);
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 0", "RunTask 2 on worker 0", "RunTask 4 on worker 1", "RunTask 5 on worker 1"});
}

// ---- tasks with inputs

TEST(Place, a_task_goes_to_the_larger_of_its_inputs) {
  Paper paper;
  paper.workers_join(3);
  paper.scatter(0, 1, 1'000'000);
  paper.scatter(1, 2, 50'000'000);
  paper.take();

  paper.submit(2, {{.inputs = {0, 1}, .wanted = true}});
  paper.expect({"RunTask 2 on worker 2, inputs 0@1 1@2"});
}

TEST(Place, a_task_leaves_its_inputs_when_waiting_there_takes_longer_than_moving_them) {
  Paper paper({.bytes_per_ns = 1, .transfer_latency_ns = 1000});
  paper.workers_join(2);
  paper.scatter(0, 1, 100'000);  // 0.1 ms to move
  paper.scatter(1, 1, 900'000);  // 0.9 ms
  paper.take();

  paper.submit(2, {{.inputs = {0}, .wanted = true}});
  paper.submit(3, {{.inputs = {1}, .wanted = true}});
  paper.submit(4, {{.inputs = {0}, .wanted = true}});
  // Half a millisecond is queued at worker 1 when the second comes, a whole one when the third does.
  paper.expect({"RunTask 2 on worker 1, inputs 0@1", "RunTask 3 on worker 1, inputs 1@1", "RunTask 4 on worker 0, inputs 0@1"});
}

TEST(Place, a_chain_stays_where_it_is_however_long) {
  Paper paper;
  paper.workers_join(2);
  std::vector<Paper::Task> chain(200);
  for (std::int64_t i = 1; i < 200; ++i) chain[static_cast<std::size_t>(i)].inputs = {i - 1};
  chain.back().wanted = true;

  paper.submit(0, chain);
  for (const std::string& line : paper.take()) EXPECT_NE(line.find("on worker 0"), std::string::npos) << line;
  paper.submit(200, {{.wanted = true}});
  paper.expect({"RunTask 200 on worker 1"});
}

// They can start at one time only, and by the amount of work alone all but the chain's worker have nothing to do at that time, however many
// of them they were given.
TEST(Place, tasks_that_wait_for_the_same_are_spread_evenly) {
  Paper paper;
  paper.workers_join(4);
  // A long chain on one worker, and eight tasks that need its end.
  std::vector<Paper::Task> tasks(20);
  for (std::int64_t i = 1; i < 20; ++i) tasks[static_cast<std::size_t>(i)].inputs = {i - 1};
  for (std::int64_t i = 0; i < 8; ++i) tasks.push_back({.inputs = {19}, .wanted = true});

  paper.submit(0, tasks);

  std::map<std::string, int> on;
  for (const std::string& line : paper.take())
    if (line.rfind("RunTask 2", 0) == 0 && line.find("19@") != std::string::npos) ++on[line.substr(line.find("worker"), 8)];
  EXPECT_EQ(on.size(), 4u);
  for (const auto& [worker, count] : on) EXPECT_EQ(count, 2) << worker;
}

TEST(Place, tasks_on_large_results_that_exist_stay_with_them_until_a_worker_idles) {
  Paper paper;
  paper.workers_join(2);
  paper.submit(0, wanted(2, 8));
  paper.finish(0, {0}, 8, 8'000'000);
  paper.finish(1, {1}, 8, 8'000'000);
  for (std::int64_t chunk = 2; chunk < 8; ++chunk) paper.scatter(chunk, chunk < 5 ? 0 : 1, 8'000'000);
  paper.take();

  // Moving takes half as long as running: one by one, by what starts first, the second would go to worker 1.
  std::vector<Paper::Task> tasks;
  for (std::int64_t chunk = 2; chunk < 8; ++chunk) tasks.push_back({.inputs = {chunk}, .wanted = true, .nbytes = 8});
  paper.submit(8, tasks);
  paper.expect({"RunTask 8 on worker 0, inputs 2@0", "RunTask 9 on worker 0, inputs 3@0", "RunTask 10 on worker 0, inputs 4@0",
                "RunTask 11 on worker 1, inputs 5@1", "RunTask 12 on worker 1, inputs 6@1", "RunTask 13 on worker 1, inputs 7@1"});
  // The one that is done first asks for the last of the other's.
  paper.finish(1, {11, 12, 13}, 8, 8'000'000);
  paper.expect({"ReportFinished 11", "ReportFinished 12", "ReportFinished 13", "AskBack 10 of worker 0"});
}

// A copy is no cheaper for being made while its worker is busy: chunks of a stencil would go to and fro at each step.
TEST(Place, a_large_input_is_not_moved_to_a_worker_that_is_as_busy) {
  Paper paper;
  paper.workers_join(2);
  paper.scatter(0, 1, 32'000'000);  // 16 ms to move
  paper.scatter(1, 0);
  paper.scatter(2, 1);
  // 19 ms of work for one worker, 20 ms for the other.
  std::vector<Paper::Task> tasks(38, {.inputs = {1}, .wanted = true, .workers = {0}});
  tasks.resize(78, {.inputs = {2}, .wanted = true, .workers = {1}});
  paper.submit(3, tasks);
  paper.take();

  paper.submit(81, {{.inputs = {0, 1}, .wanted = true}});
  paper.expect({"RunTask 81 on worker 1, inputs 0@1 1@0"});
}

TEST(Place, with_many_workers_a_task_goes_to_a_holder_or_an_idle_one) {
  Paper paper;
  paper.workers_join(40);
  paper.scatter(0, 33, 1'000'000);
  paper.take();

  paper.submit(1, {{.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 1 on worker 33, inputs 0@33"});
}

TEST(Place, with_many_workers_single_sources_go_to_idle_ones) {
  Paper paper(one_by_one);
  paper.workers_join(40);
  for (std::int64_t task = 0; task < 40; ++task) paper.submit(task, wanted(1));
  for (int worker = 0; worker < 40; ++worker) EXPECT_EQ(paper.worker(worker).processing, 1) << worker;
  paper.take();

  paper.finish(17, {17});
  paper.submit(40, wanted(1));
  EXPECT_EQ(paper.worker(17).processing, 1);
  paper.take();
}

}  // namespace
}  // namespace ashlar::scheduler
