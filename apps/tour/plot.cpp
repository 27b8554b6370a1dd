// A plot of (cos(x) ** 2).mean(axis=1).
#include <spawn.h>
#include <sys/wait.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "tour.hpp"

extern char** environ;

namespace tour {
namespace {

// Lets gnuplot draw plot.txt as SVG and PNG; its script stays beside the pictures.
void draw(const std::filesystem::path& folder, al::index_t rows) {
  const std::string every = std::to_string(rows / 2000);

  const std::string script = folder / "plot.gnuplot";
  std::ofstream(script) << "cd '" << folder.string() << "'\n"
                        << "set xlabel 'row'; set ylabel '(cos(x) ** 2).mean(axis=1)'; set yrange [0:1.05]\n"
                        << "set terminal svg size 900,400 background 'white'; set output 'plot.svg'\n"
                        << "plot 'plot.txt' using 1:2 every " << every << " with dots title 'computed', '' using 1:3 every " << every << " with lines title 'expected'\n"
                        << "set terminal png size 900,400; set output 'plot.png'; replot\n";
  // Not fork: a copy of an MPI process may not live to its exec.
  std::string program = "gnuplot", argument = script;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  int status = 0;
  if (const int error = posix_spawnp(&child, "gnuplot", nullptr, nullptr, arguments, environ); error != 0)
    return say("gnuplot could not be started (" + std::string(std::strerror(error)) + "): no plot.svg and plot.png. The numbers are in plot.txt.");
  waitpid(child, &status, 0);
  say(status == 0 ? "gnuplot drew plot.svg and plot.png." : "gnuplot ended with an error: no plot. The numbers are in plot.txt.");
}

}  // namespace

void plot(const Options& options) {
  const al::index_t rows = options.quick ? 4'000 : 40'000;
  chapter("A plot");

  say("Row by row an angle, and noise that grows with it: cosines are in step at first, and lose it.");
  STEP(auto angle = al::linspace(0, 15, rows, {.chunks = {1'000}}));
  STEP(auto noise = al::random::default_rng(7).normal({rows, 1'000}, {.chunks = {1'000, 1'000}}));
  STEP(auto x = angle(al::all, al::newaxis) * (1 + 0.06 * noise));
  STEP(al::NDArray<double> r = al::mean(al::square(al::cos(x)), {.axis = {1}}).compute());
  PRINT(r);

  double largest_difference = 0;
  std::ofstream data(options.output / "plot.txt");
  for (al::index_t i = 0; i < rows; ++i) {
    const double a = 15. * static_cast<double>(i) / static_cast<double>(rows - 1), sigma = 0.06 * a;
    const double expected = 0.5 + 0.5 * std::cos(2 * a) * std::exp(-2 * sigma * sigma);
    largest_difference = std::max(largest_difference, std::abs(std::as_const(r)(i) - expected));
    data << i << ' ' << std::as_const(r)(i) << ' ' << expected << '\n';
  }
  data.close();
  check(largest_difference < 0.1, "a row's mean is too far from what theory says");
  draw(options.output, rows);
}

}  // namespace tour
