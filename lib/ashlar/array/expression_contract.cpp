// Products of arrays: matmul, tensordot and einsum are one operation on axes that are named by numbers. A pair of arrays is contracted chunk
// by chunk: the tasks of one chunk of the result form a chain, each adding the product of two chunks to what the one before left, in
// place. Where the result has few chunks there are several chains, added at the end. All of it follows from the chunks.

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <optional>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/contract_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/blas.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

/// Chains of one result are cut so that there are about this many tasks to begin with.
constexpr index_t kChains = 64;

struct Product {  // numbers of axes, in this order: of a batch, rows, inner; of b batch, inner, columns
  std::int32_t dtype;  // four bytes, so that no padding is sent
  int batch, rows, columns, inner;
  DType type() const { return static_cast<DType>(dtype); }
};

/// A block whose axes are (batch…, first…, second…) as matrices.
struct Matrices {
  Block block;
  blas::Matrix matrix;
  std::vector<index_t> batch_strides;
};

/// The one stride of neighbouring axes; nothing where there is none.
std::optional<index_t> merged_stride(const Block& block, std::size_t begin, std::size_t end) {
  index_t stride = 1, length = 1;
  bool any = false;
  for (std::size_t i = end; i-- > begin;) {
    if (block.shape()[i] == 1) continue;
    if (!any) stride = block.strides()[i];
    else if (block.strides()[i] != stride * length) return std::nullopt;
    any = true;
    length *= block.shape()[i];
  }
  return stride;
}

Matrices matrices(Block block, int batch, int first, bool for_blas) {
  const auto nb = static_cast<std::size_t>(batch), n1 = nb + static_cast<std::size_t>(first), n = block.shape().size();
  for (;;) {
    const auto rows = merged_stride(block, nb, n1), columns = merged_stride(block, n1, n);
    blas::Matrix m;
    m.rows = m.columns = 1;
    for (std::size_t i = nb; i < n1; ++i) m.rows *= block.shape()[i];
    for (std::size_t i = n1; i < n; ++i) m.columns *= block.shape()[i];
    m.row_stride = rows.value_or(0);
    m.column_stride = columns.value_or(0);
    if (rows && columns && (!for_blas || blas::fits(m) || block.is_contiguous())) {
      if (block.is_contiguous()) {  // strides of axes of length 1 say nothing
        m.row_stride = m.columns;
        m.column_stride = 1;
      }
      m.data = block.data();
      std::vector<index_t> strides(block.strides().begin(), block.strides().begin() + batch);
      return {std::move(block), m, std::move(strides)};
    }
    block = block.contiguous();
  }
}

Block add_product(const Product& product, Block sum, const Block& left, const Block& right) {
  const std::int64_t size = itemsize(product.type());
  const bool floats = is_floating(product.type()) || is_complex(product.type());
  const Matrices a = matrices(left, product.batch, product.rows, floats), b = matrices(right, product.batch, product.inner, floats);
  auto* to = sum.make_writable();
  const Shape batch(std::vector<index_t>(left.shape().begin(), left.shape().begin() + product.batch));
  const index_t count = batch.elements(), each = a.matrix.rows * b.matrix.columns;
  std::vector<index_t> at(batch.size(), 0);
  for (index_t i = 0; i < count; ++i) {
    blas::Matrix x = a.matrix, y = b.matrix;
    index_t left_offset = 0, right_offset = 0;
    for (std::size_t d = 0; d < at.size(); ++d) {
      left_offset += at[d] * a.batch_strides[d];
      right_offset += at[d] * b.batch_strides[d];
    }
    x.data = static_cast<const std::byte*>(x.data) + left_offset * size;
    y.data = static_cast<const std::byte*>(y.data) + right_offset * size;
    blas::multiply_add(product.type(), x, y, to + i * each * size, b.matrix.columns);
    for (std::size_t d = at.size(); d > 0 && ++at[d - 1] == batch[d - 1]; --d) at[d - 1] = 0;
  }
  return sum;
}

Block zeros_for(const Product& product, const Block& a, const Block& b) {
  Shape shape(std::vector<index_t>(a.shape().begin(), a.shape().begin() + product.batch + product.rows));
  shape.v.insert(shape.v.end(), b.shape().begin() + product.batch + product.inner, b.shape().end());
  return Block::zeros(product.type(), shape);
}

