// The array examples of the interface contract compile as written, with the types it says. Those that are small also run.

#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "array/graph_runs.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/map_blocks.hpp"
#include "ashlar/array/random.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/array/store.hpp"

namespace al = ashlar;
using al::_;

// Never called: some of it would take minutes, some is refused when it runs.
[[maybe_unused]] static void compiles() {
  auto x = al::ones<double>({200'000, 4'000}, {.chunks = {1'000, 1'000}});
  std::cout << x << '\n';
  auto m = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean();
  auto r = al::mean(al::square(al::cos(x)), {.axis = {1}});
  double d = m.compute();
  al::NDArray<double> local = r.compute();
  static_assert(std::is_same_v<decltype(m), al::Scalar<double>>);
  static_assert(std::is_same_v<decltype(r), al::Array<double>>);
  (void)d;
  auto s1 = x - x.mean();
  static_assert(std::is_same_v<decltype(s1), al::Array<double>>);
  x(al::range(2, 10), al::all), x(0, al::ellipsis), x("::-1, 2:10"), x(al::all, al::newaxis, 3);
  x({0, 3, 7}, al::all), x(x > 0.5), x(std::vector<int>{1, 2}, -1), x(0), x(-1, 0), x({0}, 0);
  x(_, 0), x(al::all, {1, 2}), x("0", 0), x(0, "::2");
  x.transpose({1, 0});
  static_assert(std::is_same_v<decltype(x.std({.ddof = 1})), al::Scalar<double>>);
  static_assert(std::is_same_v<decltype(x.std({.axis = {0}, .ddof = 1})), al::Array<double>>);
  static_assert(std::is_same_v<decltype(x.sum({.keepdims = true})), al::Array<double>>);
  static_assert(std::is_same_v<decltype(al::mean(x, {.split_every = 4})), al::Scalar<double>>);
  auto nb = local * 2.0 + local;
  static_assert(std::is_same_v<decltype(nb), al::NDArray<double>>);
  al::Array<double> mixed = x * local;
  auto lb = x.map_blocks([](al::NDArray<double> b) { return al::cos(b * 2) + 1; });
  x.sum({.axis = 0}), x.sum({.axis = {0, 1}, .keepdims = true}), x.sum({}), x.std({.ddof = 1});
  auto a1 = al::all(x > 0);
  auto a2 = al::all(x > 0, {.axis = {0}});
  static_assert(std::is_same_v<decltype(a1), al::Scalar<bool>>);
  static_assert(std::is_same_v<decltype(a2), al::Array<bool>>);
  al::set(x, {al::range(0, 2), al::all}, 0.0), al::set(x, "0:2, :", 0), al::set(x, x > 0, x.mean()), al::set(x, {0, 1}, 5);
  al::set(x, {{0, 3}, al::all}, 5), al::set(x, {al::ellipsis, 0}, x(0)), al::set(x, {0}, 1);
  static_assert(std::is_same_v<decltype(al::ones<float>({3}) * 2.0), al::Array<float>>);
  static_assert(std::is_same_v<decltype(x + 1), al::Array<double>>);
  static_assert(std::is_same_v<decltype(1 + x), al::Array<double>>);
  static_assert(std::is_same_v<decltype(al::ones<int>({3}) / 2), al::Array<double>>);
  static_assert(std::is_same_v<decltype(x.mean() / x.std()), al::Scalar<double>>);
  auto i8 = 1 - x.mean();
  auto i9 = -x;
  auto b1 = x > 0;
  auto b2 = 0 < x;
  auto b4 = 1 == x;
  auto b5 = x != x;
  auto b7 = x == x.mean();
  auto b8 = x.mean() == 0;
  static_assert(std::is_same_v<decltype(b4), al::Array<bool>>);
  static_assert(std::is_same_v<decltype(b8), al::Scalar<bool>>);
  auto b9 = (x > 0) & (x < 1);
  auto b10 = ~b9;
  al::where(x > 0, x, 0.0), al::where(x > 0, x, x.mean()), x + local;
  static_assert(std::is_same_v<decltype(al::where(x > 0, 0, x)), al::Array<double>>);
  al::concatenate({x, x}, {.axis = 1}), al::concatenate({x}), al::concatenate(std::vector{x, x});
  x.map_blocks([](al::NDArray<double> b) { return b; });
  x.map_blocks([](const al::NDArray<double>& b, const al::BlockInfo&) { return b; });
  x.map_blocks([](auto b) { return b; });
  auto mb = x.map_blocks([](al::NDArray<double>) { return al::NDArray<float>(); });
  static_assert(std::is_same_v<decltype(mb), al::Array<float>>);
  al::random::default_rng(42).normal({3, 4}, {.loc = 0, .scale = 1, .chunks = {2, 2}});
  x.rechunk({1000, 500}), x.rechunk({{90, 10}, {5, 5}}), x.rechunk({-1, "auto"}), x.rechunk("auto"), x.rechunk(-1), x.rechunk({{100}, 50});
  x.rechunk(x.chunks()), x.rechunk({0, 1}), x.rechunk({{0, 1}});
  x.persist(), x.visualize("x.svg"), x.nbytes(), x.chunks(), x.numblocks(), x.dtype();
  std::size_t n = 4;
  int k = 2;
  unsigned u = 3;
  al::zeros<float>({n, k, u}, {.chunks = {n, 1, u}}), al::ones<double>({n}), al::ones<double>({3}), al::ones<double>(5), al::ones<double>({});
  al::ones<double>({0}), al::ones<double>(x.shape(), {.chunks = x.chunks()});
  al::ones<double>({100}, {.chunks = {{90, 20}}}), al::ones<double>({100}, {.chunks = {{100}}});
  al::ones<double>({100, 100}, {.chunks = {{50, 50}, {90, 10}}}), al::ones<double>({100, 100}, {.chunks = {{50, 50}, 10}});
  al::ones<double>({100}, {.chunks = "auto"}), al::ones<double>({100}, {.chunks = {"auto", -1}}), al::ones<double>({100}, {.chunks = 10});
  al::ones<double>({100}, {.chunks = {10}}), al::ones<double>({100}, {.chunks = {{90, 10}, "auto"}});
  al::full({3, 4}, 1.5), al::arange<double>(0, 24).reshape({4, 6}).rechunk({2, 4}), al::arange<double>(24, {.chunks = {6}}), al::arange(10);
  al::arange<double>(0, 1, 0.1, {.chunks = 5});
  int loc = 3;
  al::random::default_rng(1).normal({2}, {.loc = loc, .scale = 2u});
  const auto cx = x;
  cx(0), cx.sum(), cx + cx;
  const auto cl = local;
  cl(0, 1);
  for (auto v : cl) (void)v;
  double t = cx(0, 0).compute().item();
  for (auto v : x.compute()) (void)v;
  double e = x.compute()(0, 0);
  x.to_hdf5("out.h5", "/group/x", {.storage_chunks = {1'000, 1'000}, .compression = "gzip", .attributes = {{"units", "K"}}});
  x.to_hdf5("out.h5", "/group/x", {.attributes = {{"units", "K"}, {"scale", 1.5}, {"n", 3}, {"valid_range", {0, 100}}}});
  x.to_hdf5("out.h5", "/group/x");
  al::Hdf5Target target_x{"a.h5", "/x"}, target_y{"a.h5", "/y", {al::range(0, 5), al::all}};
  al::Array<float> yf;
  al::store({x, x}, {target_x, target_y});
  al::store({x, yf}, {target_x, target_y}), al::store({x}, {target_x}), al::store(x, target_x);
  al::NDArray<double> out;
  al::store({x}, {out});
  al::store({x, x}, {al::Hdf5Target{"a.h5", "/x"}, al::Hdf5Target{"b.h5", "/y", {al::range(0, 10), al::all}}});
  (void)nb, (void)mixed, (void)lb, (void)i8, (void)i9, (void)b1, (void)b2, (void)b5, (void)b7, (void)b10, (void)t, (void)e, (void)mb;
}

