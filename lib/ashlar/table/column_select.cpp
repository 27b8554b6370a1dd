// Columns made of parts of others: take, filter, concat, cast.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/table.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar {

using namespace table;

namespace table {

Buffer validity_copy(const Column& column) {
  if (!column.null_count()) return {};
  Buffer bits = Buffer::zeros(bitmap_bytes(column.size()));
  copy_bits(bits.data(), 0, column.validity(), column.validity_offset(), column.size());
  return bits;
}

Buffer validity_of_both(const Column& a, const Column& b) {
  Buffer bits = validity_copy(a);
  if (!b.null_count()) return bits;
  if (!bits) return validity_copy(b);
  const Buffer other = validity_copy(b);
  for (std::size_t i = 0; i < bits.size(); ++i) bits.data()[i] &= other.data()[i];
  return bits;
}

}  // namespace table

namespace {

// Rows are anywhere: what will be read is asked for this many rows ahead.
constexpr std::size_t ahead = 24;

Buffer take_texts(const Column& column, std::span<const std::int64_t> rows, Buffer& offsets_buffer) {
  const std::size_t n = rows.size();
  auto* to = fresh<std::int64_t>(offsets_buffer, static_cast<std::int64_t>(n) + 1);
  const std::int64_t* const offsets = column.offsets();
  const char* const text = column.text_data();
  // Where each text begins is noted when its length is looked up: a second look at its offsets would be as dear as the first.
  Buffer starts_buffer;
  auto* const starts = fresh<std::int64_t>(starts_buffer, static_cast<std::int64_t>(n));
  std::int64_t at = 0;
  to[0] = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i + ahead < n) __builtin_prefetch(offsets + std::max<std::int64_t>(rows[i + ahead], 0));
    const std::int64_t row = std::max<std::int64_t>(rows[i], 0);
    starts[i] = offsets[row];
    if (rows[i] >= 0) at += offsets[row + 1] - offsets[row];
    to[i + 1] = at;
  }
  Buffer bytes = Buffer::allocate(static_cast<std::size_t>(at + short_text));
  char* const out = reinterpret_cast<char*>(bytes.data());
  const std::int64_t readable = column.size() ? offsets[column.size()] - short_text : -1;
  for (std::size_t i = 0; i < n; ++i) {
    if (i + ahead < n) __builtin_prefetch(text + starts[i + ahead]);
    copy_text(out + to[i], text + starts[i], to[i + 1] - to[i], starts[i] <= readable);
  }
  return bytes;
}

}  // namespace

Column Column::take(std::span<const std::int64_t> rows) const {
  const auto n = static_cast<std::int64_t>(rows.size());
  bool absent = false, wrong = false;
  for (const std::int64_t row : rows) {
    wrong |= row < -1 || row >= length_;
    absent |= row == -1;
  }
  if (wrong)
    for (const std::int64_t row : rows)
      if (row < -1 || row >= length_) throw IndexError("no such row in the column: row " + std::to_string(row) + ", length " + std::to_string(length_));
  // Rows that follow one another are a view, unless that would keep much that nobody wants.
  if (n > 0 && n > length_ / 2 && rows[0] >= 0) {
    std::size_t i = 1;
    while (i < rows.size() && rows[i] == rows[0] + static_cast<std::int64_t>(i)) ++i;
    if (i == rows.size()) return slice(rows[0], rows[0] + n);
  }
  Buffer bits;
  if (absent || null_count_ > 0) {
    bits = Buffer::zeros(std::max<std::size_t>(bitmap_bytes(n), 1));
    for (std::int64_t i = 0; i < n; ++i)
      if (const std::int64_t row = rows[static_cast<std::size_t>(i)]; row >= 0 && is_valid(row)) set_bit(bits.data(), i);
  }
  if (n == 0 || length_ == 0) {
    Column none = nulls(type_, n);
    none.categories_ = categories_;
    return none;
  }
  if (type_ == ColumnType::string) {
    Buffer offsets_buffer;
    Buffer bytes = take_texts(*this, rows, offsets_buffer);
    return from_buffers(type_, n, std::move(offsets_buffer), std::move(bits), std::move(bytes));
  }
  if (type_ == ColumnType::category) {
    Column codes = *this;
    codes.type_ = ColumnType::int32;
    codes.categories_ = nullptr;
    Column out = codes.take(rows);
    out.type_ = type_;
    out.categories_ = categories_;
    return out;
  }
  return dispatch_fixed(type_, [&]<class T>(std::type_identity<T>) {
    Buffer buffer;
    T* to = fresh<T>(buffer, n);
    const T* from = static_cast<const T*>(address());
    if (absent) {
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t row = rows[static_cast<std::size_t>(i)];
        to[i] = row >= 0 ? from[row] : T{};
      }
    } else {
      for (std::int64_t i = 0; i < n; ++i) to[i] = from[rows[static_cast<std::size_t>(i)]];
    }
    return from_buffers(type_, n, std::move(buffer), std::move(bits));
  });
}

