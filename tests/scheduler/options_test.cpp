// Priorities, retries, chosen workers and resources: what few tasks have.
#include <gtest/gtest.h>

#include "harness/scheduler_on_paper.hpp"

namespace ashlar::scheduler {
namespace {

using Paper = SchedulerOnPaper;

// ---- priority

TEST(Options, of_the_sources_that_are_held_those_of_higher_priority_go_first_and_of_lower_last) {
  Paper paper(one_by_one);
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.wanted = true, .priority = -1}, {.wanted = true}, {.wanted = true, .priority = 1}, {.wanted = true, .priority = 2}});
  paper.expect({"RunTask 4 on worker 0"});
  for (const int task : {4, 3, 0, 2, 1}) paper.finish(0, {task});
  paper.expect({"ReportFinished 4", "RunTask 3 on worker 0", "ReportFinished 3", "RunTask 0 on worker 0", "ReportFinished 0",
                "RunTask 2 on worker 0", "ReportFinished 2", "RunTask 1 on worker 0", "ReportFinished 1"});
}

TEST(Options, within_one_priority_the_order_is_that_of_submission) {
  Paper paper(one_by_one);
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true, .priority = 5}, {.wanted = true, .priority = 5}});
  paper.submit(2, {{.wanted = true, .priority = 5}});
  for (const int task : {0, 1, 2}) paper.finish(0, {task});
  paper.expect({"RunTask 0 on worker 0", "ReportFinished 0", "RunTask 1 on worker 0", "ReportFinished 1", "RunTask 2 on worker 0",
                "ReportFinished 2"});
}

