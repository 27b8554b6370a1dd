#pragma once
// The life of one job over a communicator: the ranks get to know each other, workers work, rank 0 runs the body, all end together.

#include <exception>
#include <functional>

#include "ashlar/mpi/environment.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"
#include "ashlar/runtime/settings.hpp"

namespace ashlar {

struct Outcome {
  int exit_code = 0;            ///< the same on every rank
  std::exception_ptr error;     ///< rank 0: what left the body
};

/// Collective over `comm`. With one rank the worker is a thread of this process.
/// Errors    ValueError, the same on every rank, when the ranks run different builds.
Outcome run_job(MPI_Comm comm, const Settings& settings, const std::function<int(SchedulerLoop&)>& body);

}  // namespace ashlar
