#include "ashlar/hdf5/thread.hpp"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/hdf5/handles_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"

namespace ashlar::hdf5 {

// How long files that were removed or replaced may stay open here while nothing is read.
static constexpr std::chrono::milliseconds between_looks{500};

struct Thread::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  std::thread thread;
  bool running = false, ending = false;

  void loop() {
    start_library();
    std::unique_lock lock(mutex);
    bool files_open = false;
    while (true) {
      const auto something = [&] { return !jobs.empty() || ending; };
      if (!files_open) {
        wake.wait(lock, something);
      } else if (!wake.wait_for(lock, between_looks, something)) {
        lock.unlock();
        files_open = forget_stale_open_files();
        lock.lock();
        continue;
      }
      if (jobs.empty()) break;
      auto job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      files_open = true;  // perhaps: the next look says
      lock.lock();
    }
    lock.unlock();
    forget_all_open_files();
  }
};

namespace {
thread_local bool on_hdf5_thread = false;
}

Thread::Thread() : state_(new State) {}

Thread& Thread::instance() {
  static Thread* const thread = new Thread;
  return *thread;
}

bool Thread::here() const { return on_hdf5_thread; }

void Thread::queue(std::function<void()> job) {
  std::lock_guard lock(state_->mutex);
  if (state_->ending) throw InternalError("a job for HDF5 came while its thread ends");
  state_->jobs.push_back(std::move(job));
  if (!state_->running) {
    // Signals are for the threads that expect them: a write cut short by one would be an error of HDF5.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    state_->thread = std::thread([state = state_] {
      on_hdf5_thread = true;
      state->loop();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    state_->running = true;
  }
  state_->wake.notify_one();
}

void Thread::wait_for(const std::function<void()>& job) {
  if (here()) return job();
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
