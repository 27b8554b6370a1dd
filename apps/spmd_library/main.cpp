// A library that knows MPI and nothing of Ashlar works on the chunks of a lazy array, where they lie: FFTW's distributed transform.
//
//   mpirun -n 3 ./spmd_library --n 2048
//
// FFTW wants the array as slabs of rows, ceil(n / workers) on each process: that is `slab(0)` over chunks of so many rows. The array is made by
// tasks, transformed by the library on all workers together, and used by tasks again; Ashlar's own transform says whether it is right.
#include <ashlar/ashlar.hpp>
#include <fftw3-mpi.h>

#include <chrono>
#include <cstdio>
#include <cstring>

#include "command_line/command_line.hpp"

namespace al = ashlar;

namespace {

using Complex = std::complex<double>;

// The transform of `in`, which is one chunk on each worker, or none where there are more workers than rows.
void transform(al::SpmdContext& context, al::LocalChunks<Complex>& out, al::LocalChunks<Complex>& in) {
  fftw_mpi_init();
  const std::ptrdiff_t rows = in.shape()[0], columns = in.shape()[1];
  std::ptrdiff_t own_rows = 0, first = 0;
  const std::ptrdiff_t wanted = fftw_mpi_local_size_2d(rows, columns, context.comm(), &own_rows, &first);
  const std::ptrdiff_t held = in.empty() ? 0 : in[0].values.size();
  if (in.size() > 1 || held != own_rows * columns || (held > 0 && in[0].offset[0] != first))
    throw al::ValueError("FFTW wants rows " + std::to_string(first) + " to " + std::to_string(first + own_rows) + " on worker " + std::to_string(context.rank()));
  // In the chunk itself; where FFTW needs more room than that, in memory of its own.
  if (held > 0) out[0].values = std::move(in[0].values);
  auto* data = held > 0 ? reinterpret_cast<fftw_complex*>(out[0].values.data()) : nullptr;
  fftw_complex* room = wanted > held ? fftw_alloc_complex(static_cast<std::size_t>(wanted)) : nullptr;
  fftw_complex* at = room ? room : data;
  fftw_plan plan = fftw_mpi_plan_dft_2d(rows, columns, at, at, context.comm(), FFTW_FORWARD, FFTW_ESTIMATE);
  const auto nbytes = static_cast<std::size_t>(held) * sizeof(fftw_complex);
  if (room && held > 0) std::memcpy(room, data, nbytes);
  fftw_execute(plan);
  if (room && held > 0) std::memcpy(data, room, nbytes);
  fftw_destroy_plan(plan);
  if (room) fftw_free(room);
}

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& client) {
    al::index_t n = 1024;
    command_line::CommandLine options("FFTW's distributed transform on the chunks of a lazy array");
    options.add("--n", &n, "rows and columns", {.kind = command_line::Wanted::between, .low = al::index_t{2}, .high = al::index_t{1} << 16});
    if (const auto code = options.parse(argc, argv)) return *code;
    std::cout << client << '\n';

    const auto workers = static_cast<al::index_t>(client.scheduler_info().workers.size()), rows = (n + workers - 1) / workers;
    const auto noise = al::random::default_rng(1).standard_normal({n, n}, {.chunks = {rows, n}});
    const auto x = noise.astype<Complex>().persist();
    al::wait(x);

    const double start = seconds();
    const auto y = al::from_spmd<Complex>({}, x.shape(), x.chunks(), [](auto& context, auto& out, auto& in) { transform(context, out, in); }, x);
    al::wait(y);
    const double between = seconds();
    const auto reference = al::fft::fft2(x).persist();
    al::wait(reference);
    const double end = seconds();

    const double worst = al::abs(y - reference).max().compute() / al::abs(reference).max().compute();
    const bool right = worst < 1e-13;
    std::printf("FFTW on %lld workers %.4f s, al::fft::fft2 %.4f s, largest difference %.2e: %s\n", static_cast<long long>(workers), between - start, end - between, worst, right ? "right" : "WRONG");
    return right ? 0 : 1;
  });
}
