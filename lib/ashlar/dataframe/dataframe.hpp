#pragma once
// A lazy dataframe: named columns of known types, rows cut into partitions, each a Table on some worker.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/dataframe/element_function.hpp"
#include "ashlar/dataframe/groupby.hpp"
#include "ashlar/dataframe/resample.hpp"
#include "ashlar/dataframe/rolling.hpp"
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

struct MergeOptions {
  ASHLAR_OPTIONS;
  std::string how = "inner";  ///< "inner", "left", "right", "outer", "leftsemi", "leftanti", "cross"
  Names on = {};              ///< keys of both sides; none of the three: the columns that both have
  Names left_on = {};
  Names right_on = {};
  Names suffixes = {"_x", "_y"};  ///< behind names that both sides have, keys aside
  bool indicator = false;         ///< a column "_merge": "both", "left_only" or "right_only"
  std::int64_t npartitions = 0;   ///< of a join by hash; 0: as many as the larger side
  std::optional<bool> broadcast = std::nullopt;  ///< true: one side whole to every partition of the other; false: both by hash; empty: by size
};
/// Options of set_index. The rest follows from the data.
struct SetIndexOptions {
  ASHLAR_OPTIONS;
  bool sorted = false;                 ///< partitions follow one another by this column already: no row changes its partition
  std::int64_t npartitions = 0;        ///< 0: as many as there are
  std::vector<Value> divisions = {};  ///< the smallest value, where partitions 1, 2, … begin, the largest value; empty: equal shares
};
struct JoinOptions {
  ASHLAR_OPTIONS;
  std::string how = "left";
  std::string lsuffix = "_x", rsuffix = "_y";
};
struct ToCsvOptions {
  ASHLAR_OPTIONS;
  bool single_file = false;
  std::string sep = ",";
  std::string na_rep = {};  ///< what stands for missing values
  Names columns = {};       ///< only these, in this order
  bool header = true;       ///< names in the first line of each file
  std::string quotechar = "\"";
};
struct MeltOptions {
  ASHLAR_OPTIONS;
  Names id_vars = {};     ///< stay columns
  Names value_vars = {};  ///< become rows; all others when none is named
  std::string var_name = "variable";
  std::string value_name = "value";
};
struct PivotTableOptions {
  ASHLAR_OPTIONS;
  Names index = {};
  std::string columns = {};
  std::string values = {};
  std::string aggfunc = "mean";  ///< any function of groupby
};
struct ShuffleOptions {
  ASHLAR_OPTIONS;
  std::int64_t npartitions = 0;  ///< 0: as many as there are
};
struct RoundOptions {
  ASHLAR_OPTIONS;
  int decimals = 0;
};
/// Another type for some columns: {{"x", "float64"}, …}, or one for all: "float64".
struct Types {
  struct One {
    Name column, type;
  };
  std::vector<One> v;
  std::string all = {};
  Types(std::initializer_list<One> l) : v(l) {}
  template <detail::text_like S>
  Types(const S& type) : all(std::string_view(type)) {}
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
  std::int64_t ndim() const { return 2; }
  Scalar<Value> size() const;  ///< rows times columns
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
  /// Sorted by one or more columns, over as many partitions as there are; equal rows keep their order.
  /// Cost      each partition is sorted; a sample of all says where to cut; the pieces change hands and are sorted again.
  DataFrame sort_values(const Names& by, const SortOptions& options = {}) const;
  /// The n rows with the largest values of these columns, in one partition. Cost    n rows of each partition.
  DataFrame nlargest(std::int64_t n, const Names& columns) const;
  DataFrame nsmallest(std::int64_t n, const Names& columns) const;
  /// Rows with equal `on` in one partition; within a partition rows stand in the order of (old partition, row).
  DataFrame shuffle(const Names& on, const ShuffleOptions& options = {}) const;
  /// This joined with `right` by equal keys. Null equals null and NaN equals NaN, as in pandas. Keys of the same name come once.
  /// Order     as `table/join.hpp` says within a partition. A side of one partition goes to all of the other; else rows go by a hash of their keys.
  /// Errors    ValueError, KeyError, TypeError when it is built.
  /// Example   df.merge(eruptions, {.how = "left", .on = {"volcano_number"}})
  DataFrame merge(const DataFrame& right, const MergeOptions& options = {}) const;
  // The index is a column like others, by whose values rows lie in partitions. What keeps the column keeps the index: rows left out, other
  // columns, renaming, persist.
  /// Sorted by the column over the partitions; divisions are computed now. Sorting by it again, or taking a range of it, needs no exchange.
  /// Errors    KeyError; TypeError for bool; ValueError when a value is missing or NaN, when `.divisions` are not in order or do not hold all
  ///           values, when partitions are not in order though `.sorted` says so.
  /// Cost      the smallest and largest value of each partition and, unless `.sorted`, a sample are computed; the rows when they are needed.
  /// Example   df.set_index("when").loc("2021-01-01", "2021-12-31")
  DataFrame set_index(const Name& name, const SetIndexOptions& options = {}) const;
  DataFrame reset_index() const;  ///< without index; its column stays
  Series index() const;           ///< the index column. ValueError when there is none
  bool known_divisions() const;
  std::vector<Value> divisions() const;  ///< npartitions + 1 values, empty when they are not known
  /// The rows whose index lies between both (both belong to it; null: no bound), from the partitions that can hold them.
  /// Errors    ValueError without index.
  DataFrame loc(const Value& lower, const Value& upper) const;
  DataFrame loc(const Value& value) const;
  /// Merged by the index of both, which keeps the name it has here. Errors    as merge; ValueError without index.
  DataFrame join(const DataFrame& other, const JoinOptions& options = {}) const;
  DataFrame partitions(std::int64_t first, std::int64_t last) const;  ///< partitions [first, last). IndexError
  DataFrame get_partition(std::int64_t n) const;

