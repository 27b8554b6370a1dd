#pragma once
// A graph of tasks as layers: all tasks of a layer run one operation; a task is (layer, index).

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/graph/operation.hpp"

namespace ashlar {

class Result;
struct Annotations;
/// A result that was submitted earlier; dropping the last handle releases it.
using ResultHandle = std::shared_ptr<Result>;

/// One task of a graph; layer -1: the graph's outside input number `index`.
struct TaskRef {
  std::int32_t layer = -1;
  std::int64_t index = 0;
  friend bool operator==(const TaskRef&, const TaskRef&) = default;
};

class Layer {
 public:
  explicit Layer(std::string name) : name_(std::move(name)) {}
  virtual ~Layer() = default;

  /// Prefix of the keys of its tasks and the row they are counted in: "sum", "ones-multiply", "inc".
  const std::string& name() const { return name_; }
  virtual std::int64_t size() const = 0;
  virtual std::shared_ptr<const Operation> operation() const = 0;
  /// Appends the inputs of task `index`, in the order its operation takes them.
  virtual void dependencies(std::int64_t index, std::vector<TaskRef>& out) const = 0;
  /// What only this task needs beyond operation, index and inputs.
  virtual void encode_task(std::int64_t /*index*/, Writer& /*out*/) const {}
  /// Bytes of the result; -1: unknown until it has run.
  virtual std::int64_t nbytes(std::int64_t /*index*/) const { return -1; }
  /// Whether any of its tasks has annotations, and those of one task; null: none.
  virtual bool annotated() const { return false; }
  virtual const Annotations* annotations(std::int64_t /*index*/) const { return nullptr; }
  /// The name of one task for messages; default "name-0012" with the index.
  virtual std::string key(std::int64_t index) const { return name_ + "-" + std::to_string(index); }

 private:
  std::string name_;
};

/// A layer whose dependencies are listed: begin[i]..begin[i+1] of `refs` are the inputs of task i.
class ListedLayer final : public Layer {
 public:
  ListedLayer(std::string name, std::shared_ptr<const Operation> operation);
  /// Adds a task; returns its index.
  std::int64_t add(std::span<const TaskRef> inputs, std::int64_t nbytes = -1);

  std::int64_t size() const override { return static_cast<std::int64_t>(begin_.size()) - 1; }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override;
  std::int64_t nbytes(std::int64_t index) const override { return nbytes_[static_cast<std::size_t>(index)]; }

 private:
  std::shared_ptr<const Operation> operation_;
  std::vector<std::size_t> begin_{0};
  std::vector<TaskRef> refs_;
  std::vector<std::int64_t> nbytes_;
};

struct TaskGraph {
  std::vector<std::shared_ptr<const Layer>> layers;
  std::vector<ResultHandle> inputs;  ///< outside inputs, by number

  std::int64_t size() const {
    std::int64_t n = 0;
    for (const auto& layer : layers) n += layer->size();
    return n;
  }
};

/// The tasks that `wanted` need, in depth-first order: a task comes after its inputs and as late as they allow, so few results
/// are alive at once. Inputs in the order they are listed; outside inputs are left out.
/// Cost      O(tasks + edges), no recursion.
/// Errors    InternalError when the graph has a cycle or a reference outside it.
std::vector<TaskRef> depth_first_order(const TaskGraph& graph, std::span<const TaskRef> wanted);

}  // namespace ashlar
