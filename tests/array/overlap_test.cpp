// Functions of one's own over blocks: with halos, by axes, as reductions; and sources that make only what is needed of them.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "array/function_checks.hpp"
#include "ashlar/array/blockwise.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/linalg.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/overlap.hpp"
#include "ashlar/array/random.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

// ---------------------------------------------------------------- halos
TEST(MapOverlap, SeesTheNeighboursAndWhatTheBoundarySays) {
  const char* kinds[] = {"none", "periodic", "reflect", "nearest", "constant"};
  for (int i = 0; i < cases(60); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    Random random(seed);
    const Lengths shape{random.draw(3, 12), random.draw(3, 12)};
    const long depth[] = {random.draw(0, 3), random.draw(0, 3)};
    const int kind[] = {static_cast<int>(random.draw(0, 4)), static_cast<int>(random.draw(0, 4))};
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed) + " " + to_string(Shape(shape)) + ", depths " + std::to_string(depth[0]) + " and " + std::to_string(depth[1]) + ", boundaries " +
                 kinds[kind[0]] + " and " + kinds[kind[1]]);
    const Plain<double> x = random.whole<double>(shape);
    const auto boundary = [&](int k) { return k == 4 ? Boundary(7) : Boundary(kinds[k]); };
    const MapOverlapOptions options{.depth = {depth[0], depth[1]}, .boundary = {boundary(kind[0]), boundary(kind[1])}};
    // An element of the surroundings; the axes are mapped from the last to the first, so that corners are filled as Dask fills them.
    const std::function<double(Lengths, int)> around = [&](Lengths p, int axis) -> double {
      if (axis < 0) return x.at(p);
      const auto a = static_cast<std::size_t>(axis);
      const long n = shape[a];
      if (p[a] < 0 || p[a] >= n) {
        if (kind[a] == 1) p[a] = (p[a] + n) % n;
        else if (kind[a] == 2) p[a] = p[a] < 0 ? -1 - p[a] : 2 * n - 1 - p[a];
        else if (kind[a] == 3) p[a] = p[a] < 0 ? 0 : n - 1;
        else return 7;
      }
      return around(p, axis - 1);
    };
    const auto want = make<double>(shape, [&](const Lengths& p) {
      double sum = 0;
      for (long di = -depth[0]; di <= depth[0]; ++di)
        for (long dj = -depth[1]; dj <= depth[1]; ++dj) {
          const Lengths there{p[0] + di, p[1] + dj};
          bool exists = true;
          for (std::size_t a = 0; a < 2; ++a) exists = exists && (kind[a] != 0 || (there[a] >= 0 && there[a] < shape[a]));
          if (exists) sum += static_cast<double>(di * 3 + dj * 5 + 31) * around(there, 1);
        }
      return sum;
    });
    struct Depths {
      long of[2];
    };
    const Depths d{{depth[0], depth[1]}};
    const auto window = [d](const NDArray<double>& block) {
      NDArray<double> result(block.shape());
      for (long i = 0; i < block.shape()[0]; ++i)
        for (long j = 0; j < block.shape()[1]; ++j) {
          double sum = 0;
          for (long di = -d.of[0]; di <= d.of[0]; ++di)
            for (long dj = -d.of[1]; dj <= d.of[1]; ++dj)
              if (i + di >= 0 && i + di < block.shape()[0] && j + dj >= 0 && j + dj < block.shape()[1])
                sum += static_cast<double>(di * 3 + dj * 5 + 31) * block(i + di, j + dj);
          result(i, j) = sum;
        }
      return result;
    };
    expect_same(values_of(random.array(x).map_overlap(window, options)), want);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// A step's halo is written around the result of the step before, where that lies: nobody who reads that result, or a part of it, may see it.
