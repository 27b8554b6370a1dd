// Functions of several arrays, or with several results, against numbers that NumPy 2 wrote. golden_more_numpy2.py makes the file.

#include <gtest/gtest.h>

#include <sstream>

#include "array/golden_numbers.hpp"
#include "array/graph_runs.hpp"
#include "ashlar/array/bins.hpp"
#include "ashlar/array/linalg.hpp"
#include "ashlar/array/order.hpp"
#include "ashlar/array/selection.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/blas.hpp"

namespace ashlar::test {
namespace {

std::vector<Golden> golden_list(std::istream& in) {
  std::size_t count = 0;
  in >> count;
  std::vector<Golden> list;
  for (std::size_t i = 0; i < count; ++i) list.push_back(golden(in));
  return list;
}

using Nodes = std::vector<ArrayPtr>;
template <class... A>
Nodes nodes_of(const A&... arrays) {
  return {arrays.node()...};
}
template <class T>
Nodes nodes_of_list(const std::vector<Array<T>>& arrays) {
  Nodes nodes;
  for (const auto& a : arrays) nodes.push_back(a.node());
  return nodes;
}

/// Quantiles, over everything or along an axis.
#define ASHLAR_GOLDEN_ORDER(call_all, call_axis) \
  if (how == "-") return nodes_of(call_all);      \
  return nodes_of(call_axis);

template <class T>
Nodes results_of(const std::string& name, const std::string& how, const std::vector<Golden>& in, index_t chunk) {
  const auto x = array_of<T>(in[0], chunk);
  const int axis = std::atoi(how.c_str());
  if (name == "sort") return nodes_of(sort(x, axis));
  if (name == "argsort") return nodes_of(argsort(x, axis));
  if (name == "unique") {
    const auto all = unique_all(x);
    return nodes_of(all.values, all.indices, all.inverse_indices, all.counts);
  }
  if (name == "nonzero") return nodes_of_list(nonzero(x));
  if constexpr (!detail::is_complex_type<T> && !std::is_same_v<T, bool>) {
    std::vector<double> q;
    if (in.size() > 1)
      for (const auto& v : in[1].values) q.push_back(v.real());
    if (name == "median") { ASHLAR_GOLDEN_ORDER(median(x), median(x, {.axis = axis})) }
    if (name == "nanmedian") { ASHLAR_GOLDEN_ORDER(nanmedian(x), nanmedian(x, {.axis = axis})) }
    if (name == "percentile") { ASHLAR_GOLDEN_ORDER(percentile(x, q), percentile(x, q, {.axis = axis})) }
    if (name == "quantile") { ASHLAR_GOLDEN_ORDER(quantile(x, q), quantile(x, q, {.axis = axis})) }
  }
  if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>)
    if (name == "searchsorted") return nodes_of(searchsorted(x, array_of<T>(in[1], chunk), {.side = how}));
  if constexpr (std::is_same_v<T, std::int64_t>)
    if (name == "choose") return nodes_of(choose(x, {array_of<double>(in[1], chunk), array_of<double>(in[2], chunk)}, {.mode = how}));
  if constexpr (std::is_same_v<T, bool>)
    if (name == "select") return nodes_of(ashlar::select({x, array_of<bool>(in[1], chunk)}, {array_of<double>(in[2], chunk), array_of<double>(in[3], chunk)}, std::atof(how.c_str())));
  if constexpr (std::is_same_v<T, double>) {
    if (name == "meshgrid") return nodes_of_list(meshgrid({x, array_of<double>(in[1], chunk)}, {.indexing = how}));
    if (name == "lu") {
      const auto [p, l, u] = linalg::lu(x);
      return nodes_of(p, l, u);
    }
    if (name == "solve") return nodes_of(linalg::solve(x, array_of<double>(in[1], chunk)));
    if (name == "cholesky") return nodes_of(linalg::cholesky(x, {.lower = true}));
    if (name == "lstsq") {
      const auto [solution, left, rank, singular] = linalg::lstsq(x, array_of<double>(in[1], chunk));
      return nodes_of(solution, left, rank, singular);
    }
  }
  throw std::runtime_error("the test knows no function " + name);
}

/// Of what is exact in floating point the bits but for the sign of zero; of the rest some rounding, more after an elimination.
bool near_enough(const std::string& name, double got, double want, bool single) {
  if (name == "lu" || name == "solve" || name == "cholesky" || name == "lstsq") return std::fabs(got - want) <= 1e-12 * (1 + std::fabs(want));
  return near(got, want, single);
}

template <class T>
std::string difference_of(const std::string& name, const std::string& how, const std::vector<Golden>& in, const std::vector<Golden>& want, index_t chunk) {
  const Nodes nodes = results_of<T>(name, how, in, chunk);
  if (nodes.size() != want.size()) return std::to_string(nodes.size()) + " results, NumPy has " + std::to_string(want.size());
  for (std::size_t r = 0; r < nodes.size(); ++r) {
    const Block got = run_fused(nodes[r]).contiguous();
    const std::string which = "result " + std::to_string(r) + ": ";
    if (!same_bits(got, run_unfused(nodes[r]))) return which + "unfused differs";
    if (!same_bits(got, run_sent(nodes[r]))) return which + "sent through bytes differs";
    if (got.dtype() != want[r].dtype) return which + "type " + std::string(dtype_name(got.dtype())) + ", NumPy has " + std::string(dtype_name(want[r].dtype));
    if (got.shape() != want[r].shape) return which + "shape " + to_string(got.shape()) + ", NumPy has " + to_string(want[r].shape);
    std::string text;
    visit_dtype(got.dtype(), [&]<class R>(std::type_identity<R>) {
      for (std::size_t i = 0; i < want[r].values.size() && text.empty(); ++i) {
        std::complex<double> v;
        if constexpr (detail::is_complex_type<R>) v = std::complex<double>(got.as<R>()[i]);
        else v = static_cast<double>(got.as<R>()[i]);
        const auto w = want[r].values[i];
        const bool single = got.dtype() == DType::float32;
        if (near_enough(name, v.real(), w.real(), single) && near_enough(name, v.imag(), w.imag(), single)) continue;
        std::ostringstream out;
        out << which << "element " << i << " is " << v << ", NumPy has " << w;
        text = out.str();
      }
    });
    if (!text.empty()) return text;
  }
  return "";
}

TEST(GoldenMore, EveryFunctionGivesNumPy2sNumbersInChunksOfAnySize) {
  const int lines = for_each_golden_line(ASHLAR_TEST_FOLDER "/golden_more_numpy2.txt", [](const std::string& line, std::istream& left, std::istream& right) {
    std::string name, how;
    left >> name >> how;
    const bool factors = name == "lu" || name == "solve" || name == "cholesky" || name == "lstsq";
    if (factors && !blas::available()) return;
    const auto in = golden_list(left), want = golden_list(right);
    for (const index_t chunk : {1, 3, 100}) {
      if (chunk == 1 && in[0].shape.elements() > 8) continue;  // tasks grow with the square of the chunks
      const std::string wrong = [&]() -> std::string {
        switch (in[0].dtype) {
          case DType::float64: return difference_of<double>(name, how, in, want, chunk);
          case DType::float32: return difference_of<float>(name, how, in, want, chunk);
          case DType::int64: return difference_of<std::int64_t>(name, how, in, want, chunk);
          case DType::int32: return difference_of<std::int32_t>(name, how, in, want, chunk);
          case DType::int8: return difference_of<std::int8_t>(name, how, in, want, chunk);
          case DType::uint8: return difference_of<std::uint8_t>(name, how, in, want, chunk);
          case DType::uint64: return difference_of<std::uint64_t>(name, how, in, want, chunk);
          case DType::bool_: return difference_of<bool>(name, how, in, want, chunk);
          case DType::complex128: return difference_of<std::complex<double>>(name, how, in, want, chunk);
          default: return "the test does not know this type";
        }
      }();
      EXPECT_EQ(wrong, "") << "chunks of " << chunk << ": " << line;
    }
  });
  EXPECT_GT(lines, 140);
}

}  // namespace
}  // namespace ashlar::test
