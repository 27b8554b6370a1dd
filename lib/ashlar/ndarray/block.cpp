#include "ashlar/ndarray/block.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/strided_copy.hpp"

namespace ashlar {
namespace {

std::size_t bytes_needed(DType type, const Shape& shape) {
  index_t n = itemsize(type);
  for (index_t length : shape) {
    if (length < 0) throw ShapeError("memory needs known lengths: shape " + to_string(shape));
    if (length == 0) return 0;
  }
  for (index_t length : shape)
    if (__builtin_mul_overflow(n, length, &n)) throw ShapeError("more elements than memory can number: shape " + to_string(shape));
  return static_cast<std::size_t>(n);
}

/// The strides that a view of the same memory has in another shape, as far as there are any. Both have the same number of elements,
/// not zero; axes are matched in groups of equal products, and within a group the old axes must walk on without a gap.
bool view_strides(const Shape& from, const std::vector<index_t>& strides, const Shape& to, std::vector<index_t>& result) {
  std::vector<index_t> lengths, steps;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1) {
      lengths.push_back(from[i]);
      steps.push_back(strides[i]);
    }
  result.assign(to.size(), 1);
  std::size_t old_begin = 0, new_begin = 0;
  while (old_begin < lengths.size()) {
    std::size_t old_end = old_begin + 1, new_end = new_begin;
    index_t old_product = lengths[old_begin], new_product = 1;
    while (new_product != old_product || new_end == new_begin) {
      if (new_product < old_product || new_end == new_begin) new_product *= to[new_end++];
      else old_product *= lengths[old_end++];
    }
    for (std::size_t i = old_begin; i + 1 < old_end; ++i)
      if (steps[i] != lengths[i + 1] * steps[i + 1]) return false;
    index_t step = steps[old_end - 1];
    for (std::size_t i = new_end; i-- > new_begin;) {
      result[i] = step;
      step *= to[i];
    }
    old_begin = old_end;
    new_begin = new_end;
  }
  return true;
}

}  // namespace

std::vector<index_t> c_strides(const Shape& shape) {
  std::vector<index_t> strides(shape.size());
  index_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    // Too many elements to number: only an empty array may have such lengths, and its strides are never used.
    if (__builtin_mul_overflow(stride, shape[i], &stride)) stride = 1;
  }
  return strides;
}

Block::Block(DType type, Shape shape, Buffer buffer) : type_(type), shape_(std::move(shape)), strides_(c_strides(shape_)), buffer_(std::move(buffer)) {
  if (const std::size_t needed = bytes_needed(type_, shape_); buffer_.size() < needed)
    throw InternalError("a block's buffer is too small: shape " + to_string(shape_) + ", type " + std::string(dtype_name(type_)) + ", bytes needed " +
                        std::to_string(needed) + ", found " + std::to_string(buffer_.size()));
}

Block::Block(DType type, Shape shape, std::vector<index_t> strides, index_t offset, Buffer buffer)
    : type_(type), shape_(std::move(shape)), strides_(std::move(strides)), offset_(offset), buffer_(std::move(buffer)) {
  if (strides_.size() != shape_.size())
    throw InternalError("a block needs one stride per axis: shape " + to_string(shape_) + ", strides " + std::to_string(strides_.size()));
}

Block Block::allocate(DType type, const Shape& shape) { return Block(type, shape, Buffer::allocate(bytes_needed(type, shape))); }
Block Block::zeros(DType type, const Shape& shape) { return Block(type, shape, Buffer::zeros(bytes_needed(type, shape))); }

Block Block::full(const Shape& shape, const ScalarValue& value) {
  bytes_needed(value.type, shape);  // refuses unknown lengths
  const auto nbytes = static_cast<std::size_t>(itemsize(value.type));
  Buffer one = Buffer::allocate(nbytes);
  std::memcpy(one.data(), value.bytes, nbytes);
  return Block(value.type, shape, std::vector<index_t>(shape.size(), 0), 0, std::move(one));
}

bool Block::is_contiguous() const {
  if (size() == 0) return true;
  index_t stride = 1;
  for (std::size_t i = shape_.size(); i-- > 0;) {
    if (shape_[i] == 1) continue;
    if (strides_[i] != stride) return false;
    stride *= shape_[i];
  }
  return true;
}

Block Block::contiguous() const {
  if (is_contiguous()) return *this;
  Block copy = allocate(type_, shape_);
  strided_copy(copy.buffer_.data(), copy.strides_, data(), strides_, shape_, itemsize(type_));
  return copy;
}

std::byte* Block::make_writable() {
  if (!buffer_.unique() || !is_contiguous()) {
    Block copy = allocate(type_, shape_);
    strided_copy(copy.buffer_.data(), copy.strides_, data(), strides_, shape_, itemsize(type_));
    *this = std::move(copy);
  }
  return buffer_.data() + offset_ * itemsize(type_);
}

Block Block::view(Shape shape, std::vector<index_t> strides, index_t offset) const {
  return Block(type_, std::move(shape), std::move(strides), offset, buffer_);
}

Block Block::slice(std::span<const index_t> start, std::span<const index_t> count, std::span<const index_t> step) const {
  if (start.size() != shape_.size() || count.size() != shape_.size() || step.size() != shape_.size())
    throw InternalError("a slice needs start, count and step per axis: shape " + to_string(shape_));
  Shape shape = shape_;
  std::vector<index_t> strides = strides_;
  index_t offset = offset_;
  const bool empty = std::find(count.begin(), count.end(), 0) != count.end();
  for (std::size_t i = 0; i < shape_.size(); ++i) {
    const index_t last = start[i] + step[i] * (count[i] - 1);
    if (count[i] < 0 || (count[i] > 0 && (start[i] < 0 || start[i] >= shape_[i] || last < 0 || last >= shape_[i])))
      throw InternalError("a slice leaves its block: axis " + std::to_string(i) + ", start " + std::to_string(start[i]) + ", count " +
                          std::to_string(count[i]) + ", step " + std::to_string(step[i]) + ", length " + std::to_string(shape_[i]));
    shape[i] = count[i];
    strides[i] *= step[i];
    // An empty slice may start one past the end: its address stays where it is, inside.
    if (!empty) offset += start[i] * strides_[i];
  }
  return view(std::move(shape), std::move(strides), offset);
}

