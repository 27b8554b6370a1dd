// Sorting, different elements, the largest and places among sorted numbers, along axes that are cut into several chunks, against std::stable_sort of all.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "array/function_checks.hpp"
#include "ashlar/array/bins.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/order.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

/// Orders as NumPy does: numbers, then what holds a NaN.
template <class T>
auto rank_of(T v) {
  if constexpr (detail::is_complex_type<T>) {
    const bool re = std::isnan(v.real()), im = std::isnan(v.imag());
    return std::make_tuple(2 * re + im, re ? 0 : static_cast<double>(v.real()), im ? 0 : static_cast<double>(v.imag()));
  } else if constexpr (std::is_floating_point_v<T>) return std::make_tuple(std::isnan(v) ? 1 : 0, std::isnan(v) ? 0 : static_cast<double>(v), 0.0);
  else return std::make_tuple(0, v, 0.0);
}

template <class T>
T drawn(Random& random) {
  const long kind = random.draw(0, 15);
  if constexpr (detail::is_complex_type<T>) {
    using R = typename T::value_type;
    return T(drawn<R>(random), drawn<R>(random));
  } else if constexpr (std::is_floating_point_v<T>) {
    if (kind == 0) return std::numeric_limits<T>::quiet_NaN();
    if (kind == 1) return std::numeric_limits<T>::infinity();
    if (kind == 2) return -std::numeric_limits<T>::infinity();
    if (kind == 3) return T(-0.0);
    if (kind == 4) return std::numeric_limits<T>::denorm_min();
    return static_cast<T>(random.draw(-3, 3)) * T(0.5);
  } else if (kind == 0) return std::numeric_limits<T>::max();
  else if (kind == 1) return std::numeric_limits<T>::min();
  else return static_cast<T>(random.draw(-4, 4));
}

template <class T>
Plain<T> drawn_array(Random& random, const Lengths& shape) {
  return make<T>(shape, [&](const Lengths&) { return drawn<T>(random); });
}

template <class T>
std::vector<std::int64_t> order_of(const std::vector<T>& line) {
  std::vector<std::int64_t> order(line.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return rank_of<T>(line[static_cast<std::size_t>(a)]) < rank_of<T>(line[static_cast<std::size_t>(b)]); });
  return order;
}

template <class T>
void check_sorting(Random& random, const Lengths& shape, int axis) {
  const Plain<T> x = drawn_array<T>(random, shape);
  const Array<T> from = random.array(x);
  const Array<T> in_order = sort(from, axis);
  EXPECT_EQ(in_order.chunks(), from.chunks());
  const NDArray<T> sorted = values_of(in_order);
  const NDArray<std::int64_t> places = values_of(argsort(from, axis));
  const auto along = static_cast<std::size_t>(axis);
  long lines = 1;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (i != along) lines *= shape[i];
  long inner = 1;
  for (std::size_t i = along + 1; i < shape.size(); ++i) inner *= shape[i];
  for (long l = 0; l < lines; ++l) {
    const auto at = [&](long k) { return static_cast<std::size_t>((l / inner * shape[along] + k) * inner + l % inner); };
    std::vector<T> line;
    for (long k = 0; k < shape[along]; ++k) line.push_back(x.values[at(k)]);
    const auto order = order_of(line);
    for (long k = 0; k < shape[along]; ++k) {
      const auto place = order[static_cast<std::size_t>(k)];
      ASSERT_EQ(places.data()[at(k)], place) << "line " << l << ", element " << k;
      ASSERT_TRUE(rank_of<T>(sorted.data()[at(k)]) == rank_of<T>(line[static_cast<std::size_t>(place)])) << "line " << l << ", element " << k;
    }
  }
}

