#pragma once
// A column: contiguous values of one type, and which of them are missing.
//
// Memory is laid out as Arrow's, one thing aside: a bool takes a byte, as in NumPy. Strings are n + 1 offsets of 64 bits and the bytes.
// The validity bitmap (bit set = valid) is absent when nothing is missing. Buffers are shared and immutable: a slice copies nothing.
// A category column holds 32-bit codes, the places of its texts in a column of different texts that many columns share (Arrow's dictionary);
// where two such columns come together, their categories are united. Categories have no order of their own: they sort as their texts.
// What stands under a null is zero in columns made here, and anything in columns made from buffers.

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/base/buffer.hpp"
#include "ashlar/base/bytes.hpp"
#include "ashlar/table/column_type.hpp"
#include "ashlar/table/value.hpp"

namespace ashlar {

class Column {
 public:
  /// An empty column of float64.
  Column() = default;
  /// T: bool, an integer, float, double, std::string, timestamp, duration. Copies.
  template <class T>
  Column(const std::vector<T>& values) : Column(make(values)) {}
  template <class T>
  Column(const std::vector<std::optional<T>>& values) : Column(make_optional(values)) {}
  /// Errors    TypeError or ValueError when a value does not fit into `type`.
  static Column from_values(ColumnType type, std::span<const Value> values);
  static Column nulls(ColumnType type, std::int64_t length);
  /// `length` times the same value.
  static Column full(ColumnType type, const Value& value, std::int64_t length);
  /// Takes buffers laid out as said above. `validity` may be empty; `text` belongs to strings.
  static Column from_buffers(ColumnType type, std::int64_t length, Buffer values, Buffer validity = {}, Buffer text = {});
  /// A category column: `codes` are std::int32_t, each below categories.size() where not null. `categories`: different texts, none missing.
  /// Errors    TypeError, ValueError for other categories; IndexError for a code outside of them.
  static Column from_codes(std::int64_t length, Buffer codes, Column categories, Buffer validity = {});

  ColumnType type() const { return type_; }
  std::int64_t size() const { return length_; }
  bool empty() const { return length_ == 0; }
  std::int64_t null_count() const { return null_count_; }
  bool is_valid(std::int64_t i) const {
    return null_count_ == 0 || (static_cast<unsigned>(validity_.data()[(offset_ + i) >> 3]) >> ((offset_ + i) & 7) & 1u);
  }
  bool is_null(std::int64_t i) const { return !is_valid(i); }
  /// Element i; null when missing.
  /// Errors    IndexError outside [0, size()).
  Value value(std::int64_t i) const;

  /// The values in place; what stands at nulls means nothing. Timestamps and durations also as std::int64_t.
  /// Errors    TypeError when T is not the column's type; for strings use `text`.
  template <class T>
  std::span<const T> values() const {
    require(column_type_of<T>, std::is_same_v<T, std::int64_t>);
    return {static_cast<const T*>(address()), static_cast<std::size_t>(length_)};
  }
  /// String i, empty when missing. Valid as long as a column that shares the memory.
  std::string_view text(std::int64_t i) const {
    const std::int64_t* at = offsets() + i;
    return {reinterpret_cast<const char*>(text_.data()) + at[0], static_cast<std::size_t>(at[1] - at[0])};
  }
  /// The code of each element, meaningless at nulls, and what they stand for. Categories only: TypeError else.
  std::span<const std::int32_t> codes() const;
  const Column& categories() const;
  /// size() + 1 offsets into `text_data`. Strings only.
  const std::int64_t* offsets() const { return reinterpret_cast<const std::int64_t*>(values_.data()) + offset_; }
  const char* text_data() const { return reinterpret_cast<const char*>(text_.data()); }
  /// The bitmap and the bit where this column begins in it; null pointer when nothing is missing.
  const std::byte* validity() const { return null_count_ ? validity_.data() : nullptr; }
  std::int64_t validity_offset() const { return offset_; }
  /// The first element, of whatever type.
  const void* address() const { return values_.data() + static_cast<std::size_t>(offset_) * itemsize(type_); }

  /// A copy as a vector. Numbers convert to float and double (missing becomes NaN), to integers where exact.
  /// Errors    ValueError when something is missing and T has no NaN; TypeError for other kinds.
  template <class T>
  std::vector<T> to_vector() const;
  std::vector<Value> to_values() const;

  /// Elements [begin, end), sharing the memory.
  Column slice(std::int64_t begin, std::int64_t end) const;
  /// Elements at `rows`, in that order; -1 gives a null.
  Column take(std::span<const std::int64_t> rows) const;
  /// Elements where the bool column is true (not false, not null).
  /// Errors    TypeError when `mask` is not bool, ShapeError when its length differs.
  Column filter(const Column& mask) const;
  /// One after the other; all of one type, at least one.
  static Column concat(std::span<const Column> parts);
  /// The same values as another type. Floats to integers must be whole, integers must fit; strings are not parsed. Strings become categories
  /// in the order of their texts.
  /// Errors    ValueError with the value that does not fit; TypeError for kinds without a conversion.
  Column cast(ColumnType type) const;

  /// Bytes of values, text and bitmap that this column sees.
  std::int64_t nbytes() const;

  /// Same type, same length, same nulls, same values; NaN equals NaN.
  friend bool operator==(const Column& a, const Column& b) { return equal(a, b); }

  /// Head: type and sizes; the memory is attached, copied only where a slice begins inside of a byte of the bitmap.
  void encode(Writer& out) const;
  static Column decode(Reader& in);

 private:
  void require(ColumnType wanted, bool as_integer) const;
  static bool equal(const Column& a, const Column& b);
  template <class T>
  static Column make(const std::vector<T>& values);
  template <class T>
  static Column make_optional(const std::vector<std::optional<T>>& values);

  ColumnType type_ = ColumnType::float64;
  std::int64_t length_ = 0, offset_ = 0, null_count_ = 0;
  Buffer values_, validity_, text_;
  std::shared_ptr<const Column> categories_;
};

}  // namespace ashlar
