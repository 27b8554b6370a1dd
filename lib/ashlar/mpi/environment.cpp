#include "ashlar/mpi/environment.hpp"

#include <boost/mpi/collectives.hpp>
#include <boost/mpi/communicator.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/vector.hpp>

#include <cstdlib>

#include "ashlar/base/error.hpp"
#include "ashlar/mpi/check.hpp"

namespace ashlar::mpi {

bool launched() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"})
    if (std::getenv(name)) return true;
  return false;
}

void prepare_environment() {
  const auto by_default = [](const char* name, const char* value) { setenv(name, value, /*overwrite=*/0); };
  // With more ranks than cores a rank that spins keeps its neighbour from answering: 17 us a hop instead of 1.8 us.
  by_default("OMPI_MCA_mpi_yield_when_idle", "1");
  // Without a launcher Open MPI would start a daemon, which wants ssh and leaves files behind.
  if (!launched()) by_default("OMPI_MCA_ess_singleton_isolated", "1");
  // The default component for collective file access can hang on chunked writes with this HDF5 (HDFGroup/hdf5 #1227).
  by_default("OMPI_MCA_fcoll", "two_phase,individual");
}

World start(int& argc, char**& argv) {
  int provided = MPI_THREAD_SINGLE;
  check(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  World world;
  check(MPI_Comm_rank(MPI_COMM_WORLD, &world.rank), "MPI_Comm_rank");
  check(MPI_Comm_size(MPI_COMM_WORLD, &world.size), "MPI_Comm_size");
  return world;
}

void finish() { MPI_Finalize(); }

void require_thread_support() {
  int initialized = 0, provided = MPI_THREAD_SINGLE;
  MPI_Initialized(&initialized);
  if (!initialized) throw MpiError("MPI has not been started: call MPI_Init_thread with MPI_THREAD_MULTIPLE first, or use run instead of attach");
  MPI_Query_thread(&provided);
  if (provided >= MPI_THREAD_MULTIPLE) return;
  const char* level = provided == MPI_THREAD_SINGLE ? "MPI_THREAD_SINGLE" : provided == MPI_THREAD_FUNNELED ? "MPI_THREAD_FUNNELED" : "MPI_THREAD_SERIALIZED";
  throw MpiError(std::string("Ashlar needs MPI_THREAD_MULTIPLE: MPI was started with ") + level + " (ask for it in MPI_Init_thread)");
}

void require_own_launcher(const World& world) {
  const char* launched = std::getenv("OMPI_COMM_WORLD_SIZE");
  if (!launched || world.size > 1 || std::atoi(launched) <= 1) return;
  throw MpiError(std::string("the launcher started ") + launched + " ranks and MPI sees one: launcher and MPI library do not belong together");
}

void end_all_ranks(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

std::string first_complaint(MPI_Comm comm, const std::string& own) {
  const boost::mpi::communicator ranks(comm, boost::mpi::comm_attach);
  std::vector<std::string> all;
  boost::mpi::all_gather(ranks, own, all);
  for (const std::string& text : all)
    if (!text.empty()) return text;
  return {};
}

std::vector<RankInfo> exchange(MPI_Comm comm, const RankInfo& own) {
  const boost::mpi::communicator ranks(comm, boost::mpi::comm_attach);
  std::vector<RankInfo> all;
  boost::mpi::all_gather(ranks, own, all);
  return all;
}

void require_same_build(const std::vector<RankInfo>& ranks) {
  for (std::size_t rank = 1; rank < ranks.size(); ++rank) {
    const RankInfo &first = ranks.front(), &other = ranks[rank];
    if (other.build_id == first.build_id && other.wire_version == first.wire_version) continue;
    throw ValueError("the ranks run different builds: rank 0 runs " + first.program + " (build " + first.build_id + "), rank " + std::to_string(rank) + " runs " +
                     other.program + " (build " + other.build_id + ")");
  }
}

int ranks_on_this_host(MPI_Comm comm) {
  MPI_Comm host = MPI_COMM_NULL;
  check(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host), "MPI_Comm_split_type");
  int size = 1;
  check(MPI_Comm_size(host, &size), "MPI_Comm_size");
  MPI_Comm_free(&host);
  return size;
}

}  // namespace ashlar::mpi
