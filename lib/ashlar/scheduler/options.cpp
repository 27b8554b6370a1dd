// What few tasks have: a priority, workers that may run them, resources they take, retries.
#include <algorithm>
#include <utility>

#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {
namespace {

constexpr std::size_t unused_pools_max = 1000;

std::string amount_text(std::int64_t amount) {
  std::string text = std::to_string(amount / resource_unit);
  if (std::int64_t rest = amount % resource_unit; rest > 0) {
    std::string digits = std::to_string(resource_unit + rest).substr(1);
    while (digits.back() == '0') digits.pop_back();
    text += "." + digits;
  }
  return text;
}

std::int64_t amount_of(const ResourceAmounts& amounts, const std::string& name) {
  for (const auto& [its_name, amount] : amounts)
    if (its_name == name) return amount;
  return 0;
}

}  // namespace

// Ids stay below 2^40 and priorities below 2^20 either way.
std::int64_t State::order_of(TaskId id, const TaskRecord& task) const {
  return task.special ? id.value() - specials_.at(id).priority * patient : id.value();
}

const Pool* State::pool_of(TaskId id, const TaskRecord& task) const {
  if (!task.special) return nullptr;
  const std::int32_t number = specials_.at(id).pool;
  return number < 0 ? nullptr : &pools_[static_cast<std::size_t>(number)];
}

void State::add_specials(TaskId id, TaskRecord& task, const NewTaskOptions& options) {
  TaskSpecials& special = specials_[id];
  task.special = true;
  special.priority = options.priority;
  special.retries = options.retries;
  special.limits = options.limits;
  static const ResourceAmounts none;
  const ResourceAmounts& resources = options.limits ? options.limits->resources : none;
  if (options.priority == 0 && options.workers.empty() && resources.empty()) return;
  special.pool = pool_number(options.workers, resources);
  ++pools_[static_cast<std::size_t>(special.pool)].tasks;
}

void State::forget_specials(TaskId id) {
  const auto it = specials_.find(id);
  if (it->second.pool >= 0) --pools_[static_cast<std::size_t>(it->second.pool)].tasks;
  specials_.erase(it);
}

// ---- pools

std::int32_t State::pool_number(std::vector<WorkerId> workers, const ResourceAmounts& resources) {
  std::sort(workers.begin(), workers.end());
  workers.erase(std::unique(workers.begin(), workers.end()), workers.end());
  const auto [it, added] = pool_numbers_.try_emplace({workers, resources}, 0);
  if (!added) return it->second;
  if (free_pools_.empty()) {
    if (pools_.size() > unused_pools_max) drop_unused_pools();
    if (free_pools_.empty()) {
      free_pools_.push_back(static_cast<std::int32_t>(pools_.size()));
      pools_.emplace_back();
    }
  }
  const std::int32_t number = free_pools_.back();
  free_pools_.pop_back();
  it->second = number;
  Pool& pool = pools_[static_cast<std::size_t>(number)];
  pool.workers = std::move(workers);
  pool.resources = resources;
  if (pool.open())
    open_pool_ = number;
  else
    find_able(number);
  return number;
}

// Pools are few, and the same ones come back: those without a task are kept until they are many.
void State::drop_unused_pools() {
  for (auto it = pool_numbers_.begin(); it != pool_numbers_.end();) {
    const std::int32_t number = it->second;
    Pool& pool = pools_[static_cast<std::size_t>(number)];
    if (pool.tasks > 0 || (pool.workers != it->first.first || pool.resources != it->first.second) || pool.open()) {
      ++it;
      continue;
    }
    for (const std::size_t worker : pool.able) std::erase(workers_[worker].pools, number);
    pool = Pool();
    free_pools_.push_back(number);
    it = pool_numbers_.erase(it);
  }
}

void State::find_able(std::int32_t number) {
  Pool& pool = pools_[static_cast<std::size_t>(number)];
  const auto look_at = [&](std::size_t worker) {
    if (worker >= workers_.size() || !workers_[worker].alive || !has(workers_[worker], pool.resources)) return;
    pool.able.push_back(worker);
    workers_[worker].pools.push_back(number);
  };
  if (pool.workers.empty())
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) look_at(worker);
  else
    for (const WorkerId worker : pool.workers) look_at(static_cast<std::size_t>(worker.value()));
}

