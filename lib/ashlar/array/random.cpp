#include "ashlar/array/random.hpp"

#include <cmath>
#include <mutex>
#include <random>

#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/draws.hpp"

namespace ashlar::random {

namespace {
void check_scale(double scale, std::string_view what) {
  if (!(scale >= 0)) throw ValueError(std::string(what) + " needs a scale of at least 0, found " + std::to_string(scale));
}
void check_positive(double value, std::string_view what) {
  if (!(value > 0) || std::isinf(value)) throw ValueError(std::string(what) + " needs parameters above 0, found " + std::to_string(value));
}

struct DrawCall {
  std::int64_t draw;
  std::uint64_t seed;
  double a, b;
};
Block run_draw(std::span<const std::byte> closure, std::vector<Block>&, const BlockInfo& info) {
  const auto call = Reader(closure).get<DrawCall>();
  const std::vector<index_t> strides = c_strides(info.shape());
  Shape shape;
  index_t base = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    const auto [begin, end] = info.array_location()[i];
    shape.v.push_back(end - begin);
    base += begin * strides[i];
  }
  return drawn(static_cast<Draw>(call.draw), call.seed, call.a, call.b, shape, base, strides);
}
constinit BlockFunction draw_function{"ashlar draw", &run_draw};

ArrayPtr draw(const char* name, Draw how, std::uint64_t seed, double a, double b, const Shape& shape, const ChunkSpec& spec) {
  for (index_t n : shape)
    if (n < 0) throw ValueError("an array needs lengths of at least 0: shape " + to_string(shape));
  const Chunks chunks = normalize_chunks(spec, shape, 8);
  Writer closure;
  closure.put(DrawCall{static_cast<std::int64_t>(how), seed, a, b});
  return lowering::call_blocks({name, draw_function, closure.head(), draw_type(how), chunks, chunks, {}});
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

// Functions of one uniform number u in [0, 1), or of others drawn apart. Where log(0) threatens, u is moved by half a step.
namespace {
Array<double> above_zero(const Array<double>& u) { return maximum(u, 0x1p-54); }
}  // namespace

Array<double> Generator::lognormal(const Shape& shape, const LognormalOptions& options) {
  return exp(normal(shape, {.loc = options.mean, .scale = options.sigma, .chunks = options.chunks}));
}
Array<double> Generator::laplace(const Shape& shape, const NormalOptions& options) {
  check_scale(options.scale.v, "laplace");
  const Array<double> v = random(shape, {.chunks = options.chunks}) - 0.5;
  return options.loc.v - options.scale.v * sign(v) * log(above_zero(1.0 - 2.0 * absolute(v)));
}
Array<double> Generator::logistic(const Shape& shape, const NormalOptions& options) {
  check_scale(options.scale.v, "logistic");
  const Array<double> u = above_zero(random(shape, {.chunks = options.chunks}));
  return options.loc.v + options.scale.v * (log(u) - log1p(-u));
}
Array<double> Generator::gumbel(const Shape& shape, const NormalOptions& options) {
  check_scale(options.scale.v, "gumbel");
  return options.loc.v - options.scale.v * log(-log(above_zero(random(shape, {.chunks = options.chunks}))));
}
Array<double> Generator::rayleigh(const Shape& shape, const ExponentialOptions& options) {
  check_scale(options.scale.v, "rayleigh");
  return options.scale.v * sqrt(2.0 * standard_exponential(shape, {.chunks = options.chunks}));
}
Array<double> Generator::triangular(const Shape& shape, const TriangularOptions& options) {
  const double left = options.left.v, mode = options.mode.v, right = options.right.v;
  if (!(left <= mode && mode <= right && left < right))
    throw ValueError("triangular needs left <= mode <= right and left < right: left " + std::to_string(left) + ", mode " + std::to_string(mode) + ", right " +
                     std::to_string(right));
  const double width = right - left, share = (mode - left) / width;
  const Array<double> u = random(shape, {.chunks = options.chunks});
  return where(u <= share, left + sqrt(u * (width * (mode - left))), right - sqrt((1.0 - u) * (width * (right - mode))));
}
Array<double> Generator::standard_cauchy(const Shape& shape, const RandomOptions& options) {
  const Array<double> over = standard_normal(shape, options);
  return over / standard_normal(shape, options);
}
Array<double> Generator::weibull(Real a, const Shape& shape, const RandomOptions& options) {
  check_positive(a.v, "weibull");
  return power(standard_exponential(shape, options), 1 / a.v);
}
Array<double> Generator::pareto(Real a, const Shape& shape, const RandomOptions& options) {
  check_positive(a.v, "pareto");
  return expm1(standard_exponential(shape, options) / a.v);
}
Array<double> Generator::gamma(Real form, const Shape& shape, const GammaOptions& options) {
  check_scale(form.v, "gamma");
  check_scale(options.scale.v, "gamma");
  return Array<double>(draw("gamma", Draw::gamma, next(), form.v, options.scale.v, shape, options.chunks));
}
Array<double> Generator::standard_gamma(Real form, const Shape& shape, const RandomOptions& options) { return gamma(form, shape, {.chunks = options.chunks}); }
Array<double> Generator::beta(Real a, Real b, const Shape& shape, const RandomOptions& options) {
  check_positive(a.v, "beta");
  check_positive(b.v, "beta");
  const Array<double> x = standard_gamma(a, shape, options);
  return x / (x + standard_gamma(b, shape, options));
}
Array<double> Generator::chisquare(Real df, const Shape& shape, const RandomOptions& options) {
  check_positive(df.v, "chisquare");
  return gamma(df.v / 2, shape, {.scale = 2, .chunks = options.chunks});
}
Array<double> Generator::f(Real dfnum, Real dfden, const Shape& shape, const RandomOptions& options) {
  const Array<double> over = chisquare(dfnum, shape, options);
  return over / chisquare(dfden, shape, options) * (dfden.v / dfnum.v);
}
Array<double> Generator::standard_t(Real df, const Shape& shape, const RandomOptions& options) {
  check_positive(df.v, "standard_t");
  const Array<double> over = standard_normal(shape, options);
  return over * sqrt(df.v / 2 / standard_gamma(df.v / 2, shape, options));
}
Array<std::int64_t> Generator::geometric(Real p, const Shape& shape, const RandomOptions& options) {
  if (!(p.v > 0 && p.v <= 1)) throw ValueError("geometric needs a probability in (0, 1], found " + std::to_string(p.v));
  if (p.v == 1) return ones<std::int64_t>(shape, {.chunks = options.chunks});
  return maximum(ceil(log1p(-random(shape, options)) / std::log1p(-p.v)), 1.0).astype<std::int64_t>();
}
Array<std::int64_t> Generator::poisson(Real lam, const Shape& shape, const RandomOptions& options) {
  if (!(lam.v >= 0 && lam.v < 9e18)) throw ValueError("poisson needs a mean of at least 0, found " + std::to_string(lam.v));
  return Array<std::int64_t>(draw("poisson", Draw::poisson, next(), lam.v, 0, shape, options.chunks));
}
Array<std::int64_t> Generator::binomial(index_t n, Real p, const Shape& shape, const RandomOptions& options) {
  if (n < 0 || !(p.v >= 0 && p.v <= 1)) throw ValueError("binomial needs n >= 0 and a probability in [0, 1]: n " + std::to_string(n) + ", p " + std::to_string(p.v));
  return Array<std::int64_t>(draw("binomial", Draw::binomial, next(), static_cast<double>(n), p.v, shape, options.chunks));
}

namespace {
std::uint64_t from_device() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}
std::mutex module_mutex;
std::optional<std::uint64_t> module_seed;
std::uint64_t module_calls = 0;
}  // namespace

Generator default_rng() { return Generator(from_device()); }
void seed(std::uint64_t seed) {
  const std::lock_guard lock(module_mutex);
  module_seed = seed;
  module_calls = 0;
}
Generator detail::next_generator() {
  const std::lock_guard lock(module_mutex);
  if (!module_seed) module_seed = from_device();
  return Generator(*module_seed + ++module_calls * 0x9e3779b97f4a7c15u);
}

}  // namespace ashlar::random
