#pragma once
// What the tasks of arrays do. All but the combination of partial results work on one chunk of a grid and read through a Gather.

#include <memory>
#include <string>
#include <vector>

#include "ashlar/array/gather_detail.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/ndarray/program.hpp"

namespace ashlar::lowering {

/// How a reduction ends: what becomes of a partial when nothing is left to combine.
struct Finish {
  Reduction reduction = Reduction::sum;
  DType elements = DType::float64;
  int ddof = 0;
  std::vector<int> axes;  ///< reduced
  bool keepdims = false;

  Block finish(const Partial& partial) const;
  void encode(Writer& out) const;
  static Finish decode(Reader& in);
};

/// A program per chunk: its one stored value is the result, or the partial of a reduction, finished when the chunk is all there is.
class FusedOperation final : public OperationOf<FusedOperation>, public GridTask {
 public:
  FusedOperation(Gather gather, Program program, DType result) : gather_(std::move(gather)), program_(std::move(program)), result_(result) {}
  /// The program ends in a reduction.
  void reduces(Finish finish, bool alone) {
    finish_ = std::move(finish);
    reduces_ = true;
    alone_ = alone;
  }
  /// The program only hands its one input on.
  void copies() { copies_ = true; }

  const Gather& gather() const override { return gather_; }
  const Program& program() const { return program_; }
  std::int64_t nbytes(index_t task) const override;
  void encode(Writer& out) const override;
  static std::shared_ptr<const FusedOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

 private:
  Gather gather_;
  Program program_;
  DType result_;
  Finish finish_;
  bool reduces_ = false, alone_ = false, copies_ = false;
};

/// Combines the partials of up to `factor` chunks per axis.
class CombineOperation final : public OperationOf<CombineOperation> {
 public:
  CombineOperation(Finish finish, bool last) : finish_(std::move(finish)), last_(last) {}
  void encode(Writer& out) const override;
  static std::shared_ptr<const CombineOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

 private:
  Finish finish_;
  bool last_;
};

/// Chunks of `from` by number: `factors` of them per axis in each task.
class CombineLayer final : public Layer {
 public:
  CombineLayer(std::string name, std::shared_ptr<const CombineOperation> operation, std::int32_t from, std::vector<index_t> counts,
               std::vector<index_t> factors, std::int64_t nbytes);
  std::int64_t size() const override { return size_; }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override;
  std::int64_t nbytes(std::int64_t) const override { return nbytes_; }
  const std::vector<index_t>& counts() const { return results_; }

 private:
  std::shared_ptr<const CombineOperation> operation_;
  std::int32_t from_;
  std::vector<index_t> counts_, factors_, results_;
  std::int64_t nbytes_, size_;
};

/// A chunk of an array of the client, sent with its task.
class LocalChunk final : public OperationOf<LocalChunk> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const LocalChunk> decode(Reader&) { return std::make_shared<LocalChunk>(); }
  Object run(TaskInput& task) const override;
};
class LocalLayer final : public Layer {
 public:
  explicit LocalLayer(std::shared_ptr<const LocalNode> node) : Layer(node->name()), node_(std::move(node)), grid_(node_->chunks()) {}
  std::int64_t size() const override { return grid_.size(); }
  std::shared_ptr<const Operation> operation() const override { return std::make_shared<LocalChunk>(); }
  void dependencies(std::int64_t, std::vector<TaskRef>&) const override {}
  void encode_task(std::int64_t index, Writer& out) const override;
  std::int64_t nbytes(std::int64_t index) const override { return grid_.shape(grid_.coordinates(index)).elements() * itemsize(node_->dtype()); }

 private:
  std::shared_ptr<const LocalNode> node_;
  ChunkGrid grid_;
};

/// Hands its one input on.
class SameOperation final : public OperationOf<SameOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const SameOperation> decode(Reader&) { return std::make_shared<SameOperation>(); }
  Object run(TaskInput& task) const override { return std::move(task.inputs.at(0)); }
};

/// The block of input 0 in the shape of chunk `task` of another grid.
class ReshapeOperation final : public OperationOf<ReshapeOperation>, public GridTask {
 public:
  ReshapeOperation(Gather gather, ChunkGrid to) : gather_(std::move(gather)), to_(std::move(to)) {}
  const Gather& gather() const override { return gather_; }
  std::int64_t nbytes(index_t task) const override;
  void encode(Writer& out) const override;
  static std::shared_ptr<const ReshapeOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

 private:
  Gather gather_;
  ChunkGrid to_;
};

/// The elements of input 0 along an axis where input 1 is true.
class MaskOperation final : public OperationOf<MaskOperation>, public GridTask {
 public:
  MaskOperation(Gather gather, int axis) : gather_(std::move(gather)), axis_(axis) {}
  const Gather& gather() const override { return gather_; }
  std::int64_t nbytes(index_t) const override { return -1; }
  void encode(Writer& out) const override;
  static std::shared_ptr<const MaskOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

 private:
  Gather gather_;
  int axis_;
};

/// The shape of a chunk, as a vector of lengths.
class LengthsOperation final : public OperationOf<LengthsOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const LengthsOperation> decode(Reader&) { return std::make_shared<LengthsOperation>(); }
  Object run(TaskInput& task) const override { return Object::of<std::vector<index_t>>(task.inputs.at(0).get<Block>().shape().v); }
};

/// Input 0 with input 1 written over the selected positions.
class SetOperation final : public OperationOf<SetOperation>, public GridTask {
 public:
  SetOperation(Gather gather, std::vector<SetNode::Selection> selection) : gather_(std::move(gather)), selection_(std::move(selection)) {}
  const Gather& gather() const override { return gather_; }
  std::int64_t nbytes(index_t task) const override;
  void encode(Writer& out) const override;
  static std::shared_ptr<const SetOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

 private:
  Gather gather_;
  std::vector<SetNode::Selection> selection_;
};

/// A user's function.
class BlocksOperation final : public OperationOf<BlocksOperation>, public GridTask {
 public:
  BlocksOperation(Gather gather, const BlockFunction& function, Bytes closure, DType result, ChunkGrid to, Shape shape,
                  std::vector<std::vector<int>> axes)
      : gather_(std::move(gather)),
        function_(&function),
        closure_(std::move(closure)),
        result_(result),
        to_(std::move(to)),
        shape_(std::move(shape)),
        axes_(std::move(axes)) {}
  const Gather& gather() const override { return gather_; }
  std::int64_t nbytes(index_t task) const override;
  void encode(Writer& out) const override;
  static std::shared_ptr<const BlocksOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

 private:
  Gather gather_;
  const BlockFunction* function_;
  Bytes closure_;
  DType result_;
  ChunkGrid to_;
  Shape shape_;  ///< of the first input
  std::vector<std::vector<int>> axes_;  ///< per input, where blocks have only some axes of the space
};

}  // namespace ashlar::lowering
