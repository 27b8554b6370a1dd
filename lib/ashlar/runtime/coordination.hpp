#pragma once
// What tasks and the body share by name: variables, queues, locks, semaphores, events, topics. They live on rank 0 while the job runs; the
// objects here are names, so any number may stand for one thing, and they may be captured by nobody but given to tasks as arguments.
//
//   al::Queue<int> queue("numbers");
//   auto f = client.submit([](al::Queue<int> q) { return q.get() + 1; }, queue);
//   queue.put(41);
//
// Whoever waits is served in the order of asking. A task that waits gives up its slot. Waits take a timeout; without one they last.
// Ranks     the body and tasks alike.
// Errors    ValueError outside of a job.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/coordination/event.hpp"
#include "ashlar/graph/object.hpp"

namespace ashlar {

namespace detail {

struct SharedAnswer {
  bool in_time = true;
  std::int64_t amount = 0;
  std::vector<coordination::Value> values;
};
/// Asks rank 0 and waits. ValueError when it refuses.
SharedAnswer ask_shared(coordination::What what, const std::string& name, std::int64_t amount = 0, Seconds timeout = {}, coordination::Value value = {});
[[noreturn]] void shared_timeout(const std::string& what, const std::string& name, Seconds timeout);

template <class T>
coordination::Value shared_value(const T& value) {
  coordination::Value shared;
  const Keeping keeping(shared.kept);
  Writer out;
  Object::of<T>(value).encode(out);
  shared.bytes = std::move(out).take();
  return shared;
}
/// TypeError when it is of another type.
template <class T>
T value_of_shared(const coordination::Value& shared) {
  Reader in(shared.bytes);
  return Object::decode(in).take<T>();
}

class SharedThing {
 public:
  const std::string& name() const { return name_; }
  void encode(Writer& out) const { out.text(name_); }

 protected:
  /// An empty name: one that nobody else has.
  SharedThing(const char* kind, std::string name);
  std::string name_;
};

}  // namespace detail

/// One value by name.
template <class T>
class Variable : public detail::SharedThing {
 public:
  explicit Variable(std::string name = {}) : SharedThing("variable", std::move(name)) {}
  static Variable decode(Reader& in) { return Variable(in.text()); }

  void set(const T& value) { detail::ask_shared(coordination::What::set_variable, name_, 0, {}, detail::shared_value(value)); }
  /// Waits until somebody has set it.
  /// Errors    TimeoutError; TypeError when it holds another type.
  T get(Seconds timeout = {}) const {
    const auto answer = detail::ask_shared(coordination::What::get_variable, name_, 0, timeout);
    if (!answer.in_time) detail::shared_timeout("no value for the variable", name_, timeout);
    return detail::value_of_shared<T>(answer.values.front());
  }
  void delete_() { detail::ask_shared(coordination::What::delete_variable, name_); }
};

struct QueueOptions {
  ASHLAR_OPTIONS;
  std::int64_t maxsize = 0;  ///< 0: no limit. Of the first use of the name
};
/// First in, first out.
template <class T>
class Queue : public detail::SharedThing {
 public:
  explicit Queue(std::string name = {}, const QueueOptions& options = {}) : SharedThing("queue", std::move(name)), maxsize_(options.maxsize) {}
  void encode(Writer& out) const {
    SharedThing::encode(out);
    out.put(maxsize_);
  }
  static Queue decode(Reader& in) {
    std::string name = in.text();
    return Queue(std::move(name), {.maxsize = in.get<std::int64_t>()});
  }

