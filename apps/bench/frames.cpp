// Workloads on dataframes: the questions of db-benchmark, a sort, a shuffle, CSV files. Their tables are files that all systems that are compared
// read, so they run when they are named: in --data, `groupby-small/x.v1.npy` and so on hold a column each (int64 or float64, text as int32 codes
// in `x.id1.codes.npy` of the texts in `x.id1.levels.npy`), `csv-small/rides.*.csv` the rest. What is held is read into the workers before timing.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "measure.hpp"

namespace al = ashlar;

namespace bench {
namespace {

constexpr std::int64_t partitions = 8;

// One array of NumPy's .npy format, version 1.0, one dimension: where its elements begin and what they are.
class Npy {
 public:
  explicit Npy(const std::string& file) : file_(file), in_(file, std::ios::binary) {
    char start[10];
    if (!in_) throw al::IoError("cannot open " + file + ": the frame workloads want tables in the folder that --data names");
    if (!in_.read(start, sizeof start) || std::memcmp(start, "\x93NUMPY\x01\x00", 8) != 0)
      throw al::IoError("not a .npy file of version 1.0: " + file);
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(start[8]) + 256 * static_cast<unsigned char>(start[9]));
    std::string head(length, ' ');
    in_.read(head.data(), static_cast<std::streamsize>(length));
    begin_ = 10 + static_cast<std::int64_t>(length);
    const auto after = [&](const std::string& key) { return head.substr(head.find(key) + key.size()); };
    std::string descr = after("'descr':");
    descr = descr.substr(descr.find('\'') + 1);
    descr_ = descr.substr(0, descr.find('\''));
    std::string shape = after("'shape':");
    size_ = std::stoll(shape.substr(shape.find('(') + 1));
  }
  const std::string& descr() const { return descr_; }
  std::int64_t size() const { return size_; }
  void read(void* to, std::int64_t first, std::int64_t n, std::int64_t itemsize) {
    in_.seekg(begin_ + first * itemsize);
    if (!in_.read(static_cast<char*>(to), n * itemsize)) throw al::IoError("file ends early: " + file_);
  }

