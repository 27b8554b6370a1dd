// Results on several workers: what a client asked for, and what becomes of the copies. Few results have any, so they are kept beside the
// records.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {
namespace {

bool holds(const Copies& copies, WorkerId worker) { return std::binary_search(copies.workers.begin(), copies.workers.end(), worker); }

bool is_coming(const Copies& copies, WorkerId worker) {
  return std::any_of(copies.coming.begin(), copies.coming.end(), [&](const Copies::Coming& coming) { return coming.to == worker; });
}

}  // namespace

bool State::has_copy(TaskId id, WorkerId worker) const {
  const Copies* copies = copies_of(id);
  return copies && holds(*copies, worker);
}

void State::add_copy(TaskId id, const TaskRecord& task, WorkerId to) {
  auto& workers = copies_[id].workers;
  workers.insert(std::lower_bound(workers.begin(), workers.end(), to), to);
  worker(to).bytes_in_memory += task.nbytes;
}

// Its bytes are counted from now on, so that what is asked for next goes elsewhere.
void State::start_copy(TaskId id, const TaskRecord& task, WorkerId to, std::int64_t request, bool moves) {
  Copies& copies = copies_[id];
  if (!is_coming(copies, to)) {
    worker(to).bytes_in_memory += task.nbytes;
    commands_->emplace_back(MakeCopy{to, id, task.worker, task.nbytes});
  }
  copies.coming.push_back({to, request, moves});
  ++copy_requests_[request];
}

void State::end_copy_request(std::int64_t request) {
  const auto it = copy_requests_.find(request);
  if (--it->second > 0) return;
  copy_requests_.erase(it);
  commands_->emplace_back(ReportCopies{request});
}

// The result goes: its copies, there or on their way, go with it.
void State::free_result(TaskId id, TaskRecord& task) {
  leave_worker(id, task);
  free_on_worker(task.worker, id);
  const auto it = copies_.empty() ? copies_.end() : copies_.find(id);
  if (it == copies_.end()) return;
  const Copies copies = std::move(it->second);
  copies_.erase(it);
  std::vector<WorkerId> there = copies.workers;
  for (const Copies::Coming& coming : copies.coming)
    if (std::find(there.begin(), there.end(), coming.to) == there.end()) there.push_back(coming.to);
  for (const WorkerId holder : there) {
    worker(holder).bytes_in_memory -= task.nbytes;
    touch(static_cast<std::size_t>(holder.value()));
    free_on_worker(holder, id);
  }
  for (const Copies::Coming& coming : copies.coming) end_copy_request(coming.request);
}

// What was on a lost worker besides, or on its way there, is gone. A result that was there first errs: its copies do not save it.
void State::lose_copies(WorkerId lost) {
  std::vector<std::int64_t> ended;
  for (auto it = copies_.begin(); it != copies_.end();) {
    Copies& copies = it->second;
    std::erase(copies.workers, lost);
    std::erase_if(copies.coming, [&](const Copies::Coming& coming) {
      if (coming.to == lost) ended.push_back(coming.request);
      return coming.to == lost;
    });
    it = copies.workers.empty() && copies.coming.empty() ? copies_.erase(it) : std::next(it);
  }
  for (const std::int64_t request : ended) end_copy_request(request);
}

void State::on(const CopiesWanted& event) {
  ++copy_requests_[event.number];  // not to be reported before all was looked at
  for (const TaskId id : event.tasks) {
    const TaskRecord* task = tasks_.find(id.value());
    if (!task || task->state != TaskState::memory || !task->wanted) continue;
    std::int64_t more = event.copies > 0 ? event.copies - 1 : std::numeric_limits<std::int64_t>::max();
    std::set<WorkerId> taken{task->worker};
    if (const auto it = copies_.find(id); it != copies_.end()) {
      more -= static_cast<std::int64_t>(it->second.workers.size());
      taken.insert(it->second.workers.begin(), it->second.workers.end());
      // What comes for somebody else counts too, and is waited for. What was to move becomes a copy: nobody copies from a place that is given up.
      const auto coming = it->second.coming;
      for (const Copies::Coming& other : coming)
        if (more > 0 && taken.insert(other.to).second) {
          start_copy(id, *task, other.to, event.number, false);
          --more;
        }
    }
    std::vector<std::pair<std::int64_t, std::size_t>> others;
    if (more > 0)
      for (std::size_t number = 0; number < workers_.size(); ++number)
        if (workers_[number].alive && !taken.count(WorkerId(static_cast<std::int32_t>(number)))) others.emplace_back(workers_[number].bytes_in_memory, number);
    // Those with the fewest bytes first.
    std::sort(others.begin(), others.end());
    for (const auto& [nbytes, number] : others)
      if (more-- > 0) start_copy(id, *task, WorkerId(static_cast<std::int32_t>(number)), event.number, false);
  }
  end_copy_request(event.number);
}

