// Writes one HDF5 file by all ranks, reads it back, checks it, and says how fast that was.
//
//   mpirun -n 4 ./hdf5_writer --gib 16 --out large.h5
//
// The array is never whole in memory: chunks are computed, written and dropped within the workers' budgets.
#include <ashlar/ashlar.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "command_line/command_line.hpp"

namespace al = ashlar;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

void report(const char* what, double bytes, double seconds) {
  std::printf("%-6s %8.1f MiB in %7.2f s: %8.1f MB/s\n", what, bytes / (1024 * 1024), seconds, bytes / 1e6 / seconds);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    double gib = 1;
    std::string out = "large.h5";
    bool keep = false;
    command_line::CommandLine options("Writes one HDF5 file by all ranks, reads it back and checks it");
    options.add("--gib", &gib, "size of the file in GiB", {.kind = command_line::Wanted::positive});
    options.add("--out", &out, "the file; it is replaced if it exists");
    options.add("--keep", &keep, "keep the file");
    if (const auto code = options.parse(argc, argv)) return *code;
    out = std::filesystem::absolute(out);
    std::cout << client << '\n';

    // Rows of 8 KiB, chunks of 8 MiB; element i is i, so that every mean is known.
    constexpr al::index_t columns = 1024;
    const auto rows = std::max<al::index_t>(columns, std::llround(gib * 1024 * 1024 * 1024 / 8 / columns));
    const auto x = al::arange<double>(rows * columns).reshape({rows, columns}).rechunk({1024, columns});
    const auto bytes = static_cast<double>(x.nbytes());

    auto start = std::chrono::steady_clock::now();
    x.to_hdf5(out, "/x", {.attributes = {{"units", "1"}, {"rows", rows}}});
    report("wrote", bytes, seconds_since(start));

    start = std::chrono::steady_clock::now();
    const double mean = al::from_hdf5<double>(out, "/x", {.chunks = {1024, columns}}).mean().compute();
    report("read", bytes, seconds_since(start));

    if (keep) std::cout << al::info_hdf5(out) << '\n';
    else std::filesystem::remove(out);

    const double expected = static_cast<double>(rows * columns - 1) / 2;
    const bool right = std::abs(mean / expected - 1) < 1e-12;
    std::printf("mean   %.17g, expected %.17g: %s\n", mean, expected, right ? "right" : "WRONG");
    return right ? 0 : 1;
  });
}
