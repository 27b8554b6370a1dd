#include "ashlar/ndarray/program_input_detail.hpp"

#include <cstdlib>
#include <numeric>

#include "ashlar/ndarray/strided_copy.hpp"

namespace ashlar {
namespace {

// A panel stays in L2 between its transposition and its last strip.
constexpr index_t panel_bytes = 512 * 1024, panel_bytes_max = 4 * 1024 * 1024, panel_rows_min = 8, panel_rows_max = 64;

std::vector<index_t> strides_of(const Block& block, const StripCut& cut) {
  std::vector<index_t> strides;
  for (const StripCut::Axis& axis : cut.axes) strides.push_back(block.strides()[static_cast<std::size_t>(axis.original)]);
  return strides;
}

/// Whether the lines of memory that one row touches stay in L2 until the next row reads its share of them: they are few, and their
/// distance is no large power of two, which would send them all to the same few sets. Then gathering costs no more than a transposition.
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
  const StripRuns::Run& inner = runs_.runs()[0];
  boxes_ = runs_.runs().size() > 1 && inner.length * (inner.has_rows ? cut.rows_max : 1) < 64;
}

const std::byte* StripInput::dense() const {
  index_t stride = 1;
  for (std::size_t d = cut_.axes.size(); d-- > 0; stride *= cut_.axes[d].length)
    if (strides_[d] != stride) return nullptr;
  return block_.data();
}

/// Rows that are whole strips, or cut into strips, and an axis before them along which memory is denser: without a panel every
/// element read would fetch a line of memory for itself.
void StripInput::choose_panel() {
  const bool cut_rows = cut_.row_length == 1;
  if (cut_.axes.empty() || (cut_rows ? cut_.split == 0 : cut_.rows_max != 1)) return;
  const std::size_t axis = cut_rows ? cut_.split - 1 : cut_.split;
  index_t least = INT64_MAX, row_length = 1;
  for (std::size_t d = axis + 1; d < cut_.axes.size(); ++d) {
    row_length *= cut_.axes[d].length;
    if (strides_[d] != 0) least = std::min(least, std::abs(strides_[d]));
  }
  if (strides_[axis] == 0 || std::abs(strides_[axis]) >= least) return;
  const index_t row_bytes = row_length * size_;
  if (lines_stay(row_length, least * size_)) return;
  if (row_bytes * panel_rows_min > panel_bytes_max) return;
  panel_axis_ = axis;
  panel_row_length_ = row_length;
  panel_rows_ = std::min(std::clamp(panel_bytes / row_bytes, panel_rows_min, panel_rows_max), cut_.axes[axis].length);
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
