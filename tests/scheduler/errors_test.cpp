// Tasks that throw, cancels and lost workers.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/scheduler_on_paper.hpp"

namespace ashlar::scheduler {
namespace {

using Paper = SchedulerOnPaper;

TEST(SchedulerErrors, an_error_reaches_all_that_need_it_and_takes_back_what_was_placed) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{}, {.inputs = {0}}, {.inputs = {1}, .wanted = true}, {.wanted = true}});
  paper.expect(
      {"RunTask 0 on worker 0", "RunTask 1 on worker 0, inputs 0@0!", "RunTask 2 on worker 0, inputs 1@0!", "RunTask 3 on worker 0"});

  paper.fail(0, 0);
  paper.expect({"Retract 1 on worker 0", "Retract 2 on worker 0", "ReportErred 2 by 0", "Forgotten 0", "Forgotten 1"});
  EXPECT_STREQ(paper.state_of(2), "erred");
  EXPECT_STREQ(paper.state_of(3), "processing");
  paper.release({2});
  paper.expect({"Forgotten 2"});
}

TEST(SchedulerErrors, other_inputs_of_a_failed_task_are_let_go) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{}, {}, {.inputs = {0, 1}, .wanted = true}});
  paper.finish(0, {0});
  paper.take();

  paper.fail(0, 1);
  paper.expect({"Retract 2 on worker 0", "ReportErred 2 by 1", "Forgotten 0", "Forgotten 1", "FreeResults on worker 0: 0"});
}

TEST(SchedulerErrors, a_later_task_on_an_erred_input_errs_at_once_with_the_same_cause) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{}, {.inputs = {0}, .wanted = true}});
  paper.fail(0, 0);
  paper.take();

  paper.submit(2, {{.inputs = {1}, .wanted = true}, {.inputs = {2}, .wanted = true}});
  paper.expect({"ReportErred 2 by 0", "ReportErred 3 by 0"});
  paper.want({3});
  paper.expect({"ReportErred 3 by 0"});
}

TEST(SchedulerErrors, a_later_task_on_an_unknown_input_errs_and_says_so) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}});
  paper.finish(0, {0});
  paper.release({0});
  paper.take();

  paper.submit(1, {{.inputs = {0}, .wanted = true}});
  paper.expect({"ReportErred 1: its input, task 0, is not known: released before it was used"});
  paper.want({1});
  paper.expect({"ReportErred 1: its input, task 0, is not known: released before it was used"});
}

TEST(SchedulerErrors, a_late_report_of_a_retracted_task_frees_its_result_or_is_ignored) {
  Paper paper;
  paper.workers_join(2);
  paper.submit(0, {{}, {}, {.inputs = {0, 1}, .wanted = true}});
  paper.take();
  paper.fail(0, 0);
  paper.expect({"Retract 2 on worker 0", "ReportErred 2 by 0", "Forgotten 0", "Retract 1 on worker 1", "Forgotten 1"});

  paper.finish(1, {1});
  paper.expect({"FreeResults on worker 1: 1"});
  paper.fail(0, 2);
  paper.nothing_more();
}

// ---- cancel, in every state of the task

TEST(SchedulerErrors, a_held_source_is_cancelled_without_a_word_to_workers) {
  Paper paper({.queue_ns = 0, .queue_tasks = 1});
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.wanted = true}, {.wanted = true}});
  paper.expect({"RunTask 0 on worker 0"});
  EXPECT_STREQ(paper.state_of(1), "queued");

  paper.cancel({1});
  paper.expect({"ReportCancelled 1"});
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0", "RunTask 2 on worker 0"});
}

TEST(SchedulerErrors, a_waiting_task_is_cancelled_and_its_inputs_are_let_go) {
  Paper paper({.queue_ns = 0, .queue_tasks = 1});
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {}, {.inputs = {1}, .wanted = true}});
  paper.expect({"RunTask 0 on worker 0"});
  EXPECT_STREQ(paper.state_of(2), "waiting");

  paper.cancel({2});
  paper.expect({"ReportCancelled 2", "Forgotten 1"});
}

TEST(SchedulerErrors, a_processing_task_is_cancelled_and_retracted_with_all_that_need_it) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.inputs = {0}, .wanted = true}});
  paper.take();

  paper.cancel({0});
  paper.expect({"Retract 0 on worker 0", "ReportCancelled 0", "Retract 1 on worker 0", "ReportCancelled 1"});
  paper.submit(2, {{.inputs = {1}, .wanted = true}});
  paper.expect({"ReportCancelled 2"});
  paper.want({0});
  paper.expect({"ReportCancelled 0"});
  paper.finish(0, {0});
  paper.expect({"FreeResults on worker 0: 0"});
}

TEST(SchedulerErrors, a_finished_or_erred_task_cannot_be_cancelled) {
  Paper paper;
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.wanted = true}});
  paper.finish(0, {0});
  paper.fail(0, 1);
  paper.take();

  paper.cancel({0, 1, 99});
  paper.nothing_more();
  EXPECT_STREQ(paper.state_of(0), "memory");
}

// ---- lost workers

TEST(SchedulerErrors, a_lost_worker_takes_its_tasks_and_results_and_what_needs_them) {
  Paper paper;
  paper.workers_join(2);
  paper.submit(0, {{.wanted = true}, {.wanted = true}, {.inputs = {0, 1}, .wanted = true}});
  paper.finish(1, {1});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 1", "RunTask 2 on worker 0, inputs 0@0 1@1", "ReportFinished 1"});

  paper.worker_lost(1);
  const std::string reason = ": worker 1 was lost: burnt down";
  paper.expect({"ReportErred 1" + reason, "Retract 2 on worker 0", "ReportErred 2" + reason});
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0"});
  paper.finish(1, {1});  // a report that was under way
  paper.fail(1, 1);
  paper.worker_lost(1);
  paper.nothing_more();
  paper.submit(3, {{.inputs = {2}, .wanted = true}});
  paper.expect({"ReportErred 3" + reason});
}

