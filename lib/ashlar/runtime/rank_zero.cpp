// What tasks and the client ask of rank 0 besides graphs; the scheduler's thread serves both the same way.
#include <algorithm>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client.hpp"
#include "ashlar/runtime/client_result.hpp"
#include "ashlar/runtime/clock.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {
// ---- the client's threads

Client& SchedulerLoop::client() {
  if (!client_) throw ValueError("there is no client yet");
  return *client_;
}

WorkerContext SchedulerLoop::worker() const { throw ValueError("rank 0 is no worker"); }

std::vector<Object> SchedulerLoop::run_on_some(std::shared_ptr<const Operation> operation, Parcel payload, const std::vector<int>& workers) {
  for (const int worker : workers)
    if (worker < 0 || worker >= this->workers()) throw ValueError("worker " + std::to_string(worker) + " is none of this job's " + std::to_string(this->workers()));
  if (workers.empty()) return {};
  const std::int64_t number = next_call_.fetch_add(1);
  const bool untold = post(Call{number, std::move(operation), std::move(payload), false, workers});
  await([&] {
    std::lock_guard lock(shared_->mutex);
    const auto it = shared_->calls.find(number);
    return it != shared_->calls.end() && it->second.size() == workers.size();
  }, {}, untold);
  std::vector<protocol::CallReport> reports;
  {
    std::lock_guard lock(shared_->mutex);
    reports = std::move(shared_->calls[number]);
    shared_->calls.erase(number);
  }
  std::sort(reports.begin(), reports.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::vector<Object> values;
  for (protocol::CallReport& report : reports) {
    if (report.error) std::rethrow_exception(report.error);
    values.push_back(std::move(report.value));
  }
  return values;
}

Evaluator::Message SchedulerLoop::call(std::uint8_t service, Message message) {
  const std::int64_t number = next_asked_.fetch_add(1);
  const bool untold = post(Asked{number, static_cast<Ask>(service), std::move(message)});
  await([&] {
    std::lock_guard lock(shared_->mutex);
    return shared_->replies.count(number) == 1;
  }, {}, untold);
  Shared::Reply reply;
  {
    std::lock_guard lock(shared_->mutex);
    reply = std::move(shared_->replies.at(number));
    shared_->replies.erase(number);
  }
  if (reply.error) std::rethrow_exception(reply.error);
  return std::move(reply.message);
}

void SchedulerLoop::tell(std::uint8_t service, Message message) { request(Asked{-1, static_cast<Ask>(service), std::move(message)}); }

void SchedulerLoop::write_result(Writer& out, const ResultHandle& result) {
  const auto* own = dynamic_cast<const ClientResult*>(result.get());
  if (!own || own->loop() != this) throw ValueError("a future of another client, or of none, cannot travel: results live as long as the client that made them");
  const std::int64_t name = own->task().value();
  KeptResults* kept = Keeping::current();
  out.put(name);
  out.put<bool>(kept != nullptr);
  out.text(result->key());
  if (kept) {
    kept->push_back(result);
    tasks_.names().note(name, result);
  } else {
    tasks_.names().under_way(name, result);
  }
}

ResultHandle SchedulerLoop::read_result(Reader& in) {
  const auto name = in.get<std::int64_t>();
  const bool kept = in.get<bool>();
  const std::string key = in.text();
  ResultHandle result = kept ? tasks_.names().find(name) : tasks_.names().claim(name);
  if (!result) throw Error("a future came to rank 0 whose result is gone: " + key);
  return result;
}

// ---- the scheduler's thread

std::int64_t SchedulerLoop::start_call(std::shared_ptr<const Operation> operation, Parcel payload, bool collective, const std::vector<int>& workers) {
  for (const int worker : workers)
    if (worker < 0 || worker >= this->workers()) throw ValueError("worker " + std::to_string(worker) + " is none of this job's " + std::to_string(this->workers()));
  const std::int64_t number = next_call_.fetch_add(1);
  request(Call{number, std::move(operation), std::move(payload), collective, workers});
  return number;
}

TaskId SchedulerLoop::task_of(const Result& result) { return static_cast<const ClientResult&>(result).task(); }

WorkerId SchedulerLoop::holder_of(TaskId task) {
  const scheduler::TaskRecord* record = machine_.task(task);
  return record && record->state == scheduler::TaskState::memory ? record->worker : WorkerId();
}

void SchedulerLoop::reply(WorkerId to, std::int64_t number, Message message) {
  if (to != client_id) return tasks_.reply(to, number, message.bytes, message.kept);
  if (number < 0) return;
  std::lock_guard lock(shared_->mutex);
  shared_->replies[number] = {std::move(message), nullptr};
  reported_ = true;
}

void SchedulerLoop::fail(WorkerId to, std::int64_t number, const std::exception_ptr& error) {
  if (number < 0) return;
  if (to != client_id) return tasks_.fail(to, number, error);
  std::lock_guard lock(shared_->mutex);
  shared_->replies[number] = {{}, error};
  reported_ = true;
}

void SchedulerLoop::serve_client(Asked& asked) {
  try {
    Reader in(asked.message.bytes);
    if (!serve(asked.what, client_id, asked.number, in, asked.message.kept)) throw InternalError("the client asked for what there is not");
  } catch (...) {
    fail(client_id, asked.number, std::current_exception());
  }
}

void SchedulerLoop::task_waits(WorkerId worker, TaskId task) { handle(scheduler::TaskWaits{worker, task}); }
void SchedulerLoop::holder_ended(WorkerId worker, std::int64_t holder) { coordinate(coordination::HolderEnded{worker, holder}); }

void SchedulerLoop::pass_time() {
  if (coordination_.next_deadline() <= now_ns()) coordinate(coordination::TimePassed{});
}

std::chrono::nanoseconds SchedulerLoop::until_deadline() const {
  const coordination::TimeNs next = coordination_.next_deadline();
  return next == coordination::never ? std::chrono::nanoseconds::max() : std::chrono::nanoseconds(std::max<std::int64_t>(next - now_ns(), 0));
}

void SchedulerLoop::coordinate(decltype(coordination::Event::what) what) {
  std::vector<coordination::Answer> answers;
  coordination_.handle({now_ns(), std::move(what)}, answers);
  for (const coordination::Answer& answer : answers) {
    if (answer.outcome == coordination::Outcome::refused) {
      fail(answer.worker, answer.number, std::make_exception_ptr(ValueError(answer.reason)));
      continue;
    }
    Writer out;
    KeptResults kept;
    out.put(answer.outcome == coordination::Outcome::done);
    out.put(answer.amount);
    out.put<std::uint64_t>(answer.values.size());
    for (const coordination::Value& value : answer.values) {
      put_parcel(out, value.bytes);
      kept.insert(kept.end(), value.kept.begin(), value.kept.end());
    }
    reply(answer.worker, answer.number, {std::move(out).take(), std::move(kept)});
  }
}

void SchedulerLoop::serve_coordination(WorkerId from, std::int64_t number, Reader& in, const KeptResults& kept) {
  coordination::Asked asked;
  asked.asker = {from, number, -1};
  asked.what = in.get<coordination::What>();
  asked.asker.holder = in.get<std::int64_t>();
  asked.name = in.text();
  asked.amount = in.get<std::int64_t>();
  // A century is for ever, and does not overflow.
  if (const auto timeout = in.get<double>(); timeout >= 0) asked.deadline = now_ns() + static_cast<std::int64_t>(std::min(timeout, 3e9) * 1e9);
  asked.value = {get_parcel(in), kept};
  coordinate(std::move(asked));
}

void SchedulerLoop::serve_shelf(WorkerId from, std::int64_t number, Reader& in, const KeptResults& kept) {
  const auto what = in.get<detail::ShelfAsk>();
  const std::string space = in.text(), name = in.text();
  Message value{get_parcel(in), kept};
  auto& shelf = shelves_[space];
  std::vector<Message> found;
  const auto it = shelf.find(name);
  switch (what) {
    case detail::ShelfAsk::put_new:
      if (it != shelf.end()) throw KeyError("a " + space + " \"" + name + "\" is there already");
      [[fallthrough]];
    case detail::ShelfAsk::put: {
      auto& values = shelf[name];
      values.clear();
      values.push_back(std::move(value));
      break;
    }
    case detail::ShelfAsk::append: shelf[name].push_back(std::move(value)); break;
    case detail::ShelfAsk::get:
      if (it != shelf.end()) found.assign(it->second.begin(), it->second.end());
      break;
    case detail::ShelfAsk::erase:
      if (it == shelf.end()) break;
      shelf.erase(it);
      found.push_back({});
      break;
    case detail::ShelfAsk::names:
      for (const auto& [key, values] : shelf) {
        Writer text;
        text.text(key);
        found.push_back({std::move(text).take(), {}});
      }
      break;
  }
  Writer out;
  KeptResults with;
  out.put<std::uint64_t>(found.size());
  for (const Message& one : found) {
    put_parcel(out, one.bytes);
    with.insert(with.end(), one.kept.begin(), one.kept.end());
  }
  reply(from, number, {std::move(out).take(), std::move(with)});
}

void SchedulerLoop::serve_scatter(WorkerId from, std::int64_t number, Reader& in) {
  std::vector<WorkerId> workers;
  for (const std::int32_t worker : in.array<std::int32_t>()) {
    if (worker < 0 || worker >= this->workers()) throw ValueError("worker " + std::to_string(worker) + " is none of this job's " + std::to_string(this->workers()));
    workers.emplace_back(worker);
  }
  const bool broadcast = in.get<bool>();
  std::vector<Object> values(in.get<std::uint64_t>());
  for (Object& value : values) value = Object::decode(in);
  std::vector<std::vector<WorkerId>> of(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (broadcast) of[i] = workers;
    else of[i] = {workers.at(i % workers.size())};
  Writer out;
  for (const ResultHandle& result : scatter_to(std::move(values), of)) write_result(out, result);
  reply(from, number, {std::move(out).take(), {}});
}

void SchedulerLoop::serve_copies(WorkerId from, std::int64_t number, Reader& in, const KeptResults& of) {
  std::vector<TaskId> tasks;
  for (const ResultHandle& result : of) tasks.push_back(task_of(*result));
  const std::int64_t request = next_copies_++;
  copies_wanted_[request] = {from, number};
  if (in.get<bool>()) handle(scheduler::RebalanceWanted{request, std::move(tasks)});
  else handle(scheduler::CopiesWanted{request, std::move(tasks), in.get<std::int32_t>()});
}

void SchedulerLoop::copies_made(std::int64_t request) {
  const auto asked = copies_wanted_.extract(request);
  reply(asked.mapped().first, asked.mapped().second, {});
}

void SchedulerLoop::serve_run_here(WorkerId from, std::int64_t number, Reader& in) {
  if (!own_calls_)
    own_calls_ = std::make_unique<Calls>(0, *this, false, [this](std::int64_t call, Object value, std::exception_ptr error) {
      bool wake;
      {
        std::lock_guard lock(shared_->mutex);
        wake = shared_->push(Called{call, std::move(value), std::move(error)});
      }
      if (wake) transport_.wake();
    });
  own_calls_open_[next_own_call_] = {from, number};
  own_calls_->push({next_own_call_++, false, detail::run_operation(), get_parcel(in)});
}

void SchedulerLoop::called(Called& call) {
  const auto [to, number] = own_calls_open_.extract(call.number).mapped();
  if (call.error) return fail(to, number, call.error);
  Writer out;
  call.value.encode(out);
  reply(to, number, {std::move(out).take(), {}});
}

void SchedulerLoop::serve_tasks(WorkerId from, std::int64_t number, const KeptResults& of) {
  std::map<std::int64_t, std::string> keys;
  if (!of.empty()) {
    for (const ResultHandle& result : of) keys[task_of(*result).value()] = result->key();
  } else {
    sources_.for_each([&](std::int64_t id, const TaskSource& source) { keys[id] = layer_of(source).layer->key(source.index); });
    std::lock_guard lock(shared_->mutex);
    shared_->results.for_each([&](std::int64_t id, ClientResult* const& result) {
      if (result->task().value() == id) keys.try_emplace(id, result->key_under_mutex());
    });
  }
  Writer out;
  out.put<std::uint64_t>(keys.size());
  for (const auto& [id, key] : keys) {
    const scheduler::TaskRecord* task = machine_.task(TaskId(id));
    const bool placed = task && (task->state == scheduler::TaskState::processing || task->state == scheduler::TaskState::memory);
    out.text(key);
    out.text(task ? scheduler::name(task->state) : "forgotten");
    out.put(placed ? task->worker.value() + 1 : -1);
    out.put<std::int64_t>(task ? task->nbytes : -1);
    std::vector<std::int32_t> copies;
    if (const scheduler::Copies* some = machine_.copies_of(TaskId(id)))
      for (const WorkerId worker : some->workers) copies.push_back(worker.value() + 1);
    out.array(copies);
  }
  reply(from, number, {std::move(out).take(), {}});
}

bool SchedulerLoop::serve(Ask what, WorkerId from, std::int64_t number, Reader& in, const KeptResults& kept) {
  switch (what) {
    case Ask::workers: {
      ClientInfo info;
      for (const WorkerInfo& worker : workers_) info.workers.push_back({worker.host, worker.pid, worker.threads, worker.memory_limit});
      Writer out;
      info.encode(out);
      reply(from, number, {std::move(out).take(), {}});
      return true;
    }
    case Ask::coordinate: serve_coordination(from, number, in, kept); return true;
    case Ask::shelf: serve_shelf(from, number, in, kept); return true;
    case Ask::scatter_to: serve_scatter(from, number, in); return true;
    case Ask::run_here: serve_run_here(from, number, in); return true;
    case Ask::copies: serve_copies(from, number, in, kept); return true;
    case Ask::tasks: serve_tasks(from, number, kept); return true;
    case Ask::story: {
      std::string text;
      if (!kept.empty()) {
        text = scheduler::to_string(machine_.story(task_of(*kept.front())));
      } else {
        const std::string key = in.text();
        sources_.for_each([&](std::int64_t id, const TaskSource& source) {
          if (text.empty() && layer_of(source).layer->key(source.index) == key) text = scheduler::to_string(machine_.story(TaskId(id)));
        });
      }
      Writer out;
      out.text(text);
      reply(from, number, {std::move(out).take(), {}});
      return true;
    }
    default: return false;
  }
}

}  // namespace ashlar
