#pragma once
// The loop shared by binary kernels: column with column, column with value, value with column. For sources of this floor.

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/elementwise.hpp"

namespace ashlar::table {

/// The common length. ShapeError when it is not one; ValueError when neither is a column.
inline std::int64_t length_of(const Operand& a, const Operand& b, std::string_view op) {
  if (a.is_scalar() && b.is_scalar()) throw ValueError("the operator " + std::string(op) + " wants a column on at least one side, found two values");
  if (a.is_scalar()) return b.column().size();
  if (!b.is_scalar() && a.column().size() != b.column().size())
    throw ShapeError("columns differ in length: " + std::to_string(a.column().size()) + " " + std::string(op) + " " + std::to_string(b.column().size()));
  return a.column().size();
}

inline Buffer validity_of(const Operand& a, const Operand& b) {
  if (a.is_scalar()) return validity_copy(b.column());
  if (b.is_scalar()) return validity_copy(a.column());
  return validity_of_both(a.column(), b.column());
}

/// Calls body(get_a, get_b) with functions i -> A and i -> B. `column` gives the elements of a column as something that can be indexed,
/// `scalar` the element for a value.
template <class ColumnA, class ScalarA, class ColumnB, class ScalarB, class Body>
void with_elements(const Operand& a, const Operand& b, ColumnA column_a, ScalarA scalar_a, ColumnB column_b, ScalarB scalar_b, Body body) {
  if (a.is_scalar()) {
    const auto x = scalar_a(a.scalar());
    const auto y = column_b(b.column());
    body([&](std::int64_t) { return x; }, [&](std::int64_t i) { return y(i); });
  } else if (b.is_scalar()) {
    const auto x = column_a(a.column());
    const auto y = scalar_b(b.scalar());
    body([&](std::int64_t i) { return x(i); }, [&](std::int64_t) { return y; });
  } else {
    const auto x = column_a(a.column());
    const auto y = column_b(b.column());
    body([&](std::int64_t i) { return x(i); }, [&](std::int64_t i) { return y(i); });
  }
}

/// The elements of a column converted to T, which keeps the converted column alive.
template <class T>
auto elements_as(ColumnType type) {
  return [type](const Column& column) {
    Column converted = column.cast(type);
    const T* from = static_cast<const T*>(converted.address());
    return [converted, from](std::int64_t i) { return from[i]; };
  };
}

template <class T, class Out, class Fn>
Column map_both(const Operand& a, const Operand& b, std::int64_t n, ColumnType type, ColumnType result, Fn fn) {
  Buffer buffer;
  Out* to = fresh<Out>(buffer, n);
  const auto scalar = [](const Value& v) { return v.as<T>(); };
  with_elements(a, b, elements_as<T>(type), scalar, elements_as<T>(type), scalar, [&](auto x, auto y) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = fn(x(i), y(i));
  });
  return Column::from_buffers(result, n, std::move(buffer), validity_of(a, b));
}

}  // namespace ashlar::table
