#pragma once
// Settings of a run. Later wins: defaults, the file of --ashlar-config (TOML), environment ASHLAR_…, arguments --ashlar-….

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ashlar {

struct Settings {
  int threads = 0;                  ///< per worker; 0: the rank's share of the cores
  std::int64_t memory_limit = 0;    ///< bytes of results per worker; 0: `memory_share` of the rank's share of the memory
  double memory_share = 0.6;
  std::int64_t memory_pause = 0;    ///< resident bytes beyond which a worker pauses; 0: `pause_share` of the rank's share
  double pause_share = 0.8;
  bool run_oversized = false;       ///< tasks that are larger than the budget run all the same
  std::string scratch;              ///< folder; empty: default_scratch_folder()
  std::vector<std::pair<std::string, std::int64_t>> resources;  ///< abstract ones of each worker, by name, in millionths
  double shutdown_patience_s = 30;  ///< how long the end waits for tasks that are running
  double hang_after_s = 300;        ///< when nothing has moved for so long, rank 0 prints who waits for what; 0: never
  std::string hang_dot = "ashlar-waiting.dot";  ///< and draws it into this file; empty: it does not
  bool help = false;                ///< --ashlar-help
  std::string record;             ///< file that gets every event of the scheduler, for `simulate --replay`
  std::string outcome_file;         ///< the exit code is written here too: what `ashlar run` reads
};

/// Reads all sources; takes the --ashlar-… arguments out of argc, argv.
/// Errors    ValueError / KeyError / IoError: an unknown name ("--ashlar-thread: no such setting; nearest: --ashlar-threads"), a value
///           that does not fit, a file that cannot be read or parsed.
Settings read_settings(int& argc, char**& argv);

/// The text of --ashlar-help: name, default, meaning, how to give it.
std::string settings_help();

/// Cores this process may use.
int available_cores();

}  // namespace ashlar