template <class T>
void check_unique(Random& random, const Lengths& shape) {
  const Plain<T> x = drawn_array<T>(random, shape);
  const auto found = unique_all(random.array(x));
  struct Of {
    T value;
    std::int64_t first, count;
  };
  std::vector<Of> want;
  std::vector<std::int64_t> which(x.values.size());
  const auto same = [](T a, T b) { return a == b || (a != a && b != b); };
  const std::vector<T> all(x.values.begin(), x.values.end());
  for (std::int64_t place : order_of(all)) {
    const T value = all[static_cast<std::size_t>(place)];
    if (want.empty() || !same(want.back().value, value)) want.push_back({value, place, 0});
    ++want.back().count;
    which[static_cast<std::size_t>(place)] = static_cast<std::int64_t>(want.size()) - 1;
  }
  const auto values_here = [](const auto& array) {
    const Block fused = run_fused(array.node());
    EXPECT_TRUE(same_bits(fused, run_unfused(array.node())));
    EXPECT_TRUE(same_bits(fused, run_sent(array.node())));
    return NDArray<typename std::decay_t<decltype(array)>::value_type>(fused.contiguous());
  };
  const auto values = values_here(found.values);
  const auto indices = values_here(found.indices), counts = values_here(found.counts), inverse = values_here(found.inverse_indices);
  ASSERT_EQ(values.size(), static_cast<index_t>(want.size()));
  ASSERT_EQ(counts.size(), values.size());
  ASSERT_EQ(inverse.shape(), Shape(shape));
  for (std::size_t i = 0; i < want.size(); ++i) {
    ASSERT_TRUE(same(values.data()[i], want[i].value)) << i;
    ASSERT_EQ(counts.data()[i], want[i].count) << i;
    ASSERT_EQ(indices.data()[i], want[i].first) << i;
  }
  for (std::size_t i = 0; i < which.size(); ++i) ASSERT_EQ(inverse.data()[i], which[i]) << i;
  EXPECT_EQ(values_here(unique(random.array(x))).size(), values.size());
}

template <class T>
void check_extremes(Random& random, const Lengths& shape, int axis) {
  const Plain<T> x = drawn_array<T>(random, shape);
  const Array<T> from = random.array(x);
  const long length = shape[static_cast<std::size_t>(axis)], k = random.draw(1, length + 1), other = shape[static_cast<std::size_t>(1 - axis)];
  const NDArray<T> least = values_of(topk(from, -k, axis)), most = values_of(topk(from, k, axis));
  const NDArray<std::int64_t> least_at = values_of(argtopk(from, -k, axis)), most_at = values_of(argtopk(from, k, axis));
  for (long l = 0; l < other; ++l) {
    std::vector<T> line;
    for (long i = 0; i < length; ++i) line.push_back(axis == 0 ? x.at({i, l}) : x.at({l, i}));
    const auto up = order_of(line);
    auto down = up;
    std::iota(down.begin(), down.end(), std::int64_t{0});
    std::stable_sort(down.begin(), down.end(), [&](std::int64_t a, std::int64_t b) { return rank_of<T>(line[static_cast<std::size_t>(b)]) < rank_of<T>(line[static_cast<std::size_t>(a)]); });
    for (long i = 0; i < std::min(k, length); ++i) {
      const auto at = [&](const auto& array) { return axis == 0 ? array(i, l) : array(l, i); };
      ASSERT_EQ(at(least_at), up[static_cast<std::size_t>(i)]);
      ASSERT_EQ(at(most_at), down[static_cast<std::size_t>(i)]);
      ASSERT_TRUE(rank_of<T>(at(least)) == rank_of<T>(line[static_cast<std::size_t>(up[static_cast<std::size_t>(i)])]));
      ASSERT_TRUE(rank_of<T>(at(most)) == rank_of<T>(line[static_cast<std::size_t>(down[static_cast<std::size_t>(i)])]));
    }
  }
}

template <class T>
void check_all(std::uint64_t seed) {
  Random random(seed);
  check_sorting<T>(random, {random.draw(1, 60)}, 0);
  check_sorting<T>(random, {random.draw(1, 40), 2}, 0);
  check_sorting<T>(random, {2, random.draw(1, 40)}, 1);
  check_sorting<T>(random, {random.draw(1, 4), random.draw(1, 9), random.draw(1, 3)}, 1);
  check_unique<T>(random, {random.draw(0, 60)});
  check_unique<T>(random, {random.draw(1, 9), random.draw(1, 9)});
  check_extremes<T>(random, {random.draw(1, 30), random.draw(1, 3)}, 0);
  check_extremes<T>(random, {random.draw(1, 3), random.draw(1, 30)}, 1);
}

TEST(SortedOverChunks, IsWhatStableSortMakesOfAll) {
  for (int i = 0; i < cases(3); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
    check_all<double>(seed);
    check_all<float>(seed);
    check_all<std::int8_t>(seed);
    check_all<std::int64_t>(seed);
    check_all<std::uint16_t>(seed);
    check_all<std::uint64_t>(seed);
    check_all<std::complex<double>>(seed);
    check_all<std::complex<float>>(seed);
    if (testing::Test::HasFailure()) return;
  }
  Random random(first_seed());
  for (int i = 0; i < 4; ++i) {
    Plain<bool> flags = make<bool>({random.draw(1, 40)}, [&](const Lengths&) { return random.draw(0, 1) == 1; });
    const auto count = std::count(flags.values.begin(), flags.values.end(), true);
    NDArray<bool> all(Shape(flags.shape));
    for (std::size_t k = 0; k < flags.values.size(); ++k) all.data()[k] = flags.values[k];
    const NDArray<bool> sorted = values_of(sort(from_array(all, {.chunks = 7})));
    for (index_t k = 0; k < sorted.size(); ++k) ASSERT_EQ(sorted(k), k >= sorted.size() - count);
  }
}

