#include <algorithm>
#include <cmath>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

std::shared_ptr<SourceNode> source(std::string name, DType dtype, const Shape& shape, const CreateOptions& options) {
  for (index_t n : shape)
    if (n < 0) throw ValueError("an array needs lengths of at least 0: shape " + to_string(shape));
  Chunks chunks = normalize_chunks(options.chunks, shape, itemsize(dtype));
  return std::make_shared<SourceNode>(options.name.empty() ? std::move(name) : options.name, dtype, shape, std::move(chunks));
}

}  // namespace

ArrayPtr full(std::string name, const Shape& shape, const ScalarValue& value, const CreateOptions& options) {
  auto node = source(std::move(name), value.type, shape, options);
  node->start = value;
  return node;
}

ArrayPtr constant(const ScalarValue& value) { return full("constant", Shape{}, value, {}); }

namespace {

struct ArangePlan {
  index_t length;
  ScalarValue step;
};

/// The number of elements, and the step that the elements are made with.
ArangePlan plan_arange(const ScalarValue& start, const ScalarValue& stop, const ScalarValue& step) {
  const auto refuse = [&] { throw ValueError("arange needs a step that is not 0: start " + start.text() + ", stop " + stop.text() + ", step " + step.text()); };
  if (is_integer(start.type)) {
    // Unsigned steps may stand for negative ones only in Python; here they go up.
    const bool big = start.type == DType::uint64;
    const auto first = start.as<std::int64_t>(), last = stop.as<std::int64_t>(), by = step.as<std::int64_t>();
    if (by == 0) refuse();
    if (big) {
      const auto a = start.as<std::uint64_t>(), b = stop.as<std::uint64_t>(), s = step.as<std::uint64_t>();
      return {a < b ? static_cast<index_t>((b - a - 1) / s + 1) : 0, step};
    }
    if (by > 0) return {first < last ? (last - first - 1) / by + 1 : 0, step};
    return {last < first ? (first - last - 1) / -by + 1 : 0, step};
  }
  const double a = start.as<double>(), b = stop.as<double>(), s = step.as<double>();
  if (s == 0 || std::isnan(s)) refuse();
  const double n = std::ceil((b - a) / s);
  if (!(n < 9e18)) throw ValueError("arange would have too many elements: start " + start.text() + ", stop " + stop.text() + ", step " + step.text());
  // As NumPy: the difference of the first two elements.
  const ScalarValue difference = start.type == DType::float32 ? ScalarValue::of<float>(start.as<float>() + step.as<float>() - start.as<float>())
                                 : is_complex(start.type)     ? ScalarValue::of<double>(s).cast(start.type)
                                                              : ScalarValue::of<double>(a + s - a).cast(start.type);
  return {n > 0 ? static_cast<index_t>(n) : 0, difference};
}

}  // namespace

ArrayPtr arange(const ScalarValue& start, const ScalarValue& stop, const ScalarValue& step, const CreateOptions& options) {
  if (start.type == DType::bool_) throw TypeError("arange is not defined for element type bool");
  const ArangePlan plan = plan_arange(start, stop, step);
  auto node = source("arange", start.type, Shape{plan.length}, options);
  node->rule = SourceNode::Rule::arange;
  node->start = start;
  node->step = plan.step;
  node->k = {0, {1}};
  return node;
}

namespace {

std::shared_ptr<SourceNode> numbers(DType dtype, const Shape& shape, const Chunks& chunks, LinearIndex k) {
  auto node = std::make_shared<SourceNode>("arange", dtype, shape, chunks);
  node->rule = SourceNode::Rule::arange;
  node->start = ScalarValue::of<std::int64_t>(0).cast(dtype);
  node->step = ScalarValue::of<std::int64_t>(1).cast(dtype);
  node->k = std::move(k);
  return node;
}

}  // namespace

ArrayPtr positions(const Shape& shape, int axis, const Chunks& chunks) {
  LinearIndex k{0, std::vector<index_t>(shape.size(), 0)};
  k.coefficients[static_cast<std::size_t>(axis)] = 1;
  return numbers(DType::int64, shape, chunks, std::move(k));
}

ArrayPtr linspace(double start, double stop, index_t num, bool endpoint, DType dtype, const CreateOptions& options) {
  if (num < 0) throw ValueError("linspace needs at least 0 elements: num " + std::to_string(num));
  auto node = source("linspace", DType::float64, Shape{num}, options);
  const index_t parts = endpoint ? num - 1 : num;
  node->rule = SourceNode::Rule::arange;
  node->start = ScalarValue::of<double>(start);
  node->step = ScalarValue::of<double>(parts > 0 ? (stop - start) / static_cast<double>(parts) : 0.0);
  node->k = {0, {1}};
  ArrayPtr values = node;
  // start + step * (num - 1) may miss the end by a rounding.
  if (endpoint && num > 1) {
    const ArrayPtr last = elementwise(Op::equal, std::vector<Operand>{positions(Shape{num}, 0, node->chunks()), ScalarValue::of<std::int64_t>(num - 1)});
    values = elementwise(Op::where, std::vector<Operand>{last, ScalarValue::of<double>(stop), values});
  }
  if (is_integer(dtype)) values = elementwise(Op::floor, std::vector<Operand>{values});
  return cast(values, dtype);
}

ArrayPtr eye(index_t rows, index_t columns, index_t k, DType dtype, const CreateOptions& options) {
  auto frame = source("eye", DType::int64, Shape{rows, columns}, options);
  // The number of the diagonal an element lies on, less k.
  const ArrayPtr diagonal = numbers(DType::int64, frame->shape(), normalize_chunks(options.chunks, frame->shape(), itemsize(dtype)), {-k, {-1, 1}});
  return cast(elementwise(Op::equal, std::vector<Operand>{diagonal, ScalarValue::of<std::int64_t>(0)}), dtype);
}

ArrayPtr random(std::string name, DType dtype, Distribution distribution, std::uint64_t seed, double a, double b, const Shape& shape, const ChunkSpec& chunks) {
  auto node = source(std::move(name), dtype, shape, {.chunks = chunks});
  node->rule = SourceNode::Rule::random;
  node->distribution = distribution;
  node->seed = seed;
  node->a = a;
  node->b = b;
  node->k = {0, c_strides(shape)};
  return node;
}

ArrayPtr from_block(Block block, const CreateOptions& options) {
  Chunks chunks = normalize_chunks(options.chunks, block.shape(), itemsize(block.dtype()));
  return std::make_shared<LocalNode>(options.name.empty() ? "array" : options.name, std::move(block), std::move(chunks));
}

}  // namespace ashlar::expression