// From the worker with the most bytes to the one with the least, the largest result that leaves neither on the other side of their mean;
// each result at most once. One that is on several workers stays.
void State::on(const RebalanceWanted& event) {
  ++copy_requests_[event.number];
  std::map<std::size_t, std::set<std::pair<std::int64_t, TaskId>>> movable;  // by worker
  const auto look_at = [&](TaskId id) {
    const TaskRecord* task = tasks_.find(id.value());
    if (task && task->state == TaskState::memory && task->wanted && task->nbytes > 0 && !copies_of(id)) movable[static_cast<std::size_t>(task->worker.value())].emplace(task->nbytes, id);
  };
  if (event.tasks.empty()) tasks_.for_each([&](std::int64_t id, const TaskRecord&) { look_at(TaskId(id)); });
  for (const TaskId id : event.tasks) look_at(id);
  std::set<std::pair<std::int64_t, std::size_t>> from, to;
  for (std::size_t number = 0; number < workers_.size(); ++number) {
    if (!workers_[number].alive) continue;
    to.emplace(workers_[number].bytes_in_memory, number);
    if (movable.count(number)) from.emplace(workers_[number].bytes_in_memory, number);
  }
  while (!from.empty()) {
    const auto most = *from.rbegin();
    const auto least = *to.begin();
    auto& results = movable.at(most.second);
    auto chosen = results.upper_bound({(most.first - least.first) / 2, TaskId(std::numeric_limits<std::int64_t>::max())});
    from.erase(most);
    if (chosen == results.begin()) continue;  // nothing of it fits between them, nor will: the gap to the least only shrinks
    const auto [nbytes, id] = *--chosen;
    results.erase(chosen);
    to.erase(most);
    to.erase(least);
    from.erase(least);
    to.emplace(most.first - nbytes, most.second);
    to.emplace(least.first + nbytes, least.second);
    if (!results.empty()) from.emplace(most.first - nbytes, most.second);
    if (movable.count(least.second) && !movable.at(least.second).empty()) from.emplace(least.first + nbytes, least.second);
    start_copy(id, record(id), WorkerId(static_cast<std::int32_t>(least.second)), event.number, true);
  }
  end_copy_request(event.number);
}

void State::on(const CopyMade& event) {
  const auto it = copies_.find(event.task);
  if (it == copies_.end() || !worker(event.worker).alive) return;  // freed meanwhile, and the worker was told
  Copies& copies = it->second;
  std::vector<std::int64_t> ended;
  bool moves = true;
  std::erase_if(copies.coming, [&](const Copies::Coming& coming) {
    if (coming.to != event.worker) return false;
    moves &= coming.moves;
    ended.push_back(coming.request);
    return true;
  });
  if (ended.empty()) return;
  TaskRecord& task = record(event.task);
  if (moves) {
    const WorkerId old = std::exchange(task.worker, event.worker);
    worker(old).bytes_in_memory -= task.nbytes;
    touch(static_cast<std::size_t>(old.value()));
    free_on_worker(old, event.task);
    tell_moved(event.task, task);
  } else {
    copies.workers.insert(std::lower_bound(copies.workers.begin(), copies.workers.end(), event.worker), event.worker);
  }
  if (copies.workers.empty() && copies.coming.empty()) copies_.erase(it);
  for (const std::int64_t request : ended) end_copy_request(request);
}

}  // namespace ashlar::scheduler
