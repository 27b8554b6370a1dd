// Where tasks go, and how many sources are under way at once.
#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>

#include "ashlar/base/options.hpp"
#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {

std::int64_t State::expected_ns(const TaskRecord& task) const {
  const std::int64_t mean = groups_[static_cast<std::size_t>(task.group)].ns_mean;
  return mean < 0 ? policy_.unknown_task_ns : mean;
}

std::int64_t State::expected_nbytes(const TaskRecord& task) const {
  if (task.nbytes >= 0) return task.nbytes;
  const std::int64_t largest = groups_[static_cast<std::size_t>(task.group)].nbytes_max;
  return largest < 0 ? policy_.unknown_nbytes : largest;
}

// What a transfer of its result is thought to move: 0 where nothing is known, since a guess would nail tasks to their inputs.
std::int64_t State::known_nbytes(const TaskRecord& task) const {
  if (task.nbytes >= 0 || task.group < 0) return std::max<std::int64_t>(task.nbytes, 0);
  return std::max<std::int64_t>(groups_[static_cast<std::size_t>(task.group)].nbytes_max, 0);
}

// From now on the task may start at any time: its result is counted before it exists.
void State::count_expected(TaskId id, TaskRecord& task) {
  task.nbytes = expected_nbytes(task);
  task.counted = true;
  WorkerRecord& where = worker(task.worker);
  where.bytes_expected += task.nbytes;
  ++where.runnable;
  where.runnable_ns += task.expected_ns;
  if (task.special) take_resources(id, task, 1);
  list_stealable(id, static_cast<std::size_t>(task.worker.value()));
  note_rich(static_cast<std::size_t>(task.worker.value()));
}

void State::free_on_worker(WorkerId id, TaskId task) {
  WorkerRecord& where = worker(id);
  if (!where.alive) return;
  if (where.to_free.empty()) to_free_.push_back(id);
  where.to_free.push_back(task);
}

