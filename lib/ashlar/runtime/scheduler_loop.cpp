#include "ashlar/runtime/scheduler_loop.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/annotations.hpp"
#include "ashlar/runtime/client_result.hpp"
#include "ashlar/runtime/predict.hpp"
#include "ashlar/runtime/waiting.hpp"

namespace ashlar {
namespace {

constexpr std::size_t errors_kept = 10'000;
constexpr std::int64_t plenty_of_tasks = 8;  // per worker
constexpr std::chrono::nanoseconds unhurried_wait = std::chrono::microseconds(100);

std::int64_t now_ns() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

bool SchedulerLoop::Shared::push(Request request) {
  if (closed) return false;
  requests.push_back(std::move(request));
  return requests.size() == 1;
}

ClientBatch* SchedulerLoop::Shared::batch_of(TaskId task) {
  auto it = batches.upper_bound(task.value());
  if (it == batches.begin()) return nullptr;
  ClientBatch* batch = std::prev(it)->second;
  return task.value() < batch->first + batch->tasks ? batch : nullptr;
}

SchedulerLoop::SchedulerLoop(Transport& transport, std::vector<WorkerInfo> workers, std::function<void(const std::string&)> fatal, SchedulerOptions options)
    : transport_(transport),
      workers_(std::move(workers)),
      options_(std::move(options)),
      fatal_(std::move(fatal)),
      shared_(std::make_shared<Shared>()),
      machine_(options_.policy),
      outbox_(workers_.size()),
      watch_(workers_.size(), static_cast<std::int64_t>(options_.hang_after_s * 1e9)) {
  if (options_.record) record_ = std::make_unique<scheduler::RecordWriter>(*options_.record, machine_.policy());
  for (std::size_t w = 0; w < workers_.size(); ++w)
    handle(scheduler::WorkerJoined{WorkerId(static_cast<std::int32_t>(w)), workers_[w].threads, workers_[w].memory_limit, workers_[w].resources});
  thread_ = std::thread([this] {
    const Evaluator::ThreadGuard guard(this);
    try {
      loop();
      end_record("");
    } catch (...) {
      end_record(error_message(std::current_exception()));
      fatal_(error_kind(std::current_exception()) + ": " + error_message(std::current_exception()));
    }
    ended_ = true;
  });
}

SchedulerLoop::~SchedulerLoop() {
  end_callbacks();
  if (thread_.joinable()) thread_.join();
}

int SchedulerLoop::threads() const {
  int n = 0;
  for (const WorkerInfo& worker : workers_) n += worker.threads;
  return n;
}

// ---- the client's side

Prediction SchedulerLoop::predict(const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options) {
  return predict_on(workers_, graph, wanted, options);
}

void SchedulerLoop::request(Request r) {
  bool wake;
  {
    std::lock_guard lock(shared_->mutex);
    if (shared_->closed) throw Error("the client has ended: its tasks and results can no longer be used");
    wake = shared_->push(std::move(r));
  }
  if (wake) transport_.wake();
}

// Numbers the tasks that are needed in the order they should run, and lists their inputs.
SchedulerLoop::Plan SchedulerLoop::plan(TaskGraph& graph, std::span<const TaskRef> wanted) {
  Plan plan;
  Submission& submission = plan.submission;
  submission.order = depth_first_order(graph, wanted);
  const std::vector<TaskRef>& order = submission.order;
  if (order.size() > INT32_MAX) throw ValueError("a graph of " + std::to_string(order.size()) + " tasks was submitted at once, the limit is " + std::to_string(INT32_MAX));
  plan.first = next_task_.fetch_add(static_cast<std::int64_t>(order.size()));
  plan.positions.resize(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) plan.positions[l].assign(static_cast<std::size_t>(graph.layers[l]->size()), -1);
  for (std::size_t i = 0; i < order.size(); ++i) plan.positions[static_cast<std::size_t>(order[i].layer)][static_cast<std::size_t>(order[i].index)] = static_cast<std::int32_t>(i);

  const auto input_task = [&](std::int64_t number) {
    const auto* result = dynamic_cast<const ClientResult*>(graph.inputs.at(static_cast<std::size_t>(number)).get());
    if (!result || result->loop() != this) throw ValueError("a graph uses a result of another client, or of none: results live as long as the client that made them");
    return result->task();
  };
  scheduler::GraphSubmitted& event = submission.event;
  event.first = TaskId(plan.first);
  for (const auto& layer : graph.layers) event.groups.push_back(layer->name());
  event.tasks.resize(order.size());
  event.wants.resize(order.size());
  std::vector<TaskRef> refs;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Layer& layer = *graph.layers[static_cast<std::size_t>(order[i].layer)];
    scheduler::NewTask& task = event.tasks[i];
    task.group = order[i].layer;
    task.nbytes = layer.nbytes(order[i].index);
    refs.clear();
    layer.dependencies(order[i].index, refs);
    task.input_count = static_cast<std::uint32_t>(refs.size());
    for (const TaskRef& ref : refs) event.inputs.push_back(ref.layer < 0 ? input_task(ref.index) : TaskId(plan.first + plan.position(ref)));
    if (layer.annotated())
      if (const Annotations* annotations = layer.annotations(order[i].index))
        event.options.push_back(options_of(*annotations, static_cast<std::uint32_t>(i), layer.key(order[i].index)));
  }
  submission.layers = std::move(graph.layers);
  return plan;
}

std::vector<ResultHandle> SchedulerLoop::submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions options) {
  Plan plan = this->plan(graph, wanted);
  Submission& submission = plan.submission;
  std::vector<ResultHandle> results;
  results.reserve(wanted.size());
  for (const TaskRef& ref : wanted) {
    if (ref.layer < 0) {
      results.push_back(graph.inputs.at(static_cast<std::size_t>(ref.index)));
      continue;
    }
    const std::int32_t i = plan.position(ref);
    scheduler::Want& want = submission.event.wants[static_cast<std::size_t>(i)];
    if (want != scheduler::Want::nothing) {
      // Wanted twice: one result, shared.
      for (const ResultHandle& earlier : results)
        if (const auto* r = dynamic_cast<const ClientResult*>(earlier.get()); r && r->task().value() == plan.first + i) {
          results.push_back(earlier);
          break;
        }
      continue;
    }
    want = options.fetch ? scheduler::Want::value : scheduler::Want::handle;
    results.push_back(std::make_shared<ClientResult>(shared_, this, TaskId(plan.first + i), submission.layers[static_cast<std::size_t>(ref.layer)], ref.index, options.fetch));
  }
  const bool any = !submission.order.empty();
  submission.inputs = std::move(graph.inputs);

  bool wake;
  {
    std::lock_guard lock(shared_->mutex);
    if (shared_->closed) throw Error("the client has ended: no more tasks can be submitted");
    for (const ResultHandle& r : results)
      if (auto* result = dynamic_cast<ClientResult*>(r.get()); result && result->task().value() >= plan.first) shared_->results[result->task().value()] = result;
    wake = any && shared_->push(std::move(submission));
  }
  if (wake) transport_.wake();
  return results;
}

