#include "ashlar/runtime/scheduler_loop.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client_result.hpp"
#include "ashlar/runtime/clock.hpp"
#include "ashlar/runtime/get_client.hpp"
#include "ashlar/runtime/waiting.hpp"

namespace ashlar {
namespace {

constexpr std::size_t errors_kept = 10'000;
constexpr std::int64_t plenty_of_tasks = 8;  // per worker
constexpr std::chrono::nanoseconds unhurried_wait = std::chrono::microseconds(100);
constexpr std::chrono::nanoseconds shortest_sleep = std::chrono::microseconds(20);  // less is a look at who else wants the core

}  // namespace

bool SchedulerLoop::Shared::push(Request request) {
  if (closed) return false;
  // Asks and releases come in long runs, one for each future: many are one event. Not a million: what one event leads to is held at once.
  const auto joins = [&](auto& event) {
    auto* last = requests.empty() ? nullptr : std::get_if<std::decay_t<decltype(event)>>(&requests.back());
    if (!last || last->tasks.size() >= joined_max) return false;
    last->tasks.insert(last->tasks.end(), event.tasks.begin(), event.tasks.end());
    return true;
  };
  if (auto* released = std::get_if<scheduler::ResultsReleased>(&request); released && joins(*released)) return false;
  if (auto* wanted = std::get_if<scheduler::ResultsWanted>(&request); wanted && joins(*wanted)) return false;
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
    guarded([this] {
      loop();
      end_record("");
    });
    ended_ = true;
  });
}

SchedulerLoop::~SchedulerLoop() {
  end_callbacks();
  own_calls_.reset();
  if (thread_.joinable()) thread_.join();
}

int SchedulerLoop::threads() const {
  int n = 0;
  for (const WorkerInfo& worker : workers_) n += worker.threads;
  return n;
}

// The loop's own thread. A client thread takes its place while it sleeps (`Turn`).
void SchedulerLoop::loop() {
  std::unique_lock engine(engine_);
  while (!stopping_ || goodbyes_ < workers_.size()) {
    if (step()) continue;
    const std::chrono::nanoseconds longest = pause();
    if (longest < shortest_sleep) {
      transport_.wait(longest);
    } else {
      asleep_until_ = now_ns() + longest.count();
      transport_.wait_apart(engine, longest);
    }
  }
  std::vector<Arrival> arrived;
  while (!transport_.sent_all()) transport_.receive(arrived);
}

void SchedulerLoop::guarded(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    end_record(error_message(std::current_exception()));
    fatal_(error_kind(std::current_exception()) + ": " + error_message(std::current_exception()));
  }
}

// Takes what there is, sends what comes of it. True when there was something.
bool SchedulerLoop::step() {
  bool moved = take_requests();
  arrived_.clear();
  moved |= transport_.receive(arrived_);
  for (Arrival& arrival : arrived_) take(arrival.from, arrival.parcel);
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
  if (moved) nap_.something_happened();
  else if (record_) record_->flush();  // of a job that hangs and is killed, all that led to it is there
  return moved;
}

// How long who found nothing may wait before the next look.
std::chrono::nanoseconds SchedulerLoop::pause() {
  // Fewer tasks under way than threads for them: the client's next step may hang on what comes next.
  auto longest = nap_.length(transport_.longest_wait(), client_waits_ > 0 && machine_.processing() < threads());
  // Where the workers have enough to do, what they report next is not urgent, and the core may be one of theirs.
  if (machine_.processing() > plenty_of_tasks * static_cast<std::int64_t>(workers_.size()))
    longest = std::max(longest, Nap::woken(transport_.longest_wait()) ? transport_.longest_wait() : unhurried_wait);
  return std::min({longest, until_deadline(), std::chrono::nanoseconds(std::max<std::int64_t>(wake_at_ - now_ns(), 0))});
}

// When a machine wants to be told of the time.
std::int64_t SchedulerLoop::next_time() const { return std::min<std::int64_t>(wake_at_, coordination_.next_deadline()); }

bool SchedulerLoop::take_requests() {
  std::vector<Request> requests;
  {
    std::lock_guard lock(shared_->mutex);
    requests.swap(shared_->requests);
    for (Request& request : requests)
      if (auto* submission = std::get_if<Submission>(&request); submission && submission->open) submission->open->no_more_calls();
  }
  for (Request& request : requests) take(request);
  return !requests.empty();
}

void SchedulerLoop::take(Request& request) {
  if (auto* r = std::get_if<Submission>(&request)) {
    keep_source(*r);
    handle(std::move(r->event));
  } else if (auto* r = std::get_if<scheduler::ResultsWanted>(&request)) {
    const std::vector<TaskId> tasks = r->tasks;
    handle(std::move(*r));
    for (const TaskId task : tasks) ask_early(task);
  } else if (auto* r = std::get_if<scheduler::ResultsReleased>(&request)) {
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
  } else if (auto* r = std::get_if<Called>(&request)) {
    called(*r);
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
      } else if (ClientResult* result = shared_->result_of(task); result && result->status_ != Status::cancelled) {
        result->value_ = std::move(value);
        result->here_ = true;
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
      bool again = false;
      try {
        std::rethrow_exception(error);
      } catch (const TaskError& e) {
        TaskError::Where where = e.where();
        if (where.key == std::to_string(m->task.value())) where.key = key_of(m->task);
        if (where.type == reschedule_kind) {
          again = true;
          where.type = "Error";  // of those that wait for it and fail with it, none is to be run again
        }
        error = std::make_exception_ptr(TaskError(std::move(where)));
      } catch (...) {
      }
      errors_[m->task.value()] = error;
      errors_order_.push_back(m->task.value());
      if (errors_order_.size() > errors_kept) {
        errors_.erase(errors_order_.front());
        errors_order_.pop_front();
      }
      handle(scheduler::TaskErred{worker, m->task, again});
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
      const auto asked = asked_early_.empty() ? asked_early_.end() : asked_early_.find(c->task.value());
      if (asked == asked_early_.end() || asked->second != c->worker) protocol::encode(outbox(c->worker), protocol::SendValue{c->task});
      if (asked != asked_early_.end()) asked_early_.erase(asked);
    } else if (const auto* c = std::get_if<scheduler::ReportFinished>(&command)) {
      report(c->task, [](ClientResult& r) { r.status_ = Status::finished; });
    } else if (const auto* c = std::get_if<scheduler::ReportErred>(&command)) {
      const std::exception_ptr error = error_of(c->task, c->cause, c->reason);
      keep_recipe(c->task);  // what it needs is known here until the commands that follow
      report_error(c->task, error);
      report(c->task, [&](ClientResult& r) {
        r.status_ = Status::error;
        r.failed_ = true;
        shared_->failures[&r].error = error;
      });
    } else if (const auto* c = std::get_if<scheduler::ReportCancelled>(&command)) {
      report_error(c->task, nullptr);
      report(c->task, [](ClientResult& r) { r.status_ = Status::cancelled; });
    } else if (const auto* c = std::get_if<scheduler::Forgotten>(&command)) {
      forget_source(c->task);
      if (!asked_early_.empty()) asked_early_.erase(c->task.value());
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
  recipes_.clear();
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
    if (ClientResult* result = shared_->result_of(task); result && (result->status_ == Status::pending || (result->status_ == Status::finished && !result->here_)))
      change(*result);
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
