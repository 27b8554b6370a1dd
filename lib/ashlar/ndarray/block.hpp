#pragma once
// One dense piece of an array whose element type is known at run time only: what chunks are made of inside.
// `NDArray<T>` is the typed face of the same thing.
//
// Invariants: 1. published buffers are immutable: who wants to write calls `make_writable` first, which copies when the buffer
// is shared. 2. strides are in elements, may be zero (broadcast) or negative. 3. `offset` is in elements from the buffer's start.

#include <cstddef>
#include <span>
#include <vector>

#include "ashlar/base/buffer.hpp"
#include "ashlar/base/bytes.hpp"
#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

class Block {
 public:
  Block() : Block(DType::float64, Shape{0}, Buffer()) {}
  /// C order over the whole buffer.
  Block(DType type, Shape shape, Buffer buffer);
  Block(DType type, Shape shape, std::vector<index_t> strides, index_t offset, Buffer buffer);

  static Block allocate(DType type, const Shape& shape);  ///< from the pool, contents undefined
  static Block zeros(DType type, const Shape& shape);
  /// All elements equal: one stored element and zero strides.
  static Block full(const Shape& shape, const ScalarValue& value);

  DType dtype() const { return type_; }
  const Shape& shape() const { return shape_; }
  const std::vector<index_t>& strides() const { return strides_; }
  index_t offset() const { return offset_; }
  int ndim() const { return shape_.ndim(); }
  index_t size() const { return shape_.elements(); }           ///< elements
  index_t nbytes() const { return size() * itemsize(type_); }  ///< of the elements, not of the buffer
  const Buffer& buffer() const { return buffer_; }

  /// The element with index (0, 0, …).
  const std::byte* data() const { return buffer_.data() + offset_ * itemsize(type_); }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data());
  }
  /// Makes this block the only holder of C-ordered memory (copying if it is not) and returns it for writing.
  std::byte* make_writable();

  bool is_contiguous() const;  ///< C order without gaps
  /// This block if contiguous, else a C-ordered copy.
  Block contiguous() const;
  /// Another look at the same buffer; the caller vouches that it stays inside.
  Block view(Shape shape, std::vector<index_t> strides, index_t offset) const;
  /// The sub-block [start, start + step * n) per axis; steps may be negative.
  Block slice(std::span<const index_t> start, std::span<const index_t> count, std::span<const index_t> step) const;
  Block transpose(std::span<const int> axes) const;
  /// A view where strides allow it, else a copy. ShapeError when the numbers of elements differ.
  Block reshape(const Shape& shape) const;
  /// Zero strides on the added and on the stretched axes.
  Block broadcast_to(const Shape& shape) const;
  /// The inverse: axes with zero stride shortened to length 1, a view.
  Block without_repeats() const;
  Block astype(DType type) const;
  /// Copies the elements of `from` (same shape, same type) into this block, which must be writable memory of its holder.
  void assign(const Block& from);
  ScalarValue item(std::span<const index_t> index) const;

  /// Type and shape into the head, the elements as one attached buffer (packed first when not contiguous; elements
  /// repeated by zero strides are sent once).
  void encode(Writer& out) const;
  static Block decode(Reader& in);

 private:
  DType type_;
  Shape shape_;
  std::vector<index_t> strides_;
  index_t offset_ = 0;
  Buffer buffer_;
};

/// C-order strides of a shape, in elements.
std::vector<index_t> c_strides(const Shape& shape);

}  // namespace ashlar
