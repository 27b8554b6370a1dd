// Tasks on a worker: running, retracting, time limits, resources, tasks that are asked back.
#include "ashlar/worker/state.hpp"

#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"
#include "harness/worker_on_paper.hpp"

namespace ashlar::worker {
namespace {

using Paper = WorkerOnPaper;

// ---- running

TEST(WorkerState, ready_tasks_start_in_their_order) {
  Paper paper;
  paper.give(5);
  paper.give(3);

  EXPECT_EQ(paper.start(), "start 3");
  EXPECT_EQ(paper.start(), "start 5");
  EXPECT_EQ(paper.start(), "nothing");
  paper.done(5);
  paper.expect({"ForgetTask 5", "ReportDone 5"});
  paper.done(3);
  paper.expect({"ForgetTask 3", "ReportDone 3"});
  EXPECT_EQ(paper.state().bytes_here(), 16);
}

TEST(WorkerState, a_task_given_before_its_input_is_made_here_starts_when_it_is) {
  Paper paper;
  paper.give(0);
  paper.give(1, {{0, 0, true}});
  EXPECT_EQ(paper.start(), "start 0");
  EXPECT_EQ(paper.start(), "nothing");

  paper.done(0);
  EXPECT_EQ(paper.start(), "start 1: 0!");
  paper.expect({"ForgetTask 0", "ReportDone 0", "Drop 0"});
}

TEST(WorkerState, a_result_of_its_own_stays_until_it_is_freed) {
  Paper paper;
  paper.give(0);
  paper.start();
  paper.done(0);
  paper.give(1, {{0, 0}});
  paper.take();

  EXPECT_EQ(paper.start(), "start 1: 0");
  paper.nothing_more();
  paper.freed({0});
  paper.expect({"Drop 0"});
}

TEST(WorkerState, a_result_freed_while_a_task_uses_it_goes_at_once_for_the_task_holds_it) {
  Paper paper;
  paper.put(0);
  paper.give(1, {{0, 0}});
  paper.start();

  paper.freed({0});
  paper.expect({"Drop 0"});
  paper.failed(1);
  paper.expect({"ForgetTask 1", "ReportFailed 1"});
  paper.expect_empty();
}

TEST(WorkerState, a_result_freed_before_its_last_user_has_started_goes_with_the_start) {
  Paper paper;
  paper.put(0);
  paper.give(1, {{0, 0}});

  paper.freed({0});
  paper.nothing_more();
  EXPECT_EQ(paper.start(), "start 1: 0!");
  paper.expect({"Drop 0"});
}

TEST(WorkerState, the_fetched_value_goes_with_the_report) {
  Paper paper;
  paper.give(0, {}, true);
  paper.start();
  paper.done(0);
  paper.expect({"ForgetTask 0", "ReportDone 0 with its value"});
}

TEST(WorkerState, an_input_named_twice_is_dropped_once_and_never_taken_apart) {
  Paper paper;
  paper.give(1, {{0, 2, true}, {0, 2, true}});
  paper.expect({"Ask 0 of worker 2, last use"});

  paper.arrives(0);
  EXPECT_EQ(paper.start(), "start 1: 0 0");
  paper.expect({"Drop 0"});
  paper.done(1);
  paper.expect({"ForgetTask 1", "ReportDone 1"});
  paper.freed({1});
  paper.expect({"Drop 1"});
  paper.expect_empty();
}

// ---- retracting

TEST(WorkerState, a_waiting_task_is_retracted_and_its_asks_withdrawn) {
  Paper paper;
  paper.give(5, {{1, 1}, {2, 2}});
  paper.arrives(2);
  paper.take();

  paper.retract(5);
  paper.expect({"ForgetTask 5", "WithdrawAsk 1 of worker 1", "Drop 2"});
  paper.arrives(1);  // it was on its way
  paper.expect({"Drop 1"});
  paper.expect_empty();
}

TEST(WorkerState, a_ready_task_is_retracted_before_it_starts) {
  Paper paper;
  paper.give(5);
  paper.asked(5, 2);

  paper.retract(5);
  paper.expect({"ForgetTask 5"});
  EXPECT_EQ(paper.start(), "nothing");
  paper.expect_empty();
}

TEST(WorkerState, an_executing_task_runs_on_and_its_result_is_nobodys) {
  Paper paper;
  paper.give(5);
  paper.give(6, {{5, 0, true}});
  paper.asked(5, 2);
  paper.start();

  paper.retract(5);
  paper.nothing_more();
  paper.done(5);
  paper.expect({"ForgetTask 5"});
  // Task 6 is ready for a moment; its own retraction is the next message.
  paper.retract(6);
  paper.expect({"ForgetTask 6", "Drop 5"});
  paper.expect_empty();
}

TEST(WorkerState, an_executing_task_that_was_retracted_and_throws_is_not_reported) {
  Paper paper;
  paper.give(5);
  paper.start();
  paper.retract(5);
  paper.failed(5);
  paper.expect({"ForgetTask 5"});
  paper.expect_empty();
}

TEST(WorkerState, a_task_that_has_ended_cannot_be_retracted_and_waits_to_be_freed) {
  Paper paper;
  paper.give(5);
  paper.start();
  paper.done(5);
  paper.take();

  paper.retract(5);
  paper.nothing_more();
  paper.freed({5});
  paper.expect({"Drop 5"});
  paper.expect_empty();
}

TEST(WorkerState, users_of_a_failed_task_wait_until_they_are_retracted) {
  Paper paper;
  paper.give(0);
  paper.give(1, {{0, 0}});
  paper.asked(0, 2);
  paper.start();

  paper.failed(0);
  paper.expect({"ForgetTask 0", "ReportFailed 0"});
  paper.give(2, {{0, 0}});  // placed before the scheduler knew
  paper.retract(1);
  paper.retract(2);
  paper.expect({"ForgetTask 1", "ForgetTask 2"});
  paper.withdrawn(0, 2);
  paper.expect_empty();
}

// ---- faults of our own

TEST(WorkerState, events_that_fit_no_state_throw) {
  Paper paper;
  paper.give(0);
  EXPECT_THROW(paper.give(0), InternalError);
  EXPECT_THROW(paper.done(0), InternalError);
  EXPECT_THROW(paper.failed(7), InternalError);
}

TEST(WorkerState, says_what_each_task_waits_for) {
  Paper paper;
  paper.give(0);
  paper.give(5, {{0, 0}, {1, 1}});
  paper.take();

  EXPECT_EQ(paper.state().waiting_text(), "task 5 waits for 0 (made by worker 0) 1 (asked of worker 1)\n");
}

// ---- time limits and resources

TEST(WorkerState, a_task_that_takes_too_long_is_reported_failed_and_its_late_result_is_nobodys) {
  Paper paper;
  paper.give(1, {}, false, {.timeout_ns = 100});
  EXPECT_EQ(paper.start(), "start 1");
  EXPECT_EQ(paper.state().next_deadline(), 100);
  paper.time_passes(99);
  paper.nothing_more();
  paper.time_passes(100);
  paper.expect({"ForgetTask 1", "ReportTimedOut 1"});
  EXPECT_EQ(paper.state().late_runs(), 1);
  EXPECT_TRUE(paper.ended_late(1));
  EXPECT_FALSE(paper.ended_late(1));
  paper.expect_empty();
}

TEST(WorkerState, a_task_may_run_again_while_its_late_run_goes_on) {
  Paper paper;
  paper.give(1, {}, false, {.timeout_ns = 100});
  paper.start();
  paper.time_passes(100);
  paper.take();
  paper.give(1, {}, false, {.timeout_ns = 100});
  EXPECT_EQ(paper.start(), "start 1");
  EXPECT_TRUE(paper.ended_late(1));
  EXPECT_FALSE(paper.ended_late(2));
  paper.done(1);
  paper.expect({"ForgetTask 1", "ReportDone 1"});
  EXPECT_EQ(paper.state().next_deadline(), std::numeric_limits<std::int64_t>::max());
  paper.freed({1});
  paper.expect({"Drop 1"});
}

TEST(WorkerState, a_task_that_ends_in_time_has_no_deadline_any_more) {
  Paper paper;
  paper.give(1, {}, false, {.timeout_ns = 100});
  paper.give(2, {}, false, {.timeout_ns = 50});
  paper.start();
  paper.start();
  EXPECT_EQ(paper.state().next_deadline(), 50);
  paper.failed(2);
  EXPECT_EQ(paper.state().next_deadline(), 100);
  paper.done(1);
  paper.time_passes(1000);
  paper.expect({"ForgetTask 2", "ReportFailed 2", "ForgetTask 1", "ReportDone 1"});
  paper.freed({1});
  paper.take();
}

TEST(WorkerState, tasks_never_take_more_of_a_resource_than_there_is) {
  Paper paper(0, 1 << 30, {{"GPU", 2'000'000}});
  const TaskLimits one{0, {{"GPU", 1'000'000}}}, two{0, {{"GPU", 2'000'000}}};
  paper.give(1, {}, false, one);
  paper.give(2, {}, false, two);
  paper.give(3, {}, false, one);
  paper.give(4);
  EXPECT_EQ(paper.start(), "start 1");
  // 3 would fit and may not overtake 2, which waits for the same.
  EXPECT_EQ(paper.start(), "start 4");
  EXPECT_FALSE(paper.state().has_ready());
  EXPECT_EQ(paper.start(), "nothing");
  paper.done(1);
  EXPECT_EQ(paper.start(), "start 2");
  EXPECT_EQ(paper.start(), "nothing");
  paper.failed(2);
  EXPECT_EQ(paper.start(), "start 3");
  paper.done(3);
  paper.done(4);
  paper.freed({1, 3, 4});
  paper.take();
  paper.expect_empty();
}

TEST(WorkerState, a_late_run_keeps_its_resources_until_it_ends) {
  Paper paper(0, 1 << 30, {{"GPU", 1'000'000}});
  const TaskLimits limits{100, {{"GPU", 1'000'000}}};
  paper.give(1, {}, false, limits);
  paper.give(2, {}, false, limits);
  EXPECT_EQ(paper.start(), "start 1");
  paper.time_passes(100);
  EXPECT_EQ(paper.start(), "nothing");
  EXPECT_TRUE(paper.ended_late(1));
  EXPECT_EQ(paper.start(), "start 2");
  paper.retract(2);
  paper.done(2);
  paper.take();
  paper.expect_empty();
}

TEST(WorkerState, a_ready_task_that_takes_resources_can_be_retracted) {
  Paper paper(0, 1 << 30, {{"GPU", 1'000'000}});
  paper.give(1, {}, false, {0, {{"GPU", 1'000'000}}});
  paper.retract(1);
  paper.expect({"ForgetTask 1"});
  paper.expect_empty();
}

// ---- tasks that are asked back

TEST(WorkerState, a_task_that_has_not_started_is_given_back_as_if_it_had_never_come) {
  Paper paper;
  paper.put(1);
  paper.give(5, {{1, 0}, {2, 2}});
  paper.asked(5, 3);
  paper.expect({"Ask 2 of worker 2"});
  paper.asked_back(5);
  paper.expect({"ForgetTask 5", "WithdrawAsk 2 of worker 2", "ReportReturned 5"});
  paper.asked_back(5);
  paper.expect({"ReportReturned 5: kept"});
  paper.freed({1});
  paper.take();
  paper.expect_empty();
}

TEST(WorkerState, a_task_that_runs_is_kept_and_ends_as_any) {
  Paper paper;
  paper.give(5);
  paper.start();
  paper.asked_back(5);
  paper.expect({"ReportReturned 5: kept"});
  paper.done(5);
  paper.expect({"ForgetTask 5", "ReportDone 5"});
  paper.freed({5});
  paper.take();
}

TEST(WorkerState, the_result_of_a_task_that_was_given_back_is_asked_of_its_new_place) {
  Paper paper;
  paper.give(5);
  paper.give(6, {{5, 0, true}});
  paper.asked_back(5);
  paper.moved(5, 4);
  paper.expect({"ForgetTask 5", "ReportReturned 5", "Ask 5 of worker 4, last use"});
  paper.arrives(5);
  EXPECT_EQ(paper.start(), "start 6: 5!");
  paper.done(6);
  paper.freed({6});
  paper.take();
  paper.expect_empty();
}

}  // namespace
}  // namespace ashlar::worker
