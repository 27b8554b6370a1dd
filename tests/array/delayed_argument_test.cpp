// Arrays given to tasks.

#include <gtest/gtest.h>

#include "ashlar/array/creation.hpp"
#include "ashlar/array/delayed_argument.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/delayed/delayed.hpp"

namespace ashlar {
namespace {

TEST(DelayedArgument, AnArrayArrivesWhole) {
  const auto x = arange<double>(5, {.chunks = 2});
  const auto f = delayed([](const NDArray<double>& b, double m) { return b(4) + m + static_cast<double>(b.size()); });
  const Delayed<double> z = f(x, x.mean());
  EXPECT_EQ(z.compute(), 4 + 2 + 5);
}

TEST(DelayedArgument, AVectorOfArraysArrivesAsAVector) {
  const std::vector<Array<double>> list{ones({2}), ones({3}, {.chunks = 1})};
  const auto f = delayed([](std::vector<NDArray<double>> v) { return sum(v[0]) + 10 * sum(v[1]); });
  EXPECT_EQ(f(list).compute(), 32);
}

}  // namespace
}  // namespace ashlar
