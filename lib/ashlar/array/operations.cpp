#include "ashlar/array/operations_detail.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"

namespace ashlar::lowering {
namespace {

/// Bytes of a chunk's elements; -1 where a length is unknown.
std::int64_t chunk_nbytes(const Shape& shape, DType type) {
  for (index_t n : shape)
    if (n == unknown) return -1;
  return shape.elements() * itemsize(type);
}

/// The chunk's shape with unknown lengths taken from the blocks.
Shape settled(Shape shape, const std::vector<Block>& blocks) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != unknown) continue;
    index_t length = 1;
    for (const Block& block : blocks)
      if (block.shape()[i] != 1) length = block.shape()[i];
    shape[i] = length;
  }
  for (const Block& block : blocks)
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (block.shape()[i] != 1 && block.shape()[i] != shape[i])
        throw ShapeError("chunks whose lengths were unknown do not fit together: axis " + std::to_string(i) + " has lengths " + std::to_string(shape[i]) +
                         " and " + std::to_string(block.shape()[i]));
  return shape;
}

bool has_identity(Reduction reduction) {
  return reduction != Reduction::min && reduction != Reduction::max && reduction != Reduction::argmin && reduction != Reduction::argmax;
}

/// A view that holds on to much more memory than it shows is not worth keeping.
Block worth_keeping(Block block) {
  if (static_cast<std::size_t>(block.nbytes()) * 2 >= block.buffer().size()) return block;
  if (block.size() == 0) return Block::allocate(block.dtype(), block.shape());
  Block copy = Block::allocate(block.dtype(), block.shape());
  copy.assign(block);
  return copy;
}

/// Only these axes, in this order; the others have length 1.
Block with_axes(const Block& block, const std::vector<int>& axes) {
  Shape shape;
  std::vector<index_t> strides;
  for (int axis : axes) {
    shape.v.push_back(block.shape()[static_cast<std::size_t>(axis)]);
    strides.push_back(block.strides()[static_cast<std::size_t>(axis)]);
  }
  return block.view(std::move(shape), std::move(strides), block.offset());
}

}  // namespace

