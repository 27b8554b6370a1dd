// Chunks that many tasks read small parts of (a rechunk from rows to columns) are cut where they lie, so that only the parts move: without that each
// worker would come to hold the whole array. A part is a view of its chunk, sent as its own elements.

#include <algorithm>

#include "ashlar/array/lowering_detail.hpp"

namespace ashlar::lowering {
namespace {

/// Tasks that share a chunk along an axis before it is cut there, and bytes that a part should have at least.
constexpr std::size_t many_readers = 4;
constexpr std::int64_t least_bytes = 64 << 10;

class CutOperation final : public OperationOf<CutOperation> {
 public:
  CutOperation(ChunkGrid chunks, ChunkGrid parts) : chunks_(std::move(chunks)), parts_(std::move(parts)) {}
  const ChunkGrid& parts() const { return parts_; }
  /// The chunk that a part lies in, and where it begins there.
  index_t chunk_of(index_t part, std::vector<index_t>* start) const {
    const Coordinates at = parts_.coordinates(part);
    Coordinates chunk;
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
      const index_t position = parts_.begin(axis, at[axis]);
      chunk.push_back(chunks_.find(axis, position));
      if (start) start->push_back(position - chunks_.begin(axis, chunk.back()));
    }
    return chunks_.number(chunk);
  }
  void encode(Writer& out) const override {
    chunks_.encode(out);
    parts_.encode(out);
  }
  static std::shared_ptr<const CutOperation> decode(Reader& in) {
    ChunkGrid chunks = ChunkGrid::decode(in);
    ChunkGrid parts = ChunkGrid::decode(in);
    return std::make_shared<CutOperation>(std::move(chunks), std::move(parts));
  }
  Object run(TaskInput& task) const override {
    const Block block = std::move(task.inputs.at(0)).take<Block>();
    std::vector<index_t> start;
    chunk_of(task.index, &start);
    const Shape shape = parts_.shape(parts_.coordinates(task.index));
    return Object::of<Block>(block.slice(start, shape.v, std::vector<index_t>(start.size(), 1)));
  }

 private:
  ChunkGrid chunks_, parts_;
};

class CutLayer final : public Layer {
 public:
  CutLayer(std::string name, std::shared_ptr<const CutOperation> operation, Refs refs, DType type)
      : Layer(std::move(name)), operation_(std::move(operation)), refs_(std::move(refs)), type_(type) {}
  std::int64_t size() const override { return operation_->parts().size(); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override {
    out.push_back((*refs_)[static_cast<std::size_t>(operation_->chunk_of(index, nullptr))]);
  }
  std::int64_t nbytes(std::int64_t index) const override {
    return operation_->parts().shape(operation_->parts().coordinates(index)).elements() * itemsize(type_);
  }

 private:
  std::shared_ptr<const CutOperation> operation_;
  Refs refs_;
  DType type_;
};

/// The borders of tasks along the axis that a view maps to this one, as positions here; none where it does not map to an axis in steps.
std::vector<index_t> borders_of_tasks(const ChunkGrid& tasks, const AxisMap& map, index_t length) {
  std::vector<index_t> borders;
  if (map.from < 0 || map.step == 0 || map.list) return borders;
  const auto from = static_cast<std::size_t>(map.from);
  for (index_t i = 0; i <= tasks.count(from); ++i) {
    const index_t b = i < tasks.count(from) ? tasks.begin(from, i) : tasks.length(from);
    borders.push_back(std::clamp<index_t>(map.start + map.step * b + (map.step < 0 ? 1 : 0), 0, length));
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  return borders;
}

}  // namespace

Refs Lowering::cut_where_many_read(const ArrayNode& node, const ChunkGrid& tasks, const std::vector<View>& views, Gather::Leaf& leaf, Refs refs) {
  if (!refs || leaf.inside || !leaf.grid.all_known() || !tasks.all_known()) return refs;
  Chunks parts;
  index_t elements = 1;
  bool cut = false;
  for (std::size_t axis = 0; axis < node.shape().size(); ++axis) {
    const index_t length = leaf.grid.length(axis);
    elements *= length;
    std::vector<index_t> chunks{0}, borders;
    for (index_t i = 0; i < leaf.grid.count(axis); ++i) chunks.push_back(leaf.grid.end(axis, i));
    for (const View& view : views) {
      const auto more = borders_of_tasks(tasks, view.axes[axis], length);
      // Readers of the chunk with the most of them, seen this way.
      std::size_t most = 0;
      for (std::size_t i = 0; i + 1 < chunks.size() && !more.empty(); ++i) {
        const auto first = std::upper_bound(more.begin(), more.end(), chunks[i]), last = std::lower_bound(more.begin(), more.end(), chunks[i + 1]);
        most = std::max(most, static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, last - first)) + 1);
      }
      if (most >= many_readers) borders.insert(borders.end(), more.begin(), more.end());
    }
    cut = cut || !borders.empty();
    borders.insert(borders.end(), chunks.begin(), chunks.end());
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    parts.emplace_back();
    for (std::size_t i = 1; i < borders.size(); ++i) parts.back().push_back(borders[i] - borders[i - 1]);
    if (parts.back().empty()) parts.back().push_back(0);
  }
  if (!cut) return refs;
  ChunkGrid fine(parts);
  if (elements * itemsize(node.dtype()) / std::max<index_t>(1, fine.size()) < least_bytes) return refs;
  auto operation = std::make_shared<const CutOperation>(leaf.grid, fine);
  auto layer = std::make_shared<CutLayer>(node.name() + "-cut", std::move(operation), refs, node.dtype());
  const std::int64_t count = layer->size();
  const std::int32_t number = builder_.add(std::move(layer));
  std::vector<TaskRef> tasks_of_parts(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) tasks_of_parts[static_cast<std::size_t>(i)] = {number, i};
  leaf.grid = std::move(fine);
  return std::make_shared<const std::vector<TaskRef>>(std::move(tasks_of_parts));
}

}  // namespace ashlar::lowering
