#include "ashlar/coordination/state.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"

namespace ashlar::coordination {

std::string to_string(const Answer& answer) {
  std::string text = "Answer " + std::to_string(answer.number) + " of worker " + std::to_string(answer.worker.value()) + ": ";
  switch (answer.outcome) {
    case Outcome::done: text += "done"; break;
    case Outcome::timed_out: text += "timed out"; break;
    case Outcome::refused: text += "refused, " + answer.reason; break;
  }
  if (answer.amount != 0) text += ", amount " + std::to_string(answer.amount);
  for (const Value& value : answer.values) text += ", value " + std::string(reinterpret_cast<const char*>(value.bytes.head.data()), value.bytes.head.size());
  return text;
}

void State::handle(const Event& event, std::vector<Answer>& answers) {
  now_ = event.now;
  answers_ = &answers;
  expire();
  std::visit([this](const auto& what) { on(what); }, event.what);
  answers_ = nullptr;
}

// ---- waiting

void State::wait(const Asked& asked, Line& line) {
  if (asked.deadline <= now_) {
    answers_->push_back({asked.asker.worker, asked.asker.number, Outcome::timed_out, 0, {}, {}});
    return;
  }
  const Ticket ticket = next_ticket_++;
  waiting_.emplace(ticket, asked);
  line.insert(ticket);
  if (asked.deadline != never) deadlines_.emplace(asked.deadline, ticket);
}

// Takes a request out of the list of those that wait; its line is the caller's.
Asked State::stop_waiting(Ticket ticket) {
  const auto it = waiting_.find(ticket);
  if (it == waiting_.end()) throw InternalError("coordination: request " + std::to_string(ticket) + " does not wait");
  Asked asked = std::move(it->second);
  waiting_.erase(it);
  if (asked.deadline != never) deadlines_.erase({asked.deadline, ticket});
  return asked;
}

State::Line* State::line_of(const Asked& asked) {
  switch (asked.what) {
    case What::get_variable: return &variables_.at(asked.name).getters;
    case What::put: return &queues_.at(asked.name).putters;
    case What::get: return &queues_.at(asked.name).getters;
    case What::acquire: return &semaphores_.at(asked.name).waiters;
    case What::wait_event: return &events_.at(asked.name).waiters;
    case What::next: return &subscriptions_.at(asked.amount).waiters;
    default: throw InternalError("coordination: a request waits that cannot");
  }
}

void State::answer(const Asker& to, std::int64_t amount, std::vector<Value> values) {
  answers_->push_back({to.worker, to.number, Outcome::done, amount, std::move(values), {}});
}
void State::refuse(const Asker& to, const std::string& reason) { answers_->push_back({to.worker, to.number, Outcome::refused, 0, {}, reason}); }
void State::refuse_all(Line line, const std::string& reason) {
  for (const Ticket ticket : line) refuse(stop_waiting(ticket).asker, reason);
}

void State::expire() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
    const Ticket ticket = deadlines_.begin()->second;
    const Asked asked = stop_waiting(ticket);
    line_of(asked)->erase(ticket);
    answers_->push_back({asked.asker.worker, asked.asker.number, Outcome::timed_out, 0, {}, {}});
    forget_if_idle(asked.name);
  }
}

// ---- requests

// Values and those who wait on either side, until nobody can be served.
void State::refill(Queue& queue) {
  for (;;) {
    if (!queue.getters.empty() && !queue.values.empty()) {
      const Ticket ticket = *queue.getters.begin();
      queue.getters.erase(queue.getters.begin());
      Value value = std::move(queue.values.front());
      queue.values.pop_front();
      answer(stop_waiting(ticket).asker, 0, {std::move(value)});
    } else if (!queue.putters.empty() && !queue.full()) {
      const Ticket ticket = *queue.putters.begin();
      queue.putters.erase(queue.putters.begin());
      Asked put = stop_waiting(ticket);
      queue.values.push_back(std::move(put.value));
      answer(put.asker);
    } else {
      return;
    }
  }
}

