#include "ashlar/mpi/workers.hpp"

#include <atomic>

namespace ashlar::mpi {
namespace {
std::atomic<MPI_Comm> communicator{MPI_COMM_NULL};
}

MPI_Comm workers_communicator() { return communicator; }
void set_workers_communicator(MPI_Comm comm) { communicator = comm; }

}  // namespace ashlar::mpi
