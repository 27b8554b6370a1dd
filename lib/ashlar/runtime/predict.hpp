#pragma once
// A calculation on paper: the machines of floor 4 with made-up durations.

#include "ashlar/graph/predict.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {

/// As `al::predict` says, on workers like these.
Prediction predict_on(const std::vector<WorkerInfo>& workers, const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options);

}  // namespace ashlar