  /// See ashlar::to_csv, melt, pivot_table.
  std::vector<std::string> to_csv(const std::string& path, const ToCsvOptions& options = {}) const;
  /// Into the group `key` of an HDF5 file, by all workers at once; read back by `read_hdf`. How it lies there: io/README.md. Categories are written as texts.
  /// Errors    IoError; ValueError without columns or for a key without a name. Cost    the frame is computed and kept on the workers until it is written.
  /// Example   df.to_hdf("out.h5", "/table")
  void to_hdf(const std::string& file, const std::string& key, const ToHdfOptions& options = {}) const;
  /// See ashlar::to_parquet (io/parquet.hpp).
  std::vector<std::string> to_parquet(const std::string& folder, const ToParquetOptions& options = {}) const;
  /// Rows and columns as an array, a chunk for each partition; what is missing is NaN. T: double, float, int64, int32, bool.
  /// Errors    TypeError for columns that are no numbers; ValueError (of a task) for values that do not fit into T. Cost    the frame is computed now and
  ///           kept on the workers as long as the array is.
  template <class T = double>
  Array<T> to_dask_array() const;
  template <class T = double>
  Array<T> values() const {
    return to_dask_array<T>();
  }
  DataFrame melt(const MeltOptions& options = {}) const;
  DataFrame pivot_table(const PivotTableOptions& options) const;
  /// Windows of the last rows. ValueError for a window below 1.
  FrameRolling rolling(const RollingOptions& options) const;
  /// Rows grouped by the bin of time that the index, or the column `.on`, says: "D", "2h", "15min", "s", "W", "ME" and what else `table/time_bins.hpp` lists.
  /// Cost      as groupby, and a row for each bin; the first time is computed now where bins begin with it (such as "7h": a day is no multiple of it).
  /// Errors    ValueError without index or for a rule that is none; TypeError unless it is a column of timestamps.
  /// Example   df.set_index("when").resample("ME")[{"height"}].max()
  Resampler resample(const std::string& rule, const ResampleOptions& options = {}) const;

  /// One row for each different row (of `.subset`), in order, in one partition.
  DataFrame drop_duplicates(const DropDuplicatesOptions& options = {}) const;

