#include "ashlar/ndarray/program_reduction_detail.hpp"

#include <algorithm>
#include <cstring>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

std::vector<index_t> strides_of(const LinearIndex& index, const StripCut& cut) {
  std::vector<index_t> strides;
  for (const StripCut::Axis& axis : cut.axes) {
    const auto d = static_cast<std::size_t>(axis.original);
    strides.push_back(d < index.coefficients.size() ? index.coefficients[d] : 0);
  }
  return strides;
}

}  // namespace

StripReduction::StripReduction(Reduction reduction, DType elements, std::span<const int> axes, const LinearIndex& position, const StripCut& cut,
                               const Shape& shape, std::span<const index_t> origin)
    : reduction_(reduction),
      elements_(elements),
      reducer_(kernels::reducer(reduction, elements)),
      split_(cut.split),
      rows_max_(cut.rows_max),
      result_shape_(shape),
      position_(position),
      position_base_(position.base),
      position_strides_(strides_of(position, cut)),
      position_runs_(cut, position_strides_) {
  std::vector<bool> reduced(shape.size(), false);
  for (int axis : axes) {
    if (axis < 0 || axis >= shape.ndim())
      throw InternalError("a reduction names axis " + std::to_string(axis) + " of a chunk of shape " + to_string(shape));
    reduced[static_cast<std::size_t>(axis)] = true;
    count_ *= shape[static_cast<std::size_t>(axis)];
    result_shape_[static_cast<std::size_t>(axis)] = 1;
  }
  outputs_ = result_shape_.elements();
  for (std::size_t d = 0; d < origin.size() && d < position.coefficients.size(); ++d) position_base_ += position.coefficients[d] * origin[d];

  const auto is_reduced = [&](std::size_t d) { return static_cast<bool>(reduced[static_cast<std::size_t>(cut.axes[d].original)]); };
  for (std::size_t d = cut.axes.size(); d-- > cut.split;) {
    const bool rows = d == cut.split;
    if (rows && cut.rows_max == 1) break;  // a point on this axis
    const index_t n = rows ? 1 : cut.axes[d].length;
    if (!groups_.empty() && groups_.back().reduced == is_reduced(d)) {
      groups_.back().length *= n;
      groups_.back().has_rows = rows;
    } else {
      groups_.push_back({n, rows, is_reduced(d)});
    }
  }
  if (groups_.empty()) groups_.push_back({1, false, false});

  if (!cut.axes.empty()) {
    output_strides_.assign(cut.split + 1, 0);
    region_strides_.assign(cut.split + 1, 0);
    index_t output = 1, region = 1;
    for (std::size_t d = cut.axes.size(); d-- > 0;) {
      if (is_reduced(d)) continue;
      if (d <= cut.split) {
        output_strides_[d] = output;
        region_strides_[d] = region;
        region *= d == cut.split ? (cut.axes[d].length + cut.rows_max - 1) / cut.rows_max : cut.axes[d].length;
      }
      output *= cut.axes[d].length;
    }
    taken_.assign(static_cast<std::size_t>(region), 0);
  } else {
    taken_.assign(1, 0);
  }

  state_ = carve(memory_, outputs_);
  reducer_.init(outputs_, state_.arrays);
  for (int i = 0; i < 2; ++i) scratch_[i] = carve(scratch_memory_[i], cut.elements_max());
  positions_ascend_ = std::all_of(position_strides_.begin(), position_strides_.end(), [](index_t stride) { return stride >= 0; });
  if (needs_positions()) positions_ = Buffer::allocate(static_cast<std::size_t>(cut.elements_max()) * sizeof(index_t));
}

StripReduction::State StripReduction::at(const State& state, index_t offset) const {
  State moved{};
  for (int i = 0; i < reducer_.arrays; ++i) moved.arrays[i] = static_cast<std::byte*>(state.arrays[i]) + offset * reducer_.itemsize[i];
  return moved;
}

StripReduction::State StripReduction::carve(Buffer& memory, index_t entries) const {
  std::size_t total = 0, offsets[arrays_max] = {};
  for (int i = 0; i < reducer_.arrays; ++i) {
    offsets[i] = total;
    total += (static_cast<std::size_t>(entries * reducer_.itemsize[i]) + 127) / 64 * 64;
  }
  memory = Buffer::allocate(total);
  State state{};
  for (int i = 0; i < reducer_.arrays; ++i) state.arrays[i] = memory.data() + offsets[i];
  return state;
}

