#pragma once
// A table: named columns of equal length, held here and now. What a dataframe's compute() gives, and what its partitions are.
// Tables are values and never change; each operation gives a new one that shares what it can.

#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/table/column.hpp"

namespace ashlar {

struct SortOptions {
  ASHLAR_OPTIONS;
  Flags ascending = true;             ///< one for all keys or one per key
  std::string na_position = "last";   ///< where nulls go: "last" or "first"
};

class Table {
 public:
  struct NamedColumn {
    std::string name;
    Column column;
  };

  Table() = default;
  /// Errors    ShapeError when lengths differ, ValueError when a name stands twice.
  Table(std::vector<std::string> names, std::vector<Column> columns);
  Table(std::initializer_list<NamedColumn> columns);
  /// No rows, these columns.
  static Table empty(const std::vector<std::string>& names, const std::vector<ColumnType>& dtypes);

  std::int64_t nrows() const { return nrows_; }
  std::int64_t ncols() const { return static_cast<std::int64_t>(names_.size()); }
  /// The names, in order.
  const std::vector<std::string>& columns() const { return names_; }
  std::vector<ColumnType> dtypes() const;
  bool contains(const Name& name) const;

  /// The column so named, and the i-th.
  /// Errors    KeyError that lists the names; IndexError.
  const Column& operator[](const Name& name) const { return columns_[position(name)]; }
  const Column& at(std::int64_t i) const;
  /// The place of the name among `columns()`. KeyError that lists the names.
  std::size_t position(const Name& name) const;

  /// The values of a column as a vector, made at the first call and kept with the table (and its copies).
  /// Numbers convert to double and float, missing becomes NaN there.
  /// Errors    KeyError; TypeError; ValueError when something is missing and T has no NaN: then use `table["name"]`.
  /// Example   for (double e : top.column<double>("elevation")) …
  template <class T>
  const std::vector<T>& column(const Name& name) const&;
  /// Of a table that ends with the expression: the vector itself.
  template <class T>
  std::vector<T> column(const Name& name) const&& {
    return (*this)[name].template to_vector<T>();
  }

  Table head(std::int64_t n = 5) const;  ///< the first n rows; negative: all but the last -n
  Table tail(std::int64_t n = 5) const;  ///< the last n rows; negative: all but the first -n
  Table slice(std::int64_t begin, std::int64_t end) const;
  Table take(std::span<const std::int64_t> rows) const;
  /// Rows where the bool column is true (neither false nor null).
  Table filter(const Column& mask) const;
  /// These columns in this order. KeyError.
  Table select(const Names& names) const;
  /// The table without these columns. KeyError.
  Table drop(const Names& names) const;
  /// The table with this column, in the place of one of that name or behind the last.
  Table with_column(const Name& name, Column column) const;
  /// Other names for all columns.
  Table renamed(std::vector<std::string> names) const;
  /// Sorted by one or more columns; equal rows keep their order. NaN stands after all numbers, nulls by `na_position`.
  /// Errors    KeyError; ValueError when `.ascending` has neither one entry nor one per key.
  Table sort_values(const Names& by, const SortOptions& options = {}) const;
  /// One below the other: same names and types in the same order.
  static Table concat(std::span<const Table> parts);

  std::int64_t nbytes() const;
  friend bool operator==(const Table& a, const Table& b);

  void encode(Writer& out) const;
  static Table decode(Reader& in);

 private:
  struct Vectors;
  std::vector<std::string> names_;
  std::vector<Column> columns_;
  std::int64_t nrows_ = 0;
  // What column<T> handed out: references stay valid as long as any copy of the table.
  std::shared_ptr<Vectors> vectors_;
};

/// The text of `table` as pandas prints a DataFrame: at most `max_rows` rows, else the first and last five, and as many columns as fit.
std::string to_string(const Table& table, int width = 80, std::int64_t max_rows = 60);
std::ostream& operator<<(std::ostream& out, const Table& table);
/// A column as pandas prints a Series.
std::ostream& operator<<(std::ostream& out, const Column& column);

namespace table {
/// The rows in sorted order: rows_in_order(...)[0] is the first row of the sorted table.
std::vector<std::int64_t> rows_in_order(std::span<const Column> keys, const std::vector<bool>& ascending, bool nulls_last);
/// Table::concat(parts).take(rows), without putting them together first. At least one part; no row is -1. Errors    IndexError, TypeError.
Table take(std::span<const Table> parts, std::span<const std::int64_t> rows);
}  // namespace table

}  // namespace ashlar