// Users name ranks, the machine numbers workers; both name resources. In one process the worker is rank 0, and 1 as its context says.
scheduler::NewTaskOptions SchedulerLoop::options_of(const Annotations& annotations, std::uint32_t number, const std::string& key) const {
  scheduler::NewTaskOptions options{number, annotations.priority, annotations.retries};
  for (const int rank : annotations.workers) {
    const auto it = std::find_if(workers_.begin(), workers_.end(), [&](const WorkerInfo& worker) { return worker.rank == rank || (workers_.size() == 1 && rank == 1); });
    if (it == workers_.end()) {
      std::string there;
      for (const WorkerInfo& worker : workers_) there += (there.empty() ? "" : ", ") + std::to_string(worker.rank);
      throw ValueError("the task " + key + " is to run on rank " + std::to_string(rank) + ", which is no worker; the workers are the ranks " + there);
    }
    options.workers.push_back(WorkerId(static_cast<std::int32_t>(it - workers_.begin())));
  }
  if (annotations.timeout_s > 0 || !annotations.resources.empty()) {
    TaskLimits limits;
    limits.timeout_ns = static_cast<std::int64_t>(std::min(annotations.timeout_s, 1e9) * 1e9);
    for (const auto& [name, amount] : annotations.resources)
      limits.resources.emplace_back(name, std::max<std::int64_t>(std::llround(std::min(amount, 1e9) * static_cast<double>(resource_unit)), 1));
    options.limits = std::make_shared<const TaskLimits>(std::move(limits));
  }
  return options;
}

