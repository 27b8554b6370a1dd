#include "ashlar/delayed/task_options.hpp"

#include <cmath>
#include <cstdio>

#include "ashlar/base/error.hpp"

namespace ashlar::detail {
namespace {

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

}  // namespace

std::shared_ptr<const Annotations> annotations_of(const TaskOptions& options) {
  if (options.workers.empty() && options.resources.v.empty() && options.retries == 0 && options.priority == 0 && !options.timeout.v) return nullptr;
  auto annotations = std::make_shared<Annotations>();
  for (const int rank : options.workers)
    if (rank < 0) throw ValueError("TaskOptions.workers: a rank was wanted, found " + std::to_string(rank));
  annotations->workers = options.workers;
  for (const auto& [name, amount] : options.resources.v) {
    if (!(amount > 0) || !std::isfinite(amount)) throw ValueError("TaskOptions.resources: of " + name + " more than 0 was wanted, found " + number(amount));
    annotations->resources.emplace_back(name, amount);
  }
  if (options.retries < 0) throw ValueError("TaskOptions.retries: 0 or more was wanted, found " + std::to_string(options.retries));
  annotations->retries = options.retries;
  if (options.priority > priority_max || options.priority < -priority_max)
    throw ValueError("TaskOptions.priority: at most a million either way was wanted, found " + std::to_string(options.priority));
  annotations->priority = options.priority;
  if (options.timeout.v) {
    if (!(*options.timeout.v > 0)) throw ValueError("TaskOptions.timeout: more than 0 seconds was wanted, found " + number(*options.timeout.v));
    annotations->timeout_s = *options.timeout.v;
  }
  return annotations;
}

void refuse_options(const TaskOptions& options, const char* what) {
  if (options.pure || !options.key.empty() || annotations_of(options))
    throw ValueError(std::string("options belong to the call that makes a task, not to ") + what);
}

}  // namespace ashlar::detail
