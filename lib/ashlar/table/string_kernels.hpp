#pragma once
// Kernels on string columns (what `.str` of a Series is made of) and on timestamps (`.dt`). Nulls stay null.
// Errors    TypeError when the column is of another type, for each function here.

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

/// int32, as pandas.
Column year(const Column& a);
Column month(const Column& a);
Column day(const Column& a);
Column hour(const Column& a);
Column minute(const Column& a);
Column second(const Column& a);

}  // namespace ashlar::table
