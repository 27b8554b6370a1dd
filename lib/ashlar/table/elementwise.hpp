#pragma once
// Kernels that make a column from columns of the same length, element by element. Results' types are NumPy 2's; a null on either side
// gives a null (logic aside), integers with nulls stay integers. Each has a `…_type` that answers without data: dataframes know types early.

#include <variant>

#include "ashlar/table/column.hpp"
#include "ashlar/table/value.hpp"

namespace ashlar::table {

enum class Arithmetic { add, subtract, multiply, divide, floor_divide, remainder, power };
enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal };
enum class Logic { and_, or_, xor_ };

/// The sign as it is written in C++: "+", "<=", "&"; "//", "%" and "**" for floor_divide, remainder and power.
std::string_view symbol(Arithmetic op);
std::string_view symbol(Comparison op);
std::string_view symbol(Logic op);

/// A column, or one value that stands for a column of it.
class Operand {
 public:
  /// Categories are computed with as the texts they stand for.
  Operand(Column column) : v_(column.type() == ColumnType::category ? column.cast(ColumnType::string) : std::move(column)) {}
  Operand(Value value) : v_(std::move(value)) {}
  bool is_scalar() const { return v_.index() == 1; }
  const Column& column() const { return std::get<0>(v_); }
  const Value& scalar() const { return std::get<1>(v_); }

 private:
  std::variant<Column, Value> v_;
};

/// What `…_type` needs of an operand. Numbers given as values are weak, as Python's in NumPy 2: they take the column's type.
struct OperandType {
  OperandType(ColumnType t) : type(t) {}
  OperandType(const Value& value) : type(value.is_null() ? ColumnType::float64 : value.type()), scalar(true), null(value.is_null()) {}
  OperandType(const Operand& operand) : OperandType(operand.is_scalar() ? OperandType(operand.scalar()) : OperandType(operand.column().type())) {}
  ColumnType type;
  bool scalar = false;
  bool null = false;
};

/// a op b. Integers wrap on overflow; floor_divide and remainder follow Python's signs and give 0 for integers divided by 0, as NumPy.
/// `/` of integers is float64. bool: + is or, * is and, / is float64. Strings add. timestamp - timestamp is a duration; timestamp ± duration,
/// duration ± duration, duration * and / numbers, duration / duration (float64), duration // duration (int64) and % exist.
/// power: integers wrap; an integer to a negative power is an error, as in NumPy.
/// Errors    TypeError for other kinds; ShapeError when lengths differ; ValueError for a value that the column's type cannot hold.
Column arithmetic(Arithmetic op, const Operand& a, const Operand& b);
ColumnType arithmetic_type(Arithmetic op, OperandType a, OperandType b);

/// a op b as bool; null where either is. int64 and uint64 compare exactly. A timestamp column takes text: "2020-05-12".
/// Errors    TypeError when the kinds have no order (== and != are then false and true); ShapeError; ValueError for text that is no time.
Column compare(Comparison op, const Operand& a, const Operand& b);

/// Three-valued logic: false & null is false, true | null is true, else null.
/// Errors    TypeError when an operand is not bool; ShapeError.
Column logic(Logic op, const Operand& a, const Operand& b);
/// Not; null stays null. TypeError when not bool.
Column invert(const Column& a);

/// -a, for signed and unsigned integers (wraps), floats and durations.
Column negate(const Column& a);
Column absolute(const Column& a);
/// Rounded half to even at `decimals` digits behind the point (negative: before it). Integers too.
Column round(const Column& a, int decimals = 0);

/// True where missing. NaN is a number, not missing.
Column isna(const Column& a);
Column notna(const Column& a);
/// The column with `value` in place of nulls; keeps its type.
/// Errors    TypeError or ValueError when the type cannot hold the value.
Column fillna(const Column& a, const Value& value);
/// True where the element is one of `values`; a null only when a null is among them. Never null.
Column isin(const Column& a, const Values& values);
/// `a` where `condition` is true, else `b`. Null where the condition is.
Column where(const Column& condition, const Operand& a, const Operand& b);

}  // namespace ashlar::table
