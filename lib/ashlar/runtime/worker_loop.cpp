#include "ashlar/runtime/worker_loop.hpp"

#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <iostream>
#include <limits>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"
#include "ashlar/graph/run_here.hpp"
#include "ashlar/runtime/clock.hpp"

namespace ashlar {
namespace {

// Messages made between two tasks wait at most this long for a turn of the engine.
constexpr std::int64_t turn_interval_ns = 20'000;
// Reports of finished tasks wait for others at most this long while the worker has more to do: rank 0 need not know at once, and
// what wakes it takes a core from those who work, where ranks are more than cores. Longer where there are plenty of tasks.
constexpr std::int64_t report_interval_ns = 100'000, report_interval_of_many_ns = 500'000, many_tasks = 16;
// Bytes asked of peers and not yet here, at most: enough to keep any network busy. What is asked for lies ready at both ends, cut and packed, beside the array
// that it is part of; without this bound all pieces of a rechunk did so at once, and went as one message.
constexpr std::int64_t flight_max = std::int64_t{64} << 20;
constexpr std::size_t report_bytes_max = 32 << 10;
// The watcher takes over when nobody has turned the engine for this long. Each of its looks costs a core 10 us.
constexpr auto watch_interval = std::chrono::milliseconds(1);
// It sleeps until its alarm when it has seen nobody in user code so many times.
constexpr int watches_before_sleep = 20;
// How often the resident memory is looked at.
constexpr std::int64_t look_interval_ns = 50'000'000;

std::int64_t budget(const WorkerOptions& options) { return options.memory_limit > 0 ? options.memory_limit : worker::MemoryLimits::none; }

}  // namespace

WorkerLoop::WorkerLoop(Transport& transport, WorkerOptions options, std::function<void(const std::string&)> fatal)
    : transport_(transport),
      options_(options),
      fatal_(std::move(fatal)),
      machine_(options.worker, std::clamp<std::int64_t>(budget(options) / 4, 1, flight_max), {budget(options), options.pause_above}, options.resources),
      outbox_(static_cast<std::size_t>(transport.size())),
      running_(static_cast<std::size_t>(std::max(options.threads, 1))) {
  const auto report = [this](std::int64_t number, Object value, std::exception_ptr error) { report_call(number, std::move(value), error); };
  tasks_ = std::make_unique<TaskClient>(options_.worker.value(), options_.rank, [this] { transport_.wake(); }, SlotKeeper{[this] { leave_slot(); }, [this] { enter_slot(); }});
  collective_calls_ = std::make_unique<Calls>(options_.rank, *tasks_, true, report);
  plain_calls_ = std::make_unique<Calls>(options_.rank, *tasks_, true, report);
  scratch_ = std::make_unique<Scratch>(options_.scratch.empty() ? default_scratch_folder() : options_.scratch, [this](Scratch::Ended ended) {
    guarded([&] { scratch_ended(std::move(ended)); });
  });
  // What the pool keeps for later is memory too.
  pool::set_cache_limit(std::min<std::int64_t>(std::int64_t{1} << 30, budget(options_) / 8));
}

WorkerLoop::~WorkerLoop() = default;

int WorkerLoop::run() {
  std::vector<std::thread> executors;
  for (int i = 1; i < options_.threads; ++i) executors.emplace_back([this, &running = running_[static_cast<std::size_t>(i)]] { guarded([&] { execute_tasks(running); }); });
  std::thread watcher([this] { guarded([this] { watch(); }); });
  guarded([this] { execute_tasks(running_[0]); });
  for (std::thread& t : executors) t.join();
  join_spares();
  collective_calls_.reset();
  plain_calls_.reset();
  std::unique_ptr<Scratch> scratch;
  {
    std::lock_guard lock(state_);
    scratch.swap(scratch_);
  }
  scratch.reset();  // its thread may wait for the lock
  {
    std::lock_guard lock(state_);
    protocol::encode(outbox(0), protocol::Goodbye{});
    ended_ = true;
  }
  watcher_.notify_all();
  alarm_.set(std::chrono::nanoseconds(1));
  {
    std::lock_guard engine(engine_);
    if (transport_.relieve()) transport_.hand_back();
  }
  transport_.wake();
  watcher.join();
  guarded([this] {
    // What is still under way is taken at the end of the job, by everybody together.
    std::lock_guard engine(engine_);
    turn();
  });
  return exit_code_;
}

void WorkerLoop::guarded(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    fatal_(error_kind(std::current_exception()) + ": " + error_message(std::current_exception()));
  }
}

