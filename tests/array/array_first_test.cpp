#include <gtest/gtest.h>
#include <sstream>
#include "ashlar/array/creation.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/map_blocks.hpp"
#include "ashlar/array/random.hpp"
#include "ashlar/array/reductions.hpp"
namespace al = ashlar;
using al::_;
TEST(Array, first) {
  auto x = al::ones<double>({20, 40}, {.chunks = {7, 9}});
  std::cout << x << "\n";
  EXPECT_EQ(x.sum().compute(), 800);
  auto m = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean();
  EXPECT_EQ(m.compute(), 1.0);
  auto a = al::arange(24).reshape({4, 6}).rechunk({3, 4});
  std::cout << a << "\n" << a.compute() << "\n" << a(al::range(_, _, -1), al::range(0, _, 2)).compute() << "\n";
  std::cout << a.sum({.axis = 0}).compute() << a.mean({.axis = 1}).compute() << a.std({.axis = 1, .ddof = 1}).compute() << a.argmax({.axis = 0}).compute() << "\n";
  auto k = (a * a + 1).persist();
  std::cout << k(al::range(1, _), {0, 3, 3, 1}).compute() << "\n" << k.transpose().compute() << "\n";
  std::cout << a(a % 3 == 0).compute() << "\n";
  auto r = al::mean(al::square(al::cos(x)), {.axis = {1}});
  std::cout << r.compute() << "\n";
  std::cout << al::eye(4, {.chunks = 2}).compute() << al::linspace(0, 1, 5).compute() << "\n";
  std::cout << al::set(a, {al::range(0, 2), al::all}, 0).compute() << al::set(a, {{3, 0}, al::all}, a(al::range(0, 2))).compute() << "\n";
  std::cout << al::random::default_rng(1).normal({3, 4}, {.chunks = 2}).compute() << "\n";
  std::cout << a.map_blocks([](al::NDArray<std::int64_t> b) { return al::cos(b * 2) + 1; }).compute() << "\n";
}
