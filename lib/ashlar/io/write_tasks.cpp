#include "ashlar/io/write_tasks_detail.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/annotations.hpp"
#include "ashlar/hdf5/half_floats.hpp"
#include "ashlar/hdf5/parts.hpp"
#include "ashlar/io/open_files_detail.hpp"
#include "ashlar/mpi/workers.hpp"

namespace ashlar::io {

OpenFiles& OpenFiles::instance() {
  static auto* files = new OpenFiles;
  return *files;
}
void OpenFiles::put(std::int64_t write, Files files) {
  std::lock_guard lock(mutex_);
  files_[write] = std::make_shared<Files>(std::move(files));
}
std::shared_ptr<OpenFiles::Files> OpenFiles::get(std::int64_t write) {
  std::lock_guard lock(mutex_);
  const auto it = files_.find(write);
  if (it == files_.end()) throw InternalError("a chunk came after its file was closed");
  return it->second;
}
std::shared_ptr<OpenFiles::Files> OpenFiles::take(std::int64_t write) {
  std::lock_guard lock(mutex_);
  const auto it = files_.find(write);
  if (it == files_.end()) return nullptr;
  auto files = std::move(it->second);
  files_.erase(it);
  return files;
}

namespace {

// Opens the files of a write on this worker. Collective over the workers.
class OpenForWriting final : public OperationOf<OpenForWriting> {
 public:
  OpenForWriting(std::int64_t write, std::vector<FilePlan> plans, Groups groups) : write_(write), plans_(std::move(plans)), groups_(std::move(groups)) {}
  void encode(Writer& out) const override {
    out.put(write_);
    out.put<std::uint64_t>(plans_.size());
    for (const FilePlan& plan : plans_) encode_plan(out, plan);
    out.array(groups_);
  }
  static std::shared_ptr<const OpenForWriting> decode(Reader& in) {
    const auto write = in.get<std::int64_t>();
    std::vector<FilePlan> plans(in.get<std::uint64_t>());
    for (FilePlan& plan : plans) plan = decode_plan(in);
    return std::make_shared<OpenForWriting>(write, std::move(plans), in.array<int>());
  }
  Object run(TaskInput&) const override {
    const MPI_Comm comm = mpi::workers_communicator();
    OpenFiles::Files files;
    try {
      for (const FilePlan& plan : plans_) {
        if (!plan.parts.empty()) {
          int worker = 0;
          MPI_Comm_rank(comm, &worker);
          const int group = groups_.at(static_cast<std::size_t>(worker));
          const PartPlan& part = plan.parts.at(static_cast<std::size_t>(group));
          files.push_back(hdf5::ParallelFile::create_for_group(comm, group, part.path, part.datasets, plan.writers,
                                                               {{hdf5::part_of_attribute, std::filesystem::path(plan.final_path).filename().string()}}));
        } else {
          files.push_back(plan.in_place ? hdf5::ParallelFile::open_in_place(comm, plan.path, plan.datasets, plan.writers) : hdf5::ParallelFile::create(comm, plan.path, plan.datasets, plan.writers));
        }
      }
    } catch (...) {
      // The error is everybody's, and so is the way back.
      const std::exception_ptr error = std::current_exception();
      for (hdf5::ParallelFile& file : files) {
        try {
          file.close(error);
        } catch (...) {
        }
      }
      throw;
    }
    OpenFiles::instance().put(write_, std::move(files));
    return {};
  }

 private:
  std::int64_t write_;
  std::vector<FilePlan> plans_;
  Groups groups_;
};

// The lowest number of the workers that share this one's machine. Collective over the workers.
class FirstOfNode final : public OperationOf<FirstOfNode> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const FirstOfNode> decode(Reader&) { return std::make_shared<FirstOfNode>(); }
  Object run(TaskInput&) const override {
    const MPI_Comm comm = mpi::workers_communicator();
    int worker = 0, first = 0;
    MPI_Comm_rank(comm, &worker);
    MPI_Comm node = MPI_COMM_NULL;
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, worker, MPI_INFO_NULL, &node);
    MPI_Allreduce(&worker, &first, 1, MPI_INT, MPI_MIN, node);
    MPI_Comm_free(&node);
    return Object::of(first);
  }
};

