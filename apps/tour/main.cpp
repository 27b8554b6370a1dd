// The tour: Dask's tutorial in C++, line by line; every part of Ashlar once.
//
//   ./tour                        in one process
//   mpirun -n 3 ./tour --quick    rank 0 tells the story, two workers compute it
#include <iostream>

#include "command_line/command_line.hpp"
#include "tour.hpp"

int main(int argc, char** argv) {
  // Every rank runs this; only rank 0 gets the body.
  return al::run(argc, argv, [&](al::Client& client) {
    tour::Options options;
    options.csv = std::filesystem::canonical("/proc/self/exe").parent_path() / "volcanoes.csv";

    const std::vector<std::pair<std::string, std::function<void()>>> chapters = {
        {"cluster", [&] { tour::cluster(client); }},
        {"dataframe", [&] { tour::dataframe(options); }},
        {"arrays", [&] { tour::arrays(options); }},
        {"plot", [&] { tour::plot(options); }},
        {"delayed", [&] { tour::delayed(options); }},
        {"loop", [&] { tour::loop(options); }},
        {"hdf5", [&] { tour::hdf5(options); }},
    };
    std::vector<std::string> steps, names;
    for (const auto& [name, run] : chapters) names.push_back(name);
    steps = names;

    command_line::CommandLine line("A tour of Ashlar: Dask's tutorial in C++. --ashlar-help prints the settings of the cluster.");
    line.add("--csv", &options.csv, "a table of volcanoes (default: the one that comes with the tour)");
    line.add("--output", &options.output, "folder for plots, graphs and the HDF5 file");
    line.add("--gib", &options.gib, "size of the HDF5 file", {.kind = command_line::Wanted::positive});
    line.add("--quick", &options.quick, "a tenth of the array sizes, short sleeps");
    line.add("--steps", &steps, "chapters, for example --steps arrays,hdf5 (default: all)", {.kind = command_line::Wanted::one_of, .names = names});
    if (const auto code = line.parse(argc, argv)) return *code;

    options.output = std::filesystem::absolute(options.output);
    std::filesystem::create_directories(options.output);
    for (const auto& [name, run] : chapters)
      if (std::find(steps.begin(), steps.end(), name) != steps.end()) run();
    std::cout << "\n\nThe files of this tour are in " << options.output.string() << std::endl;
    return 0;
  });
}
