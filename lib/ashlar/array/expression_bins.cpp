#include <algorithm>
#include <cmath>

#include "ashlar/array/bins.hpp"
#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/bins.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

// Each returns one row, of as many as there are chunks.
Block as_row(const Block& counts) { return counts.reshape(Shape{1, counts.size()}); }
Block run_histogram(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  Reader in(closure);
  const bool uniform = in.get<bool>();
  const auto edges = in.array<double>();
  return as_row(histogram_counts(blocks[0], edges, uniform, blocks.size() > 1 ? &blocks[1] : nullptr));
}
Block run_bincount(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return as_row(bin_counts(blocks[0], Reader(closure).get<index_t>(), blocks.size() > 1 ? &blocks[1] : nullptr));
}
Block run_search(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return sorted_positions(blocks[1], blocks[0], Reader(closure).get<bool>());
}
struct TopCall {
  index_t k, axis, largest;
};
Block run_top(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto call = Reader(closure).get<TopCall>();
  return extremes(blocks[0], static_cast<int>(call.axis), call.k, call.largest != 0);
}
struct NumberedCall {
  index_t k, axis, largest, want_numbers;
};
Block run_numbered_top(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto call = Reader(closure).get<NumberedCall>();
  return numbered_extremes(blocks[0], blocks[1], static_cast<int>(call.axis), call.k, call.largest != 0, call.want_numbers != 0);
}
Block run_partial_search(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const Block found = sorted_positions(blocks[1], blocks[0], Reader(closure).get<bool>());
  Shape shape = found.shape();
  shape.v.push_back(1);
  return found.reshape(shape);
}
constinit BlockFunction histogram_function{"ashlar histogram", &run_histogram};
constinit BlockFunction bincount_function{"ashlar bincount", &run_bincount};
constinit BlockFunction search_function{"ashlar searchsorted", &run_search};
constinit BlockFunction partial_search_function{"ashlar partial searchsorted", &run_partial_search};
constinit BlockFunction top_function{"ashlar topk", &run_top};
constinit BlockFunction numbered_top_function{"ashlar argtopk", &run_numbered_top};

ArrayPtr counted(const char* name, const BlockFunction& function, Bytes closure, const ArrayPtr& x, const ArrayPtr& weights, index_t bins) {
  const View same = View::identity(x->ndim());
  std::vector<BlockCall::Input> inputs{{x, same}};
  if (weights) {
    if (weights->shape() != x->shape()) throw ShapeError(std::string(name) + " needs weights of the array's shape: " + to_string(x->shape()) + ", found " + to_string(weights->shape()));
    inputs.push_back({cast(weights, DType::float64), same});
  }
  const Chunks rows{std::vector<index_t>(static_cast<std::size_t>(x->num_chunks()), 1), {bins}};
  const ArrayPtr parts = call_blocks({name, function, std::move(closure), weights ? DType::float64 : DType::int64, x->chunks(), rows, std::move(inputs)});
  return reduce(Reduction::sum, parts, {.axes = AxisSpec(0)});
}

}  // namespace

ArrayPtr histogram(const ArrayPtr& x, const ArrayPtr& weights, const std::vector<double>& edges, bool uniform) {
  if (is_complex(x->dtype())) throw TypeError("a histogram needs real elements, found " + std::string(dtype_name(x->dtype())));
  if (edges.size() < 2) throw ValueError("a histogram needs at least one bin, found " + std::to_string(edges.size()) + " edges");
  for (std::size_t i = 0; i < edges.size(); ++i)
    if (std::isnan(edges[i]) || (i > 0 && edges[i] < edges[i - 1])) throw ValueError("edges of a histogram must ascend: edge " + std::to_string(i) + " is " + std::to_string(edges[i]));
  Writer closure;
  closure.put<bool>(uniform);
  closure.array(edges);
  return counted("histogram", histogram_function, closure.head(), x, weights, static_cast<index_t>(edges.size()) - 1);
}

ArrayPtr bincount(const ArrayPtr& x, const ArrayPtr& weights, index_t minlength) {
  if (x->ndim() != 1) throw ShapeError("bincount needs one axis, found shape " + to_string(x->shape()));
  if (!is_integer(x->dtype()) && x->dtype() != DType::bool_) throw TypeError("bincount needs integers, found " + std::string(dtype_name(x->dtype())));
  if (minlength < 1) throw ValueError("bincount of a lazy array needs minlength, the largest element and one: found " + std::to_string(minlength));
  Writer closure;
  closure.put(minlength);
  return counted("bincount", bincount_function, closure.head(), x, weights, minlength);
}