// Closes them, with the text of what went wrong elsewhere if something did. Collective over the workers.
class CloseAfterWriting final : public OperationOf<CloseAfterWriting> {
 public:
  CloseAfterWriting(std::int64_t write, std::string failure) : write_(write), failure_(std::move(failure)) {}
  void encode(Writer& out) const override {
    out.put(write_);
    out.text(failure_);
  }
  static std::shared_ptr<const CloseAfterWriting> decode(Reader& in) {
    const auto write = in.get<std::int64_t>();
    return std::make_shared<CloseAfterWriting>(write, in.text());
  }
  Object run(TaskInput&) const override {
    const auto files = OpenFiles::instance().take(write_);
    std::exception_ptr first;
    if (files)
      for (hdf5::ParallelFile& file : *files) {
        try {
          file.close(failure_.empty() ? nullptr : std::make_exception_ptr(IoError(failure_)));
        } catch (...) {
          if (!first) first = std::current_exception();
        }
      }
    if (first && failure_.empty()) std::rethrow_exception(first);
    return {};
  }

 private:
  std::int64_t write_;
  std::string failure_;
};

// Where one chunk of the array goes: first element, steps, and lengths of each axis of the dataset.
struct Target {
  std::vector<index_t> offsets, steps, lengths;
  std::size_t group = 0;  ///< whose part of the file it goes into; not sent
};

void encode_target(Writer& out, const Target& target) {
  out.array(target.offsets);
  out.array(target.steps);
  out.array(target.lengths);
}

Target decode_target(Reader& in) {
  Target target;
  target.offsets = in.array<index_t>();
  target.steps = in.array<index_t>();
  target.lengths = in.array<index_t>();
  return target;
}

// The block with the dataset's axes, its elements in the order of rising offsets.
Block oriented(Block block, Target& target) {
  // An axis that a region takes by number is there in the file and not in the array.
  if (target.lengths.size() != block.shape().size()) block = block.reshape(Shape(target.lengths));
  std::vector<index_t> first(target.steps.size(), 0), direction(target.steps.size(), 1);
  bool backwards = false;
  for (std::size_t a = 0; a < target.steps.size(); ++a) {
    if (target.steps[a] > 0) continue;
    target.offsets[a] += (target.lengths[a] - 1) * target.steps[a];
    target.steps[a] = -target.steps[a];
    first[a] = target.lengths[a] - 1;
    direction[a] = -1;
    backwards = true;
  }
  return backwards ? block.slice(first, target.lengths, direction) : block;
}

// Writes one chunk where its offsets say.
class WriteChunk final : public OperationOf<WriteChunk> {
 public:
  WriteChunk(std::int64_t write, int file, int dataset) : write_(write), file_(file), dataset_(dataset) {}
  void encode(Writer& out) const override {
    out.put(write_);
    out.put(file_);
    out.put(dataset_);
  }
  static std::shared_ptr<const WriteChunk> decode(Reader& in) {
    const auto write = in.get<std::int64_t>();
    const auto file = in.get<int>();
    return std::make_shared<WriteChunk>(write, file, in.get<int>());
  }
  Object run(TaskInput& task) const override {
    Reader payload(task.payload);
    Target target = decode_target(payload);
    Block block = std::move(task.inputs.at(0)).take<Block>();
    if (block.size() == 0) return {};
    block = oriented(std::move(block), target);
    const auto files = OpenFiles::instance().get(write_);
    files->at(static_cast<std::size_t>(file_)).write(dataset_, target.offsets, block, target.steps);
    return {};
  }

 private:
  std::int64_t write_;
  int file_, dataset_;
};

