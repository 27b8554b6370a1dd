// Quantiles.
//
// A quantile of everything is found by rounds (ndarray/order.hpp): each chunk counts, the counts are added as any sum is, one task settles the next
// bits. Nothing moves but counts, and the elements are read once a round. Along axes each line is made whole first.

#include "ashlar/array/order.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/index.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/array/sort_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

struct OrderCall {
  std::vector<double> quantiles;
  Interpolation how = Interpolation::linear;
  std::int32_t round = 0, inner = 0;
  bool skip = false;
  DType type = DType::float64;
  index_t count = 0;

  Bytes encode() const {
    Writer out;
    out.array(quantiles);
    out.put(how);
    out.put(round);
    out.put(inner);
    out.put<bool>(skip);
    out.put(type);
    out.put(count);
    return out.head();
  }
  static OrderCall decode(std::span<const std::byte> closure) {
    Reader in(closure);
    OrderCall call;
    call.quantiles = in.array<double>();
    call.how = in.get<Interpolation>();
    call.round = in.get<std::int32_t>();
    call.inner = in.get<std::int32_t>();
    call.skip = in.get<bool>();
    call.type = in.get<DType>();
    call.count = in.get<index_t>();
    return call;
  }
};

Block run_order_start(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const OrderCall call = OrderCall::decode(closure);
  const Block one = blocks[0].contiguous();
  return order_start(call.quantiles, call.count, one.as<std::int64_t>()[0], call.skip);
}
Block run_order_counts(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return order_counts(blocks[0], blocks[1], OrderCall::decode(closure).round);
}
Block run_order_next(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return order_next(blocks[0], blocks[1], OrderCall::decode(closure).round);
}
Block run_order_end(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const OrderCall call = OrderCall::decode(closure);
  return order_end(blocks[0], call.type, call.quantiles, call.how);
}
Block run_line_quantiles(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const OrderCall call = OrderCall::decode(closure);
  return line_quantiles(blocks[0], call.inner, call.quantiles, call.how, call.skip);
}
constinit BlockFunction order_start_function{"ashlar order start", &run_order_start};
constinit BlockFunction order_counts_function{"ashlar order counts", &run_order_counts};
constinit BlockFunction order_next_function{"ashlar order next", &run_order_next};
constinit BlockFunction order_end_function{"ashlar order end", &run_order_end};
constinit BlockFunction line_quantiles_function{"ashlar line quantiles", &run_line_quantiles};

/// Axis i of an array is axis `first + i` of the tasks.
View axes_from(int first, int count) {
  View view;
  for (int i = 0; i < count; ++i) view.axes.push_back({first + i, 0, 1, nullptr});
  return view;
}

ArrayPtr quantiles_of_all(const ArrayPtr& x, OrderCall call) {
  const auto wanted = 2 * static_cast<index_t>(call.quantiles.size());
  const std::vector<index_t> rows{wanted + 1}, two{2}, counts_axis{wanted * order_digits};
  call.count = x->shape().elements();
  call.type = x->dtype();
  ArrayPtr nans = constant(ScalarValue::of<std::int64_t>(0));
  if (is_floating(x->dtype())) nans = reduce(Reduction::sum, elementwise(Op::isnan, std::vector<Operand>{x}), {});
  const std::vector<int> state_axes{0, 1};
  ArrayPtr state = call_blocks({"order-start", order_start_function, call.encode(), DType::int64, {rows, two}, {rows, two}, {{nans, View{}}}});
  for (call.round = 0; call.round < order_rounds(x->dtype()); ++call.round) {
    const int n = x->ndim();
    Chunks tasks = x->chunks();
    tasks.push_back(rows);
    tasks.push_back(two);
    std::vector<int> own;
    for (int i = 0; i < n; ++i) own.push_back(i);
    const Chunks lines{std::vector<index_t>(static_cast<std::size_t>(x->num_chunks()), 1), counts_axis};
    const ArrayPtr parts = call_blocks({"order-counts",
                                        order_counts_function,
                                        call.encode(),
                                        DType::int64,
                                        std::move(tasks),
                                        lines,
                                        {{x, View::identity(n), {}, own, true}, {state, axes_from(n, 2), {}, {n, n + 1}, true}}});
    const ArrayPtr counts = reduce(Reduction::sum, parts, {.axes = AxisSpec(0)});
    state = call_blocks({"order-next",
                         order_next_function,
                         call.encode(),
                         DType::int64,
                         {rows, two, counts_axis},
                         {rows, two},
                         {{state, axes_from(0, 2), {}, state_axes, true}, {counts, axes_from(2, 1), {}, {2}, true}}});
  }
  return call_blocks({"order-end",
                      order_end_function,
                      call.encode(),
                      DType::float64,
                      {rows, two},
                      {{static_cast<index_t>(call.quantiles.size())}},
                      {{state, axes_from(0, 2), {}, state_axes, true}}});
}