  // One value per column, as a frame of one row (pandas: a Series). Columns for which it has no meaning are passed over.
  DataFrame sum() const;
  DataFrame mean() const;
  DataFrame min() const;
  DataFrame max() const;
  DataFrame count() const;
  DataFrame std(const DdofOptions& options = {}) const;
  DataFrame var(const DdofOptions& options = {}) const;
  DataFrame prod() const;
  DataFrame any() const;
  DataFrame all() const;
  DataFrame nunique() const;
  DataFrame median() const;
  DataFrame quantile(const QuantileOptions& options = {}) const;
  /// Rows "count", "mean", "std", "min", "25%", "50%", "75%", "max" (column "statistic") of the columns of numbers, as float64.
  DataFrame describe() const;

  // Column by column.
  DataFrame isna() const;
  DataFrame isnull() const { return isna(); }
  DataFrame notna() const;
  DataFrame isin(const Values& values) const;
  DataFrame abs() const;
  DataFrame round(const RoundOptions& options = {}) const;  ///< columns of numbers; the others stay
  DataFrame clip(const ClipOptions& options) const;
  DataFrame astype(const Types& types) const;
  DataFrame where(const Series& condition, const Value& other) const;
  DataFrame mask(const Series& condition, const Value& other) const;
  DataFrame cumsum() const;
  DataFrame cumprod() const;
  DataFrame cummin() const;
  DataFrame cummax() const;
  DataFrame shift(const ShiftOptions& options = {}) const;
  DataFrame diff(const ShiftOptions& options = {}) const;
  DataFrame ffill() const;
  DataFrame bfill() const;

  // Every column with a plain value, or with the column of the same name of `other`, a frame of the same rows.
  DataFrame add(const Value& other) const;
  DataFrame add(const DataFrame& other) const;
  DataFrame sub(const Value& other) const;
  DataFrame sub(const DataFrame& other) const;
  DataFrame mul(const Value& other) const;
  DataFrame mul(const DataFrame& other) const;
  DataFrame div(const Value& other) const;
  DataFrame div(const DataFrame& other) const;
  DataFrame truediv(const Value& other) const { return div(other); }
  DataFrame truediv(const DataFrame& other) const { return div(other); }
  DataFrame floordiv(const Value& other) const;
  DataFrame floordiv(const DataFrame& other) const;
  DataFrame mod(const Value& other) const;
  DataFrame mod(const DataFrame& other) const;
  DataFrame pow(const Value& other) const;
  DataFrame pow(const DataFrame& other) const;
  DataFrame eq(const Value& other) const;
  DataFrame eq(const DataFrame& other) const;
  DataFrame ne(const Value& other) const;
  DataFrame ne(const DataFrame& other) const;
  DataFrame lt(const Value& other) const;
  DataFrame lt(const DataFrame& other) const;
  DataFrame le(const Value& other) const;
  DataFrame le(const DataFrame& other) const;
  DataFrame gt(const Value& other) const;
  DataFrame gt(const DataFrame& other) const;
  DataFrame ge(const Value& other) const;
  DataFrame ge(const DataFrame& other) const;

  /// fn(a, b, …) of the columns named, row by row: pandas' apply(axis=1) with typed arguments. Nulls as in Series::map.
  /// Example   df.assign("bmi", df.apply([](double kg, double m) { return kg / (m * m); }, {"weight", "height"}))
  template <class F>
  Series apply(F fn, const Names& columns) const {
    using Rows = dataframe::OfRows<F>;
    return apply_rows(dataframe::table_function<Rows>(fn), Rows::argument_types(), column_type_of<typename Rows::Result>, columns);
  }

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
  /// What would run to compute it, layer by layer: as it was written, then as the planner makes it: columns and rows that are read, filters that moved.
  void explain(std::ostream& out) const;
  void explain() const;  ///< to standard output

  const dataframe::PlanPtr& node() const { return node_; }

 private:
  friend class GroupBy;
  friend class Series;
  DataFrame assign_node(const Name& name, dataframe::PlanPtr value) const;
  DataFrame map_table_function(dataframe::TableFunction fn, const MapPartitionsOptions& options) const;
  DataFrame extremes(std::int64_t n, const Names& columns, bool ascending) const;
  Series apply_rows(dataframe::TableFunction fn, const std::vector<ColumnType>& arguments, ColumnType result, const Names& columns) const;
  DataFrame row_of(table::Aggregation function, int ddof = 1, double q = 0.5) const;
  template <class Fn>
  DataFrame each(Fn fn) const;