// Encoded storage chunks as one block of bytes, one after another: mask and length (64 bits each), the offsets of its first element, then its bytes.
class EncodeChunks final : public OperationOf<EncodeChunks> {
 public:
  EncodeChunks(hdf5::Filters filters, bool half, std::vector<index_t> chunk) : filters_(filters), half_(half), chunk_(std::move(chunk)) {}
  void encode(Writer& out) const override {
    out.put(filters_);
    out.put(half_);
    out.array(chunk_);
  }
  static std::shared_ptr<const EncodeChunks> decode(Reader& in) {
    const auto filters = in.get<hdf5::Filters>();
    const auto half = in.get<bool>();
    return std::make_shared<EncodeChunks>(filters, half, in.array<index_t>());
  }
  Object run(TaskInput& task) const override {
    Reader payload(task.payload);
    const Target target = decode_target(payload);
    const Block block = std::move(task.inputs.at(0)).take<Block>();
    const std::size_t ndim = chunk_.size();
    std::vector<std::pair<std::vector<index_t>, hdf5::EncodedChunk>> all;
    std::size_t nbytes = 0;
    std::vector<index_t> at(ndim, 0);
    for (bool more = block.size() > 0; more;) {
      std::vector<index_t> count(ndim), corner(ndim);
      for (std::size_t a = 0; a < ndim; ++a) {
        count[a] = std::min(chunk_[a], block.shape()[a] - at[a]);
        corner[a] = target.offsets[a] + at[a];
      }
      const Block part = block.slice(at, count, std::vector<index_t>(ndim, 1));
      all.emplace_back(std::move(corner), hdf5::encode_chunk(padded(half_ ? hdf5::to_half(part) : part), filters_));
      nbytes += head_nbytes() + static_cast<std::size_t>(all.back().second.bytes.nbytes());
      more = false;
      for (std::size_t a = ndim; a-- > 0;) {
        if ((at[a] += chunk_[a]) < block.shape()[a]) {
          more = true;
          break;
        }
        at[a] = 0;
      }
    }
    Block joined = Block::allocate(DType::uint8, Shape{static_cast<index_t>(nbytes)});
    std::byte* to = joined.make_writable();
    for (const auto& [corner, chunk] : all) {
      const std::int64_t head[2] = {chunk.mask, chunk.bytes.nbytes()};
      std::memcpy(to, head, sizeof head);
      std::memcpy(to + sizeof head, corner.data(), ndim * sizeof(index_t));
      std::memcpy(to + head_nbytes(), chunk.bytes.data(), static_cast<std::size_t>(head[1]));
      to += head_nbytes() + static_cast<std::size_t>(head[1]);
    }
    return Object::of(std::move(joined));
  }

 private:
  std::size_t head_nbytes() const { return 2 * sizeof(std::int64_t) + chunk_.size() * sizeof(index_t); }
  // A storage chunk that reaches over the dataset's end is stored whole.
  Block padded(Block part) const {
    if (part.shape().v == chunk_) return part;
    Block whole = Block::allocate(part.dtype(), Shape(chunk_));
    std::memset(whole.make_writable(), 0, static_cast<std::size_t>(whole.nbytes()));
    whole.slice(std::vector<index_t>(chunk_.size(), 0), part.shape().v, std::vector<index_t>(chunk_.size(), 1)).assign(part);
    return whole;
  }
  hdf5::Filters filters_;
  bool half_;
  std::vector<index_t> chunk_;
};

