// The tasks of map_overlap: one layer per side of each axis cuts the borders off all chunks (tasks nobody asks for are never made), one layer
// puts a chunk and its neighbours' borders together and calls the function. A function's result is handed on as the inside of a block with
// room around it, so that in a chain of such calls (a stencil's steps) no chunk is copied.

#include "ashlar/array/overlap.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "ashlar/array/lowering_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::lowering {
namespace {

using Offset = std::vector<int>;  // -1, 0 or 1 per axis: a neighbour

/// The first or the last elements along an axis.
class BorderOperation final : public OperationOf<BorderOperation> {
 public:
  BorderOperation(int axis, bool last, index_t depth) : axis_(axis), last_(last), depth_(depth) {}
  void encode(Writer& out) const override {
    out.put(axis_);
    out.put<bool>(last_);
    out.put(depth_);
  }
  static std::shared_ptr<const BorderOperation> decode(Reader& in) {
    const int axis = in.get<int>();
    const bool last = in.get<bool>();
    return std::make_shared<BorderOperation>(axis, last, in.get<index_t>());
  }
  Object run(TaskInput& task) const override {
    const Block block = std::move(task.inputs.at(0)).take<Block>();
    std::vector<index_t> start(block.shape().size(), 0);
    Shape shape = block.shape();
    const auto axis = static_cast<std::size_t>(axis_);
    if (last_) start[axis] = shape[axis] - depth_;
    shape[axis] = depth_;
    // A copy: a view would keep the whole chunk.
    Block border = Block::allocate(block.dtype(), shape);
    border.make_writable();
    border.assign(block.slice(start, shape.v, std::vector<index_t>(shape.size(), 1)));
    return Object::of<Block>(std::move(border));
  }

 private:
  int axis_;
  bool last_;
  index_t depth_;
};

class BorderLayer final : public Layer {
 public:
  BorderLayer(std::string name, std::shared_ptr<const BorderOperation> operation, Refs refs, ChunkGrid grid, std::size_t axis, index_t depth, DType type)
      : Layer(std::move(name)), operation_(std::move(operation)), refs_(std::move(refs)), grid_(std::move(grid)), axis_(axis), depth_(depth), type_(type) {}
  std::int64_t size() const override { return grid_.size(); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override { out.push_back((*refs_)[static_cast<std::size_t>(index)]); }
  std::int64_t nbytes(std::int64_t index) const override {
    Shape shape = grid_.shape(grid_.coordinates(index));
    shape[axis_] = depth_;
    return shape.elements() * itemsize(type_);
  }

 private:
  std::shared_ptr<const BorderOperation> operation_;
  Refs refs_;
  ChunkGrid grid_;
  std::size_t axis_;
  index_t depth_;
  DType type_;
};

/// Memory whose outer elements nobody sees: the function's result, of which only the inside is handed on. The first task that wants a halo around
/// that inside may write it there, while others read the inside; a later one copies. Such memory is not writable through Buffer, so a function
/// that changes its block in place gets a copy.
class Room {
 public:
  /// The inside of a block, whose outside nobody will ask for.
  static Block inside_of(const Block& block, const std::vector<index_t>& start, const Shape& shape) {
    const bool alone = block.buffer().unique() && block.is_contiguous();  // else the function kept it, and others may see all of it
    Block inside = block.slice(start, shape.v, std::vector<index_t>(start.size(), 1));
    if (!alone) return inside;
    const auto room = std::make_shared<Room>(block.buffer(), inside.offset(), shape);
    return Block(inside.dtype(), inside.shape(), inside.strides(), inside.offset(), Buffer::wrap(room->memory_.data(), room->memory_.size(), room));
  }
  /// True once for each such inside, which the caller holds. A part of one has no room of its own.
  static bool claim(const Block& inside) {
    std::lock_guard lock(mutex());
    const auto found = offers().find(inside.buffer().data());
    if (found == offers().end() || found->second->offset_ != inside.offset() || found->second->shape_ != inside.shape()) return false;
    offers().erase(found);
    return true;
  }

