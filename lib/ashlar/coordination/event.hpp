#pragma once
// All that can happen to what tasks share: variables, queues, locks, semaphores, events, topics. Plain data; time is a field.

#include <cstdint>
#include <limits>
#include <string>
#include <variant>

#include "ashlar/graph/evaluator.hpp"
#include "ashlar/protocol/ids.hpp"

namespace ashlar::coordination {

/// Nanoseconds on the caller's clock.
using TimeNs = std::int64_t;
inline constexpr TimeNs never = std::numeric_limits<TimeNs>::max();

/// A value as bytes, and the results they name.
struct Value {
  Parcel bytes;
  KeptResults kept;
};

/// Who asks. `worker` is client_id for the client; `number` names the request to it; `holder` is the task, or whatever else holds what
/// it is given: when that ends, it is free again.
struct Asker {
  WorkerId worker = client_id;
  std::int64_t number = 0;
  std::int64_t holder = -1;
};

enum class What : std::uint8_t {
  set_variable,     ///< value
  get_variable,     ///< waits until it has one; answered with it
  delete_variable,
  put,              ///< amount: the queue's maxsize if it is new (0: none); value. Waits while the queue is full
  get,              ///< amount as above. Waits while it is empty; answered with the first
  get_all,          ///< answered with all there are
  queue_size,       ///< answered with the amount
  close_queue,      ///< who waits for it is refused
  acquire,          ///< amount: leases of the semaphore, the same at every use (a lock: 1). Waits for one
  release,          ///< refused when the holder has none
  leases,           ///< answered with the amount taken
  close_semaphore,
  set_event,
  clear_event,
  wait_event,       ///< waits until it is set
  event_is_set,     ///< answered with 0 or 1
  publish,          ///< value, to all who are subscribed now
  subscribe,        ///< answered with the subscription
  unsubscribe,      ///< amount: the subscription
  next,             ///< amount: the subscription. Waits for its next value
  subscribers,      ///< answered with the amount
};

struct Asked {
  Asker asker;
  What what = What::get_variable;
  std::string name;
  std::int64_t amount = 0;
  TimeNs deadline = never;  ///< when a wait ends without success
  Value value;
};
/// A task has ended, or another thread that held something.
struct HolderEnded {
  WorkerId worker;
  std::int64_t holder = -1;
};
struct WorkerGone {
  WorkerId worker;
};
/// Nothing but that it is later now.
struct TimePassed {};

struct Event {
  TimeNs now = 0;
  std::variant<Asked, HolderEnded, WorkerGone, TimePassed> what;
};

}  // namespace ashlar::coordination
