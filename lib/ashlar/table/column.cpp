#include "ashlar/table/column.hpp"

#include <cmath>
#include <utility>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar {

using namespace table;

namespace {

// Part of a buffer, kept alive by the whole.
Buffer part_of(const Buffer& whole, std::size_t begin, std::size_t nbytes) {
  if (begin == 0 && nbytes == whole.size()) return whole;
  return Buffer::wrap(whole.data() + begin, nbytes, std::make_shared<Buffer>(whole));
}

template <class T>
constexpr bool is_text = std::is_same_v<T, std::string>;

}  // namespace

Column Column::from_buffers(ColumnType type, std::int64_t length, Buffer values, Buffer validity, Buffer text) {
  const std::size_t wanted = static_cast<std::size_t>(length + (type == ColumnType::string ? 1 : 0)) * itemsize(type);
  if (length < 0 || values.size() < wanted)
    throw InternalError("buffer of a column is too short: type " + std::string(name(type)) + ", length " + std::to_string(length) + ", bytes " +
                        std::to_string(values.size()) + ", wanted " + std::to_string(wanted));
  Column column;
  column.type_ = type;
  column.length_ = length;
  column.values_ = std::move(values);
  column.text_ = std::move(text);
  if (validity) {
    if (validity.size() < bitmap_bytes(length))
      throw InternalError("bitmap of a column is too short: length " + std::to_string(length) + ", bytes " + std::to_string(validity.size()));
    column.null_count_ = length - count_bits(validity.data(), 0, length);
    if (column.null_count_) column.validity_ = std::move(validity);
  }
  return column;
}

Column Column::from_codes(std::int64_t length, Buffer codes, Column categories, Buffer validity) {
  if (categories.type_ != ColumnType::string) throw TypeError("categories are texts, found " + std::string(name(categories.type_)));
  if (categories.null_count_) throw ValueError("categories are never missing, found " + std::to_string(categories.null_count_) + " nulls among them");
  KeyIndex different({ColumnType::string}, true);
  std::vector<std::uint32_t> numbers;
  std::vector<std::int64_t> first_rows;
  different.insert({&categories, 1}, numbers, first_rows);
  if (std::cmp_not_equal(different.size(), categories.length_))
    throw ValueError("categories are different texts, found " + std::to_string(different.size()) + " among " + std::to_string(categories.length_));
  Column out = from_buffers(ColumnType::category, length, std::move(codes), std::move(validity));
  const auto of_rows = out.codes();
  for (std::int64_t i = 0; i < length; ++i)
    if (const std::int32_t code = of_rows[static_cast<std::size_t>(i)]; out.is_valid(i) && (code < 0 || code >= categories.length_))
      throw IndexError("no such category: code " + std::to_string(code) + ", categories " + std::to_string(categories.length_));
  out.categories_ = std::make_shared<const Column>(std::move(categories));
  return out;
}

std::span<const std::int32_t> Column::codes() const {
  if (type_ != ColumnType::category) throw TypeError("codes are those of a category column, this one holds " + std::string(name(type_)));
  return {static_cast<const std::int32_t*>(address()), static_cast<std::size_t>(length_)};
}
const Column& Column::categories() const {
  if (type_ != ColumnType::category) throw TypeError("categories are those of a category column, this one holds " + std::string(name(type_)));
  static const Column none = nulls(ColumnType::string, 0);
  return categories_ ? *categories_ : none;
}

template <class T>
Column Column::make(const std::vector<T>& values) {
  const auto n = static_cast<std::int64_t>(values.size());
  if constexpr (is_text<T>) {
    StringBuilder builder;
    builder.reserve(n);
    for (const auto& v : values) builder.append(v);
    return builder.finish();
  } else {
    Buffer buffer;
    T* to = fresh<T>(buffer, n);
    for (std::size_t i = 0; i < values.size(); ++i) to[i] = values[i];
    return from_buffers(column_type_of<T>, n, std::move(buffer));
  }
}

template <class T>
Column Column::make_optional(const std::vector<std::optional<T>>& values) {
  std::conditional_t<is_text<T>, StringBuilder, FixedBuilder<T>> builder;
  for (const auto& v : values) v ? builder.append(*v) : builder.append_null();
  return builder.finish();
}

Column Column::from_values(ColumnType type, std::span<const Value> values) {
  const auto fill = [&](auto& builder, auto convert) {
    for (const Value& v : values) v.is_null() ? builder.append_null() : builder.append(convert(v));
    return builder.finish();
  };
  if (type == ColumnType::category) return from_values(ColumnType::string, values).cast(type);
  if (type == ColumnType::string) {
    StringBuilder builder;
    return fill(builder, [](const Value& v) { return v.as<std::string>(); });
  }
  if (type == ColumnType::timestamp) {
    FixedBuilder<timestamp> builder;
    return fill(builder, [](const Value& v) { return v.as<timestamp>(); });
  }
  if (type == ColumnType::duration) {
    FixedBuilder<duration> builder;
    return fill(builder, [](const Value& v) { return v.as<duration>(); });
  }
  return dispatch_numeric(type, [&]<class T>(std::type_identity<T>) {
    FixedBuilder<T> builder;
    return fill(builder, [](const Value& v) { return v.as<T>(); });
  });
}

