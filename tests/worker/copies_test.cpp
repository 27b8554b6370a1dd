// Copies that the scheduler wants on a worker.
#include <gtest/gtest.h>

#include "harness/worker_on_paper.hpp"

namespace ashlar::worker {
namespace {

using Paper = WorkerOnPaper;

TEST(WorkerCopies, are_asked_for_kept_and_reported) {
  Paper paper(1);
  paper.copy_wanted(5, 0);
  paper.expect({"Ask 5 of worker 0"});
  paper.arrives(5);
  paper.expect({"ReportCopied 5"});
  // A task that uses it leaves it here.
  paper.give(6, {{5, 1}});
  EXPECT_EQ(paper.start(), "start 6: 5");
  paper.done(6);
  paper.freed({5, 6});
  paper.expect({"ForgetTask 6", "ReportDone 6", "Drop 5", "Drop 6"});
  paper.expect_empty();
}

TEST(WorkerCopies, of_what_a_task_here_asked_for_are_not_asked_for_twice) {
  Paper paper(1);
  paper.give(6, {{5, 0}});
  paper.copy_wanted(5, 0);
  paper.expect({"Ask 5 of worker 0"});
  paper.arrives(5);
  EXPECT_EQ(paper.start(), "start 6: 5");
  paper.expect({"ReportCopied 5"});
  paper.failed(6);
  paper.freed({5});
  paper.expect({"ForgetTask 6", "ReportFailed 6", "Drop 5"});
  paper.expect_empty();
}

TEST(WorkerCopies, of_what_is_here_for_a_task_stay_when_it_has_run) {
  Paper paper(1);
  paper.give(6, {{5, 0}});
  paper.arrives(5);
  paper.expect({"Ask 5 of worker 0"});
  paper.copy_wanted(5, 0);
  paper.expect({"ReportCopied 5"});
  EXPECT_EQ(paper.start(), "start 6: 5");
  paper.failed(6);
  paper.freed({5});
  paper.expect({"ForgetTask 6", "ReportFailed 6", "Drop 5"});
  paper.expect_empty();
}

TEST(WorkerCopies, outlive_the_tasks_that_asked_first_and_were_retracted) {
  Paper paper(1);
  paper.give(6, {{5, 0}});
  paper.copy_wanted(5, 0);
  paper.retract(6);
  paper.expect({"Ask 5 of worker 0", "ForgetTask 6"});
  paper.arrives(5);
  paper.expect({"ReportCopied 5"});
  paper.freed({5});
  paper.expect({"Drop 5"});
  paper.expect_empty();
}

TEST(WorkerCopies, that_are_freed_on_their_way_are_withdrawn) {
  Paper paper(1);
  paper.copy_wanted(5, 0);
  paper.freed({5});
  paper.expect({"Ask 5 of worker 0", "WithdrawAsk 5 of worker 0"});
  paper.arrives(5);
  paper.expect({"Drop 5"});
  paper.expect_empty();
}

TEST(WorkerCopies, on_their_way_are_asked_for_where_the_result_has_moved) {
  Paper paper(1);
  paper.copy_wanted(5, 0);
  paper.moved(5, 2);
  paper.expect({"Ask 5 of worker 0", "WithdrawAsk 5 of worker 0", "Ask 5 of worker 2"});
  paper.arrives(5);
  paper.arrives(5);  // both answered
  paper.expect({"ReportCopied 5"});
  paper.moved(5, 3);
  paper.freed({5});
  paper.expect({"Drop 5"});
  paper.expect_empty();
}

TEST(WorkerCopies, make_room_by_putting_out_what_nobody_needs_here) {
  Paper paper(1, 1 << 30, small);
  paper.put(1, 60);
  paper.put(2, 30);
  paper.give(3, {{2, 1}, {4, 0, false, 10}}, false, 10);  // 2 is needed
  paper.arrives(4, 5);
  paper.take();
  paper.copy_wanted(5, 0, 40);
  paper.expect({"Spill 1 to file 1"});
  paper.written(1);
  paper.expect({"ReportSpilled 60", "Drop 1", "Ask 5 of worker 0"});
  paper.arrives(5, 40);
  paper.expect({"ReportCopied 5"});
  paper.retract(3);
  paper.freed({1, 2, 5});
  paper.take();
  paper.expect_empty();
}

TEST(WorkerCopies, that_are_freed_are_sent_to_the_client_first_when_it_has_asked) {
  // A result that moves is freed at its old place, and what the client asked of that place is still on scratch.
  Paper paper(1, 1 << 30, small);
  paper.put(1, 60);
  paper.put(2, 60);
  paper.expect({"Spill 2 to file 1"});
  paper.written(1);
  paper.expect({"ReportSpilled 60", "Drop 2"});
  paper.asked(2, client_id.value());
  paper.take();
  paper.freed({2});
  paper.nothing_more();
  paper.read_back(1);
  paper.expect({"ReportSpilled 0", "Send 2 to client", "Drop 2", "ForgetFile 1"});
}

TEST(WorkerCopies, serve_a_task_that_failed_and_is_given_again) {
  Paper paper(1);
  paper.put(5);
  for (int run = 0; run < 3; ++run) {
    paper.give(6, {{5, 1}});
    EXPECT_EQ(paper.start(), "start 6: 5");
    paper.failed(6);
    paper.expect({"ForgetTask 6", "ReportFailed 6"});
  }
  paper.freed({5});
  paper.expect({"Drop 5"});
  paper.expect_empty();
}

}  // namespace
}  // namespace ashlar::worker
