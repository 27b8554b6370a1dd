#pragma once
// Which rows are equal: numbers each different key of one or more columns in order of first appearance. Open addressing over
// encoded keys; a single column of fixed width is its own key, all else is bytes. For sources of this floor.
//
// -0.0 equals 0.0, all NaN are one key, null is a key of its own (or the row is dropped).

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ashlar/table/column.hpp"

namespace ashlar::table {

class KeyIndex {
 public:
  /// The number of a row that belongs to no group.
  static constexpr std::uint32_t dropped = 0xffffffff;

  KeyIndex(std::vector<ColumnType> types, bool dropna);

  /// Sets groups[row] for every row of `keys`; appends to `new_rows` the rows that are the first of their group, in the order of their numbers.
  /// Errors    ValueError at 2^32 - 1 groups.
  void insert(std::span<const Column> keys, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows);
  std::uint32_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t tag;        // the key itself, or the hash of its bytes
    std::uint32_t group = dropped;
  };
  template <class Same>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint64_t tag, Same same, bool& added);
  std::uint32_t add_bytes(std::string_view key, bool& added);
  void insert_fixed(const Column& key, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows);
  void insert_text(const Column& key, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows);
  void insert_rows(std::span<const Column> keys, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows);
  std::uint32_t null_group(bool& added);
  void grow();

  std::vector<ColumnType> types_;
  bool dropna_;
  std::vector<Slot> slots_;
  std::uint32_t size_ = 0, null_group_ = dropped;
  std::vector<char> bytes_;                  // keys as bytes, one after the other
  std::vector<std::uint64_t> ends_;          // where the bytes of each group end
};

}  // namespace ashlar::table