TEST(Options, workers_take_prior_sources_in_turns) {
  Paper paper({.queue_ns = 1'000'000'000, .queue_tasks = 8});
  paper.workers_join(2);
  paper.submit(0, {{.wanted = true, .priority = 1}, {.wanted = true, .priority = 1}, {.wanted = true, .priority = 1}, {.wanted = true, .priority = 1}});
  EXPECT_EQ(paper.worker(0).processing, 2);
  EXPECT_EQ(paper.worker(1).processing, 2);
  paper.take();
}

TEST(Options, a_worker_without_a_share_takes_others_before_sources_of_low_priority) {
  Paper paper(one_by_one);
  paper.workers_join(2);
  paper.submit(0, {{.wanted = true}, {.wanted = true}, {.wanted = true}, {.wanted = true}, {.wanted = true, .priority = -3}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 2 on worker 1"});
  paper.finish(0, {0});
  paper.finish(0, {1});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 0", "ReportFinished 1", "RunTask 3 on worker 0"});
  paper.finish(1, {2});
  paper.expect({"ReportFinished 2", "RunTask 4 on worker 1"});
}

TEST(Options, the_order_that_workers_are_told_follows_priority_and_then_the_id) {
  Paper paper;
  paper.worker_joins(0);
  paper.scatter(0, 0);
  paper.submit(1, {{.inputs = {0}, .wanted = true}, {.inputs = {0}, .wanted = true, .priority = 1}, {.inputs = {0}, .wanted = true, .priority = 1},
                   {.inputs = {0}, .wanted = true, .priority = -1}});
  std::vector<std::pair<std::int64_t, std::int64_t>> order;
  for (const Command& command : paper.commands())
    if (const auto* run = std::get_if<RunTask>(&command)) order.emplace_back(run->order, run->task.value());
  std::sort(order.begin(), order.end());
  ASSERT_EQ(order.size(), 4u);
  EXPECT_EQ(order[0].second, 2);
  EXPECT_EQ(order[1].second, 3);
  EXPECT_EQ(order[2].second, 1);
  EXPECT_EQ(order[3].second, 4);
  paper.take();
}

// ---- retries

TEST(Options, a_task_that_fails_runs_again_after_growing_pauses_and_its_story_shows_each_attempt) {
  Paper paper({.retry_pause_ns = 100});
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true, .retries = 2}});
  paper.expect({"RunTask 0 on worker 0"});

  paper.fail(0, 0);
  paper.expect({"WakeAt 100"});
  EXPECT_STREQ(paper.state_of(0), "waiting");
  paper.time_passes(99);
  paper.nothing_more();
  paper.time_passes(100);
  paper.expect({"RunTask 0 on worker 0"});
  paper.now = 1000;
  paper.fail(0, 0);
  paper.expect({"WakeAt 1200"});
  paper.time_passes(1200);
  paper.expect({"RunTask 0 on worker 0"});
  const std::string story = to_string(paper.state().story(TaskId(0)));
  EXPECT_NE(story.find("1000 ns: task 0 processing -> waiting (worker 0)"), std::string::npos) << story;
  std::size_t attempts = 0;
  for (const StoryLine& line : paper.state().story(TaskId(0))) attempts += line.to == TaskState::processing;
  EXPECT_EQ(attempts, 3u);
  paper.fail(0, 0);
  paper.expect({"ReportErred 0 by 0"});
}

TEST(Options, inputs_are_kept_until_the_last_attempt_is_over_and_never_told_to_be_used_up) {
  Paper paper({.retry_pause_ns = 100});
  paper.worker_joins(0);
  paper.submit(0, {{}, {.inputs = {0}, .wanted = true, .retries = 1}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0"});  // no last use
  paper.finish(0, {0});
  paper.fail(0, 1);
  paper.expect({"WakeAt 100"});
  EXPECT_STREQ(paper.state_of(0), "memory");
  paper.time_passes(100);
  // Now it is the last attempt.
  paper.expect({"RunTask 1 on worker 0, inputs 0@0!"});
  paper.finish(0, {1});
  paper.expect({"ReportFinished 1", "Forgotten 0"});
}

TEST(Options, those_that_wait_for_a_failed_task_are_told_where_it_runs_again) {
  Paper paper({.transfer_latency_ns = 0, .retry_pause_ns = 100});
  paper.workers_join(2);
  paper.submit(0, {{.retries = 1}, {}, {.inputs = {0, 1}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 1", "RunTask 2 on worker 0, inputs 0@0! 1@1!"});
  paper.finish(1, {1});
  paper.fail(0, 0);
  paper.expect({"WakeAt 100"});
  EXPECT_STREQ(paper.state_of(2), "processing");
  paper.time_passes(100);
  paper.expect({"TellMoved 0 to worker 1, tell worker 0", "RunTask 0 on worker 1"});
  paper.finish(1, {0});
  paper.finish(0, {2});
  paper.expect({"ReportFinished 2", "Forgotten 0", "Forgotten 1"});
}

TEST(Options, a_task_submitted_during_a_pause_waits_for_it) {
  Paper paper({.retry_pause_ns = 100});
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true, .retries = 1}});
  paper.fail(0, 0);
  paper.submit(1, {{.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "WakeAt 100"});
  EXPECT_STREQ(paper.state_of(1), "waiting");
  paper.time_passes(100);
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0"});
}

TEST(Options, a_task_that_pauses_is_cancelled_or_released_and_does_not_run_again) {
  Paper paper({.retry_pause_ns = 100});
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true, .retries = 5}, {.wanted = true, .retries = 5}});
  paper.fail(0, 0);
  paper.fail(0, 1);
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0", "WakeAt 100"});
  paper.cancel({0});
  paper.release({1});
  paper.expect({"ReportCancelled 0", "Forgotten 1"});
  paper.time_passes(100);
  paper.nothing_more();
  paper.release({0});
  paper.expect({"Forgotten 0"});
}

TEST(Options, the_shortest_pause_wakes_first) {
  Paper paper({.retry_pause_ns = 100});
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true, .retries = 5}, {.wanted = true, .retries = 5}});
  paper.take();
  paper.fail(0, 0);
  paper.time_passes(100);
  paper.fail(0, 0);
  paper.expect({"WakeAt 100", "RunTask 0 on worker 0", "WakeAt 300"});
  paper.fail(0, 1);
  paper.expect({"WakeAt 200"});
  paper.time_passes(200);
  paper.expect({"RunTask 1 on worker 0", "WakeAt 300"});
}

// ---- chosen workers

TEST(Options, a_task_runs_only_on_workers_it_may_run_on) {
  Paper paper(one_by_one);
  paper.workers_join(3);
  paper.submit(0, {{.wanted = true, .workers = {2}}, {.wanted = true, .workers = {2}}, {.wanted = true}});
  paper.expect({"RunTask 2 on worker 0", "RunTask 0 on worker 2"});
  paper.finish(0, {2});  // idle, and may not take it
  paper.expect({"ReportFinished 2"});
  paper.finish(2, {0});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 2"});
  paper.submit(3, {{.inputs = {0}, .wanted = true, .workers = {1}}});
  paper.expect({"RunTask 3 on worker 1, inputs 0@2"});
}

TEST(Options, with_many_workers_a_task_finds_the_one_it_may_run_on) {
  Paper paper;
  paper.workers_join(40);
  paper.scatter(0, 3, 1'000'000);
  paper.submit(1, {{.inputs = {0}, .wanted = true, .workers = {37}}, {.wanted = true, .workers = {38}}});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 37, inputs 0@3", "RunTask 2 on worker 38"});
}