Block run_product(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto product = Reader(closure).get<Product>();
  if (blocks.size() == 2) return add_product(product, zeros_for(product, blocks[0], blocks[1]), blocks[0], blocks[1]);
  return add_product(product, std::move(blocks[0]), blocks[1], blocks[2]);
}
constinit BlockFunction product_function{"ashlar product", &run_product};

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }
std::size_t place_of(const Labels& labels, int label) { return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin()); }

/// The array with axes in the order of `labels`, length 1 where it has none.
ArrayPtr aligned(const ArrayPtr& node, const Labels& own, const Labels& labels) {
  std::vector<int> order, added;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (has(own, labels[i])) order.push_back(static_cast<int>(place_of(own, labels[i])));
    else added.push_back(static_cast<int>(i));
  }
  ArrayPtr result = node;
  if (!std::is_sorted(order.begin(), order.end())) result = transpose(result, AxisSpec(order));
  return added.empty() ? result : expand_dims(result, AxisSpec(added));
}

ArrayPtr sum_over(const ArrayPtr& node, const std::vector<int>& axes) {
  if (axes.empty()) return node;
  return cast(reduce(Reduction::sum, node, {.axes = AxisSpec(axes)}), node->dtype());
}

/// Each label once: repeated ones become the diagonal of their axes. Then sums over what nobody else has.
ArrayPtr simplified(ArrayPtr node, Labels& labels, const Labels& wanted) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t k = labels.size(); k-- > i + 1;)
      if (labels[k] == labels[i]) {
        node = diagonal(node, 0, static_cast<int>(i), static_cast<int>(k));  // its axis comes last
        const int label = labels[i];
        labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(k));
        labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(i));
        labels.push_back(label);
        return simplified(node, labels, wanted);
      }
  std::vector<int> axes;
  Labels left;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (has(wanted, labels[i])) left.push_back(labels[i]);
    else axes.push_back(static_cast<int>(i));
  }
  labels = left;
  return sum_over(node, axes);
}

/// Axes of length 1 whose label is longer elsewhere stand for all positions: they are dropped.
ArrayPtr without_repeats(ArrayPtr node, Labels& labels, const ArrayNode& other, const Labels& other_labels) {
  for (std::size_t i = labels.size(); i-- > 0;) {
    if (node->shape()[i] != 1 || !has(other_labels, labels[i]) || other.shape()[place_of(other_labels, labels[i])] == 1) continue;
    node = squeeze(node, AxisSpec(static_cast<int>(i)));
    labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return node;
}

}  // namespace

