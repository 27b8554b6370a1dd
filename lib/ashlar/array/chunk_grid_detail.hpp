#pragma once
// The grid of chunks of an array: which chunk holds a position, and what its neighbours are called.

#include <cstdint>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar::lowering {

using Coordinates = std::vector<index_t>;  ///< of a chunk in its grid

class ChunkGrid {
 public:
  ChunkGrid() = default;
  explicit ChunkGrid(const Chunks& chunks);

  int ndim() const { return static_cast<int>(offsets_.size()); }
  index_t size() const { return size_; }  ///< chunks
  index_t count(std::size_t axis) const { return static_cast<index_t>(offsets_[axis].size()) - 1; }
  bool known(std::size_t axis) const { return known_[axis]; }
  bool all_known() const;
  /// Positions of chunk `i` on an axis of known length.
  index_t begin(std::size_t axis, index_t i) const { return offsets_[axis][static_cast<std::size_t>(i)]; }
  index_t end(std::size_t axis, index_t i) const { return offsets_[axis][static_cast<std::size_t>(i) + 1]; }
  index_t length(std::size_t axis) const { return offsets_[axis].back(); }
  /// The chunk that holds a position.
  index_t find(std::size_t axis, index_t position) const;

  Coordinates coordinates(index_t chunk) const;  ///< of chunk number `chunk` in C order
  index_t number(const Coordinates& at) const;
  /// First position, zero on axes of unknown length.
  std::vector<index_t> origin(const Coordinates& at) const;
  /// With `unknown` on axes of unknown length.
  Shape shape(const Coordinates& at) const;

  void encode(Writer& out) const;
  static ChunkGrid decode(Reader& in);

 private:
  void count_chunks();
  std::vector<std::vector<index_t>> offsets_;  // per axis, ascending, one more than chunks
  std::vector<bool> known_;
  index_t size_ = 1;
};

/// Chunks on which all given lists of one axis fit: their borders together. Unknown sizes need equal numbers of chunks.
/// Errors    ShapeError. `axis` is for messages.
std::vector<index_t> common_chunks(const std::vector<const std::vector<index_t>*>& lists, int axis);

/// The chunks that a shape has after normalising a user's spelling.
Shape shape_of(const Chunks& chunks);

}  // namespace ashlar::lowering
