#pragma once
// What happened to a task: its last transitions, kept in a ring so that the cost and the memory are bounded.

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::scheduler {

enum class TaskState : std::uint8_t { released, waiting, queued, processing, memory, erred, forgotten };
const char* name(TaskState state);

struct StoryLine {
  std::int64_t now_ns = 0;
  TaskId task;
  TaskState from = TaskState::released, to = TaskState::released;
  WorkerId worker;
};
std::ostream& operator<<(std::ostream& out, const StoryLine& line);
std::string to_string(const std::vector<StoryLine>& story);

class Story {
 public:
  void add(const StoryLine& line);
  /// The transitions of one task that are still kept, oldest first. O(ring).
  std::vector<StoryLine> of(TaskId task) const;

 private:
  static constexpr std::size_t capacity = std::size_t{1} << 17;
  std::vector<StoryLine> ring_;
  std::size_t next_ = 0;
};

}  // namespace ashlar::scheduler
