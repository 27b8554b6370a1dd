#pragma once
// One thread of a process calls HDF5 at a time.
//
// HDF5 as Debian builds it is not thread safe, so every call of this folder, reads too, is made through here: two executors that
// read at once take turns. What is posted goes to a thread of its own; who waits for its job does it itself when nobody is in the
// library and nothing is queued (decision 0071). Collective calls block whoever makes them until the other ranks have come; what is
// posted behind them waits. So: everything a rank must do before it can enter a collective call is posted before it.
//
// The thread starts with the first job, closes files that were removed or replaced, and ends with `stop`; a job after that starts it
// again. A program that also calls HDF5 itself does so through `run`.

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace ashlar::hdf5 {

class Thread {
 public:
  static Thread& instance();

  /// Runs `fn()` in its turn, here or on the thread, waits, and hands on its value or its exception. Inside a job it runs at once.
  /// Signals are blocked meanwhile.
  template <class F>
  auto run(F&& fn) -> std::invoke_result_t<F&> {
    using R = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<R>) {
      wait_for([&fn] { fn(); });
    } else {
      std::optional<R> value;
      wait_for([&] { value.emplace(fn()); });
      return std::move(*value);
    }
  }

  /// Queues `fn`; jobs run one by one in the order of their posting.
  template <class F>
  auto post(F fn) -> std::future<std::invoke_result_t<F&>> {
    auto task = std::make_shared<std::packaged_task<std::invoke_result_t<F&>()>>(std::move(fn));
    auto result = task->get_future();
    queue([task] { (*task)(); });
    return result;
  }

  /// Ends the thread after the jobs queued so far and closes the files the reader kept open. Without a thread: nothing.
  /// Requires  nobody posts meanwhile.
  void stop();
  /// True inside a job, on whatever thread.
  bool here() const;

 private:
  Thread();
  struct State;
  void queue(std::function<void()> job);
  void wait_for(const std::function<void()>& job);

  State* state_;  // never freed: the thread may outlive static objects when a program exits without `stop`
};

}  // namespace ashlar::hdf5