 private:
  std::string file_;
  std::ifstream in_;
  std::string descr_;
  std::int64_t begin_ = 0, size_ = 0;
};

al::Column text_column(const std::string& base, std::int64_t first, std::int64_t n) {
  Npy codes_file(base + ".codes.npy"), levels_file(base + ".levels.npy");
  std::vector<std::int32_t> codes(static_cast<std::size_t>(n));
  codes_file.read(codes.data(), first, n, 4);
  const auto width = static_cast<std::size_t>(std::stoll(levels_file.descr().substr(levels_file.descr().find('S') + 1)));
  std::vector<char> levels(static_cast<std::size_t>(levels_file.size()) * width);
  levels_file.read(levels.data(), 0, levels_file.size(), static_cast<std::int64_t>(width));
  const auto level = [&](std::int32_t code) {
    const char* text = levels.data() + static_cast<std::size_t>(code) * width;
    return std::string_view(text, strnlen(text, width));
  };
  al::Buffer offsets = al::Buffer::allocate((static_cast<std::size_t>(n) + 1) * 8);
  auto* to = reinterpret_cast<std::int64_t*>(offsets.data());
  to[0] = 0;
  for (std::int64_t i = 0; i < n; ++i) to[i + 1] = to[i] + static_cast<std::int64_t>(level(codes[static_cast<std::size_t>(i)]).size());
  al::Buffer text = al::Buffer::allocate(static_cast<std::size_t>(std::max<std::int64_t>(to[n], 1)));
  for (std::int64_t i = 0; i < n; ++i) {
    const std::string_view t = level(codes[static_cast<std::size_t>(i)]);
    std::memcpy(text.data() + to[i], t.data(), t.size());
  }
  return al::Column::from_buffers(al::ColumnType::string, n, std::move(offsets), {}, std::move(text));
}

al::Column column_of(const std::string& base, std::int64_t first, std::int64_t n) {
  if (!std::filesystem::exists(base + ".npy")) return text_column(base, first, n);
  Npy file(base + ".npy");
  al::Buffer values = al::Buffer::allocate(static_cast<std::size_t>(std::max<std::int64_t>(n, 1)) * 8);
  file.read(values.data(), first, n, 8);
  return al::Column::from_buffers(file.descr() == "<f8" ? al::ColumnType::float64 : al::ColumnType::int64, n, std::move(values));
}

// The folder and name of a table, its columns, rows [first, first + n).
using Part = std::tuple<std::string, std::vector<std::string>, std::int64_t, std::int64_t>;

al::Table read_part(Part part) {
  const auto& [base, columns, first, n] = part;
  std::vector<al::Column> out;
  for (const std::string& name : columns) out.push_back(column_of(base + "." + name, first, n));
  return al::Table(columns, std::move(out));
}

// Waits until every partition is there.
al::DataFrame ready(al::DataFrame df) {
  df.len();
  return df;
}

// `categories`: text columns that are held as such.
al::DataFrame held(const std::string& base, const std::vector<std::string>& columns, std::int64_t npartitions,
                   const std::vector<std::string>& categories = {}) {
  const std::string any =
      std::filesystem::exists(base + "." + columns[0] + ".npy") ? base + "." + columns[0] + ".npy" : base + "." + columns[0] + ".codes.npy";
  const std::int64_t rows = Npy(any).size();
  if (npartitions == 0) npartitions = rows <= 100'000 ? 1 : partitions;
  std::vector<Part> parts;
  for (std::int64_t p = 0; p < npartitions; ++p)
    parts.emplace_back(base, columns, rows * p / npartitions, rows * (p + 1) / npartitions - rows * p / npartitions);
  al::DataFrame table = al::from_map(read_part, parts, {.meta = read_part({base, columns, 0, 0})});
  for (const std::string& name : categories) table = table.assign(name, table[name].astype("category"));
  return ready(table.persist());
}

std::string folder(const Setting& setting, const std::string& kind) {
  return setting.folder + "/" + kind + (setting.full ? "-full" : "-small");
}

// The same tables, read by each question anew.
al::DataFrame read_from(const Setting& setting, const std::string& base, const std::vector<std::string>& categories = {}) {
  al::ReadCsvOptions options;
  options.blocksize = std::int64_t{setting.block_mib} << 20;  // what a task holds is a few times this
  for (const std::string& name : categories) options.dtype.v.push_back({name, "category"});
  return al::read_csv(base + ".*.csv", options);
}

// As Polars holds it: the two keys of a hundred texts each are categories.
al::DataFrame held_for_groups(const Setting& setting) {
  if (setting.from_csv) return read_from(setting, folder(setting, "groupby") + "/x", {"id1", "id2"});
  return held(folder(setting, "groupby") + "/x", {"id1", "id2", "id3", "id4", "id5", "id6", "v1", "v2", "v3"}, partitions, {"id1", "id2"});
}

using Query = std::function<al::DataFrame(const al::DataFrame& x)>;

// The number of rows and the sum of each value column; not timed.
Json summary(const al::DataFrame& answer, const std::vector<std::string>& values) {
  Json out = {{"rows", answer.len()}};
  for (const std::string& name : values) {
    const al::Value sum = answer[name].sum().compute();
    if (sum.type() == al::ColumnType::float64)
      out[name] = sum.as<double>();
    else
      out[name] = sum.as<std::int64_t>();
  }
  return out;
}

auto groupby(Query query, std::vector<std::string> values) {
  return [=](al::Client&, const Setting& setting, Json& scale) -> std::function<Sample()> {
    const al::DataFrame x = held_for_groups(setting);
    scale["rows"] = x.len();
    return [=] {
      const double start = now();
      const al::DataFrame answer = ready(query(x).persist());
      const double seconds = now() - start;
      return Sample{seconds, summary(answer, values)};
    };
  };
}

al::GroupBy grouped(const al::DataFrame& x, const al::Names& keys) { return x.groupby(keys, {.sort = false}); }

// Groups that keep many of their values are made in several partitions and stay there: in one, a single worker would make them all.
al::GroupBy grouped_apart(const al::DataFrame& x, const al::Names& keys) {
  return x.groupby(keys, {.sort = false, .split_out = partitions});
}

al::DataFrame correlation(const al::DataFrame& x) {
  const al::DataFrame products =
      x[{"id2", "id4", "v1", "v2"}].assign("v11", x["v1"] * x["v1"]).assign("v22", x["v2"] * x["v2"]).assign("v12", x["v1"] * x["v2"]);
  const al::DataFrame g =
      grouped(products, {"id2", "id4"}).agg({{"v1", {"sum", "count"}}, {"v2", "sum"}, {"v11", "sum"}, {"v22", "sum"}, {"v12", "sum"}});
  const al::Series n = g["v1_count"], a = g["v1_sum"], b = g["v2_sum"];
  const al::Series cross = (n * g["v12_sum"] - a * b).astype("float64");
  const al::Series spread = (n * g["v11_sum"] - a * a).astype("float64") * (n * g["v22_sum"] - b * b).astype("float64");
  return g.assign("r2", cross * cross / spread)[{"id2", "id4", "r2"}];
}

auto join(std::string table, std::vector<std::string> columns, std::string key, std::string how) {
  return [=](al::Client&, const Setting& setting, Json& scale) -> std::function<Sample()> {
    const std::string base = folder(setting, "join");
    const al::DataFrame x = setting.from_csv ? read_from(setting, base + "/x") : held(base + "/x", {"id1", "id2", "id3", "id4", "id5", "id6", "v1"}, partitions),
                        right = setting.from_csv ? read_from(setting, base + "/" + table) : held(base + "/" + table, columns, 0);
    scale["rows"] = x.len();
    return [=] {
      const double start = now();
      const al::DataFrame answer = ready(x.merge(right, {.how = how, .on = {key}}).persist());
      const double seconds = now() - start;
      return Sample{seconds, summary(answer, {"v1", "v2"})};
    };
  };
}

std::function<Sample()> sort_values(al::Client&, const Setting& setting, Json& scale) {
  const al::DataFrame x = held_for_groups(setting);
  scale["rows"] = x.len();
  return [=] {
    const double start = now();
    const al::DataFrame answer = ready(x.sort_values({"v3"}).persist());
    const double seconds = now() - start;
    Json result = summary(answer, {"v3"});
    result["first"] = answer.head(1)["v3"].value(0).as<double>();
    result["last"] = answer.tail(1)["v3"].value(0).as<double>();
    return Sample{seconds, result};
  };
}

std::function<Sample()> shuffle(al::Client&, const Setting& setting, Json& scale) {
  const al::DataFrame x = held_for_groups(setting);
  scale["rows"] = x.len();
  return [=] {
    const double start = now();
    const al::DataFrame answer = ready(x.shuffle({"id3"}, {.npartitions = partitions}).persist());
    const double seconds = now() - start;
    return Sample{seconds, summary(answer, {"v3"})};
  };
}

std::function<Sample()> csv_scan(al::Client&, const Setting& setting, Json& scale) {
  scale["rows"] = setting.full ? 12'500'000 : 1'250'000;
  return [files = folder(setting, "csv") + "/rides.*.csv"] {
    const double start = now();
    const al::Series fare = al::read_csv(files)["fare"];
    const auto [low, mean, high, count] = al::compute(fare.min(), fare.mean(), fare.max(), fare.count());
    const double seconds = now() - start;
    return Sample{
        seconds, {{"min", low.as<double>()}, {"mean", mean.as<double>()}, {"max", high.as<double>()}, {"count", count.as<std::int64_t>()}}};
  };
}

std::function<Sample()> csv_groupby(al::Client&, const Setting& setting, Json& scale) {
  scale["rows"] = setting.full ? 12'500'000 : 1'250'000;
  return [files = folder(setting, "csv") + "/rides.*.csv"] {
    const double start = now();
    const al::Table answer = al::read_csv(files).groupby({"city"}).agg({{"fare", {"mean", "count"}}}).compute();
    const double seconds = now() - start;
    double mean = 0;
    std::int64_t count = 0;
    for (const double each : answer.column<double>("fare_mean")) mean += each;
    for (const std::int64_t each : answer.column<std::int64_t>("fare_count")) count += each;
    return Sample{seconds, {{"rows", answer.nrows()}, {"mean", mean}, {"count", count}}};
  };
}

std::vector<Workload> when_named(std::vector<Workload> all) {
  for (Workload& each : all) each.on_request = true;
  return all;
}

}  // namespace

