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

 private:
  std::uint64_t next();
  std::uint64_t seed_, calls_ = 0;
};
inline Generator default_rng(std::uint64_t seed) { return Generator(seed); }

}  // namespace ashlar::random
