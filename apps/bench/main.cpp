// bench [--size small|full] [--data DIR] [--repeats N] [NAME…]: one JSON line per workload.
// Two workers: mpirun -n 3 --oversubscribe --bind-to none bench …; one process with threads: bench …
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "measure.hpp"

int main(int argc, char** argv) {
  return ashlar::run(argc, argv, [&](ashlar::Client& client) {
    CLI::App app{"Ashlar's benchmark workloads"};
    bench::Setting setting;
    std::string size = "small";
    std::vector<std::string> names;
    app.add_option("--size", size, "small or full")->check(CLI::IsMember({"small", "full"}));
    app.add_option("--data", setting.folder, "folder for files the workloads write");
    app.add_option("--repeats", setting.repeats, "samples after the warm-up");
    app.add_option("names", names, "workloads; all when none is named");
    CLI11_PARSE(app, argc, argv);
    setting.full = size == "full";

    std::vector<bench::Workload> all = bench::array_workloads();
    all.insert(all.end(), bench::task_workloads().begin(), bench::task_workloads().end());
    for (const std::string& name : names)
      if (std::none_of(all.begin(), all.end(), [&](const auto& w) { return w.name == name; })) {
        std::cerr << "bench: there is no workload " << name << "; there are";
        for (const auto& w : all) std::cerr << ' ' << w.name;
        std::cerr << '\n';
        return 2;
      }
    for (const auto& workload : all)
      if (names.empty() || std::count(names.begin(), names.end(), workload.name) > 0) bench::report(client, workload, setting);
    return 0;
  });
}
