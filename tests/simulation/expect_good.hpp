#pragma once
#include <gtest/gtest.h>

#include "ashlar/simulation/cluster.hpp"

namespace ashlar::simulation {

/// Runs a job and fails with the first faults it finds.
inline Outcome expect_good(const ClusterOptions& cluster, const Graph& graph, const ClientOptions& client = {}) {
  Outcome outcome = SimulatedCluster(cluster, graph, client).run();
  for (const std::string& fault : outcome.faults) ADD_FAILURE() << fault;
  return outcome;
}

}  // namespace ashlar::simulation
