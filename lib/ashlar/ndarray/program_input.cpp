#include "ashlar/ndarray/program_input_detail.hpp"

#include <cstdlib>
#include <numeric>

#include "ashlar/ndarray/strided_copy.hpp"

namespace ashlar {
namespace {

// A panel is to stay in L2 between its transposition and its last strip, or at least in L3.
constexpr index_t panel_bytes = 1024 * 1024, panel_bytes_max = 8 * 1024 * 1024, panel_rows_min = 8, panel_rows_max = 64;

std::vector<index_t> strides_of(const Block& block, const StripCut& cut) {
  std::vector<index_t> strides;
  for (const StripCut::Axis& axis : cut.axes) strides.push_back(block.strides()[static_cast<std::size_t>(axis.original)]);
  return strides;
}

/// Whether the lines of memory that one row touches stay in L2 until the next row reads its share of them: they are few, and their
/// distance is no large power of two, which would send them all to the same few sets.
bool lines_stay(index_t row_length, index_t stride_bytes) {
  constexpr index_t line = 64, sets = 1024, ways = 8;  // of a small L2
  const index_t reached = sets / std::gcd(std::max<index_t>(1, stride_bytes / line), sets);
  return row_length <= reached * ways;
}

}  // namespace

StripInput::StripInput(Block block, const StripCut& cut)
    : block_(std::move(block)), cut_(cut), size_(itemsize(block_.dtype())), strides_(strides_of(block_, cut)), runs_(cut, strides_) {
  if (runs_.uniform()) way_ = Way::uniform;
  else if (runs_.dense()) way_ = Way::in_place;
  else choose_panel();
  const auto &inner = runs_.runs().front(), &outer = runs_.runs().back();
  const index_t side = kernels::transpose_side(size_);
  const bool transposed = size_ < 16 && outer.stride != 0 && std::abs(outer.stride) < std::abs(inner.stride) && cut.rows_max >= side && inner.length >= side;
  boxes_ = runs_.runs().size() > 1 && (transposed || runs_.length(inner, cut.rows_max) < 64);
}

const std::byte* StripInput::dense() const {
  index_t stride = 1;
  for (std::size_t d = cut_.axes.size(); d-- > 0; stride *= cut_.axes[d].length)
    if (strides_[d] != stride) return nullptr;
  return block_.data();
}

/// An axis along which memory is denser than within the strip lies before it, or is the one whose rows make up the strip: strip by strip
/// every element would fetch a line of memory, of which the next strips find little in the caches.
void StripInput::choose_panel() {
  if (cut_.axes.empty()) return;
  constexpr index_t line = 64;
  const index_t side = kernels::transpose_side(size_);
  index_t least = INT64_MAX, least_inside = 0, row_length = 1;  // strides and elements of the axes after the one looked at
  for (std::size_t axis = cut_.axes.size(); axis-- > 0;) {
    const index_t stride = std::abs(strides_[axis]);
    const bool outside = axis < cut_.split || (axis == cut_.split && cut_.row_length > 1 && cut_.rows_max * size_ < 4 * line);  // else read by whole lines
    if (outside && stride != 0 && stride < least && least != INT64_MAX) {
      panel_axis_ = axis;
      panel_row_length_ = row_length;
      least_inside = least;
    }
    if (stride != 0) least = std::min(least, stride);
    row_length *= cut_.axes[axis].length;
  }
  if (panel_row_length_ == 1) return;
  const bool of_strip = panel_axis_ == cut_.split;
  const index_t length = cut_.axes[panel_axis_].length, row_bytes = panel_row_length_ * size_;
  const bool tiles = length >= side && cut_.axes.back().length >= side;
  // Without the tiles of the transposition, worth while only where it saves fetching lines again.
  if (!tiles && (lines_stay(panel_row_length_, least_inside * size_) || (cut_.row_length > 1 && cut_.rows_max > 1))) return;
  const index_t least_rows = tiles && side * row_bytes <= panel_bytes_max ? side : std::min(panel_rows_min, length);
  if (of_strip && length <= cut_.rows_max) return;
  if (size_ == 16 && length * row_bytes <= panel_bytes) return;  // nothing to interleave, and lines that stay
  index_t rows = std::max(std::min(panel_bytes / row_bytes, panel_rows_max), least_rows);
  if (rows > side) rows -= rows % side;
  if (of_strip) rows = (rows + cut_.rows_max - 1) / cut_.rows_max * cut_.rows_max;  // whole strips
  panel_rows_ = std::min(rows, length);
  if (panel_rows_ * row_bytes > panel_bytes_max) return;
  panel_ = Buffer::allocate(static_cast<std::size_t>(panel_rows_ * row_bytes));
  way_ = Way::panel;
}

/// `first_length` positions of one axis, whole in all axes after it, in C order.
void StripInput::copy_box(const std::byte* from, std::size_t first_axis, index_t first_length, std::byte* to) const {
  std::vector<index_t> lengths{first_length};
  for (std::size_t d = first_axis + 1; d < cut_.axes.size(); ++d) lengths.push_back(cut_.axes[d].length);
  const Shape box(lengths);
  strided_copy(to, c_strides(box), from, std::span(strides_).subspan(first_axis), box, size_);
}

const std::byte* StripInput::load(std::span<const index_t> coordinates, index_t start, index_t rows, std::byte* strip) {
  index_t offset = 0;
  for (std::size_t d = 0; d < coordinates.size(); ++d) offset += coordinates[d] * strides_[d];
  const std::byte* from = block_.data() + offset * size_;
  switch (way_) {
    case Way::in_place:
    case Way::uniform: return from;
    case Way::panel: {
      const index_t position = coordinates[panel_axis_], skipped = position % panel_rows_, in_row = start % panel_row_length_;
      const index_t first_row = start / panel_row_length_ - skipped;
      if (first_row != panel_held_) {
        index_t corner = 0;
        for (std::size_t d = 0; d < panel_axis_; ++d) corner += coordinates[d] * strides_[d];
        corner += (position - skipped) * strides_[panel_axis_];
        copy_box(block_.data() + corner * size_, panel_axis_, std::min(panel_rows_, cut_.axes[panel_axis_].length - (position - skipped)), panel_.data());
        panel_held_ = first_row;
      }
      return panel_.data() + (skipped * panel_row_length_ + in_row) * size_;
    }
    case Way::gather: break;
  }
  if (boxes_) {
    copy_box(from, cut_.split, rows, strip);
  } else {
    runs_.for_each(rows, [&](index_t to, index_t skip, index_t length, index_t stride) {
      kernels::gather(size_, from + skip * size_, stride, length, strip + to * size_);
    });
  }
  return strip;
}

}  // namespace ashlar
