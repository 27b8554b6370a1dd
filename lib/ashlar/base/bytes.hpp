#pragma once
// Writing and reading of messages: a head of plain bytes plus raw buffers that are passed on without a copy.
// Little endian, no padding, no alignment; both sides run the same build (checked at start), so there are no versions inside.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/base/buffer.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {

using Bytes = std::vector<std::byte>;

/// What goes over a wire: the head is copied, the buffers are not.
struct Parcel {
  Bytes head;
  std::vector<Buffer> buffers;

  std::int64_t nbytes() const {
    std::int64_t n = static_cast<std::int64_t>(head.size());
    for (const Buffer& b : buffers) n += static_cast<std::int64_t>(b.size());
    return n;
  }
};

class Writer {
 public:
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put(const T& value) {
    raw(&value, sizeof value);
  }
  void raw(const void* data, std::size_t nbytes) {
    const auto* first = static_cast<const std::byte*>(data);
    parcel_.head.insert(parcel_.head.end(), first, first + nbytes);
  }
  void text(std::string_view value) {
    put<std::uint64_t>(value.size());
    raw(value.data(), value.size());
  }
  /// A counted array of trivially copyable elements.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void array(std::span<const T> values) {
    put<std::uint64_t>(values.size());
    raw(values.data(), values.size_bytes());
  }
  template <class T>
  void array(const std::vector<T>& values) {
    array(std::span<const T>(values));
  }
  /// Attaches a buffer; the reader gets them in the same order from `buffer()`.
  void buffer(Buffer value) { parcel_.buffers.push_back(std::move(value)); }

  std::size_t size() const { return parcel_.head.size(); }
  const Bytes& head() const { return parcel_.head; }
  const std::vector<Buffer>& buffers() const { return parcel_.buffers; }
  /// Forgets what was written and keeps the memory.
  void clear() {
    parcel_.head.clear();
    parcel_.buffers.clear();
  }
  Parcel take() && { return std::move(parcel_); }

 private:
  Parcel parcel_;
};

/// Reads what a Writer wrote, in the same order. Throws InternalError when the bytes end early.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> head, std::span<const Buffer> buffers = {}) : head_(head), buffers_(buffers) {}
  explicit Reader(const Parcel& parcel) : Reader(parcel.head, parcel.buffers) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  T get() {
    T value;
    raw(&value, sizeof value);
    return value;
  }
  void raw(void* to, std::size_t nbytes) {
    const auto from = view(nbytes);
    if (nbytes) std::memcpy(to, from.data(), nbytes);
  }
  /// The next bytes in place; valid as long as what the reader was made from.
  std::span<const std::byte> view(std::size_t nbytes) {
    if (head_.size() - at_ < nbytes)
      throw InternalError("message ends early: wanted " + std::to_string(nbytes) + " bytes at " + std::to_string(at_) + ", its length is " +
                          std::to_string(head_.size()));
    const auto part = head_.subspan(at_, nbytes);
    at_ += nbytes;
    return part;
  }
  std::string text() {
    const auto part = view(get<std::uint64_t>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  std::vector<T> array() {
    const auto n = get<std::uint64_t>();
    const auto part = view(n * sizeof(T));
    std::vector<T> values(n);
    if (n) std::memcpy(values.data(), part.data(), part.size());
    return values;
  }
  Buffer buffer() {
    if (next_buffer_ == buffers_.size()) throw InternalError("message has too few buffers: " + std::to_string(buffers_.size()));
    return buffers_[next_buffer_++];
  }
  bool at_end() const { return at_ == head_.size(); }
  std::size_t position() const { return at_; }

 private:
  std::span<const std::byte> head_;
  std::span<const Buffer> buffers_;
  std::size_t at_ = 0, next_buffer_ = 0;
};

}  // namespace ashlar
