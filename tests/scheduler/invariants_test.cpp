// The checks themselves: a state that breaks a rule is named. Only what can be reached through events exists, so these states come from
// events that a real client never sends.
#include "ashlar/scheduler/invariants.hpp"

#include <gtest/gtest.h>

#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {
namespace {

TEST(Invariants, hold_for_an_empty_state) { EXPECT_TRUE(broken_invariants(State()).empty()); }

TEST(Invariants, a_result_whose_size_is_changed_behind_the_scheduler_shows) {
  State state;
  std::vector<Command> commands;
  state.handle({0, WorkerJoined{WorkerId(0), 1, 1000}}, commands);
  state.handle({0, Scattered{TaskId(0), WorkerId(0), 100}}, commands);
  ASSERT_TRUE(broken_invariants(state).empty());

  const_cast<TaskRecord*>(state.task(TaskId(0)))->nbytes = 99;

  ASSERT_EQ(broken_invariants(state).size(), 1u);
  EXPECT_EQ(broken_invariants(state)[0], "worker 0: bytes_in_memory is 100, counted 99");
}

TEST(Invariants, a_wrong_count_of_consumers_and_a_kept_result_show) {
  State state;
  std::vector<Command> commands;
  state.handle({0, WorkerJoined{WorkerId(0), 1, 1000}}, commands);
  state.handle({0, Scattered{TaskId(0), WorkerId(0), 100}}, commands);

  const_cast<TaskRecord*>(state.task(TaskId(0)))->consumers = 1;
  EXPECT_EQ(broken_invariants(state).size(), 2u);
  const_cast<TaskRecord*>(state.task(TaskId(0)))->consumers = 0;
  const_cast<TaskRecord*>(state.task(TaskId(0)))->wanted = false;
  ASSERT_EQ(broken_invariants(state).size(), 1u);
  EXPECT_EQ(broken_invariants(state)[0], "task 0: is kept for nobody");
}

}  // namespace
}  // namespace ashlar::scheduler
