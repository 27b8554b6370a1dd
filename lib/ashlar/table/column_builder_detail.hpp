#pragma once
// Columns made one element at a time. For sources of this floor.

#include <algorithm>
#include <cstring>
#include <string_view>

#include "ashlar/table/bitmap_detail.hpp"
#include "ashlar/table/column.hpp"

namespace ashlar::table {

/// Pooled bytes that grow.
class GrowingBuffer {
 public:
  void reserve(std::size_t nbytes) {
    if (nbytes <= buffer_.size()) return;
    Buffer larger = Buffer::allocate(std::max(nbytes, buffer_.size() * 2));
    if (size_) std::memcpy(larger.data(), buffer_.data(), size_);
    buffer_ = std::move(larger);
  }
  void append(const void* data, std::size_t nbytes) {
    if (size_ + nbytes > buffer_.size()) reserve(std::max<std::size_t>(size_ + nbytes, 256));
    if (nbytes) std::memcpy(buffer_.data() + size_, data, nbytes);
    size_ += nbytes;
  }
  /// The same for what is mostly short: copies of up to 16 bytes are two loads and two stores, not a call.
  void append_short(const char* data, std::size_t nbytes) {
    if (nbytes > 16 || size_ + nbytes > buffer_.size()) return append(data, nbytes);
    std::byte* to = buffer_.data() + size_;
    if (nbytes >= 8) {
      copy_ends<std::uint64_t>(to, data, nbytes);
    } else if (nbytes >= 4) {
      copy_ends<std::uint32_t>(to, data, nbytes);
    } else {
      for (std::size_t i = 0; i < nbytes; ++i) to[i] = static_cast<std::byte>(data[i]);
    }
    size_ += nbytes;
  }
  /// One element; the copy is a store.
  template <class T>
  void put(const T& value) {
    if (size_ + sizeof(T) > buffer_.size()) reserve(std::max<std::size_t>(size_ + sizeof(T), 256));
    std::memcpy(buffer_.data() + size_, &value, sizeof(T));
    size_ += sizeof(T);
  }
  std::size_t size() const { return size_; }
  std::byte* data() const { return buffer_.data(); }
  /// The bytes, without the slack where that would be more than a quarter.
  Buffer take() {
    if (buffer_.size() > size_ + size_ / 4 + 256) {
      Buffer exact = Buffer::allocate(size_);
      if (size_) std::memcpy(exact.data(), buffer_.data(), size_);
      buffer_ = std::move(exact);
    }
    size_ = 0;
    return std::move(buffer_);
  }

 private:
  template <class Word>
  static void copy_ends(std::byte* to, const char* data, std::size_t nbytes) {
    Word first, last;
    std::memcpy(&first, data, sizeof first);
    std::memcpy(&last, data + nbytes - sizeof last, sizeof last);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + nbytes - sizeof last, &last, sizeof last);
  }

  Buffer buffer_;
  std::size_t size_ = 0;
};

/// A bitmap that stays absent until the first null.
class ValidityBuilder {
 public:
  void append(bool valid) {
    if (valid && !any_null_) {
      ++length_;
      return;
    }
    if (!any_null_) {
      any_null_ = true;
      grow(length_ + 1);
      set_bits(bits_.data(), 0, length_);
    }
    grow(length_ + 1);
    if (valid) set_bit(bits_.data(), length_);
    ++length_;
  }
  bool any_null() const { return any_null_; }
  Buffer take() { return any_null_ ? std::move(bits_) : Buffer(); }

 private:
  void grow(std::int64_t length) {
    const std::size_t wanted = bitmap_bytes(length);
    if (wanted <= bits_.size()) return;
    Buffer larger = Buffer::zeros(std::max<std::size_t>(wanted * 2, 64));
    if (bits_) std::memcpy(larger.data(), bits_.data(), bits_.size());
    bits_ = std::move(larger);
  }
  Buffer bits_;
  std::int64_t length_ = 0;
  bool any_null_ = false;
};

template <class T>
class FixedBuilder {
 public:
  explicit FixedBuilder(ColumnType type = column_type_of<T>) : type_(type) {}
  void reserve(std::int64_t length) { values_.reserve(static_cast<std::size_t>(length) * sizeof(T)); }
  void append(T value) {
    values_.put(value);
    validity_.append(true);
  }
  void append_null() {
    const T zero{};
    values_.put(zero);
    validity_.append(false);
  }
  Column finish() {
    const auto length = static_cast<std::int64_t>(values_.size() / sizeof(T));
    return Column::from_buffers(type_, length, values_.take(), validity_.take());
  }

 private:
  ColumnType type_;
  GrowingBuffer values_;
  ValidityBuilder validity_;
};

class StringBuilder {
 public:
  StringBuilder() {
    const std::int64_t zero = 0;
    offsets_.append(&zero, sizeof zero);
  }
  void reserve(std::int64_t length, std::size_t text_bytes = 0) {
    offsets_.reserve(static_cast<std::size_t>(length + 1) * sizeof(std::int64_t));
    text_.reserve(text_bytes);
  }
  void append(std::string_view value) {
    text_.append_short(value.data(), value.size());
    end_row(true);
  }
  void append_null() { end_row(false); }
  std::size_t text_bytes() const { return text_.size(); }
  Column finish() {
    const auto length = static_cast<std::int64_t>(offsets_.size() / sizeof(std::int64_t)) - 1;
    return Column::from_buffers(ColumnType::string, length, offsets_.take(), validity_.take(), text_.take());
  }

 private:
  void end_row(bool valid) {
    const auto end = static_cast<std::int64_t>(text_.size());
    offsets_.put(end);
    validity_.append(valid);
  }
  GrowingBuffer offsets_, text_;
  ValidityBuilder validity_;
};

/// Room for `length` elements that the caller fills; never of no bytes.
template <class T>
T* fresh(Buffer& buffer, std::int64_t length) {
  buffer = Buffer::allocate(std::max<std::size_t>(static_cast<std::size_t>(length) * sizeof(T), 1));
  return reinterpret_cast<T*>(buffer.data());
}

/// A bitmap that begins at bit 0 with the nulls of `column`; empty when it has none.
Buffer validity_copy(const Column& column);
/// The rows at which a bool column is true.
/// Errors    TypeError when it is not bool, ShapeError when it does not have `length` rows.
std::vector<std::int64_t> rows_where(const Column& mask, std::int64_t length);
/// Valid where both are.
Buffer validity_of_both(const Column& a, const Column& b);

/// Bytes that the memory of texts has beyond them, for copy_text.
inline constexpr std::int64_t short_text = 16;
/// Copies a text of `length` bytes to a place that the texts behind it are written after. A short one goes as 16 bytes whatever its length, if so
/// many are `readable` from where it begins: the next one, or nothing, overwrites what is too much.
inline void copy_text(char* to, const char* from, std::int64_t length, bool readable) {
  if (length <= short_text && readable) std::memcpy(to, from, static_cast<std::size_t>(short_text));
  else if (length) std::memcpy(to, from, static_cast<std::size_t>(length));
}

}  // namespace ashlar::table