// Of a task with inputs, all placed: where it can start first, and when. That is when a thread there has done what was placed on it, and
// its inputs are done and have been moved there; so a chain stays where it is, however long it makes the queue there. What counts is when
// the work ends, not how much it is: a worker that waits for inputs between its tasks has little to do and is not free, and by the amount
// alone a whole step of a stencil would be piled on it.
std::pair<WorkerId, TimeNs> State::choose_worker(TaskId id, const TaskRecord& task) const {
  struct Holder {
    WorkerId worker;
    std::int64_t nbytes;
    TimeNs done;
    std::size_t inputs = 1;
  };
  const auto join = [](Holder& a, const Holder& b) {
    a.nbytes += b.nbytes;
    a.inputs += b.inputs;
    a.done = std::max(a.done, b.done);
  };
  boost::container::small_vector<Holder, 16> holders;
  boost::container::small_vector<std::pair<const Copies*, std::int64_t>, 4> copied;
  std::int64_t total = 0;
  for (TaskId input : task.inputs) {
    const TaskRecord* producer = tasks_.find(input.value());
    if (const Copies* copies = copies_of(input)) copied.emplace_back(copies, known_nbytes(*producer));
    const Holder holder{producer->worker, known_nbytes(*producer),
                        producer->state == TaskState::memory
                            ? now_
                            : std::max(now_, producer->expected_end() + workers_[static_cast<std::size_t>(producer->worker.value())].late_ns)};
    total += holder.nbytes;
    if (!holders.empty() && holders.back().worker == holder.worker)
      join(holders.back(), holder);
    else
      holders.push_back(holder);
  }
  if (holders.size() > 1) {
    std::sort(holders.begin(), holders.end(), [](const Holder& a, const Holder& b) { return a.worker < b.worker; });
    std::size_t distinct = 0;
    for (const Holder& holder : holders)
      if (distinct > 0 && holders[distinct - 1].worker == holder.worker)
        join(holders[distinct - 1], holder);
      else
        holders[distinct++] = holder;
    holders.resize(distinct);
  }
  // Of a submission on results that exist, the tasks are placed one after another while all workers look free: by what starts first, the
  // later ones of a worker's share would be sent, inputs and all, to those whose own tasks come behind. They stay where their input is
  // when moving it takes longer than asking for a task: a worker that has nothing to do does that (decision 0016).
  if (holders.size() == 1 && !task.special && copied.empty()) {
    const auto number = static_cast<std::size_t>(holders[0].worker.value());
    if (task.missing == 0 && workers_[number].alive && static_cast<double>(total) / policy_.bytes_per_ns > static_cast<double>(policy_.steal_ns))
      return {holders[0].worker, std::max(now_, workers_[number].first_free + workers_[number].late_ns)};
  }
  // The two holders that are done last: one of them is not the worker that is looked at.
  TimeNs last = 0, last_but_one = 0;
  WorkerId last_holder;
  for (const Holder& holder : holders)
    if (holder.done > last || last_holder == WorkerId()) {
      last_but_one = std::exchange(last, holder.done);
      last_holder = holder.worker;
    } else {
      last_but_one = std::max(last_but_one, holder.done);
    }

  const Pool* pool = task.special ? pool_of(id, task) : nullptr;
  if (pool && pool->open()) pool = nullptr;
  WorkerId best;
  std::int64_t best_start = 0, best_load = 0;
  const auto consider = [&](std::size_t number) {
    const WorkerRecord& worker = workers_[number];
    const WorkerId id(static_cast<std::int32_t>(number));
    if (!worker.alive || id == best || (pool && !able(*pool, number))) return;
    const auto holder = std::lower_bound(holders.begin(), holders.end(), id, [](const Holder& h, WorkerId w) { return h.worker < w; });
    const bool holds = holder != holders.end() && holder->worker == id;
    TimeNs start = holds ? holder->done : now_;
    std::size_t inputs = holds ? holder->inputs : 0;
    std::int64_t nbytes = holds ? holder->nbytes : 0;
    for (const auto& [copies, its_nbytes] : copied)
      if (std::binary_search(copies->workers.begin(), copies->workers.end(), id)) {
        ++inputs;
        nbytes += its_nbytes;
      }
    std::int64_t copying = 0;
    if (inputs < task.inputs.size()) {
      start = std::max(start, (last_holder == id ? last_but_one : last) + policy_.transfer_latency_ns);
      copying = static_cast<std::int64_t>(static_cast<double>(total - nbytes) / policy_.bytes_per_ns);
    }
    const std::int64_t load = worker.occupancy_ns / worker.threads;
    // Work that is known of is done before: one that has reported nothing yet may be as late as the others. Inputs are copied on the worker's own
    // time, so that two workers that are busy until then are not alike: large inputs would go to and fro between them.
    start = std::max({start, worker.first_free + worker.late_ns, now_ + load}) + copying;
    if (best != WorkerId() && std::tie(start, load, id) > std::tie(best_start, best_load, best)) return;
    best = id;
    best_start = start;
    best_load = load;
  };
  const auto chosen = [&] { return std::pair(best, best_start); };
  // With many workers only those that hold inputs are looked at, and a few others in case all holders are busy.
  constexpr std::size_t few = 16, samples = 4;
  if (workers_.size() <= few) {
    for (std::size_t i = 0; i < workers_.size(); ++i) consider(i);
    return chosen();
  }
  if (pool)
    for (std::size_t i = 0; i < std::min(few, pool->able.size()); ++i) consider(pool->able[(next_worker_ + i) % pool->able.size()]);
  if (holders.size() <= few) {
    for (const Holder& holder : holders) consider(static_cast<std::size_t>(holder.worker.value()));
  } else {
    std::array<Holder, few> largest;
    std::partial_sort_copy(holders.begin(), holders.end(), largest.begin(), largest.end(), [](const Holder& a, const Holder& b) {
      return a.nbytes != b.nbytes ? a.nbytes > b.nbytes : a.worker < b.worker;
    });
    for (const Holder& holder : largest) consider(static_cast<std::size_t>(holder.worker.value()));
  }
  for (const auto& [copies, nbytes] : copied)
    for (std::size_t i = 0; i < std::min(samples, copies->workers.size()); ++i)
      consider(static_cast<std::size_t>(copies->workers[(next_worker_ + i) % copies->workers.size()].value()));
  for (std::size_t i = 0; i < samples; ++i) consider((next_worker_ + i) % workers_.size());
  if (const auto idle = idle_.lower_bound(next_worker_); idle != idle_.end()) consider(*idle);
  return chosen();
}