Block Block::transpose(std::span<const int> axes) const {
  std::vector<bool> seen(shape_.size(), false);
  Shape shape;
  std::vector<index_t> strides;
  for (int axis : axes) {
    const auto i = static_cast<std::size_t>(axis);
    if (axis < 0 || i >= shape_.size() || seen[i]) break;
    seen[i] = true;
    shape.v.push_back(shape_[i]);
    strides.push_back(strides_[i]);
  }
  if (shape.size() != shape_.size() || axes.size() != shape_.size()) {
    std::string list;
    for (int axis : axes) list += (list.empty() ? "" : ", ") + std::to_string(axis);
    throw ValueError("a transpose names each axis once: axes (" + list + "), shape " + to_string(shape_));
  }
  return view(std::move(shape), std::move(strides), offset_);
}

Block Block::reshape(const Shape& wanted) const {
  const Shape shape = resolve_reshape(shape_, wanted);
  if (size() == 0) return view(shape, c_strides(shape), offset_);
  std::vector<index_t> strides;
  if (view_strides(shape_, strides_, shape, strides)) return view(shape, std::move(strides), offset_);
  Block copy = contiguous();
  return copy.view(shape, c_strides(shape), copy.offset_);
}

Block Block::broadcast_to(const Shape& shape) const {
  if (shape == shape_) return *this;
  const auto lead = static_cast<index_t>(shape.size()) - static_cast<index_t>(shape_.size());
  bool fits = lead >= 0;
  std::vector<index_t> strides(shape.size(), 0);
  for (std::size_t i = 0; fits && i < shape_.size(); ++i) {
    const std::size_t at = i + static_cast<std::size_t>(lead);
    if (shape_[i] == shape[at]) strides[at] = strides_[i];
    else fits = shape_[i] == 1;
  }
  if (!fits) throw ShapeError("shape " + to_string(shape_) + " does not broadcast to shape " + to_string(shape));
  return view(shape, std::move(strides), offset_);
}

Block Block::without_repeats() const {
  Shape shape = shape_;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (strides_[i] == 0 && shape[i] > 1) shape[i] = 1;
  return view(std::move(shape), strides_, offset_);
}

void Block::assign(const Block& from) {
  if (from.shape_ != shape_) throw ShapeError("assigned block has another shape: wanted " + to_string(shape_) + ", found " + to_string(from.shape_));
  if (from.type_ != type_)
    throw TypeError("assigned block has another type: wanted " + std::string(dtype_name(type_)) + ", found " + std::string(dtype_name(from.type_)));
  if (size() == 0) return;
  std::byte* to = buffer_.data() + offset_ * itemsize(type_);
  if (from.buffer_.data() != buffer_.data()) return strided_copy(to, strides_, from.data(), from.strides_, shape_, itemsize(type_));
  // Two views of one buffer may overlap.
  Block apart = allocate(type_, shape_);
  strided_copy(apart.buffer_.data(), apart.strides_, from.data(), from.strides_, shape_, itemsize(type_));
  strided_copy(to, strides_, apart.data(), apart.strides_, shape_, itemsize(type_));
}

ScalarValue Block::item(std::span<const index_t> index) const {
  if (index.size() != shape_.size())
    throw IndexError("an element of shape " + to_string(shape_) + " has " + std::to_string(shape_.size()) + " indices, found " + std::to_string(index.size()));
  index_t at = 0;
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] < -shape_[i] || index[i] >= shape_[i])
      throw IndexError("index " + std::to_string(index[i]) + " is outside axis " + std::to_string(i) + " of length " + std::to_string(shape_[i]));
    at += (index[i] < 0 ? index[i] + shape_[i] : index[i]) * strides_[i];
  }
  ScalarValue value;
  value.type = type_;
  const auto nbytes = itemsize(type_);
  std::memcpy(value.bytes, data() + at * nbytes, static_cast<std::size_t>(nbytes));
  return value;
}

void Block::encode(Writer& out) const {
  out.put(type_);
  out.array(shape_.v);
  const Block packed = without_repeats().contiguous();
  out.array(packed.shape_.v);
  const auto nbytes = static_cast<std::size_t>(packed.nbytes());
  if (packed.offset_ == 0 && packed.buffer_.size() == nbytes) return out.buffer(packed.buffer_);
  if (2 * nbytes >= packed.buffer_.size()) {
    // A part of a larger buffer travels without a copy, and keeps the whole alive; a small part is not worth that.
    const auto owner = std::make_shared<Buffer>(packed.buffer_);
    return out.buffer(Buffer::wrap(const_cast<std::byte*>(packed.data()), nbytes, owner));
  }
  Buffer copy = Buffer::allocate(nbytes);
  if (nbytes) std::memcpy(copy.data(), packed.data(), nbytes);
  out.buffer(std::move(copy));
}

Block Block::decode(Reader& in) {
  const auto type = in.get<DType>();
  if (static_cast<int>(type) >= dtype_count) throw InternalError("message holds a block of type number " + std::to_string(static_cast<int>(type)));
  const Shape shape(in.array<index_t>());
  return Block(type, Shape(in.array<index_t>()), in.buffer()).broadcast_to(shape);
}

}  // namespace ashlar
