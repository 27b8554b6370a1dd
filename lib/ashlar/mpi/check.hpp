#pragma once
// MPI calls with their error codes turned into MpiError.

#include <mpi.h>

#include <string>

#include "ashlar/base/error.hpp"

namespace ashlar::mpi {

/// Throws MpiError "MPI_Isend failed: <text of the library>" unless `code` is MPI_SUCCESS.
inline void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw MpiError(std::string(call) + " failed: " + std::string(text, static_cast<std::size_t>(length)));
}

}  // namespace ashlar::mpi
