// Arrays larger than memory: a first look, two bigger calculations, reductions.
#include <cmath>

#include "tour.hpp"

using al::_;

namespace tour {

void arrays(const Options& options) {
  const al::index_t rows = options.quick ? 20'000 : 200'000;
  const double size = static_cast<double>(rows) * 4'000;
  chapter("Arrays in chunks");

  say("An array of ones, cut into chunks of 8 MB. This table is all there is of it so far.");
  STEP(auto x = al::ones<double>({rows, 4'000}, {.chunks = {1'000, 1'000}}));
  PRINT(x);
  PRINT(x(0, al::range(0, 5)).compute());

  say("Multiply it with itself, turned around in both directions: each chunk meets one from the other end of the array.");
  STEP(auto y = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean());
  PRINT(y);
  STEP(double mean = y.compute());
  PRINT(mean);
  check(mean == 1, "the mean of ones");

  say("The same with an array whose elements are all different: from 0 to 1 in equal steps. The mean is 1/6.");
  STEP(x = al::arange<double>(size).reshape({rows, 4'000}).rechunk({1'000, 1'000}) * (1 / size));
  STEP(mean = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean().compute());
  PRINT(mean);
  check(std::abs(mean - (size - 1) * (size - 2) / (6 * size * size)) < 1e-12, "the mean of x * x[::-1, ::-1]");

  say("Reductions over everything or along an axis, and several results of one run.");
  STEP(auto column_means = x.mean({.axis = {0}}));
  PRINT(column_means);
  STEP(auto [smallest, largest, deviation] = al::compute(x.min(), x.max(), x.std()));
  PRINT(smallest);
  PRINT(largest);
  PRINT(deviation);
  check(smallest == 0 && std::abs(largest - (1 - 1 / size)) < 1e-12, "the smallest and the largest element");
  check(std::abs(deviation - std::sqrt(1. / 12)) < 1e-6, "the standard deviation");

  say("Random numbers do not depend on chunks or workers: element i is the same everywhere.");
  STEP(auto r = al::random::default_rng(42).normal({4'000, 1'000}, {.chunks = {1'000, 1'000}}));
  PRINT(r(0, al::range(0, 4)).compute());
  PRINT(al::all(r(al::range(0, 500), al::all) == r.rechunk({400, 250})(al::range(0, 500), al::all)).compute());

  say("A small graph, to look at: what one reduction is made of.");
  const std::string drawing = options.output / "mean.svg";
  STEP(al::ones<double>({6, 4}, {.chunks = {2, 2}}).mean().visualize(drawing));
}

}  // namespace tour
