// Whole programs that write and read HDF5 files; hdf5.py runs them, looks at their memory and has h5py read the files.
//
//   hdf5 larger FILE MEGABYTES     an array larger than memory, written and reduced from the file
//   hdf5 one_chunk FILE ELEMENTS   one chunk: made, sent to another worker, written, read
//   hdf5 together FILE             every worker writes its part of several datasets
//   hdf5 order FOLDER              two workers come to two collective layers, each to another one first
#include <ashlar/ashlar.hpp>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

namespace al = ashlar;
using al::_;

namespace {

bool is(const std::string& what, double found, double wanted) {
  if (found == wanted) return true;
  std::cerr << what << " is " << found << ", not " << wanted << '\n';
  return false;
}

// Element i is i mod 1021: sums are exact, and a part that stands in the wrong place is seen.
double sum_of_remainders(al::index_t n) {
  const double whole = static_cast<double>(n / 1021), rest = static_cast<double>(n % 1021);
  return whole * 1021 * 1020 / 2 + rest * (rest - 1) / 2;
}

int larger(const std::string& file, al::index_t megabytes) {
  const al::index_t columns = 1000, chunk = megabytes >= 2000 ? 1000 : 250, rows = megabytes * 125 / chunk * chunk;
  const double n = static_cast<double>(rows * columns);
  const auto numbers = al::arange<double>(n).reshape({rows, columns}).rechunk({chunk, columns});
  numbers.to_hdf5(file, "/x", {.attributes = {{"units", "1"}}});
  const auto x = al::from_hdf5<double>(file, "/x", {.chunks = {chunk, columns}});
  bool good = is("the number of elements that differ", static_cast<double>((x != numbers).sum().compute()), 0);
  // Once more in chunks that cross those of the file, and in steps.
  const auto wide = al::from_hdf5<double>(file, "/x", {.chunks = {chunk * 3 / 4, columns}});
  good &= is("the largest element", wide.max().compute(), n - 1);
  good &= is("every tenth row", (wide(al::range(_, _, 10), 0).sum()).compute(), static_cast<double>(columns) * 10 * static_cast<double>(rows / 10) * static_cast<double>(rows / 10 - 1) / 2);
  return good ? 0 : 1;
}

int one_chunk(const std::string& file, al::index_t n) {
  // The first worker has the first chunk, which is small, and the second one the second.
  const auto made = al::from_spmd<double>({n + 8}, al::Chunks{{8, n}}, [](al::SpmdContext&, al::LocalChunks<double>& out) {
    for (auto& chunk : out) {
      double* to = chunk.values.data();
      for (al::index_t i = 0, n = chunk.values.size(); i < n; ++i) to[i] = static_cast<double>(i % 1021);
    }
  });
  const auto x = made(al::range(8, _)).persist();
  if (x.numblocks() != std::vector<al::index_t>{1}) return std::cerr << "not one chunk\n", 1;
  bool good = true;
  // Sent to the first worker.
  const auto sums = al::spmd(
                        [](al::SpmdContext&, al::LocalChunks<double>& mine) {
                          double sum = 0;
                          for (const auto& chunk : mine) {
                            const double* from = chunk.values.data();
                            for (al::index_t i = 0, n = chunk.values.size(); i < n; ++i) sum += from[i];
                          }
                          return sum;
                        },
                        x)
                        .compute();
  good &= is("the sum on the first worker", sums.at(0), sum_of_remainders(n));
  x.to_hdf5(file, "/x");
  const auto back = al::from_hdf5<double>(file, "/x", {.chunks = n}).persist();
  good &= is("the sum of what was read", back.sum().compute(), sum_of_remainders(n));
  good &= is("the last element", back(n - 1).compute().item(), static_cast<double>((n - 1) % 1021));
  return good ? 0 : 1;
}

int together(al::Client& client, const std::string& file) {
  const auto workers = static_cast<al::index_t>(client.scheduler_info().workers.size());
  // Two chunks for each worker, and fewer chunks than workers; plain and compressed.
  const auto x = al::arange<double>(static_cast<double>(workers * 2 * 50)).reshape({workers * 2, 50}).rechunk({1, 50});
  const auto y = al::arange<std::int64_t>(35).reshape({5, 7}).rechunk({2, 7});
  bool good = true;
  for (int round = 0; round < 3; ++round) {
    al::store({x, y + round}, {al::Hdf5Target{file, "/x"}, al::Hdf5Target{file, "/group/y"}});
    al::Hdf5Target more{file, "/packed"};
    more.options.mode = "a";
    more.options.compression = "gzip";
    al::store(x * 2, more);
    good &= is("the sum of /x", al::from_hdf5<double>(file, "/x", {.chunks = {1, 50}}).sum().compute(), x.sum().compute());
    good &= is("the sum of /packed", al::from_hdf5<double>(file, "/packed", {.chunks = {1, 50}}).sum().compute(), 2 * x.sum().compute());
  }
  std::cout << workers << '\n';
  return good ? 0 : 1;
}

// Two layers of chunks that go to the file or the function together; the first's come late on the one worker, the second's on the other.
int order(al::Client& client, const std::string& folder) {
  std::vector<int> ranks;
  for (const auto& [rank, same] : client.run([](al::WorkerContext& w) { return w.rank(); })) ranks.push_back(same);
  if (ranks.size() < 2) return std::cerr << "two workers are needed\n", 1;
  bool good = true;
  for (const int late_ms : {0, 20, 60}) {
    // Tasks are clients: one on each worker, and both begin at once. Chunk k stands on worker k, and takes its time there.
    const auto layers = [](const std::string& to, int number, int late) {
      const auto slow = [number, late](al::NDArray<double> block, const al::BlockInfo& info) {
        if (info.chunk_location()[0] == number) std::this_thread::sleep_for(std::chrono::milliseconds(late));
        for (double& v : block) v += number;
        return block;
      };
      double seen = 0;
      for (int step = 0; step < 4; ++step) {
        const auto x = al::ones<double>({2, 100}, {.chunks = {1, 100}}).map_blocks(slow);
        const auto sums = al::spmd(
                              [](al::SpmdContext& c, al::LocalChunks<double>& mine) {
                                double own = 0, all = 0;
                                for (const auto& chunk : mine)
                                  for (const double v : chunk.values) own += v;
                                MPI_Allreduce(&own, &all, 1, MPI_DOUBLE, MPI_SUM, c.comm());
                                return all;
                              },
                              x)
                              .compute();
        for (const double sum : sums) seen += sum;
        const std::string file = to + "/" + std::to_string(number) + ".h5";
        x.to_hdf5(file, "/x", {.storage_chunks = {1, 100}});
        seen += al::from_hdf5<double>(file, "/x").sum().compute();
      }
      return seen;
    };
    auto first = client.with({.workers = {ranks[0]}}).submit(layers, folder, 0, late_ms);
    auto second = client.with({.workers = {ranks[1]}}).submit(layers, folder, 1, late_ms);
    const double calls = static_cast<double>(4 * (ranks.size() + 1));
    good &= is("the first's sum", first.result(), calls * 200);
    good &= is("the second's sum", second.result(), calls * 400);
  }
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    const std::string what = argv[1], file = argv[2];
    if (what == "empty") {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      return 0;
    }
    if (what == "larger") return larger(file, std::atoll(argv[3]));
    if (what == "one_chunk") return one_chunk(file, std::atoll(argv[3]));
    if (what == "together") return together(client, file);
    if (what == "order") return order(client, file);
    std::cerr << "what is " << what << "?\n";
    return 2;
  });
}