TEST(MapOverlap, StepsLeaveWhatTheyReadAsItWas) {
  for (int i = 0; i < cases(20); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const long n = random.draw(6, 40), cut = random.draw(1, 3);
    const Plain<double> x = random.whole<double>({n});
    const auto add = [](const NDArray<double>& b) {
      NDArray<double> r(b.shape());
      for (index_t j = 0; j < b.size(); ++j) r(j) = b(j) + (j > 0 ? b(j - 1) : 0.0) + (j + 1 < b.size() ? b(j + 1) : 0.0);
      return r;
    };
    const MapOverlapOptions options{.depth = 1, .boundary = 100};
    const auto added = [&](const std::vector<double>& v) {
      std::vector<double> r;
      for (std::size_t j = 0; j < v.size(); ++j) r.push_back(v[j] + (j > 0 ? v[j - 1] : 100) + (j + 1 < v.size() ? v[j + 1] : 100));
      return r;
    };
    const auto y = random.array(x).map_overlap(add, options);
    const auto part = y(range(cut, n - cut)).map_overlap(add, options), whole = y.map_overlap(add, options), again = whole.map_overlap(add, options);
    const std::vector<double> one = added(x.values), two = added(one), three = added(two), inner = added({one.begin() + cut, one.end() - cut});
    const auto all = concatenate(std::vector<Array<double>>{y, part, whole, again, y.map_overlap(add, options), y});
    std::vector<double> want;
    for (const auto* v : {&one, &inner, &two, &three, &two, &one}) want.insert(want.end(), v->begin(), v->end());
    expect_same(values_of(all), Plain<double>{{static_cast<long>(want.size())}, want});
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MapOverlap, KeepsTheHaloWhenAsked) {
  const auto x = arange(6, {.chunks = 3});
  std::ostringstream out;
  out << values_of(overlap::overlap(x, {.depth = 1, .boundary = reflect})) << values_of(overlap::overlap(x, {.depth = {{2, 0}}}));
  EXPECT_EQ(out.str(), "[0 0 1 2 3 2 3 4 5 5][0 1 2 1 2 3 4 5]");
  const auto sum = map_overlap(MapOverlapOptions{.depth = 1, .boundary = periodic}, [](NDArray<std::int64_t> a, NDArray<double> b) { return a + b; }, x, arange<double>(6, {.chunks = 2}));
  EXPECT_EQ(values_of(sum)(5), 10.0);
}

TEST(MapOverlap, RefusesWhatCannotBe) {
  const auto same = [](NDArray<double> b) { return b; };
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = 4}); }).find("longer than the array"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = -1}); }).find("at least 0"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = 1, .boundary = "mirror"}); }).find("\"mirror\""), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({3}).map_overlap(same, {.depth = {{1, 2}}, .boundary = periodic}); }).find("differ on both sides"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { ones({4}, {.chunks = 1}).map_overlap(same, {.depth = 2, .allow_rechunk = false}); }).find("allow_rechunk joins them"), std::string::npos);
  EXPECT_NE(thrown<TaskError>([&] { run_fused(ones({4}).map_overlap([](NDArray<double>) { return NDArray<double>({1}); }, {.depth = 1}).node()); }).find("another shape"), std::string::npos);
}

// ---------------------------------------------------------------- functions of one's own
TEST(Blockwise, GivesEachFunctionItsOwnAxes) {
  const auto a = arange(6, {.chunks = 2}).reshape({2, 3}).rechunk({1, 2}), b = arange(12).reshape({3, 4}).rechunk({2, 3});
  const auto c = blockwise(
      [](const NDArray<std::int64_t>& x, const NDArray<std::int64_t>& y) {
        NDArray<std::int64_t> r({x.shape()[0], y.shape()[1]});
        for (index_t i = 0; i < r.shape()[0]; ++i)
          for (index_t j = 0; j < r.shape()[1]; ++j)
            for (index_t k = 0; k < x.shape()[1]; ++k) r(i, j) += x(i, k) * y(k, j);
        return r;
      },
      "ij", a, "ik", b, "kj");
  EXPECT_EQ(c.chunks(), (Chunks{{1, 1}, {3, 1}}));
  const NDArray<std::int64_t> got = values_of(c), want = values_of(matmul(a, b));
  for (index_t i = 0; i < 2; ++i)
    for (index_t j = 0; j < 4; ++j) EXPECT_EQ(got(i, j), want(i, j));
  const auto turned = blockwise([](NDArray<std::int64_t> x) { return NDArray<std::int64_t>(x.transpose().copy()); }, "ji", a, "ij");
  EXPECT_EQ(values_of(turned)(2, 1), 5);
  EXPECT_NE(thrown<ValueError>([&] { blockwise([](NDArray<std::int64_t> x) { return x; }, "iz", a, "ij"); }).find("new_axes"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { blockwise([](NDArray<std::int64_t> x) { return x; }, "i", a, "i"); }).find("a letter per axis"), std::string::npos);
}

