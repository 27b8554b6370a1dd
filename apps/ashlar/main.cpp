// The command `ashlar`.
#include <CLI/CLI.hpp>
#include <iostream>

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
  run->add_option("program", launch.program, "program and arguments")->required();
  run->prefix_command();

  CLI11_PARSE(app, argc, argv);
  try {
    if (*run) {
      // CLI11 leaves what stands after the first program word to us.
      const auto rest = run->remaining();
      launch.program.insert(launch.program.end(), rest.begin(), rest.end());
      return ashlar::command::launch(launch);
    }
  } catch (const ashlar::Error& e) {
    std::cerr << "ashlar: " << e.kind() << ": " << e.what() << '\n';
    return 1;
  }
  return 0;
}
