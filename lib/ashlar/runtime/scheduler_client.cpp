// The client's side of rank 0: graphs become submissions, calls wait. Any thread may be here.
#include <algorithm>
#include <cmath>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/call.hpp"
#include "ashlar/graph/annotations.hpp"
#include "ashlar/runtime/client_result.hpp"
#include "ashlar/runtime/clock.hpp"
#include "ashlar/runtime/predict.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {

Prediction SchedulerLoop::predict(const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options) {
  return predict_on(workers_, graph, wanted, options);
}

// True when the loop has yet to be told.
bool SchedulerLoop::post(Request r) {
  std::lock_guard lock(shared_->mutex);
  if (shared_->closed) throw Error("the client has ended: its tasks and results can no longer be used");
  return shared_->push(std::move(r));
}

void SchedulerLoop::request(Request r) {
  if (post(std::move(r))) transport_.wake();
}

SchedulerLoop::Plan SchedulerLoop::plan(TaskGraph& graph, std::span<const TaskRef> wanted) {
  std::vector<TaskId> inputs;
  inputs.reserve(graph.inputs.size());
  for (const ResultHandle& input : graph.inputs) {
    const auto* result = dynamic_cast<const ClientResult*>(input.get());
    if (!result || result->loop() != this) throw ValueError("a graph uses a result of another client, or of none: results live as long as the client that made them");
    inputs.push_back(result->task());
  }
  return plan(graph, wanted, std::move(inputs));
}

// Numbers the tasks that are needed in the order they should run, and lists their inputs.
SchedulerLoop::Plan SchedulerLoop::plan(TaskGraph& graph, std::span<const TaskRef> wanted, std::vector<TaskId> inputs) {
  Plan plan;
  Submission& submission = plan.submission;
  submission.order = depth_first_order(graph, wanted);
  const std::vector<TaskRef>& order = submission.order;
  if (order.size() > INT32_MAX) throw ValueError("a graph of " + std::to_string(order.size()) + " tasks was submitted at once, the limit is " + std::to_string(INT32_MAX));
  plan.first = next_task_.fetch_add(static_cast<std::int64_t>(order.size()));
  plan.positions.resize(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) plan.positions[l].assign(static_cast<std::size_t>(graph.layers[l]->size()), -1);
  for (std::size_t i = 0; i < order.size(); ++i) plan.positions[static_cast<std::size_t>(order[i].layer)][static_cast<std::size_t>(order[i].index)] = static_cast<std::int32_t>(i);

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
    for (const TaskRef& ref : refs) event.inputs.push_back(ref.layer < 0 ? inputs.at(static_cast<std::size_t>(ref.index)) : TaskId(plan.first + plan.position(ref)));
    if (layer.annotated())
      if (const Annotations* annotations = layer.annotations(order[i].index))
        event.options.push_back(options_of(*annotations, static_cast<std::uint32_t>(i), layer.key(order[i].index)));
  }
  submission.layers = std::move(graph.layers);
  submission.input_tasks = std::move(inputs);
  return plan;
}

namespace {

// Of a graph that is one call which needs no result: its layer.
const detail::CallLayer* only_call(const TaskGraph& graph, std::span<const TaskRef> wanted) {
  if (wanted.size() != 1 || graph.layers.size() != 1 || !graph.inputs.empty()) return nullptr;
  const auto* layer = dynamic_cast<const detail::CallLayer*>(graph.layers.front().get());
  return layer && layer->is_one_plain_call() ? layer : nullptr;
}

}  // namespace

