#pragma once
// Arrays as arguments of tasks: an Array<T> given to a delayed function or to `submit` arrives as an NDArray<T>, a Scalar<T> as T.

#include "ashlar/array/array.hpp"
#include "ashlar/delayed/argument.hpp"

namespace ashlar::detail {

void write_outline(Writer& out, const ArrayNode& node);
/// The block that the chunks make together.
Block read_assembled(Reader& in, std::span<Object> chunks);

template <class T>
struct ArgumentOf<Array<T>> {
  using type = NDArray<T>;
  static std::int64_t count(const Array<T>& array) { return array.npartitions(); }
  static void write(Writer& out, const Array<T>& array) { write_outline(out, *array.node()); }
  static NDArray<T> read(Reader& in, std::span<Object> results) { return NDArray<T>(read_assembled(in, results)); }
};
template <element_type T>
struct ArgumentOf<Scalar<T>> {
  using type = T;
  static std::int64_t count(const Scalar<T>&) { return 1; }
  static void write(Writer& out, const Scalar<T>& scalar) { write_outline(out, *scalar.node()); }
  static T read(Reader& in, std::span<Object> results) { return scalar_value(read_assembled(in, results)).template as<T>(); }
};

}  // namespace ashlar::detail
