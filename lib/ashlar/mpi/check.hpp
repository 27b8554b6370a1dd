#pragma once
// MPI calls with their error codes turned into MpiError.

#include <mpi.h>

namespace ashlar::mpi {

/// Throws MpiError "MPI_Isend failed: <text of the library>".
[[noreturn]] void fail(int code, const char* call);

/// The same unless `code` is MPI_SUCCESS.
inline void check(int code, const char* call) {
  if (code != MPI_SUCCESS) fail(code, call);
}

}  // namespace ashlar::mpi
