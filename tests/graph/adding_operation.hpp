#pragma once
// The simplest operation: the sum of its inputs and of the number in its payload. And a lazy number made of it.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/graph/collection.hpp"

namespace ashlar::test {

inline std::atomic<int> additions{0};

class AddOperation final : public OperationOf<AddOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const AddOperation> decode(Reader&) { return std::make_shared<AddOperation>(); }
  Object run(TaskInput& task) const override {
    ++additions;
    auto sum = Reader(task.payload, task.buffers).get<std::int64_t>();
    if (sum < 0) throw std::out_of_range("a negative number: " + std::to_string(sum));
    for (const Object& input : task.inputs) sum += input.get<std::int64_t>();
    return Object::of(sum);
  }
};

class AddLayer final : public Layer {
 public:
  explicit AddLayer(std::string name) : Layer(std::move(name)) {}
  std::int64_t add(std::vector<TaskRef> inputs, std::int64_t number) {
    tasks.push_back({std::move(inputs), number});
    return size() - 1;
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(tasks.size()); }
  std::shared_ptr<const Operation> operation() const override { return std::make_shared<AddOperation>(); }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override {
    const auto& inputs = tasks.at(static_cast<std::size_t>(index)).inputs;
    out.insert(out.end(), inputs.begin(), inputs.end());
  }
  void encode_task(std::int64_t index, Writer& out) const override { out.put(tasks.at(static_cast<std::size_t>(index)).number); }

  struct Task {
    std::vector<TaskRef> inputs;
    std::int64_t number;
  };
  std::vector<Task> tasks;
};

}  // namespace ashlar::test
