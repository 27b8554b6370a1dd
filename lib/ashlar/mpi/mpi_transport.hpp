#pragma once
// Parcels over MPI point-to-point messages on a communicator of their own.
//
// A parcel is one head message (tag 1: sizes, then the head's bytes) and its buffers as raw messages (tag 2), cut at 1 GiB. Heads are
// taken by matched probes in the order of arrival; their parts are posted in that order, and MPI keeps the order between a pair
// on one tag, so parts need no numbers. Nothing ever blocks: two ranks that send more than the eager limit at each
// other would wait for ever.

#include <mpi.h>

#include <memory>

#include "ashlar/transport/transport.hpp"

namespace ashlar {

/// Over a duplicate of `comm`. Collective. The transport must be destroyed before MPI_Finalize, on all ranks.
std::unique_ptr<Transport> mpi_transport(MPI_Comm comm);

}  // namespace ashlar
