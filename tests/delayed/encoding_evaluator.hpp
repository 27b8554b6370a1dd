#pragma once
// An evaluator that sends everything through bytes, as the transports do: operations, payloads, inputs and results. Tasks run in
// this thread, at once. It counts what it runs.

#include <map>
#include <utility>
#include <vector>

#include "ashlar/graph/run_here.hpp"

namespace ashlar::test {

class EncodingEvaluator final : public Evaluator {
 public:
  int tasks_run = 0;
  std::vector<std::string> layer_names;  ///< of the last graph

  std::vector<ResultHandle> submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions) override {
    layer_names.clear();
    for (const auto& layer : graph.layers) layer_names.push_back(layer->name());
    std::vector<TaskRef> order = depth_first_order(graph, wanted);
    std::map<std::pair<std::int32_t, std::int64_t>, ResultHandle> results;
    const auto result = [&](TaskRef ref) { return ref.layer < 0 ? graph.inputs.at(static_cast<std::size_t>(ref.index)) : results.at({ref.layer, ref.index}); };
    for (const TaskRef& ref : order) {
      const Layer& layer = *graph.layers[static_cast<std::size_t>(ref.layer)];
      Writer out;
      encode_operation(out, *layer.operation());
      const Parcel operation_bytes = std::move(out).take();
      Reader operation_reader(operation_bytes);
      const auto operation = decode_operation(operation_reader);
      Writer payload_writer;
      layer.encode_task(ref.index, payload_writer);
      const Parcel payload = std::move(payload_writer).take();
      TaskInput task;
      task.index = ref.index;
      task.payload = payload.head;
      task.buffers = payload.buffers;
      const std::string key = layer.key(ref.index);
      task.key = key;
      task.rank = 1;
      auto made = std::make_shared<Made>();
      made->name = key;
      try {
        std::vector<TaskRef> inputs;
        layer.dependencies(ref.index, inputs);
        for (const TaskRef& input : inputs) task.inputs.push_back(sent(result(input)->get()));
        ++tasks_run;
        made->value = sent(run_task(*operation, task));
      } catch (...) {
        made->failure = std::current_exception();
      }
      results[{ref.layer, ref.index}] = made;
    }
    std::vector<ResultHandle> handles;
    for (const TaskRef& ref : wanted) handles.push_back(result(ref));
    return handles;
  }
  std::vector<ResultHandle> scatter(std::vector<Object> values) override {
    std::vector<ResultHandle> handles;
    for (const Object& value : values) {
      auto made = std::make_shared<Made>();
      made->value = sent(value);
      made->name = "scattered";
      handles.push_back(made);
    }
    return handles;
  }
  std::vector<Object> run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool) override {
    std::vector<Object> results;
    for (int rank = 1; rank <= workers(); ++rank) {
      Writer out;
      encode_operation(out, *operation);
      const Parcel bytes = std::move(out).take();
      Reader in(bytes);
      TaskInput task;
      task.payload = payload.head;
      task.buffers = payload.buffers;
      task.rank = rank;
      results.push_back(sent(decode_operation(in)->run(task)));
    }
    return results;
  }
  bool wait_until(const std::function<bool()>& settled, Seconds) override { return settled(); }
  int workers() const override { return 2; }
  int threads() const override { return 3; }

 private:
  struct Made final : Result {
    Object value;
    std::exception_ptr failure;
    std::string name;
    Status status() const override { return failure ? Status::error : Status::finished; }
    bool wait(Seconds) override { return true; }
    Object get(Seconds) override {
      if (failure) std::rethrow_exception(failure);
      return value;
    }
    std::exception_ptr error() const override { return failure; }
    void cancel() override {}
    std::string key() const override { return name; }
  };
  static Object sent(const Object& object) {
    Writer out;
    object.encode(out);
    const Parcel parcel = std::move(out).take();
    Reader in(parcel);
    return Object::decode(in);
  }
};

}  // namespace ashlar::test
