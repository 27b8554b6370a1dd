#pragma once
// Runs graphs here, with operations and payloads that went through bytes first, and remembers which tasks ran.

#include <map>
#include <string>
#include <vector>

#include "ashlar/graph/evaluator.hpp"
#include "ashlar/graph/run_here.hpp"
#include "ashlar/table/table.hpp"

namespace ashlar::test {

class CountingEvaluator final : public Evaluator {
 public:
  std::vector<std::string> layers;       ///< names of the layers of the last graph that had tasks to run
  std::map<std::string, int> tasks;      ///< by layer, all graphs
  std::map<std::string, std::int64_t> rows;  ///< of the tables that its tasks made, by layer, all graphs
  int total() const {
    int n = 0;
    for (const auto& [name, count] : tasks) n += count;
    return n;
  }
  void reset() {
    layers.clear();
    tasks.clear();
    rows.clear();
  }

  std::vector<ResultHandle> submit(TaskGraph graph, std::span<const TaskRef> wanted, SubmitOptions) override {
    layers.clear();
    std::map<std::pair<std::int32_t, std::int64_t>, Object> values;
    std::vector<std::shared_ptr<const Operation>> operations(graph.layers.size());
    for (const TaskRef& ref : depth_first_order(graph, wanted)) {
      const auto l = static_cast<std::size_t>(ref.layer);
      const Layer& layer = *graph.layers[l];
      if (!operations[l]) {
        Writer out;
        encode_operation(out, *layer.operation());
        const Parcel parcel = std::move(out).take();
        Reader in(parcel);
        operations[l] = decode_operation(in);
        layers.push_back(layer.name());
      }
      ++tasks[layer.name()];
      std::vector<TaskRef> inputs;
      layer.dependencies(ref.index, inputs);
      Writer payload;
      layer.encode_task(ref.index, payload);
      const Parcel parcel = std::move(payload).take();
      TaskInput task;
      task.index = ref.index;
      task.payload = parcel.head;
      task.buffers = parcel.buffers;
      const std::string key = layer.key(ref.index);
      task.key = key;
      for (const TaskRef& input : inputs)
        task.inputs.push_back(
            copy(input.layer < 0 ? graph.inputs.at(static_cast<std::size_t>(input.index))->get() : values.at({input.layer, input.index})));
      Object& value = values[{ref.layer, ref.index}] = run_task(*operations[l], task);
      if (value.holds<Table>()) rows[layer.name()] += value.get<Table>().nrows();
    }
    std::vector<Object> results;
    for (const TaskRef& ref : wanted)
      results.push_back(ref.layer < 0 ? graph.inputs.at(static_cast<std::size_t>(ref.index))->get() : values.at({ref.layer, ref.index}));
    return local_evaluator().scatter(std::move(results));
  }
  std::vector<ResultHandle> scatter(std::vector<Object> values) override { return local_evaluator().scatter(std::move(values)); }
  std::vector<Object> run_on_workers(std::shared_ptr<const Operation> operation, Parcel payload, bool collective) override {
    return local_evaluator().run_on_workers(std::move(operation), std::move(payload), collective);
  }
  bool wait_until(const std::function<bool()>& settled, Seconds timeout) override { return local_evaluator().wait_until(settled, timeout); }
  int workers() const override { return 1; }
  int threads() const override { return 1; }

 private:
  // As if it had come from another rank.
  static Object copy(const Object& object) {
    Writer out;
    object.encode(out);
    const Parcel parcel = std::move(out).take();
    Reader in(parcel);
    return Object::decode(in);
  }
};

}  // namespace ashlar::test
