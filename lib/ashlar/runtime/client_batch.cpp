#include "ashlar/runtime/client_batch.hpp"

#include <algorithm>

namespace ashlar {

void ClientBatch::keep_no_list_of_all() {
  all_in_order = static_cast<std::int64_t>(wanted.size()) == tasks && slots == tasks &&
                 std::all_of(wanted.begin(), wanted.end(), [](const Wanted& one) { return one.position == one.slot; });
  if (all_in_order) std::vector<Wanted>().swap(wanted);
}

std::int32_t ClientBatch::slot_of(std::int64_t task) const {
  const std::int64_t position = task - first;
  if (position < 0 || position >= tasks) return -1;
  if (all_in_order) return static_cast<std::int32_t>(position);
  const auto it = std::lower_bound(wanted.begin(), wanted.end(), position, [](const Wanted& w, std::int64_t p) { return w.position < p; });
  return it != wanted.end() && it->position == position ? it->slot : -1;
}

bool ClientBatch::ended() {
  while (settled < slots && values.find(settled)) ++settled;
  return settled == slots || errors.count(settled) > 0;
}

}  // namespace ashlar
