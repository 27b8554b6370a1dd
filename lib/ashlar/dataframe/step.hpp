#pragma once
// One thing that is done to a partition: an instruction of the program that a fused task runs. Plain data, sent once per layer.

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/dataframe/table_function.hpp"
#include "ashlar/table/aggregation.hpp"
#include "ashlar/table/group.hpp"
#include "ashlar/table/table.hpp"
#include "ashlar/table/value.hpp"

namespace ashlar::dataframe {

/// What a step gives: the partition as a table or one column of it, one value, or a state that is merged with those of other partitions.
using Register = std::variant<std::monostate, Table, Column, Value, table::Reduction, table::GroupPartial>;
enum class Produces : std::uint8_t { nothing, table, column, value, reduction, groups };
inline Produces produced(const Register& r) { return static_cast<Produces>(r.index()); }

enum class StepKind : std::uint8_t {
  // fields that are used stand behind each; operands are named first
  input,          ///< result number `n` of another task
  literal,        ///< values[0]
  column,         ///< table: names[0]
  to_frame,       ///< column: names[0]
  select,         ///< table: names
  assign,         ///< table, column or value: names[0]
  rename,         ///< table: names become others
  filter,         ///< table or column, bool column
  sort,           ///< table: names, flags (ascending), n (nulls last)
  head,           ///< table: n
  tail,           ///< table: n
  map,            ///< table: function; names and types it announced
  distinct,       ///< table: names (all columns when empty), n (keep the last)
  group_largest,  ///< table: names (keys), others[0] (the column), n, flags (largest, dropna)
  split_text,     ///< column: names[0] (the separator), others (names of the columns that come out)
  arithmetic,     ///< two columns or values: op
  compare,
  logic,
  invert,         ///< one column or value
  negate,
  absolute,
  round,          ///< n decimals
  isna,
  notna,
  fillna,         ///< values[0]
  isin,           ///< values
  where,          ///< bool column, two columns or values
  cast,           ///< type
  clip,           ///< values (lower, upper)
  cumulative,     ///< column, table of one column and at most one row (what the rows before come to): op
  cumulative_total, ///< column: op; a table of one row
  shift,          ///< column, table of one column (rows of other partitions that come in): n
  fill,           ///< column, table as for shift: n (backward)
  rolling,        ///< column, table as for shift: op (Rolling::Function), n (window), values (min_periods, ddof, q)
  string_method,  ///< column: op, names, values
  calendar_field, ///< column: op
  reduce,         ///< column: op (Aggregation), n (ddof), values[0] (q)
  finish_reduction,
  group,          ///< table: names (keys), aggregates, n (dropna)
  finish_groups,  ///< groups: n (sort)
  value_counts,   ///< groups
};

enum class StringMethod : std::uint8_t { upper, lower, len, contains, startswith, endswith, strip, lstrip, rstrip, replace, slice };
enum class CalendarField : std::uint8_t { year, month, day, hour, minute, second, microsecond, nanosecond, dayofweek, dayofyear, quarter, days_in_month, is_leap_year, date };

struct Step {
  StepKind kind = StepKind::input;
  std::uint8_t op = 0;
  std::int64_t n = 0;
  ColumnType type = ColumnType::float64;  ///< of the resulting column, settled when the step is made
  std::vector<std::int32_t> operands = {};
  std::vector<std::string> names = {}, others = {};
  std::vector<std::string> keep = {};     ///< columns of the resulting table that somebody needs; empty: all
  std::vector<Value> values = {};
  std::vector<std::uint8_t> flags = {};
  std::vector<ColumnType> types = {};
  std::vector<table::Aggregate> aggregates = {};
  TableFunction function = {};

  void encode(Writer& out) const;
  static Step decode(Reader& in);
};

/// Carries a step out. `operands` are those of step.operands, in their order; for `input` the object that was loaded.
/// `settled`: step.type is known and columns are brought to it; false while it is being found out.
/// Errors    what the kernels of the table floor throw.
Register run_step(const Step& step, std::span<const Register* const> operands, bool settled = true);

/// The table, if it has these columns. Errors    TypeError that says what was announced and what came.
const Table& require_schema(const Table& found, const std::vector<std::string>& names, const std::vector<ColumnType>& types, std::string_view who);

}  // namespace ashlar::dataframe