/// The kept axes first, then those of the lines.
ArrayPtr quantiles_of_lines(const ArrayPtr& x, const std::vector<int>& axes, OrderCall call) {
  std::vector<index_t> order;
  for (int i = 0; i < x->ndim(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  const std::size_t kept = order.size();
  order.insert(order.end(), axes.begin(), axes.end());
  const ArrayPtr turned = transpose(x, AxisSpec(order));
  const auto number = static_cast<index_t>(call.quantiles.size());
  Chunks result(turned->chunks().begin(), turned->chunks().begin() + static_cast<std::ptrdiff_t>(kept));
  result.insert(result.begin(), {number});
  std::vector<int> inner(axes.size());
  std::iota(inner.begin(), inner.end(), static_cast<int>(kept));
  const Chunks whole = cut_across(*turned, inner);
  if (whole.empty()) {
    // A few long lines: each is counted where it lies, as everything is.
    Shape shape{number};
    shape.v.insert(shape.v.end(), turned->shape().v.begin(), turned->shape().v.begin() + static_cast<std::ptrdiff_t>(kept));
    std::vector<ArrayPtr> lines;
    for (index_t line = 0, count = shape.elements() / number; line < count; ++line) {
      std::vector<Index> at(kept, Index(0));
      for (std::size_t axis = kept, rest = static_cast<std::size_t>(line); axis-- > 0;) {
        const auto length = static_cast<std::size_t>(turned->shape()[axis]);
        at[axis] = Index(static_cast<index_t>(rest % length));
        rest /= length;
      }
      lines.push_back(quantiles_of_all(slice(turned, at), call));
    }
    const ArrayPtr all = reshape(stack(std::move(lines), 1), shape);
    return rechunk(all, ChunkSpec(result), {});
  }
  call.inner = static_cast<std::int32_t>(axes.size());
  Chunks finer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(kept));
  finer.insert(finer.begin(), {number});
  const ArrayPtr values =
      call_blocks({"quantiles", line_quantiles_function, call.encode(), DType::float64, whole, std::move(finer), {{rechunk(turned, ChunkSpec(whole), {}), View::identity(x->ndim())}}});
  return rechunk(values, ChunkSpec(result), {});
}

void check_order(const ArrayNode& x, const char* what) {
  if (is_complex(x.dtype())) throw TypeError(std::string(what) + " needs elements that have an order, found " + std::string(dtype_name(x.dtype())));
  if (!x.lengths_known()) throw ShapeError(std::string(what) + " needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(x.shape()));
}

Interpolation interpolation(const std::string& method) {
  const std::pair<const char*, Interpolation> all[] = {{"linear", Interpolation::linear},     {"lower", Interpolation::lower},     {"higher", Interpolation::higher},
                                                       {"midpoint", Interpolation::midpoint}, {"nearest", Interpolation::closest}, {"mean", Interpolation::mean}};
  for (const auto& [name, how] : all)
    if (method == name) return how;
  throw ValueError("method of a quantile is linear, lower, higher, midpoint or nearest, found \"" + method + "\"");
}

}  // namespace

ArrayPtr quantile(const ArrayPtr& x, const QuantileArguments& arguments, DType result) {
  check_order(*x, "a quantile");
  if (arguments.quantiles.empty()) throw ValueError("quantiles must be given: found none");
  for (double q : arguments.quantiles)
    if (!(q >= 0 && q <= 1)) throw ValueError("quantiles lie in [0, 1] (percentiles in [0, 100]): found the quantile " + std::to_string(q));
  OrderCall call;
  call.quantiles = arguments.quantiles;
  call.how = interpolation(arguments.method);
  call.skip = arguments.skip_nan;
  std::vector<int> axes = normalize_axes(arguments.axes, x->ndim());
  std::sort(axes.begin(), axes.end());
  const bool all = axes.size() == x->shape().size();
  ArrayPtr values = all ? quantiles_of_all(x, call) : quantiles_of_lines(x, axes, call);
  Shape shape;
  if (!arguments.single) shape.v.push_back(static_cast<index_t>(call.quantiles.size()));
  for (int i = 0; i < x->ndim(); ++i) {
    const bool reduced = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!reduced) shape.v.push_back(x->shape()[static_cast<std::size_t>(i)]);
    else if (arguments.keepdims) shape.v.push_back(1);
  }
  return cast(values->shape() == shape ? values : reshape(values, shape), result);
}

}  // namespace ashlar::expression