std::vector<Object> SchedulerLoop::evaluate(TaskGraph graph, std::vector<TaskRef> wanted) {
  ClientBatch batch;
  std::vector<std::pair<std::int32_t, std::int32_t>> again;     // slot, and the one that has the same value
  std::vector<std::pair<std::int32_t, ResultHandle>> earlier;  // slots of results that were submitted before
  {
    Plan plan = this->plan(graph, wanted);
    Submission& submission = plan.submission;
    batch.first = plan.first;
    batch.tasks = static_cast<std::int64_t>(submission.order.size());
    batch.slots = static_cast<std::int32_t>(wanted.size());
    batch.wanted.reserve(wanted.size());
    for (std::int32_t slot = 0; slot < batch.slots; ++slot) {
      const TaskRef& ref = wanted[static_cast<std::size_t>(slot)];
      if (ref.layer < 0)
        earlier.emplace_back(slot, graph.inputs.at(static_cast<std::size_t>(ref.index)));
      else
        batch.wanted.push_back({plan.position(ref), slot});
    }
    const auto by_position = [](const ClientBatch::Wanted& a, const ClientBatch::Wanted& b) { return a.position != b.position ? a.position < b.position : a.slot < b.slot; };
    if (!std::is_sorted(batch.wanted.begin(), batch.wanted.end(), by_position)) std::sort(batch.wanted.begin(), batch.wanted.end(), by_position);
    std::size_t kept = 0;
    for (const ClientBatch::Wanted& one : batch.wanted)
      if (kept > 0 && batch.wanted[kept - 1].position == one.position) again.emplace_back(one.slot, batch.wanted[kept - 1].slot);
      else batch.wanted[kept++] = one;
    batch.wanted.resize(kept);
    std::vector<TaskRef>().swap(wanted);  // an assignment of {} would keep the memory
    // What comes by other ways is there for the batch: the values are put in at the end.
    for (const auto& [slot, result] : earlier) {
      result->ask();
      batch.values[slot];
    }
    for (const auto& [slot, other] : again) batch.values[slot];
    for (const ClientBatch::Wanted& one : batch.wanted) submission.event.wants[static_cast<std::size_t>(one.position)] = scheduler::Want::value;
    batch.keep_no_list_of_all();
    submission.inputs = std::move(graph.inputs);
    bool wake;
    {
      std::lock_guard lock(shared_->mutex);
      if (shared_->closed) throw Error("the client has ended: no more tasks can be submitted");
      if (batch.tasks > 0) shared_->batches.emplace(batch.first, &batch);
      wake = batch.tasks > 0 && shared_->push(std::move(submission));
    }
    if (wake) transport_.wake();
  }

  // Whatever ends this call, the scheduler forgets what is still wanted of it.
  struct Leave {
    SchedulerLoop& loop;
    ClientBatch& batch;
    bool ended = false;
    ~Leave() {
      std::lock_guard lock(loop.shared_->mutex);
      loop.shared_->batches.erase(batch.first);
      if (ended || loop.shared_->closed || batch.tasks == 0) return;
      scheduler::ResultsReleased released;
      batch.for_each_wanted([&](std::int64_t task) { released.tasks.emplace_back(task); });
      if (loop.shared_->push(std::move(released))) loop.transport_.wake();
    }
  } leave{*this, batch};

  wait_until([&] {
    std::lock_guard lock(shared_->mutex);
    return batch.ended();
  }, {});
  std::vector<Object> values;
  {
    std::lock_guard lock(shared_->mutex);
    if (const auto error = batch.errors.find(batch.settled); error != batch.errors.end()) {
      // A result of before this call may have erred first.
      for (const auto& [slot, result] : earlier)
        if (slot < batch.settled && result->error()) std::rethrow_exception(result->error());
      if (error->second) std::rethrow_exception(error->second);
      throw CancelledError("a result that was waited for was cancelled");
    }
    leave.ended = true;
  }
  // Every value is here: nobody else touches the batch any more.
  values.reserve(static_cast<std::size_t>(batch.slots));
  for (std::int32_t slot = 0; slot < batch.slots; ++slot) values.push_back(*batch.values.find(slot));
  batch.values = {};
  for (const auto& [slot, other] : again) values[static_cast<std::size_t>(slot)] = values[static_cast<std::size_t>(other)];
  for (const auto& [slot, result] : earlier) values[static_cast<std::size_t>(slot)] = result->get();
  return values;
}

std::vector<ResultHandle> SchedulerLoop::scatter(std::vector<Object> values) { return scatter_to(std::move(values), {}); }

