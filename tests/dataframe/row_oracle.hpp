#pragma once
// Random pipelines over random frames, and the oracle that they are compared with: it handles one row after the other and shares no code with the
// engine; its cells, their order and every operation are its own.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <variant>

#include "ashlar/dataframe/read_csv.hpp"
#include "ashlar/graph/run_here.hpp"
#include "dataframe/reference.hpp"

namespace ashlar::test::pipelines {

using Cell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;  // monostate: missing
using Cells = std::vector<Cell>;

inline bool missing(const Cell& c) { return c.index() == 0; }
inline bool is_nan(const Cell& c) { return std::holds_alternative<double>(c) && std::isnan(std::get<double>(c)); }
inline bool same(const Cell& a, const Cell& b) { return a == b || (is_nan(a) && is_nan(b)); }
// Numbers, then NaN, then what is missing.
inline int rank_of(const Cell& c) { return missing(c) ? 2 : is_nan(c) ? 1 : 0; }
inline int compare(const Cell& a, const Cell& b, bool ascending = true) {
  if (rank_of(a) != rank_of(b)) return rank_of(a) - rank_of(b);
  if (rank_of(a) > 0) return 0;
  const int sign = a < b ? -1 : b < a ? 1 : 0;
  return ascending ? sign : -sign;
}

struct Rows {
  std::vector<std::string> names;
  std::vector<Cells> rows;

  std::size_t at(const std::string& name) const {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }
  void keep(const std::function<bool(const Cells&)>& wanted) {
    std::vector<Cells> kept;
    for (const Cells& row : rows)
      if (wanted(row)) kept.push_back(row);
    rows = kept;
  }
  void set(const std::string& name, const std::function<Cell(const Cells&, std::size_t)>& value) {
    const std::size_t column = at(name);
    std::vector<Cells> out = rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (column == names.size()) out[i].emplace_back();
      out[i][column] = value(rows[i], i);
    }
    if (column == names.size()) names.push_back(name);
    rows = out;
  }
  void sort(const std::vector<std::size_t>& keys, const std::vector<bool>& ascending) {
    std::stable_sort(rows.begin(), rows.end(), [&](const Cells& a, const Cells& b) {
      for (std::size_t k = 0; k < keys.size(); ++k)
        if (const int c = compare(a[keys[k]], b[keys[k]], ascending[k])) return c < 0;
      return false;
    });
  }
};

inline Cell cell(const Value& v) {
  return std::visit(
      [](const auto& x) -> Cell {
        if constexpr (std::is_constructible_v<Cell, decltype(x)> && !std::is_same_v<std::decay_t<decltype(x)>, std::uint64_t>)
          return x;
        else
          throw std::logic_error("a type that pipelines do not have");
      },
      v.variant());
}
inline Rows rows_of(const Table& t) {
  Rows out{t.columns(), {}};
  for (std::int64_t i = 0; i < t.nrows(); ++i) {
    out.rows.emplace_back();
    for (std::int64_t c = 0; c < t.ncols(); ++c) out.rows.back().push_back(cell(t.at(c).value(i)));
  }
  return out;
}
inline std::string text(const Rows& r) {
  std::string out;
  for (const std::string& n : r.names) out += n + " ";
  for (const Cells& row : r.rows) {
    out += "\n";
    for (const Cell& c : row)
      out += std::visit(
          [](const auto& x) -> std::string {
            using T = std::decay_t<decltype(x)>;
            if constexpr (std::is_same_v<T, std::monostate>)
              return "- ";
            else if constexpr (std::is_same_v<T, std::string>)
              return "\"" + x + "\" ";
            else
              return std::to_string(x) + " ";
          },
          c);
  }
  return out;
}

// One frame and its oracle, and the operations that are done to both.
struct Pipeline {
  std::mt19937& random;
  DataFrame df;
  Rows rows;
  std::string told;

