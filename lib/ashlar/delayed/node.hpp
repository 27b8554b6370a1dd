#pragma once
// The expression behind a Delayed<T>: a graph of reference-counted nodes. A call is one allocation that holds its inputs and
// its encoded arguments in place, since programs make them by the hundred thousand.
//
// Invariants: 1. a node never changes after it is made, but for its stamp and place, which belong to the holder of the
// lowering lock. 2. inputs are older than their node: no cycles. 3. nothing here recurses along the graph.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/graph/collection.hpp"

namespace ashlar::detail {

struct CallDescriptor;

struct Node {
  enum class Kind : std::uint8_t { call, result, source };
  explicit Node(Kind k) : kind(k) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// In the graph of the builder `stamp`.
  TaskRef place() const { return {place_layer_, static_cast<std::int64_t>(place_index_)}; }
  void put(TaskRef at, std::uint64_t builder) const;

  // Ordered by size: programs hold nodes by the million.
  std::atomic<std::uint32_t> references{1};
  const Kind kind;
  bool has_sources = false;         ///< of a call: a SourceNode is among its inputs
  bool has_extras = false;          ///< of a call
  mutable std::uint64_t stamp = 0;  ///< 0: in no graph yet

 private:
  mutable std::int32_t place_layer_ = -1;
  mutable std::uint32_t place_index_ = 0;
};

/// Drops one reference; frees what becomes unreachable, one node after another.
void release(Node* node) noexcept;

/// Shares ownership of a node.
class NodePtr {
 public:
  NodePtr() = default;
  static NodePtr adopt(Node* node) {
    NodePtr p;
    p.node_ = node;
    return p;
  }
  NodePtr(const NodePtr& other) : node_(other.node_) {
    if (node_) node_->references.fetch_add(1, std::memory_order_relaxed);
  }
  NodePtr(NodePtr&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodePtr& operator=(NodePtr other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodePtr() {
    if (node_) release(node_);
  }
  Node* get() const { return node_; }
  Node* detach() { return std::exchange(node_, nullptr); }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  Node* node_ = nullptr;
};

/// A number that no other node of this process has: addresses are used again, these are not.
std::uint64_t next_serial();

/// What few calls have.
struct CallExtras {
  std::string key;              ///< the user's, or the hash of a pure call; empty: name and serial number
  std::string token;            ///< what function and arguments hash to; calls of one key must agree on it
  std::vector<Buffer> buffers;  ///< large literals
  std::shared_ptr<const Annotations> annotations;
};

/// A call of a function with encoded literals and other nodes.
struct CallNode final : Node {
  CallNode() : Node(Kind::call) {}
  const CallDescriptor* call = nullptr;
  const std::string* name = nullptr;  ///< interned
  const std::uint64_t serial = next_serial();
  std::uint32_t input_count = 0, payload_size = 0;

  const CallExtras* extras() const { return has_extras ? *extras_place() : nullptr; }  ///< null: it has none

  // The memory behind the node: pointers to the inputs, the pointer to the extras if it has some, then the payload.
  Node** inputs() { return reinterpret_cast<Node**>(this + 1); }
  Node* const* inputs() const { return reinterpret_cast<Node* const*>(this + 1); }
  CallExtras** extras_place() { return reinterpret_cast<CallExtras**>(inputs() + input_count); }
  CallExtras* const* extras_place() const { return reinterpret_cast<CallExtras* const*>(inputs() + input_count); }
  std::byte* payload() { return reinterpret_cast<std::byte*>(extras_place() + (has_extras ? 1 : 0)); }
  const std::byte* payload() const { return reinterpret_cast<const std::byte*>(extras_place() + (has_extras ? 1 : 0)); }
};
std::string key_of(const CallNode& call);

/// A result that was submitted.
struct ResultNode final : Node {
  explicit ResultNode(ResultHandle r) : Node(Kind::result), result(std::move(r)) {}
  const ResultHandle result;
};
NodePtr node_of(ResultHandle result);

/// Tasks of another kind of collection, as inputs of a call.
struct SourceNode : Node {
  SourceNode() : Node(Kind::source) {}
  virtual void lower(GraphBuilder& builder, std::vector<TaskRef>& out) const = 0;
  const std::uint64_t serial = next_serial();
};
/// A node whose one task another floor puts into the graph: what SPMD calls and `to_delayed` give.
NodePtr node_lowered_by(std::function<TaskRef(GraphBuilder&)> lower);

/// One copy of each function name, for ever: nodes point to it.
const std::string* interned(std::string_view name);

/// The task of a node in the graph being built. The caller holds the lowering lock.
/// Cost      O(nodes not yet in the graph), no recursion.
TaskRef lower(const Node& node, GraphBuilder& builder);

}  // namespace ashlar::detail
