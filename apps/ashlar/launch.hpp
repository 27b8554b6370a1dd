#pragma once
// `ashlar run`: mpirun with the flags Ashlar wants, and an exit code that tells the truth.

#include <string>
#include <vector>

namespace ashlar::command {

struct Launch {
  int ranks = 0;                     ///< 0: one per core and one for rank 0, at least 3
  std::string hosts;                 ///< as mpirun's --host
  std::vector<std::string> program;  ///< with its arguments
  bool print = false;                ///< print the command line and end
};

/// Runs the program and waits. Returns what its body returned (published in a file, because `mpirun --enable-recovery` says 0 whatever
/// happened); when there is no outcome, mpirun's own status or 1.
int launch(const Launch& how);

}  // namespace ashlar::command
