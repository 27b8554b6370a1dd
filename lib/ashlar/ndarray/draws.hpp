#pragma once
// Random numbers that need a varying number of steps. As those of programs, number k of a seed is a function of both and of nothing else.

#include <cstdint>
#include <span>

#include "ashlar/ndarray/block.hpp"

namespace ashlar {

enum class Draw : std::int32_t {
  gamma,     ///< a: shape, b: scale
  poisson,   ///< a: mean
  binomial,  ///< a: trials, b: probability
};
/// float64 for gamma, else int64.
DType draw_type(Draw draw);
/// Elements base + sum of strides[d] * index[d] of the seed's numbers.
Block drawn(Draw draw, std::uint64_t seed, double a, double b, const Shape& shape, index_t base, std::span<const index_t> strides);

}  // namespace ashlar
