#include "ashlar/hdf5/thread.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "ashlar/base/error.hpp"
#include "ashlar/hdf5/handles_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"

namespace ashlar::hdf5 {

// Files that were removed or replaced are looked for after as long again as nothing was read, within these (decision 0072).
static constexpr std::chrono::milliseconds shortest_pause{20}, longest_pause{500};

struct Thread::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  std::thread thread;
  bool running = false, ending = false;
  bool started = false;     // the library
  bool taken = false;       // somebody is in the library
  bool files_open = false;  // perhaps: the next look says
  bool used = false;        // the library, since the last look
  bool hurry = false;       // the pause became shorter while the thread waited
  std::chrono::milliseconds pause = shortest_pause;  // until the next look at the open files

  void loop() {
    start_library();
    std::unique_lock lock(mutex);
    started = true;
    while (true) {
      const auto something = [&] { return !taken && (!jobs.empty() || ending); };
      if (!files_open) {
        wake.wait(lock, [&] { return something() || files_open; });
        if (!something()) continue;
      } else if (!wake.wait_for(lock, pause, [&] { return something() || hurry; })) {
        if (taken || std::exchange(used, false)) continue;
        taken = true;
        lock.unlock();
        const bool open = forget_stale_open_files();
        lock.lock();
        taken = false;
        files_open = open;
        pause = std::min(2 * pause, longest_pause);
        continue;
      }
      if (std::exchange(hurry, false) && !something()) continue;
      if (jobs.empty()) break;
      auto job = std::move(jobs.front());
      jobs.pop_front();
      taken = true;
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
      taken = false;
      note_use();
    }
    started = false;
    lock.unlock();
    forget_all_open_files();
  }

  /// True when the caller may go into the library now: the thread is there to look after the files that are opened, and nobody waits.
  bool enter() {
    std::lock_guard lock(mutex);
    if (!started || ending || taken || !jobs.empty()) return false;
    return taken = true;
  }
  void leave() {
    std::lock_guard lock(mutex);
    taken = false;
    if (note_use() || !jobs.empty() || ending) wake.notify_one();
  }

 private:
  /// True when the thread sleeps for longer than it should now.
  bool note_use() {
    const bool too_long = !files_open || pause > shortest_pause;
    used = files_open = true;
    pause = shortest_pause;
    hurry = hurry || too_long;
    return too_long;
  }
};

namespace {

thread_local bool inside_library = false;

// Signals are for the threads that expect them: a write cut short by one would be an error of HDF5.
struct SignalsBlocked {
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  sigset_t before;
};

struct Inside {
  Inside() { inside_library = true; }
  ~Inside() { inside_library = false; }
  SignalsBlocked blocked;
};

}  // namespace

Thread::Thread() : state_(new State) {}

Thread& Thread::instance() {
  static Thread* const thread = new Thread;
  return *thread;
}

bool Thread::here() const { return inside_library; }

void Thread::queue(std::function<void()> job) {
  std::lock_guard lock(state_->mutex);
  if (state_->ending) throw InternalError("a job for HDF5 came while its thread ends");
  state_->jobs.push_back(std::move(job));
  if (!state_->running) {
    const SignalsBlocked from_the_first_moment_on;
    state_->thread = std::thread([state = state_] {
      const Inside inside;
      state->loop();
    });
    state_->running = true;
  }
  state_->wake.notify_one();
}

// Who waits anyway goes into the library itself when nobody is in it and nothing is queued: the way to another thread and back takes two wakings.
void Thread::wait_for(const std::function<void()>& job) {
  if (here()) return job();
  if (state_->enter()) {
    std::exception_ptr error;
    {
      const Inside inside;
      try {
        job();
      } catch (...) {
        error = std::current_exception();
      }
    }
    state_->leave();
    if (error) std::rethrow_exception(error);
    return;
  }
  // Shared: the thread still touches the task after the waiter was woken.
  auto task = std::make_shared<std::packaged_task<void()>>([&job] { job(); });
  auto done = task->get_future();
  queue([task] { (*task)(); });
  done.get();
}

void Thread::stop() {
  if (here()) throw InternalError("the HDF5 thread cannot stop itself");
  {
    std::lock_guard lock(state_->mutex);
    if (!state_->running || state_->ending) return;
    state_->ending = true;
    state_->wake.notify_one();
  }
  state_->thread.join();
  std::lock_guard lock(state_->mutex);
  state_->running = state_->ending = false;
}

}  // namespace ashlar::hdf5