// The thread that is free last before the task can start: the others stay open for what can start earlier.
void State::take_thread(WorkerRecord& worker, TaskRecord& task, TimeNs start) {
  start -= worker.late_ns;
  auto taken = worker.free_at.begin();
  for (auto thread = taken; thread != worker.free_at.end(); ++thread)
    if (*taken > start ? *thread < *taken : *thread <= start && *thread > *taken) taken = thread;
  task.expected_ns = expected_ns(task);
  *taken = std::max(*taken, start) + task.expected_ns;
  task.set_expected_end(*taken);
  worker.first_free = *std::min_element(worker.free_at.begin(), worker.free_at.end());
}

// Nothing is placed there any more: what was thought of its threads is of no use.
void State::free_threads(WorkerRecord& worker) {
  worker.free_at.assign(static_cast<std::size_t>(worker.threads), 0);
  worker.first_free = 0;
  worker.late_ns = 0;
}

void State::place_all(std::vector<TaskId> ready) {
  for (std::size_t i = 0; i < ready.size(); ++i) {
    const TaskId id = ready[i];
    TaskRecord* task = tasks_.find(id.value());
    if (!task || task->state != TaskState::waiting) continue;
    next_worker_ = (next_worker_ + 1) % workers_.size();
    const auto [where, start] = choose_worker(id, *task);
    if (where == WorkerId()) {  // those that may run it were lost
      const Pool* pool = pool_of(id, *task);
      to_erred(id, TaskId(), pool ? why_nobody(*pool) : "there is no worker", false);
      continue;
    }
    take_thread(worker(where), *task, start);
    waiting_processing(id, *task, where);
    placed(*task, ready);
  }
}

// ---- sources: shares, and who gets more

void State::touch(std::size_t number) {
  if (std::exchange(workers_[number].touched, true)) return;
  touched_.push_back(number);
}

bool State::stale(TaskId id) const {
  const TaskRecord* task = tasks_.find(id.value());
  return !task || task->state != TaskState::queued;
}

void State::hold(std::size_t number, TaskId id) {
  workers_[number].held.push_back(id);
  touch(number);
}

// Enters a share that grew into the heap of shares.
void State::note_share(std::size_t number) {
  if (shares_.size() > 2 * workers_.size() + 64) {
    shares_.clear();
    for (std::size_t i = 0; i < workers_.size(); ++i)
      if (!workers_[i].held.empty()) shares_.emplace_back(workers_[i].held.size(), -static_cast<std::int64_t>(i));
    std::make_heap(shares_.begin(), shares_.end());
    return;
  }
  shares_.emplace_back(workers_[number].held.size(), -static_cast<std::int64_t>(number));
  std::push_heap(shares_.begin(), shares_.end());
}

// The worker with the longest share, which ends in a task that is still held (the lowest such worker); workers_.size() when no share is
// left.
std::size_t State::longest_share() {
  while (!shares_.empty()) {
    const auto [length, minus_number] = shares_.front();
    const auto number = static_cast<std::size_t>(-minus_number);
    auto& held = workers_[number].held;
    while (!held.empty() && stale(held.back())) held.pop_back();
    if (held.size() == length && length > 0) return number;
    std::pop_heap(shares_.begin(), shares_.end());
    shares_.pop_back();
    if (!held.empty() && held.size() < length) note_share(number);
  }
  return workers_.size();
}

// The worker with the least to do for each thread; with many workers, the least of a few, those first that found nothing to do.
std::size_t State::least_loaded() const {
  constexpr std::size_t few = 16, samples = 8;
  std::size_t best = workers_.size();
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  const auto consider = [&](std::size_t number) {
    const WorkerRecord& worker = workers_[number];
    if (!worker.alive) return;
    const std::int64_t load = (worker.processing + static_cast<std::int64_t>(worker.held.size())) * 1000 / worker.threads;
    if (load < least) {
      least = load;
      best = number;
    }
  };
  if (workers_.size() > few) {
    auto idle = idle_.lower_bound(next_worker_);
    for (std::size_t i = 0; i < std::min(samples, idle_.size()); ++i) {
      if (idle == idle_.end()) idle = idle_.begin();
      consider(*idle++);
    }
    for (std::size_t i = 0; i < samples; ++i) consider((next_worker_ + i) % workers_.size());
  }
  for (std::size_t i = 0; i < workers_.size() && (workers_.size() <= few || best == workers_.size()); ++i)
    consider((next_worker_ + i) % workers_.size());
  return best;
}