  Room(Buffer memory, index_t offset, Shape shape) : memory_(std::move(memory)), offset_(offset), shape_(std::move(shape)) {
    std::lock_guard lock(mutex());
    offers()[memory_.data()] = this;
  }
  ~Room() {
    std::lock_guard lock(mutex());
    offers().erase(memory_.data());
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

 private:
  // Never destroyed: blocks held by static objects go after main.
  static std::mutex& mutex() {
    static auto* mutex = new std::mutex;
    return *mutex;
  }
  static std::unordered_map<const std::byte*, const Room*>& offers() {
    static auto* offers = new std::unordered_map<const std::byte*, const Room*>;
    return *offers;
  }
  Buffer memory_;
  index_t offset_;
  Shape shape_;
};

class OverlapOperation final : public OperationOf<OverlapOperation> {
 public:
  OverlapOperation(ChunkGrid grid, std::vector<Halo> halos, std::size_t inputs, bool trim, const BlockFunction& function, Bytes closure, DType result)
      : grid_(std::move(grid)), halos_(std::move(halos)), inputs_(inputs), trim_(trim), function_(&function), closure_(std::move(closure)), result_(result) {}

  const ChunkGrid& grid() const { return grid_; }
  std::size_t inputs() const { return inputs_; }

  struct Neighbour {
    Offset offset;
    index_t chunk;
    std::size_t axis;  ///< whose border of that chunk is read
  };
  /// The neighbours that a chunk reads, in the order of its inputs.
  std::vector<Neighbour> neighbours(const Coordinates& at) const {
    std::vector<Neighbour> list;
    Offset offset(at.size(), -1);
    for (;;) {
      Coordinates other = at;
      bool itself = true, exists = true;
      std::size_t first = 0;
      for (std::size_t i = 0; i < at.size() && exists; ++i) {
        if (offset[i] == 0) continue;
        if (itself) first = i;
        itself = false;
        other[i] += offset[i];
        const bool over = other[i] < 0 || other[i] >= grid_.count(i);
        if (over && halos_[i].outside == Halo::Outside::periodic) other[i] = (other[i] + grid_.count(i)) % grid_.count(i);
        else exists = !over;
        exists = exists && (offset[i] < 0 ? halos_[i].before : halos_[i].after) > 0;
      }
      if (exists && !itself) list.push_back({offset, grid_.number(other), first});
      std::size_t i = at.size();
      while (i > 0 && ++offset[i - 1] == 2) offset[--i] = -1;
      if (i == 0) return list;
    }
  }

  void encode(Writer& out) const override {
    grid_.encode(out);
    out.array(halos_);
    out.put<std::uint64_t>(inputs_);
    out.put<bool>(trim_);
    put_descriptor(out, *function_);
    out.array(closure_);
    out.put(result_);
  }
  static std::shared_ptr<const OverlapOperation> decode(Reader& in) {
    ChunkGrid grid = ChunkGrid::decode(in);
    auto halos = in.array<Halo>();
    const auto inputs = in.get<std::uint64_t>();
    const bool trim = in.get<bool>();
    const auto& function = static_cast<const BlockFunction&>(get_descriptor(in));
    Bytes closure = in.array<std::byte>();
    return std::make_shared<OverlapOperation>(std::move(grid), std::move(halos), inputs, trim, function, std::move(closure), in.get<DType>());
  }

  /// Elements that the halo adds before and after along an axis.
  std::pair<index_t, index_t> grown(const Coordinates& at, std::size_t axis) const {
    const bool outside = halos_[axis].outside != Halo::Outside::none;
    return {outside || at[axis] > 0 ? halos_[axis].before : 0, outside || at[axis] + 1 < grid_.count(axis) ? halos_[axis].after : 0};
  }
  std::int64_t nbytes(index_t task) const {
    const Coordinates at = grid_.coordinates(task);
    Shape shape = grid_.shape(at);
    if (!trim_)
      for (std::size_t i = 0; i < shape.size(); ++i) shape[i] += grown(at, i).first + grown(at, i).second;
    return shape.elements() * itemsize(result_);
  }

