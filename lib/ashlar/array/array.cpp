#include "ashlar/array/array.hpp"

#include <algorithm>
#include <ostream>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {
namespace detail {

ArrayPtr checked(ArrayPtr node, DType wanted) {
  if (node->dtype() != wanted)
    throw TypeError("an array of " + std::string(dtype_name(wanted)) + " was made from an expression of " + std::string(dtype_name(node->dtype())) + ": " +
                    node->name() + "; astype converts");
  return node;
}

ArrayPtr default_array(DType dtype) { return expression::full("empty", Shape{0}, ScalarValue::of<bool>(false).cast(dtype), {}); }
ScalarValue scalar_value(const Block& block) { return block.reshape(Shape{}).item({}); }

index_t known_size(const ArrayNode& node) {
  if (!node.lengths_known()) throw ShapeError("the array has unknown lengths, compute_chunk_sizes() settles them: shape " + to_string(node.shape()));
  return node.shape().elements();
}

Shape chunk_counts(const ArrayNode& node) {
  Shape counts;
  for (const auto& sizes : node.chunks()) counts.v.push_back(static_cast<index_t>(sizes.size()));
  return counts;
}

Shape largest_chunk(const ArrayNode& node) {
  Shape shape;
  for (const auto& sizes : node.chunks()) {
    const bool known = std::find(sizes.begin(), sizes.end(), unknown) == sizes.end();
    shape.v.push_back(known ? *std::max_element(sizes.begin(), sizes.end()) : unknown);
  }
  return shape;
}

void visualize_array(const ArrayPtr& node, const std::string& file, const VisualizeOptions& options) {
  GraphBuilder builder(options.optimize_graph);
  std::vector<TaskRef> wanted;
  {
    auto lock = lowering_lock();
    wanted = lower_array(node, builder);
  }
  visualize(std::move(builder), wanted, file, options);
}

std::ostream& print_array(std::ostream& out, const ArrayPtr& node) { return out << expression::table_text(node); }
std::ostream& print_scalar(std::ostream& out, const ArrayPtr& node) { return out << "Scalar<" << dtype_name(node->dtype()) << "> of " << node->name(); }

}  // namespace detail

namespace {

std::string plural(std::int64_t n, const std::string& what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

}  // namespace

std::string expression::table_text(const ArrayPtr& node) {
  std::int64_t tasks = 0;
  {
    auto lock = detail::lowering_lock();
    GraphBuilder builder;
    detail::lower_array(node, builder);
    tasks = std::move(builder).take().size();
  }
  const Shape chunk = detail::largest_chunk(*node);
  const bool known = node->lengths_known();
  const auto bytes = [&](const Shape& shape) { return known ? format_bytes(shape.elements() * itemsize(node->dtype())) : std::string("unknown"); };
  const std::string type(dtype_name(node->dtype()));
  const std::string rows[5][3] = {{"", "Array", "Chunk"},
                                  {"Bytes", bytes(node->shape()), bytes(chunk)},
                                  {"Shape", to_string(node->shape()), to_string(chunk)},
                                  {"Count", plural(tasks, "Task"), plural(node->num_chunks(), "Chunk")},
                                  {"Type", type, "NDArray<" + type + ">"}};
  std::size_t width[3] = {};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < 3; ++i) width[i] = std::max(width[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    if (!text.empty()) text += "\n";
    std::string line;
    for (std::size_t i = 0; i < 3; ++i) line += (i ? "  " : "") + row[i] + std::string(width[i] - row[i].size(), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line;
  }
  return text;
}

}  // namespace ashlar
