#pragma once
// simulate --replay FILE: the scheduler's machine once more, with the events of a real run.

#include <string>
#include <vector>

/// Prints what came of it; 0 when the commands are the same to the end of the run.
/// `policy`: "name=value" of Policy fields to change; then the first event that would be answered differently is shown, and the recorded
/// job is simulated under both policies.
int replay_file(const std::string& file, const std::vector<std::string>& policy, bool trace);
