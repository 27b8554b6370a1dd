#pragma once
// MPI's start and end, and what the ranks tell each other first.

#include <mpi.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ashlar::mpi {

/// Sets what Open MPI reads before it starts: yielding when idle, a single process without a daemon, components that are safe here. Values the
/// user has set stay. Must come before MPI_Init.
void prepare_environment();

/// This process's place among the ranks that MPI was started with.
struct World {
  int rank = 0, size = 1;
};

/// MPI_Init_thread with MPI_THREAD_MULTIPLE. Whether that level was reached says `require_thread_support`.
World start(int& argc, char**& argv);
/// MPI_Finalize.
void finish();
/// MpiError, which names both levels, unless MPI runs with MPI_THREAD_MULTIPLE.
void require_thread_support();
/// MpiError when the launcher has started several ranks and MPI sees only this one.
void require_own_launcher(const World& world);
/// Ends all processes, now, with this exit code.
[[noreturn]] void end_all_ranks(int exit_code);
/// The rank in MPI_COMM_WORLD.
int world_rank();

/// What one rank tells the others at start.
struct RankInfo {
  std::string host;
  int pid = 0;
  std::string program, build_id;  ///< of the main module
  std::uint32_t wire_version = 0;
  int threads = 1;
  std::int64_t memory_limit = 0;
  std::int64_t simd_targets = 0;
  std::vector<std::pair<std::string, std::int64_t>> resources;  ///< what tasks may take of this rank's worker, in millionths

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive & host & pid & program & build_id & wire_version & threads & memory_limit & simd_targets & resources;
  }
};

/// Everybody's info, by rank. Collective over `comm`.
std::vector<RankInfo> exchange(MPI_Comm comm, const RankInfo& own);

/// Of the texts that the ranks give, the first that is not empty, the same on every rank: an error that only some of them met must end all.
/// Collective over `comm`.
std::string first_complaint(MPI_Comm comm, const std::string& own);

/// ValueError, the same on every rank, when the ranks do not run one build: "rank 2 runs …/app build …, rank 0 runs …".
void require_same_build(const std::vector<RankInfo>& ranks);

/// Number of ranks the launcher started on this rank's host, 1 without a launcher.
int ranks_on_this_host(MPI_Comm comm);

/// True when a launcher (mpirun, srun) started this process.
bool launched();

}  // namespace ashlar::mpi