const std::vector<Workload>& frame_workloads() {
  using al::DataFrame;
  static const std::vector<Workload> all = when_named({
      {"csv_scan", csv_scan},
      {"csv_groupby", csv_groupby},
      {"groupby_q1", groupby([](const DataFrame& x) { return grouped(x, {"id1"})["v1"].sum(); }, {"v1"})},
      {"groupby_q2", groupby(
                         [](const DataFrame& x) {
                           return grouped(x, {"id1", "id2"})["v1"].sum();
                         },
                         {"v1"})},
      {"groupby_q3",
       groupby(
           [](const DataFrame& x) {
             return grouped(x, {"id3"}).agg({{"v1", "sum"}, {"v3", "mean"}}).rename({.columns = {{"v1_sum", "v1"}, {"v3_mean", "v3"}}});
           },
           {"v1", "v3"})},
      {"groupby_q4", groupby(
                         [](const DataFrame& x) {
                           return grouped(x, {"id4"})[{"v1", "v2", "v3"}].mean();
                         },
                         {"v1", "v2", "v3"})},
      {"groupby_q5", groupby(
                         [](const DataFrame& x) {
                           return grouped(x, {"id6"})[{"v1", "v2", "v3"}].sum();
                         },
                         {"v1", "v2", "v3"})},
      {"groupby_q6", groupby(
                         [](const DataFrame& x) {
                           return grouped_apart(x, {"id4", "id5"})
                               .agg({{"v3", {"median", "std"}}})
                               .rename({.columns = {{"v3_median", "median"}, {"v3_std", "sd"}}});
                         },
                         {"median", "sd"})},
      {"groupby_q7", groupby(
                         [](const DataFrame& x) {
                           const DataFrame g = grouped(x, {"id3"}).agg({{"v1", "max"}, {"v2", "min"}});
                           return g.assign("range", g["v1_max"] - g["v2_min"])[{"id3", "range"}];
                         },
                         {"range"})},
      {"groupby_q8", groupby([](const DataFrame& x) { return grouped_apart(x, {"id6"})["v3"].nlargest(2); }, {"v3"})},
      {"groupby_q9", groupby(correlation, {"r2"})},
      // As many groups as rows: they stay in as many partitions as the rows came in.
      {"groupby_q10", groupby(
                          [](const DataFrame& x) {
                            return x.groupby({"id1", "id2", "id3", "id4", "id5", "id6"}, {.sort = false, .split_out = std::max(partitions, x.npartitions())})
                                .agg({{"v3", {"sum", "count"}}})
                                .rename({.columns = {{"v3_sum", "v3"}, {"v3_count", "count"}}});
                          },
                          {"v3", "count"})},
      {"join_q1", join("small", {"id1", "id4", "v2"}, "id1", "inner")},
      {"join_q2", join("medium", {"id1", "id2", "id4", "id5", "v2"}, "id2", "inner")},
      {"join_q3", join("medium", {"id1", "id2", "id4", "id5", "v2"}, "id2", "left")},
      {"join_q4", join("medium", {"id1", "id2", "id4", "id5", "v2"}, "id5", "inner")},
      {"join_q5", join("big", {"id1", "id2", "id3", "id4", "id5", "id6", "v2"}, "id3", "inner")},
      {"sort_values", sort_values},
      {"shuffle", shuffle},
  });
  return all;
}

}  // namespace bench