// Many sources: each worker gets a contiguous part in proportion to its threads, so neighbours in depth-first order stay together.
// Few: one by one to those with the least to do.
void State::share_out(const TaskRuns& sources) {
  if (sources.empty()) return;
  if (alive_threads_ == 0) {
    sources.for_each([&](TaskId id) {
      if (!stale(id)) to_erred(id, TaskId(), "there is no worker", false);
    });
    return;
  }
  if (static_cast<std::int64_t>(sources.size()) < alive_threads_) {
    sources.for_each([&](TaskId id) {
      const std::size_t number = least_loaded();
      hold(number, id);
      note_share(number);
      next_worker_ = (number + 1) % workers_.size();
    });
    return;
  }
  std::size_t number = 0, at = 0, end = 0;  // the worker whose part is given out, and where that ends
  std::int64_t threads = 0;                 // of the workers up to it
  const auto next_part = [&](std::size_t worker) {
    number = worker;
    if (workers_[number].alive) threads += workers_[number].threads;
    end = static_cast<std::size_t>(static_cast<__int128>(sources.size()) * threads / alive_threads_);
  };
  next_part(0);
  sources.for_each([&](TaskId id) {
    while (at == end) next_part(number + 1);
    hold(number, id);
    if (++at == end) note_share(number);
  });
}

bool State::has_room(const WorkerRecord& worker) const {
  // What waits for inputs does not count: a worker with one long chain still has threads for others.
  if (worker.runnable < std::int64_t{worker.threads} * policy_.queue_tasks) return true;
  return worker.runnable < policy_.queue_tasks_max && worker.runnable_ns < worker.threads * policy_.queue_ns;
}

bool State::fits(const WorkerRecord& worker, const TaskRecord& task) const {
  return worker.bytes_in_memory - worker.bytes_spilled + worker.bytes_expected + expected_nbytes(task) <= worker.memory_limit;
}

// Why a task can run nowhere within its budget, as far as is declared; empty when it can. What is not known is not held against it.
std::string State::oversized(TaskId id, const TaskRecord& task) const {
  std::int64_t limit = -1;
  for (const WorkerRecord& worker : workers_)
    if (worker.alive) limit = std::max(limit, worker.memory_limit);
  const std::int64_t result = std::max<std::int64_t>(task.nbytes, 0);
  std::int64_t inputs = 0;
  for (TaskId input : task.inputs) inputs += std::max<std::int64_t>(tasks_.find(input.value())->nbytes, 0);
  if (limit < 0 || result + inputs <= limit) return {};
  // Only now: an input named twice is there once.
  std::set<TaskId> distinct(task.inputs.begin(), task.inputs.end());
  inputs = 0;
  for (TaskId input : distinct) inputs += std::max<std::int64_t>(tasks_.find(input.value())->nbytes, 0);
  if (result + inputs <= limit) return {};
  return "task " + std::to_string(id.value()) + " of " + groups_[static_cast<std::size_t>(task.group)].name + " needs " + format_bytes(result + inputs) +
         " (result " + format_bytes(result) + ", inputs " + format_bytes(inputs) + "), the memory budget of a worker is " + format_bytes(limit) +
         ": make chunks smaller, raise --ashlar-memory-limit, or let such tasks run all the same with --ashlar-oversized-tasks=run";
}

void State::run_held(TaskId id, std::size_t number) {
  TaskRecord& task = record(id);
  take_thread(workers_[number], task, now_);
  waiting_processing(id, task, WorkerId(static_cast<std::int32_t>(number)));
  std::vector<TaskId> ready;
  placed(task, ready);
  if (!ready.empty()) place_all(std::move(ready));
}