namespace ashlar::test {
namespace {

TEST(ApiExamples, TheTableIsDasks) {
  auto x = al::ones<double>({200'000, 4'000}, {.chunks = {1'000, 1'000}});
  std::ostringstream out;
  out << x;
  EXPECT_EQ(out.str(),
            "       Array           Chunk\n"
            "Bytes  5.96 GiB        7.63 MiB\n"
            "Shape  (200000, 4000)  (1000, 1000)\n"
            "Count  800 Tasks       800 Chunks\n"
            "Type   float64         NDArray<float64>");
}

TEST(ApiExamples, TheReversedProductIsOneFusedLayerAndATree) {
  auto x = al::ones<double>({200'000, 4'000}, {.chunks = {1'000, 1'000}});
  auto m = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean();
  // The layer of what is wanted has the first number.
  EXPECT_EQ(layer_names(m.node()), (std::vector<std::string>{"mean-aggregate", "mean-multiply-ones", "mean-combine", "mean-combine", "mean-combine"}));
  auto r = al::mean(al::square(al::cos(x)), {.axis = {1}});
  EXPECT_EQ(layer_names(r.node()), (std::vector<std::string>{"mean-aggregate", "mean-square-cos-ones"}));
  EXPECT_EQ(r.shape(), Shape({200'000}));
}

TEST(ApiExamples, SmallOnesOfTheSameKindRun) {
  auto x = al::ones<double>({20, 40}, {.chunks = {6, 7}});
  EXPECT_EQ((x * x(al::range(_, _, -1), al::range(_, _, -1))).mean().compute(), 1.0);
  const NDArray<double> r = al::mean(al::square(al::cos(x)), {.axis = {1}}).compute();
  EXPECT_EQ(r.shape(), Shape({20}));
  EXPECT_NEAR(r(19), 0.2919265817264289, 1e-15);
  auto [a, b] = al::compute(x.sum(), x.max({.axis = 0}));
  static_assert(std::is_same_v<decltype(a), double>);
  static_assert(std::is_same_v<decltype(b), NDArray<double>>);
  EXPECT_EQ(a, 800);
  EXPECT_EQ(b(39), 1);
}

}  // namespace
}  // namespace ashlar::test