StripReduction::Place StripReduction::place(std::span<const index_t> coordinates) const {
  Place place{0, 0};
  for (std::size_t d = 0; d < output_strides_.size(); ++d) {
    place.output += coordinates[d] * output_strides_[d];
    place.region += (d == split_ ? coordinates[d] / rows_max_ : coordinates[d]) * region_strides_[d];
  }
  return place;
}

void StripReduction::take_sum(double sum, index_t rows, std::span<const index_t> coordinates) {
  const Place where = place(coordinates);
  index_t& before = taken_[static_cast<std::size_t>(where.region)];
  const index_t count = length(groups_[0], rows);
  double rest = 0;
  void* part[arrays_max] = {&sum, &rest};
  reducer_.merge(1, part, count, at(state_, where.output).arrays, before);
  before += count;
}

void StripReduction::take(const std::byte* values, index_t rows, std::span<const index_t> coordinates) {
  const Place where = place(coordinates);
  index_t& before = taken_[static_cast<std::size_t>(where.region)];
  const State state = at(state_, where.output);
  const index_t* positions = nullptr;
  if (needs_positions()) {
    auto* numbers = reinterpret_cast<index_t*>(positions_.data());
    index_t first = position_base_;
    for (std::size_t d = 0; d < output_strides_.size(); ++d) first += coordinates[d] * position_strides_[d];
    // Most strips have nothing better than the best so far: then nobody asks where.
    if (groups_.size() == 1 && groups_[0].reduced && positions_ascend_ && reducer_.beaten(length(groups_[0], rows), values, first, state.arrays)) {
      before += length(groups_[0], rows);
      return;
    }
    const ScalarValue zero = ScalarValue::of(index_t(0)), one = ScalarValue::of(index_t(1));
    position_runs_.for_each(rows, [&](index_t to, index_t offset, index_t n, index_t stride) {
      kernels::arange(DType::int64, zero, one, first + offset, stride, n, numbers + to);
    });
    positions = numbers;
  }

  const std::int64_t size = itemsize(elements_);
  const index_t inner = length(groups_[0], rows);
  const auto tail = [&](std::size_t from) {  // entries per strip of groups from `from` on
    index_t n = 1;
    for (std::size_t g = from; g < groups_.size(); ++g) n *= length(groups_[g], rows);
    return n;
  };

  State part = scratch_[0];
  index_t count;        // elements in each entry of `part`
  index_t kept;         // entries of `part` that lie side by side
  std::size_t next;     // first group not dealt with
  if (groups_[0].reduced) {
    reducer_.segments(tail(1), inner, values, positions, part.arrays);
    count = inner;
    next = 1;
    kept = groups_.size() > 1 ? length(groups_[next++], rows) : 1;
  } else if (groups_.size() <= 2) {
    const index_t n = groups_.size() == 2 ? length(groups_[1], rows) : 1;
    for (index_t i = 0; i < n; ++i)
      reducer_.accumulate(inner, values + i * inner * size, positions ? positions + i * inner : nullptr, state.arrays, before + i);
    before += n;
    return;
  } else {
    count = length(groups_[1], rows);
    reducer_.init(inner * tail(2), part.arrays);
    for (index_t outer = 0, n = tail(2); outer < n; ++outer)
      for (index_t i = 0; i < count; ++i) {
        const index_t from = (outer * count + i) * inner;
        reducer_.accumulate(inner, values + from * size, positions ? positions + from : nullptr, at(part, outer * inner).arrays, i);
      }
    kept = inner * length(groups_[2], rows);
    next = 3;
  }
  // What is left alternates: reduced, kept, reduced, …
  for (int spare = 1; next < groups_.size(); spare = 1 - spare) {
    const index_t n = length(groups_[next], rows), outer = tail(next + 1);
    const State to = scratch_[spare];
    reducer_.init(kept * outer, to.arrays);
    for (index_t o = 0; o < outer; ++o)
      for (index_t i = 0; i < n; ++i) reducer_.merge(kept, at(part, (o * n + i) * kept).arrays, count, at(to, o * kept).arrays, i * count);
    count *= n;
    part = to;
    ++next;
    if (next < groups_.size()) kept *= length(groups_[next++], rows);
  }
  reducer_.merge(kept, part.arrays, count, state.arrays, before);
  before += count;
}

