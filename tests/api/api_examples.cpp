// The examples of the public interface, as a user writes them: that they compile, that their types are the promised ones, and, where
// a small machine can, that they do what they say. Sections: starting, delayed and futures, arrays, HDF5, dataframes.
#include <ashlar/ashlar.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <sstream>
#include <type_traits>

namespace al = ashlar;
using al::_;
using namespace std::chrono_literals;

namespace {

int faults = 0;
#define EXPECT(...)                                                                \
  do {                                                                             \
    if (!(__VA_ARGS__)) {                                                          \
      std::cerr << "FAILED, line " << __LINE__ << ": " << #__VA_ARGS__ << '\n';    \
      ++faults;                                                                    \
    }                                                                              \
  } while (false)

template <class T, class U>
constexpr bool same = std::is_same_v<T, U>;

// The forms of starting that main below does not use.
[[maybe_unused]] int starts(int argc, char** argv, MPI_Comm comm) {
  al::attach(comm, [](al::Client& client) { std::cout << client << '\n'; });
  al::attach(comm, [](al::Client&) { return 3; });
  return al::run(argc, argv, [](al::Client& client) { std::cout << client << '\n'; });
}

int twice(int x) { return 2 * x; }

void delayed_and_futures(al::Client& client, const std::string& folder) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto add = al::delayed([](int a, int b) { return a + b; });
  al::Delayed<int> z = add(inc(1), inc(2));  // builds a graph; runs nothing
  z.visualize(folder + "/z.svg", {.rankdir = "LR"});
  EXPECT(std::filesystem::file_size(folder + "/z.svg") > 500);
  int five = z.compute();
  EXPECT(five == 5);

  std::vector<al::Delayed<int>> parts = {inc(1), inc(2), z};
  auto total = al::delayed([](std::vector<int> v) { return std::accumulate(v.begin(), v.end(), 0); })(parts);
  auto [a, b] = al::compute(z, total);  // one run, shared parts computed once
  static_assert(same<decltype(a), int> && same<decltype(b), int>);
  EXPECT(a == 5 && b == 10);
  auto kept = al::persist(z);  // starts now, stays on the workers
  EXPECT(kept.compute() == 5);

  std::vector<double> values = {1, 2, 3, 4};
  al::Future<int> f = client.submit([](int x) { return 2 * x; }, 21);  // starts now
  auto fs = client.map([](double x) { return x * x; }, values);        // vector<Future<double>>
  static_assert(same<decltype(fs), std::vector<al::Future<double>>>);
  EXPECT(f.result() == 42);
  f.done(); f.status(); f.exception();
  EXPECT(f.done());
  double squares = 0;
  for (auto& done : al::as_completed(fs)) squares += done.result();
  for (auto done : al::as_completed(fs)) squares += done.result();
  for (const auto& done : al::as_completed(fs)) squares += done.result();
  for (auto&& done : al::as_completed(client.map([](double x) { return x; }, values))) squares += done.result();
  EXPECT(squares == 3 * 30 + 10);
  EXPECT(client.gather(fs) == std::vector<double>({1, 4, 9, 16}));
  std::size_t batched = 0;
  for (auto& batch : al::as_completed(fs, {.timeout = 60s}).batches()) batched += batch.size();
  EXPECT(batched == fs.size());

  // Tasks are clients: they submit, wait, and hold futures.
  auto nested = client.submit([](int x) {
    al::Client& here = al::get_client();
    auto y = here.submit(twice, x);
    auto w = al::ones<double>({20, 10}, {.chunks = {5, 10}}).persist();
    return y.result() + static_cast<int>((w + w).sum().compute());
  }, 1);
  EXPECT(nested.result() == 402);
  auto outer = client.submit([](al::Future<int> future) { return al::get_client().submit(twice, future); }, client.submit(twice, 2));
  static_assert(same<decltype(outer), al::Future<al::Future<int>>>);
  EXPECT(outer.result().result() == 8);
  al::fire_and_forget(client.submit(twice, 3));

