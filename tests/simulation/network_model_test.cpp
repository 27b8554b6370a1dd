#include "ashlar/simulation/network_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/simulation/distribution.hpp"

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

// ---- cards: what comes from many or goes to many takes as long as its bytes

TEST(NetworkModel, large_messages_of_many_senders_share_the_receivers_card) {
  NetworkModel network({.latency_ns = 10, .bytes_per_ns = 1, .small_nbytes = 0});

  EXPECT_EQ(network.arrival(1, 4, 1000, 0), 1010);
  EXPECT_EQ(network.arrival(2, 4, 1000, 0), 2010);
  EXPECT_EQ(network.arrival(3, 4, 1000, 5), 3010);
}

TEST(NetworkModel, large_messages_to_many_receivers_share_the_senders_card) {
  NetworkModel network({.latency_ns = 10, .bytes_per_ns = 1, .small_nbytes = 0});

  EXPECT_EQ(network.arrival(1, 2, 1000, 0), 1010);
  EXPECT_EQ(network.arrival(1, 3, 1000, 0), 2010);
  EXPECT_EQ(network.arrival(2, 3, 1000, 1500), 3010) << "the receiver is busy until 2010";
  EXPECT_EQ(network.arrival(1, 4, 1000, 5000), 6010) << "the card was free long before";
}

TEST(NetworkModel, a_small_message_slips_past_a_large_one_of_another_pair) {
  NetworkModel network({.latency_ns = 10, .bytes_per_ns = 1, .small_nbytes = 100});

  EXPECT_EQ(network.arrival(1, 3, 100'000, 0), 100'010);
  EXPECT_EQ(network.arrival(2, 3, 100, 0), 110);
  EXPECT_EQ(network.arrival(1, 2, 100, 0), 110);
}

TEST(NetworkModel, a_card_takes_so_many_messages_a_second) {
  NetworkModel network({.latency_ns = 10, .bytes_per_ns = 1, .message_ns = 50});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(network.arrival(1, 2 + i, 0, 0), 60 + 50 * i);
  NetworkModel many({.latency_ns = 10, .bytes_per_ns = 1, .message_ns = 50});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(many.arrival(2 + i, 1, 0, 0), 60 + 50 * i);
}

TEST(NetworkModel, workers_of_a_node_share_a_card_and_reach_each_other_without_it) {
  NetworkModel network({.latency_ns = 10, .bytes_per_ns = 1, .small_nbytes = 0, .workers_per_node = 2, .local_latency_ns = 3, .local_bytes_per_ns = 10});

  EXPECT_EQ(network.arrival(1, 3, 1000, 0), 1010);
  EXPECT_EQ(network.arrival(2, 5, 1000, 0), 2010) << "worker 1 sends through the card of worker 0";
  EXPECT_EQ(network.arrival(1, 2, 1000, 0), 103);
  EXPECT_EQ(network.arrival(0, 7, 1000, 0), 1010) << "rank 0 has its own";
}

TEST(NetworkModel, the_message_that_is_to_be_late_is_late_and_what_follows_it_stays_behind) {
  NetworkModel network({.latency_ns = 10, .delays = {{.from = 1, .to = 2, .message = 1, .by_ns = 1000}}});

  EXPECT_EQ(network.arrival(1, 2, 0, 0), 10);
  EXPECT_EQ(network.arrival(1, 3, 0, 0), 10);
  EXPECT_EQ(network.arrival(1, 2, 0, 1), 1011);
  EXPECT_EQ(network.arrival(1, 2, 0, 2), 1011);
  EXPECT_EQ(network.arrival(1, 2, 0, 2000), 2010);
}

TEST(NetworkModel, a_network_that_cannot_be_is_refused) {
  EXPECT_THROW(NetworkModel({.bytes_per_ns = 0}), ValueError);
  EXPECT_THROW(NetworkModel({.workers_per_node = 0}), ValueError);
}

// ---- distributions

std::vector<std::int64_t> drawn(Distribution distribution, std::int64_t mean, int n) {
  Random random(5);
  std::vector<std::int64_t> all;
  for (int i = 0; i < n; ++i) all.push_back(draw(distribution, mean, random));
  std::sort(all.begin(), all.end());
  return all;
}
double mean_of(const std::vector<std::int64_t>& all) {
  double sum = 0;
  for (const std::int64_t x : all) sum += static_cast<double>(x);
  return sum / static_cast<double>(all.size());
}

TEST(Distribution, each_has_the_mean_and_the_shape_it_says) {
  constexpr int n = 200'000;
  constexpr std::int64_t mean = 1'000'000;
  const auto quantile = [](const std::vector<std::int64_t>& all, double q) { return static_cast<double>(all[static_cast<std::size_t>(q * n)]) / mean; };

  const auto fixed = drawn(Distribution::fixed, mean, 10);
  EXPECT_EQ(fixed.front(), mean);
  EXPECT_EQ(fixed.back(), mean);
  const auto uniform = drawn(Distribution::uniform, mean, n);
  EXPECT_NEAR(mean_of(uniform) / mean, 1, 0.01);
  EXPECT_GE(uniform.front(), mean / 2);
  EXPECT_LE(uniform.back(), mean * 3 / 2);
  EXPECT_NEAR(mean_of(drawn(Distribution::outliers, mean, n)) / mean, 1.09, 0.02);
  // exp(sigma z - sigma^2 / 2) with sigma 1: median 0.607, 99 % below 6.21, 1 % below 0.0592.
  const auto lognormal = drawn(Distribution::lognormal, mean, n);
  EXPECT_NEAR(mean_of(lognormal) / mean, 1, 0.02);
  EXPECT_NEAR(quantile(lognormal, 0.5), 0.607, 0.01);
  EXPECT_NEAR(quantile(lognormal, 0.99), 6.21, 0.2);
  EXPECT_NEAR(quantile(lognormal, 0.01), 0.0592, 0.003);
  // P(X > x) = (1/3 / x)^1.5: median 0.529, 1 % above 7.18, 0.01 % above 154.7.
  const auto tail = drawn(Distribution::heavy_tail, mean, n);
  EXPECT_NEAR(mean_of(tail) / mean, 1, 0.1);
  EXPECT_GE(tail.front(), mean / 3 - 100);
  EXPECT_LE(tail.back(), 1000 * mean);
  EXPECT_NEAR(quantile(tail, 0.5), 0.529, 0.01);
  EXPECT_NEAR(quantile(tail, 0.99), 7.18, 0.4);
  EXPECT_NEAR(quantile(tail, 0.9999), 154.7, 50);
}

TEST(Distribution, draws_are_the_same_everywhere) {
  EXPECT_EQ(drawn(Distribution::lognormal, 1'000'000, 3), drawn(Distribution::lognormal, 1'000'000, 3));
  EXPECT_EQ(drawn(Distribution::lognormal, 0, 10).back(), 0);
  EXPECT_EQ(drawn(Distribution::heavy_tail, 0, 10).back(), 0);
  EXPECT_STREQ(name(distribution("heavy_tail")), "heavy_tail");
  EXPECT_THROW(distribution("gauss"), ValueError);
}

}  // namespace
}  // namespace ashlar::simulation
