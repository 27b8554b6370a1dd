#include "ashlar/graph/object.hpp"

#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/ndarray_object.hpp"

using namespace ashlar;

namespace {
Object sent(const Object& object) {
  Writer out;
  object.encode(out);
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  Object back = Object::decode(in);
  EXPECT_TRUE(in.at_end());
  return back;
}
}  // namespace

TEST(Object, gives_its_value_and_refuses_other_types) {
  const Object o = Object::of(std::vector<int>{1, 2});
  EXPECT_EQ(o.get<std::vector<int>>(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(o.holds<std::vector<int>>());
  EXPECT_FALSE(o.holds<std::vector<long>>());
  try {
    o.get<double>();
    FAIL();
  } catch (const TypeError& e) {
    EXPECT_STREQ(e.what(), "a result of type std::vector<int> was asked for as double");
  }
}

TEST(Object, that_is_held_once_gives_its_value_without_a_copy) {
  Object one = Object::of(std::vector<int>(1000, 1));
  const int* memory = one.get<std::vector<int>>().data();
  Object shared = one;
  const std::vector<int> copy = std::move(one).take<std::vector<int>>();
  EXPECT_NE(copy.data(), memory);
  one = Object();
  const std::vector<int> moved = std::move(shared).take<std::vector<int>>();
  EXPECT_EQ(moved.data(), memory);
}

namespace {
struct Plain {
  std::int64_t a = 0;
  std::int32_t b = 0;
};
struct alignas(16) Aligned {
  std::int64_t a = 0, b = 0;
};
// What a small value takes is in the object; what is larger, aligned further or owns something has memory of its own.
template <class T>
bool lies_in(const Object& object) {
  const auto* at = reinterpret_cast<const std::byte*>(&object.get<T>());
  const auto* begin = reinterpret_cast<const std::byte*>(&object);
  return at >= begin && at + sizeof(T) <= begin + sizeof(Object);
}
}  // namespace

TEST(Object, holds_small_plain_values_itself) {
  EXPECT_EQ(sizeof(Object), 24u);
  EXPECT_TRUE(lies_in<int>(Object::of(7)));
  EXPECT_TRUE(lies_in<bool>(Object::of(true)));
  EXPECT_TRUE(lies_in<std::complex<double>>(Object::of(std::complex<double>(1, 2))));
  EXPECT_FALSE(lies_in<std::string>(Object::of(std::string("x"))));
  static_assert(detail::lies_in_place<Plain> && !detail::lies_in_place<Aligned> && !detail::lies_in_place<std::array<char, 17>>);
  EXPECT_EQ(sent(Object::of(std::complex<double>(1, 2))).get<std::complex<double>>(), std::complex<double>(1, 2));
}

TEST(Object, is_copied_moved_and_overwritten_whatever_it_holds) {
  const std::vector<Object> some = {Object(), Object::of(3), Object::of(std::string("text")), Object::of(2.5), Object::of(std::vector<int>(100, 9))};
  const auto same = [](const Object& a, const Object& b) {
    if (a.type() != b.type() || a.nbytes() != b.nbytes()) return false;
    if (a.holds<int>()) return a.get<int>() == b.get<int>();
    if (a.holds<double>()) return a.get<double>() == b.get<double>();
    if (a.holds<std::string>()) return a.get<std::string>() == b.get<std::string>();
    return a.empty() || a.get<std::vector<int>>() == b.get<std::vector<int>>();
  };
  for (const Object& from : some)
    for (const Object& over : some) {
      Object target = over;
      target = from;
      EXPECT_TRUE(same(target, from));
      Object moved = std::move(target);
      EXPECT_TRUE(same(moved, from));
      EXPECT_TRUE(target.empty()) << "what was moved from holds nothing";
      target = std::move(moved);
      const Object& self = target;
      target = self;
      EXPECT_TRUE(same(target, from));
    }
  EXPECT_EQ(Object::of(42).take<int>(), 42);
}

TEST(Object, comes_back_from_a_message) {
  EXPECT_EQ(sent(Object::of(std::string("text"))).get<std::string>(), "text");
  EXPECT_TRUE(sent(Object()).empty());
  EXPECT_EQ((sent(Object::of(std::map<std::string, double>{{"a", 1.5}})).get<std::map<std::string, double>>().at("a")), 1.5);
}

TEST(Object, keeps_an_ndarray_as_the_block_that_it_is) {
  NDArray<double> x({2, 3}, {1, 2, 3, 4, 5, 6});
  const Object o = Object::of(x);
  ASSERT_TRUE(o.holds<Block>());
  EXPECT_EQ(o.summary(), "float64 (2, 3)");
  EXPECT_EQ(o.nbytes(), 48);
  EXPECT_EQ(o.get<NDArray<double>>()(1, 2), 6);
  EXPECT_THROW(o.get<NDArray<float>>(), TypeError);
  EXPECT_EQ(sent(o).get<NDArray<double>>()(1, 0), 4);
}

TEST(Object, of_an_ndarray_is_not_changed_by_writing_to_the_array) {
  NDArray<double> x({3}, {1, 2, 3});
  const Object o = Object::of(x);
  x(0) = 100;
  EXPECT_EQ(o.get<NDArray<double>>()(0), 1);
  NDArray<double> y = o.get<NDArray<double>>();
  y(1) = 100;
  EXPECT_EQ(o.get<NDArray<double>>()(1), 2);
}

TEST(Object, of_an_ndarray_held_once_is_given_away_writable) {
  Object o = Object::of(NDArray<double>({3}, {1, 2, 3}));
  const std::byte* memory = o.get<Block>().data();
  NDArray<double> y = std::move(o).take<NDArray<double>>();
  EXPECT_EQ(reinterpret_cast<std::byte*>(y.data()), memory) << "no copy though data() may write";
}

TEST(Object, sizes_and_summaries_are_told) {
  EXPECT_EQ(Object().nbytes(), 0);
  EXPECT_EQ(Object().summary(), "nothing");
  EXPECT_EQ(Object::of(5).nbytes(), 4);
  EXPECT_EQ(Object::of(5).summary(), "int");
}
