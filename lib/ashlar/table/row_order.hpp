#pragma once
// Rows of tables compared, told apart and chosen by some of their columns. Order and equality are those of sorting and grouping.

#include <cstdint>
#include <span>
#include <vector>

#include "ashlar/table/column.hpp"

namespace ashlar::table {

/// How a table is sorted: one direction per key; NaN behind all numbers in either direction.
struct RowOrder {
  std::vector<bool> ascending;
  bool nulls_last = true;

  /// Negative, 0 or positive: row i of `a` stands before, beside or behind row j of `b`. Columns pair up and agree in type.
  int compare(std::span<const Column> a, std::int64_t i, std::span<const Column> b, std::int64_t j) const;
  /// Rows of sorted `keys` that stand before row j of `others`.
  std::int64_t rows_before(std::span<const Column> keys, std::span<const Column> others, std::int64_t j) const;
  /// For every row of `keys`, in any order, how many of the sorted rows `cuts` stand before or beside it: the part between two cuts it is in.
  std::vector<std::uint32_t> parts_of(std::span<const Column> keys, std::span<const Column> cuts) const;
};

/// The first (or last) row of each different key, in order. Null is a key like others.
std::vector<std::int64_t> distinct_rows(std::span<const Column> keys, bool keep_last);

/// The rows of each different key, in their order; groups by key (nulls last) or, unless `sort`, by first appearance. `dropna`: rows with a
/// null key belong to no group.
std::vector<std::vector<std::int64_t>> rows_of_groups(std::span<const Column> keys, bool sort, bool dropna);

/// For each different key the `n` rows with the largest (or smallest) values: groups in order of first appearance, rows by value, equal
/// values in the order of their rows. Missing values are passed over, NaN stands behind all numbers. `dropna`: rows with a null key belong
/// to no group. Errors    ValueError for a negative n.
std::vector<std::int64_t> largest_of_groups(std::span<const Column> keys, const Column& values, std::int64_t n, bool largest, bool dropna);

/// Which of `parts` a row of this hash belongs to.
inline std::int64_t part_of(std::uint64_t hash, std::int64_t parts) {
  return static_cast<std::int64_t>(
      static_cast<std::uint64_t>((static_cast<unsigned __int128>(hash) * static_cast<std::uint64_t>(parts)) >> 64));
}

}  // namespace ashlar::table
