#include "command_line.hpp"

#include <CLI/CLI.hpp>

namespace command_line {

struct CommandLine::Parser {
  CLI::App app;
};

CommandLine::CommandLine(const std::string& what_the_program_does) : parser_(new Parser{CLI::App(what_the_program_does)}) {}
CommandLine::~CommandLine() = default;

namespace {

CLI::Option* option(CLI::App& app, const std::string& name, const Place& place, const std::string& help) {
  return std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          return app.add_flag(name, *value, help);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return app.add_option(name, *value, help);
        } else {
          CLI::Option* added = app.add_option(name, *value, help);
          bool has_default = true;
          if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) has_default = !value->empty();
          if (has_default) added->capture_default_str();
          return added->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        }
      },
      place);
}

}  // namespace

void CommandLine::add(const std::string& name, Place place, const std::string& help, const Wanted& wanted) {
  CLI::Option* added = option(parser_->app, name, place, help);
  switch (wanted.kind) {
    case Wanted::anything: break;
    case Wanted::positive: added->check(CLI::PositiveNumber); break;
    case Wanted::not_negative: added->check(CLI::NonNegativeNumber); break;
    case Wanted::between: added->check(CLI::Range(wanted.low, wanted.high)); break;
    case Wanted::one_of:
      added->check(CLI::IsMember(wanted.names));
      if (std::holds_alternative<std::vector<std::string>*>(place)) added->delimiter(',');
      break;
    case Wanted::existing_file: added->check(CLI::ExistingFile); break;
  }
  added->required(wanted.required);
}

std::optional<int> CommandLine::parse(int argc, const char* const* argv) {
  try {
    parser_->app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    return parser_->app.exit(e);
  }
}

}  // namespace command_line
