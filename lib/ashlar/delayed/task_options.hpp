#pragma once
// Options of one task, in Dask's words.

#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/options.hpp"

namespace ashlar {

/// {{"GPU", 1}, {"disk", 0.5}}
struct Resources {
  std::map<std::string, double> v;
  Resources() = default;
  Resources(std::initializer_list<std::pair<Name, Real>> l) {
    for (const auto& [name, amount] : l) v[name.v] = amount.v;
  }
};

/// Fields from `workers` on are not served yet: anything but their default throws NotImplementedError where the task is made.
struct TaskOptions {
  ASHLAR_OPTIONS;
  std::string key = {};           ///< the task's name; tasks of one key are one task
  bool pure = false;              ///< equal function and equal arguments: the same task
  std::vector<int> workers = {};
  Resources resources = {};
  int retries = 0;
  int priority = 0;
  Seconds timeout = {};
};

namespace detail {
/// Throws NotImplementedError for the fields that are not served yet.
void refuse_unserved(const TaskOptions& options);
}  // namespace detail
}  // namespace ashlar
