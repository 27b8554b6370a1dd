#include "ashlar/delayed/task_options.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar::detail {

void refuse_unserved(const TaskOptions& options) {
  const auto refuse = [](const std::string& what, const std::string& instead) {
    throw NotImplementedError("not yet: TaskOptions." + what + "; " + instead);
  };
  if (!options.workers.empty()) refuse("workers (" + std::to_string(options.workers.size()) + " given)", "the scheduler chooses the worker");
  if (!options.resources.v.empty()) refuse("resources (\"" + options.resources.v.begin()->first + "\" given)", "only memory is counted");
  if (options.retries != 0) refuse("retries = " + std::to_string(options.retries), "a task that throws is not run again");
  if (options.priority != 0) refuse("priority = " + std::to_string(options.priority), "tasks run in the depth-first order of their graph");
  if (options.timeout.v) refuse("timeout = " + std::to_string(*options.timeout.v) + " s", "give a timeout to result() or wait() instead");
}

}  // namespace ashlar::detail