  int pick(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

  // A condition on some column, for the engine and, as three-valued logic, for one row.
  struct Condition {
    Series mask;
    std::function<std::optional<bool>(const Cells&)> holds;
    std::string text;
  };
  Condition one_condition() {
    static const char* const words[] = {"Italy", "Japan", "Chile", "", "two words", "Ö"};
    const bool joined = rows.at("m") < rows.names.size();
    switch (pick(joined ? 9 : 7)) {
      case 0: {
        const std::int64_t limit = pick(15) - 8;
        return {df["n"] > limit, on<std::int64_t>("n", [=](std::int64_t v) { return v > limit; }), "n>" + std::to_string(limit)};
      }
      case 1: {
        const double limit = (pick(2001) - 1000) / 8.0;
        return {df["x"] <= limit, on<double>("x", [=](double v) { return v <= limit; }), "x<=" + std::to_string(limit)};
      }
      case 2: {
        const std::string word = words[pick(6)];
        return {df["s"] == word, on<std::string>("s", [=](const std::string& v) { return v == word; }), "s==" + word};
      }
      case 3: return {df["b"], on<bool>("b", [](bool v) { return v; }), "b"};
      case 4: {
        const std::size_t s = rows.at("s");
        return {df["s"].isna(), [s](const Cells& row) { return std::optional<bool>(missing(row[s])); }, "isna(s)"};
      }
      case 5: {
        const std::int64_t other = pick(5);
        return {!(df["n"] * 2 - 1 == other * 2 - 1), on<std::int64_t>("n", [=](std::int64_t v) { return v != other; }), "n!=" + std::to_string(other)};
      }
      case 6: return {df["s"].str().len() > 2, on<std::string>("s", [](const std::string& v) { return v.size() > 2; }), "len(s)>2"};
      case 7: return {df["m"] < df["n"], [m = rows.at("m"), n = rows.at("n")](const Cells& row) {
                        return missing(row[m]) || missing(row[n]) ? std::nullopt : std::optional<bool>(std::get<std::int64_t>(row[m]) < std::get<std::int64_t>(row[n]));
                      }, "m<n"};
      default: {
        const std::int64_t limit = pick(15) - 8;
        return {df["m"] >= limit, on<std::int64_t>("m", [=](std::int64_t v) { return v >= limit; }), "m>=" + std::to_string(limit)};
      }
    }
  }
  template <class T, class F>
  std::function<std::optional<bool>(const Cells&)> on(const std::string& name, F holds) const {
    return [column = rows.at(name), holds](const Cells& row) { return missing(row[column]) ? std::nullopt : std::optional<bool>(holds(std::get<T>(row[column]))); };
  }
  void filter() {
    Condition c = one_condition();
    for (int more = pick(3); more > 0; --more) {
      const Condition d = one_condition();
      const bool both = pick(3) > 0;
      c.mask = both ? c.mask & d.mask : c.mask | d.mask;
      c.text = "(" + c.text + (both ? "&" : "|") + d.text + ")";
      c.holds = [p = c.holds, q = d.holds, both](const Cells& row) -> std::optional<bool> {
        const std::optional<bool> a = p(row), b = q(row);
        if ((a && *a != both) || (b && *b != both)) return !both;  // false & …, true | …
        return a && b ? std::optional<bool>(both) : std::nullopt;
      };
    }
    told += " " + c.text;
    df = df[c.mask];
    rows.keep([&](const Cells& row) { return c.holds(row).value_or(false); });
  }
  // Under other names for a while, and another order of columns.
  void filter_renamed() {
    told += " renamed:";
    const std::vector<std::string> names = rows.names;
    const std::int64_t limit = pick(15) - 8;
    df = df.rename({.columns = {{"n", "x"}, {"x", "n"}}});
    df = df[df["x"] >= limit].rename({.columns = {{"n", "x"}, {"x", "n"}}})[Names(names)];
    told += " n>=" + std::to_string(limit);
    const auto holds = on<std::int64_t>("n", [=](std::int64_t v) { return v >= limit; });
    rows.keep([&](const Cells& row) { return holds(row).value_or(false); });
  }
  void shuffle() {
    told += " shuffle(s)";
    df = df.shuffle({"s"}, {.npartitions = 1 + pick(4)});
    if (pick(2)) filter();
    in_order_of_all();
  }
  void arithmetic() {
    told += " y=n*2-1";
    df = df.assign("y", df["n"] * 2 - 1);
    const std::size_t n = rows.at("n");
    rows.set("y", [&](const Cells& row, std::size_t) { return missing(row[n]) ? Cell() : Cell(std::get<std::int64_t>(row[n]) * 2 - 1); });
  }
  void fill() {
    told += " fillna";
    df = df.assign("x", df["x"].fillna(0.5));
    const std::size_t x = rows.at("x");
    rows.set("x", [&](const Cells& row, std::size_t) { return missing(row[x]) ? Cell(0.5) : row[x]; });
  }
  void drop_missing() {
    told += " dropna(s)";
    df = df.dropna({.subset = {"s"}});
    const std::size_t s = rows.at("s");
    rows.keep([&](const Cells& row) { return !missing(row[s]); });
  }
  void sort() {
    const bool up = pick(2), down = pick(2);
    told += " sort(s,x)";
    df = df.sort_values({"s", "x"}, {.ascending = {up, down}});
    rows.sort({rows.at("s"), rows.at("x")}, {up, down});
  }
  void distinct() {
    told += " drop_duplicates(s,b)";
    df = df.drop_duplicates({.subset = {"s", "b"}});
    const std::size_t s = rows.at("s"), b = rows.at("b");
    std::vector<Cells> seen;
    rows.keep([&](const Cells& row) {
      for (const Cells& before : seen)
        if (same(before[s], row[s]) && same(before[b], row[b])) return false;
      seen.push_back(row);
      return true;
    });
  }
  void running() {
    told += " cumsum(n)";
    df = df.assign("n", df["n"].cumsum());
    const std::size_t n = rows.at("n");
    std::int64_t total = 0;
    rows.set("n", [&](const Cells& row, std::size_t) { return missing(row[n]) ? Cell() : Cell(total += std::get<std::int64_t>(row[n])); });
  }
  void shift() {
    const int periods = pick(7) - 3;
    told += " shift(" + std::to_string(periods) + ")";
    df = df.assign("x", df["x"].shift({.periods = periods}));
    const std::size_t x = rows.at("x");
    const std::vector<Cells> before = rows.rows;
    rows.set("x", [&](const Cells&, std::size_t i) {
      const auto from = static_cast<std::int64_t>(i) - periods;
      return from < 0 || from >= static_cast<std::int64_t>(before.size()) ? Cell() : before[static_cast<std::size_t>(from)][x];
    });
  }
  void repartition() {
    const int n = 1 + pick(6);
    told += " repartition(" + std::to_string(n) + ")";
    df = df.repartition({.npartitions = n});
  }
  void merge() {
    const auto others = random_rows(random, pick(9));
    DataFrame right = frame_of(others, random)[{"s", "n"}].rename({.columns = {{"n", "m"}}});
    static const char* const kinds[] = {"inner", "left", "right", "outer", "leftsemi", "leftanti"};
    const std::string how = kinds[pick(6)];
    told += " merge(" + how + ")";
    df = df.merge(right, {.how = how, .on = {"s"}});
    const std::size_t s = rows.at("s");
    const bool left_only = how == "leftsemi" || how == "leftanti";
    std::vector<Cells> out;
    std::vector<bool> used(others.size());
    const auto other_cell = [](const auto& v) { return v ? Cell(*v) : Cell(); };
    for (const Cells& row : rows.rows) {
      bool any = false;
      for (std::size_t j = 0; j < others.size(); ++j) {
        if (!same(row[s], other_cell(others[j].s))) continue;
        any = used[j] = true;
        if (left_only) continue;
        out.push_back(row);
        out.back().push_back(other_cell(others[j].n));
      }
      if (how == "leftsemi" ? any : !any && (how == "left" || how == "outer" || how == "leftanti")) {
        out.push_back(row);
        if (!left_only) out.back().emplace_back();
      }
    }
    if (how == "right" || how == "outer")
      for (std::size_t j = 0; j < others.size(); ++j) {
        if (used[j]) continue;
        Cells row(rows.names.size() + 1);
        row[s] = other_cell(others[j].s);
        row.back() = other_cell(others[j].n);
        out.push_back(row);
      }
    rows.rows = out;
    if (!left_only) rows.names.push_back("m");
    if (pick(2)) filter();
    in_order_of_all();
    if (!left_only) {
      df = df.drop("m");
      rows.names.pop_back();
      for (Cells& row : rows.rows) row.pop_back();
    }
  }
  // Where rows stand after a merge by hash is not said: both are sorted by all columns.
  void in_order_of_all() {
    df = df.sort_values(rows.names);
    std::vector<std::size_t> keys;
    for (std::size_t k = 0; k < rows.names.size(); ++k) keys.push_back(k);
    rows.sort(keys, std::vector<bool>(keys.size(), true));
  }
  void group() {
    told += " groupby(s,b)";
    const std::int64_t split_out = 1 + pick(2) * 2;
    df = df.groupby({"s", "b"}, {.dropna = false, .split_out = split_out}).agg({{"n", {"sum", "count", "last"}}, {"x", {"median", "max"}}});
    df = df.rename({.columns = {{"n_sum", "n"}, {"x_median", "x"}}});
    const std::size_t s = rows.at("s"), b = rows.at("b"), n = rows.at("n"), x = rows.at("x");
    rows.sort({s, b}, {true, true});
    Rows out{{"s", "b", "n", "n_count", "n_last", "x", "x_max"}, {}};
    for (std::size_t first = 0; first < rows.rows.size();) {
      std::size_t last = first;
      std::int64_t sum = 0, count = 0;
      Cell latest;
      Cells xs;
      for (; last < rows.rows.size() && same(rows.rows[first][s], rows.rows[last][s]) && same(rows.rows[first][b], rows.rows[last][b]);
           ++last) {
        const Cells& row = rows.rows[last];
        if (!missing(row[n])) sum += std::get<std::int64_t>(row[n]), ++count, latest = row[n];
        if (!missing(row[x])) xs.push_back(row[x]);
      }
      std::sort(xs.begin(), xs.end(), [](const Cell& p, const Cell& q) { return compare(p, q) < 0; });
      Cell median, highest;
      if (!xs.empty()) {
        median = (std::get<double>(xs[(xs.size() - 1) / 2]) + std::get<double>(xs[xs.size() / 2])) / 2;
        highest = xs.back();
        if (is_nan(highest)) median = highest;  // the largest of them all: one NaN makes both
      }
      out.rows.push_back({rows.rows[first][s], rows.rows[first][b], sum, count, latest, median, highest});
      first = last;
    }
    rows = out;
  }
};

/// The rows as a CSV file, read in partitions of some bytes. "-" is what is missing: an empty text is one.
inline DataFrame frame_of_csv(const std::vector<Row>& rows, std::mt19937& random, const std::filesystem::path& file) {
  {
    std::ofstream out(file, std::ios::binary);
    out.precision(17);
    out << "n,x,s,b\n";
    for (const Row& row : rows) {
      row.n ? out << *row.n : out << "-";
      row.x ? out << "," << *row.x : out << ",-";
      row.s ? out << ",\"" << *row.s << "\"" : out << ",-";
      out << (row.b ? ",True\n" : ",False\n");
    }
  }
  const std::int64_t blocksize = 1 + static_cast<std::int64_t>(random() % 300);
  return read_csv(file.string(), {.blocksize = blocksize,
                                  .dtype = {{"n", "int64"}, {"x", "float64"}, {"s", "string"}, {"b", "bool"}},
                                  .na_values = {"-"},
                                  .keep_default_na = false});
}

/// Every partition, by the graph as it was written or by what the planner makes of it.
inline std::vector<Table> partitions_by(const DataFrame& df, bool optimize) {
  GraphBuilder builder(optimize);
  std::vector<TaskRef> wanted;
  {
    const auto lock = detail::lowering_lock();
    wanted = detail::CollectionTraits<DataFrame>::lower(df, builder);
  }
  std::vector<Table> out;
  for (const Object& object : run_here(std::move(builder).take(), wanted)) out.push_back(object.get<Table>().select(df.columns()));
  return out;
}

/// Pipelines of the seeds from `first` on, computed by whatever evaluator there is; a failure names its seed. Of every third one the partitions are
/// compared too: the planner changes none of them.
inline void expect_right(unsigned first, unsigned count) {
  const auto file = std::filesystem::temp_directory_path() / ("ashlar_pipelines_" + std::to_string(::getpid()) + ".csv");
  for (unsigned seed = first; seed < first + count; ++seed) {
    std::mt19937 random(seed);
    auto rows = random_rows(random, static_cast<int>(random() % 25));
    for (Row& row : rows)
      if (random() % 12 == 0) row.x = std::nan("");
    const bool from_csv = random() % 2;
    Pipeline p{random, from_csv ? frame_of_csv(rows, random, file) : frame_of(rows, random), rows_of(table_of(rows)), from_csv ? " csv" : ""};
    bool grouped = false;
    for (int steps = 2 + p.pick(5); steps > 0; --steps) {
      switch (p.pick(14)) {
        case 0:
        case 1:
          p.filter();
          break;
        case 2:
          p.arithmetic();
          break;
        case 3:
          p.fill();
          break;
        case 4:
          p.drop_missing();
          break;
        case 5:
          p.sort();
          break;
        case 6:
          p.distinct();
          break;
        case 7:
          p.running();
          break;
        case 8:
          p.shift();
          break;
        case 9:
          p.repartition();
          break;
        case 10:
          p.merge();
          break;
        case 11:
          p.filter_renamed();
          break;
        case 12:
          p.shuffle();
          break;
        default:
          // Once: its columns would get names that they have.
          if (!grouped) p.group();
          grouped = true;
      }
    }
    const Rows found = rows_of(p.df.compute());
    bool equal = found.names == p.rows.names && found.rows.size() == p.rows.rows.size();
    for (std::size_t i = 0; equal && i < found.rows.size(); ++i)
      for (std::size_t c = 0; equal && c < found.names.size(); ++c) equal = same(found.rows[i][c], p.rows.rows[i][c]);
    ASSERT_TRUE(equal) << "seed " << seed << ":" << p.told << "\nfound " << text(found) << "\nwanted " << text(p.rows);
    if (seed % 3 == 0) {
      const auto planned = partitions_by(p.df, true), written = partitions_by(p.df, false);
      ASSERT_EQ(planned.size(), written.size()) << "seed " << seed << ":" << p.told;
      for (std::size_t i = 0; i < planned.size(); ++i)
        ASSERT_EQ(text(rows_of(planned[i])), text(rows_of(written[i]))) << "seed " << seed << ", partition " << i << ":" << p.told;
    }
  }
  std::filesystem::remove(file);
}

/// What ASHLAR_TEST_SEED says (one pipeline), else as many from seed 1 on: 2000 with ASHLAR_TEST_LONG.
inline void expect_right(unsigned usually) {
  if (const char* given = std::getenv("ASHLAR_TEST_SEED")) return expect_right(static_cast<unsigned>(std::stoul(given)), 1);
  expect_right(1, std::getenv("ASHLAR_TEST_LONG") ? 2000 : usually);
}

}  // namespace ashlar::test::pipelines
