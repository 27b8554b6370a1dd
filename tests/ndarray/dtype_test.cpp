#include "ashlar/ndarray/dtype.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/block.hpp"
#include "python_oracle.hpp"

using namespace ashlar;

namespace {
constexpr auto type_number = [](int i) { return static_cast<DType>(i); };

// numpy.promote_types of every pair, rows and columns in the order of the enumeration.
constexpr std::array<const char*, dtype_count> kPromoted{
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128",
    "int8 int8 int16 int32 int64 int16 int32 int64 float64 float32 float64 complex64 complex128",
    "int16 int16 int16 int32 int64 int16 int32 int64 float64 float32 float64 complex64 complex128",
    "int32 int32 int32 int32 int64 int32 int32 int64 float64 float64 float64 complex128 complex128",
    "int64 int64 int64 int64 int64 int64 int64 int64 float64 float64 float64 complex128 complex128",
    "uint8 int16 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128",
    "uint16 int32 int32 int32 int64 uint16 uint16 uint32 uint64 float32 float64 complex64 complex128",
    "uint32 int64 int64 int64 int64 uint32 uint32 uint32 uint64 float64 float64 complex128 complex128",
    "uint64 float64 float64 float64 float64 uint64 uint64 uint64 uint64 float64 float64 complex128 complex128",
    "float32 float32 float32 float64 float64 float32 float32 float64 float64 float32 float64 complex64 complex128",
    "float64 float64 float64 float64 float64 float64 float64 float64 float64 float64 float64 complex128 complex128",
    "complex64 complex64 complex64 complex128 complex128 complex64 complex64 complex128 complex128 complex64 complex128 complex64 complex128",
    "complex128 complex128 complex128 complex128 complex128 complex128 complex128 complex128 complex128 complex128 complex128 complex128 complex128"};
}  // namespace

TEST(DType, names_and_sizes_are_those_of_numpy) {
  EXPECT_EQ(dtype_name(DType::bool_), "bool");
  EXPECT_EQ(dtype_name(DType::complex128), "complex128");
  EXPECT_EQ(itemsize(DType::bool_), 1);
  EXPECT_EQ(itemsize(DType::complex64), 8);
  for (int i = 0; i < dtype_count; ++i) {
    EXPECT_EQ(dtype_named(dtype_name(type_number(i))), type_number(i));
    visit_dtype(type_number(i), [&]<class T>(std::type_identity<T>) {
      EXPECT_EQ(dtype_of<T>, type_number(i));
      EXPECT_EQ(itemsize(type_number(i)), static_cast<std::int64_t>(sizeof(T)));
    });
  }
}

TEST(DType, unknown_name_is_a_type_error_that_lists_the_names) {
  try {
    dtype_named("float16");
    FAIL();
  } catch (const TypeError& error) {
    EXPECT_NE(std::string(error.what()).find("\"float16\"; there are bool int8"), std::string::npos) << error.what();
  }
}

TEST(DType, promotes_every_pair_as_numpy) {
  for (int a = 0; a < dtype_count; ++a) {
    std::istringstream row(kPromoted[static_cast<std::size_t>(a)]);
    for (int b = 0; b < dtype_count; ++b) {
      std::string wanted;
      row >> wanted;
      EXPECT_EQ(dtype_name(promote(type_number(a), type_number(b))), wanted) << dtype_name(type_number(a)) << " " << dtype_name(type_number(b));
    }
  }
}

TEST(DType, sums_widen_integers_and_division_makes_floats) {
  EXPECT_EQ(sum_type(DType::bool_), DType::int64);
  EXPECT_EQ(sum_type(DType::int8), DType::int64);
  EXPECT_EQ(sum_type(DType::uint32), DType::uint64);
  EXPECT_EQ(sum_type(DType::float32), DType::float32);
  EXPECT_EQ(true_divide_type(DType::bool_), DType::float64);
  EXPECT_EQ(true_divide_type(DType::int8), DType::float64);
  EXPECT_EQ(true_divide_type(DType::float32), DType::float32);
  EXPECT_EQ(true_divide_type(DType::complex64), DType::complex64);
}

