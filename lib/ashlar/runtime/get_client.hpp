#pragma once
// Tasks are clients: inside a task these give a client that submits to the job's scheduler and waits like the body's.
//
//   int fib(int n) {
//     if (n < 2) return n;
//     al::Client& client = al::get_client();
//     auto a = client.submit(fib, n - 1), b = client.submit(fib, n - 2);
//     return a.result() + b.result();                // the task's slot is free meanwhile
//   }

#include <string>
#include <string_view>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client.hpp"

namespace ashlar {

inline constexpr std::string_view reschedule_kind = "Reschedule";
/// Thrown by a task that wants to be run again, where it is best by then: it is placed anew at once, and no retry is counted.
/// Only inputs that nobody else uses are the task's own to change; with such a one it fails, unless it was submitted with `.retries`.
class Reschedule : public Error {
 public:
  explicit Reschedule(const std::string& why = "the task asked to be run again, and an input was its own: submit it with .retries, which keeps inputs") : Error(why) {}
  std::string_view kind() const noexcept override { return reschedule_kind; }
};

/// The client of this job: in a task the worker's, in the body that of `run`.
/// Errors    ValueError outside of a job.
Client& get_client();
inline Client& default_client() { return get_client(); }

/// Gives up the slot of the running task until it ends or rejoins, so that another may run meanwhile. Outside of a task nothing happens.
/// A task that waits for results does this by itself.
void secede();
/// Takes a slot again; waits for one.
void rejoin();

/// A client for a while, without a slot: `auto client = al::worker_client(); client->submit(…)`. At its end the task takes a slot again.
class worker_client {
 public:
  worker_client() : client_(get_client()) { secede(); }
  ~worker_client() { rejoin(); }
  worker_client(const worker_client&) = delete;
  worker_client& operator=(const worker_client&) = delete;
  Client& operator*() const { return client_; }
  Client* operator->() const { return &client_; }

 private:
  Client& client_;
};
using local_client = worker_client;

/// The worker that runs this task.
/// Errors    ValueError outside of a task.
WorkerContext get_worker();

}  // namespace ashlar
