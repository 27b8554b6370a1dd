// What killed_test.py kills: rewrites a file again and again, from all ranks, each time with another version of its elements.
//
//   rewrite FILE VERSIONS LOG     element i of version v is v * 1e6 + i
//
// Each version is said on standard output, and in LOG, where a line is not lost when mpirun is told of the death before it forwards it.

#include <fcntl.h>
#include <mpi.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/parallel_file.hpp"
#include "ashlar/hdf5/thread.hpp"

using namespace ashlar;

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  int provided = 0, rank = 0, ranks = 1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const std::string path = argv[1];
  const int log = rank == 0 ? open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
  const index_t rows = 64, columns = 4096, height = 8;
  for (int version = 1; version <= std::atoi(argv[2]); version++) {
    char temporary[4096] = "";
    if (rank == 0) {
      hdf5::remove_leftovers(path);
      std::snprintf(temporary, sizeof temporary, "%s", hdf5::temporary_name(path).c_str());
    }
    MPI_Bcast(temporary, sizeof temporary, MPI_CHAR, 0, MPI_COMM_WORLD);
    auto file = hdf5::ParallelFile::create(MPI_COMM_WORLD, temporary,
                                           {{.name = "x", .shape = {rows, columns}, .storage_chunks = {height, columns}}});
    for (index_t row = height * rank; row < rows; row += height * ranks) {
      Block block = Block::allocate(DType::float64, Shape{height, columns});
      auto* to = reinterpret_cast<double*>(block.make_writable());
      for (index_t i = 0; i < height * columns; i++) to[i] = version * 1e6 + static_cast<double>(row * columns + i);
      file.write(0, std::vector<index_t>{row, 0}, block);
    }
    file.close();
    if (rank == 0) {
      hdf5::publish(temporary, path);
      const std::string line = std::to_string(version) + "\n";
      for (const int to : {log, STDOUT_FILENO})
        if (write(to, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 3;
    }
  }
  hdf5::Thread::instance().stop();
  MPI_Finalize();
}
