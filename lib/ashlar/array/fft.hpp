#pragma once
// Fourier transforms, NumPy's and Dask's `fft`. Several axes are transformed one after the other.
//
// Types     single precision stays single (NumPy 2), integers compute in double.
// Shape     an axis that is split gets one chunk, and the others are cut smaller in its place.
// Errors    ValueError for a length below 1 or an unknown norm; ShapeError while a length is unknown; NotImplementedError where FFTW is not
//           installed (Debian: libfftw3-double3, libfftw3-single3).

#include <string>

#include "ashlar/array/creation.hpp"
#include "ashlar/array/manipulation.hpp"

namespace ashlar::fft {

struct FftOptions {
  ASHLAR_OPTIONS;
  index_t n = -1;  ///< length of the transform: longer axes are cut, shorter ones filled with zeros
  int axis = -1;
  std::string norm = "backward";  ///< or "ortho", "forward": where the factor 1 / n goes
};
struct FftnOptions {
  ASHLAR_OPTIONS;
  Shape s = {};         ///< lengths of the transforms
  AxisSpec axes = {};   ///< the last ones if only `s` is given, else all
  std::string norm = "backward";
};
struct Fft2Options {
  ASHLAR_OPTIONS;
  Shape s = {};
  AxisSpec axes = {-2, -1};
  std::string norm = "backward";
};

namespace detail {
using ashlar::detail::type_of;
constexpr bool single_type(DType t) { return t == DType::float32 || t == DType::complex64; }
template <class T>
using complex_of = type_of<single_type(dtype_of<T>) ? DType::complex64 : DType::complex128>;
template <class T>
using real_of = type_of<single_type(dtype_of<T>) ? DType::float32 : DType::float64>;
/// All axes, the last one by `last`, the others by `others` (before it when `last_first` is false).
ArrayPtr over_axes(const ArrayPtr& node, const Shape& s, const AxisSpec& axes, const std::string& norm, Fourier last, Fourier others);
}  // namespace detail

#define ASHLAR_FFT(name, kind, Result)                                                                                                  \
  template <class T>                                                                                                                   \
  Array<detail::Result<T>> name(const Array<T>& a, const FftOptions& options = {}) {                                                     \
    return Array<detail::Result<T>>(expression::fourier_transform(Fourier::kind, a.node(), options.axis, options.n, options.norm));     \
  }
ASHLAR_FFT(fft, forward, complex_of)
ASHLAR_FFT(ifft, inverse, complex_of)
ASHLAR_FFT(rfft, real_forward, complex_of)
ASHLAR_FFT(irfft, real_inverse, real_of)
#undef ASHLAR_FFT
#define ASHLAR_FFT(name, Options, last, others, Result)                                                                                 \
  template <class T>                                                                                                                   \
  Array<detail::Result<T>> name(const Array<T>& a, const Options& options = {}) {                                                        \
    return Array<detail::Result<T>>(detail::over_axes(a.node(), options.s, options.axes, options.norm, Fourier::last, Fourier::others)); \
  }
ASHLAR_FFT(fftn, FftnOptions, forward, forward, complex_of)
ASHLAR_FFT(ifftn, FftnOptions, inverse, inverse, complex_of)
ASHLAR_FFT(rfftn, FftnOptions, real_forward, forward, complex_of)
ASHLAR_FFT(irfftn, FftnOptions, real_inverse, inverse, real_of)
ASHLAR_FFT(fft2, Fft2Options, forward, forward, complex_of)
ASHLAR_FFT(ifft2, Fft2Options, inverse, inverse, complex_of)
ASHLAR_FFT(rfft2, Fft2Options, real_forward, forward, complex_of)
ASHLAR_FFT(irfft2, Fft2Options, real_inverse, inverse, real_of)
#undef ASHLAR_FFT

struct FreqOptions {
  ASHLAR_OPTIONS;
  Real d = 1.0;  ///< distance of samples
  ChunkSpec chunks = {};
};
/// The frequency of each element of fft's result.
inline Array<double> fftfreq(index_t n, const FreqOptions& options = {}) {
  const auto k = arange(n, {.chunks = options.chunks});
  return where(k < (n + 1) / 2, k, k - n) * (1.0 / (static_cast<double>(n) * options.d.v));
}
/// Of rfft's result.
inline Array<double> rfftfreq(index_t n, const FreqOptions& options = {}) {
  return arange(n / 2 + 1, {.chunks = options.chunks}) * (1.0 / (static_cast<double>(n) * options.d.v));
}

struct ShiftOptions {
  ASHLAR_OPTIONS;
  AxisSpec axes = {};
};
namespace detail {
template <class T>
Array<T> shifted(const Array<T>& x, const ShiftOptions& options, bool back) {
  Array<T> result = x;
  for (int axis : normalize_axes(options.axes, x.ndim())) {
    const index_t n = x.shape()[static_cast<std::size_t>(axis)];
    if (n == unknown) throw ShapeError("fftshift needs known lengths (compute_chunk_sizes() settles them): axis " + std::to_string(axis));
    result = roll(result, back ? -(n / 2) : n / 2, {.axis = axis});
  }
  return result;
}
}  // namespace detail
/// Frequency 0 in the middle.
template <class T>
Array<T> fftshift(const Array<T>& x, const ShiftOptions& options = {}) {
  return detail::shifted(x, options, false);
}
template <class T>
Array<T> ifftshift(const Array<T>& x, const ShiftOptions& options = {}) {
  return detail::shifted(x, options, true);
}

}  // namespace ashlar::fft