  /// Waits while the queue is full.
  /// Errors    TimeoutError; ValueError when it is closed meanwhile.
  void put(const T& value, Seconds timeout = {}) {
    if (!detail::ask_shared(coordination::What::put, name_, maxsize_, timeout, detail::shared_value(value)).in_time)
      detail::shared_timeout("no room in the queue", name_, timeout);
  }
  /// Waits while it is empty.
  /// Errors    as `put`; TypeError when the value is of another type.
  T get(Seconds timeout = {}) {
    const auto answer = detail::ask_shared(coordination::What::get, name_, maxsize_, timeout);
    if (!answer.in_time) detail::shared_timeout("no value in the queue", name_, timeout);
    return detail::value_of_shared<T>(answer.values.front());
  }
  /// All that is there now.
  std::vector<T> get_batch() {
    std::vector<T> values;
    for (const auto& value : detail::ask_shared(coordination::What::get_all, name_, maxsize_).values) values.push_back(detail::value_of_shared<T>(value));
    return values;
  }
  /// The next n; waits for each.
  std::vector<T> get_batch(std::size_t n, Seconds timeout = {}) {
    std::vector<T> values;
    while (values.size() < n) values.push_back(get(timeout));
    return values;
  }
  std::int64_t qsize() const { return detail::ask_shared(coordination::What::queue_size, name_).amount; }
  void close() { detail::ask_shared(coordination::What::close_queue, name_); }

 private:
  std::int64_t maxsize_;
};

struct AcquireOptions {
  ASHLAR_OPTIONS;
  bool blocking = true;
  Seconds timeout = {};
};
/// At most one task, or the body, holds it. Free again when the holder's task ends. `std::lock_guard` works with it.
class Lock : public detail::SharedThing {
 public:
  explicit Lock(std::string name = {}) : SharedThing("lock", std::move(name)) {}
  static Lock decode(Reader& in) { return Lock(in.text()); }
  /// False when the time passed first, or at once when it is not free and `.blocking` is false.
  bool acquire(const AcquireOptions& options = {});
  /// Errors    ValueError when this task does not hold it.
  void release();
  bool locked() const;
  void lock() { acquire(); }
  void unlock() { release(); }
  bool try_lock() { return acquire({.blocking = false}); }
};

/// At most `max_leases` hold one. Leases of a task that ends are free again.
class Semaphore : public detail::SharedThing {
 public:
  explicit Semaphore(int max_leases = 1, std::string name = {});
  void encode(Writer& out) const {
    SharedThing::encode(out);
    out.put(max_leases_);
  }
  static Semaphore decode(Reader& in) {
    std::string name = in.text();
    return Semaphore(in.get<int>(), std::move(name));
  }
  /// False when the time passed first.
  /// Errors    ValueError when the name has another number of leases, or is closed meanwhile.
  bool acquire(Seconds timeout = {});
  /// Errors    ValueError when this task holds none.
  void release();
  /// Leases that are taken.
  int get_value() const;
  void close();
  void lock() { acquire(); }
  void unlock() { release(); }

 private:
  int max_leases_;
};

class Event : public detail::SharedThing {
 public:
  explicit Event(std::string name = {}) : SharedThing("event", std::move(name)) {}
  static Event decode(Reader& in) { return Event(in.text()); }
  /// Waits until it is set; false when the time passed first.
  bool wait(Seconds timeout = {}) const;
  void set();
  void clear();
  bool is_set() const;
};

/// Gives values to all who are subscribed to its topic at that time.
template <class T>
class Pub : public detail::SharedThing {
 public:
  explicit Pub(std::string name) : SharedThing("topic", std::move(name)) {}
  static Pub decode(Reader& in) { return Pub(in.text()); }
  void put(const T& value) { detail::ask_shared(coordination::What::publish, name_, 0, {}, detail::shared_value(value)); }
  int subscribers() const { return static_cast<int>(detail::ask_shared(coordination::What::subscribers, name_).amount); }
};

namespace detail {
/// A subscription from its making to its end, or the end of the task that made it.
class Subscription : public SharedThing {
 public:
  explicit Subscription(std::string name);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

 protected:
  std::int64_t id_;
};
}  // namespace detail

/// What is put to the topic from now on, in order.
template <class T>
class Sub : public detail::Subscription {
 public:
  explicit Sub(std::string name) : Subscription(std::move(name)) {}
  /// Errors    TimeoutError; TypeError when the value is of another type.
  T get(Seconds timeout = {}) {
    const auto answer = detail::ask_shared(coordination::What::next, name_, id_, timeout);
    if (!answer.in_time) detail::shared_timeout("nothing for the subscriber of", name_, timeout);
    return detail::value_of_shared<T>(answer.values.front());
  }
  T next() { return get(); }
};

}  // namespace ashlar
