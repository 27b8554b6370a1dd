#include "ashlar/scheduler/story.hpp"

#include <sstream>

namespace ashlar::scheduler {

const char* name(TaskState state) {
  switch (state) {
    case TaskState::released:
      return "released";
    case TaskState::waiting:
      return "waiting";
    case TaskState::queued:
      return "queued";
    case TaskState::processing:
      return "processing";
    case TaskState::memory:
      return "memory";
    case TaskState::erred:
      return "erred";
    case TaskState::forgotten:
      break;
  }
  return "forgotten";
}

std::ostream& operator<<(std::ostream& out, const StoryLine& line) {
  out << line.now_ns << " ns: task " << line.task << " " << name(line.from) << " -> " << name(line.to);
  if (line.worker.value() >= 0) out << " (worker " << line.worker << ")";
  return out;
}

std::string to_string(const std::vector<StoryLine>& story) {
  std::ostringstream text;
  for (const StoryLine& line : story) text << line << '\n';
  return text.str();
}

void Story::add(const StoryLine& line) {
  if (ring_.size() < capacity)
    ring_.push_back(line);
  else
    ring_[next_] = line;
  next_ = (next_ + 1) % capacity;
}

std::vector<StoryLine> Story::of(TaskId task) const {
  std::vector<StoryLine> lines;
  const std::size_t first = ring_.size() < capacity ? 0 : next_;
  for (std::size_t i = 0; i < ring_.size(); ++i)
    if (const StoryLine& line = ring_[(first + i) % ring_.size()]; line.task == task) lines.push_back(line);
  return lines;
}

}  // namespace ashlar::scheduler
