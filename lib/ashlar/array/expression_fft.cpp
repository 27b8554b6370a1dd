#include <algorithm>
#include <cmath>

#include "ashlar/array/expression.hpp"
#include "ashlar/array/fft.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

struct Transform {
  std::int32_t kind, axis;
  index_t n;
  double scale;
};
Block run_fourier(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto transform = Reader(closure).get<Transform>();
  return fourier(static_cast<Fourier>(transform.kind), blocks[0], transform.axis, transform.n, transform.scale);
}
constinit BlockFunction fourier_function{"ashlar fourier", &run_fourier};

double scale_of(const std::string& norm, bool forward, index_t n) {
  if (norm != "backward" && norm != "ortho" && norm != "forward")
    throw ValueError("norm of a Fourier transform is \"backward\", \"ortho\" or \"forward\", found \"" + norm + "\"");
  if (norm == "ortho") return 1 / std::sqrt(static_cast<double>(n));
  return (norm == "forward") == forward ? 1 / static_cast<double>(n) : 1;
}

/// Chunks with one axis whole and the others cut smaller in its place, so that a chunk stays about as large.
Chunks with_whole_axis(const ArrayNode& node, std::size_t along) {
  Chunks chunks = node.chunks();
  auto pieces = static_cast<index_t>(chunks[along].size());
  chunks[along] = {node.shape()[along]};
  for (std::size_t i = 0; i < chunks.size() && pieces > 1; ++i) {
    if (i == along || node.shape()[i] == unknown) continue;
    const index_t largest = *std::max_element(chunks[i].begin(), chunks[i].end());
    const index_t factor = std::clamp<index_t>(largest, 1, pieces), size = std::max<index_t>(1, (largest + factor - 1) / factor);
    pieces = (pieces + factor - 1) / factor;
    std::vector<index_t> cut;
    for (index_t n : chunks[i])
      for (index_t left = n; left > 0 || cut.empty(); left -= size) {
        cut.push_back(std::min(size, left));
        if (left <= 0) break;
      }
    chunks[i] = cut;
  }
  return chunks;
}

}  // namespace

ArrayPtr fourier_transform(Fourier kind, const ArrayPtr& node, int axis, index_t wanted, const std::string& norm) {
  if (node->ndim() == 0) throw ShapeError("a Fourier transform needs an axis, found an array without any");
  const int number = normalize_axes(AxisSpec(axis), node->ndim()).front();
  const auto along = static_cast<std::size_t>(number);
  if (node->shape()[along] == unknown) throw ShapeError("a Fourier transform needs a known length (compute_chunk_sizes() settles lengths): axis " + std::to_string(number));
  const bool inverse_real = kind == Fourier::real_inverse;
  const index_t n = wanted >= 0 ? wanted : inverse_real ? 2 * (node->shape()[along] - 1) : node->shape()[along];
  if (n < 1) throw ValueError("a Fourier transform needs at least one element: axis " + std::to_string(number) + ", length " + std::to_string(n));
  if (kind == Fourier::real_forward && is_complex(node->dtype())) throw TypeError("a real Fourier transform needs real elements, found " + std::string(dtype_name(node->dtype())));
  const bool single = node->dtype() == DType::float32 || node->dtype() == DType::complex64;
  const DType dtype = inverse_real ? (single ? DType::float32 : DType::float64) : (single ? DType::complex64 : DType::complex128);
  const Chunks tasks = node->chunks()[along].size() == 1 ? node->chunks() : with_whole_axis(*node, along);
  Chunks result = tasks;
  result[along] = {kind == Fourier::real_forward ? n / 2 + 1 : n};
  Writer closure;
  const bool forward = kind == Fourier::forward || kind == Fourier::real_forward;
  closure.put(Transform{static_cast<std::int32_t>(kind), number, n, scale_of(norm, forward, n)});
  constexpr const char* names[] = {"fft", "ifft", "rfft", "irfft"};
  return call_blocks({names[static_cast<int>(kind)], fourier_function, closure.head(), dtype, tasks, std::move(result), {{node, View::identity(node->ndim())}}});
}

}  // namespace ashlar::expression

namespace ashlar::fft::detail {

ArrayPtr over_axes(const ArrayPtr& node, const Shape& s, const AxisSpec& spec, const std::string& norm, Fourier last, Fourier others) {
  AxisSpec wanted = spec;
  if (spec.every && !s.v.empty()) {
    std::vector<int> ends;
    for (int i = -s.ndim(); i < 0; ++i) ends.push_back(i);
    wanted = AxisSpec(ends);
  }
  const std::vector<int> axes = normalize_axes(wanted, node->ndim());
  if (axes.empty()) throw ValueError("a Fourier transform needs at least one axis");
  if (!s.v.empty() && s.size() != axes.size())
    throw ValueError("a Fourier transform needs a length per axis: lengths " + std::to_string(s.size()) + ", axes " + std::to_string(axes.size()));
  const auto length = [&](std::size_t i) { return s.v.empty() ? index_t{-1} : s[i]; };
  ArrayPtr result = node;
  const std::size_t end = axes.size() - 1;
  if (last != Fourier::real_inverse) result = expression::fourier_transform(last, result, axes[end], length(end), norm);
  for (std::size_t i = end; i-- > 0;) result = expression::fourier_transform(others, result, axes[i], length(i), norm);
  if (last == Fourier::real_inverse) result = expression::fourier_transform(last, result, axes[end], length(end), norm);
  return result;
}

}  // namespace ashlar::fft::detail
