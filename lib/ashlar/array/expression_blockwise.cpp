#include <algorithm>

#include "ashlar/array/blockwise.hpp"
#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar {

detail::AxisList detail::axis_list(const AxisSpec& spec, int ndim) {
  std::vector<int> axes = normalize_axes(spec, ndim);
  std::sort(axes.begin(), axes.end());
  AxisList list;
  if (axes.size() > list.v.size()) throw NotImplementedError("reduction serves up to 16 axes, found " + std::to_string(axes.size()));
  list.n = static_cast<int>(axes.size());
  std::copy(axes.begin(), axes.end(), list.v.begin());
  return list;
}

namespace expression {

using namespace lowering;

ArrayPtr blockwise(const BlockFunction& function, Bytes closure, DType dtype, std::string_view result, std::vector<ArrayPtr> arrays,
                   std::vector<std::string> letters, const BlockwiseOptions& options) {
  std::string space(result);
  for (std::size_t i = 0; i < result.size(); ++i)
    if (result.find(result[i], i + 1) != std::string_view::npos) throw ValueError("a letter stands twice in the result of blockwise: \"" + std::string(result) + "\"");
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (static_cast<int>(letters[i].size()) != arrays[i]->ndim())
      throw ValueError("blockwise needs a letter per axis: \"" + letters[i] + "\" for an array of shape " + to_string(arrays[i]->shape()));
    for (std::size_t k = 0; k < letters[i].size(); ++k) {
      if (letters[i].find(letters[i][k], k + 1) != std::string::npos) throw ValueError("a letter stands twice for one array of blockwise: \"" + letters[i] + "\"");
      if (space.find(letters[i][k]) == std::string::npos) space += letters[i][k];
    }
  }
  Chunks tasks;
  for (std::size_t axis = 0; axis < space.size(); ++axis) {
    std::vector<const std::vector<index_t>*> lists;
    index_t length = unknown;
    bool first = true;
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      const std::size_t at = letters[i].find(space[axis]);
      if (at == std::string::npos) continue;
      if (!first && arrays[i]->shape()[at] != length)
        throw ShapeError(std::string("lengths differ under one letter of blockwise: ") + space[axis] + " has " + std::to_string(length) + " and " +
                         std::to_string(arrays[i]->shape()[at]));
      first = false;
      length = arrays[i]->shape()[at];
      lists.push_back(&arrays[i]->chunks()[at]);
    }
    if (lists.empty()) {
      const auto added = options.new_axes.find(space[axis]);
      if (added == options.new_axes.end())
        throw ValueError(std::string("no array of blockwise has the letter ") + space[axis] + " of the result; say its length with .new_axes");
      tasks.push_back({added->second});
    } else if (axis >= result.size()) {
      if (length == unknown) throw ShapeError(std::string("an axis that blockwise contracts needs a known length (compute_chunk_sizes() settles lengths): ") + space[axis]);
      tasks.push_back({length});
    } else {
      tasks.push_back(common_chunks(lists, static_cast<int>(axis)));
    }
  }
  Chunks chunks(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(result.size()));
  for (const auto& [letter, sizes] : options.adjust_chunks) {
    const std::size_t at = result.find(letter);
    if (at == std::string_view::npos) throw ValueError(std::string("adjust_chunks names a letter that the result of blockwise does not have: ") + letter);
    if (sizes.size() != chunks[at].size())
      throw ValueError(std::string("adjust_chunks needs a size per chunk: ") + letter + " has " + std::to_string(chunks[at].size()) + " chunks, found " +
                       std::to_string(sizes.size()) + " sizes");
    chunks[at] = sizes;
  }
  BlockCall call{options.name.empty() ? "blockwise" : options.name, function, std::move(closure), dtype, std::move(tasks), std::move(chunks), {}};
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    View view;
    std::vector<int> axes;
    for (char letter : letters[i]) {
      axes.push_back(static_cast<int>(space.find(letter)));
      view.axes.push_back({axes.back(), 0, 1, nullptr});
    }
    call.inputs.push_back({arrays[i], std::move(view), {}, std::move(axes), true});
  }
  return call_blocks(std::move(call));
}

}  // namespace expression
}  // namespace ashlar
