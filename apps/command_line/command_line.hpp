// The options of a program: a thin face of CLI11, which is compiled here once. In each program it would take longer to compile than the program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace command_line {

/// What an option's value must be; anything else is an error that says so.
struct Wanted {
  enum Kind { anything, positive, not_negative, between, one_of, existing_file } kind = anything;
  double low = 0, high = 0;         // between: both included
  std::vector<std::string> names;   // one_of
  bool required = false;            // the option may not be left out
};

/// Where a value goes. What stands there before is the default, and is shown by --help. A bool is a flag; a list takes several words, and
/// one_of's also names joined by commas.
using Place = std::variant<bool*, int*, std::int64_t*, std::uint64_t*, double*, std::string*, std::filesystem::path*, std::vector<std::string>*>;

class CommandLine {
 public:
  explicit CommandLine(const std::string& what_the_program_does);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// `name` is "--rows", or "file" for what stands without one. Given twice, the last counts. `place` must outlive parse().
  void add(const std::string& name, Place place, const std::string& help, const Wanted& wanted = {});

  /// Nothing when the program may go on; else the code to end with: 0 after --help, another after an error, which is printed.
  [[nodiscard]] std::optional<int> parse(int argc, const char* const* argv);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace command_line
