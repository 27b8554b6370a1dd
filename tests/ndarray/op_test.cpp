#include "ashlar/ndarray/op.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "ashlar/base/error.hpp"

using namespace ashlar;

namespace {

std::vector<Op> all_ops() {
  std::vector<Op> ops;
  for (int i = 0; i <= static_cast<int>(Op::clip); ++i) ops.push_back(static_cast<Op>(i));
  return ops;
}

TEST(Op, has_the_name_and_arity_numpy_gives_it) {
  EXPECT_EQ(op_name(Op::negative), "negative");
  EXPECT_EQ(op_name(Op::floor_divide), "floor_divide");
  EXPECT_EQ(op_name(Op::where), "where");
  EXPECT_EQ(op_arity(Op::sin), 1);
  EXPECT_EQ(op_arity(Op::cast), 1);
  EXPECT_EQ(op_arity(Op::logaddexp), 2);
  EXPECT_EQ(op_arity(Op::less), 2);
  EXPECT_EQ(op_arity(Op::clip), 3);
}

TEST(Op, computes_where_numpy_has_no_loop_for_the_type_in_the_next_type_that_has_one) {
  EXPECT_EQ(op_compute_type(Op::sin, DType::int32), DType::float64);
  EXPECT_EQ(op_compute_type(Op::sin, DType::float32), DType::float32);
  EXPECT_EQ(op_compute_type(Op::sin, DType::complex64), DType::complex64);
  EXPECT_EQ(op_compute_type(Op::divide, DType::int64), DType::float64);
  EXPECT_EQ(op_compute_type(Op::divide, DType::bool_), DType::float64);
  EXPECT_EQ(op_compute_type(Op::rint, DType::uint8), DType::float64);
  EXPECT_EQ(op_compute_type(Op::floor, DType::int16), DType::int16);
  EXPECT_EQ(op_compute_type(Op::add, DType::bool_), DType::bool_);
  EXPECT_EQ(op_compute_type(Op::power, DType::bool_), DType::int8);
  EXPECT_EQ(op_compute_type(Op::left_shift, DType::bool_), DType::int8);
  EXPECT_EQ(op_compute_type(Op::hypot, DType::int8), DType::float64);
  EXPECT_EQ(op_compute_type(Op::less, DType::complex128), DType::complex128);
}

TEST(Op, refuses_the_types_numpy_refuses) {
  EXPECT_THROW(op_compute_type(Op::subtract, DType::bool_), TypeError);
  EXPECT_THROW(op_compute_type(Op::negative, DType::bool_), TypeError);
  EXPECT_THROW(op_compute_type(Op::sign, DType::bool_), TypeError);
  EXPECT_THROW(op_compute_type(Op::invert, DType::float64), TypeError);
  EXPECT_THROW(op_compute_type(Op::bitwise_and, DType::float32), TypeError);
  EXPECT_THROW(op_compute_type(Op::right_shift, DType::complex64), TypeError);
  EXPECT_THROW(op_compute_type(Op::floor, DType::complex128), TypeError);
  EXPECT_THROW(op_compute_type(Op::remainder, DType::complex128), TypeError);
  EXPECT_THROW(op_compute_type(Op::cbrt, DType::complex64), TypeError);
  EXPECT_THROW(op_compute_type(Op::arctan2, DType::complex64), TypeError);
  EXPECT_THROW(op_compute_type(Op::signbit, DType::complex64), TypeError);
  try {
    op_compute_type(Op::invert, DType::float64);
  } catch (const TypeError& error) {
    EXPECT_STREQ(error.what(), "invert is not defined for element type float64");
  }
}

TEST(Op, gives_bool_or_the_compute_type_and_real_magnitudes) {
  EXPECT_EQ(op_result_type(Op::less, DType::float64), DType::bool_);
  EXPECT_EQ(op_result_type(Op::isnan, DType::complex64), DType::bool_);
  EXPECT_EQ(op_result_type(Op::add, DType::int16), DType::int16);
  EXPECT_EQ(op_result_type(Op::absolute, DType::complex64), DType::float32);
  EXPECT_EQ(op_result_type(Op::absolute, DType::complex128), DType::float64);
}

TEST(Op, settles_on_its_compute_type_at_once) {
  for (Op op : all_ops())
    for (int t = 0; t < dtype_count; ++t) try {
        const DType compute = op_compute_type(op, static_cast<DType>(t));
        EXPECT_EQ(op_compute_type(op, compute), compute) << op_name(op) << " of " << dtype_name(static_cast<DType>(t));
      } catch (const TypeError&) {
      }
}

}  // namespace
