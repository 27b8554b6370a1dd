#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

#include "harness/worker_on_paper.hpp"

namespace ashlar::worker {
namespace {

using Paper = WorkerOnPaper;

constexpr std::int64_t wide = 1 << 30;

// ---- admission

TEST(WorkerMemory, a_task_starts_only_when_its_result_fits) {
  Paper paper(0, wide, small);
  paper.give(1, {}, false, 60);
  paper.give(2, {}, false, 60);
  EXPECT_EQ(paper.start(), "start 1");
  EXPECT_EQ(paper.start(), "nothing");
  EXPECT_FALSE(paper.state().has_ready());

  paper.done(1, 30);
  paper.take();
  EXPECT_TRUE(paper.state().has_ready());
  EXPECT_EQ(paper.start(), "start 2");
}

TEST(WorkerMemory, inputs_that_only_the_running_task_holds_count) {
  Paper paper(0, wide, small);
  paper.put(0, 50);
  paper.give(1, {{0, 0, true}}, false, 10);
  paper.give(2, {}, false, 50);
  EXPECT_EQ(paper.start(), "start 1: 0!");
  EXPECT_EQ(paper.state().bytes_here(), 0);
  EXPECT_EQ(paper.state().bytes_used(), 60);
  EXPECT_EQ(paper.start(), "nothing");

  paper.done(1, 10);
  EXPECT_EQ(paper.start(), "start 2");
  paper.take();
}

TEST(WorkerMemory, a_lower_task_is_not_overtaken_for_lack_of_memory) {
  Paper paper(0, wide, small);
  paper.give(0, {}, false, 40);
  EXPECT_EQ(paper.start(), "start 0");
  paper.give(1, {}, false, 80);
  paper.give(2, {}, false, 5);
  EXPECT_EQ(paper.start(), "nothing");
  paper.failed(0);
  EXPECT_EQ(paper.start(), "start 1");
  EXPECT_EQ(paper.start(), "start 2");
  paper.take();
}

TEST(WorkerMemory, the_lowest_task_starts_alone_when_nothing_can_make_room_for_it) {
  Paper paper(0, wide, small);
  paper.give(1, {}, false, 500);
  paper.give(2, {}, false, 500);
  EXPECT_EQ(paper.start(), "start 1");
  EXPECT_EQ(paper.start(), "nothing");
  paper.failed(1);
  EXPECT_EQ(paper.start(), "start 2");
  paper.take();
}

TEST(WorkerMemory, asks_wait_for_room_in_the_order_of_tasks) {
  Paper paper(0, wide, small);
  paper.give(1, {}, false, 60);
  EXPECT_EQ(paper.start(), "start 1");
  paper.give(8, {{100, 1, true, 45}});
  paper.give(7, {{101, 1, true, 45}});
  paper.nothing_more();

  paper.failed(1);
  paper.expect({"ForgetTask 1", "ReportFailed 1", "Ask 101 of worker 1, last use", "Ask 100 of worker 1, last use"});
}

TEST(WorkerMemory, an_ask_leaves_room_for_a_lower_task_that_can_start) {
  Paper paper(0, wide, small);
  paper.give(1, {}, false, 30);
  EXPECT_EQ(paper.start(), "start 1");
  paper.give(2, {}, false, 30);
  paper.give(3, {{100, 1, true, 50}});
  paper.nothing_more();
  EXPECT_EQ(paper.start(), "start 2");
  paper.done(1, 0);
  paper.expect({"ForgetTask 1", "ReportDone 1", "Ask 100 of worker 1, last use"});
}

// ---- putting out

TEST(WorkerMemory, the_result_that_is_needed_last_is_put_out_and_goes_when_it_is_written) {
  Paper paper(0, wide, small);
  for (int i = 0; i < 3; ++i) paper.put(i, 30);
  paper.give(10, {{2, 0}}, false, 5);
  paper.give(11, {{0, 0}}, false, 5);
  paper.give(4, {}, false, 34);  // 1 is needed by nobody yet, 0 by the last task
  EXPECT_EQ(paper.start(), "nothing");
  paper.expect({"Spill 1 to file 1"});
  EXPECT_EQ(paper.start(), "nothing");

  paper.written(1);
  paper.expect({"ReportSpilled 30", "Drop 1"});
  EXPECT_EQ(paper.start(), "start 4");
  paper.done(4, 34);
  EXPECT_EQ(paper.start(), "start 10: 2");
  EXPECT_EQ(paper.start(), "nothing");
  paper.expect({"ForgetTask 4", "ReportDone 4", "Spill 4 to file 2"});
}

TEST(WorkerMemory, results_over_the_budget_are_put_out_although_no_task_waits) {
  Paper paper(0, wide, small);
  for (int i = 0; i < 4; ++i) paper.put(i, 30);
  paper.expect({"Spill 3 to file 1"});
  paper.written(1);
  paper.expect({"ReportSpilled 30", "Drop 3"});
  EXPECT_EQ(paper.state().bytes_used(), 90);

  paper.freed({0, 1, 2, 3});
  paper.expect({"Drop 0", "Drop 1", "Drop 2", "ReportSpilled 0", "ForgetFile 1"});
  paper.expect_empty();
}

TEST(WorkerMemory, a_result_freed_while_it_is_written_goes_at_once_and_its_end_is_nobodys) {
  Paper paper(0, wide, small);
  for (int i = 0; i < 4; ++i) paper.put(i, 30);
  paper.take();
  paper.freed({3});
  paper.expect({"Drop 3", "ForgetFile 1"});
  paper.written(1);
  paper.nothing_more();
  paper.freed({0, 1, 2});
  paper.take();
  paper.expect_empty();
}

TEST(WorkerMemory, a_task_may_start_with_a_value_that_is_being_written_and_keeps_it) {
  Paper paper(0, wide, small);
  for (int i = 1; i < 5; ++i) paper.put(i, 30);
  paper.expect({"Spill 4 to file 1"});
  paper.give(10, {{4, 0}}, false, 0);
  paper.freed({1});
  EXPECT_EQ(paper.start(), "start 10: 4");
  paper.written(1);
  paper.expect({"Drop 1"});
  EXPECT_EQ(paper.state().bytes_spilled(), 0);
  paper.done(10, 0);
  paper.take();
  paper.put(0, 34);  // the file is there: no second write
  paper.expect({"ReportSpilled 30", "Drop 4"});
}

TEST(WorkerMemory, what_is_small_stays) {
  Paper paper(0, wide, {100, MemoryLimits::none, 50});
  for (int i = 0; i < 4; ++i) paper.put(i, 30);
  paper.nothing_more();
  paper.put(5, 50);
  paper.expect({"Spill 5 to file 1"});
}

TEST(WorkerMemory, inputs_of_running_tasks_are_not_put_out) {
  Paper paper(0, wide, small);
  paper.put(0, 90);
  paper.give(1, {{0, 0}}, false, 5);
  EXPECT_EQ(paper.start(), "start 1: 0");
  paper.put(2, 20);
  paper.expect({"Spill 2 to file 1"});
}

// ---- reading back

TEST(WorkerMemory, a_spilled_input_is_read_back_before_its_task_is_the_first) {
  Paper paper(0, wide, small);
  for (int i = 0; i < 4; ++i) paper.put(i, 30);
  paper.written(1);
  paper.take();
  paper.give(10, {{0, 0, true}}, false, 0);
  paper.give(11, {{1, 0, true}}, false, 0);
  paper.give(12, {{3, 0, true}}, false, 0);
  // There is no room, and nothing here is needed later but 2, which nobody needs.
  paper.expect({"Spill 2 to file 2"});
  EXPECT_EQ(paper.start(), "start 10: 0!");
  paper.done(10, 0);
  paper.expect({"Drop 0", "ForgetTask 10", "ReportDone 10", "Load 3 from file 1"});
  paper.read_back(1);
  EXPECT_EQ(paper.start(), "start 11: 1!");
  EXPECT_EQ(paper.start(), "start 12: 3!");
  paper.expect({"ReportSpilled 0", "Drop 1", "Drop 3", "ForgetFile 1"});
}

TEST(WorkerMemory, a_ready_task_whose_input_goes_waits_for_it_again) {
  Paper paper(0, wide, small);
  paper.put(0, 60);
  paper.give(9, {{0, 0, true}}, false, 0);
  paper.give(2, {}, false, 70);
  EXPECT_EQ(paper.start(), "nothing");
  paper.expect({"Spill 0 to file 1"});
  paper.written(1);
  paper.expect({"ReportSpilled 60", "Drop 0"});
  EXPECT_EQ(paper.start(), "start 2");
  EXPECT_EQ(paper.start(), "nothing");
  EXPECT_EQ(paper.state().waiting_text(), "task 9 waits for 0 (on scratch)\n");

  paper.done(2, 10);
  paper.expect({"ForgetTask 2", "ReportDone 2", "Load 0 from file 1"});
  paper.read_back(1);
  EXPECT_EQ(paper.start(), "start 9: 0!");
  paper.expect({"ReportSpilled 0", "Drop 0", "ForgetFile 1"});
}

// Whatever it wants written or read is, with an event before each, until a task can start: what starts, or "nothing" when it goes on for ever.
std::string write_and_read_until_a_task_starts(Paper& paper) {
  for (int turn = 0; turn < 20; ++turn) {
    if (std::string line = paper.start(); line != "nothing") return line;
    for (const std::string& line : paper.take()) {
      long data = 0, file = 0;
      paper.measured(0);
      if (std::sscanf(line.c_str(), "Spill %ld to file %ld", &data, &file) == 2) paper.written(file);
      if (std::sscanf(line.c_str(), "Load %ld from file %ld", &data, &file) == 2) paper.read_back(file);
    }
  }
  return "nothing";
}

// 1 was wanted by task 10, which went to another worker, and is wanted by task 40, which needs what task 20 makes. It keeps its place in the
// queue, before 2 and 3, and is passed over; when that claimed memory, 2 and 3 drove each other out for ever.
TEST(WorkerMemory, what_is_passed_over_does_not_drive_out_what_the_first_task_has_read_back) {
  Paper paper(0, wide, small);
  for (int i = 1; i <= 3; ++i) paper.put(i, 60);
  paper.written(1);
  paper.written(2);
  paper.asked(2, 3);
  paper.expect({"Spill 2 to file 1", "Spill 3 to file 2", "ReportSpilled 60", "Drop 2", "ReportSpilled 120", "Drop 3", "Spill 1 to file 3", "Load 2 from file 1"});
  paper.written(3);
  paper.read_back(1);
  paper.give(10, {{1, 0}, {9, 7}}, false, 0);
  paper.give(20, {{2, 0}, {3, 0}}, false, 0);
  paper.give(35, {{20, 0}}, false, 0);
  paper.give(40, {{1, 0}, {35, 0}}, false, 0);
  paper.asked_back(10);
  EXPECT_EQ(write_and_read_until_a_task_starts(paper), "start 20: 2 3");
  paper.done(20, 0);
  EXPECT_EQ(write_and_read_until_a_task_starts(paper), "start 35: 20");
  paper.done(35, 0);
  EXPECT_EQ(write_and_read_until_a_task_starts(paper), "start 40: 1 35");
  paper.take();
}

TEST(WorkerMemory, a_peer_that_asks_for_a_spilled_result_gets_it_whatever_the_budget_says) {
  Paper paper(0, wide, small);
  paper.give(9, {}, false, 90);
  EXPECT_EQ(paper.start(), "start 9");
  paper.put(1, 50);
  paper.written(1);
  paper.expect({"Spill 1 to file 1", "ReportSpilled 50", "Drop 1"});

  paper.asked(1, 3);
  paper.expect({"Load 1 from file 1"});
  paper.read_back(1);
  // Sent, and gone again: it is on scratch.
  paper.expect({"ReportSpilled 0", "Send 1 to worker 3", "ReportSpilled 50", "Drop 1"});
  paper.asked(1, 4, true);
  paper.read_back(1);
  paper.expect({"Load 1 from file 1", "ReportSpilled 0", "Send 1 to worker 4", "Drop 1", "ForgetFile 1"});
}

TEST(WorkerMemory, values_for_peers_are_read_back_one_at_a_time_when_there_is_no_room) {
  Paper paper(0, wide, small);
  paper.give(9, {}, false, 100);
  EXPECT_EQ(paper.start(), "start 9");
  for (int i = 1; i < 3; ++i) paper.put(i, 50);
  paper.written(1);
  paper.written(2);
  paper.take();
  paper.asked(1, 3);
  paper.asked(2, 3);
  paper.expect({"Load 1 from file 1"});
  paper.read_back(1);
  const Paper::Lines lines = paper.take();
  EXPECT_NE(std::find(lines.begin(), lines.end(), "Load 2 from file 2"), lines.end());
}

TEST(WorkerMemory, values_for_peers_do_not_heap_up_while_scratch_is_slow) {
  Paper paper(0, wide, small);
  for (int i = 1; i < 4; ++i) paper.put(i, 40);
  paper.written(1);
  paper.put(4, 40);
  paper.written(2);
  paper.put(5, 40);
  paper.expect({"Spill 3 to file 1", "ReportSpilled 40", "Drop 3", "Spill 4 to file 2", "ReportSpilled 80", "Drop 4", "Spill 5 to file 3"});
  ASSERT_EQ(paper.state().bytes_used(), 120);
  paper.asked(3, 3);
  paper.asked(4, 3);
  paper.expect({"Spill 2 to file 4"});  // for them, and nothing is read as long as a write goes on that will make room

  paper.written(3);
  paper.expect({"ReportSpilled 120", "Drop 5", "Load 3 from file 1", "Spill 1 to file 5"});
  EXPECT_EQ(paper.state().bytes_used(), 120);
  paper.read_back(1);
  paper.expect({"ReportSpilled 80", "Send 3 to worker 3"});
  EXPECT_EQ(paper.state().bytes_used(), 120);
  paper.written(4);
  paper.expect({"ReportSpilled 120", "Drop 2", "Load 4 from file 2"});
  EXPECT_EQ(paper.state().bytes_used(), 120);
}

TEST(WorkerMemory, a_withdrawn_ask_for_a_spilled_result_reads_nothing) {
  Paper paper(0, wide, small);
  paper.give(9, {}, false, 100);
  EXPECT_EQ(paper.start(), "start 9");
  for (int i = 1; i < 3; ++i) paper.put(i, 50);
  paper.written(1);
  paper.written(2);
  paper.asked(1, 3);
  paper.take();
  paper.asked(2, 3);
  paper.withdrawn(2, 3);
  paper.nothing_more();
  paper.freed({1, 2});
  paper.expect({"ReportSpilled 50", "ForgetFile 1", "ReportSpilled 0", "ForgetFile 2"});
  paper.read_back(1);  // it was on its way
  paper.expect({"Drop 1"});
}

TEST(WorkerMemory, a_copy_of_a_peer_goes_to_scratch_and_back_like_a_result) {
  Paper paper(0, wide, small);
  paper.give(9, {{100, 1, true, 40}}, false, 10);
  paper.arrives(100, 40);
  paper.take();
  paper.give(3, {}, false, 90);
  EXPECT_EQ(paper.start(), "nothing");
  paper.written(1);
  paper.expect({"Spill 100 to file 1", "Drop 100"});
  EXPECT_EQ(paper.start(), "start 3");
  paper.failed(3);
  paper.expect({"ForgetTask 3", "ReportFailed 3", "Load 100 from file 1"});
  paper.retract(9);
  paper.expect({"ForgetTask 9", "ForgetFile 1"});
  paper.read_back(1);
  paper.expect({"Drop 100"});
  paper.expect_empty();
}

// ---- when scratch fails

TEST(WorkerMemory, a_result_that_cannot_be_written_is_reported_lost_once) {
  Paper paper(0, wide, small);
  for (int i = 0; i < 4; ++i) paper.put(i, 30);
  paper.written(1, true);
  paper.expect({"Spill 3 to file 1", "ReportLost 3", "Spill 2 to file 2"});
  paper.written(2, true);
  paper.expect({"ReportLost 2", "Spill 1 to file 3"});
  paper.freed({3, 2});
  paper.expect({"Drop 3", "Drop 2"});
}

TEST(WorkerMemory, those_who_wait_for_a_result_that_cannot_be_read_wait_until_they_are_retracted) {
  Paper paper(0, wide, small);
  for (int i = 0; i < 4; ++i) paper.put(i, 30);
  paper.written(1);
  paper.freed({0, 1});
  paper.asked(3, 2);
  paper.give(9, {{3, 0}}, false, 1);
  paper.take();
  paper.read_back(1, true);
  paper.expect({"ReportSpilled 0", "ForgetFile 1", "ReportLost 3"});
  EXPECT_EQ(paper.start(), "nothing");
  paper.retract(9);
  paper.freed({3, 2});
  paper.withdrawn(3, 2);
  paper.expect({"ForgetTask 9", "Drop 2"});
  paper.expect_empty();
}

// ---- resident memory

TEST(WorkerMemory, a_paused_worker_runs_one_task_at_a_time_and_puts_out_what_is_above) {
  Paper paper(0, wide, {1000, 500, 1});
  paper.put(1, 100);
  paper.put(2, 100);
  paper.give(4, {}, false, 1);
  paper.give(5, {}, false, 1);
  paper.give(6, {}, false, 1);
  EXPECT_EQ(paper.start(), "start 4");
  paper.measured(550);
  EXPECT_TRUE(paper.state().paused());
  paper.expect({"Spill 2 to file 1", "Spill 1 to file 2"});
  EXPECT_EQ(paper.start(), "nothing");
  paper.written(1);
  paper.written(2);
  EXPECT_EQ(paper.start(), "nothing");
  paper.done(4, 1);
  EXPECT_EQ(paper.start(), "start 5");
  EXPECT_EQ(paper.start(), "nothing");
  paper.measured(499);
  EXPECT_EQ(paper.start(), "start 6");
  paper.take();
}

// ---- orders

// A result is written while its user starts, a peer asks, and rank 0 frees it: all orders of these, and the end of the write anywhere.
TEST(WorkerMemory, whatever_crosses_a_write_leaves_nothing_behind) {
  struct Step {
    const char* name;
    std::function<void(Paper&)> act;
  };
  const std::vector<std::vector<Step>> channels = {
      {{"written", [](Paper& p) { p.written(1); }}},
      {{"give 10", [](Paper& p) { p.give(10, {{3, 0}}, false, 0); }}, {"retract 10", [](Paper& p) { p.retract(10); }}},
      {{"start", [](Paper& p) { p.start(); }}},
      {{"5 asks", [](Paper& p) { p.asked(3, 5); }}, {"5 withdraws", [](Paper& p) { p.withdrawn(3, 5); }}}};
  int orders = 0;
  std::vector<std::size_t> picks;
  const std::function<void(std::vector<std::size_t>)> explore = [&](std::vector<std::size_t> at) {
    bool more = false;
    for (std::size_t c = 0; c < channels.size(); ++c) {
      if (at[c] == channels[c].size()) continue;
      more = true;
      auto next = at;
      ++next[c];
      picks.push_back(c);
      explore(next);
      picks.pop_back();
    }
    if (more) return;
    ++orders;
    Paper paper(0, wide, small);
    std::string trace;
    for (int i = 0; i < 4; ++i) paper.put(i, 30);
    std::vector<std::size_t> step(channels.size());
    for (std::size_t c : picks) {
      const Step& one = channels[c][step[c]++];
      trace += std::string(one.name) + "; ";
      one.act(paper);
    }
    SCOPED_TRACE(trace);
    if (paper.state().tasks() > 0) paper.done(10, 0);
    paper.freed({0, 1, 2, 3});
    paper.take();
    paper.expect_empty();
  };
  explore(std::vector<std::size_t>(channels.size(), 0));
  EXPECT_EQ(orders, 180);
}

}  // namespace
}  // namespace ashlar::worker