std::vector<std::int64_t> table::rows_where(const Column& mask, std::int64_t length) {
  if (mask.type() != ColumnType::boolean) throw TypeError("a filter wants a bool column, found " + std::string(name(mask.type())));
  if (mask.size() != length)
    throw ShapeError("a filter has another length than what it filters: filter " + std::to_string(mask.size()) + ", rows " + std::to_string(length));
  const auto keep = mask.values<bool>();
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < length; ++i)
    if (keep[static_cast<std::size_t>(i)] && mask.is_valid(i)) rows.push_back(i);
  return rows;
}

Column Column::filter(const Column& mask) const { return take(rows_where(mask, length_)); }

namespace {

// The same columns with the categories of all: those of the first, then what the others have more.
std::vector<Column> with_common_categories(std::span<const Column> parts) {
  KeyIndex index({ColumnType::string}, true);
  std::vector<Column> pieces, of_each;
  std::vector<std::vector<std::uint32_t>> codes_of_each;
  const Column* last = nullptr;
  for (const Column& part : parts) {
    const Column& categories = part.categories();
    if (last != &categories) {
      std::vector<std::uint32_t> numbers;
      std::vector<std::int64_t> added;
      index.insert({&categories, 1}, numbers, added);
      pieces.push_back(categories.take(added));
      codes_of_each.push_back(std::move(numbers));
      last = &categories;
    } else {
      codes_of_each.push_back(codes_of_each.back());
    }
  }
  const Column united = Column::concat(pieces);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const auto from = parts[p].codes();
    Buffer buffer;
    auto* to = fresh<std::int32_t>(buffer, parts[p].size());
    for (std::size_t i = 0; i < from.size(); ++i)
      to[i] = parts[p].is_valid(static_cast<std::int64_t>(i)) ? static_cast<std::int32_t>(codes_of_each[p][static_cast<std::size_t>(from[i])]) : 0;
    of_each.push_back(Column::from_codes(parts[p].size(), std::move(buffer), united, validity_copy(parts[p])));
  }
  return of_each;
}

}  // namespace

Column Column::concat(std::span<const Column> parts) {
  if (parts.empty()) throw ValueError("concat wants at least one column, found none");
  if (parts.size() == 1) return parts[0];
  const ColumnType type = parts[0].type_;
  if (type == ColumnType::category) {
    // Parts without rows and without categories say nothing.
    std::vector<Column> telling;
    for (const Column& p : parts)
      if (p.type_ != type || p.length_ || (p.categories_ && p.categories_->length_)) telling.push_back(p);
    if (telling.empty()) return parts[0];
    bool common = true;
    for (Column& p : telling) {
      if (p.type_ != type)
        throw TypeError("concat wants columns of one type, found " + std::string(name(type)) + " and " + std::string(name(p.type_)));
      common &= p.categories_ == telling[0].categories_ || p.categories() == telling[0].categories();
    }
    if (!common) telling = with_common_categories(telling);
    const auto categories = telling[0].categories_;
    for (Column& p : telling) p.type_ = ColumnType::int32;
    Column out = concat(telling);
    out.type_ = type;
    out.categories_ = categories;
    return out;
  }
  std::int64_t length = 0, text_bytes = 0, null_count = 0;
  for (const Column& p : parts) {
    if (p.type_ != type)
      throw TypeError("concat wants columns of one type, found " + std::string(name(type)) + " and " + std::string(name(p.type_)));
    length += p.length_;
    null_count += p.null_count_;
    if (type == ColumnType::string && p.length_) text_bytes += p.offsets()[p.length_] - p.offsets()[0];
  }
  Buffer bits, text;
  if (null_count) {
    bits = Buffer::zeros(bitmap_bytes(length));
    std::int64_t at = 0;
    for (const Column& p : parts) {
      if (p.null_count_)
        copy_bits(bits.data(), at, p.validity(), p.offset_, p.length_);
      else
        set_bits(bits.data(), at, p.length_);
      at += p.length_;
    }
  }
  Buffer values;
  if (type == ColumnType::string) {
    auto* to = fresh<std::int64_t>(values, length + 1);
    text = Buffer::allocate(std::max<std::size_t>(static_cast<std::size_t>(text_bytes), 1));
    std::int64_t at = 0;
    *to++ = 0;
    for (const Column& p : parts) {
      if (!p.length_) continue;
      const std::int64_t first = p.offsets()[0], nbytes = p.offsets()[p.length_] - first;
      for (std::int64_t i = 1; i <= p.length_; ++i) *to++ = p.offsets()[i] - first + at;
      if (nbytes) std::memcpy(text.data() + at, p.text_data() + first, static_cast<std::size_t>(nbytes));
      at += nbytes;
    }
  } else {
    const std::size_t size = itemsize(type);
    values = Buffer::allocate(std::max<std::size_t>(static_cast<std::size_t>(length) * size, 1));
    std::byte* to = values.data();
    for (const Column& p : parts) {
      const std::size_t nbytes = static_cast<std::size_t>(p.length_) * size;
      if (nbytes) std::memcpy(to, p.address(), nbytes);
      to += nbytes;
    }
  }
  return from_buffers(type, length, std::move(values), std::move(bits), std::move(text));
}

