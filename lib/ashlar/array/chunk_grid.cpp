#include "ashlar/array/chunk_grid_detail.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"

namespace ashlar::lowering {

ChunkGrid::ChunkGrid(const Chunks& chunks) {
  for (const auto& sizes : chunks) {
    std::vector<index_t> offsets{0};
    bool known = true;
    for (index_t n : sizes) {
      known = known && n != unknown;
      offsets.push_back(offsets.back() + std::max<index_t>(n, 0));
    }
    offsets_.push_back(std::move(offsets));
    known_.push_back(known);
  }
  count_chunks();
}

void ChunkGrid::count_chunks() {
  size_ = 1;
  for (std::size_t i = 0; i < offsets_.size(); ++i) size_ *= count(i);
}

bool ChunkGrid::all_known() const { return std::find(known_.begin(), known_.end(), false) == known_.end(); }

index_t ChunkGrid::find(std::size_t axis, index_t position) const {
  // Empty chunks share their offset with the next: the last chunk that begins at or before the position holds it.
  const auto& offsets = offsets_[axis];
  return std::upper_bound(offsets.begin(), offsets.end(), position) - offsets.begin() - 1;
}

Coordinates ChunkGrid::coordinates(index_t chunk) const {
  Coordinates at(offsets_.size());
  for (std::size_t i = at.size(); i-- > 0;) {
    at[i] = chunk % count(i);
    chunk /= count(i);
  }
  return at;
}

index_t ChunkGrid::number(const Coordinates& at) const {
  index_t n = 0;
  for (std::size_t i = 0; i < at.size(); ++i) n = n * count(i) + at[i];
  return n;
}

std::vector<index_t> ChunkGrid::origin(const Coordinates& at) const {
  std::vector<index_t> origin(at.size(), 0);
  for (std::size_t i = 0; i < at.size(); ++i)
    if (known_[i]) origin[i] = begin(i, at[i]);
  return origin;
}

Shape ChunkGrid::shape(const Coordinates& at) const {
  Shape shape;
  for (std::size_t i = 0; i < at.size(); ++i) shape.v.push_back(known_[i] ? end(i, at[i]) - begin(i, at[i]) : unknown);
  return shape;
}

void ChunkGrid::encode(Writer& out) const {
  out.put<std::uint64_t>(offsets_.size());
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    out.array(offsets_[i]);
    out.put<bool>(known_[i]);
  }
}

ChunkGrid ChunkGrid::decode(Reader& in) {
  ChunkGrid grid;
  const auto n = in.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < n; ++i) {
    grid.offsets_.push_back(in.array<index_t>());
    grid.known_.push_back(in.get<bool>());
  }
  grid.count_chunks();
  return grid;
}

std::vector<index_t> common_chunks(const std::vector<const std::vector<index_t>*>& lists, int axis) {
  const auto has_unknown = [](const std::vector<index_t>& sizes) { return std::find(sizes.begin(), sizes.end(), unknown) != sizes.end(); };
  for (const auto* list : lists) {
    if (!has_unknown(*list)) continue;
    for (const auto* other : lists)
      if (other->size() != list->size())
        throw ShapeError("arrays of unknown lengths need the same number of chunks (compute_chunk_sizes() settles lengths): axis " + std::to_string(axis) +
                         " has " + std::to_string(list->size()) + " and " + std::to_string(other->size()) + " chunks");
    return *list;
  }
  if (std::all_of(lists.begin(), lists.end(), [&](const auto* list) { return *list == *lists.front(); })) return *lists.front();
  std::vector<index_t> borders{0};
  for (const auto* list : lists) {
    index_t at = 0;
    for (index_t n : *list) borders.push_back(at += n);
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  std::vector<index_t> sizes;
  for (std::size_t i = 1; i < borders.size(); ++i) sizes.push_back(borders[i] - borders[i - 1]);
  if (sizes.empty()) sizes.push_back(0);
  return sizes;
}

Shape shape_of(const Chunks& chunks) {
  Shape shape;
  for (const auto& sizes : chunks) {
    index_t length = 0;
    for (index_t n : sizes) length = n == unknown || length == unknown ? unknown : length + n;
    shape.v.push_back(length);
  }
  return shape;
}

}  // namespace ashlar::lowering
