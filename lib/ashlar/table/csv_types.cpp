#include "ashlar/table/csv_types.hpp"

#include <fast_float/fast_float.h>

#include <charconv>
#include <cmath>

#include "ashlar/table/timestamp_text.hpp"

namespace ashlar::table {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != lower[i]) return false;
  return true;
}

// An optional sign, then digits only.
bool is_whole(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.empty()) return false;
  for (const char c : text)
    if (!is_digit(c)) return false;
  return true;
}

// What most numbers look like: a minus or none, digits, a decimal point or none. `mantissa` is right for up to 18 digits.
struct PlainNumber {
  bool minus = false, point = false;
  std::size_t digits = 0, fraction = 0;
  std::int64_t mantissa = 0;
};
inline std::optional<PlainNumber> plain_number(std::string_view text, char decimal) {
  PlainNumber out;
  const char* p = text.data();
  const char* const end = p + text.size();
  out.minus = p < end && *p == '-';
  p += out.minus;
  std::uint64_t mantissa = 0;
  const char* const first = p;
  for (; p < end && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
  out.digits = static_cast<std::size_t>(p - first);
  if (p < end && *p == decimal) {
    out.point = true;
    const char* const behind = ++p;
    for (; p < end && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
    out.fraction = static_cast<std::size_t>(p - behind);
    out.digits += out.fraction;
  }
  if (p != end || out.digits == 0) return std::nullopt;
  out.mantissa = static_cast<std::int64_t>(mantissa);
  return out;
}

constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
  }
  T value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  if (equals_ignoring_case(text, "true")) return true;
  if (equals_ignoring_case(text, "false")) return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_int64(std::string_view text) {
  // Up to 18 digits cannot overflow: the common case without a call.
  if (!text.empty() && text.size() <= 19) {
    const bool minus = text.front() == '-';
    std::int64_t value = 0;
    std::size_t i = minus ? 1 : 0;
    if (text.size() - i <= 18 && i < text.size()) {
      for (; i < text.size() && is_digit(text[i]); ++i) value = value * 10 + (text[i] - '0');
      if (i == text.size()) return minus ? -value : value;
    }
  }
  return parse_whole<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_uint64(std::string_view text) {
  if (const auto small = parse_whole<std::int64_t>(text)) return *small >= 0 ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*small)) : std::nullopt;
  return parse_whole<std::uint64_t>(text);
}

std::optional<double> parse_double(std::string_view text, char decimal) {
  if (const auto plain = plain_number(text, decimal); plain && plain->digits <= 18 && plain->mantissa <= (std::int64_t{1} << 53) && plain->fraction <= 22) {
    // Two numbers that a double holds exactly: their quotient is rounded once.
    const double value = static_cast<double>(plain->mantissa) / powers_of_ten[plain->fraction];
    return plain->minus ? -value : value;
  }
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  double value = 0;
  const fast_float::parse_options options{fast_float::chars_format::general, decimal};
  const auto [end, error] = fast_float::from_chars_advanced(text.data(), text.data() + text.size(), value, options);
  if (end != text.data() + text.size()) return std::nullopt;
  const char last = text.back();
  if (std::isinf(value) && (is_digit(last) || last == decimal)) return std::nullopt;
  if (std::isnan(value)) return std::isalpha(static_cast<unsigned char>(last)) ? std::optional(value) : std::nullopt;  // not nan(…)
  if (error != std::errc{} && value != 0) return std::nullopt;
  return value;
}

void ColumnKinds::add(std::string_view text, char decimal, bool date) {
  if (settled()) return;
  if (date) {
    bits_ |= parse_timestamp(text) ? time_bit : text_bit;
    return;
  }
  // Most fields are told without converting them: a number of so few digits is neither too large nor too long.
  if (const auto plain = plain_number(text, decimal)) {
    if (plain->point && plain->digits <= 300) {
      bits_ |= real_bit;
      return;
    }
    if (!plain->point && plain->digits <= 18) {
      bits_ |= plain->minus && plain->mantissa != 0 ? integer_bit | negative_bit : integer_bit;
      return;
    }
  }
  const std::string_view inner = trimmed(text);
  if (inner.empty() || (static_cast<unsigned char>(inner.front()) > '9' && (inner.front() | 0x20) != 'i' && (inner.front() | 0x20) != 'n')) {
    // No number begins so; most text is told by its first letter.
    bits_ |= parse_bool(text) ? bool_bit : text_bit;
  } else if (is_whole(inner)) {
    if (const auto i = parse_int64(inner))
      bits_ |= *i < 0 ? integer_bit | negative_bit : integer_bit;
    else
      bits_ |= parse_uint64(inner) ? wide_bit : huge_bit;
  } else if (parse_double(inner, decimal)) {
    bits_ |= real_bit;
  } else {
    bits_ |= parse_bool(text) ? bool_bit : text_bit;
  }
}

ColumnType ColumnKinds::type() const {
  const unsigned numbers = bits_ & (integer_bit | negative_bit | wide_bit | huge_bit | real_bit);
  if (bits_ == 0) return ColumnType::float64;
  if (bits_ & text_bit) return ColumnType::string;
  if (bits_ & time_bit) return ColumnType::timestamp;
  if (bits_ & bool_bit) return numbers ? ColumnType::string : ColumnType::boolean;
  if (bits_ & real_bit) return ColumnType::float64;
  if ((bits_ & huge_bit) || ((bits_ & wide_bit) && (bits_ & negative_bit))) return ColumnType::string;
  return bits_ & wide_bit ? ColumnType::uint64 : ColumnType::int64;
}

}  // namespace ashlar::table
