// Collective layers of an array that is kept on the workers: share.py looks at what each of them holds meanwhile.
//   share WHAT MEGABYTES CHUNKS    a square array of float64 in that many chunks of rows, or a line in as many
#include <ashlar/ashlar.hpp>
#include <cmath>
#include <cstdlib>
#include <string>
#include <thread>

namespace al = ashlar;
using al::_;
using namespace std::chrono_literals;

namespace {

bool equal(const char* what, double got, double wanted) {
  if (std::abs(got - wanted) <= 1e-9 * std::abs(wanted)) return true;
  std::cerr << what << " is " << got << ", not " << wanted << '\n';
  return false;
}

bool square(const std::string& what, al::index_t n, al::index_t chunks) {
  const al::index_t size = (n + chunks - 1) / chunks;
  const auto x = (al::arange<double>(static_cast<double>(n) * static_cast<double>(n)).reshape({n, n}).rechunk({size, n}) * 1.0).persist();
  const double total = x.sum().compute(), corner = x(n - 1, 0).compute().item();
  const al::Array<double> y = what == "rechunk" ? x.rechunk({n, size}).persist()
                            : what == "transpose" ? x.transpose().rechunk({size, n}).persist()
                                                  : (x(al::range(_, _, -1), al::all) * 1.0).rechunk({n, size}).persist();
  const double there = what == "rechunk" ? y(n - 1, 0).compute().item() : y(0, what == "transpose" ? n - 1 : 0).compute().item();
  return equal("the sum", y.sum().compute(), total) && equal("the corner", there, corner);
}

bool line(const std::string& what, al::index_t n, al::index_t chunks) {
  const al::index_t size = (n + chunks - 1) / chunks;
  const auto x = al::random::default_rng(5).uniform({n}, {.chunks = size}).persist();
  const double total = x.sum().compute();
  if (what == "sort") {
    const auto y = al::sort(x).persist();
    return equal("the sum", y.sum().compute(), total) && equal("descents", static_cast<double>((y(al::range(1, _)) < y(al::range(_, -1))).sum().compute()), 0);
  }
  if (what == "argsort") {
    const auto y = al::argsort(x).persist();
    return equal("the sum", static_cast<double>(y.sum().compute()), static_cast<double>(n) * static_cast<double>(n - 1) / 2);
  }
  const auto y = al::unique(x).persist();  // all of them
  return equal("the sum", y.sum().compute(), total);
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client&) {
    const std::string what = argv[1];
    const double elements = std::atof(argv[2]) * 125'000;
    const al::index_t chunks = std::atoll(argv[3]);
    if (what == "empty") {
      std::this_thread::sleep_for(500ms);
      return 0;
    }
    const bool lines = what == "sort" || what == "argsort" || what == "unique";
    return (lines ? line(what, static_cast<al::index_t>(elements), chunks) : square(what, static_cast<al::index_t>(std::sqrt(elements)), chunks)) ? 0 : 1;
  });
}
