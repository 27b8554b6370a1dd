#pragma once
// A lazy array as an expression: what `Array<T>` and `Scalar<T>` are handles of. The element type is known at run time only, so that
// nearly all code of the floor is compiled once.
//
// Invariants: 1. nodes are immutable and shared; an expression is an acyclic graph of them. 2. `chunks` add up to `shape` on every axis;
// an axis of unknown length has unknown chunks, and their number is known. 3. a node's values are a function of the node alone, so
// lowering may compute it wherever and as often as it likes.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/graph/collection.hpp"
#include "ashlar/ndarray/block.hpp"
#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

class ArrayNode;
using ArrayPtr = std::shared_ptr<const ArrayNode>;

class ArrayNode {
 public:
  enum class Kind : std::uint8_t {
    source,       ///< a function of the position: constant, arange, random
    local,        ///< an NDArray of the client
    held,         ///< results that are on the workers
    layer,        ///< tasks made by somebody else: chunks of a file
    elementwise,  ///< an operation of programs
    map,          ///< a user's function of elements
    view,         ///< slice, transpose, broadcast, rechunk: another way to number the elements
    reduction,
    reshape,
    concatenate,
    mask,    ///< boolean selection
    set,     ///< a changed copy
    blocks,  ///< a function per block
    overlap,  ///< the same, of blocks that reach into their neighbours
    settled  ///< lengths computed since
  };

  ArrayNode(Kind kind, std::string name, DType dtype, Shape shape, Chunks chunks, std::vector<ArrayPtr> inputs = {});
  virtual ~ArrayNode();
  ArrayNode(const ArrayNode&) = delete;
  ArrayNode& operator=(const ArrayNode&) = delete;

  Kind kind() const { return kind_; }
  /// What the user wrote, for keys and drawings: "ones", "add", "getitem".
  const std::string& name() const { return name_; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  const Chunks& chunks() const { return chunks_; }
  int ndim() const { return shape_.ndim(); }
  const std::vector<ArrayPtr>& inputs() const { return inputs_; }
  const ArrayPtr& input(std::size_t i = 0) const { return inputs_[i]; }
  index_t num_chunks() const;
  bool lengths_known() const;

 private:
  Kind kind_;
  std::string name_;
  DType dtype_;
  Shape shape_;
  Chunks chunks_;
  std::vector<ArrayPtr> inputs_;
};

/// Makes the tasks of an array that another floor supplies, in a graph being built: one task per chunk, in C order over the chunk grid;
/// each result is a Block of the array's type and of its chunk's shape.
using MakeTasks = std::function<std::vector<TaskRef>(GraphBuilder&)>;
/// The same for a part of the array: elements start + step * i per axis (steps of at least 1), in the chunks given.
using MakePartTasks = std::function<std::vector<TaskRef>(GraphBuilder&, std::span<const index_t> start, std::span<const index_t> step, const Chunks& chunks)>;
/// A source whose chunks come from tasks made by `make_tasks`, called once per graph that needs the array; `name` is for drawings. With
/// `make_part` an expression that needs less than all of it asks for that only.
ArrayPtr make_source(DType dtype, const Shape& shape, Chunks chunks, MakeTasks make_tasks, std::string name, MakePartTasks make_part = {});

namespace detail {

/// The array's tasks in a graph being built, one per chunk in C order. The layers themselves are made when the graph is taken, when
/// all that shares them is known.
std::vector<TaskRef> lower_array(const ArrayPtr& node, GraphBuilder& builder);
/// One C-ordered block from the results of those tasks.
Block assemble_array(const ArrayNode& node, std::span<const Object> chunks);
ArrayPtr held_array(const ArrayNode& node, std::vector<ResultHandle> results);
Block compute_array(const ArrayPtr& node);
ArrayPtr persist_array(const ArrayPtr& node);

}  // namespace detail
}  // namespace ashlar
