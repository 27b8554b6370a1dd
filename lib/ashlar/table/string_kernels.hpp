#pragma once
// Kernels on string columns (what `.str` of a Series is made of) and on timestamps (`.dt`). Nulls stay null.
// Errors    TypeError when the column is of another type, for each function here.

#include <optional>
#include <string_view>
#include <vector>

#include "ashlar/table/column.hpp"

namespace ashlar::table {

/// Letters of ASCII change case, all other characters stay.
Column upper(const Column& a);
Column lower(const Column& a);
/// Characters (not bytes) of UTF-8, int64.
Column len(const Column& a);
/// Whether `part` occurs in it, letter by letter (no regular expressions).
Column contains(const Column& a, std::string_view part);
Column startswith(const Column& a, std::string_view part);
Column endswith(const Column& a, std::string_view part);
/// Without blanks (space, tab, line ends) at both ends.
Column strip(const Column& a);
Column lstrip(const Column& a);
Column rstrip(const Column& a);
/// Every occurrence of `part` replaced, from the left; letter by letter (no regular expressions). An empty `part` stands between all characters.
Column replace(const Column& a, std::string_view part, std::string_view by);
/// Characters [start, stop) as Python's slices count them: negative from the end, left out from the start or to the end, every `step`-th.
/// Errors    ValueError for step 0.
Column slice(const Column& a, std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step = 1);
/// Cut at `separator` into at most `n` columns; the last one keeps what is left, columns that get nothing are null.
/// Errors    ValueError for an empty separator or n < 1.
std::vector<Column> split(const Column& a, std::string_view separator, std::int64_t n);

/// int32, as pandas.
Column year(const Column& a);
Column month(const Column& a);
Column day(const Column& a);
Column hour(const Column& a);
Column minute(const Column& a);
Column second(const Column& a);
Column microsecond(const Column& a);  ///< of the second, without nanoseconds
Column nanosecond(const Column& a);   ///< of the microsecond
Column dayofweek(const Column& a);    ///< Monday is 0
Column dayofyear(const Column& a);    ///< from 1
Column quarter(const Column& a);
Column days_in_month(const Column& a);
Column is_leap_year(const Column& a);  ///< bool
/// The midnight that the day began with, a timestamp.
Column date(const Column& a);

}  // namespace ashlar::table
