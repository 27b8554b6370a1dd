#include "ashlar/ndarray/print.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <sstream>

#include "ashlar/ndarray/ndarray.hpp"
#include "python_oracle.hpp"

using namespace ashlar;

namespace {
template <class T>
std::string printed(const NDArray<T>& array) {
  std::ostringstream out;
  out << array;
  return out.str();
}
}  // namespace

TEST(Print, aligns_numbers_as_numpy) {
  EXPECT_EQ(printed(array({{1, -20}, {300, 4}})), "[[  1 -20]\n [300   4]]");
  EXPECT_EQ(printed(array({1.0, 2.5, -3.25})), "[ 1.    2.5  -3.25]");
  EXPECT_EQ(printed(array({true, false})), "[ True False]");
  EXPECT_EQ(printed(array({1e-5, 1.0})), "[1.e-05 1.e+00]");
  EXPECT_EQ(printed(array<double>({std::nan(""), 1.5, -INFINITY})), "[ nan  1.5 -inf]");
  EXPECT_EQ(printed(array({std::complex<double>(1, 2), std::complex<double>(3, -1e-9)})), "[1.+2.e+00j 3.-1.e-09j]");
}

TEST(Print, shows_0d_arrays_as_scalars_and_empty_ones_as_brackets) {
  EXPECT_EQ(printed(NDArray<double>({}, {2.0})), "2.0");
  EXPECT_EQ(printed(NDArray<bool>({}, {true})), "True");
  EXPECT_EQ(printed(NDArray<double>()), "[]");
  EXPECT_EQ(printed(NDArray<int>(Shape{0, 3})), "[]");
}

TEST(Print, cuts_long_arrays_at_the_threshold) {
  NDArray<std::int64_t> a({1001});
  for (std::int64_t i = 0; auto& x : a) x = i++;
  EXPECT_EQ(printed(a), "[   0    1    2 ...  998  999 1000]");
  EXPECT_EQ(to_string(a.block(), {.threshold = 2, .edgeitems = 1}), "[   0 ... 1000]");
}

TEST(Print, prints_views_in_their_own_order) { EXPECT_EQ(printed(array({{1, 2, 3}, {4, 5, 6}})("::-1, ::2").transpose()), "[[4 1]\n [6 3]]"); }

TEST(Print, agrees_with_numpy_on_random_arrays) {
  const auto python = oracle::python_with("numpy");
  if (!python) GTEST_SKIP() << "no Python with numpy";
  for (int seed = 1; seed <= 2; ++seed) {
    const std::string all = oracle::run(*python, "print " + std::to_string(seed));
    int cases = 0;
    for (std::size_t at = 0; at < all.size(); ++cases) {
      const std::size_t line_end = all.find('\n', at);
      std::istringstream in(all.substr(at, line_end - at));
      std::string type;
      std::size_t ndim, nbytes, text_bytes;
      in >> type >> ndim;
      Shape shape;
      shape.v.resize(ndim);
      for (index_t& length : shape.v) in >> length;
      in >> nbytes >> text_bytes;
      Block block = Block::allocate(dtype_named(type), shape);
      ASSERT_EQ(static_cast<std::size_t>(block.nbytes()), nbytes);
      if (nbytes) std::memcpy(block.make_writable(), all.data() + line_end + 1, nbytes);
      const std::string wanted = all.substr(line_end + 1 + nbytes, text_bytes);
      ASSERT_EQ(to_string(block), wanted) << "seed " << seed << ", case " << cases << ", " << type << " " << shape;
      at = line_end + 1 + nbytes + text_bytes;
    }
    EXPECT_EQ(cases, 3000);
  }
}
