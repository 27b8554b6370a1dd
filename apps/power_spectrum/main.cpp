// The power spectrum of a random field: how much of its variance lies at which wave number.
//
//   mpirun -n 3 ./power_spectrum --n 4096 --slope -3 --out spectrum.h5
//
// A field is made with power k^slope: white noise, transformed, each wave number scaled, transformed back. Then it is measured as one would
// measure data: a 2-D Fourier transform, |F|^2 in rings of equal wave number. The fitted slope must be the one that went in.
#include <ashlar/ashlar.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "command_line/command_line.hpp"

namespace al = ashlar;

namespace {

// |k| of every element of a transform, in waves along the edge.
al::Array<double> wave_number(al::index_t n, al::index_t chunk) {
  const auto k = al::fft::fftfreq(n, {.chunks = chunk}) * static_cast<double>(n);
  return al::sqrt(al::square(k.reshape({n, 1})) + al::square(k.reshape({1, n})));
}

void draw(const std::vector<double>& k, const std::vector<double>& power, const std::string& file) {
  double low = power[0], high = power[0];
  for (double p : power) low = std::min(low, p), high = std::max(high, p);
  const auto x = [&](double v) { return 40 + 540 * std::log(v / k.front()) / std::log(k.back() / k.front()); };
  const auto y = [&](double v) { return 360 - 320 * std::log(v / low) / std::max(std::log(high / low), 1e-9); };
  std::ofstream out(file);
  out << "<svg xmlns='http://www.w3.org/2000/svg' width='600' height='400'><rect width='600' height='400' fill='white'/>"
         "<path d='M40 40V360H580' fill='none' stroke='black'/><polyline fill='none' stroke='steelblue' stroke-width='2' points='";
  for (std::size_t i = 0; i < k.size(); ++i) out << x(k[i]) << ',' << y(power[i]) << ' ';
  out << "'/><text x='300' y='390'>wave number</text><text x='45' y='30'>power</text></svg>\n";
  if (!out.flush()) throw al::IoError("cannot write " + file);
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    al::index_t n = 1024, chunk = 256;
    double slope = -3;
    std::uint64_t seed = 1;
    std::string out, picture;
    command_line::CommandLine options("Power spectrum of a random field");
    options.add("--n", &n, "points along an edge", {.kind = command_line::Wanted::between, .low = al::index_t{16}, .high = al::index_t{1} << 20});
    options.add("--chunk", &chunk, "points along the edge of a chunk", {.kind = command_line::Wanted::positive});
    options.add("--slope", &slope, "power is k to the slope");
    options.add("--seed", &seed, "of the field");
    options.add("--out", &out, "write field and spectrum into this HDF5 file");
    options.add("--picture", &picture, "draw the spectrum into this file (SVG)");
    if (const auto code = options.parse(argc, argv)) return *code;
    std::cout << client << '\n';

    const auto k = wave_number(n, chunk);
    const auto noise = al::random::default_rng(seed).standard_normal({n, n}, {.chunks = chunk});
    const auto scale = al::where(k > 0, al::power(al::maximum(k, 1.0), slope / 2), 0.0);
    const auto field = al::real(al::fft::ifft2(al::fft::fft2(noise) * scale)).rechunk(chunk).persist();

    // Rings [b - 1/2, b + 1/2) for b = 1 … n/2 - 1.
    const auto power = al::square(al::abs(al::fft::fft2(field)));
    std::vector<double> edges;
    for (al::index_t b = 1; b <= n / 2; ++b) edges.push_back(static_cast<double>(b) - 0.5);
    const auto sums = std::get<0>(al::histogram(k, power, {.bins = edges})), counts = std::get<0>(al::histogram(k, {.bins = edges})).astype<double>();
    const auto spectrum = (sums / counts).persist();
    const al::NDArray<double> local = spectrum.compute();

    // The slope of a straight line through log power against log k, each ring as heavy as it has modes.
    std::vector<double> waves, powers;
    double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
    for (al::index_t i = 0; i < local.size(); ++i) {
      const double wave = static_cast<double>(i + 1), x = std::log(wave), y = std::log(local(i));
      w += wave, wx += wave * x, wy += wave * y, wxx += wave * x * x, wxy += wave * x * y;
      waves.push_back(wave), powers.push_back(local(i));
    }
    const double fitted = (w * wxy - wx * wy) / (w * wxx - wx * wx);
    const bool right = std::abs(fitted - slope) < 0.1;
    std::printf("slope %.4f, made with %.4f: %s\n", fitted, slope, right ? "right" : "WRONG");
    if (!out.empty())
      al::store({field, spectrum}, {al::Hdf5Target{out, "/field", al::ellipsis, {.compression = "gzip", .shuffle = true, .attributes = {{"slope", slope}}}}, al::Hdf5Target{out, "/spectrum"}});
    if (!picture.empty()) draw(waves, powers, picture);
    return right ? 0 : 1;
  });
}
