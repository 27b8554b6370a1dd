// Functions against numbers that NumPy 2 wrote: types, NaN, overflow, empty axes. golden_numpy2.py makes the file.

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "array/golden_numbers.hpp"
#include "array/graph_runs.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/cumulative.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::test {
namespace {

// One function of an array (and of an axis), whatever it gives: an expression.
#define ASHLAR_PLAIN(f) \
  if (name == #f) return f(x).node();
#define ASHLAR_ALONG(f)                                                       \
  if (name == #f) {                                                           \
    if (axis == "-") return f(x).node();                                      \
    return f(x, {.axis = std::atoi(axis.c_str())}).node();                    \
  }
template <class T>
ArrayPtr expression_of(const std::string& name, const std::string& axis, const Array<T>& x) {
  ASHLAR_PLAIN(imag) ASHLAR_PLAIN(real) ASHLAR_PLAIN(isreal) ASHLAR_PLAIN(iscomplex)
  ASHLAR_ALONG(cumsum) ASHLAR_ALONG(cumprod) ASHLAR_ALONG(diff) ASHLAR_ALONG(count_nonzero) ASHLAR_ALONG(nansum) ASHLAR_ALONG(nanmean) ASHLAR_ALONG(nanvar)
  if constexpr (!std::is_same_v<T, bool>) {
    ASHLAR_PLAIN(angle)
    if constexpr (!detail::is_complex_type<T>) {
      ASHLAR_PLAIN(sinc) ASHLAR_PLAIN(nan_to_num) ASHLAR_PLAIN(isposinf) ASHLAR_PLAIN(isneginf)
      ASHLAR_ALONG(nancumsum) ASHLAR_ALONG(nancumprod) ASHLAR_ALONG(ptp) ASHLAR_ALONG(nanprod) ASHLAR_ALONG(nanmin) ASHLAR_ALONG(nanmax) ASHLAR_ALONG(nanargmin)
      ASHLAR_ALONG(nanargmax) ASHLAR_ALONG(nanstd)
    }
  }
  throw std::runtime_error("the test knows no function " + name);
}

/// Empty when the function gives what NumPy gave, in chunks of this size.
template <class T>
std::string difference(const std::string& name, const std::string& axis, const Golden& in, const Golden* want, index_t chunk) {
  Block got;
  try {
    const ArrayPtr node = expression_of(name, axis, array_of<T>(in, chunk));
    got = run_fused(node).contiguous();
    if (!same_bits(got, run_unfused(node))) return "unfused differs";
    if (!same_bits(got, run_sent(node))) return "sent through bytes differs";
    if (node->shape() != got.shape()) return "the expression says shape " + to_string(node->shape()) + ", the result has " + to_string(got.shape());
  } catch (const Error& error) {
    return want ? std::string("threw ") + error.what() : "";
  }
  if (!want) return "NumPy throws, this does not";
  if (got.dtype() != want->dtype) return "type " + std::string(dtype_name(got.dtype())) + ", NumPy has " + std::string(dtype_name(want->dtype));
  if (got.shape() != want->shape) return "shape " + to_string(got.shape()) + ", NumPy has " + to_string(want->shape);
  std::string text;
  const bool single = got.dtype() == DType::float32;
  visit_dtype(got.dtype(), [&]<class R>(std::type_identity<R>) {
    for (std::size_t i = 0; i < want->values.size(); ++i) {
      const R value = got.as<R>()[i];
      std::complex<double> v;
      if constexpr (detail::is_complex_type<R>) v = std::complex<double>(value);
      else v = static_cast<double>(value);
      if (near(v.real(), want->values[i].real(), single) && near(v.imag(), want->values[i].imag(), single)) continue;
      std::ostringstream out;
      out << "element " << i << " is " << v << ", NumPy has " << want->values[i];
      text = out.str();
      return;
    }
  });
  return text;
}

TEST(Golden, EveryFunctionGivesNumPy2sNumbersInChunksOfAnySize) {
  const int lines = for_each_golden_line(ASHLAR_TEST_FOLDER "/golden_numpy2.txt", [](const std::string& line, std::istream& left, std::istream& right) {
    std::string name, axis;
    left >> name >> axis;
    const Golden in = golden(left);
    const bool error = line.ends_with("-> error");
    const Golden want = error ? Golden{} : golden(right);
    for (const index_t chunk : {1, 2, 100}) {
      const std::string wrong = [&]() -> std::string {
        switch (in.dtype) {
          case DType::float64: return difference<double>(name, axis, in, error ? nullptr : &want, chunk);
          case DType::float32: return difference<float>(name, axis, in, error ? nullptr : &want, chunk);
          case DType::int32: return difference<std::int32_t>(name, axis, in, error ? nullptr : &want, chunk);
          case DType::int8: return difference<std::int8_t>(name, axis, in, error ? nullptr : &want, chunk);
          case DType::uint8: return difference<std::uint8_t>(name, axis, in, error ? nullptr : &want, chunk);
          case DType::bool_: return difference<bool>(name, axis, in, error ? nullptr : &want, chunk);
          case DType::complex128: return difference<std::complex<double>>(name, axis, in, error ? nullptr : &want, chunk);
          default: return "the test does not know this type";
        }
      }();
      EXPECT_EQ(wrong, "") << "chunks of " << chunk << ": " << line;
    }
  });
  EXPECT_GT(lines, 300);
}

}  // namespace
}  // namespace ashlar::test
