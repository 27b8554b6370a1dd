// What killed_test.py kills: writes one file again and again through to_hdf5, each time with another version of its elements.
//
//   rewrite FILE VERSIONS [WORKERS_PER_FILE]     element i of version v is v * 1e6 + i; says v when version v is complete
#include <ashlar/ashlar.hpp>

#include <cstdlib>
#include <iostream>

namespace al = ashlar;

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client&) {
    for (int version = 1; version <= std::atoi(argv[2]); ++version) {
      (al::arange<double>(64 * 4096).reshape({64, 4096}).rechunk({4, 4096}) + version * 1e6).to_hdf5(argv[1], "/x", {.workers_per_file = argc > 3 ? std::atoi(argv[3]) : 0});
      std::cout << version << std::endl;
    }
  });
}
