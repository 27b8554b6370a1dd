#include "ashlar/runtime/task_client.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/graph_wire.hpp"

namespace ashlar {
namespace {

// The task that this executor runs.
struct ThisTask {
  TaskClient* client = nullptr;
  TaskId task;
  bool slot = false, seceded = false, holds = false, waited = false;
  std::shared_ptr<std::int64_t> unconfirmed;  // of its results, those that rank 0 may not know yet; under the shared mutex
};
thread_local ThisTask this_task;

}  // namespace

// A result as a worker's tasks see it. All fields are guarded by the shared mutex.
class TaskResult final : public Result, public std::enable_shared_from_this<TaskResult> {
 public:
  TaskResult(std::shared_ptr<TaskClient::Shared> shared, TaskClient* client, std::int64_t name, std::string key, std::shared_ptr<std::int64_t> unconfirmed)
      : shared_(std::move(shared)), client_(client), name_(name), key_(std::move(key)), unconfirmed_(std::move(unconfirmed)) {}
  ~TaskResult() override {
    bool open;
    {
      std::lock_guard lock(shared_->mutex);
      if (const auto it = shared_->results.find(name_); it != shared_->results.end() && it->second == this) shared_->results.erase(it);
      confirm();
      open = !shared_->closed;
    }
    if (open) client_->send_name(Ask::release, name_);
  }

  Status status() const override {
    std::lock_guard lock(shared_->mutex);
    return status_;
  }
  std::exception_ptr error() const override {
    std::lock_guard lock(shared_->mutex);
    return error_;
  }
  bool wait(Seconds timeout) override {
    return client().wait_until([&] { return status() != Status::pending; }, timeout);
  }
  void ask() override {
    {
      std::lock_guard lock(shared_->mutex);
      if (here_ || asked_ || shared_->closed) return;
      asked_ = true;
    }
    client_->send_name(Ask::value, name_);
  }
  Object get(Seconds timeout) override {
    ask();
    const auto settled = [&] {
      std::lock_guard lock(shared_->mutex);
      return here_ || (status_ != Status::pending && status_ != Status::finished);
    };
    if (!client().wait_until(settled, timeout)) throw TimeoutError("the result of " + key_ + " was not there in time");
    std::lock_guard lock(shared_->mutex);
    if (here_) return value_;
    if (status_ == Status::cancelled) throw CancelledError("the result of " + key_ + " was cancelled");
    if (error_) std::rethrow_exception(error_);
    throw InternalError("the result of " + key_ + " is lost");
  }
  void cancel() override {
    {
      std::lock_guard lock(shared_->mutex);
      if (shared_->closed || status_ != Status::pending) return;
      status_ = Status::cancelled;
      ++shared_->generation;
      shared_->changed.notify_all();
    }
    client_->send_name(Ask::cancel, name_);
  }
  void retry() override {
    {
      std::lock_guard lock(shared_->mutex);
      if (shared_->closed || status_ != Status::error) return;
      status_ = Status::pending;
      error_ = nullptr;
      asked_ = false;
    }
    client_->send_name(Ask::retry, name_);
  }
  std::string key() const override { return key_; }

