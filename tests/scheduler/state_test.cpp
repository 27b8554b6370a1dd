// A task's way from submission to being forgotten, when nothing goes wrong.
#include "ashlar/scheduler/state.hpp"

#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"
#include "harness/scheduler_on_paper.hpp"

namespace ashlar::scheduler {
namespace {

using Paper = SchedulerOnPaper;

TEST(SchedulerState, a_chain_is_placed_at_once_and_results_go_when_used) {
  Paper paper;
  paper.worker_joins(0);

  paper.submit(0, {{}, {.inputs = {0}}, {.inputs = {1}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0!", "RunTask 2 on worker 0, inputs 1@0!"});
  paper.finish(0, {0});
  paper.nothing_more();
  paper.finish(0, {1});
  paper.expect({"Forgotten 0"});  // the worker forgot it by itself: it was told of the last use
  paper.finish(0, {2});
  paper.expect({"ReportFinished 2", "Forgotten 1"});
  paper.release({2});
  paper.expect({"Forgotten 2", "FreeResults on worker 0: 2"});
  EXPECT_EQ(paper.state().tasks(), 0);
}

TEST(SchedulerState, a_result_is_freed_by_the_message_that_ends_its_last_consumer) {
  Paper paper;
  paper.worker_joins(0);

  paper.submit(0, {{}, {.inputs = {0}, .wanted = true}, {.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0", "RunTask 2 on worker 0, inputs 0@0"});
  paper.finish(0, {0, 1});
  paper.expect({"ReportFinished 1"});
  paper.finish(0, {2});
  paper.expect({"ReportFinished 2", "Forgotten 0", "FreeResults on worker 0: 0"});
}

TEST(SchedulerState, a_fan_in_is_told_where_each_input_will_be) {
  Paper paper;
  paper.workers_join(2);

  paper.submit(0, {{}, {}, {.inputs = {0, 1}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 1", "RunTask 2 on worker 0, inputs 0@0! 1@1!"});
  paper.finish(1, {1});
  paper.nothing_more();
  paper.finish(0, {0, 2});
  paper.expect({"ReportFinished 2", "Forgotten 0", "Forgotten 1"});
  EXPECT_EQ(paper.worker(0).bytes_in_memory, 8);
  EXPECT_EQ(paper.worker(1).bytes_in_memory, 0);
}

TEST(SchedulerState, the_second_of_two_consumers_is_told_of_the_last_use_when_the_first_has_ended) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.inputs = {0}, .wanted = true}});
  paper.finish(0, {0, 1});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0", "ReportFinished 0", "ReportFinished 1"});

  paper.submit(2, {{.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 2 on worker 0, inputs 0@0"});  // the client could use it again
  paper.release({0});
  paper.nothing_more();
  paper.finish(0, {2});
  paper.expect({"ReportFinished 2", "Forgotten 0", "FreeResults on worker 0: 0"});
}

TEST(SchedulerState, a_task_that_takes_an_input_twice_waits_for_it_once_and_does_not_take_it_apart) {
  Paper paper;
  paper.worker_joins(0);

  paper.submit(0, {{}, {.inputs = {0, 0}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0 0@0"});
  paper.finish(0, {0});
  paper.finish(0, {1});
  paper.expect({"ReportFinished 1", "Forgotten 0", "FreeResults on worker 0: 0"});
}

TEST(SchedulerState, a_result_released_before_its_task_ends_is_retracted) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}});
  paper.expect({"RunTask 0 on worker 0"});

  paper.release({0});
  paper.expect({"Retract 0 on worker 0", "Forgotten 0"});
  paper.finish(0, {0});  // it had ended when the message came
  paper.expect({"FreeResults on worker 0: 0"});
}

TEST(SchedulerState, releasing_the_last_of_a_chain_retracts_all_of_it) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{}, {.inputs = {0}}, {.inputs = {1}, .wanted = true}});
  paper.take();

  paper.release({2});
  paper.expect({"Retract 2 on worker 0", "Forgotten 2", "Retract 1 on worker 0", "Forgotten 1", "Retract 0 on worker 0", "Forgotten 0"});
  EXPECT_EQ(paper.worker(0).occupancy_ns, 0);
}

TEST(SchedulerState, a_released_result_stays_while_a_task_needs_it) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.inputs = {0}, .wanted = true}});
  paper.finish(0, {0});
  paper.take();

  paper.release({0});
  paper.nothing_more();
  paper.finish(0, {1});
  paper.expect({"ReportFinished 1", "Forgotten 0", "FreeResults on worker 0: 0"});
}

TEST(SchedulerState, a_fetched_value_goes_with_the_report_and_is_not_kept) {
  Paper paper;
  paper.worker_joins(0);

  paper.submit(0, {{.wanted = true, .fetch = true}});
  paper.expect({"RunTask 0 on worker 0, fetch"});
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0", "Forgotten 0", "FreeResults on worker 0: 0"});
  paper.release({0});
  paper.nothing_more();
}

TEST(SchedulerState, a_fetched_value_is_kept_for_tasks_that_use_it) {
  Paper paper;
  paper.worker_joins(0);

  paper.submit(0, {{.wanted = true, .fetch = true}, {.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0, fetch", "RunTask 1 on worker 0, inputs 0@0"});
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0"});
  paper.finish(0, {1});
  paper.expect({"ReportFinished 1", "Forgotten 0", "FreeResults on worker 0: 0"});
}

TEST(SchedulerState, a_value_asked_for_before_it_exists_is_sent_when_it_does) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}});
  paper.take();