ArrayPtr contract(ArrayPtr a, Labels la, ArrayPtr b, Labels lb, const Labels& out) {
  const DType type = promote(a->dtype(), b->dtype());
  a = cast(a, type);
  b = cast(b, type);
  Labels for_a = out, for_b = out;
  for_a.insert(for_a.end(), lb.begin(), lb.end());
  for_b.insert(for_b.end(), la.begin(), la.end());
  a = simplified(a, la, for_a);
  b = simplified(b, lb, for_b);
  a = without_repeats(a, la, *b, lb);
  b = without_repeats(b, lb, *a, la);
  // What was repeated may now be alone on the other side.
  for_a = for_b = out;
  for_a.insert(for_a.end(), lb.begin(), lb.end());
  for_b.insert(for_b.end(), la.begin(), la.end());
  a = simplified(a, la, for_a);
  b = simplified(b, lb, for_b);
  for (int label : la)
    if (has(lb, label) && a->shape()[place_of(la, label)] != b->shape()[place_of(lb, label)])
      throw ShapeError("lengths of axes that are multiplied differ: shapes " + to_string(a->shape()) + " and " + to_string(b->shape()) + ", axis " +
                       std::to_string(place_of(la, label)) + " has length " + std::to_string(a->shape()[place_of(la, label)]) + " and axis " +
                       std::to_string(place_of(lb, label)) + " has length " + std::to_string(b->shape()[place_of(lb, label)]));

  Labels batch, rows, columns, inner;
  for (int label : out) {
    if (has(la, label) && has(lb, label)) batch.push_back(label);
    else if (has(la, label)) rows.push_back(label);
    else if (has(lb, label)) columns.push_back(label);
    else throw InternalError("a result has an axis that no operand has");
  }
  for (int label : la)
    if (has(lb, label) && !has(out, label)) inner.push_back(label);

  // Without inner axes a product of elements, without outer ones its sum: both are fused programs.
  if (inner.empty() || (rows.empty() && columns.empty())) {
    Labels all = out;
    all.insert(all.end(), inner.begin(), inner.end());
    const ArrayPtr product = elementwise(Op::multiply, std::vector<Operand>{aligned(a, la, all), aligned(b, lb, all)});
    std::vector<int> axes(inner.size());
    std::iota(axes.begin(), axes.end(), static_cast<int>(out.size()));
    return sum_over(product, axes);
  }

  Labels space = batch;
  for (const Labels* part : {&rows, &columns, &inner}) space.insert(space.end(), part->begin(), part->end());
  const std::size_t outer = space.size() - inner.size();
  Chunks chunks;
  for (std::size_t i = 0; i < space.size(); ++i) {
    std::vector<const std::vector<index_t>*> lists;
    if (has(la, space[i])) lists.push_back(&a->chunks()[place_of(la, space[i])]);
    if (has(lb, space[i])) lists.push_back(&b->chunks()[place_of(lb, space[i])]);
    chunks.push_back(common_chunks(lists, static_cast<int>(i)));
    if (i >= outer && std::find(chunks[i].begin(), chunks[i].end(), unknown) != chunks[i].end())
      throw ShapeError("an axis that is summed over in a product needs a known length (compute_chunk_sizes() settles lengths)");
  }
  const Chunks result(chunks.begin(), chunks.begin() + static_cast<std::ptrdiff_t>(outer));
  const Product product{static_cast<std::int32_t>(type), static_cast<int>(batch.size()), static_cast<int>(rows.size()), static_cast<int>(columns.size()), static_cast<int>(inner.size())};
  Writer closure;
  closure.put(product);

  const auto input_of = [&](const ArrayPtr& node, const Labels& own, const Labels& order, const std::vector<index_t>& starts) {
    BlockCall::Input input{node, {}, {}, {}, true};
    for (int label : own) {
      const std::size_t at = place_of(space, label);
      input.view.axes.push_back({static_cast<int>(at), at < outer ? 0 : starts[at - outer], 1, nullptr});
    }
    for (int label : order) input.axes.push_back(static_cast<int>(place_of(space, label)));
    return input;
  };
  Labels order_a = batch, order_b = batch;
  order_a.insert(order_a.end(), rows.begin(), rows.end());
  order_a.insert(order_a.end(), inner.begin(), inner.end());
  order_b.insert(order_b.end(), inner.begin(), inner.end());
  order_b.insert(order_b.end(), columns.begin(), columns.end());

  const ChunkGrid inner_grid(Chunks(chunks.begin() + static_cast<std::ptrdiff_t>(outer), chunks.end()));
  const index_t steps = inner_grid.size(), results = ChunkGrid(result).size();
  const index_t chains = std::min(steps, (kChains + results - 1) / std::max<index_t>(results, 1));
  std::vector<ArrayPtr> sums(static_cast<std::size_t>(std::max<index_t>(chains, 1)));
  for (index_t step = 0; step < steps; ++step) {
    // Neighbours along the inner axes belong to one chain.
    ArrayPtr& sum = sums[static_cast<std::size_t>(step * static_cast<index_t>(sums.size()) / steps)];
    const Coordinates at = inner_grid.coordinates(step);
    Chunks tasks = result;
    for (index_t n : inner_grid.shape(at)) tasks.push_back({n});
    BlockCall call{"matmul", product_function, closure.head(), type, std::move(tasks), result, {}};
    if (sum) {
      BlockCall::Input before{sum, {}, {}, {}, true};
      for (std::size_t i = 0; i < outer; ++i) {
        before.view.axes.push_back({static_cast<int>(i), 0, 1, nullptr});
        before.axes.push_back(static_cast<int>(i));
      }
      call.inputs.push_back(std::move(before));
    }
    call.inputs.push_back(input_of(a, la, order_a, inner_grid.origin(at)));
    call.inputs.push_back(input_of(b, lb, order_b, inner_grid.origin(at)));
    sum = call_blocks(std::move(call));
  }
  ArrayPtr total = sums.front();
  for (std::size_t i = 1; i < sums.size(); ++i) total = elementwise(Op::add, std::vector<Operand>{total, sums[i]});
  Labels made(space.begin(), space.begin() + static_cast<std::ptrdiff_t>(outer));
  return aligned(total, made, out);
}

