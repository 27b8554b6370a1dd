#include <algorithm>
#include <map>
#include <numeric>

#include "ashlar/array/array.hpp"
#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/index.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {

Index::Index(std::initializer_list<Dim> list) : v(std::vector<index_t>()) {
  for (Dim d : list) std::get<std::vector<index_t>>(v).push_back(d.v);
}
Index::Index(const Array<bool>& mask) : v(Mask{mask.node()}) {}
Index::Index(const NDArray<bool>& mask) : v(mask) {}

namespace expression {

using namespace lowering;

namespace {

using List = std::shared_ptr<const std::vector<index_t>>;

/// Indices as one entry per axis: a list and a mask stand apart, with the whole axis in their place.
struct Parsed {
  BasicSlice basic;
  std::vector<int> result_axis;  ///< per axis of the array; -1 where an integer drops it
  int list_axis = -1, mask_axis = -1;
  List list;
  ArrayPtr mask;
};

List positions_of(const NDArray<bool>& mask) {
  std::vector<index_t> positions;
  for (index_t i = 0; const bool chosen : mask) {
    if (chosen) positions.push_back(i);
    ++i;
  }
  return std::make_shared<const std::vector<index_t>>(std::move(positions));
}

List checked_positions(std::vector<index_t> list, index_t length, int axis) {
  if (length == unknown)
    throw ShapeError("an axis of unknown length cannot be indexed (compute_chunk_sizes() settles lengths): axis " + std::to_string(axis));
  for (index_t& i : list) {
    if (i < -length || i >= length)
      throw IndexError("index " + std::to_string(i) + " is outside axis " + std::to_string(axis) + " of length " + std::to_string(length));
    if (i < 0) i += length;
  }
  return std::make_shared<const std::vector<index_t>>(std::move(list));
}

Parsed parse(std::span<const Index> indices, const Shape& shape) {
  std::vector<BasicIndex> basic;
  int named_before = 0, special_at = -1;  // named entries before the special one, counted from the front
  bool ellipsis_before = false, ellipsis_seen = false;
  int named = 0;
  const Index* special = nullptr;
  for (const Index& index : indices) {
    if (const auto* plain = std::get_if<BasicIndex>(&index.v)) {
      const auto entries = std::holds_alternative<std::string>(plain->v) ? parse_slices(std::get<std::string>(plain->v)) : std::vector<BasicIndex>{*plain};
      for (const BasicIndex& entry : entries) {
        named += std::holds_alternative<index_t>(entry.v) || std::holds_alternative<Range>(entry.v);
        ellipsis_seen = ellipsis_seen || std::holds_alternative<ellipsis_t>(entry.v);
        basic.push_back(entry);
      }
      continue;
    }
    if (special) throw NotImplementedError("lists and boolean arrays are served on one axis of an index, found two; apply them one after the other");
    special = &index;
    special_at = static_cast<int>(basic.size());
    named_before = named;
    ellipsis_before = ellipsis_seen;
    ++named;
    basic.push_back(BasicIndex(Range{}));
  }
  (void)special_at;
  Parsed parsed;
  parsed.basic = normalize_slices(basic, shape);
  int result = 0;
  const auto& added = parsed.basic.new_axes;
  for (const AxisSlice& axis : parsed.basic.axes) {
    while (std::find(added.begin(), added.end(), result) != added.end()) ++result;
    parsed.result_axis.push_back(axis.dropped ? -1 : result++);
  }
  if (special) {
    const int axis = named_before + (ellipsis_before ? shape.ndim() - named : 0);
    const index_t length = shape[static_cast<std::size_t>(axis)];
    if (const auto* list = std::get_if<std::vector<index_t>>(&special->v)) {
      parsed.list = checked_positions(*list, length, axis);
      parsed.list_axis = axis;
    } else if (const auto* mask = std::get_if<NDArray<bool>>(&special->v)) {
      if (mask->ndim() != 1 || mask->size() != length)
        throw IndexError("a boolean index does not fit its axis: axis " + std::to_string(axis) + " has length " + std::to_string(length) +
                         ", the index shape " + to_string(mask->shape()));
      parsed.list = positions_of(*mask);
      parsed.list_axis = axis;
    } else {
      parsed.mask = std::get<Index::Mask>(special->v).node;
      parsed.mask_axis = axis;
      if (parsed.mask->ndim() != 1 || (parsed.mask->shape()[0] != length && length != unknown && parsed.mask->shape()[0] != unknown))
        throw IndexError("a boolean index does not fit its axis: axis " + std::to_string(axis) + " has length " + std::to_string(length) +
                         ", the index shape " + to_string(parsed.mask->shape()));
    }
    if (parsed.list_axis >= 0)
      parsed.basic.shape[static_cast<std::size_t>(parsed.result_axis[static_cast<std::size_t>(axis)])] = static_cast<index_t>(parsed.list->size());
  }
  return parsed;
}

/// What a slice leaves of the chunks of an axis: empty ones are dropped.
std::vector<index_t> sliced_chunks(const std::vector<index_t>& sizes, const AxisSlice& slice) {
  if (slice.count == unknown) return sizes;
  std::vector<index_t> result;
  index_t begin = 0;
  const index_t low = slice.step > 0 ? slice.start : slice.start + slice.step * (slice.count - 1), step = slice.step > 0 ? slice.step : -slice.step;
  const auto before = [&](index_t position) { return position <= low ? 0 : std::min(slice.count, (position - low + step - 1) / step); };
  for (index_t n : sizes) {
    const index_t count = before(begin + n) - before(begin);
    if (count > 0) result.push_back(count);
    begin += n;
  }
  if (slice.step < 0) std::reverse(result.begin(), result.end());
  if (result.empty()) result.push_back(0);
  return result;
}

std::vector<index_t> list_chunks(const std::vector<index_t>& sizes, index_t n) {
  const index_t largest = std::max<index_t>(1, *std::max_element(sizes.begin(), sizes.end()));
  std::vector<index_t> result;
  for (index_t at = 0; at < n; at += largest) result.push_back(std::min(largest, n - at));
  if (result.empty()) result.push_back(0);
  return result;
}

ArrayPtr slice_view(const ArrayPtr& node, const Parsed& parsed) {
  if (!parsed.list && parsed.basic.takes_all(node->shape())) return node;
  View view;
  Chunks chunks(parsed.basic.shape.size(), {1});
  for (std::size_t i = 0; i < parsed.basic.axes.size(); ++i) {
    const AxisSlice& axis = parsed.basic.axes[i];
    const int result = parsed.result_axis[i];
    if (result < 0) {
      view.axes.push_back({-1, axis.start, 0, nullptr});
    } else if (static_cast<int>(i) == parsed.list_axis) {
      view.axes.push_back({result, 0, 1, parsed.list});
      chunks[static_cast<std::size_t>(result)] = list_chunks(node->chunks()[i], static_cast<index_t>(parsed.list->size()));
    } else {
      view.axes.push_back({result, axis.start, axis.step, nullptr});
      chunks[static_cast<std::size_t>(result)] = sliced_chunks(node->chunks()[i], axis);
    }
  }
  return std::make_shared<ViewNode>("getitem", node, std::move(view), parsed.basic.shape, std::move(chunks));
}

ArrayPtr rechunk_axis(const ArrayPtr& node, std::size_t axis, const std::vector<index_t>& sizes) {
  if (node->chunks()[axis] == sizes) return node;
  Chunks chunks = node->chunks();
  chunks[axis] = sizes;
  return std::make_shared<ViewNode>("rechunk", node, View::identity(node->ndim()), node->shape(), std::move(chunks));
}

ArrayPtr masked(const ArrayPtr& node, const ArrayPtr& mask, int axis) {
  const auto i = static_cast<std::size_t>(axis);
  const std::vector<index_t> common = common_chunks({&node->chunks()[i], &mask->chunks()[0]}, axis);
  const ArrayPtr cut = rechunk_axis(node, i, common), by = rechunk_axis(mask, 0, common);
  Shape shape = node->shape();
  shape[i] = unknown;
  Chunks chunks = cut->chunks();
  chunks[i].assign(common.size(), unknown);
  return std::make_shared<MaskNode>(cut, by, axis, std::move(shape), std::move(chunks));
}

/// A mask of all axes, if that is what the indices are.
ArrayPtr whole_mask(std::span<const Index> indices, int ndim) {
  if (indices.size() != 1) return nullptr;
  if (const auto* mask = std::get_if<Index::Mask>(&indices[0].v); mask && mask->node->ndim() == ndim) return mask->node;
  if (const auto* mask = std::get_if<NDArray<bool>>(&indices[0].v); mask && mask->ndim() == ndim) return from_block(mask->shared_block(), {});
  return nullptr;
}

void check_mask_shape(const ArrayNode& node, const ArrayNode& mask) {
  if (node.shape() != mask.shape())
    throw IndexError("a boolean index of all axes needs the array's shape: wanted " + to_string(node.shape()) + ", found " + to_string(mask.shape()));
}

}  // namespace

ArrayPtr slice(const ArrayPtr& node, std::span<const Index> indices) {
  if (const ArrayPtr mask = whole_mask(indices, node->ndim()); mask && node->ndim() != 1) {
    check_mask_shape(*node, *mask);
    if (mask->kind() == ArrayNode::Kind::local) {
      const NDArray<bool> flat(as<LocalNode>(mask).block.reshape(Shape{mask->shape().elements()}));
      return take(ravel(node), *positions_of(flat), 0);
    }
    // NumPy's order is C order over the whole array: the flat array is cut into runs of it.
    const ArrayPtr cut = mask->chunks() == node->chunks() ? mask : rechunk(mask, ChunkSpec(node->chunks()), {});
    return masked(ravel(node), ravel(cut), 0);
  }
  const Parsed parsed = parse(indices, node->shape());
  const ArrayPtr part = slice_view(node, parsed);
  if (!parsed.mask) return part;
  return masked(part, parsed.mask, parsed.result_axis[static_cast<std::size_t>(parsed.mask_axis)]);
}

ArrayPtr take(const ArrayPtr& node, std::vector<index_t> positions, int axis) {
  const int number = normalize_axes(AxisSpec(std::vector<int>{axis}), node->ndim()).front();
  std::vector<Index> indices(static_cast<std::size_t>(number), Index(_));
  indices.emplace_back(positions);
  return slice(node, indices);
}

ArrayPtr set(const ArrayPtr& node, std::span<const Index> indices, const Operand& value) {
  const auto value_node = [&] {
    if (value.kind == Operand::Kind::lazy) return cast(value.node, node->dtype());
    if (value.kind == Operand::Kind::local) return from_block(value.block.astype(node->dtype()), {});
    return from_block(Block::full(Shape{}, value.literal.cast(node->dtype())), {});
  };
  ArrayPtr mask = whole_mask(indices, node->ndim());
  if (!mask && indices.size() == 1 && node->ndim() > 1) {
    // One boolean axis for the first of several.
    if (const auto* lazy = std::get_if<Index::Mask>(&indices[0].v)) mask = lazy->node;
    if (mask) {
      if (mask->ndim() != 1 || mask->shape()[0] != node->shape()[0])
        throw IndexError("a boolean index does not fit: shape " + to_string(node->shape()) + ", index shape " + to_string(mask->shape()));
      std::vector<int> behind(static_cast<std::size_t>(node->ndim() - 1));
      std::iota(behind.begin(), behind.end(), 1);
      mask = broadcast_to(expand_dims(mask, AxisSpec(behind)), node->shape());
    }
  }
  if (mask) {
    check_mask_shape(*node, *mask);
    const ArrayPtr filling = value.kind == Operand::Kind::literal ? constant(value.literal.cast(node->dtype())) : value_node();
    if (broadcast_shapes(filling->shape(), node->shape()) != node->shape())
      throw ShapeError("a value of shape " + to_string(filling->shape()) + " does not broadcast to the array's shape " + to_string(node->shape()));
    const ArrayPtr merged = elementwise(Op::where, std::vector<Operand>{mask, filling, node});
    return merged->chunks() == node->chunks() ? merged : rechunk(merged, ChunkSpec(node->chunks()), {});
  }
  if (!node->lengths_known()) throw ShapeError("setting a part needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(node->shape()));
  const Parsed parsed = parse(indices, node->shape());
  if (parsed.mask) throw NotImplementedError("a boolean array is served in set() as the only index");
  const Shape& region = parsed.basic.shape;
  const ArrayPtr filling = value_node();
  if (filling->ndim() > region.ndim() || broadcast_shapes(filling->shape(), region) != region)
    throw ShapeError("a value of shape " + to_string(filling->shape()) + " does not broadcast to the selection's shape " + to_string(region));
  if (region.elements() == 0) return node;

  std::vector<SetNode::Selection> selection;
  std::vector<AxisMap> value_maps(region.size());  // per axis of the region; of no axis where newaxis made it
  for (std::size_t i = 0; i < parsed.basic.axes.size(); ++i) {
    const AxisSlice& axis = parsed.basic.axes[i];
    SetNode::Selection part{axis.start, axis.count, axis.step, nullptr};
    AxisMap map{static_cast<int>(i), 0, 1, nullptr};
    if (static_cast<int>(i) == parsed.list_axis) {
      // Ascending, each position once: of repeated ones the last value stays, as in NumPy.
      std::map<index_t, index_t> last;
      for (index_t k = 0; k < static_cast<index_t>(parsed.list->size()); ++k) last[(*parsed.list)[static_cast<std::size_t>(k)]] = k;
      std::vector<index_t> ascending, from;
      for (const auto& [position, k] : last) {
        ascending.push_back(position);
        from.push_back(k);
      }
      part.list = std::make_shared<const std::vector<index_t>>(std::move(ascending));
      map.list = std::make_shared<const std::vector<index_t>>(std::move(from));
    } else if (axis.step < 0) {
      part = {axis.start + axis.step * (axis.count - 1), axis.count, -axis.step, nullptr};
      map = {static_cast<int>(i), axis.count - 1, -1, nullptr};
    }
    selection.push_back(std::move(part));
    if (parsed.result_axis[i] >= 0) value_maps[static_cast<std::size_t>(parsed.result_axis[i])] = std::move(map);
  }
  View view;
  const int lead = region.ndim() - filling->ndim();
  for (int j = 0; j < filling->ndim(); ++j) {
    const bool repeated = filling->shape()[static_cast<std::size_t>(j)] == 1;
    view.axes.push_back(repeated ? AxisMap{} : value_maps[static_cast<std::size_t>(j + lead)]);
  }
  return std::make_shared<SetNode>(node, filling, std::move(selection), std::move(view));
}

std::string slices_text(std::span<const Index> indices) {
  std::string text;
  const auto bound = [](const Bound& b) { return b.v ? std::to_string(*b.v) : std::string(); };
  for (const Index& index : indices) {
    if (!text.empty()) text += ", ";
    const auto* basic = std::get_if<BasicIndex>(&index.v);
    if (!basic) throw NotImplementedError("a region of a dataset is given by integers, ranges and text, not by lists or boolean arrays");
    if (const auto* i = std::get_if<index_t>(&basic->v)) text += std::to_string(*i);
    else if (const auto* r = std::get_if<Range>(&basic->v)) text += bound(r->start) + ":" + bound(r->stop) + (r->step.v ? ":" + bound(r->step) : "");
    else if (std::holds_alternative<ellipsis_t>(basic->v)) text += "...";
    else if (std::holds_alternative<newaxis_t>(basic->v)) text += "newaxis";
    else text += std::get<std::string>(basic->v);
  }
  return text;
}

}  // namespace expression
}  // namespace ashlar
