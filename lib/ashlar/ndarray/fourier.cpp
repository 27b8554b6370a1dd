#include "ashlar/ndarray/fourier.hpp"

#include <algorithm>
#include <climits>
#include <map>
#include <mutex>
#include <tuple>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/shared_library.hpp"

namespace ashlar {
namespace {

// From fftw3.h, whose interface has not changed since 2003.
constexpr unsigned estimate = 1u << 6, unaligned = 1u << 1;
constexpr int forward_sign = -1, backward_sign = 1;
using Plan = void*;

const SharedLibrary& library(bool single) {
  static const SharedLibrary of_double({"libfftw3.so.3"}, "libfftw3-double3"), of_float({"libfftw3f.so.3"}, "libfftw3-single3");
  return single ? of_float : of_double;
}
template <class F>
F function(bool single, const char* name) {
  return reinterpret_cast<F>(library(single).symbol(((single ? "fftwf_" : "fftw_") + std::string(name)).c_str()));
}

/// `count` transforms of length n; elements of one lie `stride` apart, transforms begin `distance_in` and `distance_out` apart.
struct Layout {
  bool single;
  Fourier kind;
  int n, count, stride, distance_in, distance_out;
  auto key() const { return std::tuple(single, kind, n, count, stride, distance_in, distance_out); }
};

/// FFTW's planner takes one thread at a time; plans are used by any number. They are kept to the end of the process, which does not
/// destroy the map: FFTW holds on to parts of them, and an executor may still be in one.
Plan plan_for(const Layout& layout, void* in, void* out) {
  static std::mutex mutex;
  static auto& plans = *new std::map<decltype(layout.key()), Plan>;
  const std::lock_guard lock(mutex);
  Plan& plan = plans[layout.key()];
  if (plan) return plan;
  const auto [single, kind, n, count, stride, distance_in, distance_out] = layout.key();
  // Whether memory is aligned must not choose the arithmetic.
  const unsigned flags = estimate | unaligned;
  if (kind == Fourier::forward || kind == Fourier::inverse) {
    using Make = Plan (*)(int, const int*, int, void*, const int*, int, int, void*, const int*, int, int, int, unsigned);
    plan = function<Make>(single, "plan_many_dft")(1, &n, count, in, nullptr, stride, distance_in, out, nullptr, stride, distance_out,
                                                   kind == Fourier::forward ? forward_sign : backward_sign, flags);
  } else {
    using Make = Plan (*)(int, const int*, int, void*, const int*, int, int, void*, const int*, int, int, unsigned);
    plan = function<Make>(single, kind == Fourier::real_forward ? "plan_many_dft_r2c" : "plan_many_dft_c2r")(1, &n, count, in, nullptr, stride, distance_in, out, nullptr,
                                                                                                         stride, distance_out, flags);
  }
  if (!plan) throw InternalError("FFTW makes no plan for a transform of length " + std::to_string(n));
  return plan;
}

/// `times` executions, each `in_step` and `out_step` bytes further.
void execute(const Layout& layout, std::byte* in, std::byte* out, index_t times, std::int64_t in_step, std::int64_t out_step) {
  const char* name = layout.kind == Fourier::real_forward ? "execute_dft_r2c" : layout.kind == Fourier::real_inverse ? "execute_dft_c2r" : "execute_dft";
  const auto run = function<void (*)(Plan, void*, void*)>(layout.single, name);
  const Plan plan = plan_for(layout, in, out);
  for (index_t i = 0; i < times; ++i) run(plan, in + i * in_step, out + i * out_step);
}

int small(index_t n) {
  if (n > INT_MAX) throw NotImplementedError("a Fourier transform of a chunk is limited to 2^31 - 1 elements an axis, found " + std::to_string(n));
  return static_cast<int>(n);
}

/// A copy with length n along the axis, cut or filled with zeros.
Block resized(const Block& block, std::size_t axis, index_t n, DType type) {
  Shape shape = block.shape();
  const index_t had = shape[axis];
  shape[axis] = n;
  Block result = had < n ? Block::zeros(type, shape) : Block::allocate(type, shape);
  result.make_writable();
  std::vector<index_t> count = shape.v;
  count[axis] = std::min(had, n);
  const std::vector<index_t> start(count.size(), 0), step(count.size(), 1);
  result.slice(start, count, step).assign(block.slice(start, count, step).astype(type));
  return result;
}

template <class T>
void scale_by(Block& block, index_t parts, double scale) {
  if (scale == 1) return;
  T* x = reinterpret_cast<T*>(block.make_writable());
  const T factor = static_cast<T>(scale);
  for (index_t i = 0, size = block.size() * parts; i < size; ++i) x[i] *= factor;
}

}  // namespace

Block fourier(Fourier kind, const Block& block, int axis, index_t n, double scale) {
  if (n < 1) throw ValueError("a Fourier transform needs at least one element: length " + std::to_string(n));
  const bool single = block.dtype() == DType::float32 || block.dtype() == DType::complex64;
  const DType real = single ? DType::float32 : DType::float64, complex = single ? DType::complex64 : DType::complex128;
  const auto along = static_cast<std::size_t>(axis);
  Block in = resized(block, along, kind == Fourier::real_inverse ? n / 2 + 1 : n, kind == Fourier::real_forward ? real : complex);
  Shape shape = in.shape();
  shape[along] = kind == Fourier::real_forward ? n / 2 + 1 : n;
  const bool in_place = kind == Fourier::forward || kind == Fourier::inverse;
  Block out = in_place ? Block() : Block::allocate(kind == Fourier::real_inverse ? real : complex, shape);
  index_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < along; ++i) outer *= shape[i];
  for (std::size_t i = along + 1; i < shape.size(); ++i) inner *= shape[i];
  if (in.size() > 0) {
    std::byte* from = in.make_writable();
    std::byte* to = in_place ? from : out.make_writable();
    const index_t in_row = in.shape()[along] * inner, out_row = shape[along] * inner;
    const std::int64_t in_size = itemsize(in.dtype()), out_size = in_place ? in_size : itemsize(out.dtype());
    if (inner == 1) execute({single, kind, small(n), small(outer), 1, small(in_row), small(out_row)}, from, to, 1, 0, 0);
    else execute({single, kind, small(n), small(inner), small(inner), 1, 1}, from, to, outer, in_row * in_size, out_row * out_size);
  }
  Block& result = in_place ? in : out;
  const index_t parts = is_complex(result.dtype()) ? 2 : 1;
  if (single) scale_by<float>(result, parts, scale);
  else scale_by<double>(result, parts, scale);
  return std::move(result);
}

}  // namespace ashlar
