#include "curves.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"
#include "ashlar/simulation/cluster.hpp"
#include "scheduler_alone.hpp"

using namespace ashlar;
using namespace ashlar::simulation;

namespace {

constexpr GraphKind patterns[] = {GraphKind::independent, GraphKind::tree,       GraphKind::chain,     GraphKind::stencil,
                                  GraphKind::nearest,     GraphKind::spread,     GraphKind::fft,       GraphKind::all_to_all,
                                  GraphKind::random,      GraphKind::reduction,  GraphKind::shuffle};

// ---- a picture: lines over a logarithmic axis

struct Line {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

class Panel {
 public:
  Panel(std::string title, std::string x, std::string y, double top) : title_(std::move(title)), x_(std::move(x)), y_(std::move(y)), top_(top) {}
  void add(Line line) { lines_.push_back(std::move(line)); }

  void draw(std::ostream& out) const {
    double first = 1e300, last = 0, most = 0;
    for (const Line& line : lines_)
      for (const auto& [x, y] : line.points) first = std::min(first, x), last = std::max(last, x), most = std::max(most, y);
    const auto at_x = [&](double x) { return 70 + 520 * (std::log10(x) - std::log10(first)) / std::max(1e-9, std::log10(last) - std::log10(first)); };
    const auto at_y = [&](double y) { return top_ + 270 - 230 * y / (most * 1.05); };
    out << "<text x='70' y='" << top_ + 20 << "' font-weight='bold'>" << title_ << "</text>\n"
        << "<text x='330' y='" << top_ + 305 << "' text-anchor='middle'>" << x_ << "</text>\n"
        << "<text x='15' y='" << top_ + 155 << "' transform='rotate(-90 15 " << top_ + 155 << ")' text-anchor='middle'>" << y_ << "</text>\n";
    for (int i = 0; i <= 4; ++i) {
      const double y = most * i / 4;
      char text[32];
      std::snprintf(text, sizeof text, "%.3g", y);
      out << "<line x1='70' x2='590' y1='" << at_y(y) << "' y2='" << at_y(y) << "' stroke='#ddd'/><text x='64' y='" << at_y(y) + 4
          << "' text-anchor='end'>" << text << "</text>\n";
    }
    for (double x = std::pow(10, std::ceil(std::log10(first) - 1e-9)); x <= last * 1.001; x *= 10)
      out << "<text x='" << at_x(x) << "' y='" << top_ + 287 << "' text-anchor='middle'>" << x << "</text>\n";
    constexpr const char* colours[] = {"#1b6ca8", "#c8553d", "#3d8b40", "#8e44ad", "#b7950b", "#16a085", "#7f8c8d", "#d35400", "#2c3e50", "#e84393", "#00a8ff"};
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const char* colour = colours[i % std::size(colours)];
      out << "<polyline fill='none' stroke='" << colour << "' stroke-width='2' points='";
      for (const auto& [x, y] : lines_[i].points) out << at_x(x) << ',' << at_y(y) << ' ';
      out << "'/><text x='600' y='" << top_ + 50 + 18 * static_cast<double>(i) << "' fill='" << colour << "'>" << lines_[i].name << "</text>\n";
    }
  }