TEST(SortedOverChunks, ServesAnyOneValueAndNothing) {
  const Array<double> same = full({100}, 3.0, {.chunks = 9});
  const NDArray<std::int64_t> places = values_of(argsort(same));
  for (index_t i = 0; i < 100; ++i) ASSERT_EQ(places(i), i);
  const auto [values, counts] = unique_counts(same);
  EXPECT_EQ(NDArray<std::int64_t>(run_fused(counts.node())).item(), 100);
  EXPECT_EQ(NDArray<double>(run_fused(values.node())).item(), 3.0);
  EXPECT_EQ(values_of(sort(zeros<double>({0}))).size(), 0);
  EXPECT_EQ(values_of(sort(zeros<double>({3, 0}, {.chunks = {1, 0}}), 0)).shape(), (Shape{3, 0}));
  EXPECT_EQ(run_fused(unique(zeros<double>({0})).node()).size(), 0);
  // Chunks of no elements among others.
  const Array<std::int64_t> gaps = arange<std::int64_t>(6, 0, -1, {.chunks = ChunkSpec(Chunks{{0, 2, 0, 3, 1, 0}})});
  const NDArray<std::int64_t> sorted = values_of(sort(gaps));
  for (index_t i = 0; i < 6; ++i) ASSERT_EQ(sorted(i), i + 1);
  EXPECT_EQ(sort(gaps).chunks(), gaps.chunks());
  const Array<double> unsettled = same(same > 1.0);
  EXPECT_NE(thrown<ShapeError>([&] { sort(unsettled); }).find("compute_chunk_sizes"), std::string::npos);
  EXPECT_NE(thrown<ShapeError>([&] { unique(unsettled); }).find("compute_chunk_sizes"), std::string::npos);
  EXPECT_NE(thrown<ValueError>([&] { argtopk(same, 0); }).find("not 0"), std::string::npos);
  EXPECT_EQ(NDArray<double>(run_fused(unique_values(same).node())).item(), 3.0);
  EXPECT_EQ(run_fused(unique_inverse(same).inverse_indices.node()).shape(), (Shape{100}));
}

// No task may hold more than a few chunks: the largest result of any but the last tree's is no longer than a chunk and its places.
TEST(SortedOverChunks, BringsNoMoreThanChunksTogether) {
  const Array<double> x = arange<double>(4000, {.chunks = 250}) * -1.0;
  for (const ArrayPtr& node : {sort(x).node(), argsort(x).node(), quantile(stack(std::vector{x, x}), 0.5, {.axis = 1}).node(), sort(stack(std::vector{x, x}), 1).node()}) {
    const Lowered all = lowered(node, true);
    for (const auto& layer : all.graph.layers)
      for (std::int64_t i = 0; i < layer->size(); ++i) EXPECT_LE(layer->nbytes(i), 15 * 256 * 8 * 16) << layer->name();
  }
  EXPECT_EQ(sort(x).numblocks(), Shape{16});
}

TEST(SearchsortedOverChunks, AddsThePlacesAmongTheNumbersOfEachChunk) {
  Random random(first_seed());
  std::vector<double> sorted(9000);
  for (double& v : sorted) v = static_cast<double>(random.draw(-2000, 2000));
  std::sort(sorted.begin(), sorted.end());
  sorted.resize(9003, std::nan(""));
  std::vector<double> values{std::nan(""), -1e9, 1e9};
  for (int i = 0; i < 40; ++i) values.push_back(static_cast<double>(random.draw(-2001, 2001)));
  const auto all = from_array(NDArray<double>(Shape{9003}, sorted), {.chunks = 1000});
  const auto wanted = from_array(NDArray<double>(Shape{43}, values), {.chunks = 10});
  const NDArray<std::int64_t> left = values_of(searchsorted(all, wanted)), right = values_of(searchsorted(all, wanted, {.side = "right"}));
  EXPECT_EQ(left(0), 9000);
  EXPECT_EQ(right(0), 9003);
  for (index_t i = 1; i < left.size(); ++i) {
    const double v = values[static_cast<std::size_t>(i)];
    EXPECT_EQ(left(i), std::count_if(sorted.begin(), sorted.end(), [&](double s) { return s < v; }));
    EXPECT_EQ(right(i), std::count_if(sorted.begin(), sorted.end(), [&](double s) { return s <= v; }));
  }
}

}  // namespace
}  // namespace ashlar::test