 private:
  friend class TaskClient;
  void confirm() {
    if (unconfirmed_) --*unconfirmed_;
    unconfirmed_ = nullptr;
  }
  TaskClient& client() const {
    {
      std::lock_guard lock(shared_->mutex);
      if (shared_->closed) throw Error("the job has ended: its results can no longer be used");
    }
    return *client_;
  }
  const std::shared_ptr<TaskClient::Shared> shared_;
  TaskClient* const client_;
  const std::int64_t name_;
  const std::string key_;
  Status status_ = Status::pending;
  std::shared_ptr<std::int64_t> unconfirmed_;  // of the task that made it; null: rank 0 knows it
  bool asked_ = false, here_ = false;
  Object value_;
  std::exception_ptr error_;
};

TaskClient::TaskClient(int worker, int rank, std::function<void()> wake, SlotKeeper slots)
    : worker_(worker), rank_(rank), wake_(std::move(wake)), slots_(std::move(slots)), shared_(std::make_shared<Shared>()) {}

TaskClient::~TaskClient() {
  close();
  end_callbacks();
}

// ---- requests

void TaskClient::send(Ask ask, std::int64_t number, Writer payload) {
  protocol::TaskRequest request{number, static_cast<std::uint8_t>(ask), std::move(payload).take()};
  bool first;
  {
    std::lock_guard lock(shared_->mutex);
    if (shared_->closed) return;
    first = shared_->requests.empty();
    shared_->requests.push_back(std::move(request));
    waiting_.store(true, std::memory_order_relaxed);
  }
  if (first) wake_();
}

void TaskClient::send_name(Ask ask, std::int64_t name) {
  Writer payload;
  payload.put(name);
  send(ask, 0, std::move(payload));
}

void TaskClient::drain(Writer& to_rank_0) {
  std::vector<protocol::TaskRequest> requests;
  {
    std::lock_guard lock(shared_->mutex);
    requests.swap(shared_->requests);
    waiting_.store(false, std::memory_order_relaxed);
  }
  for (const protocol::TaskRequest& request : requests) protocol::encode(to_rank_0, request);
}

std::int64_t TaskClient::name_of(const ResultHandle& result) const {
  const auto* mine = dynamic_cast<const TaskResult*>(result.get());
  if (!mine || mine->shared_ != shared_) throw ValueError("a task uses a result of another client, or of none: results live as long as the client that made them");
  return mine->name_;
}

std::shared_ptr<TaskResult> TaskClient::made(std::string key) {
  const std::int64_t name = made_name(worker_, next_name_.fetch_add(1));
  if (!this_task.unconfirmed) this_task.unconfirmed = std::make_shared<std::int64_t>(0);
  std::shared_ptr<TaskResult> result;
  std::lock_guard lock(shared_->mutex);
  if (shared_->closed) throw Error("the job has ended: no more tasks can be submitted");
  ++*this_task.unconfirmed;
  result = std::make_shared<TaskResult>(shared_, this, name, std::move(key), this_task.unconfirmed);
  shared_->results[name] = result.get();
  return result;
}

std::shared_ptr<TaskResult> TaskClient::held(std::int64_t name, std::string key, Ask why) {
  std::shared_ptr<TaskResult> result;
  bool again = true;
  {
    std::lock_guard lock(shared_->mutex);
    if (const auto it = shared_->results.find(name); it != shared_->results.end()) result = std::static_pointer_cast<TaskResult>(it->second->weak_from_this().lock());
    if (!result) {
      again = false;
      result = std::make_shared<TaskResult>(shared_, this, name, std::move(key), nullptr);
      shared_->results[name] = result.get();
    } else if (why == Ask::hold) {
      return result;
    }
  }
  // One that was held before is claimed and let go of again: the sender counts on the claim.
  send_name(why, name);
  if (again && why == Ask::claim) send_name(Ask::release, name);
  return result;
}

std::vector<ResultHandle> TaskClient::submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions options) {
  std::vector<ResultHandle> results;
  std::vector<std::int64_t> names;
  bool any = false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const TaskRef& ref = wanted[i];
    if (ref.layer < 0) {
      results.push_back(graph.inputs.at(static_cast<std::size_t>(ref.index)));
      names.push_back(0);
      continue;
    }
    any = true;
    auto result = made(graph.layers.at(static_cast<std::size_t>(ref.layer))->key(ref.index));
    names.push_back(result->name_);
    results.push_back(std::move(result));
  }
  if (any) {
    Writer payload;
    payload.array(names);
    write_graph(payload, graph, wanted, [this](const ResultHandle& result) { return name_of(result); });
    send(Ask::submit, 0, std::move(payload));
  }
  if (options.fetch)
    for (const ResultHandle& result : results) result->ask();
  return results;
}

std::vector<ResultHandle> TaskClient::scatter(std::vector<Object> values) {
  std::vector<ResultHandle> results;
  Writer payload;
  payload.put<std::uint64_t>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto result = made("scattered-" + std::to_string(next_name_.load()) + "@" + std::to_string(worker_));
    payload.put(result->name_);
    results.push_back(std::move(result));
  }
  for (const Object& value : values) value.encode(payload);
  send(Ask::scatter, 0, std::move(payload));
  return results;
}

TaskClient::Message TaskClient::ask(Ask what, Writer payload) { return call(static_cast<std::uint8_t>(what), {std::move(payload).take(), {}}); }

