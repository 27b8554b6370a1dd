#pragma once
// What the tasks of a layer do. An operation is immutable, sent to a worker once, and run for every task of its layer there.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/graph/object.hpp"

namespace ashlar {

/// One task to run. `inputs` belong to the task: an input that nobody else needs is the last holder of its value, so
/// `std::move(input).take<T>()` moves it.
struct TaskInput {
  std::int64_t index = 0;              ///< the task's number in its layer
  std::span<const std::byte> payload;  ///< what Layer::encode_task wrote for it
  std::span<const Buffer> buffers;     ///< and the buffers it attached
  std::vector<Object> inputs;          ///< results of its dependencies, in their order
  std::string_view key;
  int rank = 0;
};

struct OperationDescriptor;

class Operation {
 public:
  virtual ~Operation() = default;
  virtual const OperationDescriptor& descriptor() const = 0;
  /// The parameters; the descriptor's `decode` reads them.
  virtual void encode(Writer& out) const = 0;
  /// Called on any executor thread, several at a time. What it throws becomes the task's error.
  virtual Object run(TaskInput& task) const = 0;
};

struct OperationDescriptor : Descriptor {
  std::shared_ptr<const Operation> (*decode)(Reader& in);
  constexpr OperationDescriptor(std::string_view n, std::shared_ptr<const Operation> (*d)(Reader&)) : Descriptor(n), decode(d) {}
};

/// Base of an operation: gives it its static record. `Self` has `static std::shared_ptr<const Self> decode(Reader&)`.
template <class Self>
class OperationOf : public Operation {
 public:
  const OperationDescriptor& descriptor() const final { return record; }

 private:
  static constinit inline OperationDescriptor record{type_name<Self>(), [](Reader& in) -> std::shared_ptr<const Operation> { return Self::decode(in); }};
};

void encode_operation(Writer& out, const Operation& operation);
std::shared_ptr<const Operation> decode_operation(Reader& in);

}  // namespace ashlar
