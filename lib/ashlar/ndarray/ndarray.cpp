#include "ashlar/ndarray/ndarray.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <ostream>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/print.hpp"

namespace ashlar {
namespace detail {

// Made together with the view that needs it, so that const functions only ever fill it, once, and never race to create it.
struct NDArrayCore::Packed {
  std::once_flag once;
  Block block;
  std::vector<index_t> strides;
};

NDArrayCore::NDArrayCore(DType type) { take(Block(type, Shape{0}, Buffer())); }

NDArrayCore::NDArrayCore(Block block, DType wanted) {
  if (block.dtype() != wanted)
    throw TypeError("an array of " + std::string(dtype_name(wanted)) + " cannot hold a block of " + std::string(dtype_name(block.dtype())) +
                    "; astype converts");
  take(std::move(block));
}

NDArrayCore::NDArrayCore(void* memory, DType type, const Shape& shape) {
  for (index_t length : shape)
    if (length < 0) throw ShapeError("wrapped memory needs known lengths: shape " + to_string(shape));
  const auto nbytes = static_cast<std::size_t>(shape.elements() * itemsize(type));
  if (!memory && nbytes) throw ValueError("wrapped memory is null: shape " + to_string(shape));
  take(Block(type, shape, Buffer::wrap(memory, nbytes)));
  wraps_ = true;
}

void NDArrayCore::take(Block block) {
  block_ = std::move(block);
  first_ = const_cast<std::byte*>(block_.data());
  wraps_ = false;
  dense_ = block_.is_contiguous();
  packed_.reset();
  // Lengths of 1 may carry any stride; ours are the C ones.
  if (dense_) {
    if (auto strides = c_strides(block_.shape()); strides != block_.strides()) block_ = block_.view(block_.shape(), std::move(strides), block_.offset());
  } else {
    packed_ = std::make_shared<Packed>();
    packed_->strides = c_strides(block_.shape());
  }
}

NDArrayCore::NDArrayCore(const NDArrayCore& other) : block_(other.block_), first_(other.first_), dense_(other.dense_), packed_(other.packed_) {
  if (other.wraps_) take(other.packed_copy());
}

NDArrayCore::NDArrayCore(NDArrayCore&& other) noexcept : NDArrayCore(other.dtype()) { *this = std::move(other); }

NDArrayCore& NDArrayCore::operator=(const NDArrayCore& other) {
  if (this != &other) *this = NDArrayCore(other);
  return *this;
}

NDArrayCore& NDArrayCore::operator=(NDArrayCore&& other) noexcept {
  std::swap(block_, other.block_);
  std::swap(first_, other.first_);
  std::swap(dense_, other.dense_);
  std::swap(wraps_, other.wraps_);
  std::swap(packed_, other.packed_);
  return *this;
}

const std::vector<index_t>& NDArrayCore::strides() const { return dense_ ? block_.strides() : packed_->strides; }

void NDArrayCore::make_writable() {
  if (wraps_) return;
  block_.make_writable();
  take(std::move(block_));
}

const std::byte* NDArrayCore::packed() const {
  std::call_once(packed_->once, [&] { packed_->block = block_.contiguous(); });
  return packed_->block.data();
}

Block NDArrayCore::packed_copy() const {
  Block copy = Block::allocate(block_.dtype(), block_.shape());
  copy.assign(block_);
  return copy;
}

Block NDArrayCore::sliced(std::span<const BasicIndex> indices) const {
  Block part = take_slice(block_, normalize_slices(indices, shape()));
  if (!wraps_) return part;
  Block copy = Block::allocate(part.dtype(), part.shape());
  copy.assign(part);
  return copy;
}

Block NDArrayCore::transposed(const AxisSpec& axes) const {
  std::vector<int> order = normalize_axes(axes, ndim());
  if (axes.every) std::reverse(order.begin(), order.end());
  return shared_block().transpose(order);
}

Block NDArrayCore::reshaped(const Shape& shape) const { return shared_block().reshape(shape); }

void NDArrayCore::check_single() const {
  if (size() != 1) throw ValueError("item() needs an array of one element, found shape " + to_string(shape()));
}

void NDArrayCore::assign_block(const Block& from) {
  // `from` may share our memory; what it shows must not change while we write.
  const Block source = from;
  if (!may_write()) {
    if (source.shape() == shape() && source.dtype() == dtype()) {
      // All elements are replaced: fresh memory instead of a copy of the old ones.
      Block fresh = Block::allocate(dtype(), shape());
      fresh.assign(source);
      return take(std::move(fresh));
    }
    make_writable();
  }
  block_.assign(source);
}

void NDArrayCore::refuse_index(std::span<const index_t> index) const {
  if (static_cast<int>(index.size()) != ndim())
    throw IndexError("an element of shape " + to_string(shape()) + " has " + std::to_string(ndim()) + (ndim() == 1 ? " index" : " indices") + ", found " +
                     std::to_string(index.size()) + "; a part is taken with ranges or ellipsis: x(0, ellipsis)");
  for (std::size_t i = 0; i < index.size(); ++i)
    if (index[i] < -shape()[i] || index[i] >= shape()[i])
      throw IndexError("index " + std::to_string(index[i]) + " is outside axis " + std::to_string(i) + " of length " + std::to_string(shape()[i]));
  throw InternalError("index refused without a reason");
}

void refuse_ragged(const Shape& wanted, const Shape& found) {
  throw ShapeError("rows of an array must have equal shapes: the first has " + to_string(wanted) + ", another " + to_string(found));
}

}  // namespace detail

template <class T>
NDArray<T>::NDArray(const Shape& shape, const std::vector<T>& values) : NDArray() {
  if (std::any_of(shape.begin(), shape.end(), [](index_t n) { return n < 0; }) || shape.elements() != static_cast<index_t>(values.size()))
    throw ShapeError("values do not fill the shape: shape " + to_string(shape) + ", values " + std::to_string(values.size()));
  Block block = Block::allocate(dtype_of<T>, shape);
  std::copy(values.begin(), values.end(), reinterpret_cast<T*>(block.make_writable()));
  *this = NDArray(std::move(block));
}

template <class T>
std::ostream& operator<<(std::ostream& out, const NDArray<T>& array) {
  return out << to_string(array.block());
}

#define ASHLAR_NDARRAY(T)       \
  template class NDArray<T>;    \
  template std::ostream& operator<<(std::ostream&, const NDArray<T>&);
ASHLAR_NDARRAY(bool)
ASHLAR_NDARRAY(std::int8_t)
ASHLAR_NDARRAY(std::int16_t)
ASHLAR_NDARRAY(std::int32_t)
ASHLAR_NDARRAY(std::int64_t)
ASHLAR_NDARRAY(std::uint8_t)
ASHLAR_NDARRAY(std::uint16_t)
ASHLAR_NDARRAY(std::uint32_t)
ASHLAR_NDARRAY(std::uint64_t)
ASHLAR_NDARRAY(float)
ASHLAR_NDARRAY(double)
ASHLAR_NDARRAY(std::complex<float>)
ASHLAR_NDARRAY(std::complex<double>)
ASHLAR_NDARRAY(long long)
ASHLAR_NDARRAY(unsigned long long)
#undef ASHLAR_NDARRAY

}  // namespace ashlar
