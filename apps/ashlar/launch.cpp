#include "launch.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/settings.hpp"

extern char** environ;

namespace ashlar::command {
namespace {

std::string outcome_path() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder ? folder : "/tmp") + "/ashlar-outcome-XXXXXX";
  const int file = mkstemp(path.data());
  if (file < 0) throw IoError("cannot make a temporary file " + path);
  close(file);
  return path;
}

// mpirun --enable-recovery waits for ever when a program cannot be started.
void require_executable(const std::string& program) {
  std::vector<std::string> places;
  if (program.find('/') != std::string::npos) {
    places.push_back(program);
  } else {
    std::istringstream folders(std::getenv("PATH") ? std::getenv("PATH") : "");
    for (std::string folder; std::getline(folders, folder, ':');) places.push_back((folder.empty() ? "." : folder) + "/" + program);
  }
  for (const std::string& place : places)
    if (access(place.c_str(), X_OK) == 0 && !std::filesystem::is_directory(place)) return;
  throw IoError("cannot start " + program + ": " + (places.size() == 1 ? std::strerror(errno) : "it is not in PATH"));
}

// Ctrl-\ reaches all of a terminal's processes. mpirun would end at it, so it ignores it and is given a signal instead that it can pass on to
// the ranks: they print who waits for what.
volatile pid_t running = 0;
void pass_on(int) {
  if (running > 0) kill(running, SIGURG);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int launch(const Launch& how) {
  if (how.program.empty()) throw ValueError("ashlar run: which program? ashlar run -n 3 -- ./app arguments");
  // Other hosts may have other files.
  if (how.hosts.empty() && !how.print) require_executable(how.program.front());
  const int ranks = how.ranks > 0 ? how.ranks : std::max(3, available_cores() + 1);
  const std::string outcome = outcome_path();
  std::vector<std::string> words{"mpirun", "-n", std::to_string(ranks)};
  if (!how.hosts.empty()) words.insert(words.end(), {"--host", how.hosts});
  // Survivors of a lost rank live on; rank 0 shares its core; threads are not bound to one core.
  words.insert(words.end(), {"--enable-recovery", "--oversubscribe", "--bind-to", "none", "-x", "ASHLAR_OUTCOME_FILE=" + outcome});
  if (geteuid() == 0) words.emplace_back("--allow-run-as-root");
  words.insert(words.end(), how.program.begin(), how.program.end());
  if (how.print) {
    for (const std::string& word : words) std::cout << word << ' ';
    std::cout << '\n';
    unlink(outcome.c_str());
    return 0;
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  setenv("OMPI_MCA_ess_base_forward_signals", "SIGURG", 0);
  signal(SIGQUIT, SIG_IGN);
  if (const int error = posix_spawnp(&child, "mpirun", nullptr, nullptr, arguments.data(), environ); error != 0) {
    unlink(outcome.c_str());
    throw IoError(std::string("cannot start mpirun: ") + std::strerror(error));
  }
  running = child;
  signal(SIGQUIT, pass_on);
  const int status = wait_for(child);
  int code = -1;
  std::ifstream file(outcome);
  if (!(file >> code)) code = status == 0 ? 1 : status;
  unlink(outcome.c_str());
  return code;
}

}  // namespace ashlar::command