ArrayPtr searchsorted(const ArrayPtr& sorted, const ArrayPtr& values, bool right) {
  if (sorted->ndim() != 1 || !sorted->lengths_known()) throw ShapeError("searchsorted needs sorted numbers on one axis of known length, found shape " + to_string(sorted->shape()));
  const DType type = promote(sorted->dtype(), values->dtype());
  Writer closure;
  closure.put<bool>(right);
  constexpr index_t whole_bytes = 32 << 10;
  if (sorted->chunks()[0].size() > 1 && sorted->shape()[0] * itemsize(type) > whole_bytes) {
    // A place among all is the sum of the places among the numbers of each chunk.
    Chunks tasks = values->chunks(), parts = values->chunks();
    tasks.push_back(sorted->chunks()[0]);
    parts.push_back(std::vector<index_t>(sorted->chunks()[0].size(), 1));
    std::vector<int> own;
    for (int i = 0; i < values->ndim(); ++i) own.push_back(i);
    const ArrayPtr found = call_blocks({"searchsorted",
                                        partial_search_function,
                                        closure.head(),
                                        DType::int64,
                                        std::move(tasks),
                                        std::move(parts),
                                        {{cast(values, type), View::identity(values->ndim()), {}, own, true},
                                         {cast(sorted, type), View{{AxisMap{values->ndim(), 0, 1, nullptr}}}, {}, {values->ndim()}, true}}});
    return reduce(Reduction::sum, found, {.axes = AxisSpec(values->ndim())});
  }
  // The sorted numbers lie on an axis of their own, whole for every chunk of values.
  Chunks tasks = values->chunks();
  tasks.push_back({sorted->shape()[0]});
  std::vector<int> own;
  for (int i = 0; i < values->ndim(); ++i) own.push_back(i);
  return call_blocks({"searchsorted",
                      search_function,
                      closure.head(),
                      DType::int64,
                      std::move(tasks),
                      values->chunks(),
                      {{cast(values, type), View::identity(values->ndim()), {}, own, true},
                       {cast(sorted, type), View{{AxisMap{values->ndim(), 0, 1, nullptr}}}, {}, {values->ndim()}, true}}});
}

namespace {

/// One step of a tree over the chunks of an axis: `group` of them a task, of which each keeps `wanted` elements.
struct TopStep {
  Chunks tasks, kept;
  TopStep(const ArrayNode& x, std::size_t along, std::size_t group, index_t wanted) : tasks(x.chunks()) {
    std::vector<index_t> sizes;
    for (std::size_t i = 0; i < tasks[along].size(); i += group) {
      index_t n = 0;
      for (std::size_t j = i; j < std::min(tasks[along].size(), i + group); ++j) n += tasks[along][j];
      sizes.push_back(n);
    }
    tasks[along] = sizes;
    kept = tasks;
    for (index_t& n : kept[along]) n = std::min(n, wanted);
  }
};
constexpr std::size_t top_joined = 16;

int check_top(const ArrayNode& x, index_t k, int axis, const char* what) {
  if (k == 0) throw ValueError(std::string(what) + " needs a number of elements that is not 0");
  if (!x.lengths_known()) throw ShapeError(std::string(what) + " needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(x.shape()));
  return normalize_axes(AxisSpec(axis), x.ndim()).front();
}

}  // namespace

ArrayPtr topk(const ArrayPtr& x, index_t k, int axis) {
  const int number = check_top(*x, k, axis, "topk");
  const auto along = static_cast<std::size_t>(number);
  const index_t wanted = k < 0 ? -k : k;
  Writer closure;
  closure.put(TopCall{wanted, number, k > 0 ? 1 : 0});
  ArrayPtr result = x;
  std::size_t group = 1;
  do {
    TopStep step(*result, along, group, wanted);
    result = call_blocks({"topk", top_function, closure.head(), x->dtype(), std::move(step.tasks), std::move(step.kept), {{result, View::identity(x->ndim())}}});
    group = top_joined;
  } while (result->chunks()[along].size() > 1);
  return result;
}

ArrayPtr argtopk(const ArrayPtr& x, index_t k, int axis) {
  const int number = check_top(*x, k, axis, "argtopk");
  const auto along = static_cast<std::size_t>(number);
  const index_t wanted = k < 0 ? -k : k;
  ArrayPtr values = x, numbers = positions(x->shape(), number, x->chunks());
  std::size_t group = 1;
  do {
    const TopStep step(*values, along, group, wanted);
    const auto best = [&](bool want_numbers, DType type) {
      Writer closure;
      closure.put(NumberedCall{wanted, number, k > 0 ? 1 : 0, want_numbers ? 1 : 0});
      const View same = View::identity(x->ndim());
      return call_blocks({want_numbers ? "argtopk" : "topk", numbered_top_function, closure.head(), type, step.tasks, step.kept, {{values, same}, {numbers, same}}});
    };
    ArrayPtr kept = best(false, x->dtype());
    numbers = best(true, DType::int64);
    values = std::move(kept);
    group = top_joined;
  } while (numbers->chunks()[along].size() > 1);
  return numbers;
}

}  // namespace ashlar::expression

namespace ashlar::detail {

std::pair<std::vector<double>, bool> edges_of(const HistogramOptions& options) {
  if (!options.bins.edges.empty()) return {options.bins.edges, false};
  const index_t n = options.bins.count;
  if (n < 1) throw ValueError("a histogram needs at least one bin, found " + std::to_string(n));
  if (!options.range) throw ValueError("a histogram with a number of bins needs .range: nothing is computed to find it");
  auto [low, high] = *options.range;
  if (!(low <= high) || !std::isfinite(low) || !std::isfinite(high))
    throw ValueError("the range of a histogram must ascend and be finite: " + std::to_string(low) + ", " + std::to_string(high));
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  std::vector<double> edges;
  const double step = (high - low) / static_cast<double>(n);
  for (index_t i = 0; i < n; ++i) edges.push_back(static_cast<double>(i) * step + low);
  edges.push_back(high);
  return {std::move(edges), true};
}

}  // namespace ashlar::detail
