// What the compiler says an expression's element type is, against what the expression nodes say when they are made.

#include <gtest/gtest.h>

#include "ashlar/array/creation.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

using detail::op_defined;
using detail::op_type;

constexpr Op all_ops[] = {
#define ASHLAR_NAME(name) Op::name,
    ASHLAR_UNARY_OPS(ASHLAR_NAME) ASHLAR_FLOAT_OPS(ASHLAR_NAME) ASHLAR_PREDICATE_OPS(ASHLAR_NAME) ASHLAR_BINARY_OPS(ASHLAR_NAME)
        ASHLAR_COMPARE_OPS(ASHLAR_NAME)
#undef ASHLAR_NAME
            Op::clip, Op::where};

DType dtype(int i) { return static_cast<DType>(i); }

TEST(ArrayTypes, PromoteAlikeAtCompileTimeAndAtRunTime) {
  for (int a = 0; a < dtype_count; ++a)
    for (int b = 0; b < dtype_count; ++b)
      EXPECT_EQ(detail::promote_types(dtype(a), dtype(b)), promote(dtype(a), dtype(b))) << dtype_name(dtype(a)) << ' ' << dtype_name(dtype(b));
  for (int a = 0; a < dtype_count; ++a) EXPECT_EQ(detail::sum_types(dtype(a)), sum_type(dtype(a)));
}

TEST(ArrayTypes, OperationsHaveTheTypesOfTheirPrograms) {
  for (const Op op : all_ops)
    for (int i = 0; i < dtype_count; ++i) {
      const DType t = dtype(i);
      const std::string what = std::string(op_name(op)) + " of " + std::string(dtype_name(t));
      if (op_defined(op, t)) EXPECT_EQ(op_type(op, t), op_result_type(op, op_compute_type(op, t))) << what;
      else EXPECT_THROW(op_compute_type(op, t), TypeError) << what;
    }
}

TEST(ArrayTypes, ReductionsOfEveryTypeHaveTheirStaticType) {
  const auto check = [](auto type) {
    using T = typename decltype(type)::type;
    const auto x = ones<T>({3, 2}, {.chunks = {2, 1}});
    EXPECT_EQ(x.sum().compute(), detail::sum_of<T>(6));
    EXPECT_EQ(x.prod().compute(), detail::sum_of<T>(1));
    EXPECT_EQ(x.mean().compute(), detail::quotient<T>(1));
    EXPECT_EQ(x.min().compute(), T(1));
    EXPECT_EQ(x.max({.axis = 1}).compute()(2), T(1));
    EXPECT_EQ(x.any().compute(), true);
    EXPECT_EQ(x.all().compute(), true);
    EXPECT_EQ(x.argmin().compute(), 0);
    EXPECT_EQ(x.argmax({.axis = 0}).compute()(1), 0);
    EXPECT_EQ(x.var().compute(), detail::real_quotient<T>(0));
    EXPECT_EQ(x.std({.axis = 0, .ddof = 1}).compute()(0), detail::real_quotient<T>(0));
    EXPECT_EQ(sum(x.compute()), detail::sum_of<T>(6));
  };
  for (int i = 0; i < dtype_count; ++i) visit_dtype(dtype(i), check);
}

template <class A, class B>
constexpr bool same = std::is_same_v<A, B>;

TEST(ArrayTypes, FollowNumPy2) {
  const auto f4 = ones<float>({2});
  const auto f8 = ones<double>({2});
  const auto i1 = ones<std::int8_t>({2});
  const auto i4 = ones<int>({2});
  const auto i8 = ones<std::int64_t>({2});
  const auto u8 = ones<std::uint64_t>({2});
  const auto b = ones<bool>({2});
  const auto c8 = ones<std::complex<float>>({2});
  // Two arrays promote by table.
  static_assert(same<decltype(i8 + f4), Array<double>>);
  static_assert(same<decltype(i1 + f4), Array<float>>);
  static_assert(same<decltype(i8 + u8), Array<double>>);
  static_assert(same<decltype(c8 + f8), Array<std::complex<double>>>);
  static_assert(same<decltype(b + b), Array<bool>>);
  // Literals are weak.
  static_assert(same<decltype(f4 * 2.0), Array<float>>);
  static_assert(same<decltype(2.0 * i8), Array<double>>);
  static_assert(same<decltype(i1 + 1), Array<std::int8_t>>);
  static_assert(same<decltype(i8 * 2.5), Array<double>>);
  static_assert(same<decltype(b + 1), Array<std::int64_t>>);
  static_assert(same<decltype(f4 + std::complex<double>(0, 1)), Array<std::complex<float>>>);
  static_assert(same<decltype(where(b, 0, 1.5)), Array<double>>);
  static_assert(same<decltype(where(b, f4, 0)), Array<float>>);
  // True division, and functions that leave the integers.
  static_assert(same<decltype(i4 / 2), Array<double>>);
  static_assert(same<decltype(f4 / 2), Array<float>>);
  static_assert(same<decltype(sin(i4)), Array<double>>);
  static_assert(same<decltype(abs(c8)), Array<float>>);
  static_assert(same<decltype(i4 % 2), Array<int>>);
  static_assert(same<decltype(i4 == 2), Array<bool>>);
  // A Scalar is an array, not a literal.
  static_assert(same<decltype(f4 - f8.mean()), Array<double>>);
  static_assert(same<decltype(f4.mean() - 1.0), Scalar<float>>);
  // Reductions.
  static_assert(same<decltype(i4.sum()), Scalar<std::int64_t>>);
  static_assert(same<decltype(ones<std::uint8_t>({2}).sum()), Scalar<std::uint64_t>>);
  static_assert(same<decltype(b.mean()), Scalar<double>>);
  static_assert(same<decltype(c8.std()), Scalar<float>>);
  static_assert(same<decltype(i4.sum<float>()), Scalar<float>>);
  static_assert(same<decltype(arange(10)), Array<std::int64_t>>);
  static_assert(same<decltype(arange(0, 1, 0.1)), Array<double>>);
  static_assert(same<decltype(full({2}, 1)), Array<std::int64_t>>);
  static_assert(same<decltype(full<float>({2}, 1.5)), Array<float>>);
  // NDArrays are computed at once, with lazy ones they become lazy.
  const NDArray<float> n = f4.compute();
  static_assert(same<decltype(n * 2.0), NDArray<float>>);
  static_assert(same<decltype(n + n), NDArray<float>>);
  static_assert(same<decltype(f4 + n), Array<float>>);
  static_assert(same<decltype(f8.mean() * n), Array<double>>);
  static_assert(same<decltype(sum(n)), float>);
  EXPECT_EQ((i8 * 2.5).compute()(0), 2.5);
}

TEST(ArrayTypes, IntegerLiteralsMustFit) {
  const auto small = ones<std::int8_t>({2});
  EXPECT_THROW(small + 300, ValueError);
  EXPECT_THROW(ones<std::uint8_t>({2}) - (-1), ValueError);
  EXPECT_EQ((small + 100).compute()(0), 101);
  // A comparison has an answer whatever the literal.
  EXPECT_TRUE((small < 300).all().compute());
  EXPECT_TRUE((ones<std::uint64_t>({2}) > -1).all().compute());
  EXPECT_FALSE((ones<std::uint8_t>({2}) == -255).any().compute());
}

}  // namespace
}  // namespace ashlar