Block Finish::finish(const Partial& partial) const {
  if (partial.empty())
    throw ValueError("zero-size array to reduction operation " + std::string(reduction_name(reduction)) + ", which has no identity");
  Block block = finish_partial(reduction, partial, elements, ddof);
  if (keepdims) return block;
  Shape shape;
  for (int i = 0; i < block.ndim(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) shape.v.push_back(block.shape()[static_cast<std::size_t>(i)]);
  return block.reshape(shape);
}

void Finish::encode(Writer& out) const {
  out.put(reduction);
  out.put(elements);
  out.put(ddof);
  out.array(axes);
  out.put<bool>(keepdims);
}

Finish Finish::decode(Reader& in) {
  Finish finish;
  finish.reduction = in.get<Reduction>();
  finish.elements = in.get<DType>();
  finish.ddof = in.get<int>();
  finish.axes = in.array<int>();
  finish.keepdims = in.get<bool>();
  return finish;
}

std::int64_t FusedOperation::nbytes(index_t task) const {
  Shape shape = gather_.tasks().shape(gather_.tasks().coordinates(task));
  if (reduces_)
    for (int axis : finish_.axes) shape[static_cast<std::size_t>(axis)] = 1;
  const std::int64_t n = chunk_nbytes(shape, result_);
  return reduces_ && !alone_ && n > 0 ? n * partial_blocks(finish_.reduction) : n;
}

void FusedOperation::encode(Writer& out) const {
  gather_.encode(out);
  program_.encode(out);
  out.put(result_);
  out.put<bool>(copies_);
  out.put<bool>(reduces_);
  out.put<bool>(alone_);
  if (reduces_) finish_.encode(out);
}

std::shared_ptr<const FusedOperation> FusedOperation::decode(Reader& in) {
  Gather gather = Gather::decode(in);
  Program program = Program::decode(in);
  const auto result = in.get<DType>();
  auto operation = std::make_shared<FusedOperation>(std::move(gather), std::move(program), result);
  operation->copies_ = in.get<bool>();
  operation->reduces_ = in.get<bool>();
  operation->alone_ = in.get<bool>();
  if (operation->reduces_) operation->finish_ = Finish::decode(in);
  return operation;
}

Object FusedOperation::run(TaskInput& task) const {
  const Coordinates at = gather_.tasks().coordinates(task.index);
  const std::vector<Block> blocks = gather_.blocks(task.index, task.inputs);
  const Shape shape = settled(gather_.tasks().shape(at), blocks);
  if (copies_) return Object::of<Block>(worth_keeping(blocks.front().broadcast_to(shape)));
  if (reduces_ && !has_identity(finish_.reduction))
    for (int axis : finish_.axes)
      if (shape[static_cast<std::size_t>(axis)] == 0) {  // nothing to compare: the combination leaves it out
        if (alone_) return Object::of<Block>(finish_.finish({}));
        return Object::of<Partial>({});
      }
  Partial results = program_.run(shape, gather_.tasks().origin(at), blocks);
  if (!reduces_) return Object::of<Block>(std::move(results.front()));
  if (alone_) return Object::of<Block>(finish_.finish(results));
  return Object::of<Partial>(std::move(results));
}

void CombineOperation::encode(Writer& out) const {
  finish_.encode(out);
  out.put<bool>(last_);
}

std::shared_ptr<const CombineOperation> CombineOperation::decode(Reader& in) {
  Finish finish = Finish::decode(in);
  const bool last = in.get<bool>();
  return std::make_shared<CombineOperation>(std::move(finish), last);
}

Object CombineOperation::run(TaskInput& task) const {
  std::vector<Partial> partials;
  for (Object& input : task.inputs)
    if (Partial partial = std::move(input).take<Partial>(); !partial.empty()) partials.push_back(std::move(partial));
  Partial combined;
  if (partials.size() == 1) combined = std::move(partials.front());
  else if (!partials.empty()) combined = combine_partials(finish_.reduction, partials);
  if (last_) return Object::of<Block>(finish_.finish(combined));
  return Object::of<Partial>(std::move(combined));
}

CombineLayer::CombineLayer(std::string name, std::shared_ptr<const CombineOperation> operation, std::int32_t from, std::vector<index_t> counts,
                           std::vector<index_t> factors, std::int64_t nbytes)
    : Layer(std::move(name)), operation_(std::move(operation)), from_(from), counts_(std::move(counts)), factors_(std::move(factors)), nbytes_(nbytes), size_(1) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    results_.push_back((counts_[i] + factors_[i] - 1) / factors_[i]);
    size_ *= results_.back();
  }
}

void CombineLayer::dependencies(std::int64_t index, std::vector<TaskRef>& out) const {
  std::vector<index_t> first(counts_.size()), last(counts_.size());
  for (std::size_t i = counts_.size(); i-- > 0;) {
    first[i] = index % results_[i] * factors_[i];
    last[i] = std::min(first[i] + factors_[i], counts_[i]);
    index /= results_[i];
  }
  std::vector<index_t> at = first;
  for (;;) {
    index_t number = 0;
    for (std::size_t i = 0; i < at.size(); ++i) number = number * counts_[i] + at[i];
    out.push_back({from_, number});
    std::size_t i = at.size();
    while (i > 0 && ++at[i - 1] == last[i - 1]) {
      --i;
      at[i] = first[i];
    }
    if (i == 0) return;
  }
}

Object LocalChunk::run(TaskInput& task) const {
  Reader in(task.payload, task.buffers);
  return Object::of<Block>(Block::decode(in));
}

void LocalLayer::encode_task(std::int64_t index, Writer& out) const {
  const Coordinates at = grid_.coordinates(index);
  const std::vector<index_t> step(at.size(), 1);
  node_->block.slice(grid_.origin(at), grid_.shape(at).v, step).encode(out);
}

