#pragma once
// METG(50 %), the minimum effective task granularity: how short tasks may become until half of the machine's time is overhead. Shared
// by the workloads of Ashlar and of plain MPI.

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< (granularity in us, efficiency), coarse first
  double metg_us = 0;
};

/// Halves the iterations from 131,072 until efficiency falls below one half. `grain(iterations)` gives the granularity in seconds:
/// elapsed time x workers / tasks. The largest grain counts as fully efficient. Of a curve that never falls below one half the last granularity.
Curve sweep(const std::string& name, const std::function<double(std::int64_t)>& grain);

/// The curves as a table of text, and as SVG: efficiency against granularity, one line each.
std::string curves_table(const std::vector<Curve>& curves);
std::string curves_svg(const std::vector<Curve>& curves);

}  // namespace bench