Column Column::nulls(ColumnType type, std::int64_t length) {
  const bool text = type == ColumnType::string;
  return from_buffers(type, length, Buffer::zeros(std::max<std::size_t>(static_cast<std::size_t>(length + text) * itemsize(type), 1)),
                      Buffer::zeros(std::max<std::size_t>(bitmap_bytes(length), 1)), text ? Buffer::zeros(1) : Buffer());
}

Column Column::full(ColumnType type, const Value& value, std::int64_t length) {
  if (value.is_null()) return nulls(type, length);
  const std::vector<std::int64_t> rows(static_cast<std::size_t>(length), 0);
  return from_values(type, {&value, 1}).take(rows);
}

void Column::require(ColumnType wanted, bool as_integer) const {
  if (type_ == wanted || (as_integer && is_temporal(type_))) return;
  throw TypeError("values of type " + std::string(name(wanted)) + " are wanted, the column holds " + std::string(name(type_)) +
                  (type_ == ColumnType::string ? " (ask with text(i))" : ""));
}

Value Column::value(std::int64_t i) const {
  if (i < 0 || i >= length_) throw IndexError("no such row in the column: row " + std::to_string(i) + ", length " + std::to_string(length_));
  if (!is_valid(i)) return {};
  if (type_ == ColumnType::string) return text(i);
  if (type_ == ColumnType::category) return categories().text(codes()[static_cast<std::size_t>(i)]);
  const auto at = static_cast<std::size_t>(i);
  if (type_ == ColumnType::timestamp) return values<timestamp>()[at];
  if (type_ == ColumnType::duration) return values<duration>()[at];
  return dispatch_numeric(type_, [&]<class T>(std::type_identity<T>) { return Value(values<T>()[at]); });
}

std::vector<Value> Column::to_values() const {
  std::vector<Value> out;
  out.reserve(static_cast<std::size_t>(length_));
  for (std::int64_t i = 0; i < length_; ++i) out.push_back(value(i));
  return out;
}

template <class T>
std::vector<T> Column::to_vector() const {
  if constexpr (std::is_floating_point_v<T>) {
    if (!is_numeric(type_)) require(column_type_of<T>, false);
    return dispatch_numeric(type_, [&]<class S>(std::type_identity<S>) {
      const auto from = values<S>();
      std::vector<T> out(from.size());
      for (std::size_t i = 0; i < from.size(); ++i)
        out[i] = is_valid(static_cast<std::int64_t>(i)) ? static_cast<T>(from[i]) : std::numeric_limits<T>::quiet_NaN();
      return out;
    });
  } else {
    if (null_count_)
      throw ValueError("a vector of " + std::string(name(column_type_of<T>)) + " cannot say what is missing, and the column has " +
                       std::to_string(null_count_) + " nulls in " + std::to_string(length_) +
                       " rows: take the column itself, whose is_valid(i) tells, ask for double, or use fillna");
    if constexpr (is_text<T>) {
      if (type_ == ColumnType::category) return cast(ColumnType::string).template to_vector<T>();
      require(ColumnType::string, false);
      std::vector<T> out;
      out.reserve(static_cast<std::size_t>(length_));
      for (std::int64_t i = 0; i < length_; ++i) out.emplace_back(text(i));
      return out;
    } else {
      const bool convert = type_ != column_type_of<T> && is_numeric(type_) && std::is_integral_v<T> && !std::is_same_v<T, bool>;
      if (convert) return cast(column_type_of<T>).template to_vector<T>();
      const auto from = values<T>();
      return std::vector<T>(from.begin(), from.end());
    }
  }
}

Column Column::slice(std::int64_t begin, std::int64_t end) const {
  if (begin < 0 || end < begin || end > length_)
    throw IndexError("no such rows in the column: [" + std::to_string(begin) + ", " + std::to_string(end) + "), length " + std::to_string(length_));
  Column out = *this;
  out.offset_ += begin;
  out.length_ = end - begin;
  if (null_count_) {
    out.null_count_ = out.length_ - count_bits(validity_.data(), out.offset_, out.length_);
    if (!out.null_count_) out.validity_ = {};
  }
  return out;
}

