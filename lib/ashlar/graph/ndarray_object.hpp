#pragma once
// An NDArray<T> as a task's result is kept as a Block: chunks of arrays and arrays that tasks return are the same thing.

#include "ashlar/graph/object.hpp"
#include "ashlar/ndarray/ndarray.hpp"

namespace ashlar::detail {

template <class T>
struct StoredAs<NDArray<T>> {
  using type = Block;
  static Block store(const NDArray<T>& value) { return value.shared_block(); }
  static NDArray<T> load(const Block& stored) { return NDArray<T>(stored); }
  static NDArray<T> load(Block&& stored) { return NDArray<T>(std::move(stored)); }
};

}  // namespace ashlar::detail
