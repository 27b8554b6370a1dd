#include "ashlar/simulation/network_model.hpp"

#include <algorithm>

namespace ashlar::simulation {

NetworkModel::NetworkModel(const NetworkOptions& options) : options_(options), random_(options.seed) {
  for (const auto& slow : options.slow_links) factors_[link(slow.from, slow.to)] = slow.factor;
}

std::int64_t NetworkModel::arrival(int from, int to, std::int64_t nbytes, std::int64_t now) {
  std::int64_t takes = options_.latency_ns + static_cast<std::int64_t>(static_cast<double>(nbytes) / options_.bytes_per_ns) +
                       random_.below(options_.jitter_ns + 1);
  if (!factors_.empty())
    if (const auto it = factors_.find(link(from, to)); it != factors_.end()) takes *= it->second;
  std::int64_t& last = last_[link(from, to)];
  last = std::max(last, now + takes);
  return last;
}

}  // namespace ashlar::simulation
