#pragma once
// One column of a dataframe, and one value: lazy, with types that are known when they are built.

#include <concepts>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/dataframe/plan.hpp"
#include "ashlar/graph/scalar.hpp"
#include "ashlar/graph/services.hpp"
#include "ashlar/table/elementwise.hpp"
#include "ashlar/table/table.hpp"
#include "ashlar/table/value.hpp"

namespace ashlar {

class DataFrame;
class Series;
class GroupBy;
class Rolling;
class SeriesResampler;
struct GroupbyOptions;
struct RollingOptions;
struct ToCsvOptions;
template <class T>
class Array;

/// What a reduction of a Series gives: one value that is computed when asked for. Takes part in expressions with Series.
///
/// Example   double oldest = df["last_eruption_year"].min().compute().as<double>();
template <>
class Scalar<Value> {
 public:
  using value_type = Value;
  explicit Scalar(dataframe::PlanPtr node) : node_(std::move(node)) {}

  /// Errors    TaskError of the first task that failed.
  Value compute() const;
  Scalar persist() const;
  /// The kind of the value, as far as it is not null.
  ColumnType dtype() const { return node_->value_type; }
  void visualize(const std::string& file = "mydask.png", const VisualizeOptions& options = {}) const;
  void explain(std::ostream& out) const;  ///< as DataFrame::explain
  void explain() const;

  const dataframe::PlanPtr& node() const { return node_; }

 private:
  dataframe::PlanPtr node_;
};

struct ToHdfOptions {
  ASHLAR_OPTIONS;
  std::string mode = "w";       ///< "w": a new file, atomically under its name; "a": into an existing file
  std::string compression = {};  ///< "" or "gzip"
  int compression_opts = 4;
};
struct ToParquetOptions {
  ASHLAR_OPTIONS;
  std::string compression = "snappy";  ///< "snappy", "gzip", "zstd", "brotli", "lz4" or "" (none)
  std::int64_t compression_level = -1;  ///< -1: the usual one
  std::int64_t row_group_size = 1'000'000;  ///< rows of a row group, at most
  bool overwrite = false;               ///< true: what an earlier to_parquet left in the folder is replaced
};
struct DdofOptions {
  ASHLAR_OPTIONS;
  int ddof = 1;  ///< divisor n - ddof
};
struct QuantileOptions {
  ASHLAR_OPTIONS;
  Real q = 0.5;
};
struct ShiftOptions {
  ASHLAR_OPTIONS;
  std::int64_t periods = 1;
};
struct DropDuplicatesOptions {
  ASHLAR_OPTIONS;
  Names subset = {};          ///< rows are told apart by these columns; all when none is named
  std::string keep = "first";  ///< or "last"
};
struct ClipOptions {
  ASHLAR_OPTIONS;
  Value lower = {};
  Value upper = {};
};
struct ValueCountsOptions {
  ASHLAR_OPTIONS;
  bool sort = true;    ///< the most frequent first; false: by first appearance
  bool dropna = true;
};

/// Text methods, element by element: pandas' `.str`. ASCII letters change case; patterns are plain text.
/// Errors    TypeError unless the column is of strings.
class StringMethods {
 public:
  explicit StringMethods(dataframe::PlanPtr node);
  Series upper() const;
  Series lower() const;
  Series strip() const;
  Series lstrip() const;
  Series rstrip() const;
  Series len() const;  ///< characters, not bytes
  Series contains(const Name& part) const;
  Series startswith(const Name& part) const;
  Series endswith(const Name& part) const;
  Series replace(const Name& part, const Name& by) const;
  /// Characters [start, stop) as Python's slices: str().slice(1, 3), str().slice(_, _, -1) with std::nullopt for an open end.
  Series slice(std::optional<std::int64_t> start = std::nullopt, std::optional<std::int64_t> stop = std::nullopt, std::int64_t step = 1) const;
  /// Cut at `separator` into n + 1 columns "0", "1" …, the last with what is left: pandas' split(…, n=n, expand=True). Missing parts are null.
  /// Errors    ValueError for n < 0 or an empty separator.
  DataFrame split(const Name& separator, std::int64_t n) const;

