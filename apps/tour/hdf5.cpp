// One HDF5 file, written by all ranks at once.
#include <cmath>

#include "tour.hpp"

namespace tour {
namespace {

std::string throughput(double bytes, double seconds) {
  return std::to_string(std::llround(bytes / 1e6)) + " MB, " + std::to_string(std::llround(bytes / 1e6 / seconds)) + " MB/s";
}

}  // namespace

void hdf5(const Options& options) {
  const std::string file = options.output / "x.h5";
  const auto rows = std::max<al::index_t>(1'000, std::llround(options.gib * 1024 * 1024 * 1024 / 8 / 1'000));
  chapter("One HDF5 file");

  say("An array of " + std::to_string(rows) + " rows; nobody ever holds all of it.");
  STEP(auto x = al::arange<double>(rows * 1'000).reshape({rows, 1'000}).rechunk({1'000, 1'000}));
  PRINT(x);

  say("Every worker computes its chunks and writes them, at the same time. The file appears under its name when it is complete.");
  STEP(x.to_hdf5(file, "/measured/x", {.attributes = {{"units", "K"}, {"step", 1.0}}}));
  result("written: " + throughput(static_cast<double>(x.nbytes()), seconds()));

  say("Any HDF5 reader opens it: h5dump, h5py, MATLAB. So do we.");
  PRINT(al::info_hdf5(file));
  STEP(auto y = al::from_hdf5<double>(file, "/measured/x", {.chunks = {2'000, 500}}));
  STEP(double mean = y.mean().compute());
  result("read: " + throughput(static_cast<double>(y.nbytes()), seconds()));
  PRINT(mean);
  const double expected = static_cast<double>(rows * 1'000 - 1) / 2;
  check(std::abs(mean / expected - 1) < 1e-12, "the mean of what was read back");

  say("Is every element what was written?");
  STEP(bool same = al::all(x == y).compute());
  PRINT(same);
  check(same, "an element of the file");
}

}  // namespace tour
