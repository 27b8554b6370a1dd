#pragma once
// Errors that all ranks throw together, or none does: otherwise one would leave while the others wait in the next collective call.

#include <mpi.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

namespace ashlar::hdf5 {

/// If any rank brings an error, every rank throws that of the lowest such rank.
/// Ranks     collective over `comm`: one allreduce of 4 bytes; on error two broadcasts.
void agree(MPI_Comm comm, const std::exception_ptr& error);

/// Runs `fn` and catches what it throws, to be brought to `agree`.
std::exception_ptr caught(const std::function<void()>& fn);

/// The same bytes on every rank.
void broadcast(MPI_Comm comm, std::vector<std::byte>& bytes);

}  // namespace ashlar::hdf5
