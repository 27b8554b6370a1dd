#include "ashlar/scheduler/command_hash.hpp"

#include "ashlar/scheduler/fields_detail.hpp"

namespace ashlar::scheduler {

void CommandHash::add(const Command& command) {
  const auto word = [this](std::uint64_t w) { value_ = mixed(value_ ^ w); };
  word(command.index());
  std::visit([&](const auto& c) { fields::words(c, word); }, command);
}

}  // namespace ashlar::scheduler
