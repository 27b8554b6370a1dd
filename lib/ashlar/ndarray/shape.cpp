#include "ashlar/ndarray/shape.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

constexpr std::int64_t kAutoBytes = std::int64_t{128} << 20;

std::string length_text(index_t length) { return length == unknown ? "nan" : std::to_string(length); }

std::string tuple_text(const std::vector<std::string>& parts) {
  std::string text = "(";
  for (std::size_t i = 0; i < parts.size(); ++i) text += (i ? ", " : "") + parts[i];
  return text + (parts.size() == 1 ? ",)" : ")");
}

std::string lengths_text(const std::vector<index_t>& lengths) {
  std::vector<std::string> parts;
  for (index_t n : lengths) parts.push_back(length_text(n));
  return tuple_text(parts);
}

/// Sizes of one axis as far as they are known: empty sizes while it is "auto".
struct Axis {
  index_t length = 0;
  bool automatic = false;
  std::vector<index_t> sizes;
  std::int64_t largest() const { return std::max<index_t>(1, *std::max_element(sizes.begin(), sizes.end())); }
};

std::vector<index_t> equal_chunks(index_t length, index_t size) {
  if (length == 0) return {0};
  std::vector<index_t> sizes(static_cast<std::size_t>(length / size), size);
  if (length % size) sizes.push_back(length % size);
  return sizes;
}

std::string where(std::size_t axis, const std::string& what, index_t length) {
  return "axis " + std::to_string(axis) + ", chunks " + what + ", length " + length_text(length);
}

void take_size(Axis& axis, std::size_t number, index_t size) {
  if (size == -1) {
    axis.sizes = {axis.length};
  } else if (axis.length == unknown) {
    throw ShapeError("an axis of unknown length cannot be cut into chunks of a size (compute_chunk_sizes() settles lengths): " +
                     where(number, std::to_string(size), axis.length));
  } else if (size < 0 || (size == 0 && axis.length > 0)) {
    throw ValueError("a chunk size must be positive, or -1 for the whole axis: " + where(number, std::to_string(size), axis.length));
  } else {
    axis.sizes = equal_chunks(axis.length, size);
  }
}

void take_sizes(Axis& axis, std::size_t number, const std::vector<index_t>& sizes) {
  if (sizes.empty())
    throw ValueError("an axis needs at least one chunk (a zero-length axis has the chunk 0): " + where(number, "()", axis.length));
  index_t sum = 0;
  for (index_t size : sizes) {
    if (size < 0 && axis.length != unknown) throw ValueError("chunk sizes must not be negative: " + where(number, lengths_text(sizes), axis.length));
    sum += size;
  }
  if (axis.length != unknown && sum != axis.length)
    throw ShapeError("chunks do not add up to the axis length: axis " + std::to_string(number) + ", chunks " + std::to_string(sum) + ", length " +
                     std::to_string(axis.length));
  axis.sizes = sizes;
}

/// Gives the "auto" axes equal sizes whose product fits the limit; axes shorter than their share are left whole and the rest is
/// shared anew among the others.
void share_limit(std::vector<Axis>& axes, std::int64_t itemsize, std::int64_t limit) {
  for (;;) {
    std::vector<Axis*> autos;
    double fixed = 1;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      Axis& axis = axes[i];
      if (axis.automatic) autos.push_back(&axis);
      else fixed *= static_cast<double>(axis.largest());
      if (axis.automatic && axis.length == unknown)
        throw ShapeError("\"auto\" chunks need a known length (compute_chunk_sizes() settles lengths): axis " + std::to_string(i) + " is unknown");
    }
    if (autos.empty()) return;
    const double share =
        std::pow(static_cast<double>(std::max<std::int64_t>(limit, 1)) / static_cast<double>(std::max<std::int64_t>(itemsize, 1)) / fixed, 1.0 / static_cast<double>(autos.size()));
    bool whole = false;
    for (Axis* axis : autos) {
      if (static_cast<double>(axis->length) >= share) continue;
      axis->automatic = false;
      axis->sizes = {axis->length};
      whole = true;
    }
    if (whole) continue;
    for (Axis* axis : autos) {
      axis->automatic = false;
      axis->sizes = equal_chunks(axis->length, std::max<index_t>(1, static_cast<index_t>(share)));
    }
  }
}

/// The user's spelling with one entry per axis.
std::vector<AxisChunks> per_axis(const ChunkSpec& spec, const Shape& shape) {
  const std::size_t n = shape.size();
  const auto is_sizes = [](const AxisChunks& axis) { return std::holds_alternative<std::vector<index_t>>(axis.v); };
  if (spec.axes.empty()) return std::vector<AxisChunks>(n, AxisChunks("auto"));
  if (spec.axes.size() == 1 && !is_sizes(spec.axes[0])) return std::vector<AxisChunks>(n, spec.axes[0]);
  if (n == 1 && spec.axes.size() > 1) {
    std::vector<index_t> sizes;
    for (const AxisChunks& entry : spec.axes) {
      if (!std::holds_alternative<index_t>(entry.v))
        throw ValueError("chunks of a one-axis array are a size, sizes, or text: found " + std::to_string(spec.axes.size()) + " entries, not all of them sizes");
      sizes.push_back(std::get<index_t>(entry.v));
    }
    return {AxisChunks(sizes)};
  }
  if (spec.axes.size() != n)
    throw ValueError("chunks need one entry per axis: " + std::to_string(spec.axes.size()) + " entries, shape " + to_string(shape));
  return spec.axes;
}

}  // namespace

