// Any expression has the same bits on any number of ranks and threads: CMake runs this on 1, 2, 3, 4 and 7 ranks and on 1 to 4 threads, and every
// run compares with the tasks done one after another in this process. Sums here are not exact, so their order shows.
#include "array/random_expression.hpp"
#include "ashlar/array/cumulative.hpp"
#include "ashlar/array/elementwise.hpp"
#include "ashlar/array/linalg.hpp"
#include "ashlar/array/map.hpp"
#include "ashlar/array/order.hpp"
#include "ashlar/array/overlap.hpp"
#include "ashlar/array/random.hpp"
#include "harness/job_main.hpp"

namespace ashlar::test {
namespace {

using al_block = NDArray<double>;

template <class T>
void expect_same_bits(const Array<T>& x, const std::string& story) {
  const Block alone = run_fused(x.node());
  // Kept on the workers first: what is small and wanted at once may be computed here.
  const Array<T> kept = x.persist();
  EXPECT_TRUE(same_bits(Block(kept.compute().block()), alone)) << story;
  EXPECT_TRUE(same_bits(Block(x.compute().block()), alone)) << story << ", computed at once";
}

TEST(AnyRanks, RandomExpressionsHaveTheSameBits) {
  const char* given = std::getenv("ASHLAR_TEST_SEED");
  const std::uint64_t first = given ? std::strtoull(given, nullptr, 10) : 20260701;
  const int count = given ? 1 : std::getenv("ASHLAR_TEST_LONG") ? 500 : 40;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    const std::string story = "ASHLAR_TEST_SEED=" + std::to_string(seed);
    Expressions<double> expressions(seed, /*persists=*/false);
    auto both = expressions.leaf(expressions.some_shape());
    for (long steps = expressions.draw(1, 6); steps > 0; --steps) both = expressions.step(both);
    const Array<double> y = cos(both.array) / 3.0 + both.array / 7.0;
    expect_same_bits(y, story);
    std::vector<int> axes;
    for (int axis = 0; axis < y.ndim(); ++axis)
      if (expressions.flip_coin()) axes.push_back(axis);
    expect_same_bits(y.sum({.axis = axes, .keepdims = expressions.flip_coin()}), story + ", summed");
    expect_same_bits(y.var({.axis = axes}), story + ", varied");
    if (testing::Test::HasFailure()) return;
  }
}

TEST(AnyRanks, LargeSumsProductsAndRandomNumbersHaveTheSameBits) {
  const auto x = random::default_rng(7).normal({300, 200}, {.chunks = {37, 41}});
  const Array<double> all = x.sum({.axis = {0, 1}, .keepdims = true});
  expect_same_bits(all, "sum");
  expect_same_bits(x.std({.axis = 0}), "std");
  // Small products and large ones are different loops of OpenBLAS, and views of chunks are sent packed.
  expect_same_bits(matmul(x.transpose(), x), "matmul");
  expect_same_bits(matmul(x.astype<float>(), x.transpose().astype<float>()), "matmul of float32");
  const auto wide = random::default_rng(8).normal({330, 260}, {.chunks = {110, 130}});
  expect_same_bits(matmul(wide.transpose(), wide), "matmul of large chunks");
  expect_same_bits(matmul(wide, wide.transpose()), "matmul of large chunks, transposed on the right");
  expect_same_bits((x + x(range(_, _, -1), range(_, _, -1))).mean({.axis = 1}), "reversed");
  expect_same_bits(x.rechunk({{100, 200}, {200}}).cumsum({.axis = 1}), "cumsum");
  expect_same_bits(quantile(x, std::vector<double>{0.0, 0.3, 0.9}), "quantiles");
  expect_same_bits(argsort(x, 0), "argsort");
  const Array<double> line = x.ravel();
  expect_same_bits(sort(line), "sort of one axis");
  expect_same_bits(argsort(line), "argsort of one axis");
  expect_same_bits(median(x(_, range(0, 2)).rechunk({30, 2}), {.axis = 0}), "medians");
  const Array<std::int64_t> whole = floor(line * 3.0).astype<std::int64_t>();
  const auto found = unique_all(whole);
  expect_same_bits(found.values, "unique");
  expect_same_bits(found.counts, "counts of unique");
  expect_same_bits(found.indices, "indices of unique");
  expect_same_bits(found.inverse_indices, "inverse of unique");
  expect_same_bits(map([](double a, double b) { return a < b ? a / 3 : a * b; }, x, x(range(_, _, -1), range(_, _, -1))).sum({.axis = 1}), "map");
}

// Halos are written around chunks in place, while others read the chunks.
TEST(AnyRanks, StepsOfAStencilHaveTheSameBits) {
  const auto smooth = [](al_block b) {
    const index_t rows = b.shape()[0], columns = b.shape()[1];
    al_block result(b.shape());
    const double* from = std::as_const(b).data();
    double* to = result.data();
    for (index_t i = 0; i < rows; ++i)
      for (index_t j = 0; j < columns; ++j) {
        double sum = from[i * columns + j];
        if (i > 0) sum += from[(i - 1) * columns + j] / 3;
        if (i + 1 < rows) sum += from[(i + 1) * columns + j] / 5;
        if (j > 0) sum += from[i * columns + j - 1] / 7;
        if (j + 1 < columns) sum += from[i * columns + j + 1] / 11;
        to[i * columns + j] = sum / 2;
      }
    return result;
  };
  for (const Boundary& boundary : {periodic, reflect, nearest, Boundary(0.25), none}) {
    const auto x = random::default_rng(9).normal({53, 61}, {.chunks = {17, 19}});
    auto y = x;
    std::vector<Array<double>> steps;
    for (int step = 0; step < 6; ++step) {
      y = y.map_overlap(smooth, {.depth = {2, 1}, .boundary = boundary});
      steps.push_back(y);
    }
    expect_same_bits(y, "the last step, " + boundary.kind);
    // A step that others read as well must not change under them.
    expect_same_bits(steps[2] + steps[5] * steps[3], "steps that others read, " + boundary.kind);
    expect_same_bits(steps[1].map_overlap(smooth, {.depth = {1, 3}, .boundary = boundary}), "another depth, " + boundary.kind);
    expect_same_bits(steps[4].map_overlap(smooth, {.depth = {2, 1}, .boundary = boundary}) - y, "two that want the room, " + boundary.kind);
  }
}

}  // namespace
}  // namespace ashlar::test

ASHLAR_JOB_MAIN()
