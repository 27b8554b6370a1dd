#pragma once
// Discrete Fourier transforms of blocks along one axis: FFTW, loaded when first needed, on one thread. Plans are made by estimate, so that they
// depend on lengths and strides only, and are kept.

#include <cstdint>

#include "ashlar/ndarray/block.hpp"

namespace ashlar {

enum class Fourier : std::uint8_t { forward, inverse, real_forward, real_inverse };

/// The transform of length n along an axis, every element times `scale`. What the axis has beyond n is cut off, what it lacks is zero; the result
/// has length n, of real_forward n / 2 + 1; real_inverse reads n / 2 + 1 elements.
/// Types     single precision gives single precision, all else double: complex results, real ones of real_inverse.
/// Errors    ValueError for n < 1; NotImplementedError where FFTW is missing.
Block fourier(Fourier kind, const Block& block, int axis, index_t n, double scale);

}  // namespace ashlar