 private:
  dataframe::PlanPtr node_;
};

/// Categories: pandas' `.cat`. Each partition tells its categories apart by itself; what is given here is that of the whole column.
/// Errors    TypeError unless the column is of categories.
class CategoryMethods {
 public:
  explicit CategoryMethods(dataframe::PlanPtr node);
  /// The different texts, sorted. Cost    computes the column's different values now.
  std::vector<std::string> categories() const;
  /// The place of each element among `categories()`, -1 where it is missing: int8, int16 or int32, as many bits as they need.
  /// Cost      as `categories`, now; then a look at each element.
  Series codes() const;

 private:
  dataframe::PlanPtr node_;
};

/// Calendar fields of points in time (UTC): pandas' `.dt`.
/// Errors    TypeError unless the column is of timestamps.
class DateMethods {
 public:
  explicit DateMethods(dataframe::PlanPtr node);
  Series year() const;
  Series month() const;
  Series day() const;
  Series hour() const;
  Series minute() const;
  Series second() const;
  Series microsecond() const;
  Series nanosecond() const;
  Series dayofweek() const;  ///< Monday is 0
  Series weekday() const;
  Series day_of_week() const;
  Series dayofyear() const;
  Series day_of_year() const;
  Series quarter() const;
  Series days_in_month() const;
  Series daysinmonth() const;
  Series is_leap_year() const;
  Series date() const;  ///< the midnight before, a timestamp
  Series normalize() const;

 private:
  dataframe::PlanPtr node_;
};

/// A lazy column. Expressions take columns of one frame (the same rows in the same partitions), Scalars and plain values.
///
/// Errors    TypeError for operands that do not go together (text + number), ValueError for columns of different rows; both when it is built.
class Series {
 public:
  explicit Series(dataframe::PlanPtr node) : node_(std::move(node)) {}

  const std::string& name() const { return node_->series_name; }
  ColumnType dtype() const { return std::get<Column>(node_->sample).type(); }
  std::int64_t npartitions() const { return node_->npartitions; }
  std::int64_t ndim() const { return 1; }
  /// Rows, computed when asked for.
  Scalar<Value> shape() const { return size(); }

  // Reductions. Nulls are passed over. Partial results are merged by a tree that follows from the partitions: the same bits everywhere.
  Scalar<Value> sum() const;
  Scalar<Value> mean() const;
  Scalar<Value> min() const;
  Scalar<Value> max() const;
  Scalar<Value> count() const;    ///< of what is not null
  Scalar<Value> size() const;     ///< of all rows
  Scalar<Value> std(const DdofOptions& options = {}) const;
  Scalar<Value> var(const DdofOptions& options = {}) const;
  Scalar<Value> any() const;
  Scalar<Value> all() const;
  Scalar<Value> nunique() const;
  Scalar<Value> prod() const;
  Scalar<Value> median() const;  ///< exact. Cost    all values in one task
  Scalar<Value> quantile(const QuantileOptions& options = {}) const;
  /// The different values in order of first appearance, one partition; null is one of them.
  Series unique() const;
  Series drop_duplicates(const DropDuplicatesOptions& options = {}) const;
  /// The different values and how often each occurs: columns name() and "count".
  DataFrame value_counts(const ValueCountsOptions& options = {}) const;

  Series isin(const Values& values) const;
  Series fillna(const Value& value) const;
  Series isna() const;
  Series isnull() const { return isna(); }
  Series notna() const;
  Series notnull() const { return notna(); }
  Series dropna() const;  ///< the rows that are not null
  /// This where `condition` is true, else `other`.
  Series where(const Series& condition, const Value& other) const;
  Series where(const Series& condition, const Series& other) const;
  /// This where `condition` is false, else `other`.
  Series mask(const Series& condition, const Value& other) const;
  Series mask(const Series& condition, const Series& other) const;
  Series between(const Value& left, const Value& right) const;  ///< both ends belong to it
  /// Values outside of the bounds become the bounds. Errors    TypeError for text and bool bounds that do not fit; ValueError for lower > upper.
  Series clip(const ClipOptions& options) const;

