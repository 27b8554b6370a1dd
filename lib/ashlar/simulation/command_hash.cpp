#include "ashlar/simulation/command_hash.hpp"

#include "ashlar/scheduler/fields_detail.hpp"
#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {

// The number of the alternative, then all its fields; the workers' commands are counted from 100.
void CommandHash::add(const scheduler::Command& command) {
  const auto word = [this](std::uint64_t w) { value_ = mixed(value_ ^ w); };
  word(command.index());
  std::visit([&](const auto& c) { scheduler::fields::words(c, word); }, command);
}

void CommandHash::add(WorkerId worker, const worker::Command& command) {
  const auto word = [this](std::uint64_t w) { value_ = mixed(value_ ^ w); };
  word(100 + command.index());
  word(static_cast<std::uint64_t>(worker.value()));
  std::visit([&](const auto& c) { scheduler::fields::words(c, word); }, command);
}

}  // namespace ashlar::simulation