ArrayPtr matmul(const ArrayPtr& a, const ArrayPtr& b) {
  if (a->ndim() == 0 || b->ndim() == 0) throw ShapeError("matmul needs at least one axis on each side: shapes " + to_string(a->shape()) + " and " + to_string(b->shape()));
  // Batch axes count from the last one: labels -3, -4, …; row, inner and column are 0, 1, 2.
  const auto labels = [](int ndim, int before, int last) {
    Labels list;
    for (int i = ndim - 2; i > 0; --i) list.push_back(-2 - i);
    if (ndim > 1) list.push_back(before);
    list.push_back(last);
    return list;
  };
  const Labels la = labels(a->ndim(), 0, 1), lb = b->ndim() == 1 ? Labels{1} : labels(b->ndim(), 1, 2);
  Labels out;
  for (int i = std::max({a->ndim(), b->ndim(), 2}) - 2; i > 0; --i) out.push_back(-2 - i);
  if (a->ndim() > 1) out.push_back(0);
  if (b->ndim() > 1) out.push_back(2);
  return contract(a, la, b, lb, out);
}

ArrayPtr tensordot(const ArrayPtr& a, const ArrayPtr& b, const AxisSpec& axes_a, const AxisSpec& axes_b) {
  const std::vector<int> over_a = normalize_axes(axes_a, a->ndim()), over_b = normalize_axes(axes_b, b->ndim());
  if (over_a.size() != over_b.size())
    throw ValueError("tensordot needs as many axes on either side: found " + std::to_string(over_a.size()) + " and " + std::to_string(over_b.size()));
  Labels la(static_cast<std::size_t>(a->ndim())), lb(static_cast<std::size_t>(b->ndim())), out;
  std::iota(la.begin(), la.end(), 0);
  std::iota(lb.begin(), lb.end(), a->ndim());
  for (std::size_t i = 0; i < over_a.size(); ++i) {
    const auto x = static_cast<std::size_t>(over_a[i]), y = static_cast<std::size_t>(over_b[i]);
    if (a->shape()[x] != b->shape()[y])
      throw ShapeError("lengths of axes that are multiplied differ: shapes " + to_string(a->shape()) + " and " + to_string(b->shape()) + ", axes " +
                       std::to_string(x) + " and " + std::to_string(y));
    lb[y] = la[x];
  }
  for (int label : la)
    if (!has(lb, label)) out.push_back(label);
  for (int label : lb)
    if (!has(la, label)) out.push_back(label);
  return contract(a, la, b, lb, out);
}

ArrayPtr dot(const ArrayPtr& a, const ArrayPtr& b) {
  if (a->ndim() == 0 || b->ndim() == 0) return elementwise(Op::multiply, std::vector<Operand>{a, b});
  // Two vectors: a sum of products reads them once, as fast as memory is, and no product is stored.
  if (a->ndim() == 1 && b->ndim() == 1 && a->shape() == b->shape() && a->lengths_known()) {
    const DType type = promote(a->dtype(), b->dtype());
    if (type != DType::bool_) return cast(reduce(Reduction::sum, elementwise(Op::multiply, std::vector<Operand>{a, b}), {}), type);
  }
  return tensordot(a, b, AxisSpec(-1), AxisSpec(b->ndim() == 1 ? -1 : -2));
}