void State::serve(const std::string& name, Semaphore& semaphore) {
  while (!semaphore.waiters.empty() && static_cast<std::int64_t>(semaphore.taken.size()) < semaphore.max) {
    const Ticket ticket = *semaphore.waiters.begin();
    semaphore.waiters.erase(semaphore.waiters.begin());
    const Asker asker = stop_waiting(ticket).asker;
    semaphore.taken.emplace_back(asker.worker, asker.holder);
    answer(asker, 1);
  }
  forget_if_idle(name);
}

// A lock that is free, an event that is clear and a variable that was never set are like new ones.
void State::forget_if_idle(const std::string& name) {
  if (const auto it = semaphores_.find(name); it != semaphores_.end() && it->second.max == 1 && it->second.taken.empty() && it->second.waiters.empty()) semaphores_.erase(it);
  if (const auto it = events_.find(name); it != events_.end() && !it->second.set && it->second.waiters.empty()) events_.erase(it);
  if (const auto it = variables_.find(name); it != variables_.end() && !it->second.set && it->second.getters.empty()) variables_.erase(it);
}

void State::on(const Asked& asked) {
  const Asker& asker = asked.asker;
  const auto queue = [&]() -> Queue& {
    const auto [it, added] = queues_.try_emplace(asked.name);
    if (added) it->second.maxsize = asked.amount;
    return it->second;
  };
  const auto subscription = [&]() -> Subscription* {
    const auto it = subscriptions_.find(asked.amount);
    return it == subscriptions_.end() ? nullptr : &it->second;
  };
  switch (asked.what) {
    case What::set_variable: {
      Variable& variable = variables_[asked.name];
      variable.set = true;
      variable.value = asked.value;
      for (const Ticket ticket : std::exchange(variable.getters, {})) answer(stop_waiting(ticket).asker, 0, {variable.value});
      return answer(asker);
    }
    case What::get_variable: {
      Variable& variable = variables_[asked.name];
      if (variable.set) return answer(asker, 0, {variable.value});
      wait(asked, variable.getters);
      return forget_if_idle(asked.name);
    }
    case What::delete_variable:
      if (const auto it = variables_.find(asked.name); it != variables_.end()) {
        it->second.set = false;
        it->second.value = {};
        forget_if_idle(asked.name);
      }
      return answer(asker);
    case What::put: {
      Queue& q = queue();
      if (q.full()) return wait(asked, q.putters);
      q.values.push_back(asked.value);
      answer(asker);
      return refill(q);
    }
    case What::get: {
      Queue& q = queue();
      if (q.values.empty()) return wait(asked, q.getters);
      Value value = std::move(q.values.front());
      q.values.pop_front();
      answer(asker, 0, {std::move(value)});
      return refill(q);
    }
    case What::get_all: {
      Queue& q = queue();
      std::vector<Value> values(std::make_move_iterator(q.values.begin()), std::make_move_iterator(q.values.end()));
      q.values.clear();
      const auto n = static_cast<std::int64_t>(values.size());
      answer(asker, n, std::move(values));
      return refill(q);
    }
    case What::queue_size: {
      const auto it = queues_.find(asked.name);
      return answer(asker, it == queues_.end() ? 0 : static_cast<std::int64_t>(it->second.values.size()));
    }
    case What::close_queue:
      if (const auto it = queues_.find(asked.name); it != queues_.end()) {
        Queue closed = std::move(it->second);
        queues_.erase(it);
        refuse_all(closed.getters, "the queue \"" + asked.name + "\" was closed");
        refuse_all(closed.putters, "the queue \"" + asked.name + "\" was closed");
      }
      return answer(asker);
    case What::acquire: {
      const auto [it, added] = semaphores_.try_emplace(asked.name);
      Semaphore& semaphore = it->second;
      if (added) semaphore.max = asked.amount;
      if (semaphore.max != asked.amount)
        return refuse(asker, "the semaphore \"" + asked.name + "\" has " + std::to_string(semaphore.max) + " leases, not " + std::to_string(asked.amount));
      if (static_cast<std::int64_t>(semaphore.taken.size()) >= semaphore.max) return wait(asked, semaphore.waiters);
      semaphore.taken.emplace_back(asker.worker, asker.holder);
      return answer(asker, 1);
    }
    case What::release: {
      const auto it = semaphores_.find(asked.name);
      const auto none = [&] { refuse(asker, "\"" + asked.name + "\" is released by who does not hold it"); };
      if (it == semaphores_.end()) return none();
      auto& taken = it->second.taken;
      const auto lease = std::find(taken.begin(), taken.end(), Holder(asker.worker, asker.holder));
      if (lease == taken.end()) return none();
      taken.erase(lease);
      answer(asker);
      return serve(asked.name, it->second);
    }
    case What::leases: {
      const auto it = semaphores_.find(asked.name);
      return answer(asker, it == semaphores_.end() ? 0 : static_cast<std::int64_t>(it->second.taken.size()));
    }
    case What::close_semaphore:
      if (const auto it = semaphores_.find(asked.name); it != semaphores_.end()) {
        Semaphore closed = std::move(it->second);
        semaphores_.erase(it);
        refuse_all(closed.waiters, "the semaphore \"" + asked.name + "\" was closed");
      }
      return answer(asker);
    case What::set_event: {
      Flag& flag = events_[asked.name];
      flag.set = true;
      for (const Ticket ticket : std::exchange(flag.waiters, {})) answer(stop_waiting(ticket).asker, 1);
      return answer(asker);
    }
    case What::clear_event:
      if (const auto it = events_.find(asked.name); it != events_.end()) {
        it->second.set = false;
        forget_if_idle(asked.name);
      }
      return answer(asker);
    case What::wait_event: {
      Flag& flag = events_[asked.name];
      if (flag.set) return answer(asker, 1);
      wait(asked, flag.waiters);
      return forget_if_idle(asked.name);
    }
    case What::event_is_set: {
      const auto it = events_.find(asked.name);
      return answer(asker, it != events_.end() && it->second.set ? 1 : 0);
    }
    case What::publish:
      for (auto& [id, s] : subscriptions_) {
        if (s.topic != asked.name) continue;
        if (s.waiters.empty()) {
          s.values.push_back(asked.value);
          continue;
        }
        const Ticket ticket = *s.waiters.begin();
        s.waiters.erase(s.waiters.begin());
        answer(stop_waiting(ticket).asker, 0, {asked.value});
      }
      return answer(asker);
    case What::subscribe: {
      const std::int64_t id = ++next_subscription_;
      subscriptions_[id] = {asked.name, {asker.worker, asker.holder}, {}, {}};
      return answer(asker, id);
    }
    case What::unsubscribe:
      if (Subscription* s = subscription()) {
        const Line waiters = std::exchange(s->waiters, {});
        subscriptions_.erase(asked.amount);
        refuse_all(waiters, "the subscription of \"" + asked.name + "\" has ended");
      }
      return answer(asker);
    case What::next: {
      Subscription* s = subscription();
      if (!s) return refuse(asker, "the subscription of \"" + asked.name + "\" has ended");
      if (s->values.empty()) return wait(asked, s->waiters);
      Value value = std::move(s->values.front());
      s->values.pop_front();
      return answer(asker, 0, {std::move(value)});
    }
    case What::subscribers: {
      std::int64_t n = 0;
      for (const auto& [id, s] : subscriptions_) n += s.topic == asked.name;
      return answer(asker, n);
    }
  }
}

