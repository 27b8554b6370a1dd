// Workloads on chunked arrays.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <string>
#include <thread>

#include "measure.hpp"

namespace al = ashlar;
using al::_;

namespace bench {
namespace {

// x(i, j) = uniform(1, i * columns + j): splitmix64 of the element's number, made in the workers.
al::Array<double> held(std::int64_t rows, std::int64_t columns, al::ChunkSpec chunks) {
  return al::arange<std::int64_t>(rows * columns)
      .reshape({rows, columns})
      .rechunk(chunks)
      .map_blocks([](al::NDArray<std::int64_t> index) {
        al::NDArray<double> values(index.shape());
        const std::int64_t* from = std::as_const(index).data();
        double* to = values.data();
        for (std::int64_t i = 0; i < index.size(); ++i) {
          std::uint64_t z = (static_cast<std::uint64_t>(from[i]) + 1) * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u;
          z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
          z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
          z ^= z >> 31;
          to[i] = static_cast<double>(z >> 11) * 0x1p-53;
        }
        return values;
      })
      .persist();
}

// Waits until all chunks are there.
al::Array<double> ready(al::Array<double> x) {
  x.sum().compute();
  return x;
}

al::Array<double> index_array(std::int64_t rows, std::int64_t columns, double scale) {
  return al::arange<double>(static_cast<double>(rows * columns)).reshape({rows, columns}).rechunk({1000, 1000}) * scale;
}

void set_shape(Json& scale, std::int64_t rows, std::int64_t columns) {
  scale["rows"] = rows;
  scale["columns"] = columns;
}

std::function<Sample()> index_reverse_mean(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t rows = setting.full ? 200'000 : 20'000, columns = 4'000;
  set_shape(scale, rows, columns);
  return [=] {
    const double start = now();
    const auto x = index_array(rows, columns, 1.0 / static_cast<double>(rows * columns));
    const double mean = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean().compute();
    // Both factors are evaluated at every position: nothing is folded.
    return Sample{now() - start, mean, {{"elements_evaluated", 2 * rows * columns}}};
  };
}

std::function<Sample()> cos2_mean_axis1(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t rows = setting.full ? 40'000 : 10'000, columns = 10'000;
  set_shape(scale, rows, columns);
  return [=] {
    const double start = now();
    const auto x = index_array(rows, columns, 1000.0 / static_cast<double>(rows * columns));
    const al::NDArray<double> means = al::square(al::cos(x)).mean({.axis = {1}}).compute();
    Sample sample{now() - start, nullptr, {{"elements_evaluated", rows * columns}}};
    double sum = 0;
    for (double m : means) sum += m;
    sample.result = sum;
    return sample;
  };
}

std::function<Sample()> ones_reverse_mean(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t rows = setting.full ? 200'000 : 20'000, columns = 4'000;
  set_shape(scale, rows, columns);
  return [=] {
    const double start = now();
    const auto x = al::ones<double>({rows, columns}, {.chunks = {1000, 1000}});
    const double mean = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean().compute();
    return Sample{now() - start, mean};
  };
}

std::function<Sample()> random_mean_std(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 20'000 : 5'000;
  set_shape(scale, n, n);
  return [=, seed = std::uint64_t{0}]() mutable {
    const double start = now();
    const auto x = al::random::default_rng(++seed).normal({n, n}, {.chunks = {1000, 1000}});
    const auto [mean, std] = al::compute(x.mean(), x.std());
    return Sample{now() - start, {{"mean", mean}, {"std", std}}};
  };
}

std::function<Sample()> persisted_sum(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 16'000 : 5'000;
  set_shape(scale, n, n);
  const auto x = ready(held(n, n, {1000, 1000}));
  return [=] {
    const double start = now();
    const double sum = x.sum().compute();
    return Sample{now() - start, sum};
  };
}

std::function<Sample()> elementwise_chain(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 16'000 : 5'000;
  set_shape(scale, n, n);
  const auto x = ready(held(n, n, {1000, 1000}));
  return [=] {
    const double start = now();
    const double sum = al::clip((x * 2 + 1) * x - x / 3, 0, 1).sum().compute();
    return Sample{now() - start, sum};
  };
}

// The same as one function of elements.
std::function<Sample()> elementwise_chain_map(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 16'000 : 5'000;
  set_shape(scale, n, n);
  const auto x = ready(held(n, n, {1000, 1000}));
  return [=] {
    const double start = now();
    const double sum = al::map([](double v) { return std::min(std::max((v * 2 + 1) * v - v / 3, 0.0), 1.0); }, x).sum().compute();
    return Sample{now() - start, sum};
  };
}

// (x + 1).sum() of 10 x 10 elements of the client: the median of many.
std::function<Sample()> tiny_sum(al::Client&, const Setting&, Json& scale) {
  set_shape(scale, 10, 10);
  return [values = al::NDArray<double>(al::Shape{10, 10})] {
    std::vector<double> seconds;
    double sum = 0;
    for (int i = 0; i < 1000; ++i) {
      const double start = now();
      sum += (al::from_array(values) + 1).sum().compute();
      seconds.push_back(now() - start);
    }
    std::nth_element(seconds.begin(), seconds.begin() + 500, seconds.end());
    return Sample{seconds[500], sum};
  };
}

// Of a removed file the space comes back when the workers have closed it, which they do soon after they have read. The next run then finds the memory as
// one finds it who removes a file that nobody has open; left alone for seconds, a virtual machine may have given it back to its host. Where others fill the
// file system meanwhile, the wait ends after two seconds.
void remove_with_space(const std::string& file) {
  namespace fs = std::filesystem;
  const auto folder = fs::absolute(file).parent_path();
  const auto enough = fs::space(folder).free + fs::file_size(file) / 10 * 9;
  fs::remove(file);
  const double deadline = now() + 2;
  while (fs::space(folder).free < enough && now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

std::function<Sample()> hdf5_write(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t rows = setting.full ? 20'000 : 5'000, columns = setting.full ? 25'000 : 5'000;
  set_shape(scale, rows, columns);
  const auto x = ready(held(rows, columns, {1000, 1000}));
  const std::string file = setting.folder + "/ashlar-bench.h5";
  return [=] {
    unlink(file.c_str());
    const double start = now();
    x.to_hdf5(file, "/x", {.storage_chunks = {1000, 1000}});
    const double written = now();
    const double mean = al::from_hdf5<double>(file, "/x", {.chunks = {1000, 1000}}).mean().compute();
    const double end = now();
    remove_with_space(file);
    const double mb = static_cast<double>(rows * columns) * 8 / 1e6;
    return Sample{end - start, mean, {{"write_mb_per_s", mb / (written - start)}, {"read_mb_per_s", mb / (end - written)}}};
  };
}

std::function<Sample()> persisted_xpxt(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 8'000 : 4'000;
  set_shape(scale, n, n);
  const auto x = ready(held(n, n, {1000, 1000}));
  return [=] {
    const double start = now();
    const double sum = (x + x.transpose()).sum().compute();
    return Sample{now() - start, sum};
  };
}

std::function<Sample()> matmul(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 8'000 : 3'000;
  set_shape(scale, n, n);
  const auto x = ready(held(n, n, {1000, 1000}));
  return [=] {
    const double start = now();
    const double sum = al::matmul(x, x).sum().compute();
    const double seconds = now() - start;
    const auto order = static_cast<double>(n);
    return Sample{seconds, sum, {{"gflops", 2 * order * order * order / seconds / 1e9}}};
  };
}

std::function<Sample()> rechunk_rows_to_columns(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 8'000 : 4'000;
  set_shape(scale, n, n);
  const auto x = ready(held(n, n, {n / 8, n}));
  return [=] {
    const double start = now();
    // The new chunks are results of their own before they are summed.
    const auto columns = x.rechunk({n, n / 8}).persist();
    const al::NDArray<double> sums = columns.sum({.axis = 0}).compute();
    double sum = 0;
    for (double s : sums) sum += s;
    return Sample{now() - start, sum};
  };
}

std::function<Sample()> svd_tall(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t rows = setting.full ? 200'000 : 20'000, columns = 100;
  set_shape(scale, rows, columns);
  const auto x = ready(held(rows, columns, {10'000, columns}));
  return [=] {
    const double start = now();
    const auto [u, s, v] = al::linalg::svd(x);
    const auto [sum_u, sum_s, sum_v] = al::compute(al::abs(u).sum(), s.sum(), al::abs(v).sum());
    return Sample{now() - start, {{"u", sum_u}, {"s", sum_s}, {"v", sum_v}}};
  };
}

// Compiled as limit.cpp is, for vectors of the processor it runs on; without fused multiply-add both versions give the same bits.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("avx2", "default"), gnu::optimize("O3")]]
#endif
void mean_of_four(const double* __restrict row, double* __restrict out, std::int64_t width) {
  for (std::int64_t j = 1; j + 1 < width; ++j) out[j] = 0.25 * (row[j - width] + row[j + width] + row[j - 1] + row[j + 1]);
}

std::function<Sample()> stencil(al::Client&, const Setting& setting, Json& scale) {
  const std::int64_t n = setting.full ? 8'000 : 2'000, side = setting.full ? 2'000 : 1'000, steps = 20;
  set_shape(scale, n, n);
  scale["steps"] = steps;
  const auto x = ready(held(n, n, {side, side}));
  return [=] {
    const double start = now();
    auto y = x;
    for (std::int64_t step = 0; step < steps; ++step)
      y = y.map_overlap(
          [](al::NDArray<double> block) {
            const al::index_t rows = block.shape()[0], width = block.shape()[1];
            al::NDArray<double> result(al::Block::allocate(al::DType::float64, block.shape()));  // what stands at the border is cut off
            const double* from = std::as_const(block).data();
            double* to = result.data();
            for (al::index_t i = 1; i + 1 < rows; ++i) mean_of_four(from + i * width, to + i * width, width);
            return result;
          },
          {.depth = 1, .boundary = 0});
    const double sum = y.sum().compute();
    return Sample{now() - start, sum};
  };
}

}  // namespace

const std::vector<Workload>& array_workloads() {
  static const std::vector<Workload> all = {{"ones_reverse_mean", ones_reverse_mean},
                                            {"index_reverse_mean", index_reverse_mean},
                                            {"cos2_mean_axis1", cos2_mean_axis1},
                                            {"random_mean_std", random_mean_std},
                                            {"persisted_sum", persisted_sum},
                                            {"persisted_xpxt", persisted_xpxt},
                                            {"matmul", matmul},
                                            {"rechunk_rows_to_columns", rechunk_rows_to_columns},
                                            {"svd_tall", svd_tall},
                                            {"stencil", stencil},
                                            {"hdf5_write", hdf5_write},
                                            {"elementwise_chain", elementwise_chain},
                                            {"elementwise_chain_map", elementwise_chain_map, true},
                                            {"tiny_sum", tiny_sum, true}};
  return all;
}

}  // namespace bench
