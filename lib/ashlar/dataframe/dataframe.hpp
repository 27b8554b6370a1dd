#pragma once
// A lazy dataframe: named columns of known types, rows cut into partitions, each a Table on some worker.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/dataframe/groupby.hpp"
#include "ashlar/dataframe/series.hpp"
#include "ashlar/dataframe/table_function.hpp"

namespace ashlar {

/// `.npartitions` is served; `.divisions` and `.partition_size` throw NotImplementedError.
struct RepartitionOptions {
  ASHLAR_OPTIONS;
  std::vector<Value> divisions = {};
  std::int64_t npartitions = 0;
  std::string partition_size = {};
};

/// A table of no rows with the columns that a function gives; empty: found out by calling it on an empty table.
struct Meta {
  bool given = false;
  Table table = {};
  Meta() = default;
  Meta(Table t) : given(true), table(t.head(0)) {}
};
struct MapPartitionsOptions {
  ASHLAR_OPTIONS;
  Meta meta = {};
};

/// New names for some columns: {{"old", "new"}, …}.
struct Renames {
  struct One {
    Name from, to;
  };
  std::vector<One> v;
  Renames() = default;
  Renames(std::initializer_list<One> l) : v(l) {}
};
struct RenameOptions {
  ASHLAR_OPTIONS;
  Renames columns = {};
};
struct DropnaOptions {
  ASHLAR_OPTIONS;
  std::string how = "any";  ///< rows with any or with all columns missing
  Names subset = {};        ///< look at these columns only
};

/// Every operation gives a new frame and computes nothing, unless it says so. What can be told from names and types is refused when it is
/// built: KeyError for columns that are not there (with the nearest names), TypeError, ValueError.
///
/// Example   df[df["elevation"] > 5000].groupby({"country"}).agg({{"elevation", "mean"}}).compute()
class DataFrame {
 public:
  /// No columns, no rows.
  DataFrame();
  explicit DataFrame(dataframe::PlanPtr node) : node_(std::move(node)) {}

  const std::vector<std::string>& columns() const { return node_->columns(); }
  std::vector<ColumnType> dtypes() const { return node_->table().dtypes(); }
  std::int64_t npartitions() const { return node_->npartitions; }
  std::int64_t ncols() const { return node_->table().ncols(); }
  /// Rows, computed.
  std::int64_t len() const;
  /// Rows (lazy) and columns.
  std::pair<Scalar<Value>, std::int64_t> shape() const;

  /// One column.
  template <detail::text_like S>
  Series operator[](const S& name) const {
    return column(Name(name));
  }
  /// These columns, in this order.
  DataFrame operator[](const Names& names) const;
  /// The rows where `mask`, a bool column of this frame, is true (neither false nor null).
  DataFrame operator[](const Series& mask) const;
  Series column(const Name& name) const;

  /// With this column, in the place of one of that name or behind the last.
  DataFrame assign(const Name& name, const Series& values) const;
  DataFrame assign(const Name& name, const Scalar<Value>& value) const;
  template <detail::plain_value T>
  DataFrame assign(const Name& name, const T& value) const {
    return assign_node(name, dataframe::literal(Value(value)));
  }
  DataFrame rename(const RenameOptions& options) const;
  DataFrame drop(const Names& columns) const;  ///< without these columns
  DataFrame dropna(const DropnaOptions& options = {}) const;
  /// Nulls of every column that can hold the value become it.
  DataFrame fillna(const Value& value) const;

  /// Another number of partitions, rows in their order.
  DataFrame repartition(const RepartitionOptions& options) const;
  GroupBy groupby(const Names& by, const GroupbyOptions& options = {}) const { return GroupBy(node_, by, options); }
  /// Sorted by one or more columns; equal rows keep their order.
  /// Cost      all rows in one partition, sorted there.
  DataFrame sort_values(const Names& by, const SortOptions& options = {}) const;
  /// The n rows with the largest values of these columns, in one partition. Cost    n rows of each partition.
  DataFrame nlargest(std::int64_t n, const Names& columns) const;
  DataFrame nsmallest(std::int64_t n, const Names& columns) const;

  /// fn(Table) -> Table for each partition, which is fn's own. Called once on an empty table for the columns of the result, unless `.meta` is given.
  /// Errors    ValueError when that call throws; TypeError (of the task) when a partition's result has other columns.
  template <class F>
  DataFrame map_partitions(F fn, const MapPartitionsOptions& options = {}) const {
    static_assert(std::is_invocable_r_v<Table, F&, Table>, "ashlar: map_partitions wants a function that takes a Table and gives a Table");
    return map_table_function(dataframe::table_function<dataframe::OfPartition<F>>(fn), options);
  }

  /// The first n rows, computed. Cost    reads partitions until there are n.
  Table head(std::int64_t n = 5) const;
  Table tail(std::int64_t n = 5) const;
  /// Errors    TaskError of the first task that failed.
  Table compute() const;
  DataFrame persist() const;
  void visualize(const std::string& file = "mydask.png", const VisualizeOptions& options = {}) const;

  const dataframe::PlanPtr& node() const { return node_; }

 private:
  DataFrame assign_node(const Name& name, dataframe::PlanPtr value) const;
  DataFrame map_table_function(dataframe::TableFunction fn, const MapPartitionsOptions& options) const;
  DataFrame extremes(std::int64_t n, const Names& columns, bool ascending) const;

  dataframe::PlanPtr node_;
};

/// The structure as Dask prints it: columns, types, npartitions, length of the graph. Computes nothing.
std::ostream& operator<<(std::ostream& out, const DataFrame& frame);

/// One below the other; columns may stand in another order, numeric types are brought to one that holds all.
DataFrame concat(const std::vector<DataFrame>& frames);

struct FromTableOptions {
  ASHLAR_OPTIONS;
  std::int64_t npartitions = 1;
  std::int64_t chunksize = 0;  ///< rows of a partition, instead of npartitions
};
/// A frame of a table that is here; its rows are sent to the workers with the tasks that need them.
DataFrame from_table(const Table& table, const FromTableOptions& options = {});

namespace dataframe {
DataFrame from_items(TableFunction fn, std::vector<Bytes> items, const Meta& meta);
}

/// One partition per element: fn(element) -> Table, called on a worker. Its columns are learned by calling it here on the first element, unless
/// `.meta` is given.
/// Errors    ValueError for no elements without `.meta`.
template <class F, class T>
DataFrame from_map(F fn, const std::vector<T>& items, const MapPartitionsOptions& options = {}) {
  static_assert(std::is_invocable_r_v<Table, F&, T>, "ashlar: from_map wants a function that takes an element and gives a Table");
  std::vector<Bytes> encoded;
  for (const T& item : items) {
    Writer out;
    detail::encode_value<T>(out, item);
    encoded.push_back(out.head());
  }
  return dataframe::from_items(dataframe::table_function<dataframe::OfItem<F, T>>(fn), std::move(encoded), options.meta);
}

namespace detail {

template <>
struct CollectionTraits<DataFrame> {
  static std::vector<TaskRef> lower(const DataFrame& d, GraphBuilder& builder) { return dataframe::lower(d.node(), builder); }
  static Table assemble(const DataFrame& d, std::span<const Object> objects);
  static DataFrame persisted(const DataFrame& d, std::vector<ResultHandle> results) {
    return DataFrame(dataframe::persisted(d.node(), std::move(results)));
  }
  static std::size_t count(const DataFrame& d) { return static_cast<std::size_t>(d.npartitions()); }
};

}  // namespace detail
}  // namespace ashlar
