#pragma once
// When a message arrives. Between a pair messages keep their order, as MPI does on one communicator and tag; across pairs they may not.
//
// A network card sends one large message after another and receives one after another: what comes from many senders at once takes as long
// as its bytes take through the receiver's card. Small messages slip between the packets of large ones and wait for other small ones only.

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {

struct NetworkOptions {
  std::int64_t latency_ns = 2'000;
  std::int64_t jitter_ns = 0;  ///< each message takes up to this much longer, by chance
  double bytes_per_ns = 10;    ///< through a card, in each direction
  std::int64_t message_ns = 0;  ///< of a card for each message, beside its bytes: one over the message rate
  std::int64_t small_nbytes = 8192;  ///< messages up to this do not wait for large ones
  int workers_per_node = 1;          ///< they share a card; rank 0 has its own
  std::int64_t local_latency_ns = 500;  ///< between workers of one node, which does not go through the card
  double local_bytes_per_ns = 10;
  // Participants are 0 for rank 0 and w + 1 for worker w.
  struct SlowLink {
    int from = 0, to = 0;
    std::int64_t factor = 10;
  };
  struct Delay {
    int from = 0, to = 0;
    std::int64_t message = 0;  ///< the how manieth of this pair, from 0
    std::int64_t by_ns = 0;
  };
  std::vector<SlowLink> slow_links;
  std::vector<Delay> delays;
  std::uint64_t seed = 1;
};

class NetworkModel {
 public:
  /// Errors    ValueError for a bandwidth or a number of workers per node that is not positive.
  explicit NetworkModel(const NetworkOptions& options);
  /// When a message of `nbytes` sent at `now` is there. Calls come in the order of `now`.
  std::int64_t arrival(int from, int to, std::int64_t nbytes, std::int64_t now);

 private:
  struct Card {
    std::int64_t out = 0, in = 0;              ///< until when it is busy with all messages
    std::int64_t small_out = 0, small_in = 0;  ///< and with small ones
  };
  static std::uint64_t link(int from, int to) { return static_cast<std::uint64_t>(from) << 32 | static_cast<std::uint32_t>(to); }
  int node(int participant) const { return participant == 0 ? 0 : 1 + (participant - 1) / options_.workers_per_node; }
  Card& card(int node);
  std::int64_t through_cards(int from, int to, std::int64_t nbytes, std::int64_t now);
  std::int64_t keep_order(int from, int to, std::int64_t arrives, std::int64_t now);

  NetworkOptions options_;
  Random random_;
  std::vector<Card> cards_;
  std::unordered_map<std::uint64_t, std::int64_t> last_;  // looked up only: its order decides nothing
  std::size_t last_max_ = 1024;
  std::map<std::uint64_t, std::int64_t> factors_, sent_;  // of slow links; of links with delays
};

}  // namespace ashlar::simulation
