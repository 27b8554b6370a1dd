#include "ashlar/scheduler/invariants.hpp"

#include <algorithm>
#include <map>

namespace ashlar::scheduler {

std::vector<std::string> broken_invariants(const State& state) {
  std::vector<std::string> broken;
  std::map<std::int64_t, int> uses, live, queued;
  struct Sums {
    std::int64_t bytes_in_memory = 0, bytes_expected = 0, occupancy_ns = 0, processing = 0, runnable = 0, runnable_ns = 0, asked_back = 0, coming = 0,
                 coming_ns = 0;
  };
  std::vector<Sums> sums(state.workers_.size());
  std::int64_t held = 0, processing = 0, pooled = 0, blocks = 0, copied = 0;
  std::map<std::int64_t, std::int64_t> copying;
  std::map<std::int32_t, std::int64_t> pool_tasks;
  std::map<std::int32_t, std::map<std::string, std::int64_t>> taken;
  const auto say = [&](std::int64_t id, const std::string& what) { broken.push_back("task " + std::to_string(id) + ": " + what); };

  state.tasks_.for_each([&](std::int64_t id, const TaskRecord& task) {
    int unplaced = 0, missing = 0;
    blocks += task.inputs.in_block() + task.dependents.in_block();
    for (TaskId input : task.inputs) {
      ++uses[input.value()];
      const TaskRecord* producer = state.tasks_.find(input.value());
      if (!producer) {
        say(id, "input " + std::to_string(input.value()) + " has no record");
        continue;
      }
      if (producer->state == TaskState::waiting || producer->state == TaskState::queued) ++unplaced;
      if (producer->state != TaskState::memory) ++missing;
    }
    for (TaskId next : task.dependents) {
      const TaskRecord* dependent = state.tasks_.find(next.value());
      if (!dependent || (dependent->state != TaskState::waiting && dependent->state != TaskState::processing)) continue;
      ++live[id];
      if (std::find(dependent->inputs.begin(), dependent->inputs.end(), TaskId(id)) == dependent->inputs.end())
        say(id, "lists " + std::to_string(next.value()) + " as a dependent, which does not list it as an input");
    }
    if (task.state == TaskState::waiting && task.unplaced != unplaced)
      say(id, "unplaced is " + std::to_string(task.unplaced) + ", counted " + std::to_string(unplaced));
    if ((task.state == TaskState::waiting || task.state == TaskState::processing) && task.missing != missing)
      say(id, "missing is " + std::to_string(task.missing) + ", counted " + std::to_string(missing));
    const bool away = state.away_.count(TaskId(id)) == 1;
    if (away && task.state != TaskState::processing) say(id, "waits and is not processing");
    if (task.counted != (task.state == TaskState::processing && missing == 0 && !away))
      say(id, "is counted as runnable and is not, or the other way round");
    const auto special = state.specials_.find(TaskId(id));
    if (task.special != (special != state.specials_.end())) say(id, "is special and has no entry, or the other way round");
    const bool pauses = special != state.specials_.end() && special->second.again_at > 0;
    if (pauses && (task.state == TaskState::waiting) && !state.pauses_.count({special->second.again_at, TaskId(id)})) say(id, "pauses for ever");
    if (task.state == TaskState::waiting && unplaced == 0 && !pauses) say(id, "waits for nothing");
    const std::int32_t pool = special == state.specials_.end() ? -1 : special->second.pool;
    if (pool >= 0) ++pool_tasks[pool];
    const bool listed = pool >= 0 && state.pools_[static_cast<std::size_t>(pool)].held.count({state.order_of(TaskId(id), task), TaskId(id)}) == 1;
    if (task.pooled != (task.state == TaskState::queued && pool >= 0) || task.pooled != listed) say(id, "is held in its pool and not listed so, or the other way round");
    if (task.pooled) ++pooled;
    if (task.counted && special != state.specials_.end() && special->second.limits)
      for (const auto& [name, amount] : special->second.limits->resources) taken[task.worker.value()][name] += amount;
    if (task.state == TaskState::queued && !task.inputs.empty()) say(id, "is queued and has inputs");
    if (task.state == TaskState::processing && task.unplaced != 0) say(id, "is processing with inputs that are not placed");
    if (task.consumers != live[id])
      say(id, "consumers is " + std::to_string(task.consumers) + ", live dependents " + std::to_string(live[id]));
    if (task.consumers == 0 && !task.wanted) say(id, "is kept for nobody");
    if (task.state == TaskState::memory && task.wanted && task.fetch && task.consumers == 0) say(id, "was fetched and is kept");
    if ((task.state == TaskState::memory || task.state == TaskState::erred) && !task.inputs.empty())
      say(id, "has ended and keeps its inputs");
    if ((task.state == TaskState::erred && task.cause() == TaskId()) != (state.endings_.count(TaskId(id)) == 1))
      say(id, "has a reason although it has a cause or did not err, or neither");
    const auto steal = state.steals_.find(TaskId(id));
    if (task.asked_back != (steal != state.steals_.end())) say(id, "is asked back and not listed so, or the other way round");
    if (task.asked_back && !task.counted) say(id, "is asked back and cannot run");
    if (task.asked_back) {
      ++sums.at(static_cast<std::size_t>(task.worker.value())).asked_back;
      ++sums.at(static_cast<std::size_t>(steal->second.thief.value())).coming;
      sums.at(static_cast<std::size_t>(steal->second.thief.value())).coming_ns += steal->second.expected_ns;
    }
    if (task.counted && !task.asked_back && !task.started) {
      const auto& listed = state.workers_.at(static_cast<std::size_t>(task.worker.value())).stealable;
      if (std::find(listed.begin(), listed.end(), TaskId(id)) == listed.end()) say(id, "could be stolen and is not listed");
    }
    if (task.state == TaskState::queued && !task.pooled) ++queued[id];
    if (task.state == TaskState::queued) ++held;
    if (task.state == TaskState::processing) ++processing;
    if (task.state == TaskState::processing || task.state == TaskState::memory) {
      Sums& sum = sums.at(static_cast<std::size_t>(task.worker.value()));
      if (task.state == TaskState::memory) {
        sum.bytes_in_memory += task.nbytes;
        if (const Copies* copies = state.copies_of(TaskId(id))) {
          std::set<WorkerId> there(copies->workers.begin(), copies->workers.end());
          if (there.size() != copies->workers.size() || !std::is_sorted(copies->workers.begin(), copies->workers.end())) say(id, "lists a worker twice, or out of order, that has a copy");
          for (const Copies::Coming& coming : copies->coming) {
            if (there.count(coming.to) && std::binary_search(copies->workers.begin(), copies->workers.end(), coming.to)) say(id, "is copied to where a copy is");
            there.insert(coming.to);
            ++copying[coming.request];
          }
          if (there.empty()) say(id, "has an empty list of copies");
          if (there.count(task.worker)) say(id, "has a copy where it is itself");
          for (const WorkerId holder : there) {
            if (!state.workers_.at(static_cast<std::size_t>(holder.value())).alive) say(id, "has a copy on a worker that was lost");
            sums[static_cast<std::size_t>(holder.value())].bytes_in_memory += task.nbytes;
          }
          ++copied;
        }
      } else {
        sum.occupancy_ns += task.expected_ns;
        ++sum.processing;
        if (task.counted) {
          sum.bytes_expected += task.nbytes;
          ++sum.runnable;
          sum.runnable_ns += task.expected_ns;
        }
      }
    }
  });
  state.tasks_.for_each([&](std::int64_t id, const TaskRecord& task) {
    if (const auto it = uses.find(id); (it == uses.end() ? 0 : it->second) != task.consumers)
      say(id, "consumers is " + std::to_string(task.consumers) + ", listed by others " + std::to_string(it == uses.end() ? 0 : it->second));
  });
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const WorkerRecord& worker = state.workers_[i];
    if (!worker.alive) continue;
    const auto compare = [&](const char* what, std::int64_t kept, std::int64_t counted) {
      if (kept != counted)
        broken.push_back("worker " + std::to_string(i) + ": " + what + " is " + std::to_string(kept) + ", counted " +
                         std::to_string(counted));
    };
    compare("bytes_in_memory", worker.bytes_in_memory, sums[i].bytes_in_memory);
    compare("bytes_expected", worker.bytes_expected, sums[i].bytes_expected);
    compare("occupancy_ns", worker.occupancy_ns, sums[i].occupancy_ns);
    compare("processing", worker.processing, sums[i].processing);
    compare("runnable", worker.runnable, sums[i].runnable);
    compare("runnable_ns", worker.runnable_ns, sums[i].runnable_ns);
    compare("asked_back", worker.asked_back, sums[i].asked_back);
    compare("coming", worker.coming, sums[i].coming);
    compare("coming_ns", worker.coming_ns, sums[i].coming_ns);
  }
  for (const WorkerRecord& worker : state.workers_)
    worker.held.for_each([&](TaskId id) {
      if (const auto it = queued.find(id.value()); it != queued.end()) --it->second;
    });
  for (const auto& [id, times] : queued)
    if (times != 0) say(id, "is queued and is not in exactly one worker's share");
  for (std::size_t i = 0; i < state.workers_.size(); ++i) {
    const WorkerRecord& worker = state.workers_[i];
    if (worker.touched || !worker.to_free.empty()) broken.push_back("worker " + std::to_string(i) + " was left over by the last event");
    if (worker.idle != (state.idle_.count(i) == 1))
      broken.push_back("worker " + std::to_string(i) + " is listed as idle and is not, or the other way round");
    if (worker.idle && (state.held_ > state.pooled_ || state.first_pooled(i))) broken.push_back("worker " + std::to_string(i) + " is idle while sources are held");
    for (const auto& [name, amount] : worker.taken)
      if (worker.alive && amount != taken[static_cast<std::int32_t>(i)][name])
        broken.push_back("worker " + std::to_string(i) + ": " + std::to_string(amount) + " of " + name + " is taken, counted " + std::to_string(taken[static_cast<std::int32_t>(i)][name]));
    for (const std::int32_t number : worker.pools)
      if (!state.able(state.pools_[static_cast<std::size_t>(number)], i)) broken.push_back("worker " + std::to_string(i) + " takes from a pool and is not listed there");
    const bool rich = worker.rich >= 0;
    if (rich != (worker.alive && worker.runnable > worker.threads) || (rich && state.rich_.at(static_cast<std::size_t>(worker.rich)) != i))
      broken.push_back("worker " + std::to_string(i) + " is listed as rich and is not, or the other way round");
    if (!worker.alive && !worker.held.empty()) broken.push_back("worker " + std::to_string(i) + " is lost and has a share");
  }
  if (state.held_ > 0 && state.processing_ == static_cast<std::int64_t>(state.away_.size())) broken.push_back("sources are held and nothing is under way");
  if (static_cast<std::int64_t>(state.endings_.size()) > state.tasks_.size()) broken.push_back("reasons are kept of tasks that are gone");
  if (copied != static_cast<std::int64_t>(state.copies_.size())) broken.push_back("copies are kept of tasks that are not in memory");
  if (copying != state.copy_requests_) broken.push_back("a request for copies waits for none, or for others than are on their way");
  if (pooled != state.pooled_) broken.push_back("pooled is " + std::to_string(state.pooled_) + ", counted " + std::to_string(pooled));
  for (std::size_t number = 0; number < state.pools_.size(); ++number) {
    const Pool& pool = state.pools_[number];
    if (pool.tasks != pool_tasks[static_cast<std::int32_t>(number)])
      broken.push_back("pool " + std::to_string(number) + ": tasks is " + std::to_string(pool.tasks) + ", counted " + std::to_string(pool_tasks[static_cast<std::int32_t>(number)]));
    for (const std::size_t worker : pool.able)
      if (!state.workers_[worker].alive || !state.has(state.workers_[worker], pool.resources) ||
          std::count(state.workers_[worker].pools.begin(), state.workers_[worker].pools.end(), static_cast<std::int32_t>(number)) != 1)
        broken.push_back("pool " + std::to_string(number) + ": lists worker " + std::to_string(worker) + ", which is lost, lacks resources or does not know of it");
  }
  if (static_cast<std::int64_t>(state.steals_.size()) > state.processing_) broken.push_back("steals are kept of tasks that are gone");
  if (state.edges_.blocks() != blocks) broken.push_back("blocks of edges in use: " + std::to_string(state.edges_.blocks()) + ", counted " + std::to_string(blocks));
  if (static_cast<std::int64_t>(state.specials_.size()) > state.tasks_.size()) broken.push_back("specials are kept of tasks that are gone");
  if (held != state.held_) broken.push_back("held is " + std::to_string(state.held_) + ", counted " + std::to_string(held));
  if (processing != state.processing_)
    broken.push_back("processing is " + std::to_string(state.processing_) + ", counted " + std::to_string(processing));
  return broken;
}

}  // namespace ashlar::scheduler