void State::join_pools(std::size_t number) {
  WorkerRecord& worker = workers_[number];
  const WorkerId id(static_cast<std::int32_t>(number));
  for (const auto& [key, pool_number] : pool_numbers_) {
    Pool& pool = pools_[static_cast<std::size_t>(pool_number)];
    if (pool.open() || !has(worker, pool.resources)) continue;
    if (!pool.workers.empty() && !std::binary_search(pool.workers.begin(), pool.workers.end(), id)) continue;
    pool.able.insert(std::lower_bound(pool.able.begin(), pool.able.end(), number), number);
    worker.pools.push_back(pool_number);
  }
}

void State::leave_pools(std::size_t number) {
  std::vector<TaskId> stranded;
  for (const std::int32_t pool_number : std::exchange(workers_[number].pools, {})) {
    Pool& pool = pools_[static_cast<std::size_t>(pool_number)];
    std::erase(pool.able, number);
    if (pool.able.empty())
      for (const auto& [order, task] : pool.held) stranded.push_back(task);
  }
  if (alive_threads_ == 0 && open_pool_ >= 0)
    for (const auto& [order, task] : pools_[static_cast<std::size_t>(open_pool_)].held) stranded.push_back(task);
  for (TaskId id : stranded)
    if (const TaskRecord* task = tasks_.find(id.value()); task && task->state == TaskState::queued)
      to_erred(id, TaskId(), why_nobody(*pool_of(id, *task)), false);
}

bool State::able(const Pool& pool, std::size_t worker) const {
  return pool.open() || std::binary_search(pool.able.begin(), pool.able.end(), worker);
}

bool State::has(const WorkerRecord& worker, const ResourceAmounts& amounts) const {
  return std::all_of(amounts.begin(), amounts.end(), [&](const auto& a) { return amount_of(worker.resources, a.first) >= a.second; });
}

// The worker itself sees to it that no more is used than there is. It is given as much again ahead, so that it never waits for rank 0.
bool State::not_taken(const WorkerRecord& worker, const ResourceAmounts& amounts) const {
  return std::all_of(amounts.begin(), amounts.end(), [&](const auto& a) {
    const auto taken = worker.taken.find(a.first);
    return taken == worker.taken.end() || taken->second + a.second <= 2 * amount_of(worker.resources, a.first);
  });
}

void State::take_resources(TaskId id, const TaskRecord& task, std::int64_t sign) {
  const TaskSpecials& special = specials_.at(id);
  if (!special.limits) return;
  for (const auto& [name, amount] : special.limits->resources) worker(task.worker).taken[name] += sign * amount;
}

std::string State::why_nobody(const Pool& pool) const {
  std::vector<std::size_t> there;
  const auto look_at = [&](std::size_t number) {
    if (number < workers_.size() && workers_[number].alive) there.push_back(number);
  };
  for (const WorkerId worker : pool.workers) look_at(static_cast<std::size_t>(worker.value()));
  if (pool.workers.empty())
    for (std::size_t number = 0; number < workers_.size(); ++number) look_at(number);
  if (there.empty()) {
    if (pool.workers.empty()) return "there is no worker";
    std::string text = "none of the workers it may run on is there:";
    for (const WorkerId worker : pool.workers) text += " worker " + std::to_string(worker.value()) + (worker == pool.workers.back() ? "" : ",");
    return text;
  }
  for (const auto& [name, amount] : pool.resources) {
    std::int64_t most = 0;
    for (const std::size_t number : there) most = std::max(most, amount_of(workers_[number].resources, name));
    if (most < amount)
      return "it takes " + amount_text(amount) + " of the resource " + name + ", and the most that a worker it may run on has is " + amount_text(most) +
             " (--ashlar-resources says what workers have)";
  }
  return "no worker it may run on has all the resources it takes at once (--ashlar-resources says what workers have)";
}