TEST(ScalarValue, casts_between_types) {
  EXPECT_EQ(ScalarValue::of(2.75).as<int>(), 2);
  EXPECT_EQ(ScalarValue::of(-2.75).as<std::int8_t>(), -2);
  EXPECT_EQ(ScalarValue::of(300).as<std::uint8_t>(), 44);
  EXPECT_EQ(ScalarValue::of(std::complex<double>(1.5, 3)).as<double>(), 1.5);
  EXPECT_EQ(ScalarValue::of(std::complex<double>(0, 3)).as<bool>(), true);
  EXPECT_EQ(ScalarValue::of(std::nan("")).as<bool>(), true);
  EXPECT_EQ(ScalarValue::of(1).cast(DType::complex64).as<std::complex<float>>(), std::complex<float>(1, 0));
  EXPECT_EQ(ScalarValue::of(1).cast(DType::float32).type, DType::float32);
}

TEST(ScalarValue, floats_outside_the_integer_type_become_a_fixed_number) {
  EXPECT_EQ(ScalarValue::of(1e30).as<std::int32_t>(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(ScalarValue::of(std::nan("")).as<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(ScalarValue::of(-1.0).as<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(ScalarValue::of(-1.0).as<std::uint8_t>(), 255);
  EXPECT_EQ(ScalarValue::of(9223372036854775808.0).as<std::uint64_t>(), std::uint64_t{1} << 63);
  EXPECT_EQ(ScalarValue::of(-2147483648.0).as<std::int32_t>(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(ScalarValue::of(-2147483648.5).as<std::int32_t>(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(ScalarValue::of(2147483647.5).as<std::int32_t>(), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(ScalarValue::of(2147483648.0f).as<std::int32_t>(), std::numeric_limits<std::int32_t>::min());
}

TEST(ScalarValue, prints_as_numpy_prints_scalars) {
  EXPECT_EQ(ScalarValue::of(true).text(), "True");
  EXPECT_EQ(ScalarValue::of(-3).text(), "-3");
  EXPECT_EQ(ScalarValue::of(2.0).text(), "2.0");
  EXPECT_EQ(ScalarValue::of(1e5).text(), "100000.0");
  EXPECT_EQ(ScalarValue::of(1e16).text(), "1e+16");
  EXPECT_EQ(ScalarValue::of(1e-5).text(), "1e-05");
  EXPECT_EQ(ScalarValue::of(0.1f).text(), "0.1");
  EXPECT_EQ(ScalarValue::of(123456789.0f).text(), "123456790.0");
  EXPECT_EQ(ScalarValue::of(std::complex<double>(1, -2)).text(), "(1-2j)");
  EXPECT_EQ(ScalarValue::of(std::complex<double>(0, 2)).text(), "2j");
}

TEST(Astype, agrees_with_numpy_for_every_pair_of_types) {
  const auto python = oracle::python_with("numpy");
  if (!python) GTEST_SKIP() << "no Python with numpy";
  std::istringstream lines(oracle::run(*python, "casts 1"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    std::istringstream in(line);
    std::string from, to;
    in >> from >> to;
    std::vector<double> numbers;
    for (std::string word; in >> word;) numbers.push_back(std::stod(word));
    ASSERT_EQ(numbers.size(), 160u);
    Block block = Block::allocate(dtype_named(from), Shape{40});
    std::byte* memory = block.make_writable();
    for (std::size_t i = 0; i < 40; ++i) {
      const auto value = ScalarValue::of(std::complex<double>(numbers[2 * i], numbers[2 * i + 1])).cast(block.dtype());
      __builtin_memcpy(memory + i * static_cast<std::size_t>(itemsize(block.dtype())), value.bytes, static_cast<std::size_t>(itemsize(block.dtype())));
    }
    const Block cast = block.astype(dtype_named(to));
    EXPECT_EQ(cast.dtype(), dtype_named(to));
    for (index_t i = 0; i < 40; ++i) {
      const auto at = static_cast<std::size_t>(80 + 2 * i);
      EXPECT_EQ(cast.item({&i, 1}).as<std::complex<double>>(), std::complex<double>(numbers[at], numbers[at + 1])) << from << " to " << to << ", element " << i;
    }
  }
  EXPECT_EQ(cases, 169);
}
