// Small cases with the numbers written down.

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "array/graph_runs.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/cumulative.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/map_blocks.hpp"
#include "ashlar/array/random.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/array/store.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

template <class T>
std::string text(const NDArray<T>& array) {
  std::ostringstream out;
  out << array;
  return out.str();
}
template <class T>
std::string text(const Array<T>& array) {
  const Block fused = run_fused(array.node());
  EXPECT_TRUE(same_bits(fused, run_unfused(array.node())));
  EXPECT_TRUE(same_bits(fused, run_sent(array.node())));
  return text(NDArray<T>(fused));
}
/// The message of what `f` throws, which must be an E.
template <class E, class F>
std::string thrown(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind was thrown: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

// ---------------------------------------------------------------- creation
TEST(Creation, GivesNumPysNumbers) {
  EXPECT_EQ(text(arange(7, {.chunks = 3})), "[0 1 2 3 4 5 6]");
  EXPECT_EQ(text(arange(10, 0, -3)), "[10  7  4  1]");
  EXPECT_EQ(text(arange(3, 3)), "[]");
  EXPECT_EQ(text(arange<double>(0, 1, 0.25, {.chunks = 3})), "[0.   0.25 0.5  0.75]");
  EXPECT_EQ(text(linspace(0, 1, 5, {.chunks = 2})), "[0.   0.25 0.5  0.75 1.  ]");
  EXPECT_EQ(text(linspace(0, 1, 4, {.endpoint = false})), "[0.   0.25 0.5  0.75]");
  EXPECT_EQ(text(linspace(2, 3, 1)), "[2.]");
  EXPECT_EQ(linspace(0, 0.3, 4).compute()(-1), 0.3);
  EXPECT_EQ(text(eye<int>(3, {.chunks = 2, .M = 4, .k = 1})), "[[0 1 0 0]\n [0 0 1 0]\n [0 0 0 1]]");
  EXPECT_EQ(text(full({2, 2}, 7, {.chunks = 1})), "[[7 7]\n [7 7]]");
  EXPECT_EQ(text(zeros<bool>({2})), "[False False]");
  EXPECT_EQ(text(ones<std::complex<float>>({1})), "[1.+0.j]");
  EXPECT_EQ(ones<double>({}).compute().item(), 1.0);
  EXPECT_EQ(ones({0}).sum().compute(), 0.0);
  EXPECT_EQ(Array<float>().shape(), Shape({0}));
  EXPECT_EQ(text(ones_like(arange(3))), "[1 1 1]");
}

TEST(Creation, RefusesWhatMakesNoSense) {
  EXPECT_EQ(thrown<ValueError>([] { arange(0, 5, 0); }), "arange needs a step that is not 0: start 0, stop 5, step 0");
  EXPECT_EQ(thrown<ShapeError>([] { ones({100}, {.chunks = {{90}}}); }), "chunks do not add up to the axis length: axis 0, chunks 90, length 100");
  EXPECT_EQ(thrown<ValueError>([] { zeros({-1}); }), "an array needs lengths of at least 0: shape (nan,)");
}

TEST(Creation, SharesLocalMemoryWithoutChangingIt) {
  NDArray<double> local = array({1.0, 2.0, 3.0});
  const auto x = from_array(local, {.chunks = 2});
  local(0) = 9;
  EXPECT_EQ(text(x), "[1. 2. 3.]");
  EXPECT_EQ(x.chunks(), (Chunks{{2, 1}}));
}

// ---------------------------------------------------------------- slices
TEST(Slices, TakeWhatNumPyTakes) {
  const auto x = arange(24, {.chunks = 7}).reshape({4, 6}).rechunk({3, 4}).persist();
  EXPECT_EQ(text(x(1)), "[ 6  7  8  9 10 11]");
  EXPECT_EQ(text(x(-1, range(_, _, -2))), "[23 21 19]");
  EXPECT_EQ(text(x("::-1, 2:4")), "[[20 21]\n [14 15]\n [ 8  9]\n [ 2  3]]");
  EXPECT_EQ(text(x(ellipsis, 0)), "[ 0  6 12 18]");
  EXPECT_EQ(text(x({3, 0, 0}, range(4, _))), "[[22 23]\n [ 4  5]\n [ 4  5]]");
  EXPECT_EQ(text(x(ashlar::all, {-1, 0})), "[[ 5  0]\n [11  6]\n [17 12]\n [23 18]]");
  EXPECT_EQ(x(ashlar::all, newaxis, 3).shape(), Shape({4, 1}));
  EXPECT_EQ(x(newaxis, ellipsis, newaxis).shape(), Shape({1, 4, 6, 1}));
  EXPECT_EQ(x(0, 0).compute().item(), 0);
  EXPECT_EQ(text(x(range(2, 2))), "[]");
  EXPECT_EQ(x(range(0, _, 2)).chunks(), (Chunks{{2}, {4, 2}}));
  EXPECT_EQ(x(range(_, _, -1)).chunks(), (Chunks{{1, 3}, {4, 2}}));
  EXPECT_EQ(text(x(array<bool>({true, false, false, true}), 0)), "[ 0 18]");
  EXPECT_EQ(text(take(x, {1, 1}, 1)), "[[ 1  1]\n [ 7  7]\n [13 13]\n [19 19]]");
}

TEST(Slices, OutsideTheArrayAreErrors) {
  const auto x = ones({4, 5});
  EXPECT_EQ(thrown<IndexError>([&] { x(0, 7); }), "index 7 is outside axis 1 of length 5");
  EXPECT_EQ(thrown<IndexError>([&] { x({0, -5}, 0); }), "index -5 is outside axis 0 of length 4");
  EXPECT_EQ(thrown<IndexError>([&] { x(0, 0, 0); }), "too many indices: shape (4, 5) has 2 axes, found 3 indices");
  EXPECT_EQ(thrown<IndexError>([&] { x(ones<bool>({3})); }), "a boolean index does not fit its axis: axis 0 has length 4, the index shape (3,)");
  EXPECT_EQ(thrown<IndexError>([&] { x(ones<bool>({5, 4})); }), "a boolean index of all axes needs the array's shape: wanted (4, 5), found (5, 4)");
}

TEST(BooleanSelection, HasUnknownLengthsUntilTheyAreComputed) {
  const auto x = arange(24, {.chunks = 7}).reshape({4, 6}).rechunk({3, 4});
  auto some = x(x % 5 == 0);
  EXPECT_EQ(some.shape(), Shape({unknown}));
  EXPECT_EQ(text(some), "[ 0  5 10 15 20]");
  EXPECT_EQ(some.sum().compute(), 50);
  EXPECT_EQ(text(some * 2 + 1), "[ 1 11 21 31 41]");
  EXPECT_NE(thrown<ShapeError>([&] { some(0); }).find("compute_chunk_sizes()"), std::string::npos);
  EXPECT_NE(thrown<ShapeError>([&] { some.reshape({5, 1}); }).find("compute_chunk_sizes()"), std::string::npos);
  EXPECT_NE(thrown<ShapeError>([&] { some.nbytes(); }).find("compute_chunk_sizes()"), std::string::npos);
  some.compute_chunk_sizes();
  EXPECT_EQ(some.shape(), Shape({5}));
  EXPECT_EQ(text(some(range(_, _, -1))), "[20 15 10  5  0]");
  const auto rows = x(x(ashlar::all, 0) > 5);
  EXPECT_EQ(rows.shape(), (Shape{unknown, 6}));
  EXPECT_EQ(text(rows(ashlar::all, 0)), "[ 6 12 18]");
  EXPECT_EQ(text(rows.sum({.axis = 1})), "[ 51  87 123]");
  EXPECT_EQ(text(x(ashlar::all, arange(6, {.chunks = 2}) % 2 == 1)), "[[ 1  3  5]\n [ 7  9 11]\n [13 15 17]\n [19 21 23]]");
  EXPECT_EQ(text(x(x > 100)), "[]");
  EXPECT_EQ(x(x > 3).max().compute(), 23);
}

// ---------------------------------------------------------------- set
TEST(Set, WritesWhereTheSlicesSelect) {
  const auto x = zeros<int>({3, 4}, {.chunks = {2, 3}});
  EXPECT_EQ(text(set(x, {range(0, 2), ashlar::all}, 7)), "[[7 7 7 7]\n [7 7 7 7]\n [0 0 0 0]]");
  EXPECT_EQ(text(set(x, {1, 2}, 5)), "[[0 0 0 0]\n [0 0 5 0]\n [0 0 0 0]]");
  EXPECT_EQ(text(set(x, "::-2, ::2", array({{1, 2}, {3, 4}}))), "[[3 0 4 0]\n [0 0 0 0]\n [1 0 2 0]]");
  EXPECT_EQ(text(set(x, {ellipsis, 0}, arange(3))), "[[0 0 0 0]\n [1 0 0 0]\n [2 0 0 0]]");
  EXPECT_EQ(text(set(x, {{2, 0, 2}, ashlar::all}, arange(12).reshape({3, 4}))), "[[ 4  5  6  7]\n [ 0  0  0  0]\n [ 8  9 10 11]]");
  EXPECT_EQ(text(set(x, {ashlar::all, range(_, _, -1)}, arange(4))), "[[3 2 1 0]\n [3 2 1 0]\n [3 2 1 0]]");
  EXPECT_EQ(text(set(x, x == 0, 2.7)), "[[2 2 2 2]\n [2 2 2 2]\n [2 2 2 2]]");
  EXPECT_EQ(text(set(arange(4, {.chunks = 3}), arange(4) > 1, arange(4).sum())), "[0 1 6 6]");
  EXPECT_EQ(text(x), "[[0 0 0 0]\n [0 0 0 0]\n [0 0 0 0]]");
  EXPECT_EQ(thrown<ShapeError>([&] { set(x, {0}, arange(3)); }), "shapes (3,) and (4,) do not broadcast: axis 0 has lengths 3 and 4");
}

// ---------------------------------------------------------------- shapes
TEST(Shaping, FollowsNumPy) {
  const auto x = arange(6, {.chunks = 4}).reshape({2, 3});
  EXPECT_EQ(text(x.transpose()), "[[0 3]\n [1 4]\n [2 5]]");
  EXPECT_EQ(text(x.ravel()), "[0 1 2 3 4 5]");
  EXPECT_EQ(text(x.reshape({3, -1})), "[[0 1]\n [2 3]\n [4 5]]");
  EXPECT_EQ(text(concatenate({x, x}, {.axis = 1})), "[[0 1 2 0 1 2]\n [3 4 5 3 4 5]]");
  EXPECT_EQ(stack({x, x, x}, {.axis = 1}).shape(), Shape({2, 3, 3}));
  EXPECT_EQ(text(stack({x(0), x(1)})), "[[0 1 2]\n [3 4 5]]");
  EXPECT_EQ(text(broadcast_to(x(0), {2, 3})), "[[0 1 2]\n [0 1 2]]");
  EXPECT_EQ(text(roll(x, 1)), "[[5 0 1]\n [2 3 4]]");
  EXPECT_EQ(text(roll(x, -1, {.axis = 1})), "[[1 2 0]\n [4 5 3]]");
  EXPECT_EQ(text(flip(x, 1)), "[[2 1 0]\n [5 4 3]]");
  EXPECT_EQ(expand_dims(x, 0).shape(), Shape({1, 2, 3}));
  EXPECT_EQ(expand_dims(x, 0).squeeze().shape(), Shape({2, 3}));
  EXPECT_EQ(moveaxis(ones({2, 3, 4}), 0, -1).shape(), Shape({3, 4, 2}));
  EXPECT_EQ(x.rechunk({1, 2}).chunks(), (Chunks{{1, 1}, {2, 1}}));
  EXPECT_EQ(thrown<ShapeError>([&] { x.reshape({4, 2}); }), "a reshape must keep the number of elements: shape (2, 3) has 6, wanted shape (4, 2)");
  EXPECT_EQ(thrown<ShapeError>([&] { concatenate({x, x(0)}); }), "arrays to concatenate must agree but along axis 0: shapes (2, 3) and (3,)");
  EXPECT_EQ(thrown<ShapeError>([&] { x + ones({4}); }), "shapes (2, 3) and (4,) do not broadcast: axis 1 has lengths 3 and 4");
}

TEST(Reshape, KeepsChunksAboutAsLargeAsTheyWere) {
  const auto x = ones({10, 1000}, {.chunks = {10, 100}}).persist();
  const auto flat = x.ravel();
  EXPECT_EQ(flat.chunks()[0].size(), 10u);
  EXPECT_EQ(flat.sum().compute(), 10000);
  const auto back = flat.reshape({4, 25, 100});
  EXPECT_LE(back.chunksize().elements(), 2500);
  EXPECT_EQ(ones({100}, {.chunks = 10}).persist().reshape({1, 100, 1}).chunks(), (Chunks{{1}, std::vector<index_t>(10, 10), {1}}));
}

// ---------------------------------------------------------------- reductions
TEST(Reductions, GiveNumPysNumbers) {
  const auto x = from_array(array({{1.0, 5.0, 2.0}, {4.0, 0.0, 3.0}}), {.chunks = {1, 2}});
  EXPECT_EQ(text(x.sum({.axis = 0})), "[5. 5. 5.]");
  EXPECT_EQ(text(x.mean({.axis = 1, .keepdims = true})), "[[2.66666667]\n [2.33333333]]");
  EXPECT_EQ(x.sum({.keepdims = true}).shape(), Shape({1, 1}));
  EXPECT_EQ(x.prod().compute(), 0);
  EXPECT_EQ(text(x.argmin({.axis = 0})), "[0 1 0]");
  EXPECT_EQ(x.argmax().compute(), 1);
  EXPECT_EQ(x.argmin().compute(), 4);
  EXPECT_DOUBLE_EQ(x.var().compute(), 35.0 / 12);
  EXPECT_DOUBLE_EQ(x.std({.ddof = 1}).compute(), std::sqrt(3.5));
  EXPECT_EQ(text((x > 0).all({.axis = 0})), "[ True False  True]");
  EXPECT_TRUE((x > 4).any().compute());
  EXPECT_EQ(text(max(x, {.axis = -1})), "[5. 4.]");
  EXPECT_EQ(ptp(x).compute(), 5);
  EXPECT_EQ(count_nonzero(x).compute(), 5);
  EXPECT_EQ(nansum(where(x > 3, std::numeric_limits<double>::quiet_NaN(), x)).compute(), 6);
  EXPECT_TRUE(std::isnan(where(x > 4, std::numeric_limits<double>::quiet_NaN(), x).max().compute()));
  EXPECT_EQ(x.sum({.axis = {0, 1}}).ndim(), 0);
  EXPECT_EQ(ones({5}).sum<float>().compute(), 5.0f);
}

TEST(Reductions, RefuseWhatHasNoAnswer) {
  const auto x = ones({2, 3});
  EXPECT_EQ(thrown<IndexError>([&] { x.sum({.axis = 2}); }), "axis 2 is out of bounds for an array of 2 axes");
  EXPECT_EQ(thrown<ValueError>([&] { x.sum({.axis = {0, 0}}); }), "axis 0 is named twice");
  EXPECT_EQ(thrown<ValueError>([&] { ones({0, 3}).min(); }), "zero-size array to reduction operation min, which has no identity: shape (0, 3)");
  EXPECT_EQ(ones({0, 3}).min({.axis = 1}).shape(), Shape({0}));
  EXPECT_EQ(thrown<ValueError>([&] { ones({2, 2, 2}).argmin({.axis = {0, 1}}); }), "argmin takes one axis or none, found 2");
  const std::string late = thrown<TaskError>([&] { x(x > 5).max().compute(); });
  EXPECT_NE(late.find("zero-size array"), std::string::npos) << late;
}

TEST(Reductions, HaveTheSameBitsHoweverTheyAreRun) {
  const auto x = random::default_rng(5).normal({200, 300}, {.chunks = {17, 23}});
  for (const auto& node : {x.sum().node(), x.mean({.axis = 0}).node(), x.std().node(), (x * x.transpose().rechunk(50).transpose()).sum({.axis = 1}).node()}) {
    const Block fused = run_fused(node);
    EXPECT_TRUE(same_bits(fused, run_unfused(node)));
    EXPECT_TRUE(same_bits(fused, run_sent(node)));
  }
}

// ---------------------------------------------------------------- elementwise
TEST(Elementwise, OperatorsBroadcastAndCompareInBothOrders) {
  const auto x = arange(3, {.chunks = 2});
  EXPECT_EQ(text(x + x.reshape({3, 1})), "[[0 1 2]\n [1 2 3]\n [2 3 4]]");
  EXPECT_EQ(text(1 - x), "[ 1  0 -1]");
  EXPECT_EQ(text(x / 2), "[0.  0.5 1. ]");
  EXPECT_EQ(text(x % 2 == 0), "[ True False  True]");
  EXPECT_EQ(text(1 == x), "[False  True False]");
  EXPECT_EQ(text((x > 0) & (x < 2)), "[False  True False]");
  EXPECT_EQ(text(~(x > 0)), "[ True False False]");
  EXPECT_EQ(text(!(x > 0)), "[ True False False]");
  EXPECT_EQ(text(x << 2), "[0 4 8]");
  EXPECT_EQ(text(-x + abs(-x)), "[0 0 0]");
  EXPECT_EQ(text(power(x, 3)), "[0 1 8]");
  EXPECT_EQ(text(floor_divide(-x, 2)), "[ 0 -1 -1]");
  EXPECT_EQ(text(x - x.mean()), "[-1.  0.  1.]");
  EXPECT_EQ(text(clip(x, 1, 1)), "[1 1 1]");
  EXPECT_EQ(text(round(x / 4, 1)), "[0.  0.2 0.5]");
  EXPECT_EQ(text(x.astype<float>() * 0.5), "[0.  0.5 1. ]");
  EXPECT_EQ(text(maximum(x, 1)), "[1 1 2]");
  EXPECT_EQ(text(isclose(x, x + 1e-9)), "[ True  True  True]");
  auto y = x;
  y += 1;
  EXPECT_EQ(text(y), "[1 2 3]");
  EXPECT_EQ(text(x), "[0 1 2]");
}

TEST(Elementwise, LocalArraysAreComputedAtOnce) {
  const NDArray<double> a = array({1.0, 4.0, 9.0});
  EXPECT_EQ(text(sqrt(a) * 2.0 + a), "[ 3.  8. 15.]");
  EXPECT_EQ(text(where(a > 3, a, 0)), "[0. 4. 9.]");
  EXPECT_EQ(sum(a), 14.0);
  EXPECT_EQ(mean(a), 14.0 / 3);
  EXPECT_EQ(text(max(array({{1, 2}, {3, 0}}), {.axis = 0})), "[3 2]");
  EXPECT_EQ(argmax(a), 2);
  EXPECT_TRUE(ashlar::all(a > 0));
  EXPECT_EQ(text(a + array({{0.0}, {1.0}})), "[[ 1.  4.  9.]\n [ 2.  5. 10.]]");
  EXPECT_EQ(text(round(array({0.25, 0.35}), 1)), "[0.2 0.4]");
  NDArray<double> b = a;
  b -= 1;
  EXPECT_EQ(text(b), "[0. 3. 8.]");
  EXPECT_EQ(text(a), "[1. 4. 9.]");
  EXPECT_EQ(text(ones({3}, {.chunks = 2}) + a), "[ 2.  5. 10.]");
}

// ---------------------------------------------------------------- map_blocks
TEST(MapBlocks, CallsTheFunctionOncePerChunkWithItsPlace) {
  const auto x = zeros<std::int64_t>({5, 4}, {.chunks = {2, 3}});
  const auto numbered = x.map_blocks([](NDArray<std::int64_t> b, const BlockInfo& info) {
    b.fill(10 * info.chunk_location()[0] + info.chunk_location()[1] + 100 * (info.array_location()[1].second - info.array_location()[1].first));
    return b;
  });
  EXPECT_EQ(text(numbered(range(_, _, 2), range(_, _, 3))), "[[300 101]\n [310 111]\n [320 121]]");
  const auto sums = map_blocks([](const NDArray<double>& a, const NDArray<std::int64_t>& b) { return a * b; }, ones({4}, {.chunks = 2}), arange(4, {.chunks = 3}));
  EXPECT_EQ(sums.chunks(), (Chunks{{2, 1, 1}}));
  EXPECT_EQ(text(sums), "[0. 1. 2. 3.]");
}

TEST(MapBlocks, MayChangeAxesAndSizesWhenToldSo) {
  const auto x = arange(12, {.chunks = 6}).reshape({3, 4}).rechunk({2, 2});
  const auto rows = x.map_blocks([](NDArray<std::int64_t> b) { return sum(b, {.axis = 1}); }, {.drop_axis = 1});
  EXPECT_EQ(text(rows), "[ 6 22 38]");
  const auto doubled = x.map_blocks(
      [](NDArray<std::int64_t> b) {
        NDArray<std::int64_t> wide(Shape{b.shape()[0], 2 * b.shape()[1]});
        for (index_t i = 0; i < b.shape()[0]; ++i)
          for (index_t j = 0; j < 2 * b.shape()[1]; ++j) wide(i, j) = b(i, j / 2);
        return wide;
      },
      {.chunks = {{2, 1}, 4}});
  EXPECT_EQ(text(doubled(0)), "[0 0 1 1 2 2 3 3]");
  const auto deeper = arange(3, {.chunks = 2}).map_blocks([](NDArray<std::int64_t> b) { return b.reshape({1, b.size()}); }, {.new_axis = 0});
  EXPECT_EQ(deeper.shape(), Shape({1, 3}));
  EXPECT_EQ(text(deeper), "[[0 1 2]]");
}

TEST(MapBlocks, SaysWhatIsWrong) {
  const auto x = ones({4}, {.chunks = 2});
  const auto shorter = x.map_blocks([](NDArray<double> b) { return b(range(0, 1)); });
  const std::string shape = thrown<TaskError>([&] { shorter.compute(); });
  EXPECT_NE(shape.find("wanted (2,), found (1,)"), std::string::npos) << shape;
  double outside = 2;
  const std::string capture = thrown<ValueError>([&] { x.map_blocks([&outside](NDArray<double> b) { return b * outside; }); });
  EXPECT_NE(capture.find("argument"), std::string::npos) << capture;
  const double inside = 3;
  EXPECT_EQ(text(x.map_blocks([inside](NDArray<double> b) { return b * inside; })), "[3. 3. 3. 3.]");
  const auto throws = x.map_blocks([](NDArray<double> b) -> NDArray<double> { throw std::runtime_error("no luck"); return b; });
  EXPECT_NE(thrown<TaskError>([&] { throws.compute(); }).find("no luck"), std::string::npos);
}

TEST(MapBlocks, OwnsItsBlocks) {
  const auto x = ones({4}, {.chunks = 2}).persist();
  const auto zeroed = x.map_blocks([](NDArray<double> b) {
    for (double& v : b) v = 0;
    return b;
  });
  EXPECT_EQ(zeroed.sum().compute(), 0);
  EXPECT_EQ(x.sum().compute(), 4);
}

// ---------------------------------------------------------------- random
TEST(Random, ElementsDependOnSeedCallAndPositionOnly) {
  const auto a = random::default_rng(42).normal({30, 20}, {.loc = 1, .scale = 2, .chunks = {7, 20}});
  const auto b = random::default_rng(42).normal({30, 20}, {.loc = 1, .scale = 2, .chunks = {30, 3}});
  EXPECT_TRUE(same_bits(run_fused(a.node()), run_fused(b.node())));
  EXPECT_TRUE(same_bits(run_fused(a(range(_, _, -3), 4).node()), run_unfused(b(range(_, _, -3), 4).node())));
  auto rng = random::default_rng(42);
  const auto first = rng.random({100}), second = rng.random({100});
  EXPECT_FALSE((first == second).any().compute());
  EXPECT_NEAR(random::default_rng(1).normal({200, 200}, {.loc = 3, .scale = 2}).mean().compute(), 3, 0.05);
  EXPECT_NEAR(random::default_rng(1).exponential({200, 200}, {.scale = 2}).mean().compute(), 2, 0.05);
  const auto dice = random::default_rng(7).integers({1000}, {.low = 1, .high = 7, .chunks = 100});
  EXPECT_EQ(dice.min().compute(), 1);
  EXPECT_EQ(dice.max().compute(), 6);
  EXPECT_THROW(rng.integers({3}, {.low = 3, .high = 3}), ValueError);
}

// ---------------------------------------------------------------- sharing and running
TEST(Plan, KeepsWhatIsExpensiveAndUsedTwice) {
  const auto x = exp(random::default_rng(1).normal({100}, {.chunks = 10}));
  const auto names = layer_names((x + flip(x)).node());
  EXPECT_EQ(names.size(), 2u) << "exp is computed once and read twice";
  const auto cheap = arange<double>(100, {.chunks = 10}) + 1;
  EXPECT_EQ(layer_names((cheap + flip(cheap)).node()).size(), 1u) << "a cheap expression is computed again";
  EXPECT_EQ(layer_names((sin(x) * cos(x)).node()).size(), 1u) << "one group that sees it one way computes it once";
  GraphBuilder builder;
  detail::lower_array(x.mean().node(), builder);
  detail::lower_array(x.std().node(), builder);
  const TaskGraph graph = std::move(builder).take();
  const auto made = std::count_if(graph.layers.begin(), graph.layers.end(), [](const auto& layer) { return layer->name().find("normal") != std::string::npos; });
  EXPECT_EQ(made, 1) << "two wanted arrays share what is expensive";
}

TEST(Plan, ChunksThatManyTasksReadAreCutWhereTheyLie) {
  const index_t n = 1024;
  const auto x = cumsum(arange<std::int64_t>(n * n).reshape({n, n}).rechunk(ChunkSpec({128, n})), {.axis = 1});  // has chunks of its own
  const auto value = [](index_t row, index_t column) { return (column + 1) * (row * 1024) + column * (column + 1) / 2; };
  const auto rows = [n](index_t size) { return ChunkSpec({size, n}); };
  const auto columns = [n](index_t size) { return ChunkSpec({n, size}); };
  const auto turned = x.rechunk(columns(128));
  const auto transposed = x.transpose().rechunk(rows(128));
  const auto backwards = (x(range(_, _, -1)) + std::int64_t{0}).rechunk(columns(100));
  for (const auto& y : {turned, transposed, backwards}) {
    const auto names = layer_names(y.node());
    EXPECT_EQ(std::count_if(names.begin(), names.end(), [](const std::string& name) { return name.ends_with("-cut"); }), 1);
    const Block block = run_fused(y.node()).contiguous();
    EXPECT_TRUE(same_bits(block, run_unfused(y.node())));
    EXPECT_TRUE(same_bits(block, run_sent(y.node())));
    const auto* found = block.as<std::int64_t>();
    std::int64_t wrong = 0;
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) {
        const auto wanted = y.node() == turned.node() ? value(i, j) : y.node() == transposed.node() ? value(j, i) : value(n - 1 - i, j);
        wrong += found[i * n + j] != wanted;
      }
    EXPECT_EQ(wrong, 0);
  }
  // Few readers, or small parts: nothing is cut.
  const auto halves = x.rechunk(columns(512));
  const auto narrow = x.rechunk(columns(32));
  for (const auto& y : {halves, narrow})
    for (const std::string& name : layer_names(y.node())) EXPECT_FALSE(name.ends_with("-cut")) << name;
}
TEST(Plan, DoesNotOverflowOnLongChains) {
  auto x = ones({10}, {.chunks = 5});
  for (int i = 0; i < 50'000; ++i) x = x + 1;
  EXPECT_EQ(x.sum().compute(), 10.0 * 50'001);
}

TEST(Persist, KeepsChunksAndComputesOnce) {
  const auto x = random::default_rng(3).random({50}, {.chunks = 8});
  const auto kept = x.persist();
  EXPECT_TRUE(same_bits(run_fused(x.node()), run_fused(kept.node())));
  EXPECT_EQ(layer_names(kept.node()).size(), 0u);
  EXPECT_EQ(x.mean().persist().compute(), x.mean().compute());
  const auto [a, b] = ashlar::persist(x, x.sum());
  EXPECT_EQ(a.sum().compute(), b.compute());
}

TEST(Compute, OfSeveralIsOneRun) {
  const std::vector<Array<double>> list{ones({3}, {.chunks = 2}), zeros({2})};
  const auto values = ashlar::compute(list);
  EXPECT_EQ(text(values[0]), "[1. 1. 1.]");
  EXPECT_EQ(text(values[1]), "[0. 0.]");
}

TEST(Store, CopiesIntoLocalArrays) {
  NDArray<float> out(Shape{4});
  NDArray<double> fresh;
  const auto x = arange<double>(4, {.chunks = 3});
  store({x, x + 1}, {out, fresh});
  EXPECT_EQ(text(out), "[0. 1. 2. 3.]");
  EXPECT_EQ(text(fresh), "[1. 2. 3. 4.]");
  EXPECT_THROW(store({x}, {out, fresh}), ValueError);
  NDArray<double> small(Shape{3});
  EXPECT_THROW(store(x, small), ShapeError);
}

TEST(SourceArray, TakesItsChunksFromTasksOfOthers) {
  const auto origin = arange(6, {.chunks = 4});
  int calls = 0;
  const auto x = make_source_array<std::int64_t>({6}, {{4, 2}}, [&](GraphBuilder& builder) {
    ++calls;
    return detail::lower_array(origin.node(), builder);
  });
  EXPECT_EQ((x + x).sum().compute(), 30);
  EXPECT_EQ(calls, 1);
  EXPECT_THROW(make_source_array<double>({6}, {{4, 3}}, nullptr), ShapeError);
}

}  // namespace
}  // namespace ashlar::test