  dataframe::PlanPtr node_;
};

template <class F>
Series Series::map(F fn) const {
  static_assert(dataframe::ElementSignature<F>::arity == 1, "ashlar: Series::map wants a function of one element");
  const DataFrame frame = to_frame();
  return frame.apply(fn, {frame.columns()[0]});
}

template <class F>
Series Series::map_partitions(F fn) const {
  static_assert(std::is_invocable_r_v<Column, F&, Column>, "ashlar: Series::map_partitions wants a function that takes a Column and gives a Column");
  const DataFrame frame = to_frame();
  return frame.map_table_function(dataframe::table_function<dataframe::OfColumn<F>>(fn), {}).column(Name(frame.columns()[0]));
}

template <class F>
DataFrame GroupBy::apply(F fn) const {
  return apply(fn, {});
}
template <class F>
DataFrame GroupBy::apply(F fn, const MapPartitionsOptions& options) const {
  static_assert(std::is_invocable_r_v<Table, F&, Table>, "ashlar: apply wants a function that takes the Table of a group and gives a Table");
  return apply_groups(dataframe::table_function<dataframe::OfPartition<F>>(fn), options);
}
template <class Chunk, class Combine, class Finalize>
DataFrame GroupBy::agg(const Name& column, const Aggregation<Chunk, Combine, Finalize>& how) const {
  using How = Aggregation<Chunk, Combine, Finalize>;
  const auto with_closures = [&](const auto&... functions) {
    Writer out;
    dataframe::AggregatedGroups::write_options(out, options_.dropna);
    (detail::Closure<std::remove_cvref_t<decltype(functions)>>(functions).write(out), ...);
    return out.head();
  };
  return aggregated_by(column, how.name, column_type_of<typename dataframe::ElementsOf<typename How::Argument>::T>, column_type_of<typename How::Result>,
                       {&dataframe::OfValues<Chunk, Combine>::record, with_closures(how.chunk, how.agg)},
                       {&dataframe::OfStates<typename How::State, Combine, Finalize, typename How::Result>::record, with_closures(how.agg, how.finalize)});
}
template <class F>
Series Series::apply(F fn) const {
  return map(fn);
}

/// The structure as Dask prints it: columns, types, npartitions, length of the graph. Computes nothing.
std::ostream& operator<<(std::ostream& out, const DataFrame& frame);

/// One below the other; columns may stand in another order, numeric types are brought to one that holds all.
DataFrame concat(const std::vector<DataFrame>& frames);

/// Written by the workers now: a file for each partition, `*` in the path standing for its number (without `*` the path is a folder that is
/// there, files are called 0.part …), or one file. Gives the names. Floats have as many digits as reading them back needs.
/// Errors    IoError that names the file; KeyError; ValueError for separators of other than one character.
/// Ranks     files are opened where tasks run: every rank must see them. Cost    the text of all partitions is held by the workers once.
std::vector<std::string> to_csv(const DataFrame& frame, const std::string& path, const ToCsvOptions& options = {});
/// The value columns one below the other: id columns, the name of the column, its value. Order    all rows of the first value column, then the next.
/// Errors    KeyError; TypeError for columns of types that do not go together; ValueError.
DataFrame melt(const DataFrame& frame, const MeltOptions& options = {});
/// One row for each different `index` (sorted), a column for each value of `columns`, computed now and sorted, that holds aggfunc of `values`; null
/// where there are no such rows. Rows whose index or `columns` is missing belong nowhere. (pandas leaves out columns and rows of nothing but NaN.)
/// Errors    KeyError, TypeError, ValueError.
DataFrame pivot_table(const DataFrame& frame, const PivotTableOptions& options);

/// left.merge(right, options).
DataFrame merge(const DataFrame& left, const DataFrame& right, const MergeOptions& options = {});

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