std::int64_t ReshapeOperation::nbytes(index_t task) const {
  const Shape shape = to_.shape(to_.coordinates(task));
  for (index_t n : shape)
    if (n == unknown) return -1;
  return shape.elements() * itemsize(gather_.leaf_of(0).type);
}
void ReshapeOperation::encode(Writer& out) const {
  gather_.encode(out);
  to_.encode(out);
}
std::shared_ptr<const ReshapeOperation> ReshapeOperation::decode(Reader& in) {
  Gather gather = Gather::decode(in);
  ChunkGrid to = ChunkGrid::decode(in);
  return std::make_shared<ReshapeOperation>(std::move(gather), std::move(to));
}
Object ReshapeOperation::run(TaskInput& task) const {
  Block block = std::move(gather_.blocks(task.index, task.inputs).front());
  return Object::of<Block>(worth_keeping(block.reshape(to_.shape(to_.coordinates(task.index)))));
}

void MaskOperation::encode(Writer& out) const {
  gather_.encode(out);
  out.put(axis_);
}
std::shared_ptr<const MaskOperation> MaskOperation::decode(Reader& in) {
  Gather gather = Gather::decode(in);
  const int axis = in.get<int>();
  return std::make_shared<MaskOperation>(std::move(gather), axis);
}
Object MaskOperation::run(TaskInput& task) const {
  const std::vector<Block> blocks = gather_.blocks(task.index, task.inputs);
  const Block& values = blocks[0];
  const Block mask = blocks[1].contiguous();
  const auto axis = static_cast<std::size_t>(axis_);
  const bool* chosen = mask.as<bool>();
  const index_t n = mask.size();
  if (n != values.shape()[axis])
    throw ShapeError("a boolean index does not fit its axis: axis " + std::to_string(axis_) + " has length " + std::to_string(values.shape()[axis]) +
                     ", the index " + std::to_string(n));
  Shape shape = values.shape();
  shape[axis] = std::count(chosen, chosen + n, true);
  Block result = Block::allocate(values.dtype(), shape);
  std::vector<index_t> from(shape.size(), 0), to(shape.size(), 0), step(shape.size(), 1), count = shape.v;
  for (index_t i = 0; i < n;) {
    if (!chosen[i]) {
      ++i;
      continue;
    }
    index_t run = 1;
    while (i + run < n && chosen[i + run]) ++run;
    from[axis] = i;
    count[axis] = run;
    result.slice(to, count, step).assign(values.slice(from, count, step));
    i += run;
    to[axis] += run;
  }
  return Object::of<Block>(std::move(result));
}

std::int64_t SetOperation::nbytes(index_t task) const {
  return chunk_nbytes(gather_.tasks().shape(gather_.tasks().coordinates(task)), gather_.leaf_of(0).type);
}

index_t SetNode::Selection::before(index_t position) const {
  if (list) return std::lower_bound(list->begin(), list->end(), position) - list->begin();
  if (position <= start) return 0;
  return std::min(count, (position - start + step - 1) / step);
}

void SetOperation::encode(Writer& out) const {
  gather_.encode(out);
  out.put<std::uint64_t>(selection_.size());
  for (const auto& axis : selection_) {
    out.put(axis.start);
    out.put(axis.count);
    out.put(axis.step);
    out.put<bool>(axis.list != nullptr);
    if (axis.list) out.array(*axis.list);
  }
}

std::shared_ptr<const SetOperation> SetOperation::decode(Reader& in) {
  Gather gather = Gather::decode(in);
  std::vector<SetNode::Selection> selection(in.get<std::uint64_t>());
  for (auto& axis : selection) {
    axis.start = in.get<index_t>();
    axis.count = in.get<index_t>();
    axis.step = in.get<index_t>();
    if (in.get<bool>()) axis.list = std::make_shared<const std::vector<index_t>>(in.array<index_t>());
  }
  return std::make_shared<SetOperation>(std::move(gather), std::move(selection));
}