TEST(Options, a_list_without_a_living_worker_is_an_error_that_names_it) {
  Paper paper(one_by_one);
  paper.workers_join(2);
  paper.submit(0, {{.wanted = true, .workers = {1}}, {.wanted = true, .workers = {1}}, {.inputs = {0}, .wanted = true, .workers = {1, 0}}});
  paper.take();
  paper.worker_lost(1);
  paper.expect({"ReportErred 0: worker 1 was lost: burnt down", "ReportErred 2: worker 1 was lost: burnt down",
                "ReportErred 1: none of the workers it may run on is there: worker 1"});
  paper.submit(3, {{.wanted = true, .workers = {1}}, {.inputs = {3}, .wanted = true}});
  paper.expect({"ReportErred 3: none of the workers it may run on is there: worker 1",
                "ReportErred 4: none of the workers it may run on is there: worker 1"});
  paper.worker_joins(1);
  paper.submit(5, {{.wanted = true, .workers = {1}}});
  paper.expect({"RunTask 5 on worker 1"});
}

// ---- resources

TEST(Options, sources_that_take_resources_are_given_as_far_as_they_can_run_and_one_step_ahead) {
  Paper paper({.queue_ns = 0, .queue_tasks = 100});
  paper.worker_joins(0, 4, std::int64_t{1} << 40, {{"GPU", 2'000'000}});
  std::vector<Paper::Task> tasks(6, {.wanted = true, .resources = {{"GPU", 1'000'000}}});
  tasks.push_back({.wanted = true});
  paper.submit(0, tasks);
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0", "RunTask 2 on worker 0", "RunTask 3 on worker 0", "RunTask 6 on worker 0"});
  paper.finish(0, {0, 1});
  paper.expect({"ReportFinished 0", "ReportFinished 1", "RunTask 4 on worker 0", "RunTask 5 on worker 0"});
}

TEST(Options, a_demand_that_no_worker_can_meet_is_an_error_that_names_it) {
  Paper paper;
  paper.worker_joins(0, 1, 1000, {{"GPU", 2'000'000}});
  paper.worker_joins(1, 1, 1000, {{"disk", 500'000}});
  const std::string hint = " (--ashlar-resources says what workers have)";
  paper.submit(0, {{.wanted = true, .resources = {{"GPU", 4'000'000}}}});
  paper.expect({"ReportErred 0: it takes 4 of the resource GPU, and the most that a worker it may run on has is 2" + hint});
  paper.submit(1, {{.wanted = true, .workers = {1}, .resources = {{"disk", 750'000}}}});
  paper.expect({"ReportErred 1: it takes 0.75 of the resource disk, and the most that a worker it may run on has is 0.5" + hint});
  paper.submit(2, {{.wanted = true, .resources = {{"GPU", 1'000'000}, {"disk", 500'000}}}});
  paper.expect({"ReportErred 2: no worker it may run on has all the resources it takes at once" + hint});
}

TEST(Options, a_task_with_inputs_goes_where_its_resources_are) {
  Paper paper;
  paper.worker_joins(0);
  paper.worker_joins(1, 1, std::int64_t{1} << 40, {{"GPU", 1'000'000}});
  paper.scatter(0, 0, 1000);
  paper.submit(1, {{.inputs = {0}, .wanted = true, .resources = {{"GPU", 1'000'000}}}});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 1, inputs 0@0"});
}

TEST(Options, a_held_source_with_options_is_cancelled_and_leaves_nothing) {
  Paper paper(one_by_one);
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.wanted = true, .priority = -1}, {.wanted = true, .workers = {0}}});
  paper.expect({"RunTask 0 on worker 0"});
  paper.cancel({1, 2});
  paper.release({1, 2});
  paper.expect({"ReportCancelled 1", "ReportCancelled 2", "Forgotten 1", "Forgotten 2"});
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0"});
  EXPECT_EQ(paper.state().held(), 0);
}

// ---- tasks that ask to be run again

TEST(Options, a_task_that_asks_to_be_run_again_is_placed_anew_at_once_and_those_behind_it_wait_for_it) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{}, {.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0!"});
  paper.asks_again(0, 0);
  paper.expect({"RunTask 0 on worker 0"});
  paper.finish(0, {0, 1});
  paper.expect({"ReportFinished 1", "Forgotten 0"});
}

TEST(Options, a_task_that_asks_again_after_an_input_was_its_own_errs_and_one_with_retries_counts_none) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{}, {.inputs = {0}, .wanted = true}, {.wanted = true, .retries = 1}});
  paper.finish(0, {0});
  paper.take();
  paper.asks_again(0, 1);
  EXPECT_STREQ(paper.state_of(1), "erred");
  paper.take();
  for (int i = 0; i < 5; ++i) {
    paper.asks_again(0, 2);
    paper.expect({"RunTask 2 on worker 0"});
  }
  paper.finish(0, {2});
  paper.expect({"ReportFinished 2"});
}

}  // namespace
}  // namespace ashlar::scheduler
