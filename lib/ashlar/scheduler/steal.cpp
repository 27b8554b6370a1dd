// Tasks that go from a worker with more than it can run to one that would idle. Nothing here may cost O(workers) or O(tasks) for an event.
#include <algorithm>

#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {
namespace {

// After how much work a task starts that has `before` tasks of `ns` in all before it.
std::int64_t start_after(std::int64_t before, std::int64_t ns, int threads) {
  return before < threads ? 0 : ns / before * (before - threads + 1) / threads;
}

}  // namespace

// Listed are those with more tasks that can run than threads.
void State::note_rich(std::size_t number) {
  WorkerRecord& worker = workers_[number];
  const bool rich = worker.alive && worker.runnable > worker.threads;
  if (rich == (worker.rich >= 0)) return;
  if (rich) {
    worker.rich = static_cast<std::int32_t>(rich_.size());
    rich_.push_back(number);
    return;
  }
  const auto place = static_cast<std::size_t>(worker.rich);
  worker.rich = -1;
  rich_[place] = rich_.back();
  workers_[rich_[place]].rich = static_cast<std::int32_t>(place);
  rich_.pop_back();
  if (place == rich_.size()) worker.rich = -1;
}

bool State::may_be_stolen(TaskId id, std::size_t victim) const {
  const TaskRecord* task = tasks_.find(id.value());
  return task && task->counted && !task->asked_back && !task->started && static_cast<std::size_t>(task->worker.value()) == victim;
}

void State::list_stealable(TaskId id, std::size_t number) {
  WorkerRecord& worker = workers_[number];
  worker.stealable.push_back(id);
  if (worker.stealable.size() > 2 * static_cast<std::size_t>(worker.runnable) + 64)
    std::erase_if(worker.stealable, [&](TaskId listed) { return !may_be_stolen(listed, number); });
}

void State::steal_for_idle() {
  int failures = 0;
  auto idle = idle_.lower_bound(next_worker_);
  for (std::size_t seen = 0; seen < idle_.size() && failures < 2 && !rich_.empty(); ++seen, ++idle) {
    if (idle == idle_.end()) idle = idle_.begin();
    if (!steal_for(*idle)) ++failures;
  }
}

// Of a few with more than they can run, the one whose last task waits longest; true when it was asked for a task.
bool State::steal_for(std::size_t number) {
  const WorkerRecord& thief = workers_[number];
  if (thief.coming >= thief.threads) return false;
  const std::int64_t here = start_after(thief.runnable + thief.coming, thief.runnable_ns + thief.coming_ns, thief.threads);
  constexpr std::size_t few = 8;
  std::size_t victim = workers_.size();
  std::int64_t longest = here + policy_.steal_ns;
  for (std::size_t i = 0; i < std::min(few, rich_.size()); ++i) {
    const std::size_t candidate = rich_[(next_worker_ + i) % rich_.size()];
    const WorkerRecord& worker = workers_[candidate];
    const std::int64_t left = worker.runnable - worker.asked_back;
    if (left <= worker.threads) continue;
    const std::int64_t there = start_after(left - 1, worker.runnable_ns / worker.runnable * (left - 1), worker.threads);
    if (there > longest || (there == longest && victim != workers_.size() && candidate < victim)) {
      longest = there;
      victim = candidate;
    }
  }
  if (victim == workers_.size()) return false;
  const TaskId id = task_to_steal(workers_[victim], victim, number);
  if (id == TaskId()) return false;
  TaskRecord& task = record(id);
  // The plan knows how long the victim has been at what runs there; unless that takes much longer than was thought.
  const std::int64_t planned = task.expected_end() + workers_[victim].late_ns - task.expected_ns - now_;
  if (planned > -task.expected_ns / 2) longest = std::min(longest, std::max<std::int64_t>(planned, 0));
  std::int64_t moved = 0;
  for (TaskId input : task.inputs)
    if (const TaskRecord& producer = record(input); static_cast<std::size_t>(producer.worker.value()) != number) moved += known_nbytes(producer);
  const auto moving = static_cast<std::int64_t>(static_cast<double>(moved) / policy_.bytes_per_ns);
  // The victim has to send the inputs meanwhile: that wins nothing where it takes longer than the task itself. How long that takes is not guessed.
  const bool no_relief = moving > policy_.steal_ns && moving > groups_[static_cast<std::size_t>(task.group)].ns_mean;
  if (no_relief || here + policy_.steal_ns + moving >= longest) {
    list_stealable(id, victim);
    return false;
  }
  task.asked_back = true;
  steals_[id] = {WorkerId(static_cast<std::int32_t>(number)), ++last_steal_, task.expected_ns};
  ++workers_[victim].asked_back;
  ++workers_[number].coming;
  workers_[number].coming_ns += task.expected_ns;
  commands_->emplace_back(AskBack{task.worker, id, last_steal_});
  return true;
}

// Takes the last of its tasks that can go to the thief off the victim's list; invalid when of the last few none can.
TaskId State::task_to_steal(WorkerRecord& victim, std::size_t victim_number, std::size_t thief) {
  constexpr int few = 4;
  auto& listed = victim.stealable;
  for (std::size_t at = listed.size(), seen = 0; at > 0 && seen < few; --at) {
    const TaskId id = listed[at - 1];
    if (!may_be_stolen(id, victim_number)) {
      listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(at) - 1);
      continue;
    }
    ++seen;
    const TaskRecord& task = record(id);
    const Pool* pool = pool_of(id, task);
    if ((pool && (!able(*pool, thief) || !not_taken(workers_[thief], pool->resources))) || !fits(workers_[thief], task)) continue;
    // A worker that was told of the last use of another's result may have the only copy.
    bool only_copy = false;
    for (std::size_t i = 0; i < task.inputs.size() && i < 64; ++i)
      only_copy |= (task.last_uses >> i & 1) != 0 && record(task.inputs[i]).worker != task.worker;
    if (only_copy) continue;
    listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(at) - 1);
    return id;
  }
  return TaskId();
}

void State::end_steal(TaskId id, TaskRecord& task) {
  const auto it = steals_.find(id);
  task.asked_back = false;
  --worker(task.worker).asked_back;
  WorkerRecord& thief = worker(it->second.thief);
  --thief.coming;
  thief.coming_ns -= it->second.expected_ns;
  touch(static_cast<std::size_t>(it->second.thief.value()));
  steals_.erase(it);
}

void State::on(const TaskReturned& event) {
  const auto it = steals_.find(event.task);
  if (it == steals_.end() || it->second.number != event.number) return;  // it ended otherwise meanwhile
  const WorkerId thief = it->second.thief;
  TaskRecord& task = record(event.task);
  end_steal(event.task, task);
  if (!event.returned) {
    task.started = true;
    return;
  }
  back_to_waiting(event.task, task);
  // Unless the thief was lost or has filled its memory meanwhile. Held back it must not be: tasks that were placed may wait for it.
  const WorkerId to = worker(thief).alive && fits(worker(thief), task) ? thief : event.worker;
  std::vector<TaskId> ready;
  take_thread(worker(to), task, now_ + policy_.transfer_latency_ns);
  waiting_processing(event.task, task, to);
  task.started = true;  // once is enough: two workers without memory would hand it to and fro
  placed(task, ready);
  place_all(std::move(ready));
}

}  // namespace ashlar::scheduler
