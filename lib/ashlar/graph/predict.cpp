#include "ashlar/graph/predict.hpp"

#include "ashlar/base/options.hpp"

namespace ashlar {

std::ostream& operator<<(std::ostream& out, const Prediction& p) {
  out << "peak " << format_bytes(p.peak_bytes) << " a worker";
  if (p.budget_bytes > 0) out << " of " << format_bytes(p.budget_bytes);
  if (p.spilled_bytes > 0) out << ", " << format_bytes(p.spilled_bytes) << " to scratch (" << format_bytes(p.needed_bytes) << " without a budget)";
  out << "; " << p.tasks << (p.tasks == 1 ? " task" : " tasks");
  if (p.unknown_tasks > 0) out << ", " << p.unknown_tasks << " of unknown size";
  return out;
}

namespace detail {

Prediction predict_graph(const TaskGraph& graph, std::span<const TaskRef> wanted, const PredictOptions& options) {
  if (auto* predictor = dynamic_cast<Predictor*>(&Evaluator::current())) return predictor->predict(graph, wanted, options);
  constexpr std::int64_t assumed = 1 << 20;
  Prediction all;
  for (const TaskRef& ref : depth_first_order(graph, wanted)) {
    const std::int64_t nbytes = graph.layers[static_cast<std::size_t>(ref.layer)]->nbytes(ref.index);
    ++all.tasks;
    all.unknown_tasks += nbytes < 0;
    all.peak_bytes += nbytes < 0 ? assumed : nbytes;
  }
  all.needed_bytes = all.peak_bytes;
  return all;
}

}  // namespace detail
}  // namespace ashlar
