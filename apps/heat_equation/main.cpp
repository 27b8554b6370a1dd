// Heat flows through a plate whose edge is kept at 0: du/dt = d2u/dx2 + d2u/dy2, explicit steps on a square grid.
//
//   mpirun -n 3 ./heat_equation --n 2000 --steps 400 --every 100 --out heat.h5
//
// Every `--every` steps the plate goes to OUT as a new file that takes the old one's place when it is complete, so there is always a whole
// checkpoint. The next start goes on from there, and ends with the same bits as a run that was never stopped.
#include <ashlar/ashlar.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "command_line/command_line.hpp"

namespace al = ashlar;

namespace {

// One step of the block with its halo: u + (sum of the four neighbours - 4 u) / 5.
al::NDArray<double> step(al::NDArray<double> block) {
  const al::index_t rows = block.shape()[0], columns = block.shape()[1];
  al::NDArray<double> next(block.shape());  // what stands at the border is cut off
  const double* from = std::as_const(block).data();
  double* to = next.data();
  for (al::index_t i = 1; i + 1 < rows; ++i)
    for (al::index_t j = 1; j + 1 < columns; ++j) {
      const double* u = from + i * columns + j;
      to[i * columns + j] = u[0] + 0.2 * (u[-columns] + u[columns] + u[-1] + u[1] - 4 * u[0]);
    }
  return next;
}

// Hot where two discs are, cold elsewhere.
al::Array<double> start(al::index_t n, al::index_t chunk) {
  const auto along = (al::arange<double>(static_cast<double>(n), {.chunks = chunk}) + 0.5) / static_cast<double>(n);
  const auto y = along.reshape({n, 1}), x = along.reshape({1, n});
  const auto disc = [&](double cy, double cx, double r) { return al::square(y - cy) + al::square(x - cx) < r * r; };
  return al::where(disc(0.3, 0.35, 0.15), 100.0, al::where(disc(0.65, 0.7, 0.2), 60.0, 0.0));
}

al::index_t steps_done(const std::string& file) {
  for (const al::Attribute& attribute : al::attributes_hdf5(file, "/u"))
    if (attribute.name.v == "step") return std::get<al::index_t>(attribute.value.v);
  throw al::ValueError(file + " is no checkpoint of this program: /u has no attribute step");
}

// A picture of at most 512 x 512 points, grey: white is 100.
void draw(const al::Array<double>& u, const std::string& file) {
  const al::index_t stride = (u.shape()[0] + 511) / 512;
  const al::NDArray<double> small = u(al::range(al::_, al::_, stride), al::range(al::_, al::_, stride)).compute();
  std::ofstream out(file, std::ios::binary);
  out << "P5\n" << small.shape()[1] << ' ' << small.shape()[0] << "\n255\n";
  for (double v : small) out.put(static_cast<char>(std::clamp(v * 2.55, 0.0, 255.0)));
  if (!out.flush()) throw al::IoError("cannot write " + file);
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    al::index_t n = 1000, chunk = 500, steps = 200, every = 50;
    std::string out = "heat.h5", picture;
    command_line::CommandLine options("Heat in a plate, with checkpoints");
    options.add("--n", &n, "points along an edge", {.kind = command_line::Wanted::positive});
    options.add("--chunk", &chunk, "points along the edge of a chunk", {.kind = command_line::Wanted::positive});
    options.add("--steps", &steps, "the step to end with", {.kind = command_line::Wanted::not_negative});
    options.add("--every", &every, "steps from one checkpoint to the next", {.kind = command_line::Wanted::positive});
    options.add("--out", &out, "the checkpoint; if it is there, the run goes on from it");
    options.add("--picture", &picture, "draw the end into this file (PGM)");
    if (const auto code = options.parse(argc, argv)) return *code;
    std::cout << client << '\n';

    al::index_t done = 0;
    al::Array<double> u = start(n, chunk);
    if (std::filesystem::exists(out)) {
      done = steps_done(out);
      u = al::from_hdf5<double>(out, "/u", {.chunks = chunk});
      if (u.shape() != al::Shape{n, n}) throw al::ShapeError(out + " holds a plate of " + to_string(u.shape()) + ", --n is " + std::to_string(n));
      std::printf("goes on from step %lld of %s\n", static_cast<long long>(done), out.c_str());
      // The elements must be here before the file is replaced.
      u = u.persist();
    }
    while (done < steps) {
      // Checkpoints lie at the same steps whenever the program was stopped.
      const al::index_t next = std::min(steps, (done / every + 1) * every);
      for (; done < next; ++done) u = u.map_overlap([](al::NDArray<double> block) { return step(std::move(block)); }, {.depth = 1, .boundary = 0});
      u = u.persist();
      u.to_hdf5(out, "/u", {.attributes = {{"step", done}}});
      std::printf("step %6lld  mean %.17g  max %.17g\n", static_cast<long long>(done), u.mean().compute(), u.max().compute());
      std::fflush(stdout);
    }
    if (!picture.empty()) draw(u, picture);
    return 0;
  });
}
