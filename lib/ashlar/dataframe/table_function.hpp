#pragma once
// Functions that give a table, as they travel to the workers: what map_partitions and from_map are given.

#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/base/codec.hpp"
#include "ashlar/base/descriptor.hpp"
#include "ashlar/delayed/function.hpp"
#include "ashlar/table/table.hpp"

namespace ashlar::dataframe {

/// One static record per function type. `argument`: the partition (map_partitions); `item`: the encoded element (from_map).
struct TableFunctionDescriptor : Descriptor {
  Table (*call)(std::span<const std::byte> closure, Table&& argument, Reader& item);
  constexpr TableFunctionDescriptor(std::string_view n, Table (*c)(std::span<const std::byte>, Table&&, Reader&)) : Descriptor(n), call(c) {}
};

/// A function and the bytes of its captures.
struct TableFunction {
  const TableFunctionDescriptor* record = nullptr;
  Bytes closure = {};

  explicit operator bool() const { return record != nullptr; }
  Table operator()(Table argument) const {
    Reader none{std::span<const std::byte>{}};
    return record->call(closure, std::move(argument), none);
  }
  Table operator()(std::span<const std::byte> item) const {
    Reader in(item);
    return record->call(closure, Table(), in);
  }
};

template <class F>
struct OfPartition {
  static Table call(std::span<const std::byte> closure, Table&& argument, Reader&) {
    Reader in(closure);
    detail::ReadClosure<F> fn(in);
    return fn.function()(std::move(argument));
  }
  static constinit inline TableFunctionDescriptor record{type_name<OfPartition>(), &OfPartition::call};
};
template <class F>
struct OfColumn {
  static Table call(std::span<const std::byte> closure, Table&& argument, Reader&) {
    Reader in(closure);
    detail::ReadClosure<F> fn(in);
    return Table({argument.columns().at(0)}, {fn.function()(argument.at(0))});
  }
  static constinit inline TableFunctionDescriptor record{type_name<OfColumn>(), &OfColumn::call};
};
template <class F, class Item>
struct OfItem {
  static Table call(std::span<const std::byte> closure, Table&&, Reader& item) {
    Reader in(closure);
    detail::ReadClosure<F> fn(in);
    return fn.function()(detail::decode_value<Item>(item));
  }
  static constinit inline TableFunctionDescriptor record{type_name<OfItem>(), &OfItem::call};
};

template <class Wrapped, class F>
TableFunction table_function(const F& fn) {
  Writer out;
  detail::Closure<F>(fn).write(out);
  return {&Wrapped::record, out.head()};
}

}  // namespace ashlar::dataframe
