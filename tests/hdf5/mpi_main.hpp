#pragma once
// main() of the MPI tests of this folder: starts MPI with threads, ends the HDF5 thread before MPI ends, fails on every rank when one
// fails.

#include <gtest/gtest.h>
#include <mpi.h>

#include "ashlar/hdf5/thread.hpp"
#include "hdf5/scratch.hpp"

namespace ashlar::scratch {

inline int rank() {
  int r = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &r);
  return r;
}
inline int ranks() {
  int n = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  return n;
}

/// One folder for all ranks; rank 0 makes and removes it.
class SharedFolder : public Folder {
 public:
  SharedFolder() : Folder(name(), rank() == 0) { MPI_Barrier(MPI_COMM_WORLD); }
  ~SharedFolder() { MPI_Barrier(MPI_COMM_WORLD); }

 private:
  static std::string name() {
    static int counter = 0;
    int id[2] = {static_cast<int>(getpid()), counter++};
    MPI_Bcast(id, 2, MPI_INT, 0, MPI_COMM_WORLD);
    return "hdf5-" + std::to_string(id[0]) + "-" + std::to_string(id[1]);
  }
};

/// The exit code of a shell command run by rank 0, known to all ranks.
inline int on_rank_0(const std::string& command) {
  MPI_Barrier(MPI_COMM_WORLD);
  int code = rank() == 0 ? std::system(command.c_str()) : 0;
  MPI_Bcast(&code, 1, MPI_INT, 0, MPI_COMM_WORLD);
  return code;
}

}  // namespace ashlar::scratch

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  testing::InitGoogleTest(&argc, argv);
  if (ashlar::scratch::rank() != 0)
    delete testing::UnitTest::GetInstance()->listeners().Release(testing::UnitTest::GetInstance()->listeners().default_result_printer());
  struct Failures : testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& result) override {
      if (result.failed() && ashlar::scratch::rank() != 0)
        std::fprintf(stderr, "rank %d: %s:%d: %s\n", ashlar::scratch::rank(), result.file_name(), result.line_number(), result.message());
    }
  };
  testing::UnitTest::GetInstance()->listeners().Append(new Failures);
  int failed = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  ashlar::hdf5::Thread::instance().stop();
  MPI_Finalize();
  return failed;
}
