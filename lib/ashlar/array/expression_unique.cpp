// The different elements of an array: all elements are sorted, each chunk tells with what it begins and ends, one small task says of each chunk whether
// its first elements belong to a chunk before it and how many of its last one stand behind it, and each chunk makes its part of the result.

#include <algorithm>
#include <cstring>

#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/array/order.hpp"
#include "ashlar/array/sort_detail.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/sort_order_detail.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

/// What a sorted chunk tells of itself: int64 words.
struct ChunkEnds {
  std::int64_t elements = 0, values = 0;  ///< how many, and how many different ones
  std::int64_t leading = 0;               ///< how often the first value stands there
  std::int64_t first[2] = {}, last[2] = {};  ///< an element's bytes
};
constexpr index_t ends_width = sizeof(ChunkEnds) / sizeof(std::int64_t);
/// What each chunk is told of the others.
struct ChunkJoins {
  std::int64_t continues = 0;  ///< 1: its first value began in a chunk before
  std::int64_t behind = 0;     ///< how often its last value stands in chunks behind it
  std::int64_t base = 0;       ///< values that begin in chunks before
};
constexpr index_t joins_width = sizeof(ChunkJoins) / sizeof(std::int64_t);

template <class T>
T element_of(const std::int64_t* words) {
  T value;
  std::memcpy(static_cast<void*>(&value), words, sizeof value);
  return value;
}

Block run_ends(std::span<const std::byte>, std::vector<Block>& blocks, const BlockInfo&) {
  const Block sorted = blocks[0].contiguous();
  ChunkEnds ends;
  const index_t n = ends.elements = sorted.size();
  if (n > 0)
    visit_dtype(sorted.dtype(), [&]<class T>(std::type_identity<T>) {
      const T* x = sorted.as<T>();
      std::memcpy(ends.first, x, sizeof(T));
      std::memcpy(ends.last, x + n - 1, sizeof(T));
      ends.values = 1;
      for (index_t i = 1; i < n; ++i) {
        if (runs::alike(x[i], x[i - 1])) continue;
        if (ends.values == 1) ends.leading = i;
        ++ends.values;
      }
      if (ends.values == 1) ends.leading = n;
    });
  Block result = Block::allocate(DType::int64, Shape{1, ends_width});
  std::memcpy(result.make_writable(), &ends, sizeof ends);
  return result;
}

Block run_joins(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto type = Reader(closure).get<DType>();
  const Block all = blocks[0].contiguous();
  const index_t chunks = all.shape()[0];
  const auto* ends = all.as<ChunkEnds>();
  Block result = Block::zeros(DType::int64, Shape{chunks, joins_width});
  auto* joins = reinterpret_cast<ChunkJoins*>(result.make_writable());
  visit_dtype(type, [&]<class T>(std::type_identity<T>) {
    const ChunkEnds* before = nullptr;
    std::int64_t base = 0;
    for (index_t i = 0; i < chunks; ++i) {
      joins[i].base = base;
      if (ends[i].elements == 0) continue;
      joins[i].continues = before && runs::alike(element_of<T>(before->last), element_of<T>(ends[i].first));
      base += ends[i].values - joins[i].continues;
      before = &ends[i];
    }
  });
  std::int64_t behind = 0;  // elements from here on that go with the last value of the chunk before
  for (index_t i = chunks; i-- > 0;) {
    if (ends[i].elements == 0) continue;
    joins[i].behind = behind;
    behind = joins[i].continues ? ends[i].leading + (ends[i].values == 1 ? behind : 0) : 0;
  }
  return result;
}

enum class UniquePart : std::int32_t { values, indices, counts, numbers };

