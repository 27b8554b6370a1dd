#include "ashlar/runtime/calls.hpp"

#include "ashlar/runtime/clock.hpp"

namespace ashlar {

Calls::~Calls() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Calls::push(protocol::CallWorker call) {
  std::lock_guard lock(mutex_);
  open_.emplace_back(call.number, now_ns());
  queue_.push_back(std::move(call));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
}

void Calls::append_waits(std::vector<protocol::Wait>& waits, protocol::WaitKind kind) {
  std::lock_guard lock(mutex_);
  for (const auto& [number, since] : open_) waits.push_back({kind, TaskId(number), TaskId(), WorkerId(), now_ns() - since, 0});
}

void Calls::run() {
  const Evaluator::ThreadGuard guard(&evaluator_, worker_);
  for (;;) {
    protocol::CallWorker call;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      call = std::move(queue_.front());
      queue_.pop_front();
    }
    Object value;
    std::exception_ptr error;
    try {
      TaskInput input;
      const std::string key = "call-" + std::to_string(call.number);
      input.payload = call.payload.head;
      input.buffers = call.payload.buffers;
      input.key = key;
      input.rank = rank_;
      value = call.operation->run(input);
    } catch (...) {
      error = std::current_exception();
    }
    {
      std::lock_guard lock(mutex_);
      open_.pop_front();
    }
    report_(call.number, std::move(value), error);
  }
}

}  // namespace ashlar
