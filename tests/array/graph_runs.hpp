#pragma once
// The ways an array can be computed that must agree to the last bit: fused; every expression a layer of its own; and fused with
// every operation and every chunk sent through bytes, as between ranks.

#include <memory>
#include <span>
#include <vector>

#include "ashlar/array/array.hpp"
#include "ashlar/graph/run_here.hpp"

namespace ashlar::test {

/// A layer whose operation has been encoded and decoded.
class SentLayer final : public Layer {
 public:
  explicit SentLayer(std::shared_ptr<const Layer> layer) : Layer(layer->name()), layer_(std::move(layer)) {
    Writer out;
    encode_operation(out, *layer_->operation());
    const Parcel parcel = std::move(out).take();
    Reader in(parcel);
    operation_ = std::make_shared<Sent>(decode_operation(in));
  }
  std::int64_t size() const override { return layer_->size(); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override { layer_->dependencies(index, out); }
  void encode_task(std::int64_t index, Writer& out) const override { layer_->encode_task(index, out); }
  std::int64_t nbytes(std::int64_t index) const override { return layer_->nbytes(index); }

 private:
  // Its inputs arrive through bytes too.
  class Sent final : public Operation {
   public:
    explicit Sent(std::shared_ptr<const Operation> operation) : operation_(std::move(operation)) {}
    const OperationDescriptor& descriptor() const override { return operation_->descriptor(); }
    void encode(Writer& out) const override { operation_->encode(out); }
    Object run(TaskInput& task) const override {
      for (Object& input : task.inputs) {
        Writer out;
        input.encode(out);
        const Parcel parcel = std::move(out).take();
        Reader in(parcel);
        input = Object::decode(in);
      }
      return operation_->run(task);
    }

   private:
    std::shared_ptr<const Operation> operation_;
  };
  std::shared_ptr<const Layer> layer_;
  std::shared_ptr<const Operation> operation_;
};

struct Lowered {
  TaskGraph graph;
  std::vector<TaskRef> wanted;
};
inline Lowered lowered(const ArrayPtr& node, bool optimize) {
  GraphBuilder builder(optimize);
  Lowered result;
  result.wanted = detail::lower_array(node, builder);
  result.graph = std::move(builder).take();
  return result;
}
inline Block run_fused(const ArrayPtr& node) {
  const Lowered all = lowered(node, true);
  return detail::assemble_array(*node, run_here(all.graph, all.wanted));
}
inline Block run_unfused(const ArrayPtr& node) {
  const Lowered all = lowered(node, false);
  return detail::assemble_array(*node, run_here(all.graph, all.wanted));
}
inline Block run_sent(const ArrayPtr& node) {
  Lowered all = lowered(node, true);
  for (auto& layer : all.graph.layers) layer = std::make_shared<SentLayer>(layer);
  return detail::assemble_array(*node, run_here(all.graph, all.wanted));
}
/// Layers that have a task.
inline std::vector<std::string> layer_names(const ArrayPtr& node, bool optimize = true) {
  std::vector<std::string> names;
  for (const auto& layer : lowered(node, optimize).graph.layers) names.push_back(layer->name());
  return names;
}
inline bool same_bits(const Block& a, const Block& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const Block left = a.contiguous(), right = b.contiguous();
  return std::memcmp(left.data(), right.data(), static_cast<std::size_t>(left.nbytes())) == 0;
}

}  // namespace ashlar::test