Writer& WorkerLoop::outbox(int rank) {
  Writer& writer = outbox_[static_cast<std::size_t>(rank)];
  if (writer.size() == 0) outbox_used_.push_back(rank);
  outbox_waiting_.store(true, std::memory_order_relaxed);
  if (rank == 0) reports_since_ns_ = 0;
  return writer;
}

// Where reports go that may wait for others.
Writer& WorkerLoop::reports() {
  Writer& writer = outbox_[0];
  if (writer.size() == 0) {
    outbox_used_.push_back(0);
    reports_since_ns_ = now_ns();
  }
  return writer;
}

bool WorkerLoop::reports_due() const {
  const std::int64_t interval = machine_.tasks() < many_tasks ? report_interval_ns : report_interval_of_many_ns;
  return reports_since_ns_ == 0 || machine_.tasks() == 0 || outbox_[0].size() > report_bytes_max || now_ns() - reports_since_ns_ > interval;
}

void WorkerLoop::execute_tasks(Running& running) {
  const Evaluator::ThreadGuard guard(tasks_.get(), true);
  clockid_t clock{};
  pthread_getcpuclockid(pthread_self(), &clock);
  running.cpu_clock = clock;
  std::unique_lock lock(state_);
  bool worked = true;
  while (!stopping_) {
    if (auto start = has_slot() ? machine_.start_next(commands_, now_ns()) : std::nullopt) {
      worked = true;
      // Another idle executor takes what else is ready, and the engine when nobody has it.
      if (idle_ > 0 && (machine_.has_ready() || !polling_)) {
        ready_.notify_one();
        if (polling_) transport_.wake();
      }
      if (relieved_ && engine_.try_lock()) {
        let_watcher_hear();
        engine_.unlock();
      }
      run_one(lock, *start, running);
      const bool watched = std::exchange(watching_, false);
      const bool due = !outbox_used_.empty() && (watched || now_ns() - last_turn_ns_.load(std::memory_order_relaxed) > turn_interval_ns);
      if (due && engine_.try_lock()) {
        relieve_watcher();
        lock.unlock();
        turn();
        engine_.unlock();
        lock.lock();
      } else if (watched || (polling_ && outbox_waiting_.load(std::memory_order_relaxed))) {
        // Whoever has the engine may sleep, or be about to. The watcher sends what there is and lets it go.
        transport_.wake();
      }
      continue;
    }
    carry_out();  // what a task that waits for memory asked for
    ++idle_;
    if (engine_.try_lock()) {
      polling_ = true;
      relieve_watcher();
      const auto longest = outbox_used_.empty() ? transport_.longest_wait() : std::chrono::nanoseconds(report_interval_ns / 2);
      lock.unlock();
      if (turn() || worked) nap_.something_happened();
      else transport_.wait(nap_.length(longest));
      worked = false;
      engine_.unlock();
      lock.lock();
      polling_ = false;
    } else if (idle_ > options_.threads + 1) {
      rest(lock);
    } else {
      // The engine is with another executor, who passes it on with a notice; or for a moment with a thread that does not.
      if (std::exchange(watching_, false)) transport_.wake();
      ready_.wait_for(lock, polling_ ? std::chrono::microseconds(100'000) : std::chrono::microseconds(50));
    }
    --idle_;
  }
  ready_.notify_all();
}

// Under `state_`, with `engine_` held. The watcher may lie asleep: to wake it takes longer than what is to be done.
void WorkerLoop::relieve_watcher() {
  watching_ = false;
  relieved_ = transport_.relieve();
}

// Under `state_`, with `engine_` held, by who goes into user code: messages wake the watcher again, if it still sleeps.
void WorkerLoop::let_watcher_hear() {
  if (transport_.relieve()) transport_.hand_back();
  relieved_ = false;
}

// While every executor is in user code somebody must still answer peers and rank 0. Asleep it has given up the engine, so that who ends a task need not
// wake it to send the report.
void WorkerLoop::watch() {
  const Evaluator::ThreadGuard guard(tasks_.get(), true);
  std::unique_lock lock(state_);
  int quiet = 0;
  while (!ended_) {
    if (quiet == watches_before_sleep) {
      watcher_asleep_ = true;
      lock.unlock();
      alarm_.wait();
      lock.lock();
      watcher_asleep_ = false;
      quiet = 0;
      if (ended_) break;
    }
    // Nobody wakes it in here, or every small task would pay for it.
    watcher_.wait_for(lock, watch_interval, [&] { return ended_; });
    if (executing_ == 0) {
      ++quiet;
      continue;
    }
    quiet = 0;
    pass_time();
    if (now_ns() - last_turn_ns_.load(std::memory_order_relaxed) < std::chrono::nanoseconds(watch_interval).count()) continue;
    std::unique_lock engine(engine_, std::try_to_lock);
    if (!engine) continue;
    watching_ = true;
    while (watching_) {
      const std::int64_t until_deadline = machine_.next_deadline() - now_ns();
      const auto longest = std::min(transport_.longest_wait(), std::chrono::nanoseconds(std::clamp<std::int64_t>(until_deadline, 0, look_interval_ns)));
      lock.unlock();
      if (!turn()) transport_.wait_apart(engine, longest);
      lock.lock();
      pass_time();
    }
    lock.unlock();
    turn();
    engine.unlock();
    lock.lock();
  }
}

// Under `state_`. An alarm costs less than to wake the watcher now, and most tasks have ended by then.
void WorkerLoop::begin_executing() {
  if (executing_++ == 0 && std::exchange(watcher_asleep_, false)) alarm_.set(watch_interval);
}

// Under `state_`: tells the machine when a task has run too long. The watcher looks while tasks run; nobody else has to.
void WorkerLoop::pass_time() {
  if (machine_.next_deadline() == std::numeric_limits<std::int64_t>::max()) return;
  const std::int64_t now = now_ns();
  if (now < machine_.next_deadline()) return;
  machine_.handle(worker::TimePassed{now}, commands_);
  carry_out();
}

void WorkerLoop::run_one(std::unique_lock<std::mutex>& lock, const worker::Start& start, Running& running) {
  // Its own from here on: the task may be given again while this run, which took too long, goes on.
  const Source source = std::move(*sources_.find(start.task.value()));
  TaskInput input;
  input.index = source.index;
  input.payload = source.payload.head;
  input.buffers = source.payload.buffers;
  input.rank = options_.rank;
  input.inputs.reserve(start.inputs.size());
  for (const worker::Start::Input& in : start.inputs) input.inputs.push_back(*values_.find(in.data.value()));
  // Now the values that are used for the last time are dropped here, and the task is their only holder.
  carry_out();
  begin_executing();
  ++slots_taken_;
  lock.unlock();

  const std::string key = std::to_string(start.task.value());
  input.key = key;
  const std::int64_t begin = now_ns();
  running.begin_ns.store(begin, std::memory_order_relaxed);
  running.task.store(start.task.value(), std::memory_order_release);
  Object result;
  std::exception_ptr error;
  tasks_->begin(start.task);
  try {
    result = run_task(*source.operation, input);
  } catch (...) {
    error = std::current_exception();
  }
  tasks_->end();
  running.task.store(-1, std::memory_order_relaxed);
  input.inputs.clear();
  const std::int64_t took = now_ns() - begin;
  const std::int64_t nbytes = error ? 0 : result.nbytes();

  lock.lock();
  --executing_;
  --slots_taken_;
  if (returning_ > 0) slot_free_.notify_one();
  if (machine_.ended_late(start.run)) {
    result = Object();  // it was given up: what it gave is nobody's
  } else if (error) {
    end_ask(start.task);
    machine_.handle(worker::TaskFailed{start.task}, commands_);
    for (auto& command : commands_)
      if (std::get_if<worker::ReportFailed>(&command)) protocol::encode(outbox(0), protocol::TaskFailure{start.task, error});
  } else {
    values_[start.task.value()] = std::move(result);
    machine_.handle(worker::TaskDone{start.task, nbytes, took}, commands_);
  }
  carry_out();
}

// With `engine_` held: sends what waits, takes what came. True when something moved.
bool WorkerLoop::turn() {
  bool moved = false;
  std::vector<std::pair<int, Parcel>> parcels;
  {
    std::lock_guard lock(state_);
    if (tasks_->has_requests()) tasks_->drain(outbox(0));
    bool kept = false;
    for (int rank : outbox_used_)
      if (rank == 0 && !reports_due()) kept = true;
      else parcels.emplace_back(rank, std::move(std::exchange(outbox_[static_cast<std::size_t>(rank)], Writer())).take());
    outbox_used_.assign(kept ? 1 : 0, 0);
    outbox_waiting_.store(false, std::memory_order_relaxed);
  }
  for (auto& [rank, parcel] : parcels) transport_.send(rank, std::move(parcel));
  moved |= !parcels.empty();

  std::vector<Arrival> arrived;
  moved |= transport_.receive(arrived);
  for (Arrival& arrival : arrived) {
    // Operations and values are decoded outside the lock: executors go on.
    std::vector<protocol::Message> messages;
    Reader batch(arrival.parcel);
    while (!batch.at_end()) messages.push_back(protocol::decode(batch));
    std::lock_guard lock(state_);
    for (protocol::Message& message : messages) apply(arrival.from, message);
    carry_out();
    if (machine_.has_ready() || stopping_) ready_.notify_all();
  }
  const std::int64_t now = now_ns();
  last_turn_ns_.store(now, std::memory_order_relaxed);
  if (now - last_look_ns_ > look_interval_ns) {
    last_look_ns_ = now;
    watch_memory();
  }
  return moved;
}

// With `engine_` held.
void WorkerLoop::watch_memory() {
  std::int64_t resident = resident_.bytes();
  {
    std::lock_guard lock(state_);
    if (resident <= options_.pause_above && !machine_.paused()) return;
  }
  if (resident > options_.pause_above) {
    // First what is nobody's: what the pool and the allocator keep.
    pool::trim();
    malloc_trim(0);
    resident = resident_.bytes();
  }
  std::lock_guard lock(state_);
  machine_.handle(worker::MemoryMeasured{resident}, commands_);
  carry_out();
  if (machine_.has_ready()) ready_.notify_all();
  if (!machine_.paused() || std::exchange(warned_of_pause_, true)) return;
  std::cerr << "ashlar: warning: rank " << options_.rank << " has " << format_bytes(resident) << " of memory, " << format_bytes(machine_.bytes_here())
            << " of it results; above " << format_bytes(options_.pause_above) << " it runs one task at a time (--ashlar-memory-pause)" << std::endl;
}

// On the thread of scratch.
void WorkerLoop::scratch_ended(Scratch::Ended ended) {
  {
    std::lock_guard lock(state_);
    scratch_error_ = ended.error;
    if (ended.read) {
      if (!ended.error) values_[ended.data.value()] = std::move(ended.value);
      machine_.handle(worker::LoadEnded{ended.data, ended.file, ended.error != nullptr}, commands_);
    } else {
      machine_.handle(worker::SpillEnded{ended.data, ended.file, ended.error != nullptr}, commands_);
    }
    carry_out();
    scratch_error_ = nullptr;
    if (machine_.has_ready()) ready_.notify_all();
  }
  transport_.wake();
}

}  // namespace ashlar
