// The command `ashlar`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string_view>

#include "ashlar/base/error.hpp"
#include "launch.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Ashlar: task graphs, chunked arrays and dataframes on MPI machines"};
  app.require_subcommand(1);

  ashlar::command::Launch launch;
  CLI::App* run = app.add_subcommand("run", "start a program on several ranks: ashlar run -n 3 -- ./app arguments");
  run->add_option("-n", launch.ranks, "ranks: one is client and scheduler, the others work");
  run->add_option("--hosts", launch.hosts, "hosts, as mpirun's --host takes them");
  run->add_flag("--print", launch.print, "print the mpirun command and end");
  run->prefix_command();

  // What stands behind -- is the program's, whatever it looks like; without --, all from the first word that is no option.
  const int own = static_cast<int>(std::find(argv, argv + argc, std::string_view("--")) - argv);
  CLI11_PARSE(app, own, argv);
  try {
    if (*run) {
      launch.program = run->remaining();
      if (own < argc) launch.program.insert(launch.program.end(), argv + own + 1, argv + argc);
      return ashlar::command::launch(launch);
    }
  } catch (const ashlar::Error& e) {
    std::cerr << "ashlar: " << e.kind() << ": " << e.what() << '\n';
    return 1;
  }
  return 0;
}
