#pragma once
// A transport between threads of one process: what `./app` without mpirun runs on, and tests.

#include <memory>
#include <vector>

#include "ashlar/transport/transport.hpp"

namespace ashlar {

/// `size` connected participants.
std::vector<std::unique_ptr<Transport>> in_process_transports(int size);

}  // namespace ashlar
