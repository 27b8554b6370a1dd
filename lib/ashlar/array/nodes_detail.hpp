#pragma once
// The kinds of expression nodes, and what each keeps beside its type, shape, chunks and inputs.

#include <optional>
#include <string>
#include <vector>

#include "ashlar/array/array_node.hpp"
#include "ashlar/array/block_function.hpp"
#include "ashlar/array/view_detail.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ashlar/ndarray/slice.hpp"

namespace ashlar::lowering {

/// A function of the position in the array.
struct SourceNode final : ArrayNode {
  enum class Rule : std::uint8_t { constant, arange, random };
  SourceNode(std::string name, DType dtype, Shape shape, Chunks chunks) : ArrayNode(Kind::source, std::move(name), dtype, std::move(shape), std::move(chunks)) {}
  Rule rule = Rule::constant;
  ScalarValue start, step;  ///< constant: start; arange: start + step * k
  Distribution distribution = Distribution::uniform;
  std::uint64_t seed = 0;
  double a = 0, b = 1;
  LinearIndex k;

  Program::Value emit(Program& program, const LinearIndex& index) const;
};

struct LocalNode final : ArrayNode {
  LocalNode(std::string name, Block values, Chunks chunks)
      : ArrayNode(Kind::local, std::move(name), values.dtype(), values.shape(), std::move(chunks)), block(std::move(values)) {}
  Block block;
};

struct HeldNode final : ArrayNode {
  HeldNode(std::string name, DType dtype, Shape shape, Chunks chunks, std::vector<ResultHandle> handles)
      : ArrayNode(Kind::held, std::move(name), dtype, std::move(shape), std::move(chunks)), results(std::move(handles)) {}
  std::vector<ResultHandle> results;
};

struct LayerNode final : ArrayNode {
  LayerNode(std::string name, DType dtype, Shape shape, Chunks chunks, MakeTasks make, MakePartTasks part)
      : ArrayNode(Kind::layer, std::move(name), dtype, std::move(shape), std::move(chunks)), make_tasks(std::move(make)), make_part(std::move(part)) {}
  MakeTasks make_tasks;
  MakePartTasks make_part;  ///< may be null
};

/// Inputs broadcast to the shape; each is cast to the compute type (the condition of `where` to bool).
struct ElementwiseNode final : ArrayNode {
  ElementwiseNode(Op operation, DType compute_type, DType dtype, Shape shape, Chunks chunks, std::vector<ArrayPtr> inputs)
      : ArrayNode(Kind::elementwise, std::string(op_name(operation)), dtype, std::move(shape), std::move(chunks), std::move(inputs)),
        op(operation),
        compute(compute_type) {}
  Op op;
  DType compute;
};

/// A user's function of elements. Inputs broadcast to the shape and have the types it was compiled for.
struct MapNode final : ArrayNode {
  MapNode(const MapFunction& fn, Bytes captures, DType dtype, Shape shape, Chunks chunks, std::vector<ArrayPtr> inputs)
      : ArrayNode(Kind::map, "map", dtype, std::move(shape), std::move(chunks), std::move(inputs)), function(&fn), closure(std::move(captures)) {}
  const MapFunction* function;
  Bytes closure;
};

struct ViewNode final : ArrayNode {
  ViewNode(std::string name, const ArrayPtr& of, View map, Shape shape, Chunks chunks)
      : ArrayNode(Kind::view, std::move(name), of->dtype(), std::move(shape), std::move(chunks), {of}), view(std::move(map)) {}
  View view;  ///< positions here -> positions in the input
};

struct ReductionNode final : ArrayNode {
  ReductionNode(Reduction how, DType dtype, const ArrayPtr& of, std::vector<int> over, bool keep, Shape shape, Chunks chunks)
      : ArrayNode(Kind::reduction, std::string(reduction_name(how)), dtype, std::move(shape), std::move(chunks), {of}),
        reduction(how),
        axes(std::move(over)),
        keepdims(keep) {}
  Reduction reduction;
  std::vector<int> axes;  ///< ascending
  bool keepdims;
  int ddof = 0, split_every = 0;
};

struct ReshapeNode final : ArrayNode {
  ReshapeNode(const ArrayPtr& of, Chunks cut, Shape shape, Chunks chunks)
      : ArrayNode(Kind::reshape, "reshape", of->dtype(), std::move(shape), std::move(chunks), {of}), input_chunks(std::move(cut)) {}
  Chunks input_chunks;  ///< how the input is cut so that chunk i becomes chunk i
};

/// Inputs have the same chunks but along the axis.
struct ConcatenateNode final : ArrayNode {
  ConcatenateNode(std::vector<ArrayPtr> parts, int along, Shape shape, Chunks chunks)
      : ArrayNode(Kind::concatenate, "concatenate", parts.front()->dtype(), std::move(shape), std::move(chunks), parts), axis(along) {}
  int axis;
};

/// Elements of input 0 along `axis` where input 1 (one axis) is true.
struct MaskNode final : ArrayNode {
  MaskNode(const ArrayPtr& of, const ArrayPtr& mask, int along, Shape shape, Chunks chunks)
      : ArrayNode(Kind::mask, "getitem", of->dtype(), std::move(shape), std::move(chunks), {of, mask}), axis(along) {}
  int axis;
};

/// Input 0 with input 1 (broadcast to the selection) at the positions selected: per axis a start, count and step > 0, or a list.
struct SetNode final : ArrayNode {
  struct Selection {
    index_t start = 0, count = 0, step = 1;
    std::shared_ptr<const std::vector<index_t>> list;  ///< ascending, each position once
    index_t size() const { return list ? static_cast<index_t>(list->size()) : count; }
    index_t at(index_t i) const { return list ? (*list)[static_cast<std::size_t>(i)] : start + step * i; }
    /// Number of selected positions before `position`.
    index_t before(index_t position) const;
  };
  SetNode(const ArrayPtr& of, const ArrayPtr& value, std::vector<Selection> where, View map)
      : ArrayNode(Kind::set, "setitem", of->dtype(), of->shape(), of->chunks(), {of, value}), selection(std::move(where)), view(std::move(map)) {}
  std::vector<Selection> selection;
  View view;  ///< positions in the selection (all axes of input 0) -> positions in the value
};

struct BlocksNode final : ArrayNode {
  BlocksNode(std::string name, DType dtype, std::vector<ArrayPtr> inputs, const BlockFunction& fn, Bytes captures, Shape shape, Chunks chunks)
      : ArrayNode(Kind::blocks, std::move(name), dtype, std::move(shape), std::move(chunks), std::move(inputs)), function(&fn), closure(std::move(captures)) {}
  const BlockFunction* function;
  Bytes closure;
  Chunks task_chunks;                ///< of the broadcast inputs, dropped axes whole, new axes of one chunk
  std::vector<View> views;           ///< per input: positions in the task space -> positions in the input
  std::vector<Chunks> spaces;        ///< per input that is cut otherwise than the tasks: as many chunks with other borders; else empty
  std::vector<std::vector<int>> axes;  ///< per input: the axes of the task space that its block has, in order; empty: all blocks have all
};

/// A function of blocks that belongs to the library: what `map_blocks` does with a user's, with every grid and view given. Task i makes
/// chunk i (in C order) of the result from the parts that it sees of each input.
struct BlockCall {
  struct Input {
    ArrayPtr node;
    View view;
    Chunks space = {};  ///< borders of the parts where they are not those of `tasks`
    std::vector<int> axes = {};  ///< of the tasks' grid that the function's block has, in order
    bool own_axes = false;       ///< else all of them
  };
  std::string name;
  const BlockFunction& function;
  Bytes closure = {};
  DType dtype;
  Chunks tasks;   ///< the function's blocks have the axes of this grid
  Chunks result;  ///< as many chunks as `tasks`
  std::vector<Input> inputs;
};
ArrayPtr call_blocks(BlockCall call);

/// What a block takes from its neighbours along one axis, and what stands outside the array.
struct Halo {
  index_t before = 0, after = 0;
  enum class Outside : std::int32_t { none, periodic, reflect, nearest, constant } outside = Outside::none;
  std::int32_t unused = 0;  // no padding is sent
  double value = 0;
};
/// A function of blocks with halos. All inputs have one shape and the same chunks, none shorter than a halo.
struct OverlapNode final : ArrayNode {
  OverlapNode(std::string name, DType dtype, std::vector<ArrayPtr> inputs, const BlockFunction& fn, Bytes captures, std::vector<Halo> per_axis, bool trims, Shape shape,
              Chunks chunks)
      : ArrayNode(Kind::overlap, std::move(name), dtype, std::move(shape), std::move(chunks), std::move(inputs)),
        function(&fn),
        closure(std::move(captures)),
        halos(std::move(per_axis)),
        trim(trims) {}
  const BlockFunction* function;
  Bytes closure;
  std::vector<Halo> halos;
  bool trim;  ///< the halo is cut off the function's result
};

struct SettledNode final : ArrayNode {
  SettledNode(const ArrayPtr& of, Shape shape, Chunks chunks)
      : ArrayNode(Kind::settled, of->name(), of->dtype(), std::move(shape), std::move(chunks), {of}) {}
};

template <class Node>
const Node& as(const ArrayNode& node) {
  return static_cast<const Node&>(node);
}
template <class Node>
const Node& as(const ArrayPtr& node) {
  return static_cast<const Node&>(*node);
}

/// How input `i` of an elementwise, map or view node is seen from the node.
View input_view(const ArrayNode& node, std::size_t i);

}  // namespace ashlar::lowering
