// A call of spmd: tasks that stay on the chunks' owners lay them down in a table of the process (shares); then all workers call the function on their
// collective threads, where each takes its shares up. What from_spmd makes goes the same way back: tasks on the owners take it from the table.

#include "ashlar/runtime/spmd.hpp"

#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/annotations.hpp"
#include "ashlar/mpi/environment.hpp"
#include "ashlar/mpi/workers.hpp"

namespace ashlar {

// ---- who owns what

SpmdDistribution slab(int axis) {
  SpmdDistribution distribution;
  distribution.axis_ = axis;
  return distribution;
}
SpmdDistribution block_cyclic(std::vector<int> grid) {
  if (grid.empty()) throw ValueError("a block-cyclic distribution needs a grid of workers, found none");
  for (int n : grid)
    if (n < 1) throw ValueError("a grid of workers has at least one along each axis, found " + std::to_string(n));
  SpmdDistribution distribution;
  distribution.grid_ = std::move(grid);
  return distribution;
}

std::vector<int> SpmdDistribution::owners(const Chunks& chunks, int workers) const {
  const std::size_t ndim = chunks.size();
  index_t count = 1;
  for (const auto& axis : chunks) count *= static_cast<index_t>(axis.size());
  std::vector<int> owners(static_cast<std::size_t>(count));
  if (grid_.empty()) {
    const auto axis = static_cast<std::size_t>(axis_ < 0 ? axis_ + static_cast<int>(ndim) : axis_);
    if (ndim == 0) return owners;  // the first worker's
    if (axis >= ndim) throw ValueError("a slab is cut along an axis of the array: found axis " + std::to_string(axis_) + ", axes " + std::to_string(ndim));
    const auto along = static_cast<index_t>(chunks[axis].size());
    for (index_t i = 0; i < count; ++i) {
      const index_t k = detail::place_of_chunk(chunks, i).first[axis];
      owners[static_cast<std::size_t>(i)] = static_cast<int>(along <= workers ? k : k * workers / along);
    }
    return owners;
  }
  if (grid_.size() != ndim)
    throw ValueError("a grid of workers has an entry for each axis: found " + std::to_string(grid_.size()) + ", axes " + std::to_string(ndim));
  int needed = 1;
  for (int n : grid_) needed *= n;
  if (needed > workers) throw ValueError("the grid needs " + std::to_string(needed) + " workers, there are " + std::to_string(workers));
  for (index_t i = 0; i < count; ++i) {
    const auto at = detail::place_of_chunk(chunks, i).first;
    int owner = 0;
    for (std::size_t axis = 0; axis < ndim; ++axis) owner = owner * grid_[axis] + static_cast<int>(at[axis] % grid_[axis]);
    owners[static_cast<std::size_t>(i)] = owner;
  }
  return owners;
}

SpmdContext::SpmdContext(MPI_Comm comm) : comm_(comm) {
  MPI_Comm_rank(comm, &rank_);
  MPI_Comm_size(comm, &size_);
}

namespace detail {

std::pair<std::vector<index_t>, std::vector<index_t>> place_of_chunk(const Chunks& chunks, index_t number) {
  std::vector<index_t> location(chunks.size()), offset(chunks.size());
  for (std::size_t axis = chunks.size(); axis-- > 0;) {
    const auto count = static_cast<index_t>(chunks[axis].size());
    location[axis] = number % count;
    number /= count;
    for (index_t k = 0; k < location[axis]; ++k) offset[axis] += chunks[axis][static_cast<std::size_t>(k)];
  }
  return {std::move(location), std::move(offset)};
}

namespace {

// ---- shares of this process

class Shares {
 public:
  static Shares& instance() {
    static auto* shares = new Shares;
    return *shares;
  }
  void put(std::int64_t call, std::int32_t array, index_t chunk, Block block) {
    std::lock_guard lock(mutex_);
    blocks_[{call, array}][chunk] = std::move(block);
  }
  std::map<index_t, Block> take(std::int64_t call, std::int32_t array) {
    std::lock_guard lock(mutex_);
    auto node = blocks_.extract({call, array});
    return node ? std::move(node.mapped()) : std::map<index_t, Block>();
  }
  Block take(std::int64_t call, std::int32_t array, index_t chunk) {
    std::lock_guard lock(mutex_);
    const auto it = blocks_.find({call, array});
    const auto found = it == blocks_.end() ? std::map<index_t, Block>::iterator() : it->second.find(chunk);
    if (it == blocks_.end() || found == it->second.end()) throw InternalError("a chunk made by from_spmd is not on the worker that made it: chunk " + std::to_string(chunk));
    Block block = std::move(found->second);
    it->second.erase(found);
    if (it->second.empty()) blocks_.erase(it);
    return block;
  }
  void drop(std::int64_t call) {
    std::lock_guard lock(mutex_);
    std::erase_if(blocks_, [&](const auto& entry) { return entry.first.first == call; });
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::int64_t, std::int32_t>, std::map<index_t, Block>> blocks_;
};

constexpr std::int32_t result_array = -1;

class ShareChunk final : public OperationOf<ShareChunk> {
 public:
  ShareChunk(std::int64_t call, std::int32_t array) : call_(call), array_(array) {}
  void encode(Writer& out) const override {
    out.put(call_);
    out.put(array_);
  }
  static std::shared_ptr<const ShareChunk> decode(Reader& in) {
    const auto call = in.get<std::int64_t>();
    return std::make_shared<ShareChunk>(call, in.get<std::int32_t>());
  }
  Object run(TaskInput& task) const override {
    Shares::instance().put(call_, array_, task.index, std::move(task.inputs.at(0)).take<Block>());
    return {};
  }

