#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <numeric>

#include "ashlar/delayed/delayed.hpp"

namespace al = ashlar;

namespace {

class Watch {
 public:
  double nanoseconds_each(std::size_t n) const { return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start_).count() / static_cast<double>(n); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

constexpr int large = 1'000'000;

}  // namespace

TEST(LargeGraph, a_chain_of_a_million_is_lowered_and_released_without_a_deep_stack) {
  auto inc = al::delayed([](int x) { return x + 1; });
  const Watch watch;
  al::Delayed<int> z = inc(0);
  for (int i = 1; i < large; ++i) z = inc(z);
  al::GraphBuilder builder;
  const al::TaskRef last = al::detail::lower(*z.node().get(), builder);
  std::cout << "chain: " << watch.nanoseconds_each(large) << " ns a call to build and lower\n";
  EXPECT_EQ(last.index, large - 1);
  EXPECT_EQ(std::move(builder).take().size(), large);
  z = al::Delayed<int>();
}

TEST(LargeGraph, a_chain_of_a_hundred_thousand_gives_its_length) {
  auto inc = al::delayed([](int x) { return x + 1; });
  al::Delayed<int> z = inc(0);
  for (int i = 1; i < 100'000; ++i) z = inc(z);
  EXPECT_EQ(z.compute(), 100'000);
}

TEST(LargeGraph, a_million_independent_calls_are_cheap) {
  auto one = al::delayed([](int x) { return x; });
  const Watch watch;
  std::vector<al::Delayed<int>> all;
  for (int i = 0; i < large; ++i) all.push_back(one(i));
  al::GraphBuilder builder;
  const auto tasks = al::detail::CollectionTraits<std::vector<al::Delayed<int>>>::lower(all, builder);
  const double each = watch.nanoseconds_each(large);
  std::cout << "independent: " << each << " ns a call to build and lower\n";
  EXPECT_EQ(tasks.size(), static_cast<std::size_t>(large));
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(each, 5000) << "a bound that a busy machine keeps too; quiet ones take a tenth";
#endif
}

TEST(LargeGraph, a_call_with_a_hundred_thousand_inputs_gets_them_all) {
  auto one = al::delayed([](int x) { return x; });
  std::vector<al::Delayed<int>> all;
  for (int i = 0; i < 100'000; ++i) all.push_back(one(i % 10));
  EXPECT_EQ(al::delayed([](const std::vector<int>& v) { return std::accumulate(v.begin(), v.end(), 0); })(all).compute(), 450'000);
}

TEST(LargeGraph, a_ladder_where_everything_is_shared_stays_small) {
  al::Delayed<int> z = al::delayed(1);
  for (int i = 0; i < 25; ++i) z = z + z;  // 2^25 paths, 26 tasks
  EXPECT_EQ(z.compute(), 1 << 25);
}
