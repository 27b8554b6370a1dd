// bench_mpi [--size small|full] [--repeats N] NAME…: stencil_metg, metg_stencil_1d, metg_nearest and imbalance as one would write them by hand
// in plain MPI: columns in static blocks, edge cells exchanged without blocking; shuffle (when it is named): rows cut by a hash of their key, one
// MPI_Alltoallv per column. One rank is one worker. One JSON line per workload.
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pattern.hpp"
#include "sweep.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

int rank = 0, ranks = 1;

struct Options {
  bool full = false, table = false;
  int repeats = 3, width = 0, steps = 1000, radix = 5;
  std::string svg;
};

// Columns [first, last) of a rank.
struct Share {
  std::int32_t first, last;
  Share(std::int32_t width, int of_rank)
      : first(static_cast<std::int32_t>(std::int64_t{width} * of_rank / ranks)), last(static_cast<std::int32_t>(std::int64_t{width} * (of_rank + 1) / ranks)) {}
  bool has(std::int32_t column) const { return column >= first && column < last; }
};

// Which columns go to which rank after each step of a pattern whose steps are all alike; worked out once.
struct Exchange {
  struct Peer {
    int rank;
    std::vector<std::int32_t> send, receive;
    std::vector<Cell> out, in;
  };
  std::vector<Peer> peers;

  explicit Exchange(const GraphShape& shape) {
    const Share own(shape.width, rank);
    for (int other = 0; other < ranks; ++other) {
      if (other == rank) continue;
      const Share theirs(shape.width, other);
      Peer peer{other, needed(shape, theirs, own), needed(shape, own, theirs), {}, {}};
      peer.out.resize(peer.send.size());
      peer.in.resize(peer.receive.size());
      if (!peer.send.empty() || !peer.receive.empty()) peers.push_back(std::move(peer));
    }
  }
  // Columns of `from` that tasks of `by` take.
  static std::vector<std::int32_t> needed(const GraphShape& shape, const Share& by, const Share& from) {
    std::vector<std::int32_t> columns;
    for (std::int32_t column = by.first; column < by.last; ++column)
      for_each_input(shape, 1, column, [&](std::int32_t c) {
        if (from.has(c)) columns.push_back(c);
      });
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    return columns;
  }
  void operator()(std::vector<Cell>& row) {
    std::vector<MPI_Request> requests;
    requests.reserve(2 * peers.size());
    for (Peer& peer : peers)
      if (!peer.in.empty()) MPI_Irecv(peer.in.data(), static_cast<int>(peer.in.size() * sizeof(Cell)), MPI_BYTE, peer.rank, 0, MPI_COMM_WORLD, &requests.emplace_back());
    for (Peer& peer : peers) {
      for (std::size_t i = 0; i < peer.send.size(); ++i) peer.out[i] = row[static_cast<std::size_t>(peer.send[i])];
      if (!peer.out.empty()) MPI_Isend(peer.out.data(), static_cast<int>(peer.out.size() * sizeof(Cell)), MPI_BYTE, peer.rank, 0, MPI_COMM_WORLD, &requests.emplace_back());
    }
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    for (Peer& peer : peers)
      for (std::size_t i = 0; i < peer.receive.size(); ++i) row[static_cast<std::size_t>(peer.receive[i])] = peer.in[i];
  }
};

double slowest(double mine) {
  double all = 0;
  MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return all;
}

