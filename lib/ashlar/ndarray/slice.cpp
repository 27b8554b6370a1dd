#include "ashlar/ndarray/slice.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

[[noreturn]] void refuse(std::string_view entry, std::string_view text) {
  throw ValueError("not a slice: \"" + std::string(entry) + "\" in \"" + std::string(text) +
                   "\"; wanted an integer, start:stop:step, \"...\" or \"newaxis\" per axis, separated by commas");
}

index_t parse_integer(std::string_view digits, std::string_view entry, std::string_view text) {
  std::string_view rest = digits;
  if (!rest.empty() && rest.front() == '+') {
    rest.remove_prefix(1);
    if (!rest.empty() && rest.front() == '-') refuse(entry, text);
  }
  index_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || end != rest.data() + rest.size()) refuse(entry, text);
  return value;
}

BasicIndex parse_entry(std::string_view entry, std::string_view text) {
  if (entry == "...") return ellipsis;
  if (entry == "None" || entry == "newaxis") return newaxis;
  const auto parts = split(entry, ':');
  if (parts.size() == 1) return parse_integer(entry, entry, text);
  if (parts.size() > 3) refuse(entry, text);
  Bound bounds[3];
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].empty() && parts[i] != "None") bounds[i] = parse_integer(parts[i], entry, text);
  return Range{bounds[0], bounds[1], bounds[2]};
}

AxisSlice integer_slice(index_t index, index_t length, int axis) {
  if (length == unknown)
    throw ShapeError("an axis of unknown length cannot be indexed (compute_chunk_sizes() settles lengths): axis " + std::to_string(axis) + ", index " +
                     std::to_string(index));
  if (index < -length || index >= length)
    throw IndexError("index " + std::to_string(index) + " is outside axis " + std::to_string(axis) + " of length " + std::to_string(length));
  return {index < 0 ? index + length : index, 1, 1, true};
}

std::vector<BasicIndex> expanded(std::span<const BasicIndex> indices) {
  std::vector<BasicIndex> list;
  for (const BasicIndex& index : indices) {
    if (const auto* text = std::get_if<std::string>(&index.v)) {
      const auto entries = parse_slices(*text);
      list.insert(list.end(), entries.begin(), entries.end());
    } else {
      list.push_back(index);
    }
  }
  return list;
}

}  // namespace

std::vector<BasicIndex> parse_slices(std::string_view text) {
  auto entries = split(text, ',');
  // As Python's tuples: "0," is one entry.
  if (entries.size() > 1 && entries.back().empty()) entries.pop_back();
  std::vector<BasicIndex> list;
  for (std::string_view entry : entries) {
    if (entry.empty()) refuse(entry, text);
    list.push_back(parse_entry(entry, text));
  }
  return list;
}

bool BasicSlice::takes_all(const Shape& of) const {
  if (!new_axes.empty() || axes.size() != of.size()) return false;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != AxisSlice{0, of[i], 1, false}) return false;
  return true;
}

AxisSlice slice_axis(const Range& range, index_t length, int axis) {
  // Python's slice.indices; the step is kept where its negative exists.
  const index_t step = std::max(range.step.v.value_or(1), -std::numeric_limits<index_t>::max());
  if (step == 0) throw ValueError("a slice's step must not be 0: axis " + std::to_string(axis));
  if (length == unknown) {
    if (range.start.v.value_or(0) == 0 && !range.stop.v && step == 1) return {0, unknown, 1, false};
    throw ShapeError("an axis of unknown length can only be taken whole (compute_chunk_sizes() settles lengths): axis " + std::to_string(axis));
  }
  const index_t lower = step < 0 ? -1 : 0, upper = step < 0 ? length - 1 : length;
  const auto clip = [&](const Bound& bound, index_t open) {
    if (!bound.v) return open;
    // A negative bound is counted from the end; adding the length to it cannot overflow.
    return *bound.v < 0 ? std::max(*bound.v + length, lower) : std::min(*bound.v, upper);
  };
  const index_t start = clip(range.start, step < 0 ? upper : lower), stop = clip(range.stop, step < 0 ? lower : upper);
  index_t count = 0;
  if (step > 0 && start < stop) count = (stop - start - 1) / step + 1;
  if (step < 0 && stop < start) count = (start - stop - 1) / -step + 1;
  return {count ? start : 0, count, count > 1 ? step : 1, false};
}

BasicSlice normalize_slices(std::span<const BasicIndex> indices, const Shape& shape) {
  const std::vector<BasicIndex> list = expanded(indices);
  std::size_t named = 0, ellipses = 0;
  for (const BasicIndex& index : list) {
    named += std::holds_alternative<index_t>(index.v) || std::holds_alternative<Range>(index.v);
    ellipses += std::holds_alternative<ellipsis_t>(index.v);
  }
  if (ellipses > 1) throw IndexError("a slice may hold one ellipsis, found " + std::to_string(ellipses));
  if (named > shape.size())
    throw IndexError("too many indices: shape " + to_string(shape) + " has " + std::to_string(shape.size()) + (shape.size() == 1 ? " axis" : " axes") +
                     ", found " + std::to_string(named) + " indices");

  BasicSlice result;
  const auto add = [&](AxisSlice slice) {
    if (!slice.dropped) result.shape.v.push_back(slice.count);
    result.axes.push_back(slice);
  };
  const auto add_whole = [&](std::size_t n) {
    for (; n > 0; --n) add({0, shape[result.axes.size()], 1, false});
  };
  for (const BasicIndex& index : list) {
    const std::size_t at = result.axes.size();
    if (const auto* integer = std::get_if<index_t>(&index.v)) {
      add(integer_slice(*integer, shape[at], static_cast<int>(at)));
    } else if (const auto* range = std::get_if<Range>(&index.v)) {
      add(slice_axis(*range, shape[at], static_cast<int>(at)));
    } else if (std::holds_alternative<ellipsis_t>(index.v)) {
      add_whole(shape.size() - named);
    } else {
      result.new_axes.push_back(result.shape.ndim());
      result.shape.v.push_back(1);
    }
  }
  add_whole(shape.size() - result.axes.size());
  return result;
}

Block take_slice(const Block& block, const BasicSlice& slice) {
  std::vector<index_t> start, count, step;
  for (const AxisSlice& axis : slice.axes) {
    start.push_back(axis.start);
    count.push_back(axis.count);
    step.push_back(axis.step);
  }
  const Block part = block.slice(start, count, step);
  std::vector<index_t> strides;
  std::size_t next_new = 0;
  const auto add_new = [&] {
    while (next_new < slice.new_axes.size() && static_cast<std::size_t>(slice.new_axes[next_new]) == strides.size()) {
      strides.push_back(0);
      ++next_new;
    }
  };
  for (std::size_t i = 0; i < slice.axes.size(); ++i) {
    add_new();
    if (!slice.axes[i].dropped) strides.push_back(part.strides()[i]);
  }
  add_new();
  return part.view(slice.shape, std::move(strides), part.offset());
}

}  // namespace ashlar
