#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {
namespace {

void draw(const dataframe::PlanPtr& node, const std::string& file, const VisualizeOptions& options) {
  GraphBuilder builder(options.optimize_graph);
  std::vector<TaskRef> wanted;
  {
    const auto lock = detail::lowering_lock();
    wanted = dataframe::lower(node, builder);
  }
  ashlar::visualize(std::move(builder), wanted, file, options);
}

}  // namespace

void DataFrame::visualize(const std::string& file, const VisualizeOptions& options) const { draw(node_, file, options); }
void Series::visualize(const std::string& file, const VisualizeOptions& options) const { draw(node_, file, options); }
void Scalar<Value>::visualize(const std::string& file, const VisualizeOptions& options) const { draw(node_, file, options); }

}  // namespace ashlar
