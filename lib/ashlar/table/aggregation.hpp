#pragma once
// Reductions of columns as states that can be merged: build one per partition, merge them in the order of the partitions, finish.
// The result depends on the values and where the partitions end, never on who computed what when. Nulls are passed over; NaN is a number.

#include <memory>
#include <string>

#include "ashlar/table/column.hpp"

namespace ashlar::table {

enum class Aggregation : std::uint8_t { sum, mean, min, max, count, size, std, var, first, last, nunique, any, all, median, prod, quantile };

/// "mean" -> Aggregation::mean. ValueError that lists them all.
Aggregation aggregation_from_name(std::string_view name);
std::string_view name(Aggregation function);
/// The type of the result: sums of integers are int64 or uint64, means float64 (of float32: float32), counts int64; the first of
/// categories is a string.
/// Errors    TypeError, such as for the mean of strings.
ColumnType aggregation_type(Aggregation function, ColumnType type);

/// The states of one aggregation for many groups at once.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  /// Makes room for `groups` groups; new ones are empty.
  virtual void resize(std::int64_t groups) = 0;
  /// Takes rows in; groups[row] says where, KeyIndex::dropped nowhere. A null pointer: all into group 0.
  virtual void update(const Column& values, const std::uint32_t* groups) = 0;
  /// Takes in the states of `later` rows: its group g becomes part of mapping[g]. Same function and type as this.
  virtual void merge(const Accumulator& later, const std::uint32_t* mapping) = 0;
  /// One element per group; null where a group has nothing to say (the mean of no values).
  virtual Column finish() const = 0;
  virtual void encode(Writer& out) const = 0;
  virtual void decode(Reader& in) = 0;
  virtual std::int64_t nbytes() const = 0;
};

/// `ddof` is for std and var, `q` for quantile. Float sums are compensated, integer sums and products exact modulo 2^64, means of integers exact
/// before the division. Medians and quantiles are exact: their states hold every value. A NaN among the values makes them NaN.
/// Errors    TypeError when there is no such aggregation of this type; ValueError for q outside [0, 1].
std::unique_ptr<Accumulator> make_accumulator(Aggregation function, ColumnType type, int ddof = 1, double q = 0.5);

/// The column, or its texts where it is of categories and these are more than counted.
Column aggregated_as(Aggregation function, const Column& column);

/// One aggregation of a whole column, ready to be merged with those of later parts.
///
/// Example   auto total = Reduction::build(Aggregation::sum, part0); total.merge(Reduction::build(Aggregation::sum, part1)); total.finish();
class Reduction {
 public:
  static Reduction build(Aggregation function, const Column& column, int ddof = 1, double q = 0.5);
  /// Takes in the reduction of rows that come after those seen here. TypeError when it is another function or type.
  void merge(const Reduction& later);
  /// Null where nothing was seen and the function has no value for that; sum gives 0, prod 1, count 0, any false, all true.
  Value finish() const;
  ColumnType type() const { return aggregation_type(function_, type_); }
  std::int64_t nbytes() const { return state_->nbytes(); }

  void encode(Writer& out) const;
  static Reduction decode(Reader& in);

 private:
  Aggregation function_ = Aggregation::count;
  ColumnType type_ = ColumnType::float64;
  int ddof_ = 1;
  double q_ = 0.5;
  std::shared_ptr<Accumulator> state_;
};

}  // namespace ashlar::table
