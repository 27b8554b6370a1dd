#pragma once
// Made-up task graphs of the shapes that matter, with durations and sizes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::simulation {

/// Tasks 0, 1, …: inputs stand before the tasks that use them, in the depth-first order a client would submit them in.
struct Graph {
  struct Task {
    std::int32_t group = 0;
    std::uint32_t first_input = 0, input_count = 0;
    std::int64_t nbytes = 8;  ///< of the result
    std::int64_t duration_ns = 0;
    bool nbytes_known = true;  ///< the scheduler is told the size
    bool wanted = false;       ///< the client waits for it
    bool fetch = false;        ///< the client gets its value with the completion
    bool throws = false;
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
  std::vector<std::int64_t> inputs;

  std::int64_t size() const { return static_cast<std::int64_t>(tasks.size()); }
  /// Appends a task and returns its number.
  std::int64_t add(const Task& task, const std::vector<std::int64_t>& its_inputs);
};

enum class GraphKind { independent, tree, chain, stencil, random, reduction };
/// ValueError for a name that is none.
GraphKind graph_kind(std::string_view name);
const char* name(GraphKind kind);

struct GraphOptions {
  GraphKind kind = GraphKind::independent;
  std::int64_t tasks = 1000;         ///< about: trees and stencils round
  std::int64_t task_ns = 1'000'000;  ///< mean duration; each takes from a half to one and a half of it, one in a hundred ten times that
  std::int64_t nbytes = 8;           ///< of results; sources of a reduction make 1,000,000 times that
  std::int64_t width = 0;            ///< chains, or points of a stencil; 0: the square root of `tasks`
  int throws_one_in = 0;             ///< tasks that throw; 0: none
  int options_one_in = 0;            ///< tasks with priorities, retries, a chosen worker, a resource or a time limit; 0: none
  int workers = 1;                   ///< that tasks choose among
  std::uint64_t seed = 1;
};

/// independent: no inputs, all wanted. tree: pairwise reduction. chain: `width` chains one after another. stencil: each point takes its
/// three neighbours of the step before. random: up to three inputs among the last hundred, some of them twice, some results wanted.
/// reduction: sources with large results, reduced eight at a time to small ones.
Graph make_graph(const GraphOptions& options);

}  // namespace ashlar::simulation
