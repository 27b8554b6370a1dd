#pragma once
// Random arrays. An element depends on the seed, the number of the call and its own position only: it is the same whatever the chunks,
// the number of ranks and the slice through which it is seen.

#include "ashlar/array/creation.hpp"

namespace ashlar::random {

struct NormalOptions {
  ASHLAR_OPTIONS;
  Real loc = 0.0;
  Real scale = 1.0;
  ChunkSpec chunks = {};
};
struct UniformOptions {
  ASHLAR_OPTIONS;
  Real low = 0.0;
  Real high = 1.0;
  ChunkSpec chunks = {};
};
struct IntegersOptions {
  ASHLAR_OPTIONS;
  index_t low = 0;
  Dim high;  ///< not included unless `.endpoint = true`
  bool endpoint = false;
  ChunkSpec chunks = {};
};
struct ExponentialOptions {
  ASHLAR_OPTIONS;
  Real scale = 1.0;
  ChunkSpec chunks = {};
};
struct RandomOptions {
  ASHLAR_OPTIONS;
  ChunkSpec chunks = {};
};

struct LognormalOptions {
  ASHLAR_OPTIONS;
  Real mean = 0.0;
  Real sigma = 1.0;
  ChunkSpec chunks = {};
};
struct TriangularOptions {
  ASHLAR_OPTIONS;
  Real left = 0.0;
  Real mode = 0.5;
  Real right = 1.0;
  ChunkSpec chunks = {};
};
struct GammaOptions {
  ASHLAR_OPTIONS;
  Real scale = 1.0;
  ChunkSpec chunks = {};
};

/// Each call draws anew: two calls on one generator differ, the same calls on two generators of one seed agree.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : seed_(seed) {}

  /// Errors    ValueError for a negative scale.
  Array<double> normal(const Shape& shape, const NormalOptions& options = {});
  Array<double> standard_normal(const Shape& shape, const RandomOptions& options = {});
  Array<double> uniform(const Shape& shape, const UniformOptions& options = {});
  /// Uniform in [0, 1).
  Array<double> random(const Shape& shape, const RandomOptions& options = {});
  /// Errors    ValueError for an empty range.
  Array<std::int64_t> integers(const Shape& shape, const IntegersOptions& options);
  Array<double> exponential(const Shape& shape, const ExponentialOptions& options = {});
  Array<double> standard_exponential(const Shape& shape, const RandomOptions& options = {});

  // What the distribution needs comes first. Errors    ValueError for parameters outside their range.
  Array<double> lognormal(const Shape& shape, const LognormalOptions& options = {});
  Array<double> laplace(const Shape& shape, const NormalOptions& options = {});
  Array<double> logistic(const Shape& shape, const NormalOptions& options = {});
  Array<double> gumbel(const Shape& shape, const NormalOptions& options = {});
  Array<double> rayleigh(const Shape& shape, const ExponentialOptions& options = {});
  Array<double> triangular(const Shape& shape, const TriangularOptions& options = {});
  Array<double> standard_cauchy(const Shape& shape, const RandomOptions& options = {});
  Array<double> weibull(Real a, const Shape& shape, const RandomOptions& options = {});
  Array<double> pareto(Real a, const Shape& shape, const RandomOptions& options = {});
  Array<double> gamma(Real form, const Shape& shape, const GammaOptions& options = {});
  Array<double> standard_gamma(Real form, const Shape& shape, const RandomOptions& options = {});
  Array<double> beta(Real a, Real b, const Shape& shape, const RandomOptions& options = {});
  Array<double> chisquare(Real df, const Shape& shape, const RandomOptions& options = {});
  Array<double> f(Real dfnum, Real dfden, const Shape& shape, const RandomOptions& options = {});
  Array<double> standard_t(Real df, const Shape& shape, const RandomOptions& options = {});
  Array<std::int64_t> geometric(Real p, const Shape& shape, const RandomOptions& options = {});
  Array<std::int64_t> poisson(Real lam, const Shape& shape, const RandomOptions& options = {});
  Array<std::int64_t> binomial(index_t n, Real p, const Shape& shape, const RandomOptions& options = {});

 private:
  std::uint64_t next();
  std::uint64_t seed_, calls_ = 0;
};
inline Generator default_rng(std::uint64_t seed) { return Generator(seed); }
/// From the system's random device: every run differs.
Generator default_rng();

// NumPy's and Dask's functions of the module: one generator of the program, from the random device unless it is seeded.
void seed(std::uint64_t seed);
namespace detail {
Generator next_generator();
}
inline Array<double> random(const Shape& shape, const RandomOptions& options = {}) { return detail::next_generator().random(shape, options); }
inline Array<double> standard_normal(const Shape& shape, const RandomOptions& options = {}) { return detail::next_generator().standard_normal(shape, options); }
inline Array<double> standard_exponential(const Shape& shape, const RandomOptions& options = {}) {
  return detail::next_generator().standard_exponential(shape, options);
}
inline Array<double> normal(const Shape& shape, const NormalOptions& options = {}) { return detail::next_generator().normal(shape, options); }
inline Array<double> uniform(const Shape& shape, const UniformOptions& options = {}) { return detail::next_generator().uniform(shape, options); }
inline Array<double> exponential(const Shape& shape, const ExponentialOptions& options = {}) { return detail::next_generator().exponential(shape, options); }
inline Array<std::int64_t> randint(const Shape& shape, const IntegersOptions& options) { return detail::next_generator().integers(shape, options); }

}  // namespace ashlar::random
