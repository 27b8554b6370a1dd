#include "ashlar/runtime/graph_wire.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/task_protocol.hpp"

namespace ashlar {
namespace {

// Tasks of one layer that came over the wire. They keep their numbers there: operations look at them.
class WireLayer final : public Layer {
 public:
  struct Task {
    std::int64_t index = 0, nbytes = -1;
    std::string key;
    Parcel payload;
    std::vector<TaskRef> inputs;
  };
  WireLayer(const std::string& name, std::shared_ptr<const Operation> operation) : Layer(name), operation_(std::move(operation)) {}

  void add(Task task) { tasks_.push_back(std::move(task)); }
  void keep(ResultHandle result) { kept_.push_back(std::move(result)); }
  void complete() {
    std::sort(tasks_.begin(), tasks_.end(), [](const Task& a, const Task& b) { return a.index < b.index; });
  }

  std::int64_t size() const override { return tasks_.empty() ? 0 : tasks_.back().index + 1; }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override {
    const Task& t = task(index);
    out.insert(out.end(), t.inputs.begin(), t.inputs.end());
  }
  void encode_task(std::int64_t index, Writer& out) const override {
    const Task& t = task(index);
    out.raw(t.payload.head.data(), t.payload.head.size());
    for (const Buffer& buffer : t.payload.buffers) out.buffer(buffer);
  }
  std::int64_t nbytes(std::int64_t index) const override { return task(index).nbytes; }
  std::string key(std::int64_t index) const override { return task(index).key; }
  void kept(std::vector<ResultHandle>& out) const override { out.insert(out.end(), kept_.begin(), kept_.end()); }

 private:
  const Task& task(std::int64_t index) const {
    const auto it = std::lower_bound(tasks_.begin(), tasks_.end(), index, [](const Task& t, std::int64_t i) { return t.index < i; });
    if (it == tasks_.end() || it->index != index) throw InternalError("a graph from a task refers to task " + std::to_string(index) + " of layer " + name() + ", which did not come");
    return *it;
  }
  std::shared_ptr<const Operation> operation_;
  std::vector<Task> tasks_;
  std::vector<ResultHandle> kept_;
};

}  // namespace

void write_graph(Writer& out, const TaskGraph& graph, std::span<const TaskRef> wanted, const std::function<std::int64_t(const ResultHandle&)>& name) {
  const std::vector<TaskRef> order = depth_first_order(graph, wanted);
  std::vector<bool> used(graph.layers.size());
  for (const TaskRef& task : order) used[static_cast<std::size_t>(task.layer)] = true;

  out.put<std::uint64_t>(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    out.put<bool>(used[l]);
    if (!used[l]) continue;
    const Layer& layer = *graph.layers[l];
    out.text(layer.name());
    Writer operation;
    encode_operation(operation, *layer.operation());
    put_parcel(out, std::move(operation).take());
    std::vector<ResultHandle> kept;
    layer.kept(kept);
    out.put<std::uint64_t>(kept.size());
    for (const ResultHandle& result : kept) out.put(name(result));
  }
  out.put<std::uint64_t>(graph.inputs.size());
  for (const ResultHandle& input : graph.inputs) out.put(name(input));

  std::vector<TaskRef> inputs;
  out.put<std::uint64_t>(order.size());
  for (const TaskRef& task : order) {
    const Layer& layer = *graph.layers[static_cast<std::size_t>(task.layer)];
    out.put(task);
    out.put(layer.nbytes(task.index));
    out.text(layer.key(task.index));
    inputs.clear();
    layer.dependencies(task.index, inputs);
    out.array(inputs);
    Writer payload;
    layer.encode_task(task.index, payload);
    put_parcel(out, std::move(payload).take());
  }
  out.array(wanted);
}

std::shared_ptr<const Operation> SeenOperations::decode(const Parcel& bytes) {
  Reader in(bytes);
  if (!bytes.buffers.empty()) return decode_operation(in);
  std::string text(reinterpret_cast<const char*>(bytes.head.data()), bytes.head.size());
  if (const auto it = seen_.find(text); it != seen_.end()) return it->second;
  auto operation = decode_operation(in);
  if (seen_.size() >= max_) seen_.clear();
  seen_.emplace(std::move(text), operation);
  return operation;
}

ReadGraph read_graph(Reader& in, SeenOperations& operations, const std::function<ResultHandle(std::int64_t)>& result) {
  ReadGraph read;
  std::vector<std::shared_ptr<WireLayer>> layers(in.get<std::uint64_t>());
  for (auto& layer : layers) {
    if (!in.get<bool>()) {
      layer = std::make_shared<WireLayer>("unused", nullptr);
      continue;
    }
    const std::string name = in.text();
    layer = std::make_shared<WireLayer>(name, operations.decode(get_parcel(in)));
    const auto kept = in.get<std::uint64_t>();
    for (std::uint64_t i = 0; i < kept; ++i) layer->keep(result(in.get<std::int64_t>()));
  }
  const auto inputs = in.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < inputs; ++i) read.graph.inputs.push_back(result(in.get<std::int64_t>()));
  const auto tasks = in.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < tasks; ++i) {
    const auto ref = in.get<TaskRef>();
    WireLayer::Task task;
    task.index = ref.index;
    task.nbytes = in.get<std::int64_t>();
    task.key = in.text();
    task.inputs = in.array<TaskRef>();
    task.payload = get_parcel(in);
    layers.at(static_cast<std::size_t>(ref.layer))->add(std::move(task));
  }
  read.wanted = in.array<TaskRef>();
  for (const auto& layer : layers) {
    layer->complete();
    read.graph.layers.push_back(layer);
  }
  return read;
}

}  // namespace ashlar
