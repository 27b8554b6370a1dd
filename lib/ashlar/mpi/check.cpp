#include "ashlar/mpi/check.hpp"

#include <string>

#include "ashlar/base/error.hpp"

namespace ashlar::mpi {

void fail(int code, const char* call) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw MpiError(std::string(call) + " failed: " + std::string(text, static_cast<std::size_t>(length)));
}

}  // namespace ashlar::mpi
