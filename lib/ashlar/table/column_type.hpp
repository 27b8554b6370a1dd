#pragma once
// The element types of columns, their sizes and names, and the rules by which two of them make a third.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"

namespace ashlar {

/// A point in time: nanoseconds since 1970-01-01 UTC. From 1677-09-21 to 2262-04-11.
using timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;
/// A length of time in nanoseconds.
using duration = std::chrono::nanoseconds;

enum class ColumnType : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  string,
  timestamp,
  duration,
  category,  ///< texts of which many are equal: 32-bit codes into a column of different texts
};

/// "bool", "int64", "float64", "string", "timestamp"…
std::string_view name(ColumnType type);
/// The type named so; also "float", "double", "int", "str". ValueError that lists the names for anything else.
ColumnType column_type_from_name(std::string_view name);
std::ostream& operator<<(std::ostream& out, ColumnType type);

/// Bytes of one element; of a string column, of one offset (8); of a category column, of one code (4).
std::size_t itemsize(ColumnType type);

constexpr bool is_signed_integer(ColumnType t) { return t >= ColumnType::int8 && t <= ColumnType::int64; }
constexpr bool is_unsigned_integer(ColumnType t) { return t >= ColumnType::uint8 && t <= ColumnType::uint64; }
constexpr bool is_integer(ColumnType t) { return t >= ColumnType::int8 && t <= ColumnType::uint64; }
constexpr bool is_floating(ColumnType t) { return t == ColumnType::float32 || t == ColumnType::float64; }
/// bool, integers and floats.
constexpr bool is_numeric(ColumnType t) { return t <= ColumnType::float64; }
/// Texts, each stored or each told once.
constexpr bool is_textual(ColumnType t) { return t == ColumnType::string || t == ColumnType::category; }
constexpr bool is_temporal(ColumnType t) { return t == ColumnType::timestamp || t == ColumnType::duration; }

/// The smallest type that holds both, by NumPy 2's table: int64 and uint64 make float64, int32 and float32 too.
/// string and category make string.
/// Errors    TypeError for pairs without one, such as int64 and string.
ColumnType promote(ColumnType a, ColumnType b);

namespace detail {

template <class T>
constexpr ColumnType column_type() {
  if constexpr (std::is_same_v<T, bool>)
    return ColumnType::boolean;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
    return sizeof(T) == 1 ? ColumnType::int8 : sizeof(T) == 2 ? ColumnType::int16 : sizeof(T) == 4 ? ColumnType::int32 : ColumnType::int64;
  else if constexpr (std::is_integral_v<T>)
    return sizeof(T) == 1 ? ColumnType::uint8 : sizeof(T) == 2 ? ColumnType::uint16 : sizeof(T) == 4 ? ColumnType::uint32 : ColumnType::uint64;
  else if constexpr (std::is_same_v<T, float>)
    return ColumnType::float32;
  else if constexpr (std::is_same_v<T, double>)
    return ColumnType::float64;
  else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>)
    return ColumnType::string;
  else if constexpr (std::is_same_v<T, timestamp>)
    return ColumnType::timestamp;
  else {
    static_assert(std::is_same_v<T, duration>, "ashlar: columns hold bool, integers, float, double, std::string, ashlar::timestamp and ashlar::duration");
    return ColumnType::duration;
  }
}

}  // namespace detail

/// The column type of a C++ element type.
template <class T>
inline constexpr ColumnType column_type_of = detail::column_type<T>();

}  // namespace ashlar
