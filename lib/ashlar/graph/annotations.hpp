#pragma once
// How one task is to be run, beside what it does, in Dask's words. Few tasks have any of it, so a layer keeps them apart.

#include <string>
#include <utility>
#include <vector>

namespace ashlar {

struct Annotations {
  std::vector<int> workers;                                ///< ranks it may run on; empty: any
  std::vector<std::pair<std::string, double>> resources;  ///< what it takes of its worker while it runs, each name once, in order
  int retries = 0;                                         ///< times it is run again after it threw
  int priority = 0;                                        ///< higher runs first
  double timeout_s = 0;                                    ///< it fails when it runs longer; 0: no limit
};

}  // namespace ashlar
