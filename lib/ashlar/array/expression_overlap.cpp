#include <algorithm>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

Halo::Outside outside_of(const Boundary& boundary) {
  if (boundary.kind == "none" || boundary.kind == "None") return Halo::Outside::none;
  if (boundary.kind == "periodic") return Halo::Outside::periodic;
  if (boundary.kind == "reflect") return Halo::Outside::reflect;
  if (boundary.kind == "nearest") return Halo::Outside::nearest;
  if (boundary.kind == "constant") return Halo::Outside::constant;
  throw ValueError("no such boundary: \"" + boundary.kind + "\"; there are none, periodic, reflect, nearest and numbers");
}

std::vector<Halo> halos_of(const Shape& shape, const MapOverlapOptions& options) {
  const std::size_t n = shape.size();
  const auto& depth = options.depth.axes;
  const auto& boundary = options.boundary.axes;
  if (depth.size() != 1 && depth.size() != n)
    throw ValueError("map_overlap needs a depth per axis, or one for all: found " + std::to_string(depth.size()) + ", axes " + std::to_string(n));
  if (boundary.size() != 1 && boundary.size() != n)
    throw ValueError("map_overlap needs a boundary per axis, or one for all: found " + std::to_string(boundary.size()) + ", axes " + std::to_string(n));
  std::vector<Halo> halos;
  for (std::size_t i = 0; i < n; ++i) {
    const AxisDepth& d = depth[depth.size() == 1 ? 0 : i];
    const Boundary& b = boundary[boundary.size() == 1 ? 0 : i];
    const std::string where = "axis " + std::to_string(i) + ", depth " + std::to_string(d.before) + " and " + std::to_string(d.after);
    if (d.before < 0 || d.after < 0) throw ValueError("a depth of map_overlap is at least 0: " + where);
    if (std::max(d.before, d.after) > shape[i]) throw ValueError("a depth of map_overlap is longer than the array: " + where + ", length " + std::to_string(shape[i]));
    Halo halo{d.before, d.after, outside_of(b), 0, b.value};
    if (d.before != d.after && halo.outside != Halo::Outside::none)
      throw ValueError("depths that differ on both sides are served with the boundary none only: " + where + ", boundary " + b.kind);
    halos.push_back(halo);
  }
  return halos;
}

/// Chunks joined with the next until each is as long as the depth; the last one with the one before it.
std::vector<index_t> long_enough(const std::vector<index_t>& sizes, index_t depth) {
  std::vector<index_t> joined;
  index_t open = 0;
  for (index_t n : sizes)
    if (open += n; open >= depth && open > 0) {
      joined.push_back(open);
      open = 0;
    }
  if (open > 0) {
    if (joined.empty()) joined.push_back(0);
    joined.back() += open;
  }
  return joined.empty() ? std::vector<index_t>{0} : joined;
}

}  // namespace

ArrayPtr map_overlap(std::vector<ArrayPtr> inputs, const BlockFunction& function, Bytes closure, DType dtype, const MapOverlapOptions& options) {
  const Shape shape = inputs.front()->shape();
  for (const ArrayPtr& input : inputs) {
    if (!input->lengths_known()) throw ShapeError("map_overlap needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(input->shape()));
    if (input->shape() != shape)
      throw ValueError("arrays of map_overlap need one shape: found " + to_string(shape) + " and " + to_string(input->shape()));
  }
  const std::vector<Halo> halos = halos_of(shape, options);
  Chunks chunks;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    std::vector<const std::vector<index_t>*> lists;
    for (const ArrayPtr& input : inputs) lists.push_back(&input->chunks()[axis]);
    const std::vector<index_t> common = common_chunks(lists, static_cast<int>(axis));
    const index_t depth = std::max(halos[axis].before, halos[axis].after);
    if (!options.allow_rechunk && *std::min_element(common.begin(), common.end()) < depth)
      throw ValueError("chunks are shorter than the depth of map_overlap: axis " + std::to_string(axis) + ", depth " + std::to_string(depth) + ", chunks " +
                       to_string(Chunks{common}) + "; allow_rechunk joins them");
    chunks.push_back(depth == 0 ? common : long_enough(common, depth));
  }
  for (ArrayPtr& input : inputs)
    if (input->chunks() != chunks) input = std::make_shared<ViewNode>("rechunk", input, View::identity(input->ndim()), input->shape(), Chunks(chunks));
  Chunks result = chunks;
  if (!options.trim)
    for (std::size_t axis = 0; axis < result.size(); ++axis) {
      const bool outside = halos[axis].outside != Halo::Outside::none;
      for (std::size_t i = 0; i < result[axis].size(); ++i) {
        if (i > 0 || outside) result[axis][i] += halos[axis].before;
        if (i + 1 < result[axis].size() || outside) result[axis][i] += halos[axis].after;
      }
    }
  const Shape result_shape = shape_of(result);
  return std::make_shared<OverlapNode>(options.name.empty() ? "map_overlap" : options.name, dtype, std::move(inputs), function, std::move(closure), halos, options.trim,
                                       result_shape, std::move(result));
}

}  // namespace ashlar::expression
