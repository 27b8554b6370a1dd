#pragma once
// What one task reads: for each of its inputs a block, put together from the pieces of chunks that a view of an array touches. A block that
// lies in one chunk is a view of it; only pieces of several chunks are copied.
//
// Everything follows from chunk borders and views, so that a layer of a million tasks stores no task's list of pieces: layer
// (dependencies) and operation (blocks) work it out alike.

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/view_detail.hpp"
#include "ashlar/graph/task_graph.hpp"
#include "ashlar/ndarray/block.hpp"

namespace ashlar::lowering {

class Gather {
 public:
  /// An array that tasks read: its chunks are results of tasks, or it is small and travels inside the operation.
  struct Leaf {
    ChunkGrid grid;
    DType type = DType::float64;
    std::optional<Block> inside;
  };
  /// `space` numbers the grid whose chunks the tasks work on; the view goes from its positions to the leaf's.
  struct Input {
    std::size_t leaf = 0;
    View view;
    std::size_t space = 0;
  };
  struct Needed {
    std::size_t leaf = 0;
    index_t chunk = 0;
    friend bool operator==(const Needed&, const Needed&) = default;
  };

  Gather() = default;
  /// Grid 0: one task per chunk.
  explicit Gather(ChunkGrid tasks) : spaces_{std::move(tasks)} {}
  std::size_t add_leaf(Leaf leaf);
  std::size_t add_input(Input input);
  /// A grid with the same numbers of chunks but other borders.
  std::size_t add_space(ChunkGrid grid);

  const ChunkGrid& tasks() const { return spaces_.front(); }
  std::size_t inputs() const { return inputs_.size(); }
  const Leaf& leaf_of(std::size_t input) const { return leaves_[inputs_[input].leaf]; }
  /// The chunks that a task reads, each once, in order of first use.
  std::vector<Needed> needed(index_t task) const;
  /// The blocks of a task, with the axes of the space: a length of 1 where the view repeats. Takes the results out of `results`,
  /// so that a chunk nobody else holds is handed on as its only holder.
  std::vector<Block> blocks(index_t task, std::vector<Object>& results) const;

  void encode(Writer& out) const;
  static Gather decode(Reader& in);

 private:
  struct Piece {
    index_t chunk = 0, start = 0, step = 1, count = 1, at = 0;  // `at`: position in the assembled block
  };
  using Pieces = std::vector<std::vector<Piece>>;  // per axis of the leaf
  Pieces pieces(const Input& input, const Coordinates& at) const;
  static void cut_alike(const View& view, Pieces& all);
  static bool meet(const View& view, const Pieces& all, const std::vector<std::size_t>& which);
  using Places = std::unordered_map<std::uint64_t, std::size_t>;  // of chunks among a task's inputs
  std::uint64_t place_key(std::size_t leaf, index_t chunk) const { return static_cast<std::uint64_t>(chunk) * leaves_.size() + leaf; }
  Block assemble(const Input& input, const Coordinates& at, const Pieces& pieces, const std::vector<Block>& chunks, const Places& places) const;
  std::vector<ChunkGrid> spaces_;
  std::vector<Leaf> leaves_;
  std::vector<Input> inputs_;
};

/// An operation with one task per chunk of a grid, fed by a Gather.
class GridTask {
 public:
  virtual ~GridTask() = default;
  virtual const Gather& gather() const = 0;
  virtual std::int64_t nbytes(index_t task) const = 0;
};

using Refs = std::shared_ptr<const std::vector<TaskRef>>;

class GridLayer final : public Layer {
 public:
  /// `leaves`: the tasks of each leaf's chunks; null for leaves inside the operation. `Self` is both Operation and GridTask.
  template <class Self>
  GridLayer(std::string name, std::shared_ptr<const Self> operation, std::vector<Refs> leaves)
      : Layer(std::move(name)), operation_(operation), task_(operation.get()), leaves_(std::move(leaves)) {}
  std::int64_t size() const override { return task_->gather().tasks().size(); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override;
  std::int64_t nbytes(std::int64_t index) const override { return task_->nbytes(index); }
  std::string key(std::int64_t index) const override;

 private:
  std::shared_ptr<const Operation> operation_;
  const GridTask* task_;
  std::vector<Refs> leaves_;
};

}  // namespace ashlar::lowering
