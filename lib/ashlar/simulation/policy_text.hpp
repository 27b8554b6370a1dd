#pragma once
// The scheduler's policy by name, for scenarios and command lines: "queue_tasks=4".

#include <string>
#include <string_view>
#include <vector>

#include "ashlar/scheduler/state.hpp"

namespace ashlar::simulation {

/// Sets one field.
/// Errors    KeyError for a name that is none (lists them), ValueError for text that is no number.
void set(scheduler::Policy& policy, std::string_view name, double value);
void set(scheduler::Policy& policy, std::string_view name_is_value);

std::vector<std::string> policy_names();

}  // namespace ashlar::simulation
