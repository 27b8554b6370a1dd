// All orders in which messages of different senders can reach a worker. Messages of one sender keep their order.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "harness/worker_on_paper.hpp"

namespace ashlar::worker {
namespace {

using Paper = WorkerOnPaper;
struct Step {
  const char* name;
  std::function<void(Paper&)> act;
};
using Channel = std::vector<Step>;

// For each interleaving: a fresh worker, `prepare`, all steps, `check`. Returns how many there were.
int for_all_orders(
    const std::vector<Channel>& channels, const std::function<void(Paper&)>& check,
    const std::function<void(Paper&)>& prepare = [](Paper&) {}) {
  int orders = 0;
  std::vector<std::size_t> picks;
  std::size_t steps = 0;
  for (const Channel& channel : channels) steps += channel.size();
  const std::function<void(std::vector<std::size_t>&)> explore = [&](std::vector<std::size_t>& at) {
    if (picks.size() < steps) {
      for (std::size_t c = 0; c < channels.size(); ++c)
        if (at[c] < channels[c].size()) {
          ++at[c];
          picks.push_back(c);
          explore(at);
          picks.pop_back();
          --at[c];
        }
      return;
    }
    ++orders;
    std::string trace;
    Paper paper;
    prepare(paper);
    std::vector<std::size_t> next(channels.size());
    for (std::size_t c : picks) {
      const Step& step = channels[c][next[c]++];
      trace += std::string(step.name) + "; ";
      step.act(paper);
    }
    SCOPED_TRACE(trace);
    check(paper);
    paper.take();
  };
  std::vector<std::size_t> at(channels.size());
  explore(at);
  return orders;
}

int count(const Paper::Lines& lines, const std::string& line) { return static_cast<int>(std::count(lines.begin(), lines.end(), line)); }

// A task made here, asked for by two peers, one of which changes its mind: rank 0 gives the task, executors run it, peers ask.
TEST(WorkerOrders, an_ask_is_answered_once_whenever_it_comes) {
  const Channel rank_0{{"give 0", [](Paper& p) { p.give(0); }}};
  const Channel peer_1{{"1 asks", [](Paper& p) { p.asked(0, 1); }}};
  const Channel peer_2{{"2 asks", [](Paper& p) { p.asked(0, 2); }}, {"2 withdraws", [](Paper& p) { p.withdrawn(0, 2); }}};

  const int orders = for_all_orders({rank_0, peer_1, peer_2}, [&](Paper& paper) {
    EXPECT_EQ(paper.start(), "start 0");
    paper.done(0);
    paper.freed({0});
    const Paper::Lines lines = paper.take();
    EXPECT_EQ(count(lines, "Send 0 to worker 1"), 1);
    EXPECT_EQ(count(lines, "Send 0 to worker 2"), 0);
    EXPECT_EQ(count(lines, "Drop 0"), 1);
    paper.expect_empty();
  });
  EXPECT_EQ(orders, 12);
}

// The same with the task running meanwhile: an executor is a sender too.
TEST(WorkerOrders, ask_against_done) {
  const Channel rank_0_and_executor{{"give 0", [](Paper& p) { p.give(0); }},
                                    {"start", [](Paper& p) { EXPECT_EQ(p.start(), "start 0"); }},
                                    {"done 0", [](Paper& p) { p.done(0); }}};
  const Channel peer_1{{"1 asks", [](Paper& p) { p.asked(0, 1); }}};
  const Channel peer_2{{"2 asks", [](Paper& p) { p.asked(0, 2); }}, {"2 withdraws", [](Paper& p) { p.withdrawn(0, 2); }}};

  for_all_orders({rank_0_and_executor, peer_1, peer_2}, [&](Paper& paper) {
    paper.freed({0});
    const Paper::Lines lines = paper.take();
    EXPECT_EQ(count(lines, "Send 0 to worker 1"), 1);
    EXPECT_LE(count(lines, "Send 0 to worker 2"), 1);
    EXPECT_EQ(count(lines, "ReportDone 0"), 1);
    paper.expect_empty();
  });
}

// The sole consumer sits at a peer and tells of the last use; a task here that also used it was retracted before that.
TEST(WorkerOrders, last_use_by_a_peer_against_a_retraction_here) {
  const Channel rank_0{{"give 0",
                        [](Paper& p) {
                          p.give(0);
                          EXPECT_EQ(p.start(), "start 0");
                        }},
                       {"give 1",
                        [](Paper& p) {
                          p.give(1, {{0, 0}});
                        }},
                       {"retract 1", [](Paper& p) { p.retract(1); }}};
  const Channel peer{{"3 asks", [](Paper& p) { p.asked(0, 3, true); }}};

  for_all_orders({rank_0, peer}, [&](Paper& paper) {
    paper.done(0);
    const Paper::Lines lines = paper.take();
    EXPECT_EQ(count(lines, "Send 0 to worker 3"), 1);
    EXPECT_EQ(count(lines, "Drop 0"), 1);
    paper.expect_empty();
  });
}

// A task with inputs of two peers is retracted: before, between or after the arrivals, started or not.
TEST(WorkerOrders, retract_against_arriving_data_and_start) {
  const Channel peer_1{{"1 arrives", [](Paper& p) { p.arrives(1); }}};
  const Channel peer_2{{"2 arrives", [](Paper& p) { p.arrives(2); }}};
  const Channel rank_0{{"retract 5", [](Paper& p) { p.retract(5); }}};
  const Channel executor{{"start", [](Paper& p) { p.start(); }}};
  int ran = 0;
  for_all_orders(
      {peer_1, peer_2, rank_0, executor},
      [&](Paper& paper) {
        if (paper.state().tasks() == 1) {
          ++ran;
          paper.done(5);
        }
        const Paper::Lines lines = paper.take();
        EXPECT_EQ(count(lines, "ReportDone 5"), 0);
        paper.expect_empty();
      },
      [](Paper& paper) {
        paper.give(5, {{1, 1}, {2, 2}});
      });
  EXPECT_EQ(ran, 2);  // both arrivals, the start, then the retraction
}

// Freed by rank 0 only after all consumers ended; a retracted consumer's ask may still come, and its withdrawal after it.
TEST(WorkerOrders, a_late_ask_and_its_withdrawal_leave_nothing_after_the_result_was_freed) {
  const Channel rank_0{{"put", [](Paper& p) { p.put(0); }}, {"free", [](Paper& p) { p.freed({0}); }}};
  const Channel peer{{"3 asks", [](Paper& p) { p.asked(0, 3); }}, {"3 withdraws", [](Paper& p) { p.withdrawn(0, 3); }}};

  const int orders = for_all_orders({rank_0, peer}, [&](Paper& paper) {
    EXPECT_EQ(count(paper.take(), "Drop 0"), 1);
    paper.expect_empty();
  });
  EXPECT_EQ(orders, 6);
}

// A peer's ask for the result of a task that is moved away: it may come before or after, and is withdrawn when rank 0 has told the peer.
TEST(WorkerOrders, asked_back_against_start_and_a_peers_ask) {
  const Channel rank_0{{"give 0", [](Paper& p) { p.give(0); }}, {"ask back 0", [](Paper& p) { p.asked_back(0); }}};
  const Channel executor{{"start", [](Paper& p) { p.start(); }}};
  const Channel peer_1{{"1 asks", [](Paper& p) { p.asked(0, 1); }}};
  int returned = 0, kept = 0;
  for_all_orders({rank_0, executor, peer_1}, [&](Paper& paper) {
    const Paper::Lines lines = paper.take();
    if (count(lines, "ReportReturned 0") == 1) {
      ++returned;
      EXPECT_EQ(paper.state().tasks(), 0);
      paper.withdrawn(0, 1);
      paper.expect_empty();
    } else {
      ++kept;
      EXPECT_EQ(count(lines, "ReportReturned 0: kept"), 1);
      paper.done(0);
      paper.freed({0});
      const Paper::Lines rest = paper.take();
      EXPECT_EQ(count(rest, "Send 0 to worker 1"), 1);
      paper.expect_empty();
    }
  });
  EXPECT_GT(returned, 0);
  EXPECT_GT(kept, 0);
}

}  // namespace
}  // namespace ashlar::worker
