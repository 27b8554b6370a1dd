// Tasks that were placed and are moved because another worker would idle; and the lists of edges inside records.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "harness/scheduler_on_paper.hpp"

namespace ashlar::scheduler {
namespace {

using Paper = SchedulerOnPaper;

// Worker 0 is given all four sources (half a millisecond each, the guess) before worker 1 joins.
void four_on_worker_0(Paper& paper) {
  paper.worker_joins(0);
  paper.submit(0, {{.wanted = true}, {.wanted = true}, {.wanted = true}, {.wanted = true}});
  paper.expect({"RunTask 0 on worker 0", "RunTask 1 on worker 0", "RunTask 2 on worker 0", "RunTask 3 on worker 0"});
}

TEST(Steal, the_last_that_can_run_is_asked_back_and_goes_to_the_idle_worker) {
  Paper paper;
  four_on_worker_0(paper);
  paper.worker_joins(1);
  paper.expect({"AskBack 3 of worker 0"});

  paper.returned(0, 3);
  paper.expect({"RunTask 3 on worker 1", "AskBack 2 of worker 0"});
  EXPECT_EQ(paper.worker(0).processing, 3);
  EXPECT_EQ(paper.worker(1).processing, 1);
  paper.kept(0, 2);
  paper.nothing_more();  // 2 has started: it is not asked for again; and 1 starts before 3 would have ended
  const std::string story = to_string(paper.state().story(TaskId(3)));
  EXPECT_NE(story.find("processing -> waiting (worker 0)"), std::string::npos) << story;
  EXPECT_NE(story.find("waiting -> processing (worker 1)"), std::string::npos) << story;
}

TEST(Steal, nothing_moves_while_the_other_has_work_or_would_not_start_it_sooner) {
  Paper paper({.steal_ns = 5'000'000});
  four_on_worker_0(paper);
  paper.worker_joins(1);
  paper.nothing_more();
}

TEST(Steal, a_task_leaves_an_input_that_is_long_to_move_only_when_it_is_known_to_take_longer) {
  // 24 MB take 12 ms to move, and sixty tasks on them are thought to take 30.
  const auto asked = [](std::int64_t took_ns) {
    Paper paper;
    paper.worker_joins(0);
    paper.submit(0, {{.wanted = true}});
    paper.finish(0, {0}, 24'000'000);
    paper.submit(1, std::vector<Paper::Task>(60, {.inputs = {0}, .wanted = true, .group = "on it"}));
    if (took_ns > 0) paper.finish(0, {1}, 8, took_ns);
    paper.take();
    paper.worker_joins(1);
    return paper.take();
  };
  EXPECT_EQ(asked(0), Paper::Lines());  // a guess is no reason
  EXPECT_EQ(asked(2'000), Paper::Lines());
  EXPECT_EQ(asked(50'000'000), Paper::Lines{"AskBack 60 of worker 0"});
}

TEST(Steal, a_task_that_ends_before_the_question_comes_is_not_moved) {
  Paper paper;
  four_on_worker_0(paper);
  paper.worker_joins(1);
  paper.take();
  paper.finish(0, {0, 1, 2, 3}, 8, 500'000);
  paper.expect({"ReportFinished 0", "ReportFinished 1", "ReportFinished 2", "ReportFinished 3"});
  paper.kept(0, 3);
  paper.nothing_more();
}

TEST(Steal, a_task_that_is_cancelled_meanwhile_does_not_run_when_it_is_returned) {
  Paper paper;
  four_on_worker_0(paper);
  paper.worker_joins(1);
  paper.expect({"AskBack 3 of worker 0"});
  paper.cancel({3, 2});
  paper.take();
  paper.returned(0, 3);
  paper.release({3, 2});
  paper.expect({"Forgotten 3", "Forgotten 2"});
  EXPECT_STREQ(paper.state_of(3), "forgotten");
}

TEST(Steal, a_returned_task_goes_back_when_the_thief_was_lost) {
  Paper paper;
  four_on_worker_0(paper);
  paper.worker_joins(1);
  paper.worker_lost(1);
  paper.expect({"AskBack 3 of worker 0"});
  paper.returned(0, 3);
  paper.expect({"RunTask 3 on worker 0"});
}

TEST(Steal, those_that_wait_for_a_moved_task_are_told_and_its_inputs_follow) {
  Paper paper;
  paper.worker_joins(0);
  paper.scatter(0, 0);
  paper.submit(1, {{.inputs = {0}}, {.inputs = {0}}, {.inputs = {0}}, {.inputs = {1, 2, 3}, .wanted = true}});
  paper.expect({"ReportFinished 0", "RunTask 1 on worker 0, inputs 0@0", "RunTask 2 on worker 0, inputs 0@0", "RunTask 3 on worker 0, inputs 0@0",
                "RunTask 4 on worker 0, inputs 1@0! 2@0! 3@0!"});
  paper.worker_joins(1);
  paper.expect({"AskBack 3 of worker 0"});
  paper.returned(0, 3);
  paper.expect({"TellMoved 3 to worker 1, tell worker 0", "RunTask 3 on worker 1, inputs 0@0"});
  paper.finish(1, {3}, 8, 500'000);
  paper.finish(0, {1, 2, 4}, 8, 500'000);
  paper.expect({"AskBack 2 of worker 0", "ReportFinished 4", "Forgotten 1", "Forgotten 2", "Forgotten 3"});
}

TEST(Steal, a_task_whose_worker_may_hold_the_only_copy_of_an_input_stays) {
  for (const int holder : {0, 1}) {
    Paper paper({.transfer_latency_ns = 0, .steal_ns = 0});
    paper.workers_join(2);
    // Task 3 takes task 0 for the last time, and task 2; it waits on worker 0 behind task 1, which takes long. Only it may run on worker 2.
    paper.submit(0, {{.workers = {holder}}, {.wanted = true, .workers = {0}}, {.wanted = true, .workers = {0}}, {.inputs = {0, 2}, .wanted = true, .workers = {0, 2}}});
    EXPECT_EQ(paper.state().task(TaskId(3))->last_uses, 1u);
    paper.worker_joins(2);
    paper.now = 1'000'000;
    paper.finish(0, {2}, 8, 500'000);
    paper.take();
    paper.finish(holder, {0}, 8, 500'000);
    // Its own worker has what it made; a copy from a peer that has forgotten it would be lost.
    if (holder == 0)
      paper.expect({"AskBack 3 of worker 0"});
    else
      paper.nothing_more();
  }
}

TEST(Steal, a_thief_takes_only_what_it_may_run) {
  Paper paper;
  paper.worker_joins(0);
  std::vector<Paper::Task> tasks(4, {.wanted = true, .workers = {0}});
  paper.submit(0, tasks);
  paper.take();
  paper.worker_joins(1);
  paper.nothing_more();
}

// ---- edges

TEST(Edges, a_list_keeps_its_ids_in_order_however_long_and_gives_its_blocks_back) {
  EdgeSlab slab;
  std::mt19937 random(7);
  std::vector<std::pair<std::unique_ptr<EdgeList>, std::vector<TaskId>>> lists(300);
  for (auto& [list, expected] : lists) list = std::make_unique<EdgeList>();
  for (int step = 0; step < 60'000; ++step) {
    auto& [list, expected] = lists[random() % lists.size()];
    if (random() % 200 == 0) {
      const auto odd = [](TaskId id) { return id.value() % 2 == 1; };
      list->keep_if(slab, odd);
      std::erase_if(expected, [&](TaskId id) { return !odd(id); });
    } else if (random() % 400 == 0) {
      list->clear(slab);
      expected.clear();
    } else {
      const TaskId id(static_cast<std::int64_t>(random()));
      list->push_back(slab, id);
      expected.push_back(id);
    }
    ASSERT_EQ(std::vector<TaskId>(list->begin(), list->end()), expected) << "step " << step;
  }
  auto& [large, expected] = lists.front();
  for (int i = 0; i < 10'000; ++i) {
    large->push_back(slab, TaskId(i));
    expected.push_back(TaskId(i));
  }
  EXPECT_EQ(std::vector<TaskId>(large->begin(), large->end()), expected);
  for (auto& [list, ids] : lists) list->clear(slab);
  EXPECT_EQ(slab.blocks(), 0);
  EXPECT_LE(slab.bytes(), 10 << 16) << "one page of each size stays";
}

TEST(Edges, two_ids_take_no_block) {
  EdgeSlab slab;
  EdgeList list;
  list.push_back(slab, TaskId(1));
  list.push_back(slab, TaskId(2));
  EXPECT_EQ(slab.blocks(), 0);
  list.push_back(slab, TaskId(3));
  EXPECT_EQ(slab.blocks(), 1);
  list.clear(slab);
  EXPECT_EQ(slab.blocks(), 0);
}

}  // namespace
}  // namespace ashlar::scheduler