void State::hold_sources(const TaskRuns& sources) {
  if (specials_.empty()) {
    share_out(sources);
    return;
  }
  TaskRuns plain;
  std::set<std::int32_t> grown;
  sources.for_each([&](TaskId id) {
    TaskRecord* task = tasks_.find(id.value());
    if (!task || task->state != TaskState::queued) return;
    const Pool* pool = pool_of(id, *task);
    if (!pool) {
      plain.push_back(id);
    } else if (pool->open() ? alive_threads_ == 0 : pool->able.empty()) {
      to_erred(id, TaskId(), why_nobody(*pool), false);
    } else {
      const std::int32_t number = specials_.at(id).pool;
      pools_[static_cast<std::size_t>(number)].held.emplace(order_of(id, *task), id);
      task->pooled = true;
      ++pooled_;
      grown.insert(number);
    }
  });
  share_out(plain);
  // The idle take from the open pool by themselves.
  for (const std::int32_t number : grown) {
    const Pool& pool = pools_[static_cast<std::size_t>(number)];
    if (pool.open()) continue;
    if (idle_.size() < pool.able.size()) {
      for (const std::size_t worker : idle_)
        if (able(pool, worker)) touch(worker);
    } else {
      for (const std::size_t worker : pool.able)
        if (workers_[worker].idle) touch(worker);
    }
  }
}

void State::unpool(TaskId id, TaskRecord& task) {
  task.pooled = false;
  --pooled_;
  pools_[static_cast<std::size_t>(specials_.at(id).pool)].held.erase({order_of(id, task), id});
}

// The first source in order that this worker may take from a pool.
std::optional<std::pair<std::int64_t, TaskId>> State::first_pooled(std::size_t number) const {
  const WorkerRecord& worker = workers_[number];
  std::optional<std::pair<std::int64_t, TaskId>> first;
  const auto look_at = [&](std::int32_t pool_number) {
    const Pool& pool = pools_[static_cast<std::size_t>(pool_number)];
    if (pool.held.empty() || (first && *first < *pool.held.begin()) || !not_taken(worker, pool.resources)) return;
    first = *pool.held.begin();
  };
  if (open_pool_ >= 0) look_at(open_pool_);
  for (const std::int32_t pool_number : worker.pools) look_at(pool_number);
  return first;
}

// ---- tasks that run again

bool State::retry_later(TaskId id, TaskRecord& task) {
  if (!task.special) return false;
  TaskSpecials& special = specials_.at(id);
  if (special.retries == 0) return false;
  --special.retries;
  std::int64_t pause = policy_.retry_pause_ns;
  for (std::int32_t i = 0; i < special.failures && pause < policy_.retry_pause_max_ns; ++i) pause *= 2;
  ++special.failures;
  back_to_waiting(id, task);
  special.again_at = now_ + std::min(pause, policy_.retry_pause_max_ns);
  pauses_.emplace(special.again_at, id);
  return true;
}

void State::on(const TimePassed&) {
  // A source is not held back again: tasks that were placed may wait for it.
  std::vector<TaskId> ready;
  while (!pauses_.empty() && pauses_.begin()->first <= now_) {
    const auto [at, id] = *pauses_.begin();
    pauses_.erase(pauses_.begin());
    const TaskRecord* task = tasks_.find(id.value());
    if (!task || task->state != TaskState::waiting || specials_.at(id).again_at != at) continue;  // it ended during its pause
    specials_.at(id).again_at = 0;
    ready.push_back(id);
  }
  place_all(std::move(ready));
}

// Of a task that a worker has ended or given back without a result: it is to be placed anew. Its inputs stay where they are.
void State::back_to_waiting(TaskId id, TaskRecord& task) {
  leave_worker(id, task);
  move(id, task, TaskState::waiting);
  task.again = true;
  task.last_uses = 0;
  for (TaskId next : task.dependents)
    if (TaskRecord* dependent = live_dependent(next); dependent && dependent->state == TaskState::waiting) ++dependent->unplaced;
}

// Those that were placed and wait for its result asked where it was. The worker it goes to sees that by itself.
void State::tell_moved(TaskId id, const TaskRecord& task) {
  std::set<WorkerId> told{task.worker};
  for (TaskId next : task.dependents)
    if (const TaskRecord* dependent = live_dependent(next); dependent && dependent->state == TaskState::processing && told.insert(dependent->worker).second)
      commands_->emplace_back(TellMoved{dependent->worker, id, task.worker});
}

}  // namespace ashlar::scheduler
