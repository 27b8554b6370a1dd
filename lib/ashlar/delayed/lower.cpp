#include <unordered_map>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/call.hpp"

namespace ashlar::detail {
namespace {

// The calls of one graph: a layer per function name, and where each key stands.
class CallsOfGraph {
 public:
  TaskRef lower(const Node& root, GraphBuilder& builder) {
    const std::size_t bottom = path_.size();  // a source may lower other calls on the way
    push(root, builder);
    while (path_.size() > bottom) {
      const Node& node = *path_.back().node;
      if (node.kind == Node::Kind::call) {
        const auto& call = static_cast<const CallNode&>(node);
        if (path_.back().next < call.input_count) {
          push(*call.inputs()[path_.back().next++], builder);
          continue;
        }
        put(call, builder);
      }
      path_.pop_back();
    }
    return root.place();
  }

 private:
  struct Step {
    const Node* node;
    std::uint32_t next;  // input to visit next
  };
  struct OpenLayer {
    std::int32_t number;
    CallLayer* layer;
  };

  void push(const Node& node, GraphBuilder& builder) {
    if (node.stamp == builder.stamp()) return;
    switch (node.kind) {
      case Node::Kind::call:
        if (!same_as_another(static_cast<const CallNode&>(node), builder)) path_.push_back({&node, 0});
        return;
      case Node::Kind::result:
        node.put(builder.input(static_cast<const ResultNode&>(node).result), builder.stamp());
        return;
      case Node::Kind::source: return;  // when its user is put: it may stand for several tasks
    }
  }

  bool same_as_another(const CallNode& call, GraphBuilder& builder) {
    if (!call.extras() || call.extras()->key.empty()) return false;
    const auto it = keyed_.find(call.extras()->key);
    if (it == keyed_.end()) return false;
    if (it->second.token != call.extras()->token) refuse_key(call);
    call.put(it->second.task, builder.stamp());
    return true;
  }

  [[noreturn]] static void refuse_key(const CallNode& call) {
    throw ValueError("two tasks have the key \"" + call.extras()->key + "\" but not the same function and arguments");
  }

  void put(const CallNode& call, GraphBuilder& builder) {
    OpenLayer& open = layer_of(call.name, builder);
    CallLayer& layer = *open.layer;
    const std::int32_t number = open.number;
    if (call.has_sources) {
      std::vector<TaskRef> refs;  // lowering a source may add calls to this very layer
      for (std::uint32_t i = 0; i < call.input_count; ++i) {
        const Node& input = *call.inputs()[i];
        if (input.kind == Node::Kind::source) static_cast<const SourceNode&>(input).lower(builder, refs);
        else refs.push_back(input.place());
      }
      layer.refs().insert(layer.refs().end(), refs.begin(), refs.end());
    } else {
      for (std::uint32_t i = 0; i < call.input_count; ++i) layer.refs().push_back(call.inputs()[i]->place());
    }
    call.put({number, layer.add(call)}, builder.stamp());
    if (call.extras() && !call.extras()->key.empty() && !keyed_.emplace(call.extras()->key, Keyed{call.extras()->token, call.place()}).second)
      refuse_key(call);
  }

  OpenLayer& layer_of(const std::string* name, GraphBuilder& builder) {
    if (name == last_name_) return *last_;
    auto [it, added] = layers_.try_emplace(name);
    if (added) {
      auto layer = std::make_shared<CallLayer>(*name);
      it->second.layer = layer.get();
      it->second.number = builder.add(std::move(layer));
    }
    last_name_ = name;
    return *(last_ = &it->second);
  }

  struct Keyed {
    std::string token;
    TaskRef task;
  };
  std::vector<Step> path_;
  std::unordered_map<const std::string*, OpenLayer> layers_;
  const std::string* last_name_ = nullptr;
  OpenLayer* last_ = nullptr;
  std::unordered_map<std::string, Keyed> keyed_;
};

}  // namespace

TaskRef lower(const Node& node, GraphBuilder& builder) {
  if (node.stamp == builder.stamp()) return node.place();
  if (node.kind == Node::Kind::result) return builder.input(static_cast<const ResultNode&>(node).result);
  if (node.kind == Node::Kind::source) {
    std::vector<TaskRef> tasks;
    static_cast<const SourceNode&>(node).lower(builder, tasks);
    return tasks.at(0);
  }
  return builder.state<CallsOfGraph>().lower(node, builder);
}

}  // namespace ashlar::detail