// `workers`: of each value, by position; none at all: one is chosen for each.
std::vector<ResultHandle> SchedulerLoop::scatter_to(std::vector<Object> values, const std::vector<std::vector<WorkerId>>& workers) {
  std::vector<ResultHandle> results;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const TaskId task(next_task_.fetch_add(1));
    auto result = std::make_shared<ClientResult>(shared_, this, task, nullptr, 0, false);
    {
      std::lock_guard lock(shared_->mutex);
      shared_->results[task.value()] = result.get();
    }
    results.push_back(std::move(result));
    request(Put{task, std::move(values[i]), workers.empty() ? std::vector<WorkerId>() : workers[i]});
  }
  return results;
}

std::vector<Object> SchedulerLoop::run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool collective) {
  const std::int64_t number = next_call_.fetch_add(1);
  request(Call{number, std::move(operation), std::move(payload), collective, {}});
  const auto all_here = [&] {
    std::lock_guard lock(shared_->mutex);
    const auto it = shared_->calls.find(number);
    return it != shared_->calls.end() && it->second.size() == workers_.size();
  };
  wait_until(all_here, {});
  std::vector<protocol::CallReport> reports;
  {
    std::lock_guard lock(shared_->mutex);
    reports = std::move(shared_->calls[number]);
    shared_->calls.erase(number);
  }
  std::vector<Object> values(workers_.size());
  for (protocol::CallReport& report : reports)
    if (report.error) std::rethrow_exception(report.error);
  for (std::size_t w = 0; w < reports.size(); ++w) values[static_cast<std::size_t>(reports[w].number)] = std::move(reports[w].value);
  return values;
}

bool SchedulerLoop::wait_until(const std::function<bool()>& settled, Seconds timeout) {
  using clock = std::chrono::steady_clock;
  const auto deadline = timeout.v ? clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(*timeout.v)) : clock::time_point::max();
  std::uint64_t seen = shared_->generation;
  struct Waits {
    std::atomic<int>& n;
    explicit Waits(std::atomic<int>& waits) : n(waits) { ++n; }
    ~Waits() { --n; }
  };
  while (!settled()) {
    const Waits waits(client_waits_);
    std::unique_lock lock(shared_->mutex);
    const bool interruptible = !in_callback();  // it is the body that is to clean up
    const auto progressed = [&] { return shared_->generation != seen || (interruptible && !shared_->interrupted.empty()) || shared_->closed; };
    if (timeout.v) {
      if (!shared_->changed.wait_until(lock, deadline, progressed)) {
        lock.unlock();
        return settled();
      }
    } else {
      shared_->changed.wait(lock, progressed);
    }
    // Once: what the body does to clean up may wait again.
    if (interruptible && !shared_->interrupted.empty()) throw Error(std::exchange(shared_->interrupted, {}));
    if (shared_->closed && shared_->generation == seen) throw Error("the client ended while something waited for a result");
    seen = shared_->generation;
  }
  return true;
}

void SchedulerLoop::interrupt(const std::string& reason) {
  std::lock_guard lock(shared_->mutex);
  shared_->interrupted = reason;
  shared_->changed.notify_all();
}

void SchedulerLoop::tell_waits() {
  bool wake;
  {
    std::lock_guard lock(shared_->mutex);
    wake = shared_->push(WaitsWanted{});  // dropped when the job ends meanwhile
  }
  if (wake) transport_.wake();
}

std::string SchedulerLoop::story(const std::string& key) {
  std::string text;
  bool done = false;
  request(StoryWanted{key, &text, &done});
  wait_until([&] {
    std::lock_guard lock(shared_->mutex);
    return done;
  }, {});
  return text;
}

bool SchedulerLoop::stop(int exit_code, std::chrono::nanoseconds patience) {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->push(Stop{exit_code});
    shared_->closed = true;
    shared_->changed.notify_all();
  }
  transport_.wake();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!ended_ && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(std::chrono::microseconds(200));
  if (!ended_) return false;
  thread_.join();
  return true;
}

// ---- the scheduler's thread