// Whether a pool's source comes before what else a worker could take: its own share, or else others' shares.
bool State::wants_pooled(const WorkerRecord& worker, std::int64_t order) const {
  if (!worker.held.empty()) return order < worker.held.front().value();
  return order < patient || held_ == pooled_;
}

// Gives a worker sources while it has room: the first of its share, or the last of the longest share when its own is used up, or those
// of its pools when they come first. True when it took one of a pool: then it stops, so that others get some of them too.
bool State::feed(std::size_t number, bool from_others) {
  WorkerRecord& worker = workers_[number];
  if (std::exchange(worker.idle, false)) idle_.erase(number);
  while (worker.alive && has_room(worker)) {
    while (!worker.held.empty() && stale(worker.held.front())) worker.held.pop_front();
    auto pooled = pooled_ > 0 ? first_pooled(number) : std::nullopt;
    const bool own = !worker.held.empty();
    std::size_t from = workers_.size();
    if (!pooled || !wants_pooled(worker, pooled->first)) {
      if (!own && !from_others) return false;
      from = own ? number : held_ > pooled_ ? longest_share() : workers_.size();
      if (from != workers_.size()) pooled.reset();
    } else if (!from_others) {
      return false;
    }
    if (from == workers_.size() && !pooled) {
      worker.idle = true;
      idle_.insert(number);
      return false;
    }
    const TaskId id = pooled ? pooled->second : own ? worker.held.front() : workers_[from].held.back();
    if (worker.processing > 0 && !fits(worker, record(id))) {
      if (!std::exchange(worker.blocked, true)) blocked_.push_back(number);
      return false;
    }
    if (pooled) {
      run_held(id, number);
      return true;
    }
    if (own)
      worker.held.pop_front();
    else
      workers_[from].held.pop_back();
    run_held(id, number);
  }
  return false;
}

void State::feed_workers() {
  do {
    feed_touched();
    feed_idle();
    if (!idle_.empty() && !rich_.empty()) steal_for_idle();
    if (processing_ == static_cast<std::int64_t>(away_.size()) && held_ > 0) run_first_of_all();
  } while (!touched_.empty());  // giving work touches nobody, unless a task that was to follow it has no worker any more
}

// All get of their own share before anybody takes from another's: of two sources for two workers the first would take both.
void State::feed_touched() {
  if (touched_.size() > 1)
    for (std::size_t i = 0; i < touched_.size(); ++i) feed(touched_[i], false);
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < touched_.size(); ++i) again |= feed(touched_[i], true);
  }
  for (const std::size_t number : touched_) workers_[number].touched = false;
  touched_.clear();
}

// Those without anything take from others' shares and from the open pool, in turns; each either takes a task or is listed as blocked.
void State::feed_idle() {
  std::size_t next = next_worker_;
  while (held_ > 0 && !idle_.empty()) {
    auto idle = idle_.lower_bound(next);
    if (idle == idle_.end()) idle = idle_.begin();
    const std::size_t number = *idle;
    next = number + 1;
    if (feed(number, true)) {
      if (has_room(workers_[number])) {
        workers_[number].idle = true;
        idle_.insert(number);
      }
    } else if (workers_[number].idle) {
      return;
    }
  }
}

// Nothing under way and nothing fits: the first in order goes all the same, or nothing would ever free memory.
void State::run_first_of_all() {
  TaskId lowest;
  std::int64_t lowest_order = 0;
  std::size_t where = 0;
  bool shared = true;
  for (std::size_t number = 0; number < workers_.size(); ++number) {
    auto& held = workers_[number].held;
    while (!held.empty() && stale(held.front())) held.pop_front();
    if (held.empty() || (lowest != TaskId() && lowest < held.front())) continue;
    lowest = held.front();
    lowest_order = lowest.value();
    where = number;
  }
  for (const Pool& pool : pools_) {
    if (pool.held.empty() || (lowest != TaskId() && lowest_order < pool.held.begin()->first)) continue;
    std::tie(lowest_order, lowest) = *pool.held.begin();
    where = pool.open() ? least_loaded() : pool.able.front();
    shared = false;
  }
  if (lowest == TaskId()) return;
  if (shared) workers_[where].held.pop_front();
  run_held(lowest, where);
}

}  // namespace ashlar::scheduler
