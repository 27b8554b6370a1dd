#include "ashlar/delayed/node.hpp"

#include <mutex>
#include <new>
#include <unordered_set>

#include "ashlar/base/error.hpp"

namespace ashlar::detail {
namespace {

void destroy(Node* node) noexcept {
  if (node->kind != Node::Kind::call) {
    delete node;
    return;
  }
  auto* call = static_cast<CallNode*>(node);
  for (std::uint32_t i = 0; i < call->input_count; ++i) release(call->inputs()[i]);
  delete call->extras();
  call->~CallNode();
  ::operator delete(call);
}

struct LoweredNode final : SourceNode {
  explicit LoweredNode(std::function<TaskRef(GraphBuilder&)> l) : lower_one(std::move(l)) {}
  void lower(GraphBuilder& builder, std::vector<TaskRef>& out) const override {
    if (stamp != builder.stamp()) put(lower_one(builder), builder.stamp());
    out.push_back(place());
  }
  std::function<TaskRef(GraphBuilder&)> lower_one;
};

}  // namespace

void Node::put(TaskRef at, std::uint64_t builder) const {
  if (at.index > std::int64_t{UINT32_MAX}) throw ValueError("a layer of a graph has more than 4,294,967,295 tasks");
  place_layer_ = at.layer;
  place_index_ = static_cast<std::uint32_t>(at.index);
  stamp = builder;
}

void release(Node* node) noexcept {
  if (node->references.load(std::memory_order_acquire) != 1 && node->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  // A dead node's inputs may die with it, a chain of a million in a row: they wait in a list, linked through `stamp`.
  thread_local Node* dying = nullptr;
  thread_local bool draining = false;
  node->stamp = reinterpret_cast<std::uintptr_t>(dying);
  dying = node;
  if (draining) return;
  draining = true;
  while (dying) {
    Node* next = dying;
    dying = reinterpret_cast<Node*>(static_cast<std::uintptr_t>(next->stamp));
    destroy(next);
  }
  draining = false;
}

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::string key_of(const CallNode& call) {
  return call.extras() && !call.extras()->key.empty() ? call.extras()->key : *call.name + "-" + std::to_string(call.serial);
}

NodePtr node_of(ResultHandle result) { return NodePtr::adopt(new ResultNode(std::move(result))); }
NodePtr node_lowered_by(std::function<TaskRef(GraphBuilder&)> lower) { return NodePtr::adopt(new LoweredNode(std::move(lower))); }

const std::string* interned(std::string_view name) {
  static std::mutex mutex;
  static auto* names = new std::unordered_set<std::string>;
  std::lock_guard lock(mutex);
  return &*names->emplace(name).first;
}

}  // namespace ashlar::detail