void SchedulerLoop::loop() {
  std::vector<Arrival> arrived;
  while (!stopping_ || goodbyes_ < workers_.size()) {
    bool moved = take_requests();
    arrived.clear();
    moved |= transport_.receive(arrived);
    for (Arrival& arrival : arrived) take(arrival.from, arrival.parcel);
    if (wake_at_ != std::numeric_limits<std::int64_t>::max() && now_ns() >= wake_at_) {
      wake_at_ = std::numeric_limits<std::int64_t>::max();
      handle(scheduler::TimePassed{});
      moved = true;
    }
    pass_time();
    if (!moved || watch_.looking()) watch_for_hang();
    flush();
    if (reported_) {
      reported_ = false;
      std::lock_guard lock(shared_->mutex);
      ++shared_->generation;
      shared_->changed.notify_all();
    }
    if (moved) {
      nap_.something_happened();
    } else {
      if (record_) record_->flush();  // of a job that hangs and is killed, all that led to it is there
      // Fewer tasks under way than threads for them: the client's next step may hang on each.
      auto longest = nap_.length(transport_.longest_wait(), client_waits_ > 0 && machine_.processing() > 0 && machine_.processing() < threads());
      // Where the workers have enough to do, what they report next is not urgent, and the core may be one of theirs.
      if (machine_.processing() > plenty_of_tasks * static_cast<std::int64_t>(workers_.size()))
        longest = std::max(longest, Nap::woken(transport_.longest_wait()) ? transport_.longest_wait() : unhurried_wait);
      transport_.wait(std::min({longest, until_deadline(), std::chrono::nanoseconds(std::max<std::int64_t>(wake_at_ - now_ns(), 0))}));
    }
  }
  while (!transport_.sent_all()) transport_.receive(arrived);
}

bool SchedulerLoop::take_requests() {
  std::vector<Request> requests;
  {
    std::lock_guard lock(shared_->mutex);
    requests.swap(shared_->requests);
  }
  scheduler::ResultsReleased released;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    // Releases come in long runs: one event for all of a run.
    if (auto* r = std::get_if<scheduler::ResultsReleased>(&requests[i])) {
      released.tasks.insert(released.tasks.end(), r->tasks.begin(), r->tasks.end());
      if (i + 1 < requests.size() && std::holds_alternative<scheduler::ResultsReleased>(requests[i + 1])) continue;
      handle(std::exchange(released, {}));
      continue;
    }
    take(requests[i]);
  }
  return !requests.empty();
}

void SchedulerLoop::take(Request& request) {
  if (auto* r = std::get_if<Submission>(&request)) {
    keep_source(*r);
    handle(std::move(r->event));
  } else if (auto* r = std::get_if<scheduler::ResultsWanted>(&request)) {
    handle(std::move(*r));
  } else if (auto* r = std::get_if<scheduler::TasksCancelled>(&request)) {
    handle(std::move(*r));
  } else if (auto* r = std::get_if<Put>(&request)) {
    if (r->workers.empty()) r->workers.emplace_back(static_cast<std::int32_t>(r->task.value() % static_cast<std::int64_t>(workers_.size())));
    const std::int64_t nbytes = r->value.nbytes();
    for (const WorkerId worker : r->workers) protocol::encode(outbox(worker), protocol::PutValue{r->task, r->value});
    handle(scheduler::Scattered{r->task, r->workers.front(), nbytes, {r->workers.begin() + 1, r->workers.end()}});
  } else if (auto* r = std::get_if<Call>(&request)) {
    const protocol::CallWorker call{r->number, r->collective, r->operation, r->payload};
    std::vector<bool> answered(workers_.size(), !r->workers.empty());
    for (const int w : r->workers) answered[static_cast<std::size_t>(w)] = false;
    for (std::size_t w = 0; w < outbox_.size(); ++w)
      if (!answered[w]) protocol::encode(outbox_[w], call);
    open_calls_[r->number] = {r->collective, std::move(answered)};
    watch_.something_happened(now_ns());
  } else if (auto* r = std::get_if<Asked>(&request)) {
    serve_client(*r);
  } else if (auto* r = std::get_if<Stop>(&request)) {
    for (Writer& batch : outbox_) protocol::encode(batch, protocol::Shutdown{r->exit_code});
    stopping_ = true;
  } else if (std::get_if<WaitsWanted>(&request)) {
    watch_.asked_for();
  } else if (auto* r = std::get_if<StoryWanted>(&request)) {
    std::string text;
    sources_.for_each([&](std::int64_t id, const TaskSource& source) {
      if (text.empty() && layer_of(source).layer->key(source.index) == r->key) text = scheduler::to_string(machine_.story(TaskId(id)));
    });
    std::lock_guard lock(shared_->mutex);
    *r->text = std::move(text);
    *r->done = true;
    reported_ = true;
  }
}

