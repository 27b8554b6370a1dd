// bench [--size small|full] [NAME…]: one JSON line per workload on stdout. Two workers: mpirun -n 3 --oversubscribe --bind-to none bench …;
// one process with threads: bench ….
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>

#include "measure.hpp"
#include "rank_0_alone.hpp"

int main(int argc, char** argv) {
  return ashlar::run(argc, argv, [&](ashlar::Client& client) {
    CLI::App app{"Ashlar's benchmark workloads"};
    bench::Setting setting;
    std::string size = "small", svg;
    std::vector<std::string> names;
    bool list = false, table = false, alone = false;
    int alone_workers = 2;
    app.add_option("--size", size, "small or full")->check(CLI::IsMember({"small", "full"}));
    app.add_option("--data", setting.folder, "folder for files the workloads write, with the tables of the frame workloads");
    app.add_option("--repeats", setting.repeats, "samples after the warm-up");
    app.add_option("--width", setting.width, "columns of a pattern and of imbalance; 0: two for each worker thread; as WORKLOADS says")->check(CLI::NonNegativeNumber);
    app.add_option("--steps", setting.steps, "steps of a pattern; 0: 1000")->check(CLI::NonNegativeNumber);
    app.add_option("--radix", setting.radix, "inputs of a task: nearest, spread, random_nearest")->capture_default_str()->check(CLI::PositiveNumber);
    app.add_option("--output-bytes", setting.output_bytes, "of a pattern's task")->capture_default_str()->check(CLI::PositiveNumber);
    app.add_option("--iterations", setting.iterations, "of the kernel in pattern_…, 128 flops each")->capture_default_str()->check(CLI::NonNegativeNumber);
    app.add_flag("--submit", setting.submit, "make a pattern's tasks by Client::submit, while others run, instead of delayed()");
    app.add_option("--tasks", setting.tasks, "of independent, chain_alternating, busy, memory_per_…; 0: as the workload says")->check(CLI::NonNegativeNumber);
    app.add_option("--idle-seconds", setting.idle_s, "of submit_latency and idle; 0: 5 and 60")->check(CLI::NonNegativeNumber);
    app.add_flag("--table", table, "print the METG of the sweeps as a table, on stderr");
    app.add_option("--svg", svg, "draw the sweeps' efficiency against granularity into this file");
    app.add_flag("--rank-0-alone", alone, "time rank 0 without workers, which a stand-in answers for: client, submission, scheduling, release");
    app.add_option("--workers", alone_workers, "that the stand-in answers for")->capture_default_str()->check(CLI::PositiveNumber);
    app.add_flag("--list", list, "print the names of all workloads and end");
    app.add_option("names", names, "workloads; those of the comparison with other systems when none is named");
    CLI11_PARSE(app, argc, argv);
    setting.full = size == "full";
    if (alone) return bench::rank_0_alone(setting.tasks > 0 ? setting.tasks : setting.full ? 1'000'000 : 100'000, alone_workers, setting.repeats);

    std::vector<bench::Workload> all = bench::array_workloads();
    for (const auto* more : {&bench::numpy_workloads(), &bench::frame_workloads(), &bench::task_workloads(), &bench::pattern_workloads(), &bench::cost_workloads()}) all.insert(all.end(), more->begin(), more->end());
    if (list) {
      for (const auto& w : all) std::cout << w.name << (w.on_request ? "  (when named)" : "") << '\n';
      return 0;
    }
    for (const std::string& name : names)
      if (std::none_of(all.begin(), all.end(), [&](const auto& w) { return w.name == name; })) {
        std::cerr << "bench: there is no workload " << name << "; there are";
        for (const auto& w : all) std::cerr << ' ' << w.name;
        std::cerr << '\n';
        return 2;
      }
    for (const auto& workload : all)
      if (names.empty() ? !workload.on_request : std::count(names.begin(), names.end(), workload.name) > 0) bench::report(client, workload, setting);
    if (table) std::cerr << bench::curves_table(bench::curves());
    if (!svg.empty() && !(std::ofstream(svg) << bench::curves_svg(bench::curves()) << std::flush)) {
      std::cerr << "bench: cannot write " << svg << '\n';
      return 1;
    }
    return 0;
  });
}
