#include "ashlar/table/column_type.hpp"

#include <algorithm>
#include <array>

namespace ashlar {
namespace {
constexpr std::array<std::string_view, 15> kColumnTypeNames = {"bool",   "int8",    "int16",   "int32",  "int64",     "uint8",    "uint16",  "uint32",
                                                               "uint64", "float32", "float64", "string", "timestamp", "duration", "category"};
}

std::string_view name(ColumnType type) { return kColumnTypeNames.at(static_cast<std::size_t>(type)); }

ColumnType column_type_from_name(std::string_view text) {
  for (std::size_t i = 0; i < kColumnTypeNames.size(); ++i)
    if (kColumnTypeNames[i] == text) return static_cast<ColumnType>(i);
  if (text == "float") return ColumnType::float32;
  if (text == "double") return ColumnType::float64;
  if (text == "int") return ColumnType::int64;
  if (text == "str" || text == "object") return ColumnType::string;
  if (text == "datetime64[ns]") return ColumnType::timestamp;
  if (text == "timedelta64[ns]") return ColumnType::duration;
  std::string known;
  for (const auto& n : kColumnTypeNames) known += (known.empty() ? "" : ", ") + std::string(n);
  throw ValueError("not the name of a column type: \"" + std::string(text) + "\"; there are " + known);
}

std::ostream& operator<<(std::ostream& out, ColumnType type) { return out << name(type); }

std::size_t itemsize(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
    case ColumnType::int8:
    case ColumnType::uint8: return 1;
    case ColumnType::int16:
    case ColumnType::uint16: return 2;
    case ColumnType::int32:
    case ColumnType::uint32:
    case ColumnType::float32:
    case ColumnType::category: return 4;
    default: return 8;
  }
}

ColumnType promote(ColumnType a, ColumnType b) {
  if (a == b) return a;
  if (is_textual(a) && is_textual(b)) return ColumnType::string;
  if (!is_numeric(a) || !is_numeric(b))
    throw TypeError("no type holds both " + std::string(name(a)) + " and " + std::string(name(b)));
  if (a == ColumnType::boolean) return b;
  if (b == ColumnType::boolean) return a;
  if (is_floating(a) && is_floating(b)) return ColumnType::float64;
  if (is_floating(a) || is_floating(b)) {
    const ColumnType integer = is_floating(a) ? b : a, floating = is_floating(a) ? a : b;
    // float32 holds every integer of 16 bits, no more.
    return floating == ColumnType::float32 && itemsize(integer) <= 2 ? ColumnType::float32 : ColumnType::float64;
  }
  if (is_signed_integer(a) == is_signed_integer(b)) return std::max(a, b);
  const ColumnType with_sign = is_signed_integer(a) ? a : b, without = is_signed_integer(a) ? b : a;
  if (itemsize(with_sign) > itemsize(without)) return with_sign;
  switch (without) {
    case ColumnType::uint8: return ColumnType::int16;
    case ColumnType::uint16: return ColumnType::int32;
    case ColumnType::uint32: return ColumnType::int64;
    default: return ColumnType::float64;
  }
}

}  // namespace ashlar
