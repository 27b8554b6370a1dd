// Calculations that need more memory than the budget: budget.py looks at what the ranks hold meanwhile.
//   budget WHAT MEGABYTES    the array's size; its blocks are of 2 MB, or of 8 MB from 2 GB on
#include <ashlar/ashlar.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace al = ashlar;
using al::_;
using namespace std::chrono_literals;

namespace {

// Bytes that nameless files of this process take. `damage`: turns a bit of every page of them.
std::int64_t scratch_bytes(bool damage = false) {
  std::int64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    struct stat file {};
    if (!error && target.ends_with(" (deleted)") && stat(entry.path().c_str(), &file) == 0 && S_ISREG(file.st_mode) && target.rfind("/dev/shm", 0) != 0) {
      bytes += file.st_blocks * 512;
      const int descriptor = std::stoi(entry.path().filename().string());
      char byte = 0;
      for (off_t at = 0; damage && pread(descriptor, &byte, 1, at) == 1; at += 4096) {
        byte = static_cast<char>(byte ^ 4);
        if (pwrite(descriptor, &byte, 1, at) != 1) return -1;
      }
    }
  }
  return bytes;
}

std::int64_t on_scratch(al::Client& client) {
  std::int64_t all = 0;
  for (const auto& [rank, bytes] : client.run([](al::WorkerContext&) { return scratch_bytes(); })) all += bytes;
  return all;
}

bool close(double a, double b, double to = 1e-9) {
  if (std::abs(a - b) <= to * std::max(std::abs(a), std::abs(b))) return true;
  std::cerr << a << " is not " << b << '\n';
  return false;
}

struct Sizes {
  al::index_t rows, columns, chunk;
};

bool run(al::Client& client, const std::string& what, Sizes s) {
  const double n = static_cast<double>(s.rows * s.columns);
  if (what == "empty") {
    std::this_thread::sleep_for(500ms);
    return true;
  }
  if (what == "mean" || what == "chain" || what == "temporaries") {
    // Each mean needs all of the array before the first block of the next can be made.
    const auto x = al::random::default_rng(7).uniform({s.rows, s.columns}, {.low = 1, .high = 3, .chunks = {s.chunk, s.columns}});
    if (what == "mean") {
      const auto centred = x - x.mean();
      return std::abs((centred.sum()).compute()) < 1e-6 * n && close((centred * centred).mean().compute(), 1 / 3., 1e-3);
    }
    if (what == "temporaries") {
      // A task that makes 2 MB and needs as much besides.
      const auto y = x.map_blocks([](al::NDArray<double> block) {
        std::vector<double> copy(block.begin(), block.end());
        for (double& v : copy) v = 2 * v;
        double* out = block.data();
        for (std::size_t i = 0; i < copy.size(); ++i) out[i] = copy[i];
        return block;
      });
      return std::abs((y - y.mean()).sum().compute()) < 1e-6 * n;
    }
    auto y = x;
    for (int step = 0; step < 3; ++step) y = y / y.mean();
    return close(y.sum().compute(), n, 1e-9);
  }
  const auto numbers = al::arange<double>(n).reshape({s.rows, s.columns}).rechunk({s.chunk, s.columns});
  if (what == "persisted") {
    std::int64_t most = 0;
    {
      const auto kept = (numbers * 1).persist();
      if (!close(kept.sum().compute(), n * (n - 1) / 2)) return false;
      most = on_scratch(client);
      // Forwards, backwards, and every element.
      for (const al::index_t row : {s.rows - 1, s.rows / 2, al::index_t{0}})
        if (kept(row, 5).compute().item() != static_cast<double>(row * s.columns + 5)) return false;
      if ((kept != numbers).sum().compute() != 0) return false;
    }
    std::int64_t left = on_scratch(client);
    for (int i = 0; i < 100 && left >= (1 << 20); ++i) {  // files are given back on a thread of their own
      std::this_thread::sleep_for(100ms);
      left = on_scratch(client);
    }
    std::cout << "scratch " << most << " left " << left << '\n';
    return most > 0 && left < (1 << 20);
  }
  if (what == "damaged") {
    const auto kept = (numbers * 1).persist();
    (void)kept.sum().compute();
    client.run([](al::WorkerContext&) { return scratch_bytes(true); });
    std::cout << kept.sum().compute() << '\n';  // must not come to this
    return true;
  }
  if (what == "crossing") {
    // Kept in halves on two full workers; each block meets the one at the other end.
    const auto kept = (numbers * 1).persist();
    (void)kept(0, 0).compute();
    const auto turned = kept(al::range(_, _, -1), al::range(_, _, -1));
    return close((kept + turned).sum().compute(), n * (n - 1)) && close((kept - turned).max().compute(), n - 1);
  }
  std::cerr << "what is " << what << "?\n";
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    const al::index_t megabytes = std::atoll(argv[2]), columns = 1000, chunk = megabytes >= 2000 ? 1000 : 250;
    const al::index_t rows = megabytes * 125 / chunk * chunk;
    return run(client, argv[1], {rows, columns, chunk}) ? 0 : 1;
  });
}