TEST(SchedulerErrors, the_share_of_a_lost_worker_goes_to_the_others) {
  Paper paper({.queue_ns = 0, .queue_tasks = 1});
  paper.workers_join(2);
  paper.submit(0, {{.wanted = true}, {.wanted = true}, {.wanted = true}, {.wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 2 on worker 1"});

  paper.worker_lost(1);
  paper.expect({"ReportErred 2: worker 1 was lost: burnt down"});
  paper.finish(0, {0});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 0"});
  paper.finish(0, {1});
  paper.expect({"ReportFinished 1", "RunTask 3 on worker 0"});
}

TEST(SchedulerErrors, without_workers_everything_errs_and_a_worker_that_joins_again_gets_work) {
  Paper paper({.queue_ns = 0, .queue_tasks = 1});
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.wanted = true}});
  paper.take();

  paper.worker_lost(0);
  paper.expect({"ReportErred 0: worker 0 was lost: burnt down", "ReportErred 1: there is no worker"});
  paper.submit(2, {{.wanted = true}});
  paper.expect({"ReportErred 2: there is no worker"});
  paper.worker_joins(0);
  paper.submit(3, {{.wanted = true}});
  paper.expect({"RunTask 3 on worker 0"});
}

TEST(SchedulerErrors, a_value_scattered_to_a_lost_worker_errs) {
  Paper paper;
  paper.workers_join(2);
  paper.worker_lost(1);

  paper.scatter(0, 1);
  paper.expect({"ReportErred 0: worker 1 was lost before the value came to it"});
}

// ---- all orders of what may cross on the way

TEST(SchedulerErrors, cancel_release_and_finish_in_any_order_leave_nothing_behind) {
  // Task 1 takes task 0; both are wanted. Reports come from the worker in their order, the client's messages in theirs.
  using Step = void (*)(Paper&);
  const std::vector<Step> worker{[](Paper& p) { p.finish(0, {0}); }, [](Paper& p) { p.finish(0, {1}); }};
  const std::vector<std::vector<Step>> clients{
      {[](Paper& p) { p.cancel({0}); },
       [](Paper& p) {
         p.release({0, 1});
       }},
      {[](Paper& p) { p.cancel({1}); }, [](Paper& p) { p.release({1}); }, [](Paper& p) { p.release({0}); }},
      {[](Paper& p) { p.release({0}); }, [](Paper& p) { p.want({1}); }, [](Paper& p) { p.release({1}); }},
      {[](Paper& p) { p.release({1}); }, [](Paper& p) { p.cancel({0}); }, [](Paper& p) { p.release({0}); }},
  };
  for (std::size_t c = 0; c < clients.size(); ++c) {
    const std::size_t steps = worker.size() + clients[c].size();
    for (unsigned order = 0; order < 1u << steps; ++order) {
      if (static_cast<std::size_t>(__builtin_popcount(order)) != worker.size()) continue;
      SCOPED_TRACE("client " + std::to_string(c) + ", order " + std::to_string(order));
      Paper paper;
      paper.worker_joins(0);
      paper.submit(0, {{.wanted = true}, {.inputs = {0}, .wanted = true}});
      std::size_t next_worker = 0, next_client = 0;
      for (std::size_t step = 0; step < steps; ++step)
        if (order >> step & 1)
          worker[next_worker++](paper);
        else
          clients[c][next_client++](paper);
      int finished_1 = 0, cancelled_1 = 0, freed[2] = {0, 0}, retracted[2] = {0, 0};
      for (const std::string& line : paper.take()) {
        finished_1 += line == "ReportFinished 1";
        cancelled_1 += line == "ReportCancelled 1";
        for (int task : {0, 1}) {
          retracted[task] += line == "Retract " + std::to_string(task) + " on worker 0";
          freed[task] += line.rfind("FreeResults", 0) == 0 && line.find(" " + std::to_string(task), line.find(':')) != std::string::npos;
        }
      }
      EXPECT_EQ(paper.state().tasks(), 0);
      EXPECT_EQ(paper.worker(0).bytes_in_memory, 0);
      EXPECT_EQ(paper.worker(0).occupancy_ns, 0);
      EXPECT_LE(finished_1 + cancelled_1, 1);
      // Both have ended on the worker, so each result must have been freed, once.
      for (int task : {0, 1}) {
        EXPECT_EQ(freed[task], 1) << task;
        EXPECT_LE(retracted[task], 1) << task;
      }
    }
  }
}

TEST(Errors, a_result_that_is_lost_after_its_end_errs_with_all_that_wait_for_it) {
  Paper paper;
  paper.workers_join(2);
  paper.scatter(0, 0);
  paper.scatter(1, 1);
  paper.submit(2, {{.inputs = {0, 1}, .wanted = true}});
  paper.take();
  paper.fail(1, 1);
  const Paper::Lines lines = paper.take();
  EXPECT_NE(std::find(lines.begin(), lines.end(), "ReportErred 1 by 1"), lines.end()) << testing::PrintToString(lines);
  EXPECT_STREQ(paper.state_of(1), "erred");
  EXPECT_STREQ(paper.state_of(2), "erred");
  EXPECT_STREQ(paper.state_of(0), "memory");
  paper.fail(1, 1);  // said again
  paper.fail(1, 77);
}

}  // namespace
}  // namespace ashlar::scheduler
