// Forty common calls on arrays of ten million elements, the best time of each; numpy_calls.py times the same calls of NumPy and compares. One worker with one
// thread, chunks as chosen by default (one an array): mpirun -n 2 --oversubscribe --bind-to none bench --ashlar-threads=1 numpy > ashlar.json
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "measure.hpp"

namespace al = ashlar;
using al::_;

namespace bench {
namespace {

constexpr std::int64_t n = 10'000'000, rows = 3200, columns = 3125;  // rows * columns = n
// Each call runs ten times, and when all have, ten times again: what disturbs the machine for a tenth of a second does not hold for all runs of one call.
constexpr int passes = 2, repeats = 10;

/// The best of some runs; one before them is not counted.
double best(const std::function<void()>& f) {
  double least = INFINITY;
  for (int i = 0; i <= repeats; ++i) {
    const double start = now();
    f();
    if (i > 0) least = std::min(least, now() - start);
  }
  return least;
}

/// The whole result exists, on the worker.
template <class T>
void make(const al::Array<T>& x) {
  al::wait(x.persist());
}

Sample numpy_calls() {
  const auto wave = [&](double step) { return al::map([](double v) { return v - std::floor(v); }, al::arange<double>(static_cast<double>(n)) * step) + 0.5; };
  const auto a = wave(0.6180339887498949).persist(), b = wave(0.4142135623730951).persist();
  const auto f = a.astype<float>().persist();
  const auto i = (a * 1000).astype<std::int32_t>().persist();
  const auto k = (b * 1000).astype<std::int64_t>().persist();
  const auto m = a.reshape({rows, columns}).persist();
  const auto flags = (a < b).persist();
  for (const auto* x : {&a, &b, &m}) x->sum().compute();
  al::compute(f.sum(), i.sum(), k.sum(), al::sum(flags));
  std::vector<std::pair<const char*, std::function<void()>>> calls;
  const auto call = [&](const char* name, std::function<void()> run) { calls.emplace_back(name, std::move(run)); };
  call("a + b", [&] { make(a + b); });
  call("a - 1.5", [&] { make(a - 1.5); });
  call("a * b", [&] { make(a * b); });
  call("a / b", [&] { make(a / b); });
  call("a * 2 + 1", [&] { make(a * 2 + 1); });
  call("a ** 2", [&] { make(al::power(a, 2.0)); });
  call("-a", [&] { make(-a); });
  call("abs(a)", [&] { make(al::abs(a)); });
  call("sqrt(a)", [&] { make(al::sqrt(a)); });
  call("exp(a)", [&] { make(al::exp(a)); });
  call("log(a)", [&] { make(al::log(a)); });
  call("sin(a)", [&] { make(al::sin(a)); });
  call("cos(a)", [&] { make(al::cos(a)); });
  call("tanh(a)", [&] { make(al::tanh(a)); });
  call("floor(a)", [&] { make(al::floor(a)); });
  call("round(a)", [&] { make(al::round(a)); });
  call("maximum(a, b)", [&] { make(al::maximum(a, b)); });
  call("clip(a, 0.7, 1.2)", [&] { make(al::clip(a, 0.7, 1.2)); });
  call("where(a < b, a, b)", [&] { make(al::where(a < b, a, b)); });
  call("a < b", [&] { make(a < b); });
  call("isnan(a)", [&] { make(al::isnan(a)); });
  call("a.astype(float32)", [&] { make(a.astype<float>()); });
  call("f + f", [&] { make(f + f); });
  call("i + i", [&] { make(i + i); });
  call("i // 7", [&] { make(al::floor_divide(i, 7)); });
  call("flags & flags", [&] { make(flags & !flags); });
  call("a.sum()", [&] { a.sum().compute(); });
  call("a.mean()", [&] { a.mean().compute(); });
  call("a.std()", [&] { a.std().compute(); });
  call("a.min()", [&] { a.min().compute(); });
  call("a.argmax()", [&] { al::argmax(a).compute(); });
  call("f.sum()", [&] { f.sum().compute(); });
  call("k.sum()", [&] { k.sum().compute(); });
  call("count_nonzero(flags)", [&] { al::count_nonzero(flags).compute(); });
  call("dot(a, b)", [&] { al::dot(a, b).compute(); });
  call("m.sum(axis=0)", [&] { m.sum({.axis = 0}).compute(); });
  call("m.sum(axis=1)", [&] { m.sum({.axis = 1}).compute(); });
  call("a.cumsum()", [&] { make(al::cumsum(a)); });
  call("m.T + 0", [&] { make(m.transpose() + 0.0); });
  call("median(a)", [&] { al::median(a).compute(); });
  Json seconds = Json::object();
  for (const auto& [name, run] : calls) seconds[name] = best(run);
  for (int pass = 1; pass < passes; ++pass)
    for (const auto& [name, run] : calls) seconds[name] = std::min(seconds[name].get<double>(), best(run));
  double total = 0;
  for (const auto& [name, time] : seconds.items()) total += time.template get<double>();
  return {total, seconds.size(), seconds};
}

}  // namespace

const std::vector<Workload>& numpy_workloads() {
  static const std::vector<Workload> all = {{"numpy",
                                             [](al::Client&, const Setting&, Json& scale) {
                                               scale["elements"] = n;
                                               return [] { return numpy_calls(); };
                                             },
                                             true, true}};
  return all;
}

}  // namespace bench