std::string to_string(const Shape& shape) { return lengths_text(shape.v); }
std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

std::string to_string(const Chunks& chunks) {
  std::vector<std::string> parts;
  for (const auto& sizes : chunks) parts.push_back(lengths_text(sizes));
  return tuple_text(parts);
}

Chunks normalize_chunks(const ChunkSpec& spec, const Shape& shape, std::int64_t itemsize) {
  const std::vector<AxisChunks> entries = per_axis(spec, shape);
  std::vector<Axis> axes(shape.size());
  std::optional<std::int64_t> limit;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axes[i].length = shape[i];
    if (const auto* size = std::get_if<index_t>(&entries[i].v)) {
      take_size(axes[i], i, *size);
    } else if (const auto* sizes = std::get_if<std::vector<index_t>>(&entries[i].v)) {
      take_sizes(axes[i], i, *sizes);
    } else {
      // Bytes as text mean "auto" with that limit.
      const auto& text = std::get<std::string>(entries[i].v);
      if (text != "auto") {
        const std::int64_t nbytes = parse_bytes(text);
        if (limit && *limit != nbytes)
          throw ValueError("chunks name two limits of bytes: " + std::to_string(*limit) + " and " + std::to_string(nbytes));
        limit = nbytes;
      }
      axes[i].automatic = true;
    }
  }
  share_limit(axes, itemsize, limit.value_or(kAutoBytes));
  Chunks chunks;
  for (Axis& axis : axes) chunks.push_back(std::move(axis.sizes));
  return chunks;
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const Shape &longer = a.size() >= b.size() ? a : b, &shorter = a.size() >= b.size() ? b : a;
  const std::size_t lead = longer.size() - shorter.size();
  Shape result = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    index_t& length = result[lead + i];
    const index_t other = shorter[i];
    // Unknown lengths meet unknown ones or 1; the chunks are compared when they are known.
    if (length == other || other == 1) continue;
    if (length == 1) {
      length = other;
      continue;
    }
    throw ShapeError("shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast: axis " + std::to_string(lead + i) + " has lengths " +
                     length_text(a.size() >= b.size() ? length : other) + " and " + length_text(a.size() >= b.size() ? other : length));
  }
  return result;
}

Shape resolve_reshape(const Shape& from, const Shape& wanted) {
  Shape result = wanted;
  Shape given;
  index_t open = -1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == -1) {
      if (open >= 0) throw ValueError("only one length of a reshape may be -1: " + to_string(wanted));
      open = static_cast<index_t>(i);
    } else if (wanted[i] < 0) {
      throw ValueError("lengths must not be negative: " + to_string(wanted));
    } else {
      given.v.push_back(wanted[i]);
    }
  }
  const index_t elements = from.elements(), known = given.elements();
  if (elements == unknown) {
    if (open >= 0 && known == 1) return result;  // all of them in one axis, however many
    throw ShapeError("an array of unknown length can only be made flat (compute_chunk_sizes() settles lengths): shape " + to_string(from));
  }
  if (open >= 0 && known != 0 && elements % known == 0) {
    result[static_cast<std::size_t>(open)] = elements / known;
    return result;
  }
  if (open >= 0 || known != elements) {
    std::string text = to_string(wanted);
    for (auto at = text.find("nan"); at != std::string::npos; at = text.find("nan")) text.replace(at, 3, "-1");
    throw ShapeError("a reshape must keep the number of elements: shape " + to_string(from) + " has " + std::to_string(elements) + ", wanted shape " + text);
  }
  return result;
}

std::vector<int> normalize_axes(const AxisSpec& axes, int ndim) {
  std::vector<int> result;
  if (axes.every) {
    for (int i = 0; i < ndim; ++i) result.push_back(i);
    return result;
  }
  for (index_t axis : axes.v) {
    if (axis < -ndim || axis >= ndim)
      throw IndexError("axis " + std::to_string(axis) + " is out of bounds for an array of " + std::to_string(ndim) + (ndim == 1 ? " axis" : " axes"));
    const int number = static_cast<int>(axis < 0 ? axis + ndim : axis);
    if (std::find(result.begin(), result.end(), number) != result.end()) throw ValueError("axis " + std::to_string(number) + " is named twice");
    result.push_back(number);
  }
  return result;
}

}  // namespace ashlar
