#pragma once
// Filters go down to where rows come from, before tasks exist: past steps that look at one row at a time, exchanges and joins, into the reader.
// For sources of this floor.
//
// A filter moves only past what nobody else needs unfiltered, and what replaces a node gives the same rows in the same partitions: no other choice
// (partitions, trees, splitters) depends on whether it moved. Only what cannot fail moves: an error in a row that the filter leaves out comes as before.

#include <functional>
#include <string>
#include <vector>

#include "ashlar/dataframe/plan_graph.hpp"

namespace ashlar::dataframe {

/// Afterwards `plan.at` gives what is to be computed in place of each node that was asked for or that one of these needs.
void push_filters(const std::vector<PlanPtr>& roots, Replacements& plan);

// A conjunct is a bool column of steps that look at one row, on columns of one table (steps `column`) and literals.

/// The columns it reads.
std::vector<std::string> columns_read(const PlanPtr& conjunct);
/// The same with other columns, such as those of another table: `column_for(name)` says which.
PlanPtr with_columns(const PlanPtr& conjunct, const std::function<PlanPtr(const std::string&)>& column_for);
PlanPtr on_table(const PlanPtr& conjunct, const PlanPtr& table);
/// The rows of the table for which all of them are true; the conjuncts are brought to it.
PlanPtr rows_with(const PlanPtr& table, const std::vector<PlanPtr>& conjuncts);
/// All of them as steps over a table, which is operand 0; the last one gives the bool column.
std::vector<Step> as_program(const std::vector<PlanPtr>& conjuncts);
/// As it is written: "(elevation > 3000) & isna(name)".
std::string text_of(const std::vector<PlanPtr>& conjuncts);

}  // namespace ashlar::dataframe