// ---- holders that end

template <class Ends>
void State::end_holders(const Ends& ends) {
  std::vector<Ticket> gone;
  for (const auto& [ticket, asked] : waiting_)
    if (ends(Holder(asked.asker.worker, asked.asker.holder))) gone.push_back(ticket);
  for (const Ticket ticket : gone) {
    const Asked asked = stop_waiting(ticket);
    line_of(asked)->erase(ticket);
    forget_if_idle(asked.name);
  }
  std::vector<std::string> freed;
  for (auto& [name, semaphore] : semaphores_)
    if (std::erase_if(semaphore.taken, ends) > 0) freed.push_back(name);
  for (const std::string& name : freed) serve(name, semaphores_.at(name));
  for (auto it = subscriptions_.begin(); it != subscriptions_.end();) {
    const auto next = std::next(it);
    if (ends(it->second.holder)) {
      Subscription ended = std::move(it->second);
      subscriptions_.erase(it);
      refuse_all(ended.waiters, "the subscription of \"" + ended.topic + "\" has ended");
    }
    it = next;
  }
}

void State::on(const HolderEnded& event) {
  end_holders([&](const Holder& holder) { return holder == Holder(event.worker, event.holder); });
}
void State::on(const WorkerGone& event) {
  end_holders([&](const Holder& holder) { return holder.first == event.worker; });
}

