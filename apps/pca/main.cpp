// Principal components of a tall table of numbers in an HDF5 file: the directions along which it varies most.
//
//   mpirun -n 3 ./pca table.h5 --dataset /x --components 3 --out components.h5
//
// The rows are never whole in memory: means are subtracted and a thin SVD is made chunk by chunk (TSQR). Without a file a table is made first,
// of three hidden directions and noise, and the program checks that it finds them.
#include <ashlar/ashlar.hpp>
#include <cmath>
#include <cstdio>

#include "command_line/command_line.hpp"

namespace al = ashlar;

namespace {

// rows x columns: three orthogonal waves along the columns, of strengths 8, 4 and 2, and noise of strength 0.1.
void make_table(const std::string& file, al::index_t rows, al::index_t columns) {
  auto rng = al::random::default_rng(3);
  const auto hidden = rng.standard_normal({rows, 3}, {.chunks = {10'000, 3}});
  const auto at = (al::arange<double>(static_cast<double>(columns)) + 0.5) * (M_PI / static_cast<double>(columns));
  const auto wave = [&](int k) { return al::cos(at * static_cast<double>(k)) * std::sqrt(2.0 / static_cast<double>(columns)); };
  const auto waves = al::stack({wave(1) * 8.0, wave(2) * 4.0, wave(3) * 2.0});
  const auto noise = rng.standard_normal({rows, columns}, {.chunks = {10'000, columns}}) * 0.1;
  (al::matmul(hidden, waves) + noise + 5.0).to_hdf5(file, "/x");
}

// How well each component is the wave that it must be: |cos| of the angle between them.
bool found_the_waves(const al::NDArray<double>& components, al::index_t columns) {
  bool all = true;
  for (al::index_t c = 0; c < 3; ++c) {
    double dot = 0;
    for (al::index_t j = 0; j < columns; ++j)
      dot += components(c, j) * std::cos((static_cast<double>(j) + 0.5) * M_PI / static_cast<double>(columns) * static_cast<double>(c + 1)) * std::sqrt(2.0 / static_cast<double>(columns));
    std::printf("component %lld: cosine to the hidden direction %.6f\n", static_cast<long long>(c), std::abs(dot));
    all &= std::abs(dot) > 0.999;
  }
  return all;
}

void draw(const al::NDArray<double>& variance) {
  for (al::index_t i = 0; i < variance.size(); ++i)
    std::printf("%3lld %10.4f %s\n", static_cast<long long>(i), variance(i), std::string(static_cast<std::size_t>(std::lround(60 * variance(i) / variance(0))), '#').c_str());
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    std::string file, dataset = "/x", out;
    al::index_t components = 3, rows = 100'000, columns = 50;
    command_line::CommandLine options("Principal components of a table in an HDF5 file");
    options.add("file", &file, "the table; none: one is made, in the current folder, and removed");
    options.add("--dataset", &dataset, "rows of samples, columns of variables");
    options.add("--components", &components, "how many are kept", {.kind = command_line::Wanted::positive});
    options.add("--rows", &rows, "of a table that is made", {.kind = command_line::Wanted::between, .low = al::index_t{100}, .high = al::index_t{1} << 40});
    options.add("--columns", &columns, "of a table that is made", {.kind = command_line::Wanted::between, .low = al::index_t{4}, .high = al::index_t{4096}});
    options.add("--out", &out, "write components, variances and the rows' coordinates into this HDF5 file");
    if (const auto code = options.parse(argc, argv)) return *code;
    std::cout << client << '\n';
    const bool made = file.empty();
    if (made) make_table(file = "pca-table.h5", rows, columns);

    const auto shape = al::from_hdf5<double>(file, dataset).shape();
    if (shape.ndim() != 2 || shape[0] < shape[1]) throw al::ShapeError("pca needs more rows than columns: " + dataset + " of " + file + " has shape " + to_string(shape));
    components = std::min(components, shape[1]);
    const auto x = al::from_hdf5<double>(file, dataset, {.chunks = {std::max<al::index_t>(10'000, shape[1]), shape[1]}});
    const auto centred = x - x.mean({.axis = {0}});
    const auto [u, s, v] = al::linalg::svd(centred);
    const auto kept = al::range(al::_, components);
    const auto [strengths, directions] = al::persist(s(kept), v(kept, al::all));
    const al::NDArray<double> variance = (al::square(strengths) / static_cast<double>(shape[0] - 1)).compute();
    draw(variance);
    if (!out.empty())
      al::store({directions, al::square(strengths) / static_cast<double>(shape[0] - 1), al::matmul(centred, directions.transpose())},
                {al::Hdf5Target{out, "/components"}, al::Hdf5Target{out, "/variance"}, al::Hdf5Target{out, "/coordinates"}});
    if (!made) return 0;
    std::remove(file.c_str());
    return components < 3 || found_the_waves(directions.compute(), columns) ? 0 : 1;
  });
}
