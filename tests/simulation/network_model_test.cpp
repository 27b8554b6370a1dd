#include "ashlar/simulation/network_model.hpp"

#include <gtest/gtest.h>

namespace ashlar::simulation {
namespace {

TEST(NetworkModel, a_message_takes_latency_and_its_bytes) {
  NetworkModel network({.latency_ns = 1000, .bytes_per_ns = 2});

  EXPECT_EQ(network.arrival(0, 1, 0, 50), 1050);
  EXPECT_EQ(network.arrival(0, 2, 400, 50), 1250);
}

TEST(NetworkModel, a_short_message_does_not_overtake_a_long_one_of_the_same_pair) {
  NetworkModel network({.latency_ns = 10, .bytes_per_ns = 1});

  EXPECT_EQ(network.arrival(0, 1, 1000, 0), 1010);
  EXPECT_EQ(network.arrival(0, 1, 0, 5), 1010);
  EXPECT_EQ(network.arrival(1, 0, 0, 5), 15);
  EXPECT_EQ(network.arrival(0, 2, 0, 5), 15);
}

TEST(NetworkModel, jitter_reorders_across_pairs_and_never_within_one) {
  NetworkModel network({.latency_ns = 10, .jitter_ns = 1000, .seed = 3});
  std::int64_t last = 0;
  bool overtaken = false;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t one = network.arrival(0, 1, 0, i), other = network.arrival(0, 2, 0, i + 1);
    EXPECT_GE(one, last);
    EXPECT_LE(one, i + 1010);
    overtaken |= other < one;
    last = one;
  }
  EXPECT_TRUE(overtaken);
}

TEST(NetworkModel, a_slow_link_is_slow_in_one_direction) {
  NetworkModel network({.latency_ns = 10, .slow_links = {{.from = 1, .to = 2, .factor = 5}}});

  EXPECT_EQ(network.arrival(1, 2, 0, 0), 50);
  EXPECT_EQ(network.arrival(2, 1, 0, 0), 10);
}

}  // namespace
}  // namespace ashlar::simulation