void SchedulerLoop::take(int from, Parcel& parcel) {
  const WorkerId worker(from - 1);
  scheduler::TasksFinished finished{worker, {}};
  const auto hand_over = [&] {
    if (finished.tasks.empty()) return;
    handle(std::exchange(finished, scheduler::TasksFinished{worker, {}}));
  };
  std::vector<std::pair<TaskId, Object>> values;
  const auto keep_values = [&] {
    if (values.empty()) return;
    std::lock_guard lock(shared_->mutex);
    for (auto& [task, value] : values)
      if (ClientBatch* batch = shared_->batch_of(task)) {
        if (const std::int32_t slot = batch->slot_of(task.value()); slot >= 0) batch->values[slot] = std::move(value);
      } else if (ClientResult** result = shared_->results.find(task.value()); result && (*result)->status_ != Status::cancelled) {
        (*result)->value_ = std::move(value);
        (*result)->here_ = true;
      }
    values.clear();
    reported_ = true;
  };
  Reader batch(parcel);
  while (!batch.at_end()) {
    protocol::Message message = protocol::decode(batch);
    if (auto* m = std::get_if<protocol::TaskReport>(&message)) {
      if (m->has_value) values.emplace_back(m->task, std::move(m->value));
      finished.tasks.push_back({m->task, m->nbytes, m->took_ns});
    } else if (auto* m = std::get_if<protocol::TaskFailure>(&message)) {
      keep_values();
      hand_over();
      // The worker knows the task by number only.
      std::exception_ptr error = m->error;
      try {
        std::rethrow_exception(error);
      } catch (const TaskError& e) {
        TaskError::Where where = e.where();
        if (where.key == std::to_string(m->task.value())) where.key = key_of(m->task);
        error = std::make_exception_ptr(TaskError(std::move(where)));
      } catch (...) {
      }
      errors_[m->task.value()] = error;
      errors_order_.push_back(m->task.value());
      if (errors_order_.size() > errors_kept) {
        errors_.erase(errors_order_.front());
        errors_order_.pop_front();
      }
      handle(scheduler::TaskErred{worker, m->task});
    } else if (const auto* m = std::get_if<protocol::TaskReturned>(&message)) {
      keep_values();
      hand_over();
      handle(scheduler::TaskReturned{worker, m->task, m->number, m->returned});
    } else if (auto* m = std::get_if<protocol::ValueReport>(&message)) {
      values.emplace_back(m->data, std::move(m->value));
    } else if (auto* m = std::get_if<protocol::CallReport>(&message)) {
      const std::int64_t number = std::exchange(m->number, from - 1);
      watch_.something_happened(now_ns());
      if (tasks_.call_reported(number, from - 1, *m)) continue;
      if (const auto open = open_calls_.find(number); open != open_calls_.end()) {
        auto& answered = open->second.answered;
        answered[static_cast<std::size_t>(from - 1)] = true;
        if (std::find(answered.begin(), answered.end(), false) == answered.end()) open_calls_.erase(open);
      }
      std::lock_guard lock(shared_->mutex);
      shared_->calls[number].push_back(std::move(*m));
      reported_ = true;
    } else if (auto* m = std::get_if<protocol::WaitsReport>(&message)) {
      watch_.answered(static_cast<std::size_t>(from - 1), std::move(*m));
    } else if (auto* m = std::get_if<protocol::TaskRequest>(&message)) {
      // What it asks may be about tasks that were reported before.
      keep_values();
      hand_over();
      if (!stopping_) tasks_.take(worker, *m);
    } else if (const auto* m = std::get_if<protocol::CopyReport>(&message)) {
      hand_over();
      handle(scheduler::CopyMade{worker, m->data});
    } else if (const auto* m = std::get_if<protocol::SpillReport>(&message)) {
      hand_over();
      handle(scheduler::SpillReported{worker, m->nbytes});
    } else if (std::get_if<protocol::Goodbye>(&message)) {
      ++goodbyes_;
    } else {
      throw InternalError("scheduler: a message that is not for rank 0");
    }
  }
  keep_values();
  hand_over();
}

void SchedulerLoop::handle(decltype(scheduler::Event::what) what) {
  const scheduler::Event event{now_ns(), std::move(what)};
  watch_.something_happened(event.now);
  if (record_) record_->event(event);
  machine_.handle(event, commands_);
  if (record_) record_->commands(commands_);
  carry_out();
}

void SchedulerLoop::end_record(const std::string& how) {
  if (!record_) return;
  record_->finish(how);
  if (!record_->good()) std::cerr << "ashlar: warning: the record of this run could not be written and is of no use: is the disk full?" << std::endl;
}

