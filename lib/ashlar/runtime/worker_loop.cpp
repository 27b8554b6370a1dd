#include "ashlar/runtime/worker_loop.hpp"

#include <limits>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"
#include "ashlar/graph/run_here.hpp"

namespace ashlar {
namespace {

std::int64_t now_ns() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Messages made between two tasks wait at most this long for a turn of the engine.
constexpr std::int64_t turn_interval_ns = 20'000;
// The watcher takes over when nobody has turned the engine for this long.
constexpr auto watch_interval = std::chrono::microseconds(250);
// It sleeps until it is woken when it has seen nobody in user code so many times.
constexpr int watches_before_sleep = 20;

}  // namespace

// Calls outside the graph, one after another on a thread that starts with the first.
class WorkerLoop::Calls {
 public:
  using Report = std::function<void(std::int64_t, Object, std::exception_ptr)>;
  Calls(int rank, Report report) : rank_(rank), report_(std::move(report)) {}
  ~Calls() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void push(protocol::CallWorker call) {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(call));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_one();
  }

 private:
  void run() {
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
      report_(call.number, std::move(value), error);
    }
  }

  int rank_;
  Report report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<protocol::CallWorker> queue_;
  bool closed_ = false;
  std::thread thread_;
};

WorkerLoop::WorkerLoop(Transport& transport, WorkerOptions options, std::function<void(const std::string&)> fatal)
    : transport_(transport),
      options_(options),
      fatal_(std::move(fatal)),
      machine_(options.worker, std::max<std::int64_t>(options.memory_limit / 4, 1), options.resources),
      outbox_(static_cast<std::size_t>(transport.size())) {
  const auto report = [this](std::int64_t number, Object value, std::exception_ptr error) { report_call(number, std::move(value), error); };
  collective_calls_ = std::make_unique<Calls>(options_.rank, report);
  plain_calls_ = std::make_unique<Calls>(options_.rank, report);
}

WorkerLoop::~WorkerLoop() = default;

int WorkerLoop::run() {
  std::vector<std::thread> executors;
  for (int i = 1; i < options_.threads; ++i) executors.emplace_back([this] { guarded([this] { execute_tasks(); }); });
  std::thread watcher([this] { guarded([this] { watch(); }); });
  guarded([this] { execute_tasks(); });
  for (std::thread& t : executors) t.join();
  collective_calls_.reset();
  plain_calls_.reset();
  {
    std::lock_guard lock(state_);
    protocol::encode(outbox(0), protocol::Goodbye{});
    ended_ = true;
  }
  watcher_.notify_all();
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
  return writer;
}

