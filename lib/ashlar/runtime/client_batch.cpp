#include "ashlar/runtime/client_batch.hpp"

#include <algorithm>

namespace ashlar {

std::int32_t ClientBatch::slot_of(std::int64_t task) const {
  const std::int64_t position = task - first;
  if (position < 0 || position >= tasks) return -1;
  // Often every task is wanted: then its position is its place in the list.
  if (static_cast<std::int64_t>(wanted.size()) == tasks) return wanted[static_cast<std::size_t>(position)].slot;
  const auto it = std::lower_bound(wanted.begin(), wanted.end(), position, [](const Wanted& w, std::int64_t p) { return w.position < p; });
  return it != wanted.end() && it->position == position ? it->slot : -1;
}

bool ClientBatch::ended() {
  while (settled < slots && values.find(settled)) ++settled;
  return settled == slots || errors.count(settled) > 0;
}

}  // namespace ashlar
