#include "ashlar/runtime/task_clients.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar {

void TaskClients::take(WorkerId from, const protocol::TaskRequest& request) {
  Reader in(request.payload);
  const auto what = static_cast<Ask>(request.service);
  const int worker = from.value();
  switch (what) {
    case Ask::submit: return submit(from, in);
    case Ask::scatter: return scatter(from, in);
    case Ask::release: return names_.release(in.get<std::int64_t>(), worker);
    case Ask::hold:
    case Ask::claim: {
      const auto name = in.get<std::int64_t>();
      if (const ResultHandle result = names_.hold(name, worker, what == Ask::claim)) return watch(name, result, from);
      return send_settled(from, name, Status::lost, std::make_exception_ptr(Error("a future came to worker " + std::to_string(worker) + " whose result is gone")));
    }
    case Ask::under_way: return names_.under_way(in.get<std::int64_t>(), nullptr);
    case Ask::value: return value(from, in.get<std::int64_t>());
    case Ask::waits: return rank_zero_.task_waits(from, TaskId(in.get<std::int64_t>()));
    case Ask::ended: return rank_zero_.holder_ended(from, in.get<std::int64_t>());
    case Ask::cancel:
      if (const ResultHandle result = names_.find(in.get<std::int64_t>())) {
        result->cancel();
        settled(rank_zero_.task_of(*result));
      }
      return;
    case Ask::retry: {
      const auto name = in.get<std::int64_t>();
      const ResultHandle result = names_.find(name);
      if (!result) return;
      try {
        result->retry();
        watch(name, result, from);
      } catch (...) {
        send_settled(from, name, Status::error, std::current_exception());
      }
      return;
    }
    default: break;
  }
  // All others are calls: names that come along, then the bytes.
  KeptResults kept;
  try {
    for (const std::int64_t name : in.array<std::int64_t>()) {
      kept.push_back(names_.find(name));
      if (!kept.back()) throw InternalError("a task names a result that is gone");
    }
    const Parcel bytes = get_parcel(in);
    Reader body(bytes);
    if (what == Ask::sync) reply(from, request.number, {});
    else if (what == Ask::run) run(from, request.number, body);
    else if (!rank_zero_.serve(what, from, request.number, body, kept)) throw InternalError("a task asked for service " + std::to_string(request.service) + ", which there is not");
  } catch (...) {
    if (request.number >= 0) fail(from, request.number, std::current_exception());
  }
}

void TaskClients::reply(WorkerId to, std::int64_t number, const Parcel& bytes, const KeptResults& kept) {
  if (number < 0) return;
  Writer out;
  std::vector<std::int64_t> names;
  for (const ResultHandle& result : kept) {
    const std::int64_t name = rank_zero_.task_of(*result).value();
    names_.under_way(name, result);
    names.push_back(name);
  }
  out.array(names);
  put_parcel(out, bytes);
  rank_zero_.send(to, protocol::TaskAnswer{number, static_cast<std::uint8_t>(Answer::value), std::move(out).take()});
}

void TaskClients::fail(WorkerId to, std::int64_t number, const std::exception_ptr& error) {
  Writer out;
  encode_error(out, error);
  rank_zero_.send(to, protocol::TaskAnswer{number, static_cast<std::uint8_t>(Answer::failed), std::move(out).take()});
}

void TaskClients::submit(WorkerId from, Reader& in) {
  const auto names = in.array<std::int64_t>();
  try {
    ReadGraph read = read_graph(in, operations_, [this](std::int64_t name) {
      ResultHandle result = names_.find(name);
      if (!result) throw ValueError("a graph from a task uses a result that is gone");
      return result;
    });
    const std::vector<ResultHandle> results = rank_zero_.submit_for_task(std::move(read.graph), read.wanted);
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] != 0) attach(from, names[i], results.at(i));
  } catch (...) {
    for (const std::int64_t name : names)
      if (name != 0) send_settled(from, name, Status::error, std::current_exception());
  }
}