 private:
  std::int64_t call_;
  std::int32_t array_;
};

class TakeChunk final : public OperationOf<TakeChunk> {
 public:
  explicit TakeChunk(std::int64_t call) : call_(call) {}
  void encode(Writer& out) const override { out.put(call_); }
  static std::shared_ptr<const TakeChunk> decode(Reader& in) { return std::make_shared<TakeChunk>(in.get<std::int64_t>()); }
  Object run(TaskInput& task) const override { return Object::of<Block>(Shares::instance().take(call_, result_array, task.index)); }

 private:
  std::int64_t call_;
};

class DropShares final : public OperationOf<DropShares> {
 public:
  explicit DropShares(std::int64_t call) : call_(call) {}
  void encode(Writer& out) const override { out.put(call_); }
  static std::shared_ptr<const DropShares> decode(Reader& in) { return std::make_shared<DropShares>(in.get<std::int64_t>()); }
  Object run(TaskInput&) const override {
    Shares::instance().drop(call_);
    return {};
  }

 private:
  std::int64_t call_;
};

/// One task per chunk, on the worker that owns it; with inputs, or without.
class OwnersLayer final : public Layer {
 public:
  OwnersLayer(std::string name, std::shared_ptr<const Operation> operation, std::vector<TaskRef> inputs, std::vector<int> owners, std::vector<std::int64_t> nbytes)
      : Layer(std::move(name)), operation_(std::move(operation)), inputs_(std::move(inputs)), owners_(std::move(owners)), nbytes_(std::move(nbytes)) {
    for (int owner : owners_) {
      if (static_cast<std::size_t>(owner) >= annotations_.size()) annotations_.resize(static_cast<std::size_t>(owner) + 1);
      annotations_[static_cast<std::size_t>(owner)].workers = {owner + 1};  // ranks
    }
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(owners_.size()); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override {
    if (!inputs_.empty()) out.push_back(inputs_[static_cast<std::size_t>(index)]);
  }
  std::int64_t nbytes(std::int64_t index) const override { return nbytes_.empty() ? 0 : nbytes_[static_cast<std::size_t>(index)]; }
  bool annotated() const override { return true; }
  const Annotations* annotations(std::int64_t index) const override { return &annotations_[static_cast<std::size_t>(owners_[static_cast<std::size_t>(index)])]; }

 private:
  std::shared_ptr<const Operation> operation_;
  std::vector<TaskRef> inputs_;
  std::vector<int> owners_;
  std::vector<std::int64_t> nbytes_;
  std::vector<Annotations> annotations_;
};

// ---- the call

struct Outline {
  DType dtype;
  Chunks chunks;
};
Shape shape_of(const Chunks& chunks) {
  Shape shape;
  for (const auto& axis : chunks) {
    index_t length = 0;
    for (index_t n : axis) length += n;
    shape.v.push_back(length);
  }
  return shape;
}
Shape chunk_shape(const Chunks& chunks, index_t number) {
  const auto location = place_of_chunk(chunks, number).first;
  Shape shape;
  for (std::size_t axis = 0; axis < chunks.size(); ++axis) shape.v.push_back(chunks[axis][static_cast<std::size_t>(location[axis])]);
  return shape;
}

class CallTogether final : public OperationOf<CallTogether> {
 public:
  /// `owners`: of the chunks that are to be made, the first outline's; empty: the function returns a value.
  CallTogether(std::int64_t call, const SpmdFunction& function, Bytes closure, std::vector<Outline> outlines, std::vector<int> owners)
      : call_(call), function_(&function), closure_(std::move(closure)), outlines_(std::move(outlines)), owners_(std::move(owners)) {}
  void encode(Writer& out) const override {
    out.put(call_);
    put_descriptor(out, *function_);
    out.array(closure_);
    out.put<std::uint64_t>(outlines_.size());
    for (const Outline& outline : outlines_) {
      out.put(outline.dtype);
      out.put<std::uint64_t>(outline.chunks.size());
      for (const auto& axis : outline.chunks) out.array(axis);
    }
    out.array(owners_);
  }
  static std::shared_ptr<const CallTogether> decode(Reader& in) {
    const auto call = in.get<std::int64_t>();
    const auto& function = static_cast<const SpmdFunction&>(get_descriptor(in));
    Bytes closure = in.array<std::byte>();
    std::vector<Outline> outlines(in.get<std::uint64_t>());
    for (Outline& outline : outlines) {
      outline.dtype = in.get<DType>();
      outline.chunks.resize(in.get<std::uint64_t>());
      for (auto& axis : outline.chunks) axis = in.array<index_t>();
    }
    return std::make_shared<CallTogether>(call, function, std::move(closure), std::move(outlines), in.array<int>());
  }
  Object run(TaskInput&) const override {
    const MPI_Comm comm = mpi::workers_communicator();
    if (comm == MPI_COMM_NULL) throw ValueError("spmd needs a job: it is called inside al::run or al::attach");
    SpmdContext context(comm);
    try {
      return call(context);
    } catch (...) {
      if (context.size() == 1) throw;
      // The others may wait for this one inside the function, and nothing could wake them.
      std::fprintf(stderr, "ashlar: a function of spmd threw on worker %d, which ends the job: %s\n", context.rank(), error_message(std::current_exception()).c_str());
      std::fflush(stderr);
      mpi::end_all_ranks(1);
    }
  }