  // What tasks share by name.
  al::Queue<int> queue("numbers");
  auto got = client.submit([](al::Queue<int> q) { return q.get() + 1; }, queue);
  queue.put(41);
  EXPECT(got.result() == 42);
  al::Variable<double> shared("x");
  shared.set(2.5);
  EXPECT(shared.get(5s) == 2.5);
  {
    al::Lock lock("one");
    std::lock_guard guard(lock);
    al::Semaphore two(2, "two");
    EXPECT(two.acquire(1s) && !lock.acquire({.timeout = 1ms}));
    two.release();
  }
  al::Event go("go");
  go.set();
  EXPECT(go.wait(1s));

  auto frame = al::ones<double>({20, 10}, {.chunks = {5, 10}}).persist();
  client.publish_dataset("ones", frame);
  EXPECT(client.get_dataset<al::Array<double>>("ones").sum().compute() == 200);
  EXPECT(al::futures_of(al::wait(frame)).size() == 4);
  client.unpublish_dataset("ones");
  client.set_metadata("run", 7);
  EXPECT(client.get_metadata<int>("run") == 7);
  EXPECT(client.who_has(f).size() == 1 && client.nbytes().size() > 0);

  auto scattered = client.scatter(values[2]);
  static_assert(same<decltype(scattered), al::Future<double>>);
  static_assert(same<decltype(client.scatter(values)), std::vector<al::Future<double>>>);
  EXPECT(scattered.result() == 3);
  auto everywhere = client.scatter(values[0], {.broadcast = true});
  EXPECT(client.who_has(everywhere).at(everywhere.key()).size() == client.ncores().size());
  client.replicate(fs, 2);
  client.rebalance(fs);
  al::wait(fs, {.timeout = 5s});
  auto ranks = client.run([](al::WorkerContext& w) { return w.rank(); });  // once on every worker
  EXPECT(ranks.size() == client.scheduler_info().workers.size());
  client.run([](al::WorkerContext& w) { (void)w.rank(); });
  const auto with_retries = [&] { return client.with({.retries = 3, .priority = 1}).submit([](int x, int y) { return x + y; }, 1, f); };
  static_assert(same<decltype(with_retries()), al::Future<int>>);
  EXPECT(with_retries().result() == 43);
  EXPECT(al::delayed([](int x) { return x; }, {.retries = 3})(1).compute() == 1);
  f.cancel();

  EXPECT(client.submit(twice, 4).result() == 8);
  EXPECT(client.gather(client.map([](int x, int y) { return x + y; }, std::vector<int>{1, 2, 3}, 3)) == std::vector<int>({4, 5, 6}));
  EXPECT(client.gather(client.map([](int x) { return x; }, {1, 2, 3})) == std::vector<int>({1, 2, 3}));
  EXPECT(client.with({.key = "load"}).submit(twice, 5).result() == 10);
  EXPECT(client.submit(twice, client.submit(twice, 3)).result() == 12);

  auto mix = al::delayed([](std::vector<double> v, std::string s, int k, double d) { return v[0] + k + d + static_cast<double>(s.size()); });
  std::vector<al::Delayed<double>> lazy_doubles = {al::delayed(1.5)};
  al::Delayed<double> m1 = mix(lazy_doubles, "text", inc(1), 2);
  al::Delayed<double> m2 = mix(fs, std::string("t"), client.submit(twice, 1), inc(2));
  al::Delayed<double> m3 = mix(values, "text", 3, z);
  EXPECT(m1.compute() == 9.5 && m2.compute() == 7 && m3.compute() == 13);

  auto plus = z + 1;
  auto times = 2 * z;
  auto same_number = z == 5;
  static_assert(same<decltype(plus), al::Delayed<int>> && same<decltype(same_number), al::Delayed<bool>>);
  EXPECT(plus.compute() == 6 && times.compute() == 10 && (z + z).compute() == 10 && same_number.compute());
  auto text = al::delayed("text");
  static_assert(same<decltype(text), al::Delayed<std::string>>);
  EXPECT(al::delayed(5).compute() == 5 && text.compute() == "text" && al::delayed(values).compute() == values);
  al::delayed(al::NDArray<double>{});