// Seconds of one run, checked by its hash.
double run_steps(const GraphShape& shape, std::int64_t iterations) {
  const Share own(shape.width, rank);
  Exchange exchange(shape);
  std::vector<Cell> row(static_cast<std::size_t>(shape.width)), next(row.size()), inputs;
  MPI_Barrier(MPI_COMM_WORLD);
  const double start = MPI_Wtime();
  for (std::int32_t step = 0; step < shape.steps; ++step) {
    if (step > 0) exchange(row);
    for (std::int32_t column = own.first; column < own.last; ++column) {
      inputs.clear();
      for_each_input(shape, step, column, [&](std::int32_t c) { inputs.push_back(row[static_cast<std::size_t>(c)]); });
      next[static_cast<std::size_t>(column)] = run_cell({shape, step, column, iterations}, inputs.data(), inputs.size());
    }
    row.swap(next);
  }
  const double seconds = slowest(MPI_Wtime() - start);
  std::uint64_t mine = 0, sum = 0;
  for (std::int32_t column = own.first; column < own.last; ++column) mine += row[static_cast<std::size_t>(column)].hash;
  MPI_Allreduce(&mine, &sum, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  if (sum != expected_sum(shape, iterations)) throw std::runtime_error(name(shape.pattern) + ": the results hash to " + std::to_string(sum));
  return seconds;
}

double peak_mb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kb = 0, all = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> kb;
  MPI_Allreduce(&kb, &all, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return all / 1024;
}

void report(const std::string& workload, Json scale, const std::vector<double>& seconds, Json result, Json extra) {
  const double peak = peak_mb();
  if (rank != 0) return;
  Json line;
  line["system"] = "mpi";
  line["workload"] = workload;
  line["scale"] = std::move(scale);
  line["workers"] = ranks;
  line["seconds"] = seconds;
  line["result"] = std::move(result);
  line["peak_rss_mb"] = peak;
  line["extra"] = std::move(extra);
  std::cout << line.dump() << std::endl;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Curve metg(const std::string& workload, Pattern pattern, const Options& options) {
  GraphShape shape;
  shape.pattern = pattern;
  shape.width = options.width > 0 ? options.width : 2 * ranks;
  shape.steps = options.steps;
  shape.radix = options.radix;
  std::vector<double> seconds;
  Curve curve;
  for (int i = 0; i <= options.repeats; ++i) {
    curve = sweep(workload, [&](std::int64_t iterations) {
      GraphShape used = shape;
      if (iterations > 4096) used.steps = std::max(1, shape.steps / 10);
      double best = run_steps(used, iterations);
      for (int again = 0; again < 2; ++again) best = std::min(best, run_steps(used, iterations));
      return best * ranks / static_cast<double>(used.tasks());
    });
    if (i > 0) seconds.push_back(curve.metg_us * 1e-6);
  }
  report(workload, {{"size", options.full ? "full" : "small"}, {"steps", shape.steps}, {"width", shape.width}}, seconds, 1,
         {{"metg_us", 1e6 * median(seconds)}, {"curve_us_efficiency", curve.points}});
  return curve;
}

// Each rank has a block of columns for good: who has the long tasks ends last.
void imbalance(const Options& options) {
  const int stages = 4, width = options.width > 0 ? options.width : options.full ? 500 : 125;
  GraphShape shape;
  shape.pattern = Pattern::stencil_1d;
  shape.width = width;
  shape.steps = stages;
  const auto length = [&](int stage, int column) { return 0.002 * uniform(2, static_cast<std::uint64_t>(stage * width + column)); };
  double ideal = 0;
  for (int stage = 0; stage < stages; ++stage)
    for (int column = 0; column < width; ++column) ideal += length(stage, column) / ranks;
  const Share own(width, rank);
  std::vector<double> seconds;
  std::int64_t result = 0;
  for (int i = 0; i <= options.repeats; ++i) {
    Exchange exchange(shape);
    std::vector<Cell> row(static_cast<std::size_t>(width));
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    for (int stage = 0; stage < stages; ++stage) {
      if (stage > 0) exchange(row);
      for (int column = own.first; column < own.last; ++column) {
        spin(length(stage, column));
        row[static_cast<std::size_t>(column)] = {stage, column, 1};
      }
    }
    std::int64_t mine = 0;
    for (int column = own.first; column < own.last; ++column) mine += static_cast<std::int64_t>(row[static_cast<std::size_t>(column)].hash);
    MPI_Allreduce(&mine, &result, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    const double took = slowest(MPI_Wtime() - start);
    if (i > 0) seconds.push_back(took);
  }
  report("imbalance", {{"size", options.full ? "full" : "small"}, {"stages", stages}, {"width", width}}, seconds, stages * result,
         {{"ideal_s", ideal}, {"efficiency", ideal / median(seconds)}});
}

// The numbers of the frame workloads' tables.
std::uint64_t bits_of(std::uint64_t stream, std::uint64_t index) {
  std::uint64_t z = (index + 1) * 0x9E3779B97F4A7C15u + stream * 0xD1B54A32D192ED03u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
std::int64_t below(std::uint64_t stream, std::int64_t index, std::int64_t n) {
  return static_cast<std::int64_t>(static_cast<double>(bits_of(stream, static_cast<std::uint64_t>(index)) >> 11) * 0x1p-53 * static_cast<double>(n));
}

// The table of the groupby questions, rows of equal id3 to one rank: the columns as plain arrays, categories as codes, id3 as twelve characters.
void shuffle(const Options& options) {
  const std::int64_t n = options.full ? 10'000'000 : 1'000'000, groups = n / 100;
  const std::int64_t first = n * rank / ranks, rows = n * (rank + 1) / ranks - first;
  constexpr std::size_t widths[] = {4, 4, 12, 8, 8, 8, 8, 8, 8}, columns = std::size(widths);
  std::vector<std::vector<char>> table(columns), mine(columns);
  for (std::size_t c = 0; c < columns; ++c) table[c].resize(static_cast<std::size_t>(rows) * widths[c]);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t i = first + row;
    const auto put = [&](std::size_t c, const auto& value) { std::memcpy(table[c].data() + static_cast<std::size_t>(row) * widths[c], &value, widths[c]); };
    put(0, static_cast<std::int32_t>(below(11, i, 100)));
    put(1, static_cast<std::int32_t>(below(12, i, 100)));
    char id3[24];
    std::snprintf(id3, sizeof id3, "id%010lld", static_cast<long long>(1 + below(13, i, groups)));
    put(2, id3);
    put(3, 1 + below(14, i, 100));
    put(4, 1 + below(15, i, 100));
    put(5, 1 + below(16, i, groups));
    put(6, 1 + below(17, i, 5));
    put(7, 1 + below(18, i, 15));
    put(8, static_cast<double>(below(19, i, 100'000'000)) / 1e6);
  }
  std::vector<double> seconds;
  std::int64_t received = 0;
  for (int repeat = 0; repeat <= options.repeats; ++repeat) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    std::vector<std::int32_t> to(static_cast<std::size_t>(rows));
    std::vector<int> out(static_cast<std::size_t>(ranks)), in(static_cast<std::size_t>(ranks));
    for (std::int64_t row = 0; row < rows; ++row) {
      std::uint64_t a;
      std::uint32_t b;
      std::memcpy(&a, table[2].data() + row * 12, 8);
      std::memcpy(&b, table[2].data() + row * 12 + 8, 4);
      const std::uint64_t hash = bits_of(a, b);
      ++out[static_cast<std::size_t>(to[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(hash % static_cast<std::uint64_t>(ranks)))];
    }
    MPI_Alltoall(out.data(), 1, MPI_INT, in.data(), 1, MPI_INT, MPI_COMM_WORLD);
    received = 0;
    for (const int count : in) received += count;
    std::vector<char> packed;
    for (std::size_t c = 0; c < columns; ++c) {
      std::vector<int> sizes(out.size()), begins(out.size()), in_sizes(out.size()), in_begins(out.size());
      for (std::size_t r = 0; r < out.size(); ++r) {
        sizes[r] = out[r] * static_cast<int>(widths[c]);
        in_sizes[r] = in[r] * static_cast<int>(widths[c]);
        begins[r] = r ? begins[r - 1] + sizes[r - 1] : 0;
        in_begins[r] = r ? in_begins[r - 1] + in_sizes[r - 1] : 0;
      }
      packed.resize(table[c].size());
      std::vector<char*> at;
      for (const int begin : begins) at.push_back(packed.data() + begin);
      const auto pack = [&]<std::size_t Width>(std::integral_constant<std::size_t, Width>) {
        const char* from = table[c].data();
        for (const std::int32_t r : to) {
          std::memcpy(at[static_cast<std::size_t>(r)], from, Width);
          at[static_cast<std::size_t>(r)] += Width;
          from += Width;
        }
      };
      if (widths[c] == 4) pack(std::integral_constant<std::size_t, 4>{});
      else if (widths[c] == 8) pack(std::integral_constant<std::size_t, 8>{});
      else pack(std::integral_constant<std::size_t, 12>{});
      mine[c] = std::vector<char>(static_cast<std::size_t>(received) * widths[c]);
      MPI_Alltoallv(packed.data(), sizes.data(), begins.data(), MPI_CHAR, mine[c].data(), in_sizes.data(), in_begins.data(), MPI_CHAR, MPI_COMM_WORLD);
    }
    const double took = slowest(MPI_Wtime() - start);
    if (repeat > 0) seconds.push_back(took);
  }
  double v3 = 0, total = 0;
  for (std::int64_t row = 0; row < received; ++row) {
    double value;
    std::memcpy(&value, mine[8].data() + row * 8, 8);
    v3 += value;
  }
  MPI_Allreduce(&v3, &total, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  report("shuffle", {{"size", options.full ? "full" : "small"}, {"rows", n}}, seconds, {{"rows", n}, {"v3", total}}, {{"bytes", 68 * n}});
}

int run(int argc, char** argv) {
  Options options;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == argc) throw std::runtime_error(word + ": a value is missing");
      return argv[++i];
    };
    if (word == "--size") options.full = value() == "full";
    else if (word == "--repeats") options.repeats = std::max(1, std::stoi(value()));
    else if (word == "--width") options.width = std::stoi(value());
    else if (word == "--steps") options.steps = std::max(1, std::stoi(value()));
    else if (word == "--radix") options.radix = std::max(1, std::stoi(value()));
    else if (word == "--table") options.table = true;
    else if (word == "--svg") options.svg = value();
    else names.push_back(word);
  }
  std::vector<Curve> curves;
  const std::vector<std::pair<std::string, std::function<void()>>> all = {
      {"stencil_metg", [&] { curves.push_back(metg("stencil_metg", Pattern::stencil_1d, options)); }},
      {"metg_stencil_1d", [&] { curves.push_back(metg("metg_stencil_1d", Pattern::stencil_1d, options)); }},
      {"metg_nearest", [&] { curves.push_back(metg("metg_nearest", Pattern::nearest, options)); }},
      {"imbalance", [&] { imbalance(options); }},
      {"shuffle", [&] { shuffle(options); }}};
  for (const std::string& name : names)
    if (std::none_of(all.begin(), all.end(), [&](const auto& w) { return w.first == name; })) {
      std::string known;
      for (const auto& [text, body] : all) known += " " + text;
      throw std::runtime_error("there is no workload " + name + "; there are" + known);
    }
  for (const auto& [text, body] : all)
    if ((names.empty() && text != "shuffle") || std::count(names.begin(), names.end(), text) > 0) body();
  if (rank == 0 && options.table) std::cerr << curves_table(curves);
  if (rank == 0 && !options.svg.empty() && !(std::ofstream(options.svg) << curves_svg(curves) << std::flush)) throw std::runtime_error("cannot write " + options.svg);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &bench::rank);
  MPI_Comm_size(MPI_COMM_WORLD, &bench::ranks);
  try {
    bench::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_mpi: rank %d: %s\n", bench::rank, e.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