  // Over all rows in order, across partitions. Nulls stay null and are passed over.
  Series cumsum() const;
  Series cumprod() const;
  Series cummin() const;
  Series cummax() const;
  /// Each row has the value `periods` rows before (behind when negative), null where there is none.
  Series shift(const ShiftOptions& options = {}) const;
  Series diff(const ShiftOptions& options = {}) const;  ///< this minus shift
  Series ffill() const;                                 ///< nulls become the last value before them
  Series bfill() const;
  Series abs() const;
  Series round(int decimals = 0) const;
  Series astype(const Name& type) const;
  Series astype(ColumnType type) const;
  Series rename(const Name& name) const;
  /// The rows where `mask` is true.
  Series operator[](const Series& mask) const;

  /// fn(element) for each element that is not null; fn takes a plain value (numbers convert, text as std::string) and gives one.
  /// A fn that takes std::optional<T> is called for nulls too; one that gives std::optional<T> may give null.
  /// Errors    TypeError when the elements do not convert.
  template <class F>
  Series map(F fn) const;
  template <class F>
  Series apply(F fn) const;  ///< as map
  /// fn(Column) -> Column for each partition. Called once on an empty column for the type of the result.
  template <class F>
  Series map_partitions(F fn) const;
  /// This grouped by another column of the same rows: df["x"].groupby(df["country"]).mean(). ValueError when both have one name.
  GroupBy groupby(const Series& by, const GroupbyOptions& options) const;
  GroupBy groupby(const Series& by) const;
  /// Windows of the last rows. ValueError for a window below 1.
  Rolling rolling(const RollingOptions& options) const;
  /// As DataFrame's: of a column of a frame with an index of times.
  SeriesResampler resample(const std::string& rule) const;
  /// As DataFrame's: of a column of a frame with an index. ValueError without one.
  Series loc(const Value& lower, const Value& upper) const;
  Series loc(const Value& value) const;
  bool known_divisions() const;
  /// A file of one column for each partition, or one: see ashlar::to_csv.
  std::vector<std::string> to_csv(const std::string& path, const ToCsvOptions& options) const;
  std::vector<std::string> to_csv(const std::string& path) const;
  /// A table of one column, and an array of one axis: see DataFrame::to_hdf, to_dask_array.
  void to_hdf(const std::string& file, const std::string& key, const ToHdfOptions& options = {}) const;
  template <class T = double>
  Array<T> to_dask_array() const;
  template <class T = double>
  Array<T> values() const {
    return to_dask_array<T>();
  }

  // pandas' names of the operators.
  template <class R>
  Series add(const R& other) const;
  template <class R>
  Series sub(const R& other) const;
  template <class R>
  Series mul(const R& other) const;
  template <class R>
  Series div(const R& other) const;
  template <class R>
  Series truediv(const R& other) const;
  template <class R>
  Series floordiv(const R& other) const;
  template <class R>
  Series mod(const R& other) const;
  template <class R>
  Series pow(const R& other) const;  ///< integers wrap; a negative power of integers is an error
  template <class R>
  Series eq(const R& other) const;
  template <class R>
  Series ne(const R& other) const;
  template <class R>
  Series lt(const R& other) const;
  template <class R>
  Series le(const R& other) const;
  template <class R>
  Series gt(const R& other) const;
  template <class R>
  Series ge(const R& other) const;
  StringMethods str() const { return StringMethods(node_); }
  DateMethods dt() const { return DateMethods(node_); }
  CategoryMethods cat() const { return CategoryMethods(node_); }

  /// Another number of partitions, rows in their order.
  Series repartition(std::int64_t npartitions) const;
  DataFrame to_frame() const;
  DataFrame to_frame(const Name& name) const;
  /// The first n rows, computed. Cost    reads partitions until there are n.
  Table head(std::int64_t n = 5) const;
  Table tail(std::int64_t n = 5) const;
  /// Rows, computed.
  std::int64_t len() const;
  Column compute() const;
  Series persist() const;
  void visualize(const std::string& file = "mydask.png", const VisualizeOptions& options = {}) const;
  void explain(std::ostream& out) const;  ///< as DataFrame::explain
  void explain() const;

