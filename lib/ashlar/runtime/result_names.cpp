#include "ashlar/runtime/result_names.hpp"

namespace ashlar {

// Under the lock: holds the result or not, as the counts say. What is let go of is returned, to be dropped outside the lock.
ResultHandle ResultNames::settle(Entries::iterator it) {
  Entry& entry = it->second;
  if (!entry.held_by.empty() || entry.under_way > 0) {
    if (!entry.held) entry.held = entry.result.lock();
    return nullptr;
  }
  ResultHandle dropped = std::move(entry.held);
  entry.held = nullptr;
  if (entry.under_way == 0 && (entry.result.expired() || (dropped && dropped.use_count() == 1))) entries_.erase(it);
  return dropped;
}

void ResultNames::sweep() {
  if (entries_.size() < sweep_at_) return;
  std::erase_if(entries_, [](const auto& entry) { return entry.second.result.expired() && entry.second.held_by.empty() && entry.second.under_way == 0; });
  sweep_at_ = 2 * entries_.size() + 1024;
}

void ResultNames::note(std::int64_t name, const ResultHandle& result) {
  std::lock_guard lock(mutex_);
  sweep();
  entries_[name].result = result;
}

void ResultNames::made(std::int64_t name, const ResultHandle& result, int worker) {
  std::lock_guard lock(mutex_);
  sweep();
  Entry& entry = entries_[name];
  entry.result = result;
  entry.held = result;
  ++entry.held_by[worker];
}

void ResultNames::under_way(std::int64_t name, const ResultHandle& result, int times) {
  ResultHandle dropped;
  std::lock_guard lock(mutex_);
  const auto it = entries_.try_emplace(name).first;
  if (result) it->second.result = result;
  it->second.under_way += times;
  dropped = settle(it);
}

ResultHandle ResultNames::find(std::int64_t name) {
  std::lock_guard lock(mutex_);
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : it->second.result.lock();
}

ResultHandle ResultNames::claim(std::int64_t name) {
  ResultHandle found, dropped;
  std::lock_guard lock(mutex_);
  const auto it = entries_.try_emplace(name).first;
  found = it->second.result.lock();
  --it->second.under_way;
  dropped = settle(it);
  return found;
}

ResultHandle ResultNames::hold(std::int64_t name, int worker, bool claim) {
  ResultHandle dropped;
  std::lock_guard lock(mutex_);
  const auto it = entries_.try_emplace(name).first;
  ResultHandle found = it->second.result.lock();
  ++it->second.held_by[worker];
  // A worker's claim may overtake the word of the sender that it is under way: the count is below 0 until that comes.
  if (claim) --it->second.under_way;
  dropped = settle(it);
  return found;
}

void ResultNames::release(std::int64_t name, int worker) {
  ResultHandle dropped;
  std::lock_guard lock(mutex_);
  const auto it = entries_.find(name);
  if (it == entries_.end()) return;
  const auto held = it->second.held_by.find(worker);
  if (held == it->second.held_by.end()) return;
  if (--held->second == 0) it->second.held_by.erase(held);
  dropped = settle(it);
}

std::vector<int> ResultNames::holders(std::int64_t name) {
  std::vector<int> workers;
  std::lock_guard lock(mutex_);
  if (const auto it = entries_.find(name); it != entries_.end())
    for (const auto& [worker, times] : it->second.held_by) workers.push_back(worker);
  return workers;
}

void ResultNames::forget_worker(int worker) {
  std::vector<ResultHandle> dropped;
  std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto next = std::next(it);
    if (it->second.held_by.erase(worker)) dropped.push_back(settle(it));
    it = next;
  }
}

std::size_t ResultNames::size() {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace ashlar