// Calls that come one by one, as from a loop over `submit`, join the submission before them while the loop has yet to take it: a million
// futures then share some thousands of layers and graphs. Null when there is none to join.
ResultHandle SchedulerLoop::join_last_submission(const detail::CallLayer& call, SubmitOptions options) {
  std::lock_guard lock(shared_->mutex);
  if (shared_->closed || shared_->requests.empty()) return nullptr;
  auto* last = std::get_if<Submission>(&shared_->requests.back());
  if (!last || !last->open || last->order.size() >= joined_max || !last->open->may_join(call)) return nullptr;
  std::int64_t id = last->event.first.value() + static_cast<std::int64_t>(last->order.size());
  if (!next_task_.compare_exchange_strong(id, id + 1)) return nullptr;  // another thread numbers tasks: those of a submission are without gaps
  const TaskRef ref{0, last->open->join(call)};
  last->order.push_back(ref);
  last->event.tasks.push_back(last->event.tasks.front());
  last->event.wants.push_back(options.fetch ? scheduler::Want::value : scheduler::Want::handle);
  auto result = std::make_shared<ClientResult>(last->origin, TaskId(id), ref.index, options.fetch);
  shared_->results[id] = result.get();
  return result;
}

std::vector<ResultHandle> SchedulerLoop::submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions options) {
  const detail::CallLayer* call = only_call(graph, wanted);
  if (call)
    if (ResultHandle result = join_last_submission(*call, options)) return {std::move(result)};
  Plan plan = this->plan(graph, wanted);
  Submission& submission = plan.submission;
  std::vector<ResultHandle> results;
  results.reserve(wanted.size());
  std::vector<boost::intrusive_ptr<const Origin>> origins(submission.layers.size());
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
    auto& origin = origins[static_cast<std::size_t>(ref.layer)];
    if (!origin) origin = new Origin(shared_, this, submission.layers[static_cast<std::size_t>(ref.layer)]);
    results.push_back(std::make_shared<ClientResult>(origin, TaskId(plan.first + i), ref.index, options.fetch));
  }
  const std::size_t tasks = submission.order.size();
  submission.inputs = std::move(graph.inputs);
  if (call) {
    submission.open = const_cast<detail::CallLayer*>(call);  // it was made for this graph, and nobody else has it
    submission.origin = std::move(origins.front());
  }

  bool wake;
  {
    std::lock_guard lock(shared_->mutex);
    if (shared_->closed) throw Error("the client has ended: no more tasks can be submitted");
    for (const ResultHandle& r : results)
      if (auto* result = dynamic_cast<ClientResult*>(r.get()); result && result->task().value() >= plan.first) shared_->results[result->task().value()] = result;
    wake = tasks > 0 && shared_->push(std::move(submission));
  }
  if (wake && !take_one_turn(tasks)) transport_.wake();
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
  bool untold = false;
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
    std::lock_guard lock(shared_->mutex);
    if (shared_->closed) throw Error("the client has ended: no more tasks can be submitted");
    if (batch.tasks > 0) shared_->batches.emplace(batch.first, &batch);
    untold = batch.tasks > 0 && shared_->push(std::move(submission));
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

  await([&] {
    std::lock_guard lock(shared_->mutex);
    return batch.ended();
  }, {}, untold);
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
  const boost::intrusive_ptr<const Origin> origin(new Origin(shared_, this, nullptr));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const TaskId task(next_task_.fetch_add(1));
    auto result = std::make_shared<ClientResult>(origin, task, 0, false);
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
  const bool untold = post(Call{number, std::move(operation), std::move(payload), collective, {}});
  const auto all_here = [&] {
    std::lock_guard lock(shared_->mutex);
    const auto it = shared_->calls.find(number);
    return it != shared_->calls.end() && it->second.size() == workers_.size();
  };
  await(all_here, {}, untold);
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

// ---- turns of the loop by client threads

SchedulerLoop::Turn::Turn(SchedulerLoop& loop) : loop_(loop), lock_(loop.engine_, std::defer_lock) {
  // What user code asks for inside a turn goes the other way; so does the thread of callbacks, which waits for hours beside the body.
  if (at_the_loop || Evaluator::in_callback() || Keeping::current() || !lock_.try_lock()) return;
  if (loop.stopping_ || !loop.transport_.relieve()) {
    lock_.unlock();
    return;
  }
  at_the_loop = true;
  evaluator_.emplace(&loop);
}

