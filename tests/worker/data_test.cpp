// Values on a worker: inputs from peers, what is sent and dropped, bytes in flight, inputs that moved.
#include "ashlar/worker/state.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/worker_on_paper.hpp"

namespace ashlar::worker {
namespace {

using Paper = WorkerOnPaper;

// ---- inputs from peers

TEST(WorkerData, inputs_of_peers_are_asked_for_when_the_task_comes) {
  Paper paper;
  paper.give(5, {{1, 1, true}, {2, 2}});
  paper.expect({"Ask 1 of worker 1, last use", "Ask 2 of worker 2"});

  paper.arrives(2);
  EXPECT_EQ(paper.start(), "nothing");
  paper.arrives(1);
  EXPECT_EQ(paper.start(), "start 5: 1! 2!");
  paper.expect({"Drop 1", "Drop 2"});
}

TEST(WorkerData, a_copy_is_asked_for_once_and_kept_for_all_its_users_here) {
  Paper paper;
  paper.give(5, {{1, 1}});
  paper.give(6, {{1, 1}});
  paper.expect({"Ask 1 of worker 1"});

  paper.arrives(1);
  paper.give(7, {{1, 1}});
  EXPECT_EQ(paper.start(), "start 5: 1");
  EXPECT_EQ(paper.start(), "start 6: 1");
  paper.nothing_more();
  EXPECT_EQ(paper.start(), "start 7: 1!");
  paper.expect({"Drop 1"});
}

TEST(WorkerData, an_ask_before_the_task_is_known_is_answered_when_it_is_done) {
  Paper paper;
  paper.asked(0, 3);
  paper.give(0);
  paper.asked(0, 4);
  paper.start();
  paper.nothing_more();

  paper.done(0);
  paper.expect({"ForgetTask 0", "ReportDone 0", "Send 0 to worker 3", "Send 0 to worker 4"});
  paper.asked(0, 5);
  paper.expect({"Send 0 to worker 5"});
}

TEST(WorkerData, the_last_use_by_a_peer_drops_the_result_after_sending_it) {
  Paper paper;
  paper.give(0);
  paper.asked(0, 3, true);
  paper.start();

  paper.done(0);
  paper.expect({"ForgetTask 0", "ReportDone 0", "Send 0 to worker 3", "Drop 0"});
  paper.freed({0});
  paper.expect_empty();
}

TEST(WorkerData, the_last_use_by_a_peer_waits_for_a_task_here_that_is_about_to_be_retracted) {
  // The scheduler retracted task 1 before it told the peer of the last use, but the peer's message came first.
  Paper paper;
  paper.put(0);
  paper.give(1, {{0, 0}});

  paper.asked(0, 3, true);
  paper.expect({"Send 0 to worker 3"});
  paper.retract(1);
  paper.expect({"ForgetTask 1", "Drop 0"});
  paper.expect_empty();
}

TEST(WorkerData, the_client_is_sent_a_value_that_stays) {
  Paper paper;
  paper.put(0);
  paper.asked(0, client_id.value());
  paper.expect({"Send 0 to client"});
  EXPECT_EQ(paper.state().data_here(), 1);
}

TEST(WorkerData, a_withdrawn_ask_is_forgotten) {
  Paper paper;
  paper.asked(0, 3);
  paper.withdrawn(0, 3);
  paper.expect_empty();

  paper.give(0);
  paper.start();
  paper.asked(0, 3);
  paper.asked(0, 4);
  paper.withdrawn(0, 3);
  paper.withdrawn(9, 3);
  paper.done(0);
  paper.expect({"ForgetTask 0", "ReportDone 0", "Send 0 to worker 4"});
}

TEST(WorkerData, what_a_lost_peer_asked_for_is_nobodys) {
  Paper paper;
  paper.asked(0, 3);
  paper.give(1);
  paper.start();
  paper.asked(1, 3);

  paper.peer_lost(3);
  paper.asked(2, 3);
  paper.done(1);
  paper.expect({"ForgetTask 1", "ReportDone 1"});
  paper.freed({1});
  paper.expect({"Drop 1"});
  paper.expect_empty();
}

TEST(WorkerData, an_answer_to_a_withdrawn_ask_does_not_hide_the_ask_after_it) {
  // Asked, withdrawn, asked again; the first answer comes and serves, the task is retracted: the second ask must be withdrawn too.
  Paper paper;
  paper.give(5, {{1, 1}});
  paper.retract(5);
  paper.give(6, {{1, 1}});
  paper.expect({"Ask 1 of worker 1", "ForgetTask 5", "WithdrawAsk 1 of worker 1", "Ask 1 of worker 1"});

  paper.arrives(1);
  paper.retract(6);
  paper.expect({"ForgetTask 6", "Drop 1", "WithdrawAsk 1 of worker 1"});
  paper.arrives(1);
  paper.expect({"Drop 1"});
  paper.expect_empty();
}

TEST(WorkerData, a_value_that_comes_twice_is_one_value) {
  Paper paper;
  paper.give(5, {{1, 1}});
  paper.retract(5);
  paper.give(6, {{1, 1}, {2, 2}});
  paper.take();

  paper.arrives(1);
  paper.arrives(1);
  paper.nothing_more();
  EXPECT_EQ(paper.state().bytes_here(), 8);
  paper.arrives(2);
  EXPECT_EQ(paper.start(), "start 6: 1! 2!");
  paper.expect({"Drop 1", "Drop 2"});
}

// ---- bytes in flight

TEST(WorkerData, asks_beyond_the_flight_limit_wait_in_the_order_of_tasks) {
  Paper paper(0, 100);
  paper.give(5, {{1, 1, false, 80}});
  paper.give(7, {{2, 1, false, 80}});
  paper.give(6, {{3, 1, false, 80}});
  paper.expect({"Ask 1 of worker 1"});

  paper.arrives(1, 80);
  paper.expect({"Ask 3 of worker 1"});
  paper.arrives(3, 80);
  paper.expect({"Ask 2 of worker 1"});
  paper.arrives(2, 80);
  while (paper.start() != "nothing") continue;
  paper.take();
}

TEST(WorkerData, the_lowest_ordered_task_never_waits_for_bytes_of_others) {
  Paper paper(0, 100);
  paper.give(9, {{1, 1, false, 80}});
  paper.give(4, {{2, 1, false, 80}});
  paper.give(5, {{3, 1, false, 80}});

  paper.expect({"Ask 1 of worker 1", "Ask 2 of worker 1"});
  paper.arrives(1, 80);
  paper.arrives(2, 80);
  paper.expect({"Ask 3 of worker 1"});
}

TEST(WorkerData, a_queued_ask_moves_up_with_a_lower_ordered_task_that_wants_it) {
  Paper paper(0, 100);
  paper.give(1, {{110, 1, false, 80}});
  paper.give(20, {{111, 1, false, 80}});
  paper.give(15, {{112, 1, false, 80}});
  paper.give(12, {{111, 1, false, 80}});
  paper.expect({"Ask 110 of worker 1"});

  paper.arrives(110, 80);
  paper.expect({"Ask 111 of worker 1"});
  paper.arrives(111, 80);
  paper.expect({"Ask 112 of worker 1"});
}

TEST(WorkerData, a_queued_ask_of_a_retracted_task_is_never_sent_and_room_goes_to_the_next) {
  Paper paper(0, 100);
  paper.give(5, {{1, 1, false, 80}});
  paper.give(6, {{2, 1, false, 80}});
  paper.give(7, {{3, 1, false, 80}});
  paper.take();

  paper.retract(6);
  paper.expect({"ForgetTask 6"});
  paper.retract(5);
  paper.expect({"ForgetTask 5", "WithdrawAsk 1 of worker 1", "Ask 3 of worker 1"});
}

TEST(WorkerData, one_result_larger_than_the_limit_is_asked_for_alone) {
  Paper paper(0, 100);
  paper.give(5, {{1, 1, false, 500}, {2, 1, false, 1}});
  paper.expect({"Ask 1 of worker 1"});
  paper.arrives(1, 500);
  paper.expect({"Ask 2 of worker 1"});
}

// ---- inputs that are made elsewhere than was said

TEST(WorkerData, an_input_that_moved_is_asked_of_its_new_holder) {
  Paper paper;
  paper.give(5, {{1, 1, true}});
  paper.expect({"Ask 1 of worker 1, last use"});
  paper.moved(1, 2);
  paper.expect({"WithdrawAsk 1 of worker 1", "Ask 1 of worker 2, last use"});
  paper.arrives(1);
  EXPECT_EQ(paper.start(), "start 5: 1!");
  paper.expect({"Drop 1", "WithdrawAsk 1 of worker 2"});  // the first ask may have been answered: then the second is withdrawn
  paper.done(5);
  paper.freed({5});
  paper.take();
  paper.expect_empty();
}

// The first ask had reached the holder after it was to make the value again, and was answered with the only copy.
TEST(WorkerData, a_value_that_comes_while_its_second_ask_waits_for_room_is_taken) {
  Paper paper(0, 10);
  paper.give(5, {{1, 1, true}});
  paper.give(4, {{2, 1, false, 10}});
  paper.expect({"Ask 1 of worker 1, last use", "Ask 2 of worker 1"});
  paper.moved(1, 1);
  paper.expect({"WithdrawAsk 1 of worker 1"});  // 2 fills what may be on its way
  paper.arrives(1);
  EXPECT_EQ(paper.start(), "start 5: 1!");
  paper.arrives(2, 10);
  EXPECT_EQ(paper.start(), "start 4: 2!");
  paper.expect({"Drop 1", "Drop 2"});
  paper.done(5);
  paper.done(4);
  paper.freed({4, 5});
  paper.take();
  paper.expect_empty();
}

TEST(WorkerData, an_input_that_was_to_be_made_here_is_asked_of_where_it_moved) {
  Paper paper;
  paper.give(1);
  paper.give(5, {{1, 0, true}});
  EXPECT_EQ(paper.start(), "start 1");
  paper.failed(1);
  paper.expect({"ForgetTask 1", "ReportFailed 1"});
  paper.moved(1, 3);
  paper.expect({"Ask 1 of worker 3, last use"});
  paper.arrives(1);
  EXPECT_EQ(paper.start(), "start 5: 1!");
  paper.done(5);
  paper.freed({5});
  paper.take();
  paper.expect_empty();
}

TEST(WorkerData, an_input_that_moved_here_is_not_asked_for_any_more) {
  Paper paper;
  paper.give(5, {{1, 1, true}});
  paper.give(1);
  paper.expect({"Ask 1 of worker 1, last use", "WithdrawAsk 1 of worker 1"});
  EXPECT_EQ(paper.start(), "start 1");
  paper.done(1);
  EXPECT_EQ(paper.start(), "start 5: 1!");
  paper.done(5);
  paper.freed({5});
  paper.take();
  paper.expect_empty();
}

// The holder was told of the last use by an ask that nobody waits for. It may have lost the value with those who are retracted.
TEST(WorkerData, an_ask_that_only_told_of_the_last_use_is_withdrawn_with_those_who_were_to_use_it) {
  Paper paper(0, 1 << 30, small);
  paper.give(2, {{1, 1, false, 60}});
  paper.retract(2);
  paper.give(3, {}, false, 90);
  EXPECT_EQ(paper.start(), "start 3");
  paper.give(4, {{1, 1, true, 60}});  // there is no room to ask for it
  paper.expect({"Ask 1 of worker 1", "ForgetTask 2", "WithdrawAsk 1 of worker 1"});
  paper.arrives(1, 60);
  paper.take();
  paper.retract(4);
  const auto said = paper.take();
  EXPECT_TRUE(std::find(said.begin(), said.end(), "WithdrawAsk 1 of worker 1") != said.end());
  EXPECT_TRUE(std::find(said.begin(), said.end(), "Drop 1") != said.end());
  paper.failed(3);
  paper.take();
  paper.expect_empty();
}

TEST(WorkerData, a_move_that_nobody_here_waits_for_is_nothing) {
  Paper paper;
  paper.moved(1, 2);
  paper.expect_empty();
}

}  // namespace
}  // namespace ashlar::worker
