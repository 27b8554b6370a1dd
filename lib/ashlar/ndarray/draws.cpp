#include "ashlar/ndarray/draws.hpp"

#include <cmath>

namespace ashlar {
namespace {

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// The numbers that one element draws from.
class Stream {
 public:
  Stream(std::uint64_t seed, std::uint64_t k) : state_(mix(mix(seed + 0x9e3779b97f4a7c15u) ^ (k * 0xd1b54a32d192ed03u + 0x2545f4914f6cdd1du))) {}
  /// In (0, 1).
  double uniform() { return (static_cast<double>(next() >> 12) + 0.5) * 0x1p-52; }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(6.283185307179586476925 * uniform());
  }

 private:
  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15u); }
  std::uint64_t state_;
};

double log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

// Marsaglia and Tsang, A simple method for generating gamma variables, 2000.
double gamma(Stream& stream, double shape) {
  if (shape == 0) return 0;
  if (shape < 1) {
    const double larger = gamma(stream, shape + 1);
    return larger * std::pow(stream.uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = stream.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root, u = stream.uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// Small means: products of uniform numbers. Larger ones: Hörmann's PTRS, The transformed rejection method for generating Poisson random
// variables, 1993.
double poisson(Stream& stream, double mean) {
  if (mean == 0) return 0;
  if (mean < 10) {
    const double enough = std::exp(-mean);
    double product = stream.uniform();
    int n = 0;
    for (; product > enough; ++n) product *= stream.uniform();
    return n;
  }
  const double root = std::sqrt(mean), b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b, inverse = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = stream.uniform() - 0.5, v = stream.uniform(), us = 0.5 - std::fabs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + std::log(inverse) - std::log(a / (us * us) + b) <= k * std::log(mean) - mean - log_gamma(k + 1)) return k;
  }
}

// Few successes: from one gap to the next. Otherwise Hörmann's BTRS, The generation of binomial random variates, 1993.
double binomial(Stream& stream, double trials, double p) {
  if (trials <= 0 || p <= 0) return 0;
  if (p > 0.5) return trials - binomial(stream, trials, 1 - p);
  if (trials * p < 10) {
    const double per_gap = std::log1p(-p);
    double successes = 0, at = 0;
    for (;;) {
      at += std::ceil(std::log(stream.uniform()) / per_gap);
      if (!(at <= trials)) return successes;
      ++successes;
    }
  }
  const double spread = std::sqrt(trials * p * (1 - p)), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p, c = trials * p + 0.5,
               v_r = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread, odds = std::log(p / (1 - p)), mode = std::floor((trials + 1) * p),
               at_mode = log_gamma(mode + 1) + log_gamma(trials - mode + 1);
  for (;;) {
    const double u = stream.uniform() - 0.5;
    double v = stream.uniform();
    const double us = 0.5 - std::fabs(u), k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0 || k > trials) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    if (v <= at_mode - log_gamma(k + 1) - log_gamma(trials - k + 1) + (k - mode) * odds) return k;
  }
}

}  // namespace

DType draw_type(Draw draw) { return draw == Draw::gamma ? DType::float64 : DType::int64; }

Block drawn(Draw draw, std::uint64_t seed, double a, double b, const Shape& shape, index_t base, std::span<const index_t> strides) {
  Block block = Block::allocate(draw_type(draw), shape);
  std::byte* to = block.make_writable();
  std::vector<index_t> at(shape.size(), 0);
  const index_t n = shape.elements();
  for (index_t i = 0; i < n; ++i) {
    index_t k = base;
    for (std::size_t d = 0; d < at.size(); ++d) k += at[d] * strides[d];
    Stream stream(seed, static_cast<std::uint64_t>(k));
    switch (draw) {
      case Draw::gamma: reinterpret_cast<double*>(to)[i] = b * gamma(stream, a); break;
      case Draw::poisson: reinterpret_cast<std::int64_t*>(to)[i] = static_cast<std::int64_t>(poisson(stream, a)); break;
      case Draw::binomial: reinterpret_cast<std::int64_t*>(to)[i] = static_cast<std::int64_t>(binomial(stream, a, b)); break;
    }
    for (std::size_t d = at.size(); d > 0 && ++at[d - 1] == shape[d - 1]; --d) at[d - 1] = 0;
  }
  return block;
}

}  // namespace ashlar
