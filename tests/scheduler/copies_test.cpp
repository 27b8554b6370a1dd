// Results on several workers.
#include <gtest/gtest.h>

#include "harness/scheduler_on_paper.hpp"

namespace ashlar::scheduler {
namespace {

using Paper = SchedulerOnPaper;

TEST(Copies, of_a_scattered_value_count_where_they_are_and_go_together) {
  Paper paper;
  paper.workers_join(4);
  paper.scatter(0, 2, 1000, {0, 3});
  paper.expect({"ReportFinished 0"});
  EXPECT_EQ(paper.worker(0).bytes_in_memory, 1000);
  EXPECT_EQ(paper.worker(1).bytes_in_memory, 0);
  EXPECT_EQ(paper.worker(2).bytes_in_memory, 1000);
  EXPECT_EQ(paper.worker(3).bytes_in_memory, 1000);

  paper.release({0});
  paper.expect({"Forgotten 0", "FreeResults on worker 2: 0", "FreeResults on worker 0: 0", "FreeResults on worker 3: 0"});
  for (int worker = 0; worker < 4; ++worker) EXPECT_EQ(paper.worker(worker).bytes_in_memory, 0) << worker;
}

TEST(Copies, serve_tasks_where_they_are) {
  Paper paper;
  paper.workers_join(3);
  paper.scatter(0, 0, 100'000'000, {2});
  paper.take();
  // The first takes a holder, the second the other one rather than to wait behind it, and each is told that it has the value itself.
  paper.submit(1, {{.inputs = {0}, .wanted = true}});
  paper.submit(2, {{.inputs = {0}, .wanted = true}});
  paper.submit(3, {{.inputs = {0}, .wanted = true, .workers = {1}}});
  paper.expect({"RunTask 1 on worker 0, inputs 0@0", "RunTask 2 on worker 2, inputs 0@2", "RunTask 3 on worker 1, inputs 0@0"});
}

TEST(Copies, serve_tasks_where_they_are_among_many_workers) {
  Paper paper;
  paper.workers_join(40);
  paper.scatter(0, 33, 100'000'000, {7});
  paper.scatter(1, 7, 200'000'000);
  paper.take();
  paper.submit(2, {{.inputs = {0, 1}, .wanted = true}});
  paper.expect({"RunTask 2 on worker 7, inputs 0@7 1@7"});
}

// Task 4 uses the result 0, which the client has let go of, and is placed only then: a last use, if there were no copies.
void use_after_release(Paper& paper) {
  paper.submit(1, {{.wanted = true}, {.wanted = true}, {}, {.inputs = {0, 3}, .wanted = true}});
  paper.expect({"RunTask 1 on worker 0", "RunTask 2 on worker 1"});
  paper.release({0});
  paper.finish(0, {1});
}

TEST(Copies, are_never_forgotten_by_a_last_use) {
  Paper paper(one_by_one);
  paper.workers_join(2);
  paper.scatter(0, 0, 8, {1});
  paper.take();
  use_after_release(paper);
  paper.expect({"ReportFinished 1", "RunTask 3 on worker 0", "RunTask 4 on worker 0, inputs 0@0 3@0!"});
  paper.finish(0, {3, 4});
  paper.expect({"ReportFinished 4", "Forgotten 0", "Forgotten 3", "FreeResults on worker 0: 0", "FreeResults on worker 1: 0"});
}

TEST(Copies, on_their_way_are_not_forgotten_either) {
  Paper paper(one_by_one);
  paper.workers_join(2);
  paper.scatter(0, 0, 8);
  paper.replicate(0, {0});
  paper.take();
  use_after_release(paper);
  paper.expect({"ReportFinished 1", "RunTask 3 on worker 0", "RunTask 4 on worker 0, inputs 0@0 3@0!"});
  paper.finish(0, {3, 4});
  paper.expect({"ReportFinished 4", "ReportCopies 0", "Forgotten 0", "Forgotten 3", "FreeResults on worker 0: 0", "FreeResults on worker 1: 0"});
}

TEST(Copies, are_made_where_the_fewest_bytes_are_until_as_many_hold_it_as_were_asked_for) {
  Paper paper;
  paper.workers_join(4);
  paper.scatter(0, 0, 100);
  paper.scatter(1, 1, 50);
  paper.scatter(2, 2, 10);
  paper.take();
  paper.replicate(7, {0}, 3);
  paper.expect({"MakeCopy 0 on worker 3 from worker 0", "MakeCopy 0 on worker 2 from worker 0"});
  EXPECT_EQ(paper.worker(2).bytes_in_memory, 110);
  paper.copied(2, 0);
  paper.nothing_more();
  paper.copied(3, 0);
  paper.expect({"ReportCopies 7"});
  paper.replicate(8, {0}, 2);
  paper.expect({"ReportCopies 8"});
  paper.replicate(9, {0});
  paper.expect({"MakeCopy 0 on worker 1 from worker 0"});
  paper.replicate(10, {0});  // waits for the same one
  paper.nothing_more();
  paper.copied(1, 0);
  paper.expect({"ReportCopies 9", "ReportCopies 10"});
  EXPECT_EQ(paper.state().copies_of(TaskId(0))->workers.size(), 3u);
}

TEST(Copies, of_what_is_not_in_memory_or_not_held_are_not_made) {
  Paper paper;
  paper.workers_join(2);
  paper.submit(0, {{.wanted = true}});
  paper.take();
  paper.replicate(0, {0, 99});
  paper.expect({"ReportCopies 0"});
}

TEST(Copies, that_come_after_the_result_was_released_are_nobodys) {
  Paper paper;
  paper.workers_join(2);
  paper.scatter(0, 0);
  paper.replicate(0, {0});
  paper.take();
  paper.release({0});
  paper.expect({"ReportCopies 0", "Forgotten 0", "FreeResults on worker 0: 0", "FreeResults on worker 1: 0"});
  paper.copied(1, 0);
  paper.nothing_more();
}

TEST(Copies, on_a_lost_worker_are_gone_and_do_not_save_what_was_there_first) {
  Paper paper;
  paper.workers_join(3);
  paper.scatter(0, 0, 8, {1});
  paper.scatter(1, 1, 8, {0, 2});
  paper.scatter(2, 0, 8);
  paper.replicate(5, {2}, 2);
  paper.expect({"ReportFinished 0", "ReportFinished 1", "ReportFinished 2", "MakeCopy 2 on worker 2 from worker 0"});
  paper.worker_lost(2);
  paper.expect({"ReportCopies 5"});
  paper.worker_lost(1);
  paper.expect({"ReportErred 1: worker 1 was lost: burnt down", "FreeResults on worker 0: 1"});
  EXPECT_EQ(paper.state().copies_of(TaskId(0)), nullptr);
  paper.release({0, 1, 2});
  paper.expect({"Forgotten 0", "Forgotten 1", "Forgotten 2", "FreeResults on worker 0: 0 2"});
}

TEST(Copies, of_a_value_for_workers_that_are_lost_go_to_nobody) {
  Paper paper;
  paper.workers_join(3);
  paper.worker_lost(1);
  paper.scatter(0, 0, 8, {1, 2});
  paper.expect({"ReportFinished 0"});
  paper.scatter(1, 1, 8, {2});
  paper.expect({"ReportErred 1: worker 1 was lost before the value came to it", "FreeResults on worker 2: 1"});
  paper.release({0, 1});
  paper.expect({"Forgotten 0", "Forgotten 1", "FreeResults on worker 0: 0", "FreeResults on worker 2: 0"});
}

TEST(Copies, err_together_with_what_one_of_their_workers_lost) {
  Paper paper;
  paper.workers_join(2);
  paper.scatter(0, 0, 8, {1});
  paper.take();
  paper.fail(1, 0);
  paper.expect({"ReportErred 0 by 0", "FreeResults on worker 0: 0", "FreeResults on worker 1: 0"});
}

TEST(Rebalance, moves_the_largest_that_fit_between_the_fullest_and_the_emptiest) {
  Paper paper;
  paper.workers_join(3);
  paper.scatter(0, 0, 100);
  paper.scatter(1, 0, 60);
  paper.scatter(2, 0, 40);
  paper.scatter(3, 1, 20);
  paper.take();
  // 200, 20, 0: 100 to worker 2, then 40 to worker 1.
  paper.rebalance(1);
  paper.expect({"MakeCopy 0 on worker 2 from worker 0", "MakeCopy 2 on worker 1 from worker 0"});
  paper.copied(2, 0);
  paper.expect({"FreeResults on worker 0: 0"});
  paper.copied(1, 2);
  paper.expect({"ReportCopies 1", "FreeResults on worker 0: 2"});
  EXPECT_EQ(paper.worker(0).bytes_in_memory, 60);
  EXPECT_EQ(paper.worker(1).bytes_in_memory, 60);
  EXPECT_EQ(paper.worker(2).bytes_in_memory, 100);
  paper.rebalance(2);
  paper.expect({"ReportCopies 2"});
  paper.release({0, 2});
  paper.expect({"Forgotten 0", "Forgotten 2", "FreeResults on worker 2: 0", "FreeResults on worker 1: 2"});
}

TEST(Rebalance, moves_only_what_was_named_and_is_on_one_worker) {
  Paper paper;
  paper.workers_join(2);
  paper.scatter(0, 0, 100);
  paper.scatter(1, 0, 100, {1});
  paper.scatter(2, 0, 100);
  paper.scatter(3, 0, 100);
  paper.take();
  paper.rebalance(1, {1, 3});
  paper.expect({"MakeCopy 3 on worker 1 from worker 0"});
  paper.copied(1, 3);
  paper.expect({"ReportCopies 1", "FreeResults on worker 0: 3"});
}

TEST(Rebalance, tells_those_who_wait_for_it_where_a_result_is_now) {
  Paper paper;
  paper.workers_join(4);
  paper.scatter(0, 0, 1000);
  paper.scatter(1, 0, 1000);
  paper.take();
  paper.submit(2, {{.wanted = true, .workers = {2}}, {.inputs = {1, 2}, .wanted = true, .workers = {2}}});
  paper.expect({"RunTask 2 on worker 2", "RunTask 3 on worker 2, inputs 1@0 2@2"});
  paper.rebalance(1);
  paper.expect({"MakeCopy 1 on worker 1 from worker 0"});
  paper.copied(1, 1);
  paper.expect({"TellMoved 1 to worker 1, tell worker 2", "ReportCopies 1", "FreeResults on worker 0: 1"});
}

TEST(Rebalance, of_a_result_that_is_to_be_copied_too_leaves_it_where_it_is) {
  Paper paper;
  paper.workers_join(4);
  paper.scatter(0, 0, 1000);
  paper.scatter(1, 0, 1000);
  paper.take();
  paper.rebalance(1);
  paper.replicate(2, {1}, 3);
  paper.expect({"MakeCopy 1 on worker 1 from worker 0", "MakeCopy 1 on worker 2 from worker 0"});
  paper.copied(1, 1);
  paper.expect({"ReportCopies 1"});
  paper.copied(2, 1);
  paper.expect({"ReportCopies 2"});
  paper.release({1});
  paper.expect({"Forgotten 1", "FreeResults on worker 0: 1", "FreeResults on worker 1: 1", "FreeResults on worker 2: 1"});
}

}  // namespace
}  // namespace ashlar::scheduler