std::vector<std::string> broken_invariants(const State& state) {
  std::vector<std::string> broken;
  std::map<State::Ticket, int> lines;
  const auto stand = [&](const State::Line& line) {
    for (const auto ticket : line) ++lines[ticket];
  };
  for (const auto& [name, variable] : state.variables_) {
    stand(variable.getters);
    if (variable.set && !variable.getters.empty()) broken.push_back("variable " + name + " is set and waited for");
    if (!variable.set && variable.getters.empty()) broken.push_back("variable " + name + " is kept for nobody");
  }
  for (const auto& [name, queue] : state.queues_) {
    stand(queue.getters);
    stand(queue.putters);
    if (!queue.values.empty() && !queue.getters.empty()) broken.push_back("queue " + name + " has values and is waited for");
    if (!queue.full() && !queue.putters.empty()) broken.push_back("queue " + name + " has room and is waited for");
    if (queue.maxsize > 0 && static_cast<std::int64_t>(queue.values.size()) > queue.maxsize) broken.push_back("queue " + name + " has more values than it may");
  }
  for (const auto& [name, semaphore] : state.semaphores_) {
    stand(semaphore.waiters);
    const auto taken = static_cast<std::int64_t>(semaphore.taken.size());
    if (taken > semaphore.max) broken.push_back("semaphore " + name + " gave more leases than it has");
    if (taken < semaphore.max && !semaphore.waiters.empty()) broken.push_back("semaphore " + name + " has a lease and is waited for");
  }
  for (const auto& [name, flag] : state.events_) {
    stand(flag.waiters);
    if (flag.set && !flag.waiters.empty()) broken.push_back("event " + name + " is set and waited for");
    if (!flag.set && flag.waiters.empty()) broken.push_back("event " + name + " is kept for nobody");
  }
  for (const auto& [id, subscription] : state.subscriptions_) {
    stand(subscription.waiters);
    if (!subscription.values.empty() && !subscription.waiters.empty()) broken.push_back("subscription " + std::to_string(id) + " has values and is waited for");
  }
  std::size_t timed = 0;
  for (const auto& [ticket, asked] : state.waiting_) {
    if (const auto it = lines.find(ticket); it == lines.end() || it->second != 1) broken.push_back("request " + std::to_string(ticket) + " does not stand in one line");
    if (asked.deadline == never) continue;
    ++timed;
    if (!state.deadlines_.count({asked.deadline, ticket})) broken.push_back("request " + std::to_string(ticket) + " has a deadline that is not listed");
  }
  if (lines.size() != state.waiting_.size()) broken.push_back("somebody stands in a line and does not wait");
  if (timed != state.deadlines_.size()) broken.push_back("deadlines are listed of nobody");
  return broken;
}

}  // namespace ashlar::coordination
