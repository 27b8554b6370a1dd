// What the Python tests of this folder run: one way to end per word.
//
//   program return N | void | throw | task-throws | workers | sleep SECONDS | spin SECONDS | client-sleeps SECONDS | write FILE | traffic HOW | on-rank-1 …
#include <ashlar/ashlar.hpp>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

namespace al = ashlar;

namespace {

// Many large results that change places; the program leaves while they are under way.
int traffic(al::Client& client, const std::string& how) {
  std::vector<al::Future<std::vector<double>>> parts;
  for (int i = 0; i < 12; ++i) parts.push_back(client.submit([](int n) { return std::vector<double>(400'000, n); }, i));
  std::vector<al::Future<double>> sums;
  for (int i = 0; i < 60; ++i)
    sums.push_back(client.submit([](const std::vector<double>& a, const std::vector<double>& b) { return a[0] + b[1]; }, parts[static_cast<std::size_t>(i % 12)],
                                 parts[static_cast<std::size_t>((5 * i + 1) % 12)]));
  sums[static_cast<std::size_t>(std::atoi(how.c_str()) % 60)].result();
  if (how.back() == 't') throw std::runtime_error("in the middle of it");
  return 0;
}

// An array whose chunks take a while, written again and again.
int write(const std::string& file) {
  auto x = al::ones<double>({64, 4096}, {.chunks = {4, 4096}}).map_blocks([](al::NDArray<double> block) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return block;
  });
  for (int i = 0; i < 1000; ++i) x.to_hdf5(file, "/x");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string what = "return", argument = "0";
  int words = 0;
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]).rfind("--", 0) != 0) (words++ == 0 ? what : argument) = argv[i];
  if (what == "setting-on-rank-1") {
    // One rank alone meets an error in its settings.
    const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
    if (rank && std::string(rank) == "1") setenv("ASHLAR_THREADS", "none", 1);
  }
  if (what == "void") return al::run(argc, argv, [](al::Client&) {});
  return al::run(argc, argv, [&](al::Client& client) -> int {
    if (what == "throw") throw std::runtime_error("the body does not want to");
    if (what == "task-throws") return client.submit([](int x) { return x > 0 ? throw std::invalid_argument("the task does not want to") : x; }, 1).result();
    if (what == "workers") {
      std::cout << client.run([](al::WorkerContext& w) { return w.rank(); }).size() << " workers, argc " << argc << std::endl;
    } else if (what == "sleep") {
      std::cout << "started" << std::endl;
      return client.submit([](int s) { return std::this_thread::sleep_for(std::chrono::seconds(s)), 0; }, std::atoi(argument.c_str())).result();
    } else if (what == "spin") {
      return client.submit([](int s) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(s);
        while (std::chrono::steady_clock::now() < end) {
        }
        return 0;
      }, std::atoi(argument.c_str())).result();
    } else if (what == "client-sleeps") {
      std::cout << "started" << std::endl;
      std::this_thread::sleep_for(std::chrono::seconds(std::atoi(argument.c_str())));
    } else if (what == "write") {
      return write(argument);
    } else if (what == "traffic") {
      return traffic(client, argument);
    }
    return std::atoi(argument.c_str());
  });
}
