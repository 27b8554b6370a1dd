// Values: asked for, here, sent, dropped.
#include "ashlar/worker/state.hpp"

#include <algorithm>
#include <utility>

#include "ashlar/base/error.hpp"

namespace ashlar::worker {
namespace {

// Most withdrawn asks are never answered, and nothing says so. What is forgotten beyond this costs a holder one record at worst.
constexpr std::size_t unanswered_max = 100'000;

}  // namespace

// What it was asked for and will not come: but the ask may have been answered already.
void State::withdraw(TaskId id, Datum& datum) {
  end_flight(id, datum);
  commands_->emplace_back(WithdrawAsk{id, datum.holder});
  Unanswered& withdrawn = unanswered_[id];
  ++withdrawn.asks;
  withdrawn.last_use |= datum.last_use;
  if (unanswered_.size() > unanswered_max) unanswered_.erase(unanswered_.begin());
  datum.state = DataState::promised;
  if (std::exchange(datum.guessed, false)) datum.nbytes = 0;
}

void State::on(const InputMoved& event) {
  Datum* datum = data_.find(event.data.value());
  if (!datum || (datum->uses == 0 && !datum->kept) || datum->state == DataState::here) return;  // nobody here waits for it
  if (datum->state == DataState::spilled || datum->state == DataState::loading) return;  // it is the same value
  if (datum->state == DataState::asked) withdraw(event.data, *datum);
  if (datum->queued) unqueue_ask(event.data, *datum);
  datum->mine = datum->freed = false;
  datum->known = true;
  datum->holder = event.holder;
  datum->last_use = false;
  datum->order = copy_order;
  for (TaskId user : datum->users) {
    const Task* task = unstarted(user);
    if (!task) continue;
    datum->order = std::min(datum->order, user.value());
    for (const TaskInputRef& input : task->inputs)
      if (input.task == event.data) {
        datum->last_use |= input.last_use;
        datum->nbytes = input.nbytes;
      }
  }
  queue_ask(event.data, *datum, datum->order);
}

void State::on(const DataGiven& event) {
  Datum& datum = data_[event.data.value()];
  datum.mine = datum.known = true;
  now_here(event.data, datum, event.nbytes);
}

void State::on(const DataArrived& event) {
  Datum* datum = data_.find(event.data.value());
  if (!datum || datum->state != DataState::asked) {
    // The answer to an ask that was withdrawn. If it was asked for again and is here, it is the same value.
    bool forgotten_there = false;
    if (const auto it = unanswered_.find(event.data); it != unanswered_.end()) {
      forgotten_there = it->second.last_use;
      if (--it->second.asks == 0) unanswered_.erase(it);
    }
    if (datum && datum->queued && datum->state == DataState::promised) {
      // It is to be asked for again: here it is. Its holder has forgotten it with this answer; or it keeps it, and is to be told of the last
      // use all the same: what it answers then is dropped.
      unqueue_ask(event.data, *datum);
      if (datum->last_use && !forgotten_there) {
        commands_->emplace_back(Ask{event.data, datum->holder, true});
        datum->told_last = true;
      }
      if (datum->kept) make_own(event.data, *datum);
      now_here(event.data, *datum, event.nbytes);
      return;
    }
    if (!datum || datum->state != DataState::here) commands_->emplace_back(Drop{event.data});
    return;
  }
  end_flight(event.data, *datum);
  if (datum->guessed) learn_size(*datum, event.nbytes);
  if (datum->kept) make_own(event.data, *datum);
  now_here(event.data, *datum, event.nbytes);
}

void State::on(const DataAsked& event) {
  if (lost_peers_.count(event.by)) return;
  if (event.by == client_id) {
    // The client is told of results that exist only: one that is not known here could not be read back.
    const Datum* datum = data_.find(event.data.value());
    if (!datum || datum->state == DataState::promised || datum->state == DataState::asked) return;
  }
  Datum& datum = data_[event.data.value()];
  datum.asked_by.emplace_back(event.by, event.last_use);
  if (datum.state == DataState::here) answer_asks(event.data, datum);
  else if (datum.state == DataState::spilled) load_for_peer(event.data, datum);
}

void State::on(const AskWithdrawn& event) { forget_asks_of(event.data, event.by); }

void State::on(const PeerLost& event) {
  lost_peers_.insert(event.peer);
  std::vector<TaskId> asked;
  data_.for_each([&](std::int64_t id, const Datum& datum) {
    if (!datum.asked_by.empty()) asked.push_back(TaskId(id));
  });
  for (TaskId id : asked) forget_asks_of(id, event.peer);
}

void State::forget_asks_of(TaskId id, WorkerId peer) {
  Datum* datum = data_.find(id.value());
  if (!datum) return;
  auto& asked = datum->asked_by;
  asked.erase(std::remove_if(asked.begin(), asked.end(), [&](const auto& ask) { return ask.first == peer; }), asked.end());
  if (datum->state == DataState::spilled && datum->queued && datum->uses == 0 && asked.empty()) unqueue_ask(id, *datum);
  erase_if_empty(id);
}

void State::on(const DataFreed& event) {
  for (TaskId id : event.data) {
    Datum* datum = data_.find(id.value());
    if (!datum) continue;
    if (datum->kept && !datum->mine) {  // the copy has not come; a task here that waits for it is retracted or told where it is
      datum->kept = false;
      drop_if_unused(id);
      continue;
    }
    if (!datum->mine) continue;  // dropped here already; somebody's late ask is all that is left
    datum->freed = true;
    drop_if_unused(id);
  }
}

void State::now_here(TaskId id, Datum& datum, std::int64_t nbytes) {
  datum.state = DataState::here;
  datum.nbytes = nbytes;
  bytes_here_ += nbytes;
  ++data_here_;
  if (nbytes >= limits_.spill_at_least) {
    large_.insert(id);
    fruitless_shield_ = MemoryLimits::none;
  }
  for (TaskId next : datum.users)
    if (Task* task = unstarted(next); task && --task->missing == 0) {
      task->state = TaskState::ready;
      list_ready(next, *task);
    }
  answer_asks(id, datum);
}

void State::answer_asks(TaskId id, Datum& datum) {
  for (const auto& [by, last_use] : datum.asked_by) {
    commands_->emplace_back(Send{id, by});
    datum.freed |= last_use;
  }
  datum.asked_by.clear();
  drop_if_unused(id);
}

void State::drop(TaskId id) {
  Datum* datum = data_.find(id.value());
  if (!datum) return;
  if (datum->state == DataState::here) {
    bytes_here_ -= datum->nbytes;
    --data_here_;
    if (datum->nbytes >= limits_.spill_at_least) large_.erase(id);
    commands_->emplace_back(Drop{id});
  } else if (datum->state == DataState::spilled) {
    if (datum->queued) unqueue_ask(id, *datum);
    count_spilled(*datum, -1);
  } else if (datum->state == DataState::loading) {
    end_flight(id, *datum);
    count_spilled(*datum, -1);
  } else {
    return;
  }
  if (datum->file != 0) {
    if (datum->writing) writing_ -= datum->nbytes;
    commands_->emplace_back(ForgetFile{datum->file});
  }
  // It may have come by an ask that was withdrawn, and the one that was sent after it has not reached the holder yet.
  if ((!datum->mine || datum->kept) && unanswered_.count(id)) commands_->emplace_back(WithdrawAsk{id, datum->holder});
  data_.erase(id.value());
}

// What no task here wants any more: a result that was freed, a copy from a peer, or an ask for one.
void State::drop_if_unused(TaskId id) {
  Datum* datum = data_.find(id.value());
  if (!datum || datum->uses > 0) return;
  if (datum->mine) {
    if (datum->freed) {
      if (!asked_by_clients(*datum) || datum->state == DataState::promised) drop(id);
    } else if (datum->state == DataState::spilled && datum->queued && datum->asked_by.empty()) {
      unqueue_ask(id, *datum);
    }
    return;
  }
  if (datum->kept) return;
  if (datum->state == DataState::here || datum->state == DataState::spilled || datum->state == DataState::loading) {
    // Those who were to use it are retracted. Its holder may have lost it with them, and would keep a record of who asked.
    if (datum->told_last && !unanswered_.count(id)) commands_->emplace_back(WithdrawAsk{id, datum->holder});
    drop(id);
    return;
  }
  if (datum->state == DataState::asked) {
    withdraw(id, *datum);
  }
  if (datum->queued) unqueue_ask(id, *datum);
  datum->known = false;
  erase_if_empty(id);
}

void State::erase_if_empty(TaskId id) {
  const Datum* datum = data_.find(id.value());
  if (datum && !datum->known && datum->state == DataState::promised && datum->uses == 0 && datum->asked_by.empty()) data_.erase(id.value());
}

void State::queue_ask(TaskId id, Datum& datum, std::int64_t order) {
  datum.order = order;
  datum.queued = true;
  asks_queued_.emplace(order, id);
}

void State::unqueue_ask(TaskId id, Datum& datum) {
  asks_queued_.erase({datum.order, id});
  datum.queued = false;
}

void State::end_flight(TaskId id, const Datum& datum) {
  in_flight_ -= datum.nbytes;
  asks_flying_.erase({datum.order, id});
}

void State::ask_more() {
  for (auto next = asks_queued_.begin(); next != asks_queued_.end();) {
    const auto [order, id] = *next;
    Datum& datum = *data_.find(id.value());
    if (bytes_used() + datum.nbytes > limits_.budget && in_vain(datum)) {
      ++next;
      continue;
    }
    if (!may_ask(order, expected(datum))) return;
    next = std::next(next);
    unqueue_ask(id, datum);
    if (datum.nbytes <= 0 && datum.state != DataState::spilled) {
      datum.guessed = true;
      datum.nbytes = guess_;
    }
    in_flight_ += datum.nbytes;
    asks_flying_.emplace(order, id);
    if (datum.state == DataState::spilled) {
      datum.state = DataState::loading;
      commands_->emplace_back(Load{id, datum.file});
    } else {
      datum.state = DataState::asked;
      commands_->emplace_back(Ask{id, datum.holder, datum.last_use});
    }
  }
}

}  // namespace ashlar::worker