void SchedulerLoop::carry_out() {
  for (scheduler::Command& command : commands_) {
    if (const auto* c = std::get_if<scheduler::RunTask>(&command)) {
      give(*c);
    } else if (auto* c = std::get_if<scheduler::FreeResults>(&command)) {
      protocol::encode(outbox(c->worker), protocol::FreeData{std::move(c->tasks)});
    } else if (const auto* c = std::get_if<scheduler::Retract>(&command)) {
      protocol::encode(outbox(c->worker), protocol::RetractTask{c->task});
    } else if (const auto* c = std::get_if<scheduler::SendToClient>(&command)) {
      protocol::encode(outbox(c->worker), protocol::SendValue{c->task});
    } else if (const auto* c = std::get_if<scheduler::ReportFinished>(&command)) {
      report(c->task, [](ClientResult& r) { r.status_ = Status::finished; });
    } else if (const auto* c = std::get_if<scheduler::ReportErred>(&command)) {
      const std::exception_ptr error = error_of(c->task, c->cause, c->reason);
      report_error(c->task, error);
      report(c->task, [&](ClientResult& r) {
        r.status_ = Status::error;
        r.error_ = error;
      });
    } else if (const auto* c = std::get_if<scheduler::ReportCancelled>(&command)) {
      report_error(c->task, nullptr);
      report(c->task, [](ClientResult& r) { r.status_ = Status::cancelled; });
    } else if (const auto* c = std::get_if<scheduler::Forgotten>(&command)) {
      forget_source(c->task);
    } else if (const auto* c = std::get_if<scheduler::TellMoved>(&command)) {
      protocol::encode(outbox(c->worker), protocol::InputMoved{c->task, c->holder});
    } else if (const auto* c = std::get_if<scheduler::MakeCopy>(&command)) {
      protocol::encode(outbox(c->worker), protocol::CopyData{c->task, c->holder, c->nbytes});
    } else if (const auto* c = std::get_if<scheduler::ReportCopies>(&command)) {
      copies_made(c->number);
    } else if (const auto* c = std::get_if<scheduler::AskBack>(&command)) {
      protocol::encode(outbox(c->worker), protocol::AskBackTask{c->task, c->number});
    } else if (const auto* c = std::get_if<scheduler::WakeAt>(&command)) {
      wake_at_ = c->time;
    }
  }
  commands_.clear();
}

void SchedulerLoop::report_error(TaskId task, std::exception_ptr error) {
  std::lock_guard lock(shared_->mutex);
  if (ClientBatch* batch = shared_->batch_of(task))
    if (const std::int32_t slot = batch->slot_of(task.value()); slot >= 0) batch->errors.emplace(slot, std::move(error));
}

void SchedulerLoop::report(TaskId task, const std::function<void(ClientResult&)>& change) {
  {
    std::lock_guard lock(shared_->mutex);
    // One that had ended well and lies on a worker can still be lost.
    if (ClientResult** result = shared_->results.find(task.value());
        result && ((*result)->status_ == Status::pending || ((*result)->status_ == Status::finished && !(*result)->here_)))
      change(**result);
  }
  reported_ = true;
  tasks_.settled(task);
}

std::exception_ptr SchedulerLoop::error_of(TaskId task, TaskId cause, const std::string& reason) {
  if (const auto it = errors_.find(cause.value()); it != errors_.end()) return it->second;
  TaskError::Where where;
  where.key = key_of(task);
  where.type = "Error";
  where.message = reason.empty() ? "an input failed" : reason;
  return std::make_exception_ptr(TaskError(std::move(where)));
}

std::string SchedulerLoop::key_of(TaskId task) {
  const TaskSource* source = sources_.find(task.value());
  return source ? layer_of(*source).layer->key(source->index) : "task " + std::to_string(task.value());
}

void SchedulerLoop::keep_source(Submission& submission) {
  std::uint32_t number = static_cast<std::uint32_t>(graphs_.size());
  if (free_graphs_.empty()) {
    graphs_.emplace_back();
  } else {
    number = free_graphs_.back();
    free_graphs_.pop_back();
  }
  KnownGraph& graph = graphs_[number];
  graph.tasks = static_cast<std::int64_t>(submission.order.size());
  graph.layers.resize(submission.layers.size());
  std::int64_t id = submission.event.first.value();
  for (const TaskRef& ref : submission.order) {
    ++graph.layers[static_cast<std::size_t>(ref.layer)].tasks;
    sources_[id++] = {number, ref.layer, ref.index};
  }
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    KnownLayer& layer = graph.layers[l];
    if (layer.tasks == 0) continue;  // culled
    layer.layer = std::move(submission.layers[l]);
    layer.operation = &know(*layer.layer);
    layer.operation->tasks += layer.tasks;
  }
  std::vector<TaskRef>().swap(submission.order);
}