std::int64_t Column::nbytes() const {
  std::int64_t n = length_ * static_cast<std::int64_t>(itemsize(type_)) + (null_count_ ? static_cast<std::int64_t>(bitmap_bytes(length_)) : 0);
  if (type_ == ColumnType::string && values_) n += 8 + offsets()[length_] - offsets()[0];
  if (categories_) n += categories_->nbytes();
  return n;
}

bool Column::equal(const Column& a, const Column& b) {
  if (a.type_ != b.type_ || a.length_ != b.length_ || a.null_count_ != b.null_count_) return false;
  const auto all = [&](auto same) {
    for (std::int64_t i = 0; i < a.length_; ++i) {
      const bool valid = a.is_valid(i);
      if (valid != b.is_valid(i) || (valid && !same(i))) return false;
    }
    return true;
  };
  if (a.type_ == ColumnType::string) return all([&](std::int64_t i) { return a.text(i) == b.text(i); });
  if (a.type_ == ColumnType::category)
    return all([&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      return a.categories().text(a.codes()[at]) == b.categories().text(b.codes()[at]);
    });
  return dispatch_fixed(a.type_, [&]<class T>(std::type_identity<T>) {
    const auto* x = static_cast<const T*>(a.address());
    const auto* y = static_cast<const T*>(b.address());
    return all([&](std::int64_t i) {
      if constexpr (std::is_floating_point_v<T>)
        return x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]));
      else
        return x[i] == y[i];
    });
  });
}

void Column::encode(Writer& out) const {
  out.put(type_);
  out.put(length_);
  out.put(null_count_);
  if (type_ == ColumnType::category) categories().encode(out);
  if (length_ == 0) return;
  const std::size_t size = itemsize(type_), begin = static_cast<std::size_t>(offset_) * size;
  if (type_ == ColumnType::string) {
    // The receiver's text begins at 0; offsets are rewritten only where this column's does not.
    const std::int64_t first = offsets()[0], last = offsets()[length_];
    if (first == 0) {
      out.buffer(part_of(values_, begin, static_cast<std::size_t>(length_ + 1) * size));
    } else {
      Buffer moved;
      auto* to = fresh<std::int64_t>(moved, length_ + 1);
      for (std::int64_t i = 0; i <= length_; ++i) to[i] = offsets()[i] - first;
      out.buffer(std::move(moved));
    }
    out.put(last - first);
    if (last > first) out.buffer(part_of(text_, static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
  } else {
    out.buffer(part_of(values_, begin, static_cast<std::size_t>(length_) * size));
  }
  if (null_count_) out.buffer(offset_ % 8 == 0 ? part_of(validity_, static_cast<std::size_t>(offset_ / 8), bitmap_bytes(length_)) : validity_copy(*this));
}

Column Column::decode(Reader& in) {
  const auto type = in.get<ColumnType>();
  const auto length = in.get<std::int64_t>();
  const auto null_count = in.get<std::int64_t>();
  if (static_cast<std::uint8_t>(type) > static_cast<std::uint8_t>(ColumnType::category) || length < 0)
    throw InternalError("message does not hold a column: type " + std::to_string(static_cast<int>(type)) + ", length " + std::to_string(length));
  std::shared_ptr<const Column> categories;
  if (type == ColumnType::category) categories = std::make_shared<const Column>(decode(in));
  if (length == 0) {
    Column none = nulls(type, 0);
    none.categories_ = std::move(categories);
    return none;
  }
  Buffer values = in.buffer(), text, validity;
  if (type == ColumnType::string) {
    const auto nbytes = in.get<std::int64_t>();
    text = nbytes ? in.buffer() : Buffer::zeros(1);
  }
  if (null_count) validity = in.buffer();
  Column out = from_buffers(type, length, std::move(values), std::move(validity), std::move(text));
  out.categories_ = std::move(categories);
  return out;
}

#define ASHLAR_COLUMN(T)                                            \
  template Column Column::make<T>(const std::vector<T>&);           \
  template Column Column::make_optional<T>(const std::vector<std::optional<T>>&); \
  template std::vector<T> Column::to_vector<T>() const;
ASHLAR_COLUMN(bool)
ASHLAR_COLUMN(std::int8_t)
ASHLAR_COLUMN(std::int16_t)
ASHLAR_COLUMN(std::int32_t)
ASHLAR_COLUMN(std::int64_t)
ASHLAR_COLUMN(std::uint8_t)
ASHLAR_COLUMN(std::uint16_t)
ASHLAR_COLUMN(std::uint32_t)
ASHLAR_COLUMN(std::uint64_t)
ASHLAR_COLUMN(float)
ASHLAR_COLUMN(double)
ASHLAR_COLUMN(std::string)
ASHLAR_COLUMN(timestamp)
ASHLAR_COLUMN(duration)
#undef ASHLAR_COLUMN

}  // namespace ashlar
