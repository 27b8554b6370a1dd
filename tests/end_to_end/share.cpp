// An array that is kept on the workers gets other chunks: share.py looks at what each of them holds meanwhile.
//   share WHAT MEGABYTES CHUNKS    a square array of float64 in so many chunks of rows; printed is the largest share, in
//   bytes, that a worker holds of it or of what comes out
#include <ashlar/ashlar.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
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

/// Bytes that each worker holds.
std::map<int, std::int64_t> shares(al::Client& client) {
  const auto nbytes = client.nbytes();
  std::map<int, std::int64_t> result;
  for (const auto& [worker, keys] : client.has_what())
    for (const std::string& key : keys)
      if (const auto found = nbytes.find(key); found != nbytes.end()) result[worker] += found->second;
  return result;
}

bool changed(al::Client& client, const std::string& what, al::index_t n, al::index_t chunks) {
  const al::index_t size = (n + chunks - 1) / chunks;
  const auto x = (al::arange<double>(static_cast<double>(n) * static_cast<double>(n)).reshape({n, n}).rechunk({size, n}) * 1.0).persist();
  const double total = x.sum().compute(), corner = x(n - 1, 0).compute().item();
  const auto of_x = shares(client);
  const al::Array<double> y = what == "rechunk"     ? x.rechunk({n, size}).persist()
                              : what == "transpose" ? x.transpose().rechunk({size, n}).persist()
                                                    : (x(al::range(_, _, -1), al::all) * 1.0).rechunk({n, size}).persist();
  al::wait(y);
  std::int64_t largest = 0;
  for (auto& [worker, both] : shares(client)) {
    const auto of_input = of_x.find(worker);
    const std::int64_t input = of_input == of_x.end() ? 0 : of_input->second;
    largest = std::max({largest, input, both - input});
  }
  std::cout << largest << std::endl;
  const double there = what == "rechunk" ? y(n - 1, 0).compute().item() : y(0, what == "transpose" ? n - 1 : 0).compute().item();
  return equal("the sum", y.sum().compute(), total) && equal("the corner", there, corner);
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    const std::string what = argv[1];
    if (what == "empty") {
      std::this_thread::sleep_for(500ms);
      return 0;
    }
    return changed(client, what, static_cast<al::index_t>(std::sqrt(std::atof(argv[2]) * 125'000)), std::atoll(argv[3])) ? 0 : 1;
  });
}
