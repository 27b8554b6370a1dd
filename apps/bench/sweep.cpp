#include "sweep.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace bench {
namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

}  // namespace

Curve sweep(const std::string& name, const std::function<double(std::int64_t)>& grain_of) {
  Curve curve{name, {}, 0};
  double full = 0, last_grain = 0, last_efficiency = 1;
  for (std::int64_t iterations = 1 << 17; iterations >= 1; iterations /= 2) {
    const double grain = grain_of(iterations), rate = static_cast<double>(iterations) / grain;
    if (full == 0) full = rate;
    const double efficiency = rate / full;
    curve.points.emplace_back(grain * 1e6, efficiency);
    if (efficiency < 0.5) {
      const double part = (last_efficiency - 0.5) / (last_efficiency - efficiency);
      curve.metg_us = 1e6 * std::exp(std::log(last_grain) + part * (std::log(grain) - std::log(last_grain)));
      return curve;
    }
    last_grain = grain;
    last_efficiency = efficiency;
    curve.metg_us = grain * 1e6;
  }
  return curve;
}

std::string curves_table(const std::vector<Curve>& curves) {
  std::ostringstream text;
  char line[256];
  std::snprintf(line, sizeof line, "%-24s %12s   %s\n", "pattern", "METG(50 %)", "granularity: efficiency");
  text << line;
  for (const Curve& curve : curves) {
    std::snprintf(line, sizeof line, "%-24s %9.2f us  ", curve.name.c_str(), curve.metg_us);
    text << line;
    for (const auto& [grain, efficiency] : curve.points)
      text << ' ' << fixed(grain, grain < 100 ? 1 : 0) << " us: " << fixed(100 * efficiency, 0) << " %" << (&efficiency == &curve.points.back().second ? "" : ",");
    text << '\n';
  }
  return text.str();
}

std::string curves_svg(const std::vector<Curve>& curves) {
  constexpr double width = 760, height = 460, left = 60, right = 170, top = 20, bottom = 50;
  static constexpr const char* colours[] = {"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"};
  double low = 1e300, high = 0, most = 1;
  for (const Curve& curve : curves)
    for (const auto& [grain, efficiency] : curve.points) {
      low = std::min(low, grain);
      high = std::max(high, grain);
      most = std::max(most, efficiency);
    }
  if (!(high > 0)) low = high = 1;
  const double first = std::floor(std::log10(low)), last = std::max(first + 1, std::ceil(std::log10(high)));
  const auto x = [&](double grain) { return left + (std::log10(grain) - first) / (last - first) * (width - left - right); };
  const auto y = [&](double efficiency) { return height - bottom - efficiency / (1.05 * most) * (height - top - bottom); };
  std::ostringstream svg;
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height << "\" font-family=\"sans-serif\" font-size=\"12\">\n"
      << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  const auto line = [&](double x1, double y1, double x2, double y2, const char* style) {
    svg << "<line x1=\"" << fixed(x1, 1) << "\" y1=\"" << fixed(y1, 1) << "\" x2=\"" << fixed(x2, 1) << "\" y2=\"" << fixed(y2, 1) << "\" " << style << "/>\n";
  };
  const auto text = [&](double at_x, double at_y, const char* anchor, const std::string& words) {
    svg << "<text x=\"" << fixed(at_x, 1) << "\" y=\"" << fixed(at_y, 1) << "\" text-anchor=\"" << anchor << "\">" << words << "</text>\n";
  };
  for (double decade = first; decade <= last; ++decade) {
    const double grain = std::pow(10, decade);
    line(x(grain), top, x(grain), height - bottom, "stroke=\"#ddd\"");
    text(x(grain), height - bottom + 18, "middle", grain < 1 ? fixed(grain, 1) : fixed(grain, 0));
  }
  for (const double efficiency : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    line(left, y(efficiency), width - right, y(efficiency), efficiency == 0.5 ? "stroke=\"#888\" stroke-dasharray=\"4 3\"" : "stroke=\"#ddd\"");
    text(left - 8, y(efficiency) + 4, "end", fixed(100 * efficiency, 0) + " %");
  }
  text((left + width - right) / 2, height - 12, "middle", "granularity in microseconds: elapsed time x workers / tasks");
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const char* colour = colours[i % std::size(colours)];
    svg << "<polyline fill=\"none\" stroke=\"" << colour << "\" stroke-width=\"1.5\" points=\"";
    for (const auto& [grain, efficiency] : curves[i].points) svg << fixed(x(grain), 1) << ',' << fixed(y(efficiency), 1) << ' ';
    svg << "\"/>\n";
    const double at = top + 12 + 18 * static_cast<double>(i);
    line(width - right + 10, at - 4, width - right + 28, at - 4, (std::string("stroke-width=\"2\" stroke=\"") + colour + "\"").c_str());
    text(width - right + 33, at, "start", curves[i].name);
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace bench
