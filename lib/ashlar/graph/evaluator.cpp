#include "ashlar/graph/evaluator.hpp"

#include <algorithm>
#include <iostream>
#include <mutex>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/callbacks_detail.hpp"
#include "ashlar/graph/run_here.hpp"

namespace ashlar {
namespace {

std::mutex current_mutex;
Evaluator* current_evaluator = nullptr;
thread_local Evaluator* thread_evaluator = nullptr;
thread_local bool thread_of_worker = false;
thread_local bool thread_of_callbacks = false;
thread_local KeptResults* kept_by_thread = nullptr;

[[noreturn]] void no_job(const std::string& what) { throw ValueError(what + " needs a running job: call it inside al::run, or in one of its tasks"); }

}  // namespace

void Result::retry() { throw NotImplementedError("not yet: retry of " + key() + "; submit it again"); }

Evaluator::Evaluator() = default;
Evaluator::~Evaluator() = default;

std::vector<Object> Evaluator::run_on_some(std::shared_ptr<const Operation>, Parcel, const std::vector<int>&) { no_job("to run on chosen workers"); }
Evaluator::Message Evaluator::call(std::uint8_t, Message) { no_job("what several tasks share"); }
void Evaluator::tell(std::uint8_t, Message) { no_job("what several tasks share"); }
void Evaluator::write_result(Writer&, const ResultHandle&) { no_job("a future that travels"); }
ResultHandle Evaluator::read_result(Reader&) { no_job("a future that travels"); }

void Evaluator::when_done(const ResultHandle& result, std::function<void()> call) {
  static std::mutex mutex;
  Callbacks* callbacks;
  {
    std::lock_guard lock(mutex);
    if (!callbacks_) callbacks_ = std::make_unique<Callbacks>(*this);
    callbacks = callbacks_.get();
  }
  callbacks->add(result, std::move(call));
}

void Evaluator::end_callbacks() {
  if (callbacks_) callbacks_->end();
}

Evaluator& Evaluator::current() {
  if (thread_evaluator) return *thread_evaluator;
  // A task of `run_here` that handed its graphs to a running client would be an oracle no more.
  if (inside_local_task()) return local_evaluator();
  std::lock_guard lock(current_mutex);
  return current_evaluator ? *current_evaluator : local_evaluator();
}

bool Evaluator::on_worker() { return thread_of_worker; }
bool Evaluator::in_callback() { return thread_of_callbacks; }

Evaluator::Guard::Guard(Evaluator* evaluator) {
  std::lock_guard lock(current_mutex);
  previous_ = std::exchange(current_evaluator, evaluator);
}
Evaluator::Guard::~Guard() {
  std::lock_guard lock(current_mutex);
  current_evaluator = previous_;
}

Evaluator::ThreadGuard::ThreadGuard(Evaluator* evaluator, bool worker)
    : previous_(std::exchange(thread_evaluator, evaluator)), previous_worker_(std::exchange(thread_of_worker, worker)) {}
Evaluator::ThreadGuard::~ThreadGuard() {
  thread_evaluator = previous_;
  thread_of_worker = previous_worker_;
}

Keeping::Keeping(KeptResults& kept) : previous_(std::exchange(kept_by_thread, &kept)) {}
Keeping::~Keeping() { kept_by_thread = previous_; }
KeptResults* Keeping::current() { return kept_by_thread; }

// ---- calls when results are done

void Callbacks::add(const ResultHandle& result, std::function<void()> call) {
  std::unique_lock lock(mutex_);
  if (!ended_ && result->status() == Status::pending) {
    const std::uint64_t number = next_++;
    entries_.push_back({result, std::move(call), number});
    if (!running_) {
      if (thread_.joinable()) thread_.join();
      running_ = true;
      thread_ = std::thread([this] { run(); });
      return;
    }
    if (result->status() == Status::pending) return;
    // It ended in between, and the thread may have looked before it was listed.
    const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.number == number; });
    if (entry == entries_.end()) return;
    call = std::move(entry->call);
    entries_.erase(entry);
  }
  lock.unlock();
  call();
}

std::vector<Callbacks::Entry> Callbacks::take_done() {
  std::lock_guard lock(mutex_);
  const auto done = std::stable_partition(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.result->status() == Status::pending; });
  std::vector<Entry> taken(std::make_move_iterator(done), std::make_move_iterator(entries_.end()));
  entries_.erase(done, entries_.end());
  return taken;
}

void Callbacks::run() {
  const Evaluator::ThreadGuard guard(&evaluator_);
  thread_of_callbacks = true;
  for (;;) {
    std::vector<Entry> done;
    try {
      evaluator_.wait_until([&] {
        done = take_done();
        return !done.empty();
      });
    } catch (...) {
      // The job has ended: what is still pending will never be done.
      std::lock_guard lock(mutex_);
      ended_ = true;
      entries_.clear();
      return;
    }
    for (Entry& entry : done) try {
        entry.call();
      } catch (...) {
        std::cerr << "ashlar: a call for the end of " << entry.result->key() << " threw " << error_kind(std::current_exception()) << ": "
                  << error_message(std::current_exception()) << std::endl;
      }
    done.clear();
    std::lock_guard lock(mutex_);
    if (entries_.empty()) {
      running_ = false;
      return;
    }
  }
}

void Callbacks::end() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace ashlar
