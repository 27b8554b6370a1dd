#pragma once
// Ashlar inside an MPI program that is already running.

#include <mpi.h>

#include "ashlar/runtime/run.hpp"

namespace ashlar {

namespace detail {
int attach_program(MPI_Comm comm, const std::function<int(Client&)>& body);
}

/// As `run`, over the ranks of `comm`; MPI stays started. May be called again, also over other communicators.
///
/// Ranks     collective over `comm`. Rank 0 of it gets the body.
/// Errors    MpiError on every rank unless MPI was started with MPI_THREAD_MULTIPLE. An exception of the body leaves `attach` on rank 0
///           as it is; the other ranks return 1.
template <class F>
  requires std::invocable<F&, Client&>
int attach(MPI_Comm comm, F&& body) {
  return detail::attach_program(comm, detail::body_of(body));
}

}  // namespace ashlar
