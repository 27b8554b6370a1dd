#pragma once
// The communicator of the workers, for what runs on the collective thread: HDF5, `spmd`, MPI libraries.

#include <mpi.h>

namespace ashlar::mpi {

/// The workers' communicator; the rank in it is the worker's number. MPI_COMM_NULL on a rank that is no worker. Only the collective
/// thread may communicate on it.
MPI_Comm workers_communicator();

/// Set by the runtime while it runs.
void set_workers_communicator(MPI_Comm comm);

}  // namespace ashlar::mpi
