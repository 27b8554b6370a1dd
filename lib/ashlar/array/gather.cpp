#include "ashlar/array/gather_detail.hpp"

#include <algorithm>
#include <unordered_set>

#include "ashlar/base/error.hpp"

namespace ashlar::lowering {

std::size_t Gather::add_leaf(Leaf leaf) {
  leaves_.push_back(std::move(leaf));
  return leaves_.size() - 1;
}

std::size_t Gather::add_input(Input input) {
  inputs_.push_back(std::move(input));
  return inputs_.size() - 1;
}

std::size_t Gather::add_space(ChunkGrid grid) {
  spaces_.push_back(std::move(grid));
  return spaces_.size() - 1;
}

Gather::Pieces Gather::pieces(const Input& input, const Coordinates& at) const {
  const ChunkGrid& space = spaces_[input.space];
  const ChunkGrid& grid = leaves_[input.leaf].grid;
  Pieces all;
  for (std::size_t axis = 0; axis < input.view.axes.size(); ++axis) {
    const AxisMap& map = input.view.axes[axis];
    std::vector<Piece> list;
    if (map.from < 0) {
      const index_t position = map.at(0), chunk = grid.known(axis) ? grid.find(axis, position) : 0;
      list.push_back({chunk, position - grid.begin(axis, chunk), 1, 1, 0});
    } else if (const auto from = static_cast<std::size_t>(map.from); !space.known(from) || !grid.known(axis)) {
      // Lengths are known when the task runs; chunks are matched by their number.
      list.push_back({at[from], 0, 1, unknown, 0});
    } else {
      const index_t first = space.begin(from, at[from]), last = space.end(from, at[from]);
      for (index_t i = first; i < last;) {
        const index_t position = map.at(i), chunk = grid.find(axis, position);
        const index_t begin = grid.begin(axis, chunk), end = grid.end(axis, chunk);
        Piece piece{chunk, position - begin, 1, 1, i - first};
        if (map.list) {
          while (i + piece.count < last) {
            const index_t next = map.at(i + piece.count);
            if (next < begin || next >= end) break;
            if (piece.count == 1) piece.step = next - position;
            else if (next != position + piece.step * piece.count) break;
            ++piece.count;
          }
        } else {
          piece.step = map.step;
          const index_t room = map.step > 0 ? (end - 1 - position) / map.step + 1 : map.step < 0 ? (position - begin) / -map.step + 1 : last - i;
          piece.count = std::min(last - i, room);
        }
        i += piece.count;
        list.push_back(piece);
      }
    }
    all.push_back(std::move(list));
  }
  cut_alike(input.view, all);
  return all;
}

/// Axes that follow the same axis of the space (a diagonal) are cut at the same places.
void Gather::cut_alike(const View& view, Pieces& all) {
  for (std::size_t a = 0; a < all.size(); ++a)
    for (std::size_t b = a + 1; b < all.size(); ++b) {
      if (view.axes[a].from < 0 || view.axes[a].from != view.axes[b].from) continue;
      for (auto [cut, by] : {std::pair{a, b}, std::pair{b, a}}) {
        std::vector<Piece> list;
        for (Piece piece : all[cut]) {
          for (const Piece& other : all[by]) {
            const index_t before = other.at - piece.at;
            if (before <= 0 || before >= piece.count) continue;
            Piece first = piece;
            first.count = before;
            list.push_back(first);
            piece.start += piece.step * before;
            piece.at += before;
            piece.count -= before;
          }
          list.push_back(piece);
        }
        all[cut] = std::move(list);
      }
    }
}

/// Whether these pieces of axes belong together.
bool Gather::meet(const View& view, const Pieces& all, const std::vector<std::size_t>& which) {
  for (std::size_t a = 0; a < all.size(); ++a)
    for (std::size_t b = a + 1; b < all.size(); ++b)
      if (view.axes[a].from >= 0 && view.axes[a].from == view.axes[b].from && all[a][which[a]].at != all[b][which[b]].at) return false;
  return true;
}

namespace {

/// Calls f with one entry number per axis, in C order; not at all when an axis has none.
template <class P, class F>
void for_each_combination(const std::vector<std::vector<P>>& axes, F&& f) {
  for (const auto& axis : axes)
    if (axis.empty()) return;
  std::vector<std::size_t> at(axes.size(), 0);
  for (;;) {
    f(at);
    std::size_t i = axes.size();
    while (i > 0 && ++at[i - 1] == axes[i - 1].size()) at[--i] = 0;
    if (i == 0) return;
  }
}

}  // namespace

std::vector<Gather::Needed> Gather::needed(index_t task) const {
  const Coordinates at = tasks().coordinates(task);
  std::vector<Needed> list;
  std::unordered_set<std::uint64_t> seen;
  for (const Input& input : inputs_) {
    if (leaves_[input.leaf].inside) continue;
    const Pieces axes = pieces(input, at);
    Coordinates chunk(axes.size());
    for_each_combination(axes, [&](const std::vector<std::size_t>& which) {
      if (!meet(input.view, axes, which)) return;
      for (std::size_t i = 0; i < axes.size(); ++i) chunk[i] = axes[i][which[i]].chunk;
      const index_t number = leaves_[input.leaf].grid.number(chunk);
      if (seen.insert(place_key(input.leaf, number)).second) list.push_back({input.leaf, number});
    });
  }
  return list;
}

Block Gather::assemble(const Input& input, const Coordinates& at, const Pieces& axes, const std::vector<Block>& chunks,
                       const Places& places) const {
  const Leaf& leaf = leaves_[input.leaf];
  const ChunkGrid& space = spaces_[input.space];
  const Shape bounds = space.shape(at);
  std::size_t pieces_per_block = 1;
  for (const auto& axis : axes) pieces_per_block *= axis.size();

  // The shape in the space's axes; unknown lengths follow from the one chunk that has them.
  Shape shape(std::vector<index_t>(bounds.size(), 1));
  for (const AxisMap& map : input.view.axes)
    if (map.from >= 0) shape[static_cast<std::size_t>(map.from)] = bounds[static_cast<std::size_t>(map.from)];
  if (pieces_per_block == 0) return Block::allocate(leaf.type, shape);

  Block whole;
  bool first = true;
  Coordinates chunk(axes.size());
  for_each_combination(axes, [&](const std::vector<std::size_t>& which) {
    if (!meet(input.view, axes, which)) return;
    for (std::size_t i = 0; i < axes.size(); ++i) chunk[i] = axes[i][which[i]].chunk;
    const index_t number = leaf.grid.number(chunk);
    const Block& source = leaf.inside ? *leaf.inside : chunks[places.at(place_key(input.leaf, number))];
    if (source.ndim() != static_cast<int>(axes.size()) || source.dtype() != leaf.type)
      throw ShapeError("a chunk is not what its array says: wanted " + std::string(dtype_name(leaf.type)) + " with " + std::to_string(axes.size()) +
                       " axes, found " + std::string(dtype_name(source.dtype())) + " " + to_string(source.shape()));
    Shape part(std::vector<index_t>(bounds.size(), 1));
    std::vector<index_t> strides(bounds.size(), 0), target(bounds.size(), 0);
    index_t offset = source.offset();
    for (std::size_t i = 0; i < axes.size(); ++i) {
      Piece piece = axes[i][which[i]];
      const index_t length = source.shape()[i];
      if (piece.count == unknown) piece.count = length;
      if (leaf.grid.known(i) && length != leaf.grid.end(i, chunk[i]) - leaf.grid.begin(i, chunk[i]))
        throw ShapeError("a chunk is not what its array says: axis " + std::to_string(i) + " of chunk " + std::to_string(number) + " has length " +
                         std::to_string(length) + ", wanted " + std::to_string(leaf.grid.end(i, chunk[i]) - leaf.grid.begin(i, chunk[i])));
      if (piece.count > 0) offset += piece.start * source.strides()[i];
      const int from = input.view.axes[i].from;
      if (from < 0) continue;
      part[static_cast<std::size_t>(from)] = piece.count;
      strides[static_cast<std::size_t>(from)] += piece.step * source.strides()[i];
      target[static_cast<std::size_t>(from)] = piece.at;
    }
    const Block view = source.view(part, std::move(strides), offset);
    if (pieces_per_block == 1) {
      whole = view;
      return;
    }
    if (first) whole = Block::allocate(leaf.type, shape);
    first = false;
    whole.slice(target, part.v, std::vector<index_t>(part.size(), 1)).assign(view);
  });
  return whole;
}

std::vector<Block> Gather::blocks(index_t task, std::vector<Object>& results) const {
  const Coordinates at = tasks().coordinates(task);
  const std::vector<Needed> list = needed(task);
  if (results.size() != list.size())
    throw InternalError("a task has " + std::to_string(results.size()) + " inputs, wanted " + std::to_string(list.size()));
  std::vector<Block> chunks;
  for (Object& result : results) chunks.push_back(std::move(result).take<Block>());
  results.clear();
  Places places;
  for (std::size_t i = 0; i < list.size(); ++i) places[place_key(list[i].leaf, list[i].chunk)] = i;
  std::vector<Block> blocks;
  for (const Input& input : inputs_) blocks.push_back(assemble(input, at, pieces(input, at), chunks, places));
  return blocks;
}

void Gather::encode(Writer& out) const {
  out.put<std::uint64_t>(spaces_.size());
  for (const ChunkGrid& space : spaces_) space.encode(out);
  out.put<std::uint64_t>(leaves_.size());
  for (const Leaf& leaf : leaves_) {
    leaf.grid.encode(out);
    out.put(leaf.type);
    out.put<bool>(leaf.inside.has_value());
    if (leaf.inside) leaf.inside->encode(out);
  }
  out.put<std::uint64_t>(inputs_.size());
  for (const Input& input : inputs_) {
    out.put<std::uint64_t>(input.leaf);
    input.view.encode(out);
    out.put<std::uint64_t>(input.space);
  }
}

Gather Gather::decode(Reader& in) {
  Gather gather;
  for (auto n = in.get<std::uint64_t>(); n > 0; --n) gather.spaces_.push_back(ChunkGrid::decode(in));
  for (auto n = in.get<std::uint64_t>(); n > 0; --n) {
    Leaf leaf;
    leaf.grid = ChunkGrid::decode(in);
    leaf.type = in.get<DType>();
    if (in.get<bool>()) leaf.inside = Block::decode(in);
    gather.leaves_.push_back(std::move(leaf));
  }
  for (auto n = in.get<std::uint64_t>(); n > 0; --n) {
    Input input;
    input.leaf = in.get<std::uint64_t>();
    input.view = View::decode(in);
    input.space = in.get<std::uint64_t>();
    gather.inputs_.push_back(std::move(input));
  }
  return gather;
}

void GridLayer::dependencies(std::int64_t index, std::vector<TaskRef>& out) const {
  for (const Gather::Needed& needed : task_->gather().needed(index))
    out.push_back((*leaves_[needed.leaf])[static_cast<std::size_t>(needed.chunk)]);
}

std::string GridLayer::key(std::int64_t index) const {
  std::string text = "(" + name();
  for (index_t i : task_->gather().tasks().coordinates(index)) text += ", " + std::to_string(i);
  return text + ")";
}

}  // namespace ashlar::lowering
