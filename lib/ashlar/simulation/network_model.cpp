#include "ashlar/simulation/network_model.hpp"

#include <algorithm>
#include <string>

#include "ashlar/base/error.hpp"

namespace ashlar::simulation {

NetworkModel::NetworkModel(const NetworkOptions& options) : options_(options), random_(options.seed) {
  if (!(options.bytes_per_ns > 0) || !(options.local_bytes_per_ns > 0))
    throw ValueError("a network wants bandwidths above 0, found " + std::to_string(options.bytes_per_ns) + " and " +
                     std::to_string(options.local_bytes_per_ns) + " bytes per ns");
  if (options.workers_per_node < 1)
    throw ValueError("a node wants at least one worker, found " + std::to_string(options.workers_per_node));
  for (const auto& slow : options.slow_links) factors_[link(slow.from, slow.to)] = slow.factor;
  for (const auto& delay : options.delays) sent_[link(delay.from, delay.to)] = 0;
}

NetworkModel::Card& NetworkModel::card(int node) {
  if (cards_.size() <= static_cast<std::size_t>(node)) cards_.resize(static_cast<std::size_t>(node) + 1);
  return cards_[static_cast<std::size_t>(node)];
}

// The first byte leaves when the sender's card is free and is there a latency later; the last one when the receiver's card, which may be
// busy with others, has taken them all.
std::int64_t NetworkModel::through_cards(int from, int to, std::int64_t nbytes, std::int64_t now) {
  card(std::max(from, to));
  Card &sender = card(from), &receiver = card(to);
  const std::int64_t takes = options_.message_ns + static_cast<std::int64_t>(static_cast<double>(nbytes) / options_.bytes_per_ns);
  const std::int64_t latency = options_.latency_ns + random_.below(options_.jitter_ns + 1);
  if (nbytes <= options_.small_nbytes) {
    const std::int64_t leaves = std::max(now, sender.small_out), comes = std::max(leaves + latency, receiver.small_in);
    sender.small_out = leaves + options_.message_ns;
    receiver.small_in = comes + options_.message_ns;
    // Its bytes go at the cost of the large ones.
    sender.out = std::max(sender.out, now) + takes;
    receiver.in = std::max(receiver.in, now) + takes;
    return comes + takes;
  }
  const std::int64_t leaves = std::max(now, sender.out), comes = std::max(leaves + latency, receiver.in);
  sender.out = leaves + takes;
  receiver.in = comes + takes;
  return comes + takes;
}

std::int64_t NetworkModel::keep_order(int from, int to, std::int64_t arrives, std::int64_t now) {
  // What has arrived holds nothing up any more: the table is as large as what is under way.
  if (last_.size() > last_max_) {
    std::erase_if(last_, [&](const auto& entry) { return entry.second <= now; });
    last_max_ = std::max<std::size_t>(1024, 2 * last_.size());
  }
  std::int64_t& last = last_[link(from, to)];
  last = std::max(last, arrives);
  return last;
}

std::int64_t NetworkModel::arrival(int from, int to, std::int64_t nbytes, std::int64_t now) {
  std::int64_t arrives = now;
  if (from != 0 && to != 0 && node(from) == node(to))
    arrives += options_.local_latency_ns + static_cast<std::int64_t>(static_cast<double>(nbytes) / options_.local_bytes_per_ns) +
               random_.below(options_.jitter_ns + 1);
  else
    arrives = through_cards(node(from), node(to), nbytes, now);
  if (!factors_.empty())
    if (const auto it = factors_.find(link(from, to)); it != factors_.end()) arrives = now + (arrives - now) * it->second;
  if (!sent_.empty())
    if (const auto it = sent_.find(link(from, to)); it != sent_.end()) {
      const std::int64_t message = it->second++;
      for (const auto& delay : options_.delays)
        if (delay.from == from && delay.to == to && delay.message == message) arrives += delay.by_ns;
    }
  return keep_order(from, to, arrives, now);
}

}  // namespace ashlar::simulation