ArrayPtr einsum(const std::string& subscripts, std::vector<ArrayPtr> arrays) {
  const auto refuse = [&](const std::string& why) { throw ValueError("einsum \"" + subscripts + "\": " + why); };
  std::string text;
  for (char c : subscripts)
    if (c != ' ') text += c;
  const std::size_t arrow = text.find("->");
  std::vector<std::string> parts{""};
  for (char c : text.substr(0, arrow)) {
    if (c == ',') parts.emplace_back();
    else parts.back() += c;
  }
  if (parts.size() != arrays.size()) refuse("subscripts for " + std::to_string(parts.size()) + " arrays, found " + std::to_string(arrays.size()));
  // Axes of an ellipsis count from the last one: labels -1, -2, ….
  int most = 0;
  const auto parse = [&](const std::string& part, int ndim, bool result) {
    Labels labels;
    const std::size_t dots = part.find("...");
    const int letters = static_cast<int>(part.size()) - (dots == std::string::npos ? 0 : 3);
    const int covered = dots == std::string::npos ? 0 : result ? most : ndim - letters;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (i == dots) {
        for (int k = covered; k > 0; --k) labels.push_back(-k);
        i += 2;
        continue;
      }
      if (!std::isalpha(static_cast<unsigned char>(part[i]))) refuse(std::string("a subscript is a letter, found '") + part[i] + "'");
      labels.push_back(part[i]);
    }
    if (!result && (covered < 0 || static_cast<int>(labels.size()) != ndim)) refuse("\"" + part + "\" does not fit an array of " + std::to_string(ndim) + " axes");
    if (!result) most = std::max(most, covered);
    return labels;
  };
  std::vector<Labels> own;
  for (std::size_t i = 0; i < arrays.size(); ++i) own.push_back(parse(parts[i], arrays[i]->ndim(), false));
  Labels out;
  if (arrow != std::string::npos) {
    out = parse(text.substr(arrow + 2), 0, true);
  } else {
    std::map<int, int> count;
    for (const Labels& labels : own)
      for (int label : labels) ++count[label];
    for (int k = most; k > 0; --k) out.push_back(-k);
    for (const auto& [label, n] : count)
      if (label > 0 && n == 1) out.push_back(label);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::find(out.begin() + static_cast<std::ptrdiff_t>(i) + 1, out.end(), out[i]) != out.end()) refuse("a letter stands twice in the result");
    if (std::none_of(own.begin(), own.end(), [&](const Labels& labels) { return has(labels, out[i]); })) refuse("the result has a letter that no array has");
  }
  std::map<int, index_t> lengths;
  for (std::size_t i = 0; i < arrays.size(); ++i)
    for (std::size_t axis = 0; axis < own[i].size(); ++axis) {
      index_t& length = lengths.try_emplace(own[i][axis], 1).first->second;
      const index_t found = arrays[i]->shape()[axis];
      if (length != 1 && found != 1 && length != found)
        throw ShapeError("einsum \"" + subscripts + "\": lengths differ under one subscript: " + std::to_string(length) + " and " + std::to_string(found));
      if (length == 1) length = found;
    }
  DType type = arrays.front()->dtype();
  for (const ArrayPtr& array : arrays) type = promote(type, array->dtype());
  ArrayPtr result = cast(arrays.front(), type);
  Labels labels = own.front();
  for (std::size_t i = 1; i < arrays.size(); ++i) {
    Labels needed = out;
    for (std::size_t k = i + 1; k < arrays.size(); ++k) needed.insert(needed.end(), own[k].begin(), own[k].end());
    Labels left;
    for (const Labels* list : {&labels, &own[i]})
      for (int label : *list)
        if (has(needed, label) && !has(left, label)) left.push_back(label);
    if (i + 1 == arrays.size()) left = out;
    result = contract(result, labels, arrays[i], own[i], left);
    labels = left;
  }
  result = simplified(result, labels, out);
  return aligned(result, labels, out);
}

ArrayPtr diagonal(const ArrayPtr& node, index_t offset, int axis1, int axis2) {
  const auto axes = normalize_axes(AxisSpec(std::vector<int>{axis1, axis2}), node->ndim());
  const auto first = static_cast<std::size_t>(axes[0]), second = static_cast<std::size_t>(axes[1]);
  if (node->shape()[first] == unknown || node->shape()[second] == unknown)
    throw ShapeError("a diagonal needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(node->shape()));
  const index_t down = std::max<index_t>(0, -offset), right = std::max<index_t>(0, offset);
  const index_t length = std::max<index_t>(0, std::min(node->shape()[first] - down, node->shape()[second] - right));
  Shape shape;
  Chunks chunks;
  View view;
  view.axes.resize(node->shape().size());
  for (std::size_t i = 0; i < node->shape().size(); ++i) {
    if (i == first || i == second) continue;
    view.axes[i] = {shape.ndim(), 0, 1, nullptr};
    shape.v.push_back(node->shape()[i]);
    chunks.push_back(node->chunks()[i]);
  }
  view.axes[first] = {shape.ndim(), down, 1, nullptr};
  view.axes[second] = {shape.ndim(), right, 1, nullptr};
  shape.v.push_back(length);
  // Cut where either axis is.
  std::vector<index_t> borders{0, length};
  for (const auto& [axis, start] : {std::pair{first, down}, std::pair{second, right}}) {
    index_t at = -start;
    for (index_t n : node->chunks()[axis])
      if (at += n; at > 0 && at < length) borders.push_back(at);
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  chunks.emplace_back();
  for (std::size_t i = 1; i < borders.size(); ++i) chunks.back().push_back(borders[i] - borders[i - 1]);
  if (chunks.back().empty()) chunks.back().push_back(0);
  return std::make_shared<ViewNode>("diagonal", node, std::move(view), std::move(shape), std::move(chunks));
}

}  // namespace ashlar::expression