SchedulerLoop::Turn::~Turn() {
  if (!lock_) return;
  at_the_loop = false;
  bool work;
  {
    std::lock_guard lock(loop_.shared_->mutex);
    work = !loop_.shared_->requests.empty();
  }
  // Its thread sleeps for as long as it meant to when it went.
  if (work || loop_.stopping_ || loop_.next_time() < loop_.asleep_until_) loop_.transport_.wake();
  loop_.transport_.hand_back();
}

void SchedulerLoop::Turn::step() {
  loop_.guarded([&] { loop_.step(); });
}

void SchedulerLoop::Turn::step_or_wait(std::chrono::steady_clock::time_point until) {
  loop_.guarded([&] {
    if (!loop_.step()) loop_.transport_.wait(std::min<std::chrono::nanoseconds>(loop_.pause(), std::max<std::chrono::nanoseconds>(until - std::chrono::steady_clock::now(), {})));
  });
}

thread_local bool SchedulerLoop::Turn::at_the_loop = false;

// For a few tasks after some quiet: they are on their way to a worker when this returns. Of many that are submitted one by one the loop takes
// as many as there are, on its own thread, while this one makes more.
bool SchedulerLoop::take_one_turn(std::size_t tasks) {
  if (tasks > few_tasks) return false;
  Turn turn(*this);
  if (!turn) return false;
  if (nap_.quiet() > burst_gap) turn.step();
  return true;  // what is left wakes the loop's thread when the turn ends
}

bool SchedulerLoop::wait_until(const std::function<bool()>& settled, Seconds timeout) { return await(settled, timeout, false); }

// `untold`: there is a request for which nobody was woken yet.
bool SchedulerLoop::await(const std::function<bool()>& settled, Seconds timeout, bool untold) {
  using clock = std::chrono::steady_clock;
  const auto deadline = timeout.v ? clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(*timeout.v)) : clock::time_point::max();
  std::uint64_t seen = shared_->generation;
  if (!untold && settled()) return true;
  struct Waits {
    std::atomic<int>& n;
    explicit Waits(std::atomic<int>& waits) : n(waits) { ++n; }
    ~Waits() { --n; }
  } const waits(client_waits_);
  Turn turn(*this);
  if (untold && !turn) transport_.wake();
  const bool interruptible = !in_callback();  // it is the body that is to clean up
  const auto progressed = [&] { return shared_->generation != seen || (interruptible && !shared_->interrupted.empty()) || shared_->closed; };
  while (!settled()) {
    std::unique_lock lock(shared_->mutex);
    if (turn) {
      while (!progressed()) {
        lock.unlock();
        if (clock::now() >= deadline) {
          turn.step();  // the answer may have come while nobody looked, as when the job was stopped
          return settled();
        }
        turn.step_or_wait(deadline);
        lock.lock();
      }
    } else if (!timeout.v) {
      shared_->changed.wait(lock, progressed);
    } else if (!shared_->changed.wait_until(lock, deadline, progressed)) {
      lock.unlock();
      return settled();
    }
    // Once: what the body does to clean up may wait again.
    if (interruptible && !shared_->interrupted.empty()) throw Error(std::exchange(shared_->interrupted, {}));
    if (shared_->closed && shared_->generation == seen) throw Error("the client ended while something waited for a result");
    seen = shared_->generation;
  }
  return true;
}

void SchedulerLoop::interrupt(const std::string& reason) {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->interrupted = reason;
    shared_->changed.notify_all();
  }
  transport_.wake();  // who waits may be at the loop
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
  const bool untold = post(StoryWanted{key, &text, &done});
  await([&] {
    std::lock_guard lock(shared_->mutex);
    return done;
  }, {}, untold);
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

}  // namespace ashlar