void TaskClients::scatter(WorkerId from, Reader& in) {
  std::vector<std::int64_t> names;
  std::vector<Object> values;
  const auto n = in.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < n; ++i) names.push_back(in.get<std::int64_t>());
  try {
    for (std::uint64_t i = 0; i < n; ++i) values.push_back(Object::decode(in));
    const std::vector<ResultHandle> results = rank_zero_.scatter_for_task(std::move(values));
    for (std::size_t i = 0; i < names.size(); ++i) attach(from, names[i], results.at(i));
  } catch (...) {
    for (const std::int64_t name : names) send_settled(from, name, Status::error, std::current_exception());
  }
}

void TaskClients::attach(WorkerId from, std::int64_t name, const ResultHandle& result) {
  names_.made(name, result, from.value());
  watch(name, result, from);
}

void TaskClients::watch(std::int64_t name, const ResultHandle& result, WorkerId worker) {
  if (const Status status = result->status(); status != Status::pending) return send_settled(worker, name, status, result->error());
  watched_[rank_zero_.task_of(*result).value()].push_back({name, worker, false});
}

void TaskClients::tell_of(TaskId task) {
  const auto it = watched_.find(task.value());
  if (it == watched_.end()) return;
  const std::vector<Watcher> watchers = std::move(it->second);
  watched_.erase(it);
  for (const Watcher& watcher : watchers) {
    const ResultHandle result = names_.find(watcher.name);
    if (!result) continue;
    const Status status = result->status();
    if (status == Status::pending) {
      watched_[task.value()].push_back(watcher);
      continue;
    }
    send_settled(watcher.worker, watcher.name, status, result->error());
    if (watcher.value && status == Status::finished) send_value(watcher.worker, watcher.name, *result);
  }
}

void TaskClients::send_settled(WorkerId to, std::int64_t name, Status status, const std::exception_ptr& error) {
  Writer out;
  out.put(name);
  out.put(status);
  out.put<bool>(error != nullptr);
  if (error) encode_error(out, error);
  rank_zero_.send(to, protocol::TaskAnswer{-1, static_cast<std::uint8_t>(Answer::settled), std::move(out).take()});
}

void TaskClients::value(WorkerId to, std::int64_t name) {
  const ResultHandle result = names_.find(name);
  if (!result) return;  // it has been told that it is gone
  const Status status = result->status();
  if (status == Status::finished) return send_value(to, name, *result);
  if (status != Status::pending) return send_settled(to, name, status, result->error());
  const std::int64_t task = rank_zero_.task_of(*result).value();
  auto& watchers = watched_[task];
  for (Watcher& watcher : watchers)
    if (watcher.name == name && watcher.worker == to) {
      watcher.value = true;
      return;
    }
  watchers.push_back({name, to, true});
}

void TaskClients::send_value(WorkerId to, std::int64_t name, const Result& result) {
  const TaskId task = rank_zero_.task_of(result);
  const WorkerId holder = rank_zero_.holder_of(task);
  if (holder == WorkerId())
    return send_settled(to, name, Status::lost, std::make_exception_ptr(InternalError("the result of " + result.key() + " is on no worker")));
  rank_zero_.send(holder, protocol::SendValue{task, to, name});
}

void TaskClients::run(WorkerId from, std::int64_t number, Reader& in) {
  const bool collective = in.get<bool>();
  const auto workers = in.array<std::int32_t>();
  auto operation = decode_operation(in);
  Parcel payload = get_parcel(in);
  const std::int64_t call = rank_zero_.start_call(std::move(operation), std::move(payload), collective, workers);
  calls_[call] = {from, number, workers.empty() ? static_cast<std::size_t>(rank_zero_.worker_count()) : workers.size(), {}, nullptr};
}

bool TaskClients::call_reported(std::int64_t number, int worker, protocol::CallReport& report) {
  const auto it = calls_.find(number);
  if (it == calls_.end()) return false;
  Call& call = it->second;
  if (report.error && !call.error) call.error = report.error;
  call.values[worker] = std::move(report.value);
  if (call.values.size() < call.wanted) return true;
  if (call.error) {
    fail(call.from, call.number, call.error);
  } else {
    Writer out;
    out.put<std::uint64_t>(call.values.size());
    for (const auto& [number_of_worker, value] : call.values) value.encode(out);
    reply(call.from, call.number, std::move(out).take());
  }
  calls_.erase(it);
  return true;
}

}  // namespace ashlar