namespace {

[[noreturn]] void does_not_fit(const Column& column, std::int64_t row, ColumnType type) {
  throw ValueError("a value does not fit into " + std::string(name(type)) + " exactly: row " + std::to_string(row) + ", value " + column.value(row).to_string());
}

template <class From, class To>
bool fits(From v) {
  if constexpr (std::is_same_v<To, bool> || std::is_floating_point_v<To> || std::is_same_v<From, bool>)
    return true;
  else if constexpr (std::is_floating_point_v<From>) {
    const double d = static_cast<double>(v);
    return std::trunc(d) == d && d >= static_cast<double>(std::numeric_limits<To>::min()) &&
           d < -2.0 * static_cast<double>(std::numeric_limits<std::make_signed_t<To>>::min()) * (std::is_signed_v<To> ? 0.5 : 1.0);
  } else
    return std::in_range<To>(v);
}

template <class From, class To>
Column cast_numbers(const Column& column, ColumnType type) {
  const auto from = column.values<From>();
  Buffer buffer;
  To* to = fresh<To>(buffer, column.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!fits<From, To>(from[i])) {
      if (column.is_valid(static_cast<std::int64_t>(i))) does_not_fit(column, static_cast<std::int64_t>(i), type);
      to[i] = To{};
      continue;
    }
    if constexpr (std::is_same_v<To, bool>)
      to[i] = from[i] != From{};
    else
      to[i] = static_cast<To>(from[i]);
  }
  return Column::from_buffers(type, column.size(), std::move(buffer), validity_copy(column));
}

}  // namespace

Column Column::cast(ColumnType type) const {
  if (type == type_) return *this;
  if (type_ == ColumnType::category) {
    if (type != ColumnType::string) throw TypeError("there is no conversion from category to " + std::string(name(type)) + ", only to string");
    std::vector<std::int64_t> rows(static_cast<std::size_t>(length_));
    const auto of_rows = codes();
    for (std::int64_t i = 0; i < length_; ++i) rows[static_cast<std::size_t>(i)] = is_valid(i) ? of_rows[static_cast<std::size_t>(i)] : -1;
    return categories().take(rows);
  }
  if (type == ColumnType::category) {
    if (type_ != ColumnType::string) throw TypeError("categories are texts: there is no conversion from " + std::string(name(type_)) + ", cast to string first");
    KeyIndex index({ColumnType::string}, true);
    std::vector<std::uint32_t> numbers;
    std::vector<std::int64_t> first_rows;
    index.insert({this, 1}, numbers, first_rows);
    const Column different = take(first_rows);
    const auto order = rows_in_order({&different, 1}, {true}, true);
    std::vector<std::int32_t> code(order.size());
    for (std::size_t place = 0; place < order.size(); ++place) code[static_cast<std::size_t>(order[place])] = static_cast<std::int32_t>(place);
    Buffer buffer;
    auto* to = fresh<std::int32_t>(buffer, length_);
    for (std::size_t i = 0; i < numbers.size(); ++i) to[i] = numbers[i] == KeyIndex::dropped ? 0 : code[numbers[i]];
    Column out = from_buffers(type, length_, std::move(buffer), validity_copy(*this));
    out.categories_ = std::make_shared<const Column>(different.take(order));
    return out;
  }
  if (is_numeric(type) && is_numeric(type_))
    return dispatch_numeric(type_, [&]<class From>(std::type_identity<From>) {
      return dispatch_numeric(type, [&]<class To>(std::type_identity<To>) { return cast_numbers<From, To>(*this, type); });
    });
  if (type == ColumnType::string) {
    StringBuilder builder;
    builder.reserve(length_);
    for (std::int64_t i = 0; i < length_; ++i) is_valid(i) ? builder.append(value(i).to_string()) : builder.append_null();
    return builder.finish();
  }
  // Nanoseconds and integers are the same bits.
  if ((is_temporal(type_) && type == ColumnType::int64) || (type_ == ColumnType::int64 && is_temporal(type))) {
    Column out = *this;
    out.type_ = type;
    return out;
  }
  throw TypeError("there is no conversion from " + std::string(name(type_)) + " to " + std::string(name(type)));
}

}  // namespace ashlar