TaskClient::Message TaskClient::call(std::uint8_t service, Message request) {
  const std::int64_t number = next_number_.fetch_add(1);
  {
    std::lock_guard lock(shared_->mutex);
    if (shared_->closed) throw Error("the job has ended: rank 0 can no longer be asked");
    shared_->replies[number] = std::nullopt;
  }
  Writer payload;
  std::vector<std::int64_t> names;
  for (const ResultHandle& result : request.kept) names.push_back(name_of(result));
  payload.array(names);
  put_parcel(payload, request.bytes);
  send(static_cast<Ask>(service), number, std::move(payload));
  wait_until([&] {
    std::lock_guard lock(shared_->mutex);
    return shared_->replies.at(number).has_value();
  }, {});
  Shared::Reply reply;
  {
    std::lock_guard lock(shared_->mutex);
    reply = std::move(*shared_->replies.at(number));
    shared_->replies.erase(number);
  }
  if (reply.error) std::rethrow_exception(reply.error);
  return std::move(reply.message);
}

void TaskClient::tell(std::uint8_t service, Message request) {
  Writer payload;
  std::vector<std::int64_t> names;
  for (const ResultHandle& result : request.kept) names.push_back(name_of(result));
  payload.array(names);
  put_parcel(payload, request.bytes);
  send(static_cast<Ask>(service), -1, std::move(payload));
}

std::vector<Object> TaskClient::run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool collective) {
  Writer out;
  out.put(collective);
  out.array(std::vector<std::int32_t>());
  encode_operation(out, *operation);
  put_parcel(out, payload);
  const Message reply = ask(Ask::run, std::move(out));
  Reader in(reply.bytes);
  std::vector<Object> values(in.get<std::uint64_t>());
  for (Object& value : values) value = Object::decode(in);
  return values;
}

std::vector<Object> TaskClient::run_on_some(std::shared_ptr<const Operation> operation, Parcel payload, const std::vector<int>& workers) {
  Writer out;
  out.put(false);
  out.array(std::vector<std::int32_t>(workers.begin(), workers.end()));
  encode_operation(out, *operation);
  put_parcel(out, payload);
  const Message reply = ask(Ask::run, std::move(out));
  Reader in(reply.bytes);
  std::vector<Object> values(in.get<std::uint64_t>());
  for (Object& value : values) value = Object::decode(in);
  return values;
}

// ---- waiting

bool TaskClient::wait_until(const std::function<bool()>& settled, Seconds timeout) {
  if (settled()) return true;
  using clock = std::chrono::steady_clock;
  const auto deadline = timeout.v ? clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(std::min(*timeout.v, 1e9))) : clock::time_point::max();
  // The slot is given up for the wait, and taken again before the task goes on, whatever it goes on with.
  struct Away {
    TaskClient& client;
    const bool gave = this_task.client == &client && this_task.slot;
    explicit Away(TaskClient& c) : client(c) {
      if (!gave) return;
      client.leave_slot();
    }
    ~Away() {
      if (!gave) return;
      client.slots_.enter();
      this_task.slot = true;
    }
  } away(*this);
  std::unique_lock lock(shared_->mutex);
  for (;;) {
    const std::uint64_t seen = shared_->generation;
    lock.unlock();
    if (settled()) return true;
    lock.lock();
    const auto progressed = [&] { return shared_->generation != seen || shared_->closed; };
    if (timeout.v) {
      if (!shared_->changed.wait_until(lock, deadline, progressed)) {
        lock.unlock();
        return settled();
      }
    } else {
      shared_->changed.wait(lock, progressed);
    }
    if (shared_->closed) throw Error("the job ended while a task waited");
  }
}

void TaskClient::leave_slot() {
  slots_.leave();
  this_task.slot = false;
  // Rank 0 holds tasks back while a worker has enough to do: what waits is not that.
  if (!std::exchange(this_task.waited, true)) send_name(Ask::waits, this_task.task.value());
}

void TaskClient::secede() {
  if (this_task.client != this || !this_task.slot) return;
  leave_slot();
  this_task.seceded = true;
}

void TaskClient::rejoin() {
  if (this_task.client != this || !this_task.seceded) return;
  slots_.enter();
  this_task.slot = true;
  this_task.seceded = false;
}

void TaskClient::begin(TaskId task) { this_task = {this, task, true, false, false, false, nullptr}; }