void WorkerLoop::execute_tasks() {
  std::unique_lock lock(state_);
  bool worked = true;
  while (!stopping_) {
    if (auto start = machine_.start_next(commands_, now_ns())) {
      worked = true;
      // Another idle executor takes what else is ready, and the engine when nobody has it.
      if (idle_ > 0 && (machine_.has_ready() || !polling_)) {
        ready_.notify_one();
        if (polling_) transport_.wake();
      }
      run_one(lock, *start);
      if (polling_ && outbox_waiting_.load(std::memory_order_relaxed)) transport_.wake();  // whoever has the engine may sleep
      if (outbox_waiting_.load(std::memory_order_relaxed) && now_ns() - last_turn_ns_.load(std::memory_order_relaxed) > turn_interval_ns && engine_.try_lock()) {
        lock.unlock();
        turn();
        engine_.unlock();
        lock.lock();
      }
      continue;
    }
    ++idle_;
    if (engine_.try_lock()) {
      polling_ = true;
      lock.unlock();
      if (turn() || worked) nap_.something_happened();
      else transport_.wait(nap_.length(transport_.longest_wait()));
      worked = false;
      engine_.unlock();
      lock.lock();
      polling_ = false;
    } else {
      // The engine is with another executor, who passes it on with a notice; or for a moment with a thread that does not.
      ready_.wait_for(lock, polling_ ? std::chrono::microseconds(100'000) : std::chrono::microseconds(50));
    }
    --idle_;
  }
  ready_.notify_all();
}

// While every executor is in user code somebody must still answer peers and rank 0.
void WorkerLoop::watch() {
  std::unique_lock lock(state_);
  int quiet = 0;
  while (!ended_) {
    if (quiet == watches_before_sleep) {
      watcher_asleep_ = true;
      watcher_.wait(lock, [&] { return ended_ || executing_ > 0; });
      watcher_asleep_ = false;
      quiet = 0;
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
    if (engine_.try_lock()) {
      lock.unlock();
      turn();
      engine_.unlock();
      lock.lock();
    }
  }
}

// Under `state_`: tells the machine when a task has run too long. The watcher looks while tasks run; nobody else has to.
void WorkerLoop::pass_time() {
  if (machine_.next_deadline() == std::numeric_limits<std::int64_t>::max()) return;
  const std::int64_t now = now_ns();
  if (now < machine_.next_deadline()) return;
  machine_.handle(worker::TimePassed{now}, commands_);
  carry_out();
}

void WorkerLoop::run_one(std::unique_lock<std::mutex>& lock, const worker::Start& start) {
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
  if (executing_++ == 0 && watcher_asleep_) watcher_.notify_one();
  lock.unlock();

  const std::string key = std::to_string(start.task.value());
  input.key = key;
  const std::int64_t begin = now_ns();
  Object result;
  std::exception_ptr error;
  try {
    result = run_task(*source.operation, input);
  } catch (...) {
    error = std::current_exception();
  }
  input.inputs.clear();
  const std::int64_t took = now_ns() - begin;
  const std::int64_t nbytes = error ? 0 : result.nbytes();

  lock.lock();
  --executing_;
  if (machine_.ended_late(start.run)) {
    result = Object();  // it was given up: what it gave is nobody's
  } else if (error) {
    machine_.handle(worker::TaskFailed{start.task}, commands_);
    for (auto& command : commands_)
      if (std::get_if<worker::ReportFailed>(&command)) protocol::encode(outbox(0), protocol::TaskFailure{start.task, error});
  } else {
    values_[start.task.value()] = std::move(result);
    machine_.handle(worker::TaskDone{start.task, nbytes, took}, commands_);
  }
  carry_out();
}

// Under `state_`: what the machine asked for.
void WorkerLoop::carry_out() {
  for (worker::Command& command : commands_) {
    if (const auto* c = std::get_if<worker::Ask>(&command)) {
      protocol::encode(outbox(rank_of(c->holder)), protocol::AskData{c->data, c->last_use});
    } else if (const auto* c = std::get_if<worker::WithdrawAsk>(&command)) {
      protocol::encode(outbox(rank_of(c->holder)), protocol::WithdrawData{c->data});
    } else if (const auto* c = std::get_if<worker::Send>(&command)) {
      const Object& value = *values_.find(c->data.value());
      if (c->to == client_id) protocol::encode(outbox(0), protocol::ValueReport{c->data, value});
      else protocol::encode(outbox(rank_of(c->to)), protocol::DataValue{c->data, value});
    } else if (const auto* c = std::get_if<worker::Drop>(&command)) {
      values_.erase(c->data.value());
    } else if (const auto* c = std::get_if<worker::ForgetTask>(&command)) {
      sources_.erase(c->task.value());
    } else if (const auto* c = std::get_if<worker::ReportReturned>(&command)) {
      protocol::encode(outbox(0), protocol::TaskReturned{c->task, c->number, c->returned});
    } else if (const auto* c = std::get_if<worker::ReportTimedOut>(&command)) {
      TaskError::Where where;
      where.key = std::to_string(c->task.value());
      where.rank = options_.rank;
      where.type = "TimeoutError";
      where.message = "it ran longer than its limit of " + format_time(static_cast<double>(c->limit_ns) * 1e-9);
      protocol::encode(outbox(0), protocol::TaskFailure{c->task, std::make_exception_ptr(TaskError(std::move(where)))});
    } else if (const auto* c = std::get_if<worker::ReportDone>(&command)) {
      protocol::TaskReport report{c->task, c->nbytes, c->took_ns, c->fetch, {}};
      if (c->fetch) report.value = *values_.find(c->task.value());
      protocol::encode(outbox(0), report);
    }
  }
  commands_.clear();
}

// With `engine_` held: sends what waits, takes what came. True when something moved.
bool WorkerLoop::turn() {
  bool moved = false;
  std::vector<std::pair<int, Parcel>> parcels;
  {
    std::lock_guard lock(state_);
    for (int rank : outbox_used_) parcels.emplace_back(rank, std::move(std::exchange(outbox_[static_cast<std::size_t>(rank)], Writer())).take());
    outbox_used_.clear();
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
  last_turn_ns_.store(now_ns(), std::memory_order_relaxed);
  return moved;
}

void WorkerLoop::apply(int from, protocol::Message& message) {
  if (auto* m = std::get_if<protocol::GiveTask>(&message)) {
    const auto operation = operations_.find(m->operation.value());
    if (operation == operations_.end()) throw InternalError("worker: task " + std::to_string(m->task.value()) + " has an operation this worker was not told of");
    sources_[m->task.value()] = Source{operation->second, m->index, std::move(m->payload)};
    machine_.handle(worker::TaskGiven{m->task, m->order, m->fetch, std::move(m->inputs), std::move(m->limits)}, commands_);
  } else if (auto* m = std::get_if<protocol::DataValue>(&message)) {
    const std::int64_t nbytes = m->value.nbytes();
    values_[m->data.value()] = std::move(m->value);
    machine_.handle(worker::DataArrived{m->data, nbytes}, commands_);
    carry_out();
  } else if (auto* m = std::get_if<protocol::AskData>(&message)) {
    machine_.handle(worker::DataAsked{m->data, from == 0 ? client_id : WorkerId(from - 1), m->last_use}, commands_);
    carry_out();
  } else if (auto* m = std::get_if<protocol::FreeData>(&message)) {
    machine_.handle(worker::DataFreed{std::move(m->data)}, commands_);
  } else if (auto* m = std::get_if<protocol::DefineOperation>(&message)) {
    operations_[m->id.value()] = std::move(m->operation);
  } else if (auto* m = std::get_if<protocol::ForgetOperation>(&message)) {
    operations_.erase(m->id.value());
  } else if (auto* m = std::get_if<protocol::RetractTask>(&message)) {
    machine_.handle(worker::TaskRetracted{m->task}, commands_);
  } else if (auto* m = std::get_if<protocol::WithdrawData>(&message)) {
    machine_.handle(worker::AskWithdrawn{m->data, WorkerId(from - 1)}, commands_);
  } else if (auto* m = std::get_if<protocol::AskBackTask>(&message)) {
    machine_.handle(worker::TaskAskedBack{m->task, m->number}, commands_);
  } else if (auto* m = std::get_if<protocol::InputMoved>(&message)) {
    machine_.handle(worker::InputMoved{m->data, m->holder}, commands_);
  } else if (auto* m = std::get_if<protocol::SendValue>(&message)) {
    machine_.handle(worker::DataAsked{m->data, client_id, false}, commands_);
    carry_out();
  } else if (auto* m = std::get_if<protocol::PutValue>(&message)) {
    const std::int64_t nbytes = m->value.nbytes();
    values_[m->data.value()] = std::move(m->value);
    machine_.handle(worker::DataGiven{m->data, nbytes}, commands_);
  } else if (auto* m = std::get_if<protocol::CallWorker>(&message)) {
    (m->collective ? collective_calls_ : plain_calls_)->push(std::move(*m));
  } else if (auto* m = std::get_if<protocol::Shutdown>(&message)) {
    stopping_ = true;
    exit_code_ = m->exit_code;
  } else {
    throw InternalError("worker: a message that is not for workers");
  }
}

void WorkerLoop::report_call(std::int64_t number, Object value, std::exception_ptr error) {
  {
    std::lock_guard lock(state_);
    protocol::encode(outbox(0), protocol::CallReport{number, std::move(value), error});
  }
  transport_.wake();
}

}  // namespace ashlar
