// bench [--size small|full] [NAME…]: one JSON line per workload on stdout. Two workers: mpirun -n 3 --oversubscribe --bind-to none bench …;
// one process with threads: bench ….
#include <algorithm>
#include <fstream>
#include <iostream>

#include "command_line/command_line.hpp"
#include "measure.hpp"
#include "rank_0_alone.hpp"

int main(int argc, char** argv) {
  return ashlar::run(argc, argv, [&](ashlar::Client& client) {
    command_line::CommandLine options("Ashlar's benchmark workloads");
    bench::Setting setting;
    std::string size = "small", svg;
    std::vector<std::string> names;
    bool list = false, table = false, alone = false;
    int alone_workers = 2;
    options.add("--size", &size, "small or full", {.kind = command_line::Wanted::one_of, .names = {"small", "full"}});
    options.add("--data", &setting.folder, "folder for files the workloads write, with the tables of the frame workloads");
    options.add("--repeats", &setting.repeats, "samples after the warm-up; 0: it is the only one", {.kind = command_line::Wanted::not_negative});
    options.add("--width", &setting.width, "columns of a pattern and of imbalance; 0: two for each worker thread; as WORKLOADS says", {.kind = command_line::Wanted::not_negative});
    options.add("--steps", &setting.steps, "steps of a pattern; 0: 1000", {.kind = command_line::Wanted::not_negative});
    options.add("--radix", &setting.radix, "inputs of a task: nearest, spread, random_nearest", {.kind = command_line::Wanted::positive});
    options.add("--output-bytes", &setting.output_bytes, "of a pattern's task", {.kind = command_line::Wanted::positive});
    options.add("--iterations", &setting.iterations, "of the kernel in pattern_…, 128 flops each", {.kind = command_line::Wanted::not_negative});
    options.add("--submit", &setting.submit, "make a pattern's tasks by Client::submit, while others run, instead of delayed()");
    options.add("--tasks", &setting.tasks, "of independent, chain_alternating, busy, memory_per_…; 0: as the workload says", {.kind = command_line::Wanted::not_negative});
    options.add("--idle-seconds", &setting.idle_s, "of submit_latency and idle; 0: 5 and 60", {.kind = command_line::Wanted::not_negative});
    options.add("--from-csv", &setting.from_csv, "the frame workloads read their tables from CSV files instead of holding them: for little memory");
    options.add("--block-mib", &setting.block_mib, "MiB of a CSV file that make a partition, with --from-csv", {.kind = command_line::Wanted::positive});
    options.add("--table", &table, "print the METG of the sweeps as a table, on stderr");
    options.add("--svg", &svg, "draw the sweeps' efficiency against granularity into this file");
    options.add("--rank-0-alone", &alone, "time rank 0 without workers, which a stand-in answers for: client, submission, scheduling, release");
    options.add("--workers", &alone_workers, "that the stand-in answers for", {.kind = command_line::Wanted::positive});
    options.add("--list", &list, "print the names of all workloads and end");
    options.add("names", &names, "workloads; those of the comparison with other systems when none is named");
    if (const auto code = options.parse(argc, argv)) return *code;
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
