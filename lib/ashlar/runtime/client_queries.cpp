// What a client asks rank 0 about tasks and results, and what it keeps there by name.
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client.hpp"
#include "ashlar/runtime/task_protocol.hpp"

namespace ashlar {
namespace detail {

std::vector<ShelfValue> ask_shelf(Evaluator& evaluator, ShelfAsk what, const std::string& space, const std::string& name, ShelfValue value) {
  Writer out;
  out.put(what);
  out.text(space);
  out.text(name);
  put_parcel(out, value.bytes);
  const Evaluator::Message reply = evaluator.call(static_cast<std::uint8_t>(Ask::shelf), {std::move(out).take(), std::move(value.kept)});
  Reader in(reply.bytes);
  std::vector<ShelfValue> values(in.get<std::uint64_t>());
  for (ShelfValue& one : values) {
    one.bytes = get_parcel(in);
    one.kept = reply.kept;
  }
  return values;
}

}  // namespace detail

using detail::ShelfAsk;
using detail::ShelfValue;

std::string Client::story(const std::string& key) const {
  if (info_.story) return info_.story(key);
  Writer out;
  out.text(key);
  const Evaluator::Message reply = evaluator_.call(static_cast<std::uint8_t>(Ask::story), {std::move(out).take(), {}});
  Reader in(reply.bytes);
  return in.text();
}

std::string Client::story_of(const ResultHandle& result) const {
  const Evaluator::Message reply = evaluator_.call(static_cast<std::uint8_t>(Ask::story), {{}, {result}});
  Reader in(reply.bytes);
  return in.text();
}

std::map<int, int> Client::ncores() const {
  std::map<int, int> threads;
  int rank = 0;
  for (const WorkerDescription& worker : info_.workers) threads[++rank] = worker.threads;
  return threads;
}

namespace {

std::map<std::string, std::string> versions_here() {
  utsname system{};
  uname(&system);
  return {{"ashlar", ASHLAR_VERSION},
#if defined(__clang__)
          {"compiler", "clang " __clang_version__},
#else
          {"compiler", "GCC " __VERSION__},
#endif
          {"standard library", "libstdc++ " + std::to_string(__GLIBCXX__)},
          {"system", std::string(system.sysname) + " " + system.release},
          {"host", system.nodename}};
}

}  // namespace

std::map<int, std::map<std::string, std::string>> Client::get_versions() {
  auto versions = run([](WorkerContext&) { return versions_here(); });
  versions[0] = run_on_scheduler([] { return versions_here(); });
  return versions;
}

void Client::wait_for_workers(int n_workers, Seconds) const {
  if (n_workers <= static_cast<int>(info_.workers.size())) return;
  throw TimeoutError("the job has " + std::to_string(info_.workers.size()) + " workers, " + std::to_string(n_workers) + " were wanted: an MPI job's workers are all there from the start");
}

std::vector<TaskDescription> Client::describe(std::vector<ResultHandle> results) const {
  const Evaluator::Message reply = evaluator_.call(static_cast<std::uint8_t>(Ask::tasks), {{}, std::move(results)});
  Reader in(reply.bytes);
  std::vector<TaskDescription> tasks(in.get<std::uint64_t>());
  for (TaskDescription& task : tasks) {
    task.key = in.text();
    task.state = in.text();
    task.rank = in.get<int>();
    task.nbytes = in.get<std::int64_t>();
    task.copies = in.array<std::int32_t>();
  }
  return tasks;
}

std::map<std::string, std::vector<int>> Client::holders_of(std::vector<ResultHandle> results) const {
  std::map<std::string, std::vector<int>> holders;
  for (const TaskDescription& task : describe(std::move(results))) {
    auto& ranks = holders[task.key];
    if (task.state != "memory") continue;
    ranks.push_back(task.rank);
    ranks.insert(ranks.end(), task.copies.begin(), task.copies.end());
    std::sort(ranks.begin(), ranks.end());
  }
  return holders;
}

std::map<int, std::vector<std::string>> Client::has_what() const {
  std::map<int, std::vector<std::string>> keys;
  for (const auto& [rank, threads] : ncores()) keys[rank];
  for (const TaskDescription& task : describe({}))
    if (task.state == "memory") {
      keys[task.rank].push_back(task.key);
      for (const int rank : task.copies) keys[rank].push_back(task.key);
    }
  return keys;
}

std::map<std::string, std::int64_t> Client::nbytes() const {
  std::map<std::string, std::int64_t> bytes;
  for (const TaskDescription& task : describe({}))
    if (task.state == "memory") bytes[task.key] = task.nbytes;
  return bytes;
}

std::map<int, std::vector<std::string>> Client::processing() const {
  std::map<int, std::vector<std::string>> keys;
  for (const auto& [rank, threads] : ncores()) keys[rank];
  for (const TaskDescription& task : describe({}))
    if (task.state == "processing") keys[task.rank].push_back(task.key);
  return keys;
}

// ---- datasets

void Client::publish(const std::string& name, ShelfValue value, const PublishOptions& options, std::any collection) {
  detail::ask_shelf(evaluator_, options.override_ ? ShelfAsk::put : ShelfAsk::put_new, "dataset", name, std::move(value));
  std::lock_guard lock(mutex_);
  if (collection.has_value()) collections_[name] = std::move(collection);
  else collections_.erase(name);
}

ShelfValue Client::dataset(const std::string& name) const {
  auto found = detail::ask_shelf(evaluator_, ShelfAsk::get, "dataset", name);
  if (found.empty()) throw KeyError("no dataset \"" + name + "\" is published");
  return std::move(found.front());
}

std::any Client::collection_dataset(const std::string& name, std::string_view type) const {
  const ShelfValue found = dataset(name);
  std::lock_guard lock(mutex_);
  const auto it = collections_.find(name);
  if (it != collections_.end()) return it->second;
  Reader in(found.bytes);
  if (Object::decode(in).holds<detail::KeptByClient>()) throw ValueError("the dataset \"" + name + "\" is a collection of another client: publish its futures (al::futures_of) for tasks");
  wrong_dataset(name, type);
}

void Client::wrong_dataset(const std::string& name, std::string_view type) { throw TypeError("the dataset \"" + name + "\" was asked for as " + std::string(type) + " and is something else"); }

std::vector<std::string> Client::list_datasets() const {
  std::vector<std::string> names;
  for (const ShelfValue& value : detail::ask_shelf(evaluator_, ShelfAsk::names, "dataset", {})) {
    Reader in(value.bytes);
    names.push_back(in.text());
  }
  return names;
}

void Client::unpublish_dataset(const std::string& name) {
  if (detail::ask_shelf(evaluator_, ShelfAsk::erase, "dataset", name).empty()) throw KeyError("no dataset \"" + name + "\" is published");
  std::any dropped;
  std::lock_guard lock(mutex_);
  if (const auto it = collections_.find(name); it != collections_.end()) {
    dropped = std::move(it->second);
    collections_.erase(it);
  }
}

void Client::no_metadata(const std::string& key) { throw KeyError("no metadata \"" + key + "\" was set"); }

// ---- events

void Client::log_event(const std::string& topic, const std::string& message) {
  Writer out;
  out.put(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
  out.text(message);
  detail::ask_shelf(evaluator_, ShelfAsk::append, "event", topic, {std::move(out).take(), {}});
}

std::vector<std::pair<double, std::string>> Client::get_events(const std::string& topic) const {
  std::vector<std::pair<double, std::string>> events;
  for (const ShelfValue& value : detail::ask_shelf(evaluator_, ShelfAsk::get, "event", topic)) {
    Reader in(value.bytes);
    const auto at = in.get<double>();
    events.emplace_back(at, in.text());
  }
  return events;
}

}  // namespace ashlar
