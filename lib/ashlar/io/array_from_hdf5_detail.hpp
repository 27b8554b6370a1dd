#pragma once
// Which part of a graph reads which dataset.

#include <string>

#include "ashlar/graph/task_graph.hpp"

namespace ashlar::io {

/// True when the tasks of this layer read that dataset of that file.
bool reads(const Layer& layer, const std::string& real_path, const std::string& dataset);

}  // namespace ashlar::io