class WriteEncoded final : public OperationOf<WriteEncoded> {
 public:
  WriteEncoded(std::int64_t write, int file, int dataset, int ndim) : write_(write), file_(file), dataset_(dataset), ndim_(ndim) {}
  void encode(Writer& out) const override {
    out.put(write_);
    out.put(file_);
    out.put(dataset_);
    out.put(ndim_);
  }
  static std::shared_ptr<const WriteEncoded> decode(Reader& in) {
    const auto write = in.get<std::int64_t>();
    const auto file = in.get<int>(), dataset = in.get<int>();
    return std::make_shared<WriteEncoded>(write, file, dataset, in.get<int>());
  }
  Object run(TaskInput& task) const override {
    const Block joined = std::move(task.inputs.at(0)).take<Block>().contiguous();
    const auto files = OpenFiles::instance().get(write_);
    std::vector<index_t> corner(static_cast<std::size_t>(ndim_));
    for (index_t at = 0; at < joined.size();) {
      std::int64_t head[2];
      std::memcpy(head, joined.data() + at, sizeof head);
      std::memcpy(corner.data(), joined.data() + at + sizeof head, corner.size() * sizeof(index_t));
      at += static_cast<index_t>(sizeof head + corner.size() * sizeof(index_t));
      const hdf5::EncodedChunk chunk{static_cast<std::uint32_t>(head[0]),
                                     joined.slice(std::vector<index_t>{at}, std::vector<index_t>{head[1]}, std::vector<index_t>{1})};
      files->at(static_cast<std::size_t>(file_)).write_chunk(dataset_, corner, chunk);
      at += head[1];
    }
    return {};
  }

 private:
  std::int64_t write_;
  int file_, dataset_, ndim_;
};

// The workers that tasks may run on; no groups: any. Without `group_of_task` all are of the first group.
struct Where {
  std::vector<Annotations> groups = {};
  std::vector<std::size_t> group_of_task = {};
};

// One task for each of `inputs`; with targets, or without when what they need is in their input.
class WriteLayer final : public Layer {
 public:
  WriteLayer(std::string name, std::shared_ptr<const Operation> operation, std::vector<TaskRef> inputs, std::vector<Target> targets, Where where, std::int64_t nbytes)
      : Layer(std::move(name)), operation_(std::move(operation)), inputs_(std::move(inputs)), targets_(std::move(targets)), where_(std::move(where)), nbytes_(nbytes) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(inputs_.size()); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override { out.push_back(inputs_[static_cast<std::size_t>(index)]); }
  void encode_task(std::int64_t index, Writer& out) const override {
    if (!targets_.empty()) encode_target(out, targets_[static_cast<std::size_t>(index)]);
  }
  std::int64_t nbytes(std::int64_t) const override { return nbytes_; }
  bool annotated() const override { return !where_.groups.empty(); }
  const Annotations* annotations(std::int64_t index) const override {
    return where_.groups.empty() ? nullptr : &where_.groups[where_.group_of_task.empty() ? 0 : where_.group_of_task[static_cast<std::size_t>(index)]];
  }

 private:
  std::shared_ptr<const Operation> operation_;
  std::vector<TaskRef> inputs_;
  std::vector<Target> targets_;
  Where where_;
  std::int64_t nbytes_;
};

std::vector<Target> targets_of(const ArrayStore& store, const Place& place, std::size_t count) {
  const Region& region = place.region;
  std::vector<Target> targets;
  std::vector<std::size_t> at(store.array.chunks.size(), 0);
  std::vector<std::vector<index_t>> starts;
  for (const auto& axis : store.array.chunks) {
    std::vector<index_t> start{0};
    for (index_t n : axis) start.push_back(start.back() + n);
    starts.push_back(std::move(start));
  }
  for (std::size_t c = 0; c < count; ++c) {
    Target target{region.start, region.step, std::vector<index_t>(region.start.size(), 1)};
    for (std::size_t d = 0; d < target.offsets.size(); ++d)
      if (const int axis = region.array_axis[d]; axis >= 0) {
        const auto a = static_cast<std::size_t>(axis);
        target.offsets[d] += starts[a][at[a]] * region.step[d];
        target.lengths[d] = store.array.chunks[a][at[a]];
      }
    if (!place.slab_chunks.empty()) {
      const auto axis = static_cast<std::size_t>(place.split_axis);
      while (at[axis] >= place.slab_chunks[target.group + 1]) ++target.group;
      target.offsets[axis] -= place.slab_starts[target.group];
    }
    targets.push_back(std::move(target));
    for (std::size_t a = at.size(); a-- > 0;) {
      if (++at[a] < store.array.chunks[a].size()) break;
      at[a] = 0;
    }
  }
  return targets;
}