  paper.want({0});
  paper.nothing_more();
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0", "SendToClient 0 from worker 0"});
  paper.want({0});
  paper.expect({"SendToClient 0 from worker 0"});
  EXPECT_STREQ(paper.state_of(0), "memory");
}

TEST(SchedulerState, an_ask_does_not_outlive_the_handle) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.inputs = {0}, .wanted = true}});
  paper.take();

  paper.want({0});
  paper.release({0});
  paper.finish(0, {0});
  paper.nothing_more();
}

TEST(SchedulerState, what_nobody_wants_and_nothing_uses_does_not_run) {
  Paper paper;
  paper.worker_joins(0);

  paper.submit(0, {{}, {.inputs = {0}}, {.wanted = true}});
  paper.expect({"Forgotten 1", "Forgotten 0", "RunTask 2 on worker 0"});
}

TEST(SchedulerState, scattered_data_are_inputs_where_they_are) {
  Paper paper;
  paper.workers_join(2);

  paper.scatter(0, 1, 1000);
  paper.expect({"ReportFinished 0"});
  EXPECT_EQ(paper.worker(1).bytes_in_memory, 1000);
  paper.submit(1, {{.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 1 on worker 1, inputs 0@1"});
  paper.finish(1, {1});
  paper.expect({"ReportFinished 1"});
  paper.release({0});
  paper.expect({"Forgotten 0", "FreeResults on worker 1: 0"});
}

TEST(SchedulerState, a_consumer_may_be_reported_before_what_it_used) {
  // Workers act ahead: task 1 ran on worker 1 with the value worker 0 sent it, and its report came first.
  Paper paper;
  paper.workers_join(2);
  paper.submit(0, {{}, {}, {.inputs = {0, 1}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 1", "RunTask 2 on worker 0, inputs 0@0! 1@1!"});

  paper.finish(0, {0, 2});
  paper.expect({"ReportFinished 2", "Forgotten 0", "Retract 1 on worker 1", "Forgotten 1"});
  paper.finish(1, {1});
  paper.expect({"FreeResults on worker 1: 1"});
}

TEST(SchedulerState, a_later_submission_uses_what_earlier_ones_made_or_will_make) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}});
  paper.submit(1, {{.inputs = {0}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0"});

  paper.finish(0, {0});
  paper.submit(2, {{.inputs = {0, 1}, .wanted = true}});
  paper.expect({"ReportFinished 0", "RunTask 2 on worker 0, inputs 0@0 1@0"});
}

TEST(SchedulerState, an_event_that_fits_no_state_throws_with_the_story) {
  Paper paper;
  try {
    paper.want({7});
    FAIL();
  } catch (const InternalError& e) {
    EXPECT_NE(std::string(e.what()).find("task 7 has no record"), std::string::npos) << e.what();
  }
  paper.worker_joins(0);
  EXPECT_THROW(paper.worker_joins(0), InternalError);
}

TEST(SchedulerState, the_same_events_give_the_same_commands) {
  const auto run = [] {
    Paper paper;
    paper.workers_join(20);
    std::vector<Paper::Task> tasks(100);
    for (std::size_t i = 50; i < 100; ++i) tasks[i] = {.inputs = {static_cast<std::int64_t>(i) - 50, 3}, .wanted = true};
    paper.submit(0, tasks);
    paper.worker_lost(4);
    return paper.take();
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace ashlar::scheduler
