#pragma once
// What a calculation will need of the workers' memory, before it runs.

#include <cstdint>
#include <ostream>
#include <span>
#include <vector>

#include "ashlar/graph/collection.hpp"

namespace ashlar {

struct Prediction {
  std::int64_t peak_bytes = 0;     ///< most that any worker will have at a time: results, what running tasks make, what is on its way
  std::int64_t spilled_bytes = 0;  ///< written to scratch by all workers, to stay within the budget
  std::int64_t needed_bytes = 0;   ///< what peak_bytes would be if there were no budget
  std::int64_t budget_bytes = 0;   ///< of the worker that has least; 0: none
  std::int64_t tasks = 0;
  std::int64_t unknown_tasks = 0;  ///< those whose results have no declared size: counted as 1 MiB each
};
/// "peak 480 MiB a worker of 512 MiB, 1.20 GiB to scratch (2.10 GiB without a budget); 25 tasks, 3 of unknown size"
std::ostream& operator<<(std::ostream& out, const Prediction& prediction);

struct PredictOptions {
  ASHLAR_OPTIONS;
  bool persist = false;  ///< the results stay on the workers, as with `persist`; else they go to the client, as with `compute`
};

/// An evaluator that can tell. The one of a running client does; without a client tasks run one after another and all results are kept.
class Predictor {
 public:
  virtual ~Predictor() = default;
  virtual Prediction predict(const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options) = 0;
};

namespace detail {
Prediction predict_graph(const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options);
}  // namespace detail

/// Runs the scheduler's and the workers' own decisions for this calculation on paper: nothing is computed.
/// Assumes   results of the declared sizes (1 MiB where none is declared, as for delayed tasks and frames), tasks that take time in
///           proportion to what they make, an idle cluster, and that temporaries of tasks stay within their results' sizes. Results that
///           exist already (persisted ones) are not counted.
/// Cost      some microseconds for each task; nothing runs on the workers.
template <class C>
  requires detail::collection<C>
Prediction predict(const C& collection, const PredictOptions& options = {}) {
  GraphBuilder builder;
  std::vector<TaskRef> wanted;
  {
    auto lock = detail::lowering_lock();
    wanted = detail::CollectionTraits<C>::lower(collection, builder);
  }
  return detail::predict_graph(std::move(builder).take(), wanted, options);
}

}  // namespace ashlar