/// Of the sorted elements (block 0), with their places (block 2) for indices.
Block run_unique_part(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto part = Reader(closure).get<UniquePart>();
  const Block sorted = blocks[0].contiguous(), told = blocks[1].contiguous(), places = blocks.size() > 2 ? blocks[2].contiguous() : Block();
  const ChunkJoins joins = *told.as<ChunkJoins>();
  const index_t n = sorted.size();
  Block result;
  visit_dtype(sorted.dtype(), [&]<class T>(std::type_identity<T>) {
    const T* x = sorted.as<T>();
    std::vector<index_t> starts;  // of the values that begin here
    for (index_t i = 0; i < n; ++i)
      if (i == 0 ? !joins.continues : !runs::alike(x[i], x[i - 1])) starts.push_back(i);
    const auto count = static_cast<index_t>(starts.size());
    if (part == UniquePart::values) {
      result = Block::allocate(sorted.dtype(), Shape{count});
      T* to = reinterpret_cast<T*>(result.make_writable());
      for (index_t start : starts) *to++ = x[start];
      return;
    }
    result = Block::allocate(DType::int64, Shape{part == UniquePart::numbers ? n : count});
    auto* to = reinterpret_cast<std::int64_t*>(result.make_writable());
    if (part == UniquePart::indices)
      for (index_t start : starts) *to++ = places.as<std::int64_t>()[start];
    else if (part == UniquePart::counts)
      for (index_t i = 0; i < count; ++i) *to++ = i + 1 < count ? starts[static_cast<std::size_t>(i) + 1] - starts[static_cast<std::size_t>(i)] : n - starts.back() + joins.behind;
    else {
      std::int64_t number = joins.base - 1;
      auto next = starts.begin();
      for (index_t i = 0; i < n; ++i) {
        if (next != starts.end() && *next == i) {
          ++number;
          ++next;
        }
        *to++ = number;
      }
    }
  });
  return result;
}
constinit BlockFunction ends_function{"ashlar ends of sorted chunks", &run_ends};
constinit BlockFunction joins_function{"ashlar joins of sorted chunks", &run_joins};
constinit BlockFunction unique_part_function{"ashlar unique", &run_unique_part};

}  // namespace

UniqueArrays unique(const ArrayPtr& x, bool indices, bool inverse, bool counts) {
  if (!x->lengths_known()) throw ShapeError("unique needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(x->shape()));
  ArrayPtr line = ravel(x->ndim() == 0 ? reshape(x, Shape{1}) : x);
  if (const Chunks joined{joined_chunks(line->chunks()[0], itemsize(x->dtype()))}; joined != line->chunks()) line = rechunk(line, ChunkSpec(joined), {});
  const std::vector<index_t>& sizes = line->chunks()[0];
  const InOrder sorted = in_order(line, indices || inverse);
  const View one = View::identity(1);
  const std::vector<index_t> rows(sizes.size(), 1);
  const ArrayPtr ends = call_blocks({"unique-ends", ends_function, {}, DType::int64, {sizes}, {rows, {ends_width}}, {{sorted.values, one}}});
  Writer type;
  type.put(x->dtype());
  const std::vector<index_t> all{static_cast<index_t>(sizes.size())};
  const ArrayPtr joins = call_blocks({"unique-joins", joins_function, type.head(), DType::int64, {all, {ends_width}}, {all, {joins_width}}, {{ends, View::identity(2)}}});
  const auto part = [&](UniquePart which, DType dtype) {
    Writer closure;
    closure.put(which);
    // Tasks: the chunks, and the words that each is told.
    std::vector<BlockCall::Input> inputs{{sorted.values, one, {}, {0}, true}, {joins, View::identity(2), {rows, {joins_width}}, {0, 1}, true}};
    if (which == UniquePart::indices) inputs.push_back({sorted.places, one, {}, {0}, true});
    const std::vector<index_t> result = which == UniquePart::numbers ? sizes : std::vector<index_t>(sizes.size(), unknown);
    return call_blocks({which == UniquePart::counts ? "unique-counts" : "unique", unique_part_function, closure.head(), dtype, {sizes, {joins_width}}, {result}, std::move(inputs)});
  };
  UniqueArrays found;
  found.values = part(UniquePart::values, x->dtype());
  if (indices) found.indices = part(UniquePart::indices, DType::int64);
  if (counts) found.counts = part(UniquePart::counts, DType::int64);
  if (inverse) found.inverse = reshape(put_back(sorted.places, part(UniquePart::numbers, DType::int64)), x->shape());
  return found;
}

}  // namespace ashlar::expression
