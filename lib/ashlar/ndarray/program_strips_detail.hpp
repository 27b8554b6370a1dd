#pragma once
// How a chunk is cut into strips. Private to this floor.
//
// Invariant: the cut depends on the chunk's shape only, so that reductions, which work strip by strip, give the same bits whatever
// the strides of the inputs are and whatever else the program computes.

#include <algorithm>
#include <span>
#include <vector>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

/// A strip is `rows` consecutive positions of the split axis, whole in all axes after it, a point in all axes before it.
struct StripCut {
  struct Axis {
    index_t length;
    int original;  // its number in the chunk
  };
  std::vector<Axis> axes;   // longer than 1
  std::size_t split = 0;    // meaningless without axes
  index_t rows_max = 1;
  index_t row_length = 1;   // product of the axes after split

  explicit StripCut(const Shape& shape) {
    if (shape.elements() == 0) return;  // no strips
    for (int d = 0; d < shape.ndim(); ++d)
      if (shape[static_cast<std::size_t>(d)] != 1) axes.push_back({shape[static_cast<std::size_t>(d)], d});
    std::size_t whole = axes.size();
    while (whole > 0 && row_length * axes[whole - 1].length <= kernels::strip_length) row_length *= axes[--whole].length;
    if (whole == 0) {  // one strip
      if (!axes.empty()) {
        rows_max = axes[0].length;
        row_length /= rows_max;
      }
      return;
    }
    split = whole - 1;
    // Strips of one length, rather than a short one at the end of every row.
    const index_t length = axes[split].length, most = kernels::strip_length / row_length, pieces = (length + most - 1) / most;
    rows_max = (length + pieces - 1) / pieces;
    if (row_length == 1) rows_max = (rows_max + 63) / 64 * 64;
  }

  index_t elements_max() const { return rows_max * row_length; }
};

/// Where the elements of a strip lie in something with one stride per axis: nested runs, innermost first, neighbours that walk on
/// without a gap joined.
class StripRuns {
 public:
  struct Run {
    index_t length, stride;
    bool has_rows;  // the length is to be multiplied by the strip's rows
  };

  /// `strides`: one per axis of the cut.
  StripRuns(const StripCut& cut, std::span<const index_t> strides) {
    for (std::size_t d = cut.axes.size(); d-- > cut.split;) {
      const bool rows = d == cut.split;
      if (rows && cut.rows_max == 1) break;  // a point on this axis
      const index_t length = rows ? 1 : cut.axes[d].length;
      if (!runs_.empty() && strides[d] == runs_.back().length * runs_.back().stride) {
        runs_.back().length *= length;
        runs_.back().has_rows = rows;
      } else {
        runs_.push_back({length, strides[d], rows});
      }
    }
    if (runs_.empty()) runs_.push_back({1, 1, false});
  }

  const std::vector<Run>& runs() const { return runs_; }
  bool uniform() const { return runs_.size() == 1 && runs_[0].stride == 0; }
  bool dense() const { return runs_.size() == 1 && runs_[0].stride == 1; }
  index_t length(const Run& run, index_t rows) const { return run.has_rows ? run.length * rows : run.length; }

  /// body(position in the strip, offset, length, stride) for every innermost run.
  template <class Body>
  void for_each(index_t rows, Body&& body) const {
    const index_t inner = length(runs_[0], rows);
    if (runs_.size() == 1) return body(index_t(0), index_t(0), inner, runs_[0].stride);
    index_t at = 0;
    nested(runs_.size() - 1, rows, 0, [&](index_t offset) {
      body(at, offset, inner, runs_[0].stride);
      at += inner;
    });
  }

 private:
  template <class Body>
  void nested(std::size_t level, index_t rows, index_t offset, Body&& body) const {
    if (level == 0) return body(offset);
    const index_t n = length(runs_[level], rows);
    for (index_t i = 0; i < n; ++i) nested(level - 1, rows, offset + i * runs_[level].stride, body);
  }

  std::vector<Run> runs_;
};

}  // namespace ashlar