  Object run(TaskInput& task) const override {
    const Coordinates at = grid_.coordinates(task.index);
    const auto around = neighbours(at);
    std::vector<Block> blocks;
    for (std::size_t input = 0; input < inputs_; ++input) blocks.push_back(with_halo(at, around, task.inputs, input * (around.size() + 1)));
    task.inputs.clear();
    const Shape grown_shape = blocks.front().shape();
    Shape num_chunks;
    std::vector<BlockInfo::Span> positions;
    Shape whole;
    for (std::size_t i = 0; i < at.size(); ++i) {
      num_chunks.v.push_back(grid_.count(i));
      positions.emplace_back(grid_.begin(i, at[i]), grid_.end(i, at[i]));
      whole.v.push_back(grid_.length(i));
    }
    Block result = function_->call(closure_, blocks, BlockInfo(whole, num_chunks, at, std::move(positions), task.index));
    if (result.shape() != grown_shape)
      throw ShapeError("a function of map_overlap returned another shape than its block has: wanted " + to_string(grown_shape) + ", found " + to_string(result.shape()));
    if (!trim_) return Object::of<Block>(std::move(result));
    std::vector<index_t> start;
    for (std::size_t i = 0; i < at.size(); ++i) start.push_back(grown(at, i).first);
    return Object::of<Block>(Room::inside_of(result, start, grid_.shape(at)));
  }

 private:
  Block with_halo(const Coordinates& at, const std::vector<Neighbour>& around, std::vector<Object>& inputs, std::size_t first) const {
    Block own = std::move(inputs.at(first)).take<Block>();
    const Shape own_shape = own.shape();
    const std::size_t n = at.size();
    const std::vector<index_t> one(n, 1);
    Shape shape = own.shape();
    std::vector<index_t> before(n);
    bool grows = false;
    for (std::size_t i = 0; i < n; ++i) {
      const auto [b, a] = grown(at, i);
      before[i] = b;
      shape[i] += b + a;
      grows = grows || b + a > 0;
    }
    if (!grows) return own;
    Block whole = room_around(std::move(own), before, shape);
    for (std::size_t k = 0; k < around.size(); ++k) {
      const Neighbour& neighbour = around[k];
      const Block& border = inputs.at(first + 1 + k).get<Block>();
      std::vector<index_t> to(n), from(n, 0), count = border.shape().v;
      for (std::size_t i = 0; i < n; ++i) {
        if (neighbour.offset[i] == 0) {
          to[i] = before[i];
          continue;
        }
        count[i] = neighbour.offset[i] < 0 ? halos_[i].before : halos_[i].after;
        to[i] = neighbour.offset[i] < 0 ? 0 : before[i] + own_shape[i];
        if (neighbour.offset[i] < 0 && i != neighbour.axis) from[i] = border.shape()[i] - count[i];
      }
      whole.slice(to, count, one).assign(border.slice(from, count, one));
    }
    // What lies outside the array, one axis after the other: corners follow from what the axes before have filled.
    for (std::size_t i = 0; i < n; ++i) {
      const Halo& halo = halos_[i];
      if (halo.outside == Halo::Outside::none || halo.outside == Halo::Outside::periodic) continue;
      if (at[i] == 0) fill_outside(whole, i, halo, before[i] - 1, -1, halo.before);
      if (at[i] + 1 == grid_.count(i)) fill_outside(whole, i, halo, before[i] + own_shape[i], 1, halo.after);
    }
    return whole;
  }

  /// A block of `shape` with `own` inside it, and room around it that may be written. What a function of this kind returned has such room already.
  static Block room_around(Block own, const std::vector<index_t>& before, const Shape& shape) {
    index_t corner = own.offset();
    for (std::size_t i = 0; i < before.size(); ++i) corner -= before[i] * own.strides()[i];
    const bool inside = own.strides() == c_strides(shape) && corner >= 0 &&
                        static_cast<std::size_t>((corner + shape.elements()) * itemsize(own.dtype())) <= own.buffer().size();
    if (inside && Room::claim(own)) return own.view(shape, c_strides(shape), corner);
    Block whole = Block::allocate(own.dtype(), shape);
    whole.make_writable();
    const Shape own_shape = own.shape();
    whole.slice(before, own_shape.v, std::vector<index_t>(before.size(), 1)).assign(own);
    return whole;
  }

