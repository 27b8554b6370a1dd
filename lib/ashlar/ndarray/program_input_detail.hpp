#pragma once
// One input of a run of a program: how the strips of a strided block are read. Private to this floor.

#include <cstddef>
#include <span>
#include <vector>

#include "ashlar/ndarray/block.hpp"
#include "ashlar/ndarray/program_strips_detail.hpp"

namespace ashlar {

class StripInput {
 public:
  enum class Way {
    in_place,  // dense within a strip
    uniform,   // one element serves a whole strip
    panel,     // the memory's fastest axis lies outside the strip: some strips are transposed at a time
    gather     // copied strip by strip
  };

  /// `block` has the shape the cut was made for.
  StripInput(Block block, const StripCut& cut);

  Way way() const { return way_; }
  /// All elements in C order, where they lie so; else null.
  const std::byte* dense() const;
  /// The elements of the strip whose first one has these coordinates (per axis up to the split axis) and number `start` in C order.
  /// For `uniform` the one element. Only `gather` writes to `strip`.
  const std::byte* load(std::span<const index_t> coordinates, index_t start, index_t rows, std::byte* strip);

 private:
  void choose_panel();
  void copy_box(const std::byte* from, std::size_t first_axis, index_t first_length, std::byte* to) const;

  Block block_;
  const StripCut& cut_;
  std::int64_t size_;
  std::vector<index_t> strides_;  // per axis of the cut
  StripRuns runs_;
  Way way_ = Way::gather;
  bool boxes_ = false;            // gather: short runs, copied as a box
  std::size_t panel_axis_ = 0;
  index_t panel_rows_ = 0;        // positions of the panel axis held at a time
  index_t panel_row_length_ = 1;  // product of the axes after it
  index_t panel_held_ = -1;       // number of the first row held, counted over the chunk
  Buffer panel_;
};

}  // namespace ashlar
