// Two calculations on 6.4 GB each, or nothing, or 100 MB kept: memory.py looks at what the ranks hold meanwhile.
#include <ashlar/ashlar.hpp>
#include <cmath>
#include <thread>

namespace al = ashlar;
using al::_;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client&) {
    const std::string what = argv[1];
    if (what == "empty" || what == "kept") {
      al::Array<double> kept;
      if (what == "kept") kept = al::random::default_rng(1).uniform({12'500, 1'000}, {.chunks = {1'000, 1'000}}).persist();
      std::this_thread::sleep_for(1s);
      return 0;
    }
    const auto turned = [](const al::Array<double>& x) { return x(al::range(_, _, -1), al::range(_, _, -1)); };
    const auto ones = al::ones<double>({200'000, 4'000}, {.chunks = {1'000, 1'000}});
    const double one = (ones * turned(ones)).mean().compute();

    constexpr double size = 200'000. * 4'000;
    const auto x = al::arange<double>(size).reshape({200'000, 4'000}).rechunk({1'000, 1'000}) * (1 / size);
    const double sixth = (x * turned(x)).mean().compute();
    std::cout << one << ' ' << sixth << '\n';
    return one == 1 && std::abs(sixth - (size - 1) * (size - 2) / (6 * size * size)) < 1e-12 ? 0 : 1;
  });
}