  const dataframe::PlanPtr& node() const { return node_; }

 private:
  dataframe::PlanPtr node_;
};

/// The structure as Dask prints one: name, type, npartitions, graph. Computes nothing.
std::ostream& operator<<(std::ostream& out, const Series& series);
std::ostream& operator<<(std::ostream& out, const Scalar<Value>& scalar);

// ---------------------------------------------------------------- operators
namespace detail {

template <class T>
concept frame_operand = std::same_as<std::remove_cvref_t<T>, Series> || std::same_as<std::remove_cvref_t<T>, Scalar<Value>>;
template <class T>
concept plain_value = std::constructible_from<Value, const T&> && !frame_operand<T>;
template <class L, class R>
concept frame_operands = (frame_operand<L> && (frame_operand<R> || plain_value<R>)) || (plain_value<L> && frame_operand<R>);
template <class L, class R>
using frame_result = std::conditional_t<std::same_as<L, Series> || std::same_as<R, Series>, Series, Scalar<Value>>;

inline const dataframe::PlanPtr& plan_of(const Series& s) { return s.node(); }
inline const dataframe::PlanPtr& plan_of(const Scalar<Value>& s) { return s.node(); }
template <plain_value T>
dataframe::PlanPtr plan_of(const T& value) {
  return dataframe::literal(Value(value));
}

dataframe::PlanPtr frame_arithmetic(table::Arithmetic op, const dataframe::PlanPtr& a, const dataframe::PlanPtr& b);
dataframe::PlanPtr frame_compare(table::Comparison op, const dataframe::PlanPtr& a, const dataframe::PlanPtr& b);
dataframe::PlanPtr frame_logic(table::Logic op, const dataframe::PlanPtr& a, const dataframe::PlanPtr& b);
dataframe::PlanPtr frame_invert(const dataframe::PlanPtr& a);
dataframe::PlanPtr frame_negate(const dataframe::PlanPtr& a);

}  // namespace detail

#define ASHLAR_FRAME_OPERATOR(sign, function, op)                             \
  template <class L, class R>                                                 \
    requires detail::frame_operands<L, R>                                     \
  detail::frame_result<L, R> operator sign(const L& a, const R& b) {          \
    return detail::frame_result<L, R>(detail::function(op, detail::plan_of(a), detail::plan_of(b))); \
  }
ASHLAR_FRAME_OPERATOR(+, frame_arithmetic, table::Arithmetic::add)
ASHLAR_FRAME_OPERATOR(-, frame_arithmetic, table::Arithmetic::subtract)
ASHLAR_FRAME_OPERATOR(*, frame_arithmetic, table::Arithmetic::multiply)
ASHLAR_FRAME_OPERATOR(/, frame_arithmetic, table::Arithmetic::divide)
ASHLAR_FRAME_OPERATOR(%, frame_arithmetic, table::Arithmetic::remainder)
ASHLAR_FRAME_OPERATOR(==, frame_compare, table::Comparison::equal)
ASHLAR_FRAME_OPERATOR(!=, frame_compare, table::Comparison::not_equal)
ASHLAR_FRAME_OPERATOR(<, frame_compare, table::Comparison::less)
ASHLAR_FRAME_OPERATOR(<=, frame_compare, table::Comparison::less_equal)
ASHLAR_FRAME_OPERATOR(>, frame_compare, table::Comparison::greater)
ASHLAR_FRAME_OPERATOR(>=, frame_compare, table::Comparison::greater_equal)
ASHLAR_FRAME_OPERATOR(&, frame_logic, table::Logic::and_)
ASHLAR_FRAME_OPERATOR(|, frame_logic, table::Logic::or_)
ASHLAR_FRAME_OPERATOR(^, frame_logic, table::Logic::xor_)
// && and || mean & and |, as they must in expressions that are not evaluated yet.
ASHLAR_FRAME_OPERATOR(&&, frame_logic, table::Logic::and_)
ASHLAR_FRAME_OPERATOR(||, frame_logic, table::Logic::or_)
#undef ASHLAR_FRAME_OPERATOR
template <detail::frame_operand A>
A operator~(const A& a) {
  return A(detail::frame_invert(a.node()));
}
template <detail::frame_operand A>
A operator!(const A& a) {
  return A(detail::frame_invert(a.node()));
}
template <detail::frame_operand A>
A operator-(const A& a) {
  return A(detail::frame_negate(a.node()));
}
/// `//` of Python: rounds down.
template <class L, class R>
  requires detail::frame_operands<L, R>
detail::frame_result<L, R> floor_divide(const L& a, const R& b) {
  return detail::frame_result<L, R>(detail::frame_arithmetic(table::Arithmetic::floor_divide, detail::plan_of(a), detail::plan_of(b)));
}

#define ASHLAR_FRAME_METHOD(name, function, op)                                                 \
  template <class R>                                                                            \
  Series Series::name(const R& other) const {                                                   \
    static_assert(detail::frame_operands<Series, R>, "ashlar: a Series goes together with a Series, a Scalar or a plain value"); \
    return Series(detail::function(op, node_, detail::plan_of(other)));                         \
  }
ASHLAR_FRAME_METHOD(add, frame_arithmetic, table::Arithmetic::add)
ASHLAR_FRAME_METHOD(sub, frame_arithmetic, table::Arithmetic::subtract)
ASHLAR_FRAME_METHOD(mul, frame_arithmetic, table::Arithmetic::multiply)
ASHLAR_FRAME_METHOD(div, frame_arithmetic, table::Arithmetic::divide)
ASHLAR_FRAME_METHOD(truediv, frame_arithmetic, table::Arithmetic::divide)
ASHLAR_FRAME_METHOD(floordiv, frame_arithmetic, table::Arithmetic::floor_divide)
ASHLAR_FRAME_METHOD(mod, frame_arithmetic, table::Arithmetic::remainder)
ASHLAR_FRAME_METHOD(pow, frame_arithmetic, table::Arithmetic::power)
ASHLAR_FRAME_METHOD(eq, frame_compare, table::Comparison::equal)
ASHLAR_FRAME_METHOD(ne, frame_compare, table::Comparison::not_equal)
ASHLAR_FRAME_METHOD(lt, frame_compare, table::Comparison::less)
ASHLAR_FRAME_METHOD(le, frame_compare, table::Comparison::less_equal)
ASHLAR_FRAME_METHOD(gt, frame_compare, table::Comparison::greater)
ASHLAR_FRAME_METHOD(ge, frame_compare, table::Comparison::greater_equal)
#undef ASHLAR_FRAME_METHOD

namespace detail {

template <>
struct CollectionTraits<Series> {
  static std::vector<TaskRef> lower(const Series& s, GraphBuilder& builder) { return dataframe::lower(s.node(), builder); }
  static Column assemble(const Series& s, std::span<const Object> objects);
  static Series persisted(const Series& s, std::vector<ResultHandle> results) { return Series(dataframe::persisted(s.node(), std::move(results))); }
  static std::size_t count(const Series& s) { return static_cast<std::size_t>(s.npartitions()); }
};
template <>
struct CollectionTraits<Scalar<Value>> {
  static std::vector<TaskRef> lower(const Scalar<Value>& s, GraphBuilder& builder) { return dataframe::lower(s.node(), builder); }
  static Value assemble(const Scalar<Value>&, std::span<const Object> objects) { return objects[0].get<Value>(); }
  static Scalar<Value> persisted(const Scalar<Value>& s, std::vector<ResultHandle> results) {
    return Scalar<Value>(dataframe::persisted(s.node(), std::move(results)));
  }
  static std::size_t count(const Scalar<Value>&) { return 1; }
};

}  // namespace detail
}  // namespace ashlar
