#include "ashlar/runtime/coordination.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client_host.hpp"
#include "ashlar/runtime/task_protocol.hpp"

namespace ashlar {
namespace detail {

using coordination::What;

SharedThing::SharedThing(const char* kind, std::string name) : name_(std::move(name)) {
  static std::atomic<std::uint64_t> last{0};
  if (name_.empty()) name_ = std::string(kind) + "-" + std::to_string(ClientHost::current().holder()) + "-" + std::to_string(getpid()) + "-" + std::to_string(++last);
}

SharedAnswer ask_shared(What what, const std::string& name, std::int64_t amount, Seconds timeout, coordination::Value value) {
  ClientHost& host = ClientHost::current();
  if (what == What::acquire || what == What::subscribe) host.holds();
  Writer out;
  out.put(what);
  out.put(host.holder());
  out.text(name);
  out.put(amount);
  out.put(timeout.v ? std::max(*timeout.v, 0.0) : -1.0);
  put_parcel(out, value.bytes);
  const Evaluator::Message reply = host.call(static_cast<std::uint8_t>(Ask::coordinate), {std::move(out).take(), std::move(value.kept)});
  Reader in(reply.bytes);
  SharedAnswer answer;
  answer.in_time = in.get<bool>();
  answer.amount = in.get<std::int64_t>();
  answer.values.resize(in.get<std::uint64_t>());
  for (coordination::Value& one : answer.values) {
    one.bytes = get_parcel(in);
    one.kept = reply.kept;
  }
  return answer;
}

void shared_timeout(const std::string& what, const std::string& name, Seconds timeout) {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%g", timeout.v.value_or(0));
  throw TimeoutError(what + " \"" + name + "\" after " + seconds + " s");
}

Subscription::Subscription(std::string name) : SharedThing("topic", std::move(name)), id_(ask_shared(What::subscribe, name_).amount) {}
Subscription::~Subscription() {
  try {
    ask_shared(What::unsubscribe, name_, id_);
  } catch (const Error&) {
    // The job has ended, and the subscription with it.
  }
}

}  // namespace detail

using coordination::What;
using detail::ask_shared;

// Locks and semaphores of one name are two things.
namespace {
std::string lock_name(const std::string& name) { return "lock " + name; }
}  // namespace

bool Lock::acquire(const AcquireOptions& options) {
  if (!options.blocking && options.timeout.v) throw ValueError("a lock that is acquired without blocking has no timeout: " + std::to_string(*options.timeout.v) + " s");
  return ask_shared(What::acquire, lock_name(name_), 1, options.blocking ? options.timeout : Seconds(0.0)).in_time;
}
void Lock::release() { ask_shared(What::release, lock_name(name_)); }
bool Lock::locked() const { return ask_shared(What::leases, lock_name(name_)).amount > 0; }

Semaphore::Semaphore(int max_leases, std::string name) : SharedThing("semaphore", std::move(name)), max_leases_(max_leases) {
  if (max_leases < 1) throw ValueError("a semaphore has at least one lease, not " + std::to_string(max_leases));
}
bool Semaphore::acquire(Seconds timeout) { return ask_shared(What::acquire, name_, max_leases_, timeout).in_time; }
void Semaphore::release() { ask_shared(What::release, name_); }
int Semaphore::get_value() const { return static_cast<int>(ask_shared(What::leases, name_).amount); }
void Semaphore::close() { ask_shared(What::close_semaphore, name_); }

bool Event::wait(Seconds timeout) const { return ask_shared(What::wait_event, name_, 0, timeout).in_time; }
void Event::set() { ask_shared(What::set_event, name_); }
void Event::clear() { ask_shared(What::clear_event, name_); }
bool Event::is_set() const { return ask_shared(What::event_is_set, name_).amount != 0; }

}  // namespace ashlar
