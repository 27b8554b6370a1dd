#include "ashlar/ndarray/ndarray.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "ashlar/base/error.hpp"
#include "message_of.hpp"
#include "random_block.hpp"

using namespace ashlar;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
NDArray<double> counting(const Shape& shape) {
  NDArray<double> a(shape);
  std::iota(a.begin(), a.end(), 0.0);
  return a;
}
}  // namespace

TEST(NDArray, holds_zeros_of_its_shape) {
  const NDArray<double> a({2, 3}), b({0, 3}), c({5}), d(4), e(Shape{});
  EXPECT_EQ(a.shape(), (Shape{2, 3}));
  EXPECT_EQ(a.strides(), (std::vector<index_t>{3, 1}));
  EXPECT_THAT(a, ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_EQ(b.size(), 0);
  EXPECT_EQ(c.shape(), Shape{5});
  EXPECT_EQ(d.nbytes(), 32);
  EXPECT_EQ(e.item(), 0);
  EXPECT_EQ(NDArray<float>().shape(), Shape{0});
}

TEST(NDArray, takes_values_in_c_order) {
  const NDArray<int> a({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(a(1, 0), 3);
  const NDArray<bool> flags({3}, {true, false, true});
  EXPECT_THAT(flags, ElementsAre(true, false, true));
  EXPECT_EQ(message_of<ShapeError>([] { NDArray<int>({2, 2}, {1, 2, 3}); }), "values do not fill the shape: shape (2, 2), values 3");
}

TEST(NDArray, literals_make_int64_and_doubles) {
  const auto a = array({{1, 2}, {3, 4}});
  static_assert(std::is_same_v<decltype(a), const NDArray<std::int64_t>>);
  static_assert(std::is_same_v<decltype(array({1.5})), NDArray<double>>);
  static_assert(std::is_same_v<decltype(array({true})), NDArray<bool>>);
  static_assert(std::is_same_v<decltype(array({1.5f})), NDArray<float>>);
  static_assert(std::is_same_v<decltype(array<double>({1, 2.5})), NDArray<double>>);
  EXPECT_EQ(a.shape(), (Shape{2, 2}));
  EXPECT_THAT(a, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(array({{{1.0}, {2.0}}, {{3.0}, {4.0}}, {{5.0}, {6.0}}}).shape(), (Shape{3, 2, 1}));
  EXPECT_EQ(array(std::vector<float>{1, 2}).shape(), Shape{2});
  EXPECT_THAT(message_of<ShapeError>([] { array({{1, 2}, {3}}); }), HasSubstr("the first has (2,), another (1,)"));
}

TEST(NDArray, indexes_from_both_ends_and_checks_bounds) {
  NDArray<double> a = counting({2, 5});
  EXPECT_EQ(a(-1, -1), 9);
  a(0, 1) = 42;
  EXPECT_EQ(std::as_const(a)(0, 1), 42);
  EXPECT_EQ(message_of<IndexError>([&] { a(1, 7); }), "index 7 is outside axis 1 of length 5");
  EXPECT_EQ(message_of<IndexError>([&] { std::as_const(a)(-3, 0); }), "index -3 is outside axis 0 of length 2");
  EXPECT_THAT(message_of<IndexError>([&] { a(1); }), HasSubstr("has 2 indices, found 1"));
  static_assert(std::is_same_v<decltype(counting({3})(0)), double>);
  EXPECT_EQ(counting({3})(2), 2);
}

TEST(NDArray, item_needs_one_element) {
  EXPECT_EQ(NDArray<double>({1, 1}, {7}).item(), 7);
  EXPECT_THAT(message_of<ValueError>([] { counting({2}).item(); }), HasSubstr("shape (2,)"));
}

TEST(NDArray, copies_share_memory_until_one_is_written) {
  NDArray<double> a = counting({4});
  NDArray<double> b = a;
  EXPECT_EQ(std::as_const(a).data(), std::as_const(b).data());
  b(0) = 9;
  EXPECT_EQ(std::as_const(a)(0), 0);
  EXPECT_EQ(std::as_const(b)(0), 9);
  const double* before = std::as_const(b).data();
  b(1) = 8;  // the only holder now: in place
  EXPECT_EQ(std::as_const(b).data(), before);
}

TEST(NDArray, slices_share_memory_until_one_of_the_two_is_written) {
  NDArray<double> a = counting({3, 4});
  NDArray<double> row = a(1, ellipsis);
  EXPECT_EQ(std::as_const(row).data(), std::as_const(a).data() + 4);
  a(1, 0) = 100;
  EXPECT_THAT(std::as_const(row), ElementsAre(4, 5, 6, 7));
  row(0) = -1;
  EXPECT_EQ(std::as_const(a)(1, 0), 100);
}

TEST(NDArray, slices_with_ranges_text_and_new_axes) {
  const NDArray<double> a = counting({3, 4});
  EXPECT_THAT(a(range(_, _, -1), 0), ElementsAre(8, 4, 0));
  EXPECT_THAT(a("::-2, 1:3"), ElementsAre(9, 10, 1, 2));
  EXPECT_EQ(a(newaxis, _, 0).shape(), (Shape{1, 3}));
  EXPECT_EQ(a(ellipsis).shape(), a.shape());
  EXPECT_EQ(a(range(2, 2), _).size(), 0);
  EXPECT_EQ(message_of<IndexError>([&] { a(_, 4); }), "index 4 is outside axis 1 of length 4");
}

TEST(NDArray, iterates_views_in_c_order) {
  const auto t = counting({2, 3}).transpose();
  EXPECT_THAT(t, ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(t.strides(), (std::vector<index_t>{2, 1}));
  EXPECT_EQ(t.data()[1], 3);
  EXPECT_EQ(t(2, 1), 5);
  NDArray<double> written = t;
  for (double& x : written) x += 10;
  EXPECT_THAT(written, ElementsAre(10, 13, 11, 14, 12, 15));
  EXPECT_THAT(t, ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(NDArray, packs_a_view_once_for_all_threads) {
  const auto t = counting({300, 200}).transpose();
  std::vector<const double*> seen(4);
  std::vector<std::thread> threads;
  for (auto& place : seen) threads.emplace_back([&place, &t] { place = t.data(); });
  for (auto& thread : threads) thread.join();
  for (const double* place : seen) EXPECT_EQ(place, seen[0]);
  EXPECT_EQ(seen[0][1], 200);
}

TEST(NDArray, writes_through_to_memory_it_wraps) {
  double memory[] = {1, 2, 3, 4};
  NDArray<double> a(memory, Shape{2, 2});
  a(1, 1) = 40;
  EXPECT_EQ(memory[3], 40);
  a.fill(5);
  EXPECT_EQ(memory[0], 5);
  a.assign(array({{1.0, 2.0}, {3.0, 4.0}}));
  EXPECT_THAT(memory, ElementsAre(1, 2, 3, 4));
  EXPECT_TRUE(a.wraps());
}

TEST(NDArray, copies_and_slices_of_wrapped_memory_do_not_depend_on_it) {
  double memory[] = {1, 2, 3, 4};
  NDArray<double> a(memory, Shape{4});
  const NDArray<double> copy = a, slice = a(range(0, 2)), shaped = a.reshape({2, 2}), turned = a.transpose(), same = a.astype<double>();
  Writer out;
  a.encode(out);
  memory[0] = 99;
  EXPECT_EQ(copy(0), 1);
  EXPECT_EQ(slice(0), 1);
  EXPECT_EQ(shaped(0, 0), 1);
  EXPECT_EQ(turned(0), 1);
  EXPECT_EQ(same(0), 1);
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  EXPECT_EQ(NDArray<double>::decode(in)(0), 1) << "encoded";
  EXPECT_EQ(std::as_const(a)(0), 99);
  const NDArray<double> moved = std::move(a);
  EXPECT_EQ(moved.data(), memory);
}

TEST(NDArray, a_moved_from_array_is_empty) {
  NDArray<double> a = counting({3}), b = std::move(a);
  EXPECT_EQ(b.size(), 3);
  EXPECT_EQ(a.size(), 0);  // NOLINT: what is promised
  NDArray<double>& same = b;
  b = same;
  EXPECT_THAT(b, ElementsAre(0, 1, 2));
}

TEST(NDArray, fills_assigns_reshapes_and_casts) {
  NDArray<double> a = counting({2, 3});
  const NDArray<double> before = a;
  a.fill(1.5);
  EXPECT_THAT(a, ElementsAre(1.5, 1.5, 1.5, 1.5, 1.5, 1.5));
  EXPECT_EQ(before(1, 2), 5);
  a.assign(a(_, range(_, _, -1)));
  EXPECT_EQ(before.reshape({3, -1}).shape(), (Shape{3, 2}));
  EXPECT_EQ(before.reshape({3, -1}).data(), before.data());
  EXPECT_THAT(before.transpose().ravel(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(NDArray<double>(Shape{0, 3}).ravel().shape(), Shape{0});
  EXPECT_THAT(before.astype<int>(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_NE(before.copy().data(), before.data());
  EXPECT_EQ(before.transpose({1, 0}).shape(), (Shape{3, 2}));
  EXPECT_THROW(a.assign(counting({3, 2})), ShapeError);
  EXPECT_THROW(before.reshape({4}), ShapeError);
}

TEST(NDArray, assigns_a_reversed_view_of_itself) {
  NDArray<double> a = counting({4});
  a.assign(a(range(_, _, -1)));
  EXPECT_THAT(a, ElementsAre(3, 2, 1, 0));
}

TEST(NDArray, takes_blocks_of_its_type_only) {
  const NDArray<float> a(Block::full({2}, ScalarValue::of(1.0f)));
  EXPECT_THAT(a, ElementsAre(1, 1));
  EXPECT_EQ(a.block().buffer().size(), 4u);
  EXPECT_EQ(message_of<TypeError>([] { NDArray<double>(Block::full({2}, ScalarValue::of(1))); }),
            "an array of float64 cannot hold a block of int32; astype converts");
  NDArray<float> written = a;
  written(0) = 2;
  EXPECT_THAT(written, ElementsAre(2, 1));
}

TEST(NDArray, goes_over_the_wire_and_comes_back) {
  const auto t = counting({2, 3}).transpose();
  Writer out;
  t.encode(out);
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  const auto back = NDArray<double>::decode(in);
  EXPECT_EQ(back.shape(), t.shape());
  EXPECT_TRUE(std::equal(back.begin(), back.end(), t.begin()));
  Reader again(parcel);
  EXPECT_THROW(NDArray<int>::decode(again), TypeError);
}

TEST(NDArray, iterators_data_and_indices_agree_on_random_views_seed_3) {
  std::mt19937 rng(3);
  for (int round = 0; round < 500; ++round) {
    const auto t = slow::random_view(rng, DType::float64);
    const NDArray<double> a(t.block);
    const auto wanted = slow::wanted(t);
    std::vector<double> reals;
    for (auto value : wanted) reals.push_back(value.real());
    ASSERT_TRUE(std::equal(a.begin(), a.end(), reals.begin(), reals.end())) << "round " << round;
    ASSERT_EQ(a.strides(), c_strides(a.shape())) << "round " << round;
    NDArray<double> b = a;
    for (double& x : b) x = -x;
    ASSERT_TRUE(std::equal(a.begin(), a.end(), reals.begin(), reals.end())) << "round " << round;
    if (b.ndim() == 2 && b.size() > 0) {
      ASSERT_EQ(std::as_const(b)(-1, 0), -a(a.shape()[0] - 1, 0)) << "round " << round;
    }
  }
}