 private:
  std::string title_, x_, y_;
  double top_;
  std::vector<Line> lines_;
};

double best_cost(const Graph& graph, int workers) {
  double best = 1e300;
  for (std::int64_t spent = 0, runs = 0; runs < 2 || (spent < 200'000 && runs < 50); spent += graph.size(), ++runs)
    best = std::min(best, scheduler_alone(graph, workers, 1, 1, 64).ns_per_task);
  return best;
}

void row(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) std::printf("| %s ", cell.c_str());
  std::printf("|\n");
}
void head(const std::vector<std::string>& cells) {
  row(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) std::printf("|%s", i ? " ---: " : " --- ");
  std::printf("|\n");
}
std::string rounded(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// ---- the tables

void cost(Panel& panel, bool quick) {
  const std::vector<int> workers = {2, 10, 100, 1000, 10'000};
  std::printf("\nCost of the scheduler alone, ns of processor time for each task (all it does for it: submission, placing, completion, release)\n\n");
  std::vector<std::string> title = {"pattern", "tasks"};
  for (const int w : workers) title.push_back(std::to_string(w) + " workers");
  head(title);
  for (const GraphKind kind : {GraphKind::independent, GraphKind::stencil, GraphKind::tree}) {
    std::vector<Line> lines;
    for (const int w : workers) lines.push_back({std::string(name(kind)) + ", " + std::to_string(w), {}});
    for (std::int64_t tasks = 1000; tasks <= (quick ? 100'000 : 1'000'000); tasks *= 10) {
      const Graph graph = make_graph({.kind = kind, .tasks = tasks, .durations = Distribution::fixed});
      std::vector<std::string> cells = {name(kind), std::to_string(tasks)};
      for (std::size_t i = 0; i < workers.size(); ++i) {
        const double ns = best_cost(graph, workers[i]);
        cells.push_back(rounded(ns, 0));
        lines[i].points.emplace_back(static_cast<double>(tasks), ns);
      }
      row(cells);
      std::fflush(stdout);
    }
    if (kind == GraphKind::independent)
      for (Line& line : lines) panel.add(std::move(line));
  }
}

void makespans(Panel& panel, bool quick) {
  constexpr Distribution durations[] = {Distribution::fixed, Distribution::uniform, Distribution::lognormal, Distribution::heavy_tail};
  const int workers = quick ? 16 : 64;
  const std::int64_t tasks = workers * 100;
  std::printf("\nMakespan over its lower bound (longest path, or work shared evenly): %d workers, %lld tasks of 1 ms, results of 8 bytes\n\n", workers,
              static_cast<long long>(tasks));
  head({"pattern", "fixed", "uniform", "lognormal", "heavy_tail", "1 MB results, uniform", "moved, GB", "peak of a worker, MB"});
  const auto simulated = [&](GraphKind kind, Distribution d, std::int64_t nbytes, int w, Outcome* outcome = nullptr) {
    Graph graph = make_graph({.kind = kind, .tasks = tasks * w / workers, .durations = d, .nbytes = nbytes, .seed = 7});
    const std::int64_t least = bound(graph).makespan_ns(w);
    const Outcome o = SimulatedCluster({.workers = w}, std::move(graph)).run();
    if (!o.faults.empty()) throw InternalError(std::string("the simulation of ") + name(kind) + " went wrong: " + o.faults.front());
    if (outcome) *outcome = o;
    return static_cast<double>(o.makespan_ns) / static_cast<double>(least);
  };
  for (const GraphKind kind : patterns) {
    std::vector<std::string> cells = {name(kind)};
    for (const Distribution d : durations) cells.push_back(rounded(simulated(kind, d, 8, workers), 2));
    Outcome large;
    cells.push_back(rounded(simulated(kind, Distribution::uniform, kind == GraphKind::reduction ? 8 : kind == GraphKind::shuffle ? 1'000'000 / 64 : 1'000'000, workers, &large), 2));
    cells.push_back(rounded(static_cast<double>(large.moved_bytes) / 1e9, 2));
    cells.push_back(rounded(static_cast<double>(large.peak_bytes) / 1e6, 0));
    row(cells);
    std::fflush(stdout);
    Line line{name(kind), {}};
    for (const int w : {2, 4, 8, 16, 32, 64, 128, 256})
      if (!quick || w <= 32) line.points.emplace_back(w, simulated(kind, Distribution::uniform, 8, w));
    panel.add(std::move(line));
  }
}

}  // namespace

void curves(const std::string& svg, bool quick) {
  Panel costs("The scheduler's time for a task (independent tasks; lines: workers)", "tasks", "ns per task", 0),
      spans("Makespan over its lower bound (1 ms tasks, uniform, 100 for each worker)", "workers", "times the bound", 330);
  cost(costs, quick);
  makespans(spans, quick);
  if (svg.empty()) return;
  std::ofstream out(svg);
  out << "<svg xmlns='http://www.w3.org/2000/svg' width='780' height='660' font-family='sans-serif' font-size='12'>\n<rect width='780' height='660' fill='white'/>\n";
  costs.draw(out);
  spans.draw(out);
  out << "</svg>\n";
  if (!out.flush()) throw IoError("cannot write " + svg);
}