SchedulerLoop::Known& SchedulerLoop::know(const Layer& layer) {
  auto operation = layer.operation();
  auto [it, added] = operations_.try_emplace(operation.get());
  if (added) {
    it->second.id = OperationId(next_operation_++);
    it->second.operation = std::move(operation);
    it->second.workers.resize(workers_.size());
    if (operations_.size() > operations_max_) forget_idle_operations();
  }
  return it->second;
}

void SchedulerLoop::give(const scheduler::RunTask& run) {
  const TaskSource& source = *sources_.find(run.task.value());
  const KnownLayer& layer = layer_of(source);
  Known& known = *layer.operation;
  Writer& batch = outbox(run.worker);
  if (!known.workers[static_cast<std::size_t>(run.worker.value())]) {
    known.workers[static_cast<std::size_t>(run.worker.value())] = true;
    protocol::encode(batch, protocol::DefineOperation{known.id, known.operation});
  }
  Writer payload;
  layer.layer->encode_task(source.index, payload);
  protocol::encode_give_task(batch, run.task, run.order, run.fetch, known.id, source.index, run.inputs, run.nbytes, std::move(payload).take(), run.limits.get());
}

void SchedulerLoop::forget_source(TaskId task) {
  const TaskSource* source = sources_.find(task.value());
  if (!source) return;
  KnownGraph& graph = graphs_[source->graph];
  KnownLayer& layer = graph.layers[static_cast<std::size_t>(source->layer)];
  --layer.operation->tasks;
  if (--layer.tasks == 0) layer.layer.reset();  // it may hold large arguments
  if (--graph.tasks == 0) {
    graph.layers.clear();
    free_graphs_.push_back(source->graph);
  }
  sources_.erase(task.value());
}

void SchedulerLoop::forget_idle_operations() {
  for (auto it = operations_.begin(); it != operations_.end();) {
    const Known& known = it->second;
    if (known.tasks > 0 || known.id.value() == next_operation_ - 1) {
      ++it;
      continue;
    }
    for (std::size_t w = 0; w < workers_.size(); ++w)
      if (known.workers[w]) protocol::encode(outbox_[w], protocol::ForgetOperation{known.id});
    it = operations_.erase(it);
  }
  // Those in use stay: look again only when as many new ones have come.
  operations_max_ = idle_operations_max + 2 * operations_.size();
}

void SchedulerLoop::watch_for_hang() {
  const bool work_open = machine_.processing() > 0 || machine_.held() > 0 || !open_calls_.empty() || client_waits_ > 0;
  const HangWatch::Step step = watch_.step(now_ns(), work_open);
  if (step == HangWatch::Step::ask_workers)
    for (Writer& batch : outbox_) protocol::encode(batch, protocol::DescribeWaits{watch_.number()});
  if (step == HangWatch::Step::tell) print_waits();
}

void SchedulerLoop::print_waits() {
  Waiting waiting{machine_, workers_, watch_.answers(), [this](TaskId task) { return key_of(task); }, {}, client_waits_, static_cast<double>(HangWatch::answer_limit_ns) * 1e-9, watch_.gap_ns()};
  for (const auto& [number, open] : open_calls_) {
    ashlar::OpenCall call{number, open.collective, {}};
    for (std::size_t w = 0; w < open.answered.size(); ++w)
      if (!open.answered[w]) call.missing.emplace_back(static_cast<std::int32_t>(w));
    waiting.calls.push_back(std::move(call));
  }
  std::ostringstream text;
  if (watch_.by_itself()) text << "ashlar: nothing has moved for " << options_.hang_after_s << " s (--ashlar-hang-after). Who waits for what:\n";
  else text << "ashlar: who waits for what:\n";
  text << waiting_text(waiting);
  if (!options_.hang_dot.empty()) {
    std::ofstream file(options_.hang_dot);
    file << waiting_dot(waiting) << std::flush;
    if (file) text << "drawn in " << options_.hang_dot << " (dot -Tsvg)\n";
    else text << "cannot be drawn: " << options_.hang_dot << " cannot be written\n";
  }
  std::cerr << text.str() << std::flush;
  ++waits_told_;
}

void SchedulerLoop::flush() {
  for (std::size_t w = 0; w < outbox_.size(); ++w)
    if (outbox_[w].size() > 0) transport_.send(static_cast<int>(w) + 1, std::move(std::exchange(outbox_[w], Writer())).take());
}

}  // namespace ashlar