Object SetOperation::run(TaskInput& task) const {
  const ChunkGrid& grid = gather_.tasks();
  const Coordinates at = grid.coordinates(task.index);
  std::vector<Block> blocks = gather_.blocks(task.index, task.inputs);
  // Runs of selected positions with a constant distance, per axis: a slice is one run.
  struct Run {
    index_t start, step, count, number;
  };
  std::vector<std::vector<Run>> runs;
  for (std::size_t i = 0; i < selection_.size(); ++i) {
    const auto& axis = selection_[i];
    const index_t begin = grid.begin(i, at[i]), first = axis.before(begin), last = axis.before(grid.end(i, at[i]));
    std::vector<Run> list;
    for (index_t k = first; k < last;) {
      Run run{axis.at(k) - begin, 1, 1, k - first};
      if (k + 1 < last) run.step = axis.at(k + 1) - axis.at(k);
      while (k + run.count < last && axis.at(k + run.count) == axis.at(k) + run.step * run.count) ++run.count;
      k += run.count;
      list.push_back(run);
    }
    if (list.empty()) return Object::of<Block>(std::move(blocks[0]));
    runs.push_back(std::move(list));
  }
  Shape region;
  for (const auto& list : runs) region.v.push_back(list.back().number + list.back().count);
  Block result = std::move(blocks[0]);
  const Block value = blocks[1].broadcast_to(region);
  blocks.clear();
  result.make_writable();
  std::vector<std::size_t> which(runs.size(), 0);
  for (;;) {
    std::vector<index_t> start, step, count, from;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs[i][which[i]];
      start.push_back(run.start);
      step.push_back(run.step);
      count.push_back(run.count);
      from.push_back(run.number);
    }
    result.slice(start, count, step).assign(value.slice(from, count, std::vector<index_t>(from.size(), 1)));
    std::size_t i = runs.size();
    while (i > 0 && ++which[i - 1] == runs[i - 1].size()) which[--i] = 0;
    if (i == 0) break;
  }
  return Object::of<Block>(std::move(result));
}

std::int64_t BlocksOperation::nbytes(index_t task) const { return chunk_nbytes(to_.shape(to_.coordinates(task)), result_); }

void BlocksOperation::encode(Writer& out) const {
  gather_.encode(out);
  put_descriptor(out, *function_);
  out.array(closure_);
  out.put(result_);
  to_.encode(out);
  out.array(shape_.v);
  out.put<std::uint64_t>(axes_.size());
  for (const auto& axes : axes_) out.array(axes);
}

std::shared_ptr<const BlocksOperation> BlocksOperation::decode(Reader& in) {
  Gather gather = Gather::decode(in);
  const auto& function = static_cast<const BlockFunction&>(get_descriptor(in));
  Bytes closure = in.array<std::byte>();
  const auto result = in.get<DType>();
  ChunkGrid to = ChunkGrid::decode(in);
  Shape shape(in.array<index_t>());
  std::vector<std::vector<int>> axes(in.get<std::uint64_t>());
  for (auto& list : axes) list = in.array<int>();
  return std::make_shared<BlocksOperation>(std::move(gather), function, std::move(closure), result, std::move(to), std::move(shape), std::move(axes));
}

Object BlocksOperation::run(TaskInput& task) const {
  const ChunkGrid& grid = gather_.tasks();
  const Coordinates at = grid.coordinates(task.index);
  std::vector<Block> blocks = gather_.blocks(task.index, task.inputs);
  std::vector<BlockInfo::Span> positions;
  for (std::size_t i = 0; i < axes_.size(); ++i) blocks[i] = with_axes(blocks[i], axes_[i]);
  Shape num_chunks;
  for (std::size_t i = 0; i < at.size(); ++i) {
    num_chunks.v.push_back(grid.count(i));
    positions.push_back(grid.known(i) ? BlockInfo::Span{grid.begin(i, at[i]), grid.end(i, at[i])} : BlockInfo::Span{unknown, unknown});
  }
  Block result = function_->call(closure_, blocks, BlockInfo(shape_, num_chunks, at, std::move(positions), task.index));
  const Shape wanted = to_.shape(to_.coordinates(task.index));
  bool fits = result.ndim() == wanted.ndim();
  for (std::size_t i = 0; fits && i < wanted.size(); ++i) fits = wanted[i] == unknown || wanted[i] == result.shape()[i];
  if (!fits)
    throw ShapeError("a block function returned another shape than its chunk has: wanted " + to_string(wanted) + ", found " + to_string(result.shape()) +
                     "; say the new sizes with .chunks, and changed axes with .drop_axis and .new_axis");
  return Object::of<Block>(std::move(result));
}

}  // namespace ashlar::lowering
