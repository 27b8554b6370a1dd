// Who waits for what, for the day when nothing moves.
#include "ashlar/worker/state.hpp"

namespace ashlar::worker {

std::int64_t State::append_waits(std::vector<protocol::Wait>& waits, std::size_t most) const {
  using protocol::WaitKind;
  std::int64_t left_out = 0;
  const auto add = [&](const protocol::Wait& wait) {
    if (waits.size() < most)
      waits.push_back(wait);
    else
      ++left_out;
  };
  tasks_.for_each([&](std::int64_t id, const Task& task) {
    if (task.state == TaskState::executing) return;  // the loop knows since when
    if (task.state == TaskState::ready) add({WaitKind::ready, TaskId(id), TaskId(), self_});
    for (const TaskInputRef& input : task.inputs) {
      const Datum* datum = data_.find(input.task.value());
      if (!datum || datum->state == DataState::here) continue;
      const WaitKind kind = datum->state == DataState::asked ? WaitKind::asked : datum->queued ? WaitKind::ask_queued : WaitKind::made_here;
      add({kind, TaskId(id), input.task, input.holder});
    }
  });
  data_.for_each([&](std::int64_t id, const Datum& datum) {
    for (const auto& [by, last_use] : datum.asked_by) add({WaitKind::peer, TaskId(), TaskId(id), by});
  });
  return left_out;
}

}  // namespace ashlar::worker