bool StripReduction::take_all(const std::byte* values, const StripCut& cut) {
  if (cut.axes.empty()) return false;
  const std::int64_t size = itemsize(elements_);
  const index_t length = cut.axes[split_].length;
  if (!groups_[0].reduced) {  // rows added up
    if (cut.axes.size() != 2 || outputs_ != cut.axes[1].length || count_ != cut.axes[0].length || needs_positions()) return false;
    const index_t rows = cut.axes[0].length, columns = outputs_;
    if (!reducer_.accumulate_rows && split_ != 1) return false;
    for (index_t c = 0; c < columns; c += kernels::strip_length) {
      const index_t n = std::min(kernels::strip_length, columns - c);
      if (reducer_.accumulate_rows) reducer_.accumulate_rows(n, rows, values + c * size, columns, at(state_, c).arrays);
      else
        for (index_t row = 0; row < rows; ++row) reducer_.accumulate(n, values + (row * columns + c) * size, nullptr, at(state_, c).arrays, row);
    }
    return true;
  }
  if (groups_.size() != 1) return false;
  index_t lines = 1;
  for (std::size_t d = 0; d < split_; ++d) lines *= cut.axes[d].length;
  const bool each_line = outputs_ > 1;  // has an output of its own
  if (each_line && (outputs_ != lines || needs_positions())) return false;
  if (needs_positions() && (cut.axes.size() != 1 || position_strides_[0] != 1)) return false;
  for (index_t line = 0; line < lines; ++line) {
    index_t of_line = 0;
    index_t& before = each_line ? of_line : taken_[0];
    const State state = at(state_, each_line ? line : 0);
    for (index_t c = 0; c < length;) {
      const index_t rows = std::min(rows_max_, length - c), n = rows * cut.row_length;
      index_t strips = 1;
      if (!needs_positions()) {
        strips = std::min({std::max((length - c) / rows_max_, index_t(1)), reducer_.strips_together, cut.elements_max()});
        reducer_.segments(strips, n, values, nullptr, scratch_[0].arrays);
        for (index_t i = 0; i < strips; ++i, before += n) reducer_.merge(1, at(scratch_[0], i).arrays, n, state.arrays, before);
      } else if (reducer_.beaten(n, values, position_base_ + c, state_.arrays)) {
        before += n;
      } else {
        take(values, rows, std::span(&c, 1));
      }
      values += strips * n * size;
      c += strips * rows;
    }
  }
  return true;
}

/// Adds what rounding took away, unless the sum has overflowed.
void StripReduction::join_rest(double* values, index_t n) const {
  const double* rest = static_cast<const double*>(state_.arrays[1]);
  for (index_t i = 0; i < n; ++i) {
    const double total = values[i] + rest[i];
    if (rest[i] != 0 && total == total) values[i] = total;
  }
}

Partial StripReduction::finish() {
  const DType type = reduction_accumulator_type(reduction_, elements_);
  const Block count = Block::full(Shape(), ScalarValue::of(count_));
  Block value = Block::allocate(type, result_shape_);
  std::byte* to = value.make_writable();
  if (outputs_ > 0) std::memcpy(to, state_.arrays[0], static_cast<std::size_t>(value.nbytes()));
  const index_t reals = outputs_ * itemsize(type) / 8;
  double* real = reinterpret_cast<double*>(to);
  const bool sums = reduction_ == Reduction::sum || reduction_ == Reduction::mean || reduction_ == Reduction::var || reduction_ == Reduction::std;
  if (sums && count_ == 0 && outputs_ > 0) std::memset(to, 0, static_cast<std::size_t>(value.nbytes()));  // -0.0 otherwise
  else if (sums && reducer_.arrays > 1) join_rest(real, reals);
  switch (reduction_) {
    case Reduction::mean:
    case Reduction::min:
    case Reduction::max: return {value, count};
    case Reduction::var:
    case Reduction::std: {
      for (index_t i = 0; count_ > 0 && i < reals; ++i) real[i] /= static_cast<double>(count_);
      Block squares = Block::allocate(DType::float64, result_shape_);
      std::byte* squares_to = squares.make_writable();
      if (outputs_ > 0) std::memcpy(squares_to, state_.arrays[2], static_cast<std::size_t>(squares.nbytes()));
      return {value, squares, count};
    }
    case Reduction::argmin:
    case Reduction::argmax: {
      Block positions = Block::allocate(DType::int64, result_shape_);
      std::byte* positions_to = positions.make_writable();
      if (outputs_ > 0) std::memcpy(positions_to, state_.arrays[1], static_cast<std::size_t>(positions.nbytes()));
      return {value, positions};
    }
    default: return {value};
  }
}

}  // namespace ashlar
