#include "ashlar/array/random.hpp"

#include "ashlar/base/error.hpp"

namespace ashlar::random {

namespace {
void check_scale(double scale, std::string_view what) {
  if (!(scale >= 0)) throw ValueError(std::string(what) + " needs a scale of at least 0, found " + std::to_string(scale));
}
}  // namespace

// Well mixed, so that neighbouring seeds and calls have nothing in common.
std::uint64_t Generator::next() {
  std::uint64_t x = seed_ * 0x9e3779b97f4a7c15u + ++calls_ * 0xd1b54a32d192ed03u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

Array<double> Generator::normal(const Shape& shape, const NormalOptions& options) {
  check_scale(options.scale.v, "normal");
  return Array<double>(expression::random("normal", DType::float64, Distribution::normal, next(), options.loc.v, options.scale.v, shape, options.chunks));
}
Array<double> Generator::standard_normal(const Shape& shape, const RandomOptions& options) { return normal(shape, {.chunks = options.chunks}); }
Array<double> Generator::uniform(const Shape& shape, const UniformOptions& options) {
  return Array<double>(expression::random("uniform", DType::float64, Distribution::uniform, next(), options.low.v, options.high.v, shape, options.chunks));
}
Array<double> Generator::random(const Shape& shape, const RandomOptions& options) { return uniform(shape, {.chunks = options.chunks}); }

Array<std::int64_t> Generator::integers(const Shape& shape, const IntegersOptions& options) {
  const index_t end = options.high.v + (options.endpoint ? 1 : 0);
  if (options.low >= end) throw ValueError("integers needs low < high: low " + std::to_string(options.low) + ", high " + std::to_string(options.high.v));
  return Array<std::int64_t>(expression::random("integers", DType::int64, Distribution::integers, next(), static_cast<double>(options.low),
                                                static_cast<double>(end), shape, options.chunks));
}

Array<double> Generator::exponential(const Shape& shape, const ExponentialOptions& options) {
  check_scale(options.scale.v, "exponential");
  return Array<double>(expression::random("exponential", DType::float64, Distribution::exponential, next(), options.scale.v, 0, shape, options.chunks));
}
Array<double> Generator::standard_exponential(const Shape& shape, const RandomOptions& options) { return exponential(shape, {.chunks = options.chunks}); }

}  // namespace ashlar::random
