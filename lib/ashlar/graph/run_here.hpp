#pragma once
// The slow, obvious way to run a graph: one task after another in this thread, inputs looked up in a map. It is the oracle that
// everything else is compared with, and what collections use when no client is running.

#include "ashlar/graph/evaluator.hpp"

namespace ashlar {

/// The values of `wanted`. What a task throws comes out as a TaskError with rank 0.
std::vector<Object> run_here(const TaskGraph& graph, std::span<const TaskRef> wanted);

/// An evaluator made of `run_here`.
Evaluator& local_evaluator();

/// Runs one task and turns what it throws into a TaskError that names key, rank and arguments. The one place where user code
/// of tasks is called. A TaskError that comes out of a graph which the task ran gets this task's key and rank: it is the one the client knows.
Object run_task(const Operation& operation, TaskInput& task);
/// True while this thread is inside a task.
bool inside_local_task();

}  // namespace ashlar
