#pragma once
// Made-up task graphs of the shapes that matter, with durations and sizes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/simulation/distribution.hpp"

namespace ashlar::simulation {

/// Tasks 0, 1, …: inputs stand before the tasks that use them, in the depth-first order a client would submit them in.
struct Graph {
  struct Task {  // 32 bytes
    std::int32_t group = 0;
    std::uint32_t first_input = 0;
    std::int64_t nbytes = 8;  ///< of the result
    std::int64_t duration_ns = 0;
    bool nbytes_known = true;  ///< the scheduler is told the size
    bool wanted = false;       ///< the client waits for it
    bool fetch = false;        ///< the client gets its value with the completion
    bool throws = false;
    std::uint32_t input_count = 0;
    std::int32_t failures = 0;  ///< times it throws before it succeeds
    std::int32_t retries = 0, priority = 0;
    std::int32_t worker = -1;     ///< the only one it may run on; -1: any
    std::int64_t resource = 0;    ///< what it takes of its worker's resource "r", in millionths
    std::int64_t timeout_ns = 0;  ///< longer than this every attempt fails; 0: no limit
    /// Whether it fails to the end.
    bool doomed() const { return throws || failures > retries || (timeout_ns > 0 && duration_ns > timeout_ns); }
    bool has_options() const { return retries != 0 || priority != 0 || worker >= 0 || resource > 0 || timeout_ns > 0; }
  };
  std::vector<std::string> groups;
  std::vector<Task> tasks;
  std::vector<std::int32_t> inputs;  // 4 bytes: they are most of a graph of ten million tasks

  std::int64_t size() const { return static_cast<std::int64_t>(tasks.size()); }
  /// Appends a task and returns its number.
  /// Errors    ValueError beyond 2^31 - 1 tasks or 2^32 - 1 inputs.
  std::int64_t add(const Task& task, const std::vector<std::int64_t>& its_inputs);
};

/// No schedule is shorter: the longest path, or the work shared by all threads evenly, of the tasks that a wanted one needs.
struct Bound {
  std::int64_t critical_path_ns = 0, work_ns = 0;
  std::int64_t makespan_ns(std::int64_t threads) const;
};
Bound bound(const Graph& graph);

enum class GraphKind { independent, tree, chain, stencil, nearest, spread, fft, all_to_all, random, reduction, shuffle };
/// "stencil_1d" is stencil, "map_reduce" reduction.
/// Errors    ValueError for a name that is none.
GraphKind graph_kind(std::string_view name);
const char* name(GraphKind kind);

struct GraphOptions {
  GraphKind kind = GraphKind::independent;
  std::int64_t tasks = 1000;         ///< about: most shapes round
  std::int64_t task_ns = 1'000'000;  ///< mean duration
  Distribution durations = Distribution::outliers;
  std::int64_t nbytes = 8;  ///< of results, in the mean; sources of a reduction and of a shuffle make more
  Distribution sizes = Distribution::fixed;
  std::int64_t width = 0;  ///< chains, or points of each step; 0: the square root of `tasks`, for all_to_all and shuffle at most 64
  bool fetch = false;      ///< the client gets the values of what it wants with their completions and holds no result
  int throws_one_in = 0;   ///< tasks that throw; 0: none
  int options_one_in = 0;  ///< tasks with priorities, retries, a chosen worker, a resource or a time limit; 0: none
  int workers = 1;         ///< that tasks choose among
  std::uint64_t seed = 1;
};

/// independent   no inputs, all wanted
/// tree          pairwise reduction
/// chain         `width` chains one after another
/// stencil       each point takes its three neighbours of the step before
/// nearest       the same with five
/// spread        five points of the step before that lie far apart, others each step
/// fft           itself and the point whose number differs in one bit, another each step; the width is a power of two
/// all_to_all    all points of the step before
/// random        up to three inputs among the last hundred, some of them twice, some results wanted
/// reduction     (map_reduce) sources with results of `nbytes` times 1,000,000, reduced eight at a time to small ones
/// shuffle       `width` sources of `width` times `nbytes`, each cut into `width` parts, and as many results, each of one part of every source
Graph make_graph(const GraphOptions& options);

}  // namespace ashlar::simulation
