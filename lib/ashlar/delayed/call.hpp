#pragma once
// Calls of functions as tasks: the record of a call's types, the operation that runs it, the layer that lists calls.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ashlar/delayed/argument.hpp"
#include "ashlar/delayed/node.hpp"

namespace ashlar::detail {

/// One record per function type and argument types: how to read them from a payload and call.
struct CallDescriptor : Descriptor {
  Object (*run)(CallReader& from);
  constexpr CallDescriptor(std::string_view n, Object (*r)(CallReader&)) : Descriptor(n), run(r) {}
};

/// Runs calls. Its only parameters are the records that calls of its layer point to by number.
class CallOperation final : public OperationOf<CallOperation> {
 public:
  void encode(Writer& out) const override;
  static std::shared_ptr<const CallOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

  std::uint32_t number_of(const CallDescriptor& call);

 private:
  // Records are looked for when first called, so that one which this rank does not know fails its tasks, not the message.
  struct Entry {
    DescriptorRef reference;
    mutable std::atomic<const CallDescriptor*> call{nullptr};
    Entry(const DescriptorRef& r, const CallDescriptor* c) : reference(r), call(c) {}
    Entry(Entry&& other) noexcept : reference(other.reference), call(other.call.load(std::memory_order_relaxed)) {}
  };
  std::vector<Entry> entries_;
};

/// All calls of functions of one name in a graph, in the order they were lowered.
class CallLayer final : public Layer {
 public:
  explicit CallLayer(const std::string& name);

  /// Adds `call`; its inputs are those added to `refs()` since the last call.
  std::int64_t add(const CallNode& call);
  std::vector<TaskRef>& refs() { return refs_; }

  /// It has one task, which needs no result and nothing beside its payload.
  bool is_one_plain_call() const { return tasks_.size() == 1 && refs_.empty() && !extras_; }
  /// `other` is one plain call of the same function, and all here are calls of that.
  bool may_join(const CallLayer& other) const { return operation_ == other.operation_ && name() == other.name(); }
  /// Adds it. Returns its index.
  std::int64_t join(const CallLayer& other);
  /// Gives back what was kept for calls that did not come. Nobody may look meanwhile.
  void no_more_calls();

  std::int64_t size() const override { return static_cast<std::int64_t>(tasks_.size()); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override;
  void encode_task(std::int64_t index, Writer& out) const override;
  bool annotated() const override { return annotated_; }
  const Annotations* annotations(std::int64_t index) const override;
  std::string key(std::int64_t index) const override;
  void kept(std::vector<ResultHandle>& out) const override;

 private:
  struct Task {
    std::uint64_t serial;
    std::uint64_t payload_end : 40;
    std::uint64_t call : 24;
  };
  static constexpr std::uint64_t payloads_max = std::uint64_t{1} << 40, functions_max = std::uint64_t{1} << 24;
  const Task& task(std::int64_t index) const { return tasks_.at(static_cast<std::size_t>(index)); }

  std::shared_ptr<CallOperation> operation_;  // shared by all layers of a function; its own from the second function on
  const CallDescriptor* last_call_ = nullptr;
  std::uint32_t last_number_ = 0;
  bool several_ = false, annotated_ = false;
  std::vector<Task> tasks_;
  std::vector<TaskRef> refs_;
  std::vector<std::uint32_t> refs_end_;  // by task; empty while none has an input
  Bytes payloads_;
  std::unique_ptr<std::unordered_map<std::int64_t, CallExtras>> extras_;  // of few calls, as a rule of none
  const CallExtras* extras(std::int64_t index) const;
};

}  // namespace ashlar::detail
