#pragma once
// From a ColumnType known at run time to a C++ type known at compile time. For sources of this floor only.

#include <type_traits>
#include <utility>

#include "ashlar/table/column_type.hpp"

namespace ashlar::table {

/// Calls `fn(std::type_identity<T>{})` with the numeric type's storage: bool, int8_t … double.
template <class Fn>
decltype(auto) dispatch_numeric(ColumnType type, Fn&& fn) {
  switch (type) {
    case ColumnType::boolean: return fn(std::type_identity<bool>{});
    case ColumnType::int8: return fn(std::type_identity<std::int8_t>{});
    case ColumnType::int16: return fn(std::type_identity<std::int16_t>{});
    case ColumnType::int32: return fn(std::type_identity<std::int32_t>{});
    case ColumnType::int64: return fn(std::type_identity<std::int64_t>{});
    case ColumnType::uint8: return fn(std::type_identity<std::uint8_t>{});
    case ColumnType::uint16: return fn(std::type_identity<std::uint16_t>{});
    case ColumnType::uint32: return fn(std::type_identity<std::uint32_t>{});
    case ColumnType::uint64: return fn(std::type_identity<std::uint64_t>{});
    case ColumnType::float32: return fn(std::type_identity<float>{});
    case ColumnType::float64: return fn(std::type_identity<double>{});
    default: throw TypeError("a number is wanted, found " + std::string(name(type)));
  }
}

/// As above for every type of fixed width: timestamps and durations are std::int64_t.
template <class Fn>
decltype(auto) dispatch_fixed(ColumnType type, Fn&& fn) {
  if (is_temporal(type)) return fn(std::type_identity<std::int64_t>{});
  return dispatch_numeric(type, std::forward<Fn>(fn));
}

}  // namespace ashlar::table
