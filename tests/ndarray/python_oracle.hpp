#pragma once
// Runs numpy_oracle.py with a Python that has the wanted module, and gives back what it wrote.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace oracle {

/// Empty when no Python has the module: the test then skips.
inline std::optional<std::string> python_with(const std::string& module) {
  std::vector<std::string> candidates{"/usr/bin/python3", "python3"};
  if (const char* wanted = std::getenv("ASHLAR_TEST_PYTHON")) candidates.insert(candidates.begin(), wanted);
  for (const auto& python : candidates)
    if (std::system((python + " -c 'import " + module + "' >/dev/null 2>&1").c_str()) == 0) return python;
  return std::nullopt;
}

inline std::string run(const std::string& python, const std::string& arguments) {
  const std::string command = python + " " + ASHLAR_TEST_FOLDER + "/numpy_oracle.py " + arguments;
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char part[1 << 16];
  if (pipe) {
    for (std::size_t n; (n = fread(part, 1, sizeof part, pipe)) > 0;) output.append(part, n);
    if (pclose(pipe) != 0) output.clear();
  }
  return output;
}

/// Numbers with blanks between them.
inline std::vector<std::int64_t> integers(const std::string& text) {
  std::vector<std::int64_t> list;
  std::istringstream in(text);
  for (std::int64_t i; in >> i;) list.push_back(i);
  return list;
}

}  // namespace oracle
