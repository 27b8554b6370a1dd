#pragma once
// Joins of two tables by equal keys: a hash index of the right rows (of the left ones for `right`), asked once for each row of the other
// side.
//
// Keys      equal as in a group-by: -0.0 equals 0.0, NaN equals NaN, and null equals null (as in pandas, unlike SQL).
// Order     inner, left, outer, semi, anti, cross: rows of the left side in their order, for each its partners in their order; outer: then
// the
//           right rows without a partner in theirs. right: rows of the right side in their order, for each its partners in theirs.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/table/table.hpp"

namespace ashlar::table {

enum class JoinKind : std::uint8_t { inner, left, right, outer, semi, anti, cross };
/// "inner", "left", "right", "outer", "leftsemi" (also "semi"), "leftanti" ("anti"), "cross". ValueError that lists them.
JoinKind join_kind_from_name(std::string_view name);

/// Row pairs of the result; -1 where there is no partner. `left_in_order`: the left rows are 0, 1, 2 … and `left` is empty.
struct JoinRows {
  std::vector<std::int64_t> left, right;
  bool left_in_order = false;
};
/// Keys of both sides have the same types. For semi and anti `right` is empty. Not for cross.
JoinRows join_rows(std::span<const Column> left, std::span<const Column> right, JoinKind kind);

struct Join {
  JoinKind kind = JoinKind::inner;
  std::vector<std::string> left_on = {}, right_on = {};
  std::string left_suffix = "_x", right_suffix = "_y";
  bool indicator = false;  ///< a column "_merge" that says "both", "left_only" or "right_only"

  void encode(Writer& out) const;
  static Join decode(Reader& in);
};

/// Where a column of the result comes from.
struct JoinColumn {
  enum class From : std::uint8_t { left, right, both, indicator };
  std::string name;
  From from = From::left;
  std::string source = {};  ///< its name there; of `both` the left one
  std::string right = {};   ///< of `both`: the right one

  void encode(Writer& out) const;
  static JoinColumn decode(Reader& in);
};
/// The columns of left, then those of right; keys of the same name on both sides once. Other names that both have get the suffixes.
/// Errors    KeyError for keys that are not there; ValueError for another number of keys, no keys, keys with cross, or a name that comes
/// out twice.
std::vector<JoinColumn> join_columns(const std::vector<std::string>& left, const std::vector<std::string>& right, const Join& how);

/// The joined table. Keys of two numeric types are compared as the type that holds both.
/// Errors    as join_columns; TypeError for keys of kinds that are never equal, such as int64 and string.
Table join(const Table& left, const Table& right, const Join& how);
/// The same with these columns of the result only; the tables may lack what these do not need.
Table join(const Table& left, const Table& right, const Join& how, std::span<const JoinColumn> columns);

/// The type in which two keys are compared. TypeError as for join.
ColumnType join_key_type(const std::string& left_name, ColumnType left, const std::string& right_name, ColumnType right);

}  // namespace ashlar::table
