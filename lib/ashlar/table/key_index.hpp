#pragma once
// Which rows are equal: numbers each different key of one or more columns in order of first appearance. For sources of this floor.
//
// Keys of several columns are packed into as few words as their types need; a text is a number among the different texts of its column.
// -0.0 equals 0.0, all NaN are one key, null is a key of its own (or the row is dropped).

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ashlar/table/column.hpp"

namespace ashlar::table {

class KeyIndex {
 public:
  /// The number of a row that belongs to no group.
  static constexpr std::uint32_t dropped = 0xffffffff;

  KeyIndex(std::vector<ColumnType> types, bool dropna);
  ~KeyIndex();
  KeyIndex(KeyIndex&&) noexcept;
  KeyIndex& operator=(KeyIndex&&) noexcept;

  /// Sets groups[row] for every row of `keys`; appends to `new_rows` the rows that are the first of their group, in the order of their
  /// numbers. Errors    ValueError at 2^32 - 1 groups.
  void insert(std::span<const Column> keys, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows);
  /// Sets groups[row] to the number of its key, `dropped` where that key was never inserted.
  void find(std::span<const Column> keys, std::vector<std::uint32_t>& groups) const;
  std::uint32_t size() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A hash of each row's key that depends on the values and types alone: equal keys, in the sense above, have equal hashes.
std::vector<std::uint64_t> hash_rows(std::span<const Column> keys);

}  // namespace ashlar::table