void TaskClient::end() {
  rejoin();
  if (this_task.holds) send_name(Ask::ended, holder());
  if (this_task.unconfirmed) {
    bool unknown;
    {
      std::lock_guard lock(shared_->mutex);
      unknown = *this_task.unconfirmed > 0 && !shared_->closed;
    }
    // Its result may hold futures, and whoever reads them may reach rank 0 before what this worker has sent.
    if (unknown) try {
        ask(Ask::sync, {});
      } catch (const Error&) {
        // The job has ended: nobody will read them.
      }
  }
  this_task = {};
}

std::int64_t TaskClient::holder() const { return this_task.client == this ? this_task.task.value() : -2 - worker_; }
void TaskClient::holds() { this_task.holds = true; }

// ---- answers

void TaskClient::take(protocol::TaskAnswer& answer) {
  Reader in(answer.payload);
  const auto kind = static_cast<Answer>(answer.kind);
  if (kind == Answer::settled) {
    const auto name = in.get<std::int64_t>();
    const auto status = in.get<Status>();
    const std::exception_ptr error = in.get<bool>() ? decode_error(in) : nullptr;
    std::lock_guard lock(shared_->mutex);
    const auto it = shared_->results.find(name);
    if (it == shared_->results.end()) return;
    TaskResult& result = *it->second;
    result.confirm();
    if (result.status_ != Status::pending) return;
    result.status_ = status;
    result.error_ = error;
    ++shared_->generation;
    shared_->changed.notify_all();
    return;
  }
  Shared::Reply reply;
  if (kind == Answer::failed) {
    reply.error = decode_error(in);
  } else {
    for (const std::int64_t name : in.array<std::int64_t>()) reply.message.kept.push_back(held(name, "result", Ask::claim));
    reply.message.bytes = get_parcel(in);
  }
  std::lock_guard lock(shared_->mutex);
  const auto it = shared_->replies.find(answer.number);
  if (it == shared_->replies.end()) return;
  it->second = std::move(reply);
  ++shared_->generation;
  shared_->changed.notify_all();
}

void TaskClient::take_value(std::int64_t name, Object value) {
  std::lock_guard lock(shared_->mutex);
  const auto it = shared_->results.find(name);
  if (it == shared_->results.end() || it->second->here_ || it->second->status_ == Status::cancelled) return;
  it->second->value_ = std::move(value);
  it->second->here_ = true;
  it->second->confirm();
  it->second->status_ = Status::finished;
  ++shared_->generation;
  shared_->changed.notify_all();
}

void TaskClient::close() {
  std::vector<protocol::TaskRequest> dropped;
  std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  dropped.swap(shared_->requests);
  shared_->changed.notify_all();
}

// ---- futures that travel

void TaskClient::write_result(Writer& out, const ResultHandle& result) {
  const std::int64_t name = name_of(result);
  KeptResults* kept = Keeping::current();
  out.put(name);
  out.put<bool>(kept != nullptr);
  out.text(result->key());
  if (kept) kept->push_back(result);
  else send_name(Ask::under_way, name);
}

ResultHandle TaskClient::read_result(Reader& in) {
  const auto name = in.get<std::int64_t>();
  const bool kept = in.get<bool>();
  return held(name, in.text(), kept ? Ask::hold : Ask::claim);
}

// ---- the client of tasks

const ClientInfo& TaskClient::info() const {
  {
    std::lock_guard lock(client_mutex_);
    if (info_) return *info_;
  }
  const Message reply = const_cast<TaskClient*>(this)->ask(Ask::workers, {});
  Reader in(reply.bytes);
  std::lock_guard lock(client_mutex_);
  if (!info_) info_ = ClientInfo::decode(in);
  return *info_;
}

int TaskClient::workers() const { return static_cast<int>(info().workers.size()); }
int TaskClient::threads() const { return info().nthreads(); }

WorkerContext TaskClient::worker() const {
  const ClientInfo& known = info();
  return {rank_, static_cast<int>(known.workers.size()), known.workers.at(static_cast<std::size_t>(worker_)).threads};
}

Client& TaskClient::client() {
  const ClientInfo& known = info();
  std::lock_guard lock(client_mutex_);
  if (!client_) client_ = std::make_unique<Client>(*this, known);
  return *client_;
}

}  // namespace ashlar
