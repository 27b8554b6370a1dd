#pragma once
// When a message arrives. Between a pair messages keep their order, as MPI does on one communicator and tag; across pairs they may not.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {

struct NetworkOptions {
  std::int64_t latency_ns = 2'000;
  std::int64_t jitter_ns = 0;  ///< each message takes up to this much longer, by chance
  double bytes_per_ns = 10;
  struct SlowLink {
    int from = 0, to = 0;  ///< participants: 0 is rank 0, worker w is w + 1
    std::int64_t factor = 10;
  };
  std::vector<SlowLink> slow_links;
  std::uint64_t seed = 1;
};

class NetworkModel {
 public:
  explicit NetworkModel(const NetworkOptions& options);
  /// When a message of `nbytes` sent at `now` is there.
  std::int64_t arrival(int from, int to, std::int64_t nbytes, std::int64_t now);

 private:
  static std::uint64_t link(int from, int to) { return static_cast<std::uint64_t>(from) << 32 | static_cast<std::uint32_t>(to); }
  NetworkOptions options_;
  Random random_;
  std::unordered_map<std::uint64_t, std::int64_t> last_;  // looked up only: its order decides nothing
  std::unordered_map<std::uint64_t, std::int64_t> factors_;
};

}  // namespace ashlar::simulation