  /// `count` layers from position `first` on, outwards.
  static void fill_outside(Block& whole, std::size_t axis, const Halo& halo, index_t first, int outwards, index_t count) {
    const std::size_t n = whole.shape().size();
    const std::vector<index_t> one(n, 1);
    std::vector<index_t> to(n, 0), from(n, 0), size = whole.shape().v;
    size[axis] = 1;
    for (index_t k = 0; k < count; ++k) {
      to[axis] = first + outwards * k;
      Block layer = whole.slice(to, size, one);
      if (halo.outside == Halo::Outside::constant) {
        layer.assign(Block::full(Shape(size), ScalarValue::of(halo.value).cast(whole.dtype())));
        continue;
      }
      from[axis] = first - outwards * (halo.outside == Halo::Outside::nearest ? 1 : k + 1);
      layer.assign(whole.slice(from, size, one));
    }
  }

  ChunkGrid grid_;
  std::vector<Halo> halos_;
  std::size_t inputs_;
  bool trim_;
  const BlockFunction* function_;
  Bytes closure_;
  DType result_;
};

class OverlapLayer final : public Layer {
 public:
  /// `chunks` of each input, and the layers with the borders of each: [input][axis] -> first and last.
  OverlapLayer(std::string name, std::shared_ptr<const OverlapOperation> operation, std::vector<Refs> chunks,
               std::vector<std::vector<std::pair<std::int32_t, std::int32_t>>> borders)
      : Layer(std::move(name)), operation_(std::move(operation)), chunks_(std::move(chunks)), borders_(std::move(borders)) {}
  std::int64_t size() const override { return operation_->grid().size(); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override {
    const auto around = operation_->neighbours(operation_->grid().coordinates(index));
    for (std::size_t input = 0; input < chunks_.size(); ++input) {
      out.push_back((*chunks_[input])[static_cast<std::size_t>(index)]);
      for (const auto& neighbour : around) {
        const auto& [first, last] = borders_[input][neighbour.axis];
        // What lies before a chunk is the end of its neighbour.
        out.push_back({neighbour.offset[neighbour.axis] < 0 ? last : first, neighbour.chunk});
      }
    }
  }
  std::int64_t nbytes(std::int64_t index) const override { return operation_->nbytes(index); }

 private:
  std::shared_ptr<const OverlapOperation> operation_;
  std::vector<Refs> chunks_;
  std::vector<std::vector<std::pair<std::int32_t, std::int32_t>>> borders_;
};

}  // namespace

void Lowering::lower_overlap(const OverlapNode& node) {
  const ChunkGrid grid(node.input()->chunks());
  std::vector<Refs> chunks;
  std::vector<std::vector<std::pair<std::int32_t, std::int32_t>>> borders;
  for (const ArrayPtr& input : node.inputs()) {
    chunks.push_back(refs(*input));
    borders.emplace_back();
    for (std::size_t axis = 0; axis < node.halos.size(); ++axis) {
      const Halo& halo = node.halos[axis];
      const bool neighbours = grid.count(axis) > 1 || halo.outside == Halo::Outside::periodic;
      const auto layer = [&](bool last, index_t depth) {
        if (!neighbours || depth == 0) return std::int32_t{-1};
        auto operation = std::make_shared<const BorderOperation>(static_cast<int>(axis), last, depth);
        return builder_.add(std::make_shared<BorderLayer>(node.name() + "-border", std::move(operation), chunks.back(), grid, axis, depth, input->dtype()));
      };
      const std::int32_t first = layer(false, halo.after), last = layer(true, halo.before);
      borders.back().emplace_back(first, last);
    }
  }
  auto operation = std::make_shared<const OverlapOperation>(grid, node.halos, node.inputs().size(), node.trim, *node.function, node.closure, node.dtype());
  place(node, std::make_shared<OverlapLayer>(node.name(), std::move(operation), std::move(chunks), std::move(borders)));
}

}  // namespace ashlar::lowering