  auto nothing = al::delayed([](int) {})(1);
  static_assert(same<decltype(nothing), al::Delayed<void>>);
  nothing.compute();
  std::vector<al::Delayed<void>> voids{nothing, nothing};
  EXPECT(al::delayed([](std::vector<al::Nothing> v) { return static_cast<int>(v.size()); })(voids).compute() == 2);
  auto [n, q] = al::compute(nothing, z);
  static_assert(same<decltype(n), al::Nothing>);
  EXPECT(q == 5);
  static_assert(same<decltype(al::compute(parts)), std::vector<int>>);
  auto generic = al::delayed([](auto x, auto y) { return x + y; })(inc(1), 2.5);
  static_assert(same<decltype(generic), al::Delayed<double>>);
  EXPECT(generic.compute() == 4.5);
  EXPECT(al::delayed([](std::tuple<int, double> t) { return std::get<0>(t) + std::get<1>(t); })(std::make_tuple(z, 2.0)).compute() == 7);
  EXPECT(al::delayed([](const al::NDArray<double>& block, double mean) { return block(0) + mean; })(al::ones<double>({3}), al::ones<double>({3}).mean()).compute() == 2);

  try {
    client.submit([](int) -> int { throw std::invalid_argument("no"); }, 1).result();
    EXPECT(!"the task's exception comes out");
  } catch (const al::TaskError& e) {
    EXPECT(e.where().message == "no" && e.where().type == "std::invalid_argument" && !e.where().key.empty() && e.where().rank >= 0);
  }
}

