// What may start, be asked for and be read back within the budget, and what goes to scratch for it.
//
// Why nothing can deadlock: everything is admitted in the global order of tasks. Of all unfinished tasks of the job the lowest has inputs
// that exist, and on its worker nothing comes before it: its asks go out whatever the budget says once nothing else is under way there,
// holders answer (from scratch, too) without asking their own budget for more than one value at a time, and then it starts as the lowest
// ready task. So at most one task for each worker is over the budget, and what it needs.
#include <algorithm>
#include <limits>
#include <utility>

#include "ashlar/worker/state.hpp"

namespace ashlar::worker {
namespace {

// A peer has made room for what it asks for, so that goes before all tasks here.
constexpr std::int64_t peer_order = std::numeric_limits<std::int64_t>::min() / 2;
}  // namespace

// What is put out beyond what is needed now, so that the next task need not look again.
std::int64_t State::slack() const { return std::min(limits_.budget / 16, std::int64_t{256} << 20); }

bool State::may_start(std::int64_t order, std::int64_t nbytes) {
  if (!paused_ && asks_queued_.empty() && bytes_used() + nbytes <= limits_.budget) [[likely]]
    return true;
  return may_start_when_short(order, nbytes);
}

bool State::may_start_when_short(std::int64_t order, std::int64_t nbytes) {
  if (!paused_) {
    const std::int64_t wanted = nbytes + lower_asks(order);
    make_room(bytes_used() + wanted - limits_.budget, order);
    if (bytes_used() + wanted <= limits_.budget) return true;
  }
  // The headroom of one task. What is being read back for a lower one comes soon; what a peer has yet to make may take for ever.
  if (working() || writing_ > 0) return false;
  if (asks_flying_.empty()) return true;
  const auto& [lowest, id] = *asks_flying_.begin();
  return lowest > order || data_.find(id.value())->state != DataState::loading;
}

bool State::may_ask(std::int64_t order, std::int64_t nbytes) {
  const bool lowest = asks_flying_.empty() || order < asks_flying_.begin()->first;
  if (!lowest && in_flight_ + nbytes > flight_limit_) return false;
  if (!paused_) {
    // What is not for the next task leaves some room, or what was just put out to make it would come back at once.
    std::int64_t wanted = nbytes + slack();
    if (bytes_used() + wanted + lower_ready(order) <= limits_.budget) return true;
    if (order <= lowest_here()) wanted = nbytes;
    wanted += lower_ready(order);
    make_room(bytes_used() + wanted - limits_.budget, order == peer_order ? lowest_here() : order);
    if (bytes_used() + wanted <= limits_.budget) return true;
  }
  if (!lowest) return false;
  // A write that goes on ends, and makes room: until then a peer gets no more than one value beyond the budget, or with a slow scratch what it
  // asks for would heap up here.
  if (order == peer_order) return writing_ == 0 || bytes_used() <= limits_.budget;
  return !working() && writing_ == 0 && lowest_ready() > TaskId(order);
}

// The order of memory is that of the tasks' numbers, in which inputs come before what uses them. Priorities say what starts next; were
// room given by them, tasks could wait for ever for inputs that they keep from being made. With all of the same priority the first is
// the lowest; else they are looked through. A number above all when nothing is ready.
TaskId State::lowest_ready() const {
  TaskId lowest(MemoryLimits::none);
  if (!demanding_.empty())  // one that waits for a resource needs no room yet
    if (const auto next = next_demanding()) lowest = next->second;
  if (!prioritised_) {
    if (!ready_.empty()) lowest = std::min(lowest, ready_.begin()->second);
    return lowest;
  }
  for (const auto& [order, id] : ready_) lowest = std::min(lowest, id);
  return lowest;
}

// Reading it back lets no task start: each that uses it misses something that is yet to be made or to come. Beyond the budget it would only
// go out again, and come back, for as long as that takes.
bool State::in_vain(const Datum& datum) const {
  if (datum.state != DataState::spilled || datum.order == peer_order) return false;
  for (TaskId user : datum.users) {
    const Task* task = tasks_.find(user.value());
    if (!task || task->state == TaskState::executing) continue;
    const bool comes = std::any_of(task->inputs.begin(), task->inputs.end(), [&](const TaskInputRef& input) {
      const Datum* other = data_.find(input.task.value());
      return !other || other->state == DataState::promised || other->state == DataState::asked;
    });
    if (!comes) return false;
  }
  return true;
}

// What the lowest ready task needs, if it comes before `order`.
std::int64_t State::lower_ready(std::int64_t order) const {
  const TaskId lowest = lowest_ready();
  return lowest.value() >= order ? 0 : tasks_.find(lowest.value())->nbytes;
}

// What the lowest queued ask brings, if it comes before `order`.
std::int64_t State::lower_asks(std::int64_t order) const {
  return asks_queued_.empty() || asks_queued_.begin()->first >= order ? 0 : expected(*data_.find(asks_queued_.begin()->second.value()));
}

// An input has come whose size nobody knew. Others like it are on their way: where they were taken for smaller, they count more now, and
// nothing else is asked for until there is room. The guess falls slowly, since alike values come one after another.
void State::learn_size(Datum& datum, std::int64_t nbytes) {
  datum.guessed = false;
  const bool grows = nbytes > guess_;
  guess_ = std::exchange(guess_is_first_, false) || grows ? std::max<std::int64_t>(nbytes, 1) : std::max(nbytes, guess_ - guess_ / 8);
  if (!grows) return;
  for (const auto& [order, other] : asks_flying_) {
    Datum& flying = *data_.find(other.value());
    if (!flying.guessed) continue;
    in_flight_ += guess_ - flying.nbytes;
    flying.nbytes = guess_;
  }
}

// The order of the lowest task here that is ready or waits for something that was asked for, whose inputs must stay; below all orders
// when there is none.
std::int64_t State::lowest_here() const {
  std::int64_t lowest = lowest_ready().value();
  if (const auto it = asks_flying_.lower_bound({peer_order + 1, TaskId()}); it != asks_flying_.end() && it->first < copy_order) lowest = std::min(lowest, it->first);
  // What is passed over (see in_vain) has no claim to memory: were it the lowest, it would drive out what the first task that can go on has
  // read back, again and again.
  for (auto it = asks_queued_.lower_bound({peer_order + 1, TaskId()}); it != asks_queued_.end() && it->first < copy_order; ++it)
    if (!in_vain(*data_.find(it->second.value()))) {
      lowest = std::min(lowest, it->first);
      break;
    }
  return lowest == MemoryLimits::none ? peer_order : lowest;
}

// Results alone are over the budget.
void State::relieve() { make_room(bytes_used() - limits_.budget, lowest_here()); }

// The order of the first task here that has yet to start with it; those that are known of come in their order.
std::int64_t State::next_use(const Datum& datum) const {
  constexpr int looked_at = 16;
  std::int64_t order = MemoryLimits::none;
  if (datum.uses == 0) return order;
  int seen = 0;
  for (TaskId id : datum.users) {
    const Task* task = tasks_.find(id.value());
    if (!task || task->state == TaskState::executing) continue;
    order = std::min(order, id.value());
    if (++seen == looked_at) break;
  }
  return order;
}

// Puts out values that are needed later than `shield`, the last needed first, until `nbytes` are won; of those that nobody here needs yet
// the youngest: what was made first is as a rule used first.
void State::make_room(std::int64_t nbytes, std::int64_t shield) {
  nbytes -= writing_;
  if (nbytes <= 0 || shield >= fruitless_shield_) return;
  // What tasks use that run, and the one that starts next: with priorities it need not be the lowest, and would miss its inputs for ever.
  std::vector<TaskId> in_use;
  const auto uses = [&](TaskId id) {
    for (const TaskInputRef& input : tasks_.find(id.value())->inputs) in_use.push_back(input.task);
  };
  for (TaskId id : executing_) uses(id);
  if (const auto next = next_to_start()) uses(next->second);
  std::sort(in_use.begin(), in_use.end());
  std::vector<std::pair<std::int64_t, TaskId>> victims;
  for (TaskId id : large_) {
    const Datum& datum = *data_.find(id.value());
    if (datum.writing || datum.lost || std::binary_search(in_use.begin(), in_use.end(), id)) continue;
    const std::int64_t use = next_use(datum);
    if (use > shield) victims.emplace_back(use, id);
  }
  if (victims.empty()) {
    fruitless_shield_ = shield;
    return;
  }
  std::sort(victims.begin(), victims.end(), std::greater<>());
  nbytes += slack();
  for (const auto& [use, id] : victims) {
    if (nbytes <= 0) return;
    Datum& datum = *data_.find(id.value());
    nbytes -= datum.nbytes;
    if (datum.file != 0) {
      put_out(id, datum);
      continue;
    }
    datum.file = next_file_++;
    datum.writing = true;
    writing_ += datum.nbytes;
    commands_->emplace_back(Spill{id, datum.file});
  }
}

// Its bytes are on scratch: the memory goes. Those who wait for it here miss it again.
void State::put_out(TaskId id, Datum& datum) {
  bytes_here_ -= datum.nbytes;
  --data_here_;
  large_.erase(id);
  datum.state = DataState::spilled;
  count_spilled(datum, 1);
  commands_->emplace_back(Drop{id});
  std::int64_t first = MemoryLimits::none;
  for (TaskId user : datum.users) {
    Task* task = unstarted(user);
    if (!task) continue;
    if (task->state == TaskState::ready) {
      unlist_ready(user, *task);
      task->state = TaskState::waiting;
    }
    ++task->missing;
    first = std::min(first, user.value());
  }
  if (datum.uses > 0) queue_ask(id, datum, first);
}

void State::load_for_peer(TaskId id, Datum& datum) {
  if (datum.queued) unqueue_ask(id, datum);
  queue_ask(id, datum, peer_order);
}

void State::end_execution(TaskId id, const Task& task) {
  held_ -= task.held;
  executing_.erase(std::find(executing_.begin(), executing_.end(), id));
  fruitless_shield_ = MemoryLimits::none;
}

// A task that waits for others, which may be given to this very worker, frees nothing until they are done: nobody waits for it.
bool State::working() const { return executing_.size() > away_; }
void State::on(const SlotLeft&) { ++away_; }
void State::on(const SlotEntered&) { --away_; }

void State::count_spilled(const Datum& datum, std::int64_t sign) {
  if (!datum.mine) return;
  bytes_spilled_ += sign * datum.nbytes;
  commands_->emplace_back(ReportSpilled{bytes_spilled_});
}

void State::on(const SpillEnded& event) {
  Datum* datum = data_.find(event.data.value());
  if (!datum || datum->file != event.file || !datum->writing) return;  // dropped meanwhile; its file is forgotten
  datum->writing = false;
  writing_ -= datum->nbytes;
  if (event.failed) {
    datum->file = 0;
    datum->lost = true;
    commands_->emplace_back(ReportLost{event.data});
    return;
  }
  // A task that has started with it keeps the memory: then the file serves later.
  for (TaskId id : executing_)
    for (const TaskInputRef& input : tasks_.find(id.value())->inputs)
      if (input.task == event.data) return;
  // And what is to be used before anything else here would be read back at once.
  if (datum->uses > 0 && next_use(*datum) <= lowest_ready().value()) return;
  put_out(event.data, *datum);
}

void State::on(const LoadEnded& event) {
  Datum* datum = data_.find(event.data.value());
  if (!datum || datum->state != DataState::loading || datum->file != event.file) {
    if (!event.failed && (!datum || datum->state != DataState::here)) commands_->emplace_back(Drop{event.data});
    return;
  }
  end_flight(event.data, *datum);
  count_spilled(*datum, -1);
  if (!event.failed) {
    now_here(event.data, *datum, datum->nbytes);
    return;
  }
  // Those who wait for it are retracted by the scheduler.
  commands_->emplace_back(ForgetFile{datum->file});
  commands_->emplace_back(ReportLost{event.data});
  datum->file = 0;
  datum->state = DataState::promised;
  datum->known = datum->mine = datum->kept = false;
  datum->asked_by.clear();
  erase_if_empty(event.data);
}

void State::on(const MemoryMeasured& event) {
  resident_ = event.resident;
  paused_ = resident_ > limits_.pause_above;
  if (paused_) make_room(resident_ - limits_.pause_above, lowest_here());
}

}  // namespace ashlar::worker
