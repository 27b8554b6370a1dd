#pragma once
// Small partitions that are put together anyway are read, worked on and put together by one task. For sources of this floor.

#include <memory>
#include <vector>

#include "ashlar/dataframe/plan_graph.hpp"

namespace ashlar::dataframe {

/// What one task may go through when several partitions are joined to it: some milliseconds of work, many times what a task costs by itself.
inline constexpr std::int64_t joined_bytes = std::int64_t{4} << 20;

/// The layer `joining`, whose tasks put results of neighbours together, with what makes these results inside: for each of them a task of `source`, which
/// has no inputs, and on its result the task of `program`, which has no other input (null: none). Every result is what it is without that.
/// `joining`: its inputs are tasks of layer 0, numbered as the source's.
std::shared_ptr<const Layer> joined_tasks(const std::shared_ptr<const Layer>& source, const std::shared_ptr<const Layer>& program, const std::shared_ptr<const Layer>& joining);

/// Exchanges whose input are many small partitions of a source get them joined: of n partitions and m receivers there are n m pieces.
void join_before_exchanges(const std::vector<PlanPtr>& roots, Replacements& plan);

}  // namespace ashlar::dataframe