 private:
  Object call(SpmdContext& context) const {
    const bool fills = !owners_.empty();
    std::vector<LocalBlocks> arrays;
    for (std::size_t a = 0; a < outlines_.size(); ++a) {
      LocalBlocks local{outlines_[a].dtype, shape_of(outlines_[a].chunks), outlines_[a].chunks, {}, {}};
      if (fills && a == 0) {
        for (std::size_t i = 0; i < owners_.size(); ++i)
          if (owners_[i] == context.rank()) {
            local.numbers.push_back(static_cast<index_t>(i));
            local.blocks.push_back(Block::zeros(local.dtype, chunk_shape(local.chunks, static_cast<index_t>(i))));
          }
      } else {
        for (auto& [number, block] : Shares::instance().take(call_, static_cast<std::int32_t>(a) - fills)) {
          local.numbers.push_back(number);
          local.blocks.push_back(std::move(block));
        }
      }
      arrays.push_back(std::move(local));
    }
    Object result = function_->call(closure_, context, arrays);
    if (!fills) return result;
    for (std::size_t i = 0; i < arrays[0].numbers.size(); ++i) {
      const index_t number = arrays[0].numbers[i];
      const Shape wanted = chunk_shape(outlines_[0].chunks, number);
      if (arrays[0].blocks[i].shape() != wanted)
        throw ShapeError("a chunk that from_spmd makes was given another shape: wanted " + to_string(wanted) + ", found " + to_string(arrays[0].blocks[i].shape()));
      Shares::instance().put(call_, result_array, number, std::move(arrays[0].blocks[i]));
    }
    return {};
  }

