#pragma once
// The tasks of a write: opening and closing, together; and for each chunk of an array its way into the file.
//
//   not compressed    chunk -> write where it was made
//   compressed        chunk -> encode where it was made -> write on the first worker, which alone has the file open

#include "ashlar/graph/task_graph.hpp"
#include "ashlar/io/write_plan_detail.hpp"

namespace ashlar::io {

/// Collective over the workers.
std::shared_ptr<const Operation> open_for_writing(std::int64_t write, const std::vector<FilePlan>& plans, const Groups& groups);
/// Collective. `failure`: what went wrong elsewhere; empty: nothing.
std::shared_ptr<const Operation> close_after_writing(std::int64_t write, const std::string& failure);

/// Adds the tasks that write one array; `wanted` gets the last of each chunk.
void add_writes(GraphBuilder& builder, const ArrayStore& store, std::int64_t write, const Place& place, hdf5::Writers writers, const Groups& groups, std::vector<TaskRef>& wanted);

/// The groups of an option `workers_per_file`: runs of so many workers, or those that share a machine.
Groups groups_of_workers(int workers_per_file);

}  // namespace ashlar::io