TEST(Reduction, CombinesAlongTheChunksOnly) {
  const auto x = arange(60, {.chunks = 7}).reshape({10, 6}).rechunk({1, 2});
  const auto largest = [](const NDArray<std::int64_t>& b, std::vector<int> axis) { return max(b, {.axis = axis, .keepdims = true}); };
  std::ostringstream out;
  out << values_of(reduction(x, largest, largest, {.axis = 0, .split_every = 3})) << values_of(reduction(x, largest, largest)).item() << values_of(reduction(x, largest, largest, {.axis = 1, .keepdims = true})).shape();
  EXPECT_EQ(out.str(), "[54 55 56 57 58 59]59(10, 1)");
  // The mean, from pairs that are packed into numbers of another type.
  const auto mean = reduction(
      x, [](const NDArray<std::int64_t>& b) { return NDArray<double>({1, 1}, {static_cast<double>(sum(b))}); },
      [](const NDArray<double>& b) { return NDArray<float>({1, 1}, {static_cast<float>(sum(b) / 60)}); },
      [](const NDArray<double>& b) { return NDArray<double>({1, 1}, {sum(b)}); });
  EXPECT_EQ(values_of(mean).item(), 29.5f);
  EXPECT_NE(thrown<ValueError>([&] { reduction(x, largest, largest, {.split_every = 1}); }).find("at least 2"), std::string::npos);
}

// ---------------------------------------------------------------- sources that make parts
TEST(Sources, MakeOnlyTheElementsThatAreNeeded) {
  struct Asked {
    std::vector<index_t> start, step;
    Chunks chunks;
  };
  auto asked = std::make_shared<std::vector<Asked>>();
  const Chunks chunks{{4, 4, 2}, {100, 100}};
  const auto part = [asked](GraphBuilder& builder, std::span<const index_t> start, std::span<const index_t> step, const Chunks& cut) {
    asked->push_back({{start.begin(), start.end()}, {step.begin(), step.end()}, cut});
    Shape shape;
    for (const auto& sizes : cut) shape.v.push_back(std::accumulate(sizes.begin(), sizes.end(), index_t{0}));
    const std::vector<Index> indices{Index(range(start[0], start[0] + step[0] * shape[0], step[0])), Index(range(start[1], start[1] + step[1] * shape[1], step[1]))};
    const Array<std::int64_t> values = arange(2000).reshape({10, 200});
    return detail::lower_array(Array<std::int64_t>(expression::slice(values.node(), indices)).rechunk(cut).node(), builder);
  };
  const auto x = make_source_array<std::int64_t>({10, 200}, chunks, [part](GraphBuilder& builder) { return part(builder, std::vector<index_t>{0, 0}, std::vector<index_t>{1, 1}, Chunks{{4, 4, 2}, {100, 100}}); });
  const Array<std::int64_t> y(make_source(DType::int64, {10, 200}, chunks, [part](GraphBuilder& builder) { return part(builder, std::vector<index_t>{0, 0}, std::vector<index_t>{1, 1}, Chunks{{4, 4, 2}, {100, 100}}); }, "source", part));
  const auto same = [&](auto&& f) {
    const Block whole = run_fused(f(x).node());
    asked->clear();
    EXPECT_TRUE(same_bits(run_fused(f(y).node()), whole));
    ASSERT_EQ(asked->size(), 1u);
  };
  same([](const auto& a) { return a(range(3, 9, 2), range(90, 110)) * 2 + 1; });
  EXPECT_EQ(asked->front().start, (std::vector<index_t>{3, 90}));
  EXPECT_EQ(asked->front().step, (std::vector<index_t>{2, 1}));
  EXPECT_EQ(asked->front().chunks, (Chunks{{1, 2}, {10, 10}}));
  same([](const auto& a) { return a(range(_, _, -1), 150); });
  EXPECT_EQ(asked->front().chunks, (Chunks{{4, 4, 2}, {1}}));
  same([](const auto& a) { return (a + 1)(7, range(_, 20)) + a(2, range(20, 40)); });  // the box around both
  EXPECT_EQ(asked->front().chunks, (Chunks{{1, 1}, {40}}));
  same([](const auto& a) { return a({5, 2}, {range(0, 3)}).sum({.axis = 0}); });
  EXPECT_EQ(asked->front().start, (std::vector<index_t>{2, 0}));
  same([](const auto& a) { return a.sum({.axis = 1}); });
  EXPECT_EQ(asked->front().chunks, chunks);
}

TEST(Explain, SaysWhatRunsBeforeAndAfter) {
  std::ostringstream out;
  (ones({4, 4}, {.chunks = 2}) * 2 + 1)(range(0, 2)).explain(out);
  EXPECT_NE(out.str().find("as written: "), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("optimised: 2 tasks"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("multiply"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace ashlar::test
