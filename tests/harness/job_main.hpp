#pragma once
// main() of tests that need a running job: GoogleTest runs on rank 0 inside the body, the other ranks work. Works on any number of
// ranks, and without mpirun.

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdlib>

#include "ashlar/mpi/environment.hpp"
#include "ashlar/runtime/job.hpp"

#define ASHLAR_JOB_MAIN()                                                                                       \
  int main(int argc, char** argv) {                                                                             \
    ashlar::mpi::prepare_environment();                                                                         \
    int provided = 0;                                                                                           \
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);                                              \
    ashlar::Settings settings = ashlar::read_settings(argc, argv);                                              \
    testing::InitGoogleTest(&argc, argv);                                                                       \
    const auto outcome = ashlar::run_job(MPI_COMM_WORLD, settings, [](ashlar::SchedulerLoop&) { return RUN_ALL_TESTS(); }); \
    MPI_Finalize();                                                                                             \
    return outcome.error ? 2 : outcome.exit_code;                                                               \
  }
