#include "ashlar/runtime/client.hpp"

#include <algorithm>
#include <set>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client_host.hpp"
#include "ashlar/runtime/task_protocol.hpp"

namespace ashlar {
namespace detail {
namespace {

// Runs the function of `Client::run`; the payload is record, threads of all workers, closure.
class RunOperation final : public OperationOf<RunOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const RunOperation> decode(Reader&) { return std::make_shared<RunOperation>(); }
  Object run(TaskInput& task) const override {
    Reader from(task.payload, task.buffers);
    const auto& record = static_cast<const RunDescriptor&>(get_descriptor(from));
    const auto threads = from.array<int>();
    // Rank 0 is the client's: the first worker is rank 1.
    const auto number = static_cast<std::size_t>(std::max(0, task.rank - 1));
    WorkerContext worker(task.rank, static_cast<int>(threads.size()), number < threads.size() ? threads[number] : 1);
    return record.run(from, worker);
  }
};

}  // namespace

std::shared_ptr<const Operation> run_operation() { return std::make_shared<RunOperation>(); }

std::size_t common_length(std::initializer_list<std::ptrdiff_t> sizes) {
  std::ptrdiff_t length = -1;
  for (const std::ptrdiff_t size : sizes) {
    if (size < 0) continue;
    if (length >= 0 && size != length)
      throw ValueError("the vectors given to map have different lengths: " + std::to_string(length) + " and " + std::to_string(size));
    length = size;
  }
  return static_cast<std::size_t>(length);
}

}  // namespace detail

int ClientInfo::nthreads() const {
  int n = 0;
  for (const WorkerDescription& worker : workers) n += worker.threads;
  return n;
}

std::int64_t ClientInfo::memory_limit() const {
  std::int64_t n = 0;
  for (const WorkerDescription& worker : workers) n += worker.memory_limit;
  return n;
}

int ClientInfo::hosts() const {
  std::set<std::string> names;
  for (const WorkerDescription& worker : workers) names.insert(worker.host);
  return static_cast<int>(names.size());
}

void ClientInfo::encode(Writer& out) const {
  out.put<std::uint64_t>(workers.size());
  for (const WorkerDescription& worker : workers) {
    out.text(worker.host);
    out.put(worker.pid);
    out.put(worker.threads);
    out.put(worker.memory_limit);
  }
  out.text(dashboard);
}

ClientInfo ClientInfo::decode(Reader& in) {
  ClientInfo info;
  info.workers.resize(in.get<std::uint64_t>());
  for (WorkerDescription& worker : info.workers) {
    worker.host = in.text();
    worker.pid = in.get<int>();
    worker.threads = in.get<int>();
    worker.memory_limit = in.get<std::int64_t>();
  }
  info.dashboard = in.text();
  return info;
}

Client::Client(Evaluator& evaluator, ClientInfo info) : evaluator_(evaluator), info_(std::move(info)) {}

ResultHandle Client::find_keyed(const detail::CallExtras& extras) {
  std::lock_guard lock(mutex_);
  const auto it = keyed_.find(extras.key);
  if (it == keyed_.end()) return nullptr;
  ResultHandle result = it->second.result.lock();
  if (!result || result->status() == Status::cancelled || result->status() == Status::lost) {
    keyed_.erase(it);
    return nullptr;
  }
  if (it->second.token != extras.token)
    throw ValueError("the key \"" + extras.key + "\" is taken by a task with another function or other arguments whose future is still held");
  return result;
}

ResultHandle Client::submit_node(const detail::NodePtr& node) { return submit_nodes({node}).front(); }

std::vector<ResultHandle> Client::submit_nodes(const std::vector<detail::NodePtr>& nodes) {
  std::vector<ResultHandle> results(nodes.size());
  std::vector<TaskRef> wanted;
  std::vector<std::size_t> places;
  const auto extras_of = [](const detail::NodePtr& node) -> const detail::CallExtras* {
    if (!node || node.get()->kind != detail::Node::Kind::call) return nullptr;
    const auto* extras = static_cast<const detail::CallNode*>(node.get())->extras();
    return extras && !extras->key.empty() ? extras : nullptr;
  };
  GraphBuilder builder;
  {
    auto lock = detail::lowering_lock();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (const auto* extras = extras_of(nodes[i])) results[i] = find_keyed(*extras);
      if (results[i]) continue;
      wanted.push_back(detail::lower_checked(nodes[i], builder));
      places.push_back(i);
    }
  }
  if (wanted.empty()) return results;
  std::vector<ResultHandle> started = evaluator_.submit(std::move(builder).take(), wanted);
  for (std::size_t i = 0; i < started.size(); ++i) {
    ResultHandle& result = results[places[i]] = std::move(started[i]);
    if (const auto* extras = extras_of(nodes[places[i]])) {
      std::lock_guard lock(mutex_);
      keyed_.insert_or_assign(extras->key, Keyed{extras->token, result});
      if (keyed_.size() > keyed_limit_) {
        std::erase_if(keyed_, [](const auto& entry) { return entry.second.result.expired(); });
        keyed_limit_ = 2 * keyed_.size() + 64;
      }
    }
  }
  return results;
}