void arrays(const std::string& folder) {
  auto x = al::ones<double>({200'000, 4'000}, {.chunks = {1'000, 1'000}});
  std::ostringstream table;
  table << x << '\n';  // Dask's table: bytes, shape, count, type, for array and chunk; nothing has run
  EXPECT(table.str().find("5.96 GiB") != std::string::npos && table.str().find("(200000, 4000)") != std::string::npos);
  auto m = (x * x(al::range(_, _, -1), al::range(_, _, -1))).mean();  // al::Scalar<double>
  auto r = al::mean(al::square(al::cos(x)), {.axis = {1}});           // al::Array<double>
  static_assert(same<decltype(m), al::Scalar<double>> && same<decltype(r), al::Array<double>>);
  EXPECT(r.shape() == al::Shape({200'000}));

  auto s = al::ones<double>({200, 40}, {.chunks = {100, 10}});
  double d = (s * s(al::range(_, _, -1), al::range(_, _, -1))).mean().compute();
  EXPECT(d == 1);
  al::NDArray<double> local = al::mean(al::square(al::cos(s)), {.axis = {1}}).compute();
  EXPECT(local.shape() == al::Shape({200}) && std::abs(local(7) - std::cos(1.0) * std::cos(1.0)) < 1e-12);
  local.strides(); local.data(); local.begin(); local.end();
  EXPECT(al::full({1}, 3.5).compute().item() == 3.5);
  std::ostringstream printed;
  printed << al::array({{1, 2}, {3, 4}});
  EXPECT(printed.str() == "[[1 2]\n [3 4]]" || printed.str() == "array([[1, 2],\n       [3, 4]])");
  double held[] = {1, 2, 3};
  (void)held;

  // Slices.
  auto g = al::arange<double>(24).reshape({4, 6});
  EXPECT(x(al::range(2, 10), al::all).shape() == al::Shape({8, 4000}) && x(0, al::ellipsis).shape() == al::Shape({4000}));
  EXPECT(x(al::all, al::newaxis, 3).shape() == al::Shape({200'000, 1}) && x("::-1, 2:10").shape() == al::Shape({200'000, 8}));
  EXPECT(g(1, 2).compute().item() == 8 && g(-1, 0).compute().item() == 18 && g(0)(5).compute().item() == 5);
  EXPECT(x(_, 0).shape() == al::Shape({200'000}) && x("0", 0).ndim() == 0 && x(0, "::2").shape() == al::Shape({2000}));
  static_assert(same<decltype(x - x.mean()), al::Array<double>>);

  // Reductions.
  static_assert(same<decltype(x.std({.ddof = 1})), al::Scalar<double>> && same<decltype(x.std({.axis = {0}, .ddof = 1})), al::Array<double>>);
  static_assert(same<decltype(x.sum({.keepdims = true})), al::Array<double>> && same<decltype(al::mean(x, {.split_every = 4})), al::Scalar<double>>);
  static_assert(same<decltype(x.sum<float>()), al::Scalar<float>>);
  x.sum({.axis = 0}); x.sum({.axis = {0, 1}, .keepdims = true}); x.sum({}); x.transpose({1, 0});
  auto every = al::all(x > 0);
  auto along = al::all(x > 0, {.axis = {0}});
  static_assert(same<decltype(every), al::Scalar<bool>> && same<decltype(along), al::Array<bool>>);
  EXPECT(al::all(s > 0).compute());

  // Types of results.
  static_assert(same<decltype(al::ones<float>({3}) * 2.0), al::Array<float>> && same<decltype(al::ones<int>({3}) / 2), al::Array<double>>);
  static_assert(same<decltype(al::ones<std::int64_t>({3}) * 2.5), al::Array<double>> && same<decltype(al::ones({3, 4})), al::Array<double>>);
  static_assert(same<decltype(x + 1), al::Array<double>> && same<decltype(1 + x), al::Array<double>> && same<decltype(al::arange(10)), al::Array<std::int64_t>>);
  static_assert(same<decltype(x.mean() / x.std()), al::Scalar<double>> && same<decltype(1 == x), al::Array<bool>> && same<decltype(x.mean() == 0), al::Scalar<bool>>);
  auto b = (x > 0) & (x < 1);
  auto nb = ~b;
  static_assert(same<decltype(nb), al::Array<bool>>);
  auto u1 = 2 * x; auto u2 = x / 2; auto u3 = 1 - x.mean(); auto u4 = -x; auto u5 = 0 < x; auto u6 = x != x; auto u7 = x == x.mean(); auto u8 = x * local(0);
  (void)u1; (void)u2; (void)u3; (void)u4; (void)u5; (void)u6; (void)u7; (void)u8;
  auto chosen = al::where(g > 3, 0, g);
  static_assert(same<decltype(chosen), al::Array<double>>);
  EXPECT(chosen.sum().compute() == 6);
  al::where(x > 0, x, 0.0); al::where(x > 0, x, x.mean());
  x += 1;
  EXPECT(al::floor_divide(g, 5).max().compute() == 4);
  auto eager = local * 2.0 + local;
  static_assert(same<decltype(eager), al::NDArray<double>>);
  al::Array<double> mixed = s(al::all, 0) * local;
  EXPECT(mixed.shape() == al::Shape({200}));

  al::concatenate({x, x}, {.axis = 1}); al::concatenate({x}); al::concatenate(std::vector{x, x}); al::stack({x, x});
  auto blocks = g.map_blocks([](al::NDArray<double> block) { return al::cos(block * 2) + 1; });
  g.map_blocks([](const al::NDArray<double>& block, const al::BlockInfo&) { return block; });
  g.map_blocks([](auto block) { return block; });
  auto narrow = g.map_blocks([](al::NDArray<double> block) { return block.astype<float>(); });
  static_assert(same<decltype(narrow), al::Array<float>>);
  EXPECT(std::abs(blocks(0, 0).compute().item() - 2) < 1e-12);

  auto normal = al::random::default_rng(42).normal({30, 40}, {.loc = 0, .scale = 1, .chunks = {20, 20}});
  auto other_chunks = al::random::default_rng(42).normal({30, 40}, {.loc = 0, .scale = 1, .chunks = {7, 40}});
  EXPECT(al::all(normal == other_chunks).compute());

  x.rechunk({1000, 500}); x.rechunk({-1, "auto"}); x.rechunk("auto"); x.rechunk(-1); x.rechunk(x.chunks()); x.rechunk({{100'000, 100'000}, 500});
  auto p = g.persist();
  p.visualize(folder + "/x.svg");
  EXPECT(x.nbytes() == 6'400'000'000 && x.numblocks() == al::Shape({200, 4}) && x.dtype() == "float64" && x.chunks().size() == 2);
  std::size_t n = 4;
  int k = 2;
  unsigned u = 3;
  EXPECT(al::zeros<float>({n, k, u}, {.chunks = {n, 1, u}}).shape() == al::Shape({4, 2, 3}));
  al::ones<double>({n}); al::ones<double>({3}); al::ones<double>(5); al::ones<double>({}); al::ones<double>({0}); al::ones<double>(x.shape(), {.chunks = x.chunks()});
  EXPECT(al::ones<double>({10}, {.chunks = {5, 5}}).numblocks() == al::Shape({2}));
  al::ones<double>({100}, {.chunks = {{100}}}); al::ones<double>({100, 100}, {.chunks = {{50, 50}, {90, 10}}}); al::ones<double>({100, 100}, {.chunks = {{50, 50}, 10}});
  al::ones<double>({100}, {.chunks = "auto"}); al::ones<double>({100}, {.chunks = 10}); al::ones<double>({100}, {.chunks = {10}});
  al::ones<double>({100, 100}, {.chunks = {"auto", -1}}); al::ones<double>({100, 100}, {.chunks = {{90, 10}, "auto"}});
  try {
    al::ones<double>({100}, {.chunks = {{90, 20}}});
    EXPECT(!"chunks that do not add up are an error");
  } catch (const al::ValueError&) {
  } catch (const al::ShapeError&) {
  }
  al::full({3, 4}, 1.5); al::arange<double>(0, 24).reshape({4, 6}).rechunk({2, 4}); al::arange<double>(24, {.chunks = {6}}); al::arange<double>(0, 1, 0.1, {.chunks = 5});
  double sum = 0;
  for (auto v : g.compute()) sum += v;
  EXPECT(sum == 276 && g.compute()(1, 0) == 6);
  const auto cx = s;
  cx(0); cx.sum(); cx + cx;
}

#ifdef ASHLAR_FANCY_INDEXING
// A list of integers, a boolean array and `set`.
[[maybe_unused]] void indices(al::Array<double> x) {
  x({0, 3, 7}, al::all); x(x > 0.5); x(std::vector<int>{1, 2}, -1); x({0}, 0); x(al::all, {1, 2});
  al::set(x, {al::range(0, 2), al::all}, 0.0); al::set(x, "0:2, :", 0); al::set(x, x > 0, x.mean()); al::set(x, {al::ellipsis, 0}, x(0));
}
#endif

void hdf5(const std::string& folder) {
  const std::string out = folder + "/out.h5", a = folder + "/a.h5", b = folder + "/b.h5";
  auto x = al::arange<double>(4'000).reshape({40, 100}).rechunk({10, 50});
  try {
    x.to_hdf5(out, "/group/x", {.storage_chunks = {10, 50}, .compression = "gzip", .attributes = {{"units", "K"}}});
  } catch (const al::NotImplementedError&) {
    x.to_hdf5(out, "/group/x", {.storage_chunks = {10, 50}, .attributes = {{"units", "K"}}});
  }
  auto y = al::from_hdf5<double>(out, "/group/x", {.chunks = {20, 100}});
  EXPECT(al::all(x == y).compute() && y.numblocks() == al::Shape({2, 1}));
  x.to_hdf5(out, "/group/x", {.attributes = {{"units", "K"}, {"scale", 1.5}, {"n", 3}, {"valid_range", {0, 100}}}});
  x.to_hdf5(out, "/group/x", {.attributes = {{"a", "b"}, {"c", "d"}}});
  try {
    y.compute();  // of the file that was replaced since
    EXPECT(false);
  } catch (const al::TaskError& e) {
    EXPECT(std::string(e.what()).find("was replaced") != std::string::npos);
  }
  y = al::from_hdf5<double>(out, "/group/x", {.chunks = {20, 100}});
  al::zeros<double>({10, 100}).to_hdf5(b, "/y");
  al::store({x, y(al::range(0, 10), al::all)}, {al::Hdf5Target{a, "/x"}, al::Hdf5Target{b, "/y", {al::range(0, 10), al::all}}});  // one run; a target may be a region
  EXPECT(al::from_hdf5<double>(b, "/y").sum().compute() == 999 * 1000 / 2);
  al::store({x}, {al::Hdf5Target{a, "/x"}});
  al::store(x, al::Hdf5Target{a, "/x"});
  al::NDArray<double> memory;
  al::store({x}, {memory});
  EXPECT(memory(1, 1) == 101);
  std::ostringstream tree;
  tree << al::info_hdf5(out);  // tree of groups, datasets, shapes, types, chunks, attributes
  EXPECT(tree.str().find("group") != std::string::npos && tree.str().find("float64") != std::string::npos);
}

void dataframes(const std::string& folder) {
  const std::string file = folder + "/volcano.csv";
  std::ofstream(file) << "volcano_name,country,last_eruption_year,latitude,elevation\nA,Chile,-5050,-27.1,6879\nB,Chile,Unknown,-24.7,6739\n"
                         "C,Ecuador,1877,-0.7,5911\nD,Japan,1707,35.4,3776\nE,Ecuador,2015,-2.0,5286\n";
  auto df = al::read_csv(file, {.na_values = {"Unknown"}});
  std::ostringstream structure;
  structure << df << '\n';  // structure only: columns, types, npartitions, graph length
  EXPECT(structure.str().find("last_eruption_year") != std::string::npos);
  df = df.repartition({.npartitions = 4});
  double oldest = df["last_eruption_year"].min().compute().as<double>();
  EXPECT(oldest == -5050);
  al::Table top = df[df["elevation"] > 5000].groupby({"country"}).agg({{"elevation", "mean"}, {"elevation", "max"}, {"volcano_name", "count"}})
                      .sort_values({"elevation_mean"}, {.ascending = {false}}).head(5);
  EXPECT(top.column<double>("elevation_mean")[0] == 6809);
  EXPECT(al::read_csv(file, {.usecols = {"country", "latitude"}}).columns().size() == 2);
  al::read_csv(file, {.na_values = "Unknown"});
  al::read_csv(file);

  df.groupby("country").agg({{"elevation", "mean"}});
  df.groupby({"country", "latitude"}).agg({{"elevation", {"mean", "max"}}, {"volcano_name", "count"}});
  df.groupby({"country"})["elevation"].mean();
  df[{"country", "latitude"}]; df[{"country"}];
  std::string name = "country";
  df[name]; df[std::string_view("country")]; df[std::vector<std::string>{"country"}]; df[{name, "latitude"}];
  static_assert(same<decltype(df["elevation"].min()), al::Scalar<al::Value>>);
  df["elevation"] > 0; 0 < df["elevation"]; df["country"] == "Chile"; "Chile" == df["country"]; df["country"] != "x"; df["country"] == name;
  df["elevation"] - df["elevation"].mean(); df["elevation"].max() - df["elevation"].min(); df["elevation"] + 1; 2.0 * df["elevation"];
  df[(df["elevation"] > 0) & (df["country"] == "Chile")]; df[df["elevation"] > 0 && df["latitude"] < 3]; df[~(df["elevation"] > 0)];
  const auto cdf = df;
  cdf["country"]; cdf[cdf["elevation"] > 1];
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [](al::Client& client) {
    std::cout << client << '\n';  // workers, threads, memory, dashboard address
    std::string folder = (std::filesystem::temp_directory_path() / "ashlar-test-api-XXXXXX").string();
    if (!mkdtemp(folder.data())) return 2;
    struct Removed {
      std::string folder;
      ~Removed() { std::filesystem::remove_all(folder); }
    } removed{folder};
    delayed_and_futures(client, folder);
    arrays(folder);
    hdf5(folder);
    dataframes(folder);
    return faults;  // the exit code of every rank
  });
}
