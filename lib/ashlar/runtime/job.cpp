#include "ashlar/runtime/job.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <thread>

#include "ashlar/base/descriptor.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/graph/services.hpp"
#include "ashlar/mpi/check.hpp"
#include "ashlar/mpi/environment.hpp"
#include "ashlar/mpi/mpi_transport.hpp"
#include "ashlar/mpi/workers.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ashlar/runtime/worker_loop.hpp"
#include "ashlar/transport/in_process.hpp"

namespace ashlar {
namespace {

constexpr double memory_share = 0.6;

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

// A fault in the engine itself: nothing can be saved, and the other ranks must not wait for this one.
[[noreturn]] void end_all(const std::string& what) {
  static std::atomic<bool> ending{false};
  if (!ending.exchange(true)) {
    std::fprintf(stderr, "ashlar: rank %d cannot go on: %s\n", mpi::world_rank(), what.c_str());
    std::fflush(nullptr);
    mpi::end_all_ranks(1);
  }
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

mpi::RankInfo own_info(MPI_Comm comm, const Settings& settings, int ranks) {
  mpi::RankInfo info;
  const Module program = main_module();
  info.host = host_name();
  info.pid = getpid();
  info.program = program.path;
  info.build_id = program.build_id;
  info.wire_version = protocol::wire_version;
  info.simd_targets = simd_targets();
  // Rank 0 has no executors: its core share goes to the workers of its host, give or take one.
  const int here = mpi::ranks_on_this_host(comm);
  const int sharing = ranks == 1 ? 1 : std::max(1, here - (here == ranks ? 1 : 0));
  const int cores = available_cores();
  const bool bound = cores < static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) && here > 1;
  info.threads = settings.threads > 0 ? settings.threads : bound ? cores : std::max(1, cores / sharing);
  info.memory_limit = settings.memory_limit > 0 ? settings.memory_limit
                                                : static_cast<std::int64_t>(memory_share * static_cast<double>(available_memory()) / std::max(1, here));
  info.resources = settings.resources;
  return info;
}

WorkerInfo as_worker(const mpi::RankInfo& info, int rank) { return {info.host, info.pid, info.threads, info.memory_limit, rank, info.resources}; }

Outcome run_body(SchedulerLoop& loop, const Settings& settings, const std::function<int(SchedulerLoop&)>& body) {
  Outcome outcome;
  {
    const Evaluator::Guard guard(&loop);
    try {
      outcome.exit_code = body(loop);
    } catch (...) {
      outcome.error = std::current_exception();
      outcome.exit_code = 1;
    }
  }
  if (!loop.stop(outcome.exit_code, std::chrono::nanoseconds(static_cast<std::int64_t>(settings.shutdown_patience_s * 1e9)))) {
    if (outcome.error) std::cerr << "ashlar: " << error_kind(outcome.error) << ": " << error_message(outcome.error) << std::endl;
    std::fprintf(stderr, "ashlar: the program has ended and a worker still runs a task after %g s: ending the job\n", settings.shutdown_patience_s);
    std::fflush(nullptr);
    mpi::end_all_ranks(outcome.exit_code == 0 ? 1 : outcome.exit_code);
  }
  return outcome;
}

}  // namespace

Outcome run_job(MPI_Comm comm, const Settings& settings, const std::function<int(SchedulerLoop&)>& body) {
  int rank = 0, size = 1;
  mpi::check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  mpi::check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  const std::vector<mpi::RankInfo> ranks = mpi::exchange(comm, own_info(comm, settings, size));
  mpi::require_same_build(ranks);
  // Kernels of the widest instruction set that every rank has: the same bits on all of them.
  std::int64_t targets = ~std::int64_t{0};
  for (const mpi::RankInfo& info : ranks) targets &= info.simd_targets;
  restrict_simd_targets(targets);

  MPI_Comm workers = MPI_COMM_NULL;
  Outcome outcome;
  if (size == 1) {
    mpi::check(MPI_Comm_dup(comm, &workers), "MPI_Comm_dup");
    mpi::set_workers_communicator(workers);
    auto transports = in_process_transports(2);
    std::thread worker([&] {
      WorkerLoop loop(*transports[1], {WorkerId(0), ranks[0].threads, ranks[0].memory_limit, 0, ranks[0].resources}, end_all);
      loop.run();
    });
    {
      SchedulerLoop loop(*transports[0], {as_worker(ranks[0], 0)}, end_all);
      outcome = run_body(loop, settings, body);
    }
    worker.join();
  } else {
    mpi::check(MPI_Comm_split(comm, rank == 0 ? MPI_UNDEFINED : 0, rank, &workers), "MPI_Comm_split");
    mpi::set_workers_communicator(workers);
    const auto transport = mpi_transport(comm);
    if (rank == 0) {
      std::vector<WorkerInfo> infos;
      for (std::size_t r = 1; r < ranks.size(); ++r) infos.push_back(as_worker(ranks[r], static_cast<int>(r)));
      SchedulerLoop loop(*transport, std::move(infos), end_all);
      outcome = run_body(loop, settings, body);
    } else {
      WorkerLoop loop(*transport, {WorkerId(rank - 1), ranks[static_cast<std::size_t>(rank)].threads, ranks[static_cast<std::size_t>(rank)].memory_limit, rank,
                       ranks[static_cast<std::size_t>(rank)].resources}, end_all);
      outcome.exit_code = loop.run();
    }
    transport->finish();
  }
  for (const auto& end : services().at_end) end();
  mpi::set_workers_communicator(MPI_COMM_NULL);
  if (workers != MPI_COMM_NULL) MPI_Comm_free(&workers);
  return outcome;
}

}  // namespace ashlar
