#pragma once
// Settings of a run. Later wins: defaults, the file of --ashlar-config (TOML), environment ASHLAR_…, arguments --ashlar-….

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ashlar {

struct Settings {
  int threads = 0;                  ///< per worker; 0: the rank's share of the cores
  std::int64_t memory_limit = 0;    ///< bytes of results per worker; 0: 60 % of the rank's share of the memory
  std::vector<std::pair<std::string, std::int64_t>> resources;  ///< abstract ones of each worker, by name, in millionths
  double shutdown_patience_s = 30;  ///< how long the end waits for tasks that are running
  bool help = false;                ///< --ashlar-help
  std::string outcome_file;         ///< the exit code is written here too: what `ashlar run` reads
};

/// Reads all sources; takes the --ashlar-… arguments out of argc, argv.
/// Errors    ValueError / KeyError / IoError: an unknown name ("--ashlar-thread: no such setting; nearest: --ashlar-threads"), a value
///           that does not fit, a file that cannot be read or parsed.
Settings read_settings(int& argc, char**& argv);

/// The text of --ashlar-help: name, default, meaning, how to give it.
std::string settings_help();

/// Cores this process may use, and bytes of memory it may use (cgroup limits respected).
int available_cores();
std::int64_t available_memory();

}  // namespace ashlar
