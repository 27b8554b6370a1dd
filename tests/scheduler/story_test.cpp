#include "ashlar/scheduler/story.hpp"

#include <gtest/gtest.h>

#include "harness/scheduler_on_paper.hpp"

namespace ashlar::scheduler {
namespace {

TEST(Story, tells_a_tasks_transitions_in_order_with_times_and_worker) {
  SchedulerOnPaper paper;
  paper.worker_joins(0);
  paper.now = 5;
  paper.submit(0, {{}, {.inputs = {0}, .wanted = true}});
  paper.now = 9;
  paper.finish(0, {0, 1});
  paper.take();

  EXPECT_EQ(to_string(paper.state().story(TaskId(0))),
            "5 ns: task 0 released -> waiting\n"
            "5 ns: task 0 waiting -> queued\n"
            "5 ns: task 0 queued -> processing (worker 0)\n"
            "9 ns: task 0 processing -> memory (worker 0)\n"
            "9 ns: task 0 memory -> forgotten (worker 0)\n");
  EXPECT_TRUE(paper.state().story(TaskId(2)).empty());
}

TEST(Story, keeps_the_latest_lines_when_it_is_full) {
  Story story;
  for (std::int64_t i = 0; i < 200'000; ++i) story.add({i, TaskId(i), TaskState::waiting, TaskState::queued, WorkerId()});

  EXPECT_TRUE(story.of(TaskId(0)).empty());
  ASSERT_EQ(story.of(TaskId(199'999)).size(), 1u);
  EXPECT_EQ(story.of(TaskId(199'999))[0].now_ns, 199'999);
}

}  // namespace
}  // namespace ashlar::scheduler