std::vector<TaskRef> add_layer(GraphBuilder& builder, std::shared_ptr<const Layer> layer) {
  const std::int64_t count = layer->size();
  const std::int32_t number = builder.add(std::move(layer));
  std::vector<TaskRef> refs;
  for (std::int64_t i = 0; i < count; ++i) refs.push_back({number, i});
  return refs;
}

}  // namespace

Groups groups_of_workers(int workers_per_file) {
  Evaluator& evaluator = Evaluator::current();
  Groups groups;
  if (workers_per_file > 0) {
    for (int worker = 0; worker < evaluator.workers(); ++worker) groups.push_back(worker / workers_per_file);
    return groups;
  }
  std::vector<int> firsts;
  for (Object& first : evaluator.run_on_workers(std::make_shared<FirstOfNode>(), {}, /*collective=*/true)) {
    const int node = std::move(first).take<int>();
    const auto found = std::find(firsts.begin(), firsts.end(), node);
    groups.push_back(static_cast<int>(found - firsts.begin()));
    if (found == firsts.end()) firsts.push_back(node);
  }
  return groups;
}

std::shared_ptr<const Operation> open_for_writing(std::int64_t write, const std::vector<FilePlan>& plans, const Groups& groups) {
  return std::make_shared<OpenForWriting>(write, plans, groups);
}
std::shared_ptr<const Operation> close_after_writing(std::int64_t write, const std::string& failure) { return std::make_shared<CloseAfterWriting>(write, failure); }

void add_writes(GraphBuilder& builder, const ArrayStore& store, std::int64_t write, const Place& place, hdf5::Writers writers, const Groups& groups, std::vector<TaskRef>& wanted) {
  std::vector<TaskRef> chunks = store.array.lower(builder);
  std::vector<Target> targets = targets_of(store, place, chunks.size());
  // Worker i has rank i + 1.
  Where where;
  if (!place.slab_chunks.empty()) {
    where.groups.resize(place.slab_chunks.size() - 1);
    for (std::size_t worker = 0; worker < groups.size(); ++worker) {
      auto& workers = where.groups[static_cast<std::size_t>(groups[worker])].workers;
      if (workers.empty() || writers == hdf5::Writers::all) workers.push_back(static_cast<int>(worker) + 1);
    }
    for (const Target& target : targets) where.group_of_task.push_back(target.group);
  } else if (writers == hdf5::Writers::rank_0) {
    where.groups = {Annotations{.workers = {1}}};
  }
  std::vector<TaskRef> last;
  if (place.encoded_chunk.empty()) {
    last = add_layer(builder, std::make_shared<WriteLayer>("write-hdf5", std::make_shared<WriteChunk>(write, place.file, place.dataset), std::move(chunks), std::move(targets),
                                                           std::move(where), 0));
  } else {
    const int ndim = static_cast<int>(place.encoded_chunk.size());
    auto encode = std::make_shared<EncodeChunks>(place.filters, place.half, place.encoded_chunk);
    auto encoded = add_layer(builder, std::make_shared<WriteLayer>("encode-hdf5", std::move(encode), std::move(chunks), std::move(targets), Where(), -1));
    last = add_layer(builder, std::make_shared<WriteLayer>("write-hdf5", std::make_shared<WriteEncoded>(write, place.file, place.dataset, ndim), std::move(encoded),
                                                           std::vector<Target>(), std::move(where), 0));
  }
  wanted.insert(wanted.end(), last.begin(), last.end());
}

}  // namespace ashlar::io
