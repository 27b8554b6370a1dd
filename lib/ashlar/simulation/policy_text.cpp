#include "ashlar/simulation/policy_text.hpp"

#include <charconv>
#include <cstdint>
#include <variant>

#include "ashlar/base/error.hpp"

namespace ashlar::simulation {
namespace {

using scheduler::Policy;

struct Field {
  std::string_view name;
  std::variant<int Policy::*, std::int64_t Policy::*, double Policy::*, bool Policy::*> member;
};
constexpr Field policy_fields[] = {
    {"queue_ns", &Policy::queue_ns},
    {"queue_tasks", &Policy::queue_tasks},
    {"queue_tasks_max", &Policy::queue_tasks_max},
    {"unknown_task_ns", &Policy::unknown_task_ns},
    {"unknown_nbytes", &Policy::unknown_nbytes},
    {"bytes_per_ns", &Policy::bytes_per_ns},
    {"transfer_latency_ns", &Policy::transfer_latency_ns},
    {"steal_ns", &Policy::steal_ns},
    {"retry_pause_ns", &Policy::retry_pause_ns},
    {"retry_pause_max_ns", &Policy::retry_pause_max_ns},
    {"refuse_oversized", &Policy::refuse_oversized},
};

}  // namespace

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const Field& field : policy_fields) names.emplace_back(field.name);
  return names;
}

void set(Policy& policy, std::string_view name, double value) {
  for (const Field& field : policy_fields)
    if (field.name == name) {
      std::visit([&]<class T>(T Policy::* member) { policy.*member = static_cast<T>(value); }, field.member);
      return;
    }
  std::string all;
  for (const Field& known : policy_fields) all += (all.empty() ? "" : ", ") + std::string(known.name);
  throw KeyError("the policy has no field " + std::string(name) + ": wanted one of " + all);
}

void set(Policy& policy, std::string_view text) {
  const auto equals = text.find('=');
  double value = 0;
  const std::string_view number = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || error != std::errc{} || end != number.data() + number.size())
    throw ValueError("a field of the policy is given as NAME=NUMBER, found " + std::string(text));
  set(policy, text.substr(0, equals), value);
}

}  // namespace ashlar::simulation