  std::int64_t call_;
  const SpmdFunction* function_;
  Bytes closure_;
  std::vector<Outline> outlines_;
  std::vector<int> owners_;
};

std::int64_t next_call() {
  // Tasks on several ranks may call.
  static std::atomic<std::int64_t> last{0};
  return (static_cast<std::int64_t>(mpi::world_rank()) << 40) + ++last;
}

/// Lays the arrays' chunks down on their owners and calls the function.
std::vector<Object> call_on_shares(std::int64_t call, std::vector<Outline> outlines, std::vector<int> result_owners, const std::vector<ArrayPtr>& arrays,
                                   const SpmdFunction& function, Bytes closure, const SpmdDistribution& distribution) {
  Evaluator& evaluator = Evaluator::current();
  const int workers = evaluator.workers();
  std::vector<std::vector<int>> owners;
  for (const ArrayPtr& array : arrays) {
    if (!array->lengths_known()) throw ShapeError("spmd needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(array->shape()));
    owners.push_back(distribution.owners(array->chunks(), workers));
    outlines.push_back({array->dtype(), array->chunks()});
  }
  try {
    GraphBuilder builder;
    std::vector<TaskRef> wanted;
    {
      const auto lock = lowering_lock();
      for (std::size_t a = 0; a < arrays.size(); ++a) {
        std::vector<TaskRef> chunks = lower_array(arrays[a], builder);
        const auto count = static_cast<index_t>(chunks.size());
        const std::int32_t layer = builder.add(
            std::make_shared<OwnersLayer>("spmd-share", std::make_shared<ShareChunk>(call, static_cast<std::int32_t>(a)), std::move(chunks), owners[a], std::vector<std::int64_t>()));
        for (index_t i = 0; i < count; ++i) wanted.push_back({layer, i});
      }
    }
    if (!wanted.empty()) evaluate(std::move(builder), wanted);
    return evaluator.run_on_workers(std::make_shared<CallTogether>(call, function, std::move(closure), std::move(outlines), std::move(result_owners)), {}, true);
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    try {
      evaluator.run_on_workers(std::make_shared<DropShares>(call), {}, false);
    } catch (...) {
      // The first error is the one to tell.
    }
    std::rethrow_exception(error);
  }
}

}  // namespace

std::vector<Object> run_spmd(const std::vector<ArrayPtr>& arrays, const SpmdFunction& function, Bytes closure, const SpmdDistribution& distribution) {
  return call_on_shares(next_call(), {}, {}, arrays, function, std::move(closure), distribution);
}

ArrayPtr array_of_spmd(DType dtype, const Shape& shape, const ChunkSpec& spec, const std::vector<ArrayPtr>& arrays, const SpmdFunction& function, Bytes closure,
                       const SpmdDistribution& distribution) {
  const std::int64_t call = next_call();
  const Chunks chunks = normalize_chunks(spec, shape, itemsize(dtype));
  const std::vector<int> owners = distribution.owners(chunks, Evaluator::current().workers());
  call_on_shares(call, {{dtype, chunks}}, owners, arrays, function, std::move(closure), distribution);
  std::vector<std::int64_t> nbytes;
  for (std::size_t i = 0; i < owners.size(); ++i) nbytes.push_back(chunk_shape(chunks, static_cast<index_t>(i)).elements() * itemsize(dtype));
  const ArrayPtr made = make_source(
      dtype, shape, chunks,
      [=](GraphBuilder& builder) {
        const std::int32_t layer = builder.add(std::make_shared<OwnersLayer>("from-spmd", std::make_shared<TakeChunk>(call), std::vector<TaskRef>(), owners, nbytes));
        std::vector<TaskRef> refs;
        for (std::size_t i = 0; i < owners.size(); ++i) refs.push_back({layer, static_cast<std::int64_t>(i)});
        return refs;
      },
      "from_spmd");
  return persist_array(made);
}

}  // namespace detail
}  // namespace ashlar