std::vector<ResultHandle> Client::scatter_objects(std::vector<Object> values, const ScatterOptions& options) {
  if (!options.broadcast && options.workers.empty()) return evaluator_.scatter(std::move(values));
  std::vector<int> workers = worker_numbers(options.workers);
  if (options.workers.empty())
    for (std::size_t i = 0; i < info_.workers.size(); ++i) workers.push_back(static_cast<int>(i));
  if (options.broadcast) {  // one that is named twice gets a value once; in turns it takes twice as many
    std::sort(workers.begin(), workers.end());
    workers.erase(std::unique(workers.begin(), workers.end()), workers.end());
  }
  Writer out;
  out.array(std::vector<std::int32_t>(workers.begin(), workers.end()));
  out.put(options.broadcast);
  out.put<std::uint64_t>(values.size());
  for (const Object& value : values) value.encode(out);
  const Evaluator::Message reply = evaluator_.call(static_cast<std::uint8_t>(Ask::scatter_to), {std::move(out).take(), {}});
  Reader in(reply.bytes);
  std::vector<ResultHandle> results;
  for (std::size_t i = 0; i < values.size(); ++i) results.push_back(evaluator_.read_result(in));
  return results;
}

void Client::retry_results(const std::vector<ResultHandle>& results) {
  if (auto* host = dynamic_cast<ClientHost*>(&evaluator_)) return host->retry_all(results);
  for (const ResultHandle& result : results) result->retry();
}

void Client::copy_results(const std::vector<ResultHandle>& results, int copies) {
  if (copies < 0) throw ValueError("replicate: n is the number of workers that are to hold each result, or 0 for all, found " + std::to_string(copies));
  if (results.empty()) return;
  wait_well(results);
  Writer out;
  out.put(false);
  out.put<std::int32_t>(copies);
  evaluator_.call(static_cast<std::uint8_t>(Ask::copies), {std::move(out).take(), results});
}

void Client::move_results(const std::vector<ResultHandle>& results) {
  wait_well(results);
  Writer out;
  out.put(true);
  evaluator_.call(static_cast<std::uint8_t>(Ask::copies), {std::move(out).take(), results});
}

void Client::wait_well(const std::vector<ResultHandle>& results) {
  for (const ResultHandle& result : results) {
    result->wait();
    const Status status = result->status();
    if (status == Status::cancelled) throw CancelledError("the result of " + result->key() + " was cancelled");
    if (const std::exception_ptr error = result->error()) std::rethrow_exception(error);
  }
}

// Users name ranks; in one process the worker is rank 0, too.
std::vector<int> Client::worker_numbers(const std::vector<int>& ranks) const {
  std::vector<int> workers;
  for (const int rank : ranks) {
    const int worker = info_.workers.size() == 1 && rank == 0 ? 0 : rank - 1;
    if (worker < 0 || static_cast<std::size_t>(worker) >= info_.workers.size())
      throw ValueError("rank " + std::to_string(rank) + " is no worker: they are ranks 1 to " + std::to_string(info_.workers.size()));
    workers.push_back(worker);
  }
  return workers;
}

std::vector<Object> Client::run_everywhere(const detail::RunDescriptor& record, const Writer& closure, const RunOptions& options) {
  std::vector<int> threads;
  for (const WorkerDescription& worker : info_.workers) threads.push_back(worker.threads);
  Writer payload;
  put_descriptor(payload, record);
  payload.array(threads);
  payload.raw(closure.head().data(), closure.size());
  if (options.workers.empty()) return evaluator_.run_on_workers(detail::run_operation(), std::move(payload).take(), false);
  std::vector<int> workers = worker_numbers(options.workers);
  std::sort(workers.begin(), workers.end());
  workers.erase(std::unique(workers.begin(), workers.end()), workers.end());
  return evaluator_.run_on_some(detail::run_operation(), std::move(payload).take(), workers);
}

Object Client::run_at_rank_0(const detail::RunDescriptor& record, const Writer& closure) {
  Writer payload;
  put_descriptor(payload, record);
  payload.array(std::vector<int>());
  payload.raw(closure.head().data(), closure.size());
  const Parcel parcel = std::move(payload).take();
  if (Evaluator::on_worker()) {
    Writer out;
    put_parcel(out, parcel);
    const Evaluator::Message reply = evaluator_.call(static_cast<std::uint8_t>(Ask::run_here), {std::move(out).take(), {}});
    Reader in(reply.bytes);
    return Object::decode(in);
  }
  TaskInput input;
  input.payload = parcel.head;
  input.buffers = parcel.buffers;
  return detail::run_operation()->run(input);
}

Client::With Client::with(TaskOptions options) {
  detail::annotations_of(options);
  return With(*this, std::move(options));
}

std::ostream& operator<<(std::ostream& out, const Client& client) {
  const ClientInfo& info = client.scheduler_info();
  out << "<Client: " << info.workers.size() << (info.workers.size() == 1 ? " worker, " : " workers, ") << info.nthreads()
      << (info.nthreads() == 1 ? " thread" : " threads");
  if (info.memory_limit() > 0) out << ", " << format_bytes(info.memory_limit()) << " memory";
  return out << ", dashboard: " << info.dashboard << '>';
}

}  // namespace ashlar
