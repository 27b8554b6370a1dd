// Choosing among arrays and elements, grids, and arrays put together of others: against loops over the elements.
// Every result must have the same bits fused, unfused and sent through bytes.

#include <gtest/gtest.h>

#include "array/function_checks.hpp"
#include "ashlar/array/selection.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

template <class T>
std::vector<T> list_of(const Array<T>& x) {
  const Block block = run_fused(x.node()).contiguous();
  EXPECT_TRUE(same_bits(block, run_unfused(x.node())));
  EXPECT_TRUE(same_bits(block, run_sent(x.node())));
  return {block.as<T>(), block.as<T>() + block.size()};
}
Array<std::int64_t> numbers(const Shape& shape, index_t chunk) { return arange<std::int64_t>(shape.elements()).reshape(shape).rechunk(ChunkSpec(std::vector<index_t>(shape.size(), chunk))); }

TEST(Selection, SelectTakesTheFirstConditionThatHolds) {
  const auto x = arange<std::int64_t>(10, {.chunks = 3});
  EXPECT_EQ(list_of(ashlar::select({x < 3, x < 5, x > 7}, {x * 10, x * 100, -x}, std::int64_t{7})), (std::vector<std::int64_t>{0, 10, 20, 300, 400, 7, 7, 7, -8, -9}));
  EXPECT_NE(thrown<ValueError>([&] { ashlar::select({x < 3}, {x, x}, 1); }).find("choices 2"), std::string::npos);
}
TEST(Selection, ChooseTakesByNumber) {
  const auto index = from_array(NDArray<std::int32_t>(Shape{5}, {0, 2, 1, 1, 0}), {.chunks = 2});
  const auto a = arange<std::int64_t>(5, {.chunks = 2});
  EXPECT_EQ(list_of(choose(index, {a, a + 10, a + 20})), (std::vector<std::int64_t>{0, 21, 12, 13, 4}));
  const auto wild = index * 3 - 1;  // -1 5 2 2 -1
  EXPECT_EQ(list_of(choose(wild, {a, a + 10, a + 20}, {.mode = "wrap"})), (std::vector<std::int64_t>{20, 21, 22, 23, 24}));
  EXPECT_EQ(list_of(choose(wild, {a, a + 10, a + 20}, {.mode = "clip"})), (std::vector<std::int64_t>{0, 21, 22, 23, 4}));
  EXPECT_NE(thrown<Error>([&] { run_fused(choose(wild, {a, a + 10, a + 20}).node()); }).find("found number"), std::string::npos);
  EXPECT_NE(thrown<Error>([&] { run_fused(choose(wild, {a}).node()); }).find("found number"), std::string::npos);
  thrown<ValueError>([&] { choose(index, {a}, {.mode = "other"}); });
}
TEST(Selection, CompressExtractAndNonzeroKeepTheOrder) {
  const auto x = numbers({3, 4}, 2);
  const auto even = x % 2 == 0;
  EXPECT_EQ(list_of(extract(even, x)), (std::vector<std::int64_t>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(list_of(flatnonzero(x % 3)), (std::vector<std::int64_t>{1, 2, 4, 5, 7, 8, 10, 11}));
  const auto found = nonzero(x % 5);
  std::vector<std::int64_t> rows, columns;
  for (std::int64_t i = 0; i < 12; ++i)
    if (i % 5 != 0) rows.push_back(i / 4), columns.push_back(i % 4);
  EXPECT_EQ(list_of(found[0]), rows);
  EXPECT_EQ(list_of(found[1]), columns);
  const auto mask = from_array(NDArray<bool>(Shape{3}, {true, false, true}), {.chunks = 2});
  EXPECT_EQ(list_of(compress(mask, x, 0)), (std::vector<std::int64_t>{0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(list_of(compress(mask, x, 1)), (std::vector<std::int64_t>{0, 2, 4, 6, 8, 10}));  // shorter than the axis
  EXPECT_EQ(list_of(compress(mask, x)), (std::vector<std::int64_t>{0, 2}));
}
TEST(Selection, NumbersAndPositionsTurnIntoEachOther) {
  const auto x = from_array(NDArray<std::int32_t>(Shape{4}, {0, 5, 23, 12}), {.chunks = 3});
  const auto positions = unravel_index(x, {2, 3, 4});
  EXPECT_EQ(list_of(positions[0]), (std::vector<std::int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(list_of(positions[1]), (std::vector<std::int64_t>{0, 1, 2, 0}));
  EXPECT_EQ(list_of(positions[2]), (std::vector<std::int64_t>{0, 1, 3, 0}));
  EXPECT_EQ(list_of(ravel_multi_index(positions, {2, 3, 4})), (std::vector<std::int64_t>{0, 5, 23, 12}));
  EXPECT_NE(thrown<Error>([&] { run_fused(unravel_index(x, {2, 3}).front().node()); }).find("outside an array of 6"), std::string::npos);
  EXPECT_NE(thrown<Error>([&] { run_fused(ravel_multi_index(positions, {2, 2, 4}).node()); }).find("length 2"), std::string::npos);
}
TEST(Selection, GridsAndTriangles) {
  const auto x = arange<std::int64_t>(3, {.chunks = 2}), y = arange<std::int64_t>(10, 12, {.chunks = 1});
  const auto xy = meshgrid({x, y}), ij = meshgrid({x, y}, {.indexing = "ij"});
  EXPECT_EQ(xy[0].shape(), Shape({2, 3}));
  EXPECT_EQ(list_of(xy[0]), (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(list_of(xy[1]), (std::vector<std::int64_t>{10, 10, 10, 11, 11, 11}));
  EXPECT_EQ(list_of(ij[0]), (std::vector<std::int64_t>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(meshgrid({x, y}, {.sparse = true})[1].shape(), Shape({2, 1}));
  const auto both = indices({2, 3}, {1, 2});
  EXPECT_EQ(both.shape(), Shape({2, 2, 3}));
  EXPECT_EQ(list_of(both), (std::vector<std::int64_t>{0, 0, 0, 1, 1, 1, 0, 1, 2, 0, 1, 2}));
  const auto m = numbers({3, 4}, 2) + 1;
  EXPECT_EQ(list_of(tril(m)), (std::vector<std::int64_t>{1, 0, 0, 0, 5, 6, 0, 0, 9, 10, 11, 0}));
  EXPECT_EQ(list_of(triu(m, 1)), (std::vector<std::int64_t>{0, 2, 3, 4, 0, 0, 7, 8, 0, 0, 0, 12}));
  EXPECT_EQ(list_of(tri<std::int64_t>(2, {.chunks = 1, .M = 3, .k = -1})), (std::vector<std::int64_t>{0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(list_of(diag(x + 1)), (std::vector<std::int64_t>{1, 0, 0, 0, 2, 0, 0, 0, 3}));
  EXPECT_EQ(list_of(diag(y, 1)), (std::vector<std::int64_t>{0, 10, 0, 0, 0, 11, 0, 0, 0}));
  EXPECT_EQ(list_of(diag(y, -1)), (std::vector<std::int64_t>{0, 0, 0, 10, 0, 0, 0, 11, 0}));
  EXPECT_EQ(list_of(diag(m, 1)), (std::vector<std::int64_t>{2, 7, 12}));
}
TEST(Selection, ArraysPutTogether) {
  const auto x = numbers({2, 3}, 2);
  EXPECT_EQ(list_of(append(x, x(range(0, 1)) + 6, 0)), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(list_of(append(x, x)), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(list_of(repeat(x, 2, 1)), (std::vector<std::int64_t>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
  EXPECT_EQ(repeat(x, 0, 0).shape(), Shape({0, 3}));
  EXPECT_EQ(list_of(tile(x, {2})), (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(tile(x, {2, 1, 3}).shape(), Shape({2, 2, 9}));
  EXPECT_EQ(list_of(delete_(x, {1, -1}, 1)), (std::vector<std::int64_t>{0, 3}));
  thrown<IndexError>([&] { delete_(x, {3}, 1); });
  EXPECT_EQ(list_of(rot90(x)), (std::vector<std::int64_t>{2, 5, 1, 4, 0, 3}));
  EXPECT_EQ(list_of(rot90(x, 2)), (std::vector<std::int64_t>{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(list_of(rot90(x, -1)), (std::vector<std::int64_t>{3, 0, 4, 1, 5, 2}));
  EXPECT_EQ(rollaxis(numbers({2, 3, 4}, 2), 2).shape(), Shape({4, 2, 3}));
  EXPECT_EQ(rollaxis(numbers({2, 3, 4}, 2), 0, 2).shape(), Shape({3, 2, 4}));
  EXPECT_EQ(atleast_3d(x).shape(), Shape({2, 3, 1}));
  EXPECT_EQ(atleast_2d(arange(3)).shape(), Shape({1, 3}));
  EXPECT_EQ(atleast_1d(x(0, 0)).shape(), Shape({1}));
  EXPECT_EQ(list_of(dstack(std::vector{x, x + 10})), (std::vector<std::int64_t>{0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15}));
  const auto same = broadcast_arrays(std::vector{x, x(range(0, 1))});
  EXPECT_EQ(list_of(same[1]), (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
}

}  // namespace
}  // namespace ashlar::test
