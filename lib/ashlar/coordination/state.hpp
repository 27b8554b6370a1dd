#pragma once
// What tasks and the client share by name, on rank 0: a deterministic machine, events in, answers out. No clock, thread, I/O or chance.
//
// Rules
//  1. Who waited first is served first: of one queue, semaphore, event, variable or subscription.
//  2. A request is answered once: when it is served, when its time has passed, or with a reason. Only those of a holder that has ended or
//     of a worker that is gone are never answered.
//  3. A lease belongs to a holder and is free when the holder releases it or ends.
//  4. A request that could be served never waits (see broken_invariants).

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/coordination/command.hpp"
#include "ashlar/coordination/event.hpp"

namespace ashlar::coordination {

class State {
 public:
  /// Appends answers in the order they are to be given.
  void handle(const Event& event, std::vector<Answer>& answers);
  /// When the next wait ends by itself; `never` while none does.
  TimeNs next_deadline() const { return deadlines_.empty() ? never : deadlines_.begin()->first; }
  /// Requests that wait.
  std::size_t waiting() const { return waiting_.size(); }
  /// Named things that are kept.
  std::size_t things() const { return variables_.size() + queues_.size() + semaphores_.size() + events_.size() + subscriptions_.size(); }

 private:
  friend std::vector<std::string> broken_invariants(const State&);
  using Ticket = std::uint64_t;
  using Line = std::set<Ticket>;  // who waits, first come first
  using Holder = std::pair<WorkerId, std::int64_t>;

  struct Variable {
    bool set = false;
    Value value;
    Line getters;
  };
  struct Queue {
    std::int64_t maxsize = 0;
    std::deque<Value> values;
    Line getters, putters;
    bool full() const { return maxsize > 0 && static_cast<std::int64_t>(values.size()) >= maxsize; }
  };
  struct Semaphore {
    std::int64_t max = 1;
    std::vector<Holder> taken;
    Line waiters;
  };
  struct Flag {
    bool set = false;
    Line waiters;
  };
  struct Subscription {
    std::string topic;
    Holder holder;
    std::deque<Value> values;
    Line waiters;
  };

  void on(const Asked&);
  void on(const HolderEnded&);
  void on(const WorkerGone&);
  void on(const TimePassed&) {}

  void wait(const Asked& asked, Line& line);
  Asked stop_waiting(Ticket ticket);
  Line* line_of(const Asked& asked);
  void answer(const Asker& to, std::int64_t amount = 0, std::vector<Value> values = {});
  void refuse(const Asker& to, const std::string& reason);
  void refuse_all(Line line, const std::string& reason);
  void expire();
  void refill(Queue& queue);
  void serve(const std::string& name, Semaphore& semaphore);
  void forget_if_idle(const std::string& name);
  template <class Ends>
  void end_holders(const Ends& ends);

  std::map<std::string, Variable> variables_;
  std::map<std::string, Queue> queues_;
  std::map<std::string, Semaphore> semaphores_;
  std::map<std::string, Flag> events_;
  std::map<std::int64_t, Subscription> subscriptions_;
  std::map<Ticket, Asked> waiting_;
  std::set<std::pair<TimeNs, Ticket>> deadlines_;
  Ticket next_ticket_ = 0;
  std::int64_t next_subscription_ = 0;
  TimeNs now_ = 0;
  std::vector<Answer>* answers_ = nullptr;
};

/// Walks every invariant and returns the broken ones in words. Tests call it after each event.
///  1. nobody waits for a variable or event that is set, for an empty queue's value while there is one, for a lease that is free
///  2. a queue holds at most maxsize values, and putters wait only while it is full
///  3. a semaphore's leases are at most its maximum
///  4. who stands in a line waits, and stands in one line; deadlines are those of who waits
std::vector<std::string> broken_invariants(const State& state);

}  // namespace ashlar::coordination
