#pragma once
// Options of one task, in Dask's words.

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/graph/annotations.hpp"

namespace ashlar {

/// {{"GPU", 1}, {"disk", 0.5}}
struct Resources {
  std::map<std::string, double> v;
  Resources() = default;
  Resources(std::initializer_list<std::pair<Name, Real>> l) {
    for (const auto& [name, amount] : l) v[name.v] = amount.v;
  }
};

/// How one task is named and run.
/// Errors    ValueError where the task is made, for values that make no sense (a negative number of retries, a resource of 0).
struct TaskOptions {
  ASHLAR_OPTIONS;
  std::string key = {};           ///< the task's name; tasks of one key are one task
  bool pure = false;              ///< equal function and equal arguments: the same task
  std::vector<int> workers = {};  ///< ranks it may run on, as `WorkerContext::rank()` names them; empty: any
  Resources resources = {};       ///< what it takes of its worker while it runs, of what --ashlar-resources gives each worker
  int retries = 0;                ///< times it is run again, after growing pauses, when it threw or ran too long
  int priority = 0;               ///< tasks of a higher one run first
  Seconds timeout = {};           ///< longer than this it fails with a TimeoutError. Its code cannot be ended: it keeps its thread until it returns
};

namespace detail {
inline constexpr int priority_max = 1'000'000;
/// What is to be done with its tasks; null when all is as usual. Throws ValueError as said above.
std::shared_ptr<const Annotations> annotations_of(const TaskOptions& options);
/// Throws ValueError unless all is as usual: options belong to the call that makes a task, `what` is not one.
void refuse_options(const TaskOptions& options, const char* what);
}  // namespace detail
}  // namespace ashlar
