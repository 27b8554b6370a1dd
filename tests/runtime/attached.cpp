// Ashlar inside an MPI program of its own: attached twice to all ranks and then to half of them.
//   attached            MPI_THREAD_MULTIPLE
//   attached funneled   MPI_THREAD_FUNNELED: MpiError on every rank
#include <mpi.h>

#include <ashlar/ashlar.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace al = ashlar;

namespace {

int faults = 0;
void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  ++faults;
}

int numbers(MPI_Comm comm, int n) {
  int size = 1;
  MPI_Comm_size(comm, &size);
  return al::attach(comm, [&](al::Client& client) {
    std::vector<int> from;
    for (int i = 0; i < n; ++i) from.push_back(i);
    int sum = 0;
    for (int x : client.gather(client.map([](int x) { return 2 * x; }, from))) sum += x;
    expect(sum == n * (n - 1), "the sum of the doubled numbers");
    expect(static_cast<int>(client.scheduler_info().workers.size()) == std::max(1, size - 1), "one worker per rank but the first");
    return al::ones<double>({400, 400}, {.chunks = {120, 120}}).sum().compute() == 160'000 ? 5 : 6;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bool funneled = argc > 1 && std::string(argv[1]) == "funneled";
  int provided = 0, rank = 0, size = 1;
  MPI_Init_thread(&argc, &argv, funneled ? MPI_THREAD_FUNNELED : MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (funneled) {
    try {
      numbers(MPI_COMM_WORLD, 10);
      expect(false, "attach has thrown");
    } catch (const al::MpiError& e) {
      expect(std::string(e.what()).find("MPI_THREAD_FUNNELED") != std::string::npos, "the message names the level found");
    }
  } else {
    expect(numbers(MPI_COMM_WORLD, 100) == 5, "every rank gets what the body returned");
    expect(numbers(MPI_COMM_WORLD, 1000) == 5, "a second time");
    try {
      const int code = al::attach(MPI_COMM_WORLD, [](al::Client&) { throw std::runtime_error("left the body"); });
      expect(rank != 0 && code == 1, "the other ranks get 1 after an exception");
    } catch (const std::runtime_error& e) {
      expect(rank == 0 && std::string(e.what()) == "left the body", "rank 0 gets the exception itself");
    }
    MPI_Comm half = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    expect(numbers(half, 50) == 5, "two jobs beside one another, ranks in another order");
    MPI_Comm_free(&half);
  }
  int all = 0;
  MPI_Allreduce(&faults, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  return all;
}
